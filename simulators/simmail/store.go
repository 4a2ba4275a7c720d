package simmail

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// stateFileMode: what people are written is theirs.
const stateFileMode fs.FileMode = 0o600

const logName = "simmail.log"

// Kinds of what arrives.
const (
	KindMail    = "mail"
	KindMessage = "message"
)

// An Entry is one notification that was taken. A resend is counted, not listed again.
type Entry struct {
	Number  int       `json:"number"` // from 1
	Kind    string    `json:"kind"`
	ID      string    `json:"id"` // Message-ID without brackets, or webhook-id
	From    string    `json:"from,omitempty"`
	To      []string  `json:"to"`
	Subject string    `json:"subject"` // decoded
	At      time.Time `json:"at"`      // first arrival
	Bytes   int       `json:"bytes"`
	Times   int       `json:"times"`  // arrivals
	Digest  string    `json:"digest"` // of a message's body, SHA-256 in hex
}

// A record is one line of the log.
type record struct {
	Entry      *Entry `json:"entry,omitempty"`
	Greylisted string `json:"greylisted,omitempty"`
}

// A store is what lasts: a file of lines, and a file with the bytes of each entry.
// Nothing is answered before it is flushed; a line cut short by a kill was never
// answered and is dropped.
type store struct {
	dir        string
	file       *os.File
	entries    []Entry
	greylisted map[string]bool
}

// lockDirectory holds dir until the process ends, however it ends.
func lockDirectory(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, stateFileMode)
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock state %s (is another mail server running there?): %w", dir, err), lock.Close())
	}
	return lock, nil
}

func openStore(dir string) (*store, error) {
	s := &store{dir: dir, greylisted: map[string]bool{}}
	file, err := os.OpenFile(filepath.Join(dir, logName), os.O_CREATE|os.O_RDWR, stateFileMode)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	whole, err := s.read(file)
	if err == nil {
		err = file.Truncate(whole)
	}
	if err == nil {
		_, err = file.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read state %s: %w", dir, err), file.Close())
	}
	s.file = file
	return s, nil
}

// read returns how many bytes are whole lines.
func (s *store) read(file io.Reader) (whole int64, err error) {
	lines := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return 0, err
		}
		var each record
		if err := json.Unmarshal(line, &each); err != nil {
			return 0, fmt.Errorf("line %d: %w", number, err)
		}
		if each.Entry != nil && (each.Entry.Number < 1 || each.Entry.Number > len(s.entries)+1) {
			return 0, fmt.Errorf("line %d: entry %d is out of order", number, each.Entry.Number)
		}
		s.apply(each)
		whole += int64(len(line))
	}
}

func (s *store) apply(each record) {
	if each.Greylisted != "" {
		s.greylisted[each.Greylisted] = true
	}
	if each.Entry == nil {
		return
	}
	if each.Entry.Number <= len(s.entries) {
		s.entries[each.Entry.Number-1] = *each.Entry
		return
	}
	s.entries = append(s.entries, *each.Entry)
}

func (s *store) append(each record) error {
	line, err := json.Marshal(each)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	if _, err := s.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("flush state: %w", err)
	}
	s.apply(each)
	return nil
}

// find gives the entry of an id, if it was taken before.
func (s *store) find(kind, id string) (Entry, bool) {
	for _, entry := range s.entries {
		if entry.Kind == kind && entry.ID == id {
			return entry, true
		}
	}
	return Entry{}, false
}

// path is where an entry's bytes lie.
func (s *store) path(entry Entry) string {
	ending := ".eml"
	if entry.Kind == KindMessage {
		ending = ".json"
	}
	return filepath.Join(s.dir, fmt.Sprintf("%04d%s", entry.Number, ending))
}

// take makes an arrival last.
func (s *store) take(entry Entry, content []byte) (Entry, error) {
	if known, found := s.find(entry.Kind, entry.ID); found {
		known.Times++
		return known, s.append(record{Entry: &known})
	}
	entry.Number, entry.Times, entry.Bytes = len(s.entries)+1, 1, len(content)
	if err := writeFlushed(s.path(entry), content); err != nil {
		return Entry{}, fmt.Errorf("store %s %d: %w", entry.Kind, entry.Number, err)
	}
	return entry, s.append(record{Entry: &entry})
}

func writeFlushed(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, stateFileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// take stores an arrival and wakes those who wait for one.
func (s *Server) take(entry Entry, content []byte) (Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.At = s.config.Now()
	taken, err := s.store.take(entry, content)
	if err != nil {
		s.log.Error("state", "error", err)
		return Entry{}, err
	}
	close(s.arrived)
	s.arrived = make(chan struct{})
	return taken, nil
}
