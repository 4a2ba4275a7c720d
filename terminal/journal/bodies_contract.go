package journal

import (
	"time"

	"balcao/terminal/card"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/operator"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
)

// Act is the fact that a request tells, and who did it: the contract's Act.
// OperatorID is empty for what the till does by itself, as in recovery.
type Act struct {
	OperatorID  string    `json:"operator_id,omitempty"`
	Epoch       string    `json:"epoch"`
	TerminalSeq uint64    `json:"terminal_seq"`
	OccurredAt  time.Time `json:"occurred_at"`
}

// Origin is the birth of an order or payment: the contract's Origin.
type Origin struct {
	Act
	BusinessDate string   `json:"business_date"`
	SessionID    ident.ID `json:"session_id,omitempty"`
}

// Approval is the second person, where the operator's role does not reach: the
// contract's Approval.
type Approval struct {
	ApproverID string   `json:"approver_id"`
	Reason     string   `json:"reason"`
	OverrideID ident.ID `json:"override_id,omitempty"`
}

// Checkpoint is the first fact of a journal file: whose it is, and what crosses
// over from the file before. Its signature comes once a till has a key.
type Checkpoint struct {
	TerminalID   string           `json:"terminal_id"`
	Epoch        string           `json:"epoch"`
	Format       string           `json:"format"`
	AppVersion   string           `json:"app_version"`
	OpenOrders   []ident.ID       `json:"open_orders,omitempty"`
	OpenPayments []ident.ID       `json:"open_payments,omitempty"`
	Counters     map[string]int64 `json:"counters,omitempty"`
}

// Kind of a checkpoint.
func (Checkpoint) Kind() Kind { return "checkpoint" }

// SessionOpen opens a cashier's session: the contract's SessionRequest.
type SessionOpen struct {
	OperatorID   string      `json:"operator_id"`
	Epoch        string      `json:"epoch"`
	TerminalSeq  uint64      `json:"terminal_seq"`
	OpenedAt     time.Time   `json:"opened_at"`
	BusinessDate string      `json:"business_date"`
	OpeningFloat money.Cents `json:"opening_float"`
	AppVersion   string      `json:"app_version"`
}

// Kind of a session's opening.
func (SessionOpen) Kind() Kind { return "session_open" }

// CashMovement is cash that came or went without a sale.
type CashMovement struct {
	OperatorID string         `json:"operator_id,omitempty"`
	SessionID  ident.ID       `json:"session_id"`
	Type       shift.Movement `json:"type"`
	Amount     money.Cents    `json:"amount"`
	Reason     string         `json:"reason,omitempty"`
	Approval   *Approval      `json:"approval,omitempty"`
}

// Kind of a cash movement.
func (CashMovement) Kind() Kind { return "cash_movement" }

// LineVoid takes a line of the open cart back.
type LineVoid struct {
	OperatorID string         `json:"operator_id,omitempty"`
	SessionID  ident.ID       `json:"session_id,omitempty"`
	LineID     string         `json:"line_id"`
	SKU        string         `json:"sku"`
	Quantity   money.Quantity `json:"quantity"`
	Amount     money.Cents    `json:"amount"`
	Reason     string         `json:"reason,omitempty"`
	Approval   *Approval      `json:"approval,omitempty"`
}

// Kind of a voided line.
func (LineVoid) Kind() Kind { return "line_void" }

