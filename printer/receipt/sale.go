package receipt

import (
	"fmt"
	"strings"

	"balcao/terminal/money"
	"balcao/terminal/sale"
)

// itemIndent is where the figures of an item begin: below its name, behind the ordinal.
const itemIndent = 4

// saleReceipt is the receipt of a paid sale.
func (c *composer) saleReceipt() error {
	paid := c.job.Sale
	if paid == nil {
		return errNoSale
	}
	c.storeHead()
	c.add(Rule{})
	c.saleHead(paid)
	c.add(Rule{})
	c.items(paid.Order.Lines)
	c.add(Rule{})
	c.totals(paid.Order.Lines, paid.Order.Totals.Total)
	c.add(Rule{})
	for _, tender := range paid.Tenders {
		c.tender(tender)
	}
	if change := paid.Change(); change != 0 {
		c.add(pair(c.say("paper.receipt.change"), c.language.Amount(change)))
	}
	c.add(Rule{})
	if digits, ok := saleCode(paid.Order.SaleNumber); ok {
		c.add(Barcode{Digits: digits})
	}
	c.add(Line{Text: c.say("paper.receipt.thanks"), Align: Centre})
	return nil
}

func (c *composer) storeHead() {
	c.add(Line{Text: c.job.Store.Name, Align: Centre, Bold: true})
	if c.job.Store.Address != "" {
		c.add(Line{Text: c.job.Store.Address, Align: Centre})
	}
	if c.job.Store.TaxID != "" {
		c.add(Line{Text: c.say("paper.head.tax_id", "TaxID", taxID(c.job.Store.TaxID)), Align: Centre})
	}
}

func (c *composer) saleHead(paid *sale.Paid) {
	till, number := c.job.Store.Till, c.count(paid.Order.SaleNumber)
	c.add(
		Columns{Bold: true, Cells: []Cell{
			{Text: c.say("paper.receipt.title"), Short: c.say("paper.receipt.title_short")},
			{Text: c.say("paper.receipt.not_fiscal"), Align: Right},
		}},
		Columns{Cells: []Cell{
			{
				Text:  c.say("paper.receipt.sale", "Till", till, "Sale", number),
				Short: c.say("paper.receipt.sale_short", "Till", till, "Sale", number),
				Fit:   Wrap,
			},
			{Text: c.moment("long", paid.PaidAt), Short: c.moment("short", paid.PaidAt), Align: Right},
		}},
		Columns{Cells: []Cell{
			{
				Text:  c.say("paper.receipt.operator", "ID", paid.OperatorID, "Name", paid.OperatorName),
				Short: c.say("paper.receipt.operator_short", "ID", paid.OperatorID, "Name", paid.OperatorName),
				Fit:   Wrap,
			},
			{Text: c.say("paper.receipt.number", "Number", c.count(paid.Receipt)), Align: Right},
		}},
	)
	if customer := paid.Order.TaxID; customer != "" {
		c.add(Columns{Cells: []Cell{
			{Text: c.say("paper.receipt.customer"), Fit: Drop},
			{Text: c.customerTaxID(customer), Align: Right},
		}})
	}
}

func (c *composer) items(lines []sale.Line) {
	for i, line := range lines {
		c.item(i+1, line)
	}
}

// item is a line of a sale: what it costs, and below that what was taken off.
func (c *composer) item(ordinal int, line sale.Line) {
	unit := line.Unit
	if unit == "" {
		unit = c.say("paper.receipt.unit")
	}
	sum := pair(
		c.language.Quantity(line.Quantity)+" "+unit+" x "+c.language.UnitPrice(line.UnitPrice),
		c.language.Amount(line.Total+line.Discount),
	)
	sum.Indent = itemIndent
	c.add(Line{Text: fmt.Sprintf("%03d %s", ordinal, line.Description), Hang: itemIndent}, sum)
	if line.Discount != 0 {
		off := pair(c.say("paper.receipt.discount"), c.language.Amount(-line.Discount))
		off.Indent = itemIndent
		c.add(off)
	}
}

// totals leads from the sum of the lines before any discount, which the figures
// above add up to, to what is paid.
func (c *composer) totals(lines []sale.Line, total money.Cents) {
	items, pieces := c.count(int64(len(lines))), c.count(sale.Pieces(lines))
	c.add(Line{Text: c.say("paper.receipt.counts", "Items", items, "Pieces", pieces)})
	gross := sale.TotalOf(lines)
	for _, line := range lines {
		gross += line.Discount
	}
	if gross != total {
		c.add(
			pair(c.say("paper.receipt.subtotal"), c.language.Amount(gross)),
			pair(c.say("paper.receipt.discounts"), c.language.Amount(total-gross)),
		)
	}
	c.add(Big{Label: c.say("paper.receipt.total"), Amount: c.language.Amount(total)})
}

// tender is one way of paying: of cash what was handed over, of a card which one.
func (c *composer) tender(tender sale.Tender) {
	amount := tender.Amount
	if tender.Tendered != 0 {
		amount = tender.Tendered
	}
	c.add(pair(c.say("paper.tender."+tender.Method), c.language.Amount(amount)))
	attempt := c.job.Attempt
	if attempt == nil || attempt.ID != tender.PaymentID || attempt.Card == nil {
		return
	}
	c.add(Columns{Indent: itemIndent, Cells: []Cell{
		{Text: c.say("paper.receipt.card", "Brand", strings.ToUpper(attempt.Card.Brand), "Last4", attempt.Card.Last4), Fit: Wrap},
		{Text: c.hostNumbers(attempt.Result), Align: Right},
	}})
}
