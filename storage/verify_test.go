package storage_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"balcao/internal/golden"
	"balcao/storage"
	"balcao/storage/record"
	"balcao/terminal/journal"
)

// grown is a journal of some commits, closed and packed, as bytes.
func grown(t testing.TB, commits int) []byte {
	t.Helper()
	options := optionsFor(newPath(t))
	store := open(t, options)
	for i := range commits {
		commit(t, store, follow(store, journal.Confirmation{PaymentID: id(100 + i)}, journal.LoginRefused{OperatorID: "1"}))
		commit(t, store, lines(headOf(store), 2))
		require.NoError(t, store.SetBeside(t.Context(), map[string][]byte{fmt.Sprint("mark/", i%3): []byte("17")}))
	}
	path := newPath(t)
	require.NoError(t, store.CopyTo(path))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// judge writes a file and verifies it.
func judge(t testing.TB, data []byte) (storage.Report, string) {
	t.Helper()
	path := newPath(t)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	report, err := storage.Verify(path)
	require.NoError(t, err)
	return report, path
}

func dumped(t testing.TB, path string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, storage.Dump(path, &out))
	return out.String()
}

func TestAReportSaysWhatAFileHolds(t *testing.T) {
	report, path := judge(t, grown(t, 5))
	require.True(t, report.OK(), "%+v", report)
	require.Equal(t, terminal, report.TerminalID)
	require.Len(t, report.Epoch, 16)
	require.Equal(t, storage.SchemaVersion, report.Schema)
	require.EqualValues(t, 21, report.Last)
	require.Equal(t, map[journal.Kind]int{"checkpoint": 1, "confirmation": 5, "login_refused": 5, "line_added": 10}, report.Kinds)

	lines := strings.Split(strings.TrimSpace(dumped(t, path)), "\n")
	require.Len(t, lines, 21)
	require.Contains(t, lines[20], report.Head.String())
	require.True(t, strings.HasPrefix(lines[0], `{"body":{"app_version":"1.0.0","epoch":"`), lines[0])
}

func TestABitFlippedInAFactIsNamedByItsNumber(t *testing.T) {
	data := grown(t, 10)
	for name, mark := range map[string]string{
		"in the body": `"line_id":"25","quantity"`,
		"behind it":   `"kind":"line_added","occurred_at":"2026-11-23T08:00:25-03:00","seq":25}`,
	} {
		at := bytes.LastIndex(data, []byte(mark))
		require.Positive(t, at, name)
		for _, bit := range []int{0, 3, 7} {
			broken := bytes.Clone(data)
			broken[at+10] ^= 1 << bit
			report, path := judge(t, broken)
			require.NotNil(t, report.Bad, name)
			require.EqualValues(t, 25, report.Bad.Seq)
			require.EqualValues(t, 24, report.Last)
			var damage *record.DamageError
			require.ErrorAs(t, report.Bad, &damage)
			require.Equal(t, record.CheckSum, damage.Check)

			var out bytes.Buffer
			err := storage.Dump(path, &out)
			require.ErrorContains(t, err, "record 25")
			require.Equal(t, 24, strings.Count(out.String(), "\n"), "what is sound is dumped")
			_, err = storage.Open(optionsFor(path))
			require.ErrorContains(t, err, "record 25")
			require.ErrorContains(t, err, "restore the last backup")
		}
	}
}

func TestI9_AFactThatWasReplacedBreaksTheChain(t *testing.T) {
	_, path := judge(t, grown(t, 3))
	replaced := fact(6, journal.LoginRefused{OperatorID: "2"})
	rec, err := record.Encode(replaced, record.Epoch{}, record.Hash{})
	require.NoError(t, err)
	change(t, path, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("facts")).Put([]byte{0, 0, 0, 0, 0, 0, 0, 6}, rec.Bytes())
	})
	report, err := storage.Verify(path)
	require.NoError(t, err)
	require.NotNil(t, report.Bad)
	require.EqualValues(t, 6, report.Bad.Seq)
	require.Equal(t, journal.Kind("login_refused"), report.Bad.Kind)
	require.ErrorContains(t, report.Bad, "record 6 of kind login_refused: chain")
	_, err = storage.Open(optionsFor(path))
	require.ErrorContains(t, err, "record 6 of kind login_refused: chain")
}

