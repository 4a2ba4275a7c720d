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
	OpenedAt     time.Time
	BusinessDate string // trading day chosen at the opening, 2026-11-23
	Sums         Sums
}

// Sums add up what a session's facts did to the drawer.
type Sums struct {
	Float, In, Out money.Cents
	Sales          map[string]money.Cents // by method
	Count          map[string]int64       // sales paid, by method
}

// Drawer is the cash that should be in the drawer.
func (s Session) Drawer() money.Cents {
	return s.Sums.Float + s.Sums.In - s.Sums.Out + s.Sums.Sales["cash"]
}

// Move adds a cash movement.
func (s Sums) Move(movement Movement, amount money.Cents) Sums {
	switch movement {
	case Float:
		s.Float += amount
	case Suprimento:
		s.In += amount
	case Sangria:
		s.Out += amount
	}
	return s
}

// Sell adds a tender of a paid sale; it changes no map that another Sums shares.
func (s Sums) Sell(method string, amount money.Cents) Sums {
	sales := make(map[string]money.Cents, len(s.Sales)+1)
	for key, value := range s.Sales {
		sales[key] = value
	}
	count := make(map[string]int64, len(s.Count)+1)
	for key, value := range s.Count {
		count[key] = value
	}
	sales[method] += amount
	count[method]++
	s.Sales, s.Count = sales, count
	return s
}
