//go:build cgo && !nousb

package escpos

import (
	"bytes"

	"github.com/hennedo/escpos"
)

// hennedo is an output over the library of that name. Only those of its commands
// are used whose bytes are right; known_bugs_test.go says what is wrong with the
// others.
type hennedo struct{ printer *escpos.Escpos }

func newOutput(into *bytes.Buffer) output {
	printer := escpos.New(into)
	printer.SetConfig(escpos.PrinterConfig{
		DisableUnderline: true, DisableBold: true, DisableReverse: true,
		DisableRotate: true, DisableUpsideDown: true, DisableJustify: true,
	})
	_, _ = printer.Initialize()
	made := hennedo{printer}
	made.flush()
	return made
}

// flush empties the library's own buffer, which would else write when it likes.
// Into memory nothing can fail, here and below.
func (h hennedo) flush() { _ = h.printer.Print() }

func (h hennedo) Raw(data []byte) {
	_, _ = h.printer.WriteRaw(data)
	h.flush()
}

func (h hennedo) Feed(lines uint8) {
	_, _ = h.printer.LineFeedD(lines)
	h.flush()
}

func (h hennedo) EAN13(digits string, height uint8) {
	_, _ = h.printer.BarcodeHeight(height)
	_, _ = h.printer.HRIPosition(digitsBelow)
	_, _ = h.printer.HRIFont(digitsFontA != 0)
	_, _ = h.printer.EAN13(digits)
	h.flush()
}
