package simcentral

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"balcao/sync/wire"
)

// ratePPMWhole is 100 % in the contract's millionths.
const ratePPMWhole = 1_000_000

// taxSlackCents is how far a tax may be from its rate before it is remarked on: each
// tax is rounded once.
const taxSlackCents = 1

// quoteOrder looks at an order without keeping it: what it would add up to, and what
// speaks against it. What does not fit the contract is refused as in any call; all
// else is an answer.
func (s *Server) quoteOrder(c *call) (answer, *wire.Problem) {
	var content wire.OrderContent
	if json.Unmarshal(c.body, &content) != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the order cannot be read")
	}
	findings := examine(&content)
	return ok(wire.OrderSummary{
		Totals: findings.totals, Checks: findings.checks(),
		Payable: len(findings.all()) == 0 && findings.totals.Total.Amount > 0,
	}), nil
}

// findings are what central finds in an order.
type findings struct {
	totals           wire.Totals // as they should be
	required, adding []wire.Violation
	taxes, taxDoubts []wire.Violation // doubts are remarked on and refuse nothing
}

// examine looks at an order as a dry run and a real one do alike.
func examine(content *wire.OrderContent) findings {
	found := findings{required: checkRequired(content)}
	var adding []wire.Violation
	found.totals, adding = reckonTotals(content)
	for _, violation := range adding {
		if violation.Pointer == "/totals/taxes" {
			found.taxes = append(found.taxes, violation)
		} else {
			found.adding = append(found.adding, violation)
		}
	}
	for i, line := range content.Lines {
		wrong, doubtful := checkTaxes(fmt.Sprintf("/lines/%d", i), line)
		found.taxes = append(found.taxes, wrong...)
		found.taxDoubts = append(found.taxDoubts, doubtful...)
	}
	return found
}

// all are the violations that refuse an order.
func (f findings) all() []wire.Violation {
	return append(append(append([]wire.Violation{}, f.required...), f.adding...), f.taxes...)
}

// problem refuses an order with violations; nil when there are none.
func (f findings) problem() *wire.Problem {
	switch violations := f.all(); {
	case len(violations) == 0:
		return nil
	case len(f.required) > 0:
		return wire.NewProblem(wire.CodeRequiredField, "the order is not complete", violations...)
	default:
		return wire.NewProblem(wire.CodeTotalMismatch, "central adds the order up to another total", violations...)
	}
}

// checks are the findings as the contract shows them.
func (f findings) checks() []wire.Check {
	taxes := checkOf(wire.CheckNameTaxesAndFees, f.taxes)
	if len(f.taxes) == 0 && len(f.taxDoubts) > 0 {
		taxes = checkOf(wire.CheckNameTaxesAndFees, f.taxDoubts)
		taxes.Result = wire.CheckResultWarn
	}
	checks := []wire.Check{
		checkOf(wire.CheckNameRequiredFields, f.required), checkOf(wire.CheckNameTotals, f.adding), taxes,
	}
	for _, name := range []wire.CheckName{wire.CheckNameStock, wire.CheckNameAddress, wire.CheckNameCoverage} {
		checks = append(checks, wire.Check{Name: name, Result: wire.CheckResultSkipped, Detail: new("this central keeps neither stock nor map")})
	}
	return checks
}

func checkOf(name wire.CheckName, violations []wire.Violation) wire.Check {
	if len(violations) == 0 {
		return wire.Check{Name: name, Result: wire.CheckResultPass}
	}
	first := violations[0]
	detail := first.Pointer
	switch {
	case first.Detail != nil:
		detail += ": " + *first.Detail
	case first.Expected != nil:
		detail += fmt.Sprintf(": expected %v, got %v", first.Expected, first.Actual)
	}
	if more := len(violations) - 1; more > 0 {
		detail += fmt.Sprintf(" (and %d more)", more)
	}
	return wire.Check{Name: name, Result: wire.CheckResultFail, Code: &first.Code, Detail: &detail}
}

// checkRequired finds what is there by name and says nothing: the contract's schema
// lets an empty text and a quantity of zero pass.
func checkRequired(content *wire.OrderContent) []wire.Violation {
	var found []wire.Violation
	missing := func(pointer, why string) {
		found = append(found, wire.Violation{Pointer: pointer, Code: wire.CodeRequiredField, Detail: &why})
	}
	seen := map[string]bool{}
	for i, line := range content.Lines {
		at := fmt.Sprintf("/lines/%d", i)
		for _, field := range []struct{ name, value string }{
			{"line_id", line.LineID}, {"sku", line.SKU}, {"description", line.Description},
		} {
			if strings.TrimSpace(field.value) == "" {
				missing(at+"/"+field.name, "empty")
			}
		}
		if seen[line.LineID] {
			missing(at+"/line_id", "another line has it")
		}
		seen[line.LineID] = true
		if quantity, err := scaled(line.Quantity); err == nil && quantity.Sign() == 0 {
			missing(at+"/quantity", "nothing is sold")
		}
	}
	return found
}

// checkTaxes looks at the taxes of a line. A tax that is not what its rate makes of the
// total is only doubtful: its base may be reduced by law.
func checkTaxes(at string, line wire.OrderLine) (wrong, doubtful []wire.Violation) {
	if line.Taxes == nil {
		return nil, nil
	}
	var included int64
	for i, tax := range *line.Taxes {
		pointer := fmt.Sprintf("%s/taxes/%d/amount", at, i)
		wrong = append(wrong, checkCurrency(pointer, tax.Amount)...)
		if tax.Amount.Amount < 0 {
			wrong = append(wrong, wire.Violation{Pointer: pointer, Code: wire.CodeTotalMismatch, Detail: new("less than nothing")})
		}
		if tax.Included == nil || *tax.Included {
			included += tax.Amount.Amount
		}
		if tax.RatePpm == nil {
			continue
		}
		want := shareOf(line.Total.Amount, int64(*tax.RatePpm))
		if difference := want - tax.Amount.Amount; difference > taxSlackCents || difference < -taxSlackCents {
			doubtful = append(doubtful, compare(pointer, want, tax.Amount.Amount)...)
		}
	}
	if included > line.Total.Amount {
		wrong = append(wrong, wire.Violation{Pointer: at + "/taxes", Code: wire.CodeTotalMismatch, Detail: new("more tax is included than the line costs")})
	}
	return wrong, doubtful
}

// shareOf is a rate in millionths of an amount, rounded half away from zero.
func shareOf(cents, ratePPM int64) int64 {
	product := new(big.Int).Mul(big.NewInt(cents), big.NewInt(ratePPM))
	half := big.NewInt(ratePPMWhole / 2)
	if product.Sign() < 0 {
		half.Neg(half)
	}
	product.Add(product, half)
	return product.Quo(product, big.NewInt(ratePPMWhole)).Int64()
}
