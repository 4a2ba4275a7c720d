package outbox

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"balcao/sync/transport"
	"balcao/sync/wire"
)

const (
	// probeInterval is how long the light of a quiet till may be wrong: any call of a
	// sale renews it.
	probeInterval = 30 * time.Second
	// probeJitter is the share of the interval by which it varies, so that tills that
	// were switched on together do not ask together.
	probeJitter = 0.5
	// probeBase and probeMax are the windows of the waits while there is no link:
	// asking is cheap, and nothing of the stream goes before it succeeds.
	probeBase = time.Second
	probeMax  = 30 * time.Second
)

// link is whether central can be reached, as the last calls tell.
type link struct {
	onLink func(online bool, queue int)
	tell   sync.Mutex // keeps the callback's calls in order

	mu      sync.Mutex
	online  bool
	closed  bool // central says that it takes no payments, whatever else it answers
	ups     int  // how often it came up
	queue   int
	heardAt time.Time     // of the last good answer
	changed chan struct{} // closed and replaced when online changes
}

func newLink(onLink func(bool, int)) *link {
	return &link{onLink: onLink, changed: make(chan struct{})}
}

// heard draws its conclusion from the end of a call. A refusal in the contract's
// words is central speaking; an overloaded or broken central says nothing about the
// link; a caller that gave up says nothing at all.
func (l *link) heard(now time.Time, err error) {
	var problem *transport.Problem
	var silence *transport.Silence
	switch {
	case err == nil:
		l.set(now, true)
	case errors.Is(err, context.Canceled):
	case errors.As(err, &silence):
		l.set(now, false)
	case errors.As(err, &problem) && problem.Status < http.StatusInternalServerError && problem.Status != http.StatusTooManyRequests:
		l.set(now, true)
	}
}

func (l *link) set(now time.Time, online bool) { l.conclude(now, online, nil) }

// probed takes central's own word on whether it is open.
func (l *link) probed(now time.Time, online, closed bool) { l.conclude(now, online, &closed) }

func (l *link) conclude(now time.Time, online bool, closed *bool) {
	l.change(func() bool {
		if online {
			l.heardAt = now
		}
		if closed != nil {
			l.closed = *closed
		}
		online = online && !l.closed
		if l.online == online {
			return false
		}
		l.online = online
		if online {
			l.ups++
		}
		close(l.changed)
		l.changed = make(chan struct{})
		return true
	})
}

func (l *link) setQueue(queue int) {
	l.change(func() bool {
		changed := l.queue != queue
		l.queue = queue
		return changed
	})
}

// change tells the callback of a change, outside the lock that it may need.
func (l *link) change(apply func() bool) {
	l.tell.Lock()
	defer l.tell.Unlock()
	l.mu.Lock()
	changed := apply()
	online, queue := l.online, l.queue
	l.mu.Unlock()
	if changed {
		l.onLink(online, queue)
	}
}

// A view is the link at a moment.
type view struct {
	online  bool
	ups     int // how often it had come up
	heardAt time.Time
	changed <-chan struct{} // closed once online is no longer so
}

func (l *link) view() view {
	l.mu.Lock()
	defer l.mu.Unlock()
	return view{l.online, l.ups, l.heardAt, l.changed}
}

// waitOnline answers how often the link has come up, or false when ctx ends first.
func (l *link) waitOnline(ctx context.Context) (ups int, ok bool) {
	for {
		now := l.view()
		if now.online {
			return now.ups, ctx.Err() == nil
		}
		select {
		case <-now.changed:
		case <-ctx.Done():
			return 0, false
		}
	}
}

// probe asks for central's status whenever nothing has been heard for a while.
func (o *Outbox) probe(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		status, err := o.config.Prober.Status(ctx)
		if ctx.Err() != nil {
			return
		}
		// An overloaded central, or one under maintenance, takes no payments: no light.
		closed := err == nil && (status.State == wire.StatusStateDown || status.State == wire.StatusStateMaintenance)
		online := err == nil && !closed
		o.link.probed(o.config.Now(), online, closed)
		failures++
		if online {
			failures = 0
		}
		if !o.awaitProbe(ctx, failures) {
			return
		}
	}
}

// awaitProbe waits until nothing has been heard for long enough, or the link is gone
// and its wait over.
func (o *Outbox) awaitProbe(ctx context.Context, failures int) bool {
	quiet := probeInterval - time.Duration(probeJitter*float64(probeInterval)*o.config.Random())
	for {
		link := o.link.view()
		wait := link.heardAt.Add(quiet).Sub(o.config.Now())
		if link.online {
			failures = 0
		} else {
			wait = o.backOff(max(1, failures), probeBase, probeMax)
		}
		if link.online && wait <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			if !link.online {
				return true
			}
		case <-link.changed:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}
