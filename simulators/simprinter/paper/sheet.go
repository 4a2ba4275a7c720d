// Package paper is the paper in a receipt printer: what is burnt into it dot by
// dot, and what a person reads there.
//
// It knows no command and no byte of the wire. Start with [Sheet], which grows
// until it is cut off; [Glyphs] draws the characters, [Dots] is any drawing.
// Facts: an 80 mm roll at 203 dpi has 576 printable dots; the cutter stands 15 mm
// after the head, which is why every paper begins with a blank strip.
package paper

import (
	"fmt"
	"slices"
	"strings"
)

// Measures in dots, eight to the millimetre.
const (
	// DotsWide is the width that the head can reach: 72 mm of the 80 mm roll.
	DotsWide = 576
	// CutterDistance is the way from the head to the cutter: 15 mm.
	CutterDistance = 120
	// heightMax ends the drawing of a paper that is never cut, at three metres, so
	// that a broken host costs paper and not all memory.
	heightMax = 24_000
	// textLinesMax does the same for the text.
	textLinesMax = 4_000
)

// Align is where a line stands in the print area.
type Align int

// The three alignments, by the numbers of ESC a.
const (
	Left Align = iota
	Centre
	Right
)

// An Area is the part of the paper's width that is printed on, in dots.
type Area struct {
	Left, Width int
	Align       Align
}

// start is where something of a width begins, in dots from the head's first dot.
func (a Area) start(width int) int {
	switch a.Align {
	case Centre:
		return a.Left + max(0, a.Width-width)/2
	case Right:
		return a.Left + max(0, a.Width-width)
	default:
		return a.Left
	}
}

// A Sheet is one paper from its upper edge to where the head is now.
type Sheet struct {
	// rows hold the dots; nil is a blank row.
	rows [][]bool
	text []string
	// lowest is the last row with ink.
	lowest int
	full   bool
}

// NewSheet begins a paper after a cut.
func NewSheet() *Sheet {
	sheet := &Sheet{lowest: -CutterDistance}
	sheet.Feed(CutterDistance)
	return sheet
}

// Print burns a line and moves the paper on by advance dots, or by the height of
// the line if that is more.
func (s *Sheet) Print(line Line, area Area, advance int) {
	dots := line.dots()
	start := area.start(dots.Width)
	s.burn(dots, start, area.Left+area.Width)
	s.Feed(max(advance-dots.Height, 0))
	s.write(line.text(start))
}

// Place burns a drawing on lines of its own and says in the text what it is.
func (s *Sheet) Place(dots Dots, area Area, label string) {
	start := area.start(dots.Width)
	s.burn(dots, start, area.Left+area.Width)
	s.write(strings.Repeat(" ", start/cells[FontA].width) + label)
}

// Feed moves the paper on by so many blank dots.
func (s *Sheet) Feed(dots int) {
	if len(s.rows)+dots > heightMax {
		dots = heightMax - len(s.rows)
		s.full = true
	}
	s.rows = append(s.rows, make([][]bool, dots)...)
}

// BlankLine adds an empty line to the text.
func (s *Sheet) BlankLine() { s.write("") }

// Full says that the paper is longer than what is drawn and kept of it.
func (s *Sheet) Full() bool { return s.full }

// Height is the length of the paper in dots.
func (s *Sheet) Height() int { return len(s.rows) }

// SinceInk is how many dots the paper has moved since anything was printed.
func (s *Sheet) SinceInk() int { return len(s.rows) - 1 - s.lowest }

// Text is the paper as a person reads it, with a line of its own for the cut.
func (s *Sheet) Text(partial bool) string {
	cut := "[corte total]"
	if partial {
		cut = "[corte parcial]"
	}
	return strings.Join(append(slices.Clone(s.text), cut), "\n") + "\n"
}

// PictureLabel names a picture in the text by its size in dots.
func PictureLabel(dots Dots) string { return fmt.Sprintf("[imagem %dx%d]", dots.Width, dots.Height) }

// burn draws at the head, from start on, nothing at or beyond limit, and moves
// the paper on by the height of the drawing.
func (s *Sheet) burn(dots Dots, start, limit int) {
	top := len(s.rows)
	s.Feed(dots.Height)
	for y := range min(dots.Height, len(s.rows)-top) {
		for x := range min(dots.Width, limit-start, DotsWide-start) {
			if dots.At(x, y) {
				s.mark(start+x, top+y)
			}
		}
	}
}

func (s *Sheet) mark(x, y int) {
	if s.rows[y] == nil {
		s.rows[y] = make([]bool, DotsWide)
	}
	s.rows[y][x] = true
	s.lowest = max(s.lowest, y)
}

func (s *Sheet) write(line string) {
	if len(s.text) >= textLinesMax {
		s.full = true
		return
	}
	s.text = append(s.text, line)
}
