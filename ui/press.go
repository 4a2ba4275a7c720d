package ui

import (
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
	case !enabled:
		s.warn(now, binding.Reason(situation))
	default:
		s.act(binding.Action, now)
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
		s.view.Overlay = view.ConfirmCancel
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
		s.mark(-1)
	case keymap.LineDown:
		s.mark(1)
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
	case s.view.Overlay == view.ConfirmCancel:
		s.view.Overlay = view.None
		s.send(link.Command{Verb: link.VerbCancelSale}, now)
	case s.view.Screen() == keymap.Selling && s.view.Entry.Text != "":
		// F8 pays: what is half typed must not become an item on the way.
		s.warn(now, "screen.why.typed")
	default:
		s.submit(now)
	}
}

// back is Esc: one step back, the screen's own steps first.
func (s *state) back(now time.Time) {
	entry := &s.view.Entry
	switch {
	case s.view.Overlay != view.None:
		s.view.Overlay = view.None
	case entry.Text != "":
		entry.Text = ""
	case entry.Digit != 0 || entry.Operator != "":
		*entry = view.Entry{}
	case s.view.Viewer:
		s.view.Said = nil
	case s.view.Screen() == keymap.Paying:
		s.send(link.Command{Verb: link.VerbCancel}, now)
	case s.view.Said != nil:
		s.view.Said = nil
	case s.view.Snapshot.Banner != nil:
		s.send(link.Command{Verb: link.VerbDismiss}, now)
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
