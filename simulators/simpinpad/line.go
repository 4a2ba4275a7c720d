package simpinpad

import (
	"errors"
	"os"
	"time"
)

// Times of the pinpad's side of the link. Source: ABECS 2.20, link layer.
const (
	byteGapMax      = 1500 * time.Millisecond // between two bytes of a packet
	silenceTime     = 500 * time.Millisecond  // until a damaged packet counts as over
	writeTimeMax    = 2 * time.Second         // as long as a till waits for a byte; it is not reading, then
	readBufferBytes = 512
)

// A line is the cable as the device knows it: who is at the other end, what came
// in and is not yet looked at, and what went out last.
type line struct {
	plug     *plug // nil while nobody is there
	input    []byte
	receiver receiver
	deadline time.Time // when silence means something; zero: never
	last     []byte    // payload of the last packet sent, for NAK
	lastIs   packetKind
}

// packetKind tells answers, which a fault may damage, from notifications.
type packetKind int

const (
	packetAnswer packetKind = iota
	packetNotification
)

// An arrival is what a read of one cable gave.
type arrival struct {
	from plug
	data []byte
	err  error
}

// connect takes a till that was plugged in and begins to listen to it.
func (d *device) connect(next plug) {
	d.disconnect()
	d.line = line{plug: &next, last: d.line.last, lastIs: d.line.lastIs}
	d.log.Info("pinpad: till plugged in")
	d.readers.Go(func() { d.read(next) })
}

// disconnect lets go of the till at the other end, if there is one.
func (d *device) disconnect() {
	if d.line.plug == nil {
		return
	}
	d.line.plug.conn.Close()
	close(d.line.plug.gone)
	d.line.plug = nil
	d.log.Info("pinpad: till unplugged")
}

// read passes on what comes from one cable until it is pulled.
func (d *device) read(from plug) {
	for {
		buffer := make([]byte, readBufferBytes)
		n, err := from.conn.Read(buffer)
		select {
		case d.arrivals <- arrival{from: from, data: buffer[:n], err: err}:
		case <-d.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// arrive queues what came in. A dead device hears nothing.
func (d *device) arrive(got arrival) {
	if d.line.plug == nil || got.from.gone != d.line.plug.gone {
		return
	}
	if !d.faults.muted {
		d.line.input = append(d.line.input, got.data...)
	}
	if got.err != nil {
		d.disconnect()
	}
}

// consume looks at the queued bytes until a packet is whole, which has to be acted
// on before the bytes behind it. It says whether there was anything to look at.
func (d *device) consume() bool {
	if d.pending != nil || len(d.line.input) == 0 {
		return false
	}
	for d.pending == nil && len(d.line.input) > 0 {
		b := d.line.input[0]
		d.line.input = d.line.input[1:]
		d.hear(b)
	}
	d.line.deadline = d.silenceDeadline()
	return true
}

func (d *device) silenceDeadline() time.Time {
	switch d.line.receiver.phase {
	case phaseIdle:
		return time.Time{}
	case phaseDamaged:
		return time.Now().Add(silenceTime)
	default:
		return time.Now().Add(byteGapMax)
	}
}

func (d *device) hear(b byte) {
	switch d.line.receiver.feed(b) {
	case heardCancel:
		d.cancelled = true
		d.transmit(endOfTransmission)
	case heardRepeatRequest:
		if d.line.last != nil {
			d.sendLast()
		}
	case heardPacket:
		if d.faults.dropAcks > 0 {
			d.faults.dropAcks--
		} else {
			d.transmit(acknowledge)
		}
		d.pending = append([]byte{}, d.line.receiver.payload...)
	case heardNothing, heardDamage:
	}
}

// lineSilent acts on a line that was quiet for too long: the packet under way is
// damaged, or the damage is over and the till may repeat it.
func (d *device) lineSilent() {
	if d.line.deadline.IsZero() || time.Now().Before(d.line.deadline) {
		return
	}
	if d.line.receiver.silence() {
		d.transmit(repeatRequest)
	}
	d.line.deadline = d.silenceDeadline()
}

// respond sends the answer to a command and remembers it for a NAK.
func (d *device) respond(payload []byte) {
	d.line.last, d.line.lastIs = payload, packetAnswer
	d.sendLast()
}

func (d *device) sendLast() {
	packet := encodePacket(d.line.last)
	if d.line.lastIs == packetAnswer && d.faults.corrupt > 0 {
		d.faults.corrupt--
		packet[len(packet)-1] ^= 0xFF
	}
	d.transmit(packet...)
}

// transmit puts bytes on the line. What a till that went away does not take is lost.
func (d *device) transmit(data ...byte) {
	if d.faults.muted || d.line.plug == nil {
		return
	}
	conn := d.line.plug.conn
	err := conn.SetWriteDeadline(time.Now().Add(writeTimeMax))
	if err == nil {
		_, err = conn.Write(data)
	}
	if err == nil {
		return
	}
	d.log.Warn("pinpad: bytes lost", "error", err)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		d.disconnect()
	}
}
