package escpos_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/internal/golden"
	"balcao/printer/escpos"
	"balcao/printer/receipt"
	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
	"balcao/terminal/text"
)

// setUp is how every job begins: ESC @, FS ., ESC t 2, ESC R 0.
const setUp = "1B401C2E1B74021B5200"

func hexUpper(data []byte) string { return strings.ToUpper(hex.EncodeToString(data)) }

func profile(t testing.TB, name string) escpos.Profile {
	t.Helper()
	found, err := escpos.ProfileNamed(name)
	require.NoError(t, err)
	return found
}

// silent is a profile that asks for no confirmation, so that bytes end with the page.
func silent(t testing.TB) escpos.Profile { return profile(t, "generic-80") }

// encoded is what rows become behind the set-up.
func encoded(t testing.TB, rows ...receipt.Row) []byte {
	t.Helper()
	made, _ := escpos.Encode(receipt.Page{Columns: 48, Rows: rows}, silent(t), "job")
	begin := unhex(t, setUp)
	require.True(t, bytes.HasPrefix(made, begin))
	return made[len(begin):]
}

func textRow(words string) receipt.Text { return receipt.Text{Runs: []receipt.Run{{Text: words}}} }

// textBytes is what a text becomes, without its line feed.
func textBytes(t testing.TB, words string) []byte {
	t.Helper()
	made := encoded(t, textRow(words))
	require.Equal(t, byte('\n'), made[len(made)-1])
	return made[:len(made)-1]
}

func TestCommandsOfAReceiptAreThoseOfTheCommandList(t *testing.T) {
	for name, want := range map[string]struct {
		rows []receipt.Row
		hex  string
	}{
		"bold and back": {
			[]receipt.Row{receipt.Text{Runs: []receipt.Run{{Text: "a"}, {Text: "b", Bold: true}, {Text: "c"}}}},
			"61" + "1B4501" + "62" + "1B4500" + "63" + "0A",
		},
		"style is set when it changes": {
			[]receipt.Row{
				receipt.Text{Align: receipt.Centre, Double: true, Runs: []receipt.Run{{Text: "a"}}},
				receipt.Text{Align: receipt.Centre, Double: true, Runs: []receipt.Run{{Text: "b"}}},
				textRow("c"),
			},
			"1B6101" + "1D2111" + "610A" + "620A" + "1B6100" + "1D2100" + "630A",
		},
		"space":       {[]receipt.Row{receipt.Space{Lines: 3}}, "1B6403"},
		"long space":  {[]receipt.Row{receipt.Space{Lines: 300}}, "1B64FF" + "1B642D"},
		"partial cut": {[]receipt.Row{receipt.Cut{}}, "1D564200"},
		"full cut":    {[]receipt.Row{receipt.Cut{Full: true}}, "1D564100"},
		"drawer":      {[]receipt.Row{receipt.Pulse{}}, "1B700019FA"},
		"EAN-13 of 8 mm, digits below": {
			[]receipt.Row{receipt.Barcode{Digits: "2000001842133"}},
			"1B6101" + "1D7703" + "1D683F" + "1D4802" + "1D6600" + "1D6B02" + "32303030303031383432313333" + "00",
		},
		"QR, model 2, level M": {
			[]receipt.Row{receipt.QRCode{Data: "A1", Level: receipt.LevelM, Modules: 21, Dots: 6}},
			"1B6101" + "1D286B040031413200" + "1D286B0300314306" + "1D286B0300314531" + "1D286B0500315030" + "4131" + "1D286B0300315130",
		},
		"picture": {
			[]receipt.Row{receipt.Image{Width: 9, Height: 2, Dots: []byte{0xFF, 0xFF, 0x01, 0x80}}},
			"1B6101" + "1D763000" + "0200" + "0200" + "FF800180",
		},
	} {
		require.Equal(t, want.hex, hexUpper(encoded(t, want.rows...)), name)
	}
}

func TestJobEndsWithTheBestQuestionOfItsProfile(t *testing.T) {
	page := receipt.Page{Columns: 48, Rows: []receipt.Row{textRow("x"), receipt.Cut{}}}
	best := profile(t, "epson-80")
	made, report := escpos.Encode(page, best, "job")
	require.Equal(t, escpos.ProcessID("job"), report.ProcessID)
	require.True(t, bytes.HasSuffix(made, append(unhex(t, "1D564200"+"1D28480600"+"3030"), report.ProcessID[:]...)))

	best.Completion = escpos.ByStatus
	made, _ = escpos.Encode(page, best, "job")
	require.True(t, bytes.HasSuffix(made, unhex(t, "1D564200"+"1D7201")))
}

