package cable

import (
	"fmt"
	"strings"
)

// A Socket is the time between two pulls of a device's cable.
type Socket struct {
	Listener
	// first is the connection of a pseudo terminal, which is there at once.
	first Conn
}

// Plug listens at the address. A pseudo terminal is connected on return, so that its
// name exists. It fails as [Listen] does.
func Plug(address string) (*Socket, error) {
	listener, err := Listen(address)
	if err != nil {
		return nil, fmt.Errorf("plug in: %w", err)
	}
	plugged := &Socket{Listener: listener}
	if strings.HasPrefix(address, "pty:") {
		if plugged.first, err = listener.Accept(); err != nil {
			return nil, fmt.Errorf("plug in: %w", err)
		}
	}
	return plugged, nil
}

// First is the connection that was there at once; nil if there is none or it was accepted.
func (s *Socket) First() Conn { return s.first }

// Accept waits for the next till.
func (s *Socket) Accept() (Conn, error) {
	if first := s.first; first != nil {
		s.first = nil
		return first, nil
	}
	return s.Listener.Accept()
}
