package paper

import (
	"fmt"
	"image"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// A Font is one of the printer's two character sizes.
type Font int

// The fonts of an 80 mm printer: 12x24 dots, 48 on a line, and 9x17 dots, 64 on a
// line.
const (
	FontA Font = iota
	FontB
)

// A cell is the room of one character in dots, and how to draw into it: the size
// of Go Mono in pixels whose advance is exactly the width, and the baseline.
type cell struct {
	width, height int
	pixels        float64
	baseline      int
}

var cells = map[Font]cell{
	FontA: {width: 12, height: 24, pixels: 20, baseline: 19},
	FontB: {width: 9, height: 17, pixels: 15, baseline: 14},
}

// Width is the width of one character cell in dots.
func (f Font) Width() int { return cells[f].width }

// Height is the height of one character cell in dots.
func (f Font) Height() int { return cells[f].height }

// inkThreshold is the coverage, of 255, from which a thermal head burns a dot.
const inkThreshold = 112

// A Style is how a character is printed. Width and Height are factors from 1 to 8,
// Underline is the thickness in dots.
type Style struct {
	Font          Font
	Bold          bool
	Underline     int
	Invert        bool
	Turned        bool
	Width, Height int
}

// Plain is the style of a printer that was just switched on.
var Plain = Style{Width: 1, Height: 1}

type glyphKey struct {
	font Font
	bold bool
	r    rune
}

// Glyphs draws characters. It keeps what it drew and is for one goroutine.
type Glyphs struct {
	faces map[bool]map[Font]font.Face
	drawn map[glyphKey]Dots
}

// NewGlyphs reads the fonts, which are part of the program.
func NewGlyphs() (*Glyphs, error) {
	glyphs := &Glyphs{faces: map[bool]map[Font]font.Face{}, drawn: map[glyphKey]Dots{}}
	for bold, data := range map[bool][]byte{false: gomono.TTF, true: gomonobold.TTF} {
		parsed, err := opentype.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("read the printer's font: %w", err)
		}
		glyphs.faces[bold] = map[Font]font.Face{}
		for size, c := range cells {
			options := &opentype.FaceOptions{Size: c.pixels, DPI: 72, Hinting: font.HintingFull}
			face, err := opentype.NewFace(parsed, options)
			if err != nil {
				return nil, fmt.Errorf("size the printer's font: %w", err)
			}
			glyphs.faces[bold][size] = face
		}
	}
	return glyphs, nil
}

// Cell draws one character with everything its style adds.
func (g *Glyphs) Cell(r rune, style Style) Dots {
	plain := g.plain(glyphKey{style.Font, style.Bold, r})
	dots := NewDots(plain.Width, plain.Height)
	dots.Draw(plain, 0, 0)
	for row := range style.Underline {
		for x := range dots.Width {
			dots.Set(x, dots.Height-1-row)
		}
	}
	if style.Invert {
		dots = dots.Inverted()
	}
	dots = dots.Scaled(style.Width, style.Height)
	if style.Turned {
		dots = dots.Turned()
	}
	return dots
}

// plain draws the character once and remembers it.
func (g *Glyphs) plain(key glyphKey) Dots {
	if dots, done := g.drawn[key]; done {
		return dots
	}
	c := cells[key.font]
	mask := image.NewAlpha(image.Rect(0, 0, c.width, c.height))
	drawer := font.Drawer{
		Dst: mask, Src: image.Opaque, Face: g.faces[key.bold][key.font],
		Dot: fixed.P(0, c.baseline),
	}
	drawer.DrawString(string(key.r))
	dots := NewDots(c.width, c.height)
	for y := range c.height {
		for x := range c.width {
			if mask.AlphaAt(x, y).A >= inkThreshold {
				dots.Set(x, y)
			}
		}
	}
	g.drawn[key] = dots
	return dots
}
