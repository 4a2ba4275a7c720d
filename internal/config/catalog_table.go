package config

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// byteOrderMark begins a UTF-8 file that a spreadsheet wrote.
const byteOrderMark = "\ufeff"

// A table is a delimited text taken apart: what an export of a spreadsheet or of
// another till holds, before anybody asks what it means.
type table struct {
	encoding  string // as people call it
	separator byte
	rows      []tableRow
}

// A tableRow is one line that has something on it. A line that cannot be taken apart
// has a problem instead of cells.
type tableRow struct {
	line    int // from 1
	cells   []cell
	problem *Error
}

// A cell is one field of a line and where it begins, in characters from 1.
type cell struct {
	text   string
	column int
}

// readTable decodes a file, finds out its separator and splits its lines.
func readTable(data []byte) (*table, error) {
	text, encoding, err := decodeText(data)
	if err != nil {
		return nil, err
	}
	read := &table{encoding: encoding}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	first := 0
	for first < len(lines)-1 && strings.TrimSpace(lines[first]) == "" {
		first++
	}
	read.separator = separatorOf(lines[first])
	if told, found := strings.CutPrefix(lines[first], "sep="); found && len(told) == 1 {
		read.separator = told[0]
		first++
	}
	for i, line := range lines[first:] {
		if row, filled := read.split(line); filled {
			row.line = first + i + 1
			read.rows = append(read.rows, row)
		}
	}
	if len(read.rows) == 0 {
		return nil, errors.New("there is nothing in it")
	}
	return read, nil
}

// decodeText answers a file's text without a byte order mark, and what it was in.
// Each line that is no UTF-8 is taken as Windows-1252, of which Latin-1 is a part:
// files put together from two exports have lines of both.
func decodeText(data []byte) (text, encoding string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return "", "", errors.New("this is a spreadsheet, not text: open it and save it as CSV (UTF-8)")
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
		// Spreadsheets call this Unicode text.
		decoded, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
		return string(decoded), "UTF-16", err
	case bytes.IndexByte(data, 0) >= 0:
		return "", "", errors.New("this is not text: export the items as CSV (UTF-8)")
	case utf8.Valid(data):
		return strings.TrimPrefix(string(data), byteOrderMark), "UTF-8", nil
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for i, line := range lines {
		if !utf8.Valid(line) {
			// This cannot fail: what Windows-1252 does not know becomes U+FFFD.
			lines[i], _ = charmap.Windows1252.NewDecoder().Bytes(line)
		}
	}
	return strings.TrimPrefix(string(bytes.Join(lines, nil)), byteOrderMark), "Windows-1252", nil
}

// separatorOf looks at the first line. Tabs, semicolons and bars hardly stand in names; a
// comma may also be the decimal mark of a file with semicolons.
func separatorOf(line string) byte {
	for _, separator := range []byte{'\t', ';', '|'} {
		if strings.IndexByte(outsideQuotes(line), separator) >= 0 {
			return separator
		}
	}
	return ','
}

func outsideQuotes(line string) string {
	parts := strings.Split(line, `"`)
	var outside strings.Builder
	for i := 0; i < len(parts); i += 2 {
		outside.WriteString(parts[i])
	}
	return outside.String()
}

// split takes a line apart; filled is false for a line without content.
func (t *table) split(line string) (row tableRow, filled bool) {
	rest, column := line, 1
	for more := true; more; {
		var text, taken string
		var problem *Error
		text, taken, more, problem = t.nextCell(rest)
		if problem != nil {
			problem.Column = column
			return tableRow{problem: problem}, true
		}
		row.cells = append(row.cells, cell{text, column})
		filled = filled || strings.TrimSpace(text) != ""
		rest = rest[len(taken):]
		column += utf8.RuneCountInString(taken)
	}
	return row, filled
}

// nextCell reads one field with the separator behind it; more says that there was one.
// Quotes count where a field begins, also behind the = of a spreadsheet's ="0123", and
// double inside; elsewhere they are inches.
func (t *table) nextCell(rest string) (text, taken string, more bool, problem *Error) {
	lead := len(rest) - len(strings.TrimLeft(rest, " "))
	if strings.HasPrefix(rest[lead:], `="`) {
		lead++
	}
	if !strings.HasPrefix(rest[lead:], `"`) {
		if end := strings.IndexByte(rest, t.separator); end >= 0 {
			return rest[:end], rest[:end+1], true, nil
		}
		return rest, rest, false, nil
	}
	text, end := unquote(rest[lead:])
	if end < 0 {
		return "", "", false, &Error{
			Problem: "a quote is opened and not closed on this line",
			Fix:     `close it, or double a quote that belongs to the text: "TUBO 3/4"" PVC"`,
		}
	}
	end += lead
	tail := len(rest[end:]) - len(strings.TrimLeft(rest[end:], " "))
	switch behind := rest[end+tail:]; {
	case behind == "":
		return text, rest, false, nil
	case behind[0] == t.separator:
		return text, rest[:end+tail+1], true, nil
	}
	return "", "", false, &Error{
		Problem: "text stands behind a closing quote",
		Fix:     `double a quote that belongs to the text: "TUBO 3/4"" PVC"`,
	}
}

// unquote reads a quoted text from its first quote and answers where it ends, -1 if
// it does not.
func unquote(quoted string) (text string, end int) {
	var read strings.Builder
	for at := 1; at < len(quoted); at++ {
		switch {
		case quoted[at] != '"':
			read.WriteByte(quoted[at])
		case at+1 < len(quoted) && quoted[at+1] == '"':
			read.WriteByte('"')
			at++
		default:
			return read.String(), at + 1
		}
	}
	return "", -1
}
