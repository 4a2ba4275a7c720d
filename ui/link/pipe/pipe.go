// Package pipe is a till's socket in memory, for tests with a clock of their own.
//
// It is a listener whose connections are net.Pipe: no file, no kernel, and so
// nothing that testing/synctest cannot wait for. Start with [Listen].
package pipe

import (
	"context"
	"net"
	"sync"
)

// Listener hands the other end of each dialled pipe to whoever accepts.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Listen makes a listener that is open.
func Listen() *Listener {
	return &Listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial opens a connection; a listener that was closed refuses it.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept answers the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses further connections; those that are open stay.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr names the listener.
func (l *Listener) Addr() net.Addr { return address{} }

type address struct{}

// Network is no network.
func (address) Network() string { return "pipe" }

func (address) String() string { return "pipe" }
