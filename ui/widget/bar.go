package widget

import "balcao/ui/theme"

// Segment is one part of the status bar.
type Segment struct {
	Text string
	Ink  theme.Ink
	Tag  bool // a coloured tag: who we are
}

// StatusBar draws segments from the left and from the right, a line between
// them. The left ones are cut first: the lights at the right must stay.
func StatusBar(row Area, left, right []Segment) {
	row = row.Row(0).On(theme.Status)
	end := row.Width
	for i := len(right) - 1; i >= 0; i-- {
		columns := Columns(right[i].Text)
		if end-columns-2 < 0 {
			break
		}
		row.Write(end-columns-1, 0, columns, right[i].Ink, right[i].Text)
		end -= columns + 2
		if i > 0 {
			end--
			row.Put(end, 0, '│', theme.Muted)
		}
	}
	x := 0
	for i, segment := range left {
		room := end - x - 2
		if room < 1 {
			return
		}
		if segment.Tag {
			tag := row.Part(x, 0, min(Columns(segment.Text), room)+2, 1).On(theme.Selected)
			x += tag.Write(1, 0, tag.Width-2, theme.Text.Bold(), segment.Text) + 2
			continue
		}
		x += row.Write(x+1, 0, room, segment.Ink, segment.Text) + 2
		if i < len(left)-1 && x < end-2 {
			row.Put(x, 0, '│', theme.Muted)
			x++
		}
	}
}

// StatusBarWidth is how many columns the segments take when none is cut.
func StatusBarWidth(left, right []Segment) int {
	columns := 0
	for _, segment := range append(append([]Segment(nil), left...), right...) {
		columns += Columns(segment.Text) + 2 + 1
	}
	return columns
}

// KeyCap is one key of a key bar.
type KeyCap struct {
	Key      string
	Label    string
	Surface  theme.Surface // Cap, CapGo or CapWarn
	Disabled bool
}

// keyGap stands between two keys.
const keyGap = 2

// KeyBar draws keys into one row, each in a slot of the same width, or one after
// the other if slot is zero.
func KeyBar(row Area, keys []KeyCap, slot int) {
	x := 0
	for _, key := range keys {
		room := row.Width - x
		if slot > 0 {
			room = min(room, slot-1)
		}
		if room < 3 {
			return
		}
		drawKey(row.Part(x, 0, room, 1), key)
		if x += slot; slot == 0 {
			x += key.width() + keyGap
		}
	}
}

// width is how many columns a key takes, the same whether it is disabled or not:
// nothing moves when that changes.
func (k KeyCap) width() int {
	columns := Columns(k.Key) + 2 + 1 + Columns(k.Label)
	if k.Surface == theme.CapGo {
		columns++
	}
	return columns
}

// drawKey draws " F8  PAGAR ": the key that goes forward is one cap with its label.
func drawKey(row Area, key KeyCap) {
	if key.Disabled {
		used := row.Write(1, 0, row.Width-1, theme.Faint, key.Key) + 2
		row.Write(used+1, 0, row.Width-used-1, theme.Faint, key.Label)
		return
	}
	name := " " + key.Key + " "
	if key.Surface == theme.CapGo {
		name += " " + key.Label + " "
	}
	cap := row.Part(0, 0, Columns(name), 1)
	cap.Surface = key.Surface
	used := cap.Write(0, 0, cap.Width, theme.Text.Bold(), name)
	if key.Surface != theme.CapGo {
		row.Write(used+1, 0, row.Width-used-1, theme.Text, key.Label)
	}
}

// KeyBarWidth is how many columns keys take one after the other.
func KeyBarWidth(keys []KeyCap) int {
	columns := -keyGap
	for _, key := range keys {
		columns += key.width() + keyGap
	}
	return max(columns, 0)
}

// Progress draws done of all as a bar.
func Progress(row Area, done, all int) {
	if all <= 0 {
		return
	}
	filled := row.Width * min(max(done, 0), all) / all
	for x := range row.Width {
		if x < filled {
			row.Put(x, 0, '█', theme.Accent)
		} else {
			row.Put(x, 0, '░', theme.Line)
		}
	}
}

// Tone is how much something said matters.
type Tone int

// The tones of what is said. Each has a mark, so that colour is never alone.
const (
	Info Tone = iota
	Done
	Warning
	Danger
)

// Look answers the ink and the mark of a tone.
func (t Tone) Look() (theme.Ink, rune) {
	switch t {
	case Done:
		return theme.Money.Bold(), '✓'
	case Warning:
		return theme.Warn.Bold(), '▲'
	case Danger:
		return theme.Danger.Bold(), '▼'
	default:
		return theme.Text, '●'
	}
}

// Say writes a marked line: a toast, or a banner with a note at its right end.
func Say(row Area, tone Tone, text, note string) {
	ink, mark := tone.Look()
	row.Put(0, 0, mark, ink)
	room := row.Width - 2
	if columns := Columns(note); columns > 0 && columns < room/2 {
		row.WriteRight(2, 0, room, theme.Muted, note)
		room -= columns + 2
	}
	row.Write(2, 0, room, ink, text)
}
