package simpinpad

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// waitTime is how long the wait commands wait when not told otherwise: longer than
// any screen of a sale takes, shorter than the patience of a test.
const waitTime = 30 * time.Second

// A hand is one command of the control socket, run by the device's goroutine.
type hand struct {
	usage string
	// min and max number of words behind the command.
	min, max int
	act      func(d *device, words []string) (string, error)
}

const cardUsage = "card insert NAME | card tap NAME [TIMEOUT] | card swipe NAME [TIMEOUT] | card remove"

// hands by their first word. "wait-display", "wait-held" and cards that are swiped or
// tapped are apart: they wait outside the device's goroutine, see obey.
var hands = map[string]hand{
	"card":     {cardUsage, 1, 2, (*device).handleCard},
	"pin":      {"pin DIGITS", 1, 1, (*device).handlePIN},
	"key":      {"key ok|cancel|clear|DIGITS", 1, 1, (*device).handleKey},
	"display":  {"display", 0, 0, func(d *device, _ []string) (string, error) { return d.screen.text(), nil }},
	"state":    {"state", 0, 0, (*device).describe},
	"hold":     {"hold COMMAND", 1, 1, (*device).handleHold},
	"release":  {"release", 0, 0, func(d *device, _ []string) (string, error) { return d.release() }},
	"unplug":   {"unplug", 0, 0, (*device).handleUnplug},
	"plug":     {"plug", 0, 0, func(d *device, _ []string) (string, error) { return "", d.socket.push() }},
	"garbage":  {"garbage BYTES [SEED]", 1, 2, (*device).handleGarbage},
	"corrupt":  {"corrupt ANSWERS", 1, 1, (*device).handleCorrupt},
	"drop-ack": {"drop-ack [PACKETS]", 0, 1, (*device).handleDropAck},
	"slow":     {"slow DURATION|off", 1, 1, (*device).handleSlow},
	"fail-tap": {"fail-tap STATUS...", 1, failedTapsMax, (*device).handleFailTap},
	"mute":     {"mute", 0, 0, func(d *device, _ []string) (string, error) { d.mute(); return "", nil }},
	"unmute":   {"unmute", 0, 0, func(d *device, _ []string) (string, error) { d.unmute(); return "", nil }},
}

// obey is the handler of the control socket.
func (d *device) obey(ctx context.Context, words []string) (string, error) {
	if len(words) == 0 {
		return "", errors.New("no command")
	}
	switch name, rest := words[0], words[1:]; {
	case name == "wait-display":
		return d.waitDisplay(ctx, rest)
	case name == "wait-held":
		return d.waitHeld(ctx, rest)
	case name == "card" && len(rest) > 0 && (way(rest[0]) == swiped || way(rest[0]) == tapped):
		return d.showCard(ctx, rest)
	default:
		known, ok := hands[name]
		if !ok {
			return "", fmt.Errorf("unknown command %q", name)
		}
		if len(rest) < known.min || len(rest) > known.max {
			return "", fmt.Errorf("usage: %s", known.usage)
		}
		return d.do(ctx, func() (string, error) { return known.act(d, rest) })
	}
}

