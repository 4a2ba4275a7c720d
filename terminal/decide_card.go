package terminal

import (
	"maps"
	"time"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/payment"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
)

// working answers the card work of an attempt in S1 or S2 that this process
// began, nil for any other: an answer that comes too late finds nothing to do.
func (t *turn) working(id ident.ID) (payment.Attempt, *CardWork) {
	attempt, known := t.state.attempt(id)
	work := t.state.Volatile.Card
	if !known || work == nil || work.Attempt != id {
		return attempt, nil
	}
	return attempt, work
}

// staged replaces the card work by a changed copy.
func (t *turn) staged(work CardWork) { t.state.Volatile.Card = &work }

// cardMoved shows progress at the reader.
func (t *turn) cardMoved(what CardMoved) {
	if _, work := t.working(what.Step.Attempt); work != nil && work.Stage == Reading {
		changed := *work
		changed.Step = what.Step.Step
		t.staged(changed)
	}
}

// cardRead sends the authorisation. Sealed items go into this one effect and
// nowhere else; what may be stored stays for the outcome's fact.
func (t *turn) cardRead(what CardRead) {
	attempt, work := t.working(what.Attempt)
	if work == nil || attempt.State != payment.Intent || work.Stage != Reading {
		return
	}
	if err := what.Reading.Card.Check(); err != nil {
		t.undo(attempt, payment.Malfunction, nil, "core.outcome.card_unreadable", snapshot.NotCharged)
		return
	}
	changed := *work
	changed.Stage, changed.Step, changed.Reading = Authorising, device.StepRead, &CardData{Card: what.Reading.Card}
	changed.Until = t.event.At.Add(t.state.Volatile.World.Limits.Silence)
	t.staged(changed)
	request := t.paymentOf(attempt, &what.Reading.Card, nil)
	t.do(Authorise{
		Attempt: attempt.ID, OrderID: attempt.OrderID, Order: t.state.Order.Request, Payment: request, Sealed: what.Reading.Sealed,
	})
}

// cardFailed ends an attempt for which nothing was sent. It is undone all the
// same: what a kill between intent and answer needs, every end may have.
func (t *turn) cardFailed(what CardFailed) {
	attempt, work := t.working(what.Attempt)
	if work == nil || attempt.State != payment.Intent || work.Stage != Reading {
		return
	}
	reason := payment.Malfunction
	switch what.Code {
	case device.CustomerCancelled:
		reason = payment.CustomerCancel
	case device.TillCancelled:
		reason = payment.MerchantCancel
	case device.CardTimeout:
		reason = payment.Timeout
	}
	t.undo(attempt, reason, nil, "core.outcome."+string(what.Code), snapshot.NotCharged)
}

// hostAnswered handles everything a host can say, silence included.
func (t *turn) hostAnswered(what HostAnswered) {
	attempt, known := t.state.attempt(what.Attempt)
	if known && attempt.State == payment.Manual {
		t.manualAnswered(attempt, what.Answer)
		return
	}
	if !known || attempt.State != payment.Intent {
		return // a late answer to an attempt that is decided already: the decision stands
	}
	switch what.Answer.Verdict {
	case payment.Approved:
		t.approved(attempt, what.Answer)
	case payment.Declined:
		t.declined(attempt, what.Answer)
	case payment.NotFound:
		// R4: it may yet arrive, so it is cancelled, and the cancel is acknowledged.
		t.undo(attempt, payment.Timeout, nil, "core.outcome.not_found", snapshot.Verifying)
	case payment.Undone:
		t.undo(attempt, payment.Timeout, nil, "core.outcome.undone", snapshot.Verifying)
	case payment.Unsent:
		t.undo(attempt, payment.Malfunction, nil, "core.outcome.unsent", snapshot.NotCharged)
	case payment.Refused:
		t.undo(attempt, payment.Malfunction, nil, "core.outcome.refused", snapshot.Verifying)
	default:
		t.silent(attempt)
	}
}

// patience answers when the silence about an attempt becomes an undo. One found
// at boot gets the whole silence again, but no more than that.
func (t *turn) patience(attempt payment.Attempt) time.Time {
	if work := t.state.Volatile.Card; work != nil && work.Attempt == attempt.ID {
		return work.Until
	}
	until := t.state.Volatile.BootedAt.Add(t.state.Volatile.World.Limits.Silence)
	if attempt.Deadline.Before(until) {
		return attempt.Deadline
	}
	return until
}

