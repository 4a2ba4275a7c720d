package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

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
	if present(options.Path) && !present(options.Path+newSuffix) {
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
	if err := removeIfPresent(options.Path + newSuffix); err != nil || present(options.Path) {
		return err
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

// build writes the file under its temporary name, down to the disk.
func build(options Options, epoch record.Epoch) error {
	db, err := bbolt.Open(options.Path+newSuffix, fileMode, &bbolt.Options{
		Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType,
	})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error { return begin(tx, options, epoch) })
	if err == nil {
		err = db.Sync()
	}
	return errors.Join(err, db.Close())
}

// begin fills an empty file: buckets, identity, checkpoint.
func begin(tx *bbolt.Tx, options Options, epoch record.Epoch) error {
	for _, name := range [][]byte{bucketMeta, bucketFacts, bucketBeside} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bucketMeta)
	err := errors.Join(
		meta.Put(keySchema, []byte(strconv.Itoa(schemaVersion))),
		meta.Put(keyTerminal, []byte(options.TerminalID)),
		meta.Put(keyEpoch, epoch[:]),
		createIndex(tx),
	)
	if err != nil {
		return err
	}
	fact := journal.Fact{Seq: firstSeq, ID: options.NewID(), At: options.Now(), Body: journal.Checkpoint{
		TerminalID: options.TerminalID, Epoch: epoch.String(), Format: format, AppVersion: options.AppVersion,
	}}
	rec, err := record.Encode(fact, epoch, record.Hash{})
	if err != nil {
		return err
	}
	return put(tx, []journal.Fact{fact}, []record.Record{rec})
}
