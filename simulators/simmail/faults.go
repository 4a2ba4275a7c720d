package simmail

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"
)

// Kinds of faults that mails and messages share.
const (
	faultSlow       = "slow"        // taken after a while, answered
	faultDrop       = "drop"        // not taken; the connection ends in the middle
	faultLostAnswer = "lost-answer" // taken; the connection ends before the answer
	faultHalfOpen   = "half-open"   // not taken; the connection stands and is silent
)

var (
	mailFaults    = []string{"421", "450", "550", "552", faultSlow, faultDrop, faultLostAnswer, faultHalfOpen}
	messageFaults = []string{"400", "410", "429", "500", "503", "redirect", faultSlow, faultDrop, faultLostAnswer, faultHalfOpen}
	// The kinds that a seed picks from pass by themselves, and none lasts until the
	// sender's patience ends. Another order is another storm.
	mailStorm    = []string{"421", "450", faultSlow, faultDrop, faultLostAnswer}
	messageStorm = []string{"429", "500", "503", faultSlow, faultDrop, faultLostAnswer}
)

const (
	// slowTime is how long slow takes when it is not told, retryTime what 429 and 503 ask for.
	slowTime  = time.Second
	retryTime = 7 * time.Second
	// slowTimeStorm bounds what a seed picks, so that hundreds of mails take seconds.
	slowTimeStorm = 20 * time.Millisecond
	faultRatePPM  = 100_000 // when a seed comes alone
	million       = 1_000_000
)

type fault struct {
	kind     string
	duration time.Duration
}

// faults are the switches of the control socket.
type faults struct {
	mu      sync.Mutex
	next    map[string][]fault // by kind of arrival
	calls   map[string]uint64  // since the seed was given
	seed    uint64
	ratePPM uint32 // zero for no storm
}

func newFaults() *faults { return &faults{next: map[string][]fault{}, calls: map[string]uint64{}} }

// queue lets the next arrival go wrong, behind those already queued.
func (f *faults) queue(kind string, next fault) error {
	known := mailFaults
	if kind == KindMessage {
		known = messageFaults
	}
	if !slices.Contains(known, next.kind) {
		return fmt.Errorf("%q is no fault of a %s, known are %v", next.kind, kind, known)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next[kind] = append(f.next[kind], next)
	return nil
}

func (f *faults) arm(seed uint64, ratePPM uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seed, f.ratePPM = seed, ratePPM
	clear(f.calls)
}

// take decides what goes wrong with the arrival that begins now. By seed it depends
// on nothing but seed, kind and count.
func (f *faults) take(kind string) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if queued := f.next[kind]; len(queued) > 0 {
		f.next[kind] = queued[1:]
		return queued[0]
	}
	if f.ratePPM == 0 {
		return fault{}
	}
	f.calls[kind]++
	name := fnv.New64a()
	_, _ = name.Write([]byte(kind))
	dice := rand.New(rand.NewPCG(f.seed^name.Sum64(), f.calls[kind]))
	if dice.Uint32N(million) >= f.ratePPM {
		return fault{}
	}
	kinds := mailStorm
	if kind == KindMessage {
		kinds = messageStorm
	}
	return fault{kinds[dice.IntN(len(kinds))], time.Duration(dice.Int64N(int64(slowTimeStorm)))}
}

// A gate is the mail server's door: it decides for each connection what will go wrong
// with it, and lets the half-open ones stand outside.
type gate struct {
	net.Listener
	faults *faults
	stop   chan struct{}

	mu      sync.Mutex
	outside []net.Conn
}

// outsideMax bounds the connections that stand open in silence.
const outsideMax = 64

// A visit is a connection and what will go wrong with it.
type visit struct {
	net.Conn
	fault fault
}

// Accept gives the next connection that is let in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			select {
			case <-g.stop:
				return nil, errors.Join(net.ErrClosed, err)
			default:
				return nil, err
			}
		}
		visit := &visit{Conn: conn, fault: g.faults.take(KindMail)}
		if visit.fault.kind != faultHalfOpen {
			return visit, nil
		}
		g.leaveOutside(conn)
	}
}

func (g *gate) leaveOutside(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.outside = append(g.outside, conn)
	if len(g.outside) > outsideMax {
		_ = g.outside[0].Close()
		g.outside = g.outside[1:]
	}
}

// hangUp ends the connections that stand outside.
func (g *gate) hangUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, conn := range g.outside {
		_ = conn.Close()
	}
}
