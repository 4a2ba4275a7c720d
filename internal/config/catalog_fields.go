package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"balcao/terminal/catalog"
)

// scientific is a long number that a spreadsheet shortened: its last digits are gone.
var scientific = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE]\+[0-9]+$`)

// wholeDecimal is a number that a program took for one with decimals.
var wholeDecimal = regexp.MustCompile(`^([0-9]+)[.,]0+$`)

// code refuses what a spreadsheet makes of codes.
func (r *itemReader) code(means meaning, text string) bool {
	if !r.sound(means, text) {
		return false
	}
	if scientific.MatchString(text) {
		r.reject(means, held(text)+" has lost its last digits", "make the column text in the spreadsheet, enter the codes again, and export")
		return false
	}
	if whole := wholeDecimal.FindStringSubmatch(text); whole != nil {
		r.reject(means, held(text)+" is a code with decimals", "write "+whole[1])
		return false
	}
	return true
}

// sku reads the shop's own code; it may be empty.
func (r *itemReader) sku() string {
	sku := unwrapped(r.text(meansSKU))
	if sku == "" || !r.code(meansSKU, sku) {
		return ""
	}
	switch {
	case utf8.RuneCountInString(sku) > catalog.SKUMax:
		r.reject(meansSKU, held(sku)+fmt.Sprintf(" is longer than %d characters", catalog.SKUMax), "shorten it")
	case strings.ContainsAny(sku, " \u00a0*"):
		r.reject(meansSKU, held(sku)+" cannot be typed at the till", "write it without blanks and stars")
	}
	return sku
}

// noCode is what exports write for things without a GTIN; the first is the tax
// authority's own word (NF-e, cEAN).
var noCode = regexp.MustCompile(`(?i)^(SEM GTIN|SEM EAN|SEM C[ÓO]DIGO|N/A|-+|0+)$`)

// codes reads printed codes: none, one, or several with blanks or bars between them.
// A GTIN written in groups is one.
func (r *itemReader) codes() []string {
	text := unwrapped(r.text(meansCode))
	if text == "" || noCode.MatchString(text) {
		return nil
	}
	codes := strings.FieldsFunc(text, func(at rune) bool { return at == ' ' || at == '|' || at == '/' || at == '\u00a0' })
	if joined := strings.Join(codes, ""); catalog.ValidGTIN(joined) {
		codes = []string{joined}
	}
	for _, code := range codes {
		if !r.code(meansCode, code) {
			return nil
		}
		if err := catalog.CheckCode(code); err != nil {
			r.reject(meansCode, err.Error(), "correct it, or leave it empty")
		}
	}
	return codes
}

// description reads the text for screen and paper.
func (r *itemReader) description() string {
	raw := strings.ReplaceAll(r.text(meansDescription), "\t", " ")
	text := strings.Join(strings.Fields(raw), " ")
	switch length := utf8.RuneCountInString(text); {
	case text == "":
		r.reject(meansDescription, "no description", "write what is sold, as it shall stand on the receipt")
	case !r.sound(meansDescription, raw): // a blank may be half of a letter
	case length > catalog.DescriptionMax:
		r.reject(meansDescription, held(text)+fmt.Sprintf(" has %d characters, %d fit", length, catalog.DescriptionMax), "shorten it")
	}
	return text
}

// units are the ways to write those that matter here; any other short word is kept.
var units = func() map[string]string {
	short := map[string]string{}
	for unit, all := range map[string]string{
		"un": "un und unid unidade unidades unit each ea uni", "kg": "kg kgs kilo kilos quilo quilos quilograma kilogram",
		"l": "l lt lts litro litros liter litre", "m": "m mt mts metro metros meter metre", "cx": "cx caixa caixas box",
		"pc": "pc pç pcs peça peca peças pecas piece", "pct": "pct pacote pacotes pack", "dz": "dz duzia dúzia dozen",
	} {
		for name := range strings.FieldsSeq(all) {
			short[name] = unit
		}
	}
	return short
}()

// unit reads what one piece or measure is; without any it is a piece.
func (r *itemReader) unit() string {
	written := strings.TrimSpace(r.text(meansUnit))
	name := strings.ToLower(strings.TrimSuffix(written, "."))
	if name == "" {
		return "un"
	}
	if unit, known := units[name]; known {
		return unit
	}
	if !r.sound(meansUnit, name) {
		return name
	}
	if utf8.RuneCountInString(name) > catalog.UnitMax || !oneWord.MatchString(name) {
		r.reject(meansUnit, held(written)+" is no unit", fmt.Sprintf("write un, kg, l, m, or another one of at most %d letters", catalog.UnitMax))
	}
	return name
}

// oneWord begins with a letter: m2 is a unit, 16 a price in the wrong column.
var oneWord = regexp.MustCompile(`^\pL[\pL0-9]*$`)

// taxMax bounds a tax class, in characters; the longest of five columns has 26.
const taxMax = 60

// tax reads the tax class, or makes one of the columns that fiscal documents need:
// origin:NCM:CEST:CFOP:CSOSN, what is not there empty.
func (r *itemReader) tax() string {
	if r.columns.has(meansTax) {
		text := unwrapped(r.text(meansTax))
		if r.sound(meansTax, text) && utf8.RuneCountInString(text) > taxMax {
			r.reject(meansTax, held(text)+fmt.Sprintf(" is longer than %d characters", taxMax), "shorten it")
		}
		return text
	}
	parts := make([]string, len(taxParts))
	for i, part := range taxParts {
		parts[i] = r.taxPart(part)
	}
	class := strings.Join(parts, ":")
	if strings.Trim(class, ":") == "" {
		return ""
	}
	return class
}

// A taxPart is a code of the tax authority with a fixed number of digits.
type taxPart struct {
	means       meaning
	least, most int // digits; CST has two, CSOSN three
}

// taxParts in the order of a class. Source: NF-e layout 4.00, groups I and N.
var taxParts = []taxPart{{meansOrigin, 1, 1}, {meansNCM, 8, 8}, {meansCEST, 7, 7}, {meansCFOP, 4, 4}, {meansCSOSN, 2, 3}}

func (r *itemReader) taxPart(part taxPart) string {
	text := unwrapped(r.text(part.means))
	digits := strings.ReplaceAll(text, ".", "")
	if digits == "" {
		return ""
	}
	fix := "write the code, or leave it empty"
	if len(digits) == part.least-1 && (part.means == meansNCM || part.means == meansCEST) {
		fix = "write 0" + digits + " if a zero in front was lost"
	}
	switch {
	case strings.Trim(digits, "0123456789") != "":
		r.reject(part.means, held(text)+" is not all digits", fix)
	case len(digits) < part.least || len(digits) > part.most:
		r.reject(part.means, fmt.Sprintf("%s has %d digits, %d are needed", held(text), len(digits), part.most), fix)
	}
	return digits
}
