package engine

import (
	"context"
	"errors"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/payment"
)

// ErrFull is the one commit error after which nothing was saved for certain: the
// disk is full. The journal's Commit returns an error for which errors.Is holds.
var ErrFull = errors.New("disk full")

// Ports are the worlds the engine works in.
type Ports struct {
	Journal  Journal
	Reader   CardReader
	Acquirer Acquirer
	Outbox   Outbox
	Printer  Printer
}

// Journal keeps facts. Commit returns when all of a batch's facts are on disk, in
// one transaction, or with an error after which only Reopen and Fold say what is
// there; it is called by one goroutine at a time. Fold tells every fact of the
// current file in order.
type Journal interface {
	Commit(ctx context.Context, batch journal.Batch) error
	Fold(ctx context.Context, tell func(journal.Fact) error) error
	Recovery
}

// Recovery is what a journal can do when the disk is in trouble: be opened again
// in process after an error, and give up or take back the space kept for
// finishing an open sale on a full disk.
type Recovery interface {
	Reopen(ctx context.Context) error
	ReleaseBallast() error
	RestoreBallast() error
}

// CardReader works a card reader. ReadCard waits for a card and its holder until
// ctx ends; FinishCard hands over the issuer's answer and is never repeated;
// Release asks for the card back, with a word (an id of the catalogues). Errors
// are *device.Fault where the device could say why.
type CardReader interface {
	ReadCard(ctx context.Context, request device.CardRequest) (card.Reading, error)
	FinishCard(ctx context.Context, request device.FinishRequest) (card.Completion, error)
	Release(ctx context.Context, say string) error
}

// Acquirer moves money. Both methods answer [payment.Unknown] for anything that
// is not an answer about money: they have no error, because no error would be one.
type Acquirer interface {
	Authorise(ctx context.Context, request Authorisation) payment.Answer
	Inquire(ctx context.Context, attempt ident.ID) payment.Answer
}

// Authorisation is everything of one live call: the order first, then the payment
// with its sealed items.
type Authorisation struct {
	OrderID ident.ID
	Order   journal.Order
	Attempt ident.ID
	Payment journal.Payment
	Sealed  []card.Sealed
}

// Outbox sends what the journal owes to central, by itself; Wake says that there
// is something new.
type Outbox interface {
	Wake()
}

// Printer prints a job and says what became of it, and opens the drawer, at most once.
type Printer interface {
	Print(ctx context.Context, job device.PrintJob) device.PrintResult
	Kick(ctx context.Context) error
}
