package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"balcao/terminal"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/operator"
)

// Waits of effects that nobody else bounds.
const (
	// cardMax bounds a card at the reader: longer than any pinpad's own waits.
	cardMax = 4 * time.Minute
	// finishMax bounds the chip's final word; silence after that undoes the approval.
	finishMax = 25 * time.Second
	// releaseMax is how long a forgotten card keeps the reader; the next sale may need it.
	releaseMax = 2 * time.Minute
	// inquireMax bounds one inquiry; the core decides whether to ask again.
	inquireMax = 15 * time.Second
	// printMax bounds one print job, a slow serial printer and a long receipt included.
	printMax = 2 * time.Minute
	// kickMax bounds the drawer's pulse.
	kickMax = 10 * time.Second
)

// unknownHash is checked for an operator who does not exist, so that the answer
// takes as long as for one who does.
var unknownHash = sync.OnceValue(func() string { return operator.HashPIN("", [16]byte{}) })

// runner carries effects out, each in a goroutine of its own, and tells the loop
// what came of them. Its maps are touched by the loop only.
type runner struct {
	ctx     context.Context
	ports   Ports
	log     *slog.Logger
	stamp   func(terminal.What) terminal.Event
	tell    func(context.Context, terminal.Event)
	running sync.WaitGroup
	reading map[ident.ID]context.CancelFunc // cards being read
	asking  map[ident.ID]context.CancelFunc // inquiries waiting or under way
	release context.CancelFunc              // of the card that is asked back
}

func newRunner(ctx context.Context, e *Engine) *runner {
	return &runner{
		ctx: ctx, ports: e.config.Ports, log: e.log, stamp: e.event, tell: e.Tell,
		reading: map[ident.ID]context.CancelFunc{}, asking: map[ident.ID]context.CancelFunc{},
	}
}

// wait returns when every effect has ended.
func (r *runner) wait() { r.running.Wait() }

// report tells the loop what happened.
func (r *runner) report(what terminal.What) { r.tell(r.ctx, r.stamp(what)) }

// start begins one effect.
func (r *runner) start(effect terminal.Effect) {
	switch effect := effect.(type) {
	case terminal.CheckPIN:
		r.running.Go(func() { r.checkPIN(effect) })
	case terminal.ReadCard:
		r.readCard(effect)
	case terminal.StopCard:
		r.stop(effect.Attempt)
	case terminal.Authorise:
		r.running.Go(func() { r.authorise(effect) })
	case terminal.AskHost:
		r.askHost(effect)
	case terminal.FinishCard:
		r.running.Go(func() { r.finishCard(effect) })
	case terminal.ReleaseCard:
		r.releaseCard(effect)
	case terminal.Forward:
		r.ports.Outbox.Wake()
	case terminal.Print:
		r.running.Go(func() { r.print(effect) })
	case terminal.LookAgain:
		r.running.Go(func() { r.lookAgain(effect) })
	case terminal.KickDrawer:
		r.running.Go(r.kick)
	}
}

func (r *runner) checkPIN(effect terminal.CheckPIN) {
	hash := effect.Hash
	if hash == "" {
		hash = unknownHash()
	}
	ok, err := operator.CheckPIN(hash, string(effect.PIN))
	if err != nil {
		r.log.Error("PIN of operator cannot be checked", "operator", effect.OperatorID, "cause", err)
	}
	// Under the request's own id: its facts answer the request, also after a kill.
	checked := r.stamp(terminal.PINChecked{
		OperatorID: effect.OperatorID, OK: ok && effect.Hash != "", Approves: effect.Approves,
	})
	checked.ID = effect.Request
	r.tell(r.ctx, checked)
}

// readCard reads a card under a context that StopCard can end.
func (r *runner) readCard(effect terminal.ReadCard) {
	if r.release != nil {
		r.release() // the next customer's card must not wait for the last one's
	}
	ctx, cancel := context.WithTimeout(r.ctx, cardMax)
	attempt := effect.Request.Attempt
	r.reading[attempt] = cancel
	r.running.Go(func() {
		defer cancel()
		reading, err := r.ports.Reader.ReadCard(ctx, effect.Request)
		if err == nil {
			r.report(terminal.CardRead{Attempt: attempt, Reading: reading})
			return
		}
		r.log.Info("no card was read", "attempt", attempt, "cause", err)
		r.report(terminal.CardFailed{Attempt: attempt, Code: faultCode(ctx, err)})
	})
}

