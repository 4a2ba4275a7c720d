// Package snapshot is what a screen may know: one versioned type per role.
//
// Package terminal builds it from the state; a screen draws it and keeps nothing
// else. It carries figures and messages, never words or layout. A cashier's does
// not carry the expected drawer: the count is blind. Start with [Cashier].
package snapshot

import (
	"time"

	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/text"
)

// Version grows when a field changes its meaning or goes away. A screen refuses
// a version that it does not know.
const Version = 2

// Phase says which screen is up.
type Phase string

// The phases of a till.
const (
	Locked  Phase = "locked"  // nobody is logged in
	Closed  Phase = "closed"  // somebody is, the session is not open: the float is asked
	Selling Phase = "selling" // cart, entry line
	Paying  Phase = "paying"  // the order is closed, payment over the cart
	// Counting is the end of a day: the blind count, then the Z.
	Counting Phase = "counting"
)

// Cashier is the whole of a cashier's screen.
type Cashier struct {
	Version  int       `json:"version"`
	Number   uint64    `json:"number"` // grows with every change, also of what does not last
	Seq      uint64    `json:"seq"`    // last fact that is shown
	Language text.Tag  `json:"language"`
	Phase    Phase     `json:"phase"`
	Store    Store     `json:"store"`
	Operator *Operator `json:"operator,omitempty"`
	Session  *Session  `json:"session,omitempty"`
	Sale     *Sale     `json:"sale,omitempty"` // the open cart, nil between sales
	LastSale *LastSale `json:"last_sale,omitempty"`
	Payment  *Payment  `json:"payment,omitempty"`  // in phase paying
	Search   *Search   `json:"search,omitempty"`   // items found by name: a digit picks one
	Question *Question `json:"question,omitempty"` // one answer is wanted first: a digit gives it
	Approval *Approval `json:"approval,omitempty"` // a second person is wanted: operator id and PIN
	Closing  *Closing  `json:"closing,omitempty"`  // in phase counting
	Notices  []Notice  `json:"notices"`            // stay until solved, the gravest first
	Toast    *Toast    `json:"toast,omitempty"`    // newest thing to say once
	Devices  []Device  `json:"devices"`
	Central  Central   `json:"central"`
}

// Store is the till's place.
type Store struct {
	Name   string `json:"name"`
	Number string `json:"number"` // of the store, "012"
	Till   string `json:"till"`   // of the till, "03"
	Zone   string `json:"zone"`   // IANA name, for the clock
}

// Operator is who is at the till.
type Operator struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// Session is the cashier's open session.
type Session struct {
	ID           ident.ID  `json:"id"`
	OpenedAt     time.Time `json:"opened_at"`
	BusinessDate string    `json:"business_date"`
}

// Sale is the cart as it stands.
type Sale struct {
	ID     ident.ID    `json:"id"`
	Number int64       `json:"number"`
	Lines  []Line      `json:"lines"` // voided ones included
	Items  int         `json:"items"` // live lines
	Pieces int64       `json:"pieces"`
	Total  money.Cents `json:"total"`
	// Gross is the sum before any discount, Discounts all that is taken off.
	Gross     money.Cents `json:"gross"`
	Discounts money.Cents `json:"discounts"`
	TaxID     string      `json:"tax_id,omitempty"` // CPF or CNPJ of the customer
	// Last is the number of the newest live line, 0 for none.
	Last int `json:"last"`
}

// Line is one line of the cart.
type Line struct {
	Number      int             `json:"number"` // from 1, never reused within a sale
	Code        string          `json:"code"`
	Description string          `json:"description"`
	Quantity    money.Quantity  `json:"quantity"`
	Unit        string          `json:"unit"`
	UnitPrice   money.UnitPrice `json:"unit_price"`
	Total       money.Cents     `json:"total"`
	Discount    money.Cents     `json:"discount,omitzero"` // already off Total
	Voided      bool            `json:"voided,omitempty"`
}

// Search is what a name found.
type Search struct {
	Query string      `json:"query"`
	Rows  []SearchRow `json:"rows"` // at most nine: the digit is the place
	More  bool        `json:"more"` // there are others
}

// SearchRow is one item found.
type SearchRow struct {
	SKU         string          `json:"sku"`
	Description string          `json:"description"`
	Unit        string          `json:"unit"`
	Price       money.UnitPrice `json:"price"`
}

// Question wants one of its answers before anything else; Esc takes it back.
type Question struct {
	Text    text.Message   `json:"text"`
	Answers []text.Message `json:"answers"` // the digit is the place
}

// Approval wants a second person's operator id and PIN for one act.
type Approval struct {
	Act    text.Message `json:"act"` // what is to be allowed
	Amount money.Cents  `json:"amount,omitzero"`
	Asker  string       `json:"asker"` // name of who asks
}

