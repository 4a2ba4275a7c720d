package storage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"balcao/storage"
	"balcao/storage/record"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/sale"
)

// checkpoint is the fact that begins a period behind the fact numbered last.
func checkpoint(last uint64) journal.Fact {
	return fact(last+1, journal.StateCheckpoint{Version: 3, State: json.RawMessage(fmt.Sprintf(`{"cart":null,"seq":%d}`, last))})
}

func rotate(t testing.TB, store *storage.Store) {
	t.Helper()
	require.NoError(t, store.Rotate(t.Context(), checkpoint(headOf(store))))
}

// requireJournal verifies a closed journal of several files.
func requireJournal(t testing.TB, folder string) storage.JournalReport {
	t.Helper()
	report, err := storage.VerifyJournal(folder)
	require.NoError(t, err)
	require.NoError(t, report.Err(), "%+v", report)
	return report
}

// everything reads all facts of all files as the stream does.
func everything(t testing.TB, store *storage.Store) []record.Record {
	t.Helper()
	var all []record.Record
	previous := record.Hash{}
	for next := uint64(1); next <= headOf(store); {
		records, before, err := store.Records(next, 3, 1<<20)
		require.NoError(t, err)
		require.NotEmpty(t, records)
		require.Equal(t, previous, before)
		all = append(all, records...)
		previous, next = records[len(records)-1].Hash, records[len(records)-1].Seq+1
	}
	return all
}

func TestANewPeriodGoesOnInNumberChainAndEpoch(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, lines(1, 4))
	epoch := store.Epoch()
	before, err := store.Period()
	require.NoError(t, err)
	require.Equal(t, "balcao.db", before.File)
	require.EqualValues(t, 1, before.First)
	require.True(t, opening.Equal(before.Began))
	rotate(t, store)
	commit(t, store, lines(headOf(store), 2))
	rotate(t, store)
	commit(t, store, lines(headOf(store), 1))
	require.EqualValues(t, 10, headOf(store))
	now, err := store.Period()
	require.NoError(t, err)
	require.Equal(t, "balcao-0003.db", now.File)
	require.EqualValues(t, 9, now.First)
	require.Equal(t, 3, now.Count)
	require.Positive(t, now.Bytes)

	look := func() {
		facts := fold(t, store)
		require.Len(t, facts, 2, "only the current file is folded")
		require.Equal(t, checkpoint(8).Body, facts[0].Body)
		require.EqualValues(t, 9, facts[0].Seq)
		all := everything(t, store)
		require.Len(t, all, 10)
		known, err := record.ParseEpoch(epoch)
		require.NoError(t, err)
		previous := record.Hash{}
		for i, rec := range all {
			require.EqualValues(t, i+1, rec.Seq)
			require.NoError(t, rec.Follows(previous, known))
			previous = rec.Hash
		}
		require.Equal(t, epoch, store.Epoch())
		spans, err := store.Epochs()
		require.NoError(t, err)
		require.Equal(t, []storage.EpochSpan{{Epoch: epoch, First: 1, Last: 10}}, spans)
		records, hash, err := store.Records(11, 5, 1<<20)
		require.NoError(t, err)
		require.Empty(t, records)
		require.Equal(t, previous, hash)
	}
	look()
	require.NoError(t, store.Reopen(t.Context()))
	look()
	require.NoError(t, store.Close())
	store = open(t, options)
	look()
	require.NoError(t, store.Close())
	report := requireJournal(t, filepath.Dir(options.Path))
	require.Len(t, report.Periods, 3)
	require.EqualValues(t, 10, report.Last())
	var dump strings.Builder
	require.NoError(t, storage.Dump(filepath.Dir(options.Path), &dump))
	require.Equal(t, 10, strings.Count(dump.String(), "\n"))
}

