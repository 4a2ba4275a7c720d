package terminal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/journal"
	"balcao/terminal/operator"
	"balcao/terminal/payment"
	"balcao/terminal/snapshot"
)

func TestCashSaleIsPaidWithTwoEnters(t *testing.T) {
	d := newDesk().open()
	d.happens(terminal.Scan{Code: "7896089012453"})
	d.happens(terminal.Enter{Text: "0,845*17"})
	require.Equal(t, []string{"order"}, kinds(d.happens(terminal.Enter{})))
	require.Equal(t, snapshot.Paying, terminal.CashierView(d.state).Phase)
	paid := d.happens(terminal.Enter{})
	require.Equal(t, []string{"cash_tendered", "payment", "drawer_opening", "sale_paid", "print_job"}, kinds(paid))
	require.Equal(t, string(snapshot.Charged), paid.Reply.Money)
	effects := d.take()
	one[terminal.KickDrawer](t, effects)
	one[terminal.Forward](t, effects)
	require.Equal(t, []device.Document{device.SaleReceipt}, one[terminal.Print](t, effects).Job.Documents)
	view := terminal.CashierView(d.state)
	require.Equal(t, snapshot.Selling, view.Phase)
	require.EqualValues(t, cartTotal, view.LastSale.Total)
	require.EqualValues(t, 200_00+cartTotal, d.state.Session.Drawer())

	require.Equal(t, "core.refused.empty", d.happens(terminal.Enter{}).Reply.Refusal.ID, "a third Enter pays nothing")
}

func TestChangeIsWorkedOutFromTheNoteHandedOver(t *testing.T) {
	d := newDesk().open().cart()
	d.happens(terminal.Enter{Text: "1 50"})
	sold := bodies[journal.SalePaid](d.facts)
	require.Len(t, sold, 1)
	require.EqualValues(t, 50_00-cartTotal, sold[0].Change)
	require.Equal(t, "core.refused.too_little", newDesk().open().cart().happens(terminal.Enter{Text: "1 10"}).Reply.Refusal.ID)
}

func TestR1_TheIntentIsDurableBeforeTheReaderIsAsked(t *testing.T) {
	d := newDesk().open().cart()
	made := d.happens(terminal.Tender{Digit: 2})
	require.Equal(t, []string{"payment_intent"}, kinds(made))
	require.Equal(t, d.state.Attempts[0].ID, one[terminal.ReadCard](t, made.Effects).Request.Attempt)
}

// TestChipSale walks S1 to S4, each state durable before its effect.
func TestChipSale(t *testing.T) {
	d := newDesk().open().cart()
	attempt := d.attempt()
	require.Equal(t, payment.Intent, attempt.State)
	made := d.happens(terminal.CardRead{Attempt: attempt.ID, Reading: reading()})
	require.Empty(t, made.Facts)
	sent := one[terminal.Authorise](t, made.Effects)
	require.Equal(t, attempt.Seq, sent.Payment.TerminalSeq, "born with the intent")
	require.Len(t, sent.Sealed, 1)

	made = d.happens(terminal.HostAnswered{Attempt: attempt.ID, Answer: approval()})
	require.Equal(t, []string{"payment"}, kinds(made), "S2 before the chip hears of it")
	one[terminal.FinishCard](t, made.Effects)

	made = d.happens(terminal.ChipFinished{Attempt: attempt.ID, Completion: card.Completion{Cryptogram: card.TC}})
	require.Equal(t, []string{"confirmation", "sale_paid", "print_job"}, kinds(made), "S3 is one commit")
	one[terminal.Forward](t, made.Effects)
	require.Equal(t, "core.pinpad.approved", one[terminal.ReleaseCard](t, made.Effects).Say)
	require.Equal(t, 1, d.state.Owed())
	decision := made.Facts[0].ID

	d.happens(terminal.Settled{Attempt: attempt.ID, Decision: d.id()})
	require.Equal(t, 1, d.state.Owed(), "I8: an acknowledgement of something else settles nothing")
	require.Equal(t, []string{"payment_confirmed"}, kinds(d.happens(terminal.Settled{Attempt: attempt.ID, Decision: decision})))
	require.Zero(t, d.state.Owed())
	require.Empty(t, d.state.Attempts)
}

