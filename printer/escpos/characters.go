package escpos

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"balcao/printer/receipt"
)

// appendText writes a text in a code page and counts what had to be replaced. The
// text is cleaned first, if it is not. Columns stay true: a character takes as
// many bytes as it is cells wide, whatever becomes of it.
func appendText(made []byte, text string, charset *charmap.Charmap) (with []byte, replaced int) {
	text = receipt.Clean(text)
	state := -1
	for text != "" {
		if r, size := utf8.DecodeRuneInString(text); alone(r) && aloneFirst(text[size:]) {
			if b, ok := charset.EncodeRune(r); ok {
				made, text, state = append(made, b), text[size:], -1
				continue
			}
		}
		cluster, rest, width, next := uniseg.FirstGraphemeClusterInString(text, state)
		if b, ok := single(cluster, charset); ok {
			made = append(made, b)
		} else {
			made = append(made, substitute(cluster, width, charset)...)
			replaced++
		}
		text, state = rest, next
	}
	return made, replaced
}

// alone says that a rune of a cleaned text combines with no other of its kind;
// combining marks begin at U+0300.
func alone(r rune) bool { return r >= ' ' && r < 0x7F || r > 0xA0 && r < 0x0300 }

func aloneFirst(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return text == "" || alone(r)
}

// single is the byte of a character that the page has.
func single(cluster string, charset *charmap.Charmap) (byte, bool) {
	r, size := utf8.DecodeRuneInString(cluster)
	if size != len(cluster) || r == utf8.RuneError {
		return 0, false
	}
	b, ok := charset.EncodeRune(r)
	return b, ok && b >= ' ' && b != 0x7F
}

// substitute stands for a character that the page lacks: its letter without the
// accent where there is one, else a question mark for each cell.
func substitute(cluster string, width int, charset *charmap.Charmap) string {
	if width == 1 {
		letter, _ := utf8.DecodeRuneInString(norm.NFD.String(cluster))
		if b, ok := single(string(letter), charset); ok {
			return string([]byte{b})
		}
	}
	return strings.Repeat("?", width)
}

// onlyASCII is the printable part of a text.
func onlyASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
}
