package engine_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"balcao/terminal"
	"balcao/terminal/engine"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/snapshot"
)

// sales counts the paid sales among facts, and the lines that were sold.
func sales(facts []journal.Fact) (paid, lines int) {
	for _, fact := range facts {
		switch fact.Body.(type) {
		case journal.SalePaid:
			paid++
		case journal.LineAdded:
			lines++
		}
	}
	return paid, lines
}

// rush is what reaches a till while its disk stands still: a scan in the middle
// of a commit, two more, two Enters and the first Enter's request told again.
type rush struct {
	scans          [3]<-chan terminal.Reply
	enters         [2]<-chan terminal.Reply
	again          <-chan terminal.Reply
	first, enterID ident.ID
}

func rushed(t *testing.T, s *till) rush {
	t.Helper()
	s.open()
	s.disk.hold()
	r := rush{first: newID(), enterID: newID()}
	r.scans[0] = s.ask(r.first, terminal.Scan{Code: "7896089012453"})
	synctest.Wait()
	r.scans[1] = s.ask(newID(), terminal.Enter{Text: "2*7896089012453"})
	synctest.Wait()
	r.enters[0] = s.ask(r.enterID, terminal.Enter{})
	synctest.Wait()
	r.enters[1] = s.ask(newID(), terminal.Enter{})
	synctest.Wait()
	r.again = s.ask(r.enterID, terminal.Enter{})
	synctest.Wait()
	r.scans[2] = s.ask(newID(), terminal.Scan{Code: "17"})
	synctest.Wait()
	require.Len(t, s.engine.Snapshot().Sale.Lines, 1, "a line may be painted before its flush, nothing else")
	require.Nil(t, s.engine.Snapshot().Payment)
	require.Zero(t, s.shop.opened(), "nothing happens outside before the commit")
	return r
}

func TestStalledCommitThatPassesPaysOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := boot(t, newDisk())
		r := rushed(t, s)
		s.disk.end(t, s.disk.save)
		for _, replies := range []<-chan terminal.Reply{r.scans[0], r.scans[1], r.enters[0], r.enters[1], r.again, r.scans[2]} {
			require.Empty(t, s.reply(replies).Refusal.ID)
		}
		synctest.Wait()
		paid, lines := sales(s.disk.kept())
		require.Equal(t, 1, paid)
		require.Equal(t, 3, lines, "the last scan began the next sale")
		require.Equal(t, 1, s.shop.opened())
		require.Equal(t, int64(2), s.engine.Snapshot().Sale.Number)
	})
}

func TestStalledCommitThatFailsDropsEverythingAfterItAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := boot(t, newDisk())
		r := rushed(t, s)
		s.disk.end(t, func(journal.Batch) error { return errors.Join(engine.ErrFull, errors.New("no space")) })
		for _, replies := range []<-chan terminal.Reply{r.scans[0], r.scans[1], r.enters[0], r.enters[1], r.again, r.scans[2]} {
			require.Equal(t, "core.refused.not_saved", s.reply(replies).Refusal.ID)
		}
		synctest.Wait()
		paid, lines := sales(s.disk.kept())
		require.Zero(t, paid)
		require.Zero(t, lines)
		require.Zero(t, s.shop.opened())
		view := s.engine.Snapshot()
		require.Nil(t, view.Sale)
		require.Equal(t, "DSK-01", view.Notices[0].Code)
		require.NotContains(t, []string{"core.said.sold", "core.said.paid_cash"}, view.Toast.Text.ID, "what was dropped is not said")
		require.Equal(t, "core.refused.disk_full", s.do(terminal.Scan{Code: "17"}).Refusal.ID, "no new sale on a full disk")
	})
}

func TestR9_CommitErrorWhoseFactsAreOnDiskAllTheSameIsNotDoneTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := boot(t, newDisk())
		r := rushed(t, s)
		s.disk.end(t, func(batch journal.Batch) error {
			require.NoError(t, s.disk.save(batch))
			return errors.New("fdatasync: input/output error")
		})
		require.True(t, s.reply(r.scans[0]).Duplicate, "it is on disk: it was done")
		require.Equal(t, "core.refused.not_saved", s.reply(r.enters[0]).Refusal.ID)
		require.True(t, s.reply(s.ask(r.first, terminal.Scan{Code: "7896089012453"})).Duplicate)
		_, lines := sales(s.disk.kept())
		require.Equal(t, 1, lines)
		require.False(t, slices.ContainsFunc(s.engine.Snapshot().Notices, func(n snapshot.Notice) bool { return n.Code == "DSK-01" }))
	})
}

func TestKillInAStalledCommitLosesNoAcknowledgedLineAndPaysNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := boot(t, newDisk())
		s.open()
		s.must(terminal.Scan{Code: "17"}) // acknowledged
		s.disk.hold()
		enter := newID()
		s.ask(enter, terminal.Enter{})
		synctest.Wait()
		s.kill()

		s.disk.stall = nil
		again := boot(t, s.disk)
		require.Len(t, again.engine.Snapshot().Sale.Lines, 1)
		require.Nil(t, again.engine.Snapshot().Payment, "the order was not durable")
		require.False(t, again.reply(again.ask(enter, terminal.Enter{})).Duplicate)
		pay := newID()
		require.Empty(t, again.reply(again.ask(pay, terminal.Enter{})).Refusal.ID)
		again.kill()

		third := boot(t, again.disk)
		require.True(t, third.reply(third.ask(pay, terminal.Enter{})).Duplicate, "a resend after a kill is answered, not done again")
		paid, _ := sales(third.disk.kept())
		require.Equal(t, 1, paid)
		require.Zero(t, third.shop.opened(), "the drawer is never replayed")
	})
}

func TestWrongPINWaitsAndNeverTellsWhetherTheOperatorExists(t *testing.T) {
	s := boot(t, newDisk())
	for range 5 {
		require.Equal(t, "core.refused.wrong_pin", s.do(terminal.Login{OperatorID: "214", PIN: "0000"}).Refusal.ID)
	}
	require.Equal(t, "core.refused.wait", s.do(terminal.Login{OperatorID: "214", PIN: "1234"}).Refusal.ID)
	require.Equal(t, "core.refused.wrong_pin", s.do(terminal.Login{OperatorID: "999", PIN: "1234"}).Refusal.ID)
	s.kill()
	again := boot(t, s.disk)
	require.Equal(t, "core.refused.wait", again.do(terminal.Login{OperatorID: "214", PIN: "1234"}).Refusal.ID, "the wait survives a restart")
}

func TestWatchersMissNothingThatLasts(t *testing.T) {
	s := boot(t, newDisk())
	s.open()
	s.must(terminal.Scan{Code: "17"})
	view := s.until(func(v snapshot.Cashier) bool { return v.Sale != nil && v.Sale.Items == 1 })
	require.Equal(t, snapshot.Selling, view.Phase)
	require.Equal(t, "PÃO FRANCÊS", view.Sale.Lines[0].Description)
	s.must(terminal.Enter{})
	require.Equal(t, snapshot.Paying, s.engine.Snapshot().Phase)
	s.must(terminal.Cancel{})
	require.Equal(t, snapshot.Selling, s.engine.Snapshot().Phase)
}
