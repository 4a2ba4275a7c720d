// Package cable is the far end of a cable: where a simulated device waits for
// the till that is plugged into it.
//
// It knows no protocol and no device. A cable is named by a URL, as the till
// names it: tcp://127.0.0.1:0 (any free port) or pty:LINK, a pseudo terminal
// whose path is kept as a symbolic link at LINK. Start with [Listen].
package cable

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Conn is one plugged-in cable. Reads and writes of a pulled or closed one fail.
type Conn interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Listener waits for a till to plug in. Accept blocks until one does, or until
// Close. A pty is plugged in as soon as it exists, so its Accept returns at
// once, and again after the last Conn was closed: closing a Conn is pulling the
// cable, the next Accept plugs in a new one at the same name.
type Listener interface {
	Accept() (Conn, error)
	URL() string
	Close() error
}

// Listen opens the device's end of the cable named by rawURL.
func Listen(rawURL string) (Listener, error) {
	if link, ok := strings.CutPrefix(rawURL, "pty:"); ok {
		if link == "" {
			return nil, fmt.Errorf("listen on %q: pty: wants the path of a link", rawURL)
		}
		return &ptyListener{link: link, pulled: make(chan struct{}, 1), closed: make(chan struct{})}, nil
	}
	parsed, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", rawURL, err)
	}
	if parsed.Scheme != "tcp" {
		return nil, fmt.Errorf("listen on %q: a simulator listens on tcp://HOST:PORT or pty:LINK", rawURL)
	}
	listener, err := net.Listen("tcp", parsed.Host)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", rawURL, err)
	}
	return tcpListener{listener}, nil
}

type tcpListener struct{ net.Listener }

func (l tcpListener) Accept() (Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, fmt.Errorf("accept a till: %w", err)
	}
	return conn, nil
}

func (l tcpListener) URL() string { return "tcp://" + l.Addr().String() }

// ptyListener makes one pseudo terminal at a time and keeps link pointing at it.
type ptyListener struct {
	link   string
	mu     sync.Mutex
	live   *ptyConn
	pulled chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *ptyListener) URL() string { return "pty:" + l.link }

// Accept makes the next pseudo terminal once the one before is pulled.
func (l *ptyListener) Accept() (Conn, error) {
	for {
		l.mu.Lock()
		busy := l.live != nil
		l.mu.Unlock()
		if !busy {
			return l.plug()
		}
		select {
		case <-l.pulled:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
}

// plug opens a pair in raw mode and switches the link to it by rename.
func (l *ptyListener) plug() (Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open a pseudo terminal: %w", err)
	}
	if _, err := term.MakeRaw(int(slave.Fd())); err != nil {
		return nil, fmt.Errorf("set %s raw: %w", slave.Name(), err)
	}
	temporary := l.link + ".new"
	os.Remove(temporary)
	if err := os.Symlink(slave.Name(), temporary); err != nil {
		return nil, fmt.Errorf("link the pseudo terminal: %w", err)
	}
	if err := os.Rename(temporary, l.link); err != nil {
		return nil, fmt.Errorf("link the pseudo terminal: %w", err)
	}
	pollable, err := pollable(master)
	if err != nil {
		return nil, err
	}
	conn := &ptyConn{File: pollable, slave: slave, listener: l}
	l.mu.Lock()
	l.live = conn
	l.mu.Unlock()
	return conn, nil
}

// pollable trades file for one that the runtime polls: opening the pair left it
// in blocking mode, in which no deadline works and Close waits for the reader.
func pollable(file *os.File) (*os.File, error) {
	defer file.Close()
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("duplicate the pseudo terminal: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("make the pseudo terminal non-blocking: %w", err)
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}

// Close pulls the cable, takes the link away and ends Accept.
func (l *ptyListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	l.mu.Lock()
	live := l.live
	l.mu.Unlock()
	if live != nil {
		return live.Close()
	}
	return nil
}

// ptyConn is the master's side. The slave stays open here too, so that a till
// which closes its end and comes back finds the same device, as on a real port.
type ptyConn struct {
	*os.File
	slave    *os.File
	listener *ptyListener
	once     sync.Once
}

// Close pulls the cable: the till's reads fail and the link is gone.
func (c *ptyConn) Close() error {
	var err error
	c.once.Do(func() {
		os.Remove(c.listener.link)
		c.slave.Close()
		err = c.File.Close()
		c.listener.mu.Lock()
		c.listener.live = nil
		c.listener.mu.Unlock()
		select {
		case c.listener.pulled <- struct{}{}:
		default:
		}
	})
	return err
}
