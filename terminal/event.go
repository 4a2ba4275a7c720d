package terminal

import (
	"time"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/shift"
)

// Event is something that happened to the till. ID, At and SinceBoot are the
// engine's gift: Decide reads no clock and makes no ids but those derived from ID.
// The ID of a request is the one that the screen minted.
type Event struct {
	ID        ident.ID
	At        time.Time     // store's wall clock, with its offset
	SinceBoot time.Duration // monotonic
	What      What
}

// What is one of the types of this file: requests of a screen, answers of the
// world, and the boot.
type What interface {
	// request says whether a screen waits for a reply.
	request() bool
	// money says whether the event may pay, confirm or close: it waits until
	// every fact before it is durable, and so meets the newer state.
	money() bool
}

// asked marks requests that do not touch money, told those that do; heard marks
// what the world reports.
type (
	asked struct{}
	told  struct{}
	heard struct{}
)

func (asked) request() bool { return true }
func (asked) money() bool   { return false }
func (told) request() bool  { return true }
func (told) money() bool    { return true }
func (heard) request() bool { return false }
func (heard) money() bool   { return false }

// IsRequest says whether a screen waits for a reply to the event.
func (e Event) IsRequest() bool { return e.What.request() }

// TouchesMoney says whether the event must wait for the facts before it.
func (e Event) TouchesMoney() bool { return e.What.money() }

// Booted begins a process's life, after the fold. It brings the world, and starts
// what recovery owes.
type Booted struct {
	heard
	World  World
	BootID string
}

// Login asks to work at the till. The PIN is checked by an effect.
type Login struct {
	asked
	OperatorID string
	PIN        Secret
}

// Secret keeps a PIN out of every printing.
type Secret string

// String hides the secret.
func (Secret) String() string { return "***" }

// GoString hides the secret.
func (Secret) GoString() string { return "***" }

// PINChecked is the answer to a [CheckPIN].
type PINChecked struct {
	heard
	OperatorID string
	OK         bool
	Approves   bool // of an [Approve], not of a [Login]
}

// Logout locks the till.
type Logout struct{ asked }

// OpenSession opens the cashier's session with a float.
type OpenSession struct {
	told
	Float money.Cents
}

// Scan is a code that a scanner read: never a document, never a payment.
type Scan struct {
	asked
	Code string
}

// ScanGarbled says that a scanner sent what is no code.
type ScanGarbled struct{ heard }

// Enter is the entry line, ended by Enter. An empty line opens payment, and in
// payment pays in exact cash.
type Enter struct {
	told
	Text string
}

// Tender picks a way to pay by its digit. Given is the cash handed over, nil for
// the exact amount.
type Tender struct {
	told
	Digit int
	Given *money.Cents
}

// Cancel steps back: it stops a card that is being read, or leaves payment.
type Cancel struct{ told }

// Inquire asks the host at once about the attempt whose answer is missing.
type Inquire struct{ told }

// VoidLine takes a line back; 0 is the last one.
type VoidLine struct {
	told
	Number int
	Reason string
}

// CancelSale gives the open cart up.
type CancelSale struct {
	told
	Reason string
}

// SearchItems looks for items by the beginnings of their words.
type SearchItems struct {
	asked
	Words string
}

// Answer answers the question on the screen, or picks a row of the search.
type Answer struct {
	told
	Number int
}

// Approve lets a second person allow the act that waits. The PIN is checked by an
// effect.
type Approve struct {
	told
	OperatorID string
	PIN        Secret
}

// MoveCash puts cash in ([shift.Suprimento]) or takes it out ([shift.Sangria]).
type MoveCash struct {
	told
	Type   shift.Movement
	Amount money.Cents
	Reason string
}

// PrintX prints the session as it stands.
type PrintX struct{ told }

// BeginClose asks for the blind count.
type BeginClose struct{ told }

// CountDrawer is one blind count.
type CountDrawer struct {
	told
	Counted money.Cents
}

// CloseDay ends the session and prints the Z.
type CloseDay struct{ told }

// LeaveClose goes back to selling.
type LeaveClose struct{ told }

// SettleManually is a person's word about an attempt that the host and the till see
// differently (S8): whether the customer was charged. Key is the payment's id, its
// beginning or its end.
type SettleManually struct {
	told
	Key     string
	Charged bool
	Reason  string
}

// Reprint prints the last sale's papers again, marked as a copy.
type Reprint struct{ told }

// CardMoved is progress at the reader.
type CardMoved struct {
	heard
	Step device.CardStep
}

// CardData is the storable part of a reading, with the sealed part beside it for
// the one live call.
type CardData struct {
	Card card.Present
}

// CardRead is what the reader read.
type CardRead struct {
	heard
	Attempt ident.ID
	Reading card.Reading
}

// CardFailed says that no card was read.
type CardFailed struct {
	heard
	Attempt ident.ID
	Code    device.Code
}

// HostAnswered is what the host said of an attempt, or that it said nothing.
type HostAnswered struct {
	heard
	Attempt ident.ID
	Answer  payment.Answer
}

// ChipFinished is the card's final word. Code is set when there was none.
type ChipFinished struct {
	heard
	Attempt    ident.ID
	Completion card.Completion
	Code       device.Code
}

// Settled says that the host acknowledged a confirm or an undo, or refused it
// for good (Refused holds the problem's code).
type Settled struct {
	heard
	Attempt  ident.ID
	Decision ident.ID
	Refused  string
}

// Printed is what the printer said of a job.
type Printed struct {
	heard
	Result device.PrintResult
}

// DeviceChanged is a device's new light.
type DeviceChanged struct {
	heard
	Status device.Status
}

// LinkChanged is the link to central, and how many facts it has not acknowledged.
type LinkChanged struct {
	heard
	Online bool
	Queue  int
}

// RecordRefused says that central refused a record of the stream for good.
type RecordRefused struct {
	heard
	Seq    uint64
	FactID ident.ID
	Code   string
	Detail string
}

// PeriodOver says that the journal's file should be followed by a new one.
type PeriodOver struct{ heard }

// Looked says that the wait of a [LookAgain] is over.
type Looked struct{ heard }

// StoreChanged says whether the disk takes facts.
type StoreChanged struct {
	heard
	Full bool
}
