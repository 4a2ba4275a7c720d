package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// fileMode keeps the journal to the daemon's user.
const fileMode = 0o600

// newSuffix marks a file that is being made.
const newSuffix = ".new"

// createIfAbsent makes a first file under a temporary name and gives it its own
// only when it is whole and on disk: bbolt does not survive a power cut in the
// middle of its first write (etcd-io/bbolt#567). Two daemons that start at once
// are kept apart by a lock on the folder.
func createIfAbsent(options Options) error {
	if (present(options.Path) || present(options.Path+manifestSuffix)) && !present(options.Path+newSuffix) {
		return nil
	}
	folder, err := os.Open(filepath.Dir(options.Path))
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	if err := lock(folder, unix.LOCK_EX); err != nil {
		return err
	}
	if present(options.Path + newSuffix) {
		options.Log.Info("removed what a start cut short had left", "file", options.Path+newSuffix)
	}
	if err := removeIfPresent(options.Path + newSuffix); err != nil || present(options.Path) || present(options.Path+manifestSuffix) {
		return err
	}
	// Beginning anew beside them would forget all that they hold.
	if left, err := periodsBehind(options.Path, 1); err != nil || len(left) > 0 {
		return errors.Join(err, fmt.Errorf("%q belong to a journal whose first file and list of periods are gone: %s", left, advice))
	}
	if err := create(options, folder); err != nil {
		_ = removeIfPresent(options.Path + newSuffix)
		return err
	}
	options.Log.Info("journal created", "file", options.Path)
	return nil
}

// present is false only where there surely is no file.
func present(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, os.ErrNotExist)
}

func create(options Options, folder *os.File) error {
	var epoch record.Epoch
	if _, err := io.ReadFull(options.Entropy, epoch[:]); err != nil {
		return fmt.Errorf("make epoch: %w", err)
	}
	err := guard(func() error { return build(options, epoch) })
	if isFull(err) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(options.Path+newSuffix, options.Path); err != nil {
		return err
	}
	return folder.Sync()
}

// build writes the first file under its temporary name, down to the disk.
func build(options Options, epoch record.Epoch) error {
	fact := journal.Fact{Seq: firstSeq, ID: options.NewID(), At: options.Now(), Body: journal.Checkpoint{
		TerminalID: options.TerminalID, Epoch: epoch.String(), Format: format, AppVersion: options.AppVersion,
	}}
	rec, err := record.Encode(fact, epoch, record.Hash{})
	if err != nil {
		return err
	}
	about := identity{schema: schemaVersion, terminal: options.TerminalID, epoch: epoch, first: firstSeq}
	return fillFile(options.Path+newSuffix, func(tx *bbolt.Tx) error {
		if err := begin(tx, about); err != nil {
			return err
		}
		return errors.Join(createIndex(tx, about), put(tx, []journal.Fact{fact}, []record.Record{rec}))
	})
}

// fillFile makes a file in transactions, down to the disk.
func fillFile(path string, fill ...func(*bbolt.Tx) error) error {
	db, err := bbolt.Open(path, fileMode, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	for _, each := range fill {
		if err == nil {
			err = db.Update(each)
		}
	}
	if err == nil {
		err = db.Sync()
	}
	return errors.Join(err, db.Close())
}

// begin fills an empty file: buckets and identity.
func begin(tx *bbolt.Tx, about identity) error {
	for _, name := range [][]byte{bucketMeta, bucketFacts, bucketCarried, bucketBeside} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return about.write(tx)
}
