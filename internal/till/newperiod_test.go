package till_test

import (
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/till"
	"balcao/storage"
	"balcao/terminal/ident"
	"balcao/terminal/snapshot"
	"balcao/ui/link"
)

// TestANewMonthBeginsANewFileAndSellingGoesOn boots the built program over a journal of
// last month: it begins a new file by itself, sells, is killed, sells again, and central
// has every fact of both files.
func TestANewMonthBeginsANewFileAndSellingGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real processes: left out of -short")
	}
	bin, err := rightBuild()
	require.NoError(t, err)
	r := newRig(t, bin)
	lastMonth := time.Now().AddDate(0, 0, -45)
	data := filepath.Join(r.place.Dir, "data")
	old, err := storage.Open(storage.Options{
		Path: filepath.Join(data, till.JournalName), TerminalID: "T-0003", AppVersion: "test",
		Now:     func() time.Time { return lastMonth },
		NewID:   func() ident.ID { return ident.Make(lastMonth, [8]byte{7: 1}) },
		Entropy: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.NoError(t, old.Close())

	r.boot()
	second := filepath.Join(data, "journal-0002.db")
	r.eventually("a new file begins", func() bool {
		found, err := filepath.Glob(second)
		return err == nil && len(found) == 1
	})
	r.open()
	sell := func() {
		r.devicesReady()
		r.must(link.VerbEnter, "7896089012453")
		r.must(link.VerbEnter, "")
		r.payByCard(2, "visa-debit", "1234")
		r.until("the sale is paid", func(view snapshot.Cashier) bool { return view.Sale == nil })
		r.pinpad("card", "remove")
	}
	sell()
	r.kill()
	r.boot()
	sell()
	r.until("everything is sent", func(view snapshot.Cashier) bool {
		return view.Central.Queue == 0 && view.Central.Pending == 0
	})
	require.NoError(t, audit(r.books(), r.ledger()))
}
