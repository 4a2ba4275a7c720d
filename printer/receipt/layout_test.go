package receipt_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/printer/receipt"
)

var (
	wide   = receipt.Profile{Columns: 48, Dots: 576, DotsPerInch: 203}
	narrow = receipt.Profile{Columns: 32, Dots: 384, DotsPerInch: 203}
)

// lines lays blocks out and returns the text of every row, style left aside.
func lines(profile receipt.Profile, blocks ...receipt.Block) []string {
	var shown []string
	for _, row := range receipt.Layout(blocks, profile).Rows {
		if row, ok := row.(receipt.Text); ok {
			shown = append(shown, joined(row))
		}
	}
	return shown
}

func joined(row receipt.Text) string {
	var line strings.Builder
	for _, run := range row.Runs {
		line.WriteString(run.Text)
	}
	return line.String()
}

func TestFigureStaysWholeAtTheRightEdgeWhileItsNameWraps(t *testing.T) {
	row := receipt.Columns{Cells: []receipt.Cell{
		{Text: "Amaciante de roupas concentrado", Fit: receipt.Wrap}, {Text: "1.234.567,89", Align: receipt.Right},
	}}
	require.Equal(t, []string{
		"Amaciante de",
		"roupas concentrado  1.234.567,89",
	}, lines(narrow, row))
}

func TestShortFormIsSaidWhenTheLongOneDoesNotFit(t *testing.T) {
	row := receipt.Columns{Cells: []receipt.Cell{
		{Text: "Caixa 03  Venda 184.213", Short: "Cx 03 Venda 184.213"},
		{Text: "23/11/2026 14:32:07", Short: "23/11 14:32", Align: receipt.Right},
	}}
	require.Equal(t, []string{"Caixa 03  Venda 184.213      23/11/2026 14:32:07"}, lines(wide, row))
	require.Equal(t, []string{"Cx 03 Venda 184.213  23/11 14:32"}, lines(narrow, row))
}

func TestCellThatMayDropIsLeftOutWhole(t *testing.T) {
	row := receipt.Columns{Cells: []receipt.Cell{
		{Text: "Débito em conta"}, {Text: "observação longa", Fit: receipt.Drop}, {Text: "1.234,56", Align: receipt.Right},
	}}
	require.Equal(t, []string{"Débito em conta  observação longa       1.234,56"}, lines(wide, row))
	require.Equal(t, []string{"Débito em conta         1.234,56"}, lines(narrow, row))
}

func TestCellsThatCannotStandTogetherStandBelowEachOther(t *testing.T) {
	row := receipt.Columns{Cells: []receipt.Cell{
		{Text: "AID A0000000031010AAAAAAA"}, {Text: "VISA CREDITO", Align: receipt.Right},
	}}
	require.Equal(t, []string{"AID A0000000031010AAAAAAA", "                    VISA CREDITO"}, lines(narrow, row))
}

func TestWrappedCellLeavesItsNeighboursOnItsLastLine(t *testing.T) {
	row := receipt.Columns{Cells: []receipt.Cell{
		{Text: "001"}, {Text: "Arroz branco tipo um, cinco quilos", Fit: receipt.Wrap}, {Text: "27,90", Align: receipt.Right},
	}}
	require.Equal(t, []string{"     Arroz branco tipo", "001  um, cinco quilos      27,90"}, lines(narrow, row))
}

func TestLongWordBreaksHardAndNothingIsLost(t *testing.T) {
	word := strings.Repeat("abcdefghij", 5)
	require.Equal(t, []string{word[:32], word[32:]}, lines(narrow, receipt.Line{Text: word}))
	hanging := lines(narrow, receipt.Line{Text: "001 " + word, Hang: 4})
	require.Equal(t, []string{"001", "    " + word[:28], "    " + word[28:]}, hanging)
}

func TestDoubleWidthHalvesTheCells(t *testing.T) {
	total := func(amount string) []receipt.Row {
		return receipt.Layout(receipt.Document{receipt.Big{Label: "TOTAL R$", Amount: amount}}, narrow).Rows
	}
	row := total("61,70")[0].(receipt.Text)
	require.True(t, row.Double)
	require.Equal(t, "TOTAL R$   61,70", joined(row))

	two := total("123.456,70")
	require.Len(t, two, 2, "label and amount do not fit beside each other")
	require.Equal(t, "      123.456,70", joined(two[1].(receipt.Text)))

	plain := total("12.345.678.901,23")
	require.False(t, plain[0].(receipt.Text).Double, "an amount is never cut: it is printed at normal width")
	require.Equal(t, "TOTAL R$       12.345.678.901,23", joined(plain[0].(receipt.Text)))
}

func TestWidthsCountCharactersAsTheyAreSeen(t *testing.T) {
	composed, decomposed := "pão", "pa\u0303o"
	row := func(name string) receipt.Columns {
		return receipt.Columns{Cells: []receipt.Cell{{Text: name, Fit: receipt.Wrap}, {Text: "1,00", Align: receipt.Right}}}
	}
	require.Equal(t, lines(narrow, row(composed)), lines(narrow, row(decomposed)))
}

