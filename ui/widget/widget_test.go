package widget_test

import (
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/stretchr/testify/require"

	"balcao/ui/theme"
	"balcao/ui/widget"
)

func blank(width, height int) (*widget.Grid, widget.Area) {
	grid := widget.NewGrid(width, height)
	grid.Clear()
	return grid, grid.Area()
}

func TestCellIsEightBytes(t *testing.T) {
	require.EqualValues(t, 8, unsafe.Sizeof(widget.Cell{}))
}

func TestSameDrawingChangesNothing(t *testing.T) {
	grid, area := blank(80, 24)
	area.Write(0, 0, 10, theme.Text, "CAIXA 03")
	count := func() int { return grid.Changes(func(int, int, widget.Cell) {}) }
	require.Equal(t, 80*24, count(), "the first drawing is whole")
	grid.Clear()
	area.Write(0, 0, 10, theme.Text, "CAIXA 03")
	require.Zero(t, count())
	area.Write(0, 0, 10, theme.Text, "CAIXA 04")
	require.Equal(t, 1, count())
	grid.Invalidate()
	require.Equal(t, 80*24, count(), "after a resize everything is sent")
}

func TestWideRunesStayWhole(t *testing.T) {
	grid, area := blank(6, 1)
	area.Write(0, 0, 6, theme.Text, "漢字x")
	require.Equal(t, "漢字x\n", grid.Text())
	area.Put(1, 0, '!', theme.Text)
	require.Equal(t, " !字x\n", grid.Text(), "writing over the tail blanks the head")
	area.Put(2, 0, '?', theme.Text)
	require.Equal(t, " !? x\n", grid.Text(), "writing over the head blanks the tail")
	area.Write(4, 0, 2, theme.Text, "漢字")
	require.Equal(t, " !? …\n", grid.Text(), "a wide rune that does not fit is cut")
}

func TestCutTextEndsInAnEllipsis(t *testing.T) {
	require.Equal(t, "CAFÉ…", widget.Cut("CAFÉ TORRADO", 5))
	require.Equal(t, "CAFÉ", widget.Cut("CAFE\u0301", 4), "letters are composed first")
	require.Equal(t, "…ADO", widget.CutLeft("CAFÉ TORRADO", 4))
	require.Equal(t, "a b", widget.Clean("a\x1bb"))
	require.Equal(t, []string{"um dois", "três q…"}, widget.Wrap("um dois três quatro", 7, 2))
	require.Empty(t, widget.Wrap("um", 7, 0))
}

func TestFigureIsWholeOrAnEllipsis(t *testing.T) {
	grid, area := blank(8, 2)
	area.WriteRight(0, 0, 8, theme.Text, "1.234,56")
	area.WriteRight(0, 1, 7, theme.Text, "1.234,56")
	require.Equal(t, "1.234,56\n      …\n", grid.Text())
}

func TestNothingLeavesItsArea(t *testing.T) {
	grid, area := blank(20, 6)
	part := area.Part(5, 2, 6, 2)
	part.Write(0, 0, 100, theme.Text, strings.Repeat("漢", 20))
	part.Write(-1, 0, 10, theme.Text, "no")
	part.Write(0, 5, 10, theme.Text, "no")
	widget.Box(part.Part(-3, -3, 99, 99), widget.Frame{Title: strings.Repeat("t", 40), Note: "note"})
	widget.Big(part, theme.Money, "123.456,78")
	for y := range 6 {
		for x := range 20 {
			inside := x >= 5 && x < 11 && y >= 2 && y < 4
			require.True(t, inside || grid.At(x, y).Rune == ' ', "cell %d,%d", x, y)
		}
	}
}

func TestBoxesAndLinesJoin(t *testing.T) {
	grid, area := blank(24, 7)
	frame := widget.Frame{Title: "Venda 7", Note: "1–2", Focus: true}
	area.Surface = theme.Panel
	inside := widget.Box(area, frame)
	require.Equal(t, 22, inside.Width)
	widget.Divide(area, 2, frame)
	widget.Divide(area, 5, frame)
	widget.Split(area, 9, 2, 5, frame)
	require.Equal(t, strings.TrimPrefix(`
╭─ Venda 7 ────── 1–2 ─╮
│                      │
├────────┬─────────────┤
│        │             │
│        │             │
├────────┴─────────────┤
╰──────────────────────╯
`, "\n"), grid.Text())
	require.Equal(t, theme.On(theme.Panel, theme.Text.Bold()), grid.At(3, 0).Role)
	require.Equal(t, theme.On(theme.Panel, theme.Accent), grid.At(0, 0).Role)
}

func TestBigFigureEndsAtTheRightEdge(t *testing.T) {
	grid, area := blank(24, 3)
	widget.Big(area, theme.Money, "279,06")
	require.Equal(t, strings.Join([]string{
		"   ▀▀█ ▀▀█ █▀█   █▀█ █▀▀",
		"   █▀▀   █ ▀▀█ ▄ █ █ █▀█",
		"   ▀▀▀   ▀ ▀▀▀ ▀ ▀▀▀ ▀▀▀", "",
	}, "\n"), grid.Text(), "the figures of the layout reference")
}

func TestFigureTooLargeForItsPlaceIsWrittenPlain(t *testing.T) {
	grid, area := blank(12, 5)
	widget.Huge(area, theme.Money, "1.234,56")
	require.Equal(t, "\n\n    1.234,56\n\n\n", grid.Text())
}

func TestHugeFigureSpansFiveRows(t *testing.T) {
	grid, area := blank(48, 5)
	widget.Huge(area, theme.Money, "9.999,99")
	require.Equal(t, '█', grid.At(1, 0).Rune, "47 columns, as wide as a place of 48 takes")
	require.Equal(t, '█', grid.At(47, 4).Rune)
}

