// Package link is the socket between a till and its screens: the contract as
// types, the till's end and the screen's end.
//
// It is HTTP/1.1 with JSON on a unix socket, events as SSE. It decides nothing
// about the till: [Backend] does. What it does decide is who may speak (the
// peer's user or group), which one screen may command (the lease), and that a
// command is told again under the same id until it is answered. A screen starts
// with [Dial], the till with [Serve].
//
//	GET  /v1/snapshot          snapshot.Cashier
//	GET  /v1/events?after=N    SSE; id: the snapshot's number, data: the snapshot
//	POST /v1/lease             [LeaseRequest] → [Lease]
//	POST /v1/commands          [Command] → [Reply]
//
// Facts: unix(7) for SO_PEERCRED and SO_PEERGROUPS; the event stream of the HTML
// standard, section 9.2.
package link

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
)

// The verbs of a [Command], with the fields that each one reads.
const (
	VerbLogin      = "login"       // Text: operator's id; PIN
	VerbLogout     = "logout"      //
	VerbOpen       = "open"        // Amount: the float
	VerbEnter      = "enter"       // Text: the entry line, maybe empty
	VerbScan       = "scan"        // Text: the code
	VerbSearch     = "search"      // Text: the letters typed so far; the answer is the snapshot's Search
	VerbAnswer     = "answer"      // Number: of the answer to the question, or of the row of the search
	VerbApprove    = "approve"     // Text: the second person's operator id; PIN
	VerbTender     = "tender"      // Number: the digit; Amount: cash handed over, nil for the exact sum
	VerbCancel     = "cancel"      // one step back: approval, question, search, part, running card, payment
	VerbInquire    = "inquire"     // ask the host about the silent attempt now
	VerbReprint    = "reprint"     // the last sale's papers, marked as a copy
	VerbVoidLine   = "void_line"   // Number: the line; Text: the reason, maybe empty
	VerbCancelSale = "cancel_sale" // Text: the reason, maybe empty
	VerbCashIn     = "cash_in"     // Amount; Text: the reason
	VerbCashOut    = "cash_out"    // Amount; Text: the reason
	VerbXReport    = "x_report"    // prints the session as it stands
	VerbBeginClose = "begin_close" // asks for the blind count
	VerbCount      = "count"       // Amount: what lies in the drawer
	VerbClose      = "close"       // the count stands: issues the Z
	VerbLeaveClose = "leave_close" // back to selling
	VerbSettle     = "settle"      // Text: a payment's key, then the reason; Number: 1 the customer was charged, 2 was not
)

// What [VerbSettle] says of a payment.
const (
	SettledCharged    = 1
	SettledNotCharged = 2
)

// SettledKnown says whether number is one of the two.
func SettledKnown(number int) bool { return number == SettledCharged || number == SettledNotCharged }

// needs is what a command cannot do without. A missing amount is no amount of
// zero: a count of nothing would be a drawer found empty.
type needs struct{ text, number, amount, pin bool }

// verbs are those that there are, with what each one needs.
var verbs = map[string]needs{
	VerbLogin: {}, VerbLogout: {}, VerbOpen: {}, VerbEnter: {}, VerbScan: {}, VerbTender: {}, VerbCancel: {},
	VerbInquire: {}, VerbReprint: {}, VerbVoidLine: {}, VerbCancelSale: {},
	VerbSearch: {text: true}, VerbAnswer: {number: true}, VerbApprove: {text: true, pin: true},
	VerbCashIn: {amount: true}, VerbCashOut: {amount: true}, VerbCount: {amount: true},
	VerbXReport: {}, VerbBeginClose: {}, VerbClose: {}, VerbLeaveClose: {}, VerbSettle: {text: true, number: true},
}

// Command asks the till to do something. RequestID is minted once by the screen
// and stays the same however often the command is told; Lease is the screen's
// proof that it is in command. It never prints what people typed.
type Command struct {
	RequestID ident.ID     `json:"request_id"`
	Lease     string       `json:"lease"`
	Verb      string       `json:"verb"`
	Text      string       `json:"text,omitempty"`
	Number    int          `json:"number,omitempty"`
	Amount    *money.Cents `json:"amount,omitempty"`
	PIN       string       `json:"pin,omitempty"`
}

// String names verb and request: what was typed may be a PIN or a card's number.
func (c Command) String() string { return fmt.Sprintf("%s %s", c.Verb, c.RequestID) }

// GoString hides what [Command.String] hides.
func (c Command) GoString() string { return "link.Command{" + c.String() + "}" }

