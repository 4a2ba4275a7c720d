package view

import (
	"balcao/terminal/snapshot"
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// banner draws the gravest notice into one row, with the way to the others.
func (d drawing) banner(row widget.Area, notices []snapshot.Notice) {
	first := notices[0]
	note := first.Code
	if where := d.where(first.Money); where != "" {
		note = where + " " + note
	}
	if others := len(notices) - 1; others > 0 {
		note += " " + d.word("screen.notices.more", "Number", others)
	} else {
		note += " " + d.word("screen.notices.open")
	}
	widget.Say(row, severityTone(first.Severity), d.Language.Say(first.Text), note)
}

func severityTone(severity string) widget.Tone {
	if severity == "danger" {
		return widget.Danger
	}
	return widget.Warning
}

// notices lists what is the matter, the gravest first, and what to do about the
// marked one.
func (d drawing) notices(body widget.Area) {
	const around, textRows, borders = 4, 4, 2 // two rules' rows, the note and the keys
	all := d.Snapshot.Notices
	rows := min(max(len(all), 1), body.Height-around-textRows-borders)
	width := min(body.Width*4/5, 92)
	inside := d.window(body, d.word("screen.notices.title"), width, rows+around+textRows+borders)
	marked := min(d.Marked, len(all)-1)
	if marked < 0 {
		inside.Write(0, 1, inside.Width, theme.Money.Bold(), "✓ "+d.word("screen.notices.none"))
		d.modalKeys(inside.Row(inside.Height-1), keymap.Noticing)
		return
	}
	first := max(marked-rows+1, 0)
	for i, notice := range all[first:min(first+rows, len(all))] {
		row := inside.Row(1 + i)
		if first+i == marked {
			row = row.On(theme.Selected)
		}
		widget.Say(row.Part(1, 0, row.Width-2, 1), severityTone(notice.Severity), d.Language.Say(notice.Text), notice.Code)
	}
	for y, line := range widget.Wrap(d.Language.Say(all[marked].Cure), inside.Width, textRows) {
		inside.Write(0, rows+2+y, inside.Width, theme.Text, line)
	}
	d.modalKeys(inside.Row(inside.Height-1), keymap.Noticing)
	inside.WriteRight(0, inside.Height-1, inside.Width, theme.Muted, d.word("screen.notices.pick"))
}
