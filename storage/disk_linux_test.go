package storage_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"balcao/storage"
	"balcao/terminal/journal"
)

// smallDisk mounts a file system of so many MiB in memory.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, unix.Unmount(folder, unix.MNT_DETACH)) })
	return folder
}

// fill commits until there is no room.
func fill(t *testing.T, store *storage.Store) {
	t.Helper()
	for {
		err := store.Commit(t.Context(), lines(headOf(store), 8))
		if err == nil {
			continue
		}
		require.ErrorIs(t, err, storage.ErrFull)
		require.NotErrorIs(t, err, storage.ErrBroken)
		return
	}
}

func TestOnAFullDiskTheBallastLetsTheOpenSaleFinish(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, "9m")
	options := optionsFor(filepath.Join(folder, "balcao.db"))
	options.BallastBytes = 0
	store := open(t, options)
	require.True(t, store.HasBallast())
	info, err := os.Stat(options.Path + ".ballast")
	require.NoError(t, err)
	require.EqualValues(t, storage.BallastBytes, info.Size())
	require.EqualValues(t, storage.BallastBytes, info.Sys().(*syscall.Stat_t).Blocks*512, "written, not sparse")

	fill(t, store)
	seq, hash := store.Head()
	require.ErrorIs(t, store.Commit(t.Context(), lines(seq, 8)), storage.ErrFull, "and still")
	require.ErrorIs(t, store.SetBeside(t.Context(), map[string][]byte{"big": make([]byte, storage.BesideValueBytesMax)}), storage.ErrFull)
	again, hashAgain := store.Head()
	require.Equal(t, seq, again)
	require.Equal(t, hash, hashAgain)

	require.NoError(t, store.ReleaseBallast())
	require.NoError(t, store.ReleaseBallast(), "twice is once")
	require.False(t, store.HasBallast())
	for range 200 {
		commit(t, store, lines(headOf(store), 1))
	}
	require.ErrorIs(t, store.RestoreBallast(), storage.ErrFull)
	require.False(t, store.HasBallast())
	require.NoError(t, store.Reopen(t.Context()))
	require.Equal(t, seq+200, headOf(store))

	require.NoError(t, unix.Mount("", folder, "", unix.MS_REMOUNT, "size=64m"))
	require.NoError(t, store.RestoreBallast(), "once there is room again")
	require.True(t, store.HasBallast())
	require.NoError(t, store.Close())
	requireSound(t, options.Path)
}

func TestAStartOnAFullDiskGoesWithoutBallast(t *testing.T) {
	folder := smallDisk(t, "5m")
	options := optionsFor(filepath.Join(folder, "balcao.db"))
	options.BallastBytes = 0
	var log bytes.Buffer
	options.Log = slog.New(slog.NewTextHandler(&log, nil))
	store := open(t, options)
	require.False(t, store.HasBallast())
	require.Contains(t, log.String(), "no ballast")
	commit(t, store, lines(1, 1))
	require.NoError(t, store.Close())
	require.NoError(t, os.WriteFile(options.Path+".ballast", []byte("cut"), 0o600))
	require.False(t, open(t, options).HasBallast(), "one cut short is none")
}

func TestACreationWithoutRoomLeavesNothing(t *testing.T) {
	folder := smallDisk(t, "64k")
	junk := filepath.Join(folder, "junk")
	require.NoError(t, os.WriteFile(junk, make([]byte, 44<<10), 0o600))
	options := optionsFor(filepath.Join(folder, "balcao.db"))
	_, err := storage.Open(options)
	require.ErrorIs(t, err, storage.ErrFull)
	require.NoFileExists(t, options.Path)
	require.NoFileExists(t, options.Path+".new")
	require.NoError(t, os.Remove(junk))
	require.NoError(t, open(t, options).Close())
}

func TestI13_TheFileHasALimitAndTheBallastLiesBelowIt(t *testing.T) {
	options := optionsFor(newPath(t))
	options.FileBytesMax, options.BallastBytes = 1<<20, 1<<16
	store := open(t, options)
	fill(t, store)
	commit(t, store, follow(store, journal.LoginRefused{OperatorID: "1"}))
	require.NoError(t, store.ReleaseBallast())
	for range 200 {
		commit(t, store, lines(headOf(store), 1))
	}
	require.NoError(t, store.RestoreBallast())
	require.ErrorIs(t, store.Commit(t.Context(), lines(headOf(store), 60)), storage.ErrFull)
	require.NoError(t, store.Close())
	requireSound(t, options.Path)
}

func TestTheLogTellsWhatWasMended(t *testing.T) {
	options := optionsFor(newPath(t))
	var log bytes.Buffer
	options.Log = slog.New(slog.NewTextHandler(&log, nil))
	require.NoError(t, os.WriteFile(options.Path+".new", nil, 0o600))
	require.NoError(t, open(t, options).Close())
	require.Contains(t, log.String(), "cut short")
	require.Contains(t, log.String(), "journal created")
	require.Equal(t, 2, strings.Count(log.String(), "\n"))
}
