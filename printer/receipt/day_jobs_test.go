package receipt_test

import (
	"time"

	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
)

// discounted takes an amount off a line.
func discounted(item sale.Line, off money.Cents) sale.Line {
	item.Discount, item.Total = off, item.Total-off
	return item
}

// discountSale has a discount on a line and one on the whole, the customer's CPF,
// and is paid with two cards, Pix and cash.
func discountSale() device.PrintJob {
	lines := append([]sale.Line(nil), groceries...)
	lines[3] = discounted(lines[3], 4_00)
	job := cardSale()
	job.Documents = []device.Document{device.SaleReceipt}
	job.Sale = paid(lines,
		sale.Tender{PaymentID: job.ID, Method: "credit", Amount: 30_00},
		sale.Tender{PaymentID: "01M84QEJ5Y7K3N9V2T6B8D4CE8", Method: "debit", Amount: 20_00},
		sale.Tender{PaymentID: "01M84QEJ5Y7K3N9V2T6B8D4CE9", Method: "pix", Amount: 22_96},
		sale.Tender{Method: "cash", Amount: 18_00, Tendered: 20_00, Change: 2_00},
	)
	job.Sale.Order.TaxID = "52998224725"
	job.Sale.Order.Totals.Discounts = 2_00
	job.Sale.Order.Totals.Total -= 2_00
	return job
}

// cancelledSale was given up with the approval of a second person.
func cancelledSale() device.PrintJob {
	lines := append([]sale.Line(nil), groceries...)
	lines[3] = discounted(lines[3], 4_00)
	return device.PrintJob{
		ID: jobID, Documents: []device.Document{device.CancelledSale}, Copy: 1, Store: store,
		Cancelled: &device.Cancelled{
			Number: 184_213, At: time.Date(2026, 11, 23, 14, 36, 40, 0, curitiba), Lines: lines, Total: sale.TotalOf(lines),
			OperatorID: "214", OperatorName: "MARIA S.", ApproverID: "101", Reason: "Cliente desistiu: esqueceu a carteira em casa e não quis deixar as compras separadas",
		},
	}
}

// movement is cash that came or went, allowed by a second person.
func movement(kind shift.Movement, amount money.Cents, reason string) device.PrintJob {
	return device.PrintJob{
		ID: jobID, Documents: []device.Document{device.CashSlip}, Copy: 1, Store: store, Drawer: true,
		Movement: &device.Movement{
			Type: kind, Amount: amount, At: time.Date(2026, 11, 23, 16, 5, 0, 0, curitiba),
			OperatorID: "214", OperatorName: "MARIA S.", ApproverID: "101", Reason: reason,
		},
	}
}

// chainHead is the hash of the contract's example of a first fact.
const chainHead = "618f61aa44e4cf7964e2fc85e3700f648bf3d8e10455e19a7482ba6c873832cd"

// session is a full day at the till.
func session() shift.Session {
	return shift.Session{
		ID: jobID, OperatorID: "214", OperatorName: "MARIA S.", BusinessDate: "2026-11-23", FirstSeq: 41_207,
		OpenedAt: time.Date(2026, 11, 23, 8, 1, 12, 0, curitiba),
		Sums: shift.Sums{
			Float: 200_00, In: shift.Tally{Count: 1, Amount: 100_00}, Out: shift.Tally{Count: 3, Amount: 1_500_00},
			Gross: 14_352_15, Sales: 209, Discounts: shift.Tally{Count: 31, Amount: 213_15},
			Cancelled: shift.Tally{Count: 3, Amount: 76_40}, Voided: shift.Tally{Count: 8, Amount: 49_90},
			ByMethod: map[string]shift.Tally{
				"cash": {Count: 41, Amount: 1_847_30}, "debit": {Count: 66, Amount: 4_029_15}, "credit": {Count: 45, Amount: 4_401_30},
				"pix": {Count: 52, Amount: 2_976_55}, "voucher": {Count: 11, Amount: 884_70},
			},
			FirstReceipt: 9_001, LastReceipt: 9_209,
		},
	}
}

// xReport is a session in mid-day, its drawer not counted.
func xReport() device.PrintJob {
	report := session().Report(time.Date(2026, 11, 23, 14, 4, 31, 0, curitiba), 42_000, shift.Pending{Queue: 12, Papers: 1})
	return device.PrintJob{ID: jobID, Documents: []device.Document{device.XReport}, Copy: 1, Store: store, Report: &report}
}

// zReport closes the same session five reais short.
func zReport() device.PrintJob {
	ended := session()
	ended.Counts = []shift.Count{{Counted: 600_00}, {Counted: 642_30}}
	report := ended.Report(time.Date(2026, 11, 23, 22, 4, 31, 0, curitiba), 43_018, shift.Pending{
		Attempts: []string{"01M84QE…E7", "01M85AB…K2", "01M85AC…Q9", "01M85AD…Z1"}, Queue: 3,
	})
	report.Number, report.ChainHead = 1_487, chainHead
	return device.PrintJob{ID: jobID, Documents: []device.Document{device.ZReport}, Copy: 1, Store: store, Report: &report}
}

// nightZReport closes after midnight, has figures that do not fit and a method
// that is not the contract's.
func nightZReport() device.PrintJob {
	ended := session()
	ended.OperatorName = "MARIA APARECIDA DOS SANTOS ALBUQUERQUE"
	ended.Sums.ByMethod = map[string]shift.Tally{
		"cash": {Count: 12_345, Amount: 9_876_543_21}, "store_credit": {Count: 7, Amount: 1_234_567_89}, "cheque": {Count: 1, Amount: 1_00},
	}
	ended.Sums.Gross = 11_111_325_25
	ended.Counts = []shift.Count{{Counted: 9_999_999_99}}
	report := ended.Report(time.Date(2026, 11, 24, 0, 15, 10, 0, curitiba), 43_018, shift.Pending{})
	report.Number, report.ChainHead = 1_488, "618f61aa"
	return device.PrintJob{ID: jobID, Documents: []device.Document{device.ZReport}, Copy: 1, Store: store, Report: &report}
}

// dayPapers are the papers above by the names of their goldens.
func dayPapers() map[string]device.PrintJob {
	return map[string]device.PrintJob{
		"discount": discountSale(), "cancelled": cancelledSale(), "x": xReport(), "z": zReport(), "z-night": nightZReport(),
		"suprimento": movement(shift.Suprimento, 100_00, "Troco miúdo"),
		"sangria":    secondCopy(movement(shift.Sangria, 1_234_500_00, "Depósito no cofre, malote 88")),
	}
}
