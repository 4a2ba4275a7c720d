package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal"
	"balcao/terminal/card"
	"balcao/terminal/catalog"
	"balcao/terminal/device"
	"balcao/terminal/engine"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/operator"
	"balcao/terminal/payment"
	"balcao/terminal/snapshot"
)

// disk is a journal in memory whose next commit can be stalled and made to fail:
// cleanly, or with the facts on it all the same, as a failed second flush leaves them.
type disk struct {
	mu    sync.Mutex
	facts []journal.Fact
	stall chan func(journal.Batch) error // nil: commits pass
	stuck chan struct{}                  // told when a commit is stalled
}

func newDisk() *disk {
	d := &disk{stuck: make(chan struct{}, 1)}
	d.facts = []journal.Fact{{
		Seq: 1, ID: newID(), At: clock(),
		Body: journal.Checkpoint{TerminalID: "T-0003", Epoch: "9f1c0a7be2d45836", Format: "1", AppVersion: "test"},
	}}
	return d
}

func (d *disk) save(batch journal.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := batch.Check(d.facts[len(d.facts)-1].Seq); err != nil {
		return err
	}
	d.facts = append(d.facts, batch.Facts...)
	return nil
}

func (d *disk) Commit(ctx context.Context, batch journal.Batch) error {
	d.mu.Lock()
	stall := d.stall
	d.mu.Unlock()
	if stall == nil {
		return d.save(batch)
	}
	select {
	case d.stuck <- struct{}{}:
	default:
	}
	select {
	case decide := <-stall:
		return decide(batch)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *disk) Fold(_ context.Context, tell func(journal.Fact) error) error {
	for _, fact := range d.kept() {
		if err := tell(fact); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) kept() []journal.Fact {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]journal.Fact(nil), d.facts...)
}

// hold stalls every commit until pass is called for it.
func (d *disk) hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stall = make(chan func(journal.Batch) error)
}

// end lets the stalled commit end as decide says and later ones pass.
func (d *disk) end(t *testing.T, decide func(journal.Batch) error) {
	d.mu.Lock()
	stall := d.stall
	d.stall = nil
	d.mu.Unlock()
	select {
	case stall <- decide:
	case <-time.After(5 * time.Second):
		t.Fatal("no commit was stalled")
	}
}

func (d *disk) Reopen(context.Context) error { return nil }
func (d *disk) ReleaseBallast() error        { return nil }
func (d *disk) RestoreBallast() error        { return errors.New("still full") }

// shop is everything around the till but the disk; it counts what would be seen
// from outside.
type shop struct {
	mu     sync.Mutex
	kicks  int
	prints []device.PrintJob
	wakes  int
}

func (s *shop) ReadCard(ctx context.Context, _ device.CardRequest) (card.Reading, error) {
	<-ctx.Done()
	return card.Reading{}, &device.Fault{Op: "read card", Code: device.TillCancelled}
}

func (s *shop) FinishCard(context.Context, device.FinishRequest) (card.Completion, error) {
	return card.Completion{Cryptogram: card.TC}, nil
}
func (s *shop) Release(context.Context, string) error { return nil }
func (s *shop) Authorise(context.Context, engine.Authorisation) payment.Answer {
	return payment.Answer{}
}
func (s *shop) Inquire(context.Context, ident.ID) payment.Answer { return payment.Answer{} }

func (s *shop) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakes++
}

func (s *shop) Print(_ context.Context, job device.PrintJob) device.PrintResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prints = append(s.prints, job)
	return device.PrintResult{State: device.PrintDone}
}

func (s *shop) Kick(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kicks++
	return nil
}

func (s *shop) opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kicks
}

func clock() time.Time {
	return time.Date(2026, 11, 23, 14, 32, 7, 0, time.FixedZone("", -3*3600))
}

func newID() ident.ID {
	var entropy [8]byte
	rand.Read(entropy[:])
	return ident.Make(clock(), entropy)
}

// till is one engine over a disk, as a screen meets it.
type till struct {
	t       *testing.T
	engine  *engine.Engine
	disk    *disk
	shop    *shop
	stop    context.CancelFunc
	stopped chan error
}

var maria = operator.Operator{ID: "214", Name: "MARIA S.", Role: operator.Cashier, PINHash: operator.HashPIN("1234", [16]byte{1})}

// boot starts an engine over a disk.
func boot(t *testing.T, on *disk) *till {
	t.Helper()
	items, err := catalog.New([]catalog.Item{
		{SKU: "17", Description: "PÃO FRANCÊS", Unit: "kg", Price: 169_000},
		{SKU: "1", Codes: []string{"7896089012453"}, Description: "CAFÉ 500G", Unit: "un", Price: 189_000},
	})
	require.NoError(t, err)
	around := &shop{}
	running := engine.New(engine.Config{
		Ports: engine.Ports{Journal: on, Reader: around, Acquirer: around, Outbox: around, Printer: around},
		World: terminal.World{
			Catalog: items, Operators: map[string]operator.Operator{"214": maria},
			Limits: terminal.Limits{CardWait: time.Minute, Silence: time.Minute, Ask: time.Second, AskMax: time.Second, PaperAge: time.Hour},
		},
		BootID: "boot", Now: clock, NewID: newID, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	till := &till{t: t, engine: running, disk: on, shop: around, stop: cancel, stopped: make(chan error, 1)}
	go func() { till.stopped <- running.Run(ctx) }()
	<-running.Ready()
	t.Cleanup(till.kill)
	return till
}

// kill ends the process without any ceremony; what the disk has is what is left.
func (s *till) kill() {
	s.stop()
	select {
	case err := <-s.stopped:
		require.NoError(s.t, err)
		s.stopped <- nil
	case <-time.After(5 * time.Second):
		s.t.Fatal("the engine does not stop")
	}
}

// ask sends a request and answers where its reply will arrive.
func (s *till) ask(id ident.ID, what terminal.What) <-chan terminal.Reply {
	replies := make(chan terminal.Reply, 1)
	started := make(chan struct{})
	go func() {
		close(started)
		reply, err := s.engine.Do(context.Background(), id, what)
		if err == nil {
			replies <- reply
		}
	}()
	<-started
	return replies
}

// do sends a request and waits for its reply.
func (s *till) do(what terminal.What) terminal.Reply {
	s.t.Helper()
	return s.reply(s.ask(newID(), what))
}

func (s *till) reply(from <-chan terminal.Reply) terminal.Reply {
	s.t.Helper()
	select {
	case reply := <-from:
		return reply
	case <-time.After(5 * time.Second):
		s.t.Fatal("no reply")
		return terminal.Reply{}
	}
}

// must sends a request that has to be carried out.
func (s *till) must(what terminal.What) {
	s.t.Helper()
	require.Empty(s.t, s.do(what).Refusal.ID)
}

// until waits for a snapshot that pleases.
func (s *till) until(pleases func(snapshot.Cashier) bool) snapshot.Cashier {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for view := range s.engine.Watch(ctx, 0) {
		if pleases(view) {
			return view
		}
	}
	s.t.Fatalf("the screen never came to show it; last: %+v", s.engine.Snapshot())
	return snapshot.Cashier{}
}

// open logs in and opens the session.
func (s *till) open() {
	s.must(terminal.Login{OperatorID: "214", PIN: "1234"})
	s.must(terminal.OpenSession{Float: 200_00})
}
