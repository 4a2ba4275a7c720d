package simpinpad

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"balcao/simulators/cable"
)

// A socket is where the cable goes in: one till at a time, until it is pulled.
type socket struct {
	url      string
	plugs    chan<- plug
	log      *slog.Logger
	listener cable.Listener // nil while the cable is out
	stop     chan struct{}
	ended    chan struct{}
}

// A plug is one till at the other end. The device closes gone when it is done with it.
type plug struct {
	conn cable.Conn
	gone chan struct{}
}

func openSocket(url string, plugs chan<- plug, log *slog.Logger) (*socket, error) {
	s := &socket{url: url, plugs: plugs, log: log}
	return s, s.push()
}

// push plugs the cable in, at the same URL as before. Nothing to do when it is in.
func (s *socket) push() error {
	if s.listener != nil {
		return nil
	}
	listener, err := cable.Listen(s.url)
	if err != nil {
		return fmt.Errorf("plug the cable in: %w", err)
	}
	s.url = listener.URL()
	s.listener, s.stop, s.ended = listener, make(chan struct{}), make(chan struct{})
	there := make(chan struct{})
	go s.attend(listener, there, s.stop, s.ended)
	if strings.HasPrefix(s.url, terminalScheme) {
		<-there
	}
	return nil
}

// terminalScheme names a pseudo terminal, which a till finds only once it is accepted.
const terminalScheme = "pty:"

// pull takes the cable out: the till sees its port vanish and finds none.
func (s *socket) pull() error {
	if s.listener == nil {
		return nil
	}
	close(s.stop)
	err := s.listener.Close()
	<-s.ended
	s.listener = nil
	if err != nil {
		return fmt.Errorf("pull the cable: %w", err)
	}
	return nil
}

// attend hands over one till after the other until stop closes. It closes there when
// the first Accept has returned.
func (s *socket) attend(listener cable.Listener, there chan<- struct{}, stop <-chan struct{}, ended chan<- struct{}) {
	defer close(ended)
	announce := sync.OnceFunc(func() { close(there) })
	for {
		conn, err := listener.Accept()
		announce()
		if err != nil {
			select {
			case <-stop:
			default:
				s.log.Error("pinpad: cable lost", "error", err)
			}
			return
		}
		next := plug{conn: conn, gone: make(chan struct{})}
		select {
		case s.plugs <- next:
		case <-stop:
			conn.Close()
			return
		}
		select {
		case <-next.gone:
		case <-stop:
			conn.Close()
			return
		}
	}
}
