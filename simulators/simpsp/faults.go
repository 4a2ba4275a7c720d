package simpsp

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A faultKind is one way in which a single call goes wrong.
type faultKind string

// The kinds. Whether the call is processed is what a caller cannot see.
const (
	faultLostRequest faultKind = "lost-request" // not processed, never answered
	faultError       faultKind = "error"        // not processed; 500 in the API's words
	faultUnavailable faultKind = "unavailable"  // not processed; 503 in the API's words
	faultRateLimited faultKind = "rate-limited" // not processed; 429 with Retry-After
	faultHTML        faultKind = "html"         // not processed; 200 with a page, as of a captive portal
	faultSlow        faultKind = "slow"         // processed after a while, answered
	faultTwice       faultKind = "twice"        // the network delivers it twice; the second answer comes back
	faultLostAnswer  faultKind = "lost-answer"  // processed, never answered
	faultReset       faultKind = "reset"        // processed; the connection is reset instead of an answer
	faultHalf        faultKind = "half"         // processed; half of the answer, then the connection ends
	faultGateway     faultKind = "gateway"      // processed; 502 with a gateway's page
	faultPayFirst    faultKind = "pay-first"    // the payer pays while the call is on its way
	faultPayAfter    faultKind = "pay-after"    // the payer's money arrives once the call is processed, whatever it did
)

// stormKinds are those a seed picks from, in this order: another order is another storm.
var stormKinds = []faultKind{
	faultLostRequest, faultError, faultUnavailable, faultRateLimited, faultHTML, faultSlow,
	faultTwice, faultLostAnswer, faultReset, faultHalf, faultGateway,
}

// faultKinds are all.
var faultKinds = append(slices.Clone(stormKinds), faultPayFirst, faultPayAfter)

const (
	// slowTime is how long a slow call takes that is asked for without a time.
	slowTime = time.Second
	// slowTimeStorm bounds what a seed picks, so that a storm of hundreds takes seconds.
	slowTimeStorm = 50 * time.Millisecond
	// faultRatePPM is how many of a million calls go wrong when a seed comes alone.
	faultRatePPM = 100_000
	million      = 1_000_000
)

type fault struct {
	kind     faultKind
	duration time.Duration
}

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

// faults are the switches of the control socket: how this bank misbehaves.
type faults struct {
	mu          sync.Mutex
	down        bool
	restore     *time.Timer // ends an outage that has a duration
	slow        time.Duration
	seed        uint64
	ratePPM     uint32 // zero for no storm
	next        map[string][]fault
	calls       map[string]uint64 // since the seed was given, by operation
	holds       []*hold
	held        map[string]int
	changed     chan struct{} // closed and replaced when held changes
	connections map[net.Conn]bool
	stopped     chan struct{}
	stopOnce    sync.Once
}

func newFaults() *faults {
	return &faults{
		next: map[string][]fault{}, calls: map[string]uint64{}, held: map[string]int{}, changed: make(chan struct{}),
		connections: map[net.Conn]bool{}, stopped: make(chan struct{}),
	}
}

// stop lets everything go that waits.
func (f *faults) stop() { f.stopOnce.Do(func() { close(f.stopped) }) }

// gate is the listener that a bank which is down closes in a caller's face.
type gate struct {
	net.Listener
	faults *faults
}

// Accept gives the next connection that is let in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil || !g.faults.isDown() {
			return conn, err
		}
		_ = conn.Close()
	}
}

// track keeps the open connections, so that going down cuts them.
func (f *faults) track(conn net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch state {
	case http.StateNew:
		f.connections[conn] = true
		if f.down {
			_ = conn.Close()
		}
	case http.StateClosed, http.StateHijacked:
		delete(f.connections, conn)
	}
}

func (f *faults) isDown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.down
}

// outage begins one, for a while or till the next word, or ends it.
func (f *faults) outage(down bool, duration time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.restore != nil {
		f.restore.Stop()
		f.restore = nil
	}
	f.down = down
	if !down {
		return
	}
	for conn := range f.connections {
		_ = conn.Close()
	}
	if duration > 0 {
		f.restore = time.AfterFunc(duration, func() { f.outage(false, 0) })
	}
}

func (f *faults) setSlow(delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slow = delay
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

// arm lets a seed loose on every call from now on; a rate of zero ends that.
func (f *faults) arm(seed uint64, ratePPM uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seed, f.ratePPM = seed, ratePPM
	clear(f.calls)
	clear(f.next)
}

// queue lets the next call of an operation go wrong; several wait for their turn.
func (f *faults) queue(operation string, what fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next[operation] = append(f.next[operation], what)
}

// draw says what goes wrong with a call that has just come, and how long every call waits.
func (f *faults) draw(operation string) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[operation]++
	if queued := f.next[operation]; len(queued) > 0 {
		f.next[operation] = queued[1:]
		return queued[0]
	}
	if f.ratePPM > 0 {
		if what := pick(f.seed, f.ratePPM, operation, f.calls[operation]); what.kind != "" {
			return what
		}
	}
	if f.slow > 0 {
		return fault{faultSlow, f.slow}
	}
	return fault{}
}

// pick is what a seed does to the n-th call of an operation, whatever came between.
func pick(seed uint64, ratePPM uint32, operation string, n uint64) fault {
	name := fnv.New64a()
	_, _ = name.Write([]byte(operation))
	random := rand.New(rand.NewPCG(seed^name.Sum64(), n))
	if random.Uint32N(million) >= ratePPM {
		return fault{}
	}
	return fault{stormKinds[random.IntN(len(stormKinds))], time.Duration(random.Int64N(int64(slowTimeStorm)))}
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

// release ends the holds of one operation, or of all when it is empty.
func (f *faults) release(operation string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holds = slices.DeleteFunc(f.holds, func(h *hold) bool {
		if operation != "" && h.operation != operation {
			return false
		}
		close(h.released)
		return true
	})
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
			return fmt.Errorf("wait for a held %s: the bank stopped", operation)
		case <-ctx.Done():
			return fmt.Errorf("wait for a held %s: %w", operation, ctx.Err())
		}
	}
}

// describe tells the switches that are on, for people.
func (f *faults) describe() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var on []string
	if f.down {
		on = append(on, "down")
	}
	if f.slow > 0 {
		on = append(on, "slow "+f.slow.String())
	}
	if f.ratePPM > 0 {
		on = append(on, fmt.Sprintf("faults %d %d", f.seed, f.ratePPM))
	}
	for operation, queued := range f.next {
		for _, what := range queued {
			on = append(on, "next "+operation+" "+string(what.kind))
		}
	}
	for _, each := range f.holds {
		on = append(on, "hold "+each.operation+" "+each.point)
	}
	if len(on) == 0 {
		return "up"
	}
	slices.Sort(on)
	return strings.Join(on, ", ")
}
