// Package outbox decides when and how often the till's debts to central are sent:
// live calls that move money or open a session, and behind them the stream of every
// fact there is.
//
// It speaks no protocol (package central does), keeps no fact (package storage does)
// and gives up on nothing: an entry ends only with a positive, typed answer about
// exactly its id, or with a refusal that a person must look at (I8). What it notes
// beside the journal is only when to try again; losing it costs a resend. Start with
// [Config], then [Outbox.Run].
//
// Two queues, so that no sale waits behind a backlog: live entries each have a
// schedule of their own; the stream sends one batch after the other, and only while
// no live entry is due. Waits grow exponentially with full jitter, because tills that
// lost central together must not come back together.
//
// Facts: sync/wire/openapi.yaml, putBatch and BatchResult; the invariants I8, I9 and
// I13 of docs/architecture.md.
package outbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"balcao/sync/wire"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// An Entry is a stored fact that central is owed as a live call.
type Entry struct {
	Seq    uint64
	Kind   journal.Kind
	ID     ident.ID // of the fact: its idempotency key, or the session's own id
	Target ident.ID // the payment; of a session, the session
	Body   []byte   // as stored
}

// A Record is one fact of the stream.
type Record struct {
	Seq  uint64
	ID   ident.ID
	Hash string // of the chain up to it, lower-case hexadecimal
	JSON []byte // the contract's Record object around the bytes that were hashed
}

// A Page is facts in seq order without gaps.
type Page struct {
	PrevHash string // of the fact before the first
	Records  []Record
}

// A Journal is where the debts are read from. It may be read from several goroutines.
type Journal interface {
	// Live lists the confirmations, reversals and sessions that no fact says are
	// settled, in seq order.
	Live() ([]Entry, error)
	// Records gives facts from the first one at or after from:
	// at most limit of them and bytesMax bytes, but always one if there is one.
	Records(from uint64, limit, bytesMax int) (Page, error)
	// Head is the seq of the last durable fact, 0 for none.
	Head() uint64
	// Epochs lists the epochs of all facts in order; a journal that was never restored
	// has one. A page of Records holds facts of one epoch.
	Epochs() ([]Span, error)
}

// A Span is a run of facts that share their epoch.
type Span struct {
	Epoch       string
	First, Last uint64 // seqs
}

// A Beside keeps small notes that may be lost, next to the journal.
type Beside interface {
	Beside(key string) (value []byte, found bool, err error)
	// SetBeside stores values; nil deletes.
	SetBeside(ctx context.Context, values map[string][]byte) error
	// MarkSent notes that central knows a session, so that [Journal] lists it no more:
	// there is no fact for it, because losing the note costs only a resend.
	MarkSent(ctx context.Context, session ident.ID) error
}

// A Caller makes one live call. Errors of central and of the way to it are
// [transport.Problem] and [transport.Silence], wrapped or not.
type Caller interface {
	Forward(ctx context.Context, entry Entry) (acknowledged bool, err error)
}

// A Batch is one delivery of the stream.
type Batch struct {
	ID       ident.ID // made of what it holds: the same in every resend
	Epoch    string
	FirstSeq uint64
	LastSeq  uint64
	PrevHash string
	Hash     string
	Records  [][]byte
}

// A Stream takes batches and tells how far it has the facts; errors as for [Caller].
type Stream interface {
	PutBatch(ctx context.Context, batch Batch) (wire.BatchResult, error)
	Watermark(ctx context.Context, epoch string) (wire.Watermark, error)
}

// A Prober asks whether central is there; errors as for [Caller].
type Prober interface {
	Status(ctx context.Context) (wire.Status, error)
}

// A Config is what an outbox needs. Its callbacks are called from several goroutines,
// one at a time each, and may call [Outbox.Wake].
type Config struct {
	Journal Journal
	Beside  Beside
	Caller  Caller
	Stream  Stream
	Prober  Prober

	// OnSettled is told that central acknowledged a decision about an attempt, or
	// refused it for good (refusedCode is the problem's). It comes again after a while
	// if the journal still lists the decision.
	OnSettled func(attempt, decision ident.ID, refusedCode string)
	// OnQuarantine is told of a fact that central refused for good, and with the code
	// fork-detected that the stream has stopped: central knows another history of this
	// till, and only a person can say which is true.
	OnQuarantine func(seq uint64, id ident.ID, code, detail string)
	// OnLink is told when the link or the number of facts that central has not
	// acknowledged changes.
	OnLink func(online bool, queue int)

	Now    func() time.Time // nil means time.Now
	Random func() float64   // uniform in [0,1); nil means the library's
	Log    *slog.Logger     // nil means none
}

// An Outbox sends what is owed. Use [Outbox.Run] once; the other methods may be
// called from any goroutine, before it and after it too.
type Outbox struct {
	config Config
	log    *slog.Logger
	turn   *precedence
	link   *link
	acked  atomic.Uint64 // the last fact that central has
	spread atomic.Int64  // seconds over which central wants link-ups spread
	woken  chan struct{} // the stream: facts were added
}

// New is an outbox that sends nothing yet. The callbacks must be set.
func New(config Config) *Outbox {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Random == nil {
		config.Random = rand.Float64
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Outbox{
		config: config, log: config.Log,
		turn:  newPrecedence(),
		link:  newLink(config.OnLink),
		woken: make(chan struct{}, 1),
	}
}

// Run sends until ctx ends, and answers nil then. What is under way is cut off: it is
// owed still and will be sent again.
func (o *Outbox) Run(ctx context.Context) error {
	position := o.loadPosition()
	o.acked.Store(position.Acked)
	o.spread.Store(position.SpreadSeconds)
	var running sync.WaitGroup
	running.Go(func() { o.newLive().run(ctx) })
	running.Go(func() { o.newStream(position).run(ctx) })
	running.Go(func() { o.probe(ctx) })
	running.Wait()
	return nil
}

// Wake says that facts were made durable: whatever is new among them is sent now.
func (o *Outbox) Wake() {
	o.turn.wake()
	select {
	case o.woken <- struct{}{}:
	default: // it is awake
	}
}

// Heard tells the outbox how a call of somebody else to central ended, so that the
// link's light is true at once: nil, or an error as of [Caller].
func (o *Outbox) Heard(err error) { o.link.heard(o.config.Now(), err) }

// tellQueue counts what central has not acknowledged.
func (o *Outbox) tellQueue() {
	head, acked := o.config.Journal.Head(), o.acked.Load()
	o.link.setQueue(int(head - min(acked, head)))
}

// pause waits, or answers false when ctx ends first.
func pause(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
