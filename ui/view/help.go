package view

import (
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// typed is one row of the help about what can be typed.
type typed struct{ what, aboutID string }

var typedOn = map[keymap.Screen][]typed{
	keymap.LogIn:   {{"214 ⏎", "screen.help.login.operator"}},
	keymap.Opening: {{"200 ⏎", "screen.help.opening.float"}},
	keymap.Selling: {
		{"789… ⏎  3*789… ⏎", "screen.help.selling.code"},
		{"arroz", "screen.help.selling.search"},
		{"?789… ⏎", "screen.help.selling.price"},
		{"- ⏎  -3 ⏎", "screen.help.selling.void"},
		{"10% ⏎  5,00- ⏎", "screen.help.selling.discount"},
		{"52998224725 ⏎", "screen.help.selling.customer"},
		{"⏎", "screen.help.selling.pay"},
	},
	keymap.Paying: {
		{"⏎", "screen.help.paying.exact"},
		{"1 50 ⏎", "screen.help.paying.note"},
		{"2", "screen.help.paying.digit"},
		{"+50 ⏎", "screen.help.paying.part"},
	},
	keymap.Counting: {{"642,30 ⏎", "screen.help.counting.count"}},
}

// Columns of the help.
const (
	helpKey   = 9
	helpAlias = 8
	helpName  = helpKey + helpAlias
)

// help explains the keys of the screen under it, and what can be typed there. On
// the smallest screen it has no row to spare.
func (d drawing) help(body widget.Area) {
	keys, rows := keymap.Explained(d.Base()), typedOn[d.Base()]
	const headings, borders, blank, foot = 2, 2, 1, 2
	height := min(len(keys)+len(rows)+headings+borders+blank+foot, body.Height)
	inside := d.window(body, d.word("screen.help.title"), min(body.Width*4/5, 84), height)
	y := 0
	inside.Write(0, y, inside.Width, theme.Muted, d.word("screen.help.typing"))
	for _, row := range rows {
		y++
		inside.Write(0, y, helpName, theme.Text.Bold(), row.what)
		inside.Write(helpName, y, inside.Width-helpName, theme.Text, d.word(row.aboutID))
	}
	if spare := inside.Height - headings - len(rows) - len(keys); spare > 0 {
		y++
	}
	y++
	inside.Write(0, y, inside.Width, theme.Muted, d.word("screen.help.keys"))
	for _, key := range keys {
		y++
		inside.Write(0, y, helpKey, theme.Text.Bold(), string(key.Key))
		inside.Write(helpKey, y, helpAlias, theme.Muted, string(key.Alias))
		inside.Write(helpName, y, inside.Width-helpName, theme.Text, d.word(key.About))
	}
	if y+2 < inside.Height {
		inside.Write(0, inside.Height-1, inside.Width, theme.Muted, d.word("screen.help.scan"))
	}
}