func TestI10_SealedCardItemsNeverReachAFact(t *testing.T) {
	d := newDesk().open().cart()
	attempt := d.attempt()
	d.happens(terminal.CardRead{Attempt: attempt.ID, Reading: reading()})
	d.happens(terminal.HostAnswered{Attempt: attempt.ID, Answer: approval()})
	for _, fact := range d.facts {
		data, err := journal.MarshalBody(fact.Body)
		require.NoError(t, err)
		require.NotContains(t, string(data), "FFFF9876543210E00001")
		require.NotContains(t, string(data), "encrypted")
	}
}

func TestR2R3_SilenceIsAskedUnderTheSameKeyAndIsNoDecline(t *testing.T) {
	d := newDesk().open().cart()
	attempt := d.attempt()
	d.happens(terminal.CardRead{Attempt: attempt.ID, Reading: reading()})
	var waits []time.Duration
	for range 5 {
		made := d.happens(terminal.HostAnswered{Attempt: attempt.ID, Answer: payment.Answer{Verdict: payment.Unknown}})
		require.Empty(t, made.Facts)
		ask := one[terminal.AskHost](t, made.Effects)
		require.Equal(t, attempt.ID, ask.Attempt)
		waits = append(waits, ask.After)
	}
	require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}, waits)
	view := terminal.CashierView(d.state).Payment
	require.Equal(t, snapshot.Verifying, view.Attempt.Money)
	require.True(t, view.Attempt.CanInquire)
	require.False(t, view.CanLeave)
	require.Equal(t, "core.refused.payment_runs", d.happens(terminal.Enter{}).Reply.Refusal.ID, "R8")

	d.happens(terminal.HostAnswered{Attempt: attempt.ID, Answer: approval()})
	d.happens(terminal.ChipFinished{Attempt: attempt.ID, Completion: card.Completion{Cryptogram: card.TC}})
	require.Len(t, bodies[journal.SalePaid](d.facts), 1, "the lost answer was found again: one charge")
}

func TestSilenceBeyondTheDeadlineIsUndone(t *testing.T) {
	d := newDesk().open().cart()
	attempt := d.attempt()
	d.now = d.now.Add(2 * time.Minute) // the holder was slow: the wait counts from the request
	d.happens(terminal.CardRead{Attempt: attempt.ID, Reading: reading()})
	d.now = d.now.Add(59 * time.Second)
	require.Empty(t, d.happens(terminal.HostAnswered{Attempt: attempt.ID}).Facts)
	d.now = d.now.Add(2 * time.Second)
	made := d.happens(terminal.HostAnswered{Attempt: attempt.ID})
	require.Equal(t, []string{"reversal"}, kinds(made))
	require.Equal(t, payment.Timeout, bodies[journal.Reversal](d.facts)[0].Reason)
	one[terminal.Forward](t, made.Effects)
}

func TestR4_NotFoundIsCancelledAndTheCancelAwaited(t *testing.T) {
	d := newDesk().open().cart()
	attempt := d.attempt()
	d.happens(terminal.CardRead{Attempt: attempt.ID, Reading: reading()})
	made := d.happens(terminal.HostAnswered{Attempt: attempt.ID, Answer: payment.Answer{Verdict: payment.NotFound}})
	require.Equal(t, []string{"reversal"}, kinds(made))
	require.Equal(t, snapshot.Verifying, terminal.CashierView(d.state).Payment.Attempt.Money, "not found is not not charged")
	d.happens(terminal.Settled{Attempt: attempt.ID, Decision: made.Facts[0].ID})
	require.Equal(t, snapshot.NotCharged, terminal.CashierView(d.state).Payment.Attempt.Money)
}

