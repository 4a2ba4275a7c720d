package paper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simprinter/paper"
)

// all is the whole print area with an alignment.
func all(align paper.Align) paper.Area { return paper.Area{Width: paper.DotsWide, Align: align} }

// write makes a line of characters, one after the other.
func write(t *testing.T, text string, style paper.Style) paper.Line {
	t.Helper()
	glyphs, err := paper.NewGlyphs()
	require.NoError(t, err)
	line := paper.Line{}
	for _, r := range text {
		mark := paper.Mark{X: line.Width(), Dots: glyphs.Cell(r, style), Text: string(r), Pitch: style.Font.Width()}
		line.Marks = append(line.Marks, mark)
	}
	return line
}

// block is a rectangle full of ink.
func block(width, height int) paper.Dots { return paper.NewDots(width, height).Inverted() }

// inkBox is the smallest rectangle of the sheet's picture with all ink in it, in
// dots of the head and rows of the sheet.
func inkBox(sheet *paper.Sheet) (left, top, right, bottom int) {
	picture := sheet.Picture(false)
	left, top = picture.Rect.Dx(), picture.Rect.Dy()
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			if picture.ColorIndexAt(x, y) == 1 {
				left, top, right, bottom = min(left, x), min(top, y), max(right, x+1), max(bottom, y+1)
			}
		}
	}
	return left - paper.Margin, top - paper.Edge, right - paper.Margin, bottom - paper.Edge
}

func TestFontsHaveTheCellsOfThePrinter(t *testing.T) {
	glyphs, err := paper.NewGlyphs()
	require.NoError(t, err)
	for _, c := range []struct {
		style         paper.Style
		width, height int
	}{
		{paper.Plain, 12, 24},
		{paper.Style{Font: paper.FontB, Width: 1, Height: 1}, 9, 17},
		{paper.Style{Width: 2, Height: 3}, 24, 72},
		{paper.Style{Width: 1, Height: 1, Turned: true}, 24, 12},
		{paper.Style{Font: paper.FontB, Width: 8, Height: 8, Bold: true}, 72, 136},
	} {
		dots := glyphs.Cell('Ç', c.style)
		require.Equal(t, [2]int{c.width, c.height}, [2]int{dots.Width, dots.Height})
	}
	require.Equal(t, 48, paper.DotsWide/paper.FontA.Width())
	require.Equal(t, 64, paper.DotsWide/paper.FontB.Width())
}

func TestLargeCharactersAreTheSmallOnesScaled(t *testing.T) {
	glyphs, err := paper.NewGlyphs()
	require.NoError(t, err)
	small, large := glyphs.Cell('R', paper.Plain), glyphs.Cell('R', paper.Style{Width: 2, Height: 2})
	for y := range large.Height {
		for x := range large.Width {
			require.Equal(t, small.At(x/2, y/2), large.At(x, y))
		}
	}
}

func TestEveryStyleChangesTheDots(t *testing.T) {
	glyphs, err := paper.NewGlyphs()
	require.NoError(t, err)
	plain := glyphs.Cell('a', paper.Plain)
	styles := map[string]paper.Style{
		"bold":      {Width: 1, Height: 1, Bold: true},
		"underline": {Width: 1, Height: 1, Underline: 2},
		"invert":    {Width: 1, Height: 1, Invert: true},
	}
	for name, style := range styles {
		require.NotEqual(t, plain, glyphs.Cell('a', style), name)
	}
	require.Equal(t, plain, glyphs.Cell('a', paper.Plain), "a style leaves no trace")
	underlined := glyphs.Cell(' ', styles["underline"])
	require.True(t, underlined.At(0, 22))
	require.True(t, underlined.At(11, 23))
	require.False(t, underlined.At(0, 21))
	require.True(t, glyphs.Cell(' ', styles["invert"]).At(5, 5))
}

func TestTurningFourTimesChangesNothing(t *testing.T) {
	dots := paper.FromBits([]byte{0x80, 0x40, 0xE0}, 3, 3)
	require.True(t, dots.Turned().At(2, 0), "the left upper corner goes to the right")
	require.Equal(t, dots, dots.Turned().Turned().Turned().Turned())
	require.Equal(t, dots.UpsideDown(), dots.Turned().Turned())
	require.Equal(t, dots, dots.Inverted().Inverted())
}

