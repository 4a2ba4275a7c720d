package storage

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// Report is what [Verify] found in a file.
type Report struct {
	TerminalID string
	Epoch      string
	Schema     int
	Last       uint64      // number of the last sound record
	Head       record.Hash // of that record
	Kinds      map[journal.Kind]int
	// Bad is the first record that is not what was written; those behind it were
	// not judged. Nil means that all are sound.
	Bad *BadRecordError
	// Problems are all other findings, one sentence each: pages, identity, indexes,
	// what lies beside the journal, and what bbolt itself says.
	Problems []string
}

// OK says that nothing at all was found.
func (r Report) OK() bool { return r.Bad == nil && len(r.Problems) == 0 }

func (r *Report) add(format string, arguments ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, arguments...))
}

// Verify judges a copy of a journal: every page, checksum, number and link of the
// chain, the identity, the indexes, and bbolt's own check. Whatever is wrong with
// the file is in the report; the error is for a file that cannot be judged, one
// in use ([ErrInUse]) above all: that is what [Store.Backup] is for.
func Verify(path string) (Report, error) {
	file, reader, err := openCopy(path)
	if err != nil {
		return Report{}, fmt.Errorf("verify %s: %w", path, err)
	}
	defer func() { _ = file.Close() }()
	var report Report
	problems, err := reader.readMetas()
	for _, problem := range problems {
		report.add("%s", problem)
	}
	if err != nil {
		report.add("%s", err)
		return report, nil
	}
	if err := reader.checkLength(); err != nil {
		report.add("%s", err)
	}
	buckets, err := reader.buckets()
	if err != nil {
		report.add("buckets: %s", err)
		return report, nil
	}
	examine(reader, buckets, &report)
	if report.OK() {
		checkByLibrary(path, &report)
	}
	return report, nil
}

// openCopy opens a file that no daemon may hold.
func openCopy(path string) (*os.File, *pageReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = lock(file, unix.LOCK_SH)
	}
	if errors.Is(err, ErrInUse) {
		err = fmt.Errorf("%w: stop it first, or take a copy of the file and judge that", err)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, &pageReader{file: file, size: info.Size()}, nil
}

// examine reads bucket by bucket.
func examine(reader *pageReader, buckets map[string][]byte, report *Report) {
	about, err := examineIdentity(reader, buckets)
	if err != nil {
		report.add("%s: %s", bucketMeta, err)
		return
	}
	report.TerminalID, report.Epoch, report.Schema = about.terminal, about.epoch.String(), about.schema
	expected := memory{}
	examineFacts(reader, buckets, about, expected, report)
	if report.Bad == nil {
		if err := examineIndex(reader, buckets, expected); err != nil {
			report.add("%s: %s", bucketIndex, err)
		}
	}
	if err := reader.walkBucket(buckets[string(bucketBeside)], func(key, value []byte) error {
		if _, sound := besideValue(key, value); !sound {
			report.add("%s: the value of %x is damaged", bucketBeside, key)
		}
		return nil
	}); err != nil {
		report.add("%s: %s", bucketBeside, err)
	}
	if err := reader.checkFreelist(); err != nil {
		report.add("%s", err)
	}
}

func examineIdentity(reader *pageReader, buckets map[string][]byte) (identity, error) {
	ours := [][]byte{bucketMeta, bucketFacts, bucketIndex, bucketBeside}
	for name := range buckets {
		if !slices.ContainsFunc(ours, func(known []byte) bool { return string(known) == name }) {
			return identity{}, fmt.Errorf("%w: a bucket %x", errUnreadable, name)
		}
	}
	for _, name := range ours {
		if buckets[string(name)] == nil {
			return identity{}, fmt.Errorf("%w: no bucket %s", errUnreadable, name)
		}
	}
	values := map[string][]byte{}
	err := reader.walkBucket(buckets[string(bucketMeta)], func(key, value []byte) error {
		values[string(key)] = value
		return nil
	})
	if err != nil {
		return identity{}, err
	}
	known := []string{string(keyEpoch), string(keySchema), string(keyTerminal)}
	if keys := slices.Sorted(maps.Keys(values)); !slices.Equal(keys, known) {
		return identity{}, fmt.Errorf("%w: keys %q, want %q", errUnreadable, keys, known)
	}
	return parseIdentity(values[string(keySchema)], values[string(keyTerminal)], values[string(keyEpoch)])
}

