package ui

import (
	"strings"
	"time"
	"unicode"

	"balcao/terminal/snapshot"
	"balcao/ui/keymap"
	"balcao/ui/link"
)

// A name is looked up while it is typed: from the second letter on, once the
// fingers rest for about as long as between two keys of a quick typist. A scanner's
// runes come and go well within that.
const (
	lookupRest    = 120 * time.Millisecond
	lookupLetters = 2
)

// lookup is the search as one types. Typing never waits for it; keys that act do,
// so that they meet the list that they were meant for.
type lookup struct {
	due   time.Time // when what is typed is to be told, zero for never
	asked *pending  // the search under way
}

// deadline is when something of it happens next; behind a command under way
// nothing does.
func (l *lookup) deadline(busy bool) (time.Time, bool) {
	switch {
	case l.asked != nil && l.asked.answered:
		return l.asked.until, true
	case l.asked != nil || busy || l.due.IsZero():
		return time.Time{}, false
	default:
		return l.due, true
	}
}

// expire ends the wait for a snapshot that does not come.
func (l *lookup) expire(now time.Time) {
	if l.asked != nil && l.asked.answered && !now.Before(l.asked.until) {
		l.asked = nil
	}
}

// isName says that a line looks for an item by its name.
func isName(line string) bool {
	letters := 0
	for i, glyph := range line {
		if i == 0 && !unicode.IsLetter(glyph) {
			return false
		}
		if unicode.IsLetter(glyph) {
			letters++
		}
	}
	return letters >= lookupLetters
}

// retyped follows the item line: a name is looked up soon, anything else closes
// the list that an earlier one had opened.
func (s *state) retyped(now time.Time) {
	screen := s.view.Screen()
	if screen != keymap.Selling && screen != keymap.Searching {
		return
	}
	s.lookup.due = time.Time{}
	switch {
	case isName(s.view.Entry.Text):
		s.lookup.due = now.Add(lookupRest)
	case screen == keymap.Searching:
		s.send(link.Command{Verb: link.VerbCancel}, now)
	}
}

// look tells the till the newest name, one search at a time.
func (s *state) look(now time.Time) {
	if at, waiting := s.lookup.deadline(s.pending != nil); !waiting || s.lookup.asked != nil || now.Before(at) {
		return
	}
	s.lookup.due = time.Time{}
	command := link.Command{RequestID: s.mint(), Verb: link.VerbSearch, Text: strings.TrimSpace(s.view.Entry.Text)}
	s.lookup.asked = &pending{request: command.RequestID, verb: command.Verb, since: now}
	s.do(sendEffect{command})
}

// glance is how long people need to see that a list has come up or changed.
const glance = 200 * time.Millisecond

// unseen says that a key would choose from a list that came up when the finger was
// on its way already: it was meant for what stood there before.
func (s *state) unseen(next input) bool {
	chooses := s.acts(next) || next.key == keymap.Enter
	return chooses && s.offered() != "" && next.at.Before(s.offeredAt.Add(glance))
}

// offered names what can be chosen from now, empty for nothing.
func (s *state) offered() string {
	switch s.view.Screen() {
	case keymap.Searching:
		return "search " + listName(s.view.Snapshot.Search)
	case keymap.Asking:
		asked := s.view.Snapshot.Question.Text
		return "question " + asked.ID + " " + asked.Values["Code"]
	default:
		return ""
	}
}

// listName tells one list of items from another.
func listName(found *snapshot.Search) string {
	name := found.Query
	for _, row := range found.Rows {
		name += " " + row.SKU
	}
	return name
}
