package paper

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Mark is something on a line: a character or a strip of a picture, X dots from
// the left edge of the print area.
type Mark struct {
	X    int
	Dots Dots
	// Text is what a person reads there.
	Text string
	// Pitch is the width in dots of one column of text where the mark stands, that
	// is of a normal character of its font.
	Pitch int
}

// A Line is what a printer collects before it moves the paper.
type Line struct {
	Marks      []Mark
	UpsideDown bool
}

// Width is the right edge of the rightmost mark, in dots.
func (l Line) Width() int {
	width := 0
	for _, mark := range l.Marks {
		width = max(width, mark.X+mark.Dots.Width)
	}
	return width
}

// height is that of the tallest mark.
func (l Line) height() int {
	height := 0
	for _, mark := range l.Marks {
		height = max(height, mark.Dots.Height)
	}
	return height
}

// dots draws the line; marks of different height stand on its lower edge.
func (l Line) dots() Dots {
	dots := NewDots(l.Width(), l.height())
	for _, mark := range l.Marks {
		dots.Draw(mark.Dots, mark.X, dots.Height-mark.Dots.Height)
	}
	if l.UpsideDown {
		return dots.UpsideDown()
	}
	return dots
}

// text writes the line as a person reads it, left dots from the edge of the head.
// Gaps keep their columns, and a wide character is followed by the blanks that it
// covers.
func (l Line) text(left int) string {
	marks := slices.Clone(l.Marks)
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Compare(a.X, b.X) })
	var text strings.Builder
	end := 0
	for _, mark := range marks {
		text.WriteString(blanks(left+mark.X-end, mark.Pitch))
		text.WriteString(mark.Text)
		covered := utf8.RuneCountInString(mark.Text) * mark.Pitch
		text.WriteString(blanks(mark.Dots.Width-covered, mark.Pitch))
		end = left + mark.X + mark.Dots.Width
	}
	return strings.TrimRight(text.String(), " ")
}

// blanks are the spaces that stand for a gap, to the nearest column.
func blanks(dots, pitch int) string {
	return strings.Repeat(" ", (max(dots, 0)+pitch/2)/pitch)
}