// examineFacts judges record after record until one is bad, and writes down what
// the index must say of them.
func examineFacts(reader *pageReader, buckets map[string][]byte, about identity, expected memory, report *Report) {
	report.Kinds = map[journal.Kind]int{}
	at := place{epoch: about.epoch}
	err := reader.walkBucket(buckets[string(bucketFacts)], func(key, value []byte) error {
		next, rec, err := examineRecord(at, key, value)
		if err != nil {
			return err
		}
		fact, err := record.Fact(rec)
		if err == nil && rec.Seq == firstSeq {
			err = about.confirms(fact)
		}
		if err != nil {
			return &BadRecordError{Seq: rec.Seq, Kind: rec.Kind, Err: &record.DamageError{Check: record.CheckPayload, Err: err}}
		}
		at = next
		report.Kinds[rec.Kind]++
		return applyOne(expected, fact)
	})
	report.Last, report.Head = at.seq, at.hash
	if err == nil && at.seq == 0 {
		err = errMissing
	}
	if err != nil && !errors.As(err, &report.Bad) {
		report.Bad = &BadRecordError{Seq: at.seq + 1, Err: err}
	}
	_ = expected.Put(keyApplied, sequenceKey(at.seq))
	_ = expected.Put(keyVersion, []byte{indexVersion})
}

func examineRecord(at place, key, value []byte) (place, record.Record, error) {
	if !bytes.Equal(key, sequenceKey(at.seq+1)) {
		return place{}, record.Record{}, &BadRecordError{Seq: at.seq + 1, Err: errMissing}
	}
	rec, err := decode(binary.BigEndian.Uint64(key), value)
	if err != nil {
		return place{}, record.Record{}, err
	}
	if err := rec.Canonical(); err != nil {
		return place{}, record.Record{}, &BadRecordError{Seq: rec.Seq, Kind: rec.Kind, Err: err}
	}
	next, err := at.follow(rec)
	return next, rec, err
}

// memory is an index that is not in a file.
type memory map[string]string

func (m memory) Put(key, value []byte) error { m[string(key)] = string(value); return nil }

func (m memory) Delete(key []byte) error { delete(m, string(key)); return nil }

// examineIndex holds the index against what the facts make of it.
func examineIndex(reader *pageReader, buckets map[string][]byte, expected memory) error {
	found := memory{}
	err := reader.walkBucket(buckets[string(bucketIndex)], func(key, value []byte) error { return found.Put(key, value) })
	if err != nil {
		return err
	}
	for key, value := range expected {
		if other, ok := found[key]; !ok || other != value {
			return fmt.Errorf("entry %x is %x, want %x", key, other, value)
		}
	}
	if len(found) != len(expected) {
		return fmt.Errorf("%d entries, want %d", len(found), len(expected))
	}
	return nil
}

// checkByLibrary asks bbolt itself about a file whose pages are known to be sound.
func checkByLibrary(path string, report *Report) {
	err := guard(func() error {
		db, err := bbolt.Open(path, fileMode, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: lockTimeout})
		if err != nil {
			return err
		}
		err = db.View(func(tx *bbolt.Tx) error {
			for problem := range tx.Check() {
				report.add("bbolt: %s", problem)
			}
			return nil
		})
		return errors.Join(err, db.Close())
	})
	if err != nil {
		report.add("bbolt: %s", err)
	}
}

// Dump writes the records of a copy as the contract's objects, one a line, in
// order. It stops before the first that is bad and answers a [*BadRecordError].
func Dump(path string, w io.Writer) error {
	file, reader, err := openCopy(path)
	if err != nil {
		return fmt.Errorf("dump %s: %w", path, err)
	}
	defer func() { _ = file.Close() }()
	out := bufio.NewWriter(w)
	if err := errors.Join(dump(reader, out), out.Flush()); err != nil {
		return fmt.Errorf("dump %s: %w", path, err)
	}
	return nil
}

func dump(reader *pageReader, out *bufio.Writer) error {
	if _, err := reader.readMetas(); err != nil {
		return err
	}
	buckets, err := reader.buckets()
	if err != nil {
		return err
	}
	about, err := examineIdentity(reader, buckets)
	if err != nil {
		return err
	}
	at := place{epoch: about.epoch}
	return reader.walkBucket(buckets[string(bucketFacts)], func(key, value []byte) error {
		next, rec, err := examineRecord(at, key, value)
		if err != nil {
			return err
		}
		at = next
		_, err = out.Write(append(record.WireJSON(rec), '\n'))
		return err
	})
}
