package terminal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/operator"
	"balcao/terminal/shift"
	"balcao/terminal/text"
)

// moveCash puts cash into the drawer or takes it out, without a sale.
func (t *turn) moveCash(movement shift.Movement, amount money.Cents, reason string) {
	if !t.sellable() {
		return
	}
	verb, act := operator.CashIn, "core.act.cash_in"
	if movement == shift.Sangria {
		verb, act = operator.CashOut, "core.act.cash_out"
	}
	switch {
	case t.state.Order != nil:
		t.refuse("core.refused.payment_runs")
		return
	case amount <= 0 || amount > money.Max:
		t.refuse("core.refused.amount")
		return
	case movement == shift.Sangria && amount > t.state.Session.Drawer():
		t.refuse("core.refused.drawer_short")
		return
	}
	approval, ok := t.allowed(verb, amount, act)
	if !ok {
		return
	}
	id := t.fact(journal.CashMovement{
		OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, Type: movement, Amount: amount, Reason: reason, Approval: approval,
	})
	t.fact(journal.DrawerOpening{OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, Cause: "cash_movement", Subject: id})
	t.askSheet(id, device.CashSlip)
	t.do(KickDrawer{})
	t.do(Forward{})
	t.toast("done", text.Msg("core.said."+string(movement), "AmountCents", amount), false)
	t.accept()
}

// xReport prints the session as it stands.
func (t *turn) xReport() {
	if !t.sellable() {
		return
	}
	if _, ok := t.allowed(operator.XReport, 0, "core.act.x_report"); !ok {
		return
	}
	id := t.fact(journal.XReport{Report: t.reportBody("x")})
	t.askSheet(id, device.XReport)
	t.accept()
}

// beginClose asks for the blind count. Nothing that is open elsewhere refuses a
// close; only a cart on this screen has to be ended first.
func (t *turn) beginClose() {
	if !t.sellable() {
		return
	}
	if t.state.Cart != nil {
		t.refuse("core.refused.sale_open")
		return
	}
	if _, ok := t.allowed(operator.CloseDay, 0, "core.act.close_day"); !ok {
		return
	}
	t.unask()
	t.state.Volatile.Closing = true
	t.accept()
}

// count writes one blind count down; only now may the screen show what should be there.
func (t *turn) count(counted money.Cents) {
	switch {
	case !t.state.Volatile.Closing || t.state.Session == nil:
		t.refuse("core.refused.not_closing")
		return
	case counted < 0 || counted > money.Max:
		t.refuse("core.refused.amount")
		return
	}
	t.fact(journal.CashCount{
		OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, Blind: true,
		Attempt: len(t.state.Session.Counts) + 1, Counted: counted, Expected: t.state.Session.Drawer(),
	})
	t.accept()
}

// closeDay ends the session: a difference is printed, never a refusal.
func (t *turn) closeDay() {
	if !t.state.Volatile.Closing || t.state.Session == nil || len(t.state.Session.Counts) == 0 {
		t.refuse("core.refused.not_closing")
		return
	}
	session := *t.state.Session
	counted := session.Counts[len(session.Counts)-1].Counted
	id := t.fact(journal.ZReport{Report: t.reportBody("z")})
	t.askSheet(id, device.ZReport)
	t.fact(journal.SessionClose{
		SessionID: session.ID, OperatorID: t.state.Operator.ID, Epoch: t.state.Epoch, TerminalSeq: t.state.Seq + 1, OpenedAt: session.OpenedAt, ClosedAt: t.event.At,
		BusinessDate: session.BusinessDate, OpeningFloat: session.Sums.Float, CountedCash: counted, AppVersion: t.state.Volatile.World.Version,
	})
	t.fact(journal.OperatorLogout{OperatorID: t.state.Operator.ID})
	t.unask()
	t.state.Volatile.Closing = false
	t.do(Forward{})
	t.toast("done", text.Msg("core.said.closed", "Number", t.state.Counters.Z), false)
	t.accept()
}

// leaveClose goes back to selling.
func (t *turn) leaveClose() {
	t.state.Volatile.Closing = false
	t.accept()
}

// reportBody is the contract's report of the open session.
func (t *turn) reportBody(kind string) journal.Report {
	session := *t.state.Session
	report := session.Report(t.event.At, t.state.Seq, shift.Pending{})
	body := journal.Report{
		OperatorID: t.state.Operator.ID, Type: kind, BusinessDate: session.BusinessDate, SessionID: session.ID,
		Ranges:     []journal.SeqRange{{Epoch: t.state.Epoch, FromSeq: session.FirstSeq, ToSeq: t.state.Seq}},
		Totals:     reportLines(report),
		OrderCount: report.Sums.Sales,
	}
	data, err := json.Marshal(body.Totals)
	if err != nil {
		panic("terminal: totals of a report cannot be written: " + err.Error())
	}
	digest := sha256.Sum256(data)
	body.Digest = hex.EncodeToString(digest[:])
	return body
}

// reportLines lists a report's figures as the contract does, in a fixed order.
func reportLines(report shift.Report) []journal.ReportLine {
	methods := make([]string, 0, len(report.Sums.ByMethod))
	for method := range report.Sums.ByMethod {
		methods = append(methods, method)
	}
	slices.Sort(methods)
	var lines []journal.ReportLine
	for _, method := range methods {
		tally := report.Sums.ByMethod[method]
		lines = append(lines, journal.ReportLine{Method: method, Type: "sale", Count: tally.Count, Amount: tally.Amount})
	}
	lines = append(lines,
		journal.ReportLine{Method: "cash", Type: "float", Count: 1, Amount: report.Sums.Float},
		journal.ReportLine{Method: "cash", Type: "suprimento", Count: report.Sums.In.Count, Amount: report.Sums.In.Amount},
		journal.ReportLine{Method: "cash", Type: "sangria", Count: report.Sums.Out.Count, Amount: report.Sums.Out.Amount},
		journal.ReportLine{Method: "cash", Type: "expected", Count: 1, Amount: report.Drawer})
	if report.Counted != nil {
		lines = append(lines, journal.ReportLine{Method: "cash", Type: "counted", Count: 1, Amount: *report.Counted})
	}
	return lines
}

// askSheet owes a paper that belongs to no paid sale, and prints it.
func (t *turn) askSheet(subject ident.ID, paper device.Document) {
	t.makeRoom()
	id := t.nextID()
	t.factAs(id, journal.PrintJob{
		JobID: id, SubjectID: subject, Documents: []device.Document{paper}, Copy: 1, Queue: int64(t.state.Volatile.Queue),
	})
	if job, ok := t.state.job(id); ok {
		t.print(job, 0)
	}
}

// minutesUp rounds a wait up to whole minutes.
func minutesUp(wait time.Duration) int { return int((wait + time.Minute - 1) / time.Minute) }
