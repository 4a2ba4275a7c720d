package ui

import (
	"strings"
	"time"

	"balcao/ui/keymap"
	"balcao/ui/link"
	"balcao/ui/view"
)

// manage does what a row of the menu says.
func (s *state) manage(place int, now time.Time) {
	rows := keymap.Menu(s.view.Situation())
	if place < 0 || place >= len(rows) {
		s.warn(now, "screen.why.no_row", "Digit", place+1)
		return
	}
	s.view.Marked = place
	if row := rows[place]; !row.Usable {
		s.warn(now, row.Why)
		return
	}
	s.view.Overlay, s.view.Form = view.None, view.Form{}
	switch rows[place].Action {
	case keymap.CashIn:
		s.view.Overlay = view.CashIn
	case keymap.CashOut:
		s.view.Overlay = view.CashOut
	case keymap.XReport:
		s.send(link.Command{Verb: link.VerbXReport}, now)
	case keymap.CloseDay:
		s.send(link.Command{Verb: link.VerbBeginClose}, now)
	case keymap.Reprint:
		s.send(link.Command{Verb: link.VerbReprint}, now)
	}
}

// moveOn goes from the amount to the reason. The last field's Enter records
// nothing: that takes another key.
func (s *state) moveOn(now time.Time) {
	if s.view.Form.OnReason {
		s.warn(now, "screen.why.record")
		return
	}
	if _, ok := s.amountOf(strings.TrimSpace(s.view.Form.Amount), "screen.why.no_amount", now); ok {
		s.view.Form.OnReason = true
	}
}

// record tells the till what goes into the drawer or comes out of it.
func (s *state) record(now time.Time) {
	form := &s.view.Form
	reason := strings.TrimSpace(form.Reason)
	amount, ok := s.amountOf(strings.TrimSpace(form.Amount), "screen.why.no_amount", now)
	switch {
	case !ok:
		form.OnReason = false
	case reason == "":
		form.OnReason = true
		s.warn(now, "screen.why.no_reason")
	default:
		verb := link.VerbCashIn
		if s.view.Overlay == view.CashOut {
			verb = link.VerbCashOut
		}
		s.send(link.Command{Verb: verb, Amount: &amount, Text: reason}, now)
	}
}

// count tells what was counted in the drawer; again is another count.
func (s *state) count(typed string, now time.Time) {
	if counted, ok := s.amountOf(typed, "screen.why.no_count", now); ok {
		s.view.Entry = view.Entry{}
		s.send(link.Command{Verb: link.VerbCount, Amount: &counted}, now)
	}
}

// answer answers the till's question.
func (s *state) answer(digit int, now time.Time) {
	if digit > len(s.view.Snapshot.Question.Answers) {
		s.warn(now, "screen.why.answer")
		return
	}
	s.send(link.Command{Verb: link.VerbAnswer, Number: digit}, now)
}

// submitSearch is Enter over a list: it picks the marked row, unless the list is
// that of an earlier name; then the newest one is looked up at once.
func (s *state) submitSearch(now time.Time) {
	if !s.lookup.due.IsZero() {
		s.lookup.due = now
		return
	}
	s.pick(s.view.Marked, now)
}

// pick sells the item of a row.
func (s *state) pick(place int, now time.Time) {
	if place >= len(s.view.Snapshot.Search.Rows) {
		s.warn(now, "screen.why.no_row", "Digit", place+1)
		return
	}
	s.view.Entry = view.Entry{}
	s.send(link.Command{Verb: link.VerbAnswer, Number: place + 1}, now)
}
