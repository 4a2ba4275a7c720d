package storage_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/storage"
	"balcao/terminal/journal"
)

// The environment variables that make the test binary a writer.
const (
	childPath = "BALCAO_STORAGE_CHILD" // the journal
	childMode = "BALCAO_STORAGE_CHILD_MODE"
)

// What a child does after it has opened the journal.
const (
	modeCommit = "commit"
	modeCreate = "create" // nothing more
	modeLie    = "lie"    // acknowledge before committing
	modeRotate = "rotate" // begin a new period between the commits
)

const (
	childCommits = 3 // of 1 to 3 facts
	childTries   = 5 // failures before it gives up
)

// pinned makes the writer goroutine stay on its thread, since strace counts for
// each: a rebuild asks for the context's error there before it begins.
type pinned struct{ context.Context }

func (pinned) Err() error {
	runtime.LockOSThread()
	return errPinned
}

var errPinned = errors.New("pinned")

// child opens the journal and commits, telling every acknowledgement. Whatever
// its disk does, it behaves as the daemon must: full is no, broken is reopen.
func child(path string) int {
	runtime.LockOSThread()
	store, err := storage.Open(optionsFor(path))
	if err != nil {
		fmt.Println("OPEN", err)
		return 3
	}
	fmt.Println("OPENED", headOf(store))
	if os.Getenv(childMode) != modeCreate {
		if err := store.RebuildIndexes(pinned{context.Background()}); !errors.Is(err, errPinned) {
			fmt.Println("REFUSED", err)
			return 4
		}
		write(store)
	}
	if err := store.Close(); err != nil {
		fmt.Println("CLOSE", err)
	}
	fmt.Println("DONE")
	return 0
}

func write(store *storage.Store) {
	tries := 0
	for done := 0; done < childCommits && tries < childTries; {
		batch := lines(headOf(store), 1+done%3)
		save := func() error { return store.Commit(context.Background(), batch) }
		if period, err := store.Period(); os.Getenv(childMode) == modeRotate && err == nil && period.Count == done {
			batch = journal.Batch{Facts: []journal.Fact{checkpoint(headOf(store))}}
			save = func() error { return store.Rotate(context.Background(), batch.Facts[0]) }
		}
		if os.Getenv(childMode) == modeLie {
			fmt.Println("ACK", batch.Last())
		}
		switch err := save(); {
		case err == nil:
			fmt.Println("ACK", batch.Last())
			if batch.Facts[0].Body.Kind() != "state_checkpoint" {
				done++
			}
		case errors.Is(err, storage.ErrFull):
			fmt.Println("FULL", err)
			tries++
		case errors.Is(err, storage.ErrBroken):
			fmt.Println("BROKEN", err)
			tries++
			if err := store.Reopen(context.Background()); err != nil {
				fmt.Println("REOPEN", err)
			}
		case os.Getenv(childMode) == modeRotate && batch.Facts[0].Body.Kind() == "state_checkpoint":
			fmt.Println("NO", err)
			tries++
		default:
			fmt.Println("REFUSED", err)
			return
		}
	}
}

// A run is what a child said before its end.
type run struct {
	output string
	acked  uint64
	killed bool
}

func (r run) says(word string) bool { return strings.Contains(r.output, word+" ") }

// storageCalls are all system calls by which a file changes.
const storageCalls = "pwrite64,fdatasync,ftruncate,fsync,renameat,renameat2,unlinkat"

func needStrace(t testing.TB) {
	t.Helper()
	if exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "true").Run() != nil {
		t.Skip("strace is absent or may not trace here: no faults are injected")
	}
}

// runChild runs the test binary as a writer whose number-th call is tampered with.
func runChild(t testing.TB, path, mode, call, fault string, number int) run {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), "strace", "-f", "-qq", "-o", os.DevNull,
		"-e", "trace="+storageCalls, "-e", fmt.Sprintf("inject=%s:%s:when=%d", call, fault, number), self)
	command.Env = append(os.Environ(), childPath+"="+path, childMode+"="+mode, "GOMAXPROCS=1", "GORACE=atexit_sleep_ms=0")
	output, err := command.Output()
	found := run{output: string(output), killed: err != nil}
	lines := bufio.NewScanner(bytes.NewReader(output))
	for lines.Scan() {
		_, _ = fmt.Sscanf(lines.Text(), "ACK %d", &found.acked)
	}
	require.NotContains(t, found.output, "REFUSED")
	return found
}

// A sweep tampers with the first call of a kind, then the second, until a run
// ends that had no such call left.
func sweep(t *testing.T, base []byte, mode, fault string, calls []string, check func(path string, found run)) (runs int) {
	t.Helper()
	for _, call := range calls {
		for number := 1; ; number++ {
			path := filepath.Join(t.TempDir(), "balcao.db")
			if base != nil {
				require.NoError(t, os.WriteFile(path, base, 0o600))
			}
			found := runChild(t, path, mode, call, fault, number)
			reported(t, fmt.Sprintf("%s number %d, %s", call, number, fault), found, func() { check(path, found) })
			if !found.killed && !strings.Contains(found.output, "input/output error") && !strings.Contains(found.output, "no space left") {
				break
			}
			runs++
		}
	}
	return runs
}

// reported shows what the child said when a check ends the test.
func reported(t *testing.T, what string, found run, check func()) {
	defer func() {
		if t.Failed() {
			t.Logf("%s; the child said:\n%s", what, found.output)
		}
	}()
	check()
}

// baseFile is a journal with some facts, as bytes.
func baseFile(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "base.db")
	store, err := storage.Open(optionsFor(path))
	require.NoError(t, err)
	commit(t, store, lines(1, 3))
	require.NoError(t, store.CopyTo(path+".copy"))
	require.NoError(t, store.Close())
	data, err := os.ReadFile(path + ".copy")
	require.NoError(t, err)
	return data
}

// lost says what a journal lacks of what was acknowledged, if anything.
func lost(t testing.TB, path string, acked uint64) error {
	store, err := storage.Open(optionsFor(path))
	if err != nil {
		return err
	}
	defer func() { require.NoError(t, store.Close()) }()
	if head := headOf(store); head < acked {
		return fmt.Errorf("fact %d was acknowledged, the journal ends at %d", acked, head)
	}
	for i, found := range fold(t, store) {
		if want := scanned(uint64(i + 1)); found.Seq != want.Seq || i > 0 && (found.ID != want.ID || found.Body != want.Body) {
			return fmt.Errorf("fact %d is another", i+1)
		}
	}
	return nil
}
