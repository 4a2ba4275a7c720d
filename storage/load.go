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

// load closes the file if it is open, reads which one is current, opens it from
// the disk and reads where it stands. Its indexes may lag. It runs in the writer
// goroutine, or before that.
func (s *Store) load() (lag bool, err error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	err = s.file.close()
	s.file = handle{}
	if err != nil {
		return false, err
	}
	file, known, err := s.openCurrent()
	if err != nil {
		return false, err
	}
	about, found, lag, err := inspect(file, s.options.TerminalID)
	if err == nil && about.first != known.current().First {
		err = fmt.Errorf("it begins with fact %d, the list of periods says %d: %s", about.first, known.current().First, advice)
	}
	if err == nil {
		err = known.follows(about)
	}
	if err != nil {
		return false, errors.Join(err, file.close())
	}
	s.file, s.layout = file, layout{known, about}
	s.moveTo(found)
	return lag, nil
}

// openCurrent opens the file that the list of periods names last. A daemon that
// is just leaving may have rotated before it let go of the file, so the list is
// read again once the lock is held.
func (s *Store) openCurrent() (handle, manifest, error) {
	known, err := readManifest(s.options.Path, s.options.TerminalID)
	for err == nil {
		path := sibling(s.options.Path, known.current().File)
		if err := dropCache(path); err != nil {
			return handle{}, manifest{}, err
		}
		file, err := openFile(path, s.options.FileBytesMax)
		if err != nil {
			return handle{}, manifest{}, err
		}
		again, err := readManifest(s.options.Path, s.options.TerminalID)
		if err == nil && again.current() == known.current() {
			return file, again, nil
		}
		if err = errors.Join(err, file.close()); err != nil {
			return handle{}, manifest{}, err
		}
		known = again
	}
	return handle{}, manifest{}, err
}

// settle brings indexes that lag up to date.
func (s *Store) settle(lag bool) error {
	if !lag {
		return nil
	}
	s.options.Log.Warn("indexes lag behind the journal and are made anew", "file", s.path(), "seq", s.at().seq)
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
func inspect(file handle, terminal string) (about identity, found place, lag bool, err error) {
	err = guard(func() error {
		return file.db.View(func(tx *bbolt.Tx) (err error) {
			if about, err = readIdentity(tx); err != nil {
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
	return about, found, lag, err
}

// readTail verifies the checkpoints and the last records, and answers the head.
func readTail(tx *bbolt.Tx, about identity) (place, error) {
	last, err := lastSeq(tx)
	if err != nil {
		return place{}, err
	}
	for number := range about.checkpoints() {
		if err := confirmAt(tx, about, number); err != nil {
			return place{}, err
		}
	}
	from := about.first
	if last-about.first >= tailRecords {
		from = last - tailRecords + 1
	}
	at, err := before(tx, about, from)
	for err == nil && at.seq < last {
		at, _, err = step(tx, about, at)
	}
	return at, err
}

// confirmAt holds the identity against one of the file's checkpoints.
func confirmAt(tx *bbolt.Tx, about identity, number uint64) error {
	at, err := before(tx, about, number)
	if err != nil {
		return err
	}
	_, rec, err := step(tx, about, at)
	if err != nil {
		return err
	}
	fact, err := record.Fact(rec)
	if err != nil {
		return err
	}
	return about.confirms(fact)
}
