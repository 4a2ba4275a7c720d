package till_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/terminal/snapshot"
	"balcao/ui/link"
)

// TestFullDiskLosesNothingAndTheOpenSaleIsFinished fills a small disk under a
// running till in the middle of a sale.
func TestFullDiskLosesNothingAndTheOpenSaleIsFinished(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real processes: left out of -short")
	}
	bin, err := rightBuild()
	require.NoError(t, err)
	r := newRig(t, bin)
	data := filepath.Join(r.place.Dir, "data")
	require.NoError(t, os.MkdirAll(data, 0o700))
	if output, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", data).CombinedOutput(); err != nil {
		t.Skipf("no small disk can be mounted here: %s", output)
	}
	t.Cleanup(func() {
		r.kill()
		_ = exec.Command("umount", data).Run()
	})
	r.boot()
	r.open()
	r.must(link.VerbEnter, "17")

	filler := filepath.Join(data, "filler")
	fill(t, filler)
	acked := 1
	for ; ; acked++ {
		reply := r.ask(link.Command{Verb: link.VerbEnter, Text: "17"})
		if !reply.OK {
			require.Equal(t, "core.refused.not_saved", reply.Error.ID)
			break
		}
		require.Less(t, acked, 900, "the disk never filled up")
	}
	view := r.until("a notice says that the disk is full", func(v snapshot.Cashier) bool { return noticed(v, "DSK-01") })
	require.Equal(t, acked, view.Sale.Items, "every acknowledged line is there, the refused one is not")

	// The ballast makes room for the open sale, and for nothing else.
	r.must(link.VerbEnter, "7896089012453")
	r.must(link.VerbEnter, "")
	r.must(link.VerbEnter, "")
	reply := r.ask(link.Command{Verb: link.VerbEnter, Text: "17"})
	require.False(t, reply.OK)
	require.Equal(t, "core.refused.disk_full", reply.Error.ID)

	require.NoError(t, os.Remove(filler))
	r.until("the till sells again by itself", func(v snapshot.Cashier) bool { return !noticed(v, "DSK-01") })
	r.must(link.VerbEnter, "17")
	r.must(link.VerbEnter, "")
	r.must(link.VerbEnter, "")
	r.until("everything is sent", func(v snapshot.Cashier) bool { return v.Central.Queue == 0 })
	require.NoError(t, audit(r.books(), r.ledger()))
}

// fill writes a file until the disk takes no more.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer file.Close()
	for _, size := range []int{1 << 20, 4 << 10} {
		for block := make([]byte, size); ; {
			if _, err := file.Write(block); err != nil {
				break
			}
		}
	}
}

// noticed says whether a screen shows a notice.
func noticed(view snapshot.Cashier, code string) bool {
	return slices.ContainsFunc(view.Notices, func(notice snapshot.Notice) bool { return notice.Code == code })
}
