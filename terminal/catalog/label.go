package catalog

import (
	"errors"
	"fmt"
	"strings"

	"balcao/terminal/money"
)

// ValueKind says what the value of a label counts.
type ValueKind int

// A label holds the weight in grams, or the total to be paid in cents.
const (
	WeightGrams ValueKind = iota + 1
	TotalCents
)

// A Layout says how a shop's scales write their EAN-13 labels: a prefix, the PLU,
// the value right before the check digit, zeros between them.
//
// Scale makers, and tills in Brazil, write it as a picture, which is the text form
// here: digits of the prefix, C for the PLU, 0, then P for grams or T for cents, and
// D for the check digit: "2CCCC0TTTTTTD", "20CCCCCPPPPPD".
type Layout struct {
	Prefix      string // "2", or "20" to "29"
	CodeFrom    int    // place of the PLU's first digit, from 0
	CodeDigits  int
	ValueDigits int // they end before the check digit
	Kind        ValueKind
}

// labelDigits is the length of an EAN-13 without its check digit.
const labelDigits = 12

// weightMax bounds what a label may say: scales on a counter weigh up to 30 kg, and
// more than this is a label of another layout.
const weightMax = 100 * money.One

// DefaultLayouts reads 2CCCC0TTTTTTD: four digits of PLU and the total in cents.
// It is the layout of Toledo's MGV software and of the example of ACBr's component
// for tills, and the total on the label is the one that the customer saw. A shop
// whose scales write longer PLUs (2CCCCCCTTTTTD) or weights (20CCCCCPPPPPD) must say
// so: no label tells its own layout, and a guess would charge a wrong sum.
func DefaultLayouts() []Layout {
	return []Layout{{Prefix: "2", CodeFrom: 1, CodeDigits: 4, ValueDigits: 6, Kind: TotalCents}}
}

// String is the layout's picture.
func (l Layout) String() string {
	picture := []byte(strings.Repeat("0", labelDigits) + "D")
	copy(picture, l.Prefix)
	for i := range picture[:labelDigits] {
		switch {
		case i >= l.CodeFrom && i < l.CodeFrom+l.CodeDigits:
			picture[i] = 'C'
		case i >= labelDigits-l.ValueDigits && l.Kind == WeightGrams:
			picture[i] = 'P'
		case i >= labelDigits-l.ValueDigits:
			picture[i] = 'T'
		}
	}
	return string(picture)
}

// MarshalText writes the picture.
func (l Layout) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a picture; a final D or DV may be left out.
func (l *Layout) UnmarshalText(text []byte) error {
	picture := strings.TrimRight(strings.ToUpper(strings.TrimSpace(string(text))), "DV")
	read := Layout{CodeFrom: strings.IndexByte(picture, 'C'), CodeDigits: strings.Count(picture, "C")}
	if grams, cents := strings.Count(picture, "P"), strings.Count(picture, "T"); grams > 0 {
		read.ValueDigits, read.Kind = grams, WeightGrams
	} else if cents > 0 {
		read.ValueDigits, read.Kind = cents, TotalCents
	}
	if read.CodeFrom > 0 {
		read.Prefix = picture[:read.CodeFrom]
	}
	if err := read.check(); err != nil {
		return err
	}
	if read.String() != picture+"D" {
		return fmt.Errorf("label layout %.20q: want a picture such as 2CCCC0TTTTTTD or 20CCCCCPPPPPD", text)
	}
	*l = read
	return nil
}

// check refuses a layout whose parts do not fit into a label.
func (l Layout) check() error {
	switch {
	case len(l.Prefix) < 1 || len(l.Prefix) > 2 || l.Prefix[0] != '2' || !allDigits(l.Prefix):
		return fmt.Errorf("label layout: prefix %.10q is not 2 or 20 to 29", l.Prefix)
	case l.Kind != WeightGrams && l.Kind != TotalCents:
		return errors.New("label layout: no weight (P) and no total (T)")
	case l.CodeFrom < len(l.Prefix) || l.CodeDigits < 1 || l.ValueDigits < 1 ||
		l.CodeFrom+l.CodeDigits > labelDigits-l.ValueDigits:
		return fmt.Errorf("label layout: prefix %s, %d digits of code from place %d and %d digits of value do not fit into %d",
			l.Prefix, l.CodeDigits, l.CodeFrom, l.ValueDigits, labelDigits)
	}
	return nil
}