// silent asks the host again under the same key (R2, R3) until patience ends,
// then undoes the attempt.
func (t *turn) silent(attempt payment.Attempt) {
	if !t.event.At.Before(t.patience(attempt)) {
		t.undo(attempt, payment.Timeout, nil, "core.outcome.silence", snapshot.Verifying)
		return
	}
	limits := t.state.Volatile.World.Limits
	wait := limits.Ask
	if work := t.state.Volatile.Card; work != nil && work.Attempt == attempt.ID {
		changed := *work
		wait = doubled(limits.Ask, limits.AskMax, work.Inquiries)
		changed.Stage, changed.Inquiries = Asking, work.Inquiries+1
		t.staged(changed)
	}
	t.do(AskHost{Attempt: attempt.ID, After: wait})
}

// doubled answers first doubled times times, at most most.
func doubled(first, most time.Duration, times int) time.Duration {
	for range times {
		if first *= 2; first >= most {
			return most
		}
	}
	return first
}

// approved makes the approval durable (S2). With the card still in the reader the
// issuer's answer then goes to the chip; without, the sale cannot be committed
// and the approval is undone at once, without a question.
func (t *turn) approved(attempt payment.Attempt, answer payment.Answer) {
	_, work := t.working(attempt.ID)
	var read *card.Present
	if work != nil && work.Reading != nil {
		read = &work.Reading.Card
	}
	t.factAs(attempt.ID, t.paymentOf(attempt, read, &answer.Result))
	if work == nil || read == nil {
		t.undo(attempt, payment.Malfunction, nil, "core.outcome.recovered", snapshot.Verifying)
		return
	}
	changed := *work
	changed.Stage = Finishing
	t.staged(changed)
	t.do(FinishCard{Request: finishRequest(attempt.ID, answer.Result)})
}

// declined makes the refusal durable (S7) before anybody is told, then tells the
// chip and the holder.
func (t *turn) declined(attempt payment.Attempt, answer payment.Answer) {
	_, work := t.working(attempt.ID)
	var read *card.Present
	if work != nil && work.Reading != nil {
		read = &work.Reading.Card
	}
	t.factAs(attempt.ID, t.paymentOf(attempt, read, &answer.Result))
	t.said(attempt.ID, declineText(answer), snapshot.NotCharged)
	if work == nil {
		return
	}
	changed := *work
	changed.Stage = Finishing
	t.staged(changed)
	t.do(FinishCard{Request: finishRequest(attempt.ID, answer.Result)})
}

// declineText finds the words for a refusal: by the contract's code, else by none.
func declineText(answer payment.Answer) text.Message {
	id := "core.decline.unknown"
	switch answer.Decline {
	case "insufficient_funds", "do_not_honour", "expired_card", "invalid_card", "wrong_pin", "limit_exceeded",
		"suspected_fraud", "issuer_unavailable", "not_permitted":
		id = "core.decline." + answer.Decline
	}
	return text.Msg(id, "Code", answer.Result.ResponseCode)
}

func finishRequest(id ident.ID, result payment.Result) device.FinishRequest {
	request := device.FinishRequest{Attempt: id, Approved: result.Approved, Reached: result.HostReached}
	if result.Issuer != nil {
		request.Issuer = *result.Issuer
	}
	return request
}

// chipFinished is the card's final word. Accepted, the sale is committed (S3);
// refused or silent, the approval is undone (S5).
func (t *turn) chipFinished(what ChipFinished) {
	attempt, work := t.working(what.Attempt)
	if work == nil || work.Stage != Finishing {
		return
	}
	completion := what.Completion
	switch {
	case attempt.State != payment.Authorised:
		t.release("core.pinpad.declined")
	case what.Code == "" && accepts(attempt, completion) && t.state.Order != nil && t.state.Order.ID == attempt.OrderID:
		t.finishCard(attempt, completion)
		t.release("core.pinpad.approved")
	case what.Code == "" && completion.Cryptogram == card.AAC:
		t.undo(attempt, payment.CardDeclined, &completion, "core.outcome.card_declined", snapshot.Verifying)
	default:
		none := card.Completion{Cryptogram: card.None}
		t.undo(attempt, payment.Malfunction, &none, "core.outcome.card_silent", snapshot.Verifying)
	}
}

// accepts says whether the card went along with the approval. Only a contact chip
// has a final word; stripe and contactless have given theirs before.
func accepts(attempt payment.Attempt, completion card.Completion) bool {
	switch completion.Cryptogram {
	case card.TC:
		return true
	case card.None:
		return attempt.Card != nil && attempt.Card.EntryMode != card.Chip
	default:
		return false
	}
}

