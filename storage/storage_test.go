package storage_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"balcao/storage"
	"balcao/storage/record"
	"balcao/terminal/journal"
)

func TestANewJournalBeginsWithItsCheckpoint(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	facts := fold(t, store)
	require.Len(t, facts, 1)
	require.Equal(t, journal.Checkpoint{TerminalID: terminal, Epoch: store.Epoch(), Format: "balcao-journal-1", AppVersion: "1.0.0"}, facts[0].Body)
	require.True(t, opening.Equal(facts[0].At))
	require.Equal(t, id(0), facts[0].ID)
	_, err := record.ParseEpoch(store.Epoch())
	require.NoError(t, err)

	info, err := os.Stat(options.Path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(options.Path))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestWhatWasCommittedIsThereAfterARestart(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	epoch := store.Epoch()
	commit(t, store, lines(1, 3))
	commit(t, store, lines(4, journal.BatchMax))
	seq, hash := store.Head()
	require.EqualValues(t, 4+journal.BatchMax, seq)
	before := fold(t, store)
	require.NoError(t, store.Close())

	options.Entropy = iotest.ErrReader(errors.New("an epoch is made once"))
	store = open(t, options)
	again, hashAgain := store.Head()
	require.Equal(t, seq, again)
	require.Equal(t, hash, hashAgain)
	require.Equal(t, epoch, store.Epoch())
	require.Equal(t, before, fold(t, store))
	require.Equal(t, scanned(9).Body, before[8].Body)
}

func TestOptionsMustBeComplete(t *testing.T) {
	for name, drop := range map[string]func(*storage.Options){
		"path":     func(o *storage.Options) { o.Path = "" },
		"terminal": func(o *storage.Options) { o.TerminalID = "" },
		"clock":    func(o *storage.Options) { o.Now = nil },
		"ids":      func(o *storage.Options) { o.NewID = nil },
		"entropy":  func(o *storage.Options) { o.Entropy = nil },
		"log":      func(o *storage.Options) { o.Log = nil },
	} {
		options := optionsFor(newPath(t))
		drop(&options)
		_, err := storage.Open(options)
		require.ErrorContains(t, err, "needed", name)
	}
	_, err := storage.Open(optionsFor(filepath.Join(t.TempDir(), "missing", "balcao.db")))
	require.ErrorIs(t, err, os.ErrNotExist)
	options := optionsFor(newPath(t))
	options.Entropy = iotest.ErrReader(errors.New("no entropy"))
	_, err = storage.Open(options)
	require.ErrorContains(t, err, "no entropy")
	require.NoFileExists(t, options.Path)
}

func TestARefusedBatchLeavesTheJournalAsItWas(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	commit(t, store, lines(1, 2))
	seq, hash := store.Head()
	tooBig := follow(store, journal.OperatorLogout{OperatorID: strings.Repeat("x", record.PayloadBytesMax)})
	twoThenBad := follow(store, journal.LoginRefused{OperatorID: "1"}, journal.CashMovement{SessionID: id(1), Amount: 1 << 53})
	for name, batch := range map[string]journal.Batch{
		"I6: a gap":         lines(seq+1, 1),
		"I6: a repetition":  lines(seq-1, 1),
		"nothing":           {},
		"too many":          lines(seq, journal.BatchMax+1),
		"too large a fact":  tooBig,
		"a number too big":  twoThenBad,
		"a malformed id":    {Facts: []journal.Fact{{Seq: seq + 1, ID: "x", At: opening, Body: journal.LoginRefused{}}}},
		"no body":           {Facts: []journal.Fact{{Seq: seq + 1, ID: id(1), At: opening}}},
		"a gap in the rest": {Facts: []journal.Fact{scanned(seq + 1), scanned(seq + 3)}},
	} {
		err := store.Commit(t.Context(), batch)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, storage.ErrBroken, name)
		require.NotErrorIs(t, err, storage.ErrFull, name)
		again, hashAgain := store.Head()
		require.Equal(t, seq, again, name)
		require.Equal(t, hash, hashAgain, name)
	}
	commit(t, store, lines(seq, 1))
	require.Len(t, fold(t, store), int(seq)+1)
}

func TestAContextThatIsOverCommitsNothing(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		err := store.Commit(over, lines(headOf(store), 1))
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	require.ErrorIs(t, store.Fold(over, func(journal.Fact) error { return nil }), context.Canceled)
	require.ErrorIs(t, store.RebuildIndexes(over), context.Canceled)
	commit(t, store, lines(headOf(store), 1))
}

