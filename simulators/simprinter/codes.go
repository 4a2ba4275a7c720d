package simprinter

import (
	"fmt"
	"unicode/utf8"

	"balcao/simulators/simprinter/paper"
	"balcao/simulators/simprinter/symbol"
)

// barcodeHeight is GS h n, in dots.
func (i *interpreter) barcodeHeight(data []byte) {
	if data[0] == 0 {
		i.defect("GS h 0 is out of range and ignored")
		return
	}
	i.mode.barcodeHeight = int(data[0])
}

// barcodeModule is GS w n, the narrowest bar in dots.
func (i *interpreter) barcodeModule(data []byte) {
	if data[0] < 2 || data[0] > 6 {
		i.defect("GS w %d is out of range and ignored", data[0])
		return
	}
	i.mode.barcodeModule = int(data[0])
}

// captionPosition is GS H n: none, above, below, both.
func (i *interpreter) captionPosition(data []byte) {
	if position, valid := i.choose("GS H", data[0], 3); valid {
		i.mode.caption.above, i.mode.caption.below = position&1 != 0, position&2 != 0
	}
}

// captionFont is GS f n.
func (i *interpreter) captionFont(data []byte) {
	if font, valid := i.choose("GS f", data[0], 1); valid {
		i.mode.caption.font = paper.Font(font)
	}
}

// barcode is GS k m d… NUL (m up to 6) and GS k m n d… (m from 65). What this
// printer does not know or cannot read is not printed.
func (i *interpreter) barcode(data []byte) {
	kind, content := symbol.Kind(data[0]), data[1:]
	switch {
	case kind <= 6 && len(content) > 0 && content[len(content)-1] == 0:
		kind, content = kind+symbol.UPCA, content[:len(content)-1]
	case kind <= 6:
		i.defect("GS k %d misses its NUL and is ignored", data[0])
		return
	case kind >= symbol.UPCA && len(content) > 0:
		content = content[1:]
	default:
		i.defect("GS k %d is no barcode of this printer", data[0])
		return
	}
	if !i.atLineStart("GS k") {
		return
	}
	if !kind.Drawn() {
		i.warn("GS k %d: %s is not drawn here", data[0], kind)
		return
	}
	code, err := symbol.Bars(kind, content)
	if err != nil {
		i.defect("GS k %d is not printed: %v", data[0], err)
		return
	}
	bars := drawModules(code.Modules, i.mode.barcodeModule, i.mode.barcodeHeight)
	if bars.Width > i.mode.area.Width {
		i.defect("GS k %d is not printed: %s is %d dots wide, the print area %d",
			data[0], kind, bars.Width, i.mode.area.Width)
		return
	}
	i.sheet.Place(i.captioned(bars, code.Text), i.mode.area, fmt.Sprintf("[%s %s]", kind, code.Text))
	i.printed(1)
}

// drawModules gives every module its size in dots.
func drawModules(modules [][]bool, wide, high int) paper.Dots {
	dots := paper.NewDots(len(modules[0]), len(modules))
	for y, row := range modules {
		for x, dark := range row {
			if dark {
				dots.Set(x, y)
			}
		}
	}
	return dots.Scaled(wide, high)
}

// captioned writes the content above and below the bars, as GS H wants it.
func (i *interpreter) captioned(bars paper.Dots, text string) paper.Dots {
	caption := i.mode.caption
	if !caption.above && !caption.below {
		return bars
	}
	style := paper.Plain
	style.Font = caption.font
	characters := []rune(text)
	pitch, height := caption.font.Width(), caption.font.Height()
	above, below := 0, 0
	if caption.above {
		above = height
	}
	if caption.below {
		below = height
	}
	whole := paper.NewDots(max(bars.Width, len(characters)*pitch), above+bars.Height+below)
	whole.Draw(bars, (whole.Width-bars.Width)/2, above)
	for n, r := range characters {
		x := (whole.Width-len(characters)*pitch)/2 + n*pitch
		if caption.above {
			whole.Draw(i.glyphs.Cell(r, style), x, 0)
		}
		if caption.below {
			whole.Draw(i.glyphs.Cell(r, style), x, above+bars.Height)
		}
	}
	return whole
}

// Functions of GS ( k for the QR code, by their numbers.
const (
	codeQR       = 49
	codeModel    = 65
	codeSize     = 67
	codeLevel    = 69
	codeStore    = 80
	codePrint    = 81
	codeModelTwo = 50
	codeModules  = 16
)

// code2D is GS ( k cn fn …, of which the QR code is drawn.
func (i *interpreter) code2D(body []byte) {
	if len(body) < 3 {
		i.defect("GS ( k is cut short")
		return
	}
	if body[0] != codeQR {
		i.warn("GS ( k %d: this kind of code is not drawn here", body[0])
		return
	}
	argument := body[2]
	switch body[1] {
	case codeModel:
		if argument != codeModelTwo {
			i.warn("QR model %d is drawn as model 2", argument)
		}
	case codeSize:
		i.setCodeSize(argument)
	case codeLevel:
		i.setCodeLevel(symbol.Level(argument))
	case codeStore:
		i.code = append([]byte(nil), body[3:]...)
	case codePrint:
		i.printCode()
	default:
		i.warn("GS ( k 49 function %d is accepted and does nothing here", body[1])
	}
}

func (i *interpreter) setCodeSize(dots byte) {
	if dots < 1 || dots > codeModules {
		i.defect("QR module of %d dots is out of range and ignored", dots)
		return
	}
	i.mode.codeModule = int(dots)
}

func (i *interpreter) setCodeLevel(level symbol.Level) {
	if !level.Valid() {
		i.defect("QR level %d is out of range and ignored", level)
		return
	}
	i.mode.codeLevel = level
}

// printCode prints what the QR store holds. The store keeps it.
func (i *interpreter) printCode() {
	if len(i.code) == 0 {
		i.defect("a QR code is printed, but nothing is stored")
		return
	}
	if !i.atLineStart("GS ( k 49 81") {
		return
	}
	code, err := symbol.QR(i.code, i.mode.codeLevel)
	if err != nil {
		i.defect("the QR code is not printed: %v", err)
		return
	}
	dots := drawModules(code.Modules, i.mode.codeModule, i.mode.codeModule)
	if dots.Width > i.mode.area.Width {
		i.defect("the QR code is not printed: it is %d dots wide, the print area %d", dots.Width, i.mode.area.Width)
		return
	}
	side := len(code.Modules)
	i.sheet.Place(dots, i.mode.area, fmt.Sprintf("[QR %dx%d %q]", side, side, i.readable(i.code)))
	i.printed(1)
}

// readable is data as text: UTF-8 if it is that, else in the code page.
func (i *interpreter) readable(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	text := make([]rune, len(data))
	for n, b := range data {
		text[n] = i.mode.page.table.DecodeByte(b)
	}
	return string(text)
}