func TestI8_WhatIsOwedCrossesIntoTheNewPeriod(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, follow(store,
		journal.SessionOpen{OperatorID: "1"},     // 2
		journal.Confirmation{PaymentID: id(100)}, // 3
		journal.Reversal{PaymentID: id(101)},     // 4
		journal.SessionOpen{OperatorID: "2"},     // 5
		journal.Confirmation{PaymentID: id(102)}, // 6
	))
	require.NoError(t, store.MarkSent(t.Context(), id(5)))
	require.NoError(t, store.SetBeside(t.Context(), map[string][]byte{"outbox/acked": []byte("4")}))
	rotate(t, store)
	require.Equal(t, []uint64{2, 3, 4, 6}, owed(t, store))
	acked, found, err := store.Beside("outbox/acked")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "4", string(acked))

	commit(t, store, follow(store, journal.PaymentConfirmed{PaymentID: id(100), Decision: id(3)}, journal.Reversal{PaymentID: id(103)}))
	require.NoError(t, store.MarkSent(t.Context(), id(2)))
	require.Equal(t, []uint64{4, 6, 9}, owed(t, store))
	require.NoError(t, store.RebuildIndexes(t.Context()))
	require.Equal(t, []uint64{4, 6, 9}, owed(t, store), "an index that is made anew knows of them")
	rotate(t, store)
	require.Equal(t, []uint64{4, 6, 9}, owed(t, store), "twice over")
	require.NoError(t, store.Close())
	requireJournal(t, filepath.Dir(options.Path))

	require.NoError(t, os.Rename(options.Path, filepath.Join(t.TempDir(), "gone.db")))
	store = open(t, options)
	require.Equal(t, []uint64{4, 6, 9}, owed(t, store), "even when the file they came from is gone")
	_, _, err = store.Records(2, 1, 1)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestARotationThatDoesNotFollowIsRefused(t *testing.T) {
	store := open(t, optionsFor(newPath(t)))
	commit(t, store, lines(1, 2))
	require.ErrorContains(t, store.Rotate(t.Context(), scanned(4)), "want a state_checkpoint")
	require.ErrorContains(t, store.Rotate(t.Context(), checkpoint(5)), "follows 3")
	big := checkpoint(3)
	big.Body = journal.StateCheckpoint{Version: 1, State: json.RawMessage(`"` + strings.Repeat("x", record.PayloadBytesMax) + `"`)}
	require.ErrorContains(t, store.Rotate(t.Context(), big), "at most")
	require.NoFileExists(t, filepath.Join(filepath.Dir(newPath(t)), "balcao-0002.db"))
	commit(t, store, lines(3, 1))
}

// copyFolder copies what is on disk at a moment, as a kill would leave it.
func copyFolder(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

func TestAKillBetweenTheStepsOfARotationLeavesOneFileCurrent(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, follow(store, journal.Confirmation{PaymentID: id(100)}))
	rotate(t, store)
	commit(t, store, lines(headOf(store), 2))
	left := map[string]string{}
	store.AfterStep(func(step string) error {
		left[step] = copyFolder(t, filepath.Dir(options.Path))
		return nil
	})
	last := headOf(store)
	rotate(t, store)
	require.Len(t, left, len(storage.RotationSteps))
	for _, step := range storage.RotationSteps {
		after := options
		after.Path = filepath.Join(left[step], filepath.Base(options.Path))
		requireJournal(t, left[step])
		store := open(t, after)
		want, file := last, "balcao-0002.db"
		if step == "switched" {
			want, file = last+1, "balcao-0003.db"
		}
		require.Equal(t, want, headOf(store), step)
		period, err := store.Period()
		require.NoError(t, err)
		require.Equal(t, file, period.File, step)
		require.Equal(t, []uint64{2}, owed(t, store), step)
		commit(t, store, lines(headOf(store), 1))
		rotate(t, store)
		require.Len(t, everything(t, store), int(want)+2, step)
		require.NoError(t, store.Close())
		requireJournal(t, left[step])
		for _, name := range names(t, left[step]) {
			require.NotContains(t, name, ".new", step)
		}
	}
}

