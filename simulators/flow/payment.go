package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"balcao/sync/wire"
	"balcao/terminal/money"
	"balcao/terminal/text"
)

// declinedText is what the pinpad shows after a refusal.
func declinedText() string { return text.In(text.Portuguese).Word("core.pinpad.declined") }

// paymentCode is step 13: the id is a ULID that was stored before the first byte left,
// since the request names the stored fact, and a replay is answered with the original.
func (w *walk) paymentCode(ctx context.Context) (string, error) {
	made, err := w.chipSale(ctx)
	if err != nil {
		return "", err
	}
	facts, err := w.journal(ctx)
	if err != nil {
		return "", err
	}
	chain, err := factsOf(facts, made.paymentID, "payment_intent", "payment")
	if err != nil {
		return "", err
	}
	if _, err := ulid.ParseStrict(chain[1].ID); err != nil {
		return "", fmt.Errorf("payment id %s: %w", chain[1].ID, err)
	}
	replay, err := requestOf(chain[1])
	if err != nil {
		return "", err
	}
	answer, err := w.office.call(ctx, http.MethodPut, "/v1/payments/"+chain[1].ID, replay)
	if err != nil {
		return "", err
	}
	var original wire.Payment
	if err := json.Unmarshal(answer.body, &original); err != nil || !answer.replayed || original.PaymentID != chain[1].ID {
		return "", fmt.Errorf("the replay was answered with %d, replayed %t: %s", answer.status, answer.replayed, answer.body)
	}
	if original.Origin == nil || original.Origin.TerminalSeq != chain[0].Seq {
		return "", fmt.Errorf("what central got under %s does not name fact %d, the intent", original.PaymentID, chain[0].Seq)
	}
	return fmt.Sprintf("payment %s; what was sent names fact %d, its intent in the journal; a replay of the PUT: Idempotency-Replayed, %s",
		original.PaymentID, chain[0].Seq, original.Status), nil
}

// requestOf is the request that a payment's record tells of. The result came later, and
// the sealed items were never stored.
func requestOf(fact record) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(fact.Body, &members); err != nil {
		return nil, fmt.Errorf("read payment %s of the journal: %w", fact.ID, err)
	}
	delete(members, "result")
	return json.Marshal(members)
}

// A refusal is a card that must not pay, and what central must say of it.
type refusal struct {
	tender      int
	card, pin   string
	code, check string // of central's decline, and the check that failed
}

// validity is step 17.
func (w *walk) validity(ctx context.Context) (string, error) {
	return w.refused(ctx, refusal{credit, "expired", goodPIN, "expired_card", "validity"})
}

// authenticity is step 18.
func (w *walk) authenticity(ctx context.Context) (string, error) {
	return w.refused(ctx, refusal{debit, "visa-debit", "9999", "wrong_pin", "authenticity"})
}

// funds is step 19.
func (w *walk) funds(ctx context.Context) (string, error) {
	return w.refused(ctx, refusal{credit, "low-funds", goodPIN, "insufficient_funds", "funds"})
}

// declineCode is step 27: an error of the service with its code, and no money moved.
func (w *walk) declineCode(ctx context.Context) (string, error) {
	return w.refused(ctx, refusal{credit, "blocked", goodPIN, "not_permitted", "validity"})
}

// refused lets a card be refused and reads central's reasons.
func (w *walk) refused(ctx context.Context, want refusal) (string, error) {
	before, err := w.books(ctx)
	if err != nil {
		return "", err
	}
	tried, _, err := w.refusedCard(ctx, want.tender, want.card, want.pin)
	if err != nil {
		return "", err
	}
	known, err := w.payment(ctx, tried.ID)
	if err != nil {
		return "", err
	}
	payment := known.Payment
	if payment.Status != wire.PaymentStatusDeclined || payment.Decline == nil || string(*payment.Decline.Code) != want.code {
		return "", fmt.Errorf("payment %s is %s at central, not declined as %s", tried.ID, payment.Status, want.code)
	}
	if failed := failedCheck(payment); failed != want.check {
		return "", fmt.Errorf("payment %s failed the check %q, not %s", tried.ID, failed, want.check)
	}
	after, err := w.books(ctx)
	if err != nil {
		return "", err
	}
	account := "customer:" + want.card
	if before.Accounts[account] != after.Accounts[account] {
		return "", fmt.Errorf("%s had %d and has %d cents: a refusal moved money", account, before.Accounts[account], after.Accounts[account])
	}
	return fmt.Sprintf("payment %s declined: %s (code %s, check %s), no money moved", tried.ID, want.code, *payment.Result.ResponseCode, want.check), nil
}

// failedCheck is the first check of central that failed.
func failedCheck(payment wire.Payment) string {
	if payment.Checks == nil {
		return ""
	}
	for _, check := range *payment.Checks {
		if check.Result == wire.PaymentChecksResultFail {
			return string(check.Name)
		}
	}
	return ""
}

