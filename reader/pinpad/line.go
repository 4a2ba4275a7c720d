package pinpad

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"balcao/reader/abecs"
)

// A Cable is what the driver needs of an open port: Read returns what has
// arrived, Close ends a Read under way. Every error of Read ends the session.
type Cable interface {
	io.ReadWriteCloser
	SetWriteDeadline(deadline time.Time) error
}

// Troubles of the line that leave the cable in one piece: after each the two ends
// have lost step, and CAN brings them together again.
var (
	errSilent   = errors.New("line is silent")
	errRejected = errors.New("pinpad refused the frame as damaged")
)

// errLost says that the session is over: the cable is gone, or what is at its
// other end does not answer to CAN.
var errLost = errors.New("link to the pinpad is lost")

// errUnplugged is the reason for an [errLost] when the cable itself is gone.
var errUnplugged = errors.New("cable is gone")

// isTrouble says that err is trouble of the line, a bad frame included.
func isTrouble(err error) bool {
	var bad *abecs.FrameError
	return errors.Is(err, errSilent) || errors.Is(err, errRejected) || errors.As(err, &bad)
}

// A line puts frames on a cable and takes them off. One goroutine uses it; a
// second one, its own, does nothing but read, so that waiting for a byte is
// waiting on a channel and a cable pulled while idle is noticed at once.
type line struct {
	cable    Cable
	timeouts Timeouts
	counters *counters

	chunks  chan []byte // closed by the reading goroutine when it ends
	readErr error       // why; set before chunks is closed
	closing sync.Once
	closed  chan struct{}

	buffer  []byte // arrived and not yet looked at
	decoder abecs.Decoder
	timer   *time.Timer
}

func newLine(cable Cable, timeouts Timeouts, counters *counters) *line {
	l := &line{
		cable: cable, timeouts: timeouts, counters: counters,
		chunks: make(chan []byte), closed: make(chan struct{}), timer: time.NewTimer(0),
	}
	go l.listen()
	return l
}

// listen hands over what arrives until the cable ends.
func (l *line) listen() {
	defer close(l.chunks)
	for {
		chunk := make([]byte, chunkSize)
		n, err := l.cable.Read(chunk)
		if n > 0 {
			select {
			case l.chunks <- chunk[:n]:
			case <-l.closed:
			}
		}
		if err != nil {
			l.readErr = err
			return
		}
	}
}

// close ends the reading goroutine and waits for it.
func (l *line) close() {
	l.closing.Do(func() {
		close(l.closed)
		_ = l.cable.Close() // the session is over whatever it says
		for range l.chunks {
			continue
		}
	})
}

// lost answers [errLost] with the reason why reading ended.
func (l *line) lost() error { return fmt.Errorf("%w: %w: %w", errLost, errUnplugged, l.readErr) }

// next answers the next byte. It gives up after wait with [errSilent], or when ctx ends.
func (l *line) next(ctx context.Context, wait time.Duration) (byte, error) {
	if len(l.buffer) == 0 {
		if err := l.fill(ctx, wait); err != nil {
			return 0, err
		}
	}
	b := l.buffer[0]
	l.buffer = l.buffer[1:]
	return b, nil
}

// fill waits for more bytes. A wait of zero has no end.
func (l *line) fill(ctx context.Context, wait time.Duration) error {
	var expired <-chan time.Time
	if wait > 0 {
		l.timer.Reset(wait)
		expired = l.timer.C
	}
	select {
	case chunk, open := <-l.chunks:
		if !open {
			return l.lost()
		}
		l.buffer = chunk
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-expired:
		return errSilent
	}
}

// write puts data on the cable whole.
func (l *line) write(data []byte) error {
	if err := l.cable.SetWriteDeadline(time.Now().Add(l.timeouts.Write)); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	_, err := l.cable.Write(data)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return fmt.Errorf("%w: %w: %w", errLost, errUnplugged, err)
}

// send puts a frame on the line until the pinpad takes it, at most [triesMax]
// times. A repeat here is the link's: the pinpad has said that it could not read
// the frame, so no command is executed twice.
func (l *line) send(ctx context.Context, payload []byte) error {
	frame, err := abecs.AppendFrame(nil, payload)
	if err != nil {
		return err
	}
	if err := l.discardArrived(); err != nil {
		return err
	}
	for range triesMax {
		if err := l.write(frame); err != nil {
			return err
		}
		taken, err := l.acknowledged(ctx)
		if err != nil || taken {
			return err
		}
		l.counters.rejected.Add(1)
	}
	return errRejected
}

// acknowledged waits for ACK or NAK; other bytes are noise. It doubts both: the
// first byte of a frame counts as ACK, since a pinpad speaks only when asked and an
// answer means that only the ACK was lost; and a NAK counts only if the line is
// silent behind it, since a repeat of a frame that was taken does its work twice.
func (l *line) acknowledged(ctx context.Context) (taken bool, err error) {
	until, refused := time.Now().Add(l.timeouts.Acknowledge), false
	for {
		b, err := l.nextUntil(ctx, until)
		switch {
		case refused && errors.Is(err, errSilent):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("wait for acknowledgement: %w", err)
		case b == abecs.ACK:
			return true, nil
		case abecs.StartsFrame(b):
			l.buffer = append([]byte{b}, l.buffer...)
			return true, nil
		case b == abecs.NAK:
			until, refused = time.Now().Add(l.timeouts.Silence), true
		default:
			l.counters.noise.Add(1)
		}
	}
}

