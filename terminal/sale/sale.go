// Package sale is the cart, the order it becomes and the sale that comes to exist.
//
// A [Cart] grows line by line. Closing it makes an [Order] whose lines and totals
// are frozen: payments hang on the order. Once the money is there, one commit
// makes the sale [Paid]. It knows no catalogue, no screen and no clock; prices
// and taxes arrive with each line, as they were. Start with [Cart].
package sale

import (
	"slices"
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/money"
)

// LinesMax is the contract's limit of lines in an order.
const LinesMax = 990

// Line is one item of a cart: the contract's OrderLine.
type Line struct {
	ID          string          `json:"line_id"` // its number in the cart, from "1"
	SKU         string          `json:"sku"`
	Code        string          `json:"code,omitempty"` // as scanned or typed
	Description string          `json:"description"`
	Quantity    money.Quantity  `json:"quantity"`
	Unit        string          `json:"unit,omitempty"`
	UnitPrice   money.UnitPrice `json:"unit_price"`
	Discount    money.Cents     `json:"discount,omitzero"` // taken off this line
	Total       money.Cents     `json:"total"`             // quantity × unit price, rounded half away from zero, less Discount
}

// Cart is the sale that a cashier is building.
type Cart struct {
	ID       ident.ID
	Number   int64 // of the till, grows by one
	OpenedAt time.Time
	Lines    []Line // as added; a voided one stays
	Voided   map[string]bool
	Discount money.Cents // taken off the whole sale, besides those of lines
	TaxID    string      // CPF or CNPJ of the customer, digits or alphanumeric, empty for none
}

// Live lists the lines that are not voided, in order.
func (c *Cart) Live() []Line {
	if c == nil {
		return nil
	}
	live := make([]Line, 0, len(c.Lines))
	for _, line := range c.Lines {
		if !c.Voided[line.ID] {
			live = append(live, line)
		}
	}
	return live
}

// Totals answers the figures as an order would freeze them.
func (c *Cart) Totals() Totals {
	if c == nil {
		return Totals{}
	}
	items := TotalOf(c.Live())
	return Totals{Items: items, Discounts: c.Discount, Total: items - c.Discount}
}

// Total is what the customer would pay now.
func (c *Cart) Total() money.Cents { return c.Totals().Total }

// Clone answers a cart that shares nothing with this one.
func (c *Cart) Clone() *Cart {
	if c == nil {
		return nil
	}
	clone := *c
	clone.Lines = slices.Clone(c.Lines)
	clone.Voided = make(map[string]bool, len(c.Voided))
	for id := range c.Voided {
		clone.Voided[id] = true
	}
	return &clone
}

// TotalOf sums the totals of lines.
func TotalOf(lines []Line) (total money.Cents) {
	for _, line := range lines {
		total += line.Total
	}
	return total
}

// Pieces counts what a customer carries: whole pieces, and one for each measured line.
func Pieces(lines []Line) (pieces int64) {
	for _, line := range lines {
		if line.Quantity%money.One == 0 {
			pieces += int64(line.Quantity / money.One)
		} else {
			pieces++
		}
	}
	return pieces
}

// Totals are an order's figures: the contract's Totals. Items is the sum of the
// lines' totals, Discounts what is taken off the whole.
type Totals struct {
	Items     money.Cents `json:"items"`
	Discounts money.Cents `json:"discounts,omitzero"`
	Total     money.Cents `json:"total"`
}

// Order is a closed cart.
type Order struct {
	ID         ident.ID // the contract's order_id; a reopened cart gets another
	SaleID     ident.ID
	SaleNumber int64
	ClosedAt   time.Time
	Lines      []Line
	Totals     Totals
	TaxID      string // CPF or CNPJ of the customer, empty for none
	Seq        uint64 // of the fact that closed it
}

// Tender is one way the customer paid, and how much.
type Tender struct {
	PaymentID ident.ID    `json:"payment_id"`
	Method    string      `json:"method"`
	Amount    money.Cents `json:"amount"`             // counted towards the order
	Tendered  money.Cents `json:"tendered,omitempty"` // cash handed over
	Change    money.Cents `json:"change,omitempty"`
}

// Paid is a sale that exists: its order, its tenders, its number on paper.
type Paid struct {
	Order        Order
	Tenders      []Tender
	Receipt      int64 // number of the receipt, strictly growing
	PaidAt       time.Time
	OperatorID   string
	OperatorName string
	BusinessDate string // 2026-11-23
}

// Change sums what was given back.
func (p Paid) Change() (change money.Cents) {
	for _, tender := range p.Tenders {
		change += tender.Change
	}
	return change
}
