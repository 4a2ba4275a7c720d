package flow

import (
	"encoding/json"
	"path/filepath"
)

// centralBook is the file in which central keeps orders, payments and ledger.
func (w *walk) centralBook() string {
	return filepath.Join(w.files.Dir(), "state", "central", "central.log")
}

// A bookRow is what the walk reads of a row in central's book.
type bookRow struct {
	Table string `json:"t"`
	Key   string `json:"k"`
	Row   struct {
		Request struct {
			Card struct {
				BIN   string `json:"bin"`
				Last4 string `json:"last4"`
			} `json:"card"`
		} `json:"request"`
	} `json:"r"`
}

// bookRows reads one line of the book.
func bookRows(line []byte) []bookRow {
	var raw []json.RawMessage
	_ = json.Unmarshal(line, &raw)
	var rows []bookRow
	for _, each := range raw {
		var row bookRow
		// Other tables have rows of other shapes.
		if json.Unmarshal(each, &row) == nil {
			rows = append(rows, row)
		}
	}
	return rows
}
