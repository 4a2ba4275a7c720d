package journal

import (
	"encoding/json"
	"time"

	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
)

// OperatorLogin says who is at the till from now on.
type OperatorLogin struct {
	OperatorID string `json:"operator_id"`
	Name       string `json:"name"`
	Role       string `json:"role"`
}

// Kind of a log-in.
func (OperatorLogin) Kind() Kind { return "operator_login" }

// OperatorLogout says that the till is locked.
type OperatorLogout struct {
	OperatorID string `json:"operator_id"`
}

// Kind of a log-out.
func (OperatorLogout) Kind() Kind { return "operator_logout" }

// LoginRefused counts a wrong PIN; the waiting it leads to survives a restart.
type LoginRefused struct {
	OperatorID string `json:"operator_id"`
}

// Kind of a refused log-in.
func (LoginRefused) Kind() Kind { return "login_refused" }

// SaleOpened begins a cart.
type SaleOpened struct {
	SaleID ident.ID `json:"sale_id"`
	Number int64    `json:"number"`
}

// Kind of a sale's opening.
func (SaleOpened) Kind() Kind { return "sale_opened" }

// LineAdded is the one fact that a screen may show before it is flushed, the
// exception to I5: what survives a kill is every line that was acknowledged.
type LineAdded struct {
	SaleID ident.ID  `json:"sale_id"`
	Line   sale.Line `json:"line"`
}

// Kind of an added line.
func (LineAdded) Kind() Kind { return "line_added" }

// CustomerSet writes a CPF or CNPJ on the open sale; an empty one takes it back.
type CustomerSet struct {
	SaleID ident.ID `json:"sale_id"`
	TaxID  string   `json:"tax_id"`
}

// Kind of a customer's number.
func (CustomerSet) Kind() Kind { return "customer_set" }

// CashTendered is cash that was handed over for a part of an open order. It is no
// attempt: after a kill the money is still in the drawer, and the screen says so.
type CashTendered struct {
	OrderID   ident.ID    `json:"order_id"`
	PaymentID ident.ID    `json:"payment_id"`
	Amount    money.Cents `json:"amount"`
	Tendered  money.Cents `json:"tendered"`
	Change    money.Cents `json:"change"`
}

// Kind of a part in cash.
func (CashTendered) Kind() Kind { return "cash_tendered" }

// CashReturned gives all cash of an open order back.
type CashReturned struct {
	OrderID ident.ID    `json:"order_id"`
	Amount  money.Cents `json:"amount"`
}

// Kind of cash given back.
func (CashReturned) Kind() Kind { return "cash_returned" }

// SaleCancelled gives a cart up.
type SaleCancelled struct {
	SaleID     ident.ID    `json:"sale_id"`
	OperatorID string      `json:"operator_id"`
	Total      money.Cents `json:"total"`
	Reason     string      `json:"reason,omitempty"`
	Approval   *Approval   `json:"approval,omitempty"`
}

// Kind of a cancelled sale.
func (SaleCancelled) Kind() Kind { return "sale_cancelled" }

// PaymentIntent is S1: durable before any byte of the attempt leaves (R1).
type PaymentIntent struct {
	payment.Birth
	AttemptID   ident.ID       `json:"attempt_id"`
	OrderID     ident.ID       `json:"order_id"`
	Tender      int            `json:"tender"`
	Method      payment.Method `json:"method"`
	Amount      money.Cents    `json:"amount"`
	Driver      payment.Driver `json:"driver"`
	STAN        int            `json:"stan"`
	Deadline    time.Time      `json:"deadline"`
	BootID      string         `json:"boot_id"`
	MonotonicMS int64          `json:"monotonic_ms"` // since the daemon's start
}

// Kind of an intent.
func (PaymentIntent) Kind() Kind { return "payment_intent" }

// PaymentConfirmed is S4: central acknowledged the confirm.
type PaymentConfirmed struct {
	PaymentID ident.ID `json:"payment_id"`
	Decision  ident.ID `json:"decision"` // id of the confirmation that was acknowledged
}

