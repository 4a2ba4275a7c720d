package receipt

import "slices"

// Table is rows whose cells stand below each other, however many each has: the
// first column is at the left edge and may reach over empty cells, all others end
// below each other at the right. If it is too wide, columns go whose cell in the
// first row may drop, from the left; if that is not enough each row stands alone.
type Table struct{ Rows []Columns }

func (Table) block() {}

func (t Table) rows(columns int) []Row {
	table := t.cleaned()
	for {
		if made, ok := table.aligned(columns); ok {
			return made
		}
		if !table.drop() {
			return table.apart(columns)
		}
	}
}

// cleaned gives every row the same number of cells. The rows are its own.
func (t Table) cleaned() Table {
	most := 0
	for _, row := range t.Rows {
		most = max(most, len(row.Cells))
	}
	rows := slices.Clone(t.Rows)
	for i, row := range rows {
		cells := make([]Cell, most)
		for j, cell := range row.Cells {
			cell.Text = Clean(cell.Text)
			cells[j] = cell
		}
		rows[i].Cells = cells
	}
	return Table{Rows: rows}
}

// aligned sets the rows to common columns, if none is too wide for that.
func (t Table) aligned(columns int) ([]Row, bool) {
	widths := t.widths()
	made := make([]Row, len(t.Rows))
	for i, row := range t.Rows {
		label, figures := row.split(widths)
		room := columns - Width(label) - Width(figures)
		if room < 0 || room < gap && figures != "" {
			return nil, false
		}
		made[i] = textRow(label+spaces(room)+figures, row.Bold)
	}
	return made, true
}

func (t Table) widths() []int {
	var widths []int
	for _, row := range t.Rows {
		widths = append(widths, make([]int, len(row.Cells)-len(widths))...)
		for i, cell := range row.Cells {
			widths[i] = max(widths[i], Width(cell.Text))
		}
	}
	return widths
}

// split answers the first cell of a row, and the others from the first that is
// not empty on, each as wide as its column.
func (c Columns) split(widths []int) (label, figures string) {
	for i, cell := range c.Cells {
		switch {
		case i == 0:
			label = spaces(c.Indent) + cell.Text
		case figures == "":
			figures = cell.Text
		default:
			figures += spaces(gap+widths[i]-Width(cell.Text)) + cell.Text
		}
	}
	return label, figures
}

// drop leaves out the first column that may go.
func (t Table) drop() bool {
	if len(t.Rows) == 0 {
		return false
	}
	column := slices.IndexFunc(t.Rows[0].Cells, func(cell Cell) bool { return cell.Fit == Drop })
	if column < 0 {
		return false
	}
	for i := range t.Rows {
		t.Rows[i].Cells = slices.Delete(t.Rows[i].Cells, column, column+1)
	}
	return true
}

// apart lays each row out by itself, its label wrapping beside its figures.
func (t Table) apart(columns int) []Row {
	var made []Row
	for _, row := range t.Rows {
		for i := range row.Cells {
			row.Cells[i].Fit, row.Cells[i].Align = Whole, Right
			if i == 0 {
				row.Cells[i].Fit, row.Cells[i].Align = Wrap, Left
			}
		}
		made = append(made, row.rows(columns)...)
	}
	return made
}
