package printer_test

import (
	"time"

	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
)

// smallSale is one coffee, paid in cash.
func smallSale() device.PrintJob {
	at := time.Date(2026, 11, 23, 14, 32, 7, 0, time.FixedZone("", -3*60*60))
	return device.PrintJob{
		ID: "01M84QEJ5Y7K3N9V2T6B8D4CE7", Documents: []device.Document{device.SaleReceipt}, Copy: 1,
		Store: device.Store{Name: "MERCADO BOA VISTA", Address: "Rua das Flores, 120 - Curitiba/PR", TaxID: "12345678000195", Till: "03"},
		Sale: &sale.Paid{
			Order: sale.Order{
				SaleNumber: 184_213,
				Lines:      []sale.Line{{Description: "CAFÉ", Unit: "un", Quantity: money.One, UnitPrice: 5_0000, Total: 5_00}},
				Totals:     sale.Totals{Items: 5_00, Total: 5_00},
			},
			Tenders: []sale.Tender{{Method: "cash", Amount: 5_00, Tendered: 10_00, Change: 5_00}},
			Receipt: 9_071, PaidAt: at, OperatorID: "214", OperatorName: "MARIA S.",
		},
	}
}

// splitSale has discounts, the customer's CPF and two tenders.
func splitSale() device.PrintJob {
	job := smallSale()
	order := &job.Sale.Order
	order.TaxID = "52998224725"
	order.Lines[0].Discount, order.Lines[0].Total = 50, 4_50
	order.Totals = sale.Totals{Items: 4_50, Discounts: 20, Total: 4_30}
	job.Sale.Tenders = []sale.Tender{
		{Method: "pix", Amount: 4_00},
		{Method: "cash", Amount: 30, Tendered: 10_00, Change: 9_70},
	}
	return job
}

// daySheets are the papers of a day that are no receipts, in one job.
func daySheets() device.PrintJob {
	job := smallSale()
	at, lines := job.Sale.PaidAt, job.Sale.Order.Lines
	job.Documents = []device.Document{device.CancelledSale, device.CashSlip, device.XReport, device.ZReport}
	job.Cancelled = &device.Cancelled{
		Number: 184_214, At: at, Lines: lines, Total: 5_00,
		OperatorID: "214", OperatorName: "MARIA S.", ApproverID: "101", Reason: "Cliente desistiu da compra e não voltou mais ao caixa",
	}
	job.Movement = &device.Movement{
		Type: shift.Sangria, Amount: 1_500_00, At: at, OperatorID: "214", OperatorName: "MARIA S.", ApproverID: "101", Reason: "Depósito no cofre",
	}
	session := shift.Session{
		OperatorID: "214", OperatorName: "MARIA S.", BusinessDate: "2026-11-23", OpenedAt: at.Add(-6 * time.Hour), FirstSeq: 41_207,
		Counts: []shift.Count{{Counted: 642_30}},
	}
	session.Sums = session.Sums.Move(shift.Float, 200_00).Move(shift.Suprimento, 100_00).Move(shift.Sangria, 1_500_00).
		Sell(9_001, 14_352_15, 213_15).Pay("cash", 1_847_30).Pay("credit", 12_291_70)
	report := session.Report(at.Add(8*time.Hour), 43_018, shift.Pending{Attempts: []string{"01M84QE…E7", "01M85AB…K2"}, Queue: 3})
	report.Number, report.ChainHead = 1_487, "618f61aa44e4cf7964e2fc85e3700f648bf3d8e10455e19a7482ba6c873832cd"
	job.Report = &report
	return job
}
