// Package engine makes the till happen: it runs Decide in one loop and keeps the
// order that money needs.
//
// For every event it asks package terminal, folds the facts into the working
// state at once, hands them to the journal, and only when they are on disk does
// it carry the effects out, answer the screen and show the new state. What the
// rules R1, R5 and R6 demand is this one sentence, in this one place. It knows no
// device, no wire and no disk: the interfaces in ports.go are what it needs.
// Start with [New].
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"balcao/terminal"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/text"
)

// inboxMax bounds the events waiting for the loop; a sender waits when it is full (I13).
const inboxMax = 256

// ballastEvery is how often a full disk is looked at again.
const ballastEvery = 5 * time.Second

// Config is what an engine needs to run.
type Config struct {
	Ports  Ports
	World  terminal.World
	BootID string           // of this process
	Now    func() time.Time // store's wall clock, with its offset
	NewID  func() ident.ID
	Log    *slog.Logger
}

// Engine is the running till. Its methods may be called from any goroutine.
type Engine struct {
	config Config
	log    *slog.Logger
	booted time.Time // with its monotonic part
	inbox  chan message
	ready  chan struct{}
	ended  chan struct{}
	view   *view

	// Owned by the loop.
	working terminal.State // every decision applied
	durable terminal.State // after the last complete decision
	queue   []decision     // decided, not complete: the first waits for its commit
	held    []message      // must meet the newer state
	waiting map[ident.ID][]chan<- terminal.Reply
	writer  *writer
	runner  *runner
}

// message is an event on its way to the loop.
type message struct {
	event terminal.Event
	reply chan<- terminal.Reply // nil for what the world reports
}

// decision is one outcome of Decide on its way to completion.
type decision struct {
	made  terminal.Decision
	state terminal.State // after its facts
}

// New builds an engine; nothing happens before Run.
func New(config Config) *Engine {
	return &Engine{
		config:  config,
		log:     config.Log,
		booted:  time.Now(),
		inbox:   make(chan message, inboxMax),
		ready:   make(chan struct{}),
		ended:   make(chan struct{}),
		view:    newView(),
		waiting: map[ident.ID][]chan<- terminal.Reply{},
	}
}

// Ready is closed once the journal is folded and recovery has begun.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

// Run folds the journal, recovers, and serves events until ctx ends (it returns
// nil then) or the journal can be neither written nor read again.
func (e *Engine) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	e.writer = newWriter(e.config.Ports.Journal)
	e.runner = newRunner(ctx, e)
	var writing sync.WaitGroup
	writing.Go(func() { e.writer.run(ctx) })
	defer func() {
		cancel()
		e.runner.wait()
		writing.Wait()
		close(e.ended)
	}()
	if err := e.refold(ctx); err != nil {
		return err
	}
	close(e.ready)
	retry := time.NewTicker(ballastEvery)
	defer retry.Stop()
	for {
		select {
		case <-retry.C:
			e.retryBallast()
		case <-ctx.Done():
			return nil
		case got := <-e.inbox:
			e.receive(got)
		case result := <-e.writer.results:
			if err := e.committed(ctx, result); err != nil {
				return err
			}
		}
	}
}

// refold rebuilds the working state from the file and takes up what it left open.
func (e *Engine) refold(ctx context.Context) error {
	// What the process knows of its devices outlives the fold; the rest of the
	// volatile part belonged to decisions that are gone.
	state := terminal.State{Volatile: e.working.Volatile}
	err := e.config.Ports.Journal.Fold(ctx, func(fact journal.Fact) error {
		state = terminal.Apply(state, fact)
		return nil
	})
	if err != nil {
		return fmt.Errorf("fold the journal: %w", err)
	}
	e.working, e.durable = state, state
	e.decide(message{event: e.event(terminal.Booted{World: e.config.World, BootID: e.config.BootID})})
	return nil
}

// event stamps what happened with id and time.
func (e *Engine) event(what terminal.What) terminal.Event {
	return terminal.Event{ID: e.config.NewID(), At: e.config.Now(), SinceBoot: time.Since(e.booted), What: what}
}

// Tell reports something of the world to the till. It waits while the inbox is
// full, and gives up when ctx ends.
func (e *Engine) Tell(ctx context.Context, event terminal.Event) {
	select {
	case e.inbox <- message{event: event}:
	case <-ctx.Done():
	}
}

// Report is Tell for an event that needs an id and a time of its own.
func (e *Engine) Report(ctx context.Context, what terminal.What) { e.Tell(ctx, e.event(what)) }

// ErrEnded says that the engine stopped before it answered.
var ErrEnded = errors.New("the till has stopped")

// Do carries a screen's request out and answers once it is durable. The same id
// again is answered, not done again. If ctx or the engine ends first the request
// may have been carried out: ask again under the same id.
func (e *Engine) Do(ctx context.Context, id ident.ID, what terminal.What) (terminal.Reply, error) {
	reply := make(chan terminal.Reply, 1)
	event := e.event(what)
	event.ID = id.Origin()
	if event.ID == "" {
		return terminal.Reply{}, fmt.Errorf("request id %q is no ULID", id)
	}
	select {
	case e.inbox <- message{event: event, reply: reply}:
	case <-ctx.Done():
		return terminal.Reply{}, ctx.Err()
	}
	select {
	case answer := <-reply:
		return answer, nil
	case <-e.ended:
		return terminal.Reply{}, ErrEnded
	case <-ctx.Done():
		return terminal.Reply{}, ctx.Err()
	}
}

