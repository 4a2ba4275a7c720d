// Package money counts: amounts, unit prices, quantities and rates as integers.
//
// There are no floats and no currencies to mix: a till has one, [Currency].
// Every type says its unit and its bounds; what would leave them is an error,
// never a wrapped number. Start with [Cents]. How a figure is written for
// people (comma, thousands) is package text's business.
package money

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Currency is the ISO 4217 code of the till's only currency.
const Currency = "BRL"

// ErrRange says that a figure does not fit its type.
var ErrRange = errors.New("figure out of range")

// Max bounds an amount that a person or a file may bring: ten billion reais.
// Sums of fewer than nine million such amounts cannot overflow.
const Max Cents = 1_000_000_000_000

// Cents is an amount in hundredths of the currency, negative when money goes
// the other way. In JSON it is the contract's Money: {"amount":1234,"currency":"BRL"}.
type Cents int64

// UnitPrice is the price of one unit in ten-thousandths of the currency
// (fuel has four decimals). In JSON it is the contract's decimal string.
type UnitPrice int64

// Quantity counts thousandths of a unit: 845 is 0,845 kg, 3000 is three pieces.
// In JSON it is the contract's decimal string.
type Quantity int64

// Rate is a share in millionths: 18 % is 180000, so four decimals of a percent are exact.
type Rate int64

// One is the quantity of a single piece.
const One Quantity = 1000

// Scales of the decimal strings, in digits behind the point.
const (
	centsDigits     = 2
	unitPriceDigits = 4
	quantityDigits  = 3
)

// wholeRate is the rate of 100 %.
const wholeRate = 1_000_000

type wireMoney struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// MarshalJSON writes the contract's Money.
func (c Cents) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireMoney{Amount: int64(c), Currency: Currency})
}

// UnmarshalJSON reads the contract's Money and refuses another currency.
func (c *Cents) UnmarshalJSON(data []byte) error {
	var wire wireMoney
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("read amount: %w", err)
	}
	if wire.Currency != Currency {
		return fmt.Errorf("read amount: currency %q, this till counts %s", wire.Currency, Currency)
	}
	*c = Cents(wire.Amount)
	return nil
}

// String is the amount with a decimal point, as in logs: "-12.34".
func (c Cents) String() string { return decimal(int64(c), centsDigits, centsDigits) }

// MarshalText writes the contract's decimal string, at least two decimals.
func (p UnitPrice) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a decimal string with at most four decimals.
func (p *UnitPrice) UnmarshalText(text []byte) error {
	value, err := parseDecimal(string(text), unitPriceDigits)
	*p = UnitPrice(value)
	return err
}

// String is the price with a decimal point: "27.90", "5.8990".
func (p UnitPrice) String() string { return decimal(int64(p), unitPriceDigits, centsDigits) }

// MarshalText writes the contract's decimal string without idle zeros: "3", "0.845".
func (q Quantity) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads a decimal string with at most three decimals.
func (q *Quantity) UnmarshalText(text []byte) error {
	value, err := parseDecimal(string(text), quantityDigits)
	*q = Quantity(value)
	return err
}

// String is the quantity with a decimal point and no idle zeros.
func (q Quantity) String() string { return decimal(int64(q), quantityDigits, 0) }

// ParseCents reads an amount as people type it: "50", "50,5", "1.234,56".
// A single point followed by one or two final digits is a decimal point.
// It returns [ErrRange] beyond [Max].
func ParseCents(text string) (Cents, error) {
	clean := strings.TrimSpace(text)
	switch point := strings.LastIndexByte(clean, '.'); {
	case strings.Contains(clean, ","):
		clean = strings.ReplaceAll(strings.ReplaceAll(clean, ".", ""), ",", ".")
	case point >= 0 && len(clean)-point-1 == 3:
		clean = strings.ReplaceAll(clean, ".", "")
	}
	value, err := parseDecimal(clean, centsDigits)
	if err != nil {
		return 0, err
	}
	if Cents(value) > Max || Cents(value) < -Max {
		return 0, fmt.Errorf("read amount %q: %w", text, ErrRange)
	}
	return Cents(value), nil
}

