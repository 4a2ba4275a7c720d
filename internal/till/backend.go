package till

import (
	"context"
	"strings"

	"balcao/storage"
	"balcao/terminal"
	"balcao/terminal/engine"
	"balcao/terminal/money"
	"balcao/terminal/shift"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
)

// backend is the engine as the socket wants it.
type backend struct {
	engine *engine.Engine
	store  *storage.Store
}

// Backup copies the journal into a new folder while the till sells.
func (b *backend) Backup(ctx context.Context, dir string) (link.BackedUp, error) {
	note, err := b.store.Backup(ctx, dir)
	if err != nil {
		return link.BackedUp{}, err
	}
	made := link.BackedUp{Dir: dir, Last: note.Last, Head: note.Head, Files: len(note.Files)}
	for _, file := range note.Files {
		made.Bytes += file.Bytes
	}
	return made, nil
}

func (b *backend) Snapshot(context.Context) (snapshot.Cashier, error) {
	return b.engine.Snapshot(), nil
}

func (b *backend) Watch(ctx context.Context, after uint64) <-chan snapshot.Cashier {
	return b.engine.Watch(ctx, after)
}

// Do carries a screen's command out and answers once it is durable.
func (b *backend) Do(ctx context.Context, command link.Command) link.Reply {
	what, ok := request(command)
	if !ok {
		return refused(text.Msg("core.refused.unknown_command", "Verb", command.Verb))
	}
	reply, err := b.engine.Do(ctx, command.RequestID, what)
	if err != nil {
		return link.Reply{} // not answered: the screen tells it again, to the next daemon
	}
	answer := link.Reply{
		OK: reply.Refusal.Empty(), Duplicate: reply.Duplicate, Money: snapshot.Money(reply.Money), Seq: reply.Seq,
	}
	if !answer.OK {
		answer.Error = &reply.Refusal
	}
	return answer
}

func refused(why text.Message) link.Reply { return link.Reply{Error: &why} }

// request turns a command of the socket into what the core understands.
func request(command link.Command) (terminal.What, bool) {
	switch command.Verb {
	case link.VerbLogin:
		return terminal.Login{OperatorID: command.Text, PIN: terminal.Secret(command.PIN)}, true
	case link.VerbLogout:
		return terminal.Logout{}, true
	case link.VerbOpen:
		return terminal.OpenSession{Float: amountOf(command.Amount)}, true
	case link.VerbEnter:
		return terminal.Enter{Text: command.Text}, true
	case link.VerbScan:
		return terminal.Scan{Code: command.Text}, true
	case link.VerbTender:
		return terminal.Tender{Digit: command.Number, Given: command.Amount}, true
	case link.VerbCancel:
		return terminal.Cancel{}, true
	case link.VerbInquire:
		return terminal.Inquire{}, true
	case link.VerbReprint:
		return terminal.Reprint{}, true
	case link.VerbVoidLine:
		return terminal.VoidLine{Number: command.Number, Reason: command.Text}, true
	case link.VerbCancelSale:
		return terminal.CancelSale{Reason: command.Text}, true
	default:
		return requestOfTheDay(command)
	}
}

// requestOfTheDay is what a day has besides its sales.
func requestOfTheDay(command link.Command) (terminal.What, bool) {
	switch command.Verb {
	case link.VerbSearch:
		return terminal.SearchItems{Words: command.Text}, true
	case link.VerbAnswer:
		return terminal.Answer{Number: command.Number}, true
	case link.VerbApprove:
		return terminal.Approve{OperatorID: command.Text, PIN: terminal.Secret(command.PIN)}, true
	case link.VerbCashIn:
		return terminal.MoveCash{Type: shift.Suprimento, Amount: amountOf(command.Amount), Reason: command.Text}, true
	case link.VerbCashOut:
		return terminal.MoveCash{Type: shift.Sangria, Amount: amountOf(command.Amount), Reason: command.Text}, true
	case link.VerbXReport:
		return terminal.PrintX{}, true
	case link.VerbBeginClose:
		return terminal.BeginClose{}, true
	case link.VerbCount:
		return terminal.CountDrawer{Counted: amountOf(command.Amount)}, true
	case link.VerbClose:
		return terminal.CloseDay{}, true
	case link.VerbLeaveClose:
		return terminal.LeaveClose{}, true
	case link.VerbSettle:
		key, reason, _ := strings.Cut(command.Text, " ")
		return terminal.SettleManually{Key: key, Charged: command.Number == link.SettledCharged, Reason: reason}, link.SettledKnown(command.Number)
	default:
		return nil, false
	}
}

func amountOf(amount *money.Cents) money.Cents {
	if amount == nil {
		return 0
	}
	return *amount
}
