package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"syscall"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// The steps of a rotation. Whatever ends the program between two of them, the old
// file is current up to stepListed, the new one from then on, and both are whole.
const (
	stepBuilt    = "built"    // the new file is on disk under a temporary name
	stepNamed    = "named"    // it has its name, which no list names yet
	stepOpened   = "opened"   // it was read back, and its lock is held
	stepListed   = "listed"   // the new list is on disk under a temporary name
	stepSwitched = "switched" // the new list has its name
)

// Rotate begins a new period file with a checkpoint, which must follow directly on
// the head and hold a [journal.StateCheckpoint]. Number, chain and epoch go on.
// What is still owed a live call and what lies beside the journal come along, but
// for the marks of sessions that were sent; the older files stay where they are
// and are only read from then on.
//
// An error is [ErrFull], [ErrBroken] or a refusal; but for ErrBroken the old file
// is current, as it was, and takes the next commit.
func (s *Store) Rotate(ctx context.Context, checkpoint journal.Fact) error {
	if err := s.do(ctx, func() error { return s.rotate(checkpoint) }); err != nil {
		return fmt.Errorf("begin a new period with fact %d: %w", checkpoint.Seq, err)
	}
	return nil
}

func (s *Store) rotate(checkpoint journal.Fact) error {
	rec, err := s.prepareRotation(checkpoint)
	if err != nil {
		return err
	}
	known := s.layout.manifest
	number := periodNumber(s.options.Path, known.current().File) + 1
	next := known.next(periodFile(s.options.Path, number), s.at())
	made, err := s.makePeriod(next, checkpoint, rec)
	if err == nil {
		err = errors.Join(beginManifest(s.options.Path, next), s.step(stepListed))
	}
	if err != nil {
		return s.giveUp(next, made.file, err)
	}
	if err := errors.Join(switchManifest(s.options.Path), s.step(stepSwitched)); err != nil {
		// The list may have its name or not, and that may last or not.
		s.setBroken(err)
		return fmt.Errorf("%w: %w", ErrBroken, errors.Join(err, made.file.close()))
	}
	s.switchTo(next, made)
	return nil
}

// step tells a test that a step is done.
func (s *Store) step(name string) error {
	if s.afterStep == nil {
		return nil
	}
	return s.afterStep(name)
}

// prepareRotation refuses what cannot be done before anything is written.
func (s *Store) prepareRotation(checkpoint journal.Fact) (record.Record, error) {
	if cause := s.brokenBy(); cause != nil {
		return record.Record{}, fmt.Errorf("%w: %v", ErrBroken, cause)
	}
	at := s.at()
	if err := (journal.Batch{Facts: []journal.Fact{checkpoint}}).Check(at.seq); err != nil {
		return record.Record{}, err
	}
	if _, ok := checkpoint.Body.(journal.StateCheckpoint); !ok {
		return record.Record{}, fmt.Errorf("it is a %s, want a %s", checkpoint.Body.Kind(), journal.StateCheckpoint{}.Kind())
	}
	rec, err := record.Encode(checkpoint, at.epoch, at.hash)
	if err != nil {
		return record.Record{}, err
	}
	if s.layout.about.schema < schemaVersion {
		// A program of the schema before would not see the new file and go on in the old.
		if err := s.migrateFile(); err != nil {
			return record.Record{}, err
		}
	}
	if err := s.view(func(tx *bbolt.Tx) error { return s.stands(tx, at) }); err != nil {
		return record.Record{}, err
	}
	return rec, s.clearUp()
}

// A freshPeriod is a new file that is not current yet.
type freshPeriod struct {
	file  handle
	about identity
	at    place
}

