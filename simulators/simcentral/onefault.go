package simcentral

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A faultKind is one way in which a single call goes wrong.
type faultKind string

// The kinds. Whether the call is processed is what a caller cannot see and must find
// out.
const (
	faultDown        faultKind = "down"         // not processed; every connection is closed for a while
	faultLostRequest faultKind = "lost-request" // not processed, never answered
	faultError       faultKind = "error"        // not processed; 500 in the contract's words
	faultRateLimited faultKind = "rate-limited" // not processed; 429 with Retry-After
	faultHTML        faultKind = "html"         // not processed; 200 with a page, as of a captive portal
	faultSlow        faultKind = "slow"         // processed after a while, answered
	faultTwice       faultKind = "twice"        // the network delivers it twice; the second answer comes back
	faultLostAnswer  faultKind = "lost-answer"  // processed, never answered
	faultReset       faultKind = "reset"        // processed; the connection is reset instead of an answer
	faultHalf        faultKind = "half"         // processed; half of the answer, then the connection ends
	faultGateway     faultKind = "gateway"      // processed; 502 with a gateway's page
	faultRefused     faultKind = "unauthorised" // not processed; 401, the token is not taken
	faultConflict    faultKind = "conflict"     // not processed; 409 as if the same call were running
	faultHalfOpen    faultKind = "half-open"    // not processed; this and new connections stand open and mute for a while
	faultWrongCert   faultKind = "wrong-cert"   // not processed; connections end, new ones meet a stranger's certificate for a while
	faultLate        faultKind = "late"         // processed at once; answered after a while
	faultDuplicate   faultKind = "duplicate"    // processed; the answer comes twice on the line
	faultSkew        faultKind = "skew"         // processed; the answer tells a wrong time
)

// faultKinds are all of them, in the order a seed picks from: another order is
// another storm.
var faultKinds = []faultKind{
	faultDown, faultLostRequest, faultError, faultRateLimited, faultHTML, faultSlow,
	faultTwice, faultLostAnswer, faultReset, faultHalf, faultGateway,
	faultRefused, faultConflict, faultHalfOpen, faultWrongCert, faultLate, faultDuplicate, faultSkew,
}

// How long a fault with a duration lasts: when it is asked for without one, and the
// bounds between which a seed picks. Long enough that a till meets closed doors more
// than once, short enough that a storm of hundreds takes seconds: what outlasts a
// till's patience is lost-answer.
const (
	faultTime    = time.Second
	faultTimeMin = 50 * time.Millisecond
	faultTimeMax = 500 * time.Millisecond
)

// How far off a seed tells the time: more than a till may let pass (2 minutes), up to
// half a day; either way.
const (
	skewMin = 3 * time.Minute
	skewMax = 12 * time.Hour
)

// faultRatePPM is how many of a million calls go wrong when a seed comes without a
// rate: one in twenty, a bad day on a bad line.
const faultRatePPM = 50_000

// certainPPM is every call.
const certainPPM = 1_000_000

// faultLogMax is how many faults are remembered, more than a long storm has.
const faultLogMax = 10_000

// A fault is what happens to one call. The zero value is nothing.
type fault struct {
	kind     faultKind
	duration time.Duration // of what lasts; of skew how far the time is off
}

func (k faultKind) lasts() bool {
	return slices.Contains([]faultKind{faultDown, faultSlow, faultHalfOpen, faultWrongCert, faultLate}, k)
}

// A fired fault is one line of the fault log.
type fired struct {
	At        time.Time `json:"time"`
	Operation string    `json:"op"`
	ID        string    `json:"id,omitempty"`
	Call      uint64    `json:"call"` // n-th of its operation since the seed was given, from 1
	Kind      faultKind `json:"kind"`
	Duration  string    `json:"duration,omitempty"`
	By        string    `json:"by"` // "seed N", "next" or "lose-answer"
}

// A storm is what a seed does to calls.
type storm struct {
	on      bool
	seed    uint64
	ratePPM uint32
}

// pick decides on the n-th call of an operation. It depends on nothing else, so the
// same seed does the same to the same calls, however they interleave with others.
func (s storm) pick(operation string, n uint64) fault {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s|%d", operation, n)
	random := rand.New(rand.NewPCG(s.seed, hash.Sum64()))
	if random.Uint32N(certainPPM) >= s.ratePPM {
		return fault{}
	}
	picked := fault{kind: faultKinds[random.IntN(len(faultKinds))]}
	if picked.kind.lasts() {
		picked.duration = faultTimeMin + time.Duration(random.Int64N(int64(faultTimeMax-faultTimeMin)))
	}
	if picked.kind == faultSkew {
		picked.duration = skewMin + time.Duration(random.Int64N(int64(skewMax-skewMin)))
		if random.IntN(2) == 0 {
			picked.duration = -picked.duration
		}
	}
	return picked
}

// arm lets a seed loose on every call from now on.
func (f *faults) arm(seed uint64, ratePPM uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.storm = storm{true, seed, ratePPM}
	clear(f.calls)
	f.firedLog = nil
}

// disarm ends the storm and forgets what was to go wrong next; the log stays.
func (f *faults) disarm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.storm = storm{}
	clear(f.next)
}

// queue lets the next call of an operation go wrong; several wait for their turn.
func (f *faults) queue(operation string, what fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next[operation] = append(f.next[operation], what)
}

// draw says what goes wrong with a call that has just come.
func (f *faults) draw(operation, id string, now time.Time) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[operation]++
	what, by := fault{}, "next"
	if queued := f.next[operation]; len(queued) > 0 {
		what, f.next[operation] = queued[0], queued[1:]
	} else if f.storm.on {
		what, by = f.storm.pick(operation, f.calls[operation]), fmt.Sprintf("seed %d", f.storm.seed)
	}
	if what.kind != "" {
		f.note(operation, id, now, what, by)
	}
	return what
}

// note writes to the fault log; f.mu is held.
func (f *faults) note(operation, id string, now time.Time, what fault, by string) {
	line := fired{At: now, Operation: operation, ID: id, Call: f.calls[operation], Kind: what.kind, By: by}
	if what.duration != 0 {
		line.Duration = what.duration.String()
	}
	f.firedLog = append(f.firedLog, line)
	f.firedLog = f.firedLog[max(0, len(f.firedLog)-faultLogMax):]
}

// firedFaults is the log, oldest first.
func (f *faults) firedFaults() []fired {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fired{}, f.firedLog...)
}

// describeCalls tells what single calls have to expect; f.mu is held.
func (f *faults) describeCalls() []string {
	var on []string
	if f.storm.on {
		on = append(on, fmt.Sprintf("faults %d %d", f.storm.seed, f.storm.ratePPM))
	}
	for operation, queued := range f.next {
		for _, what := range queued {
			on = append(on, "next "+operation+" "+string(what.kind))
		}
	}
	return on
}

// parseFaultKind reads a kind as it is told.
func parseFaultKind(word string) (faultKind, error) {
	if slices.Contains(faultKinds, faultKind(word)) {
		return faultKind(word), nil
	}
	names := make([]string, 0, len(faultKinds))
	for _, kind := range faultKinds {
		names = append(names, string(kind))
	}
	return "", fmt.Errorf("%q is no kind of fault, known are: %s", word, strings.Join(names, ", "))
}