func TestDeclineIsDurableBeforeItIsToldAndTheSaleGoesOn(t *testing.T) {
	d := newDesk().open().cart()
	attempt := d.attempt()
	d.happens(terminal.CardRead{Attempt: attempt.ID, Reading: reading()})
	made := d.happens(terminal.HostAnswered{Attempt: attempt.ID, Answer: payment.Answer{
		Verdict: payment.Declined, Decline: "insufficient_funds", Result: payment.Result{HostReached: true, ResponseCode: "51"},
	}})
	require.Equal(t, []string{"payment"}, kinds(made))
	require.False(t, one[terminal.FinishCard](t, made.Effects).Request.Approved)
	view := terminal.CashierView(d.state).Payment
	require.Equal(t, "core.decline.insufficient_funds", view.Attempt.Outcome.ID)
	require.Equal(t, snapshot.NotCharged, view.Attempt.Money)
	d.happens(terminal.ChipFinished{Attempt: attempt.ID, Completion: card.Completion{Cryptogram: card.AAC}})
	require.Equal(t, []string{"cash_tendered", "payment", "drawer_opening", "sale_paid", "print_job"}, kinds(d.happens(terminal.Enter{})), "and is paid in cash")
}

func TestCardThatRefusesAfterTheApprovalIsUndone(t *testing.T) {
	for name, finish := range map[string]terminal.ChipFinished{
		"card says AAC": {Completion: card.Completion{Cryptogram: card.AAC}},
		"card is gone":  {Code: device.CardRemoved},
		"cable is gone": {Code: device.LinkLost},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk().open().cart()
			finish.Attempt = d.attempt().ID
			d.happens(terminal.CardRead{Attempt: finish.Attempt, Reading: reading()})
			d.happens(terminal.HostAnswered{Attempt: finish.Attempt, Answer: approval()})
			made := d.happens(finish)
			require.Equal(t, []string{"reversal"}, kinds(made))
			one[terminal.Forward](t, made.Effects)
			require.Empty(t, bodies[journal.SalePaid](d.facts))
			require.False(t, terminal.CashierView(d.state).Payment.Attempt.Running, "the next attempt may begin")
		})
	}
}

func TestRecoveryTakesEveryStateUpWhereItWas(t *testing.T) {
	reach := func(state payment.State) *desk {
		d := newDesk().open().cart()
		id := d.attempt().ID
		if state >= payment.Authorised {
			d.happens(terminal.CardRead{Attempt: id, Reading: reading()})
			d.happens(terminal.HostAnswered{Attempt: id, Answer: approval()})
		}
		if state == payment.Committed {
			d.happens(terminal.ChipFinished{Attempt: id, Completion: card.Completion{Cryptogram: card.TC}})
		}
		if state == payment.VoidDecided {
			d.happens(terminal.ChipFinished{Attempt: id, Completion: card.Completion{Cryptogram: card.AAC}})
		}
		d.boot()
		return d
	}
	t.Run("S1 asks, and an approval is undone without a question", func(t *testing.T) {
		d := reach(payment.Intent)
		ask := one[terminal.AskHost](t, d.take())
		made := d.happens(terminal.HostAnswered{Attempt: ask.Attempt, Answer: approval()})
		require.Equal(t, []string{"payment", "reversal"}, kinds(made))
	})
	t.Run("S1 stays silent: the whole silence again and no more", func(t *testing.T) {
		d := reach(payment.Intent)
		id := d.state.Attempts[0].ID
		require.Empty(t, d.happens(terminal.HostAnswered{Attempt: id}).Facts)
		d.now = d.now.Add(61 * time.Second)
		require.Equal(t, []string{"reversal"}, kinds(d.happens(terminal.HostAnswered{Attempt: id})))
	})
	t.Run("S2 is undone", func(t *testing.T) {
		d := reach(payment.Authorised)
		require.Equal(t, payment.VoidDecided, d.state.Attempts[0].State)
		one[terminal.Forward](t, dedup(d.take()))
	})
	t.Run("S3 confirms again", func(t *testing.T) {
		d := reach(payment.Committed)
		require.Equal(t, payment.Committed, d.state.Attempts[0].State)
		one[terminal.Forward](t, d.take())
	})
	t.Run("S5 reverses again", func(t *testing.T) {
		d := reach(payment.VoidDecided)
		require.Equal(t, payment.VoidDecided, d.state.Attempts[0].State)
		one[terminal.Forward](t, d.take())
	})
}

