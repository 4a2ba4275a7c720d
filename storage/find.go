package storage

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// findFactsMax bounds what is read for one sale or id in one file: an order, its
// tenders, and more copies of a paper than anybody asks for.
const findFactsMax = 256

// ByID answers the facts with that id, in order and of all files; none is no
// error. An id may have several: the opening and the end of one session share theirs.
func (s *Store) ByID(id ident.ID) ([]record.Record, error) {
	records, err := s.byIDs(id)
	if err != nil {
		return nil, fmt.Errorf("read facts %s: %w", id, err)
	}
	return records, nil
}

// byIDs looks for several ids in one pass over the files.
func (s *Store) byIDs(ids ...ident.ID) ([]record.Record, error) {
	prefixes := [][]byte{}
	for _, id := range ids {
		prefixes = append(prefixes, append([]byte{prefixID}, id...))
	}
	return s.indexed(prefixes)
}

// indexed reads the records that the index names under any of some prefixes.
func (s *Store) indexed(prefixes [][]byte) ([]record.Record, error) {
	var records []record.Record
	err := s.inEach(func(tx *bbolt.Tx) (bool, error) {
		for _, prefix := range prefixes {
			numbers, err := numbersUnder(tx, prefix, findFactsMax)
			if err != nil {
				return false, err
			}
			for _, number := range numbers {
				rec, err := readRecord(tx, number)
				if err != nil {
					return false, err
				}
				records = append(records, rec)
			}
		}
		return false, nil
	})
	slices.SortFunc(records, func(a, b record.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return slices.CompactFunc(records, func(a, b record.Record) bool { return a.Seq == b.Seq }), err
}

// FindReceipt answers the facts of the sale with a receipt number, as
// [Store.FindSale] does. Of several sales, which a restored journal may have, it
// is the youngest.
func (s *Store) FindReceipt(receipt int64) ([]journal.Fact, error) {
	var sale ident.ID
	prefix := binary.BigEndian.AppendUint64([]byte{prefixReceipt}, uint64(receipt))
	err := s.inEach(func(tx *bbolt.Tx) (bool, error) {
		numbers, err := numbersUnder(tx, prefix, findFactsMax)
		if err != nil || len(numbers) == 0 {
			return false, err
		}
		rec, err := readRecord(tx, numbers[len(numbers)-1])
		if err != nil {
			return false, err
		}
		fact, err := record.Fact(rec)
		if paid, ok := fact.Body.(journal.SalePaid); ok {
			sale = paid.SaleID
		}
		return true, err
	})
	if err != nil {
		return nil, fmt.Errorf("find receipt %d: %w", receipt, err)
	}
	if sale == "" {
		return nil, nil
	}
	return s.FindSale(sale)
}

// FindSale answers what a refund or a reprint needs of a paid sale, in order and
// from all files: its order, its payments, the sale_paid and the papers asked for.
// None is no error: there is no such sale, or it was not paid.
func (s *Store) FindSale(id ident.ID) ([]journal.Fact, error) {
	facts, err := s.findSale(id)
	if err != nil {
		return nil, fmt.Errorf("find sale %s: %w", id, err)
	}
	return facts, nil
}

func (s *Store) findSale(id ident.ID) ([]journal.Fact, error) {
	records, err := s.indexed([][]byte{append([]byte{prefixSale}, id...)})
	if err != nil {
		return nil, err
	}
	about, err := factsOf(records)
	if err != nil {
		return nil, err
	}
	var ids []ident.ID
	for _, fact := range about {
		if paid, ok := fact.Body.(journal.SalePaid); ok {
			ids = append(ids, paid.OrderID)
			for _, tender := range paid.Tenders {
				ids = append(ids, tender.PaymentID)
			}
		}
	}
	if ids == nil {
		return nil, nil
	}
	records, err = s.byIDs(ids...)
	if err != nil {
		return nil, err
	}
	parts, err := factsOf(records)
	if err != nil {
		return nil, err
	}
	about = append(about, parts...)
	slices.SortFunc(about, func(a, b journal.Fact) int { return cmp.Compare(a.Seq, b.Seq) })
	return slices.CompactFunc(about, func(a, b journal.Fact) bool { return a.Seq == b.Seq }), nil
}
