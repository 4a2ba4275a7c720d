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
	"balcao/terminal/shift"
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

// dayClose is a Z of a day that ends five reais short, behind the slip of the cash
// that was taken out.
func dayClose() device.PrintJob {
	job := reprint()
	job.Documents, job.Copy, job.Sale = []device.Document{device.CashSlip, device.ZReport}, 1, nil
	opened := time.Date(2026, 11, 23, 8, 1, 12, 0, job.CopiedAt.Location())
	job.Movement = &device.Movement{
		Type: shift.Sangria, Amount: 1_500_00, At: opened.Add(8 * time.Hour),
		OperatorID: "214", OperatorName: "MARIA S.", ApproverID: "101", Reason: "Depósito no cofre",
	}
	session := shift.Session{
		OperatorID: "214", OperatorName: "MARIA S.", BusinessDate: "2026-11-23", OpenedAt: opened, FirstSeq: 41_207,
		Counts: []shift.Count{{Counted: 642_30}},
	}
	session.Sums = session.Sums.Move(shift.Float, 200_00).Move(shift.Suprimento, 100_00).Move(shift.Sangria, 1_500_00).
		Sell(9_001, 14_352_15, 213_15).Pay("cash", 1_847_30).Pay("credit", 12_291_70)
	report := session.Report(opened.Add(14*time.Hour), 43_018, shift.Pending{Attempts: []string{"01M84QE…E7"}, Queue: 3})
	report.Number, report.ChainHead = 1_487, "618f61aa44e4cf7964e2fc85e3700f648bf3d8e10455e19a7482ba6c873832cd"
	job.Report = &report
	return job
}

func TestPapersReadAsTheyAre(t *testing.T) {
	for name, job := range map[string]device.PrintJob{"receipt": reprint(), "close": dayClose()} {
		for _, tag := range []text.Tag{text.Portuguese, text.English} {
			for suffix, profile := range map[string]receipt.Profile{"48": wide, "32": narrow} {
				t.Run(name+" "+string(tag)+" "+suffix, func(t *testing.T) {
					document, err := receipt.Build(job, text.In(tag))
					require.NoError(t, err)
					golden.Equal(t, "testdata/"+name+"."+string(tag)+"."+suffix+".txt", preview.Text(receipt.Layout(document, profile)))
				})
			}
		}
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
