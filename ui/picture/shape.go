package picture

import (
	"image"
	"image/color"
	"math"
)

// arms are the directions in which a box line leaves the middle of its cell.
type arms struct {
	up, right, down, left bool
	round                 bool
}

var boxLines = map[rune]arms{
	'─': {left: true, right: true}, '│': {up: true, down: true},
	'├': {up: true, down: true, right: true}, '┤': {up: true, down: true, left: true},
	'┬': {left: true, right: true, down: true}, '┴': {left: true, right: true, up: true},
	'┼': {up: true, right: true, down: true, left: true},
	'┌': {right: true, down: true}, '┐': {left: true, down: true}, '└': {right: true, up: true}, '┘': {left: true, up: true},
	'╭': {right: true, down: true, round: true}, '╮': {left: true, down: true, round: true},
	'╰': {right: true, up: true, round: true}, '╯': {left: true, up: true, round: true},
}

// drawShape draws a glyph that is geometry, and says whether it is one.
func drawShape(canvas *image.RGBA, cell image.Rectangle, glyph rune, with color.RGBA) bool {
	if line, ok := boxLines[glyph]; ok {
		drawLines(canvas, cell, line, with)
		return true
	}
	middle := (cell.Min.Y + cell.Max.Y) / 2
	switch {
	case glyph == '█':
		fill(canvas, cell, with)
	case glyph == '▀':
		fill(canvas, image.Rect(cell.Min.X, cell.Min.Y, cell.Max.X, middle), with)
	case glyph == '▄':
		fill(canvas, image.Rect(cell.Min.X, middle, cell.Max.X, cell.Max.Y), with)
	case glyph == '▌':
		fill(canvas, image.Rect(cell.Min.X, cell.Min.Y, cell.Min.X+3, cell.Max.Y), with)
	case glyph == '░':
		drawShade(canvas, cell, with)
	case glyph >= brailleFirst && glyph <= brailleLast:
		drawBraille(canvas, cell, glyph, with)
	default:
		return false
	}
	return true
}

// drawLines draws the arms, one pixel wide, from the middle to the borders.
func drawLines(canvas *image.RGBA, cell image.Rectangle, line arms, with color.RGBA) {
	x, y := (cell.Min.X+cell.Max.X)/2, (cell.Min.Y+cell.Max.Y)/2
	if line.round {
		drawCorner(canvas, cell, line, with)
		return
	}
	if line.left {
		fill(canvas, image.Rect(cell.Min.X, y, x+1, y+1), with)
	}
	if line.right {
		fill(canvas, image.Rect(x, y, cell.Max.X, y+1), with)
	}
	if line.up {
		fill(canvas, image.Rect(x, cell.Min.Y, x+1, y+1), with)
	}
	if line.down {
		fill(canvas, image.Rect(x, y, x+1, cell.Max.Y), with)
	}
}

// drawCorner draws a quarter circle between the two arms and the straight rest.
func drawCorner(canvas *image.RGBA, cell image.Rectangle, line arms, with color.RGBA) {
	const radius = cellWidth / 2
	x, y := (cell.Min.X+cell.Max.X)/2, (cell.Min.Y+cell.Max.Y)/2
	centreX, centreY := x+radius, y+radius
	if line.left {
		centreX = x - radius
	}
	if line.up {
		centreY = y - radius
	}
	for py := min(y, centreY); py <= max(y, centreY); py++ {
		for px := min(x, centreX); px <= max(x, centreX); px++ {
			off := math.Abs(math.Hypot(float64(px-centreX), float64(py-centreY)) - radius)
			if image.Pt(px, py).In(cell) && off < 1 {
				blend(canvas, px, py, with, 1-off)
			}
		}
	}
	if line.down {
		fill(canvas, image.Rect(x, centreY, x+1, cell.Max.Y), with)
	} else {
		fill(canvas, image.Rect(x, cell.Min.Y, x+1, centreY+1), with)
	}
}

func blend(canvas *image.RGBA, x, y int, with color.RGBA, share float64) {
	under := canvas.RGBAAt(x, y)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-share) + float64(b)*share)) }
	canvas.SetRGBA(x, y, color.RGBA{mix(under.R, with.R), mix(under.G, with.G), mix(under.B, with.B), 0xFF})
}

// drawShade sets every fourth pixel, in step from cell to cell.
func drawShade(canvas *image.RGBA, cell image.Rectangle, with color.RGBA) {
	for y := cell.Min.Y; y < cell.Max.Y; y += 2 {
		for x := cell.Min.X + y/2%2*2; x < cell.Max.X; x += 4 {
			canvas.SetRGBA(x, y, with)
		}
	}
}

// The Braille patterns; the font has none of them.
const (
	brailleFirst = 0x2800
	brailleLast  = 0x28FF
)

// brailleDots are column and row of each bit (Unicode, Braille patterns).
var brailleDots = [8]image.Point{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}}

func drawBraille(canvas *image.RGBA, cell image.Rectangle, glyph rune, with color.RGBA) {
	const dot, firstX, firstY, stepX, stepY = 2, 2, 3, 4, 4
	for bit, at := range brailleDots {
		if glyph&(1<<bit) != 0 {
			x, y := cell.Min.X+firstX+at.X*stepX, cell.Min.Y+firstY+at.Y*stepY
			fill(canvas, image.Rect(x, y, x+dot, y+dot), with)
		}
	}
}
