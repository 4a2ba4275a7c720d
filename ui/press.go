package ui

import (
	"strings"
	"time"

	"balcao/terminal/text"
	"balcao/ui/keymap"
	"balcao/ui/link"
	"balcao/ui/view"
)

// brokenScan is said of a burst that is no code.
var brokenScan = text.Msg("screen.scan.broken")

// pageLines is how many lines a page key moves the mark.
const pageLines = 10

// press does what the keymap has on a named key, or says why it cannot.
func (s *state) press(key keymap.Key, now time.Time) {
	situation := s.view.Situation()
	binding, enabled, found := keymap.Find(key, situation)
	switch {
	case !found:
		s.pressOutside(key, now)
	case !enabled:
		s.warn(now, binding.Reason(situation))
	default:
		s.act(binding.Action, now)
	}
}

// pressOutside says why a key of the screen does nothing under a window.
func (s *state) pressOutside(key keymap.Key, now time.Time) {
	under := s.view.Situation()
	if under.Screen == keymap.Lost {
		return
	}
	under.Screen = s.view.Base()
	if _, _, found := keymap.Find(key, under); found {
		s.warn(now, "screen.why.window")
	}
}

func (s *state) act(action keymap.Action, now time.Time) {
	switch action {
	case keymap.Help:
		s.toggleHelp()
	case keymap.VoidLine:
		if line, ok := s.view.SelectedLine(); ok {
			s.send(link.Command{Verb: link.VerbVoidLine, Number: line.Number}, now)
		}
	case keymap.CancelSale:
		s.view.Overlay, s.view.Form = view.ConfirmCancel, view.Form{}
	case keymap.OpenMenu:
		s.view.Overlay, s.view.Marked = view.Menu, 0
	case keymap.ShowNotices:
		s.view.Overlay, s.view.Marked = view.Notices, 0
	case keymap.Reprint:
		s.send(link.Command{Verb: link.VerbReprint}, now)
	case keymap.Forward:
		s.forward(now)
	case keymap.Inquire:
		s.send(link.Command{Verb: link.VerbInquire}, now)
	case keymap.Lock:
		s.send(link.Command{Verb: link.VerbLogout}, now)
	case keymap.Back:
		s.back(now)
	case keymap.Submit:
		s.submit(now)
	case keymap.LineUp:
		s.step(-1)
	case keymap.LineDown:
		s.step(1)
	case keymap.PageBack:
		s.mark(-pageLines)
	case keymap.PageOn:
		s.mark(pageLines)
	}
}

func (s *state) toggleHelp() {
	if s.view.Overlay == view.Help {
		s.view.Overlay = view.None
		return
	}
	s.view.Overlay = view.Help
}

// forward is F8: whatever comes next.
func (s *state) forward(now time.Time) {
	switch {
	case s.view.Viewer:
		s.do(takeOverEffect{})
	case s.view.Screen() == keymap.Confirming:
		command := link.Command{Verb: link.VerbCancelSale, Text: strings.TrimSpace(s.view.Form.Reason)}
		s.view.Overlay, s.view.Form = view.None, view.Form{}
		s.send(command, now)
	case s.view.Screen() == keymap.Moving:
		s.record(now)
	case s.view.Entry.Text != "" && (s.view.Screen() == keymap.Selling || s.view.Screen() == keymap.Counting):
		// F8 pays or closes: what is half typed must not be taken on the way.
		s.warn(now, "screen.why.typed")
	case s.view.Screen() == keymap.Counting:
		s.send(link.Command{Verb: link.VerbClose}, now)
	default:
		s.submit(now)
	}
}

// back is Esc: one step back, the screen's own steps first.
func (s *state) back(now time.Time) {
	entry, screen := &s.view.Entry, s.view.Screen()
	switch {
	case screen == keymap.Helping:
		s.view.Overlay = view.None
	case screen == keymap.Approving || screen == keymap.Asking || screen == keymap.Searching:
		s.takeBack(now)
	case s.view.Overlay != view.None:
		s.view.Overlay, s.view.Form = view.None, view.Form{}
	case entry.Text != "":
		entry.Text = ""
		s.retyped(now)
	case entry.Digit != 0 || entry.Operator != "":
		*entry = view.Entry{}
	case s.view.Viewer:
		s.view.Said = nil
	case screen == keymap.Paying:
		s.send(link.Command{Verb: link.VerbCancel}, now)
	case screen == keymap.Counting:
		s.send(link.Command{Verb: link.VerbLeaveClose}, now)
	case s.view.Said != nil:
		s.view.Said = nil
	}
}

// takeBack takes back what the till asks, or refuses what it wants allowed.
func (s *state) takeBack(now time.Time) {
	if s.view.Viewer {
		s.warn(now, "screen.why.viewer")
		return
	}
	s.view.Entry, s.view.Said = view.Entry{}, nil
	s.send(link.Command{Verb: link.VerbCancel}, now)
}

// step moves the mark, or in a form the cursor, by one.
func (s *state) step(by int) {
	switch s.view.Screen() {
	case keymap.Searching:
		s.view.Marked = min(max(s.view.Marked+by, 0), max(len(s.view.Snapshot.Search.Rows)-1, 0))
	case keymap.Managing:
		s.view.Marked = min(max(s.view.Marked+by, 0), len(keymap.Menu(s.view.Situation()))-1)
	case keymap.Noticing:
		s.view.Marked = min(max(s.view.Marked+by, 0), max(len(s.view.Snapshot.Notices)-1, 0))
	case keymap.Moving:
		s.view.Form.OnReason = by > 0
	default:
		s.mark(by)
	}
}

// mark moves the mark over the live lines of the cart.
func (s *state) mark(by int) {
	line, ok := s.view.SelectedLine()
	if !ok {
		return
	}
	var live []int
	at := 0
	for _, one := range s.view.Snapshot.Sale.Lines {
		if one.Voided {
			continue
		}
		if one.Number == line.Number {
			at = len(live)
		}
		live = append(live, one.Number)
	}
	s.view.Selected = live[min(max(at+by, 0), len(live)-1)]
}
