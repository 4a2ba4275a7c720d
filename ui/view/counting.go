package view

import (
	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// carriedWidth is the share of the screen that what stays open has, in percent.
const carriedWidth = 42

// counting draws the end of a day: the blind count, then what came of it, and
// beside it what stays open over the close.
func (d drawing) counting(body widget.Area) {
	closing := snapshot.Closing{}
	if d.Snapshot.Closing != nil {
		closing = *d.Snapshot.Closing
	}
	right := body.Width * carriedWidth / 100
	d.count(d.panel(body, 0, body.Width-right-1), closing)
	d.carried(d.panel(body, body.Width-right, right), closing)
}

// count asks for what lies in the drawer. Until a count is entered nothing of what
// should be there is known here.
func (d drawing) count(box widget.Area, closing snapshot.Closing) {
	frame := widget.Frame{Title: d.word("screen.counting.title"), Focus: true}
	if closing.Attempts > 0 {
		frame.Note = d.word("screen.counting.attempts", "Number", closing.Attempts)
	}
	inside := padded(widget.Box(box, frame))
	ask := "screen.counting.ask"
	if closing.Result != nil {
		ask = "screen.counting.again"
	}
	const textRows, entryRow = 2, 4
	for y, line := range widget.Wrap(d.word(ask), inside.Width, textRows) {
		inside.Write(0, 1+y, inside.Width, theme.Text, line)
	}
	label := d.word("screen.counting.counted_brl")
	labelled(inside.Row(entryRow), label, widget.Columns(label), widget.Field{
		Text: d.Entry.Text, Hint: d.word("screen.counting.hint"), Focus: d.Screen() == keymap.Counting, Waiting: d.Waiting,
	})
	if !d.Covered() {
		d.said(inside.Row(entryRow + 1))
	}
	if closing.Result != nil {
		d.result(inside.Part(0, entryRow+3, inside.Width, inside.Height-entryRow-3), *closing.Result)
	}
}

// result compares the drawer with what should be there.
func (d drawing) result(area widget.Area, result snapshot.Count) {
	tone, verdict := verdictOf(result.Difference)
	ink, mark := tone.Look()
	widget.Pair(area.Row(0), theme.Muted, d.word("screen.counting.counted"), theme.Text.Bold(), d.amount(result.Counted))
	widget.Pair(area.Row(1), theme.Muted, d.word("screen.counting.expected"), theme.Text.Bold(), d.amount(result.Expected))
	sign := ""
	if result.Difference > 0 {
		sign = "+"
	}
	widget.Pair(area.Row(2), theme.Muted, d.word("screen.counting.difference"), ink, string(mark)+" "+sign+d.amount(result.Difference))
	widget.Say(area.Row(4), tone, d.word(verdict), "")
	const figureRow, nextRows = 5, 2
	figure, height := widget.Big, widget.BigHeight
	if d.size == wide {
		figure, height = widget.Huge, widget.HugeHeight
	}
	figure(area.Part(0, figureRow, area.Width, height), ink, d.amount(magnitude(result.Difference)))
	nextRow := figureRow + height + 1
	for y, line := range widget.Wrap(d.word("screen.counting.next"), area.Width, nextRows) {
		area.Write(0, nextRow+y, area.Width, theme.Text, line)
	}
}

// verdictOf says in words and colour whether the drawer is right.
func verdictOf(difference money.Cents) (widget.Tone, string) {
	switch {
	case difference < 0:
		return widget.Danger, "screen.counting.missing"
	case difference > 0:
		return widget.Warning, "screen.counting.over"
	default:
		return widget.Done, "screen.counting.right"
	}
}

// magnitude is an amount without its sign.
func magnitude(amount money.Cents) money.Cents {
	if amount < 0 {
		return -amount
	}
	return amount
}

// carried names what stays open over the close: it refuses nothing.
func (d drawing) carried(box widget.Area, closing snapshot.Closing) {
	inside := padded(widget.Box(box, widget.Frame{Title: d.word("screen.counting.carried")}))
	if len(closing.Carried) == 0 {
		widget.Say(inside.Row(1), widget.Done, d.word("screen.counting.nothing"), "")
		return
	}
	const entryRows, aboutRows = 2, 3
	y := 1
	for i, message := range closing.Carried {
		lines := widget.Wrap(d.Language.Say(message), inside.Width-2, entryRows)
		if y+len(lines) >= inside.Height-aboutRows {
			inside.Write(2, y, inside.Width-2, theme.Muted, d.word("screen.counting.more", "Number", len(closing.Carried)-i))
			break
		}
		inside.Put(0, y, '▲', theme.Warn.Bold())
		for _, line := range lines {
			inside.Write(2, y, inside.Width-2, theme.Text, line)
			y++
		}
	}
	for i, line := range widget.Wrap(d.word("screen.counting.carried_about"), inside.Width, aboutRows) {
		inside.Write(0, inside.Height-aboutRows+i, inside.Width, theme.Muted, line)
	}
}
