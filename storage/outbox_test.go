package storage_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"balcao/storage"
	"balcao/storage/record"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

func TestRecordsAreBatchesOfTheContract(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	commit(t, store, lines(1, 9))
	epoch, err := record.ParseEpoch(store.Epoch())
	require.NoError(t, err)

	previous, next := record.Hash{}, uint64(1)
	for next <= headOf(store) {
		records, before, err := store.Records(next, 3, 1<<20)
		require.NoError(t, err)
		require.Equal(t, previous, before)
		require.LessOrEqual(t, len(records), 3)
		for _, rec := range records {
			require.Equal(t, next, rec.Seq)
			require.NoError(t, rec.Follows(previous, epoch))
			previous, next = rec.Hash, next+1
		}
	}
	seq, hash := store.Head()
	require.Equal(t, seq, next-1)
	require.Equal(t, hash, previous)

	records, before, err := store.Records(next, 3, 1<<20)
	require.NoError(t, err)
	require.Empty(t, records)
	require.Equal(t, hash, before)
	for _, beyond := range []uint64{0, next + 1} {
		_, _, err = store.Records(beyond, 3, 1<<20)
		require.ErrorContains(t, err, "the journal holds 1 to 10")
	}
}

func TestABatchHasAtLeastOneRecordHoweverLarge(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	commit(t, store, lines(1, 5))
	records, _, err := store.Records(2, 50, 1)
	require.NoError(t, err)
	require.Len(t, records, 1)
	two := len(record.WireJSON(records[0])) * 5 / 2
	records, _, err = store.Records(2, 50, two)
	require.NoError(t, err)
	require.Len(t, records, 2)
}

// owed answers the numbers of the facts that wait for a live call.
func owed(t testing.TB, store *storage.Store) []uint64 {
	t.Helper()
	records, err := store.Live()
	require.NoError(t, err)
	numbers := []uint64{}
	for _, rec := range records {
		numbers = append(numbers, rec.Seq)
	}
	return numbers
}

func TestI8_ADecisionIsOwedACallUntilItIsAcknowledgedByItsOwnID(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, follow(store,
		journal.SessionOpen{OperatorID: "1"},         // 2
		journal.Confirmation{PaymentID: id(100)},     // 3
		journal.Reversal{PaymentID: id(101)},         // 4
		journal.Confirmation{PaymentID: id(102)},     // 5
		journal.Payment{OrderID: id(103)},            // 6
		journal.CashMovement{SessionID: id(2)},       // 7
		journal.Reversal{PaymentID: id(104)},         // 8
		journal.SessionOpen{OperatorID: "2"},         // 9
		journal.Confirmation{PaymentID: id(105)},     // 10
		journal.PaymentConfirmed{Decision: id(1000)}, // 11: nobody's
	))
	require.Equal(t, []uint64{2, 3, 4, 5, 8, 9, 10}, owed(t, store))
	commit(t, store, follow(store, journal.PaymentConfirmed{PaymentID: id(100), Decision: id(3)}))
	commit(t, store, follow(store, journal.PaymentReversed{PaymentID: id(101), Decision: id(4)}, journal.PaymentManual{PaymentID: id(102), Decision: id(5)}))
	require.Equal(t, []uint64{2, 8, 9, 10}, owed(t, store))
	require.NoError(t, store.MarkSent(t.Context(), id(2)))
	require.Equal(t, []uint64{8, 9, 10}, owed(t, store))

	require.NoError(t, store.RebuildIndexes(t.Context()))
	require.Equal(t, []uint64{8, 9, 10}, owed(t, store))
	require.NoError(t, store.Close())
	store = open(t, options)
	require.Equal(t, []uint64{8, 9, 10}, owed(t, store))
	require.NoError(t, store.Close())
	requireSound(t, options.Path)
}

func TestADecisionAndItsAcknowledgementInOneBatchOweNothing(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	commit(t, store, follow(store, journal.Confirmation{PaymentID: id(100)}, journal.PaymentConfirmed{PaymentID: id(100), Decision: id(2)}))
	require.Empty(t, owed(t, store))
}

func TestFactsAreFoundByTheirID(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	batch := follow(store, journal.SessionOpen{OperatorID: "1"}, journal.LoginRefused{OperatorID: "1"}, journal.OperatorLogout{OperatorID: "1"})
	batch.Facts[2].ID = batch.Facts[0].ID
	commit(t, store, batch)
	numbers := func(id ident.ID) []uint64 {
		records, err := store.ByID(id)
		require.NoError(t, err)
		found := []uint64{}
		for _, rec := range records {
			require.Equal(t, id, rec.ID)
			found = append(found, rec.Seq)
		}
		return found
	}
	require.Equal(t, []uint64{2, 4}, numbers(batch.Facts[0].ID))
	require.Equal(t, []uint64{3}, numbers(batch.Facts[1].ID))
	require.Empty(t, numbers(id(5000)))
	for _, part := range []ident.ID{"", "0", batch.Facts[0].ID[:25]} {
		require.Empty(t, numbers(part), "a part of an id is none")
	}
}

