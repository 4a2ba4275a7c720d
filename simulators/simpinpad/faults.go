package simpinpad

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// faults are what the control socket has asked to go wrong.
type faults struct {
	holds    map[string]bool // commands whose next answer is to be kept back
	held     string          // the command whose answer is kept back now
	slow     time.Duration   // before every answer
	corrupt  int             // answers still to be damaged
	dropAcks int             // packets still not to be acknowledged
	taps     []status        // what the next cards before the antenna end with
	muted    bool
}

// tapFaults are the statuses that a card before the antenna can end GCX with.
// Source: ABECS 2.20, GCX, contactless, exceptions; 082, 084, 085: edition 2.12.
var tapFaults = []status{
	statusCardBlocked, statusTapSeveral, statusTapLost, statusTapInvalidated, statusTapProblems,
	statusTapNoApp, statusTapUnfit, statusHolderActs, statusOtherInterface,
}

// nextTap takes the fault of this tap, statusOK when there is none.
func (f *faults) nextTap() status {
	if len(f.taps) == 0 {
		return statusOK
	}
	next := f.taps[0]
	f.taps = f.taps[1:]
	return next
}

// delayAnswer keeps an answer back as long as the faults say. CAN or another packet
// means that it will never be sent.
func (d *device) delayAnswer(name string) error {
	if d.faults.slow > 0 {
		err := d.waitUntil(time.Now().Add(d.faults.slow), func() bool { return false })
		if err != nil && !errors.Is(err, errTimeout) {
			return err
		}
	}
	if !d.faults.holds[name] {
		return nil
	}
	delete(d.faults.holds, name)
	d.faults.held = name
	defer func() { d.faults.held = "" }()
	return d.waitUntil(time.Time{}, func() bool { return d.faults.held == "" })
}

// release lets go of the answer that is kept back, and of the wish to keep others.
func (d *device) release() (string, error) {
	if d.faults.held == "" && len(d.faults.holds) == 0 {
		return "", errors.New("nothing is held")
	}
	released := d.faults.held
	d.faults.held = ""
	clear(d.faults.holds)
	if released == "" {
		return "no answer was held yet", nil
	}
	return "released " + released, nil
}

// mute kills the device: it reads and answers nothing until unmute.
func (d *device) mute() {
	d.faults.muted = true
	d.cancelled = true // what was running ends here
	d.line.input = nil
	d.screen.clear()
}

// unmute switches it on again, as after a power cut.
func (d *device) unmute() {
	d.faults.muted = false
	d.reboot()
}

// garbageMax bounds what one command throws on the line: it is more than any till
// can take for a packet.
const garbageMax = 64 << 10

// garbage sends random bytes now and tells the seed by which they come again.
func (d *device) garbage(count int, seed uint64) (string, error) {
	if count < 1 || count > garbageMax {
		return "", fmt.Errorf("garbage of %d bytes: 1 to %d", count, garbageMax)
	}
	source := rand.New(rand.NewPCG(seed, seed))
	data := make([]byte, count)
	for i := range data {
		data[i] = byte(source.Uint32())
	}
	d.transmit(data...)
	return fmt.Sprintf("seed %d", seed), nil
}
