package widget

import "balcao/ui/theme"

// Column is one column of a table. The one without a width takes what is left.
type Column struct {
	Title string
	Width int
	Right bool // figures, aligned at their end
}

// Line is one line of a table, a text for each column.
type Line struct {
	Cells    []string
	Ink      theme.Ink
	Selected bool
}

// columnGap stands between two columns.
const columnGap = 2

// Head writes the titles of columns into the area's first row.
func Head(a Area, columns []Column) {
	titles := make([]string, len(columns))
	for i, column := range columns {
		titles[i] = column.Title
	}
	writeCells(a.Row(0), columns, titles, theme.Muted)
}

// Table writes lines from the area's first row on, every other one shaded. The
// selected line is a bar with a mark before it.
func Table(a Area, columns []Column, lines []Line) {
	for y, line := range lines {
		row := a.Row(y)
		switch {
		case line.Selected:
			row = row.On(theme.Selected)
			line.Ink = theme.Text.Bold()
		case y%2 == 1:
			row = row.On(theme.Zebra)
		}
		writeCells(row, columns, line.Cells, line.Ink)
		if line.Selected {
			row.Put(0, 0, '▶', line.Ink)
		}
	}
}

// writeCells leaves one column free for the mark of the selected line.
func writeCells(row Area, columns []Column, cells []string, ink theme.Ink) {
	rest := row.Width - 2
	for _, column := range columns {
		rest -= column.Width
	}
	rest -= columnGap * (len(columns) - 1)
	x := 1
	for i, column := range columns {
		width := column.Width
		if width == 0 {
			width = max(rest, 0)
		}
		switch {
		case i >= len(cells):
		case column.Right:
			row.WriteRight(x, 0, width, ink, cells[i])
		default:
			row.Write(x, 0, width, ink, cells[i])
		}
		x += width + columnGap
	}
}

// Pair writes a name at the left and a figure at the right of a row; the figure
// is whole before the name is.
func Pair(row Area, nameInk theme.Ink, name string, figureInk theme.Ink, figure string) {
	columns := Columns(figure)
	row.Write(0, 0, row.Width-columns-1, nameInk, name)
	row.WriteRight(0, 0, row.Width, figureInk, figure)
}
