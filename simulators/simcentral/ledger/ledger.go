// Package ledger keeps the simulated central's money in double entry: every booking
// moves amounts between accounts and adds up to zero.
//
// It knows no payment states and asks no questions; who may book what is decided
// before. It keeps nothing on disk: its owner stores the entries and books them
// again after a restart. Start with [Ledger.Book].
package ledger

import (
	"errors"
	"fmt"
	"maps"
	"math"
)

// Errors of [Ledger.Book]; nothing is booked then.
var (
	ErrUnbalanced = errors.New("postings do not add up to zero")
	ErrBookedOnce = errors.New("entry is booked already")
	ErrOverflow   = errors.New("amount out of range")
)

// A Posting changes the balance of one account by an amount in minor units.
type Posting struct {
	Account string `json:"account"`
	Cents   int64  `json:"cents"`
}

// An Entry is one booking: its id is unique, its postings add up to zero.
type Entry struct {
	ID       string    `json:"id"`
	Postings []Posting `json:"postings"`
}

// Move is the entry that takes cents from one account and gives them to another.
func Move(id, from, to string, cents int64) Entry {
	return Entry{ID: id, Postings: []Posting{{from, -cents}, {to, cents}}}
}

// A Ledger holds the balances. It is not safe for use by several goroutines.
type Ledger struct {
	balances map[string]int64
	booked   map[string]bool
}

// New is an empty ledger.
func New() *Ledger {
	return &Ledger{balances: map[string]int64{}, booked: map[string]bool{}}
}

// Book applies an entry whole or not at all, and asserts the sum of the ledger after.
func (l *Ledger) Book(entry Entry) error {
	if err := l.check(entry); err != nil {
		return fmt.Errorf("book entry %s: %w", entry.ID, err)
	}
	for _, posting := range entry.Postings {
		l.balances[posting.Account] += posting.Cents
	}
	l.booked[entry.ID] = true
	if sum := l.Sum(); sum != 0 {
		panic(fmt.Sprintf("ledger: sum is %d after entry %s", sum, entry.ID))
	}
	return nil
}

func (l *Ledger) check(entry Entry) error {
	if l.booked[entry.ID] {
		return ErrBookedOnce
	}
	var sum int64
	for _, posting := range entry.Postings {
		if outOfRange(posting.Cents) || outOfRange(l.balances[posting.Account]) || outOfRange(sum) {
			return ErrOverflow
		}
		sum += posting.Cents
	}
	if sum != 0 || len(entry.Postings) < 2 {
		return ErrUnbalanced
	}
	return nil
}

// amountMax keeps any sum of a few amounts inside the range of int64.
const amountMax = math.MaxInt64 / 8

func outOfRange(cents int64) bool { return cents > amountMax || cents < -amountMax }

// Booked says whether an entry with this id is in the ledger.
func (l *Ledger) Booked(id string) bool { return l.booked[id] }

// Balance is the balance of an account in minor units; an unknown one has none.
func (l *Ledger) Balance(account string) int64 { return l.balances[account] }

// Balances is a copy of all accounts.
func (l *Ledger) Balances() map[string]int64 { return maps.Clone(l.balances) }

// Sum adds up all accounts; it is always zero.
func (l *Ledger) Sum() int64 {
	var sum int64
	for _, cents := range l.balances {
		sum += cents
	}
	return sum
}
