// Package preview shows a page as plain text, for screens, records and tests.
//
// It is what a person reads on the paper, not what a printer is sent: no bytes,
// no dots. Start with [Text].
package preview

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"

	"balcao/printer/receipt"
)

// What stands for the cuts, the full one all across.
const (
	partialCut = "- - - - -  8<  - - - - -"
	fullCut    = "-----------  8<  -----------"
)

// Text writes the page as UTF-8 lines, each ended by a newline, in its columns.
// Characters of double width are followed by a blank for each cell that they
// cover; codes, pictures and cuts stand for themselves in a line of their own; the
// drawer's pulse, which leaves nothing on paper, is not shown.
func Text(page receipt.Page) string {
	var shown strings.Builder
	for _, row := range page.Rows {
		switch row := row.(type) {
		case receipt.Text:
			writeLine(&shown, page.Columns, row)
		case receipt.Space:
			shown.WriteString(strings.Repeat("\n", max(row.Lines, 0)))
		case receipt.Barcode:
			writeCentred(&shown, page.Columns, "[EAN13 "+row.Digits+"]")
		case receipt.QRCode:
			writeCentred(&shown, page.Columns, fmt.Sprintf("[QR %dx%d %q]", row.Modules, row.Modules, row.Data))
		case receipt.Image:
			writeCentred(&shown, page.Columns, fmt.Sprintf("[%dx%d]", row.Width, row.Height))
		case receipt.Cut:
			cut := partialCut
			if row.Full {
				cut = fullCut
			}
			writeCentred(&shown, page.Columns, cut)
		}
	}
	return shown.String()
}

func writeLine(shown *strings.Builder, columns int, row receipt.Text) {
	line := ""
	for _, run := range row.Runs {
		line += run.Text
	}
	if row.Double {
		line = spread(line)
	}
	slack := max(columns-receipt.Width(line), 0)
	switch row.Align {
	case receipt.Left:
		slack = 0
	case receipt.Centre:
		slack /= 2
	case receipt.Right:
	}
	shown.WriteString(strings.TrimRight(strings.Repeat(" ", slack)+line, " ") + "\n")
}

// spread gives each character the room of two.
func spread(line string) string {
	var wide strings.Builder
	state := -1
	for line != "" {
		cluster, rest, width, next := uniseg.FirstGraphemeClusterInString(line, state)
		wide.WriteString(cluster + strings.Repeat(" ", width))
		line, state = rest, next
	}
	return wide.String()
}

func writeCentred(shown *strings.Builder, columns int, label string) {
	slack := max(columns-receipt.Width(label), 0) / 2
	shown.WriteString(strings.Repeat(" ", slack) + label + "\n")
}
