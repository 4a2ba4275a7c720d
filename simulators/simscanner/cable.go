package simscanner

import (
	"bytes"

	"balcao/simulators/cable"
)

// cableState is the scanner's end of the cable. It listens while it is powered and
// plugged in.
type cableState struct {
	// address is the URL with the port that was got, so that it comes back there.
	address                   string
	powered, plugged, stopped bool
	socket                    *cable.Socket
	till                      cable.Conn // nil while nobody is at the other end
}

// listenLocked plugs the cable in. A pseudo terminal is connected on return, so
// that its name exists and what is scanned goes into it.
func (s *Scanner) listenLocked() error {
	if s.cable.socket != nil || !s.cable.powered || !s.cable.plugged || s.cable.stopped {
		return nil
	}
	next, err := cable.Plug(s.cable.address)
	if err != nil {
		return err
	}
	if first := next.First(); first != nil {
		s.cable.till = first
	}
	s.cable.address, s.cable.socket = next.URL(), next
	s.changed.Broadcast()
	return nil
}

// pullLocked takes the cable away: the till's reads fail, and it finds nobody.
func (s *Scanner) pullLocked() {
	if socket := s.cable.socket; socket != nil {
		if err := socket.Close(); err != nil {
			s.log.Debug("listener was closed already", "error", err)
		}
	}
	if till := s.cable.till; till != nil {
		if err := till.Close(); err != nil {
			s.log.Debug("connection was closed already", "error", err)
		}
	}
	s.cable.socket, s.cable.till = nil, nil
	s.changed.Broadcast()
}

// serve has one till at a time; another waits until the first has gone.
func (s *Scanner) serve() error {
	for {
		socket := s.awaitSocket()
		if socket == nil {
			return nil
		}
		conn, err := socket.Accept()
		if err == nil {
			s.hear(socket, conn)
		} else if s.isPlugged(socket) {
			return err
		}
	}
}

// awaitSocket waits for a plugged cable; nil means that the scanner is stopped.
func (s *Scanner) awaitSocket() *cable.Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.cable.socket == nil && !s.cable.stopped {
		s.changed.Wait()
	}
	return s.cable.socket
}

func (s *Scanner) isPlugged(socket *cable.Socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cable.socket == socket
}

// bell makes the scanner beep when the till sends it.
const bell = 0x07

// hearBytes is what is heard at once; a till has next to nothing to say.
const hearBytes = 64

// hear listens to a till until it is gone. A scanner understands nothing but BEL.
func (s *Scanner) hear(socket *cable.Socket, conn cable.Conn) {
	defer conn.Close()
	if !s.attach(socket, conn) {
		return
	}
	heard := make([]byte, hearBytes)
	for {
		n, err := conn.Read(heard)
		s.mu.Lock()
		s.beeps += bytes.Count(heard[:n], []byte{bell})
		if err != nil && s.cable.till == conn {
			s.cable.till = nil
		}
		s.mu.Unlock()
		if err != nil {
			s.log.Debug("till gone", "cause", err)
			return
		}
	}
}

// attach makes the till the one that hears codes, unless the cable was pulled
// before it got that far.
func (s *Scanner) attach(socket *cable.Socket, conn cable.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cable.socket != socket {
		return false
	}
	s.cable.till = conn
	return true
}
