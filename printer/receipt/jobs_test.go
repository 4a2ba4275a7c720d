package receipt_test

import (
	"time"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
)

const jobID = ident.ID("01M84QEJ5Y7K3N9V2T6B8D4CE7")

// curitiba is the offset of the store, which the tests' machine need not share.
var curitiba = time.FixedZone("", -3*60*60)

var store = device.Store{
	Name: "MERCADO BOA VISTA", Address: "Rua das Flores, 120 - Curitiba/PR",
	TaxID: "12345678000195", Number: "012", Till: "03",
}

func line(description, unit string, quantity money.Quantity, price money.UnitPrice) sale.Line {
	total, err := money.Extend(price, quantity)
	if err != nil {
		panic(err)
	}
	return sale.Line{Description: description, Unit: unit, Quantity: quantity, UnitPrice: price, Total: total}
}

func paid(lines []sale.Line, tenders ...sale.Tender) *sale.Paid {
	total := sale.TotalOf(lines)
	at := time.Date(2026, 11, 23, 14, 32, 7, 0, curitiba)
	return &sale.Paid{
		Order:   sale.Order{SaleNumber: 184_213, ClosedAt: at, Lines: lines, Totals: sale.Totals{Items: total, Total: total}},
		Tenders: tenders, Receipt: 9_071, PaidAt: at, OperatorID: "214", OperatorName: "MARIA S.", BusinessDate: "2026-11-23",
	}
}

var groceries = []sale.Line{
	line("ARROZ BRANCO TIPO 1 5KG", "un", 1*money.One, 27_9000),
	line("FEIJÃO CARIOCA 1KG", "un", 2*money.One, 8_4900),
	line("PÃO FRANCÊS", "kg", 845, 16_9000),
	line("CAFÉ TORRADO E MOÍDO 500G", "un", 2*money.One, 18_9000),
}

// cashSale is paid with a hundred reais.
func cashSale() device.PrintJob {
	total := sale.TotalOf(groceries)
	tender := sale.Tender{Method: "cash", Amount: total, Tendered: 100_00, Change: 100_00 - total}
	return device.PrintJob{
		ID: jobID, Documents: []device.Document{device.SaleReceipt}, Copy: 1,
		Store: store, Sale: paid(groceries, tender), Drawer: true,
	}
}

// chipTags are request tags of a chip: 9F27, 9F26, 9F36.
const chipTags = "9F2701809F26080DB51A3742FEA8399F36020021"

// cardSale is one item by credit card, chip and PIN: receipt and both slips.
func cardSale() device.PrintJob {
	lines := []sale.Line{line("CAFETEIRA ITALIANA 6 XÍCARAS", "un", 1*money.One, 229_0600)}
	attempt := &payment.Attempt{
		ID: jobID, Method: payment.Credit, Amount: 229_06, State: payment.Committed,
		StartedAt: time.Date(2026, 11, 23, 14, 33, 51, 0, curitiba),
		Card: &card.Present{
			EntryMode: card.Chip, Brand: "VISA", AID: "A0000000031010", ApplicationLabel: "VISA CREDITO",
			BIN: "401200", Last4: "0119", CVM: card.CVMOnlinePIN, EMVRequest: chipTags,
		},
		Result: payment.Result{
			Approved: true, HostReached: true, ResponseCode: "00",
			AuthorisationCode: "83A1C2", NSU: "004512", Acquirer: "SIMPAY",
		},
	}
	tender := sale.Tender{PaymentID: attempt.ID, Method: "credit", Amount: 229_06}
	return device.PrintJob{
		ID: jobID, Documents: []device.Document{device.SaleReceipt, device.CustomerSlip, device.MerchantSlip},
		Copy: 1, Store: store, Sale: paid(lines, tender), Attempt: attempt,
	}
}

// secondCopy makes a job its first reprint.
func secondCopy(job device.PrintJob) device.PrintJob {
	job.Copy, job.CopiedAt, job.Drawer = 2, time.Date(2026, 11, 24, 9, 5, 0, 0, curitiba), false
	return job
}

// underReview is a card whose outcome nobody knows.
func underReview() device.PrintJob {
	job := cardSale()
	job.Documents, job.Sale = []device.Document{device.UnderReviewSlip}, nil
	job.Attempt.State, job.Attempt.Result = payment.Intent, payment.Result{}
	return job
}

// awkwardSale has names and figures that do not fit.
func awkwardSale() device.PrintJob {
	lines := []sale.Line{
		line("SABÃO LÍQUIDO CONCENTRADO PARA ROUPAS DELICADAS, LAVANDA E CAMOMILA, REFIL ECONÔMICO 2,7 L", "un", 3*money.One, 45_9000),
		line("Pneumoultramicroscopicossilicovulcanoconióticos—palavra", "un", 1*money.One, 1_0000),
		line("pa\u0303o \u202Edoce\u202C\x1Bp\x00 ‘bom’… €", "kg", 1_234_567, 9_999_9999),
	}
	job := cashSale()
	job.Sale = paid(lines, sale.Tender{Method: "cash", Amount: sale.TotalOf(lines), Tendered: sale.TotalOf(lines)})
	job.Sale.OperatorName = "MARIA APARECIDA DOS SANTOS ALBUQUERQUE DE OLIVEIRA"
	job.Store.Address = "Avenida Presidente Getúlio Vargas, 12.345, Loja 7, Água Verde - Curitiba/PR"
	return job
}
