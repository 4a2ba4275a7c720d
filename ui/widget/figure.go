package widget

import "balcao/ui/theme"

// BigHeight and HugeHeight are the rows that figures of their size take.
const (
	BigHeight  = 3
	HugeHeight = 5
)

// digits of three rows are made of half blocks; each rune of a row is a column.
var bigGlyphs = map[rune][BigHeight]string{
	'0': {"█▀█", "█ █", "▀▀▀"}, '1': {"▀█ ", " █ ", "▀▀▀"}, '2': {"▀▀█", "█▀▀", "▀▀▀"},
	'3': {"▀▀█", "▀▀█", "▀▀▀"}, '4': {"█ █", "▀▀█", "  ▀"}, '5': {"█▀▀", "▀▀█", "▀▀▀"},
	'6': {"█▀▀", "█▀█", "▀▀▀"}, '7': {"▀▀█", "  █", "  ▀"}, '8': {"█▀█", "█▀█", "▀▀▀"},
	'9': {"█▀█", "▀▀█", "▀▀▀"}, ',': {" ", "▄", "▀"}, '.': {" ", " ", "▀"}, '-': {"  ", "▀▀", "  "},
}

// digits of five rows are whole blocks, for a screen that is read from afar.
var hugeGlyphs = map[rune][HugeHeight]string{
	'0': {"██████", "██  ██", "██  ██", "██  ██", "██████"},
	'1': {"  ██  ", "████  ", "  ██  ", "  ██  ", "██████"},
	'2': {"██████", "    ██", "██████", "██    ", "██████"},
	'3': {"██████", "    ██", "██████", "    ██", "██████"},
	'4': {"██  ██", "██  ██", "██████", "    ██", "    ██"},
	'5': {"██████", "██    ", "██████", "    ██", "██████"},
	'6': {"██████", "██    ", "██████", "██  ██", "██████"},
	'7': {"██████", "    ██", "    ██", "    ██", "    ██"},
	'8': {"██████", "██  ██", "██████", "██  ██", "██████"},
	'9': {"██████", "██  ██", "██████", "    ██", "██████"},
	',': {"  ", "  ", "  ", "██", "█ "},
	'.': {"  ", "  ", "  ", "  ", "██"},
	'-': {"    ", "    ", "████", "    ", "    "},
}

// Big draws a figure three rows high that ends at the area's right edge. A
// figure that does not fit is written plain and bold in the middle row.
func Big(a Area, ink theme.Ink, figure string) {
	drawFigure(a, ink, figure, BigHeight, func(glyph rune) ([]string, bool) {
		rows, ok := bigGlyphs[glyph]
		return rows[:], ok
	})
}

// Huge draws a figure five rows high, or as [Big] does if it does not fit.
func Huge(a Area, ink theme.Ink, figure string) {
	if fits(a, figure, hugeGlyphs) {
		drawFigure(a, ink, figure, HugeHeight, func(glyph rune) ([]string, bool) {
			rows, ok := hugeGlyphs[glyph]
			return rows[:], ok
		})
		return
	}
	Big(a.Part(0, 1, a.Width, BigHeight), ink, figure)
}

func fits(a Area, figure string, glyphs map[rune][HugeHeight]string) bool {
	columns := -1
	for _, glyph := range figure {
		columns += len([]rune(glyphs[glyph][0])) + 1
	}
	return columns <= a.Width && a.Height >= HugeHeight
}

func drawFigure(a Area, ink theme.Ink, figure string, height int, rowsOf func(rune) ([]string, bool)) {
	columns := -1
	for _, glyph := range figure {
		rows, ok := rowsOf(glyph)
		if !ok {
			columns = a.Width + 1
			break
		}
		columns += len([]rune(rows[0])) + 1
	}
	if columns > a.Width || a.Height < height {
		a.WriteRight(0, a.Height/2, a.Width, ink.Bold(), figure)
		return
	}
	x := a.Width - columns
	for _, glyph := range figure {
		rows, _ := rowsOf(glyph)
		width := 0
		for y, row := range rows {
			width = 0
			for _, block := range row {
				if block != ' ' {
					a.Put(x+width, y, block, ink)
				}
				width++
			}
		}
		x += width + 1
	}
}
