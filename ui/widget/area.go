package widget

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"balcao/ui/theme"
)

// ellipsis says that something was cut. Text is never cut without it.
const ellipsis = '…'

// Area is a rectangle of a grid with a surface. Coordinates are its own, from
// zero; what lies outside is not drawn.
type Area struct {
	grid          *Grid
	x, y          int
	Width, Height int
	Surface       theme.Surface
}

// Area is the whole grid as page.
func (g *Grid) Area() Area {
	return Area{grid: g, Width: g.width, Height: g.height, Surface: theme.Page}
}

// Part is a rectangle of the area, cut to it.
func (a Area) Part(x, y, width, height int) Area {
	left, top := min(max(x, 0), a.Width), min(max(y, 0), a.Height)
	right, bottom := min(max(x+width, left), a.Width), min(max(y+height, top), a.Height)
	return Area{
		grid: a.grid, x: a.x + left, y: a.y + top, Width: right - left, Height: bottom - top, Surface: a.Surface,
	}
}

// Row is one row of the area.
func (a Area) Row(y int) Area { return a.Part(0, y, a.Width, 1) }

// On fills the area with a surface.
func (a Area) On(surface theme.Surface) Area {
	a.Surface = surface
	for y := range a.Height {
		for x := range a.Width {
			a.Put(x, y, ' ', theme.Text)
		}
	}
	return a
}

// Put draws one rune of width 1.
func (a Area) Put(x, y int, glyph rune, ink theme.Ink) {
	if x >= 0 && y >= 0 && x < a.Width && y < a.Height {
		a.grid.put(a.x+x, a.y+y, Cell{Rune: glyph, Role: theme.On(a.Surface, ink), Width: 1})
	}
}

// Write draws text from x on within width columns and answers how many it took.
// What does not fit ends in an ellipsis.
func (a Area) Write(x, y, width int, ink theme.Ink, text string) int {
	width = min(width, a.Width-x)
	if x < 0 || y < 0 || y >= a.Height || width <= 0 {
		return 0
	}
	used := 0
	for _, glyph := range Cut(text, width) {
		columns := runeWidth(glyph)
		a.grid.put(a.x+x+used, a.y+y, Cell{Rune: glyph, Role: theme.On(a.Surface, ink), Width: uint8(columns)})
		used += columns
	}
	return used
}

// WriteRight draws a figure that ends where width columns from x end. A figure
// is whole or an ellipsis: half an amount would be another amount.
func (a Area) WriteRight(x, y, width int, ink theme.Ink, figure string) {
	figure = Clean(figure)
	width = min(width, a.Width-x)
	columns := Columns(figure)
	if columns > width {
		figure, columns = string(ellipsis), 1
	}
	a.Write(x+width-columns, y, columns, ink, figure)
}

// WriteCentre draws text in the middle of a row.
func (a Area) WriteCentre(y int, ink theme.Ink, text string) {
	text = Clean(text)
	a.Write(max((a.Width-Columns(text))/2, 0), y, a.Width, ink, text)
}

// Clean makes text fit for cells: composed letters, no control characters, and
// nothing without a width of its own.
func Clean(text string) string {
	if isPlain(text) {
		return text
	}
	return strings.Map(func(glyph rune) rune {
		switch {
		case glyph == utf8.RuneError || unicode.IsControl(glyph):
			return ' '
		case runeWidth(glyph) == 0:
			return -1
		}
		return glyph
	}, norm.NFC.String(text))
}

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// Columns is how many cells a text takes once it is clean.
func Columns(text string) int {
	text = Clean(text)
	columns := 0
	for _, glyph := range text {
		columns += runeWidth(glyph)
	}
	return columns
}

// runeWidth is 0, 1 or 2 columns. Letters of Latin script, box lines and our own
// marks are 1 wherever the terminal has no opinion of its own.
func runeWidth(glyph rune) int {
	if glyph >= ' ' && glyph < 0x7F || glyph >= 0xA0 && glyph < 0x300 && glyph != 0xAD {
		return 1
	}
	return min(uniseg.StringWidth(string(glyph)), 2)
}

// Cut answers the clean text, or as much of it as fits into width columns with
// an ellipsis at its end.
func Cut(text string, width int) string {
	text = Clean(text)
	if Columns(text) <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	used, end := 0, 0
	for at, glyph := range text {
		if used+runeWidth(glyph) > width-1 {
			break
		}
		used += runeWidth(glyph)
		end = at + utf8.RuneLen(glyph)
	}
	return text[:end] + string(ellipsis)
}

// CutLeft keeps the end of a text, as an entry line does while it is typed.
func CutLeft(text string, width int) string {
	text = Clean(text)
	if Columns(text) <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	runes := []rune(text)
	begin, used := len(runes), 0
	for begin > 0 && used+runeWidth(runes[begin-1]) <= width-1 {
		begin--
		used += runeWidth(runes[begin])
	}
	return string(ellipsis) + string(runes[begin:])
}

// Wrap breaks text into at most lines of width columns, between words where it
// can; what is left over ends in an ellipsis.
func Wrap(text string, width, lines int) []string {
	var wrapped []string
	words := strings.Fields(Clean(text))
	for len(words) > 0 && len(wrapped) < lines {
		if len(wrapped) == lines-1 {
			return append(wrapped, Cut(strings.Join(words, " "), width))
		}
		line := words[0]
		words = words[1:]
		for len(words) > 0 && Columns(line)+1+Columns(words[0]) <= width {
			line += " " + words[0]
			words = words[1:]
		}
		wrapped = append(wrapped, Cut(line, width))
	}
	return wrapped
}
