package terminal

import (
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/operator"
	"balcao/terminal/text"
)

// Wanted is an act that waits for a second person.
type Wanted struct {
	What   What // carried out once it is allowed
	Verb   operator.Verb
	Amount money.Cents
	Act    text.Message
}

// allowed says whether the act may be done now: the operator's role reaches, or a
// second person has just allowed it, whose override is then a fact. Otherwise the
// act waits and the screen asks for that person.
func (t *turn) allowed(verb operator.Verb, amount money.Cents, act string) (*journal.Approval, bool) {
	if t.may(verb, amount) {
		return nil, true
	}
	if t.approver != nil && t.approver.May(verb, amount) {
		approval := journal.Approval{ApproverID: t.approver.ID, Reason: act}
		approval.OverrideID = t.fact(journal.Override{
			OperatorID: t.state.Operator.ID, Permission: verb, Approval: approval, Amount: amount,
		})
		return &approval, true
	}
	t.state.Volatile.Wanted = &Wanted{What: t.event.What, Verb: verb, Amount: amount, Act: text.Msg(act)}
	t.reply = &Reply{Request: t.event.ID, Refusal: text.Msg("core.refused.needs_approval")}
	return nil, false
}

// approve sends the second person's PIN to be checked.
func (t *turn) approve(what Approve) {
	if t.state.Volatile.Wanted == nil {
		t.refuse("core.refused.nothing_to_approve")
		return
	}
	if wait := t.waiting(what.OperatorID); wait > 0 {
		t.refuse("core.refused.wait", "Minutes", minutesUp(wait))
		return
	}
	t.do(CheckPIN{
		Request: t.event.ID, OperatorID: what.OperatorID, PIN: what.PIN, Approves: true,
		Hash: t.state.Volatile.World.Operators[what.OperatorID].PINHash,
	})
}

// approved carries the waiting act out for a second person whose PIN was right.
func (t *turn) approvalChecked(what PINChecked) {
	wanted := t.state.Volatile.Wanted
	person, exists := t.state.Volatile.World.Operators[what.OperatorID]
	switch {
	case wanted == nil:
		t.refuse("core.refused.nothing_to_approve")
	case !what.OK || !exists:
		if exists {
			t.fact(journal.LoginRefused{OperatorID: what.OperatorID})
		}
		t.refuse("core.refused.wrong_pin")
	case !person.May(wanted.Verb, wanted.Amount):
		t.refuse("core.refused.not_allowed")
	default:
		t.state.Volatile.Wanted = nil
		t.approver = &person
		t.event.What = wanted.What
		t.dispatch()
	}
}
