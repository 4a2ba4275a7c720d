// Package catalog knows what the shop sells: items, their codes and prices.
//
// It is looked up in memory and changes no till's state; a line of a sale keeps
// price and tax as they were. It reads no file: whoever does hands items to
// [New]. Start with [Catalog.Find].
//
// Facts: GS1 General Specifications (GTIN and its check digit, section 7.9).
package catalog

import (
	"fmt"
	"sort"
	"strings"

	"balcao/terminal/money"
)

// descriptionMax is the contract's limit of a line's description, in characters.
const descriptionMax = 120

// Item is one thing the shop sells.
type Item struct {
	SKU         string          // the shop's own code, unique
	Codes       []string        // GTINs printed on it, none for weighed goods
	Description string          // as it stands on screen and paper
	Unit        string          // "un", "kg"; what one Quantity of 1 is
	Price       money.UnitPrice // of one unit
}

// Catalog finds items by code. It never changes after [New].
type Catalog struct {
	items  []Item
	byCode map[string]int
}

// New builds a catalogue. An item without SKU, description, unit or with a price
// below zero, and a code that two items share, is refused with its name.
func New(items []Item) (*Catalog, error) {
	catalog := &Catalog{items: items, byCode: make(map[string]int, 2*len(items))}
	for i, item := range items {
		if item.SKU == "" || item.Description == "" || item.Unit == "" || item.Price < 0 {
			return nil, fmt.Errorf("catalogue item %d (%q): sku, description, unit and a price are needed", i+1, item.SKU)
		}
		if len([]rune(item.Description)) > descriptionMax {
			return nil, fmt.Errorf("catalogue item %s: description longer than %d characters", item.SKU, descriptionMax)
		}
		for _, code := range append([]string{item.SKU}, item.Codes...) {
			if other, taken := catalog.byCode[code]; taken && other != i {
				return nil, fmt.Errorf("catalogue item %s: code %s belongs to %s already", item.SKU, code, items[other].SKU)
			}
			catalog.byCode[code] = i
		}
	}
	return catalog, nil
}

// Len counts the items.
func (c *Catalog) Len() int {
	if c == nil {
		return 0
	}
	return len(c.items)
}

// Find answers the item of a SKU or printed code. A GTIN-14 or zero-padded code
// finds the item of the shorter code behind the zeros.
func (c *Catalog) Find(code string) (Item, bool) {
	if c == nil {
		return Item{}, false
	}
	for _, candidate := range []string{code, strings.TrimLeft(code, "0")} {
		if i, ok := c.byCode[candidate]; ok && candidate != "" {
			return c.items[i], true
		}
	}
	return Item{}, false
}

// Items lists all items by SKU.
func (c *Catalog) Items() []Item {
	if c == nil {
		return nil
	}
	sorted := append([]Item(nil), c.items...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].SKU < sorted[j].SKU })
	return sorted
}

// ValidGTIN says whether code is 8, 12, 13 or 14 digits with the right check digit.
func ValidGTIN(code string) bool {
	switch len(code) {
	case 8, 12, 13, 14:
	default:
		return false
	}
	sum := 0
	for i := range len(code) {
		digit := int(code[len(code)-1-i]) - '0'
		if digit < 0 || digit > 9 {
			return false
		}
		if i%2 == 1 {
			digit *= 3
		}
		sum += digit
	}
	return sum%10 == 0
}
