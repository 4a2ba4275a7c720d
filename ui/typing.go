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

// cashMethod is the way to pay that a part needs no amount for.
const cashMethod = "cash"

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
	if s.tiny {
		s.do(beepEffect{})
		return
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
			s.view.Entry, s.view.Form = s.before.entry, s.before.form
			s.lookup.due = time.Time{}
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
// digit that would do something and may still be the first of a scan.
func (s *state) mustWait(next input) bool {
	types := next.glyph != 0 && !s.acts(next)
	return s.pending != nil || s.lookup.asked != nil && !types || s.acts(next) && s.wedge.typing(next.run)
}

// acts says whether a rune does something by itself: a digit chooses from a list,
// and in payment, with nothing typed, it is a way to pay.
func (s *state) acts(next input) bool {
	if next.glyph < '1' || next.glyph > '9' {
		return false
	}
	switch s.view.Screen() {
	case keymap.Searching, keymap.Asking, keymap.Managing:
		return true
	case keymap.Paying:
		return s.view.Situation().EntryEmpty
	default:
		return false
	}
}

func (s *state) handle(next input, now time.Time) {
	switch {
	case s.unseen(next):
		s.warn(now, "screen.why.changed")
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
		s.retyped(now)
	case next.key == keyClear:
		*s.field() = ""
		s.retyped(now)
	case next.key == keyInterrupt:
		s.warn(now, "screen.why.quit")
	default:
		s.press(next.key, now)
	}
}

// remember keeps the fields as they were before a run of runes, for a scan that
// turns out to have been typed into one.
func (s *state) remember(next input) {
	if next.run != s.beforeRun {
		s.before, s.beforeRun = fields{s.view.Entry, s.view.Form}, next.run
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
		if s.view.Overlay != view.CashIn && s.view.Overlay != view.CashOut {
			s.view.Overlay = view.None // a form keeps what it holds
		}
		if s.view.Screen() == keymap.Searching {
			s.view.Entry = view.Entry{}
		}
		s.send(link.Command{Verb: link.VerbScan, Text: next.code}, now)
	}
}

// field is where typed runes go.
func (s *state) field() *string {
	switch screen := s.view.Screen(); {
	case screen == keymap.Confirming, screen == keymap.Moving && s.view.Form.OnReason:
		return &s.view.Form.Reason
	case screen == keymap.Moving:
		return &s.view.Form.Amount
	default:
		return &s.view.Entry.Text
	}
}

// insert types a rune into the field that has focus. The help, the menu and a
// question have none.
func (s *state) insert(glyph rune, now time.Time) {
	field := s.field()
	switch screen := s.view.Screen(); {
	case screen == keymap.Helping || screen == keymap.Managing || screen == keymap.Asking || !unicode.IsPrint(glyph):
	case s.view.Viewer:
		s.warn(now, "screen.why.viewer")
	case len([]rune(*field)) < entryMax:
		*field += string(glyph)
		s.retyped(now)
	}
}

func (s *state) backspace() {
	if field := s.field(); field != &s.view.Entry.Text {
		*field = withoutLast(*field)
		return
	}
	entry := &s.view.Entry
	switch {
	case entry.Text != "":
		entry.Text = withoutLast(entry.Text)
	case entry.Digit != 0:
		entry.Digit = 0
	case entry.Operator != "":
		entry.Text, entry.Operator = entry.Operator, ""
	}
}

// withoutLast is a text less its last rune.
func withoutLast(text string) string {
	runes := []rune(text)
	return string(runes[:max(len(runes)-1, 0)])
}

// choose takes what a digit stands for on the screen.
func (s *state) choose(digit int, now time.Time) {
	switch screen := s.view.Screen(); {
	case s.view.Viewer:
		s.warn(now, "screen.why.viewer")
	case screen == keymap.Managing:
		s.manage(digit-1, now)
	case screen == keymap.Searching:
		s.pick(digit-1, now)
	case screen == keymap.Asking:
		s.answer(digit, now)
	default:
		s.tender(digit, now)
	}
}

// tender takes a way to pay: it pays at once, or asks for an amount first. After
// "+" the amount is given.
func (s *state) tender(digit int, now time.Time) {
	choice, known := s.view.Choice(digit)
	given := s.view.Snapshot.Payment.Part != 0 && choice.Method == cashMethod
	switch {
	case !known:
		s.warn(now, "screen.why.no_method", "Digit", digit)
	case !choice.Disabled.Empty():
		s.say(now, widget.Warning, choice.Disabled, "")
	case choice.Asks && !given:
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
	case keymap.Asking:
		s.warn(now, "screen.why.answer")
	case keymap.Searching:
		s.submitSearch(now)
	case keymap.Managing:
		s.manage(s.view.Marked, now)
	case keymap.Moving:
		s.moveOn(now)
	case keymap.LogIn:
		s.identify(typed, link.VerbLogin, now)
	case keymap.Approving:
		s.identify(typed, link.VerbApprove, now)
	case keymap.Opening:
		s.open(typed, now)
	case keymap.Counting:
		s.count(typed, now)
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

// identify takes an operator's number, then the PIN.
func (s *state) identify(typed, verb string, now time.Time) {
	entry := &s.view.Entry
	switch {
	case entry.Operator == "" && typed == "":
		s.warn(now, "screen.why.no_operator")
	case entry.Operator == "":
		*entry = view.Entry{Operator: typed}
	case typed == "":
		s.warn(now, "screen.why.no_pin")
	default:
		command := link.Command{Verb: verb, Text: entry.Operator, PIN: typed}
		entry.Text = ""
		s.send(command, now)
	}
}

func (s *state) open(typed string, now time.Time) {
	if float, ok := s.amountOf(typed, "screen.why.no_float", now); ok {
		s.view.Entry = view.Entry{}
		s.send(link.Command{Verb: link.VerbOpen, Amount: &float}, now)
	}
}

// amountOf reads an amount that is not negative, or says what is wrong with it.
func (s *state) amountOf(typed, whyEmpty string, now time.Time) (money.Cents, bool) {
	amount, err := money.ParseCents(typed)
	switch {
	case typed == "":
		s.warn(now, whyEmpty)
	case err != nil || amount < 0:
		s.warn(now, "screen.why.amount", "Text", typed)
	default:
		return amount, true
	}
	return 0, false
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
