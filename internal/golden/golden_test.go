package golden_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
)

// TestMain takes -golden.update away, since these tests are about the flag.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("golden.update", "false"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// witness stands for a test that is expected to fail, and keeps what it said.
type witness struct {
	testing.TB
	said   strings.Builder
	failed bool
}

func (w *witness) Errorf(format string, arguments ...any) { fmt.Fprintf(&w.said, format, arguments...) }

func (w *witness) Logf(format string, arguments ...any) { fmt.Fprintf(&w.said, format, arguments...) }

func (w *witness) FailNow() {
	w.failed = true
	runtime.Goexit()
}

// run calls check with a witness in a goroutine of its own, since a failing
// test ends its goroutine.
func run(t *testing.T, check func(testing.TB)) *witness {
	w := &witness{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		check(w)
	}()
	<-done
	return w
}

func write(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "wanted")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestSameContentPasses(t *testing.T) {
	path := write(t, "TOTAL 5,49\n")
	golden.Equal(t, path, "TOTAL 5,49\n")
	golden.Equal(t, path, []byte("TOTAL 5,49\n"))
}

func TestOtherTextFailsWithADiff(t *testing.T) {
	path := write(t, "TOTAL 5,49\n")
	w := run(t, func(tb testing.TB) { golden.Equal(tb, path, "TOTAL 5,50\n") })
	require.True(t, w.failed)
	require.Contains(t, w.said.String(), "-TOTAL 5,49")
	require.Contains(t, w.said.String(), "+TOTAL 5,50")
	require.Contains(t, w.said.String(), "-golden.update")
}

func TestOtherBytesFailWithTheirOffset(t *testing.T) {
	path := write(t, "\x89PNG\xff\x00")
	w := run(t, func(tb testing.TB) { golden.Equal(tb, path, "\x89PNG\xff\x01") })
	require.True(t, w.failed)
	require.Contains(t, w.said.String(), "offset 5")
}

func TestCutBytesFailWhereTheyEnd(t *testing.T) {
	path := write(t, "\xff\xfe\xfd")
	w := run(t, func(tb testing.TB) { golden.Equal(tb, path, "\xff\xfe") })
	require.True(t, w.failed)
	require.Contains(t, w.said.String(), "3 bytes wanted, 2 got, first difference at offset 2")
}

func TestMissingFileSaysHowToMakeIt(t *testing.T) {
	w := run(t, func(tb testing.TB) { golden.Equal(tb, filepath.Join(t.TempDir(), "none"), "x") })
	require.True(t, w.failed)
	require.Contains(t, w.said.String(), "-golden.update")
}

func TestUpdateWritesTheFile(t *testing.T) {
	require.NoError(t, flag.Set("golden.update", "true"))
	defer func() { require.NoError(t, flag.Set("golden.update", "false")) }()
	path := filepath.Join(t.TempDir(), "deep", "new")
	golden.Equal(t, path, "as it is now")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "as it is now", string(content))
}

func TestSeedIsPrintedAndTakenBack(t *testing.T) {
	t.Setenv(golden.SeedVariable, "")
	var seed uint64
	w := run(t, func(tb testing.TB) { seed = golden.Seed(tb) })
	require.Contains(t, w.said.String(), fmt.Sprintf("%s=%d go test", golden.SeedVariable, seed))

	t.Setenv(golden.SeedVariable, "42")
	require.EqualValues(t, 42, golden.Seed(t))
}

func TestSeedThatIsNoNumberFails(t *testing.T) {
	t.Setenv(golden.SeedVariable, "forty-two")
	w := run(t, func(tb testing.TB) { golden.Seed(tb) })
	require.True(t, w.failed)
}
