package storage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// indexVersion counts changes to what the index says; another one in the file
// makes it anew.
const indexVersion = 2

// rebuildRecords go into one transaction of a rebuild (49,000 sales a second were
// measured with it).
const rebuildRecords = 2000

// The keys of bucketIndex. The ids of facts grow with time, and the rest sorts
// behind them: so what a commit changes lies on one page, the last.
const (
	prefixID      = 'f' // f, fact id, sequence number → nothing
	prefixOwed    = 'o' // o, fact id → sequence number of a fact that is owed a live call
	prefixReceipt = 'r' // r, receipt number, 8 bytes, sequence number of the sale_paid → nothing
	prefixSale    = 's' // s, sale id, sequence number of its sale_paid or one of its papers → nothing
)

var (
	keyApplied = []byte("z/applied") // sequence number of the last fact in the index
	keyVersion = []byte("z/version") // indexVersion, one byte
)

func idKey(id ident.ID, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte{prefixID}, id...), seq)
}

func receiptKey(receipt int64, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte{prefixReceipt}, uint64(receipt)), seq)
}

func saleKey(id ident.ID, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte{prefixSale}, id...), seq)
}

func owedKey(id ident.ID) []byte { return append([]byte{prefixOwed}, id...) }

// createIndex makes an index of what stands in front of the file's first fact,
// replacing any there is.
func createIndex(tx *bbolt.Tx, about identity) error {
	if tx.Bucket(bucketIndex) != nil {
		if err := tx.DeleteBucket(bucketIndex); err != nil {
			return err
		}
	}
	index, err := tx.CreateBucket(bucketIndex)
	if err != nil {
		return err
	}
	if err := errors.Join(index.Put(keyApplied, sequenceKey(about.first-1)), index.Put(keyVersion, []byte{indexVersion})); err != nil {
		return err
	}
	if tx.Bucket(bucketCarried) == nil {
		return nil
	}
	return tx.Bucket(bucketCarried).ForEach(func(key, value []byte) error {
		rec, err := decodeAt(key, value)
		if err != nil {
			return err
		}
		return index.Put(owedKey(rec.ID), sequenceKey(rec.Seq))
	})
}

// apply tells the index of facts that follow on those it knows.
func apply(tx *bbolt.Tx, facts []journal.Fact) error {
	index := tx.Bucket(bucketIndex)
	index.FillPercent = fillPercent
	for _, fact := range facts {
		if err := applyOne(index, fact); err != nil {
			return fmt.Errorf("index fact %d: %w", fact.Seq, err)
		}
	}
	return index.Put(keyApplied, sequenceKey(facts[len(facts)-1].Seq))
}

// ledger is the part of a bucket that the index needs.
type ledger interface {
	Put(key, value []byte) error
	Delete(key []byte) error
}

// applyOne holds what is owed a live call: a decision until central has
// acknowledged it or a person has taken it over, a session's opening for good,
// since that it was sent is no fact.
func applyOne(index ledger, fact journal.Fact) error {
	if err := index.Put(idKey(fact.ID, fact.Seq), nil); err != nil {
		return err
	}
	switch body := fact.Body.(type) {
	case journal.SessionOpen, journal.Confirmation, journal.Reversal:
		return index.Put(owedKey(fact.ID), sequenceKey(fact.Seq))
	case journal.PaymentConfirmed:
		return index.Delete(owedKey(body.Decision))
	case journal.PaymentReversed:
		return index.Delete(owedKey(body.Decision))
	case journal.PaymentManual:
		return index.Delete(owedKey(body.Decision))
	case journal.SalePaid:
		return errors.Join(index.Put(receiptKey(body.Receipt, fact.Seq), nil), index.Put(saleKey(body.SaleID, fact.Seq), nil))
	case journal.PrintJob:
		if body.SaleID != "" {
			return index.Put(saleKey(body.SaleID, fact.Seq), nil)
		}
	}
	return nil
}

// owesCall says whether applyOne counts facts of a kind as owed.
func owesCall(kind journal.Kind) bool {
	switch kind {
	case journal.SessionOpen{}.Kind(), journal.Confirmation{}.Kind(), journal.Reversal{}.Kind():
		return true
	}
	return false
}

// indexLag says whether the index is missing, another program's, or not at seq.
func indexLag(tx *bbolt.Tx, seq uint64) bool {
	index := tx.Bucket(bucketIndex)
	return index == nil || !bytes.Equal(index.Get(keyVersion), []byte{indexVersion}) || readApplied(tx) != seq
}