// receive answers the next good frame. Bad ones are waited out and asked for
// again, at most [triesMax] times. It gives up at until, if that is not zero, with
// [errSilent].
func (l *line) receive(ctx context.Context, until time.Time) ([]byte, error) {
	for try := 1; ; try++ {
		payload, err := l.frame(ctx, until)
		var bad *abecs.FrameError
		if err == nil || !errors.As(err, &bad) {
			return payload, err
		}
		l.counters.badFrames.Add(1)
		if try == triesMax {
			return nil, err
		}
		if err := l.drain(ctx); err != nil {
			return nil, err
		}
		if err := l.write([]byte{abecs.NAK}); err != nil {
			return nil, err
		}
	}
}

// frame reads one frame, good or bad. Bytes before its start are noise; noise that
// the line falls silent behind may have been a frame whose start was hit, and is a
// bad one.
func (l *line) frame(ctx context.Context, until time.Time) ([]byte, error) {
	l.decoder.Reset()
	noisy := false
	for {
		wait := until
		switch {
		case l.decoder.Pending():
			wait = time.Now().Add(l.timeouts.Byte)
		case noisy:
			wait = time.Now().Add(l.timeouts.Silence)
		}
		b, err := l.nextUntil(ctx, wait)
		if errors.Is(err, errSilent) && (noisy || l.decoder.Pending()) {
			return nil, &abecs.FrameError{Reason: "silence where a frame was due"}
		}
		if err != nil {
			return nil, fmt.Errorf("wait for answer: %w", err)
		}
		payload, err := l.decoder.Push(b)
		if !errors.Is(err, abecs.ErrShort) {
			return payload, err
		}
		if !l.decoder.Pending() {
			noisy = true
			l.counters.noise.Add(1)
		}
	}
}

// nextUntil is next with a moment for a wait; the zero moment never comes.
func (l *line) nextUntil(ctx context.Context, until time.Time) (byte, error) {
	if until.IsZero() {
		return l.next(ctx, 0)
	}
	left := time.Until(until)
	if left <= 0 && len(l.buffer) == 0 {
		return 0, errSilent
	}
	return l.next(ctx, left)
}

// drain throws away what arrives until the line has been silent for a while. What
// does not fall silent is no pinpad.
func (l *line) drain(ctx context.Context) error {
	until := time.Now().Add(drainFactor * l.timeouts.Silence)
	for time.Now().Before(until) {
		l.buffer = nil
		err := l.fill(ctx, l.timeouts.Silence)
		if errors.Is(err, errSilent) {
			return nil
		}
		if err != nil {
			return err
		}
		l.counters.noise.Add(int64(len(l.buffer)))
	}
	l.buffer = nil
	return fmt.Errorf("%w: it does not stop talking", errLost)
}

// settle throws away what arrives for a fixed time after opening.
func (l *line) settle(ctx context.Context) error {
	until := time.Now().Add(l.timeouts.Settle)
	for {
		l.buffer = nil
		left := time.Until(until)
		if left <= 0 {
			return nil
		}
		if err := l.fill(ctx, left); err != nil && !errors.Is(err, errSilent) {
			return err
		}
	}
}

// discardArrived throws away what is there already; it does not wait.
func (l *line) discardArrived() error {
	for {
		l.counters.noise.Add(int64(len(l.buffer)))
		l.buffer = nil
		select {
		case chunk, open := <-l.chunks:
			if !open {
				return l.lost()
			}
			l.buffer = chunk
		default:
			return nil
		}
	}
}

// cancel makes the pinpad give up what it does and brings both ends in step: CAN
// until EOT, at most [triesMax] times. It takes no context: it is what an ended
// one leads to, and bounded by its own time-outs.
func (l *line) cancel() error {
	l.counters.cancels.Add(1)
	ctx := context.Background()
	for range triesMax {
		if err := l.write([]byte{abecs.CAN}); err != nil {
			return err
		}
		err := l.awaitEOT(ctx)
		if !errors.Is(err, errSilent) {
			return err
		}
		if err := l.drain(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: no answer to %d CAN", errLost, triesMax)
}

// awaitEOT passes over everything else, an answer that crosses the CAN included.
// Inside a frame the same byte is data.
func (l *line) awaitEOT(ctx context.Context) error {
	l.decoder.Reset()
	until := time.Now().Add(l.timeouts.Cancel)
	for {
		b, err := l.nextUntil(ctx, until)
		if err != nil {
			return err
		}
		if b == abecs.EOT && !l.decoder.Pending() {
			return nil
		}
		_, _ = l.decoder.Push(b) // for its place only: frames of a cancelled command are void
	}
}
