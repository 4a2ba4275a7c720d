// Package printer is the receipt printer: its cable, its light and its jobs.
//
// It lays nothing out and knows no command by heart; packages receipt and escpos
// do. It decides nothing about a job either: it prints once and says what is
// known, and a job whose paper is in doubt is never repeated by itself. Start
// with [New], run it with [Printer.Run], hand papers to [Printer.Print].
//
// Facts: the ways of knowing that a receipt was printed, from the process id to
// "all bytes taken"; see package escpos for their commands.
package printer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"balcao/internal/port"
	"balcao/printer/escpos"
	"balcao/printer/receipt"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/text"
)

// Config is how a printer is set up.
type Config struct {
	URL      string         // of the device, as in package port
	Profile  escpos.Profile // its family
	Language *text.Language // of the paper
	// OnStatus is told every change of the light, by the goroutine of Run, which
	// waits for it. It may be nil.
	OnStatus func(device.Status)
	Log      *slog.Logger
	// Dial opens the device; nil is port.Dial.
	Dial     func(ctx context.Context, url string) (port.Port, error)
	Timeouts Timeouts
}

// Timeouts bound everything that a printer may keep waiting; zero values are the
// defaults below.
type Timeouts struct {
	Dial      time.Duration // until the device is open
	Answer    time.Duration // to a question while nothing is printed
	Stall     time.Duration // without the device taking a byte
	Silence   time.Duration // without a word while a job is printed
	Job       time.Duration // from the first byte of a job to its last word
	Poll      time.Duration // between two looks at an idle printer
	IdleClose time.Duration // until a network connection is given back
	IdlePoll  time.Duration // between two looks at a printer that was given back
}

// defaults are the time-outs of a shop.
//
// Answer is ten times what a serial line at 9600 bit/s and a busy firmware need.
// Stall is the time to change a roll while the buffer is full. Silence is long
// because a question waits behind the job's bytes on a slow line: a 4 KB job takes
// four seconds at 9600 bit/s, and slow is no fault. Job is the longest report.
// IdleClose and IdlePoll leave the one connection of a network printer to others.
var defaults = Timeouts{
	Dial: 5 * time.Second, Answer: time.Second, Stall: 20 * time.Second, Silence: 30 * time.Second,
	Job: 120 * time.Second, Poll: 2 * time.Second, IdleClose: time.Minute, IdlePoll: 30 * time.Second,
}

// orDefault fills what was not given.
func (t Timeouts) orDefault() Timeouts {
	for _, pair := range []struct {
		given *time.Duration
		usual time.Duration
	}{
		{&t.Dial, defaults.Dial},
		{&t.Answer, defaults.Answer},
		{&t.Stall, defaults.Stall},
		{&t.Silence, defaults.Silence},
		{&t.Job, defaults.Job},
		{&t.Poll, defaults.Poll},
		{&t.IdleClose, defaults.IdleClose},
		{&t.IdlePoll, defaults.IdlePoll},
	} {
		if *pair.given == 0 {
			*pair.given = pair.usual
		}
	}
	return t
}

// questionsMax is more than are asked before one job, a second connection included.
const questionsMax = 30

// total bounds one request once it is taken: two connections, all questions with
// the wait for a late answer, padding, and the job with its last blocked write.
func (t Timeouts) total() time.Duration {
	return 2*t.Dial + questionsMax*3*t.Answer + 2*t.Stall + t.Job
}

// Printer is one device. Print and Kick may be called by any goroutine; the port
// belongs to that of Run.
type Printer struct {
	config   Config
	timeouts Timeouts
	requests chan *request
	stopped  chan struct{}

	// What follows belongs to the goroutine of Run.

	cable  *cable
	status escpos.Status
	shown  device.Status
	// identified says what the device is and how it confirms; a device that went
	// away may come back as another.
	identified bool
	completion escpos.Completion
	// unsynced says that the printer may be in the middle of a command, broken that
	// a job of ours was left there.
	unsynced, broken bool
	// pulsed is the job for which the drawer was opened already.
	pulsed  ident.ID
	jobs    uint64 // sent so far, for the process ids
	lastJob time.Time
}

// request is work for the goroutine of Run.
type request struct {
	job    device.PrintJob
	kick   bool
	result chan outcome
}

type outcome struct {
	printed device.PrintResult
	err     error
}

// errStopped says that the driver is not running any more.
var errStopped = errors.New("printer driver stopped")

