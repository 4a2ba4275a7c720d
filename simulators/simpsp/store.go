package simpsp

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// stateFileMode: rows hold who pays whom,
// and are a shop's books.
const stateFileMode fs.FileMode = 0o600

const stateFileName = "psp.log"

// A change is one row put into one table.
type change struct {
	Table string          `json:"t"`
	Key   string          `json:"k"`
	Row   json.RawMessage `json:"r"`
}

// A journal makes changes last: a file of lines, each line all the changes of one
// request, written and flushed before the request is answered. A line cut short by a
// kill was never answered and is dropped.
type journal struct {
	file    *os.File
	pending []change
	loaders map[string]func(key string, row json.RawMessage) error
	dumpers []func() error
	broken  error // of an earlier commit: memory and file may differ, nothing more is taken
}

// A table is one kind of row by key. Rows are values: change a copy and put it back.
type table[T any] struct {
	name    string
	rows    map[string]T
	journal *journal
}

func newTable[T any](journal *journal, name string) *table[T] {
	t := &table[T]{name: name, rows: map[string]T{}, journal: journal}
	journal.loaders[name] = func(key string, row json.RawMessage) error {
		var value T
		if err := json.Unmarshal(row, &value); err != nil {
			return fmt.Errorf("row %s of %s: %w", key, name, err)
		}
		t.rows[key] = value
		return nil
	}
	journal.dumpers = append(journal.dumpers, t.dump)
	return t
}

func (t *table[T]) get(key string) (T, bool) {
	row, ok := t.rows[key]
	return row, ok
}

// put changes the row at once; it lasts from the next commit on.
func (t *table[T]) put(key string, row T) {
	t.rows[key] = row
	text, err := json.Marshal(row)
	if err != nil {
		t.journal.broken = fmt.Errorf("encode row %s of %s: %w", key, t.name, err)
		return
	}
	t.journal.pending = append(t.journal.pending, change{t.name, key, text})
}

func (t *table[T]) dump() error {
	for _, key := range slices.Sorted(maps.Keys(t.rows)) {
		t.put(key, t.rows[key])
	}
	return t.journal.broken
}

func newJournal() *journal {
	return &journal{loaders: map[string]func(string, json.RawMessage) error{}}
}

// open reads the state into the tables and starts a fresh file with just the rows
// that still hold. Another process with the same directory is refused.
func (j *journal) open(dir string) error {
	path := filepath.Join(dir, stateFileName)
	if err := j.read(path); err != nil {
		return fmt.Errorf("read state %s: %w", path, err)
	}
	fresh, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, stateFileMode)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	j.file = fresh
	for _, dump := range j.dumpers {
		if err := errors.Join(dump(), j.commit()); err != nil {
			return err
		}
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return syncDirectory(dir)
}

// lockDirectory holds dir until the process ends, however it ends.
func lockDirectory(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, stateFileMode)
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock state %s (is another psp running there?): %w", dir, err), lock.Close())
	}
	return lock, nil
}

func (j *journal) read(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, 64<<10)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what follows the last line feed was never answered
		}
		if err != nil {
			return err
		}
		if err := j.apply(line); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
}

func (j *journal) apply(line []byte) error {
	var changes []change
	if err := json.Unmarshal(line, &changes); err != nil {
		return err
	}
	for _, each := range changes {
		load, known := j.loaders[each.Table]
		if !known {
			return fmt.Errorf("unknown table %q: written by a later version", each.Table)
		}
		if err := load(each.Key, each.Row); err != nil {
			return err
		}
	}
	return nil
}

// commit makes all that was put since the last one durable. After an error the state
// is not to be trusted, and every later commit fails as well.
func (j *journal) commit() error {
	if j.broken == nil && len(j.pending) > 0 {
		j.broken = j.write()
	}
	j.pending = nil
	return j.broken
}

func (j *journal) write() error {
	line, err := json.Marshal(j.pending)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("flush state: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

func syncDirectory(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("flush directory: %w", err)
	}
	if err := handle.Sync(); err != nil {
		return errors.Join(fmt.Errorf("flush directory: %w", err), handle.Close())
	}
	return handle.Close()
}
