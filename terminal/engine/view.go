package engine

import (
	"context"
	"reflect"
	"sync"

	"balcao/terminal/snapshot"
)

// view is the newest snapshot and everybody who waits for the next one.
type view struct {
	mu      sync.Mutex
	latest  snapshot.Cashier
	changed chan struct{} // closed at the next change
}

func newView() *view { return &view{changed: make(chan struct{})} }

// publish makes a snapshot the newest, unless nothing changed.
func (v *view) publish(next snapshot.Cashier) {
	v.mu.Lock()
	defer v.mu.Unlock()
	next.Number = v.latest.Number
	if next.Number > 0 && reflect.DeepEqual(next, v.latest) {
		return
	}
	next.Number++
	v.latest = next
	close(v.changed)
	v.changed = make(chan struct{})
}

// get answers the newest snapshot and a channel that is closed when it is old.
func (v *view) get() (snapshot.Cashier, <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.latest, v.changed
}

// Snapshot answers what a cashier's screen may show now.
func (e *Engine) Snapshot() snapshot.Cashier {
	latest, _ := e.view.get()
	return latest
}

// Watch sends the newest snapshot whenever one with a number above after appears,
// until ctx ends; then it closes the channel. A slow reader misses the ones in
// between, never the newest.
func (e *Engine) Watch(ctx context.Context, after uint64) <-chan snapshot.Cashier {
	updates := make(chan snapshot.Cashier)
	go func() {
		defer close(updates)
		for {
			latest, changed := e.view.get()
			if latest.Number > after {
				select {
				case updates <- latest:
					after = latest.Number
					continue
				case <-changed:
					continue
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return updates
}
