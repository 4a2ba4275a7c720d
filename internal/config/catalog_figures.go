package config

import (
	"fmt"
	"regexp"
	"strings"

	"balcao/terminal/money"
)

// A mark is the character between whole and fraction of a file's figures, 0 where
// the file does not tell.
type mark byte

// thousandsOf is the other one.
func (m mark) thousandsOf() mark {
	if m == ',' {
		return '.'
	}
	return ','
}

// grouped is a whole number in groups of three: 1.234.567.
var grouped = regexp.MustCompile(`^[0-9]{1,3}([.,][0-9]{3})+$`)

// highestPrice bounds a price that a file may bring: beyond it, a code stands in the
// wrong column.
const highestPrice money.UnitPrice = 1_000_000 * 10_000

// priceDecimals are the decimals of a unit price.
const priceDecimals = 4

// markOf asks all prices of a file for its decimal mark. Only figures that can be read
// in one way tell it, and all must agree.
func markOf(prices []string) mark {
	var found mark
	for _, price := range prices {
		figure := figureOf(price)
		told := markIn(figure)
		if _, ok := plainFigure(figure, told); told == 0 || !ok || !isFigure(figure) {
			continue
		}
		if found != 0 && found != told {
			return 0
		}
		found = told
	}
	return found
}

// markIn answers the decimal mark of one figure, 0 if it has none or may be read in
// two ways: 1.234.
func markIn(figure string) mark {
	last := strings.LastIndexAny(figure, ".,")
	if last < 0 {
		return 0
	}
	at := mark(figure[last])
	switch marks := strings.Count(figure, string(at)); {
	case strings.IndexByte(figure, byte(at.thousandsOf())) >= 0:
		return at
	case marks > 1:
		return at.thousandsOf()
	case grouped.MatchString(figure) && figure[0] != '0':
		return 0
	}
	return at
}

// figureOf takes currency and blanks off: "R$ 1 234,50" is 1234,50.
func figureOf(price string) string {
	price = strings.TrimPrefix(strings.ToUpper(unwrapped(price)), "R$")
	return strings.Join(strings.Fields(price), "")
}

func isFigure(text string) bool { return text != "" && strings.Trim(text, "0123456789.,") == "" }

// readPrice reads a price as a person or a spreadsheet writes it. What could be two
// prices is none.
func readPrice(text string, told mark) (price money.UnitPrice, problem, fix string) {
	const example = "write it as 18,90"
	figure := figureOf(text)
	switch {
	case figure == "":
		return 0, "no price", example + ", or leave the item out"
	case figure[0] == '-' && isFigure(figure[1:]):
		return 0, held(text) + " is below zero", example
	case !isFigure(figure):
		return 0, held(text) + " is no price", example
	}
	decimal := markIn(figure)
	if decimal == 0 {
		decimal = told
	}
	if at := strings.IndexAny(figure, ".,"); at >= 0 && decimal == 0 {
		return 0, held(text) + " may be two prices, and the file does not tell its decimal mark",
			fmt.Sprintf("write %s%s,00 or %s,%s0", figure[:at], figure[at+1:], figure[:at], figure[at+1:])
	}
	plain, ok := plainFigure(figure, decimal)
	if !ok || price.UnmarshalText([]byte(plain)) != nil {
		return 0, held(text) + " is no price of at most four decimals", example
	}
	switch {
	case price == 0:
		return 0, "the price is zero", "write the price, or leave the item out"
	case price > highestPrice:
		return 0, held(text) + " is too high for a price", "put codes into their own column, and " + example
	}
	return price, "", ""
}

// plainFigure writes a figure with a decimal point and nothing else; false if its
// thousands are not in threes.
func plainFigure(figure string, decimal mark) (string, bool) {
	whole, fraction := figure, ""
	if decimal != 0 {
		if at := strings.LastIndexByte(figure, byte(decimal)); at >= 0 {
			whole, fraction = figure[:at], figure[at+1:]
			if fraction == "" {
				return "", false
			}
		}
	}
	if strings.ContainsAny(whole, ".,") {
		if !grouped.MatchString(whole) || strings.IndexByte(whole, byte(decimal)) >= 0 {
			return "", false
		}
		whole = strings.ReplaceAll(strings.ReplaceAll(whole, ".", ""), ",", "")
	}
	for len(fraction) > priceDecimals && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if fraction == "" {
		return whole, true
	}
	return whole + "." + fraction, true
}
