package storage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"balcao/storage"
	"balcao/terminal/journal"
)

// aged is an open journal of three periods with debts.
func aged(t testing.TB) (*storage.Store, storage.Options) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, follow(store, journal.Confirmation{PaymentID: id(100)}))
	sold(t, store, 1)
	rotate(t, store)
	commit(t, store, follow(store, journal.Reversal{PaymentID: id(101)}))
	rotate(t, store)
	commit(t, store, lines(headOf(store), 2))
	return store, options
}

func restoreOptions() storage.RestoreOptions {
	options := optionsFor("")
	return storage.RestoreOptions{AppVersion: "1.0.1", Now: options.Now, Entropy: rand.NewChaCha8([32]byte{7}), Log: options.Log}
}

func TestABackupOfARunningTillIsTheWholeJournal(t *testing.T) {
	t.Parallel()
	store, options := aged(t)
	dir := filepath.Join(t.TempDir(), "backup")
	seq, hash := store.Head()
	note, err := store.Backup(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, seq, note.Last)
	require.Equal(t, hash.String(), note.Head)
	require.Equal(t, store.Epoch(), note.Epoch)
	require.Equal(t, terminal, note.Terminal)
	require.ElementsMatch(t, []string{"balcao.db", "balcao-0002.db", "balcao-0003.db", "balcao.db.periods", storage.BackupNoteName}, names(t, dir))
	commit(t, store, lines(headOf(store), 1))
	report := requireJournal(t, dir)
	require.Equal(t, seq, report.Last())

	_, err = store.Backup(t.Context(), dir)
	require.ErrorContains(t, err, "never overwrites")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	other := filepath.Join(t.TempDir(), "other")
	_, err = store.Backup(over, other)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, names(t, filepath.Dir(other)), "nothing is left of it")

	require.NoError(t, store.Close())
	_, err = storage.BackupStopped(t.Context(), filepath.Dir(options.Path), other, opening)
	require.NoError(t, err)
	requireJournal(t, other)
}

func TestABackupOfARunningTillIsRefusedToTheOfflineTool(t *testing.T) {
	store, options := aged(t)
	_, err := storage.BackupStopped(t.Context(), filepath.Dir(options.Path), filepath.Join(t.TempDir(), "b"), opening)
	require.ErrorIs(t, err, storage.ErrInUse)
	require.NoError(t, store.Close())
}

func TestARotationDoesNotWaitForABackup(t *testing.T) {
	t.Parallel()
	store, _ := aged(t)
	for range 20 {
		commit(t, store, lines(headOf(store), journal.BatchMax))
	}
	dir := filepath.Join(t.TempDir(), "backup")
	done := make(chan error, 1)
	go func() {
		_, err := store.Backup(t.Context(), dir)
		done <- err
	}()
	before := headOf(store)
	rotate(t, store)
	require.NoError(t, <-done)
	report := requireJournal(t, dir)
	require.Contains(t, []uint64{before, before + 1}, report.Last())
}

func TestBackupsAndRotationsGoTogether(t *testing.T) {
	t.Parallel()
	store, _ := aged(t)
	folder := t.TempDir()
	var wait sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		wait.Go(func() {
			// Four rotations at once are more than a backup bears.
			_, err := store.Backup(t.Context(), filepath.Join(folder, name))
			for err != nil {
				require.ErrorContains(t, err, "a new period begins")
				_, err = store.Backup(t.Context(), filepath.Join(folder, name))
			}
		})
	}
	for range 4 {
		commit(t, store, lines(headOf(store), 5))
		rotate(t, store)
	}
	wait.Wait()
	for _, name := range []string{"a", "b", "c"} {
		requireJournal(t, filepath.Join(folder, name))
	}
}

func TestARestoredJournalGoesOnFromTheLastFactWithANewEpoch(t *testing.T) {
	t.Parallel()
	store, options := aged(t)
	dir := filepath.Join(t.TempDir(), "backup")
	note, err := store.Backup(t.Context(), dir)
	require.NoError(t, err)
	epoch, waiting := store.Epoch(), owed(t, store)
	require.Equal(t, []uint64{2, 9}, waiting)
	commit(t, store, lines(headOf(store), 3))

	target := t.TempDir()
	restored, err := storage.Restore(t.Context(), dir, target, restoreOptions())
	require.NoError(t, err)
	require.Equal(t, note.Last+1, restored.Last)
	require.NotEqual(t, epoch, restored.Epoch)
	require.ElementsMatch(t, []string{"balcao.db", "balcao-0002.db", "balcao-0003.db", "balcao.db.periods"}, names(t, target))
	requireJournal(t, target)

	options.Path = filepath.Join(target, "balcao.db")
	again := open(t, options)
	require.Equal(t, restored.Epoch, again.Epoch())
	require.Equal(t, note.Last+1, headOf(again))
	require.Equal(t, waiting, owed(t, again))
	records, before, err := again.Records(note.Last+1, 1, 1)
	require.NoError(t, err)
	require.Equal(t, note.Head, before.String(), "the same chain")
	require.Equal(t, journal.Kind("checkpoint"), records[0].Kind)
	facts := fold(t, again)
	require.Equal(t, restored.Epoch, facts[len(facts)-1].Body.(journal.Checkpoint).Epoch, "a fold ends in the new epoch")
	commit(t, again, lines(headOf(again), 1))
	ours, _, err := again.Records(note.Last+2, 1, 1)
	require.NoError(t, err)
	theirs, _, err := store.Records(note.Last+2, 1, 1)
	require.NoError(t, err)
	require.NotEqual(t, ours[0].Hash, theirs[0].Hash)
	require.NoError(t, again.Close())

	_, err = storage.Restore(t.Context(), dir, target, restoreOptions())
	require.ErrorContains(t, err, "never overwrites")
	for _, left := range []string{"balcao.db", "balcao-0002.db", "balcao.db.periods", "balcao.db.new"} {
		busy := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(busy, left), nil, 0o600))
		_, err = storage.Restore(t.Context(), dir, busy, restoreOptions())
		require.ErrorContains(t, err, "never overwrites", left)
		require.Equal(t, []string{left}, names(t, busy))
	}
}

