package view

import (
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// question asks what one digit answers.
func (d drawing) question(body widget.Area) {
	const width, textRows, borders = 60, 3, 2
	asked := d.Snapshot.Question
	answers := min(len(asked.Answers), searchRows)
	inside := d.window(body, d.word("screen.question.title"), width, 1+textRows+1+answers+2+borders)
	for y, line := range widget.Wrap(d.Language.Say(asked.Text), inside.Width, textRows) {
		inside.Write(0, 1+y, inside.Width, theme.Text, line)
	}
	first := 1 + textRows + 1
	for i, answer := range asked.Answers[:answers] {
		row := inside.Row(first + i)
		digit := row.Part(0, 0, 3, 1)
		digit.Surface = theme.CapWarn
		digit.Write(0, 0, 3, theme.Text.Bold(), " "+itoa(i+1)+" ")
		row.Write(4, 0, row.Width-4, theme.Text.Bold(), d.Language.Say(answer))
	}
	d.modalKeys(inside.Row(inside.Height-1), keymap.Asking)
}
