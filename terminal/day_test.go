package terminal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/terminal"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/journal"
	"balcao/terminal/operator"
	"balcao/terminal/payment"
	"balcao/terminal/shift"
	"balcao/terminal/snapshot"
)

// supervisor is the second person of these tests.
var supervisor = operator.Operator{ID: "300", Name: "JOSÉ R.", Role: operator.Supervisor, PINHash: "hash"}

// withSupervisor is an open till in a shop that has one.
func withSupervisor() *desk {
	d := newDesk().open()
	w := d.state.Volatile.World
	w.Operators["300"] = supervisor
	d.state.Volatile.World = w
	return d
}

func TestGrammarOfTheEntryLine(t *testing.T) {
	d := newDesk().open()
	d.happens(terminal.Enter{Text: "3*7896089012453"}) // 56,70
	d.happens(terminal.Enter{Text: "17"})              // 16,90
	d.happens(terminal.Enter{Text: "10%2"})            // line 2: 1,69 off
	d.happens(terminal.Enter{Text: "5,00-"})           // 5,00 off the whole
	d.happens(terminal.Enter{Text: "529.982.247-25"})
	view := terminal.CashierView(d.state).Sale
	require.EqualValues(t, 56_70+15_21-5_00, view.Total)
	require.EqualValues(t, 1_69+5_00, view.Discounts)
	require.EqualValues(t, 73_60, view.Gross)
	require.Equal(t, "52998224725", view.TaxID)

	d.happens(terminal.Enter{Text: "-1"})
	require.EqualValues(t, 15_21-5_00, terminal.CashierView(d.state).Sale.Total)
	require.Equal(t, "core.refused.discount", d.happens(terminal.Enter{Text: "99,00-"}).Reply.Refusal.ID)
	require.Empty(t, d.happens(terminal.Enter{Text: "?17"}).Facts, "a price check sells nothing")
	require.Equal(t, "core.said.price", terminal.CashierView(d.state).Toast.Text.ID)

	d.happens(terminal.Enter{Text: "cafe"})
	require.Equal(t, "1", terminal.CashierView(d.state).Search.Rows[0].SKU, "accent-blind")
	d.happens(terminal.Answer{Number: 1})
	require.Nil(t, terminal.CashierView(d.state).Search)
	require.EqualValues(t, 15_21+18_90-5_00, terminal.CashierView(d.state).Sale.Total)

	d.happens(terminal.Enter{})
	order := bodies[journal.Order](d.facts)[0]
	require.EqualValues(t, 34_11, order.Totals.Items)
	require.EqualValues(t, 5_00, order.Totals.Discounts)
	require.EqualValues(t, 29_11, order.Totals.Total)
	require.Equal(t, "52998224725", order.Customer.TaxID)
}

func TestSplitSaleOfCashAndCardIsOneCommit(t *testing.T) {
	d := newDesk().open().cart()
	d.happens(terminal.Enter{Text: "+10"})
	require.EqualValues(t, 10_00, terminal.CashierView(d.state).Payment.Part)
	require.Equal(t, []string{"cash_tendered"}, kinds(d.happens(terminal.Tender{Digit: 1})))
	view := terminal.CashierView(d.state).Payment
	require.EqualValues(t, 10_00, view.Paid)
	require.EqualValues(t, cartTotal-10_00, view.Due)

	attempt := d.attempt()
	require.EqualValues(t, cartTotal-10_00, attempt.Amount)
	require.Equal(t, 2, d.state.Attempts[0].Tender)
	d.happens(terminal.CardRead{Attempt: attempt.ID, Reading: reading()})
	d.happens(terminal.HostAnswered{Attempt: attempt.ID, Answer: approval()})
	made := d.happens(terminal.ChipFinished{Attempt: attempt.ID, Completion: card.Completion{Cryptogram: card.TC}})
	require.Equal(t, []string{"payment", "drawer_opening", "confirmation", "sale_paid", "print_job"}, kinds(made))
	require.EqualValues(t, 200_00+10_00, d.state.Session.Drawer())
}

