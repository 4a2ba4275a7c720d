package ui

import (
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
)

// cleanTTY is a terminal whose bytes are UTF-8 or nothing. The library waits for
// ever, at full speed, for the rest of a rune that never comes: one byte of a
// scanner that sends Latin-1 would take the screen away.
type cleanTTY struct {
	tcell.Tty
	rest []byte // the beginning of a rune whose end has not come yet
}

// Read answers whole runes, and drops every byte that belongs to none.
func (t *cleanTTY) Read(into []byte) (int, error) {
	if len(into) < utf8.UTFMax {
		return t.Tty.Read(into)
	}
	for {
		kept := copy(into, t.rest)
		n, err := t.Tty.Read(into[kept:])
		clean, rest := onlyRunes(into[:kept+n])
		t.rest = append(t.rest[:0], rest...)
		if clean > 0 || err != nil || n == 0 {
			return clean, err
		}
	}
}

// onlyRunes moves the whole runes of data to its front and answers how many bytes
// they are, and what may still become a rune.
func onlyRunes(data []byte) (clean int, rest []byte) {
	for at := 0; at < len(data); {
		if !utf8.FullRune(data[at:]) {
			return clean, append([]byte(nil), data[at:]...)
		}
		r, size := utf8.DecodeRune(data[at:])
		if r != utf8.RuneError || size > 1 {
			clean += copy(data[clean:], data[at:at+size])
		}
		at += size
	}
	return clean, nil
}