func TestTableMarksItsSelectedLine(t *testing.T) {
	grid, area := blank(30, 4)
	columns := []widget.Column{{Title: "#", Width: 2, Right: true}, {Title: "Nome"}, {Title: "R$", Width: 6, Right: true}}
	widget.Head(area, columns)
	widget.Table(area.Part(0, 1, 30, 3), columns, []widget.Line{
		{Cells: []string{"1", "ARROZ", "27,90"}},
		{Cells: []string{"2", "FEIJÃO CARIOCA TIPO 1 DO SUL", "8,49"}, Selected: true},
	})
	require.Equal(t, strings.TrimPrefix(`
  #  Nome                  R$
  1  ARROZ              27,90
▶ 2  FEIJÃO CARIOCA …    8,49

`, "\n"), grid.Text())
	require.Equal(t, theme.Selected, grid.At(29, 2).Role.Surface())
}

func TestMaskedFieldShowsNoCharacter(t *testing.T) {
	grid, area := blank(12, 1)
	widget.DrawField(area, widget.Field{Text: "1357", Masked: true, Focus: true, Waiting: true})
	require.Equal(t, " ••••▌     …\n", grid.Text())
}

func TestLongEntryShowsItsEnd(t *testing.T) {
	grid, area := blank(10, 1)
	widget.DrawField(area, widget.Field{Text: "3*7896006711130", Focus: true})
	require.Equal(t, " …711130▌\n", grid.Text())
}

func TestStatusBarKeepsTheLights(t *testing.T) {
	right := []widget.Segment{{Text: "● online"}, {Text: "fila 0"}}
	left := []widget.Segment{{Text: "CAIXA 03", Tag: true}, {Text: "Mercado Boa Vista · Loja 012"}, {Text: "Maria S. (214)"}}
	grid, area := blank(80, 1)
	widget.StatusBar(area, left, right)
	require.Equal(t, " CAIXA 03  Mercado Boa Vista · Loja 012 │ Maria S. (214)      ● online │ fila 0\n", grid.Text())
	grid, area = blank(40, 1)
	widget.StatusBar(area, left, right)
	require.Equal(t, " CAIXA 03  Mercado …  ● online │ fila 0\n", grid.Text())
}

func TestKeysStandInSlotsOrInARow(t *testing.T) {
	keys := []widget.KeyCap{
		{Key: "F1", Label: "Ajuda", Surface: theme.Cap},
		{Key: "F8", Label: "PAGAR", Surface: theme.CapGo},
		{Key: "F7", Label: "2ª via", Surface: theme.Cap, Disabled: true},
	}
	grid, area := blank(60, 1)
	widget.KeyBar(area, keys, 0)
	require.Equal(t, " F1  Ajuda   F8  PAGAR    F7  2ª via\n", grid.Text())
	require.Equal(t, theme.Page, grid.At(27, 0).Role.Surface(), "a disabled key has no cap")
	grid, area = blank(60, 1)
	widget.KeyBar(area, keys, 15)
	require.Equal(t, " F1  Ajuda      F8  PAGAR      F7  2ª via\n", grid.Text())
}

func TestProgressShowsItsShare(t *testing.T) {
	grid, area := blank(8, 1)
	widget.Progress(area, 3, 4)
	require.Equal(t, "██████░░\n", grid.Text())
}

func TestScrimDimsWhatTheModalCovers(t *testing.T) {
	grid, area := blank(20, 8)
	area.Write(0, 1, 10, theme.Danger, "atrás")
	area.Write(0, 0, 10, theme.Danger, "acima")
	box, _ := widget.Modal(area.Part(0, 1, 20, 7), 10, 5, widget.Frame{Title: "M", Focus: true})
	require.Equal(t, theme.On(theme.Page, theme.Danger), grid.At(0, 0).Role)
	require.Equal(t, theme.Scrim, grid.At(0, 1).Role.Surface())
	require.Equal(t, 10, box.Width)
	require.Equal(t, theme.Modal, grid.At(9, 4).Role.Surface())
}

func TestRolesAreToldAsRuns(t *testing.T) {
	grid, area := blank(6, 3)
	area.Write(0, 0, 2, theme.Money.Bold(), "ok")
	require.Equal(t, "0: 0-1 Page/Money! 2-5 Page/Text\n1-2: 0-5 Page/Text\n", grid.Roles())
	require.Equal(t, "0: 0-1 bold\n1-2:\n", grid.Attributes(theme.Noite(theme.Mono)))
}

func FuzzWriteNeverCutsSilently(f *testing.F) {
	f.Add("CAFÉ TORRADO", 5)
	f.Add("漢字 e\u0301\x1b[31m\u200b", 3)
	f.Add("\xff\xfe", 1)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if width < 1 || width > 60 || len(text) > 400 {
			return
		}
		clean := widget.Clean(text)
		require.True(t, utf8.ValidString(clean))
		require.Equal(t, clean, widget.Clean(clean))
		for _, cut := range []string{widget.Cut(text, width), widget.CutLeft(text, width)} {
			require.LessOrEqual(t, widget.Columns(cut), width)
			require.True(t, cut == clean || strings.ContainsRune(cut, '…'), "%q cut to %q", text, cut)
		}
		grid, area := blank(width+2, 1)
		used := area.Write(1, 0, width, theme.Text, text)
		require.LessOrEqual(t, used, width)
		require.Equal(t, ' ', grid.At(0, 0).Rune)
		require.Equal(t, ' ', grid.At(width+1, 0).Rune)
	})
}
