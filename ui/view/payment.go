package view

import (
	"time"

	"balcao/terminal/snapshot"
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// paymentLayout is where the parts of the payment modal stand: rows of each part
// and columns of the ways to pay.
type paymentLayout struct {
	width, figures, middle, received, choices int
}

// rows of the whole modal: four parts, three lines between them, two borders.
func (l paymentLayout) rows() int { return l.figures + l.middle + l.received + 1 + 3 + 2 }

var paymentLayouts = map[size]paymentLayout{
	compact: {width: 64, figures: 3, middle: 9, received: 2, choices: 25},
	normal:  {width: 78, figures: 5, middle: 9, received: 3, choices: 27},
	wide:    {width: 92, figures: 5, middle: 10, received: 5, choices: 31},
}

// payment draws the payment of the closed order over the cart.
func (d drawing) payment(body widget.Area) {
	layout := paymentLayouts[d.size]
	frame := widget.Frame{Title: d.paymentTitle(), Focus: true}
	box, inside := widget.Modal(body, layout.width, layout.rows(), frame)
	first := layout.figures + 1
	second := first + layout.middle + 1
	third := second + layout.received + 1
	for _, y := range []int{first, second, third} {
		widget.Divide(box, y, frame)
	}
	widget.Split(box, layout.choices+1, first, second, frame)
	margin := func(part widget.Area) widget.Area { return part.Part(2, 0, part.Width-4, part.Height) }
	d.dues(margin(inside.Part(0, 0, inside.Width, layout.figures)))
	d.choices(inside.Part(0, first, layout.choices, layout.middle))
	d.progress(margin(inside.Part(layout.choices+1, first, inside.Width-layout.choices-1, layout.middle)))
	d.received(margin(inside.Part(0, second, inside.Width, layout.received)))
	d.paymentKeys(margin(inside.Part(0, third, inside.Width, 1)))
}

func (d drawing) paymentTitle() string {
	if sale := d.Snapshot.Sale; sale != nil {
		return d.word("screen.payment.title_sale", "Number", d.number(sale.Number))
	}
	return d.word("screen.payment.title")
}

// dues draws total, paid and due, and the due once more, large.
func (d drawing) dues(area widget.Area) {
	payment := d.Snapshot.Payment
	y := (area.Height - widget.BigHeight) / 2
	const figuresWidth = 21
	names := area.Part(0, y, figuresWidth, widget.BigHeight)
	dueInk := theme.Warn
	if payment.Due <= 0 {
		dueInk = theme.Money
	}
	widget.Pair(names.Row(0), theme.Muted, d.word("screen.payment.total"), theme.Text, d.amount(payment.Total))
	widget.Pair(names.Row(1), theme.Muted, d.word("screen.payment.paid"), theme.Money, d.amount(payment.Paid))
	widget.Pair(names.Row(2), dueInk.Bold(), d.word("screen.payment.due"), dueInk.Bold(), d.amount(payment.Due))
	big := area.Part(figuresWidth+5, y, area.Width-figuresWidth-5, widget.BigHeight)
	used := big.Write(0, 0, big.Width, dueInk.Bold(), d.word("screen.payment.due_big"))
	widget.Big(big.Part(used+1, 0, big.Width-used-1, widget.BigHeight), dueInk, d.amount(payment.Due))
}

// choices draws the ways to pay by their digits. What cannot be used now has no
// key cap; the one that runs, or is asked about, is marked.
func (d drawing) choices(area widget.Area) {
	area.Write(2, 0, area.Width-2, theme.Muted, d.word("screen.payment.methods"))
	running := d.runningAttempt()
	for i, choice := range d.Snapshot.Payment.Choices {
		row := area.Part(1, 1+i, area.Width-2, 1)
		marked := choice.Digit == d.Entry.Digit || running != nil && running.Method == choice.Method
		if marked {
			row = row.On(theme.Selected)
			row.Put(row.Width-2, 0, '▶', theme.Text.Bold())
		}
		nameInk, digitInk := theme.Text, theme.Text.Bold()
		digit := row.Part(1, 0, 3, 1)
		switch {
		case marked:
			nameInk = theme.Text.Bold()
		case !choice.Disabled.Empty():
			nameInk, digitInk = theme.Faint, theme.Faint
		default:
			digit.Surface = theme.CapWarn
		}
		digit.Write(0, 0, 3, digitInk, " "+itoa(choice.Digit)+" ")
		row.Write(5, 0, row.Width-8, nameInk, d.Language.Say(choice.Name))
	}
}

// progress draws the attempt, or what can be typed.
func (d drawing) progress(area widget.Area) {
	attempt := d.Snapshot.Payment.Attempt
	typing := !d.Situation().EntryEmpty || d.Snapshot.Payment.Part != 0
	if attempt == nil || !attempt.Running && typing {
		d.asking(area)
		return
	}
	d.attempt(area, *attempt)
}

// asking draws the entry line of payment, under what it is asked for.
func (d drawing) asking(area widget.Area) {
	name, hint := "screen.payment.typed", ""
	title := d.word("screen.payment.choose")
	if part := d.Snapshot.Payment.Part; part != 0 {
		area.Write(0, 1, area.Width, theme.Text, title)
		title = d.word("screen.payment.part", "AmountCents", part)
	}
	if choice, ok := d.Choice(d.Entry.Digit); ok {
		title = d.Language.Say(choice.Name)
		name, hint = "screen.payment.given", d.word("screen.payment.given_hint")
	}
	area.Write(0, 0, area.Width, theme.Accent.Bold(), title)
	if asked := d.Snapshot.Payment.Asking; asked != nil {
		area.Write(0, 1, area.Width, theme.Text, d.Language.Say(*asked))
	}
	label := d.word(name)
	labelled(area.Row(2), label, widget.Columns(label), widget.Field{
		Text: d.Entry.Text, Hint: hint, Focus: d.Screen() == keymap.Paying, Waiting: d.Waiting,
	})
	for i, row := range [][2]string{
		{"⏎", "screen.payment.exact"},
		{"1 50 ⏎", "screen.payment.note"},
		{d.digits(), "screen.payment.digit"},
		{"+50 ⏎", "screen.payment.part_of"},
	} {
		area.Write(0, 4+i, 8, theme.Text.Bold(), row[0])
		area.Write(9, 4+i, area.Width-9, theme.Muted, d.word(row[1]))
	}
}

// digits names the digits in use: "1–3".
func (d drawing) digits() string {
	choices := d.Snapshot.Payment.Choices
	switch len(choices) {
	case 0:
		return ""
	case 1:
		return itoa(choices[0].Digit)
	default:
		return itoa(choices[0].Digit) + "–" + itoa(choices[len(choices)-1].Digit)
	}
}

// attempt draws one try at moving money: its steps, its outcome, and in words
// where the money is.
func (d drawing) attempt(area widget.Area, attempt snapshot.Attempt) {
	name := d.Language.Say(attempt.Name)
	switch {
	case attempt.Card != "" && d.size == compact:
		name = attempt.Card
	case attempt.Card != "":
		name += " · " + attempt.Card
	}
	widget.Pair(area.Row(0), theme.Accent.Bold(), name, theme.Text, d.word("screen.payment.amount", "AmountCents", attempt.Amount))
	const moneyRows = 1
	outcomeRows := 2
	if d.size == compact {
		outcomeRows = 3
	}
	bottom := area.Height - moneyRows - outcomeRows
	steps := area.Part(0, 1, area.Width, bottom-1)
	if spare := bottom - 1 - len(attempt.Steps); spare > 0 {
		steps = area.Part(0, 2, area.Width, bottom-2)
	}
	for y, step := range attempt.Steps {
		d.step(steps.Row(y), step, attempt)
	}
	outcome := area.Part(0, bottom, area.Width, outcomeRows)
	if attempt.Outcome.Empty() && attempt.Running {
		widget.Progress(outcome.Row(0), stepsDone(attempt.Steps), len(attempt.Steps))
	}
	for y, line := range widget.Wrap(d.Language.Say(attempt.Outcome), outcome.Width, outcomeRows) {
		outcome.Write(0, y, outcome.Width, theme.Text, line)
	}
	d.money(area.Row(area.Height-1), attempt.Money)
}

// step draws one step; the active one turns and counts seconds.
func (d drawing) step(row widget.Area, step snapshot.Step, attempt snapshot.Attempt) {
	mark, ink := '·', theme.Muted
	switch step.State {
	case "done":
		mark, ink = '✓', theme.Money.Bold()
	case "active":
		mark, ink = d.spinner(), theme.Accent.Bold()
	case "failed":
		mark, ink = '▼', theme.Danger
	}
	row.Put(0, 0, mark, ink)
	name := row.Part(2, 0, row.Width-2, 1)
	if step.State != "active" || !attempt.Running {
		name.Write(0, 0, name.Width, ink, d.Language.Say(step.Name))
		return
	}
	seconds := max(int(d.Now.Sub(attempt.StartedAt)/time.Second), 0)
	widget.Pair(name, ink, d.Language.Say(step.Name), theme.Muted, d.word("screen.payment.seconds", "Number", seconds))
}

func stepsDone(steps []snapshot.Step) int {
	done := 0
	for _, step := range steps {
		if step.State == "done" {
			done++
		}
	}
	return done
}

// money says where the money is.
func (d drawing) money(row widget.Area, where snapshot.Money) {
	words := d.where(where)
	if words == "" {
		return
	}
	tone := widget.Warning
	switch where {
	case snapshot.NotCharged:
		tone = widget.Info
	case snapshot.Charged:
		tone = widget.Done
	}
	widget.Say(row, tone, words, "")
}

// received draws the newest payments of this order.
func (d drawing) received(area widget.Area) {
	rows := d.Snapshot.Payment.Received
	title := d.word("screen.payment.received")
	if len(rows) > area.Height-1 {
		title = d.word("screen.payment.received_of", "Shown", area.Height-1, "All", len(rows))
	}
	area.Write(0, 0, area.Width, theme.Muted, title)
	if len(rows) == 0 {
		area.Write(0, 1, area.Width, theme.Faint, d.word("screen.payment.none_received"))
		return
	}
	if room := area.Height - 1; len(rows) > room {
		rows = rows[len(rows)-room:]
	}
	const nameWidth, amountWidth = 17, 10
	for i, one := range rows {
		y := 1 + i
		area.Write(0, y, nameWidth, theme.Text, d.Language.Say(one.Name))
		area.WriteRight(nameWidth+1, y, amountWidth, theme.Text.Bold(), d.amount(one.Amount))
		note := one.At.In(d.Now.Location()).Format(d.word("screen.layout.time")) + " · " + d.Language.Say(one.State)
		x := nameWidth + amountWidth + 3
		if key := d.word("screen.payment.key", "Key", one.Key.Short()); one.Key != "" && x+widget.Columns(note+" · "+key) <= area.Width {
			note += " · " + key
		}
		area.Write(x, y, area.Width-x, theme.Muted, note)
	}
}

// paymentKeys draws the keys that the modal has, and beside them why nobody is
// charged twice.
func (d drawing) paymentKeys(row widget.Area) {
	situation := d.Situation()
	situation.Screen = keymap.Paying
	var keys []widget.KeyCap
	for _, shown := range keymap.Bar(situation) {
		if shown.Action == keymap.Back || shown.Action == keymap.Inquire && d.Snapshot.Payment.Attempt != nil {
			key := d.keyCap(shown, d.size == compact)
			key.Surface = theme.CapWarn
			keys = append([]widget.KeyCap{key}, keys...)
		}
	}
	widget.KeyBar(row, keys, 0)
	promise := d.word("screen.payment.unique")
	if room := row.Width - widget.KeyBarWidth(keys) - 2; d.Snapshot.Payment.Attempt != nil && widget.Columns(promise) <= room {
		row.WriteRight(0, 0, row.Width, theme.Money.Bold(), promise)
	}
}
