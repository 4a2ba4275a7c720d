// Package simprinter is a receipt printer made of software: 80 mm, 203 dpi,
// ESC/POS with Epson's numbers, a cutter, a drawer and everything that runs out,
// jams or is left open.
//
// It reads the byte stream with its own interpreter and shares no line of code
// with the till's driver. What it prints are files: after every cut a text, a
// picture and a record of what came over the wire. Start with [New] and
// [Printer.Run]; [Printer.Do] is the hand that opens its cover. The rooms below
// it: command cuts the stream, paper is burnt, symbol draws barcodes.
// Facts: Epson's ESC/POS command list; the status bytes of DLE EOT, GS a and GS r
// as in the TM-T88III and TM-U220 manuals; a 4 KB receive buffer that is busy with
// 128 bytes left and free again with 256 (TM-T88III).
package simprinter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"balcao/simulators/control"
	"balcao/simulators/simprinter/command"
)

// Config is how a printer is set up.
type Config struct {
	// Listen is the cable: tcp://127.0.0.1:0 or pty:LINK.
	Listen string
	// Out is the folder of the papers; numbers count on from what is in it.
	Out string
	// Control is the path of the control socket; empty for none.
	Control string
	// DrawerOpenHigh says that pin 3 of the drawer's plug is high while the drawer
	// is open. Drawers are wired both ways; by default it is high when closed.
	DrawerOpenHigh bool
	Log            *slog.Logger
	// OnPaper is told the path of every text when its paper's files are written; it
	// holds up the printer until it returns. It may be nil.
	OnPaper func(path string)
}

// A Printer is the device. One goroutine takes bytes from the cable, one prints;
// mu guards everything they and the control commands share.
type Printer struct {
	config Config
	log    *slog.Logger
	// interpreter belongs to the goroutine that prints.
	interpreter *interpreter

	mu sync.Mutex
	// changed is signalled whenever anything below changes.
	changed *sync.Cond

	cable cableState
	input input

	status status
	// linesLeft counts down to the end of the roll; 0 means that it is long.
	linesLeft int
	// jamAtCut makes the next cut jam.
	jamAtCut bool
	reports  reports
	// kickDisabled is set by GS ( D: DLE DC4 no longer opens the drawer.
	kickDisabled bool
	kicks        []Kick
	kicksTotal   int
	// discard asks the printing goroutine to forget what it has begun, restart also
	// to go back to the settings of power on.
	discard, restart bool

	papers int
	last   string
	first  int
}

// New prepares a printer that is switched on, with paper and a closed drawer.
func New(config Config) (*Printer, error) {
	if config.Log == nil {
		return nil, errors.New("simulate printer: a logger is missing")
	}
	folder, err := openFolder(config.Out)
	if err != nil {
		return nil, fmt.Errorf("simulate printer: %w", err)
	}
	printer := &Printer{
		config: config, log: config.Log, first: folder.next,
		cable:  cableState{address: config.Listen, powered: true, plugged: true},
		status: status{openIsHigh: config.DrawerOpenHigh},
	}
	printer.changed = sync.NewCond(&printer.mu)
	printer.interpreter, err = newInterpreter(printer, folder)
	if err != nil {
		return nil, fmt.Errorf("simulate printer: %w", err)
	}
	return printer, nil
}

// Run is the printer's life: it listens, prints and obeys until parent ends,
// and returns nil then. ready is called with the URL for the till once it listens; it
// may be nil.
func (p *Printer) Run(parent context.Context, ready func(url string)) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, p.stop)
	defer stop()
	url, err := p.start()
	if err != nil {
		return fmt.Errorf("simulate printer: %w", err)
	}
	hands, err := control.Listen(p.config.Control)
	if err != nil {
		return fmt.Errorf("simulate printer: %w", err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := hands.Serve(ctx, p.Do); err != nil {
			cancel(err)
		}
	})
	running.Go(func() { p.print(ctx) })
	running.Go(func() {
		if err := p.serve(ctx); err != nil {
			cancel(err)
		}
	})
	if ready != nil {
		ready(url)
	}
	running.Wait()
	if parent.Err() != nil {
		return nil
	}
	return fmt.Errorf("simulate printer: %w", context.Cause(ctx))
}

// start listens for the first time and returns the URL for the till.
func (p *Printer) start() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.listenLocked(); err != nil {
		return "", err
	}
	return p.cable.address, nil
}

// stop wakes everybody up to find that it is over.
func (p *Printer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cable.stopped = true
	p.pullLocked()
}

// print is the mechanism: it takes one byte after the other while it can.
func (p *Printer) print(ctx context.Context) {
	for {
		b, more := p.nextByte(ctx)
		if !more {
			return
		}
		p.interpreter.feed(b)
	}
}

// nextByte waits until the printer can print and has something to print.
func (p *Printer) nextByte(ctx context.Context) (b byte, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for ctx.Err() == nil {
		p.forgetLocked()
		if p.canPrintLocked() {
			return p.popLocked(), true
		}
		p.changed.Wait()
	}
	return 0, false
}

// forgetLocked does what was asked of the printing goroutine from outside.
func (p *Printer) forgetLocked() {
	if p.restart {
		p.interpreter.restart()
	} else if p.discard {
		p.interpreter.discard()
	}
	p.restart, p.discard = false, false
}

// canPrintLocked says whether the next byte may be taken. A roll that ends in the
// middle of a line lets that line be finished.
func (p *Printer) canPrintLocked() bool {
	if !p.cable.powered || len(p.input.buffer) == 0 {
		return false
	}
	now := p.status
	if now.paperOut && p.interpreter.midLine() {
		now.paperOut = false
	}
	return !now.offline()
}

// clearLocked empties the receive buffer and what is half printed.
func (p *Printer) clearLocked() {
	p.input.buffer, p.input.busy, p.input.begun = nil, false, nil
	p.input.arrival, p.input.lane = command.Framer{}, command.Lane{}
	p.discard = true
	p.changed.Broadcast()
}
