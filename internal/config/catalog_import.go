package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"balcao/terminal/catalog"
)

// An Import is what a shop's own file of items says.
type Import struct {
	Encoding  string // as recognised: "UTF-8" or "Windows-1252"
	Separator string
	Header    bool     // whether the first line names the columns
	Ignored   []string // names of columns that mean nothing here
	Lines     int      // with an item on them, good or bad

	Items         []catalog.Item // of the good lines, by SKU
	Rejected      []*Error       // of the bad ones, by line
	RejectedLines int
}

// progressLines is after how many lines a reader is told: some ten times in a file of
// 100,000.
const progressLines = 10_000

// ReadItems reads a file of items as a spreadsheet or another till exports it: UTF-8
// or Windows-1252; separated by commas, semicolons, tabs or bars; prices with decimal
// comma or point; a header in Portuguese or English, or without one the columns of a
// catalogue file. progress, unless nil, is called now and then with the
// lines read so far.
//
// A bad line is in Rejected with everything that is wrong on it. The error tells that
// the file as a whole cannot be read.
func ReadItems(path string, progress func(lines int)) (*Import, error) {
	data, err := readBounded(path, catalogMax)
	if err != nil {
		return nil, fmt.Errorf("read items: %w", err)
	}
	read, err := readTable(data)
	if err != nil {
		return nil, fmt.Errorf("read items: %s: %w", path, err)
	}
	columns, err := findColumns(read.rows[0])
	if err != nil {
		if at, ok := err.(*Error); ok {
			at.Path, at.Line = path, read.rows[0].line
		}
		return nil, fmt.Errorf("read items: %w", err)
	}
	rows := read.rows
	if columns.header {
		rows = rows[1:]
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("read items: %s: a header and no item", path)
	}
	reader := &itemReader{
		into:    &Import{Encoding: read.encoding, Separator: separatorName(read.separator), Header: columns.header, Ignored: columns.ignored},
		path:    path,
		columns: columns,
		commas:  read.separator == ',',
		taken:   make(map[string]int, 2*len(rows)),
	}
	reader.mark = markOf(columns.texts(rows, meansPrice))
	for i, row := range rows {
		reader.read(row)
		if (i+1)%progressLines == 0 && progress != nil {
			progress(i + 1)
		}
	}
	// What passed every line must pass the catalogue too, or the till would not start.
	checked, err := catalog.New(reader.into.Items)
	if err != nil {
		return nil, fmt.Errorf("read items: %s: %w", path, err)
	}
	reader.into.Items = checked.Items()
	return reader.into, nil
}

func separatorName(separator byte) string {
	if separator == '\t' {
		return "tab"
	}
	return string(rune(separator))
}

// texts are those of one column.
func (c *columns) texts(rows []tableRow, means meaning) (texts []string) {
	for _, row := range rows {
		if len(row.cells) == c.width {
			texts = append(texts, row.cells[c.at[means]].text)
		}
	}
	return texts
}

// An itemReader turns lines into items.
type itemReader struct {
	into    *Import
	path    string
	columns *columns
	mark    mark
	commas  bool           // commas separate
	taken   map[string]int // unpadded SKUs and codes: their line

	row tableRow // the present one
	bad []*Error // and what is wrong on it
}

// read takes one line, or rejects it.
func (r *itemReader) read(row tableRow) {
	r.row, r.bad = row, nil
	r.into.Lines++
	item := r.item()
	if len(r.bad) == 0 {
		r.claim(item)
	}
	if len(r.bad) == 0 {
		r.into.Items = append(r.into.Items, item)
		return
	}
	r.into.RejectedLines++
	r.into.Rejected = append(r.into.Rejected, r.bad...)
}

// item reads all columns, so that a line's problems are told at once.
func (r *itemReader) item() catalog.Item {
	if r.row.problem != nil {
		r.fail(r.row.problem.Column, "", r.row.problem.Problem, r.row.problem.Fix)
		return catalog.Item{}
	}
	if !r.complete() {
		return catalog.Item{}
	}
	item := catalog.Item{SKU: r.sku(), Codes: r.codes(), Description: r.description(), Unit: r.unit(), Tax: r.tax()}
	price, problem, fix := readPrice(r.text(meansPrice), r.mark)
	if problem != "" {
		r.reject(meansPrice, problem, fix)
	}
	item.Price = price
	// Things with a printed code need no second one.
	if item.SKU == "" && len(item.Codes) > 0 {
		item.SKU = item.Codes[0]
	}
	if item.SKU == "" && len(r.bad) == 0 {
		means := meansSKU
		if !r.columns.has(means) {
			means = meansCode
		}
		r.reject(means, "no code", "write the shop's own code of the item, or its GTIN")
	}
	return item
}

