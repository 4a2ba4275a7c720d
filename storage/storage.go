// Package storage keeps the facts of one till in bbolt files, one for each period.
//
// A durable decision is one [Store.Commit]: its facts and the indexes over them
// in one transaction, or nothing. Facts are appended, never changed; each carries
// a checksum and the hash of the one before. All else in the file can be made
// from them again, but for what lies beside the journal (retry schedules,
// acknowledgements, countersignatures), whose loss costs a resend. The package
// decides nothing, sends nothing and knows no fact's meaning beyond which ones
// are owed a live call. One goroutine writes; any may read.
//
// Start with [Open]. [Store.Rotate] begins a new period file. [VerifyJournal] and
// [Dump] look at copies, sound or not; [Restore] and [Rebuild] make good files of them.
//
// Facts: bbolt v1.5.0, its source and its tracker; the contract for the chain.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/ident"
)

// What a caller must tell apart. The errors of this package wrap one of these or
// none; with none, nothing was written and the file is as it was.
var (
	// ErrFull says that there was no room: cleanly not written. Refuse new money
	// work; [Store.ReleaseBallast] makes room to finish the open sale.
	ErrFull = errors.New("no room on disk")
	// ErrBroken says that nobody knows what was written. The store takes no more
	// writes until [Store.Reopen] has read what is really there (R9).
	ErrBroken = errors.New("journal must be reopened")
	// ErrInUse says that another process holds the file.
	ErrInUse = errors.New("journal is in use by another daemon")
	// ErrClosed says that the store was closed, or could not be reopened.
	ErrClosed = errors.New("journal is closed")
)

// Limits that [Options] may change.
const (
	// FileBytesMax bounds the file: years of a busy lane, since one day of 1,000
	// sales takes about 20 MB.
	FileBytesMax = 8 << 30
	// BallastBytes is what the ballast file keeps free: 200 commits of 1.5 KB on a
	// full disk took less.
	BallastBytes = 4 << 20
)

// Options say whose journal it is and where. All but the last three must be given.
type Options struct {
	Path       string // of the first period file; its folder must exist, and is the journal's
	TerminalID string
	AppVersion string // goes into a new file's checkpoint
	Now        func() time.Time
	NewID      func() ident.ID
	Entropy    io.Reader // for the epoch of a new file
	Log        *slog.Logger

	Machine string // what tells this machine from another, see [Machine]; empty: not looked at

	FileBytesMax int64 // of each period file; 0 means [FileBytesMax]
	BallastBytes int64 // 0 means [BallastBytes], less than 0 no ballast
}

func (o Options) complete() (Options, error) {
	if o.Path == "" || o.TerminalID == "" || o.Now == nil || o.NewID == nil || o.Entropy == nil || o.Log == nil {
		return o, errors.New("path, terminal, clock, ids, entropy and log are all needed")
	}
	if o.FileBytesMax == 0 {
		o.FileBytesMax = FileBytesMax
	}
	if o.BallastBytes == 0 {
		o.BallastBytes = BallastBytes
	}
	return o, nil
}

// Store is an open journal. Its methods may be called from any goroutine.
type Store struct {
	options Options

	jobs    chan job
	closing chan struct{}
	stopped chan struct{}
	once    sync.Once

	// gate guards file and layout: readers hold it for as long as they read, reopening
	// and rotating take it whole. Only the writer goroutine changes them, and so reads
	// them without.
	gate   sync.RWMutex
	file   handle
	layout layout
	// rotating asks a copy that is being made to give up.
	rotating atomic.Bool

	afterStep func(step string) error // of tests, see rotate.go

	state sync.Mutex // guards the rest
	place place
	cause error // of ErrBroken, nil while the file is sound
}

// A place is where the journal stands: the epoch, number and hash of a fact.
type place struct {
	epoch record.Epoch
	seq   uint64
	hash  record.Hash
}

// A job is one piece of work for the writer goroutine.
type job struct {
	run  func() error
	done chan error
}

// Open opens the journal at the path, or makes it with a checkpoint as its first
// fact. It waits up to two seconds for a daemon that is just leaving, then
// answers [ErrInUse].
//
// It refuses a file of another terminal, of a later program, an empty one, and
// one whose last records are not what was written; the error says what to do.
// Indexes that lag behind are made anew. A file of the schema before is brought to
// this one's, and a copy of it is kept.
func Open(options Options) (*Store, error) {
	options, err := options.complete()
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := createIfAbsent(options); err != nil {
		return nil, fmt.Errorf("create journal %s: %w", options.Path, err)
	}
	s := &Store{
		options: options,
		jobs:    make(chan job), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	lag, err := s.load()
	if err == nil {
		err = s.clearUp()
	}
	if err == nil {
		err = s.migrate()
	}
	if err == nil {
		err = s.settle(lag)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %s: %w", options.Path, err), s.file.close())
	}
	if err := s.restoreBallast(); err != nil {
		options.Log.Warn("no ballast beside the journal", "error", err)
	}
	s.mendOlder(context.Background())
	s.noteMachine()
	go s.write()
	return s, nil
}

// write is the writer goroutine.
func (s *Store) write() {
	defer close(s.stopped)
	for {
		select {
		case next := <-s.jobs:
			next.done <- next.run()
		case <-s.closing:
			return
		}
	}
}

// do hands work to the writer goroutine. Once that has taken it, do waits for the
// answer whatever becomes of ctx: a write that may have happened is not given up.
func (s *Store) do(ctx context.Context, run func() error) error {
	next := job{run, make(chan error, 1)}
	select {
	case <-s.closing:
		return ErrClosed
	default:
	}
	select {
	case s.jobs <- next:
		return <-next.done
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close waits for the write that is under way, and gives the file back.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.closing) })
	<-s.stopped
	s.gate.Lock()
	defer s.gate.Unlock()
	err := s.file.close()
	s.file = handle{}
	return err
}

// Epoch is the journal's own random number, as new facts carry it.
func (s *Store) Epoch() string { return s.at().epoch.String() }

// Head is the number and the hash of the last fact that was committed.
func (s *Store) Head() (seq uint64, hash record.Hash) {
	at := s.at()
	return at.seq, at.hash
}

func (s *Store) at() place {
	s.state.Lock()
	defer s.state.Unlock()
	return s.place
}

func (s *Store) moveTo(next place) {
	s.state.Lock()
	defer s.state.Unlock()
	s.place = next
}

func (s *Store) brokenBy() error {
	s.state.Lock()
	defer s.state.Unlock()
	return s.cause
}

// setBroken stops all writing, or with nil allows it again.
func (s *Store) setBroken(cause error) {
	s.state.Lock()
	defer s.state.Unlock()
	s.cause = cause
}

// view runs one read transaction. What it reads must be copied out, and it must
// not call another view: a writer that waits between the two would stop both.
func (s *Store) view(read func(*bbolt.Tx) error) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.file.db == nil {
		return ErrClosed
	}
	return guard(func() error { return s.file.db.View(read) })
}

// update runs one write transaction; only the writer goroutine may.
func (s *Store) update(change func(*bbolt.Tx) error) error {
	if cause := s.brokenBy(); cause != nil {
		// The cause is told, not wrapped: a full disk that broke a rebuild is no ErrFull.
		return fmt.Errorf("%w: %v", ErrBroken, cause)
	}
	err := guard(func() error { return s.file.db.Update(change) })
	switch {
	case err == nil:
		return nil
	case isFull(err) && s.unchanged():
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	s.setBroken(err)
	return fmt.Errorf("%w: %w", ErrBroken, err)
}
