package simprinter

import (
	"strings"

	"balcao/simulators/simprinter/paper"
)

// character prints one character where the line has come to.
func (i *interpreter) character(data []byte) {
	r := i.decode(data[0])
	style := i.mode.style
	style.Bold = i.mode.emphasised || i.mode.struck
	dots := i.glyphs.Cell(r, style)
	if i.midLine() && i.position+dots.Width > i.mode.area.Width {
		i.printLine(i.mode.spacing)
	}
	i.put(dots, string(r), style.Font.Width())
}

// decode reads a byte in the code page and country that are set. Bytes that the
// page has no character for print as blanks.
func (i *interpreter) decode(b byte) rune {
	if at := strings.IndexByte(replaced, b); at >= 0 {
		return countries[i.mode.country][at]
	}
	r := i.mode.page.table.DecodeByte(b)
	if r < ' ' || r >= 0x7F && r < 0xA0 || r == '\uFFFD' {
		i.defect("%02Xh has no character in %s", b, i.mode.page.name)
		return ' '
	}
	if r == '\u00A0' {
		return ' '
	}
	return r
}

// put adds a mark to the line and moves on by its width.
func (i *interpreter) put(dots paper.Dots, text string, pitch int) {
	i.line.Marks = append(i.line.Marks, paper.Mark{X: i.position, Dots: dots, Text: text, Pitch: pitch})
	i.position += dots.Width
}

// printLine prints what the line holds and moves the paper by advance dots, or by
// the height of the line if that is more.
func (i *interpreter) printLine(advance int) {
	i.sheet.Print(i.line, i.mode.area, advance)
	i.startLine()
	i.printed(1)
}

// startLine begins an empty line.
func (i *interpreter) startLine() {
	i.line, i.position = paper.Line{UpsideDown: i.mode.upsideDown}, 0
}

// printed counts lines, also against the end of the roll.
func (i *interpreter) printed(lines int) {
	i.record.Lines += lines
	i.printer.printed(lines)
}

// lineFeed is LF.
func (i *interpreter) lineFeed([]byte) { i.printLine(i.mode.spacing) }

// feedLines is ESC d n: print, and be n lines further.
func (i *interpreter) feedLines(data []byte) {
	blank := int(data[0])
	if i.midLine() && blank > 0 {
		i.printLine(i.mode.spacing)
		blank--
	} else if i.midLine() {
		i.printLine(0)
	}
	for range blank {
		i.sheet.Feed(i.mode.spacing)
		i.sheet.BlankLine()
	}
	i.printed(blank)
}

// feedDots is ESC J n: print, and be n dots further.
func (i *interpreter) feedDots(data []byte) {
	dots := int(data[0])
	if i.midLine() {
		i.printLine(dots)
		return
	}
	i.sheet.Feed(dots)
	for range dots / lineSpacing {
		i.sheet.BlankLine()
	}
}

// defaultSpacing is ESC 2.
func (i *interpreter) defaultSpacing([]byte) { i.mode.spacing = lineSpacing }

// spacing is ESC 3 n, in dots.
func (i *interpreter) spacing(data []byte) { i.mode.spacing = int(data[0]) }

// tabStops is ESC D n… NUL, in columns of the present font and width, ascending.
func (i *interpreter) tabStops(data []byte) {
	column := i.mode.style.Font.Width() * i.mode.style.Width
	i.mode.tabStops = nil
	last := 0
	for _, stop := range data {
		if int(stop) <= last {
			break
		}
		last = int(stop)
		i.mode.tabStops = append(i.mode.tabStops, last*column)
	}
	if data[len(data)-1] != 0 {
		i.defect("ESC D misses its NUL")
	}
}

// tab is HT; behind the last stop it does nothing.
func (i *interpreter) tab([]byte) {
	for _, stop := range i.mode.tabStops {
		if stop > i.position {
			i.position = min(stop, i.mode.area.Width)
			return
		}
	}
}

// align is ESC a n, at the beginning of a line.
func (i *interpreter) align(data []byte) {
	align, valid := i.choose("ESC a", data[0], 2)
	if valid && i.atLineStart("ESC a") {
		i.mode.area.Align = paper.Align(align)
	}
}

// atLineStart says whether the line is empty; a command that counts only there is
// ignored elsewhere, and its author should know.
func (i *interpreter) atLineStart(name string) bool {
	if i.midLine() {
		i.defect("%s counts only at the beginning of a line and is ignored", name)
		return false
	}
	return true
}

// moveTo is ESC $ nL nH, in dots from the left margin.
func (i *interpreter) moveTo(data []byte) { i.move("ESC $", word(data)) }

// moveBy is ESC \ nL nH, in dots from where the line has come to, either way.
func (i *interpreter) moveBy(data []byte) {
	i.move(`ESC \`, i.position+int(int16(word(data))))
}

func (i *interpreter) move(name string, position int) {
	if position < 0 || position > i.mode.area.Width {
		i.defect("%s goes to dot %d of %d and is ignored", name, position, i.mode.area.Width)
		return
	}
	i.position = position
}

// leftMargin is GS L nL nH, in dots, at the beginning of a line.
func (i *interpreter) leftMargin(data []byte) {
	if !i.atLineStart("GS L") {
		return
	}
	left := word(data)
	if left > paper.DotsWide-paper.FontA.Width() {
		i.defect("GS L %d leaves no room for a character and is ignored", left)
		return
	}
	i.setArea(left, i.mode.width)
}

// areaWidth is GS W nL nH, in dots, at the beginning of a line. One character
// always fits.
func (i *interpreter) areaWidth(data []byte) {
	if i.atLineStart("GS W") {
		i.setArea(i.mode.area.Left, max(word(data), paper.FontA.Width()))
	}
}

// setArea places the print area; what would be beyond the head is not in it.
func (i *interpreter) setArea(left, width int) {
	i.mode.width = width
	i.mode.area.Left, i.mode.area.Width = left, min(width, paper.DotsWide-left)
	i.startLine()
}
