package storage_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"balcao/storage"
	"balcao/terminal/journal"
)

// oldJournal is a copy of what the last program of schema 1 wrote.
func oldJournal(t testing.TB, folder string) (storage.Options, string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "schema-1", "journal.db"))
	require.NoError(t, err)
	facts, err := os.ReadFile(filepath.Join("testdata", "schema-1", "facts.ndjson"))
	require.NoError(t, err)
	options := optionsFor(filepath.Join(folder, "journal.db"))
	require.NoError(t, os.WriteFile(options.Path, data, 0o600))
	return options, string(facts)
}

func TestAJournalOfTheVersionBeforeIsTheFirstPeriod(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	options, facts := oldJournal(t, folder)
	report, err := storage.VerifyJournal(folder)
	require.NoError(t, err)
	require.NoError(t, report.Err(), "as it is")
	require.Equal(t, 1, report.Periods[0].Schema)
	require.Equal(t, facts, dumped(t, options.Path))

	store := open(t, options)
	require.Equal(t, "6ae6783f4fbde91b", store.Epoch())
	seq, hash := store.Head()
	require.EqualValues(t, 10, seq)
	require.Equal(t, "b33a7ee636300767d9df6bdfa88e8f1de80f1e5b2e139b436e9d6561b4614742", hash.String())
	require.Equal(t, []uint64{2, 8}, owed(t, store))
	acked, found, err := store.Beside("outbox/acked")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "4", string(acked))
	sale, err := store.FindReceipt(1)
	require.NoError(t, err)
	require.Len(t, sale, 4, "order, payment, sale_paid, print_job")
	require.NoError(t, store.Close())
	require.Equal(t, facts, dumped(t, options.Path), "no fact was touched")

	kept, err := os.ReadFile(options.Path + ".schema-1")
	require.NoError(t, err)
	original, err := os.ReadFile(filepath.Join("testdata", "schema-1", "journal.db"))
	require.NoError(t, err)
	require.Equal(t, len(original), len(kept))
	report1, err := storage.Verify(options.Path + ".schema-1")
	require.NoError(t, err)
	require.NoError(t, report1.Err())
	require.Equal(t, 1, report1.Schema)

	require.NoError(t, os.Remove(options.Path+".schema-1"))
	store = open(t, options)
	require.NoFileExists(t, options.Path+".schema-1", "once")
	rotate(t, store)
	require.Equal(t, []uint64{2, 8}, owed(t, store))
	require.Len(t, everything(t, store), 11)
	require.NoError(t, store.Close())
	requireJournal(t, folder)
}

func TestWithoutRoomForACopyTheTillGoesOnInTheOldSchema(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, "256k")
	options, _ := oldJournal(t, folder)
	junk := filepath.Join(folder, "junk")
	// Room for a commit, and not for a copy.
	require.NoError(t, os.WriteFile(junk, make([]byte, freeOn(t, folder)-28<<10), 0o600))
	store := open(t, options)
	commit(t, store, follow(store, journal.LoginRefused{OperatorID: "1"}))
	require.ErrorIs(t, store.Rotate(t.Context(), checkpoint(headOf(store))), storage.ErrFull)
	require.NoError(t, store.Close())
	report, err := storage.Verify(options.Path)
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.Equal(t, 1, report.Schema)
	require.Equal(t, []string{"journal.db", "junk"}, names(t, folder))

	require.NoError(t, os.Remove(junk))
	store = open(t, options)
	rotate(t, store)
	require.NoError(t, store.Close())
	requireJournal(t, folder)
	require.FileExists(t, options.Path+".schema-1")
}

func TestASchema2FileThatLacksWhatItNeedsIsRefused(t *testing.T) {
	for name, damage := range map[string]func(tx *bbolt.Tx) error{
		"first":    func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Delete([]byte("first")) },
		"previous": func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("previous"), make([]byte, 31)) },
		"chain": func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("meta")).Put([]byte("previous"), append(make([]byte, 31), 1))
		},
		"begin":   func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("first"), []byte{7: 2}) },
		"zero":    func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("first"), make([]byte, 8)) },
		"carried": func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("carried")) },
	} {
		options := optionsFor(newPath(t))
		require.NoError(t, open(t, options).Close())
		change(t, options.Path, damage)
		_, err := storage.Open(options)
		require.Error(t, err, name)
		report, err := storage.Verify(options.Path)
		require.NoError(t, err)
		require.Error(t, report.Err(), name)
	}
}

func TestAKillDuringTheChangeOfSchemaLosesNothing(t *testing.T) {
	needStrace(t)
	t.Parallel()
	options, _ := oldJournal(t, t.TempDir())
	base, err := os.ReadFile(options.Path)
	require.NoError(t, err)
	runs := sweep(t, base, modeCreate, "signal=KILL", strings.Split(storageCalls, ","), func(path string, _ run) {
		report, err := storage.VerifyJournal(path)
		require.NoError(t, err)
		require.Nil(t, report.Periods[0].Bad)
		store := open(t, optionsFor(path))
		seq, hash := store.Head()
		require.EqualValues(t, 10, seq)
		require.Equal(t, "b33a7ee636300767d9df6bdfa88e8f1de80f1e5b2e139b436e9d6561b4614742", hash.String())
		require.NoError(t, store.Close())
		requireJournal(t, filepath.Dir(path))
	})
	t.Logf("%d kills", runs)
	require.Greater(t, runs, 8)
}
