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
	_, inside := widget.Modal(body, width, rows, widget.Frame{Title: d.word(titleID), Focus: true})
	inside = inside.Part(2, 0, inside.Width-4, inside.Height)
	for y, line := range widget.Wrap(words, inside.Width, textRows) {
		inside.Write(0, 1+y, inside.Width, theme.Text, line)
	}
	inside.Write(0, inside.Height-1, inside.Width, theme.Warn.Bold(), foot)
}

// confirm asks before a sale is cancelled: that takes another key than the first.
func (d drawing) confirm(body widget.Area) {
	sale := d.Snapshot.Sale
	if sale == nil {
		return
	}
	const width, rows, textRows = 60, 8, 3
	title := d.word("screen.confirm.title", "Number", d.number(sale.Number))
	_, inside := widget.Modal(body, width, rows, widget.Frame{Title: title, Focus: true})
	inside = inside.Part(2, 0, inside.Width-4, inside.Height)
	words := d.word("screen.confirm.text", "Count", sale.Items, "TotalCents", sale.Total)
	for y, line := range widget.Wrap(words, inside.Width, textRows) {
		inside.Write(0, 1+y, inside.Width, theme.Text, line)
	}
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

// typed is one row of the help about what can be typed.
type typed struct{ what, aboutID string }

var typedOn = map[keymap.Screen][]typed{
	keymap.LogIn:   {{"214 ⏎", "screen.help.login.operator"}},
	keymap.Opening: {{"200 ⏎", "screen.help.opening.float"}},
	keymap.Selling: {
		{"789… ⏎", "screen.help.selling.code"},
		{"3*789… ⏎", "screen.help.selling.times"},
		{"- ⏎", "screen.help.selling.void_last"},
		{"-3 ⏎", "screen.help.selling.void"},
		{"⏎", "screen.help.selling.pay"},
	},
	keymap.Paying: {
		{"⏎", "screen.help.paying.exact"},
		{"1 50 ⏎", "screen.help.paying.note"},
		{"2", "screen.help.paying.digit"},
	},
}

// help explains the keys of the screen under it, and what can be typed there.
func (d drawing) help(body widget.Area) {
	base := d.Base()
	keys, rows := keymap.Explained(base), typedOn[base]
	height := min(len(keys)+len(rows)+8, body.Height)
	_, inside := widget.Modal(body, min(body.Width*4/5, 84), height, widget.Frame{Title: d.word("screen.help.title"), Focus: true})
	inside = inside.Part(2, 0, inside.Width-4, inside.Height)
	const nameWidth, aliasWidth = 9, 8
	y := 0
	inside.Write(0, y, inside.Width, theme.Muted, d.word("screen.help.typing"))
	for _, row := range rows {
		y++
		inside.Write(0, y, nameWidth, theme.Text.Bold(), row.what)
		inside.Write(nameWidth+aliasWidth, y, inside.Width-nameWidth-aliasWidth, theme.Text, d.word(row.aboutID))
	}
	y += 2
	inside.Write(0, y, inside.Width, theme.Muted, d.word("screen.help.keys"))
	for _, key := range keys {
		y++
		inside.Write(0, y, nameWidth, theme.Text.Bold(), string(key.Key))
		inside.Write(nameWidth, y, aliasWidth, theme.Muted, string(key.Alias))
		inside.Write(nameWidth+aliasWidth, y, inside.Width-nameWidth-aliasWidth, theme.Text, d.word(key.About))
	}
	if y+2 < inside.Height {
		inside.Write(0, inside.Height-1, inside.Width, theme.Muted, d.word("screen.help.scan"))
	}
}