// receive decides an event now, or holds it until it can meet the newer state.
func (e *Engine) receive(got message) {
	if got.reply != nil {
		first := len(e.waiting[got.event.ID]) == 0
		e.waiting[got.event.ID] = append(e.waiting[got.event.ID], got.reply)
		if !first {
			return // the same request is under way: both get its one answer
		}
	}
	// Once one waits all wait: a scan must not overtake the Enter before it.
	if len(e.held) > 0 || (got.event.TouchesMoney() && e.owesCommit()) {
		e.held = append(e.held, got)
		return
	}
	e.decide(got)
}

// owesCommit says whether any decision waits for the disk.
func (e *Engine) owesCommit() bool { return len(e.queue) > 0 }

// decide asks the core, applies what it decided and sends the facts to the disk.
func (e *Engine) decide(got message) {
	made := terminal.Decide(e.working, got.event)
	state := e.working
	for _, fact := range made.Facts {
		state = terminal.Apply(state, fact)
	}
	state.Volatile = made.Volatile
	e.working = state
	e.queue = append(e.queue, decision{made: made, state: state})
	if len(made.Facts) > 0 {
		e.writer.send(journal.Batch{Facts: made.Facts})
	}
	e.completeReady()
	e.show()
}

// completeReady finishes the decisions at the head of the queue that have no
// facts: nothing before them is owed to the disk.
func (e *Engine) completeReady() {
	for len(e.queue) > 0 && len(e.queue[0].made.Facts) == 0 {
		e.complete()
	}
}

// complete finishes the first decision: its facts, if any, are durable now.
func (e *Engine) complete() {
	done := e.queue[0]
	e.queue = e.queue[1:]
	e.durable = done.state
	// A reply tells the screen that the snapshot has what it did: so show it first.
	e.show()
	for _, effect := range done.made.Effects {
		e.runner.start(effect)
	}
	if reply := done.made.Reply; reply != nil {
		answer := *reply
		if len(done.made.Facts) > 0 {
			answer.Seq = done.state.Seq
		}
		e.answer(answer)
	}
}

// answer replies to everybody who asked the same.
func (e *Engine) answer(reply terminal.Reply) {
	for _, waiting := range e.waiting[reply.Request] {
		waiting <- reply
	}
	delete(e.waiting, reply.Request)
}

// show publishes the newest state that a screen may see: everything durable, and
// lines that may be painted before their flush.
func (e *Engine) show() {
	shown := e.durable
	for _, waiting := range e.queue {
		if !waiting.made.Paintable() {
			break
		}
		shown = waiting.state
	}
	e.view.publish(terminal.CashierView(shown))
}

// committed handles the disk's answer for the oldest batch.
func (e *Engine) committed(ctx context.Context, result error) error {
	if result != nil {
		return e.failed(ctx, result)
	}
	e.complete()
	e.completeReady()
	if !e.owesCommit() {
		e.releaseHeld()
	}
	e.show()
	return nil
}

// retryBallast looks whether the disk has room again, once no sale needs the
// room that the ballast gave.
func (e *Engine) retryBallast() {
	if e.working.Volatile.StoreFull && e.working.Cart == nil {
		e.runner.restoreBallast()
	}
}

// releaseHeld decides what waited, in order, until one must wait again.
func (e *Engine) releaseHeld() {
	for len(e.held) > 0 {
		if e.held[0].event.TouchesMoney() && e.owesCommit() {
			return
		}
		next := e.held[0]
		e.held = e.held[1:]
		e.decide(next)
	}
}

// failed is R9: a store error is never "not saved". Every decision after it is
// dropped and said so, and what is really on disk is read again.
func (e *Engine) failed(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return nil
	}
	e.log.Error("commit failed, reading the journal again", "cause", cause)
	e.writer.drain()
	e.queue = nil
	e.runner.stopCards()
	full := errors.Is(cause, ErrFull)
	if full {
		if err := e.config.Ports.Journal.ReleaseBallast(); err != nil {
			e.log.Error("the ballast cannot be released", "cause", err)
		}
	} else if err := e.config.Ports.Journal.Reopen(ctx); err != nil {
		return fmt.Errorf("commit failed (%w) and the journal cannot be opened again: %w", cause, err)
	}
	held := e.held
	e.held = nil
	e.working.Volatile.StoreFull = full
	e.working.Volatile.Toast = e.durable.Volatile.Toast // what a dropped decision wanted to say is not true
	if err := e.refold(ctx); err != nil {
		return err
	}
	e.dropAll("core.refused.not_saved")
	// Requests are dropped; what the world reported stays true.
	for _, waiting := range held {
		if !waiting.event.IsRequest() {
			e.receive(waiting)
		}
	}
	return nil
}

// dropAll refuses everything that waits for an answer, and says why. What turned
// out to be on disk all the same was done.
func (e *Engine) dropAll(why string) {
	for request := range e.waiting {
		if e.working.Answered.Has(request) {
			e.answer(terminal.Reply{Request: request, Duplicate: true})
			continue
		}
		e.answer(terminal.Reply{Request: request, Refusal: text.Msg(why)})
	}
}