func TestI6_AFactThatIsMissingIsNamed(t *testing.T) {
	for name, number := range map[string]byte{"the first": 1, "one between": 5} {
		_, path := judge(t, grown(t, 3))
		change(t, path, func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("facts")).Delete([]byte{0, 0, 0, 0, 0, 0, 0, number})
		})
		report, err := storage.Verify(path)
		require.NoError(t, err)
		require.NotNil(t, report.Bad, name)
		require.EqualValues(t, number, report.Bad.Seq, name)
		_, err = storage.Open(optionsFor(path))
		require.ErrorContains(t, err, fmt.Sprintf("record %d: sequence: missing", number))
	}
}

func TestABitFlippedInAMetaPageIsNamed(t *testing.T) {
	data := grown(t, 5)
	for page := range 2 {
		for _, at := range []int{0, 8, 16, 20, 24, 32, 48, 56, 64, 72, 79} {
			broken := bytes.Clone(data)
			broken[page*4096+at] ^= 4
			report, _ := judge(t, broken)
			require.False(t, report.OK(), "page %d, byte %d", page, at)
			require.Contains(t, strings.Join(report.Problems, "\n"), fmt.Sprintf("meta page %d", page))
			require.Nil(t, report.Bad, "the other page leads to all facts")
		}
	}
}

func TestADaemonGoesOnFromTheOtherMetaPage(t *testing.T) {
	data := grown(t, 5)
	data[4096+20] ^= 1
	_, path := judge(t, data)
	store := open(t, optionsFor(path))
	require.EqualValues(t, 21, headOf(store), "a backup has the same in both")
	commit(t, store, lines(21, 1))
	commit(t, store, lines(22, 1))
	require.NoError(t, store.Close())
	requireSound(t, path)
}

func TestACutFileIsNamed(t *testing.T) {
	data := grown(t, 10)
	for size := 1; size < len(data); size += slowdown * 1777 {
		report, path := judge(t, data[:size])
		require.False(t, report.OK(), "%d of %d bytes", size, len(data))
		_, err := storage.Open(optionsFor(path))
		require.Error(t, err)
		require.ErrorContains(t, err, path)
	}
	report, _ := judge(t, data[:len(data)-4096])
	require.Contains(t, strings.Join(report.Problems, "\n"), "the file is cut")
}

// requireNamedOrHarmless holds any damaged file against the whole one: either
// something is found, or every fact comes out as it was.
func requireNamedOrHarmless(t *testing.T, broken []byte, whole, what string) (found bool) {
	t.Helper()
	report, path := judge(t, broken)
	if !report.OK() {
		return true
	}
	require.Equal(t, whole, dumped(t, path), what)
	return false
}

func TestBitsFlippedAnywhereAreNamedOrHarmless(t *testing.T) {
	t.Parallel()
	data := grown(t, 12)
	_, path := judge(t, data)
	whole := dumped(t, path)
	random := rand.New(rand.NewPCG(golden.Seed(t), 0))
	named := 0
	const flips = 300 / slowdown
	for range flips {
		broken := bytes.Clone(data)
		bit := random.IntN(8 * len(broken))
		broken[bit/8] ^= 1 << (bit % 8)
		if requireNamedOrHarmless(t, broken, whole, fmt.Sprintf("bit %d", bit)) {
			named++
		}
	}
	t.Logf("%d of %d named; the others hit what nothing reads", named, flips)
	require.Greater(t, named, flips/10)
}

