package simcentral

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Points where a call can be held.
const (
	before = "before" // nothing is processed yet
	after  = "after"  // processed and stored, not answered
)

// A hold keeps every matching call waiting till it is released.
type hold struct {
	operation, point string
	released         chan struct{}
}

// faults are the switches of the control socket: how this central misbehaves.
type faults struct {
	mu          sync.Mutex
	down        bool
	unavailable bool
	line        lineFaults // what is wrong before a call is heard, and with the clock
	slow        time.Duration
	lose        map[string]int // answers still to lose, by operation
	holds       []*hold
	held        map[string]int // calls waiting in a hold, by operation
	changed     chan struct{}  // closed and replaced when held changes
	connections map[net.Conn]bool
	restore     *time.Timer        // ends a fault that has a duration
	blinks      int                // short outages under way, by faults of single calls
	storm       storm              // what a seed does to single calls
	next        map[string][]fault // what goes wrong next, by operation
	calls       map[string]uint64  // calls since the seed was given, by operation
	firedLog    []fired
	stopped     chan struct{}
	stopOnce    sync.Once
}

func newFaults() *faults {
	return &faults{
		lose: map[string]int{}, held: map[string]int{}, changed: make(chan struct{}),
		next: map[string][]fault{}, calls: map[string]uint64{},
		connections: map[net.Conn]bool{}, stopped: make(chan struct{}),
	}
}

// stop lets everything go that waits.
func (f *faults) stop() {
	f.stopOnce.Do(func() { close(f.stopped) })
	f.mu.Lock()
	defer f.mu.Unlock()
	f.line.clear()
}

// gate is the listener that a central which is down closes in a caller's face.
type gate struct {
	net.Listener
	faults *faults
}

// Accept gives the next connection that is let in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return conn, err
		}
		if g.faults.keepMute(conn) {
			continue
		}
		if !g.faults.isDown() {
			return conn, nil
		}
		conn.Close()
	}
}

// track keeps the open connections, so that going down cuts them.
func (f *faults) track(conn net.Conn, connState http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch connState {
	case http.StateNew:
		f.connections[conn] = true
		if f.down || f.blinks > 0 { // accepted while it went down
			conn.Close()
		}
	case http.StateClosed, http.StateHijacked:
		delete(f.connections, conn)
	}
}

func (f *faults) isDown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.down || f.blinks > 0
}

func (f *faults) isUnavailable() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.unavailable
}

// up ends an outage of either kind.
func (f *faults) up() {
	f.outage(0, func() {})
}

// goDown closes every connection and every new one, for a while or till up.
func (f *faults) goDown(duration time.Duration) {
	f.outage(duration, func() {
		f.down = true
		f.cutConnections()
	})
}

// cutConnections closes all there are; f.mu is held.
func (f *faults) cutConnections() {
	for conn := range f.connections {
		conn.Close()
	}
}

// blink goes down for a moment, whatever the switches say, and comes back to what
// they say.
func (f *faults) blink(duration time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blinks++
	f.cutConnections()
	time.AfterFunc(duration, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.blinks--
	})
}

// goUnavailable answers 503 to everything, for a while or till up.
func (f *faults) goUnavailable(duration time.Duration) {
	f.outage(duration, func() { f.unavailable = true })
}

func (f *faults) outage(duration time.Duration, begin func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.restore != nil {
		f.restore.Stop()
		f.restore = nil
	}
	f.down, f.unavailable = false, false
	f.line.clear()
	begin()
	if duration > 0 {
		f.restore = time.AfterFunc(duration, f.up)
	}
}

func (f *faults) setSlow(delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slow = delay
}

// dawdle waits as long as a slow central does before it looks at a call.
func (f *faults) dawdle() {
	f.mu.Lock()
	delay := f.slow
	f.mu.Unlock()
	f.pause(delay)
}

// pause waits, but not beyond the end of the server.
func (f *faults) pause(delay time.Duration) {
	if delay <= 0 {
		return
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.stopped:
	}
}

func (f *faults) loseAnswers(operation string, count int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lose[operation] = count
}

// losesAnswer says whether this answer is one to lose, and counts it.
func (f *faults) losesAnswer(operation, id string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lose[operation] == 0 {
		return false
	}
	f.lose[operation]--
	f.note(operation, id, now, fault{kind: faultLostAnswer}, "lose-answer")
	return true
}

func (f *faults) hold(operation, point string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holds = append(f.holds, &hold{operation, point, make(chan struct{})})
}

// pass waits while the call is held. A client that gives up does not end it: its
// request is on the wire and lands late, as it would in any network.
func (f *faults) pass(operation, point string) {
	f.mu.Lock()
	i := slices.IndexFunc(f.holds, func(h *hold) bool { return h.operation == operation && h.point == point })
	if i < 0 {
		f.mu.Unlock()
		return
	}
	holding := f.holds[i]
	f.countHeld(operation, 1)
	f.mu.Unlock()
	select {
	case <-holding.released:
	case <-f.stopped:
	}
	f.mu.Lock()
	f.countHeld(operation, -1)
	f.mu.Unlock()
}

func (f *faults) countHeld(operation string, by int) {
	f.held[operation] += by
	close(f.changed)
	f.changed = make(chan struct{})
}

// release ends the holds of one operation, or of all when it is empty, and answers
// how many calls were waiting.
func (f *faults) release(operation string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := 0
	f.holds = slices.DeleteFunc(f.holds, func(h *hold) bool {
		if operation != "" && h.operation != operation {
			return false
		}
		close(h.released)
		return true
	})
	for name, count := range f.held {
		if operation == "" || name == operation {
			waiting += count
		}
	}
	return waiting
}

// waitHeld returns once a call of the operation is being held.
func (f *faults) waitHeld(ctx context.Context, operation string) error {
	for {
		f.mu.Lock()
		held, changed := f.held[operation], f.changed
		f.mu.Unlock()
		if held > 0 {
			return nil
		}
		select {
		case <-changed:
		case <-f.stopped:
			return fmt.Errorf("wait for a held %s: central stopped", operation)
		case <-ctx.Done():
			return fmt.Errorf("wait for a held %s: %w", operation, ctx.Err())
		}
	}
}

// heldNow lists the operations that calls are being held in.
func (f *faults) heldNow() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := map[string]int{}
	for name, count := range f.held {
		if count > 0 {
			now[name] = count
		}
	}
	return now
}

// describe tells the switches that are on, for people.
func (f *faults) describe() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var on []string
	if f.down {
		on = append(on, "down")
	}
	if f.unavailable {
		on = append(on, "unavailable")
	}
	on = append(on, f.line.describe()...)
	if f.slow > 0 {
		on = append(on, "slow "+f.slow.String())
	}
	for name, count := range f.lose {
		if count > 0 {
			on = append(on, fmt.Sprintf("lose-answer %s %d", name, count))
		}
	}
	for _, each := range f.holds {
		on = append(on, "hold "+each.operation+" "+each.point)
	}
	on = append(on, f.describeCalls()...)
	if len(on) == 0 {
		return "up"
	}
	slices.Sort(on)
	return strings.Join(on, ", ")
}