// do runs act in the device's goroutine.
func (d *device) do(ctx context.Context, act func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	call := func() {
		text, err := act()
		done <- result{text, err}
	}
	select {
	case d.calls <- call:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	got := <-done
	return got.text, got.err
}

// A waiter is somebody outside who waits for the device to come to a state.
type waiter struct {
	ready func() bool
	met   chan struct{}
}

// wake lets those go on who have what they waited for.
func (d *device) wake() {
	kept := d.waiters[:0]
	for _, w := range d.waiters {
		if w.ready() {
			close(w.met)
		} else {
			kept = append(kept, w)
		}
	}
	d.waiters = kept
}

// await waits until ready, which the device's goroutine asks, or gives up after limit
// with what missing then says.
func (d *device) await(ctx context.Context, limit time.Duration, ready func() bool, missing func() error) error {
	met := make(chan struct{})
	_, err := d.do(ctx, func() (string, error) {
		d.waiters = append(d.waiters, waiter{ready, met})
		return "", nil
	})
	if err != nil {
		return err
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-met:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		_, err = d.do(ctx, func() (string, error) { return "", missing() })
	}
	d.forget(met)
	return err
}

// forget takes a waiter off the list who has given up.
func (d *device) forget(met chan struct{}) {
	select {
	case d.calls <- func() {
		for i, w := range d.waiters {
			if w.met == met {
				d.waiters = append(d.waiters[:i], d.waiters[i+1:]...)
				return
			}
		}
	}:
	case <-d.stop:
	}
}

// waitDisplay returns the display once it shows a text, however its lines break.
func (d *device) waitDisplay(ctx context.Context, words []string) (string, error) {
	words, limit := splitLimit(words)
	text := strings.Join(words, " ")
	if text == "" {
		return "", errors.New("usage: wait-display TEXT [TIMEOUT]")
	}
	shown := ""
	err := d.await(ctx, limit,
		func() bool { shown = d.screen.text(); return d.screen.contains(text) },
		func() error { return fmt.Errorf("display shows %q, not %q", oneLine(d.screen.text()), text) })
	if err != nil {
		return "", err
	}
	return shown, nil
}

// waitHeld returns once the answer to a command is kept back.
func (d *device) waitHeld(ctx context.Context, words []string) (string, error) {
	words, limit := splitLimit(words)
	if len(words) != 1 {
		return "", errors.New("usage: wait-held COMMAND [TIMEOUT]")
	}
	name := strings.ToUpper(words[0])
	err := d.await(ctx, limit,
		func() bool { return d.faults.held == name },
		func() error { return fmt.Errorf("no answer to %s is held", name) })
	return "", err
}

// splitLimit takes a duration off the end, if there is one behind the first word.
func splitLimit(words []string) ([]string, time.Duration) {
	if last := len(words) - 1; last >= 1 {
		if limit, err := time.ParseDuration(words[last]); err == nil {
			return words[:last], limit
		}
	}
	return words, waitTime
}

func (d *device) handleCard(words []string) (string, error) {
	switch {
	case words[0] == "remove" && len(words) == 1:
		return d.takeCard()
	case words[0] == "insert" && len(words) == 2:
		if d.slot != nil {
			return "", fmt.Errorf("the slot holds %s", d.slot.card)
		}
		card, err := loadCard(d.cardsDir, words[1])
		if err != nil {
			return "", err
		}
		d.slot = &insertion{card: card}
		return "", nil
	}
	return "", fmt.Errorf("usage: %s", cardUsage)
}

// handlePIN types a PIN now, or when its screen comes while this card is in.
func (d *device) handlePIN(words []string) (string, error) {
	if pin := words[0]; !isDigits([]byte(pin)) || len(pin) > pinMax {
		return "", fmt.Errorf("a PIN is up to %d digits", pinMax)
	}
	if d.askingPIN {
		d.typePIN(words[0])
		return "typed", nil
	}
	d.pin = words[0]
	return "kept for the PIN screen", nil
}

func (d *device) handleKey(words []string) (string, error) {
	named := map[string]key{"ok": keyOK, "cancel": keyCancel, "clear": keyClear}
	keys := []key{named[words[0]]}
	if keys[0] == 0 {
		if !isDigits([]byte(words[0])) || words[0] == "" {
			return "", fmt.Errorf("no key %q: ok, cancel, clear or digits", words[0])
		}
		keys = nil
		for _, digit := range words[0] {
			keys = append(keys, key(digit))
		}
	}
	if !d.keypad.press(keys...) {
		return "", errors.New("nothing waits for a key")
	}
	return "", nil
}

func (d *device) handleHold(words []string) (string, error) {
	name := strings.ToUpper(words[0])
	if _, ok := commands[name]; !ok {
		return "", fmt.Errorf("no command %q", name)
	}
	d.faults.holds[name] = true
	return "", nil
}

func (d *device) handleUnplug([]string) (string, error) {
	err := d.socket.pull()
	d.disconnect()
	return "", err
}

func (d *device) handleGarbage(words []string) (string, error) {
	count, err := strconv.Atoi(words[0])
	if err != nil {
		return "", fmt.Errorf("garbage: %w", err)
	}
	seed := rand.Uint64()
	if len(words) == 2 {
		if seed, err = strconv.ParseUint(words[1], 10, 64); err != nil {
			return "", fmt.Errorf("garbage: %w", err)
		}
	}
	return d.garbage(count, seed)
}

func (d *device) handleCorrupt(words []string) (string, error) {
	return "", setCount(&d.faults.corrupt, words)
}

func (d *device) handleDropAck(words []string) (string, error) {
	if len(words) == 0 {
		words = []string{"1"}
	}
	return "", setCount(&d.faults.dropAcks, words)
}

func setCount(count *int, words []string) error {
	value, err := strconv.Atoi(words[0])
	if err != nil || value < 0 {
		return fmt.Errorf("not a count: %q", words[0])
	}
	*count = value
	return nil
}

func (d *device) handleSlow(words []string) (string, error) {
	if words[0] == "off" {
		d.faults.slow = 0
		return "", nil
	}
	delay, err := time.ParseDuration(words[0])
	if err != nil || delay < 0 {
		return "", fmt.Errorf("not a duration: %q", words[0])
	}
	d.faults.slow = delay
	return "", nil
}

// failedTapsMax bounds how many taps in a row can be told to fail.
const failedTapsMax = 16

// handleFailTap lets the next cards before the antenna end with these statuses.
func (d *device) handleFailTap(words []string) (string, error) {
	taps := make([]status, 0, len(words))
	for _, word := range words {
		number, err := strconv.Atoi(word)
		if err != nil || !slices.Contains(tapFaults, status(number)) {
			return "", fmt.Errorf("no card before an antenna ends with %q", word)
		}
		taps = append(taps, status(number))
	}
	d.faults.taps = taps
	return "", nil
}

// A report is what "state" tells, without a card number.
type report struct {
	Step         string            `json:"step"`
	Card         string            `json:"card"` // name, empty when none is in
	Antenna      bool              `json:"antenna"`
	Display      []string          `json:"display"`
	Till         bool              `json:"till"` // somebody is plugged in
	Muted        bool              `json:"muted"`
	Held         string            `json:"held"`
	AskingPIN    bool              `json:"asking_pin"`
	Cryptograms  int               `json:"cryptograms"` // of the card in the slot
	Tables       map[string]string `json:"tables"`
	PINCounters  map[int]string    `json:"pin_counters"`
	DataCounters map[int]string    `json:"data_counters"`
	CardCounters map[string]uint16 `json:"card_counters"`
}

func (d *device) describe([]string) (string, error) {
	now := report{
		Step:         "idle",
		Antenna:      d.antennaOn,
		Display:      d.screen.lines[:],
		Till:         d.line.plug != nil,
		Muted:        d.faults.muted,
		Held:         d.faults.held,
		AskingPIN:    d.askingPIN,
		Tables:       d.memory.Tables.Versions,
		PINCounters:  d.pinSlots.describe(),
		DataCounters: d.dataSlots.describe(),
		CardCounters: d.memory.CardCounters,
	}
	if d.sale != nil {
		now.Step = stepNames[d.sale.step]
	}
	if d.slot != nil {
		now.Card, now.Cryptograms = d.slot.card.Name, d.slot.cryptograms
	}
	text, err := json.Marshal(now)
	if err != nil {
		return "", fmt.Errorf("describe the pinpad: %w", err)
	}
	return string(text), nil
}
