package receipt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/printer/receipt"
)

// tabled is a row of a table: a label and its figures.
func tabled(label string, figures ...string) receipt.Columns {
	row := receipt.Columns{Cells: []receipt.Cell{{Text: label}}}
	for _, figure := range figures {
		row.Cells = append(row.Cells, receipt.Cell{Text: figure})
	}
	return row
}

func TestFiguresOfATableEndBelowEachOther(t *testing.T) {
	sum := tabled("= Esperado", "", "647,30")
	sum.Indent = 2
	require.Equal(t, []string{
		"Sangrias          (3)  -1.500,00",
		"Suprimentos      (12)     100,00",
		"  = Esperado              647,30",
		"Vendas em dinheiro      1.847,30",
		"GAVETA",
	}, lines(narrow, receipt.Table{Rows: []receipt.Columns{
		tabled("Sangrias", "(3)", "-1.500,00"), tabled("Suprimentos", "(12)", "100,00"), sum,
		tabled("Vendas em dinheiro", "", "1.847,30"), tabled("GAVETA"),
	}}))
	require.Empty(t, lines(narrow, receipt.Table{}))
}

func TestColumnOfATableDropsWholeAndOnlyWhenItMust(t *testing.T) {
	table := func(cash string) receipt.Table {
		head := tabled("FORMA", "QTD", "SISTEMA", "CONTADO", "DIFER.")
		head.Cells[3].Fit, head.Cells[4].Fit = receipt.Drop, receipt.Drop
		return receipt.Table{Rows: []receipt.Columns{
			head, tabled("Dinheiro", "41", cash, "1.842,30", "-5,00"), tabled("Pix", "52", "976,55"),
		}}
	}
	require.Equal(t, []string{
		"FORMA              QTD   SISTEMA   CONTADO  DIFER.",
		"Dinheiro            41  1.847,30  1.842,30   -5,00",
		"Pix                 52    976,55",
	}, lines(receipt.Profile{Columns: 50}, table("1.847,30")))
	require.Equal(t, []string{
		"FORMA      QTD   SISTEMA  DIFER.",
		"Dinheiro    41  1.847,30   -5,00",
		"Pix         52    976,55",
	}, lines(narrow, table("1.847,30")))
	require.Equal(t, []string{
		"FORMA        QTD         SISTEMA",
		"Dinheiro      41  123.456.847,30",
		"Pix           52          976,55",
	}, lines(narrow, table("123.456.847,30")))
}

func TestRowsOfATableThatIsTooWideStandAlone(t *testing.T) {
	require.Equal(t, []string{
		"Amaciante",
		"de roupas    1  1.234.567.890,12",
		"Pix     1.234.567  33.234.567,89",
	}, lines(narrow, receipt.Table{Rows: []receipt.Columns{
		tabled("Amaciante de roupas", "1", "1.234.567.890,12"), tabled("Pix", "1.234.567", "33.234.567,89"),
	}}))
}

func TestNoRowOfATableIsWiderThanThePaperAndNoFigureIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		profile := rapid.SampledFrom([]receipt.Profile{wide, narrow}).Draw(t, "profile")
		figure := rapid.StringMatching(`|\(\d{1,3}\)|-?\d{1,3}(\.\d{3}){0,3},\d{2}`)
		var table receipt.Table
		all := ""
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			row := tabled(rapid.String().Draw(t, "label"), rapid.SliceOfN(figure, 0, 4).Draw(t, "figures")...)
			row.Indent = rapid.IntRange(0, 4).Draw(t, "indent")
			table.Rows = append(table.Rows, row)
			for _, cell := range row.Cells {
				all += receipt.Clean(cell.Text)
			}
		}
		shown := ""
		for _, row := range receipt.Layout(receipt.Document{table}, profile).Rows {
			line := joined(row.(receipt.Text))
			require.LessOrEqual(t, receipt.Width(line), profile.Columns)
			shown += line
		}
		require.ElementsMatch(t, strings.Split(squeezed(all), ""), strings.Split(squeezed(shown), ""))
		for _, row := range table.Rows {
			for _, cell := range row.Cells[1:] {
				require.Contains(t, shown, cell.Text, "a figure is never broken")
			}
		}
	})
}
