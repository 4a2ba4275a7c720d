package abecs

import "fmt"

// A format is how the standard writes a field: a kind of character and a length,
// in characters or bytes.
type format struct {
	kind     kind
	length   int // of a variable field the longest
	variable bool
}

// kind is a letter of the standard.
type kind byte

// The kinds of field (ABECS, field formats). A and S are filled with spaces on
// the right, N with zeros on the left; X is a big-endian number.
const (
	alphanumeric kind = 'A' // 20h to 7Eh
	latin1       kind = 'S' // ISO 8859-1 from 20h up; in free messages 0Dh is a new line
	numeric      kind = 'N' // decimal digits
	bigEndian    kind = 'X'
	raw          kind = 'B'
)

// newLine breaks lines in free messages.
const newLine = 0x0D

// fixed is a field of exactly length characters or bytes.
func fixed(k kind, length int) format { return format{kind: k, length: length} }

// upTo is a field of 0 to length characters or bytes.
func upTo(k kind, length int) format { return format{kind: k, length: length, variable: true} }

// check says what is wrong with value, without repeating any of it.
func (f format) check(value []byte) error {
	if f.variable && len(value) > f.length {
		return fmt.Errorf("%d bytes, at most %d", len(value), f.length)
	}
	if !f.variable && len(value) != f.length {
		return fmt.Errorf("%d bytes, not %d", len(value), f.length)
	}
	for i, b := range value {
		if !f.kind.allows(b) {
			return fmt.Errorf("byte %d is outside format %c", i, f.kind)
		}
	}
	return nil
}

func (k kind) allows(b byte) bool {
	switch k {
	case numeric:
		return b >= '0' && b <= '9'
	case alphanumeric:
		return b >= 0x20 && b <= 0x7E
	case latin1:
		return b >= 0x20 || b == newLine
	}
	return true
}

// text says that the field is written in characters.
func (k kind) text() bool { return k == alphanumeric || k == latin1 || k == numeric }

// encodeText writes text as ISO 8859-1: a line feed becomes the standard's new
// line, other control characters a space, and what the alphabet lacks a '?'.
func encodeText(text string) []byte {
	var encoded []byte
	for _, r := range text {
		switch {
		case r == '\n':
			encoded = append(encoded, newLine)
		case r < 0x20 || r >= 0x7F && r < 0xA0:
			encoded = append(encoded, ' ')
		case r > 0xFF:
			encoded = append(encoded, '?')
		default:
			encoded = append(encoded, byte(r))
		}
	}
	return encoded
}

// decodeText reads ISO 8859-1; a new line becomes a line feed, other control
// characters a space.
func decodeText(encoded []byte) string {
	runes := make([]rune, len(encoded))
	for i, b := range encoded {
		switch {
		case b == newLine:
			runes[i] = '\n'
		case b < 0x20 || b >= 0x7F && b < 0xA0:
			runes[i] = ' '
		default:
			runes[i] = rune(b)
		}
	}
	return string(runes)
}

// displayColumns is the width of the two lines that the classic display commands write.
const displayColumns = 16

// encodeLines writes two lines as one S32 field, each cut or padded to 16 columns.
func encodeLines(lines [2]string) []byte {
	block := make([]byte, 0, 2*displayColumns)
	for _, line := range lines {
		encoded := encodeText(line)
		for column := range displayColumns {
			if column < len(encoded) && encoded[column] != newLine {
				block = append(block, encoded[column])
			} else {
				block = append(block, ' ')
			}
		}
	}
	return block
}