// complete refuses a line with other fields than the first one has: no column can be
// trusted then.
func (r *itemReader) complete() bool {
	switch fields := len(r.row.cells); {
	case fields > r.columns.width && r.commas:
		r.fail(1, "", fmt.Sprintf("%d fields, the first line has %d", fields, r.columns.width),
			`put texts and prices with a comma in quotes: "16,90"`)
	case fields != r.columns.width:
		r.fail(1, "", fmt.Sprintf("%d fields, the first line has %d", fields, r.columns.width),
			"write all fields, empty ones too, and put texts with a separator in quotes")
	case r.commas && r.splitPrice():
		r.reject(meansPrice, fmt.Sprintf("%s and %s look like one price split at its comma",
			held(r.text(meansPrice)), held(r.row.cells[r.columns.at[meansPrice]+1].text)), `write "16,90" in quotes, or 16.90`)
	default:
		return true
	}
	return false
}

// cents are what is behind the comma of a price.
var cents = regexp.MustCompile(`^[0-9]{2}$`)

// splitPrice tells a price whose cents stand where the tax class should.
func (r *itemReader) splitPrice() bool {
	price, tax := r.columns.at[meansPrice], r.columns.at[meansTax]
	return r.columns.has(meansTax) && tax == price+1 && cents.MatchString(strings.TrimSpace(r.row.cells[tax].text)) &&
		!strings.ContainsAny(r.row.cells[price].text, ".,")
}

// claim refuses a SKU or code that an earlier line has.
func (r *itemReader) claim(item catalog.Item) {
	means := meansSKU
	if !r.columns.has(means) {
		means = meansCode
	}
	for i, code := range append([]string{item.SKU}, item.Codes...) {
		if i > 0 {
			means = meansCode
		}
		if line, taken := r.taken[catalog.Unpadded(code)]; taken && line != r.row.line {
			r.reject(means, fmt.Sprintf("%s stands on line %d already", code, line), "keep one of the two lines, or correct the code")
		} else {
			r.taken[catalog.Unpadded(code)] = r.row.line
		}
	}
}

// text is what a column holds on this line, empty if there is no such column.
func (r *itemReader) text(means meaning) string {
	if !r.columns.has(means) {
		return ""
	}
	return r.row.cells[r.columns.at[means]].text
}

// reject notes what is wrong with a column, and what to write.
func (r *itemReader) reject(means meaning, problem, fix string) {
	r.fail(r.row.cells[r.columns.at[means]].column, string(means), problem, fix)
}

func (r *itemReader) fail(column int, key, problem, fix string) {
	r.bad = append(r.bad, &Error{Path: r.path, Line: r.row.line, Column: column, Key: key, Problem: problem, Fix: fix})
}

// heldMax is how much of a field an error shows.
const heldMax = 40

// held quotes what a field holds.
func held(text string) string {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > heldMax {
		text = string([]rune(text)[:heldMax]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// unwrapped takes off what a spreadsheet puts around a text that must stay one.
func unwrapped(text string) string {
	text = strings.TrimSpace(text)
	if inner, formula := strings.CutPrefix(text, `="`); formula && strings.HasSuffix(inner, `"`) {
		text = inner[:len(inner)-1]
	}
	return strings.TrimSpace(strings.TrimPrefix(text, "'"))
}

// sheetErrors are what a spreadsheet writes where it could not work a field out.
var sheetErrors = regexp.MustCompile(`(?i)^#(N/[AD]|REF!|VALOR!|VALUE!|NOME\?|NAME\?|DIV/0!|NULO!|NULL!|N[ÚU]M!)$`)

// sound refuses texts that were broken on their way here.
func (r *itemReader) sound(means meaning, text string) bool {
	switch {
	case sheetErrors.MatchString(text):
		r.reject(means, held(text)+" is an error of the spreadsheet", "correct the formula and export again")
	case mistaken(text) != "":
		r.reject(means, held(text)+" was read in a wrong encoding before", "write "+held(mistaken(text)))
	case strings.ContainsRune(text, utf8.RuneError):
		r.reject(means, held(text)+" has characters that were lost", "write the text again")
	case strings.ContainsFunc(text, unicode.IsControl):
		r.reject(means, held(text)+" has control characters", "write the text again")
	default:
		return true
	}
	return false
}

// mistaken is the text that was meant, if UTF-8 was once read as Windows-1252: CafÃ©.
func mistaken(text string) string {
	if !strings.ContainsAny(text, "ÃÂ") {
		return ""
	}
	var meant []byte
	for _, r := range text {
		switch known, ok := charmap.Windows1252.EncodeRune(r); {
		case ok:
			meant = append(meant, known)
		case r >= 0x80 && r < 0xa0: // free places, which most programs let through
			meant = append(meant, byte(r))
		default:
			return ""
		}
	}
	if !utf8.Valid(meant) {
		return ""
	}
	return string(meant)
}
