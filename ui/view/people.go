package view

import (
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// centred cuts a box out of the middle of the body.
func centred(body widget.Area, width, height int) widget.Area {
	part := body.Part((body.Width-width)/2, (body.Height-height)/2, width, height)
	part.Surface = theme.Panel
	return part
}

// form is a box with one entry line or two under a few words.
func (d drawing) form(body widget.Area, title string, rows int) widget.Area {
	const width = 58
	inside := widget.Box(centred(body, width, rows+2), widget.Frame{Title: title, Focus: true})
	return inside.Part(2, 0, inside.Width-4, inside.Height)
}

// labelled draws a name and a field beside it.
func labelled(row widget.Area, name string, nameWidth int, field widget.Field) {
	ink := theme.Muted
	if field.Focus {
		ink = theme.Text.Bold()
	}
	row.Write(0, 0, nameWidth, ink, name)
	widget.DrawField(row.Part(nameWidth+1, 0, row.Width-nameWidth-1, 1), field)
}

// logIn asks for the operator's number, then for the PIN.
func (d drawing) logIn(body widget.Area) {
	const nameWidth = 10
	inside := d.form(body, d.word("screen.login.title"), 9)
	store := d.Snapshot.Store
	inside.Write(0, 1, inside.Width, theme.Text, d.word("screen.status.store", "Name", store.Name, "Number", store.Number))
	pin := d.Entry.Operator != ""
	operator := widget.Field{Text: d.Entry.Text, Hint: d.word("screen.login.hint"), Focus: !pin, Waiting: d.Waiting && !pin}
	secret := widget.Field{Masked: true, Focus: pin, Waiting: d.Waiting && pin}
	if pin {
		operator.Text, secret.Text = d.Entry.Operator, d.Entry.Text
	}
	labelled(inside.Row(3), d.word("screen.login.operator"), nameWidth, operator)
	labelled(inside.Row(5), d.word("screen.login.pin"), nameWidth, secret)
	switch sale := d.Snapshot.Sale; {
	case d.Said != nil:
		d.said(inside.Row(7))
	case sale != nil:
		inside.Write(0, 7, inside.Width, theme.Muted,
			d.word("screen.login.sale_kept", "Number", d.number(sale.Number), "Count", sale.Items))
	}
}

// opening asks for the float of the drawer.
func (d drawing) opening(body widget.Area) {
	const nameWidth = 18
	inside := d.form(body, d.word("screen.opening.title"), 8)
	for y, line := range widget.Wrap(d.word("screen.opening.ask"), inside.Width, 2) {
		inside.Write(0, 1+y, inside.Width, theme.Text, line)
	}
	labelled(inside.Row(4), d.word("screen.opening.float"), nameWidth, widget.Field{
		Text: d.Entry.Text, Hint: d.word("screen.opening.hint"), Focus: true, Waiting: d.Waiting,
	})
	d.said(inside.Row(6))
}
