package widget

import (
	"strings"
	"unicode/utf8"

	"balcao/ui/theme"
)

// Field is a line where people type.
type Field struct {
	Text    string
	Hint    string // shown while nothing is typed
	Masked  bool   // a dot for each character
	Focus   bool   // shows the cursor
	Waiting bool   // what was typed is under way
}

// DrawField draws the field into one row; of a long text it shows the end.
func DrawField(row Area, field Field) {
	row = row.Row(0).On(theme.Field)
	room := row.Width - 3
	if room < 1 {
		return
	}
	text := Clean(field.Text)
	if field.Masked {
		text = strings.Repeat("•", utf8.RuneCountInString(text))
	}
	used := row.Write(1, 0, room, theme.Text.Bold(), CutLeft(text, room))
	if field.Focus {
		row.Put(1+used, 0, '▌', theme.Text.Bold())
	}
	if text == "" && field.Hint != "" {
		row.Write(3, 0, room-3, theme.Faint, field.Hint)
	}
	if field.Waiting {
		row.Put(row.Width-1, 0, ellipsis, theme.Accent)
	}
}
