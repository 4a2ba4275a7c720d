package simpinpad

import (
	"slices"
	"strings"
)

// The display is a text display; its size is PP_DSPTXTSZ.
const (
	screenLines   = 4
	screenColumns = 16
)

// A screen is what the customer reads. changed is called after every change.
type screen struct {
	lines   [screenLines]string
	changed func()
}

func (s *screen) clear() { s.rows() }

// rows writes whole lines; longer ones are cut, missing ones are blank.
func (s *screen) rows(lines ...string) {
	s.lines = [screenLines]string{}
	for i, text := range lines[:min(len(lines), screenLines)] {
		runes := []rune(text)
		s.lines[i] = strings.TrimRight(string(runes[:min(len(runes), screenColumns)]), " ")
	}
	s.changed()
}

// show writes a text: control characters begin a new line, and words that do not
// fit a line move to the next.
func (s *screen) show(text string) { s.rows(wrapText(text)...) }

// text gives the lines as the customer sees them, blank ones at the end left out.
func (s *screen) text() string { return strings.TrimRight(strings.Join(s.lines[:], "\n"), "\n") }

// contains says whether a text stands on the screen, wherever its lines break.
func (s *screen) contains(text string) bool {
	return strings.Contains(oneLine(s.text()), oneLine(text))
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func wrapText(text string) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(markBreaks(text), "\n") {
		lines = append(lines, wrapParagraph(paragraph)...)
	}
	return lines
}

// markBreaks makes a newline of every control character.
// Source: ABECS 2.20, DEX: the pinpad treats any byte below 20h as a new line.
func markBreaks(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return '\n'
		}
		return r
	}, text)
}

func wrapParagraph(text string) []string {
	var lines []string
	runes := []rune(text)
	for len(runes) > screenColumns {
		end := screenColumns
		if runes[end] != ' ' {
			if space := lastSpace(runes[:end]); space > 0 {
				end = space
			}
		}
		lines = append(lines, string(runes[:end]))
		runes = []rune(strings.TrimLeft(string(runes[end:]), " "))
	}
	return append(lines, string(runes))
}

func lastSpace(runes []rune) int {
	backwards := slices.Clone(runes)
	slices.Reverse(backwards)
	if at := slices.Index(backwards, ' '); at >= 0 {
		return len(runes) - 1 - at
	}
	return 0
}