// dedup keeps the first of equal effects: waking twice is waking once.
func dedup(effects []terminal.Effect) []terminal.Effect {
	seen := map[terminal.Effect]bool{}
	var kept []terminal.Effect
	for _, effect := range effects {
		if forward, ok := effect.(terminal.Forward); ok {
			if seen[forward] {
				continue
			}
			seen[forward] = true
		}
		kept = append(kept, effect)
	}
	return kept
}

func TestSettlementThatIsRefusedIsAPersonsBusiness(t *testing.T) {
	d := newDesk().open().cart()
	id := d.attempt().ID
	made := d.happens(terminal.CardFailed{Attempt: id, Code: device.CustomerCancelled})
	d.happens(terminal.Settled{Attempt: id, Decision: made.Facts[0].ID, Refused: "already-captured"})
	require.Equal(t, payment.Manual, d.state.Attempts[0].State)
	require.Equal(t, "PAG-08", terminal.CashierView(d.state).Notices[0].Code)
	require.Equal(t, time.Hour, one[terminal.AskHost](t, d.take()).After)

	// Central goes on saying what contradicts the till: a person is wanted still.
	require.Empty(t, d.happens(terminal.HostAnswered{Attempt: id, Answer: payment.Answer{Verdict: payment.Approved}}).Effects, "an old answer asks nothing")
	d.now = d.now.Add(time.Hour)
	made = d.happens(terminal.HostAnswered{Attempt: id, Answer: payment.Answer{Verdict: payment.Approved, Captured: true}})
	require.Empty(t, made.Facts)
	require.Equal(t, time.Hour, one[terminal.AskHost](t, made.Effects).After)

	// After a restart it is asked at once, and has come round.
	d.boot()
	require.Zero(t, one[terminal.AskHost](t, d.take()).After)
	d.happens(terminal.HostAnswered{Attempt: id, Answer: payment.Answer{Verdict: payment.Undone}})
	require.Empty(t, d.state.Owed())
	require.Empty(t, terminal.CashierView(d.state).Notices)
}

func TestAManagersWordEndsAManualVerification(t *testing.T) {
	d := newDesk()
	d.open().cart()
	id := d.attempt().ID
	made := d.happens(terminal.CardFailed{Attempt: id, Code: device.CustomerCancelled})
	d.happens(terminal.Settled{Attempt: id, Decision: made.Facts[0].ID, Refused: "already-captured"})
	key := string(id)[20:]

	refusal := func(what terminal.What) string { return d.happens(what).Reply.Refusal.ID }
	require.Equal(t, "core.refused.no_manual", refusal(terminal.SettleManually{Key: "ZZZ", Reason: "extrato"}))
	require.Equal(t, "core.refused.reason", refusal(terminal.SettleManually{Key: key}))
	require.Equal(t, "core.refused.needs_approval", refusal(terminal.SettleManually{Key: key, Charged: true, Reason: "extrato"}))
	require.Equal(t, payment.Manual, d.state.Attempts[0].State)

	d.state.Volatile.World.Operators = map[string]operator.Operator{
		"214": d.state.Volatile.World.Operators["214"], "300": {ID: "300", Role: operator.Supervisor}, "900": {ID: "900", Role: operator.Manager},
	}
	require.Equal(t, "core.refused.not_allowed", refusal(terminal.PINChecked{OperatorID: "300", OK: true, Approves: true}))
	made = d.happens(terminal.PINChecked{OperatorID: "900", OK: true, Approves: true})
	require.Equal(t, []string{"override", "payment_settled"}, kinds(made))
	settled := bodies[journal.PaymentSettled](made.Facts)[0]
	require.True(t, settled.Charged)
	require.Equal(t, "900", settled.Approval.ApproverID)
	require.Equal(t, payment.Confirmed, d.state.Attempts[0].State)
	require.NotContains(t, terminal.CashierView(d.state).Notices, "PAG-08")
	require.Equal(t, "core.refused.no_manual", refusal(terminal.SettleManually{Key: key, Reason: "extrato"}))
}