// verdicts is step 20: one approved, one declined, one that nobody at the till knew.
func (w *walk) verdicts(ctx context.Context) (string, error) {
	made, err := w.chipSale(ctx)
	if err != nil {
		return "", err
	}
	hard, err := w.lostSale(ctx)
	if err != nil {
		return "", err
	}
	known, err := w.books(ctx)
	if err != nil {
		return "", err
	}
	approved, declined := known.Payments[made.paymentID], known.Payments[hard.declined.ID]
	if approved.Status != "captured" || declined.Status != "declined" {
		return "", fmt.Errorf("payment %s is %s and payment %s %s at central", made.paymentID, approved.Status, hard.declined.ID, declined.Status)
	}
	if hard.paid.Money != beingVerified || hard.onTheirBook != string(wire.PaymentStatusAwaitingConfirmation) {
		return "", fmt.Errorf("while the answer to %s was lost the screen said %q and central's book %q", hard.paid.ID, hard.paid.Money, hard.onTheirBook)
	}
	return fmt.Sprintf("approved %s; declined %s; unknown %s (screen: %s, while central had it %s)",
		made.paymentID, hard.declined.ID, hard.paid.ID, text.In(text.Portuguese).Word("core.money."+hard.paid.Money), hard.onTheirBook), nil
}

// lostAnswer is step 21: a lost answer is found again by its id, and charged once.
func (w *walk) lostAnswer(ctx context.Context) (string, error) {
	hard, err := w.lostSale(ctx)
	if err != nil {
		return "", err
	}
	puts, err := w.heard(ctx, "payment-put", hard.paid.ID)
	if err != nil {
		return "", err
	}
	gets, err := w.heard(ctx, "payment-get", hard.paid.ID)
	if err != nil {
		return "", err
	}
	if len(puts) == 0 || puts[0].Status != 0 || len(gets) == 0 || gets[len(gets)-1].Status != http.StatusOK {
		return "", fmt.Errorf("central heard of %s: %+v %+v", hard.paid.ID, puts, gets)
	}
	charged, err := w.charged(ctx, hard.orderID)
	if err != nil {
		return "", err
	}
	if !slices.Equal(charged, []string{hard.paid.ID}) {
		return "", fmt.Errorf("order %s was charged by %v, not once by %s", hard.orderID, charged, hard.paid.ID)
	}
	return fmt.Sprintf("payment %s: PUT not answered (%s), found by GET, captured once", hard.paid.ID, puts[0].Code), nil
}

// charged are the captured payments of an order.
func (w *walk) charged(ctx context.Context, orderID string) ([]string, error) {
	known, err := w.books(ctx)
	var charged []string
	for _, id := range known.Orders[orderID].Payments {
		if known.Payments[id].Status == string(wire.PaymentStatusCaptured) {
			charged = append(charged, id)
		}
	}
	return charged, err
}

// customerTold is step 28: pinpad and screen say it, and where the money is.
func (w *walk) customerTold(ctx context.Context) (string, error) {
	tried, display, err := w.refusedCard(ctx, credit, "low-funds", goodPIN)
	if err != nil {
		return "", err
	}
	if !strings.Contains(display, declinedText()) {
		return "", fmt.Errorf("the pinpad shows %q", display)
	}
	if tried.Money != notCharged || tried.Outcome.Empty() {
		return "", fmt.Errorf("the screen says %q about the money and %q of the outcome", tried.Money, tried.Outcome.ID)
	}
	known, err := w.payment(ctx, tried.ID)
	if err != nil {
		return "", err
	}
	if known.Payment.Captured != nil || known.Payment.Status != wire.PaymentStatusDeclined {
		return "", fmt.Errorf("payment %s is %s at central", tried.ID, known.Payment.Status)
	}
	return fmt.Sprintf("pinpad %q; screen %q, %q; nothing captured of %s",
		strings.Join(strings.Fields(display), " "), sayPortuguese(&tried.Outcome), text.In(text.Portuguese).Word("core.money."+tried.Money), tried.ID), nil
}

// triedAgain is step 30: what was lost is told again under its id, and a new attempt
// waits until the old one is final.
func (w *walk) triedAgain(ctx context.Context) (string, error) {
	hard, err := w.lostSale(ctx)
	if err != nil {
		return "", err
	}
	known, err := w.books(ctx)
	if err != nil {
		return "", err
	}
	tries := known.Orders[hard.orderID].Payments
	if !slices.Equal(tries, []string{hard.declined.ID, hard.paid.ID}) || known.Payments[hard.declined.ID].Status != "declined" {
		return "", fmt.Errorf("order %s has the attempts %v at central, the first is %s", hard.orderID, tries, known.Payments[hard.declined.ID].Status)
	}
	if hard.refusal == "" {
		return "", errors.New("a third attempt was begun while the second had no outcome")
	}
	confirms, err := w.heard(ctx, "confirm", hard.paid.ID)
	if err != nil {
		return "", err
	}
	if len(confirms) < 2 || confirms[0].Status != 0 || confirms[0].Key != confirms[1].Key || !confirms[len(confirms)-1].Replayed {
		return "", fmt.Errorf("the confirm of %s was not told again under its key: %+v", hard.paid.ID, confirms)
	}
	return fmt.Sprintf("attempt 1 %s declined, then attempt 2 %s; a third one meanwhile refused (%q); its confirm was told %d times under key %s, booked once: %s",
		tries[0], tries[1], hard.refusal, len(confirms), confirms[0].Key, money.Cents(known.Payments[tries[1]].Cents)), nil
}