func TestCardPartThenCashWaitsForTheRestAndIsUndoneByAKill(t *testing.T) {
	partial := func() (*desk, payment.Attempt) {
		d := newDesk().open().cart()
		d.happens(terminal.Enter{Text: "+10"})
		attempt := d.attempt()
		d.happens(terminal.CardRead{Attempt: attempt.ID, Reading: reading()})
		d.happens(terminal.HostAnswered{Attempt: attempt.ID, Answer: approval()})
		require.Empty(t, d.happens(terminal.ChipFinished{Attempt: attempt.ID, Completion: card.Completion{Cryptogram: card.TC}}).Facts)
		require.EqualValues(t, cartTotal-10_00, terminal.CashierView(d.state).Payment.Due)
		return d, attempt
	}
	d, _ := partial()
	made := d.happens(terminal.Enter{})
	require.Equal(t, []string{"cash_tendered", "payment", "drawer_opening", "confirmation", "sale_paid", "print_job"}, kinds(made))

	d, attempt := partial()
	d.boot()
	require.Equal(t, payment.VoidDecided, d.state.Attempts[0].State, "the sale was not committed")
	require.EqualValues(t, cartTotal, terminal.CashierView(d.state).Payment.Due)

	d, attempt = partial()
	d.happens(terminal.Cancel{})
	require.Equal(t, attempt.ID, bodies[journal.Reversal](d.facts)[0].PaymentID, "leaving payment undoes the part")
}

func TestCashOfAnOpenSaleSurvivesAKillAndIsGivenBack(t *testing.T) {
	d := newDesk().open().cart()
	d.happens(terminal.Enter{Text: "+10"})
	d.happens(terminal.Tender{Digit: 1})
	d.boot()
	require.EqualValues(t, 10_00, terminal.CashierView(d.state).Payment.Paid)
	require.Equal(t, []string{"cash_returned", "transition"}, kinds(d.happens(terminal.Cancel{})))
}

func TestSecondPersonAllowsOneActWhereTheCashierStands(t *testing.T) {
	d := withSupervisor()
	d.happens(terminal.Enter{Text: "3*7896089012453"})
	made := d.happens(terminal.Enter{Text: "50%"})
	require.Equal(t, "core.refused.needs_approval", made.Reply.Refusal.ID)
	require.Equal(t, "core.act.discount", terminal.CashierView(d.state).Approval.Act.ID)
	d.happens(terminal.Approve{OperatorID: "300", PIN: "4321"})
	require.True(t, one[terminal.CheckPIN](t, d.take()).Approves)
	require.Equal(t, "core.refused.wrong_pin", d.happens(terminal.PINChecked{OperatorID: "300", Approves: true}).Reply.Refusal.ID)
	require.Equal(t, "core.refused.not_allowed", d.happens(terminal.PINChecked{OperatorID: "214", OK: true, Approves: true}).Reply.Refusal.ID)
	made = d.happens(terminal.PINChecked{OperatorID: "300", OK: true, Approves: true})
	require.Equal(t, []string{"override", "discount"}, kinds(made))
	discount := bodies[journal.Discount](d.facts)[0]
	require.Equal(t, "214", discount.OperatorID)
	require.Equal(t, "300", discount.Approval.ApproverID)
	require.Equal(t, made.Facts[0].ID, discount.Approval.OverrideID)
	require.Nil(t, terminal.CashierView(d.state).Approval)
	require.Equal(t, "core.refused.needs_approval", d.happens(terminal.Enter{Text: "90%"}).Reply.Refusal.ID, "once only")
}

