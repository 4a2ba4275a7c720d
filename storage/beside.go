package storage

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"

	"balcao/terminal/ident"
)

// Limits of what lies beside the journal: schedules and signatures, no documents.
const (
	// BesideKeyBytesMax has room for a folder, two ids and a word.
	BesideKeyBytesMax = 128
	// BesideValueBytesMax has room for a schedule of a few hundred entries.
	BesideValueBytesMax = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumBytes stand before a value: CRC32C of key and value. A watermark that was
// read wrong would keep facts from ever being sent; one that is lost costs a resend.
const sumBytes = 4

func besideSum(key, value []byte) []byte {
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
	return binary.BigEndian.AppendUint32(nil, sum)
}

// besideValue answers the value without its sum, or false when that does not hold.
func besideValue(key, stored []byte) ([]byte, bool) {
	if len(stored) < sumBytes || string(besideSum(key, stored[sumBytes:])) != string(stored[:sumBytes]) {
		return nil, false
	}
	return stored[sumBytes:], true
}

// Beside answers what was last set under a key. A value that cannot be trusted
// counts as lost, as do all when a backup is restored.
func (s *Store) Beside(key string) (value []byte, found bool, err error) {
	damaged := false
	err = s.view(func(tx *bbolt.Tx) error {
		stored := tx.Bucket(bucketBeside).Get([]byte(key))
		if stored == nil {
			return nil
		}
		kept, sound := besideValue([]byte(key), stored)
		value, found, damaged = append([]byte{}, kept...), sound, !sound
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("read %s beside the journal: %w", key, err)
	}
	if damaged {
		s.options.Log.Warn("a value beside the journal is damaged and counts as lost", "key", key)
		return nil, false, nil
	}
	return value, found, nil
}

// SetBeside writes values in one transaction and deletes those that are nil; an
// empty one is kept. The errors are those of [Store.Commit].
func (s *Store) SetBeside(ctx context.Context, values map[string][]byte) error {
	for key, value := range values {
		if key == "" || len(key) > BesideKeyBytesMax || len(value) > BesideValueBytesMax {
			return fmt.Errorf("set %.*q beside the journal: key of %d bytes and value of %d, at most %d and %d",
				BesideKeyBytesMax, key, len(key), len(value), BesideKeyBytesMax, BesideValueBytesMax)
		}
	}
	err := s.do(ctx, func() error {
		return s.update(func(tx *bbolt.Tx) error { return setBeside(tx, values) })
	})
	if err != nil {
		return fmt.Errorf("set %d values beside the journal: %w", len(values), err)
	}
	return nil
}

func setBeside(tx *bbolt.Tx, values map[string][]byte) error {
	bucket := tx.Bucket(bucketBeside)
	for name, value := range values {
		key := []byte(name)
		if value == nil {
			if err := bucket.Delete(key); err != nil {
				return err
			}
			continue
		}
		if err := bucket.Put(key, append(besideSum(key, value), value...)); err != nil {
			return err
		}
	}
	return nil
}

// sentKey is where it lies that a session's opening was sent.
func sentKey(id ident.ID) string { return "sent/" + string(id) }

// MarkSent notes that central has answered the live call of a session's opening,
// so that [Store.Live] leaves it out.
func (s *Store) MarkSent(ctx context.Context, id ident.ID) error {
	return s.SetBeside(ctx, map[string][]byte{sentKey(id): {}})
}

func isSent(tx *bbolt.Tx, id ident.ID) bool {
	key := []byte(sentKey(id))
	stored := tx.Bucket(bucketBeside).Get(key)
	_, sound := besideValue(key, stored)
	return sound
}
