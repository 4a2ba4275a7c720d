package simprinter

import "balcao/simulators/simprinter/paper"

// rasterRowsMax is the tallest raster of GS v 0. Source: Epson's command list.
const rasterRowsMax = 4607

// raster is GS v 0 m xL xH yL yH d…: m doubles width (bit 0) and height (bit 1).
func (i *interpreter) raster(data []byte) {
	if data[0] != '0' {
		i.defect("GS v %02Xh is no command of this printer", data[0])
		return
	}
	factors, valid := i.choose("GS v 0", data[1], 3)
	if !valid || !i.atLineStart("GS v 0") {
		return
	}
	bytesWide, rows := word(data[2:]), word(data[4:])
	if bytesWide == 0 || rows == 0 || rows > rasterRowsMax {
		i.defect("GS v 0 of %d bytes by %d rows is out of range and ignored", bytesWide, rows)
		return
	}
	dots := paper.FromBits(data[6:], bytesWide*8, rows)
	i.place(dots.Scaled(1+factors&1, 1+factors>>1), "GS v 0")
}

// place prints a picture on lines of its own.
func (i *interpreter) place(dots paper.Dots, name string) {
	if dots.Width > i.mode.area.Width {
		i.defect("%s: %d dots wide, only %d are printed", name, dots.Width, i.mode.area.Width)
	}
	i.sheet.Place(dots, i.mode.area, paper.PictureLabel(dots))
	i.printed(1)
}

// A columnMode is one of the densities of ESC *: dots in a column, and how often
// each is repeated across and down to come out at 203 dpi.
type columnMode struct{ dots, wide, high int }

var columnModes = map[byte]columnMode{
	0: {8, 2, 3}, 1: {8, 1, 3}, 32: {24, 2, 1}, 33: {24, 1, 1},
}

// columnImage is ESC * m nL nH d…: columns from left to right, highest bit on top,
// as part of the line.
func (i *interpreter) columnImage(data []byte) {
	density, known := columnModes[data[0]]
	if !known {
		i.defect("ESC * %d: this printer has no such density", data[0])
		return
	}
	columns, bytesHigh := word(data[1:]), density.dots/8
	dots := paper.NewDots(min(columns, paper.DotsWide), density.dots)
	for x := range dots.Width {
		for y := range dots.Height {
			if data[3+x*bytesHigh+y/8]&(0x80>>(y%8)) != 0 {
				dots.Set(x, y)
			}
		}
	}
	dots = dots.Scaled(density.wide, density.high)
	if i.position+columns*density.wide > i.mode.area.Width {
		i.defect("ESC * ends at dot %d of %d; the rest is not printed", i.position+columns*density.wide, i.mode.area.Width)
	}
	i.put(dots, paper.PictureLabel(dots), paper.FontA.Width())
}

// family sorts the commands GS ( x by their letter.
func (i *interpreter) family(data []byte) {
	act, known := families[data[0]]
	if !known {
		i.warn("GS ( %c is accepted and does nothing here", data[0])
		return
	}
	if body := data[3:]; len(body) > 0 {
		act(i, body)
	} else {
		i.defect("GS ( %c without a function", data[0])
	}
}

// families are the letters that do something.
var families = map[byte]func(i *interpreter, body []byte){
	'D': (*interpreter).realTimeSwitch,
	'H': (*interpreter).confirm,
	'L': (*interpreter).graphics,
	'k': (*interpreter).code2D,
}

// longGraphics is GS 8 L, which is GS ( L with a longer length.
func (i *interpreter) longGraphics(data []byte) {
	if data[0] != 'L' {
		i.defect("GS 8 %02Xh is no command of this printer", data[0])
		return
	}
	if body := data[5:]; len(body) > 0 {
		i.graphics(body)
	} else {
		i.defect("GS 8 L without a function")
	}
}

// graphics is GS ( L m fn …: 112 keeps a picture, 50 or 2 prints it.
func (i *interpreter) graphics(body []byte) {
	const keep, print, printDigit = 112, 2, '2'
	switch {
	case len(body) < 2:
		i.defect("GS ( L is cut short")
	case body[1] == keep:
		i.keepGraphics(body[2:])
	case body[1] == print || body[1] == printDigit:
		i.printGraphics()
	default:
		i.warn("GS ( L function %d is accepted and does nothing here", body[1])
	}
}

// keepGraphics is a bx by c xL xH yL yH d…: both sizes in dots, scaled by bx and
// by; a is 48 for two tones.
func (i *interpreter) keepGraphics(body []byte) {
	const header, twoTones = 8, 48
	if len(body) < header {
		i.defect("GS ( L 112 is cut short")
		return
	}
	wide, high := int(body[1]), int(body[2])
	if body[0] != twoTones || wide < 1 || wide > 2 || high < 1 || high > 2 {
		i.defect("GS ( L 112 with tone %d and scale %d by %d is ignored", body[0], wide, high)
		return
	}
	width, height := word(body[4:]), word(body[6:])
	if needed := (width + 7) / 8 * height; needed == 0 || needed != len(body)-header {
		i.defect("GS ( L 112 of %d by %d dots needs %d bytes and has %d", width, height, needed, len(body)-header)
		return
	}
	i.stored = paper.FromBits(body[header:], width, height).Scaled(wide, high)
}

// printGraphics prints the kept picture and forgets it.
func (i *interpreter) printGraphics() {
	if i.stored.Width == 0 {
		i.defect("GS ( L 50 prints a picture, but none is kept")
		return
	}
	if i.atLineStart("GS ( L 50") {
		i.place(i.stored, "GS ( L")
		i.stored = paper.Dots{}
	}
}
