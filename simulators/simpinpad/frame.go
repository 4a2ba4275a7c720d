package simpinpad

// Control bytes of the link layer. Source: ABECS 2.20, link layer, control bytes.
const (
	endOfTransmission byte = 0x04 // EOT: answer to CAN
	acknowledge       byte = 0x06 // ACK: packet accepted
	encrypted         byte = 0x12 // DC2: first byte of an encrypted packet
	escape            byte = 0x13 // DC3: the next byte stands for itself less 20h
	repeatRequest     byte = 0x15 // NAK: packet damaged, send it again
	startOfPacket     byte = 0x16 // SYN
	endOfPacket       byte = 0x17 // ETB: two bytes of CRC follow
	cancel            byte = 0x18 // CAN: stop what you are doing
)

// payloadMax is the longest packet in bytes before escaping.
// Source: ABECS 2.20, link layer, packet.
const payloadMax = 2049

// escapeShift is what an escaped byte is raised by.
const escapeShift = 0x20

// checksum continues a CRC-16 (polynomial 1021h, start 0, not reflected) with data.
// Source: ABECS 2.20, link layer, CRC.
func checksum(sum uint16, data ...byte) uint16 {
	for _, b := range data {
		sum ^= uint16(b) << 8
		for range 8 {
			carry := sum&0x8000 != 0
			sum <<= 1
			if carry {
				sum ^= 0x1021
			}
		}
	}
	return sum
}

// encodePacket gives the bytes on the line: SYN, escaped payload, ETB and the CRC
// of payload and ETB, which is not escaped.
func encodePacket(payload []byte) []byte {
	packet := append(make([]byte, 0, len(payload)+4), startOfPacket)
	for _, b := range payload {
		switch b {
		case escape, startOfPacket, endOfPacket:
			packet = append(packet, escape, b+escapeShift)
		default:
			packet = append(packet, b)
		}
	}
	sum := checksum(checksum(0, payload...), endOfPacket)
	return append(packet, endOfPacket, byte(sum>>8), byte(sum))
}

// heard is what one byte on the line amounts to.
type heard int

const (
	heardNothing heard = iota
	heardCancel
	heardRepeatRequest
	heardPacket
	heardDamage
)

// phase is where in a packet a receiver stands.
type phase int

const (
	phaseIdle phase = iota
	phasePayload
	phaseEscaped
	phaseSumHigh
	phaseSumLow
	phaseDamaged // dropping bytes until the line is silent
)

// A receiver puts packets together from single bytes. It knows no time: whoever
// feeds it calls silence when nothing came for as long as the phase allows.
type receiver struct {
	phase   phase
	payload []byte
	sum     uint16
}

// feed takes the next byte. After heardPacket the payload is whole and valid until
// the next call; after heardDamage the receiver drops everything until silence.
// Source: ABECS 2.20, link layer, receiving; a SYN inside a packet begins it anew,
// and an illegal byte after DC3 is damage, where the document is silent.
func (r *receiver) feed(b byte) heard {
	switch r.phase {
	case phaseIdle:
		return r.feedIdle(b)
	case phasePayload:
		return r.feedPayload(b)
	case phaseEscaped:
		clear := b - escapeShift
		if clear != escape && clear != startOfPacket && clear != endOfPacket {
			return r.damage()
		}
		r.phase = phasePayload
		return r.add(clear)
	case phaseSumHigh:
		r.sum, r.phase = uint16(b)<<8, phaseSumLow
	case phaseSumLow:
		if r.sum|uint16(b) != checksum(checksum(0, r.payload...), endOfPacket) {
			return r.damage()
		}
		r.phase = phaseIdle
		return heardPacket
	case phaseDamaged:
	}
	return heardNothing
}

func (r *receiver) feedIdle(b byte) heard {
	switch b {
	case cancel:
		return heardCancel
	case repeatRequest:
		return heardRepeatRequest
	case startOfPacket:
		r.begin()
	}
	return heardNothing
}

func (r *receiver) feedPayload(b byte) heard {
	switch b {
	case startOfPacket:
		r.begin()
	case escape:
		r.phase = phaseEscaped
	case endOfPacket:
		r.phase = phaseSumHigh
	default:
		return r.add(b)
	}
	return heardNothing
}

func (r *receiver) begin() { r.phase, r.payload = phasePayload, nil }

func (r *receiver) add(b byte) heard {
	if len(r.payload) == payloadMax {
		return r.damage()
	}
	r.payload = append(r.payload, b)
	return heardNothing
}

func (r *receiver) damage() heard {
	r.phase = phaseDamaged
	return heardDamage
}

// silence says that the line was quiet for too long. It tells whether damage has
// thereby been waited out, so that the packet can be asked for again.
func (r *receiver) silence() (over bool) {
	switch r.phase {
	case phaseIdle:
		return false
	case phaseDamaged:
		r.phase = phaseIdle
		return true
	default:
		r.phase = phaseDamaged
		return false
	}
}
