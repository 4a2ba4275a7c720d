package port

import (
	"sync"
	"time"
)

// A deadline ends waiting at a moment that may be moved meanwhile, as that of
// net.Conn: it holds for those who wait already, and the zero time takes it away.
type deadline struct {
	mu         sync.Mutex
	passed     chan struct{} // closed while the moment is past
	generation int           // tells a timer that was too late to stop that it is out of date
	timer      *time.Timer
}

func newDeadline() *deadline { return &deadline{passed: make(chan struct{})} }

func (d *deadline) set(moment time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.generation++
	if d.timer != nil {
		d.timer.Stop()
	}
	left := time.Until(moment)
	if !moment.IsZero() && left <= 0 {
		d.pass()
		return
	}
	if isClosed(d.passed) {
		d.passed = make(chan struct{})
	}
	if moment.IsZero() {
		return
	}
	generation := d.generation
	d.timer = time.AfterFunc(left, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.generation == generation {
			d.pass()
		}
	})
}

// pass needs mu.
func (d *deadline) pass() {
	if !isClosed(d.passed) {
		close(d.passed)
	}
}

// wait returns a channel that is closed when the moment comes; ask again for each
// wait.
func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func isClosed(signal <-chan struct{}) bool {
	select {
	case <-signal:
		return true
	default:
		return false
	}
}
