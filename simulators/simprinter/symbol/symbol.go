// Package symbol turns the data of a printer's barcode and QR commands into bars
// and modules.
//
// It checks what a printer's firmware would check and says no in words; where the
// symbol stands, how large it is and what is written beside it is not its affair.
// Start with [Bars] for one dimension and [QR] for two.
// Facts: ESC/POS GS k and GS ( k for the data; ISO/IEC 15417 for Code 128, whose
// code sets the host picks and the printer obeys.
package symbol

import (
	"errors"
	"fmt"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code39"
	"github.com/boombuler/barcode/ean"
	"github.com/boombuler/barcode/qr"
	"github.com/boombuler/barcode/twooffive"
)

// A Kind is a barcode by the number of GS k, function B.
type Kind byte

// The kinds that are drawn.
const (
	UPCA    Kind = 65
	EAN13   Kind = 67
	EAN8    Kind = 68
	CODE39  Kind = 69
	ITF     Kind = 70
	CODE128 Kind = 73
)

var kindNames = map[Kind]string{
	UPCA: "UPC-A", EAN13: "EAN13", EAN8: "EAN8", CODE39: "CODE39", ITF: "ITF", CODE128: "CODE128",
}

func (k Kind) String() string {
	if name, known := kindNames[k]; known {
		return name
	}
	return fmt.Sprintf("barcode kind %d", byte(k))
}

// Drawn says whether the kind is one of those above.
func (k Kind) Drawn() bool { return kindNames[k] != "" }

// A Code is a symbol before it has a size: rows of modules, true is dark. A
// barcode has one row. Text is what a person reads in it.
type Code struct {
	Text    string
	Modules [][]bool
}

// Bars encodes the data of GS k. The error says what the firmware dislikes.
func Bars(kind Kind, data []byte) (Code, error) {
	if kind == CODE128 {
		return code128(data)
	}
	text := string(data)
	encoded, err := encode(kind, text)
	if err != nil {
		return Code{}, fmt.Errorf("%s %q: %w", kind, text, err)
	}
	if kind == UPCA {
		return Code{Text: encoded.Content()[1:], Modules: modules(encoded)}, nil
	}
	return Code{Text: encoded.Content(), Modules: modules(encoded)}, nil
}

func encode(kind Kind, text string) (barcode.Barcode, error) {
	switch kind {
	case EAN13:
		return digits(text, 12)
	case EAN8:
		return digits(text, 7)
	case UPCA:
		// UPC-A is EAN-13 with a leading zero, bar for bar.
		if len(text) != 11 && len(text) != 12 {
			return nil, errors.New("wants 11 digits, or 12 with the check digit")
		}
		return ean.Encode("0" + text)
	case CODE39:
		return code39.Encode(strings.Trim(text, "*"), false, false)
	case ITF:
		return twooffive.Encode(text, true)
	default:
		return nil, errors.New("is no kind that is drawn")
	}
}

// digits encodes a GTIN of the given length, or one more with its check digit.
func digits(text string, length int) (barcode.Barcode, error) {
	if len(text) != length && len(text) != length+1 {
		return nil, fmt.Errorf("wants %d digits, or %d with the check digit", length, length+1)
	}
	return ean.Encode(text)
}

// A Level is how much of a QR code may be lost, by the number of GS ( k: 48 is L,
// 51 is H.
type Level byte

// LevelL is the level of a printer that was told none: 7 %.
const LevelL Level = 48

// Valid says whether the printer knows the level.
func (l Level) Valid() bool { return l >= LevelL && l <= LevelL+3 }

// QR encodes data as a QR code, model 2, in byte mode as printers do.
func QR(data []byte, level Level) (Code, error) {
	corrections := []qr.ErrorCorrectionLevel{qr.L, qr.M, qr.Q, qr.H}
	encoded, err := qr.Encode(string(data), corrections[level-LevelL], qr.Unicode)
	if err != nil {
		return Code{}, fmt.Errorf("QR of %d bytes: %w", len(data), err)
	}
	return Code{Text: string(data), Modules: modules(encoded)}, nil
}

// modules reads a barcode as rows of dark and light.
func modules(encoded barcode.Barcode) [][]bool {
	size := encoded.Bounds().Size()
	rows := make([][]bool, size.Y)
	for y := range rows {
		rows[y] = make([]bool, size.X)
		for x := range rows[y] {
			level, _, _, _ := encoded.At(x, y).RGBA()
			rows[y][x] = level == 0
		}
	}
	return rows
}