// The heads of pages and their entries are what can lead a reader astray.
func TestBitsFlippedInTheHeadsOfPagesAreNamedOrHarmless(t *testing.T) {
	t.Parallel()
	data := grown(t, 12)
	_, path := judge(t, data)
	whole := dumped(t, path)
	random := rand.New(rand.NewPCG(golden.Seed(t), 0))
	for page := range len(data) / 4096 {
		for range 1 + 11/slowdown {
			broken := bytes.Clone(data)
			bit := random.IntN(8 * 80)
			broken[page*4096+bit/8] ^= 1 << (bit % 8)
			requireNamedOrHarmless(t, broken, whole, fmt.Sprintf("page %d, bit %d", page, bit))
		}
	}
}

func TestACopyTornBetweenTwoStatesIsNamedOrIsOneOfThem(t *testing.T) {
	t.Parallel()
	options := optionsFor(newPath(t))
	store := open(t, options)
	for range 12 {
		commit(t, store, lines(headOf(store), 2))
	}
	state := func() []byte {
		data, err := os.ReadFile(options.Path)
		require.NoError(t, err)
		return data[:1<<20]
	}
	early := state()
	for range 12 {
		commit(t, store, lines(headOf(store), 2))
	}
	late := state()
	lateCopy := newPath(t)
	require.NoError(t, store.CopyTo(lateCopy))
	whole := dumped(t, lateCopy)
	torn, named := 0, 0
	for cut := 4096; cut < len(late); cut += slowdown * 4096 {
		for _, broken := range [][]byte{slices.Concat(early[:cut], late[cut:]), slices.Concat(late[:cut], early[cut:])} {
			if bytes.Equal(broken, early) || bytes.Equal(broken, late) {
				continue
			}
			torn++
			report, path := judge(t, broken)
			if !report.OK() {
				named++
				continue
			}
			require.True(t, strings.HasPrefix(whole, dumped(t, path)), "cut at %d", cut)
		}
	}
	t.Logf("%d of %d torn copies named", named, torn)
	require.Greater(t, named, torn/2)
}

func TestWhatTheIndexSaysIsHeldAgainstTheFacts(t *testing.T) {
	for name, damage := range map[string]func(index *bbolt.Bucket) error{
		"an entry too few":  func(index *bbolt.Bucket) error { return index.Delete(append([]byte{'o'}, id(2)...)) },
		"an entry too many": func(index *bbolt.Bucket) error { return index.Put([]byte("o1"), make([]byte, 8)) },
		"another entry":     func(index *bbolt.Bucket) error { return index.Put(append([]byte{'o'}, id(2)...), make([]byte, 8)) },
		"not up to date":    func(index *bbolt.Bucket) error { return index.Put([]byte("z/applied"), make([]byte, 8)) },
	} {
		_, path := judge(t, grown(t, 3))
		change(t, path, func(tx *bbolt.Tx) error { return damage(tx.Bucket([]byte("index"))) })
		report, err := storage.Verify(path)
		require.NoError(t, err)
		require.Nil(t, report.Bad)
		require.Len(t, report.Problems, 1, name)
		require.Contains(t, report.Problems[0], "index", name)
	}
}

func TestAnIdentityThatTheCheckpointDeniesIsNamed(t *testing.T) {
	for name, damage := range map[string]func(meta *bbolt.Bucket) error{
		"terminal": func(meta *bbolt.Bucket) error { return meta.Put([]byte("terminal"), []byte("T-0002")) },
		"epoch":    func(meta *bbolt.Bucket) error { return meta.Put([]byte("epoch"), make([]byte, 8)) },
		"schema":   func(meta *bbolt.Bucket) error { return meta.Put([]byte("schema"), []byte("one")) },
		"no epoch": func(meta *bbolt.Bucket) error { return meta.Delete([]byte("epoch")) },
	} {
		_, path := judge(t, grown(t, 3))
		change(t, path, func(tx *bbolt.Tx) error { return damage(tx.Bucket([]byte("meta"))) })
		report, err := storage.Verify(path)
		require.NoError(t, err)
		require.False(t, report.OK(), name)
		_, err = storage.Open(optionsFor(path))
		require.Error(t, err, name)
	}
}
