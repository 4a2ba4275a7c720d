package terminal

import (
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/operator"
	"balcao/terminal/text"
)

// Decide says what an event means for a till in state s: the facts that become
// true, the effects that follow once they are durable, the volatile part as it
// stands then, and the reply if a screen waits for one.
func Decide(s State, e Event) Decision {
	t := &turn{state: s, event: e}
	if e.IsRequest() && s.Answered.Has(e.ID) {
		t.reply = &Reply{Request: e.ID, Duplicate: true}
		return t.decision()
	}
	t.dispatch()
	t.watch()
	return t.decision()
}

// dispatch is the one switch over everything that can happen.
func (t *turn) dispatch() {
	switch what := t.event.What.(type) {
	case Booted:
		t.booted(what)
	case Login:
		t.login(what)
	case PINChecked:
		t.pinChecked(what)
	case Logout:
		t.logout()
	case OpenSession:
		t.openSession(what)
	case Scan:
		t.scan(what)
	case Enter:
		t.enter(what)
	case VoidLine:
		t.voidLine(what.Number, what.Reason)
	case CancelSale:
		t.cancelSale(what.Reason)
	case SearchItems:
		t.search(what.Words, money.One)
	case Answer:
		t.answer(what)
	case Approve:
		t.approve(what)
	case Tender:
		t.tender(what)
	case Cancel:
		t.cancel()
	case Inquire:
		t.inquire()
	default:
		t.dispatchDay(what)
	}
}

// dispatchDay is what a day has besides its sales.
func (t *turn) dispatchDay(what What) {
	switch what := what.(type) {
	case Reprint:
		t.reprint()
	case MoveCash:
		t.moveCash(what.Type, what.Amount, what.Reason)
	case PrintX:
		t.xReport()
	case BeginClose:
		t.beginClose()
	case CountDrawer:
		t.count(what.Counted)
	case CloseDay:
		t.closeDay()
	case LeaveClose:
		t.leaveClose()
	case SettleManually:
		t.settleManually(what)
	default:
		t.hear(what)
	}
}

// hear is the half of the switch that answers nobody: what the world reports.
func (t *turn) hear(what What) {
	switch what := what.(type) {
	case CardMoved:
		t.cardMoved(what)
	case CardRead:
		t.cardRead(what)
	case CardFailed:
		t.cardFailed(what)
	case HostAnswered:
		t.hostAnswered(what)
	case ChipFinished:
		t.chipFinished(what)
	case Settled:
		t.settled(what)
	case Printed:
		t.printed(what)
	case ScanGarbled:
		t.toast("warning", text.Msg("core.refused.garbled_scan"), true)
	case DeviceChanged:
		t.deviceChanged(what)
	case LinkChanged:
		t.state.Volatile.Online, t.state.Volatile.Queue = what.Online, what.Queue
	case RecordRefused:
		t.fact(journal.Quarantined{Seq: what.Seq, FactID: what.FactID, Code: what.Code, Detail: what.Detail})
	case StoreChanged:
		t.state.Volatile.StoreFull = what.Full
	case PeriodOver:
		t.beginPeriod()
	case Looked:
		// Nothing happened but time: a condition may have become due.
	}
}

// turn is one decision in the making: facts are folded in as they are decided,
// so that what follows sees the newer state.
type turn struct {
	state   State
	event   Event
	facts   []journal.Fact
	effects []Effect
	reply   *Reply
	ids     int
	// approver is the second person, while the act that they allowed is carried out.
	approver *operator.Operator
}

// nextID derives the event's next id.
func (t *turn) nextID() ident.ID {
	t.ids++
	return t.event.ID.Derive(t.ids)
}

// fact makes a fact under an id of its own and answers the id.
func (t *turn) fact(body journal.Body) ident.ID {
	id := t.nextID()
	t.factAs(id, body)
	return id
}

// factAs makes a fact under the id that its live call has.
func (t *turn) factAs(id ident.ID, body journal.Body) {
	fact := journal.Fact{Seq: t.state.Seq + 1, ID: id, At: t.event.At, Body: body}
	t.facts = append(t.facts, fact)
	t.state = Apply(t.state, fact)
}

// do adds an effect.
func (t *turn) do(effect Effect) { t.effects = append(t.effects, effect) }

// accept replies that the request was carried out.
func (t *turn) accept() {
	t.reply = &Reply{Request: t.event.ID}
	t.state.Volatile.Stumbled = false
}

// refuse replies why the request was not carried out, and says it on the screen.
func (t *turn) refuse(id string, pairs ...any) {
	message := text.Msg(id, pairs...)
	t.reply = &Reply{Request: t.event.ID, Refusal: message}
	t.state.Volatile.Stumbled = t.state.Order != nil
	t.toast("warning", message, true)
}

// toast says something once.
func (t *turn) toast(kind string, message text.Message, bell bool) {
	t.state.Volatile.Toast = Toast{Number: t.state.Volatile.Toast.Number + 1, Kind: kind, Text: message, Bell: bell}
}

// act tells who does the fact that comes next.
func (t *turn) act() journal.Act {
	act := journal.Act{Epoch: t.state.Epoch, TerminalSeq: t.state.Seq + 1, OccurredAt: t.event.At}
	if t.state.Operator != nil {
		act.OperatorID = t.state.Operator.ID
	}
	return act
}

// tillAct tells that the till itself does the fact that comes next.
func (t *turn) tillAct() journal.Act {
	return journal.Act{Epoch: t.state.Epoch, TerminalSeq: t.state.Seq + 1, OccurredAt: t.event.At}
}

// origin is the birth of an order or payment, now.
func (t *turn) origin() journal.Origin {
	return journal.Origin{Act: t.act(), BusinessDate: t.state.Session.BusinessDate, SessionID: t.state.Session.ID}
}

// sellable refuses unless an operator is logged in, has an open session, and may
// use the verb for the amount.
func (t *turn) sellable() bool {
	switch {
	case t.state.Operator == nil:
		t.refuse("core.refused.locked")
	case t.state.Session == nil:
		t.refuse("core.refused.no_session")
	case t.state.Volatile.Closing && !closes(t.event.What):
		t.refuse("core.refused.closing")
	case !t.may(operator.Sell, 0):
		t.refuse("core.refused.not_allowed")
	default:
		return true
	}
	return false
}

// closes says whether an act may be done while the day is being closed.
func closes(what What) bool {
	switch what.(type) {
	case BeginClose, CountDrawer, CloseDay, LeaveClose, PrintX, Reprint:
		return true
	default:
		return false
	}
}

// decision wraps the turn up.
func (t *turn) decision() Decision {
	return Decision{Facts: t.facts, Effects: t.effects, Volatile: t.state.Volatile, Reply: t.reply}
}
