package view

import (
	"balcao/terminal/snapshot"
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// Columns of the sale screen beside the cart.
const (
	sideCompact = 28
	sideNormal  = 31
	sideWide    = 37
	totalWide   = 51 // 9.999,99 in figures of five rows, with its border
)

// Rows of the sale screen.
const (
	entryRows = 2                     // the entry line and what was said of it
	bandRows  = widget.HugeHeight + 2 // entry and total of the wide screen
)

// sale draws the cart, the entry line and the figures beside them.
func (d drawing) sale(body widget.Area) {
	if d.size == wide {
		upper := body.Part(0, 0, body.Width, body.Height-bandRows)
		d.cart(d.panel(upper, 0, upper.Width-sideWide-1), false)
		d.sideWide(d.panel(upper, upper.Width-sideWide, sideWide))
		band := body.Part(0, body.Height-bandRows, body.Width, bandRows)
		d.entryBox(d.panel(band, 0, band.Width-totalWide-1))
		d.totalBox(d.panel(band, band.Width-totalWide, totalWide))
		return
	}
	side := sideCompact
	if d.size == normal {
		side = sideNormal
	}
	d.cart(d.panel(body, 0, body.Width-side-1), true)
	d.side(d.panel(body, body.Width-side, side))
}

// panel is a part of the body from column x on, as panel.
func (d drawing) panel(body widget.Area, x, width int) widget.Area {
	part := body.Part(x, 0, width, body.Height)
	part.Surface = theme.Panel
	return part
}

// cart draws the lines of the sale, and the entry line under them if it is theirs.
func (d drawing) cart(box widget.Area, withEntry bool) {
	frame := widget.Frame{Title: d.word("screen.sale.free"), Focus: withEntry}
	sale := d.Snapshot.Sale
	if sale != nil {
		frame.Title = d.word("screen.sale.title", "Number", d.number(sale.Number))
	}
	rows := box.Height - 4
	if withEntry {
		rows -= entryRows + 1
	}
	first, lines := 0, []snapshot.Line(nil)
	if sale != nil {
		first, lines = d.visible(sale.Lines, rows)
		if len(lines) < len(sale.Lines) {
			frame.Note = d.word("screen.sale.window", "First", first+1, "Last", first+len(lines), "All", len(sale.Lines))
		}
	}
	inside := widget.Box(box, frame)
	columns := d.columns()
	widget.Head(inside, columns)
	widget.Divide(box, 2, frame)
	table := inside.Part(0, 2, inside.Width, rows)
	d.lines(table, columns, lines)
	if len(lines) == 0 {
		table.WriteCentre(table.Height/2, theme.Muted, d.word("screen.sale.first"))
	}
	if withEntry {
		widget.Divide(box, box.Height-2-entryRows, frame)
		d.entry(inside.Part(1, inside.Height-entryRows, inside.Width-2, entryRows), "screen.sale.entry")
	}
}

// visible answers the lines that fit into rows, the marked one among them.
func (d drawing) visible(lines []snapshot.Line, rows int) (first int, shown []snapshot.Line) {
	if len(lines) == 0 {
		return 0, nil
	}
	marked := len(lines) - 1
	if line, ok := d.SelectedLine(); ok {
		for i := range lines {
			if lines[i].Number == line.Number {
				marked = i
			}
		}
	}
	used := rowsOf(lines[marked])
	if used > rows {
		return marked, nil
	}
	above := func(limit int) {
		for first > 0 && used+rowsOf(lines[first-1]) <= limit {
			first--
			used += rowsOf(lines[first])
		}
	}
	first, last := marked, marked
	above(rows/2 + used)
	for last < len(lines)-1 && used+rowsOf(lines[last+1]) <= rows {
		last++
		used += rowsOf(lines[last])
	}
	above(rows)
	return first, lines[first : last+1]
}

// rowsOf is how many rows a line takes: what was taken off it stands below.
func rowsOf(line snapshot.Line) int {
	if hasDiscount(line) {
		return 2
	}
	return 1
}

func hasDiscount(line snapshot.Line) bool { return line.Discount != 0 && !line.Voided }

// columns of the cart: the smallest screen has no unit price, the widest the code.
func (d drawing) columns() []widget.Column {
	number := widget.Column{Title: d.word("screen.sale.number"), Width: 2, Right: true}
	if sale := d.Snapshot.Sale; sale != nil && len(sale.Lines) > 99 {
		number.Width = 3
	}
	code := widget.Column{Title: d.word("screen.sale.code"), Width: 13}
	description := widget.Column{Title: d.word("screen.sale.description")}
	quantity := widget.Column{Title: d.word("screen.sale.quantity"), Width: 9, Right: true}
	price := widget.Column{Title: d.word("screen.sale.unit_price"), Width: 9, Right: true}
	total := widget.Column{Title: d.word("screen.sale.total"), Width: 9, Right: true}
	switch d.size {
	case compact:
		return []widget.Column{number, description, quantity, total}
	case wide:
		return []widget.Column{number, code, description, quantity, price, total}
	default:
		return []widget.Column{number, description, quantity, price, total}
	}
}

func (d drawing) lines(table widget.Area, columns []widget.Column, lines []snapshot.Line) {
	marked, _ := d.SelectedLine()
	var rows []widget.Line
	for _, line := range lines {
		total, ink := d.amount(line.Total), theme.Text
		if line.Voided {
			total, ink = d.word("screen.sale.voided"), theme.Faint
		}
		row := d.cells(itoa(line.Number), line.Code, line.Description, d.Language.Quantity(line.Quantity)+" "+line.Unit, d.Language.UnitPrice(line.UnitPrice), total)
		rows = append(rows, widget.Line{Cells: row, Ink: ink, Selected: line.Number == marked.Number && !line.Voided})
		if hasDiscount(line) {
			off := d.cells("", "", "└ "+d.word("screen.sale.discount"), "", "", d.amount(-line.Discount))
			rows = append(rows, widget.Line{Cells: off, Ink: theme.Muted})
		}
	}
	widget.Table(table, columns, rows)
}

// cells are a row of the cart, in the columns that the layout has.
func (d drawing) cells(number, code, description, quantity, price, total string) []string {
	switch d.size {
	case compact:
		return []string{number, description, quantity, total}
	case wide:
		return []string{number, code, description, quantity, price, total}
	default:
		return []string{number, description, quantity, price, total}
	}
}

// entry draws the entry line and under it what was said, or the item read last.
func (d drawing) entry(rows widget.Area, nameID string) {
	name := d.word(nameID)
	if d.size == compact {
		name = d.word("screen.sale.entry.short")
	}
	hint := "screen.sale.hint.sell"
	if d.Situation().HasLines {
		hint = "screen.sale.hint.pay"
	}
	field := widget.Field{Hint: d.word(hint), Focus: d.Screen() == keymap.Selling}
	if d.Base() == keymap.Selling {
		field.Text, field.Waiting = d.Entry.Text, d.Waiting
	}
	labelled(rows.Row(0), name, widget.Columns(name), field)
	feedback := rows.Row(rows.Height - 1)
	line, ok := d.lastLine()
	switch {
	case d.Said != nil && d.Screen() == keymap.Selling:
		d.said(feedback)
	case ok:
		feedback.Write(0, 0, 1, theme.Money.Bold(), "✓")
		widget.Pair(feedback.Part(2, 0, feedback.Width-2, 1), theme.Money.Bold(), line.Description, theme.Muted, d.times(line))
	}
}

// entryBox is the entry line in a box of its own, on the widest screen.
func (d drawing) entryBox(box widget.Area) {
	inside := widget.Box(box, widget.Frame{Title: d.word("screen.sale.entry.title"), Focus: true})
	d.entry(inside.Part(1, 1, inside.Width-2, inside.Height-2), "screen.sale.entry")
}

// lastLine is the newest live line.
func (d drawing) lastLine() (snapshot.Line, bool) {
	newest := d.Model
	newest.Selected = 0
	return newest.SelectedLine()
}

// times writes "2 un × 18,90".
func (d drawing) times(line snapshot.Line) string {
	return d.word("screen.item.times", "Quantity", d.Language.Quantity(line.Quantity), "Unit", line.Unit, "Price", d.Language.UnitPrice(line.UnitPrice))
}
