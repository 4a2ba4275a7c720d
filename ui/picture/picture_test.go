package picture_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/ui/picture"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// Measures of a cell and of the margin, as the package draws them.
const (
	cellWidth, cellHeight = 10, 20
	margin                = 12
)

// pictured draws lines of text as a picture.
func pictured(t *testing.T, look *theme.Theme, ink theme.Ink, lines ...string) image.Image {
	t.Helper()
	grid := widget.NewGrid(12, len(lines))
	grid.Clear()
	for y, line := range lines {
		grid.Area().Write(0, y, 12, ink, line)
	}
	data, err := picture.PNG(grid, look)
	require.NoError(t, err)
	decoded, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	return decoded
}

func at(picture image.Image, x, y int) color.RGBA {
	return color.RGBAModel.Convert(picture.At(margin+x, margin+y)).(color.RGBA)
}

var (
	noite = theme.Noite(theme.True)
	money = color.RGBA{0x7E, 0xE7, 0x87, 0xFF}
	page  = color.RGBA{0x0D, 0x11, 0x17, 0xFF}
)

func TestPictureIsAsLargeAsItsCells(t *testing.T) {
	drawn := pictured(t, noite, theme.Text, "a", "b", "c")
	require.Equal(t, image.Pt(12*cellWidth+2*margin, 3*cellHeight+2*margin), drawn.Bounds().Size())
}

func TestLinesJoinFromCellToCell(t *testing.T) {
	drawn := pictured(t, noite, theme.Money, "╭─┬─╮", "├─┼─┤", "│ │ │", "╰─┴─╯")
	middle := cellHeight / 2
	for x := cellWidth; x < 4*cellWidth; x++ {
		require.Equal(t, money, at(drawn, x, middle), "top line at %d", x)
		require.Equal(t, money, at(drawn, x, 3*cellHeight+middle), "bottom line at %d", x)
	}
	for y := cellHeight; y < 3*cellHeight; y++ {
		for _, column := range []int{0, 2, 4} {
			require.Equal(t, money, at(drawn, column*cellWidth+cellWidth/2, y), "column %d at %d", column, y)
		}
	}
	require.Equal(t, page, at(drawn, 1, 1), "outside of the corner")
}

func TestRoundCornersReachTheirNeighbours(t *testing.T) {
	drawn := pictured(t, noite, theme.Money, "╭╮", "╰╯")
	middle := cellHeight / 2
	for name, point := range map[string]image.Point{
		"top":    {cellWidth, middle},
		"bottom": {cellWidth, cellHeight + middle},
		"left":   {cellWidth / 2, cellHeight},
		"right":  {cellWidth + cellWidth/2, cellHeight},
	} {
		require.Equal(t, money, at(drawn, point.X, point.Y), name)
	}
}

func TestBlocksFillTheirHalves(t *testing.T) {
	drawn := pictured(t, noite, theme.Money, "█▀▄▌")
	filled := func(x, y int) bool { return at(drawn, x, y) == money }
	require.True(t, filled(0, 0) && filled(9, 19))
	require.True(t, filled(10, 0) && filled(19, 9) && !filled(10, 10))
	require.True(t, filled(20, 10) && filled(29, 19) && !filled(20, 9))
	require.True(t, filled(30, 0) && !filled(35, 0))
}

func TestLettersSpinnerAndShadeLeaveInk(t *testing.T) {
	for _, glyph := range []string{"A", "ç", "✓", "▶", "●", "⏎", "⠹", "░", "×", "…"} {
		drawn := pictured(t, noite, theme.Money.Bold(), glyph)
		inked := 0
		for y := range cellHeight {
			for x := range cellWidth {
				if at(drawn, x, y) != page {
					inked++
				}
			}
		}
		require.Greater(t, inked, 5, glyph)
	}
}

func TestReverseSwapsWhereThereAreNoColours(t *testing.T) {
	drawn := pictured(t, theme.Noite(theme.Mono), theme.Danger, "█ ")
	require.Equal(t, page, at(drawn, 5, 5), "a full block in reverse is the background")
	require.Equal(t, color.RGBA{0xE8, 0xEE, 0xF4, 0xFF}, at(drawn, cellWidth+5, 5))
}