func TestLineStandsWhereItIsAligned(t *testing.T) {
	for align, want := range map[paper.Align][2]int{paper.Left: {0, 100}, paper.Centre: {238, 338}, paper.Right: {476, 576}} {
		sheet := paper.NewSheet()
		sheet.Place(block(100, 10), all(align), "")
		left, top, right, bottom := inkBox(sheet)
		require.Equal(t, want, [2]int{left, right})
		require.Equal(t, [2]int{paper.CutterDistance, paper.CutterDistance + 10}, [2]int{top, bottom})
	}
}

func TestNothingIsPrintedOutsideOfTheArea(t *testing.T) {
	sheet := paper.NewSheet()
	sheet.Place(block(400, 5), paper.Area{Left: 100, Width: 50}, "")
	left, _, right, _ := inkBox(sheet)
	require.Equal(t, [2]int{100, 150}, [2]int{left, right})
}

func TestLineSpacingIsTheLeastAdvance(t *testing.T) {
	sheet := paper.NewSheet()
	sheet.Print(write(t, "pao", paper.Plain), all(paper.Left), 34)
	require.Equal(t, paper.CutterDistance+34, sheet.Height())
	sheet.Print(write(t, "pao", paper.Style{Width: 1, Height: 2}), all(paper.Left), 34)
	require.Equal(t, paper.CutterDistance+34+48, sheet.Height())
	sheet.Feed(10)
	require.Equal(t, paper.CutterDistance+34+48+10, sheet.Height())
}

func TestTextKeepsItsColumns(t *testing.T) {
	double := paper.Style{Width: 2, Height: 2}
	total := write(t, "TOTAL", double)
	amount := write(t, "9,90", paper.Plain)
	for i := range amount.Marks {
		amount.Marks[i].X += 44 * 12
	}
	sheet := paper.NewSheet()
	sheet.Print(paper.Line{Marks: append(total.Marks, amount.Marks...)}, all(paper.Left), 34)
	sheet.Print(write(t, "meio", paper.Plain), all(paper.Centre), 34)
	sheet.Print(write(t, "miúdo fim", paper.Style{Font: paper.FontB, Width: 1, Height: 1}), all(paper.Right), 34)
	sheet.BlankLine()
	sheet.Place(block(48, 8), all(paper.Right), "[x]")
	require.Equal(t, "T O T A L                                   9,90\n"+
		"                      meio\n"+
		"                                                       miúdo fim\n"+
		"\n"+
		"                                            [x]\n"+
		"[corte parcial]\n", sheet.Text(true))
}

func TestUpsideDownLineIsTheLineTurned(t *testing.T) {
	upright, turned := paper.NewSheet(), paper.NewSheet()
	line := write(t, "L", paper.Plain)
	upright.Print(line, all(paper.Left), 24)
	line.UpsideDown = true
	turned.Print(line, all(paper.Left), 24)
	a, b := upright.Picture(false), turned.Picture(false)
	for y := range 24 {
		for x := range 12 {
			require.Equal(t,
				a.ColorIndexAt(paper.Margin+x, paper.Edge+paper.CutterDistance+y),
				b.ColorIndexAt(paper.Margin+11-x, paper.Edge+paper.CutterDistance+23-y))
		}
	}
}

func TestPictureHasMarginsAndTornEdges(t *testing.T) {
	sheet := paper.NewSheet()
	sheet.Feed(80)
	for _, partial := range []bool{false, true} {
		picture := sheet.Picture(partial)
		require.Equal(t, paper.DotsWide+2*paper.Margin, picture.Rect.Dx())
		require.Equal(t, paper.CutterDistance+80+2*paper.Edge, picture.Rect.Dy())
		outside := map[string]int{}
		for x := range picture.Rect.Dx() {
			for y := range picture.Rect.Dy() {
				if picture.ColorIndexAt(x, y) == 2 {
					switch {
					case y < paper.Edge:
						outside["above"]++
					case y >= picture.Rect.Dy()-paper.Edge:
						outside["below"]++
					default:
						t.Fatalf("the paper has a hole at %d, %d", x, y)
					}
				}
			}
		}
		require.Equal(t, partial, outside["below"] < outside["above"], "a partial cut leaves a tab")
	}
}

func TestEndlessPaperIsNotKept(t *testing.T) {
	sheet := paper.NewSheet()
	for range 200 {
		sheet.Print(paper.Line{}, all(paper.Left), 255)
		sheet.Place(block(8, 8), all(paper.Left), "")
	}
	require.True(t, sheet.Full())
	require.Equal(t, 24_000, sheet.Height())
}