// makePeriod writes the new file, gives it its name and opens it: from then on no
// other daemon can have it.
func (s *Store) makePeriod(next manifest, checkpoint journal.Fact, rec record.Record) (freshPeriod, error) {
	at := s.at()
	path := sibling(s.options.Path, next.current().File)
	about := identity{schema: schemaVersion, terminal: s.options.TerminalID, epoch: at.epoch, first: rec.Seq, previous: at.hash}
	cargo, err := s.cargo()
	if err != nil {
		return freshPeriod{}, err
	}
	err = guard(func() error {
		return fillFile(path+newSuffix, func(tx *bbolt.Tx) error {
			if err := errors.Join(begin(tx, about), cargo.load(tx)); err != nil {
				return err
			}
			return errors.Join(createIndex(tx, about), put(tx, []journal.Fact{checkpoint}, []record.Record{rec}))
		})
	})
	if err == nil {
		err = s.step(stepBuilt)
	}
	if err == nil {
		err = os.Rename(path+newSuffix, path)
	}
	if err == nil {
		err = errors.Join(syncFolder(path), s.step(stepNamed))
	}
	if err != nil {
		return freshPeriod{}, err
	}
	file, err := openFile(path, s.options.FileBytesMax)
	if err != nil {
		return freshPeriod{}, err
	}
	made := freshPeriod{file, about, place{at.epoch, rec.Seq, rec.Hash}}
	return made, errors.Join(made.check(s.options.TerminalID), s.step(stepOpened))
}

// check reads back what was written.
func (f freshPeriod) check(terminal string) error {
	about, found, lag, err := inspect(f.file, terminal)
	if err == nil && (found != f.at || lag || !maps.EqualFunc(about.values(), f.about.values(), bytes.Equal)) {
		err = fmt.Errorf("the new period stands at fact %d, want %d", found.seq, f.at.seq)
	}
	return err
}

// switchTo makes the new file the one that is written.
func (s *Store) switchTo(next manifest, made freshPeriod) {
	s.rotating.Store(true)
	s.gate.Lock()
	s.rotating.Store(false)
	old, path := s.file, s.path()
	s.file, s.layout = made.file, layout{next, made.about}
	s.moveTo(made.at)
	s.gate.Unlock()
	if err := old.close(); err != nil {
		s.options.Log.Warn("the period that ended did not close", "file", path, "error", err)
	}
	s.options.Log.Info("a new period begins", "file", s.path(), "seq", made.at.seq, "ended", path)
}

// giveUp clears away a rotation that did not come to its switch: a clean no.
func (s *Store) giveUp(next manifest, file handle, cause error) error {
	path := sibling(s.options.Path, next.current().File)
	left := errors.Join(
		file.close(), removeIfPresent(path), removeIfPresent(path+newSuffix), removeIfPresent(s.options.Path+manifestSuffix+newSuffix),
	)
	if left != nil {
		s.options.Log.Warn("what is left of a rotation was not removed", "file", path, "error", left)
	}
	if errors.Is(cause, syscall.ENOSPC) || errors.Is(cause, berrors.ErrMaxSizeReached) {
		return fmt.Errorf("%w: %w", ErrFull, cause)
	}
	return cause
}

// A cargo is what crosses from one file to the next beside the checkpoint.
type cargo struct {
	owed   []record.Record
	beside map[string][]byte // with their sums
}

// cargo reads what must come along. Marks of sessions that were sent have served:
// their openings are not among what is owed.
func (s *Store) cargo() (cargo, error) {
	found := cargo{beside: map[string][]byte{}}
	err := s.view(func(tx *bbolt.Tx) (err error) {
		if found.owed, err = readOwed(tx); err != nil {
			return err
		}
		return tx.Bucket(bucketBeside).ForEach(func(key, value []byte) error {
			if _, sound := besideValue(key, value); sound && !bytes.HasPrefix(key, []byte(sentKey(""))) {
				found.beside[string(key)] = bytes.Clone(value)
			}
			return nil
		})
	})
	return found, err
}

// load puts the cargo into a new file.
func (c cargo) load(tx *bbolt.Tx) error {
	for _, rec := range c.owed {
		if err := tx.Bucket(bucketCarried).Put(sequenceKey(rec.Seq), rec.Bytes()); err != nil {
			return fmt.Errorf("carry fact %d over: %w", rec.Seq, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.beside)) {
		if err := tx.Bucket(bucketBeside).Put([]byte(key), c.beside[key]); err != nil {
			return fmt.Errorf("carry %s over: %w", key, err)
		}
	}
	return nil
}