func TestDataCannotCarryACommandOrTurnTheLine(t *testing.T) {
	require.Equal(t, "p", receipt.Clean("\x1Bp\x00\x19\x7F\u009B"))
	require.Equal(t, "abc", receipt.Clean("a\u202Eb\u2066\u200B\u200D\uFEFF\u00ADc"))
	require.Equal(t, "a b", receipt.Clean("a\nb"))
	require.Equal(t, "R$ 5,49", receipt.Clean("R$\u00A05,49"))
	require.Equal(t, `- - "x" 'y' ... * EUR`, receipt.Clean("— – “x” ‘y’ … • €"))
	require.Equal(t, "ab\uFFFDcd", receipt.Clean("ab\xffcd"))
}

func TestCleaningTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := receipt.Clean(rapid.String().Draw(t, "text"))
		require.Equal(t, once, receipt.Clean(once))
		for _, r := range once {
			require.False(t, unicode.In(r, unicode.Cc, unicode.Cf), "%U", r)
		}
	})
}

func TestNoLineIsWiderThanThePaperAndNothingOfItIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		profile := rapid.SampledFrom([]receipt.Profile{wide, narrow}).Draw(t, "profile")
		name := rapid.String().Draw(t, "name")
		figure := rapid.StringMatching(`-?[0-9]{1,3}(\.[0-9]{3}){0,3},[0-9]{2}`).Draw(t, "figure")
		block := rapid.SampledFrom([]receipt.Block{
			receipt.Line{Text: name, Hang: 4},
			receipt.Big{Label: name, Amount: figure},
			receipt.Columns{Indent: 4, Cells: []receipt.Cell{{Text: name, Fit: receipt.Wrap}, {Text: figure, Align: receipt.Right}}},
			receipt.Columns{Cells: []receipt.Cell{{Text: name}, {Text: figure, Align: receipt.Right}}},
		}).Draw(t, "block")
		all := ""
		for _, row := range receipt.Layout(receipt.Document{block}, profile).Rows {
			row := row.(receipt.Text)
			limit := profile.Columns
			if row.Double {
				limit /= 2
			}
			require.LessOrEqual(t, receipt.Width(joined(row)), limit)
			all += joined(row)
		}
		require.Contains(t, squeezed(all), squeezed(receipt.Clean(name)))
		if _, isLine := block.(receipt.Line); !isLine {
			require.Contains(t, all, figure, "a figure is never broken")
		}
	})
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

func TestQRIsLargeEnoughForTheLawAndFitsThePaper(t *testing.T) {
	// The address of a fiscal document, 109 characters: 45 modules at level M, of
	// which 4 dots are too small for 25 mm at 203 dpi and 5 are right.
	address := "http://www.fazenda.pr.gov.br/nfce/qrcode?p=41" + strings.Repeat("0", 109-45)
	require.Len(t, address, 109)
	code := receipt.QR{Data: address, Level: receipt.LevelM, Millimetres: 25}
	for _, profile := range []receipt.Profile{wide, narrow} {
		row := receipt.Layout(receipt.Document{code}, profile).Rows[0].(receipt.QRCode)
		require.Equal(t, 45, row.Modules)
		require.Equal(t, 5, row.Dots)
	}
}

func TestQRSizeIsThatOfAnIndependentEncoder(t *testing.T) {
	for _, length := range []int{1, 17, 18, 60, 200, 500} {
		data := strings.Repeat("a", length)
		other, err := encoder.Encoder_encodeWithoutHint(data, decoder.ErrorCorrectionLevel_M)
		require.NoError(t, err)
		huge := receipt.Profile{Columns: 48, Dots: 4000, DotsPerInch: 203}
		row := receipt.Layout(receipt.Document{receipt.QR{Data: data, Level: receipt.LevelM}}, huge).Rows[0].(receipt.QRCode)
		require.Equal(t, other.GetMatrix().GetWidth(), row.Modules, "%d bytes", length)
	}
}

func TestCodesThatCannotBePrintedAreWrittenOut(t *testing.T) {
	require.Equal(t, []string{"2000001842130"}, lines(wide, receipt.Barcode{Digits: "2000001842130"}), "wrong check digit")
	require.Equal(t, []string{"96385074"}, lines(wide, receipt.Barcode{Digits: "96385074"}), "no EAN-13")
	require.Equal(t, []string{"ação"}, lines(wide, receipt.QR{Data: "ação"}))
	require.Len(t, lines(narrow, receipt.QR{Data: strings.Repeat("x", receipt.QRDataMax), Level: receipt.LevelH}), 32, "too wide for the paper")
}

func TestImageThatDoesNotFitIsLeftOut(t *testing.T) {
	dot := receipt.Image{Width: 1, Height: 1, Dots: []byte{0x80}}
	require.Len(t, receipt.Layout(receipt.Document{dot}, narrow).Rows, 1)
	for _, broken := range []receipt.Image{{}, {Width: 8, Height: 2, Dots: []byte{1}}, {Width: 577, Height: 1, Dots: make([]byte, 73)}} {
		require.Empty(t, receipt.Layout(receipt.Document{broken}, wide).Rows)
	}
}