// Order closes the cart: the contract's OrderRequest. Lines are frozen.
type Order struct {
	Origin
	Channel  string            `json:"channel"`
	Lines    []OrderLine       `json:"lines"`
	Totals   sale.Totals       `json:"totals"`
	Customer *Customer         `json:"customer,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Kind of an order.
func (Order) Kind() Kind { return "order" }

// OrderLine is the contract's OrderLine.
type OrderLine struct {
	LineID      string          `json:"line_id"`
	SKU         string          `json:"sku"`
	Description string          `json:"description"`
	Quantity    money.Quantity  `json:"quantity"`
	Unit        string          `json:"unit,omitempty"`
	UnitPrice   money.UnitPrice `json:"unit_price"`
	Discount    money.Cents     `json:"discount,omitzero"`
	Total       money.Cents     `json:"total"`
}

// Customer is who wants the CPF or CNPJ on the paper: the contract's Customer.
type Customer struct {
	TaxID string `json:"tax_id"`
}

// Transition moves an order on, or takes it back: the contract's Transition.
// OrderID says which, since a record has no path.
type Transition struct {
	Act
	OrderID ident.ID `json:"order_id"`
	To      string   `json:"to"`
	Reason  string   `json:"reason,omitempty"`
}

// Kind of an order's transition.
func (Transition) Kind() Kind { return "transition" }

// Payment is the outcome of an attempt, or cash that paid: the contract's
// PaymentRequest without sealed card items. TerminalSeq is that of the intent.
type Payment struct {
	Origin
	OrderID  ident.ID        `json:"order_id"`
	Method   payment.Method  `json:"method"`
	Amount   money.Cents     `json:"amount"`
	TwoPhase bool            `json:"two_phase,omitempty"`
	Card     *card.Present   `json:"card,omitempty"`
	Cash     *Cash           `json:"cash,omitempty"`
	Result   *payment.Result `json:"result,omitempty"`
}

// Kind of a payment's outcome.
func (Payment) Kind() Kind { return "payment" }

// Cash is what was handed over and given back.
type Cash struct {
	Tendered money.Cents `json:"tendered"`
	Change   money.Cents `json:"change"`
}

// Confirmation is the decision for an attempt whose sale exists (S3): the
// contract's Confirmation. PaymentID says which, since a record has no path.
type Confirmation struct {
	Act
	PaymentID ident.ID         `json:"payment_id"`
	Outcome   string           `json:"outcome"` // "confirmed"
	Card      *card.Completion `json:"card,omitempty"`
}

// Kind of a confirmation.
func (Confirmation) Kind() Kind { return "confirmation" }

// Reversal is the decision to undo an attempt (S5): the contract's ReversalRequest.
type Reversal struct {
	Act
	PaymentID ident.ID         `json:"payment_id"`
	Reason    payment.Reason   `json:"reason"`
	Card      *card.Completion `json:"card,omitempty"`
	Original  *Payment         `json:"original,omitempty"` // so that it can be undone before it arrives
}

// Kind of a reversal.
func (Reversal) Kind() Kind { return "reversal" }

// DrawerOpening says why the drawer was told to open.
type DrawerOpening struct {
	OperatorID string   `json:"operator_id,omitempty"`
	SessionID  ident.ID `json:"session_id,omitempty"`
	Cause      string   `json:"cause"` // "sale"
	Subject    ident.ID `json:"subject,omitempty"`
}

// Kind of a drawer's opening.
func (DrawerOpening) Kind() Kind { return "drawer_opening" }

// Discount takes an amount off a line of the open cart, or off the whole of it.
type Discount struct {
	OperatorID string      `json:"operator_id,omitempty"`
	Approval   *Approval   `json:"approval,omitempty"`
	SessionID  ident.ID    `json:"session_id,omitempty"`
	LineID     string      `json:"line_id,omitempty"` // empty: the whole sale
	Amount     money.Cents `json:"amount"`
	Rate       money.Rate  `json:"rate_ppm,omitempty"` // of a discount given in percent
	Reason     string      `json:"reason,omitempty"`
}

// Kind of a discount.
func (Discount) Kind() Kind { return "discount" }

// Override is a permission that a second person gave once; what used it names it.
type Override struct {
	OperatorID string        `json:"operator_id"`
	Permission operator.Verb `json:"permission"`
	Approval   Approval      `json:"approval"`
	Amount     money.Cents   `json:"amount,omitzero"`
}

// Kind of an override.
func (Override) Kind() Kind { return "override" }

// CashCount is one count of the drawer. Expected is written beside it, but shown
// to nobody before.
type CashCount struct {
	OperatorID string      `json:"operator_id,omitempty"`
	SessionID  ident.ID    `json:"session_id"`
	Blind      bool        `json:"blind"`
	Attempt    int         `json:"attempt"`
	Counted    money.Cents `json:"counted"`
	Expected   money.Cents `json:"expected"`
}

// Kind of a count.
func (CashCount) Kind() Kind { return "cash_count" }

// SessionClose ends a cashier's session: the contract's SessionRequest again.
type SessionClose struct {
	SessionID    ident.ID    `json:"session_id,omitempty"` // a record has no path
	OperatorID   string      `json:"operator_id"`
	Epoch        string      `json:"epoch"`
	TerminalSeq  uint64      `json:"terminal_seq"`
	OpenedAt     time.Time   `json:"opened_at"`
	ClosedAt     time.Time   `json:"closed_at"`
	BusinessDate string      `json:"business_date"`
	OpeningFloat money.Cents `json:"opening_float"`
	CountedCash  money.Cents `json:"counted_cash"`
	AppVersion   string      `json:"app_version"`
}

// Kind of a session's end.
func (SessionClose) Kind() Kind { return "session_close" }

// XReport and ZReport are the contract's Report of a session, open or ended.
type XReport struct{ Report }

// Kind of an X.
func (XReport) Kind() Kind { return "x_report" }

// ZReport ends a session's books. Number counts the Zs of the till.
type ZReport struct{ Report }

// Kind of a Z.
func (ZReport) Kind() Kind { return "z_report" }

// Report is the contract's Report.
type Report struct {
	OperatorID   string       `json:"operator_id,omitempty"`
	Type         string       `json:"kind"` // "x" or "z"
	BusinessDate string       `json:"business_date"`
	SessionID    ident.ID     `json:"session_id"`
	Ranges       []SeqRange   `json:"ranges"`
	Totals       []ReportLine `json:"totals"`
	OrderCount   int64        `json:"order_count"`
	Digest       string       `json:"digest"` // SHA-256 of the totals as they stand here
}

// SeqRange is the facts that a report was made from.
type SeqRange struct {
	Epoch   string `json:"epoch"`
	FromSeq uint64 `json:"from_seq"`
	ToSeq   uint64 `json:"to_seq"`
}

// ReportLine is the contract's TotalLine.
type ReportLine struct {
	Method string      `json:"method"`
	Type   string      `json:"type"` // sale, float, suprimento, sangria, expected, counted
	Count  int64       `json:"count"`
	Amount money.Cents `json:"amount"`
}
