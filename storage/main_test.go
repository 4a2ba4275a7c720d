package storage_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/storage"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/sale"
)

const terminal = "T-0001"

var opening = time.Date(2026, 11, 23, 8, 0, 0, 0, time.FixedZone("", -3*3600))

// modelChecks is how many random histories the store is held against; the flag
// -rapid.checks overrides it.
const modelChecks = 50

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		os.Exit(child(path))
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(modelChecks/slowdown)); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// id numbers the ids of a test.
func id(n int) ident.ID {
	var entropy [8]byte
	binary.BigEndian.PutUint64(entropy[:], uint64(n))
	return ident.Make(opening.Add(time.Duration(n)*time.Second), entropy)
}

func optionsFor(path string) storage.Options {
	return storage.Options{
		Path: path, TerminalID: terminal, AppVersion: "1.0.0",
		Now:     func() time.Time { return opening },
		NewID:   func() ident.ID { return id(0) },
		Entropy: rand.NewChaCha8([32]byte{1}),
		Log:     slog.New(slog.DiscardHandler),

		BallastBytes: -1,
	}
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "balcao.db") }

func open(t testing.TB, options storage.Options) *storage.Store {
	t.Helper()
	store, err := storage.Open(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func headOf(store *storage.Store) uint64 {
	seq, _ := store.Head()
	return seq
}

// scanned is the ordinary fact: one line of about 1.5 KB in the envelope.
func scanned(seq uint64) journal.Fact {
	return fact(seq, journal.LineAdded{SaleID: id(1), Line: sale.Line{
		ID: fmt.Sprint(seq), SKU: "789100031550", Description: strings.Repeat("PÃO DE QUEIJO ", 80), Quantity: 1000, UnitPrice: 12_900, Total: 129,
	}})
}

func fact(seq uint64, body journal.Body) journal.Fact {
	return journal.Fact{Seq: seq, ID: id(int(seq)), At: opening.Add(time.Duration(seq) * time.Second), Body: body}
}

// lines is a batch of ordinary facts that follows on the fact numbered last.
func lines(last uint64, count int) journal.Batch {
	var batch journal.Batch
	for range count {
		last++
		batch.Facts = append(batch.Facts, scanned(last))
	}
	return batch
}

// follow numbers bodies behind the head.
func follow(store *storage.Store, bodies ...journal.Body) journal.Batch {
	last := headOf(store)
	var batch journal.Batch
	for _, body := range bodies {
		last++
		batch.Facts = append(batch.Facts, fact(last, body))
	}
	return batch
}

func commit(t testing.TB, store *storage.Store, batch journal.Batch) {
	t.Helper()
	require.NoError(t, store.Commit(t.Context(), batch))
}

func fold(t testing.TB, store *storage.Store) []journal.Fact {
	t.Helper()
	var facts []journal.Fact
	require.NoError(t, store.Fold(t.Context(), func(f journal.Fact) error {
		facts = append(facts, f)
		return nil
	}))
	return facts
}

// requireSound verifies a closed file and answers its dump.
func requireSound(t testing.TB, path string) string {
	t.Helper()
	report, err := storage.Verify(path)
	require.NoError(t, err)
	require.True(t, report.OK(), "%+v", report)
	var out bytes.Buffer
	require.NoError(t, storage.Dump(path, &out))
	require.EqualValues(t, report.Last, strings.Count(out.String(), "\n"))
	return out.String()
}
