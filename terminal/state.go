package terminal

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"balcao/terminal/card"
	"balcao/terminal/catalog"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/notice"
	"balcao/terminal/operator"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
	"balcao/terminal/text"
)

// State is everything a till knows. What lies above Volatile is the fold of the
// journal's facts and nothing else; Volatile is lost with the process.
//
// A State is a value: Apply never changes what an older copy can see.
type State struct {
	TerminalID string
	Epoch      string // of the journal file, 16 hex digits
	Seq        uint64 // of the last fact folded in

	Operator *Person
	Failures map[string]Failure // wrong PINs in a row, by operator
	Session  *shift.Session
	Cart     *sale.Cart // the open sale
	Order    *OpenOrder // the cart closed for payment
	Attempts []payment.Attempt
	Sold     []Sold // sales whose paper is still owed, and the last one
	Jobs     []Job  // papers not yet known to be printed
	Counters Counters
	Answered Answered
	Latest   Sheet // the newest paper's subject that is no paid sale

	Quarantined int  // records that central refused for good
	Forked      bool // central knows another history of this till

	Volatile Volatile `json:"-"`
}

// OpenOrder is the order that is being paid, with the request that tells central.
type OpenOrder struct {
	sale.Order
	Request journal.Order
	Cash    []sale.Tender // parts handed over in cash
}

// CashPaid sums the parts in cash.
func (o *OpenOrder) CashPaid() (paid money.Cents) {
	for _, part := range o.Cash {
		paid += part.Amount
	}
	return paid
}

// Person is who is logged in.
type Person struct {
	ID   string
	Name string
	Role operator.Role
}

// Failure counts an operator's wrong PINs.
type Failure struct {
	Count int
	At    time.Time // of the last one
}

// Counters are numbers that never repeat within an epoch (I6).
type Counters struct {
	Sale    int64
	Receipt int64
	Z       int64
	STAN    int
}

// stanMax is the largest trace number; the next is 1 again (ISO 8583 field 11).
const stanMax = 999_999

// Sold is a sale that exists, with what a reprint needs.
type Sold struct {
	Paid     sale.Paid
	Attempts []payment.Attempt
	Copies   int // papers asked for so far
}

// soldMax bounds the sales kept in memory for paper that is still owed (I13).
const soldMax = 50

// jobsMax bounds the papers owed at a time (I13): beyond it the oldest is given up
// and can be printed by hand. It keeps what a boot or a returning printer has to
// decide within one commit ([journal.BatchMax]).
const jobsMax = 16

// Job is a paper that was asked for.
type Job struct {
	ID        ident.ID
	SaleID    ident.ID
	PaymentID ident.ID
	Documents []device.Document
	Copy      int
	At        time.Time
	Sheet     Sheet // of a paper that belongs to no paid sale
}

// Sheet is what stands on a paper that belongs to no paid sale.
type Sheet struct {
	Subject   ident.ID
	Cancelled *device.Cancelled
	Movement  *device.Movement
	Report    *shift.Report
}

// Answered remembers the origins of the last requests whose facts are durable,
// so that one told again is answered and not done again.
type Answered struct {
	order []ident.ID
	known map[ident.ID]bool
}

// MarshalJSON writes the origins, the oldest first.
func (a Answered) MarshalJSON() ([]byte, error) { return json.Marshal(a.order) }

// UnmarshalJSON reads them back.
func (a *Answered) UnmarshalJSON(data []byte) error {
	var order []ident.ID
	if err := json.Unmarshal(data, &order); err != nil {
		return err
	}
	known := Answered{}
	for _, origin := range order {
		known = known.add(origin)
	}
	*a = known
	return nil
}

// answeredMax bounds [Answered]; a screen has one request under way at a time.
const answeredMax = 256

// Has says whether a fact of this request was folded in.
func (a Answered) Has(request ident.ID) bool { return a.known[request.Origin()] }

// add answers a memory that also knows origin.
func (a Answered) add(origin ident.ID) Answered {
	if a.known[origin] {
		return a
	}
	known := maps.Clone(a.known)
	if known == nil {
		known = map[ident.ID]bool{}
	}
	order := append(slices.Clone(a.order), origin)
	if len(order) > answeredMax {
		delete(known, order[0])
		order = order[1:]
	}
	known[origin] = true
	return Answered{order: order, known: known}
}

// World is what surrounds the till and does not change while it runs.
type World struct {
	Store     device.Store
	Zone      string // IANA name
	Language  text.Tag
	Catalog   *catalog.Catalog
	Operators map[string]operator.Operator
	Version   string // of the program
	Limits    Limits
}

