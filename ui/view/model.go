// Package view draws the cashier's screens: a snapshot and what is being typed
// become cells.
//
// It is pure: the same [Model] gives the same drawing, and nothing is remembered.
// It decides nothing about the till and shows no figure that the snapshot does
// not hold. One file draws one screen. Start with [Draw].
package view

import (
	"time"

	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/keymap"
	"balcao/ui/widget"
)

// Smallest screen that is drawn, in columns and rows.
const (
	WidthMin  = 80
	HeightMin = 24
)

// Link is how the screen stands with the till.
type Link int

// The states of the link. OtherVersion is a till whose snapshots this screen
// cannot read.
const (
	Connecting Link = iota
	Up
	Lost
	OtherVersion
)

// Overlay is what lies over a screen.
type Overlay int

// The overlays that a key opens.
const (
	None Overlay = iota
	Help
	ConfirmCancel
	Menu
	Notices
	CashIn
	CashOut
)

// Entry is what is being typed. It is the screen's own until it becomes a command.
type Entry struct {
	Text string
	// Operator is the number given, while the PIN is asked.
	Operator string
	// Digit is the way to pay whose amount is asked, 0 for none.
	Digit int
}

// Form is what is being typed into a window of its own, beside the entry line.
type Form struct {
	Amount   string
	Reason   string
	OnReason bool // the reason has the cursor
}

// Said is something said once, shown until it has been seen long enough.
type Said struct {
	Tone  widget.Tone
	Text  text.Message
	Money snapshot.Money // where the money is, when it was about money
}

// Model is all that a drawing depends on, besides the grid's size.
type Model struct {
	Snapshot *snapshot.Cashier // nil until the till has answered once
	Language *text.Language
	Now      time.Time // in the store's zone
	Entry    Entry
	Form     Form
	Selected int // number of the marked line, 0 for the newest
	Marked   int // place of the marked row of a list, from 0
	Overlay  Overlay
	Said     *Said
	Waiting  bool // a command has been under way for a moment
	Spinner  int  // grows while something runs
	Link     Link
	LostAt   time.Time
	Viewer   bool // another screen is in command
	LookOnly bool // this one never asks for it
}

// Screen is where keys go.
func (m Model) Screen() keymap.Screen {
	switch {
	case m.Link != Up || m.Snapshot == nil:
		return keymap.Lost
	case m.Overlay == Help:
		return keymap.Helping
	case m.Snapshot.Approval != nil:
		return keymap.Approving
	case m.Snapshot.Question != nil:
		return keymap.Asking
	case m.Overlay == ConfirmCancel:
		return keymap.Confirming
	case m.Overlay == Menu:
		return keymap.Managing
	case m.Overlay == Notices:
		return keymap.Noticing
	case m.Overlay == CashIn || m.Overlay == CashOut:
		return keymap.Moving
	case m.Snapshot.Search != nil && m.Base() == keymap.Selling:
		return keymap.Searching
	default:
		return m.Base()
	}
}

// Covered says that something lies over the screen.
func (m Model) Covered() bool { return m.Screen() != m.Base() }

// Base is the screen under any overlay.
func (m Model) Base() keymap.Screen {
	if m.Snapshot == nil {
		return keymap.Lost
	}
	switch m.Snapshot.Phase {
	case snapshot.Closed:
		return keymap.Opening
	case snapshot.Selling:
		return keymap.Selling
	case snapshot.Paying:
		if m.Snapshot.Payment != nil {
			return keymap.Paying
		}
		return keymap.Selling
	case snapshot.Counting:
		return keymap.Counting
	default:
		return keymap.LogIn
	}
}

// Situation is what decides which keys can be used.
func (m Model) Situation() keymap.Situation {
	situation := keymap.Situation{
		Screen: m.Screen(), Viewer: m.Viewer, LookOnly: m.LookOnly,
		EntryEmpty: m.Entry.Text == "" && m.Entry.Digit == 0,
	}
	if m.Snapshot == nil {
		return situation
	}
	situation.HasLast = m.Snapshot.LastSale != nil
	situation.HasNotices = len(m.Snapshot.Notices) > 0
	situation.CanClose = m.Snapshot.Closing != nil && m.Snapshot.Closing.Result != nil
	if sale := m.Snapshot.Sale; sale != nil {
		situation.HasSale, situation.HasLines = true, sale.Items > 0
		_, situation.HasLine = m.SelectedLine()
	}
	if payment := m.Snapshot.Payment; payment != nil {
		situation.CanLeave = payment.CanLeave
		if attempt := payment.Attempt; attempt != nil {
			situation.CanStop, situation.CanInquire, situation.Running = attempt.CanCancel, attempt.CanInquire, attempt.Running
		}
	}
	return situation
}

// SelectedLine is the marked line of the cart: the chosen one while it is live,
// else the newest live one.
func (m Model) SelectedLine() (snapshot.Line, bool) {
	if m.Snapshot == nil || m.Snapshot.Sale == nil {
		return snapshot.Line{}, false
	}
	last, found := snapshot.Line{}, false
	for _, line := range m.Snapshot.Sale.Lines {
		switch {
		case line.Voided:
		case line.Number == m.Selected:
			return line, true
		case line.Number == m.Snapshot.Sale.Last:
			last, found = line, true
		}
	}
	return last, found
}

// Choice finds the way to pay on a digit.
func (m Model) Choice(digit int) (snapshot.Choice, bool) {
	if m.Snapshot == nil || m.Snapshot.Payment == nil {
		return snapshot.Choice{}, false
	}
	for _, choice := range m.Snapshot.Payment.Choices {
		if choice.Digit == digit {
			return choice, true
		}
	}
	return snapshot.Choice{}, false
}
