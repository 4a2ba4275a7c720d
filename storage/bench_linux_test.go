package storage_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"balcao/storage"
	"balcao/terminal/journal"
)

// rawCommits is how many writes the limit is measured with.
const rawCommits = 200

// rawCommit measures what the disk allows: one page overwritten and synced.
func rawCommit(b *testing.B, folder string) time.Duration {
	file, err := os.Create(filepath.Join(folder, "raw"))
	require.NoError(b, err)
	defer func() { require.NoError(b, file.Close()) }()
	page := make([]byte, 4096)
	write := func() {
		_, err := file.WriteAt(page, 0)
		require.NoError(b, err)
		require.NoError(b, unix.Fdatasync(int(file.Fd())))
	}
	write()
	start := time.Now()
	for range rawCommits {
		write()
	}
	return time.Since(start) / rawCommits
}

// BenchmarkCommit compares one fact of 1.5 KB with the limit of the same disk.
func BenchmarkCommit(b *testing.B) {
	folder := b.TempDir()
	store := open(b, optionsFor(filepath.Join(folder, "balcao.db")))
	raw := rawCommit(b, folder)
	for b.Loop() {
		commit(b, store, lines(headOf(store), 1))
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64(raw.Nanoseconds()), "raw-ns/op")
	b.ReportMetric(float64(raw)/float64(each), "of-raw")
}

// BenchmarkFold is what a start takes for each fact of 1.5 KB.
func BenchmarkFold(b *testing.B) {
	store := open(b, optionsFor(newPath(b)))
	for range 32 {
		commit(b, store, lines(headOf(store), journal.BatchMax))
	}
	for b.Loop() {
		require.NoError(b, store.Fold(b.Context(), func(journal.Fact) error { return nil }))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(headOf(store)), "ns/fact")
}

// BenchmarkVerify is what a tool takes for each fact of 1.5 KB.
func BenchmarkVerify(b *testing.B) {
	store := open(b, optionsFor(newPath(b)))
	for range 32 {
		commit(b, store, lines(headOf(store), journal.BatchMax))
	}
	path := newPath(b)
	require.NoError(b, store.CopyTo(path))
	for b.Loop() {
		report, err := storage.Verify(path)
		require.NoError(b, err)
		require.True(b, report.OK())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(headOf(store)), "ns/fact")
}
