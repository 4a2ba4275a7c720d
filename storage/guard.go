package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"syscall"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// guard turns a panic of bbolt into an error, and so a fault in the mapped file:
// bbolt trusts what it reads, and a page that is not there would end the process.
func guard(run func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return run()
}

// isFull knows the two errors after which nothing was written: ENOSPC from a page
// write, and the limit of the file's size. A bare ENOSPC comes from a sync, and
// the plain texts of bbolt from growing the file; after those nobody knows.
func isFull(err error) bool {
	var page *fs.PathError
	return errors.As(err, &page) && errors.Is(page.Err, syscall.ENOSPC) || errors.Is(err, berrors.ErrMaxSizeReached)
}

// unchanged proves a clean refusal by reading the head back (I5).
func (s *Store) unchanged() bool {
	var found place
	err := s.view(func(tx *bbolt.Tx) (err error) {
		found, err = readHead(tx, s.layout.about)
		return err
	})
	return err == nil && found == s.at()
}
