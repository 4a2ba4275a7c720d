// Package golden keeps what a test expects in files, and the seeds of random
// tests in the reader's hands.
//
// It is for tests alone: no program imports it, and it judges nothing but
// equality. Start with [Equal] for a file and [Seed] for a random test. A golden
// file is rewritten by
//
//	go test ./the/package -golden.update
//
// which makes the present output right by decree: read the diff before you
// commit it. Vectors of a standard are no golden files; they are never rewritten.
package golden

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// SeedVariable is the environment variable that gives [Seed] its number back.
const SeedVariable = "BALCAO_SEED"

var update = flag.Bool("golden.update", false, "rewrite golden files with the present output; read the diff afterwards")

// Equal fails the test at once unless the file at path holds exactly got.
//
// The path is relative to the folder of the test, by custom under testdata. Text
// is shown as a diff, anything else as the first byte that differs. With
// -golden.update the file is written instead, folders included.
func Equal[T ~string | ~[]byte](t testing.TB, path string, got T) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "no golden file; make it with: go test . -run '^%s$' -golden.update", t.Name())
	compare(t, path, want, []byte(got))
}

func compare(t testing.TB, path string, want, got []byte) {
	t.Helper()
	if bytes.Equal(want, got) {
		return
	}
	if utf8.Valid(want) && utf8.Valid(got) {
		require.Equal(t, string(want), string(got), "%s differs; if the new output is right: go test . -run '^%s$' -golden.update", path, t.Name())
	}
	require.Failf(t, "golden file differs", "%s: %d bytes wanted, %d got, first difference at offset %d", path, len(want), len(got), firstDifference(want, got))
}

func firstDifference(a, b []byte) int {
	shorter := min(len(a), len(b))
	for i := range shorter {
		if a[i] != b[i] {
			return i
		}
	}
	return shorter
}

// Seed returns the seed of a random test: a fresh one, or the one in
// [SeedVariable]. It is logged with the command that repeats the run, so a
// failure always shows it.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv(SeedVariable); given != "" {
		parsed, err := strconv.ParseUint(given, 10, 64)
		require.NoError(t, err, "%s wants a whole number", SeedVariable)
		seed = parsed
	}
	t.Logf("seed %d; repeat with: %s=%d go test . -run '^%s$'", seed, SeedVariable, seed, t.Name())
	return seed
}
