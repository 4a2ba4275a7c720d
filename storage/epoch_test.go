package storage_test

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"balcao/storage"
	"balcao/storage/record"
	"balcao/terminal/journal"
)

func TestANewEpochGoesOnInNumberAndChain(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, lines(1, 3))
	first := store.Epoch()
	require.NoError(t, store.RenewEpoch(t.Context()))
	second := store.Epoch()
	require.NotEqual(t, first, second)
	commit(t, store, lines(headOf(store), 2))
	rotate(t, store)
	commit(t, store, lines(headOf(store), 1))

	look := func() {
		require.Equal(t, second, store.Epoch())
		spans, err := store.Epochs()
		require.NoError(t, err)
		require.Equal(t, []storage.EpochSpan{{Epoch: first, First: 1, Last: 4}, {Epoch: second, First: 5, Last: 9}}, spans)
		previous := record.Hash{}
		for _, span := range spans {
			epoch, err := record.ParseEpoch(span.Epoch)
			require.NoError(t, err)
			for next := span.First; next <= span.Last; {
				records, _, err := store.Records(next, 50, 1<<20)
				require.NoError(t, err)
				require.LessOrEqual(t, records[len(records)-1].Seq, span.Last, "one epoch a batch")
				for _, rec := range records {
					require.NoError(t, rec.Follows(previous, epoch))
					previous, next = rec.Hash, rec.Seq+1
				}
			}
		}
	}
	look()
	require.NoError(t, store.Reopen(t.Context()))
	require.NoError(t, store.RebuildIndexes(t.Context()))
	look()
	require.NoError(t, store.Close())
	requireJournal(t, filepath.Dir(options.Path))
	store = open(t, options)
	look()
}

func TestARenewedEpochThatItsCheckpointDeniesIsNamed(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	commit(t, store, lines(1, 1))
	require.NoError(t, store.RenewEpoch(t.Context()))
	require.NoError(t, store.Close())
	for name, value := range map[string][]byte{
		"another":  append(binary.BigEndian.AppendUint64(nil, 3), "12345678"...),
		"too soon": append(binary.BigEndian.AppendUint64(nil, 2), "12345678"...),
		"none":     {},
		"half":     {1, 2, 3},
	} {
		data, err := os.ReadFile(options.Path)
		require.NoError(t, err)
		changed := options
		changed.Path = newPath(t)
		require.NoError(t, os.WriteFile(changed.Path, data, 0o600))
		change(t, changed.Path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("renewals"), value) })
		_, err = storage.Open(changed)
		require.Error(t, err, name)
		report, err := storage.Verify(changed.Path)
		require.NoError(t, err)
		require.Error(t, report.Err(), name)
	}
}

func TestAJournalOnAnotherMachineBeginsANewEpoch(t *testing.T) {
	options := optionsFor(newPath(t))
	var log bytes.Buffer
	options.Log = slog.New(slog.NewTextHandler(&log, nil))
	options.Machine = "a"
	store := open(t, options)
	commit(t, store, lines(1, 1))
	epoch := store.Epoch()
	rotate(t, store)
	require.NoError(t, store.Close())
	store = open(t, options)
	require.Equal(t, epoch, store.Epoch(), "the same machine goes on")
	require.NoError(t, store.Close())

	options.Machine, options.Entropy = "b", rand.NewChaCha8([32]byte{2})
	store = open(t, options)
	require.NotEqual(t, epoch, store.Epoch())
	require.EqualValues(t, 4, headOf(store))
	require.Contains(t, log.String(), "moved or cloned")
	epoch = store.Epoch()
	require.NoError(t, store.Close())
	store = open(t, options)
	require.Equal(t, epoch, store.Epoch(), "once")
	facts := fold(t, store)
	require.Equal(t, epoch, facts[len(facts)-1].Body.(journal.Checkpoint).Epoch)
	require.NoError(t, store.Close())
	requireJournal(t, filepath.Dir(options.Path))
}

func TestTheMachineIsNotShown(t *testing.T) {
	id, err := os.ReadFile("/etc/machine-id")
	if err != nil || len(bytes.TrimSpace(id)) == 0 {
		_, err := storage.Machine()
		require.ErrorContains(t, err, "machine")
		return
	}
	machine, err := storage.Machine()
	require.NoError(t, err)
	require.Len(t, machine, 32)
	require.NotContains(t, machine, strings.TrimSpace(string(id)))
}
