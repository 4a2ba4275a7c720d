package paper

import (
	"image"
	"image/color"
)

// Measures of the picture, in dots.
const (
	// Margin is the paper beside the print area: 4 mm on either side.
	Margin = 32
	// Edge is the height of the teeth that the cutter leaves, above and below.
	Edge = 8
	// tab is the width of what a partial cut leaves uncut, in the middle.
	tab = 16
)

// Colours of a picture, by index: the palette keeps a receipt at a few kilobytes.
const (
	blank uint8 = iota
	burnt
	beyond
)

var palette = color.Palette{
	blank:  color.Gray{Y: 0xFA},
	burnt:  color.Gray{Y: 0x14},
	beyond: color.Gray{Y: 0x9A},
}

// Picture draws the paper, margins and torn edges included, one pixel to the dot.
func (s *Sheet) Picture(partial bool) *image.Paletted {
	width, height := Margin+DotsWide+Margin, Edge+len(s.rows)+Edge
	picture := image.NewPaletted(image.Rect(0, 0, width, height), palette)
	for y, row := range s.rows {
		for x, ink := range row {
			if ink {
				picture.SetColorIndex(Margin+x, Edge+y, burnt)
			}
		}
	}
	tear(picture, partial)
	return picture
}

// tear cuts teeth into both edges. After a partial cut the lower edge keeps the
// tab by which the paper hangs on the roll.
func tear(picture *image.Paletted, partial bool) {
	size := picture.Bounds().Size()
	for x := range size.X {
		depth := x % (2 * Edge)
		if depth >= Edge {
			depth = 2*Edge - 1 - depth
		}
		hangs := partial && x >= (size.X-tab)/2 && x < (size.X+tab)/2
		for y := range depth {
			picture.SetColorIndex(x, y, beyond)
			if !hangs {
				picture.SetColorIndex(x, size.Y-1-y, beyond)
			}
		}
	}
}
