package storage

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// Rebuild makes a fresh file of the facts of a copy: its indexes are made anew,
// its pages packed. What lies beside the journal and is sound comes along. A bad
// record, and a file at the new path, are refused; the copy is only read.
func Rebuild(from, to string) (Report, error) {
	report, err := rebuildFile(from, to)
	if err != nil {
		return Report{}, fmt.Errorf("rebuild %s into %s: %w", from, to, errors.Join(err, removeIfPresent(to+newSuffix)))
	}
	return report, nil
}

func rebuildFile(from, to string) (Report, error) {
	if present(to) {
		return Report{}, errors.New("it is there already, and a rebuild never overwrites")
	}
	file, reader, err := openCopy(from)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = file.Close() }()
	_, err = reader.readMetas()
	if err != nil {
		return Report{}, err
	}
	buckets, err := reader.buckets()
	if err != nil {
		return Report{}, err
	}
	if err := removeIfPresent(to + newSuffix); err != nil {
		return Report{}, err
	}
	if err := guard(func() error { return refill(reader, buckets, to+newSuffix) }); err != nil {
		return Report{}, asFull(err)
	}
	report, err := Verify(to + newSuffix)
	if err == nil {
		err = report.Err()
	}
	if err == nil {
		err = os.Rename(to+newSuffix, to)
	}
	if err != nil {
		return Report{}, err
	}
	return report, syncFolder(to)
}

// refill writes the facts of one file into another, thousands to a transaction,
// then the index.
func refill(reader *pageReader, buckets map[string][]byte, path string) error {
	about, err := examineIdentity(reader, buckets)
	if err != nil {
		return err
	}
	db, err := bbolt.Open(path, fileMode, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	about.schema = schemaVersion
	target := &refilling{db: db, about: about}
	err = db.Update(func(tx *bbolt.Tx) error { return begin(tx, about) })
	if err == nil {
		err = target.copyAll(reader, buckets)
	}
	if err == nil {
		err = rebuildIndex(context.Background(), db.Update, about, target.at.seq)
	}
	if err == nil {
		err = db.Sync()
	}
	return errors.Join(err, db.Close())
}

// A refilling is a file that is being filled with sound values.
type refilling struct {
	db      *bbolt.DB
	about   identity
	at      place
	waiting [][3][]byte // bucket, key, value
}

func (r *refilling) copyAll(reader *pageReader, buckets map[string][]byte) error {
	r.at = r.about.start()
	err := reader.walkBucket(buckets[string(bucketFacts)], func(key, value []byte) error {
		next, _, err := examineRecord(r.about, r.at, key, value)
		if err != nil {
			return err
		}
		r.at = next
		return r.put(bucketFacts, key, value)
	})
	if err == nil && buckets[string(bucketCarried)] != nil {
		err = reader.walkBucket(buckets[string(bucketCarried)], func(key, value []byte) error {
			if _, err := decodeAt(key, value); err != nil {
				return err
			}
			return r.put(bucketCarried, key, value)
		})
	}
	if err != nil {
		return err
	}
	besides := reader.walkBucket(buckets[string(bucketBeside)], func(key, value []byte) error {
		if _, sound := besideValue(key, value); !sound {
			return nil
		}
		return r.put(bucketBeside, key, value)
	})
	// Broken pages of what may be lost cost what is behind them, and no fact.
	var shape shapeError
	if besides != nil && !errors.As(besides, &shape) {
		return besides
	}
	return r.flush()
}

func (r *refilling) put(bucket, key, value []byte) error {
	r.waiting = append(r.waiting, [3][]byte{bucket, append([]byte{}, key...), append([]byte{}, value...)})
	if len(r.waiting) < rebuildRecords {
		return nil
	}
	return r.flush()
}

func (r *refilling) flush() error {
	err := r.db.Update(func(tx *bbolt.Tx) error {
		for _, each := range r.waiting {
			if err := tx.Bucket(each[0]).Put(each[1], each[2]); err != nil {
				return err
			}
		}
		return nil
	})
	r.waiting = r.waiting[:0]
	return err
}