func TestADamagedBackupIsNotRestored(t *testing.T) {
	t.Parallel()
	store, _ := aged(t)
	dir := filepath.Join(t.TempDir(), "backup")
	_, err := store.Backup(t.Context(), dir)
	require.NoError(t, err)
	for name, damage := range map[string]func(dir string){
		"a flipped bit": func(dir string) {
			path := filepath.Join(dir, "balcao-0002.db")
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			data[len(data)-1] ^= 1
			require.NoError(t, os.WriteFile(path, data, 0o600))
		},
		"a file gone":    func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "balcao.db"))) },
		"no note":        func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, storage.BackupNoteName))) },
		"half a note":    func(dir string) { require.NoError(t, os.Truncate(filepath.Join(dir, storage.BackupNoteName), 90)) },
		"a lying note":   func(dir string) { rewrite(t, dir, func(note *storage.BackupNote) { note.Last++ }) },
		"a foreign note": func(dir string) { rewrite(t, dir, func(note *storage.BackupNote) { note.Files[0].Name = "../x.db" }) },
		"a later note":   func(dir string) { rewrite(t, dir, func(note *storage.BackupNote) { note.Format = "balcao-backup-2" }) },
	} {
		broken, target := copyFolder(t, dir), t.TempDir()
		damage(broken)
		_, err := storage.Restore(t.Context(), broken, target, restoreOptions())
		require.Error(t, err, name)
		require.Empty(t, names(t, target), name)
	}
}

func rewrite(t testing.TB, dir string, edit func(*storage.BackupNote)) {
	path := filepath.Join(dir, storage.BackupNoteName)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var note storage.BackupNote
	require.NoError(t, json.Unmarshal(data, &note))
	edit(&note)
	data, err = json.Marshal(note)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o600))
}

func TestAFileIsRebuiltFromItsFacts(t *testing.T) {
	t.Parallel()
	store, options := aged(t)
	require.NoError(t, store.SetBeside(t.Context(), map[string][]byte{"outbox/acked": []byte("4")}))
	require.NoError(t, store.Close())
	path := filepath.Join(filepath.Dir(options.Path), "balcao-0003.db")
	want := readIndex(t, path)
	sound := dumped(t, path)
	change(t, path, func(tx *bbolt.Tx) error {
		index := tx.Bucket([]byte("index"))
		return index.Put([]byte("o00000000000000000000000000"), []byte("nonsense"))
	})
	report, err := storage.Verify(path)
	require.NoError(t, err)
	require.Error(t, report.Err())

	fresh := path + ".rebuilt"
	report, err = storage.Rebuild(path, fresh)
	require.NoError(t, err)
	require.True(t, report.OK())
	require.Equal(t, want, readIndex(t, fresh))
	require.Equal(t, sound, dumped(t, fresh))
	_, err = storage.Rebuild(path, fresh)
	require.ErrorContains(t, err, "never overwrites")

	require.NoError(t, os.Rename(fresh, path))
	requireJournal(t, filepath.Dir(options.Path))
	store = open(t, options)
	require.Equal(t, []uint64{2, 9}, owed(t, store))
	acked, _, err := store.Beside("outbox/acked")
	require.NoError(t, err)
	require.Equal(t, "4", string(acked))
}

func TestABadRecordIsNotRebuilt(t *testing.T) {
	data := grown(t, 3)
	at := bytes.LastIndex(data, []byte(`"line_id":"9"`))
	require.Positive(t, at)
	data[at+3] ^= 1
	_, path := judge(t, data)
	_, err := storage.Rebuild(path, path+".rebuilt")
	require.ErrorContains(t, err, "record 9")
	require.Equal(t, []string{"balcao.db"}, names(t, filepath.Dir(path)))
}
