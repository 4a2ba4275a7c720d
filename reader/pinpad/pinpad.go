// Package pinpad keeps one ABECS pinpad ready and reads cards on it, by chip, without
// contact and by stripe.
//
// It is the session over a cable: it dials, gets in step, loads tables, waits out
// noise, and comes back after an unplug. It does no authorisation, keeps no card
// data and can hand out none: what leaves it are masked digits, sealed items and
// the chip's own tags. How commands look on the line is package abecs's business.
// Start with [New], keep [Pinpad.Run] running, then [Pinpad.ReadCard],
// [Pinpad.FinishCard], [Pinpad.Release].
//
// Three rules that its callers may rely on. GOX and FCX are never sent again after
// trouble of the line (only a frame that the pinpad could not read is), and TLE only in
// a new load: what they did is unknown then. A FinishCard that fails is a chip that
// gave no answer, never one that accepted. After any error but a lost link the pinpad
// is in step and idle when the call returns.
//
// A card that is tapped or swiped is gone before its issuer answers and has no last
// word: its FinishCard always answers [card.None] without an error, and the issuer's
// approval stands by itself.
//
// Facts: ABECS document, editions 2.12 and 2.20; behaviour of a Gertec PPC930
// where a comment says so.
package pinpad

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"balcao/internal/port"
	"balcao/terminal/device"
)

// Config is what a pinpad needs to know of its till.
type Config struct {
	URL string // of the port, as package port takes it
	// Dial opens the cable instead, if it is not nil. It returns when ctx ends.
	Dial func(ctx context.Context) (Cable, error)

	Tables   Tables
	Acquirer int // number of the acquirer in the tables, 1 to 99
	PINSlot  int // of the acquirer's DUKPT keys, 0 to 99
	DataSlot int
	Timeouts Timeouts
	Texts    Texts

	// OnStatus and OnStep are called from the goroutine that works the pinpad. They
	// must return soon and not call the Pinpad.
	OnStatus func(device.Status)
	OnStep   func(device.CardStep)
	Log      *slog.Logger
}

// Texts are what the customer reads, beside the pinpad's own prompts: at most 128
// characters, a line feed begins a new line.
//
// An empty text means the pinpad's own prompt, Idle apart.
type Texts struct {
	Idle       string // while nothing happens
	UseChip    string // to a customer who swiped a card that has a chip
	ChipFailed string // take the card out and swipe it; two lines of 16 columns
	TapAgain   string // one card only, and hold it still
	NoTap      string // contactless does not work with this card: insert or swipe it
	UsePhone   string // unlock the phone, then tap again
}

// Pinpad is one pinpad of a till. Its methods may be called from any goroutine;
// they work one after another, in no fixed order.
type Pinpad struct {
	config   Config
	counters counters
	jobs     chan job
	stopped  chan struct{} // closed when Run ends
	reported device.Status // of Run's goroutine

	presented atomic.Pointer[presented] // nil before the first card
}

// A job is one call, handed to the goroutine that owns the port.
type job struct {
	ctx  context.Context
	work func(ctx context.Context, s *session) error
	done chan error // takes one answer
}

// New makes a Pinpad; nothing is opened before [Pinpad.Run].
func New(config Config) *Pinpad {
	config.Timeouts = config.Timeouts.withDefaults()
	if config.Dial == nil {
		config.Dial = func(ctx context.Context) (Cable, error) { return port.Dial(ctx, config.URL) }
	}
	return &Pinpad{config: config, jobs: make(chan job), stopped: make(chan struct{})}
}

var errNotOpened = errors.New("port does not open")

// Run keeps a session alive until ctx ends, and then answers nil. It is called once.
// Without a device it tries again and again, ever more slowly, and reports why.
func (p *Pinpad) Run(ctx context.Context) error {
	defer close(p.stopped)
	wait := p.config.Timeouts.RetryFirst
	for {
		wasReady, err := p.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		level := slog.LevelDebug // a till without its pinpad fails every few seconds
		if p.reportFailure(err) {
			level = slog.LevelWarn
		}
		p.config.Log.Log(ctx, level, "no pinpad", "cause", err, "again_in", wait)
		if wasReady {
			wait = p.config.Timeouts.RetryFirst
		}
		if !p.pause(ctx, wait) {
			return nil
		}
		wait = min(2*wait, p.config.Timeouts.RetryMax)
	}
}

// session runs one cable from dial to end.
func (p *Pinpad) session(ctx context.Context) (wasReady bool, err error) {
	cable, err := p.dial(ctx)
	if err != nil {
		return false, err
	}
	s := &session{line: newLine(cable, p.config.Timeouts, &p.counters), log: p.config.Log}
	defer s.close()
	p.reportStarting()
	if err := p.start(ctx, s); err != nil {
		return false, err
	}
	p.config.Log.Info("pinpad ready", "model", s.info.Model, "serial", s.info.Serial, "firmware", s.info.Firmware,
		"specification", s.info.SpecVersion, "tables", s.info.TableVersion)
	return true, p.serve(ctx, s)
}

// dial opens the cable. Opening may take its time; calls are refused meanwhile.
func (p *Pinpad) dial(ctx context.Context) (Cable, error) {
	ctx, stop := context.WithTimeout(ctx, p.config.Timeouts.Dial)
	defer stop()
	type dialled struct {
		cable Cable
		err   error
	}
	result := make(chan dialled, 1)
	go func() {
		cable, err := p.config.Dial(ctx)
		result <- dialled{cable, err}
	}()
	for {
		select {
		case d := <-result:
			if d.err != nil {
				return nil, fmt.Errorf("%w: %w", errNotOpened, d.err)
			}
			return d.cable, nil
		case j := <-p.jobs:
			j.done <- errNotReady
		}
	}
}

// serve works off calls until the session is lost. In between it only listens: a
// pulled cable ends the session at once, and stray bytes are counted.
func (p *Pinpad) serve(ctx context.Context, s *session) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case j := <-p.jobs:
			if err := p.serveJob(ctx, s, j); errors.Is(err, errLost) {
				return err
			}
		case chunk, open := <-s.chunks:
			if !open {
				return s.lost()
			}
			p.counters.noise.Add(int64(len(chunk)))
		}
	}
}

// serveJob does one call; it ends with the caller's context or with Run's.
func (p *Pinpad) serveJob(ctx context.Context, s *session, j job) error {
	jobCtx, stop := context.WithCancel(j.ctx)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	err := j.work(jobCtx, s)
	j.done <- err
	return err
}

// pause waits, refusing calls, and answers false when ctx ends.
func (p *Pinpad) pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case j := <-p.jobs:
			j.done <- errNotReady
		}
	}
}

// do hands work to the goroutine that owns the port and waits for its end.
func (p *Pinpad) do(ctx context.Context, work func(ctx context.Context, s *session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := job{ctx: ctx, work: work, done: make(chan error, 1)}
	select {
	case p.jobs <- j:
		return <-j.done
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stopped:
		return errNotReady
	}
}
