package printer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"balcao/internal/port"
	"balcao/printer/escpos"
)

const (
	// answersMax is more than a printer says between two looks.
	answersMax = 64
	// quiet is a silence in which an answer that has begun does not go on any more,
	// at 4800 bit/s too.
	quiet = 100 * time.Millisecond
	// readBytes is a multiple of every USB packet size.
	readBytes = 512
)

// errSilent says that no answer came in time.
var errSilent = errors.New("no answer")

// cable is an open device: one goroutine reads it, that of Run does all else.
type cable struct {
	port    port.Port
	answers chan escpos.Answer
	gone    chan struct{} // closed when reading has ended
	closing chan struct{}
	held    bool // the device asked us to stop sending
	late    bool // an answer is outstanding that nobody waits for any more
}

func newCable(opened port.Port) *cable {
	made := &cable{
		port: opened, answers: make(chan escpos.Answer, answersMax),
		gone: make(chan struct{}), closing: make(chan struct{}),
	}
	go made.read()
	return made
}

// read turns bytes into answers until the device goes away or is closed.
func (c *cable) read() {
	defer close(c.gone)
	var decoder escpos.Decoder
	received := make([]byte, readBytes)
	for {
		var deadline time.Time
		if decoder.Begun() {
			deadline = time.Now().Add(quiet)
		}
		if err := c.port.SetReadDeadline(deadline); err != nil {
			return
		}
		n, err := c.port.Read(received)
		if !c.deliver(&decoder, received[:n]) {
			return
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			decoder.Reset()
		case err != nil:
			return
		}
	}
}

// deliver hands answers over; false means that nobody wants them any more.
func (c *cable) deliver(decoder *escpos.Decoder, received []byte) bool {
	for _, b := range received {
		answer, complete := decoder.Feed(b)
		if !complete {
			continue
		}
		select {
		case c.answers <- answer:
		case <-c.closing:
			return false
		}
	}
	return true
}

// close ends reading and waits for its end.
func (c *cable) close() error {
	close(c.closing)
	err := c.port.Close()
	<-c.gone
	return err
}

// next waits for an answer, at most for limit.
func (c *cable) next(ctx context.Context, limit time.Duration) (escpos.Answer, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case answer := <-c.answers:
		return c.note(answer), nil
	default:
	}
	select {
	case answer := <-c.answers:
		return c.note(answer), nil
	case <-c.gone:
		return c.last()
	case <-ctx.Done():
		return escpos.Answer{}, fmt.Errorf("wait for an answer: %w", ctx.Err())
	case <-timer.C:
		return escpos.Answer{}, errSilent
	}
}

// last answers what a device said before it went away.
func (c *cable) last() (escpos.Answer, error) {
	select {
	case answer := <-c.answers:
		return c.note(answer), nil
	default:
		return escpos.Answer{}, fmt.Errorf("wait for an answer: %w", port.ErrGone)
	}
}

// note keeps flow control.
func (c *cable) note(answer escpos.Answer) escpos.Answer {
	if answer.Kind == escpos.Flow {
		c.held = answer.Code == escpos.XOFF
	}
	return answer
}

// isWanted tells the answer that is waited for from others.
type isWanted func(escpos.Answer) bool

// await waits for the answer that is wanted; others in between are left aside.
func (c *cable) await(ctx context.Context, limit time.Duration, wanted isWanted) (escpos.Answer, error) {
	deadline := time.Now().Add(limit)
	for {
		answer, err := c.next(ctx, time.Until(deadline))
		if errors.Is(err, errSilent) {
			c.late = true
		}
		if err != nil || wanted(answer) {
			return answer, err
		}
	}
}

// ask sends a question and waits for its answer. What came before the question
// was sent is no answer to it.
func (c *cable) ask(
	ctx context.Context, limit time.Duration, question []byte, wanted isWanted,
) (escpos.Answer, error) {
	if err := c.drain(ctx, limit); err != nil {
		return escpos.Answer{}, err
	}
	if _, err := c.write(ctx, question, limit); err != nil {
		return escpos.Answer{}, err
	}
	return c.await(ctx, limit, wanted)
}

// drain throws away what was said already; if a late answer may still come, it
// waits the line out first, at most for limit.
func (c *cable) drain(ctx context.Context, limit time.Duration) error {
	for deadline := time.Now().Add(limit); c.late && time.Now().Before(deadline); {
		_, err := c.next(ctx, quiet)
		switch {
		case errors.Is(err, errSilent):
			c.late = false
		case err != nil:
			return err
		}
	}
	for {
		select {
		case answer := <-c.answers:
			c.note(answer)
		default:
			return nil
		}
	}
}

// write sends bytes, at most for limit, and ends at once with ctx. It says how many
// were taken.
func (c *cable) write(ctx context.Context, data []byte, limit time.Duration) (taken int, err error) {
	if err := c.port.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() {
		// The write under way ends; whether the deadline could be set changes nothing.
		_ = c.port.SetWriteDeadline(time.Unix(1, 0))
	})
	defer stop()
	return c.port.Write(data)
}