// Limits are the waits of a card payment.
type Limits struct {
	// CardWait is how long a customer may take to present a card and type a PIN.
	CardWait time.Duration
	// Silence is how long an attempt may stay without an answer before it is undone.
	Silence time.Duration
	// Ask is the first wait between two inquiries; it doubles up to AskMax.
	Ask, AskMax time.Duration
	// PaperAge is how old a paper may be and still print by itself.
	PaperAge time.Duration
}

// Volatile is what need not last.
type Volatile struct {
	World     World
	BootID    string
	BootedAt  time.Time
	Devices   map[device.Kind]device.Status
	Online    bool
	Queue     int
	StoreFull bool
	Card      *CardWork
	Said      *Said
	Toast     Toast
	// Finished are attempts of a split sale whose chip accepted: they wait for the
	// rest of the money, and a restart undoes them.
	Finished map[ident.ID]card.Completion
	// Manual says when, since boot, the next question about an attempt in S8 is due.
	Manual   map[ident.ID]time.Duration
	Printing map[ident.ID]bool // papers at the printer, or on their way
	Stumbled bool              // something was refused in payment: an empty Enter does not pay next
	Part     money.Cents       // "+" gave this part of the due to the next tender
	Wanted   *Wanted
	Asked    *Asked
	Search   *Found
	Closing  bool
	Board    notice.Board       // conditions that hold, and since when
	Notices  []notice.Condition // those that are due
	LookAt   time.Duration      // since boot: when [LookAgain] will look, 0 for never
}

// Found is what a search found.
type Found struct {
	Words    string
	Quantity money.Quantity
	Items    []catalog.Item
	More     bool
}

// Stage is how far the running attempt has come in this process.
type Stage int

// The stages of a card at the till.
const (
	Reading     Stage = iota + 1 // the card is wanted or being read: nothing was sent
	Authorising                  // the request may have left
	Asking                       // silence: the host is asked again under the same key
	Finishing                    // the issuer's answer is going to the chip
)

// CardWork follows the attempt that this process itself began: the card is in
// the reader. After a restart there is none, and an approval can only be undone.
type CardWork struct {
	Attempt    ident.ID
	Stage      Stage
	Step       device.Step
	Reading    *CardData
	Until      time.Time // when silence becomes an undo, from Authorising on
	Inquiries  int
	Cancelling bool
}

// Said is the outcome of the last attempt, in words for the cashier.
type Said struct {
	Attempt ident.ID
	Step    int    // how far it had come, of package snapshot's steps
	Card    string // "VISA •••• 0119", empty if no card was read
	Text    text.Message
	Money   string // of package snapshot
}

// Toast is the newest thing to say once.
type Toast struct {
	Number uint64
	Kind   string
	Text   text.Message
	Bell   bool
}

// attempt finds an attempt by id.
func (s State) attempt(id ident.ID) (payment.Attempt, bool) {
	for _, attempt := range s.Attempts {
		if attempt.ID == id {
			return attempt, true
		}
	}
	return payment.Attempt{}, false
}

// blocking answers the attempt that forbids another one (R8).
func (s State) blocking() (payment.Attempt, bool) {
	for _, attempt := range s.Attempts {
		if _, finished := s.Volatile.Finished[attempt.ID]; attempt.State.Blocks() && !finished {
			return attempt, true
		}
	}
	return payment.Attempt{}, false
}

// sold finds a paid sale by its id.
func (s State) sold(id ident.ID) (Sold, bool) {
	for _, sold := range s.Sold {
		if sold.Paid.Order.SaleID == id {
			return sold, true
		}
	}
	return Sold{}, false
}

// lastSold answers the newest paid sale.
func (s State) lastSold() (Sold, bool) {
	if len(s.Sold) == 0 {
		return Sold{}, false
	}
	return s.Sold[len(s.Sold)-1], true
}

// job finds an open print job.
func (s State) job(id ident.ID) (Job, bool) {
	for _, job := range s.Jobs {
		if job.ID == id {
			return job, true
		}
	}
	return Job{}, false
}

// Owed counts the confirms and undos that central has yet to acknowledge.
func (s State) Owed() int {
	owed := 0
	for _, attempt := range s.Attempts {
		if attempt.State.Owed() {
			owed++
		}
	}
	return owed
}

// due is what is still to be paid of the open order.
func (s State) due() money.Cents {
	if s.Order == nil {
		return 0
	}
	due := s.Order.Totals.Total - s.Order.CashPaid()
	for _, attempt := range s.Attempts {
		if _, finished := s.Volatile.Finished[attempt.ID]; finished && attempt.OrderID == s.Order.ID && attempt.State == payment.Authorised {
			due -= attempt.Amount
		}
	}
	return due
}

// light answers what is known of a device; nothing known is absent.
func (v Volatile) light(kind device.Kind) device.Light {
	if status, ok := v.Devices[kind]; ok {
		return status.Light
	}
	return device.Absent
}
