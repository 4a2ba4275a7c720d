package simprinter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// waitTimeout is how long wait-cut waits if it is not told: longer than a receipt
// on the slowest line takes.
const waitTimeout = 30 * time.Second

// order is one control command: what to do with the words behind its name.
type order func(p *Printer, ctx context.Context, words []string) (string, error)

// orders is the table of control commands.
var orders = map[string]order{
	"paper-out":    (*Printer).paperOut,
	"paper-in":     (*Printer).paperIn,
	"near-end":     alter(func(s *status) { s.nearEnd = true }),
	"cover-open":   alter(func(s *status) { s.coverOpen = true }),
	"cover-close":  alter(func(s *status) { s.coverOpen = false }),
	"drawer-close": alter(func(s *status) { s.drawerOpen = false }),
	"jam":          (*Printer).jam,
	"fix":          alter(func(s *status) { s.jammed = false }),
	"off":          quick((*Printer).powerOffLocked),
	"on":           quick((*Printer).powerOnLocked),
	"unplug":       quick((*Printer).unplugLocked),
	"plug":         quick((*Printer).plugLocked),
	"hold":         quick(func(p *Printer) error { p.input.held = true; return nil }),
	"release":      quick(func(p *Printer) error { p.input.held = false; return nil }),
	"slow":         (*Printer).slow,
	"wait-cut":     (*Printer).waitCut,
	"count":        (*Printer).count,
	"last":         (*Printer).lastPaper,
	"state":        (*Printer).state,
}

// Do obeys one command of the control socket and returns its answer:
//
//	paper-out [after N lines]   the roll ends, now or N lines on
//	paper-in · near-end         a new roll; little left on this one
//	cover-open · cover-close · drawer-close
//	jam [at-cut] · fix          the knife sticks, now or at the next cut
//	off · on · unplug · plug    power and cable
//	hold · release              takes no bytes, as with a full buffer
//	slow BYTES_PER_SECOND|off   a slow line
//	wait-cut [TIMEOUT [after COUNT]]   the path of the next paper, or of the one
//	                                   after the first COUNT of this run
//	count · last · state        papers of this run, path of the last, JSON
func (p *Printer) Do(ctx context.Context, args []string) (string, error) {
	if len(args) == 0 {
		return "", fmt.Errorf("a command is missing; known are %s", knownOrders())
	}
	obey, known := orders[args[0]]
	if !known {
		return "", fmt.Errorf("unknown command %q; known are %s", args[0], knownOrders())
	}
	answer, err := obey(p, ctx, args[1:])
	if err != nil {
		return "", fmt.Errorf("%s: %w", args[0], err)
	}
	return answer, nil
}

func knownOrders() string { return strings.Join(slices.Sorted(maps.Keys(orders)), ", ") }

// errNoWords refuses words where none belong.
var errNoWords = errors.New("takes no words")

// alter makes an order of a change to the device's condition.
func alter(change func(*status)) order {
	return func(p *Printer, _ context.Context, words []string) (string, error) {
		if len(words) > 0 {
			return "", errNoWords
		}
		p.change(change)
		return "ok", nil
	}
}

