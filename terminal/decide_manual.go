package terminal

import (
	"maps"
	"strings"
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/operator"
	"balcao/terminal/payment"
	"balcao/terminal/text"
)

// manualAgain is how often the host is asked about a payment that a person has to
// settle: it may have come round, and nobody should have to look every minute.
const manualAgain = time.Hour

// manualAnswered takes the host's late word about an attempt in S8: only one that
// says what the till had decided ends it. Whatever else it says, a person is wanted
// still, and the host is asked again.
func (t *turn) manualAnswered(attempt payment.Attempt, answer payment.Answer) {
	undo := attempt.Reason != ""
	switch {
	case undo && (answer.Verdict == payment.Undone || answer.Verdict == payment.Declined):
		t.fact(journal.PaymentReversed{PaymentID: attempt.ID, Decision: attempt.Settlement})
		t.toast("info", text.Msg("core.said.manual_reversed", "Key", attempt.ID.Short()), true)
	case !undo && answer.Verdict == payment.Approved && answer.Captured:
		t.fact(journal.PaymentConfirmed{PaymentID: attempt.ID, Decision: attempt.Settlement})
		t.toast("info", text.Msg("core.said.manual_confirmed", "Key", attempt.ID.Short()), true)
	case t.event.SinceBoot >= t.state.Volatile.Manual[attempt.ID]:
		t.askManual(attempt.ID, manualAgain)
	default:
		// An answer that was on its way before: the next question is asked already.
	}
}

// askManual asks the host after a wait. There is one question about an attempt at a
// time, however many old answers come in.
func (t *turn) askManual(id ident.ID, after time.Duration) {
	asked := maps.Clone(t.state.Volatile.Manual)
	if asked == nil {
		asked = map[ident.ID]time.Duration{}
	}
	asked[id] = t.event.SinceBoot + after
	t.state.Volatile.Manual = asked
	t.do(AskHost{Attempt: id, After: after})
}

// settleManually is a person's word about an attempt in S8, after they have looked
// at the host's books. It moves no money: it says where the money is.
func (t *turn) settleManually(what SettleManually) {
	reason := strings.TrimSpace(what.Reason)
	attempt, found := t.manualNamed(what.Key)
	switch {
	case t.state.Operator == nil:
		t.refuse("core.refused.locked")
		return
	case !found:
		t.refuse("core.refused.no_manual", "Key", what.Key)
		return
	case reason == "":
		t.refuse("core.refused.reason")
		return
	}
	approval, ok := t.allowed(operator.SettleManually, attempt.Amount, "core.act.settle_manually")
	if !ok {
		return
	}
	t.fact(journal.PaymentSettled{
		PaymentID: attempt.ID, Decision: attempt.Settlement, Charged: what.Charged, Reason: reason,
		OperatorID: t.state.Operator.ID, Approval: approval,
	})
	t.accept()
	said := "core.said.manual_reversed"
	if what.Charged {
		said = "core.said.manual_confirmed"
	}
	t.toast("done", text.Msg(said, "Key", attempt.ID.Short()), false)
}

// manualNamed finds the one attempt in S8 whose key begins or ends as told, or is
// written as on paper; an empty key names the only one there is.
func (t *turn) manualNamed(key string) (payment.Attempt, bool) {
	key = strings.ToUpper(strings.TrimSpace(key))
	var found []payment.Attempt
	for _, attempt := range t.state.Attempts {
		id := string(attempt.ID)
		named := strings.HasPrefix(id, key) || strings.HasSuffix(id, key) || attempt.ID.Short() == key
		if attempt.State == payment.Manual && named {
			found = append(found, attempt)
		}
	}
	if len(found) != 1 {
		return payment.Attempt{}, false
	}
	return found[0], true
}