// faultCode says why a reader failed, in the till's words.
func faultCode(ctx context.Context, err error) device.Code {
	var fault *device.Fault
	switch {
	case errors.As(err, &fault):
		return fault.Code
	case errors.Is(ctx.Err(), context.Canceled):
		return device.TillCancelled
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return device.CardTimeout
	default:
		return device.LinkLost
	}
}

// stop ends the reading of one card.
func (r *runner) stop(attempt ident.ID) {
	if cancel, ok := r.reading[attempt]; ok {
		cancel()
		delete(r.reading, attempt)
	}
}

// stopCards ends everything that belongs to decisions which were dropped.
func (r *runner) stopCards() {
	for attempt := range r.reading {
		r.stop(attempt)
	}
	for attempt, cancel := range r.asking {
		cancel()
		delete(r.asking, attempt)
	}
}

func (r *runner) authorise(effect terminal.Authorise) {
	answer := r.ports.Acquirer.Authorise(r.ctx, Authorisation{
		OrderID: effect.OrderID, Order: effect.Order, Attempt: effect.Attempt, Payment: effect.Payment, Sealed: effect.Sealed,
	})
	r.log.Info("authorisation answered", "attempt", effect.Attempt, "verdict", answer.Verdict.String(), "detail", answer.Detail)
	r.report(terminal.HostAnswered{Attempt: effect.Attempt, Answer: answer})
}

// askHost inquires after a wait. A newer ask about the same attempt replaces one
// that has not answered yet: there is one line of asking, not many.
func (r *runner) askHost(effect terminal.AskHost) {
	if cancel, ok := r.asking[effect.Attempt]; ok {
		cancel()
	}
	ctx, cancel := context.WithCancel(r.ctx)
	r.asking[effect.Attempt] = cancel
	r.running.Go(func() {
		defer cancel()
		wait := time.NewTimer(effect.After)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return
		}
		call, done := context.WithTimeout(ctx, inquireMax)
		defer done()
		answer := r.ports.Acquirer.Inquire(call, effect.Attempt)
		if ctx.Err() != nil {
			return
		}
		r.log.Info("inquiry answered", "attempt", effect.Attempt, "verdict", answer.Verdict.String(), "detail", answer.Detail)
		r.report(terminal.HostAnswered{Attempt: effect.Attempt, Answer: answer})
	})
}

func (r *runner) finishCard(effect terminal.FinishCard) {
	ctx, cancel := context.WithTimeout(r.ctx, finishMax)
	defer cancel()
	completion, err := r.ports.Reader.FinishCard(ctx, effect.Request)
	outcome := terminal.ChipFinished{Attempt: effect.Request.Attempt, Completion: completion}
	if err != nil {
		r.log.Warn("the card gave no final answer", "attempt", effect.Request.Attempt, "cause", err)
		outcome.Code = faultCode(ctx, err)
	}
	r.report(outcome)
}

// releaseCard asks for the card back, until it is out or the next sale wants the reader.
func (r *runner) releaseCard(effect terminal.ReleaseCard) {
	if r.release != nil {
		r.release()
	}
	ctx, cancel := context.WithTimeout(r.ctx, releaseMax)
	r.release = cancel
	r.running.Go(func() {
		defer cancel()
		if err := r.ports.Reader.Release(ctx, effect.Say); err != nil && ctx.Err() == nil {
			r.log.Info("the card was not asked back", "cause", err)
		}
	})
}

func (r *runner) print(effect terminal.Print) {
	wait := time.NewTimer(effect.After)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-r.ctx.Done():
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, printMax)
	defer cancel()
	result := r.ports.Printer.Print(ctx, effect.Job)
	result.Job = effect.Job.ID
	r.report(terminal.Printed{Result: result})
}

func (r *runner) kick() {
	ctx, cancel := context.WithTimeout(r.ctx, kickMax)
	defer cancel()
	if err := r.ports.Printer.Kick(ctx); err != nil {
		r.log.Warn("the drawer did not open", "cause", err)
	}
}

// restoreBallast tries to keep space for a full disk again; if it fits, the disk
// takes new sales again.
func (r *runner) restoreBallast() {
	r.running.Go(func() {
		if err := r.ports.Journal.RestoreBallast(); err == nil {
			r.report(terminal.StoreChanged{Full: false})
		}
	})
}

// lookAgain tells the loop that a wait is over.
func (r *runner) lookAgain(effect terminal.LookAgain) {
	wait := time.NewTimer(effect.After)
	defer wait.Stop()
	select {
	case <-wait.C:
		r.report(terminal.Looked{})
	case <-r.ctx.Done():
	}
}
