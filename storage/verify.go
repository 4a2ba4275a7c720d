package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"balcao/storage/record"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// Report is what [Verify] found in a file.
type Report struct {
	TerminalID string
	Epoch      string // of the last sound record
	Schema     int
	First      uint64      // number of the first record
	Previous   record.Hash // in front of it
	Last       uint64      // number of the last sound record
	Head       record.Hash // of that record
	Kinds      map[journal.Kind]int
	Carried    int // records of older files that were still owed a call
	// Bad is the first record that is not what was written; those behind it were
	// not judged. Nil means that all are sound.
	Bad *BadRecordError
	// Problems are all other findings, one sentence each: pages, identity, indexes,
	// what lies beside the journal, and what bbolt itself says.
	Problems []string

	begins  string                 // epoch of the first record
	carried map[uint64]record.Hash // by number
	calls   map[uint64]record.Hash // records of kinds that are owed a call, carried ones too
	owed    map[uint64]bool        // of them, what is still owed at the end
}

// OK says that nothing at all was found.
func (r Report) OK() bool { return r.Bad == nil && len(r.Problems) == 0 }

// Err is what a tool says that wants a sound file; nil if there are no findings.
func (r Report) Err() error {
	switch {
	case r.Bad != nil:
		return fmt.Errorf("first bad record: %w", r.Bad)
	case len(r.Problems) > 0:
		return fmt.Errorf("%d problems, the first: %s", len(r.Problems), r.Problems[0])
	}
	return nil
}

func (r *Report) add(format string, arguments ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, arguments...))
}

// Verify judges a copy of one file: every page, checksum, number and link of the
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
	report.TerminalID, report.Schema, report.begins = about.terminal, about.schema, about.epoch.String()
	report.First, report.Previous, report.Kinds = about.first, about.previous, map[journal.Kind]int{}
	report.calls, report.carried = map[uint64]record.Hash{}, map[uint64]record.Hash{}
	expected := memory{}
	if err := examineCarried(reader, buckets, about, expected, report); err != nil {
		report.add("%s: %s", bucketCarried, err)
	}
	examineFacts(reader, buckets, about, expected, report)
	// The version before made another index, which a start replaces.
	if report.Bad == nil && about.schema == schemaVersion {
		if err := examineIndex(reader, buckets, expected); err != nil {
			report.add("%s: %s", bucketIndex, err)
		}
	}
	sent := map[string]bool{}
	if err := reader.walkBucket(buckets[string(bucketBeside)], func(key, value []byte) error {
		_, sound := besideValue(key, value)
		if sent[string(key)] = sound; !sound {
			report.add("%s: the value of %x is damaged", bucketBeside, key)
		}
		return nil
	}); err != nil {
		report.add("%s: %s", bucketBeside, err)
	}
	report.owed = expected.owed(sent)
	if err := reader.checkFreelist(); err != nil {
		report.add("%s", err)
	}
}

func examineIdentity(reader *pageReader, buckets map[string][]byte) (identity, error) {
	ours := [][]byte{bucketMeta, bucketFacts, bucketCarried, bucketIndex, bucketBeside}
	for name := range buckets {
		if !slices.ContainsFunc(ours, func(known []byte) bool { return string(known) == name }) {
			return identity{}, fmt.Errorf("%w: a bucket %x", errUnreadable, name)
		}
	}
	for _, name := range ours {
		if buckets[string(name)] == nil && string(name) != string(bucketCarried) {
			return identity{}, fmt.Errorf("%w: no bucket %s", errUnreadable, name)
		}
	}
	values := map[string][]byte{}
	err := reader.walkBucket(buckets[string(bucketMeta)], func(key, value []byte) error {
		values[string(key)] = bytes.Clone(value)
		return nil
	})
	if err != nil {
		return identity{}, err
	}
	about, err := parseIdentity(values)
	if err != nil {
		return identity{}, err
	}
	known := []string{}
	for _, key := range metaKeys(about.schema) {
		known = append(known, string(key))
	}
	slices.Sort(known)
	if keys := slices.Sorted(maps.Keys(values)); !slices.Equal(keys, known) {
		return identity{}, fmt.Errorf("%w: keys %q, want %q", errUnreadable, keys, known)
	}
	if (buckets[string(bucketCarried)] != nil) != (about.schema > 1) {
		return identity{}, fmt.Errorf("%w: schema %d, and bucket %s is there or not", errUnreadable, about.schema, bucketCarried)
	}
	return about, nil
}

// examineCarried judges what came along from older files, but for its place in
// the chain, which only those files can tell.
func examineCarried(reader *pageReader, buckets map[string][]byte, about identity, expected memory, report *Report) error {
	if buckets[string(bucketCarried)] == nil {
		return nil
	}
	return reader.walkBucket(buckets[string(bucketCarried)], func(key, value []byte) error {
		rec, err := decodeAt(key, value)
		if err != nil {
			return err
		}
		if rec.Seq >= about.first || !owesCall(rec.Kind) {
			return fmt.Errorf("record %d of kind %s does not come from an older file", rec.Seq, rec.Kind)
		}
		report.Carried++
		report.carried[rec.Seq], report.calls[rec.Seq] = rec.Hash, rec.Hash
		return expected.Put(owedKey(rec.ID), sequenceKey(rec.Seq))
	})
}

// examineFacts judges record after record until one is bad, and writes down what
// the index must say of them.
func examineFacts(reader *pageReader, buckets map[string][]byte, about identity, expected memory, report *Report) {
	at := about.start()
	checkpoints := about.checkpoints()
	err := reader.walkBucket(buckets[string(bucketFacts)], func(key, value []byte) error {
		next, rec, err := examineRecord(about, at, key, value)
		if err != nil {
			return err
		}
		fact, err := record.Fact(rec)
		if err == nil && checkpoints[rec.Seq] {
			err = about.confirms(fact)
			delete(checkpoints, rec.Seq)
		}
		if err != nil {
			return &BadRecordError{Seq: rec.Seq, Kind: rec.Kind, Err: &record.DamageError{Check: record.CheckPayload, Err: err}}
		}
		at = next
		report.Kinds[rec.Kind]++
		if owesCall(rec.Kind) {
			report.calls[rec.Seq] = rec.Hash
		}
		return applyOne(expected, fact)
	})
	report.Last, report.Head, report.Epoch = at.seq, at.hash, at.epoch.String()
	if err == nil && len(checkpoints) > 0 {
		err = errMissing
	}
	if err != nil && !errors.As(err, &report.Bad) {
		report.Bad = &BadRecordError{Seq: at.seq + 1, Err: err}
	}
	_ = expected.Put(keyApplied, sequenceKey(at.seq))
	_ = expected.Put(keyVersion, []byte{indexVersion})
}

func examineRecord(about identity, at place, key, value []byte) (place, record.Record, error) {
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
	next, err := at.follow(rec, about.epochAt(rec.Seq))
	return next, rec, err
}

// memory is an index that is not in a file.
type memory map[string]string

func (m memory) Put(key, value []byte) error { m[string(key)] = string(value); return nil }

func (m memory) Delete(key []byte) error { delete(m, string(key)); return nil }

// owed are the numbers that an index says are owed, but for sessions that were sent.
func (m memory) owed(sent map[string]bool) map[uint64]bool {
	numbers := map[uint64]bool{}
	for key, value := range m {
		if key[0] == prefixOwed && !sent[sentKey(ident.ID(key[1:]))] {
			numbers[binary.BigEndian.Uint64([]byte(value))] = true
		}
	}
	return numbers
}

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
