package widget

import "balcao/ui/theme"

// Frame is what stands in a box's border.
type Frame struct {
	Title string
	Note  string // at the right end, quieter
	Focus bool   // the border is bright: keys go here
}

func (f Frame) border() theme.Ink {
	if f.Focus {
		return theme.Accent
	}
	return theme.Line
}

// Box draws a border around the area on its surface and answers what is inside.
func Box(a Area, frame Frame) Area {
	a = a.On(a.Surface)
	if a.Width < 2 || a.Height < 2 {
		return a.Part(0, 0, 0, 0)
	}
	border := frame.border()
	right, bottom := a.Width-1, a.Height-1
	for x := 1; x < right; x++ {
		a.Put(x, 0, '─', border)
		a.Put(x, bottom, '─', border)
	}
	for y := 1; y < bottom; y++ {
		a.Put(0, y, '│', border)
		a.Put(right, y, '│', border)
	}
	a.Put(0, 0, '╭', border)
	a.Put(right, 0, '╮', border)
	a.Put(0, bottom, '╰', border)
	a.Put(right, bottom, '╯', border)
	writeTitle(a, frame)
	return a.Part(1, 1, a.Width-2, a.Height-2)
}

func writeTitle(a Area, frame Frame) {
	room := a.Width - 6
	note := Clean(frame.Note)
	if note != "" && Columns(note)+2 <= room/2 {
		columns := Columns(note)
		begin := a.Width - columns - 3
		a.Write(begin-1, 0, columns+2, theme.Muted, " "+note+" ")
		room = begin - 5
	}
	if frame.Title == "" || room < 3 {
		return
	}
	ink := theme.Muted
	switch {
	case frame.Focus && a.Surface == theme.Modal:
		ink = theme.Accent.Bold()
	case frame.Focus:
		ink = theme.Text.Bold()
	}
	a.Put(2, 0, ' ', ink)
	used := a.Write(3, 0, room, ink, frame.Title)
	a.Put(3+used, 0, ' ', ink)
}

// Divide draws a line across a box at its row y, joined to the border. The area
// is the box's, border included.
func Divide(box Area, y int, frame Frame) {
	if y <= 0 || y >= box.Height-1 {
		return
	}
	border := frame.border()
	for x := 1; x < box.Width-1; x++ {
		box.Put(x, y, '─', border)
	}
	box.Put(0, y, '├', border)
	box.Put(box.Width-1, y, '┤', border)
}

// Split draws a line down a box at its column x, from one dividing row to
// another, joined to both.
func Split(box Area, x, top, bottom int, frame Frame) {
	border := frame.border()
	for y := top + 1; y < bottom; y++ {
		box.Put(x, y, '│', border)
	}
	box.Put(x, top, '┬', border)
	box.Put(x, bottom, '┴', border)
}

// Modal dims the rows of the page that it is laid over and draws a box in their
// middle. It answers the box, border included, and what is inside.
func Modal(page Area, width, height int, frame Frame) (box, inside Area) {
	page.grid.Scrim(page.y, page.y+page.Height-1)
	width, height = min(width, page.Width), min(height, page.Height)
	box = page.Part((page.Width-width)/2, (page.Height-height)/2, width, height)
	box.Surface = theme.Modal
	return box, Box(box, frame)
}
