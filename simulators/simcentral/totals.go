package simcentral

import (
	"fmt"
	"math/big"
	"strings"

	"balcao/sync/wire"
)

// decimals is how many places a quantity or a unit price has at most.
const decimals = 4

// currencyOnly is the only currency of a shop here.
const currencyOnly = "BRL"

// reckonTotals computes every total of an order anew and names each that differs, by
// pointer, with what it should be and what came. Source: openapi.yaml, OrderLine and Totals.
func reckonTotals(content *wire.OrderContent) (wire.Totals, []wire.Violation) {
	var found []wire.Violation
	var items, taxesOnTop int64
	for i, line := range content.Lines {
		at := fmt.Sprintf("/lines/%d", i)
		found = append(found, checkCurrency(at+"/total", line.Total)...)
		want, err := lineTotal(line)
		if err != nil {
			found = append(found, wire.Violation{Pointer: at, Code: wire.CodeTotalMismatch, Detail: new(err.Error())})
			continue
		}
		found = append(found, compare(at+"/total", want, line.Total.Amount)...)
		items += want
		taxesOnTop += taxesNotIncluded(line)
	}
	totals := content.Totals
	found = append(found, compare("/totals/items", items, totals.Items.Amount)...)
	found = append(found, compare("/totals/taxes", taxesOnTop, cents(totals.Taxes))...)
	want := items - cents(totals.Discounts) + taxesOnTop + cents(totals.Fees) + cents(totals.Delivery) + cents(totals.Rounding)
	found = append(found, compare("/totals/total", want, totals.Total.Amount)...)
	found = append(found, checkCurrency("/totals/total", totals.Total)...)
	if want < 0 {
		found = append(found, wire.Violation{Pointer: "/totals/total", Code: wire.CodeTotalMismatch, Detail: new("less than nothing")})
	}
	totals.Items, totals.Total = wire.Money{Amount: items, Currency: currencyOnly}, wire.Money{Amount: want, Currency: currencyOnly}
	if taxesOnTop != 0 || totals.Taxes != nil {
		totals.Taxes = &wire.Money{Amount: taxesOnTop, Currency: currencyOnly}
	}
	return totals, found
}

func compare(pointer string, want, got int64) []wire.Violation {
	if want == got {
		return nil
	}
	return []wire.Violation{{Pointer: pointer, Code: wire.CodeTotalMismatch, Expected: want, Actual: got}}
}

func checkCurrency(pointer string, money wire.Money) []wire.Violation {
	if money.Currency == currencyOnly {
		return nil
	}
	return []wire.Violation{{Pointer: pointer + "/currency", Code: wire.CodeTotalMismatch, Expected: currencyOnly, Actual: money.Currency}}
}

func cents(money *wire.Money) int64 {
	if money == nil {
		return 0
	}
	return money.Amount
}

func taxesNotIncluded(line wire.OrderLine) int64 {
	var sum int64
	if line.Taxes == nil {
		return 0
	}
	for _, tax := range *line.Taxes {
		if tax.Included != nil && !*tax.Included {
			sum += tax.Amount.Amount
		}
	}
	return sum
}

// lineTotal is quantity × unit price, rounded half away from zero to cents, less discount.
func lineTotal(line wire.OrderLine) (int64, error) {
	quantity, err := scaled(line.Quantity)
	if err != nil {
		return 0, fmt.Errorf("quantity: %w", err)
	}
	price, err := scaled(line.UnitPrice)
	if err != nil {
		return 0, fmt.Errorf("unit price: %w", err)
	}
	// Both have four places and the result has two: six are to be rounded away.
	const divisor = 1_000_000
	product := new(big.Int).Mul(quantity, price)
	product.Add(product, big.NewInt(divisor/2)) // never negative, so half away is half up
	product.Div(product, big.NewInt(divisor))
	if !product.IsInt64() {
		return 0, fmt.Errorf("total out of range")
	}
	discount := cents(line.Discount)
	if discount < 0 || discount > product.Int64() {
		return 0, fmt.Errorf("discount is less than nothing or more than the line")
	}
	return product.Int64() - discount, nil
}

// scaled reads a decimal string as an integer of ten-thousandths.
func scaled(text string) (*big.Int, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > decimals {
		return nil, fmt.Errorf("more than %d decimals", decimals)
	}
	value, ok := new(big.Int).SetString(whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10)
	if !ok || value.Sign() < 0 {
		return nil, fmt.Errorf("not a decimal number")
	}
	return value, nil
}
