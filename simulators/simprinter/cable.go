package simprinter

import (
	"context"
	"fmt"
	"time"

	"balcao/simulators/cable"
)

// answersMax is how many answers wait for a till that does not read. Real ones
// hold about a hundred bytes; what is more is lost.
const answersMax = 256

// answerTimeout gives up on a till that does not read at all.
const answerTimeout = 2 * time.Second

// cableState is the printer's end of the cable. It listens while it is powered
// and plugged.
type cableState struct {
	// address is the URL with the port that was got, so that it comes back there.
	address                   string
	powered, plugged, stopped bool
	socket                    *cable.Socket
	till                      *till
}

// A till is one connection and the answers on their way to it.
type till struct {
	conn    cable.Conn
	answers chan []byte
}

// transmit sends answers until there are no more or the till is gone.
func (t *till) transmit() error {
	for answer := range t.answers {
		if err := t.conn.SetWriteDeadline(time.Now().Add(answerTimeout)); err != nil {
			return fmt.Errorf("answer the till: %w", err)
		}
		if _, err := t.conn.Write(answer); err != nil {
			return fmt.Errorf("answer the till: %w", err)
		}
	}
	return nil
}

// listenLocked plugs the cable in. A pseudo terminal is connected on return, so
// that its name exists.
func (p *Printer) listenLocked() error {
	if p.cable.socket != nil || !p.cable.powered || !p.cable.plugged || p.cable.stopped {
		return nil
	}
	next, err := cable.Plug(p.cable.address)
	if err != nil {
		return err
	}
	p.cable.address, p.cable.socket = next.URL(), next
	p.changed.Broadcast()
	return nil
}

// pullLocked takes the cable away; whoever is connected notices, and nobody can
// connect. What is in the receive buffer stays.
func (p *Printer) pullLocked() {
	if socket := p.cable.socket; socket != nil {
		if err := socket.Close(); err != nil {
			p.log.Debug("listener was closed already", "error", err)
		}
	}
	if till := p.cable.till; till != nil {
		if err := till.conn.Close(); err != nil {
			p.log.Debug("connection was closed already", "error", err)
		}
	}
	p.cable.socket, p.cable.till = nil, nil
	p.changed.Broadcast()
}

// serve talks with one till at a time; another waits until the first has gone.
func (p *Printer) serve(ctx context.Context) error {
	for {
		socket := p.awaitSocket()
		if socket == nil {
			return nil
		}
		conn, err := socket.Accept()
		if err == nil {
			p.talk(ctx, socket, conn)
		} else if p.isPlugged(socket) {
			return err
		}
	}
}

// awaitSocket waits for a plugged cable; nil means that the printer is stopped.
func (p *Printer) awaitSocket() *cable.Socket {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.cable.socket == nil && !p.cable.stopped {
		p.changed.Wait()
	}
	return p.cable.socket
}

func (p *Printer) isPlugged(socket *cable.Socket) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cable.socket == socket
}

// talk serves one connection until it ends.
func (p *Printer) talk(ctx context.Context, socket *cable.Socket, conn cable.Conn) {
	till := &till{conn: conn, answers: make(chan []byte, answersMax)}
	if !p.attach(socket, till) {
		conn.Close()
		return
	}
	p.log.DebugContext(ctx, "till connected")
	transmitted := make(chan error, 1)
	go func() { transmitted <- till.transmit() }()
	received := p.receive(till)
	p.detach(till)
	conn.Close()
	p.log.DebugContext(ctx, "till gone", "cause", received, "answers", <-transmitted)
}

// attach makes the till the one that is answered, unless the cable was pulled
// before it got that far.
func (p *Printer) attach(socket *cable.Socket, till *till) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cable.socket != socket {
		return false
	}
	p.cable.till = till
	p.changed.Broadcast()
	return true
}

func (p *Printer) detach(till *till) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cable.till == till {
		p.cable.till = nil
	}
	close(till.answers)
	p.changed.Broadcast()
}

// send answers the till that is connected now, whoever asked.
func (p *Printer) send(answer []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sendLocked(answer)
}

func (p *Printer) sendLocked(answer []byte) {
	if p.cable.till == nil {
		return
	}
	select {
	case p.cable.till.answers <- append([]byte(nil), answer...):
	default:
		p.log.Warn("an answer is lost: the till does not read", "bytes", len(answer))
	}
}