func TestProcessIDsArePrintableAndTellSendingsApart(t *testing.T) {
	seen := map[[4]byte]string{}
	for _, mark := range []string{"01M84QEJ5Y7K3N9V2T6B8D4CE7/1", "01M84QEJ5Y7K3N9V2T6B8D4CE7/2", "01M84QEJ5Y7K3N9V2T6B8D4CE8/1", ""} {
		id := escpos.ProcessID(mark)
		for _, b := range id {
			require.True(t, b >= 0x20 && b <= 0x7E)
		}
		require.Empty(t, seen[id])
		seen[id] = "taken by " + mark
	}
}

func TestUnprintableCharactersAreCountedNeverDropped(t *testing.T) {
	page := receipt.Page{Columns: 48, Rows: []receipt.Row{textRow("TOTAL 12,50 ₿ 日本 ő")}}
	made, report := escpos.Encode(page, silent(t), "job")
	require.Equal(t, "TOTAL 12,50 ? ???? o\n", string(made[len(unhex(t, setUp)):]))
	require.Equal(t, 4, report.Replaced)
}

func TestUnprintableCodesAreWrittenOut(t *testing.T) {
	require.Contains(t, string(encoded(t, receipt.Barcode{Digits: "2000001842130"})), "2000001842130\n")
	require.Contains(t, string(encoded(t, receipt.QRCode{Data: "a\x1Bp"})), "ap\n")
}

func TestUnknownProfileIsNamed(t *testing.T) {
	_, err := escpos.ProfileNamed("epson-90")
	require.ErrorContains(t, err, `"epson-90"`)
	require.ErrorContains(t, err, "epson-80")
}

func TestColumnsStayTrueWhateverTheCharacters(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		words := rapid.String().Draw(r, "words")
		require.Len(t, textBytes(t, words), receipt.Width(receipt.Clean(words)))
	})
}

func TestPicturesNeverHoldARealTimeCommand(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		stride, rows := rapid.IntRange(1, 72).Draw(r, "stride"), rapid.SampledFrom([]int{1, 47, 48, 96, 128, 144, 176, 300}).Draw(r, "rows")
		dots := rapid.SliceOfN(rapid.SampledFrom([]byte{0x10, 0x04, 0x05, 0x14, 0x00, 0xFF}), stride*rows, stride*rows).Draw(r, "dots")
		before := bytes.Clone(dots)
		made := encoded(t, receipt.Image{Width: 8 * stride, Height: rows, Dots: dots})
		for _, command := range []string{"\x10\x04", "\x10\x05", "\x10\x14"} {
			require.NotContains(t, string(made), command)
		}
		require.Equal(t, before, dots, "the page's own picture was changed")
		got := 0
		for made = made[len("\x1Ba\x01"):]; len(made) > 0; {
			require.Equal(t, []byte{0x1D, 'v', '0', 0, byte(stride), 0}, made[:6])
			height := int(made[6]) | int(made[7])<<8
			require.NotZero(t, height%48, "a height that some printers turn into garbage")
			require.LessOrEqual(t, height*stride, len(escpos.Padding()))
			got += height
			made = made[8+height*stride:]
		}
		require.Equal(t, rows, got)
	})
}

