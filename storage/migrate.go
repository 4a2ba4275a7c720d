package storage

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// migrations lead from the schema of their key to the next. They change what is
// said of the facts and never a fact. A step that is no longer from the version
// before the last may go: a till reads what the version before it wrote.
var migrations = map[int]func(*bbolt.Tx, *identity) error{
	1: toSchema2,
}

// toSchema2 lets a file be one of several: it says where it begins, and has room
// for what older ones owe. A program of schema 1 refuses it, and so cannot go on
// selling from a file that another has replaced.
func toSchema2(tx *bbolt.Tx, about *identity) error {
	about.first, about.schema = firstSeq, 2
	_, err := tx.CreateBucket(bucketCarried)
	return err
}

// migrate brings a file of the schema before to this program's. Where that
// cannot be done the till goes on with the file as it is: only a rotation needs more.
func (s *Store) migrate() error {
	if s.layout.about.schema == schemaVersion {
		return nil
	}
	err := s.migrateFile()
	if err != nil && !errors.Is(err, ErrBroken) {
		s.options.Log.Warn("the journal keeps the schema of the version before", "file", s.path(), "error", err)
		return nil
	}
	return err
}

// migrateFile keeps a copy, then changes the file in one transaction. It runs in
// the writer goroutine, or before that.
func (s *Store) migrateFile() error {
	about := s.layout.about
	from := about.schema
	kept := fmt.Sprintf("%s.schema-%d", s.path(), from)
	if err := s.copyCurrent(kept); err != nil {
		return fmt.Errorf("keep a copy of schema %d: %w", from, asFull(err))
	}
	err := s.update(func(tx *bbolt.Tx) error {
		for about.schema < schemaVersion {
			if err := migrations[about.schema](tx, &about); err != nil {
				return err
			}
		}
		return about.write(tx)
	})
	if err != nil {
		return fmt.Errorf("change schema %d to %d: %w", from, schemaVersion, err)
	}
	s.gate.Lock()
	s.layout.about = about
	s.gate.Unlock()
	s.options.Log.Info("the journal has a new schema", "file", s.path(), "schema", schemaVersion, "copy", kept)
	return nil
}