// quick makes an order of something done under the lock.
func quick(act func(*Printer) error) order {
	return func(p *Printer, _ context.Context, words []string) (string, error) {
		if len(words) > 0 {
			return "", errNoWords
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		defer p.changed.Broadcast()
		if err := act(p); err != nil {
			return "", err
		}
		return "ok", nil
	}
}

func (p *Printer) paperOut(_ context.Context, words []string) (string, error) {
	if len(words) == 0 {
		p.change(func(s *status) { s.paperOut = true })
		return "ok", nil
	}
	if len(words) != 3 || words[0] != "after" || words[2] != "lines" {
		return "", errors.New("wants nothing, or: after N lines")
	}
	lines, err := strconv.Atoi(words[1])
	if err != nil || lines < 1 {
		return "", fmt.Errorf("%q is no number of lines", words[1])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.linesLeft = lines
	return "ok", nil
}

func (p *Printer) paperIn(_ context.Context, words []string) (string, error) {
	if len(words) > 0 {
		return "", errNoWords
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.linesLeft = 0
	p.changeLocked(func(s *status) { s.paperOut, s.nearEnd = false, false })
	return "ok", nil
}

func (p *Printer) jam(_ context.Context, words []string) (string, error) {
	switch {
	case len(words) == 0:
		p.change(func(s *status) { s.jammed = true })
	case len(words) == 1 && words[0] == "at-cut":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.jamAtCut = true
	default:
		return "", errors.New("wants nothing, or: at-cut")
	}
	return "ok", nil
}

// powerOffLocked loses everything but the paper: buffer, modes, subscriptions.
func (p *Printer) powerOffLocked() error {
	p.cable.powered = false
	p.pullLocked()
	p.clearLocked()
	p.restart = true
	p.reports, p.kickDisabled = reports{}, false
	return nil
}

func (p *Printer) powerOnLocked() error {
	p.cable.powered = true
	return p.listenLocked()
}

func (p *Printer) unplugLocked() error {
	p.cable.plugged = false
	p.pullLocked()
	return nil
}

func (p *Printer) plugLocked() error {
	p.cable.plugged = true
	return p.listenLocked()
}

func (p *Printer) slow(_ context.Context, words []string) (string, error) {
	rate := 0
	if len(words) != 1 {
		return "", errors.New("wants BYTES_PER_SECOND or off")
	}
	if words[0] != "off" {
		var err error
		if rate, err = strconv.Atoi(words[0]); err != nil || rate < 1 {
			return "", fmt.Errorf("%q is no number of bytes per second", words[0])
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.input.bytesPerSecond = rate
	p.changed.Broadcast()
	return "ok", nil
}

// waitCut waits for a paper and returns its path.
func (p *Printer) waitCut(ctx context.Context, words []string) (string, error) {
	timeout, after, err := p.waitWords(words)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.changed.Broadcast()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if after < 0 {
		after = p.papers
	}
	for p.papers <= after {
		if ctx.Err() != nil {
			return "", fmt.Errorf("no paper was cut: %w", ctx.Err())
		}
		p.changed.Wait()
	}
	return p.interpreter.folder.name(p.first+after, "txt"), nil
}

// waitWords reads [TIMEOUT [after COUNT]]; a count of -1 means the present one.
func (p *Printer) waitWords(words []string) (timeout time.Duration, after int, err error) {
	timeout, after = waitTimeout, -1
	if len(words) > 0 {
		if timeout, err = time.ParseDuration(words[0]); err != nil {
			return 0, 0, err
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return timeout, after, nil
	}
	if len(words) != 2 || words[0] != "after" {
		return 0, 0, errors.New("wants [TIMEOUT [after COUNT]]")
	}
	after, err = strconv.Atoi(words[1])
	if err != nil || after < 0 {
		return 0, 0, fmt.Errorf("%q is no number of papers", words[1])
	}
	return timeout, after, nil
}

func (p *Printer) count(context.Context, []string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strconv.Itoa(p.papers), nil
}

func (p *Printer) lastPaper(context.Context, []string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == "" {
		return "", errors.New("no paper was cut yet")
	}
	return p.last, nil
}

// A State is the answer to the control command state.
type State struct {
	Powered       bool   `json:"powered"`
	Plugged       bool   `json:"plugged"`
	Connected     bool   `json:"connected"`
	Online        bool   `json:"online"`
	Paper         string `json:"paper"`
	CoverOpen     bool   `json:"cover_open"`
	DrawerOpen    bool   `json:"drawer_open"`
	CutterJammed  bool   `json:"cutter_jammed"`
	Busy          bool   `json:"busy"`
	Held          bool   `json:"held"`
	BytesBuffered int    `json:"bytes_buffered"`
	// MidCommand says that the last byte taken did not end its command: what comes
	// next is taken for its data.
	MidCommand     bool   `json:"mid_command"`
	BytesPerSecond int    `json:"bytes_per_second"`
	Papers         int    `json:"papers"`
	DrawerKicks    int    `json:"drawer_kicks"`
	Last           string `json:"last"`
}

func (p *Printer) state(context.Context, []string) (string, error) {
	p.mu.Lock()
	now := State{
		Powered: p.cable.powered, Plugged: p.cable.plugged, Connected: p.cable.till != nil,
		Online: p.cable.powered && !p.status.offline(), Paper: "ok",
		CoverOpen: p.status.coverOpen, DrawerOpen: p.status.drawerOpen, CutterJammed: p.status.jammed,
		Busy: p.input.busy, Held: p.input.held, BytesBuffered: len(p.input.buffer),
		MidCommand: p.input.arrival.Inside(), BytesPerSecond: p.input.bytesPerSecond,
		Papers: p.papers, DrawerKicks: p.kicksTotal, Last: p.last,
	}
	if p.status.nearEnd {
		now.Paper = "near-end"
	}
	if p.status.paperOut {
		now.Paper = "out"
	}
	p.mu.Unlock()
	text, err := json.Marshal(now)
	if err != nil {
		return "", fmt.Errorf("write state: %w", err)
	}
	return string(text), nil
}
