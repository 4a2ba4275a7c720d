package receipt

import (
	"slices"
	"strings"

	"github.com/boombuler/barcode/qr"

	"balcao/terminal/catalog"
)

const (
	// columnsMin is the narrowest paper that is laid out; the narrowest sold has 32.
	columnsMin = 16
	// gap keeps neighbouring cells apart, so that two figures never read as one.
	gap = 2
	// wrapMin is the narrowest column that is still read as text.
	wrapMin = 8
	// QRDataMax bounds a QR code's data: small printers hold no more, and the
	// length of a command stays below the bytes 10 04, a real-time command.
	QRDataMax = 1000
	// qrDotsMin is the smallest module that phones read from thermal paper.
	qrDotsMin = 3
	// qrQuiet is the blank border that a reader needs, in modules (ISO/IEC 18004).
	qrQuiet = 4
)

// Layout fits a document to a paper. Nothing that stands in a document is lost
// but cells that may drop and images that are too wide.
func Layout(document Document, profile Profile) Page {
	profile.Columns = max(profile.Columns, columnsMin)
	page := Page{Columns: profile.Columns, Rows: make([]Row, 0, 2*len(document))}
	for _, block := range document {
		page.Rows = append(page.Rows, rows(block, profile)...)
	}
	return page
}

func rows(block Block, profile Profile) []Row {
	switch block := block.(type) {
	case Line:
		return block.rows(profile.Columns)
	case Columns:
		return block.rows(profile.Columns)
	case Table:
		return block.rows(profile.Columns)
	case Big:
		return block.rows(profile.Columns)
	case Rule:
		return []Row{textRow(strings.Repeat("-", profile.Columns), false)}
	case Barcode:
		if len(block.Digits) != 13 || !catalog.ValidGTIN(block.Digits) {
			return Line{Text: block.Digits, Align: Centre}.rows(profile.Columns)
		}
		return []Row{block}
	case QR:
		return block.rows(profile)
	case Image:
		if !block.fits(profile.Dots) {
			return nil
		}
		return []Row{block}
	case Space:
		return []Row{block}
	case Cut:
		return []Row{block}
	case Pulse:
		return []Row{block}
	}
	return nil
}

func textRow(words string, bold bool) Text {
	return Text{Runs: []Run{{Text: strings.TrimRight(words, " "), Bold: bold}}}
}

func (l Line) rows(columns int) []Row {
	hang := min(l.Hang, columns-wrapMin)
	var made []Row
	for i, words := range wrap(Clean(l.Text), columns, columns-hang) {
		if i > 0 {
			words = spaces(hang) + words
		}
		row := textRow(words, l.Bold)
		row.Align = l.Align
		made = append(made, row)
	}
	return made
}

// rows tries the ways of fitting from the best to the plainest.
func (c Columns) rows(columns int) []Row {
	width := columns - min(c.Indent, columns-wrapMin)
	full := cleaned(c.Cells)
	cells := full
	for _, narrow := range []func([]Cell) []Cell{nil, shortened, undropped} {
		if narrow != nil {
			cells = narrow(cells)
		}
		if natural(cells) <= width {
			return c.texts(columns-width, []string{placed(cells, width)})
		}
	}
	if lines, ok := wrapped(cells, width); ok {
		return c.texts(columns-width, lines)
	}
	return c.texts(columns-width, stacked(undropped(full), width))
}

func (c Columns) texts(indent int, lines []string) []Row {
	made := make([]Row, len(lines))
	for i, line := range lines {
		made[i] = textRow(spaces(indent)+line, c.Bold)
	}
	return made
}

func cleaned(cells []Cell) []Cell {
	var kept []Cell
	for _, cell := range cells {
		cell.Text, cell.Short = strings.TrimSpace(Clean(cell.Text)), strings.TrimSpace(Clean(cell.Short))
		if cell.Text != "" {
			kept = append(kept, cell)
		}
	}
	return kept
}

func shortened(cells []Cell) []Cell {
	cells = slices.Clone(cells)
	for i := range cells {
		if cells[i].Short != "" {
			cells[i].Text = cells[i].Short
		}
	}
	return cells
}

