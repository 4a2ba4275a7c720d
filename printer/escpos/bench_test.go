package escpos_test

import (
	"testing"

	"balcao/printer/escpos"
	"balcao/printer/receipt"
)

// peers are other encoders for the same paper, by name.
var peers = map[string]func(page receipt.Page) int{}

// benchPage is a receipt of thirty lines, one of them in double size, and a QR code.
func benchPage() receipt.Page {
	page := receipt.Page{Columns: 48, Rows: []receipt.Row{
		receipt.Text{Align: receipt.Centre, Runs: []receipt.Run{{Text: "MERCADO BOA VISTA", Bold: true}}},
	}}
	for range 14 {
		page.Rows = append(page.Rows, textRow("001 CAFÉ TORRADO E MOÍDO 500G"), textRow("    2 un x 18,90                           37,80"))
	}
	return receipt.Page{Columns: 48, Rows: append(page.Rows,
		receipt.Text{Double: true, Runs: []receipt.Run{{Text: "TOTAL R$          529,20"}}},
		receipt.QRCode{Data: "https://example.com/s/1.0ABCDEFGHJKMNPQRSTVWXYZ01.ABCDEFGH", Level: receipt.LevelM, Modules: 33, Dots: 6},
		receipt.Cut{},
	)}
}

// BenchmarkEncode compares encoders by time and by bytes on the wire.
func BenchmarkEncode(b *testing.B) {
	page, family := benchPage(), silent(b)
	run := func(encode func(page receipt.Page) int) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			sent := 0
			for b.Loop() {
				sent = encode(page)
			}
			b.ReportMetric(float64(sent), "bytes/receipt")
		}
	}
	b.Run("balcao", run(func(page receipt.Page) int {
		made, _ := escpos.Encode(page, family, "job")
		return len(made)
	}))
	for name, encode := range peers {
		b.Run(name, run(encode))
	}
}
