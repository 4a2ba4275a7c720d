package view

import (
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// menu lists what a day has besides its sales.
func (d drawing) menu(body widget.Area) {
	const width, around, borders = 56, 3, 2
	acts := keymap.Menu(d.Situation())
	inside := d.window(body, d.word("screen.menu.title"), width, len(acts)+around+borders)
	for i, act := range acts {
		why := ""
		if !act.Usable {
			why = d.word(act.Why)
		}
		d.listRow(inside.Row(1+i), i, d.word(act.Label), "", act.Usable)
		if why != "" && i == d.Marked {
			inside.Write(0, inside.Height-2, inside.Width, theme.Warn.Bold(), why)
		}
	}
	d.listKeys(inside.Row(inside.Height-1), keymap.Managing, "screen.menu.pick")
}

// moving asks for the amount and the reason of cash that comes or goes without a
// sale. Recording it takes another key than the one that moves on.
func (d drawing) moving(body widget.Area) {
	const width, rows, nameWidth, textRows = 60, 11, 9, 2
	title, about := "screen.menu.cash_in", "screen.form.cash_in"
	if d.Overlay == CashOut {
		title, about = "screen.menu.cash_out", "screen.form.cash_out"
	}
	inside := d.window(body, d.word(title), width, rows)
	for y, line := range widget.Wrap(d.word(about), inside.Width, textRows) {
		inside.Write(0, 1+y, inside.Width, theme.Text, line)
	}
	labelled(inside.Row(4), d.word("screen.form.amount"), nameWidth, widget.Field{
		Text: d.Form.Amount, Hint: d.word("screen.form.amount_hint"), Focus: !d.Form.OnReason, Waiting: d.Waiting && !d.Form.OnReason,
	})
	labelled(inside.Row(6), d.word("screen.form.reason"), nameWidth, widget.Field{
		Text: d.Form.Reason, Hint: d.word("screen.form.reason_hint"), Focus: d.Form.OnReason, Waiting: d.Waiting && d.Form.OnReason,
	})
	d.modalKeys(inside.Row(inside.Height-1), keymap.Moving)
}
