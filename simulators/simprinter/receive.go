package simprinter

import (
	"fmt"
	"net"
	"time"

	"balcao/simulators/simprinter/command"
)

// The receive buffer and the marks of busy, in bytes. Source: TM-T88III manual.
const (
	bufferSize = 4096
	busyBelow  = 128
	freeFrom   = 256
)

// paceSteps is how many times a second a slowed line takes bytes: often enough to
// look even, seldom enough to cost nothing.
const paceSteps = 50

// input is everything between the cable and the mechanism.
type input struct {
	buffer []byte
	// busy is set when the buffer is nearly full and stays until it has emptied a
	// little; held is a till's worst day, made by hand.
	busy, held bool
	// bytesPerSecond is the speed of a slow line, 0 for the cable's own.
	bytesPerSecond int
	// arrival follows the commands as they come in, to know what is inside of one;
	// lane finds those that act at once.
	arrival command.Framer
	lane    command.Lane
	// begun holds the bytes of a real-time command of its own, which never enter
	// the buffer.
	begun []byte
}

// receive takes bytes from the till until it goes.
func (p *Printer) receive(till *till) error {
	chunk := make([]byte, bufferSize)
	for {
		room := p.awaitRoom(till)
		n, err := till.conn.Read(chunk[:room])
		for data := chunk[:n]; len(data) > 0; {
			step := p.pace(till, len(data))
			if !p.take(till, data[:step]) {
				return net.ErrClosed
			}
			data = data[step:]
		}
		if err != nil {
			return fmt.Errorf("read from the till: %w", err)
		}
	}
}

// awaitRoom waits until bytes are taken and says how many may come. It returns
// too when the cable is pulled; the read then fails.
func (p *Printer) awaitRoom(till *till) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for (p.input.held || p.input.busy) && p.cable.till == till {
		p.changed.Wait()
	}
	return max(1, bufferSize-len(p.input.buffer))
}

// take stores bytes in the buffer, unless the printer is held: then they wait on
// the doorstep. False means that the cable was pulled meanwhile.
func (p *Printer) take(till *till, data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.input.held && p.cable.till == till {
		p.changed.Wait()
	}
	if p.cable.till != till {
		return false
	}
	for _, b := range data {
		p.arriveLocked(b)
	}
	p.changed.Broadcast()
	return true
}

// arriveLocked looks at one byte as the firmware does when it arrives: real-time
// commands act now. Those of their own are gone then; those that only look like
// one, inside of a picture, are data all the same.
func (p *Printer) arriveLocked(b byte) {
	request := p.input.lane.Feed(b)
	_, complete := p.input.arrival.Feed(b)
	switch {
	case p.input.arrival.RealTime():
		p.input.begun = append(p.input.begun, b)
	case complete && len(p.input.begun) > 0:
		if request == nil {
			p.pushLocked(append(p.input.begun, b)...)
		}
		p.input.begun = nil
	default:
		p.pushLocked(b)
	}
	if request != nil {
		p.realTimeLocked(request)
	}
}

func (p *Printer) pushLocked(data ...byte) {
	p.input.buffer = append(p.input.buffer, data...)
	if bufferSize-len(p.input.buffer) <= busyBelow {
		p.input.busy = true
	}
}

// popLocked takes the next byte to print.
func (p *Printer) popLocked() byte {
	b := p.input.buffer[0]
	p.input.buffer = p.input.buffer[1:]
	if p.input.busy && bufferSize-len(p.input.buffer) >= freeFrom {
		p.input.busy = false
		p.changed.Broadcast()
	}
	return b
}

// realTimeLocked obeys DLE EOT, DLE ENQ and DLE DC4.
func (p *Printer) realTimeLocked(request []byte) {
	const (
		statusRequest  = 0x04
		errorRequest   = 0x05
		kickFunction   = 1
		clearAndResume = 2
	)
	switch argument := request[2]; {
	case request[1] == statusRequest:
		p.sendLocked([]byte{p.status.realTime(argument)})
	case request[1] == errorRequest:
		// Retrying from the failed line (1) is what the printer does by itself once
		// the knife is free; while it is stuck, both fail.
		if argument == clearAndResume && p.status.jammed {
			p.clearLocked()
		}
	case argument == kickFunction:
		if !p.kickDisabled && !p.status.jammed {
			on := int(request[4]) * 100
			p.kickLocked(Kick{Pin: drawerPin(request[3]), OnMilliseconds: on, OffMilliseconds: on, RealTime: true})
		}
	default:
		p.clearLocked()
		p.sendLocked([]byte{0x37, 0x25, 0})
	}
}

// drawerPin is the pin of the plug for the m of ESC p.
func drawerPin(m byte) int {
	if m&1 == 0 {
		return 2
	}
	return 5
}

// pace says how many of the bytes at hand have come over the line now: all of
// them, or the next few of a slow line after it has waited as long as they take.
func (p *Printer) pace(till *till, bytes int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	rate := p.input.bytesPerSecond
	if rate == 0 {
		return bytes
	}
	step := min(bytes, max(1, rate/paceSteps))
	passed := false
	timer := time.AfterFunc(time.Duration(step)*time.Second/time.Duration(rate), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		passed = true
		p.changed.Broadcast()
	})
	defer timer.Stop()
	for !passed && p.cable.till == till && p.input.bytesPerSecond == rate {
		p.changed.Wait()
	}
	return step
}