// readApplied answers how far the index goes; 0 is nowhere.
func readApplied(tx *bbolt.Tx) uint64 {
	index := tx.Bucket(bucketIndex)
	if index == nil {
		return 0
	}
	value := index.Get(keyApplied)
	if len(value) != len(sequenceKey(0)) {
		return 0
	}
	return binary.BigEndian.Uint64(value)
}

// RebuildIndexes makes the indexes anew from the facts, some thousands to a
// transaction; a kill in between is noticed at the next start. Once it has begun,
// any error and the end of ctx too are [ErrBroken]: reopening begins again.
func (s *Store) RebuildIndexes(ctx context.Context) error {
	return s.do(ctx, func() error { return s.rebuild(ctx) })
}

// rebuild runs in the writer goroutine, or before it starts.
func (s *Store) rebuild(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("rebuild indexes: %w", err)
	}
	if err := rebuildIndex(ctx, s.update, s.layout.about, s.at().seq); err != nil {
		s.setBroken(err)
		return fmt.Errorf("rebuild indexes: %w: %v", ErrBroken, err)
	}
	return nil
}

// rebuildIndex makes the index of one file anew, up to the fact numbered head.
func rebuildIndex(ctx context.Context, update func(func(*bbolt.Tx) error) error, about identity, head uint64) error {
	at := about.start()
	err := update(func(tx *bbolt.Tx) error { return createIndex(tx, about) })
	for err == nil && at.seq < head {
		if err = ctx.Err(); err == nil {
			err = update(func(tx *bbolt.Tx) (err error) {
				at, err = reapply(tx, about, at, head)
				return err
			})
		}
	}
	if err != nil {
		return fmt.Errorf("from fact %d: %w", at.seq+1, err)
	}
	return nil
}

// reapply indexes the next records of the file.
func reapply(tx *bbolt.Tx, about identity, at place, head uint64) (place, error) {
	var facts []journal.Fact
	for at.seq < head && len(facts) < rebuildRecords {
		next, rec, err := step(tx, about, at)
		if err != nil {
			return at, err
		}
		fact, err := record.Fact(rec)
		if err != nil {
			return at, err
		}
		facts, at = append(facts, fact), next
	}
	return at, apply(tx, facts)
}

// currentIndex refuses an index that a rebuild is still filling.
func currentIndex(tx *bbolt.Tx) (*bbolt.Cursor, error) {
	last, err := lastSeq(tx)
	if err != nil {
		return nil, err
	}
	if indexLag(tx, last) {
		return nil, errors.New("the indexes are being made anew")
	}
	return tx.Bucket(bucketIndex).Cursor(), nil
}

// Live answers the facts that are owed a live call, in order: confirmations and
// reversals that no payment_confirmed, payment_reversed or payment_manual names,
// and openings of sessions that [Store.MarkSent] was not called for. Those of
// older files are among them.
func (s *Store) Live() ([]record.Record, error) {
	var records []record.Record
	err := s.view(func(tx *bbolt.Tx) (err error) {
		records, err = readOwed(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read facts that are owed a call: %w", err)
	}
	return records, nil
}

// readOwed reads what a file says is owed a live call, in order.
func readOwed(tx *bbolt.Tx) ([]record.Record, error) {
	cursor, err := currentIndex(tx)
	if err != nil {
		return nil, err
	}
	var records []record.Record
	for key, value := cursor.Seek([]byte{prefixOwed}); bytes.HasPrefix(key, []byte{prefixOwed}); key, value = cursor.Next() {
		if len(value) != len(sequenceKey(0)) || isSent(tx, ident.ID(key[1:])) {
			continue
		}
		bucket := tx.Bucket(bucketFacts)
		if carried := tx.Bucket(bucketCarried); carried != nil && carried.Get(value) != nil {
			bucket = carried
		}
		rec, err := readFrom(bucket, binary.BigEndian.Uint64(value))
		if err != nil {
			return nil, err
		}
		records = append(records, rec)
	}
	slices.SortFunc(records, func(a, b record.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return records, nil
}

// numbersUnder answers the sequence numbers that end the index's keys of one
// prefix, at most limit of them.
func numbersUnder(tx *bbolt.Tx, prefix []byte, limit int) ([]uint64, error) {
	cursor, err := currentIndex(tx)
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix) && len(numbers) < limit; key, _ = cursor.Next() {
		if len(key) == len(prefix)+len(sequenceKey(0)) {
			numbers = append(numbers, binary.BigEndian.Uint64(key[len(prefix):]))
		}
	}
	return numbers, nil
}