// LogValue is the command in a log: verb, request and number.
func (c Command) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("verb", c.Verb), slog.String("request", string(c.RequestID)), slog.Int("number", c.Number),
	)
}

// Limits of a command's fields: the longest code is the address in a fiscal QR
// code, the longest PIN what a person can keep in mind.
const (
	textMaxBytes = 1024
	pinMaxBytes  = 32
	bodyMaxBytes = 16 << 10
)

// Check says what is wrong with a command before anyone acts on it.
func (c Command) Check() error {
	need, known := verbs[c.Verb]
	switch {
	case !known:
		return fmt.Errorf("command %q: unknown verb", c.Verb)
	case len(c.Text) > textMaxBytes:
		return fmt.Errorf("command %s: text longer than %d bytes", c.Verb, textMaxBytes)
	case len(c.PIN) > pinMaxBytes:
		return fmt.Errorf("command %s: PIN longer than %d bytes", c.Verb, pinMaxBytes)
	}
	if missing := c.missing(need); missing != "" {
		return fmt.Errorf("command %s: %s is missing", c.Verb, missing)
	}
	if _, err := ident.Parse(string(c.RequestID)); err != nil {
		return fmt.Errorf("command %s: request: %w", c.Verb, err)
	}
	return nil
}

// missing names the first field that the verb needs and the command has not.
func (c Command) missing(need needs) string {
	switch {
	case need.text && c.Text == "":
		return "text"
	case need.number && c.Number < 1:
		return "number"
	case need.amount && c.Amount == nil:
		return "amount"
	case need.pin && c.PIN == "":
		return "PIN"
	default:
		return ""
	}
}

// Reply answers a command once what it did is durable.
type Reply struct {
	OK        bool          `json:"ok"`
	Duplicate bool          `json:"duplicate,omitempty"` // it was done before; nothing happened now
	Error     *text.Message `json:"error,omitempty"`     // why it was not done
	// Money says where the money is, when the command was about money.
	Money snapshot.Money `json:"money,omitempty"`
	// Seq is the last fact that the command caused: a snapshot with this Seq or a
	// later one shows what it did. Zero: it caused none.
	Seq uint64 `json:"seq,omitempty"`
	// Number is the newest snapshot's when the reply went out: one with this Number
	// or a later one also shows what does not last, as a question or a list.
	Number uint64 `json:"number,omitempty"`
}

// LeaseRequest asks for the command of the till, or keeps it.
type LeaseRequest struct {
	ScreenID string `json:"screen_id"`
	TakeOver bool   `json:"take_over,omitempty"` // even from another screen that is alive
}

// Lease says whether a screen is in command. Token goes into its commands; a
// viewer has none.
type Lease struct {
	Holder bool   `json:"holder"`
	Token  string `json:"token,omitempty"`
}

// Times of the lease: a screen that dies is followed by another after three
// missed beats, or at once when its event stream closes.
const (
	LeaseBeat  = 2 * time.Second
	LeaseLasts = 6 * time.Second
)

// The beats of the event stream: a comment every heartbeat keeps a quiet stream
// alive, and a screen that hears nothing for two and a half gives it up.
const (
	eventHeartbeat = 10 * time.Second
	eventSilence   = 25 * time.Second
)

// Backend is what the till's end needs of the till.
type Backend interface {
	// Snapshot answers the newest snapshot.
	Snapshot(ctx context.Context) (snapshot.Cashier, error)
	// Watch delivers the newest snapshot whose Number is above after at once if
	// there is one, and each newer one as it comes; a reader that is slow may miss
	// those in between, never the newest. It closes the channel when ctx ends.
	Watch(ctx context.Context, after uint64) <-chan snapshot.Cashier
	// Do carries a command out, once for each RequestID, and answers when what it
	// did is durable and the newest snapshot shows it. The same command may be told
	// again while the first telling is still under way. A reply that is neither OK
	// nor a duplicate and has no Error is none, as when ctx ended first: the screen
	// tells the command again.
	Do(ctx context.Context, command Command) Reply
}

// leaseRefusal is said to a screen that commands without being in command.
const leaseRefusal = "screen.refused.lease"

// NewRequestID mints the id of one command.
func NewRequestID() ident.ID {
	var entropy [8]byte
	// crypto/rand.Read fills its argument or ends the program (Go 1.24 on).
	_, _ = rand.Read(entropy[:])
	return ident.Make(time.Now(), entropy)
}
