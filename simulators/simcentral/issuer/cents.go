package issuer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"balcao/sync/wire"
)

// A pick is what an amount's cents make of a payment that the bank would approve.
type pick struct {
	refusal refusal
	check   wire.PaymentChecksName // shown as failed; empty when the bank does not say which
}

// picks are all outcomes that cents pick; the cents are the response code. Reais pick
// nothing, and cents that are not here change nothing. Source: ISO 8583:1987, field
// 39; that an amount picks the outcome is the custom of acquirers' test hosts.
var picks = map[int64]pick{
	5:  {doNotHonour, ""},
	14: {invalidCard, wire.PaymentChecksNameData},
	51: {insufficientFunds, wire.PaymentChecksNameFunds},
	54: {expiredCard, wire.PaymentChecksNameValidity},
	55: {wrongPIN, wire.PaymentChecksNameAuthenticity},
	59: {suspectedFraud, wire.PaymentChecksNameFraud},
	61: {limitExceeded, wire.PaymentChecksNameValidity},
	91: {issuerUnavailable, ""},
}

// PickByCents lets the cents of an amount pick the outcome, or stops it. The bank's
// own checks go first and their refusals stand: cents only turn a yes into a no. A new
// bank does not pick.
func (b *Bank) PickByCents(on bool) { b.cents.Store(on) }

// PicksByCents says whether cents pick the outcome now.
func (b *Bank) PicksByCents() bool { return b.cents.Load() }

// CentsTable lists what cents pick, a line each: cents, response code, meaning.
func CentsTable() string {
	var lines []string
	for _, cents := range slices.Sorted(maps.Keys(picks)) {
		refusal := picks[cents].refusal
		lines = append(lines, fmt.Sprintf(",%02d  %s %s", cents, refusal.response, refusal.code))
	}
	return strings.Join(lines, "\n")
}

// pickByCents is the refusal that the amount asks for, nil for none. The cents of a
// wrong PIN count no try: the PIN was right.
func (e *examination) pickByCents() *refusal {
	picked, known := picks[e.request.Amount.Amount%100]
	if !known {
		return nil
	}
	if picked.refusal == issuerUnavailable {
		// Nobody looked at the card: what it used up is not known to its bank.
		e.decision.Reached, e.decision.State = false, e.book.CardState(e.account.Name)
		return &picked.refusal
	}
	e.fail(picked.check)
	return &picked.refusal
}

// fail marks a check as failed, in its place or at the end.
func (e *examination) fail(name wire.PaymentChecksName) {
	if name == "" {
		return
	}
	failed := wire.PaymentCheck{Name: name, Result: wire.PaymentChecksResultFail}
	at := slices.IndexFunc(e.decision.Checks, func(check wire.PaymentCheck) bool { return check.Name == name })
	if at < 0 {
		e.decision.Checks = append(e.decision.Checks, failed)
		return
	}
	e.decision.Checks[at] = failed
}
