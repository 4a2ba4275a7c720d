package outbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"balcao/sync/transport"
)

const (
	// waitBase is the window of the first repetition: long enough for a switch to find
	// its way again, short enough that a customer still at the till sees it happen.
	waitBase = 500 * time.Millisecond
	// waitMax is the widest window: what an owed confirm may wait after central is
	// back. Ten thousand tills then make some 70 tries a second.
	waitMax = 5 * time.Minute
	// retryAfterMax bounds what an answer may ask for, so that no wrong header keeps
	// money waiting for a day.
	retryAfterMax = time.Hour
)

// backOff is a wait with full jitter before try number failures+1: uniform within a
// window that doubles from base up to most.
func (o *Outbox) backOff(failures int, base, most time.Duration) time.Duration {
	window := base
	for i := 1; i < failures && window < most; i++ {
		window *= 2
	}
	return o.jitter(min(window, most))
}

// jitter is a random part of a window.
func (o *Outbox) jitter(window time.Duration) time.Duration {
	return time.Duration(o.config.Random() * float64(window))
}

// wanted is the wait that the answer asked for, zero for none.
func wanted(err error) time.Duration {
	var problem *transport.Problem
	var silence *transport.Silence
	switch {
	case errors.As(err, &problem):
		return min(problem.RetryAfter, retryAfterMax)
	case errors.As(err, &silence):
		return min(silence.RetryAfter, retryAfterMax)
	}
	return 0
}

// finalProblem is a refusal that no resend will change, or nil.
func finalProblem(err error) *transport.Problem {
	var problem *transport.Problem
	if errors.As(err, &problem) && problem.Final() {
		return problem
	}
	return nil
}

// unsent says that the call did not leave the till: the link's fault alone.
func unsent(err error) bool {
	var silence *transport.Silence
	return errors.As(err, &silence) && !silence.Sent
}

// precedence lets live entries go ahead of the stream: the stream waits from the
// moment of a wake, or from when an entry falls due, until all that are due were
// tried.
type precedence struct {
	woken chan struct{} // the live queue: entries may be new

	mu     sync.Mutex
	opened chan struct{} // closed while the stream may send
}

func newPrecedence() *precedence {
	return &precedence{woken: make(chan struct{}, 1), opened: make(chan struct{})}
}

func (p *precedence) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut()
	select {
	case p.woken <- struct{}{}:
	default: // it is awake
	}
}

// isWoken takes a wake, if there was one.
func (p *precedence) isWoken() bool {
	select {
	case <-p.woken:
		return true
	default:
		return false
	}
}

// begin stops the stream while live entries are tried.
func (p *precedence) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut()
}

// end lets the stream go on, unless a wake came after the last look at the journal.
func (p *precedence) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.woken) == 0 && !p.isOpen() {
		close(p.opened)
	}
}

func (p *precedence) isOpen() bool {
	select {
	case <-p.opened:
		return true
	default:
		return false
	}
}

func (p *precedence) shut() {
	if p.isOpen() {
		p.opened = make(chan struct{})
	}
}

// wait answers false when ctx ends first.
func (p *precedence) wait(ctx context.Context) bool {
	p.mu.Lock()
	opened := p.opened
	p.mu.Unlock()
	select {
	case <-opened:
		return true
	case <-ctx.Done():
		return false
	}
}
