package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// A layout is which files the journal has.
type layout struct {
	manifest manifest
	about    identity // of the current file
}

// path is where the current file lies.
func (s *Store) path() string { return sibling(s.options.Path, s.layout.manifest.current().File) }

// begins is the place in front of the current file.
func (s *Store) begins() place {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.layout.about.start()
}

// firstKept is the number of the oldest fact in any file.
func (s *Store) firstKept() uint64 {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if len(s.layout.manifest.Periods) == 0 {
		return firstSeq
	}
	return s.layout.manifest.Periods[0].First
}

// in runs one read transaction of the file that holds a fact. last is the number
// of the file's last one.
func (s *Store) in(seq uint64, read func(tx *bbolt.Tx, about identity, last uint64) error) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.file.db == nil {
		return ErrClosed
	}
	if seq >= s.layout.about.first {
		return s.inCurrent(read)
	}
	for _, each := range s.layout.manifest.older() {
		if seq >= each.First && seq <= each.Last {
			return s.inOlder(each, read)
		}
	}
	return fmt.Errorf("no file holds fact %d", seq)
}

// inEach runs one read transaction of each file, the current one first, until one
// says that it is enough.
func (s *Store) inEach(read func(tx *bbolt.Tx) (enough bool, err error)) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.file.db == nil {
		return ErrClosed
	}
	enough := false
	one := func(tx *bbolt.Tx, _ identity, _ uint64) (err error) {
		enough, err = read(tx)
		return err
	}
	err := s.inCurrent(one)
	older := s.layout.manifest.older()
	for i := len(older) - 1; i >= 0 && err == nil && !enough; i-- {
		err = s.inOlder(older[i], one)
	}
	return err
}

func (s *Store) inCurrent(read func(tx *bbolt.Tx, about identity, last uint64) error) error {
	// The head is asked first: a commit may come between it and the transaction.
	last := s.at().seq
	return guard(func() error {
		return s.file.db.View(func(tx *bbolt.Tx) error { return read(tx, s.layout.about, last) })
	})
}

// inOlder opens an older file for one transaction: it is asked rarely, and a file
// that is not open can be moved or mended.
func (s *Store) inOlder(closed period, read func(tx *bbolt.Tx, about identity, last uint64) error) error {
	path := sibling(s.options.Path, closed.File)
	db, err := openReadOnly(path)
	if err != nil {
		return fmt.Errorf("open older period %s: %w", path, err)
	}
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			about, err := readIdentity(tx)
			if err == nil {
				err = closed.holds(tx, about, s.options.TerminalID)
			}
			if err != nil {
				return err
			}
			return read(tx, about, closed.Last)
		})
	})
	if err := errors.Join(err, guard(db.Close)); err != nil {
		return fmt.Errorf("older period %s: %w", path, err)
	}
	return nil
}

// openReadOnly opens a file that nobody writes.
func openReadOnly(path string) (db *bbolt.DB, err error) {
	if err := checkWhole(path); err != nil {
		return nil, err
	}
	err = guard(func() (err error) {
		db, err = bbolt.Open(path, fileMode, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
		return err
	})
	return db, err
}

// holds asserts that a file is the one that the list of periods means.
func (p period) holds(tx *bbolt.Tx, about identity, terminal string) error {
	if about.terminal != terminal || about.first != p.First {
		return fmt.Errorf("it is of terminal %s and begins with fact %d, want %s and %d", about.terminal, about.first, terminal, p.First)
	}
	if p.Last == 0 {
		return nil
	}
	head, err := readHead(tx, about)
	if err == nil && (head.seq != p.Last || head.hash.String() != p.Head) {
		err = fmt.Errorf("it ends with fact %d and hash %s, want %d and %s", head.seq, head.hash, p.Last, p.Head)
	}
	return err
}

// follows asserts that the current file goes on where the one before ends.
func (m manifest) follows(about identity) error {
	if older := m.older(); len(older) > 0 {
		if last := older[len(older)-1]; about.previous.String() != last.Head {
			return fmt.Errorf("%w: it goes on from hash %s, the file before ends with %s", errUnreadable, about.previous, last.Head)
		}
	}
	return nil
}

// Period is what a caller needs to decide whether to rotate.
type Period struct {
	File  string    // name of the current file
	First uint64    // number of its first fact
	Began time.Time // of that fact
	Bytes int64     // the file's size; it never shrinks
	Count int       // files of the journal, with this one
}

// Period answers facts about the current file. Rotate at an opening after a Z when
// the month of Began, in the store's zone, is over or Bytes has passed a limit.
func (s *Store) Period() (Period, error) {
	var found Period
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.file.db == nil {
		return found, ErrClosed
	}
	err := s.inCurrent(func(tx *bbolt.Tx, about identity, _ uint64) error {
		first, err := readRecord(tx, about.first)
		found = Period{s.layout.manifest.current().File, about.first, first.At, tx.Size(), len(s.layout.manifest.Periods)}
		return err
	})
	if err != nil {
		return Period{}, fmt.Errorf("read the journal's period: %w", err)
	}
	return found, nil
}

// periodsBehind are the files of later periods than the one with a number.
func periodsBehind(path string, number int) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range entries {
		if periodNumber(path, entry.Name()) > number {
			found = append(found, entry.Name())
		}
	}
	slices.Sort(found)
	return found, nil
}

