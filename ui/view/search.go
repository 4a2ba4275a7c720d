package view

import (
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// searchRows is how many items a search shows: one on each digit.
const searchRows = 9

// search lists the items that a name found.
func (d drawing) search(body widget.Area) {
	const above, below, borders = 2, 3, 2 // the field, the note and the keys
	width := min(body.Width*4/5, 84)
	inside := d.window(body, d.word("screen.search.title"), width, searchRows+above+below+borders)
	found := d.Snapshot.Search
	typed := d.Entry.Text
	if typed == "" {
		typed = found.Query
	}
	label := d.word("screen.search.name")
	labelled(inside.Row(0), label, widget.Columns(label), widget.Field{Text: typed, Focus: true, Waiting: d.Waiting})
	rows := inside.Part(0, above, inside.Width, searchRows)
	if len(found.Rows) == 0 {
		rows.WriteCentre(rows.Height/2, theme.Muted, d.word("screen.search.nothing"))
	}
	for i, row := range found.Rows {
		price := d.Language.UnitPrice(row.Price) + " / " + row.Unit
		d.listRow(rows.Row(i), i, row.Description, price, true)
	}
	if found.More {
		inside.Write(0, inside.Height-2, inside.Width, theme.Muted, d.word("screen.search.more"))
	}
	d.listKeys(inside.Row(inside.Height-1), keymap.Searching, "screen.search.pick")
}

// listRow draws one row of a list on its digit, a figure at its end. The marked
// one is a bar; one that cannot be used has no key cap.
func (d drawing) listRow(row widget.Area, place int, name, figure string, usable bool) {
	nameInk, digitInk := theme.Text, theme.Text.Bold()
	digit := row.Part(1, 0, 3, 1)
	switch {
	case place == d.Marked:
		row = row.On(theme.Selected)
		digit = row.Part(1, 0, 3, 1)
		nameInk = theme.Text.Bold()
		row.Put(0, 0, '▶', nameInk)
	case !usable:
		nameInk, digitInk = theme.Faint, theme.Faint
	default:
		digit.Surface = theme.CapWarn
	}
	digit.Write(0, 0, 3, digitInk, " "+itoa(place+1)+" ")
	widget.Pair(row.Part(5, 0, row.Width-6, 1), nameInk, name, nameInk, figure)
}

// listKeys draws the keys of a list: those of the table, and what picks a row.
func (d drawing) listKeys(row widget.Area, screen keymap.Screen, pickID string) {
	d.modalKeys(row, screen)
	row.WriteRight(0, 0, row.Width, theme.Muted, d.word(pickID))
}
