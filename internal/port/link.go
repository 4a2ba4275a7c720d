package port

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// stream is what files of the poller and sockets have in common.
type stream interface {
	io.ReadWriteCloser
	SetReadDeadline(deadline time.Time) error
	SetWriteDeadline(deadline time.Time) error
}

// link is a Port over any stream: it counts, and gives errors their one meaning.
type link struct {
	stream  stream
	name    string
	closed  atomic.Bool
	read    atomic.Int64
	written atomic.Int64
}

func (l *link) Read(buffer []byte) (int, error) {
	n, err := l.stream.Read(buffer)
	l.read.Add(int64(n))
	return n, l.explain("read from", err)
}

func (l *link) Write(data []byte) (int, error) {
	n, err := l.stream.Write(data)
	l.written.Add(int64(n))
	return n, l.explain("write to", err)
}

func (l *link) Close() error {
	if l.closed.Swap(true) {
		return fmt.Errorf("close %s: %w", l.name, os.ErrClosed)
	}
	if err := l.stream.Close(); err != nil {
		return fmt.Errorf("close %s: %w", l.name, err)
	}
	return nil
}

// SetReadDeadline bounds reads, the one under way included.
func (l *link) SetReadDeadline(deadline time.Time) error {
	return l.explain("set read deadline of", l.stream.SetReadDeadline(deadline))
}

// SetWriteDeadline bounds writes, the one under way included.
func (l *link) SetWriteDeadline(deadline time.Time) error {
	return l.explain("set write deadline of", l.stream.SetWriteDeadline(deadline))
}

// Counters implements [Port].
func (l *link) Counters() Counters {
	return Counters{BytesRead: l.read.Load(), BytesWritten: l.written.Load()}
}

// explain names the operation and the device, and sorts the cause. Whatever is
// neither a deadline nor our own Close has ended the link, whichever errno this
// kernel and this adapter chose for it: EIO, ENODEV, ENXIO, EPIPE, a reset, or
// the end of file that a hung-up tty reads.
func (l *link) explain(operation string, cause error) error {
	switch {
	case cause == nil:
		return nil
	case l.closed.Load():
		return fmt.Errorf("%s %s: %w", operation, l.name, os.ErrClosed)
	case errors.Is(cause, os.ErrDeadlineExceeded):
		return fmt.Errorf("%s %s: %w", operation, l.name, cause)
	default:
		return fmt.Errorf("%s %s: %w: %w", operation, l.name, ErrGone, cause)
	}
}
