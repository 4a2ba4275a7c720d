package storage_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/storage"
)

func TestI5_AKillBetweenAnyTwoWritesLosesNothingAcknowledged(t *testing.T) {
	needStrace(t)
	t.Parallel()
	runs := sweep(t, baseFile(t), modeCommit, "signal=KILL", []string{"pwrite64", "fdatasync", "ftruncate", "fsync"}, func(path string, found run) {
		report, err := storage.Verify(path)
		require.NoError(t, err)
		require.Nil(t, report.Bad, "before anything mends it")
		require.NoError(t, lost(t, path, found.acked))
		requireSound(t, path)
	})
	t.Logf("%d kills", runs)
	require.Greater(t, runs, 20, "a sweep that kills nothing proves nothing")
}

func TestAWriterThatAcknowledgesTooEarlyIsCaught(t *testing.T) {
	needStrace(t)
	t.Parallel()
	base := baseFile(t)
	caught := 0
	for number := 8; number <= 16; number++ {
		path := filepath.Join(t.TempDir(), "balcao.db")
		require.NoError(t, os.WriteFile(path, base, 0o600))
		found := runChild(t, path, modeLie, "pwrite64", "signal=KILL", number)
		if err := lost(t, path, found.acked); err != nil {
			require.ErrorContains(t, err, "was acknowledged")
			caught++
		}
	}
	require.Positive(t, caught, "the harness must see a loss where there is one")
}

func TestAKillDuringTheFirstCreationLeavesNothingOrAGoodFile(t *testing.T) {
	needStrace(t)
	t.Parallel()
	runs := sweep(t, nil, modeCreate, "signal=KILL", strings.Split(storageCalls, ","), func(path string, found run) {
		if _, err := os.Stat(path); err == nil {
			requireSound(t, path)
		} else {
			require.ErrorIs(t, err, os.ErrNotExist)
			require.False(t, found.says("OPENED"))
		}
		require.NoError(t, lost(t, path, 1), "the next start goes on or begins anew")
		requireSound(t, path)
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1, "no leftovers")
	})
	t.Logf("%d kills", runs)
	require.Greater(t, runs, 8)
}

func TestR9_AfterAnIOErrorTheJournalIsReopenedAndNothingAcknowledgedIsLost(t *testing.T) {
	needStrace(t)
	t.Parallel()
	broken := 0
	sweep(t, baseFile(t), modeCommit, "error=EIO", []string{"pwrite64", "fdatasync", "ftruncate", "fsync"}, func(path string, found run) {
		require.False(t, found.killed)
		require.False(t, found.says("FULL"), "EIO is never a clean no")
		require.False(t, found.says("REOPEN"))
		if found.says("BROKEN") {
			broken++
		}
		require.Equal(t, childCommits, strings.Count(found.output, "ACK"), "all commits get through in the end")
		require.NoError(t, lost(t, path, found.acked))
		requireSound(t, path)
	})
	require.Greater(t, broken, 12)
}

func TestAFullDiskIsACleanNo(t *testing.T) {
	needStrace(t)
	t.Parallel()
	full := 0
	sweep(t, baseFile(t), modeCommit, "error=ENOSPC", []string{"pwrite64"}, func(path string, found run) {
		require.False(t, found.says("BROKEN"), "ENOSPC from a page write breaks nothing")
		if found.says("FULL") {
			full++
		}
		require.Equal(t, childCommits, strings.Count(found.output, "ACK"))
		require.NoError(t, lost(t, path, found.acked))
		requireSound(t, path)
	})
	require.Greater(t, full, 8)
}

func TestR9_AFullDiskReportedByASyncIsNoCleanNo(t *testing.T) {
	needStrace(t)
	t.Parallel()
	broken := 0
	sweep(t, baseFile(t), modeCommit, "error=ENOSPC", []string{"fdatasync", "ftruncate", "fsync"}, func(path string, found run) {
		require.False(t, found.says("FULL"))
		if found.says("BROKEN") {
			broken++
		}
		require.Equal(t, childCommits, strings.Count(found.output, "ACK"))
		require.NoError(t, lost(t, path, found.acked))
		requireSound(t, path)
	})
	require.Positive(t, broken)
}
