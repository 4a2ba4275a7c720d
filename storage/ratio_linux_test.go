package storage_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// diskFolder is a folder on a real disk: the one for temporary files may be memory,
// where a sync costs nothing.
func diskFolder(b *testing.B) string {
	b.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(b, err)
	require.NoError(b, os.MkdirAll(cache, 0o700))
	folder, err := os.MkdirTemp(cache, "balcao-bench-")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, os.RemoveAll(folder)) })
	return folder
}

// BenchmarkRatioCommit compares the commit of a sale's line with one page overwritten
// and synced on the same disk, in turns, so that both meet the same disk.
func BenchmarkRatioCommit(b *testing.B) {
	b.Run("commit_of_a_sale's_line_(median),_raw_4_KiB_write_and_sync", func(b *testing.B) {
		folder := diskFolder(b)
		store := open(b, optionsFor(filepath.Join(folder, "balcao.db")))
		raw, err := os.Create(filepath.Join(folder, "raw"))
		require.NoError(b, err)
		defer raw.Close()
		page := make([]byte, 4096)
		_, err = raw.WriteAt(page, 0) // later writes leave the file's length alone
		require.NoError(b, err)
		require.NoError(b, raw.Sync())
		var commits, writes []time.Duration
		for b.Loop() {
			began := time.Now()
			_, err := raw.WriteAt(page, 0)
			require.NoError(b, err)
			require.NoError(b, unix.Fdatasync(int(raw.Fd())))
			writes = append(writes, time.Since(began))
			batch := lines(headOf(store), 1)
			began = time.Now()
			commit(b, store, batch)
			commits = append(commits, time.Since(began))
		}
		slices.Sort(commits)
		slices.Sort(writes)
		each, peer := commits[len(commits)/2], writes[len(writes)/2]
		b.ReportMetric(each.Seconds()*1000, "measured-ms")
		b.ReportMetric(peer.Seconds()*1000, "peer-ms")
		b.ReportMetric(each.Seconds()/peer.Seconds(), "ratio")
	})
}