// ParseQuantity reads a quantity as people type it: "3", "0,845".
func ParseQuantity(text string) (Quantity, error) {
	value, err := parseDecimal(strings.ReplaceAll(strings.TrimSpace(text), ",", "."), quantityDigits)
	return Quantity(value), err
}

// Extend answers quantity × price, rounded half away from zero to cents: the
// contract's rule for a line's total. It returns [ErrRange] beyond [Max].
func Extend(price UnitPrice, quantity Quantity) (Cents, error) {
	const perCent = 1000 * 100 // thousandths × ten-thousandths per cent
	return scale(int64(price), int64(quantity), perCent)
}

// Share answers rate × amount, rounded half away from zero to cents.
func Share(amount Cents, rate Rate) (Cents, error) {
	return scale(int64(amount), int64(rate), wholeRate)
}

// scale computes a×b/divisor in 128 bits, half away from zero.
func scale(a, b int64, divisor uint64) (Cents, error) {
	negative := (a < 0) != (b < 0)
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	low, carry := bits.Add64(low, divisor/2, 0)
	high += carry
	if high >= divisor {
		return 0, fmt.Errorf("multiply %d by %d: %w", a, b, ErrRange)
	}
	quotient, _ := bits.Div64(high, low, divisor)
	if quotient > uint64(Max) {
		return 0, fmt.Errorf("multiply %d by %d: %w", a, b, ErrRange)
	}
	if negative {
		return -Cents(quotient), nil
	}
	return Cents(quotient), nil
}

// Allocate splits amount over weights so that the parts sum to amount exactly:
// each part is rounded down, the left-over cents go one each to the largest
// remainders, first come first. Weights must not be negative; all zero shares equally.
func Allocate(amount Cents, weights []int64) []Cents {
	parts := make([]Cents, len(weights))
	if len(weights) == 0 {
		return parts
	}
	total := sum(weights)
	if total == 0 {
		weights = make([]int64, len(weights))
		for i := range weights {
			weights[i] = 1
		}
		total = int64(len(weights))
	}
	left := magnitude(int64(amount))
	remainders := make([]uint64, len(weights))
	for i, weight := range weights {
		high, low := bits.Mul64(magnitude(int64(amount)), uint64(weight))
		quotient, remainder := bits.Div64(high, low, uint64(total))
		parts[i], remainders[i] = Cents(quotient), remainder
		left -= quotient
	}
	for ; left > 0; left-- {
		largest := 0
		for i := range remainders {
			if remainders[i] > remainders[largest] {
				largest = i
			}
		}
		parts[largest]++
		remainders[largest] = 0
	}
	if amount < 0 {
		for i := range parts {
			parts[i] = -parts[i]
		}
	}
	return parts
}

func sum(values []int64) (total int64) {
	for _, value := range values {
		total += value
	}
	return total
}

func magnitude(value int64) uint64 {
	if value < 0 {
		return uint64(-value)
	}
	return uint64(value)
}

// decimal writes value, which has `digits` decimals, keeping at least `least` of them.
func decimal(value int64, digits, least int) string {
	sign := ""
	if value < 0 {
		sign = "-"
	}
	text := strconv.FormatUint(magnitude(value), 10)
	if missing := digits + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	whole, fraction := text[:len(text)-digits], text[len(text)-digits:]
	for len(fraction) > least && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

// wholeDigitsMax keeps every parsed figure far inside an int64.
const wholeDigitsMax = 13

// parseDecimal reads a decimal string with at most `digits` decimals as an integer.
func parseDecimal(text string, digits int) (int64, error) {
	body, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(body, ".")
	if whole == "" || len(whole) > wholeDigitsMax || len(fraction) > digits || strings.HasSuffix(body, ".") {
		return 0, fmt.Errorf("read figure %q: want at most %d digits and %d decimals", text, wholeDigitsMax, digits)
	}
	value, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("read figure %q: not a number", text)
	}
	if negative {
		return -int64(value), nil
	}
	return int64(value), nil
}
