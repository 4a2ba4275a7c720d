package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// fillPercent packs pages to the brim where keys only grow.
const fillPercent = 0.95

// Commit makes a batch durable: all of its facts or none, in one transaction and
// on disk when it answers nil (I5). The batch must follow directly on the head
// (I6, I9).
//
// An error is [ErrFull], [ErrBroken] or a refusal of the batch itself or of ctx;
// only after ErrBroken may the facts be in the file. A ctx that ends after the
// writing has begun is not heeded.
func (s *Store) Commit(ctx context.Context, batch journal.Batch) error {
	err := s.do(ctx, func() error { return s.commit(batch) })
	if err != nil {
		return fmt.Errorf("commit facts %d to %d: %w", batch.First(), batch.Last(), err)
	}
	return nil
}

func (s *Store) commit(batch journal.Batch) error {
	at := s.at()
	if err := batch.Check(at.seq); err != nil {
		return err
	}
	records := make([]record.Record, 0, len(batch.Facts))
	next := at
	for _, fact := range batch.Facts {
		rec, err := record.Encode(fact, at.epoch, next.hash)
		if err != nil {
			return err
		}
		records = append(records, rec)
		next = place{at.epoch, rec.Seq, rec.Hash}
	}
	err := s.update(func(tx *bbolt.Tx) error {
		if err := s.stands(tx, at); err != nil {
			return err
		}
		return put(tx, batch.Facts, records)
	})
	if err != nil {
		return err
	}
	if err := s.readBack(records[len(records)-1]); err != nil {
		s.setBroken(err)
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	s.moveTo(next)
	return nil
}

// stands asserts before writing that the file is where the store believes it is.
func (s *Store) stands(tx *bbolt.Tx, at place) error {
	found, err := readHead(tx, s.layout.about)
	if err != nil {
		return err
	}
	if found != at || indexLag(tx, at.seq) {
		return fmt.Errorf("the file stands at fact %d, its index at %d, the store at %d", found.seq, readApplied(tx), at.seq)
	}
	return nil
}

// readBack asserts after writing that the last record can be read as it was written.
func (s *Store) readBack(rec record.Record) error {
	return s.view(func(tx *bbolt.Tx) error {
		if !bytes.Equal(tx.Bucket(bucketFacts).Get(sequenceKey(rec.Seq)), rec.Bytes()) {
			return fmt.Errorf("fact %d is not in the file after its commit", rec.Seq)
		}
		return nil
	})
}

// put writes facts, and what the index says of them, into a transaction.
func put(tx *bbolt.Tx, facts []journal.Fact, records []record.Record) error {
	bucket := tx.Bucket(bucketFacts)
	bucket.FillPercent = fillPercent
	for _, rec := range records {
		if err := bucket.Put(sequenceKey(rec.Seq), rec.Bytes()); err != nil {
			return fmt.Errorf("put record %d: %w", rec.Seq, err)
		}
	}
	return apply(tx, facts)
}

// Reopen closes the file, opens it again and reads what is really there (R9):
// after it, [Store.Head] and [Store.Fold] tell the truth, whatever a failed commit
// left behind, and writing is allowed again. Readers wait meanwhile. On any error
// writing stays forbidden; the caller should leave a note and exit.
func (s *Store) Reopen(ctx context.Context) error {
	if err := s.do(ctx, s.reopen); err != nil {
		return fmt.Errorf("reopen journal %s: %w", s.options.Path, err)
	}
	return nil
}

func (s *Store) reopen() error {
	known := s.at()
	// From here on a backup gives up, so that the readers end soon.
	s.setBroken(errReopening)
	lag, err := s.load()
	if err == nil {
		s.setBroken(nil)
		err = s.settle(lag)
	}
	if err == nil {
		err = s.holds(known)
	}
	if err != nil {
		s.setBroken(err)
		// What was acknowledged is not forgotten: the next try must find it too.
		s.moveTo(known)
	}
	return err
}

var errReopening = errors.New("it is being reopened")

// holds asserts that every fact that was acknowledged is still there.
func (s *Store) holds(known place) error {
	return s.in(known.seq, func(tx *bbolt.Tx, about identity, _ uint64) error {
		rec, err := readRecord(tx, known.seq)
		if err == nil && (rec.Hash != known.hash || about.epochAt(known.seq) != known.epoch) {
			err = errors.New("it is another fact")
		}
		if err != nil {
			return fmt.Errorf("fact %d was acknowledged and is gone: %w: %s", known.seq, err, advice)
		}
		return nil
	})
}