// clearUp removes what a rotation that a kill cut short has left: files under
// temporary names, and a period file that the list does not name yet. Only whoever
// holds the current file's lock may. A file that holds more than its checkpoint
// was current once; then it is the list that is wrong, and the till must not
// start from an older file.
func (s *Store) clearUp() error {
	number := periodNumber(s.options.Path, s.layout.manifest.current().File)
	left, err := periodsBehind(s.options.Path, number)
	if err != nil {
		return err
	}
	for _, name := range left {
		path := sibling(s.options.Path, name)
		if err := neverCurrent(path); err != nil {
			return fmt.Errorf("the list of periods does not name %s: %w: %s", path, err, advice)
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		s.options.Log.Info("removed what a rotation cut short had left", "file", path)
	}
	next := sibling(s.options.Path, periodFile(s.options.Path, number+1))
	return errors.Join(removeIfPresent(next+newSuffix), removeIfPresent(s.options.Path+manifestSuffix+newSuffix))
}

// neverCurrent asserts that a period holds its checkpoint and nothing else.
func neverCurrent(path string) error {
	db, err := openReadOnly(path)
	if err != nil {
		return err
	}
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			about, err := readIdentity(tx)
			if err != nil {
				return err
			}
			last, err := lastSeq(tx)
			if err == nil && last != about.first {
				err = fmt.Errorf("it holds facts %d to %d", about.first, last)
			}
			return err
		})
	})
	return errors.Join(err, guard(db.Close))
}

// mendOlder makes indexes of older files anew that lag behind this program. What
// fails is told and costs searches in that file, never the start.
func (s *Store) mendOlder(ctx context.Context) {
	for _, each := range s.layout.manifest.older() {
		lag := false
		err := s.inOlder(each, func(tx *bbolt.Tx, _ identity, last uint64) error {
			lag = indexLag(tx, last)
			return nil
		})
		if err == nil && lag {
			err = s.mend(ctx, each)
		}
		if err != nil {
			s.options.Log.Warn("an older period cannot be searched", "file", each.File, "error", err)
		}
	}
}

// mend makes the index of one older file anew.
func (s *Store) mend(ctx context.Context, closed period) error {
	path := sibling(s.options.Path, closed.File)
	file, err := openFile(path, s.options.FileBytesMax+growBytes)
	if err != nil {
		return err
	}
	var about identity
	err = guard(func() error {
		return file.db.View(func(tx *bbolt.Tx) (err error) {
			about, err = readIdentity(tx)
			return err
		})
	})
	if err == nil {
		s.options.Log.Warn("the index of an older period is made anew", "file", path)
		update := func(change func(*bbolt.Tx) error) error {
			return guard(func() error { return file.db.Update(change) })
		}
		err = rebuildIndex(ctx, update, about, closed.Last)
	}
	return errors.Join(err, file.close())
}

// factsOf reads records back, in order.
func factsOf(records []record.Record) ([]journal.Fact, error) {
	facts := make([]journal.Fact, 0, len(records))
	for _, rec := range records {
		fact, err := record.Fact(rec)
		if err != nil {
			return nil, err
		}
		facts = append(facts, fact)
	}
	return facts, nil
}
