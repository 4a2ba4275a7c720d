package till

import (
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/storage"
	"balcao/terminal"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

func TestAPeriodIsOverWithItsMonthOrItsSize(t *testing.T) {
	zone := time.FixedZone("", -3*3600)
	now := time.Date(2026, 12, 1, 0, 0, 1, 0, zone)
	for name, row := range map[string]struct {
		period storage.Period
		over   bool
	}{
		"last month, by the store's clock": {storage.Period{First: 1, Began: time.Date(2026, 12, 1, 2, 59, 59, 0, time.UTC)}, true},
		"this month":                       {storage.Period{First: 1, Began: now.Add(-time.Second)}, false},
		"a clock that went back":           {storage.Period{First: 1, Began: now.AddDate(0, 1, 0)}, false},
		"large":                            {storage.Period{First: 1, Began: now.Add(-time.Second), Bytes: periodBytesMax + 1}, true},
	} {
		require.Equal(t, row.over, periodOver(row.period, now), name)
	}
}

// TestACheckpointBeginsANewFileAndAStartReadsItAlone goes through the store that a till
// has, with the facts that its core decides.
func TestACheckpointBeginsANewFileAndAStartReadsItAlone(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	minted := uint64(0)
	mint := func() ident.ID {
		minted++
		return ident.Make(now, [8]byte{7: byte(minted), 6: byte(minted >> 8)})
	}
	open := func() facts {
		store, err := storage.Open(storage.Options{
			Path: filepath.Join(dir, JournalName), TerminalID: "T-0003", AppVersion: "test",
			Now: func() time.Time { return now }, NewID: mint, Entropy: rand.Reader, Log: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		return facts{store}
	}
	fold := func(f facts) (state terminal.State, told int) {
		require.NoError(t, f.Fold(t.Context(), func(fact journal.Fact) error {
			state = terminal.Apply(state, fact)
			told++
			return nil
		}))
		return state, told
	}
	store := open()
	state, _ := fold(store)
	happens := func(what terminal.What) {
		made := terminal.Decide(state, terminal.Event{ID: mint(), At: now, What: what})
		if len(made.Facts) > 0 {
			require.NoError(t, store.Commit(t.Context(), journal.Batch{Facts: made.Facts}))
		}
		for _, fact := range made.Facts {
			state = terminal.Apply(state, fact)
		}
		state.Volatile = made.Volatile
	}
	happens(terminal.Booted{BootID: "1"})
	happens(terminal.RecordRefused{Seq: 1, Code: "required-field"})
	happens(terminal.PeriodOver{})
	period, err := store.Period()
	require.NoError(t, err)
	require.Equal(t, 2, period.Count)
	require.Equal(t, state.Seq, period.First)
	happens(terminal.RecordRefused{Seq: 2, Code: "required-field"})
	require.NoError(t, store.Close())

	store = open()
	again, told := fold(store)
	require.Equal(t, 2, told, "the checkpoint and what came after it")
	require.Equal(t, "T-0003", again.TerminalID)
	require.Equal(t, state.Epoch, again.Epoch)
	require.Equal(t, 2, again.Quarantined)
	require.NoError(t, store.Close())
	report, err := storage.VerifyJournal(dir)
	require.NoError(t, err)
	require.True(t, report.OK(), report.Err())
	require.FileExists(t, filepath.Join(dir, "journal-0002.db"))
	_, err = os.Stat(filepath.Join(dir, JournalName))
	require.NoError(t, err, "the first file stays")
}