// New prepares a driver; nothing is opened before Run.
func New(config Config) *Printer {
	if config.Dial == nil {
		config.Dial = port.Dial
	}
	return &Printer{
		config: config, timeouts: config.Timeouts.orDefault(),
		requests: make(chan *request), stopped: make(chan struct{}),
		shown: device.Status{Kind: device.Printer}, unsynced: true,
	}
}

// Run owns the port until ctx ends, and returns nil then. It connects, looks after
// the light, and prints one job at a time. Call it once.
func (p *Printer) Run(ctx context.Context) error {
	defer close(p.stopped)
	defer p.disconnect()
	p.lastJob = time.Now()
	p.look(ctx)
	for {
		look := time.NewTimer(p.pause())
		select {
		case <-ctx.Done():
			look.Stop()
			return nil
		case request := <-p.requests:
			request.result <- p.serve(ctx, request)
		case <-p.gone():
			p.lose(port.ErrGone)
		case <-look.C:
			p.look(ctx)
		}
		look.Stop()
	}
}

// Print prints a job once and says what is known of it.
//
//   - confirmed: the printer said that it was printed (Tier process_id or status)
//   - sent: all bytes were taken and nothing bad was heard (Tier sent)
//   - failed: nothing was printed. The drawer may have been opened, if the job asks
//     for it and the printer was there: it needs no paper
//   - unknown: bytes left and nobody said that they became paper
//
// ctx counts until the job is begun; then only the printer's own time-outs do, so
// that no job is cut in half. The wait for jobs before it is bounded too.
func (p *Printer) Print(ctx context.Context, job device.PrintJob) device.PrintResult {
	made := p.do(ctx, &request{job: job})
	if made.err != nil {
		detail := detailBusy
		if errors.Is(made.err, errStopped) {
			detail = detailStopped
		}
		return device.PrintResult{Job: job.ID, State: device.PrintFailed, Detail: detail}
	}
	return made.printed
}

// Kick opens the drawer, without paper too. It is tried once: an error may come
// after the pulse has left.
func (p *Printer) Kick(ctx context.Context) error {
	made := p.do(ctx, &request{kick: true})
	if made.err != nil {
		return fmt.Errorf("open drawer: %w", made.err)
	}
	return nil
}

// do hands a request to the goroutine of Run and waits, both for a bounded time.
// An error without outcome means that the request was never taken.
func (p *Printer) do(ctx context.Context, work *request) outcome {
	work.result = make(chan outcome, 1)
	queue := time.NewTimer(p.timeouts.total())
	defer queue.Stop()
	select {
	case p.requests <- work:
	case <-ctx.Done():
		return outcome{err: fmt.Errorf("wait for the printer: %w", ctx.Err())}
	case <-p.stopped:
		return outcome{err: errStopped}
	case <-queue.C:
		return outcome{err: errors.New("wait for the printer: busy for too long")}
	}
	// Taken: the goroutine of Run answers within its own bounds, also when it stops.
	return <-work.result
}

// serve does one request.
func (p *Printer) serve(ctx context.Context, work *request) outcome {
	defer func() { p.lastJob = time.Now() }()
	if work.kick {
		return outcome{err: p.kick(ctx)}
	}
	printed := p.print(ctx, work.job)
	p.config.Log.Info("print job",
		"job", work.job.ID, "state", printed.State, "tier", printed.Tier, "detail", printed.Detail)
	return outcome{printed: printed}
}

// network says that the connection is one that others may want.
func (p *Printer) network() bool { return strings.HasPrefix(p.config.URL, "tcp:") }

// resting says that nothing was printed for long.
func (p *Printer) resting() bool {
	return p.network() && time.Since(p.lastJob) >= p.timeouts.IdleClose
}

// pause is the time until the next look at the printer.
func (p *Printer) pause() time.Duration {
	if p.resting() {
		return p.timeouts.IdlePoll
	}
	return p.timeouts.Poll
}

// gone is closed when the device goes away; nil while none is connected.
func (p *Printer) gone() <-chan struct{} {
	if p.cable == nil {
		return nil
	}
	return p.cable.gone
}

// page lays a job out for this printer.
func (p *Printer) page(job device.PrintJob) (receipt.Page, error) {
	document, err := receipt.Build(job, p.config.Language)
	if err != nil {
		return receipt.Page{}, err
	}
	return receipt.Layout(document, p.config.Profile.Paper), nil
}