// Kind of an acknowledged confirm.
func (PaymentConfirmed) Kind() Kind { return "payment_confirmed" }

// PaymentReversed is S6: central acknowledged the undo.
type PaymentReversed struct {
	PaymentID ident.ID `json:"payment_id"`
	Decision  ident.ID `json:"decision"` // id of the reversal that was acknowledged
}

// Kind of an acknowledged undo.
func (PaymentReversed) Kind() Kind { return "payment_reversed" }

// PaymentManual is S8: central refused what the till decided; a person looks.
type PaymentManual struct {
	PaymentID ident.ID `json:"payment_id"`
	Decision  ident.ID `json:"decision"`
	Code      string   `json:"code"` // the problem's code
}

// Kind of an attempt in a person's hands.
func (PaymentManual) Kind() Kind { return "payment_manual" }

// PaymentSettled is a person's word that ends S8: they looked at the host's books.
type PaymentSettled struct {
	PaymentID  ident.ID  `json:"payment_id"`
	Decision   ident.ID  `json:"decision"` // id of the confirmation or reversal that central had refused
	Charged    bool      `json:"charged"`  // the customer paid; false: holds no money of theirs
	Reason     string    `json:"reason"`
	OperatorID string    `json:"operator_id"`
	Approval   *Approval `json:"approval,omitempty"` // of the second person
}

// Kind of an attempt that a person settled.
func (PaymentSettled) Kind() Kind { return "payment_settled" }

// SalePaid is the heart of S3: from here on the sale exists.
type SalePaid struct {
	SaleID       ident.ID      `json:"sale_id"`
	OrderID      ident.ID      `json:"order_id"`
	Receipt      int64         `json:"receipt"`
	Tenders      []sale.Tender `json:"tenders"`
	Total        money.Cents   `json:"total"`
	Change       money.Cents   `json:"change"`
	OperatorID   string        `json:"operator_id"`
	OperatorName string        `json:"operator_name"`
	BusinessDate string        `json:"business_date"`
}

// Kind of a paid sale.
func (SalePaid) Kind() Kind { return "sale_paid" }

// PrintJob asks for paper. Copy 1 is the original.
type PrintJob struct {
	JobID     ident.ID          `json:"job_id"`
	SaleID    ident.ID          `json:"sale_id,omitempty"`
	PaymentID ident.ID          `json:"payment_id,omitempty"`
	SubjectID ident.ID          `json:"subject_id,omitempty"` // fact of a paper that belongs to no paid sale
	Documents []device.Document `json:"documents"`
	Copy      int               `json:"copy"`
	Queue     int64             `json:"queue,omitempty"` // facts that central lacked when a Z was asked for
}

// Kind of a print job.
func (PrintJob) Kind() Kind { return "print_job" }

// PrintResult says what became of a job.
type PrintResult struct {
	JobID  ident.ID          `json:"job_id"`
	State  device.PrintState `json:"state"`
	Tier   string            `json:"tier,omitempty"`
	Detail string            `json:"detail,omitempty"`
}

// Kind of a print job's end.
func (PrintResult) Kind() Kind { return "print_result" }

// Quarantined says that central refused a record for good; it blocks nothing and
// never expires.
type Quarantined struct {
	Seq    uint64   `json:"seq"`
	FactID ident.ID `json:"fact_id"`
	Code   string   `json:"code"`
	Detail string   `json:"detail,omitempty"`
}

// Kind of a record in quarantine.
func (Quarantined) Kind() Kind { return "quarantined" }

// StateCheckpoint is the first fact of every period file but a till's first: the
// till's whole state, so that a start needs no older file. Version counts changes
// to State, which is the core's own and opaque here: a JSON object without floats
// and numbers of 2^53 and more.
type StateCheckpoint struct {
	Version int             `json:"version"`
	State   json.RawMessage `json:"state"`
}

// Kind of a checkpoint of the state.
func (StateCheckpoint) Kind() Kind { return "state_checkpoint" }
