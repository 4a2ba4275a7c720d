package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// A BadRecordError names the first record that is not what was written.
type BadRecordError struct {
	Seq  uint64
	Kind journal.Kind // empty when that cannot be read either
	Err  error        // a [*record.DamageError] that names the check
}

// Error says which record, then which check.
func (e *BadRecordError) Error() string {
	if e.Kind == "" {
		return fmt.Sprintf("record %d: %s", e.Seq, e.Err)
	}
	return fmt.Sprintf("record %d of kind %s: %s", e.Seq, e.Kind, e.Err)
}

// Unwrap answers the check that failed.
func (e *BadRecordError) Unwrap() error { return e.Err }

// errMissing is a gap in the facts.
var errMissing = &record.DamageError{Check: record.CheckSequence, Err: errors.New("missing")}

// readRecord copies one record out and checks all but its place in the chain.
func readRecord(tx *bbolt.Tx, seq uint64) (record.Record, error) {
	data := tx.Bucket(bucketFacts).Get(sequenceKey(seq))
	if data == nil {
		return record.Record{}, &BadRecordError{Seq: seq, Err: errMissing}
	}
	return decode(seq, data)
}

func decode(seq uint64, data []byte) (record.Record, error) {
	rec, err := record.Decode(data)
	if err != nil {
		return record.Record{}, &BadRecordError{Seq: seq, Err: err}
	}
	if rec.Seq != seq {
		return record.Record{}, &BadRecordError{Seq: seq, Kind: rec.Kind, Err: &record.DamageError{
			Check: record.CheckSequence, Err: fmt.Errorf("the record says %d", rec.Seq),
		}}
	}
	return rec, nil
}

// follow checks that rec is the next one, and answers the place it leads to.
func (p place) follow(rec record.Record) (place, error) {
	if err := rec.Follows(p.hash, p.epoch); err != nil {
		return place{}, &BadRecordError{Seq: rec.Seq, Kind: rec.Kind, Err: err}
	}
	return place{p.epoch, rec.Seq, rec.Hash}, nil
}

// step reads the record behind a place.
func step(tx *bbolt.Tx, at place) (place, record.Record, error) {
	rec, err := readRecord(tx, at.seq+1)
	if err != nil {
		return place{}, record.Record{}, err
	}
	next, err := at.follow(rec)
	return next, rec, err
}

// before answers the number and hash in front of a record; zeros in front of the first.
func before(tx *bbolt.Tx, seq uint64) (uint64, record.Hash, error) {
	if seq <= firstSeq {
		return firstSeq - 1, record.Hash{}, nil
	}
	rec, err := readRecord(tx, seq-1)
	return seq - 1, rec.Hash, err
}

func lastSeq(tx *bbolt.Tx) (uint64, error) {
	key, _ := tx.Bucket(bucketFacts).Cursor().Last()
	if len(key) != len(sequenceKey(0)) {
		return 0, fmt.Errorf("%w: the last key of the facts has %d bytes", errUnreadable, len(key))
	}
	return binary.BigEndian.Uint64(key), nil
}

// readHead answers where the file stands.
func readHead(tx *bbolt.Tx, epoch record.Epoch) (place, error) {
	last, err := lastSeq(tx)
	if err != nil {
		return place{}, err
	}
	rec, err := readRecord(tx, last)
	return place{epoch, last, rec.Hash}, err
}

// read copies out records behind a place, at most limit and at most bytesMax on
// the wire, but at least one; it ends at the head. The transaction is short.
func (s *Store) read(at place, limit, bytesMax int) ([]record.Record, error) {
	head := s.at().seq
	var records []record.Record
	err := s.view(func(tx *bbolt.Tx) error {
		for bytes := 0; at.seq < head && len(records) < limit; {
			next, rec, err := step(tx, at)
			if err != nil {
				return err
			}
			if bytes += wireBytes(rec); bytes > bytesMax && len(records) > 0 {
				return nil
			}
			records, at = append(records, rec), next
		}
		return nil
	})
	return records, err
}

// wireBytes is the length of [record.WireJSON] with a separator.
func wireBytes(rec record.Record) int {
	const member = len(`,"hash":""}`)
	return len(rec.Payload) + member + 2*len(rec.Hash)
}

// Records answers the facts from a number on, as many as limit and bytesMax (of
// their JSON on the wire) allow but at least one, and the hash in front of the
// first: one batch of the contract. Behind the head there are none. A number
// beyond that is an error: whoever asks has seen facts that this file has lost.
func (s *Store) Records(from uint64, limit, bytesMax int) ([]record.Record, record.Hash, error) {
	at := s.at()
	if from < firstSeq || from > at.seq+1 {
		return nil, record.Hash{}, fmt.Errorf("read facts from %d: the journal holds %d to %d", from, uint64(firstSeq), at.seq)
	}
	err := s.view(func(tx *bbolt.Tx) (err error) {
		at.seq, at.hash, err = before(tx, from)
		return err
	})
	if err != nil {
		return nil, record.Hash{}, fmt.Errorf("read facts from %d: %w", from, err)
	}
	records, err := s.read(at, limit, bytesMax)
	if err != nil {
		return nil, record.Hash{}, fmt.Errorf("read facts from %d: %w", from, err)
	}
	return records, at.hash, nil
}
