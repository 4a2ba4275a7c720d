package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"balcao/terminal/ident"
)

// restoringName is the folder in which a restored journal is made ready.
const restoringName = ".balcao-restoring"

// RestoreOptions are what a restored journal's first fact is made with. All must
// be given.
type RestoreOptions struct {
	AppVersion string
	Now        func() time.Time
	Entropy    io.Reader // for its id and the new epoch
	Log        *slog.Logger
}

// Restore makes the journal of a backup into a folder that has none. The backup is
// verified first, digest by digest and record by record. The restored journal goes
// on from the backup's last fact, same number and same chain, with a new epoch:
// central may know more of the old one.
//
// A folder that holds any file of a journal is refused. What a kill leaves is a
// folder that no till starts from, since its list of periods or its current file
// is missing; move what is there away and restore again.
func Restore(ctx context.Context, backup, dir string, options RestoreOptions) (BackupNote, error) {
	note, err := restore(ctx, backup, dir, options)
	if err != nil {
		return BackupNote{}, fmt.Errorf("restore %s to %s: %w", backup, dir, err)
	}
	return note, nil
}

func restore(ctx context.Context, backup, dir string, options RestoreOptions) (note BackupNote, err error) {
	note, err = readBackupNote(backup)
	if err != nil {
		return note, err
	}
	report, err := VerifyJournal(backup)
	if err == nil {
		err = report.Err()
	}
	if err == nil && (report.Last() != note.Last || report.Head().String() != note.Head || report.TerminalID() != note.Terminal) {
		err = fmt.Errorf("it ends with fact %d, its note says %d", report.Last(), note.Last)
	}
	if err == nil {
		err = refuseJournal(dir, note.Journal)
	}
	if err != nil {
		return note, err
	}
	ready := filepath.Join(dir, restoringName)
	// Only a restore that was cut short leaves this.
	if err := os.RemoveAll(ready); err != nil {
		return note, err
	}
	if err := os.Mkdir(ready, 0o700); err != nil {
		return note, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(ready)) }()
	for _, each := range note.Files {
		if err := copyFile(filepath.Join(backup, each.Name), filepath.Join(ready, each.Name)); err != nil {
			return note, asFull(err)
		}
	}
	if err := beginAnew(ctx, filepath.Join(ready, note.Journal), options, &note); err != nil {
		return note, err
	}
	return note, settle(ready, dir, note)
}

// refuseJournal asserts that a folder has no file of a journal with that name.
func refuseJournal(dir, name string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		file := strings.TrimSuffix(entry.Name(), newSuffix)
		if file == name+manifestSuffix || periodNumber(name, file) > 0 {
			return fmt.Errorf("%s is there: a restore never overwrites a journal, move all its files to a safe place first", entry.Name())
		}
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return errors.Join(err, source.Close())
	}
	_, err = target.ReadFrom(source)
	if err == nil {
		err = target.Sync()
	}
	return errors.Join(err, target.Close(), source.Close())
}

// beginAnew gives a copy its new epoch, and forgets on which machine it was.
func beginAnew(ctx context.Context, path string, options RestoreOptions, note *BackupNote) error {
	var entropy [8]byte
	if _, err := io.ReadFull(options.Entropy, entropy[:]); err != nil {
		return fmt.Errorf("make id: %w", err)
	}
	store, err := Open(Options{
		Path: path, TerminalID: note.Terminal, AppVersion: options.AppVersion, Now: options.Now, Entropy: options.Entropy, Log: options.Log,
		NewID:        func() ident.ID { return ident.Make(options.Now(), entropy) }, // for one fact
		BallastBytes: -1,
	})
	if err != nil {
		return err
	}
	err = store.RenewEpoch(ctx)
	if err == nil {
		err = store.SetBeside(ctx, map[string][]byte{besideMachine: nil})
	}
	seq, head := store.Head()
	note.Epoch, note.Last, note.Head = store.Epoch(), seq, head.String()
	return errors.Join(err, store.Close())
}

// settle moves a journal that is ready into its folder. The list of periods goes
// first and the current file last: in between there is nothing to start from.
func settle(ready, dir string, note BackupNote) error {
	known, err := readManifest(filepath.Join(ready, note.Journal), note.Terminal)
	if err != nil {
		return err
	}
	names := []string{note.Journal + manifestSuffix}
	for _, each := range known.Periods {
		names = append(names, each.File)
	}
	for _, name := range names {
		if from := filepath.Join(ready, name); present(from) {
			if err := os.Rename(from, filepath.Join(dir, name)); err != nil {
				return err
			}
		}
		if err := syncFolder(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
