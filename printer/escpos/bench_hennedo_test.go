//go:build cgo && !nousb

package escpos_test

import (
	"bytes"

	"github.com/hennedo/escpos"

	"balcao/printer/receipt"
)

func init() { peers["hennedo"] = encodeByHennedo }

// encodeByHennedo prints a page as the library's own example does.
func encodeByHennedo(page receipt.Page) int {
	var sent bytes.Buffer
	printer := escpos.New(&sent)
	_, _ = printer.Initialize()
	for _, row := range page.Rows {
		switch row := row.(type) {
		case receipt.Text:
			size := uint8(1)
			if row.Double {
				size = 2
			}
			justify := escpos.JustifyLeft
			if row.Align == receipt.Centre {
				justify = escpos.JustifyCenter
			}
			for _, run := range row.Runs {
				_, _ = printer.Bold(run.Bold).Size(size, size).Justify(justify).WriteWEU(run.Text)
			}
			_, _ = printer.LineFeed()
		case receipt.QRCode:
			_, _ = printer.QRCode(row.Data, true, uint8(row.Dots), escpos.QRCodeErrorCorrectionLevelM)
		case receipt.Cut:
			_ = printer.PrintAndCut()
		}
	}
	return sent.Len()
}
