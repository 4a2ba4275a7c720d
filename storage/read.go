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
	return readFrom(tx.Bucket(bucketFacts), seq)
}

func readFrom(bucket *bbolt.Bucket, seq uint64) (record.Record, error) {
	data := bucket.Get(sequenceKey(seq))
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

// decodeAt reads a record under its key.
func decodeAt(key, value []byte) (record.Record, error) {
	if len(key) != len(sequenceKey(0)) {
		return record.Record{}, fmt.Errorf("%w: a record under a key of %d bytes", errUnreadable, len(key))
	}
	return decode(binary.BigEndian.Uint64(key), value)
}

// follow checks that rec is the next one and of an epoch, and answers the place
// it leads to.
func (p place) follow(rec record.Record, epoch record.Epoch) (place, error) {
	if err := rec.Follows(p.hash, epoch); err != nil {
		return place{}, &BadRecordError{Seq: rec.Seq, Kind: rec.Kind, Err: err}
	}
	return place{epoch, rec.Seq, rec.Hash}, nil
}

// step reads the record behind a place.
func step(tx *bbolt.Tx, about identity, at place) (place, record.Record, error) {
	rec, err := readRecord(tx, at.seq+1)
	if err != nil {
		return place{}, record.Record{}, err
	}
	next, err := at.follow(rec, about.epochAt(rec.Seq))
	return next, rec, err
}

// before answers the place in front of a record of the file.
func before(tx *bbolt.Tx, about identity, seq uint64) (place, error) {
	if seq <= about.first {
		return about.start(), nil
	}
	rec, err := readRecord(tx, seq-1)
	return place{about.epochAt(seq - 1), seq - 1, rec.Hash}, err
}

func lastSeq(tx *bbolt.Tx) (uint64, error) {
	key, _ := tx.Bucket(bucketFacts).Cursor().Last()
	if len(key) != len(sequenceKey(0)) {
		return 0, fmt.Errorf("%w: the last key of the facts has %d bytes", errUnreadable, len(key))
	}
	return binary.BigEndian.Uint64(key), nil
}

// readHead answers where the file stands.
func readHead(tx *bbolt.Tx, about identity) (place, error) {
	last, err := lastSeq(tx)
	if err != nil {
		return place{}, err
	}
	rec, err := readRecord(tx, last)
	return place{about.epochAt(last), last, rec.Hash}, err
}

// read copies out records behind a place, at most limit and at most bytesMax on
// the wire, but at least one; it ends at the head, and where a file or an epoch
// ends. The transaction is short.
func (s *Store) read(at place, limit, bytesMax int) ([]record.Record, error) {
	if at.seq >= s.at().seq {
		return nil, nil
	}
	var records []record.Record
	err := s.in(at.seq+1, func(tx *bbolt.Tx, about identity, last uint64) error {
		last = min(last, about.epochEnd(at.seq+1))
		for bytes := 0; at.seq < last && len(records) < limit; {
			next, rec, err := step(tx, about, at)
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
// first: one batch of the contract. All are of one file and one epoch, so there
// may be fewer although more follow. Behind the head there are none. A number
// beyond that is an error: whoever asks has seen facts that this journal has lost.
func (s *Store) Records(from uint64, limit, bytesMax int) ([]record.Record, record.Hash, error) {
	at, kept := s.at(), s.firstKept()
	if from < kept || from > at.seq+1 {
		return nil, record.Hash{}, fmt.Errorf("read facts from %d: the journal holds %d to %d", from, kept, at.seq)
	}
	err := s.in(min(from, at.seq), func(tx *bbolt.Tx, about identity, _ uint64) (err error) {
		at, err = before(tx, about, from)
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