func undropped(cells []Cell) []Cell {
	var kept []Cell
	for _, cell := range cells {
		if cell.Fit != Drop {
			kept = append(kept, cell)
		}
	}
	return kept
}

// natural is the width of cells and the gaps between them.
func natural(cells []Cell) int {
	width := gap * max(len(cells)-1, 0)
	for _, cell := range cells {
		width += Width(cell.Text)
	}
	return width
}

// placed sets cells that fit side by side. The slack goes in front of the first
// cell that belongs to the right edge.
func placed(cells []Cell, width int) string {
	line, slack := "", max(width-natural(cells), 0)
	for i, cell := range cells {
		if i > 0 {
			line += spaces(gap)
		}
		if cell.Align == Right {
			line += spaces(slack)
			slack = 0
		}
		line += cell.Text
	}
	return line
}

// wrapped wraps the one cell that may, beside all others.
func wrapped(cells []Cell, width int) ([]string, bool) {
	flexible := slices.IndexFunc(cells, func(cell Cell) bool { return cell.Fit == Wrap })
	if flexible < 0 {
		return nil, false
	}
	room := width - natural(cells) + Width(cells[flexible].Text)
	if room < wrapMin {
		return nil, false
	}
	before := gap * flexible
	for _, cell := range cells[:flexible] {
		before += Width(cell.Text)
	}
	lines := wrap(cells[flexible].Text, room, room)
	last := len(lines) - 1
	for i := range lines[:last] {
		lines[i] = spaces(before) + lines[i]
	}
	beside := slices.Clone(cells)
	beside[flexible].Text = lines[last]
	lines[last] = placed(beside, width)
	return lines, true
}

// stacked gives each cell its own lines.
func stacked(cells []Cell, width int) []string {
	var lines []string
	for _, cell := range cells {
		for _, line := range wrap(cell.Text, width, width) {
			if cell.Align == Right {
				line = spaces(width-Width(line)) + line
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func (b Big) rows(columns int) []Row {
	label, amount := Clean(b.Label), Clean(b.Amount)
	half := columns / 2
	cells := []Cell{{Text: label}, {Text: amount, Align: Right}}
	var lines []string
	switch {
	case Width(label)+1+Width(amount) <= half:
		lines = []string{label + spaces(half-Width(label)-Width(amount)) + amount}
	case Width(label) <= half && Width(amount) <= half:
		lines = stacked(cells, half)
	default:
		return Columns{Cells: cells, Bold: true}.rows(columns)
	}
	made := make([]Row, len(lines))
	for i, line := range lines {
		row := textRow(line, false)
		row.Double = true
		made[i] = row
	}
	return made
}

var levels = map[Level]qr.ErrorCorrectionLevel{LevelL: qr.L, LevelM: qr.M, LevelQ: qr.Q, LevelH: qr.H}

// rows settles the size: the smallest module that makes the side long enough.
func (q QR) rows(profile Profile) []Row {
	asText := Line{Text: q.Data, Align: Centre}.rows(profile.Columns)
	if q.Data == "" || len(q.Data) > QRDataMax || !plain(q.Data) {
		return asText
	}
	// Byte mode, which is what printers use: other modes would come out smaller here than on paper.
	code, err := qr.Encode(q.Data, levels[q.Level], qr.Unicode)
	if err != nil {
		return asText
	}
	modules := code.Bounds().Dx()
	const tenthsOfMillimetrePerInch = 254
	side := (q.Millimetres*10*profile.DotsPerInch + tenthsOfMillimetrePerInch - 1) / tenthsOfMillimetrePerInch
	dots := max((side+modules-1)/modules, qrDotsMin)
	dots = min(dots, profile.Dots/(modules+2*qrQuiet))
	if dots < qrDotsMin {
		return asText
	}
	return []Row{QRCode{Data: q.Data, Level: q.Level, Modules: modules, Dots: dots}}
}

func (i Image) fits(dots int) bool {
	return i.Width > 0 && i.Height > 0 && i.Width <= dots && len(i.Dots) == (i.Width+7)/8*i.Height
}