func TestWhatLiesBesideTheJournalIsKeptUntilItIsDeleted(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	get := func(key string) any {
		value, found, err := store.Beside(key)
		require.NoError(t, err)
		if !found {
			return nil
		}
		return string(value)
	}
	require.Nil(t, get("outbox/acked"))
	require.NoError(t, store.SetBeside(t.Context(), map[string][]byte{"outbox/acked": []byte("17"), "empty": {}}))
	require.Equal(t, "17", get("outbox/acked"))
	require.Equal(t, "", get("empty"))
	require.NoError(t, store.Close())
	store = open(t, options)
	require.NoError(t, store.SetBeside(t.Context(), map[string][]byte{"outbox/acked": []byte("18"), "empty": nil, "absent": nil}))
	require.Equal(t, "18", get("outbox/acked"))
	require.Nil(t, get("empty"))

	for name, values := range map[string]map[string][]byte{
		"no key":         {"": {}},
		"key too long":   {strings.Repeat("k", storage.BesideKeyBytesMax+1): {}},
		"value too long": {"k": make([]byte, storage.BesideValueBytesMax+1)},
	} {
		require.ErrorContains(t, store.SetBeside(t.Context(), values), "at most", name)
	}
	require.NoError(t, store.SetBeside(t.Context(), map[string][]byte{
		strings.Repeat("k", storage.BesideKeyBytesMax): make([]byte, storage.BesideValueBytesMax),
	}))
}

func TestADamagedValueBesideTheJournalCountsAsLost(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	require.NoError(t, store.SetBeside(t.Context(), map[string][]byte{"acked": []byte("17")}))
	require.NoError(t, store.Close())
	change(t, options.Path, func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte("beside"))
		return bucket.Put([]byte("acked"), append(bytes.Clone(bucket.Get([]byte("acked"))[:4]), "97"...))
	})
	report, err := storage.Verify(options.Path)
	require.NoError(t, err)
	require.Len(t, report.Problems, 1)
	require.Contains(t, report.Problems[0], "beside")
	store = open(t, options)
	_, found, err := store.Beside("acked")
	require.NoError(t, err)
	require.False(t, found)
}

// readIndex copies the index out of a closed file.
func readIndex(t testing.TB, path string) map[string]string {
	t.Helper()
	entries := map[string]string{}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	require.NoError(t, err)
	require.NoError(t, db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("index")).ForEach(func(key, value []byte) error {
			entries[string(key)] = string(value)
			return nil
		})
	}))
	require.NoError(t, db.Close())
	return entries
}

func TestTheIndexesAreMadeAnewFromTheFactsAlone(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	for range 33 {
		commit(t, store, follow(store, slices.Repeat([]journal.Body{journal.LoginRefused{OperatorID: "1"}}, journal.BatchMax)...))
	}
	commit(t, store, follow(store, journal.Confirmation{PaymentID: id(100)}, journal.Reversal{PaymentID: id(101)}, journal.SessionOpen{OperatorID: "1"}))
	commit(t, store, follow(store, journal.PaymentReversed{Decision: id(int(headOf(store)) - 1)}))
	head := headOf(store)
	waiting := []uint64{head - 3, head - 1}
	require.Greater(t, head, uint64(2000), "more than one transaction of a rebuild")
	require.NoError(t, store.Close())
	want := readIndex(t, options.Path)
	index := []byte("index")

	for name, damage := range map[string]func(tx *bbolt.Tx) error{
		"nothing":         func(*bbolt.Tx) error { return nil },
		"gone":            func(tx *bbolt.Tx) error { return tx.DeleteBucket(index) },
		"behind":          func(tx *bbolt.Tx) error { return tx.Bucket(index).Put([]byte("z/applied"), make([]byte, 8)) },
		"without a mark":  func(tx *bbolt.Tx) error { return tx.Bucket(index).Delete([]byte("z/applied")) },
		"another version": func(tx *bbolt.Tx) error { return tx.Bucket(index).Put([]byte("z/version"), []byte{9}) },
	} {
		t.Run(name, func(t *testing.T) {
			change(t, options.Path, damage)
			store := open(t, options)
			if name == "nothing" {
				require.NoError(t, store.RebuildIndexes(t.Context()))
			}
			require.Equal(t, waiting, owed(t, store))
			require.NoError(t, store.Close())
			require.Equal(t, want, readIndex(t, options.Path))
			requireSound(t, options.Path)
		})
	}
}
