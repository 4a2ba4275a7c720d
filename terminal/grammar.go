package terminal

import (
	"strconv"
	"strings"
	"unicode"

	"balcao/terminal/money"
)

// line is what one entry line means: the cashier's grammar, the same on the
// screen, in scripts and in tests.
//
//	789…            sells one           3*789…, 0,5*17   sells a quantity
//	-               voids the last line -3               voids line 3
//	10%             off the whole sale  10%3             off line 3
//	5,00-           off the whole sale  5,00-3           off line 3
//	?789…           a price check       letters          a search by name
//	529.982.247-25  a CPF or CNPJ on the paper
type line struct {
	verb     lineVerb
	quantity money.Quantity
	code     string // of an item, a document, or the words of a search
	number   int    // of a line, 0 for the last or the whole
	rate     money.Rate
	amount   money.Cents
}

type lineVerb int

const (
	lineSell lineVerb = iota + 1
	lineVoid
	linePercent
	lineAmount
	linePrice
	lineSearch
)

// parseLine reads an entry line that is not empty. The error is an id of the
// catalogues that says what is wrong.
func parseLine(typed string) (line, string) {
	switch {
	case strings.HasPrefix(typed, "?"):
		return line{verb: linePrice, code: strings.TrimSpace(typed[1:])}, ""
	case strings.HasPrefix(typed, "-"):
		number, ok := lineNumber(typed[1:])
		if !ok {
			return line{}, "core.refused.no_line"
		}
		return line{verb: lineVoid, number: number}, ""
	case strings.Contains(typed, "*"):
		return parseQuantity(typed)
	case strings.Contains(typed, "%"):
		return parsePercent(typed)
	}
	if before, after, found := strings.Cut(typed, "-"); found {
		if parsed, ok := parseAmountOff(before, after); ok {
			return parsed, ""
		}
	}
	if isName(typed) {
		return line{verb: lineSearch, code: typed}, ""
	}
	return line{verb: lineSell, quantity: money.One, code: typed}, ""
}

// parseQuantity reads "3*789…".
func parseQuantity(typed string) (line, string) {
	before, after, _ := strings.Cut(typed, "*")
	quantity, err := money.ParseQuantity(before)
	if err != nil || quantity <= 0 || quantity > quantityMax {
		return line{}, "core.refused.quantity"
	}
	return line{verb: lineSell, quantity: quantity, code: strings.TrimSpace(after)}, ""
}

// parsePercent reads "10%" and "10%3".
func parsePercent(typed string) (line, string) {
	before, after, _ := strings.Cut(typed, "%")
	percent, err := money.ParseCents(before)
	number, ok := lineNumber(after)
	if err != nil || !ok || percent <= 0 || percent > 100_00 {
		return line{}, "core.refused.discount"
	}
	const ppmPerHundredth = 100 // a hundredth of a percent in millionths
	return line{verb: linePercent, rate: money.Rate(percent) * ppmPerHundredth, number: number}, ""
}

// parseAmountOff reads "5,00-" and "5,00-3". An amount has its decimals, so that
// nothing with a hyphen in it is taken for one.
func parseAmountOff(before, after string) (line, bool) {
	amount, err := money.ParseCents(before)
	number, ok := lineNumber(after)
	if err != nil || !ok || amount <= 0 || !strings.ContainsAny(before, ",.") || strings.Count(before, ".") > 1 {
		return line{}, false
	}
	return line{verb: lineAmount, amount: amount, number: number}, true
}

// lineNumber reads the number of a line, 0 for none.
func lineNumber(typed string) (int, bool) {
	if typed = strings.TrimSpace(typed); typed == "" {
		return 0, true
	}
	number, err := strconv.Atoi(typed)
	return number, err == nil && number > 0
}

// isName says that a line looks for an item by its name: it begins with a letter
// and is no alphanumeric CNPJ.
func isName(typed string) bool {
	for _, r := range typed {
		return unicode.IsLetter(r) && !validDocument(typed)
	}
	return false
}

// Weights of the check digits: CPF 10 to 2 and 11 to 2, CNPJ 5 to 2 and 9 to 2.
const (
	cpfDigits  = 11
	cnpjDigits = 14
)

// documentOf answers the CPF or CNPJ behind what was typed, without punctuation.
func documentOf(typed string) string {
	return strings.NewReplacer(".", "", "-", "", "/", "", " ", "").Replace(strings.ToUpper(typed))
}

// validDocument says whether what was typed is a CPF or CNPJ whose check digits
// fit; letters of a CNPJ count as their ASCII code less 48 (Instrução Normativa
// RFB 2.229/2024).
func validDocument(typed string) bool {
	document := documentOf(typed)
	repeated := strings.Trim(document, document[:min(1, len(document))]) == ""
	switch len(document) {
	case cpfDigits:
		return !repeated && checkDigits(document, cpfDigits+1, "0123456789")
	case cnpjDigits:
		return !repeated && checkDigits(document, 9, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	default:
		return false
	}
}

// checkDigits checks the last two digits, modulo 11, weights from 2 up to most
// from the right.
func checkDigits(document string, most int, alphabet string) bool {
	body := len(document) - 2
	for position := body; position < len(document); position++ {
		sum, weight := 0, 2
		for i := position - 1; i >= 0; i-- {
			if !strings.Contains(alphabet, document[i:i+1]) {
				return false
			}
			sum += int(document[i]-'0') * weight
			if weight++; weight > most {
				weight = 2
			}
		}
		want := 11 - sum%11
		if want > 9 {
			want = 0
		}
		if int(document[position]-'0') != want {
			return false
		}
	}
	return true
}
