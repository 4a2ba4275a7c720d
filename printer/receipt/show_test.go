package receipt_test

import (
	"fmt"
	"strings"

	"balcao/printer/receipt"
)

// show writes a page with its styles: c centred, b bold, d double, then the text
// in bars, so that a diff shows every blank.
func show(page receipt.Page) string {
	var shown strings.Builder
	for _, row := range page.Rows {
		switch row := row.(type) {
		case receipt.Text:
			fmt.Fprintf(&shown, "%-3s|%s|\n", styles(row), joined(row))
		default:
			fmt.Fprintf(&shown, "    %T%+v\n", row, row)
		}
	}
	return shown.String()
}

func styles(row receipt.Text) string {
	marks := ""
	if row.Align == receipt.Centre {
		marks += "c"
	}
	if row.Runs[0].Bold {
		marks += "b"
	}
	if row.Double {
		marks += "d"
	}
	return marks
}
