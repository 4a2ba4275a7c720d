package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// BackupNoteName is the file of a backup that says what belongs to it. It is
	// written last: a folder without one is no backup.
	BackupNoteName = "backup.json"
	backupFormat   = "balcao-backup-1"
	// backupTries is more than the rotations of one backup: they are a day apart.
	backupTries = 3
	// backupNoteBytesMax has room for all periods.
	backupNoteBytesMax = periodsMax * 512
)

// A BackupNote is what a backup says of itself.
type BackupNote struct {
	Format   string       `json:"format"`
	Journal  string       `json:"journal"` // name of the first period file, whether it is still there or not
	Terminal string       `json:"terminal_id"`
	Epoch    string       `json:"epoch"`
	Last     uint64       `json:"last"` // number of the last fact
	Head     string       `json:"head"` // hash of that fact
	MadeAt   time.Time    `json:"made_at"`
	Files    []BackupFile `json:"files"`
}

// A BackupFile is one file of a backup and its digest.
type BackupFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Backup writes a copy of the whole journal as it is now into a new folder, while
// the till goes on: all period files, their list, and a [BackupNote] with digests.
// A folder that is there is refused. It gives up when ctx ends or the journal
// turns out to be [ErrBroken], and begins again when a new period begins: neither
// commits nor a rotation wait for it.
func (s *Store) Backup(ctx context.Context, dir string) (BackupNote, error) {
	note, err := writeBackup(dir, func(target *backupTarget) error { return s.backup(ctx, target) })
	for tries := 1; errors.Is(err, errRotating) && tries < backupTries; tries++ {
		note, err = writeBackup(dir, func(target *backupTarget) error { return s.backup(ctx, target) })
	}
	if err != nil {
		return BackupNote{}, fmt.Errorf("back journal up to %s: %w", dir, err)
	}
	return note, nil
}

func (s *Store) backup(ctx context.Context, target *backupTarget) error {
	var known manifest
	err := s.view(func(tx *bbolt.Tx) error {
		known = s.layout.manifest
		head, err := readHead(tx, s.layout.about)
		if err != nil {
			return err
		}
		target.note = BackupNote{
			Format: backupFormat, Journal: filepath.Base(s.options.Path), Terminal: s.options.TerminalID,
			Epoch: head.epoch.String(), Last: head.seq, Head: head.hash.String(), MadeAt: s.options.Now(),
		}
		return target.write(known.current().File, func(w io.Writer) error {
			return s.copyTo(ctx, tx, w)
		})
	})
	if err != nil {
		return err
	}
	// What is closed is not written any more, but for its index at a start.
	for _, each := range known.older() {
		if err := target.copy(sibling(s.options.Path, each.File), ctx); err != nil {
			return err
		}
	}
	return target.list(known)
}

// copyCurrent writes a copy of the current file under a temporary name first, and
// replaces a file at that path.
func (s *Store) copyCurrent(path string) error {
	file, err := os.OpenFile(path+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	err = s.view(func(tx *bbolt.Tx) error { return s.copyTo(context.Background(), tx, file) })
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(path+newSuffix, path)
	}
	if err != nil {
		return errors.Join(err, removeIfPresent(path+newSuffix))
	}
	return syncFolder(path)
}

// asFull says of a file that was only to be added that there was no room for it.
func asFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// copyTo writes the file as a transaction sees it. bbolt tells the text of an
// error and not the error, so that it must be kept.
func (s *Store) copyTo(ctx context.Context, tx *bbolt.Tx, w io.Writer) error {
	target := &whileSound{store: s, ctx: ctx, to: w}
	_, err := tx.WriteTo(target)
	if err != nil && target.err != nil {
		return target.err
	}
	return err
}

// errRotating ends a copy, since a rotation waits for readers and the till for it.
var errRotating = errors.New("a new period begins")

// whileSound writes until ctx ends, a period ends or the journal is broken: then
// it must be reopened, which waits for readers, and a copy of it is worth nothing.
type whileSound struct {
	store *Store
	ctx   context.Context // of one copy
	to    io.Writer
	err   error // the first
}

// Write writes one piece of the copy.
func (w *whileSound) Write(data []byte) (written int, err error) {
	if cause := w.store.brokenBy(); cause != nil {
		err = fmt.Errorf("%w: %v", ErrBroken, cause)
	}
	if err == nil && w.store.rotating.Load() {
		err = errRotating
	}
	if err == nil {
		err = w.ctx.Err()
	}
	if err == nil {
		written, err = w.to.Write(data)
	}
	if w.err == nil {
		w.err = err
	}
	return written, err
}

// A backupTarget is the folder of a backup that is being made.
type backupTarget struct {
	folder string
	note   BackupNote
}

// writeBackup fills a folder under a temporary name and gives it its own when it
// is whole and on disk.
func writeBackup(dir string, fill func(*backupTarget) error) (BackupNote, error) {
	if present(dir) {
		return BackupNote{}, errors.New("it is there already, and a backup never overwrites")
	}
	folder, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".balcao-backup-")
	if err != nil {
		return BackupNote{}, err
	}
	target := &backupTarget{folder: folder}
	err = fill(target)
	if err == nil {
		err = target.finish()
	}
	if err == nil {
		err = os.Rename(folder, dir)
	}
	if err != nil {
		return BackupNote{}, errors.Join(asFull(err), os.RemoveAll(folder))
	}
	return target.note, syncFolder(filepath.Clean(dir))
}

