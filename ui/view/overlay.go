package view

import (
	"time"

	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// tooSmall asks for a larger terminal.
func (d drawing) tooSmall(page widget.Area) {
	y := max(page.Height/2-1, 0)
	page.WriteCentre(y, theme.Warn.Bold(), "▲ "+d.word("screen.small.title"))
	page.WriteCentre(y+1, theme.Text, d.word("screen.small.text",
		"WantWidth", WidthMin, "WantHeight", HeightMin, "Width", page.Width, "Height", page.Height))
	page.WriteCentre(y+2, theme.Muted, d.word("screen.small.kept"))
}

// connecting is the screen before the till has answered once.
func (d drawing) connecting(page widget.Area) {
	if d.Link == OtherVersion {
		d.notice(page, "screen.link.version", d.word("screen.link.version_text"), "")
		return
	}
	page.WriteCentre(page.Height/2, theme.Text, string(d.spinner())+" "+d.word("screen.link.connecting"))
}

// lost lies over everything while the till does not answer.
func (d drawing) lost(body widget.Area) {
	switch d.Link {
	case OtherVersion:
		d.notice(body, "screen.link.version", d.word("screen.link.version_text"), "")
	default:
		seconds := max(int(d.Now.Sub(d.LostAt)/time.Second), 0)
		d.notice(body, "screen.link.lost", d.word("screen.link.lost_text"), string(d.spinner())+" "+d.word("screen.link.since", "Number", seconds))
	}
}

// notice is a modal with a few words.
func (d drawing) notice(body widget.Area, titleID, words, foot string) {
	const width, rows, textRows = 60, 9, 4
	inside := d.window(body, d.word(titleID), width, rows)
	for y, line := range widget.Wrap(words, inside.Width, textRows) {
		inside.Write(0, 1+y, inside.Width, theme.Text, line)
	}
	inside.Write(0, inside.Height-1, inside.Width, theme.Warn.Bold(), foot)
}

// window is a modal with a margin at both sides of its inside.
func (d drawing) window(body widget.Area, title string, width, rows int) widget.Area {
	_, inside := widget.Modal(body, width, rows, widget.Frame{Title: title, Focus: true})
	return inside.Part(2, 0, inside.Width-4, inside.Height)
}

// confirm asks before a sale is cancelled: that takes another key than the first.
func (d drawing) confirm(body widget.Area) {
	sale := d.Snapshot.Sale
	if sale == nil {
		return
	}
	const width, rows, textRows, nameWidth = 60, 9, 2, 7
	inside := d.window(body, d.word("screen.confirm.title", "Number", d.number(sale.Number)), width, rows)
	words := d.word("screen.confirm.text", "Count", sale.Items, "TotalCents", sale.Total)
	for y, line := range widget.Wrap(words, inside.Width, textRows) {
		inside.Write(0, 1+y, inside.Width, theme.Text, line)
	}
	labelled(inside.Row(4), d.word("screen.form.reason"), nameWidth, widget.Field{
		Text: d.Form.Reason, Hint: d.word("screen.confirm.optional"), Focus: d.Screen() == keymap.Confirming,
	})
	d.modalKeys(inside.Row(inside.Height-1), keymap.Confirming)
}

func (d drawing) modalKeys(row widget.Area, screen keymap.Screen) {
	situation := d.Situation()
	situation.Screen = screen
	var keys []widget.KeyCap
	for _, shown := range keymap.Bar(situation) {
		key := d.keyCap(shown, false)
		key.Surface = theme.CapWarn
		keys = append([]widget.KeyCap{key}, keys...)
	}
	widget.KeyBar(row, keys, 0)
}