func TestAClosedJournalSaysSo(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	require.NoError(t, store.Close())
	require.NoError(t, store.Close())
	require.ErrorIs(t, store.Commit(t.Context(), lines(1, 1)), storage.ErrClosed)
	require.ErrorIs(t, store.SetBeside(t.Context(), map[string][]byte{"a": {}}), storage.ErrClosed)
	require.ErrorIs(t, store.Reopen(t.Context()), storage.ErrClosed)
	require.ErrorIs(t, store.Fold(t.Context(), func(journal.Fact) error { return nil }), storage.ErrClosed)
	_, err := store.Live()
	require.ErrorIs(t, err, storage.ErrClosed)
}

func TestASecondDaemonIsRefused(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	_, err := storage.Open(options)
	require.ErrorIs(t, err, storage.ErrInUse)
	require.ErrorContains(t, err, options.Path)
	_, err = storage.Verify(options.Path)
	require.ErrorIs(t, err, storage.ErrInUse)
	require.ErrorContains(t, err, "stop it first")
	require.ErrorIs(t, storage.Dump(options.Path, nil), storage.ErrInUse)
	commit(t, store, lines(1, 1))
}

func TestTwoFirstStartsAtOnceMakeOneJournal(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	var stores [8]*storage.Store
	var failed [8]error
	var wait sync.WaitGroup
	for i := range stores {
		wait.Go(func() { stores[i], failed[i] = storage.Open(options) })
	}
	wait.Wait()
	opened := 0
	for i, store := range stores {
		if failed[i] == nil {
			opened++
			require.NoError(t, store.Close())
			continue
		}
		require.ErrorIs(t, failed[i], storage.ErrInUse)
	}
	require.Equal(t, 1, opened)
	requireSound(t, options.Path)
}

func TestAnotherTerminalsJournalIsRefused(t *testing.T) {
	options := optionsFor(newPath(t))
	require.NoError(t, open(t, options).Close())
	options.TerminalID = "T-0002"
	_, err := storage.Open(options)
	require.ErrorContains(t, err, "belongs to terminal T-0001, this is T-0002")
	options.TerminalID = terminal
	require.NoError(t, open(t, options).Close(), "the refusal gave the lock back")
}

// change edits a closed file behind the store's back.
func change(t testing.TB, path string, edit func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	require.NoError(t, err)
	require.NoError(t, db.Update(edit))
	require.NoError(t, db.Close())
}

func TestALaterProgramsJournalIsRefusedWithAClearSentence(t *testing.T) {
	options := optionsFor(newPath(t))
	require.NoError(t, open(t, options).Close())
	change(t, options.Path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte("3")) })
	_, err := storage.Open(options)
	require.ErrorContains(t, err, "schema 3 was written by a later version of the program")
	report, err := storage.Verify(options.Path)
	require.NoError(t, err)
	require.False(t, report.OK())
	require.Contains(t, strings.Join(report.Problems, "\n"), "later version")
}

func TestFilesThatAreNoJournalAreRefusedAndKept(t *testing.T) {
	for name, content := range map[string]string{
		"empty":     "",
		"a text":    strings.Repeat("RECEIPT 0001\n", 1000),
		"two bytes": "PK",
	} {
		t.Run(name, func(t *testing.T) {
			options := optionsFor(newPath(t))
			require.NoError(t, os.WriteFile(options.Path, []byte(content), 0o600))
			_, err := storage.Open(options)
			require.ErrorContains(t, err, options.Path)
			require.ErrorContains(t, err, "restore the last backup")
			kept, err := os.ReadFile(options.Path)
			require.NoError(t, err)
			require.Equal(t, content, string(kept))
			report, err := storage.Verify(options.Path)
			require.NoError(t, err)
			require.False(t, report.OK())
			require.Error(t, storage.Dump(options.Path, nil))
		})
	}
	foreign := newPath(t)
	change(t, foreign, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("posts")); return err })
	_, err := storage.Open(optionsFor(foreign))
	require.ErrorContains(t, err, "not the journal of a till")
	report, err := storage.Verify(foreign)
	require.NoError(t, err)
	require.False(t, report.OK())
	_, err = storage.Verify(foreign + ".missing")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAHalfMadeFileOfACutStartIsRemoved(t *testing.T) {
	options := optionsFor(newPath(t))
	require.NoError(t, os.WriteFile(options.Path+".new", []byte("half"), 0o600))
	require.NoError(t, open(t, options).Close())
	require.NoFileExists(t, options.Path+".new")
	require.NoError(t, os.WriteFile(options.Path+".new", []byte("half"), 0o600))
	require.NoError(t, open(t, options).Close())
	require.NoFileExists(t, options.Path+".new")
}