func names(t testing.TB, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	found := []string{}
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

func TestAFailureBetweenTheStepsIsACleanNoUpToTheSwitch(t *testing.T) {
	t.Parallel()
	for _, failing := range storage.RotationSteps {
		options := optionsFor(newPath(t))
		store := open(t, options)
		commit(t, store, lines(1, 2))
		cause := error(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
		store.AfterStep(func(step string) error {
			if step == failing {
				return cause
			}
			return nil
		})
		err := store.Rotate(t.Context(), checkpoint(3))
		store.AfterStep(nil)
		if failing == "switched" {
			require.ErrorIs(t, err, storage.ErrBroken)
			require.NotErrorIs(t, err, storage.ErrFull)
			require.ErrorIs(t, store.Commit(t.Context(), lines(3, 1)), storage.ErrBroken)
			require.NoError(t, store.Reopen(t.Context()), "and what was acknowledged lies in the older file")
			require.EqualValues(t, 4, headOf(store))
		} else {
			require.ErrorIs(t, err, storage.ErrFull, failing)
			require.NotErrorIs(t, err, storage.ErrBroken, failing)
			require.Equal(t, []string{"balcao.db"}, names(t, filepath.Dir(options.Path)), failing)
			require.EqualValues(t, 3, headOf(store))
			rotate(t, store)
		}
		commit(t, store, lines(4, 1))
		require.NoError(t, store.Close())
		requireJournal(t, filepath.Dir(options.Path))
	}
}

func TestI5_AKillAtAnySystemCallOfARotationLosesNothing(t *testing.T) {
	needStrace(t)
	t.Parallel()
	runs := sweep(t, baseFile(t), modeRotate, "signal=KILL", strings.Split(storageCalls, ","), func(path string, found run) {
		report, err := storage.VerifyJournal(path)
		require.NoError(t, err)
		require.NoError(t, report.Err(), "before anything mends it")
		requireNothingLost(t, path, found)
	})
	t.Logf("%d kills", runs)
	require.Greater(t, runs, 30)
}

func TestR9_AnIOErrorInARotationLosesNothing(t *testing.T) {
	needStrace(t)
	t.Parallel()
	for _, fault := range []string{"error=EIO", "error=ENOSPC"} {
		runs := sweep(t, baseFile(t), modeRotate, fault, strings.Split(storageCalls, ","), func(path string, found run) {
			require.False(t, found.killed)
			require.False(t, found.says("REOPEN"))
			requireNothingLost(t, path, found)
		})
		t.Logf("%d faults %s", runs, fault)
		require.Greater(t, runs, 20)
	}
}

// requireNothingLost opens what a child left and reads every fact of every file.
func requireNothingLost(t testing.TB, path string, found run) {
	t.Helper()
	store, err := storage.Open(optionsFor(path))
	require.NoError(t, err)
	require.GreaterOrEqual(t, headOf(store), found.acked)
	for i, rec := range everything(t, store) {
		require.EqualValues(t, i+1, rec.Seq)
	}
	require.NoError(t, store.Close())
	requireJournal(t, filepath.Dir(path))
}

func freeOn(t testing.TB, folder string) int {
	t.Helper()
	var room unix.Statfs_t
	require.NoError(t, unix.Statfs(folder, &room))
	return int(room.Bavail) * int(room.Bsize)
}

func TestARotationOnAFullDiskIsACleanNo(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, "1m")
	options := optionsFor(filepath.Join(folder, "balcao.db"))
	store := open(t, options)
	commit(t, store, lines(1, 2))
	junk := filepath.Join(folder, "junk")
	clean := 0
	// From no room at all to room for all but the list of periods.
	for spare := 0; spare <= 64<<10; spare += 4 << 10 {
		require.NoError(t, os.WriteFile(junk, nil, 0o600))
		require.NoError(t, os.WriteFile(junk, make([]byte, freeOn(t, folder)-spare), 0o600))
		err := store.Rotate(t.Context(), checkpoint(headOf(store)))
		if err == nil {
			break
		}
		clean++
		require.ErrorIs(t, err, storage.ErrFull)
		require.NotErrorIs(t, err, storage.ErrBroken)
		require.Equal(t, []string{"balcao.db", "junk"}, names(t, folder))
		require.NoError(t, os.Remove(junk))
		commit(t, store, lines(headOf(store), 1))
	}
	require.Greater(t, clean, 3)
	_ = os.Remove(junk)
	require.NoError(t, store.Close())
	requireJournal(t, folder)
}

func TestAListOfPeriodsThatIsGoneOrOldDoesNotStartFromAnOlderFile(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	list := options.Path + ".periods"
	rotate(t, store)
	commit(t, store, lines(headOf(store), 1))
	old, err := os.ReadFile(list)
	require.NoError(t, err)
	rotate(t, store)
	commit(t, store, lines(headOf(store), 1))
	require.NoError(t, store.Close())
	good, err := os.ReadFile(list)
	require.NoError(t, err)

	for name, damage := range map[string]func() error{
		"gone":     func() error { return os.Remove(list) },
		"old":      func() error { return os.WriteFile(list, old, 0o600) },
		"empty":    func() error { return os.WriteFile(list, nil, 0o600) },
		"all gone": func() error { return errors.Join(os.Remove(list), os.Rename(options.Path, options.Path+".away")) },
	} {
		require.NoError(t, damage())
		before := names(t, filepath.Dir(options.Path))
		_, err = storage.Open(options)
		require.ErrorContains(t, err, "restore the last backup", name)
		require.Equal(t, before, names(t, filepath.Dir(options.Path)), name)
		_ = os.Rename(options.Path+".away", options.Path)
		if name != "all gone" {
			report, err := storage.VerifyJournal(options.Path)
			require.NoError(t, err)
			require.Error(t, report.Err(), name)
		}
		require.NoError(t, os.WriteFile(list, good, 0o600))
	}
	for at := range good {
		broken := slices.Clone(good)
		broken[at] ^= 1
		require.NoError(t, os.WriteFile(list, broken, 0o600))
		_, err = storage.Open(options)
		require.Error(t, err, "bit 0 of byte %d", at)
	}
	require.NoError(t, os.WriteFile(list, good, 0o600))
	require.NoError(t, open(t, options).Close())
}

func TestVerifyNamesTheFirstBadRecordAcrossFiles(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	folder := filepath.Dir(options.Path)
	commit(t, store, follow(store, journal.Confirmation{PaymentID: id(100)}))
	rotate(t, store)
	commit(t, store, lines(headOf(store), 2))
	rotate(t, store)
	commit(t, store, lines(headOf(store), 2))
	require.NoError(t, store.Close())

	flip := func(folder, file, mark string) {
		path := filepath.Join(folder, file)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		at := strings.LastIndex(string(data), mark)
		require.Positive(t, at)
		data[at+3] ^= 1
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	broken := copyFolder(t, folder)
	flip(broken, "balcao-0003.db", `"line_id":"8"`)
	flip(broken, "balcao-0002.db", `"line_id":"5"`)
	report, err := storage.VerifyJournal(broken)
	require.NoError(t, err)
	file, bad := report.Bad()
	require.Equal(t, "balcao-0002.db", file)
	require.EqualValues(t, 5, bad.Seq)

	// An older file that is damaged stops no sale.
	broken = copyFolder(t, folder)
	flip(broken, "balcao-0002.db", `"line_id":"5"`)
	after := options
	after.Path = filepath.Join(broken, "balcao.db")
	store = open(t, after)
	commit(t, store, lines(headOf(store), 1))
	_, _, err = store.Records(5, 1, 1)
	require.ErrorContains(t, err, "record 5: checksum")
	require.NoError(t, store.Close())

	// A file of another journal does not follow.
	other := optionsFor(newPath(t))
	other.Entropy = strings.NewReader("12345678")
	foreign := open(t, other)
	commit(t, foreign, follow(foreign, journal.Confirmation{PaymentID: id(100)}))
	rotate(t, foreign)
	commit(t, foreign, lines(headOf(foreign), 2))
	rotate(t, foreign)
	require.NoError(t, foreign.Close())
	mixed := copyFolder(t, folder)
	data, err := os.ReadFile(filepath.Join(filepath.Dir(other.Path), "balcao-0002.db"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(mixed, "balcao-0002.db"), data, 0o600))
	report, err = storage.VerifyJournal(mixed)
	require.NoError(t, err)
	require.Contains(t, strings.Join(report.Problems, "\n"), "balcao-0002.db: it goes on from fact 2")
	require.Contains(t, strings.Join(report.Problems, "\n"), "balcao-0003.db: it goes on from fact 5")
}

// sold commits one paid sale of several facts and answers its id.
func sold(t testing.TB, store *storage.Store, receipt int64) ident.ID {
	t.Helper()
	last := int(headOf(store))
	saleID := id(last + 1)
	commit(t, store, follow(store,
		journal.SaleOpened{SaleID: saleID, Number: receipt},
		journal.Order{Channel: "till"},
		journal.Payment{OrderID: id(last + 2), Method: "cash", Amount: 100},
		journal.SalePaid{
			SaleID: saleID, OrderID: id(last + 2), Receipt: receipt, Total: 100,
			Tenders: []sale.Tender{{PaymentID: id(last + 3), Method: "cash", Amount: 100}},
		},
		journal.PrintJob{JobID: id(last + 5), SaleID: saleID, Copy: 1},
	))
	return saleID
}

func TestASaleIsFoundInAnyPeriodByItsReceiptAndItsID(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	first := sold(t, store, 1)
	sold(t, store, 2)
	rotate(t, store)
	third := sold(t, store, 3)
	rotate(t, store)
	commit(t, store, follow(store, journal.PrintJob{JobID: id(90), SaleID: first, Copy: 2}))

	kinds := func(facts []journal.Fact, err error) string {
		require.NoError(t, err)
		found := []string{}
		for _, fact := range facts {
			found = append(found, fmt.Sprint(fact.Seq, " ", fact.Body.Kind()))
		}
		return strings.Join(found, ", ")
	}
	look := func() {
		require.Equal(t, "3 order, 4 payment, 5 sale_paid, 6 print_job, 19 print_job", kinds(store.FindReceipt(1)))
		require.Equal(t, "8 order, 9 payment, 10 sale_paid, 11 print_job", kinds(store.FindReceipt(2)))
		require.Equal(t, "14 order, 15 payment, 16 sale_paid, 17 print_job", kinds(store.FindSale(third)))
		require.Empty(t, kinds(store.FindReceipt(4)))
		require.Empty(t, kinds(store.FindSale(id(500))))
	}
	look()
	require.NoError(t, store.Reopen(t.Context()))
	look()
	require.NoError(t, store.Close())

	for _, file := range []string{"balcao.db", "balcao-0002.db"} {
		change(t, filepath.Join(filepath.Dir(options.Path), file), func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("index")) })
	}
	store = open(t, options)
	look()
	require.NoError(t, store.Close())
	requireJournal(t, filepath.Dir(options.Path))
}