// release ends the card work and asks for the card.
func (t *turn) release(say string) {
	t.state.Volatile.Card = nil
	t.do(ReleaseCard{Say: say})
}

// finishCard takes a card's yes: with it the sale is covered and exists, or waits
// for the rest of the money.
func (t *turn) finishCard(attempt payment.Attempt, completion card.Completion) {
	finished := maps.Clone(t.state.Volatile.Finished)
	if finished == nil {
		finished = map[ident.ID]card.Completion{}
	}
	finished[attempt.ID] = completion
	t.state.Volatile.Finished = finished
	if t.state.due() > 0 {
		t.said(attempt.ID, text.Msg("core.outcome.part_approved", "DueCents", t.state.due()), snapshot.Verifying)
		return
	}
	t.commitSale()
	approved := text.Msg("core.outcome.approved", "Code", attempt.Result.AuthorisationCode)
	t.said(attempt.ID, approved, snapshot.Charged)
	t.toast("done", approved, false)
}

// undo decides against an attempt (S5): the reversal is sent once this is
// durable, and until it is acknowledged (R6).
func (t *turn) undo(attempt payment.Attempt, reason payment.Reason, completion *card.Completion, say string, where snapshot.Money) {
	act := t.tillAct()
	if reason == payment.MerchantCancel {
		act = t.act()
	}
	original := t.paymentOf(attempt, attempt.Card, nil)
	t.fact(journal.Reversal{Act: act, PaymentID: attempt.ID, Reason: reason, Card: completion, Original: &original})
	message := text.Msg(say)
	t.said(attempt.ID, message, where)
	t.toast("warning", message, true)
	t.do(Forward{})
	if work := t.state.Volatile.Card; work != nil && work.Attempt == attempt.ID {
		t.release("core.pinpad.cancelled")
	}
}

// said keeps the outcome of an attempt in words.
func (t *turn) said(attempt ident.ID, message text.Message, where snapshot.Money) {
	said := &Said{Attempt: attempt, Text: message, Money: string(where)}
	if before := t.state.Volatile.Said; before != nil && before.Attempt == attempt {
		said.Step, said.Card = before.Step, before.Card
	}
	if known, work := t.working(attempt); work != nil {
		said.Step = stepReached(known, work)
		if work.Reading != nil {
			said.Card = cardName(work.Reading.Card)
		}
	}
	t.state.Volatile.Said = said
}

// paymentOf builds the contract's request of an attempt, born with its intent.
func (t *turn) paymentOf(attempt payment.Attempt, read *card.Present, result *payment.Result) journal.Payment {
	return journal.Payment{
		Origin: journal.Origin{
			Act: journal.Act{
				OperatorID: attempt.Birth.OperatorID, Epoch: t.state.Epoch, TerminalSeq: attempt.Seq, OccurredAt: attempt.StartedAt,
			},
			BusinessDate: attempt.Birth.BusinessDate, SessionID: attempt.Birth.SessionID,
		}, OrderID: attempt.OrderID, Method: attempt.Method, Amount: attempt.Amount,
		TwoPhase: true, Card: read, Result: result,
	}
}

// settled is the host's acknowledgement of a decision. One that names another
// decision than the attempt's own is not ours to take (I8).
func (t *turn) settled(what Settled) {
	attempt, known := t.state.attempt(what.Attempt)
	if !known || !attempt.State.Owed() || attempt.Settlement != what.Decision {
		return
	}
	switch {
	case what.Refused != "":
		t.fact(journal.PaymentManual{PaymentID: attempt.ID, Decision: what.Decision, Code: what.Refused})
		t.askManual(attempt.ID, manualAgain)
	case attempt.State == payment.Committed:
		t.fact(journal.PaymentConfirmed{PaymentID: attempt.ID, Decision: what.Decision})
	default:
		t.fact(journal.PaymentReversed{PaymentID: attempt.ID, Decision: what.Decision})
		t.reversedSaid(attempt.ID)
	}
}

// reversedSaid turns "being verified" into "not charged" for the attempt on screen.
func (t *turn) reversedSaid(id ident.ID) {
	said := t.state.Volatile.Said
	if said == nil || said.Attempt != id || said.Money == string(snapshot.NotCharged) {
		return
	}
	t.said(id, text.Msg("core.outcome.reversed"), snapshot.NotCharged)
	t.toast("info", text.Msg("core.outcome.reversed"), false)
}
