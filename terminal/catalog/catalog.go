// Package catalog knows what the shop sells: items, their codes and prices, what
// a scale's label says, and which items a few letters of a name may mean.
//
// It is looked up in memory and changes no till's state; a line of a sale keeps
// price and tax as they were. It reads no file: whoever does hands items to
// [New]. Start with [Catalog.Lookup] and [Catalog.Search].
//
// Facts: GS1 General Specifications (GTIN, its check digit in section 7.9, and
// restricted circulation numbers with prefix 2 in section 2.1). What stands
// behind that prefix is each shop's choice: see [Layout].
package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"balcao/terminal/money"
)

// Limits of an item's texts, in characters, so that a sold item fits into the
// contract and into a fiscal document later (NF-e layout 4.00: cProd, xProd, uCom).
const (
	SKUMax         = 60
	DescriptionMax = 120
	UnitMax        = 6
)

// codeMax bounds a printed code: Code 128 and a few letters, not a QR code.
const codeMax = 48

// problemsMax bounds how many problems [New] lists; more are counted.
const problemsMax = 200

// Item is one thing the shop sells.
type Item struct {
	SKU         string          // the shop's own code, unique; for goods of a scale their PLU
	Codes       []string        // GTINs printed on it, none for weighed goods
	Description string          // as it stands on screen and paper
	Unit        string          // "un", "kg"; what one Quantity of 1 is
	Price       money.UnitPrice // of one unit
	Tax         string          // tax class; nothing here looks into it
	Weighed     bool            // sold by kg, l or m, not by the piece; [New] sets it from Unit
}

// measures are the units that make an item [Item.Weighed].
var measures = map[string]bool{"kg": true, "l": true, "m": true}

// An ItemError is one reason why an item cannot be sold.
type ItemError struct {
	Index   int    // among the items given to [New], from 0
	SKU     string // may be empty, which is such a reason
	Problem string
}

// Error is "catalogue item 3 (17): no description".
func (e *ItemError) Error() string {
	return fmt.Sprintf("catalogue item %d (%s): %s", e.Index+1, e.SKU, e.Problem)
}

// Catalog finds items by code and by name. It never changes after [New] and may
// be asked by several goroutines at once.
type Catalog struct {
	items    []Item
	byNumber map[string]int32 // of every SKU and code, unpadded
	layouts  []Layout
	names    nameIndex
}

// New builds a catalogue that reads labels of the given layouts, without any those
// of [DefaultLayouts]. Items are copied.
//
// All bad items are refused together, each with an [*ItemError]: without SKU,
// description or unit, with a price below zero, with a code whose check digit is
// wrong, or with a code that another item has, be it with other leading zeros.
func New(items []Item, layouts ...Layout) (*Catalog, error) {
	if len(layouts) == 0 {
		layouts = DefaultLayouts()
	}
	if err := CheckLayouts(layouts); err != nil {
		return nil, err
	}
	c := &Catalog{
		items: slices.Clone(items), byNumber: make(map[string]int32, 2*len(items)), layouts: slices.Clone(layouts),
	}
	var found []error
	for i := range c.items {
		item := &c.items[i]
		item.Weighed = measures[strings.ToLower(item.Unit)]
		for _, problem := range append(item.problems(), c.enter(i)...) {
			found = append(found, &ItemError{Index: i, SKU: item.SKU, Problem: problem})
		}
	}
	if more := len(found) - problemsMax; more > 0 {
		found = append(found[:problemsMax], fmt.Errorf("and %d problems more", more))
	}
	if len(found) > 0 {
		return nil, errors.Join(found...)
	}
	c.names = indexNames(c.items)
	return c, nil
}

// enter makes an item's codes point at it and tells which point elsewhere.
func (c *Catalog) enter(i int) (problems []string) {
	item := c.items[i]
	c.claim(item.SKU, i, &problems)
	for _, code := range item.Codes {
		c.claim(code, i, &problems)
	}
	return problems
}

func (c *Catalog) claim(code string, i int, problems *[]string) {
	number := Unpadded(code)
	if number == "" {
		return
	}
	if other, taken := c.byNumber[number]; taken && int(other) != i {
		*problems = append(*problems, fmt.Sprintf("code %s belongs to %s already", code, c.items[other].SKU))
		return
	}
	c.byNumber[number] = int32(i)
}

// problems says what is wrong with an item by itself.
func (i Item) problems() (found []string) {
	for _, each := range []struct {
		name, text string
		most       int
	}{{"sku", i.SKU, SKUMax}, {"description", i.Description, DescriptionMax}, {"unit", i.Unit, UnitMax}} {
		switch {
		case strings.TrimSpace(each.text) == "":
			found = append(found, "no "+each.name)
		case utf8.RuneCountInString(each.text) > each.most:
			found = append(found, fmt.Sprintf("%s longer than %d characters", each.name, each.most))
		case strings.ContainsFunc(each.text, unicode.IsControl):
			found = append(found, each.name+" with a control character")
		}
	}
	if i.Price < 0 {
		found = append(found, "price "+i.Price.String()+" is below zero")
	}
	for _, code := range i.Codes {
		if err := CheckCode(code); err != nil {
			found = append(found, err.Error())
		}
	}
	return found
}

// Len counts the items.
func (c *Catalog) Len() int {
	if c == nil {
		return 0
	}
	return len(c.items)
}

// Find answers the item of a SKU or printed code, whatever its leading zeros. It
// reads no label: what a label says is not one piece. See [Catalog.Lookup].
func (c *Catalog) Find(code string) (Item, bool) {
	if c == nil {
		return Item{}, false
	}
	i, found := c.byNumber[Unpadded(code)]
	if !found {
		return Item{}, false
	}
	return c.items[i], true
}

// A Match is what a code stands for: so much of an item.
type Match struct {
	Item     Item
	Quantity money.Quantity // one for a plain code
	// UnitPrice is the item's, or for a label with a total the price nearest to it
	// with which [money.Extend] gives exactly that total.
	UnitPrice money.UnitPrice
	// Total is what a label with a price charges; nil where the label or code says
	// no price, and the total is Quantity × UnitPrice.
	Total *money.Cents
}

// Lookup answers what a typed or scanned code stands for: an item by its SKU or
// printed code or, if there is none, the goods of a scale's label. A label whose
// goods are unknown, that says nothing or more than a scale weighs is not found.
func (c *Catalog) Lookup(code string) (Match, bool) {
	if item, found := c.Find(code); found {
		return Match{Item: item, Quantity: money.One, UnitPrice: item.Price}, true
	}
	return c.readLabel(code)
}

// Items lists all items by SKU.
func (c *Catalog) Items() []Item {
	if c == nil {
		return nil
	}
	sorted := slices.Clone(c.items)
	slices.SortFunc(sorted, func(a, b Item) int { return strings.Compare(a.SKU, b.SKU) })
	return sorted
}