func TestFoldStopsAtTheFunctionsOwnError(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	for range 20 {
		commit(t, store, lines(headOf(store), 30))
	}
	enough := errors.New("enough")
	seen := 0
	err := store.Fold(t.Context(), func(f journal.Fact) error {
		require.EqualValues(t, seen+1, f.Seq)
		if seen++; seen == 400 {
			return enough
		}
		return nil
	})
	require.Equal(t, enough, err)
	require.Equal(t, 400, seen)
}

func TestFoldMayCommitMeanwhile(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	commit(t, store, lines(1, 5))
	seen := 0
	require.NoError(t, store.Fold(t.Context(), func(journal.Fact) error {
		seen++
		return store.Commit(t.Context(), lines(headOf(store), 1))
	}))
	require.Equal(t, 6, seen, "as far as the head was when it began")
	require.EqualValues(t, 12, headOf(store))
}

func TestReadersAndWriterGoTogether(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	const commits = 60
	var wait sync.WaitGroup
	done := make(chan struct{})
	reader := func(read func() error) {
		wait.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					require.NoError(t, read())
				}
			}
		})
	}
	reader(func() error { return store.Fold(t.Context(), func(journal.Fact) error { return nil }) })
	reader(func() error { _, _, err := store.Records(1, 10, 1<<20); return err })
	reader(func() error { _, err := store.Live(); return err })
	reader(func() error { _, _, err := store.Beside("mark"); return err })
	reader(func() error { return store.SetBeside(t.Context(), map[string][]byte{"mark": []byte(store.Epoch())}) })
	for i := range commits {
		commit(t, store, lines(headOf(store), 1))
		if i%20 == 10 {
			require.NoError(t, store.Reopen(t.Context()))
		}
	}
	close(done)
	wait.Wait()
	require.NoError(t, store.Close())
	requireSound(t, options.Path)
}

func TestReopenNoticesThatAcknowledgedFactsAreGone(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, lines(1, 2))
	older := filepath.Join(t.TempDir(), "older.db")
	require.NoError(t, store.CopyTo(older))
	commit(t, store, lines(3, 2))
	require.NoError(t, os.Rename(older, options.Path))
	for range 2 {
		require.ErrorContains(t, store.Reopen(t.Context()), "fact 5 was acknowledged and is gone")
	}
	require.ErrorIs(t, store.Commit(t.Context(), lines(headOf(store), 1)), storage.ErrBroken)
}

func TestAJournalThatWasTakenAwayIsNotMadeAnew(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	require.NoError(t, os.Remove(options.Path))
	require.ErrorIs(t, store.Reopen(t.Context()), os.ErrNotExist)
	require.NoFileExists(t, options.Path)
	require.ErrorIs(t, store.Commit(t.Context(), lines(1, 1)), storage.ErrBroken)
	_, _, err := store.Records(1, 1, 1)
	require.ErrorIs(t, err, storage.ErrClosed)
}

func TestAPageThatVanishesIsAnErrorAndNoCrash(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	for range 5 {
		commit(t, store, lines(headOf(store), journal.BatchMax))
	}
	require.NoError(t, os.Truncate(options.Path, 3*4096))
	require.Error(t, store.Fold(t.Context(), func(journal.Fact) error { return nil }))
	require.ErrorIs(t, store.Commit(t.Context(), lines(headOf(store), 1)), storage.ErrBroken)
	require.ErrorContains(t, store.Reopen(t.Context()), "cut")
	_, err := storage.Open(options)
	require.ErrorContains(t, err, "the file is cut")
	require.ErrorContains(t, err, "restore the last backup")
}

func TestACopyIsTheFileAsItWas(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, lines(1, 10))
	copied := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, store.CopyTo(copied))
	commit(t, store, lines(11, 1))
	dump := requireSound(t, copied)
	require.Equal(t, 11, strings.Count(dump, "\n"))
	require.Error(t, store.CopyTo(filepath.Join(t.TempDir(), "missing", "copy.db")))
	info, err := os.Stat(copied)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	options.Path = copied
	require.EqualValues(t, 11, headOf(open(t, options)))
}