func TestDeadPrinterNeverBlocksASaleAndPrintsWhenItIsBack(t *testing.T) {
	d := newDesk().open().cart()
	d.happens(terminal.Enter{})
	job := one[terminal.Print](t, d.take()).Job
	d.happens(terminal.Printed{Result: device.PrintResult{Job: job.ID, State: device.PrintFailed}})
	require.Equal(t, "core.paper.waiting", terminal.CashierView(d.state).LastSale.Paper.ID)
	d.cart().happens(terminal.Enter{})
	second := one[terminal.Print](t, d.take()).Job
	d.happens(terminal.DeviceChanged{Status: device.Status{Kind: device.Printer, Light: device.OK}})
	require.Equal(t, job.ID, one[terminal.Print](t, d.take()).Job.ID, "the second is at the printer still: its own answer will come")
	require.Equal(t, 5*time.Second, one[terminal.Print](t, d.happens(terminal.Printed{
		Result: device.PrintResult{Job: second.ID, State: device.PrintFailed},
	}).Effects).After, "a light may be older than its trouble")
	d.happens(terminal.Printed{Result: device.PrintResult{Job: second.ID, State: device.PrintFailed}})
	d.happens(terminal.Printed{Result: device.PrintResult{Job: job.ID, State: device.PrintFailed}})
	d.happens(terminal.DeviceChanged{Status: device.Status{Kind: device.Printer, Light: device.Error}})
	d.happens(terminal.Printed{Result: device.PrintResult{Job: second.ID, State: device.PrintFailed}})
	d.happens(terminal.Printed{Result: device.PrintResult{Job: job.ID, State: device.PrintFailed}})
	d.take()
	d.happens(terminal.DeviceChanged{Status: device.Status{Kind: device.Printer, Light: device.OK}})
	var again []int
	for _, effect := range d.take() {
		again = append(again, effect.(terminal.Print).Job.Copy)
	}
	require.Equal(t, []int{1, 1}, again, "both receipts, as originals: nothing of them was printed")
}

func TestPaperOfUnknownFateIsPrintedAgainAsACopy(t *testing.T) {
	d := newDesk().open().cart()
	d.happens(terminal.Enter{})
	d.boot() // in the middle of the print
	job := one[terminal.Print](t, d.take()).Job
	require.Equal(t, 2, job.Copy, "2ª via")
	require.Equal(t, "core.paper.interrupted", bodies[journal.PrintResult](d.facts)[0].Detail)
	d.happens(terminal.Printed{Result: device.PrintResult{Job: job.ID, State: device.PrintDone}})
	require.Empty(t, d.state.Jobs)
	d.happens(terminal.Reprint{})
	require.Equal(t, 3, one[terminal.Print](t, d.take()).Job.Copy)
}

func TestStalePapersNeverPrintByThemselves(t *testing.T) {
	d := newDesk().open().cart()
	d.happens(terminal.Enter{})
	d.happens(terminal.Printed{Result: device.PrintResult{Job: one[terminal.Print](t, d.take()).Job.ID, State: device.PrintFailed}})
	d.now = d.now.Add(11 * time.Minute)
	d.happens(terminal.DeviceChanged{Status: device.Status{Kind: device.Printer, Light: device.OK}})
	require.Empty(t, d.take())
	require.Empty(t, d.state.Jobs)
}

func TestRequestToldAgainIsAnsweredNotDoneAgain(t *testing.T) {
	d := newDesk().open()
	id := d.id()
	require.Empty(t, d.happensAs(id, terminal.Scan{Code: "17"}).Reply.Refusal.ID)
	require.True(t, d.happensAs(id, terminal.Scan{Code: "17"}).Reply.Duplicate)
	d.boot()
	require.True(t, d.happensAs(id, terminal.Scan{Code: "17"}).Reply.Duplicate)
	require.Len(t, d.state.Cart.Lines, 1)
}

