// Package widget draws on a grid of cells: boxes, tables, fields, figures, bars.
//
// A widget is a function from values to cells: it holds no state, knows no
// terminal and names roles, never colours. What a figure means is package view's
// business. Start with [Grid], then [Area], the rectangle that every widget is
// given and cannot leave.
package widget

import (
	"fmt"
	"strings"

	"balcao/ui/theme"
)

// Cell is one cell of the screen, 8 bytes and comparable. A rune of width 2 is
// followed by a tail cell of width 0.
type Cell struct {
	Rune  rune
	Role  theme.Role
	Width uint8
}

// Limits of a grid: no terminal is larger, and a resize must not take the
// machine's memory.
const (
	widthMax  = 500
	heightMax = 200
)

// Grid is the screen that is being drawn, beside the one that was drawn last.
type Grid struct {
	width, height int
	current, last []Cell
}

// NewGrid makes an empty grid; what is larger than any terminal is cut.
func NewGrid(width, height int) *Grid {
	width, height = min(max(width, 0), widthMax), min(max(height, 0), heightMax)
	return &Grid{
		width: width, height: height,
		current: make([]Cell, width*height), last: make([]Cell, width*height),
	}
}

// Size is the grid's columns and rows.
func (g *Grid) Size() (width, height int) { return g.width, g.height }

// At answers a cell of the current drawing; outside there is nothing.
func (g *Grid) At(x, y int) Cell {
	if !g.has(x, y) {
		return Cell{}
	}
	return g.current[y*g.width+x]
}

func (g *Grid) has(x, y int) bool { return x >= 0 && y >= 0 && x < g.width && y < g.height }

// Clear paints everything as blank page.
func (g *Grid) Clear() {
	blank := Cell{Rune: ' ', Role: theme.On(theme.Page, theme.Text), Width: 1}
	for i := range g.current {
		g.current[i] = blank
	}
}

// put sets a cell, and keeps wide runes whole: half of one becomes a blank.
func (g *Grid) put(x, y int, cell Cell) {
	if !g.has(x, y) || cell.Width == 2 && !g.has(x+1, y) {
		return
	}
	row := g.current[y*g.width : (y+1)*g.width]
	if row[x].Width == 0 && x > 0 && row[x-1].Width == 2 {
		row[x-1].Rune, row[x-1].Width = ' ', 1
	}
	last := x + int(cell.Width) - 1
	if row[last].Width == 2 && last+1 < g.width {
		row[last+1].Rune, row[last+1].Width = ' ', 1
	}
	row[x] = cell
	if cell.Width == 2 {
		row[x+1] = Cell{Role: cell.Role}
	}
}

// Scrim dims rows from first to last, borders and all: something lies over them.
func (g *Grid) Scrim(first, last int) {
	for y := max(first, 0); y <= min(last, g.height-1); y++ {
		for x := range g.width {
			g.current[y*g.width+x].Role = theme.On(theme.Scrim, theme.Text)
		}
	}
}

// Invalidate makes the next [Grid.Changes] report every cell: after a resize, a
// change of theme, or when something else wrote to the screen.
func (g *Grid) Invalidate() { clear(g.last) }

// Changes calls put for each cell that differs from the last drawing, tails left
// out, and remembers it. It answers how many differed.
func (g *Grid) Changes(put func(x, y int, cell Cell)) int {
	changed := 0
	for i, cell := range g.current {
		if cell == g.last[i] {
			continue
		}
		g.last[i] = cell
		changed++
		if cell.Width > 0 {
			put(i%g.width, i/g.width, cell)
		}
	}
	return changed
}

// Text is the drawing as lines without idle blanks at their ends.
func (g *Grid) Text() string {
	var text strings.Builder
	for y := range g.height {
		var line strings.Builder
		for x := range g.width {
			if cell := g.At(x, y); cell.Width > 0 {
				line.WriteRune(cell.Rune)
			}
		}
		text.WriteString(strings.TrimRight(line.String(), " "))
		text.WriteByte('\n')
	}
	return text.String()
}

// Roles is the drawing's roles as runs, a line for each row: "3: 0-9 Cap/Text …".
// Equal rows that follow each other are told once.
func (g *Grid) Roles() string {
	return g.runs(func(role theme.Role) string { return role.String() })
}

// Attributes is the drawing's bold, reverse, underline and dim cells under a
// theme, as [Grid.Roles] tells roles: what is left where there are no colours.
func (g *Grid) Attributes(look *theme.Theme) string {
	return g.runs(func(role theme.Role) string {
		style, marks := look.Style(role), ""
		for _, attribute := range []struct {
			on   bool
			mark string
		}{{style.Bold, "bold"}, {style.Reverse, "reverse"}, {style.Underline, "underline"}, {style.Dim, "dim"}} {
			if attribute.on {
				marks += "+" + attribute.mark
			}
		}
		return strings.TrimPrefix(marks, "+")
	})
}

func (g *Grid) runs(name func(theme.Role) string) string {
	var text strings.Builder
	before, first := "", 0
	for y := 0; y <= g.height; y++ {
		row := ""
		if y < g.height {
			row = g.rowRuns(y, name)
		}
		if y > 0 && (row != before || y == g.height) {
			label := fmt.Sprint(first)
			if y-1 > first {
				label = fmt.Sprintf("%d-%d", first, y-1)
			}
			fmt.Fprintln(&text, strings.TrimRight(label+":"+before, " "))
			first = y
		}
		before = row
	}
	return text.String()
}

func (g *Grid) rowRuns(y int, name func(theme.Role) string) string {
	var row strings.Builder
	begin := 0
	for x := 1; x <= g.width; x++ {
		if x < g.width && g.At(x, y).Role == g.At(begin, y).Role {
			continue
		}
		if label := name(g.At(begin, y).Role); label != "" {
			fmt.Fprintf(&row, " %d-%d %s", begin, x-1, label)
		}
		begin = x
	}
	return row.String()
}
