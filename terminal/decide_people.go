package terminal

import (
	"time"

	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/operator"
	"balcao/terminal/shift"
	"balcao/terminal/text"
)

// roleOf reads a role back from a fact.
func roleOf(name string) operator.Role { return operator.Role(name) }

// may says whether the person at the till may use a verb for an amount.
func (t *turn) may(verb operator.Verb, amount money.Cents) bool {
	person := t.state.Operator
	return person != nil && operator.Operator{ID: person.ID, Role: person.Role}.May(verb, amount)
}

// login sends the PIN to be checked, unless its owner has to wait. An unknown
// operator takes as long and gets the same answer as a wrong PIN.
func (t *turn) login(what Login) {
	if t.state.Operator != nil {
		t.refuse("core.refused.logged_in", "Name", t.state.Operator.Name)
		return
	}
	if wait := t.waiting(what.OperatorID); wait > 0 {
		t.refuse("core.refused.wait", "Minutes", minutesUp(wait))
		return
	}
	t.do(CheckPIN{
		Request: t.event.ID, OperatorID: what.OperatorID, PIN: what.PIN,
		Hash: t.state.Volatile.World.Operators[what.OperatorID].PINHash,
	})
}

// waiting answers how long an operator with wrong PINs has to wait yet.
func (t *turn) waiting(operatorID string) time.Duration {
	failure := t.state.Failures[operatorID]
	return failure.At.Add(operator.Wait(failure.Count)).Sub(t.event.At)
}

// pinChecked lets the operator in, or counts the failure.
func (t *turn) pinChecked(what PINChecked) {
	if what.Approves {
		t.approvalChecked(what)
		return
	}
	known, exists := t.state.Volatile.World.Operators[what.OperatorID]
	switch {
	case t.state.Operator != nil:
		t.refuse("core.refused.logged_in", "Name", t.state.Operator.Name)
	case !what.OK || !exists:
		if exists {
			t.fact(journal.LoginRefused{OperatorID: what.OperatorID})
		}
		t.refuse("core.refused.wrong_pin")
	default:
		t.fact(journal.OperatorLogin{OperatorID: known.ID, Name: known.Name, Role: string(known.Role)})
		t.toast("info", text.Msg("core.said.welcome", "Name", known.Name), false)
		t.accept()
	}
}

// logout locks the till between sales; an open cart stays for whoever logs in next.
func (t *turn) logout() {
	if t.state.Operator == nil {
		t.accept()
		return
	}
	if _, running := t.state.blocking(); running {
		t.refuse("core.refused.payment_runs")
		return
	}
	t.fact(journal.OperatorLogout{OperatorID: t.state.Operator.ID})
	t.unask()
	t.accept()
}

// openSession opens the drawer's account with its float.
func (t *turn) openSession(what OpenSession) {
	switch {
	case t.state.Operator == nil:
		t.refuse("core.refused.locked")
	case t.state.Session != nil:
		t.refuse("core.refused.session_open")
	case !t.may(operator.OpenSession, what.Float):
		t.refuse("core.refused.not_allowed")
	case what.Float < 0 || what.Float > money.Max:
		t.refuse("core.refused.amount")
	case t.state.Volatile.StoreFull:
		t.refuse("core.refused.disk_full")
	default:
		id := t.nextID()
		t.factAs(id, journal.SessionOpen{
			OperatorID: t.state.Operator.ID, Epoch: t.state.Epoch, TerminalSeq: t.state.Seq + 1, OpenedAt: t.event.At,
			BusinessDate: t.event.At.Format(time.DateOnly), OpeningFloat: what.Float, AppVersion: t.state.Volatile.World.Version,
		})
		t.fact(journal.CashMovement{OperatorID: t.state.Operator.ID, SessionID: id, Type: shift.Float, Amount: what.Float})
		t.toast("done", text.Msg("core.said.session_open", "FloatCents", what.Float), false)
		t.do(Forward{})
		t.accept()
	}
}