func TestRefusalsSayWhy(t *testing.T) {
	d := newDesk()
	require.Equal(t, "core.refused.locked", d.happens(terminal.Scan{Code: "17"}).Reply.Refusal.ID)
	d.happens(terminal.PINChecked{OperatorID: "214", OK: true})
	require.Equal(t, "core.refused.no_session", d.happens(terminal.Scan{Code: "17"}).Reply.Refusal.ID)
	d.happens(terminal.OpenSession{})
	for line, why := range map[string]string{
		"9999": "core.refused.not_found", "x*17": "core.refused.quantity", "0*17": "core.refused.quantity",
		"99999*17": "core.refused.quantity", "-": "core.refused.nothing_to_void", "-x": "core.refused.no_line", "": "core.refused.empty", "0%": "core.refused.discount",
	} {
		require.Equal(t, why, d.happens(terminal.Enter{Text: line}).Reply.Refusal.ID, line)
	}
	require.Equal(t, "core.refused.no_order", d.happens(terminal.Tender{Digit: 1}).Reply.Refusal.ID)
	d.cart()
	require.Equal(t, "core.refused.pinpad_away", d.happens(terminal.Tender{Digit: 2}).Reply.Refusal.ID)
	require.Equal(t, "core.refused.tender", d.happens(terminal.Tender{Digit: 9}).Reply.Refusal.ID)
	require.Equal(t, "core.refused.paying", d.happens(terminal.Scan{Code: "17"}).Reply.Refusal.ID)
}

func TestEnterAfterARefusalInPaymentDoesNotPay(t *testing.T) {
	d := newDesk().open().cart()
	require.Equal(t, "core.refused.tender", d.happens(terminal.Tender{Digit: 5}).Reply.Refusal.ID)
	require.Equal(t, "core.refused.enter_again", d.happens(terminal.Enter{}).Reply.Refusal.ID)
	require.Empty(t, bodies[journal.SalePaid](d.facts))
	require.Empty(t, d.happens(terminal.Enter{}).Reply.Refusal.ID)
	require.Len(t, bodies[journal.SalePaid](d.facts), 1)
}

func TestNoticesShowWhatIsDueAndNothingThatIsExplained(t *testing.T) {
	d := newDesk().open()
	codes := func() []string {
		var shown []string
		for _, notice := range terminal.CashierView(d.state).Notices {
			shown = append(shown, notice.Code)
		}
		return shown
	}
	d.now = d.now.Add(time.Minute)
	d.happens(terminal.LinkChanged{Online: true})
	require.Empty(t, codes())
	looks := one[terminal.LookAgain](t, d.happens(terminal.LinkChanged{Online: false, Queue: 900}).Effects).After
	require.Empty(t, codes(), "a link that comes back at once is no news")
	require.Equal(t, 30*time.Second, looks)
	d.now = d.now.Add(looks)
	d.happens(terminal.Looked{})
	require.Equal(t, []string{"CEN-01"}, codes())
	d.now = d.now.Add(time.Hour)
	d.happens(terminal.DeviceChanged{Status: device.Status{Kind: device.Printer, Light: device.Error, Detail: "device.printer.paper_out"}})
	require.Equal(t, []string{"IMP-02", "CEN-01"}, codes())
	d.happens(terminal.LinkChanged{Online: true, Queue: 900})
	d.happens(terminal.DeviceChanged{Status: device.Status{Kind: device.Printer, Light: device.OK}})
	require.Empty(t, codes(), "the queue has only now begun to stand")
	d.now = d.now.Add(10 * time.Minute)
	d.happens(terminal.Looked{})
	require.Equal(t, []string{"CEN-03"}, codes())
	d.now = d.now.Add(24 * time.Hour)
	d.happens(terminal.LinkChanged{Online: true})
	require.Equal(t, []string{"DIA-01"}, codes())
	d.happens(terminal.RecordRefused{Seq: 1, Code: "fork-detected"})
	require.Equal(t, []string{"FIL-03", "DIA-01"}, codes())
	require.Zero(t, d.state.Quarantined)
}
