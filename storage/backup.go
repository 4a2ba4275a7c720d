package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// Backup writes a copy of the journal as it is now, while the till goes on, under
// a temporary name first. It replaces a file at that path, but never its own, and
// gives up when the journal turns out to be [ErrBroken].
func (s *Store) Backup(path string) error {
	if err := s.backup(path); err != nil {
		return fmt.Errorf("back journal up to %s: %w", path, errors.Join(err, removeIfPresent(path+newSuffix)))
	}
	return nil
}

func (s *Store) backup(path string) error {
	if filepath.Clean(path) == filepath.Clean(s.options.Path) {
		return errors.New("that is the journal itself")
	}
	file, err := os.OpenFile(path+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	err = s.view(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(whileSound{s, file})
		return err
	})
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+newSuffix, path); err != nil {
		return err
	}
	return syncFolder(path)
}

// whileSound writes until the journal is broken: then it must be reopened, which
// waits for readers, and a copy of it is worth nothing.
type whileSound struct {
	store *Store
	file  *os.File
}

// Write writes one piece of the copy.
func (w whileSound) Write(data []byte) (int, error) {
	if cause := w.store.brokenBy(); cause != nil {
		return 0, fmt.Errorf("%w: %v", ErrBroken, cause)
	}
	return w.file.Write(data)
}