// pages are what the golden bytes are made of.
func pages(t testing.TB) map[string]receipt.Document {
	at := time.Date(2026, 11, 23, 14, 32, 7, 0, time.FixedZone("", -3*60*60))
	lines := []sale.Line{
		{Description: "PÃO FRANCÊS", Unit: "kg", Quantity: 845, UnitPrice: 16_9000, Total: 14_28},
		{Description: "CAFÉ TORRADO E MOÍDO 500G", Unit: "un", Quantity: 2 * money.One, UnitPrice: 18_9000, Total: 37_80},
	}
	cash, err := receipt.Build(device.PrintJob{
		ID: "01M84QEJ5Y7K3N9V2T6B8D4CE7", Documents: []device.Document{device.SaleReceipt}, Copy: 1, Drawer: true,
		Store: device.Store{Name: "MERCADO BOA VISTA", Address: "Rua das Flores, 120 - Curitiba/PR", TaxID: "12345678000195", Till: "03"},
		Sale: &sale.Paid{
			Order:   sale.Order{SaleNumber: 184_213, Lines: lines, Totals: sale.Totals{Items: 52_08, Total: 52_08}},
			Tenders: []sale.Tender{{Method: "cash", Amount: 52_08, Tendered: 60_00, Change: 7_92}},
			Receipt: 9_071, PaidAt: at, OperatorID: "214", OperatorName: "MARIA S.",
		},
	}, text.In(text.Portuguese))
	require.NoError(t, err)
	return map[string]receipt.Document{
		"cash": cash, "close": dayClose(t),
		"codes": {
			receipt.Line{Text: "€ “códigos” — 2ª via", Align: receipt.Centre, Bold: true},
			receipt.Space{Lines: 2},
			receipt.Barcode{Digits: "7891234567895"},
			receipt.QR{Data: "https://example.com/p?1", Level: receipt.LevelQ, Millimetres: 25},
			receipt.Image{Width: 16, Height: 2, Dots: []byte{0x10, 0x04, 0xFF, 0x00}},
			receipt.Cut{Full: true},
		},
	}
}

// dayClose is a cancelled sale, cash taken out and a Z, in one job.
func dayClose(t testing.TB) receipt.Document {
	opened := time.Date(2026, 11, 23, 8, 1, 12, 0, time.FixedZone("", -3*60*60))
	session := shift.Session{
		OperatorID: "214", OperatorName: "MARIA S.", BusinessDate: "2026-11-23", OpenedAt: opened, FirstSeq: 41_207,
		Counts: []shift.Count{{Counted: 642_30}},
	}
	session.Sums = session.Sums.Move(shift.Float, 200_00).Move(shift.Suprimento, 100_00).Move(shift.Sangria, 1_500_00).
		Sell(9_001, 14_352_15, 213_15).Pay("cash", 1_847_30).Pay("credit", 12_291_70)
	report := session.Report(opened.Add(14*time.Hour), 43_018, shift.Pending{Attempts: []string{"01M84QE…E7"}, Queue: 3})
	report.Number, report.ChainHead = 1_487, "618f61aa44e4cf7964e2fc85e3700f648bf3d8e10455e19a7482ba6c873832cd"
	made, err := receipt.Build(device.PrintJob{
		ID: "01M84QEJ5Y7K3N9V2T6B8D4CE7", Documents: []device.Document{device.CancelledSale, device.CashSlip, device.ZReport}, Copy: 1,
		Store: device.Store{Name: "MERCADO BOA VISTA", TaxID: "12345678000195", Till: "03"},
		Cancelled: &device.Cancelled{
			Number: 184_213, At: opened, OperatorID: "214", OperatorName: "MARIA S.", ApproverID: "101", Reason: "Cliente desistiu", Total: 10_28,
			Lines: []sale.Line{{Description: "PÃO FRANCÊS", Unit: "kg", Quantity: 845, UnitPrice: 16_9000, Discount: 4_00, Total: 10_28}},
		},
		Movement: &device.Movement{Type: shift.Sangria, Amount: 1_500_00, At: opened, OperatorID: "214", OperatorName: "MARIA S.", Reason: "Depósito no cofre"},
		Report:   &report,
	}, text.In(text.Portuguese))
	require.NoError(t, err)
	return made
}

func TestEveryWordOfTheDaysPapersIsInTheCodePage(t *testing.T) {
	for _, family := range []string{"epson-80", "epson-58"} {
		family := profile(t, family)
		_, report := escpos.Encode(receipt.Layout(dayClose(t), family.Paper), family, "job")
		require.Zero(t, report.Replaced)
	}
}

func TestBytesAreThoseOfTheGoldens(t *testing.T) {
	for name, document := range pages(t) {
		for _, family := range []string{"epson-80", "epson-58"} {
			t.Run(name+" "+family, func(t *testing.T) {
				family := profile(t, family)
				made, _ := escpos.Encode(receipt.Layout(document, family.Paper), family, "job")
				golden.Equal(t, "testdata/"+name+"."+family.Name+".hex", hex.Dump(made))
			})
		}
	}
}
