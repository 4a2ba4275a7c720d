package receipt

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// typographic lists what word processors put into names and no code page of a
// receipt printer can be trusted with (CP850 has none of them).
var typographic = strings.NewReplacer(
	"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2015", "-", "\u2212", "-",
	"\u201C", `"`, "\u201D", `"`, "\u201E", `"`, "\u201F", `"`, "\u2033", `"`,
	"\u2018", "'", "\u2019", "'", "\u201A", "'", "\u201B", "'", "\u2032", "'",
	"\u2026", "...", "\u2022", "*", "\u20AC", "EUR",
)

// Clean makes text fit for paper: composed (NFC), typographic marks written
// plainly, every kind of white space a space, and nothing left that could be a
// command or turn the line around: C0 and C1 controls, DEL, bidirectional,
// zero-width and other format characters, bytes that are no UTF-8 (as U+FFFD).
// Cleaning twice changes nothing.
func Clean(text string) string {
	if latin(text) {
		return text
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return -1
		default:
			return r
		}
	}, text)
	return typographic.Replace(norm.NFC.String(text))
}

// plain tells printable ASCII.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// latin tells nearly all other cases, the printable characters of Latin-1, which
// need none either: they are composed, one cell wide and stand for themselves.
func latin(text string) bool {
	const noBreakSpace, softHyphen = '\u00A0', '\u00AD'
	for _, r := range text {
		if r < ' ' || r > '~' && r <= noBreakSpace || r == softHyphen || r > '\u00FF' {
			return false
		}
	}
	return true
}

// Width counts the cells of a cleaned text at single width.
func Width(text string) int {
	if latin(text) {
		return utf8.RuneCountInString(text)
	}
	return uniseg.StringWidth(text)
}

// wrap breaks a cleaned text into lines of at most first and then rest cells,
// at spaces where it can. A text that fits stays as it is; an empty one is one
// empty line.
func wrap(text string, first, rest int) []string {
	if Width(text) <= first {
		return []string{text}
	}
	var lines []string
	line, used, limit := "", 0, first
	for _, word := range strings.Fields(text) {
		width := Width(word)
		if used > 0 && used+1+width <= limit {
			line, used = line+" "+word, used+1+width
			continue
		}
		if used > 0 {
			lines, limit = append(lines, line), rest
		}
		for width > limit {
			head, tail := split(word, limit)
			lines, limit = append(lines, head), rest
			word, width = tail, Width(tail)
		}
		line, used = word, width
	}
	return append(lines, line)
}

// split cuts a word after at most limit cells, between characters as a reader
// sees them, and takes at least one of them.
func split(word string, limit int) (head, tail string) {
	state, used, tail := -1, 0, word
	for tail != "" {
		cluster, next, width, nextState := uniseg.FirstGraphemeClusterInString(tail, state)
		if used > 0 && used+width > limit {
			break
		}
		head += cluster
		used, tail, state = used+width, next, nextState
	}
	return head, tail
}

func spaces(count int) string { return strings.Repeat(" ", max(count, 0)) }