// write makes one file of the backup and notes its digest.
func (t *backupTarget) write(name string, fill func(io.Writer) error) error {
	file, err := os.OpenFile(filepath.Join(t.folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	sum := &summed{to: file, digest: sha256.New()}
	err = fill(sum)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	t.note.Files = append(t.note.Files, BackupFile{name, sum.bytes, hex.EncodeToString(sum.digest.Sum(nil))})
	return nil
}

func (t *backupTarget) copy(path string, ctx context.Context) error {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	err = t.write(filepath.Base(path), func(w io.Writer) error {
		_, err := io.Copy(w, whileWanted{ctx, source})
		return err
	})
	return errors.Join(err, source.Close())
}

// list writes the list of periods, where there is more than one.
func (t *backupTarget) list(known manifest) error {
	if len(known.Periods) == 1 && known.current().First == firstSeq {
		return nil
	}
	data, err := known.encode()
	if err != nil {
		return err
	}
	return t.write(t.note.Journal+manifestSuffix, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// finish writes the note and makes all names durable.
func (t *backupTarget) finish() error {
	data, err := json.MarshalIndent(t.note, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(t.folder, BackupNoteName)
	return errors.Join(writeSynced(path, append(data, '\n')), syncFolder(path))
}

// summed passes bytes on and sums them up.
type summed struct {
	to     io.Writer
	digest hash.Hash
	bytes  int64
}

// Write writes to the file and the digest.
func (s *summed) Write(data []byte) (int, error) {
	written, err := s.to.Write(data)
	s.digest.Write(data[:written])
	s.bytes += int64(written)
	return written, err
}

// whileWanted reads until ctx ends.
type whileWanted struct {
	ctx  context.Context // of one copy
	from io.Reader
}

// Read reads the next piece.
func (w whileWanted) Read(data []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.from.Read(data)
}

// BackupStopped backs up the journal of a till that does not run: a folder, or
// the path of its first period file. It is verified first, and refused with any finding.
func BackupStopped(ctx context.Context, journalPath, dir string, now time.Time) (BackupNote, error) {
	note, err := writeBackup(dir, func(target *backupTarget) error { return backupStopped(ctx, journalPath, target, now) })
	if err != nil {
		return BackupNote{}, fmt.Errorf("back %s up to %s: %w", journalPath, dir, err)
	}
	return note, nil
}

func backupStopped(ctx context.Context, journalPath string, target *backupTarget, now time.Time) error {
	path, err := journalIn(journalPath)
	if err != nil {
		return err
	}
	known, err := readManifest(path, "")
	if err != nil {
		return err
	}
	held, _, err := openCopy(sibling(path, known.current().File))
	if err != nil {
		return err
	}
	defer func() { _ = held.Close() }()
	report, err := verifyPeriods(path)
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return err
	}
	target.note = BackupNote{
		Format: backupFormat, Journal: filepath.Base(path), Terminal: report.TerminalID(),
		Epoch: report.Epoch(), Last: report.Last(), Head: report.Head().String(), MadeAt: now,
	}
	for _, each := range known.Periods {
		if err := target.copy(sibling(path, each.File), ctx); err != nil {
			return err
		}
	}
	return target.list(known)
}

// digestPattern is a SHA-256 in the note.
var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// readBackupNote reads the note of a backup and holds its files against it.
func readBackupNote(dir string) (BackupNote, error) {
	data, err := os.ReadFile(filepath.Join(dir, BackupNoteName))
	if err != nil {
		return BackupNote{}, fmt.Errorf("this is no backup, or it was cut short: %w", err)
	}
	note, err := parseBackupNote(data)
	if err != nil {
		return BackupNote{}, fmt.Errorf("read %s: %w", BackupNoteName, err)
	}
	for _, each := range note.Files {
		if err := each.check(filepath.Join(dir, each.Name)); err != nil {
			return BackupNote{}, err
		}
	}
	return note, nil
}

func parseBackupNote(data []byte) (BackupNote, error) {
	var note BackupNote
	if len(data) > backupNoteBytesMax {
		return note, fmt.Errorf("%d bytes, at most %d", len(data), backupNoteBytesMax)
	}
	if err := json.Unmarshal(data, &note); err != nil {
		return note, err
	}
	if note.Format != backupFormat {
		return note, fmt.Errorf("format %.40q, this program knows %s", note.Format, backupFormat)
	}
	if !periodFilePattern.MatchString(note.Journal) || len(note.Files) == 0 || len(note.Files) > periodsMax+1 {
		return note, fmt.Errorf("journal %.40q of %d files", note.Journal, len(note.Files))
	}
	for _, each := range note.Files {
		ours := each.Name == note.Journal+manifestSuffix || periodNumber(note.Journal, each.Name) > 0
		if !ours || !periodFilePattern.MatchString(each.Name) || !digestPattern.MatchString(each.SHA256) {
			return note, fmt.Errorf("file %.40q belongs to no journal", each.Name)
		}
	}
	return note, nil
}

// check holds a file against its digest.
func (f BackupFile) check(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	digest := sha256.New()
	count, err := io.Copy(digest, file)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if found := hex.EncodeToString(digest.Sum(nil)); count != f.Bytes || found != f.SHA256 {
		return fmt.Errorf("%s: %d bytes with SHA-256 %s, the backup had %d with %s", f.Name, count, found, f.Bytes, f.SHA256)
	}
	return nil
}