// CheckLayouts refuses a layout that is none and two that the same label could have.
func CheckLayouts(layouts []Layout) error {
	for i, layout := range layouts {
		if err := layout.check(); err != nil {
			return err
		}
		for _, other := range layouts[:i] {
			if strings.HasPrefix(layout.Prefix, other.Prefix) || strings.HasPrefix(other.Prefix, layout.Prefix) {
				return fmt.Errorf("label layouts %s and %s: a label could be read as either; give them prefixes of their own", other, layout)
			}
		}
	}
	return nil
}

// split takes a valid EAN-13 apart; false if it is not of this layout.
func (l Layout) split(code string) (plu string, value int64, ok bool) {
	codeEnd, valueFrom := l.CodeFrom+l.CodeDigits, labelDigits-l.ValueDigits
	if !strings.HasPrefix(code, l.Prefix) ||
		strings.Trim(code[len(l.Prefix):l.CodeFrom], "0") != "" || strings.Trim(code[codeEnd:valueFrom], "0") != "" {
		return "", 0, false
	}
	for _, digit := range []byte(code[valueFrom:labelDigits]) {
		value = 10*value + int64(digit-'0')
	}
	return code[l.CodeFrom:codeEnd], value, true
}

// readLabel answers what a label charges. Layouts have prefixes of their own, so
// the first that fits is the only one.
func (c *Catalog) readLabel(code string) (Match, bool) {
	if c == nil || len(code) != labelDigits+1 || !ValidGTIN(code) {
		return Match{}, false
	}
	for _, layout := range c.layouts {
		plu, value, ok := layout.split(code)
		if !ok {
			continue
		}
		item, found := c.Find(plu)
		if !found || value == 0 {
			return Match{}, false
		}
		match := byTotal(item, money.Cents(value))
		if layout.Kind == WeightGrams {
			match = byWeight(item, value)
		}
		return match, match.Quantity > 0 && match.Quantity <= weightMax
	}
	return Match{}, false
}

// byWeight sells grams of an item that is priced by the kilogram; a weight says
// nothing about pieces, litres or metres.
func byWeight(item Item, grams int64) Match {
	if !strings.EqualFold(item.Unit, "kg") {
		return Match{}
	}
	return Match{Item: item, Quantity: money.Quantity(grams), UnitPrice: item.Price}
}

// Scales between cents, ten-thousandths of a unit price and thousandths of a quantity.
const (
	pricesPerCent    = 100
	quantitiesPerOne = int64(money.One)
)

// byTotal keeps the label's total and works out how much was sold. Pieces are whole:
// where the total is no multiple of the price it is the price of one.
func byTotal(item Item, total money.Cents) Match {
	match := Match{Item: item, Quantity: money.One, UnitPrice: money.UnitPrice(total) * pricesPerCent, Total: &total}
	price, paid := int64(item.Price), int64(total)*pricesPerCent
	if !item.Weighed {
		if price > 0 && paid%price == 0 {
			match.Quantity, match.UnitPrice = money.Quantity(paid/price*quantitiesPerOne), item.Price
		}
		return match
	}
	if price <= 0 {
		return Match{}
	}
	quantity := rounded(paid*quantitiesPerOne, price)
	if quantity == 0 {
		return Match{}
	}
	match.Quantity, match.UnitPrice = money.Quantity(quantity), item.Price
	if match.charges(total) {
		return match
	}
	match.UnitPrice = money.UnitPrice(rounded(paid*quantitiesPerOne, quantity))
	if !match.charges(total) {
		return Match{}
	}
	return match
}

// charges says whether quantity and price give the total.
func (m Match) charges(total money.Cents) bool {
	extended, err := money.Extend(m.UnitPrice, m.Quantity)
	return err == nil && extended == total
}

// rounded divides non-negative figures, half up.
func rounded(dividend, divisor int64) int64 { return (dividend + divisor/2) / divisor }
