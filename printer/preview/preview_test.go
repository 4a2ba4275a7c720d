package preview_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/printer/preview"
	"balcao/printer/receipt"
	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/sale"
	"balcao/terminal/text"
)

var (
	wide   = receipt.Profile{Columns: 48, Dots: 576, DotsPerInch: 203}
	narrow = receipt.Profile{Columns: 32, Dots: 384, DotsPerInch: 203}
)

// reprint is a cash sale whose receipt is printed for the second time.
func reprint() device.PrintJob {
	curitiba := time.FixedZone("", -3*60*60)
	lines := []sale.Line{
		{Description: "PÃO FRANCÊS", Unit: "kg", Quantity: 845, UnitPrice: 16_9000, Total: 14_28},
		{Description: "CAFÉ TORRADO E MOÍDO EXTRAFORTE, EMBALAGEM A VÁCUO 500G", Unit: "un", Quantity: 2 * money.One, UnitPrice: 18_9000, Total: 37_80},
	}
	return device.PrintJob{
		Documents: []device.Document{device.SaleReceipt}, Copy: 2, CopiedAt: time.Date(2026, 11, 24, 9, 5, 0, 0, curitiba),
		Store: device.Store{Name: "MERCADO BOA VISTA", Address: "Rua das Flores, 120 - Curitiba/PR", TaxID: "12345678000195", Till: "03"},
		Sale: &sale.Paid{
			Order:   sale.Order{SaleNumber: 184_213, Lines: lines, Totals: sale.Totals{Items: 52_08, Total: 52_08}},
			Tenders: []sale.Tender{{Method: "cash", Amount: 52_08, Tendered: 60_00, Change: 7_92}},
			Receipt: 9_071, PaidAt: time.Date(2026, 11, 23, 14, 32, 7, 0, curitiba), OperatorID: "214", OperatorName: "MARIA S.",
		},
	}
}

func TestReceiptReadsAsOnPaper(t *testing.T) {
	for name, look := range map[string]struct {
		profile receipt.Profile
		tag     text.Tag
	}{
		"receipt.pt-BR.48": {wide, text.Portuguese}, "receipt.pt-BR.32": {narrow, text.Portuguese},
		"receipt.en.48": {wide, text.English}, "receipt.en.32": {narrow, text.English},
	} {
		t.Run(name, func(t *testing.T) {
			document, err := receipt.Build(reprint(), text.In(look.tag))
			require.NoError(t, err)
			golden.Equal(t, "testdata/"+name+".txt", preview.Text(receipt.Layout(document, look.profile)))
		})
	}
}

func TestEveryBlockShowsItself(t *testing.T) {
	document := receipt.Document{
		receipt.Pulse{},
		receipt.Line{Text: "à direita", Align: receipt.Right},
		receipt.Space{Lines: 2},
		receipt.QR{Data: "https://example.com/p?1"},
		receipt.Image{Width: 8, Height: 1, Dots: []byte{1}},
		receipt.Cut{},
		receipt.Cut{Full: true},
	}
	require.Equal(t, ""+
		"                       à direita\n"+
		"\n\n"+
		"[QR 25x25 \"https://example.com/p?1\"]\n"+
		"             [8x1]\n"+
		"    - - - - -  8<  - - - - -\n"+
		"  -----------  8<  -----------\n", preview.Text(receipt.Layout(document, narrow)))
}
