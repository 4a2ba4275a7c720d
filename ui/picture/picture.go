// Package picture turns a grid into a PNG, for the documents and for eyes.
//
// Letters come from DejaVu Sans Mono; box lines and blocks are drawn as geometry,
// so that they join from cell to cell as on a terminal. It knows no screen and no
// terminal. Start with [PNG].
package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"sync"

	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-fonts/dejavu/dejavusansmonobold"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"balcao/ui/theme"
	"balcao/ui/widget"
)

// Measures of the picture, in pixels. The advance of DejaVu Sans Mono is 0.602 of
// its size, so a size of 16.6 fills a cell of 10.
const (
	cellWidth  = 10
	cellHeight = 20
	margin     = 12
	baseline   = 15
	fontSize   = 16.6
	fontDPI    = 72
)

// Colours for what a theme leaves to the terminal.
var (
	terminalForeground = color.RGBA{0xE8, 0xEE, 0xF4, 0xFF}
	terminalBackground = color.RGBA{0x0D, 0x11, 0x17, 0xFF}
)

type faces struct{ regular, bold font.Face }

var loadFaces = sync.OnceValues(func() (faces, error) {
	regular, err := face(dejavusansmono.TTF)
	if err != nil {
		return faces{}, err
	}
	bold, err := face(dejavusansmonobold.TTF)
	return faces{regular, bold}, err
})

func face(data []byte) (font.Face, error) {
	parsed, err := opentype.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	made, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: fontSize, DPI: fontDPI, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("scale font: %w", err)
	}
	return made, nil
}

// faceMutex guards the faces, which draw for one picture at a time.
var faceMutex sync.Mutex

// PNG draws the grid under a theme that has colours of its own.
func PNG(grid *widget.Grid, look *theme.Theme) ([]byte, error) {
	fonts, err := loadFaces()
	if err != nil {
		return nil, err
	}
	faceMutex.Lock()
	defer faceMutex.Unlock()
	width, height := grid.Size()
	canvas := image.NewRGBA(image.Rect(0, 0, width*cellWidth+2*margin, height*cellHeight+2*margin))
	page := look.Style(theme.On(theme.Page, theme.Text))
	fill(canvas, canvas.Bounds(), pixel(page.Background, terminalBackground))
	for y := range height {
		for x := range width {
			drawCell(canvas, fonts, look, grid.At(x, y), margin+x*cellWidth, margin+y*cellHeight)
		}
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, canvas); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return encoded.Bytes(), nil
}

func drawCell(canvas *image.RGBA, fonts faces, look *theme.Theme, cell widget.Cell, left, top int) {
	if cell.Width == 0 {
		return
	}
	style := look.Style(cell.Role)
	over, under := pixel(style.Foreground, terminalForeground), pixel(style.Background, terminalBackground)
	if style.Reverse {
		over, under = under, over
	}
	area := image.Rect(left, top, left+cellWidth*int(cell.Width), top+cellHeight)
	fill(canvas, area, under)
	glyph := look.Glyph(cell.Rune)
	if glyph == ' ' || drawShape(canvas, area, glyph, over) {
		return
	}
	drawer := font.Drawer{Dst: canvas, Src: image.NewUniform(over), Face: fonts.regular, Dot: fixed.P(left, top+baseline)}
	if style.Bold {
		drawer.Face = fonts.bold
	}
	drawer.DrawString(string(glyph))
}

func pixel(wanted theme.Color, otherwise color.RGBA) color.RGBA {
	red, green, blue, ok := wanted.Components()
	if !ok {
		return otherwise
	}
	return color.RGBA{red, green, blue, 0xFF}
}

func fill(canvas *image.RGBA, area image.Rectangle, with color.RGBA) {
	draw.Draw(canvas, area, image.NewUniform(with), image.Point{}, draw.Src)
}
