package printer_test

import (
	"time"

	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/sale"
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
