package terminal

import (
	"time"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// Effect is something to do in the world, after the facts decided with it are
// durable (R1, R5, R6).
type Effect interface {
	// Repeatable says that a restart may do it again: inquiring and sending are,
	// opening a drawer is not.
	Repeatable() bool
}

type (
	repeatable struct{}
	once       struct{}
)

// Repeatable is true: doing it twice does no harm.
func (repeatable) Repeatable() bool { return true }

// Repeatable is false: it happens at most once.
func (once) Repeatable() bool { return false }

// CheckPIN compares a PIN with a hash, slowly; [PINChecked] answers under the
// request's own id. An unknown operator is checked as slowly against Hash "".
type CheckPIN struct {
	repeatable
	Request    ident.ID
	OperatorID string
	Hash       string
	PIN        Secret
	Approves   bool // told back in the answer
}

// ReadCard asks the reader for a card; [CardMoved], then [CardRead] or [CardFailed] answer.
type ReadCard struct {
	once
	Request device.CardRequest
}

// StopCard ends the [ReadCard] that runs; its own answer follows.
type StopCard struct {
	repeatable
	Attempt ident.ID
}

// Authorise sends the order, then the payment with its sealed items;
// [HostAnswered] answers. It is sent once: after silence the host is asked.
type Authorise struct {
	once
	Attempt ident.ID
	OrderID ident.ID
	Order   journal.Order
	Payment journal.Payment
	Sealed  []card.Sealed
}

// AskHost inquires about an attempt under its key, after a wait; [HostAnswered] answers.
type AskHost struct {
	repeatable
	Attempt ident.ID
	After   time.Duration
}

// FinishCard hands the issuer's answer to the chip; [ChipFinished] answers. It is
// never repeated: a chip that was asked twice answers no more.
type FinishCard struct {
	once
	Request device.FinishRequest
}

// ReleaseCard asks the holder to take the card out, with a word about the outcome
// (an id of the catalogues). Nothing answers.
type ReleaseCard struct {
	repeatable
	Say string
}

// Forward wakes the outbox: something is owed to central.
type Forward struct{ repeatable }

// Print prints a job, after a wait; [Printed] answers.
type Print struct {
	once
	Job   device.PrintJob
	After time.Duration
}

// LookAgain asks for a [Looked] after a wait.
type LookAgain struct {
	repeatable
	After time.Duration
}

// KickDrawer opens the drawer. It is never replayed.
type KickDrawer struct{ once }

// Decision is the outcome of [Decide].
type Decision struct {
	Facts    []journal.Fact
	Effects  []Effect
	Volatile Volatile
	Reply    *Reply
}

// Paintable says that a screen may show the decision before its facts are
// durable: only lines added to a cart are (the exception to I5).
func (d Decision) Paintable() bool {
	for _, fact := range d.Facts {
		switch fact.Body.(type) {
		case journal.LineAdded, journal.SaleOpened:
		default:
			return false
		}
	}
	return true
}
