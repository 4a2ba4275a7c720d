package storage

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"

	"balcao/storage/record"
)

const (
	// lockTimeout lets a daemon that is just leaving finish. Without one bbolt
	// waits for ever.
	lockTimeout = 2 * time.Second
	// mapBytes is mapped from the start, since a larger map must wait until all
	// readers have gone.
	mapBytes = 256 << 20
	// closeTimeout is for closing when nobody reads or writes, a moment's work.
	closeTimeout = time.Second
	// tailRecords are verified whenever the file is opened: many times what one
	// transaction holds, so that all that a bad sync can have spoilt is among them.
	tailRecords = 512
)

// A handle is an open file; the zero value is none.
type handle struct {
	db   *bbolt.DB
	file *os.File // the one in db
}

// close closes the file and gives back its lock. A transaction that panicked and
// again in rolling back holds the database for ever; then the map stays until the
// process ends.
func (h handle) close() error {
	if h.db == nil {
		return nil
	}
	closed := make(chan error, 1)
	go func() { closed <- guard(h.db.Close) }()
	limit := time.NewTimer(closeTimeout)
	defer limit.Stop()
	select {
	case err := <-closed:
		return err
	case <-limit.C:
		return abandon(h.file)
	}
}

// abandon gives back the lock of a file that bbolt cannot close any more: the map
// holds the file open, and so the lock, beyond the descriptor.
func abandon(file *os.File) error {
	return errors.Join(unix.Flock(int(file.Fd()), unix.LOCK_UN), file.Close())
}

// load closes the file if it is open, opens it from the disk and reads where it
// stands. Its indexes may lag. It runs in the writer goroutine, or before that.
func (s *Store) load() (lag bool, err error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	err = s.file.close()
	s.file = handle{}
	if err == nil {
		err = dropCache(s.options.Path)
	}
	if err != nil {
		return false, err
	}
	file, err := openFile(s.options.Path, s.options.FileBytesMax)
	if err != nil {
		return false, err
	}
	found, lag, err := inspect(file, s.options.TerminalID)
	if err != nil {
		return false, errors.Join(err, file.close())
	}
	s.file = file
	s.moveTo(found)
	return lag, nil
}

// settle brings indexes that lag up to date.
func (s *Store) settle(lag bool) error {
	if !lag {
		return nil
	}
	s.options.Log.Warn("indexes lag behind the journal and are made anew", "file", s.options.Path, "seq", s.at().seq)
	return s.rebuild(context.Background())
}

// openFile opens a bbolt file that exists. Whatever bbolt makes of a broken one,
// the descriptor and with it the lock are given back.
func openFile(path string, bytesMax int64) (handle, error) {
	if err := checkWhole(path); err != nil {
		return handle{}, err
	}
	var opened handle
	err := guard(func() (err error) {
		opened.db, err = bbolt.Open(path, fileMode, &bbolt.Options{
			Timeout:         lockTimeout,
			InitialMmapSize: mapBytes,
			FreelistType:    bbolt.FreelistMapType,
			MaxSize:         clamp(bytesMax),
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				// A journal that was taken away must not come back empty.
				opened.file, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
				return opened.file, err
			},
		})
		return err
	})
	switch {
	case err == nil:
		return opened, nil
	case errors.Is(err, berrors.ErrTimeout):
		return handle{}, fmt.Errorf("%w: stop that one first", ErrInUse)
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return handle{}, err
	}
	if opened.db != nil {
		_ = opened.close()
	} else if opened.file != nil {
		// Twice does no harm; after a panic the file is still open and locked.
		_ = abandon(opened.file)
	}
	return handle{}, fmt.Errorf("%w: %s", err, advice)
}

// clamp fits a size into bbolt's int, which has 32 bits on small machines.
func clamp(bytes int64) int { return int(min(bytes, math.MaxInt)) }

// checkWhole refuses a file that is empty, no journal, or ends before the last
// page in use. bbolt would fill the first and fault in the last.
func checkWhole(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	reader := pageReader{file: file, size: info.Size()}
	_, err = reader.readMetas()
	if err == nil {
		err = reader.checkLength()
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, advice)
	}
	return nil
}

// inspect reads whose file it is, where it stands, and whether its index lags.
func inspect(file handle, terminal string) (found place, lag bool, err error) {
	err = guard(func() error {
		return file.db.View(func(tx *bbolt.Tx) error {
			about, err := readIdentity(tx)
			if err != nil {
				return err
			}
			if about.terminal != terminal {
				return fmt.Errorf("it belongs to terminal %s, this is %s", about.terminal, terminal)
			}
			if found, err = readTail(tx, about); err != nil {
				return fmt.Errorf("%w: %s", err, advice)
			}
			lag = indexLag(tx, found.seq)
			return nil
		})
	})
	return found, lag, err
}

// readTail verifies the checkpoint and the last records, and answers the head.
func readTail(tx *bbolt.Tx, about identity) (place, error) {
	last, err := lastSeq(tx)
	if err != nil {
		return place{}, err
	}
	first, err := readRecord(tx, firstSeq)
	if err != nil {
		return place{}, err
	}
	fact, err := record.Fact(first)
	if err != nil {
		return place{}, err
	}
	if err := about.confirms(fact); err != nil {
		return place{}, err
	}
	from := uint64(firstSeq)
	if last > tailRecords {
		from = last - tailRecords + 1
	}
	at := place{epoch: about.epoch}
	if at.seq, at.hash, err = before(tx, from); err != nil {
		return place{}, err
	}
	for at.seq < last {
		if at, _, err = step(tx, at); err != nil {
			return place{}, err
		}
	}
	return at, nil
}
