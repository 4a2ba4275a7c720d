package abecs

import (
	"errors"
	"fmt"
)

// Control bytes that travel alone, outside frames (ABECS, link layer).
const (
	EOT byte = 0x04 // pinpad: CAN obeyed, idle
	ACK byte = 0x06 // pinpad: frame accepted; the till never sends it
	NAK byte = 0x15 // both: bad frame, repeat it
	CAN byte = 0x18 // till: give up what you are doing
)

// Bytes that frame and escape (ABECS, link layer).
const (
	syn byte = 0x16 // starts a frame
	etb byte = 0x17 // ends it, before the CRC
	dc2 byte = 0x12 // first byte of an encrypted payload
	dc3 byte = 0x13 // escape inside a frame
	// escapeOffset is added to an escaped byte, so that none of the three above
	// stands in the data.
	escapeOffset byte = 0x20
)

// PayloadMax is the longest payload in bytes before escaping: an encrypted packet
// of 2044 bytes of command, padded, with its header (ABECS 2.20).
const PayloadMax = 2049

// ErrShort says that more bytes may complete a frame: keep reading.
var ErrShort = errors.New("frame is not complete")

// A FrameError says that bytes are no frame and more cannot make them one. It is
// temporary: wait out the line, then ask for a repeat with NAK. It holds no data.
type FrameError struct {
	Reason string // "checksum differs"
}

func (e *FrameError) Error() string { return "bad frame: " + e.Reason }

// Temporary reports that a repeat of the frame may be good.
func (e *FrameError) Temporary() bool { return true }

// StartsFrame says that b, outside a frame, begins one.
func StartsFrame(b byte) bool { return b == syn }

// AppendFrame writes payload, 1 to [PayloadMax] bytes, behind dst as it goes on
// the line: SYN, escaped payload, ETB, CRC. The CRC covers the payload before
// escaping and the ETB; its two bytes travel high first and are never escaped.
//
// Source: ABECS 2.20, link layer, packet.
func AppendFrame(dst, payload []byte) ([]byte, error) {
	if len(payload) == 0 || len(payload) > PayloadMax {
		return nil, fmt.Errorf("write frame: payload of %d bytes, not 1 to %d", len(payload), PayloadMax)
	}
	dst = append(dst, syn)
	for _, b := range payload {
		if b == dc3 || b == syn || b == etb {
			dst = append(dst, dc3, b+escapeOffset)
			continue
		}
		dst = append(dst, b)
	}
	crc := checksum(checksum(0, payload...), etb)
	return append(dst, etb, byte(crc>>8), byte(crc)), nil
}

// Decode finds the first frame in data. It answers the payload and how many bytes
// of data are done with, [ErrShort] if more may complete a frame, or a [*FrameError].
func Decode(data []byte) (payload []byte, used int, err error) {
	var decoder Decoder
	for i, b := range data {
		payload, err := decoder.Push(b)
		if !errors.Is(err, ErrShort) {
			return payload, i + 1, err
		}
	}
	return nil, len(data), ErrShort
}

// A Decoder finds frames in the bytes of a line, one by one. The zero value waits
// for a SYN.
type Decoder struct {
	state   decoderState
	payload []byte
	crc     uint16 // as received
}

// decoderState is what the next byte of the line is.
type decoderState int

const (
	betweenFrames decoderState = iota
	inPayload
	afterEscape
	inChecksumHigh
	inChecksumLow
)

// Pending says that a frame has begun and is not complete.
func (d *Decoder) Pending() bool { return d.state != betweenFrames }

// Reset forgets a frame that has begun.
func (d *Decoder) Reset() { *d = Decoder{} }

// Push takes the next byte of the line. It answers the payload with the byte that
// completes a frame, else [ErrShort], or a [*FrameError] after which the decoder
// waits for the next SYN. Bytes between frames are passed over.
//
// A raw SYN inside a frame cannot be data: the frame before it was cut off and a
// new one begins. Other control bytes may stand raw inside a frame and are data.
func (d *Decoder) Push(b byte) ([]byte, error) {
	if b == syn && d.state <= afterEscape {
		*d = Decoder{state: inPayload}
		return nil, ErrShort
	}
	switch d.state {
	case betweenFrames:
		return nil, ErrShort
	case inPayload:
		return nil, d.pushPayload(b)
	case afterEscape:
		return nil, d.pushEscaped(b)
	case inChecksumHigh:
		d.crc, d.state = uint16(b)<<8, inChecksumLow
		return nil, ErrShort
	default:
		d.crc |= uint16(b)
		return d.finish()
	}
}

func (d *Decoder) pushPayload(b byte) error {
	switch b {
	case etb:
		d.state = inChecksumHigh
		return ErrShort
	case dc3:
		d.state = afterEscape
		return ErrShort
	}
	return d.keep(b)
}

func (d *Decoder) pushEscaped(b byte) error {
	plain := b - escapeOffset
	if plain != dc3 && plain != syn && plain != etb {
		return d.fail("escape of a byte that needs none")
	}
	d.state = inPayload
	return d.keep(plain)
}

func (d *Decoder) keep(b byte) error {
	if len(d.payload) == PayloadMax {
		return d.fail("payload is too long")
	}
	d.payload = append(d.payload, b)
	return ErrShort
}

func (d *Decoder) finish() ([]byte, error) {
	payload, received := d.payload, d.crc
	d.Reset()
	if len(payload) == 0 {
		return nil, d.fail("payload is empty")
	}
	if received != checksum(checksum(0, payload...), etb) {
		return nil, d.fail("checksum differs")
	}
	return payload, nil
}

func (d *Decoder) fail(reason string) error {
	d.Reset()
	return &FrameError{Reason: reason}
}

// checksum carries crc on over data: CRC-16 with polynomial 1021h, no reflection,
// no final XOR. It starts at zero (CRC-16/XMODEM; "123456789" is 31C3h).
func checksum(crc uint16, data ...byte) uint16 {
	for _, b := range data {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
