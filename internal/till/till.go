// Package till is the composition root: it turns a configuration into a running
// till.
//
// It wires and nothing else: the core decides, the engine orders, adapters touch
// the world, and the small ports in this package let each see only what it
// declared to need. Which driver plays which part stands in drivers.go. Start
// with [New], then [Till.Run].
package till

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"balcao/internal/config"
	"balcao/storage"
	"balcao/sync/outbox"
	"balcao/terminal"
	"balcao/terminal/device"
	"balcao/terminal/engine"
	"balcao/terminal/ident"
	"balcao/ui/link"
)

// Waits between inquiries about a silent attempt, and the age at which an owed
// paper no longer prints by itself.
const (
	askFirst = time.Second
	askMost  = 5 * time.Second
	cardWait = 3 * time.Minute
	paperAge = 10 * time.Minute
)

// JournalName is the journal's file in the till's data folder.
const JournalName = "journal.db"

// Till is one running till. Use Run once.
type Till struct {
	config *config.Config
	log    *slog.Logger
	zone   *time.Location
	store  *storage.Store
	engine *engine.Engine
	outbox *outbox.Outbox
	works  []func(context.Context) error // drivers, each until its context ends
	ctx    context.Context               // of Run, for callbacks of drivers
	ready  chan struct{}
}

// New opens the journal and builds everything; nothing runs before Run. Close the
// till if Run is never called.
func New(cfg *config.Config, version string, log *slog.Logger) (*Till, error) {
	zone, err := time.LoadLocation(cfg.Store.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("load time zone: %w", err)
	}
	t := &Till{config: cfg, log: log, zone: zone, ready: make(chan struct{})}
	world, err := t.world(version)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Till.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	machine, err := storage.Machine()
	if err != nil {
		log.Warn("a cloned disk would not be noticed", "cause", err)
	}
	t.store, err = storage.Open(storage.Options{
		Machine: machine,
		Path:    filepath.Join(cfg.Till.Data, JournalName), TerminalID: cfg.Till.TerminalID, AppVersion: version,
		Now: t.now, NewID: t.newID, Entropy: rand.Reader, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := t.assemble(world); err != nil {
		return nil, errors.Join(err, t.store.Close())
	}
	return t, nil
}

// Close gives the journal back.
func (t *Till) Close() error { return t.store.Close() }

// Ready is closed once screens are served.
func (t *Till) Ready() <-chan struct{} { return t.ready }

// world reads what surrounds the till and does not change while it runs.
func (t *Till) world(version string) (terminal.World, error) {
	items, err := config.Catalog(t.config.Till.Catalog, t.config.Till.Layouts()...)
	if err != nil {
		return terminal.World{}, err
	}
	people, err := config.Operators(t.config.Till.Operators)
	if err != nil {
		return terminal.World{}, err
	}
	store := t.config.Store
	return terminal.World{
		Store: device.Store{
			Name: store.Name, Address: store.Address, TaxID: store.TaxID, Number: store.Number, Till: t.config.Till.Number,
		},
		Zone: store.TimeZone, Language: store.Language, Catalog: items, Operators: people, Version: version,
		Limits: terminal.Limits{
			CardWait: cardWait, Silence: time.Duration(t.config.Central.Silence), Ask: askFirst, AskMax: askMost, PaperAge: paperAge,
		},
	}, nil
}

// assemble builds the drivers and hands them to the engine.
func (t *Till) assemble(world terminal.World) error {
	client, err := t.central()
	if err != nil {
		return err
	}
	reader, err := t.cardReader()
	if err != nil {
		return err
	}
	paper, err := t.printer()
	if err != nil {
		return err
	}
	t.scanner()
	t.works = append(t.works, t.periods)
	t.engine = engine.New(engine.Config{
		Ports: engine.Ports{
			Journal: journalOf(t.store, client), Reader: reader, Acquirer: acquirer{client}, Outbox: t.outbox, Printer: paper,
		},
		World: world, BootID: string(t.newID()), Now: t.now, NewID: t.newID, Log: t.log,
	})
	return nil
}

// Run serves until ctx ends, and returns nil then; or the error that stopped it.
// It closes the journal.
func (t *Till) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.ctx = ctx
	listener, err := link.Listen(t.config.Till.Socket)
	if err != nil {
		return errors.Join(err, t.store.Close())
	}
	var running sync.WaitGroup
	start := func(name string, work func(context.Context) error) {
		running.Go(func() {
			if err := work(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	start("engine", t.engine.Run)
	start("screens", func(ctx context.Context) error {
		select {
		case <-t.engine.Ready():
		case <-ctx.Done():
			return listener.Close()
		}
		// Drivers report to the engine, so they start once it listens.
		for _, work := range t.works {
			start("driver", work)
		}
		start("outbox", t.outbox.Run)
		close(t.ready)
		t.log.Info("till is ready", "socket", t.config.Till.Socket, "terminal", t.config.Till.TerminalID)
		return link.ServeOn(ctx, listener, &backend{engine: t.engine, store: t.store}, t.log)
	})
	running.Wait()
	err = context.Cause(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, t.store.Close())
}

// now is the store's wall clock, in whole milliseconds, with its offset.
func (t *Till) now() time.Time { return time.Now().In(t.zone).Truncate(time.Millisecond) }

// newID mints an id from the clock and 64 random bits.
func (t *Till) newID() ident.ID {
	var entropy [8]byte
	rand.Read(entropy[:])
	return ident.Make(time.Now(), entropy)
}

// report tells the engine something of the world; before Run there is nobody to tell.
func (t *Till) report(what terminal.What) {
	if t.ctx != nil {
		t.engine.Report(t.ctx, what)
	}
}
