package view

import (
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// approval says who asks for what and how much, and asks for the second person's
// number and PIN.
func (d drawing) approval(body widget.Area) {
	const width, rows, nameWidth = 60, 11, 10
	wanted := d.Snapshot.Approval
	inside := d.window(body, d.word("screen.approval.title"), width, rows)
	amount := ""
	if wanted.Amount != 0 {
		amount = d.word("screen.payment.amount", "AmountCents", wanted.Amount)
	}
	widget.Pair(inside.Row(1), theme.Accent.Bold(), d.Language.Say(wanted.Act), theme.Warn.Bold(), amount)
	inside.Write(0, 2, inside.Width, theme.Text, d.word("screen.approval.asker", "Name", wanted.Asker))
	pin := d.Entry.Operator != ""
	person := widget.Field{Text: d.Entry.Text, Hint: d.word("screen.approval.hint"), Focus: !pin, Waiting: d.Waiting && !pin}
	secret := widget.Field{Masked: true, Focus: pin, Waiting: d.Waiting && pin}
	if pin {
		person.Text, secret.Text = d.Entry.Operator, d.Entry.Text
	}
	labelled(inside.Row(4), d.word("screen.login.operator"), nameWidth, person)
	labelled(inside.Row(6), d.word("screen.login.pin"), nameWidth, secret)
	d.modalKeys(inside.Row(inside.Height-1), keymap.Approving)
}
