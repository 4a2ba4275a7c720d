package escpos

import "bytes"

// Arguments of barcode commands: digits below the bars, in font A, kind EAN-13 of
// GS k function A.
const (
	digitsBelow = 2
	digitsFontA = 0
	kindEAN13   = 2
)

// plain is an output of our own, for builds without cgo.
type plain struct{ into *bytes.Buffer }

func newPlain(into *bytes.Buffer) plain {
	into.Write([]byte{esc, '@'})
	return plain{into}
}

func (p plain) Raw(data []byte) { p.into.Write(data) }

// Feed is ESC d.
func (p plain) Feed(lines uint8) { p.into.Write([]byte{esc, 'd', lines}) }

// EAN13 is GS h, GS H, GS f and GS k.
func (p plain) EAN13(digits string, height uint8) {
	p.into.Write([]byte{gs, 'h', height, gs, 'H', digitsBelow, gs, 'f', digitsFontA, gs, 'k', kindEAN13})
	p.into.WriteString(digits)
	p.into.WriteByte(0)
}
