package till_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/printer"
	"balcao/printer/escpos"
	"balcao/simulators/simprinter"
	"balcao/terminal/device"
	"balcao/terminal/sale"
	"balcao/terminal/text"
)

// TestReceiptPicture draws the receipt of the README: the driver's bytes over a
// real socket, the simulated printer's own interpreter, its own picture.
func TestReceiptPicture(t *testing.T) {
	out := t.TempDir()
	machine, err := simprinter.New(simprinter.Config{Listen: "tcp://127.0.0.1:0", Out: out, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	url := make(chan string, 1)
	ended := make(chan error, 2)
	go func() { ended <- machine.Run(ctx, func(at string) { url <- at }) }()
	profile, err := escpos.ProfileNamed("epson-80")
	require.NoError(t, err)
	driver := printer.New(printer.Config{
		URL: <-url, Profile: profile, Language: text.In(text.Portuguese), Log: slog.New(slog.DiscardHandler),
	})
	go func() { ended <- driver.Run(ctx) }()
	result := driver.Print(ctx, exampleReceipt())
	require.Equal(t, device.PrintDone, result.State, result.Detail)
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
	picture, err := os.ReadFile(filepath.Join(out, "0001.png"))
	require.NoError(t, err)
	golden.Equal(t, filepath.Join("..", "..", "docs", "img", "receipt.png"), picture)
}

// exampleReceipt is a sale of some minutes past half past two.
func exampleReceipt() device.PrintJob {
	at := time.Date(2026, 11, 23, 14, 32, 7, 0, time.FixedZone("", -3*3600))
	lines := []sale.Line{
		{ID: "1", SKU: "1", Description: "ARROZ BRANCO TIPO 1 5KG", Quantity: 1000, Unit: "un", UnitPrice: 279_000, Total: 27_90},
		{ID: "2", SKU: "2", Description: "FEIJÃO CARIOCA 1KG", Quantity: 2000, Unit: "un", UnitPrice: 84_900, Total: 16_98},
		{ID: "3", SKU: "17", Description: "PÃO FRANCÊS", Quantity: 845, Unit: "kg", UnitPrice: 169_000, Total: 14_28},
		{ID: "4", SKU: "4", Description: "CAFÉ TORRADO E MOÍDO 500G", Quantity: 2000, Unit: "un", UnitPrice: 189_000, Total: 37_80},
	}
	total := sale.TotalOf(lines)
	return device.PrintJob{
		ID: "01M84QE0000000000000000001", Documents: []device.Document{device.SaleReceipt}, Copy: 1,
		Store: device.Store{
			Name: "MERCADO BOA VISTA", Address: "Rua das Flores, 120 - Curitiba/PR", TaxID: "12345678000195", Number: "012", Till: "03",
		},
		Sale: &sale.Paid{
			Order: sale.Order{
				ID: "01M84QE0000000000000000002", SaleID: "01M84QE0000000000000000003", SaleNumber: 184_213, ClosedAt: at, Lines: lines,
				Totals: sale.Totals{Items: total, Total: total},
			},
			Tenders: []sale.Tender{{Method: "cash", Amount: total, Tendered: 100_00, Change: 100_00 - total}},
			Receipt: 91_207, PaidAt: at, OperatorID: "214", OperatorName: "MARIA S.", BusinessDate: "2026-11-23",
		},
	}
}
