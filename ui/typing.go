package ui

import (
	"strings"
	"time"
	"unicode"

	"balcao/terminal/money"
	"balcao/ui/keymap"
	"balcao/ui/link"
	"balcao/ui/view"
	"balcao/ui/widget"
)

// stroke takes a key press. Closing and redrawing wait for nothing.
func (s *state) stroke(pressed stroke, now time.Time) {
	if !s.wedge.prefixed {
		switch pressed.key {
		case keymap.CtrlQ:
			s.do(quitEffect{})
			return
		case keymap.CtrlL:
			s.do(redrawEffect{})
			return
		}
	}
	for _, one := range s.wedge.expire(pressed.at) {
		s.hear(one, now)
	}
	for _, one := range s.wedge.press(pressed) {
		s.hear(one, now)
	}
}

// hear takes what the wedge made of strokes. A scan takes the runes of its run
// back, from the queue and from the entry line.
func (s *state) hear(one heard, now time.Time) {
	if one.scanned {
		kept := s.queue[:0]
		for _, waiting := range s.queue {
			if waiting.run != one.run || waiting.glyph == 0 {
				kept = append(kept, waiting)
			}
		}
		s.queue = kept
		if s.beforeRun == one.run {
			s.view.Entry = s.before
		}
	}
	s.enqueue(input{heard: one}, now)
}

// enqueue puts an input in its place behind those that wait.
func (s *state) enqueue(one input, now time.Time) {
	if s.view.Screen() == keymap.Lost {
		s.dropped = s.dropped || s.view.Link == view.Lost
		return
	}
	if len(s.queue) >= queueMax {
		s.warn(now, "screen.why.too_fast")
		s.do(beepEffect{})
		return
	}
	s.queue = append(s.queue, one)
}

// drain handles what waits, in order, until something has to wait longer.
func (s *state) drain(now time.Time) {
	for len(s.queue) > 0 && !s.mustWait(s.queue[0]) {
		next := s.queue[0]
		s.queue = s.queue[1:]
		s.handle(next, now)
	}
}

// mustWait says whether an input meets a screen that is not there yet, or is a
// digit that would pay and may still be the first of a scan.
func (s *state) mustWait(next input) bool {
	return s.pending != nil || s.acts(next) && s.wedge.typing(next.run)
}

// acts says whether a rune does something by itself: in payment, with nothing
// typed, a digit is a way to pay.
func (s *state) acts(next input) bool {
	return next.glyph >= '1' && next.glyph <= '9' && s.view.Screen() == keymap.Paying && s.view.Situation().EntryEmpty
}

func (s *state) handle(next input, now time.Time) {
	switch {
	case next.scanned:
		s.scanned(next, now)
	case next.pasted != "":
		for _, glyph := range next.pasted {
			s.insert(glyph, now)
		}
	case s.acts(next):
		s.remember(next)
		s.choose(int(next.glyph-'0'), now)
	case next.glyph != 0:
		s.remember(next)
		s.insert(next.glyph, now)
	case next.key == keyBackspace:
		s.backspace()
	case next.key == keyClear:
		s.view.Entry.Text = ""
	case next.key == keyInterrupt:
		s.warn(now, "screen.why.quit")
	default:
		s.press(next.key, now)
	}
}

// remember keeps the entry as it was before a run of runes, for a scan that
// turns out to have been typed into it.
func (s *state) remember(next input) {
	if next.run != s.beforeRun {
		s.before, s.beforeRun = s.view.Entry, next.run
	}
}

// scanned sends a scan, whatever has focus.
func (s *state) scanned(next input, now time.Time) {
	switch {
	case s.view.Viewer:
		s.warn(now, "screen.why.viewer")
	case next.broken:
		s.say(now, widget.Warning, brokenScan, "")
		s.do(beepEffect{})
	default:
		s.view.Overlay = view.None
		s.send(link.Command{Verb: link.VerbScan, Text: next.code}, now)
	}
}

// insert types a rune into the field that has focus.
func (s *state) insert(glyph rune, now time.Time) {
	switch screen := s.view.Screen(); {
	case screen == keymap.Helping || screen == keymap.Confirming || !unicode.IsPrint(glyph):
	case s.view.Viewer:
		s.warn(now, "screen.why.viewer")
	case len([]rune(s.view.Entry.Text)) < entryMax:
		s.view.Entry.Text += string(glyph)
	}
}

func (s *state) backspace() {
	entry := &s.view.Entry
	switch runes := []rune(entry.Text); {
	case len(runes) > 0:
		entry.Text = string(runes[:len(runes)-1])
	case entry.Digit != 0:
		entry.Digit = 0
	case entry.Operator != "":
		entry.Text, entry.Operator = entry.Operator, ""
	}
}

// choose takes a way to pay by its digit: it pays at once, or asks for an amount
// first.
func (s *state) choose(digit int, now time.Time) {
	choice, known := s.view.Choice(digit)
	switch {
	case s.view.Viewer:
		s.warn(now, "screen.why.viewer")
	case !known:
		s.warn(now, "screen.why.no_method", "Digit", digit)
	case !choice.Disabled.Empty():
		s.say(now, widget.Warning, choice.Disabled, "")
	case choice.Asks:
		s.view.Entry = view.Entry{Digit: digit}
	default:
		s.send(link.Command{Verb: link.VerbTender, Number: digit}, now)
	}
}

// submit is Enter: what was typed becomes a command.
func (s *state) submit(now time.Time) {
	typed := strings.TrimSpace(s.view.Entry.Text)
	switch s.view.Screen() {
	case keymap.Helping:
		s.view.Overlay = view.None
	case keymap.LogIn:
		s.logIn(typed, now)
	case keymap.Opening:
		s.open(typed, now)
	case keymap.Paying:
		if s.view.Entry.Digit != 0 {
			s.payGiven(typed, now)
			return
		}
		s.enter(typed, now)
	default:
		s.enter(typed, now)
	}
}

func (s *state) enter(line string, now time.Time) {
	s.view.Entry = view.Entry{}
	s.send(link.Command{Verb: link.VerbEnter, Text: line}, now)
}

// logIn takes the operator's number, then the PIN.
func (s *state) logIn(typed string, now time.Time) {
	entry := &s.view.Entry
	switch {
	case entry.Operator == "" && typed == "":
		s.warn(now, "screen.why.no_operator")
	case entry.Operator == "":
		*entry = view.Entry{Operator: typed}
	case typed == "":
		s.warn(now, "screen.why.no_pin")
	default:
		command := link.Command{Verb: link.VerbLogin, Text: entry.Operator, PIN: typed}
		entry.Text = ""
		s.send(command, now)
	}
}

func (s *state) open(typed string, now time.Time) {
	float, err := money.ParseCents(typed)
	switch {
	case typed == "":
		s.warn(now, "screen.why.no_float")
	case err != nil || float < 0:
		s.warn(now, "screen.why.amount", "Text", typed)
	default:
		s.view.Entry = view.Entry{}
		s.send(link.Command{Verb: link.VerbOpen, Amount: &float}, now)
	}
}

// payGiven pays in cash: what was handed over, or the exact amount.
func (s *state) payGiven(typed string, now time.Time) {
	command := link.Command{Verb: link.VerbTender, Number: s.view.Entry.Digit}
	if typed != "" {
		given, err := money.ParseCents(typed)
		if err != nil || given < 0 {
			s.warn(now, "screen.why.amount", "Text", typed)
			return
		}
		command.Amount = &given
	}
	s.view.Entry = view.Entry{}
	s.send(command, now)
}
