// Package shift is a cashier's turn at the drawer: float, cash that came and went.
//
// X report, Z report and drawer come from one function, [Session.Drawer], so
// they cannot drift. It prints nothing and asks nobody. Start with [Session].
package shift

import (
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/money"
)

// Movement is why cash came or went without a sale, in the contract's words.
type Movement string

// The movements of the contract.
const (
	Float      Movement = "float"
	Suprimento Movement = "suprimento" // cash in
	Sangria    Movement = "sangria"    // cash out
)

// Session is one turn, from its opening to its close.
type Session struct {
	ID           ident.ID
	OperatorID   string
	OperatorName string
	OpenedAt     time.Time
	BusinessDate string // trading day chosen at the opening, 2026-11-23
	FirstSeq     uint64 // of the fact that opened it
	Sums         Sums
	Counts       []Count // blind counts of the drawer; the last one counts
}

// Count is one blind count of the drawer.
type Count struct {
	Counted money.Cents
	At      time.Time
}

// Sums add up what a session's facts did.
type Sums struct {
	Float                     money.Cents
	In, Out                   Tally       // cash movements
	Gross                     money.Cents // paid sales before discounts
	Sales                     int64
	Discounts                 Tally
	Voided                    Tally // lines taken back
	Cancelled                 Tally // sales given up
	ByMethod                  map[string]Tally
	FirstReceipt, LastReceipt int64
}

// Tally is a count and an amount.
type Tally struct {
	Count  int64
	Amount money.Cents
}

// Plus answers the tally with one more amount.
func (t Tally) Plus(amount money.Cents) Tally {
	return Tally{Count: t.Count + 1, Amount: t.Amount + amount}
}

// Move adds a cash movement.
func (s Sums) Move(movement Movement, amount money.Cents) Sums {
	switch movement {
	case Float:
		s.Float += amount
	case Suprimento:
		s.In = s.In.Plus(amount)
	case Sangria:
		s.Out = s.Out.Plus(amount)
	}
	return s
}

// Pay adds one tender of a paid sale; it changes no map that another Sums shares.
func (s Sums) Pay(method string, amount money.Cents) Sums {
	tallies := make(map[string]Tally, len(s.ByMethod)+1)
	for key, value := range s.ByMethod {
		tallies[key] = value
	}
	tallies[method] = tallies[method].Plus(amount)
	s.ByMethod = tallies
	return s
}

// Sell adds a paid sale's own figures.
func (s Sums) Sell(receipt int64, gross, discounts money.Cents) Sums {
	s.Gross += gross
	s.Sales++
	if discounts > 0 {
		s.Discounts = s.Discounts.Plus(discounts)
	}
	if s.FirstReceipt == 0 {
		s.FirstReceipt = receipt
	}
	s.LastReceipt = receipt
	return s
}

// Drawer is the cash that should be in the drawer.
func (s Session) Drawer() money.Cents {
	return s.Sums.Float + s.Sums.In.Amount - s.Sums.Out.Amount + s.Sums.ByMethod["cash"].Amount
}

// Report is an X or a Z: made by one function, so that neither can drift from the
// other or from the drawer.
type Report struct {
	Number       int64 // of the Z, 0 on an X
	SessionID    ident.ID
	OperatorID   string
	OperatorName string
	BusinessDate string
	OpenedAt     time.Time
	At           time.Time
	Sums         Sums
	Net          money.Cents // gross less discounts: the sum of all tenders
	Drawer       money.Cents // expected
	Counted      *money.Cents
	Pending      Pending
	FirstSeq     uint64 // the facts that it was made from
	LastSeq      uint64
	ChainHead    string // of the journal at LastSeq, empty where it is not known
}

// Pending is what is carried over a close, by name (I11).
type Pending struct {
	Attempts    []string // short keys of the attempts that owe or wait
	Queue       int64    // facts that central has not acknowledged
	Quarantined int64
	Papers      int64
}

// Difference is what was counted less what should be there, 0 without a count.
func (r Report) Difference() money.Cents {
	if r.Counted == nil {
		return 0
	}
	return *r.Counted - r.Drawer
}

// Report makes the report of a session as it stands.
func (s Session) Report(at time.Time, lastSeq uint64, pending Pending) Report {
	report := Report{
		SessionID: s.ID, OperatorID: s.OperatorID, OperatorName: s.OperatorName, BusinessDate: s.BusinessDate,
		OpenedAt: s.OpenedAt, At: at, Sums: s.Sums, Net: s.Sums.Gross - s.Sums.Discounts.Amount, Drawer: s.Drawer(),
		Pending: pending, FirstSeq: s.FirstSeq, LastSeq: lastSeq,
	}
	if len(s.Counts) > 0 {
		counted := s.Counts[len(s.Counts)-1].Counted
		report.Counted = &counted
	}
	return report
}