func TestWholeDayEndsInAZThatAgreesWithItsFacts(t *testing.T) {
	d := withSupervisor()
	d.cart().happens(terminal.Enter{})
	d.happens(terminal.MoveCash{Type: shift.Suprimento, Amount: 50_00, Reason: "troco"})
	d.happens(terminal.MoveCash{Type: shift.Sangria, Amount: 100_00, Reason: "cofre"})
	d.happens(terminal.PINChecked{OperatorID: "300", OK: true, Approves: true})
	d.happens(terminal.Scan{Code: "17"})
	require.Equal(t, "core.refused.sale_open", d.happens(terminal.BeginClose{}).Reply.Refusal.ID)
	made := d.happens(terminal.CancelSale{Reason: "desistiu"})
	require.Equal(t, device.CancelledSale, one[terminal.Print](t, made.Effects).Job.Documents[0])
	require.Equal(t, "desistiu", one[terminal.Print](t, made.Effects).Job.Cancelled.Reason)

	d.happens(terminal.BeginClose{})
	view := terminal.CashierView(d.state)
	require.Equal(t, snapshot.Counting, view.Phase)
	require.Nil(t, view.Closing.Result, "the count is blind")
	require.Equal(t, "core.refused.closing", d.happens(terminal.Enter{Text: "17"}).Reply.Refusal.ID)
	require.Equal(t, "core.refused.not_closing", d.happens(terminal.CloseDay{}).Reply.Refusal.ID)
	d.happens(terminal.CountDrawer{Counted: 180_00})
	expected := d.state.Session.Drawer()
	require.EqualValues(t, 200_00+cartTotal+50_00-100_00, expected)
	require.EqualValues(t, 180_00-expected, terminal.CashierView(d.state).Closing.Result.Difference)

	d.take()
	made = d.happens(terminal.CloseDay{})
	require.Equal(t, []string{"z_report", "print_job", "session_close", "operator_logout"}, kinds(made))
	z := one[terminal.Print](t, made.Effects).Job.Report
	require.EqualValues(t, 1, z.Number)
	require.EqualValues(t, cartTotal, z.Net)
	require.EqualValues(t, 16_90, z.Sums.Cancelled.Amount)
	require.EqualValues(t, 180_00-expected, z.Difference())
	require.Equal(t, snapshot.Locked, terminal.CashierView(d.state).Phase)
	d.boot()
	require.EqualValues(t, 1, d.state.Counters.Z)
	for _, effect := range d.take() {
		if paper, ok := effect.(terminal.Print); ok && paper.Job.Report != nil {
			require.Equal(t, 2, paper.Job.Copy, "a Z of unknown fate is printed again, marked")
			return
		}
	}
	t.Fatal("the Z was not printed again")
}

// TestAStateComesBackWholeFromACheckpoint takes a checkpoint between two sessions with
// all that may be open over it, and goes on from it as from the facts themselves.
func TestAStateComesBackWholeFromACheckpoint(t *testing.T) {
	d := newDesk().open()
	require.Empty(t, d.happens(terminal.PeriodOver{}).Facts, "a session is open")
	d.cart()
	id := d.attempt().ID
	d.happens(terminal.CardRead{Attempt: id, Reading: reading()})
	d.happens(terminal.HostAnswered{Attempt: id, Answer: approval()})
	d.happens(terminal.ChipFinished{Attempt: id, Completion: card.Completion{Cryptogram: card.TC}})
	require.Equal(t, payment.Committed, d.state.Attempts[0].State, "its confirm is owed over the period")
	d.cart().happens(terminal.Enter{})
	d.happens(terminal.RecordRefused{Seq: 4, Code: "required-field"})
	d.happens(terminal.PINChecked{OperatorID: "214"})
	d.happens(terminal.BeginClose{})
	d.happens(terminal.CountDrawer{Counted: 200_00})
	d.happens(terminal.CloseDay{})
	require.Nil(t, d.state.Session)
	require.NotEmpty(t, d.state.Jobs)
	whole := d.state
	closed := d.facts[len(d.facts)-1].ID
	require.True(t, whole.Answered.Has(closed))

	made := d.happens(terminal.PeriodOver{})
	require.Equal(t, []string{"state_checkpoint"}, kinds(made))
	whole.Seq++
	same(t, whole, d.state)

	// A start folds the new file alone.
	d.facts = d.facts[len(d.facts)-1:]
	d.boot()
	require.Equal(t, "T-0003", d.state.TerminalID)
	require.True(t, d.state.Answered.Has(closed), "a request told again is still known")
	d.open().cart().happens(terminal.Enter{})
	require.Greater(t, d.state.Counters.Receipt, whole.Counters.Receipt, "numbers go on (I6)")
	d.happens(terminal.Settled{Attempt: id, Decision: whole.Attempts[0].Settlement})
	require.Empty(t, d.state.Attempts)
}
