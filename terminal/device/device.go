// Package device is what readers and printers tell the till, and what the till
// may ask of them.
//
// It opens no port and knows no wire: drivers turn these values into bytes and
// back. Start with [CardRequest] for a reader and [PrintJob] for a printer.
package device

import (
	"time"

	"balcao/terminal/card"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
)

// Kind names a device, in the contract's words.
type Kind string

// The devices of a till.
const (
	Pinpad  Kind = "pinpad"
	Printer Kind = "printer"
	Scanner Kind = "scanner"
)

// Light is a device's state as a person reads it at a glance.
type Light string

// The lights: works, works for now, does not work, is not there, not configured.
const (
	OK      Light = "ok"
	Warning Light = "warning"
	Error   Light = "error"
	Absent  Light = "absent"
	Unused  Light = "unused"
)

// Status is what a driver last learnt of its device. Detail is an id of the
// catalogues ("device.pinpad.unplugged"), empty when there is nothing to say.
type Status struct {
	Kind     Kind
	Light    Light
	Model    string
	Serial   string
	Firmware string
	Detail   string
}

// CardRequest asks a reader for one card, for one attempt.
type CardRequest struct {
	Attempt ident.ID
	Method  payment.Method // filters the card's applications
	Amount  money.Cents
	At      time.Time // store time, for the chip
}

// FinishRequest hands the issuer's answer to the card that is still in the reader.
type FinishRequest struct {
	Attempt  ident.ID
	Approved bool // the host approved; false: it declined, or gave no valid answer
	Reached  bool // the host gave a valid answer at all
	Issuer   card.IssuerAnswer
}

// CardStep is what happens at the reader while a card is read.
type CardStep struct {
	Attempt ident.ID
	Step    Step
}

// Step names a moment at the reader, in the order in which they come.
type Step string

// The steps of a card at the reader.
const (
	StepWaiting Step = "waiting" // amount shown, card wanted
	StepCard    Step = "card"    // card inserted and chosen
	StepPIN     Step = "pin"     // the holder types
	StepRead    Step = "read"    // everything sealed and read
)

// Code says why a device could not do what was asked.
type Code string

// The codes of an [Fault].
const (
	CustomerCancelled Code = "customer_cancelled" // the CANCEL key
	CardTimeout       Code = "card_timeout"       // nobody acted in time
	CardRemoved       Code = "card_removed"       // taken out too early
	CardUnreadable    Code = "card_unreadable"    // chip or contact error
	CardNotAccepted   Code = "card_not_accepted"  // no application for this tender
	CardBlocked       Code = "card_blocked"       // the card says so itself
	TillCancelled     Code = "till_cancelled"     // the till gave up waiting
	LinkLost          Code = "link_lost"          // cable, power, or noise beyond repair
	NotReady          Code = "not_ready"          // no device yet
	DeviceRefused     Code = "device_refused"     // a status of its own, in Detail
)

// Fault is a device's failure: what was asked, why it failed, and whether the
// same request may succeed later without a person's doing.
type Fault struct {
	Op     string // "read card", "finish card"
	Code   Code
	Detail string // for logs, no card data
	Retry  bool
	Cause  error
}

// Error says operation, code and cause.
func (f *Fault) Error() string {
	text := f.Op + ": " + string(f.Code)
	if f.Detail != "" {
		text += " (" + f.Detail + ")"
	}
	if f.Cause != nil {
		text += ": " + f.Cause.Error()
	}
	return text
}

// Unwrap answers the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// Temporary says whether asking again may help.
func (f *Fault) Temporary() bool { return f.Retry }

// Document names what is printed.
type Document string

// The documents of a till.
const (
	SaleReceipt     Document = "sale_receipt"
	CustomerSlip    Document = "customer_slip" // card, customer's copy
	MerchantSlip    Document = "merchant_slip" // card, store's copy
	UnderReviewSlip Document = "under_review"  // while an outcome is unknown
	CancelledSale   Document = "cancelled_sale"
	CashSlip        Document = "cash_movement" // cash in or out
	XReport         Document = "x_report"
	ZReport         Document = "z_report"
)

// Store is the head of every paper.
type Store struct {
	Name    string
	Address string
	TaxID   string // CNPJ, digits or alphanumeric, unformatted
	Number  string // of the store, "012"
	Till    string // of the till, "03"
}

// PrintJob is one paper to print. Everything on it is here: a reprint after a
// year needs no other state. Several documents of one job are cut apart.
type PrintJob struct {
	ID        ident.ID
	Documents []Document
	Copy      int // 1 is the original, 2 the first reprint (2ª VIA)
	CopiedAt  time.Time
	Store     Store
	Sale      *sale.Paid
	Attempt   *payment.Attempt // of the slips
	Cancelled *Cancelled       // of CancelledSale
	Movement  *Movement        // of CashSlip
	Report    *shift.Report    // of XReport and ZReport
	Drawer    bool             // kick the drawer before the first line, at most once
}

// Cancelled is a sale that was given up.
type Cancelled struct {
	Number       int64
	At           time.Time
	Lines        []sale.Line
	Total        money.Cents
	OperatorID   string
	OperatorName string
	ApproverID   string // of the second person, empty for none
	Reason       string
}

// Movement is cash that came or went without a sale.
type Movement struct {
	Type         shift.Movement
	Amount       money.Cents
	At           time.Time
	OperatorID   string
	OperatorName string
	ApproverID   string // of the second person, empty for none
	Reason       string
}

// PrintState is what is known of a job.
type PrintState string

// The states of a job. Unknown means: bytes left, nobody knows whether they
// became paper; a person decides, a reprint is marked.
const (
	PrintQueued  PrintState = "queued"
	PrintSent    PrintState = "sent"      // all bytes accepted, not confirmed
	PrintDone    PrintState = "confirmed" // the printer said so
	PrintFailed  PrintState = "failed"    // nothing was printed
	PrintUnknown PrintState = "unknown"
)

// PrintResult is what the printer said of a job.
type PrintResult struct {
	Job    ident.ID
	State  PrintState
	Tier   string // how it is known: "process_id", "status", "sent"
	Detail string // an id of the catalogues: "device.printer.paper_out"
}