// Closing is the end of a day. Until a count is entered nothing of what should be
// there is shown: the count is blind.
type Closing struct {
	Attempts int            `json:"attempts"` // counts entered so far
	Result   *Count         `json:"result,omitempty"`
	Carried  []text.Message `json:"carried,omitempty"` // what stays open over the close, by name
}

// Count is the drawer, counted and expected.
type Count struct {
	Counted    money.Cents `json:"counted"`
	Expected   money.Cents `json:"expected"`
	Difference money.Cents `json:"difference"`
}

// LastSale is the sale before, whose change stays visible until the next item.
type LastSale struct {
	Number   int64        `json:"number"`
	Receipt  int64        `json:"receipt"`
	Total    money.Cents  `json:"total"`
	Tendered money.Cents  `json:"tendered"`
	Change   money.Cents  `json:"change"`
	Methods  []string     `json:"methods"`
	Paper    text.Message `json:"paper"` // what became of the receipt
}

// Payment is the payment of the closed order.
type Payment struct {
	OrderID  ident.ID      `json:"order_id"`
	Total    money.Cents   `json:"total"`
	Paid     money.Cents   `json:"paid"`
	Due      money.Cents   `json:"due"`
	Choices  []Choice      `json:"choices"`
	Received []Received    `json:"received"`
	Attempt  *Attempt      `json:"attempt,omitempty"` // the one that runs, or ran last
	CanLeave bool          `json:"can_leave"`         // Esc goes back to the cart
	Part     money.Cents   `json:"part,omitzero"`     // "+" gave this part of the due to the next tender
	Asking   *text.Message `json:"asking,omitempty"`  // what the entry line is asked for
}

// Choice is one way to pay, on its digit.
type Choice struct {
	Digit    int          `json:"digit"` // 1 to 7
	Method   string       `json:"method"`
	Name     text.Message `json:"name"`
	Disabled text.Message `json:"disabled"` // why not; empty: it can be used
	Asks     bool         `json:"asks"`     // reads a number first (amount received)
}

// Received is a tender of this order, done or under way.
type Received struct {
	Name   text.Message `json:"name"`
	Amount money.Cents  `json:"amount"`
	At     time.Time    `json:"at"`
	State  text.Message `json:"state"`
	Key    ident.ID     `json:"key"`
}

// Attempt is one try at moving money, as a cashier follows it.
type Attempt struct {
	ID         ident.ID     `json:"id"`
	Name       text.Message `json:"name"` // of the tender
	Method     string       `json:"method"`
	Amount     money.Cents  `json:"amount"`
	State      string       `json:"state"` // S1 to S8
	Steps      []Step       `json:"steps"`
	Card       string       `json:"card,omitempty"` // "VISA •••• 0119"
	StartedAt  time.Time    `json:"started_at"`
	Running    bool         `json:"running"`
	CanCancel  bool         `json:"can_cancel"`  // Esc stops it
	CanInquire bool         `json:"can_inquire"` // F11 asks now
	Outcome    text.Message `json:"outcome"`     // final or interim result in words
	Money      Money        `json:"money,omitempty"`
}

// Step is one line of an attempt's progress.
type Step struct {
	Name  text.Message `json:"name"`
	State string       `json:"state"` // "done", "active", "pending", "failed"
}

// Money says where the money is.
type Money string

// Where the money is: every error about a payment says one of these.
const (
	NotCharged Money = "not_charged"
	Charged    Money = "charged_and_recorded"
	Verifying  Money = "being_verified"
)

// Notice is a trouble that stays until it is solved.
type Notice struct {
	Code     string       `json:"code"`     // of package notice: "DSK-01"
	Severity string       `json:"severity"` // "warning" or "danger"
	Text     text.Message `json:"text"`     // what is the matter
	Cure     text.Message `json:"cure"`     // what to do
	Money    Money        `json:"money,omitempty"`
}

// Toast is said once, for some seconds. Number tells a new one from the old.
type Toast struct {
	Number uint64       `json:"number"`
	Kind   string       `json:"kind"` // "done", "info", "warning", "danger"
	Text   text.Message `json:"text"`
	Bell   bool         `json:"bell"` // sound once: a scan failed, money needs attention
}

// Device is one light.
type Device struct {
	Kind   device.Kind  `json:"kind"`
	Light  device.Light `json:"light"`
	Detail text.Message `json:"detail"`
}

// Central is the link to the central payment API.
type Central struct {
	Online  bool `json:"online"`
	Queue   int  `json:"queue"`   // facts not acknowledged yet
	Pending int  `json:"pending"` // confirms and undos not acknowledged yet
}
