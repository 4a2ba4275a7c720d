// Package payment is the life of one try at moving money.
//
// One [Attempt] is one key, one amount, one channel, and is never used again.
// Its states S0 to S8 and the steps between them are the table in state.go; who
// writes, sends and waits is the engine's business. What a host said is an
// [Answer]; silence is an answer too, and never a decline. Start with [Attempt].
//
// Facts: docs/architecture.md names the rules R1 to R12 and invariants I0 to I13.
package payment

import (
	"fmt"
	"time"

	"balcao/terminal/card"
	"balcao/terminal/ident"
	"balcao/terminal/money"
)

// Method is how money moves, in the contract's words.
type Method string

// The methods of the contract.
const (
	Cash        Method = "cash"
	Debit       Method = "debit"
	Credit      Method = "credit"
	Voucher     Method = "voucher"
	Pix         Method = "pix"
	StoreCredit Method = "store_credit"
)

// ByCard says whether the method needs a card reader.
func (m Method) ByCard() bool { return m == Debit || m == Credit || m == Voucher }

// Driver names who moves the money of an attempt.
type Driver string

// DriverCentral authorises through the central payment API, in two phases.
const DriverCentral Driver = "central"

// Attempt is one try at moving money, as the facts tell it.
type Attempt struct {
	ID        ident.ID // the key: the contract's payment_id, the same in every resend (R2)
	OrderID   ident.ID
	Birth     Birth
	Tender    int // ordinal of the tender within its order, from 1
	Method    Method
	Amount    money.Cents
	Driver    Driver
	STAN      int // 1 to 999999, the till's own trace number
	StartedAt time.Time
	Deadline  time.Time // after which silence becomes an undo
	Seq       uint64    // of the intent, the fact that gave birth to it

	State      State
	Card       *card.Present // known from S2 or S7 on
	Result     Result
	Completion *card.Completion // the chip's final answer, from S3 or S5 on
	Reason     Reason           // of an undo
	Settlement ident.ID         // fact of the decision: the idempotency key of confirm or reversal
}

// Birth is who began an attempt, and on which trading day.
type Birth struct {
	OperatorID   string   `json:"operator_id"`
	SessionID    ident.ID `json:"session_id"`
	BusinessDate string   `json:"business_date"` // 2026-11-23
}

// Result is what the host said, kept for ever: the contract's PaymentResult.
type Result struct {
	Approved          bool               `json:"approved"`
	HostReached       bool               `json:"host_reached"`
	ResponseCode      string             `json:"response_code,omitempty"` // the host's own, "00" or "51"
	Issuer            *card.IssuerAnswer `json:"issuer,omitempty"`
	AuthorisationCode string             `json:"authorisation_code,omitempty"`
	NSU               string             `json:"nsu,omitempty"`
	Acquirer          string             `json:"acquirer,omitempty"`
	AcquirerNSU       string             `json:"acquirer_nsu,omitempty"`
}

// Reason says why an attempt is undone, in the contract's words.
type Reason string

// The reasons of the contract that a till gives by itself or for a cashier.
const (
	CustomerCancel Reason = "customer_cancel"
	MerchantCancel Reason = "merchant_cancel"
	Timeout        Reason = "timeout"
	Malfunction    Reason = "malfunction"
	CardDeclined   Reason = "card_declined"
)

// Verdict is what is known about an attempt at its host.
type Verdict int

// The verdicts. Unknown covers silence, socket errors, HTTP 429 and 5xx, and
// answers that make no sense: none of them says anything about money (R3).
const (
	Unknown  Verdict = iota
	Approved         // authorised, awaiting our confirmation
	Declined         // final, nothing was charged
	Processing
	NotFound // the host does not know the key; it may yet arrive (R4)
	Undone   // reversed or tombstoned, final
	Refused  // the host would not take the request; what it did before that is not known
	Unsent   // no byte of the request left the till
)

// Answer is what a driver learnt about an attempt.
type Answer struct {
	Verdict Verdict
	Result  Result
	Decline string // the contract's decline code, of a Declined
	// Captured says of an Approved that the money is the shop's already: a confirm
	// has arrived, or the host has one phase.
	Captured bool
	Detail   string // for logs: operation, cause; no card data
}

// String names the verdict, for logs and test failures.
func (v Verdict) String() string {
	names := [...]string{"unknown", "approved", "declined", "processing", "not found", "undone", "refused", "unsent"}
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("verdict %d", int(v))
}
