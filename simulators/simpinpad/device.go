package simpinpad

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"balcao/simulators/hsm"
)

// A device is the pinpad itself. One goroutine, that of run, owns everything in it:
// bytes, hands and time reach it as events, and a command that waits for the card
// holder takes the events itself (see waitUntil).
type device struct {
	log        *slog.Logger
	cardsDir   string
	clearTrack bool
	antenna    bool // the device has one
	memory     *memory
	pinSlots   slots
	dataSlots  slots
	socket     *socket

	stop     <-chan struct{}
	plugs    chan plug
	arrivals chan arrival
	calls    chan func()
	readers  sync.WaitGroup

	line      line
	pending   []byte // a packet that came in and is not yet acted on
	cancelled bool   // CAN came since the command began
	waiters   []waiter
	faults    faults

	screen    screen
	keypad    keypad
	pin       string // what the card holder will type when a PIN screen comes
	askingPIN bool
	slot      *insertion // nil while empty
	sale      *sale      // nil before GCX
	tracks    *keptTracks
	load      *tableLoad

	stripeOn, antennaOn bool
	shown               *presentation // nil while no card is before either
	chipStatus          chipStatus
	unlocked            string // name of the phone that has asked its owner
}

func newDevice(config Config, keys *hsm.PinpadKeys, m *memory) *device {
	d := &device{
		log:        config.Log,
		cardsDir:   config.CardsDir,
		clearTrack: config.AllowClearTracks,
		antenna:    !config.NoContactless,
		chipStatus: chipGood,
		memory:     m,
		pinSlots:   newSlots(keys.PINSlots, m.PINCounters, m),
		dataSlots:  newSlots(keys.DataSlots, m.DataCounters, m),
		plugs:      make(chan plug),
		arrivals:   make(chan arrival),
		calls:      make(chan func()),
		faults:     faults{holds: map[string]bool{}},
	}
	d.screen.changed = d.wake
	return d
}

// run is the life of the device, until stop closes.
func (d *device) run() {
	for {
		for d.pending != nil { // one that aborted a command is acted on at once
			payload := d.pending
			d.pending = nil
			d.execute(payload)
		}
		if err := d.step(time.Time{}); err != nil {
			return
		}
	}
}

// execute acts on one packet. What was aborted leaves no answer, and a blocking
// command leaves the display blank. Source: ABECS 2.20, link layer, CAN.
func (d *device) execute(payload []byte) {
	d.cancelled = false
	name := string(payload[:min(nameLength, len(payload))])
	answer, err := d.perform(payload)
	if err == nil {
		err = d.delayAnswer(name)
	}
	if err == nil {
		d.respond(answer)
		return
	}
	if commands[name].blocking {
		d.screen.clear()
	}
	d.log.Info("pinpad: command ended without an answer", "reason", err)
}

// notify tells the till what a blocking command is at. It wants no answer.
// Source: ABECS 2.20, NTM.
func (d *device) notify(lines ...string) {
	text := ""
	for _, line := range lines {
		text += padRight(line, notificationColumns)
	}
	block := latin1Bytes(padRight(text, 2*notificationColumns))
	d.line.last, d.line.lastIs = answerPayload("NTM", statusOK, [][]byte{block}), packetNotification
	d.sendLast()
}

// notificationColumns is the width of the two lines of a notification.
const notificationColumns = 16

// step takes one event. It returns when there was one, or when deadline has passed;
// the only error is errStopped.
func (d *device) step(deadline time.Time) error {
	d.wake()
	if d.consume() {
		return nil
	}
	var alarm <-chan time.Time
	if next := earlier(deadline, d.line.deadline); !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		alarm = timer.C
	}
	select {
	case <-d.stop:
		return errStopped
	case next := <-d.plugs:
		d.connect(next)
	case got := <-d.arrivals:
		d.arrive(got)
	case call := <-d.calls:
		call()
	case <-alarm:
		d.lineSilent()
	}
	return nil
}

// waitUntil takes events until ready says so. It ends early with errTimeout at the
// deadline (zero: never), with errAborted when the till sends CAN or another packet,
// and with errStopped.
func (d *device) waitUntil(deadline time.Time, ready func() bool) error {
	for {
		switch {
		case d.cancelled || d.pending != nil:
			return errAborted
		case ready():
			return nil
		case !deadline.IsZero() && !time.Now().Before(deadline):
			return errTimeout
		}
		if err := d.step(deadline); err != nil {
			return err
		}
	}
}

// waitForHolder is waitUntil for what the card holder has to do within a time.
func (d *device) waitForHolder(limit time.Duration, limited bool, ready func() bool) error {
	var deadline time.Time
	if limited {
		deadline = time.Now().Add(limit)
	}
	err := d.waitUntil(deadline, ready)
	if errors.Is(err, errTimeout) {
		return statusTimeout
	}
	return err
}

// earlier gives the first of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// reboot is what a power cut leaves: memory, and the card in the slot, which was
// without power too.
func (d *device) reboot() {
	d.line.input, d.line.receiver, d.line.deadline, d.line.last = nil, receiver{}, time.Time{}, nil
	d.pending, d.sale, d.tracks, d.load, d.pin = nil, nil, nil, nil, ""
	d.shown, d.chipStatus = nil, chipGood
	if d.slot != nil {
		d.slot = &insertion{card: d.slot.card}
	}
	d.screen.clear()
}
