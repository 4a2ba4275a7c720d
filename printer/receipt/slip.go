package receipt

import (
	"fmt"
	"strings"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/payment"
)

// signatureLines is the room that a signature needs above its line.
const signatureLines = 3

// cardSlip is the customer's or the store's copy of an approved card payment.
func (c *composer) cardSlip(document device.Document) error {
	attempt := c.job.Attempt
	if attempt == nil || attempt.Card == nil {
		return errNoPayment
	}
	if !stands(attempt) {
		return fmt.Errorf("payment attempt %s in %v is not an approved payment", attempt.ID, attempt.State)
	}
	title := "paper.slip.customer"
	if document == device.MerchantSlip {
		title = "paper.slip.merchant"
	}
	c.slipHead(title)
	c.add(Rule{})
	c.cardRows(attempt)
	c.add(Rule{}, Big{Label: c.say("paper.slip.amount"), Amount: c.language.Amount(attempt.Amount)}, Rule{})
	c.add(Line{Text: c.say(verification(attempt.Card.CVM)), Align: Centre})
	if found := cryptogram(attempt.Card.EMVRequest); found != "" {
		c.add(Line{Text: c.say("paper.slip.cryptogram", "Cryptogram", found), Align: Centre})
	}
	if document == device.MerchantSlip && attempt.Card.CVM == card.CVMSignature {
		c.signature("paper.slip.signature")
	}
	return nil
}

// stands says that an attempt is money received: approved and not undone.
func stands(attempt *payment.Attempt) bool {
	switch attempt.State {
	case payment.Intent, payment.VoidDecided, payment.Reversed, payment.Refusal:
		return false
	case payment.Manual:
		// A person looks after it; only an undo has a reason.
		return attempt.Result.Approved && attempt.Reason == ""
	default:
		return attempt.Result.Approved
	}
}

// slipHead says where a paper comes from and, by a message, what it is.
func (c *composer) slipHead(title string) {
	c.add(Line{Text: c.job.Store.Name, Align: Centre, Bold: true})
	till := Cell{Text: c.say("paper.head.till", "Till", c.job.Store.Till), Align: Right}
	head := Columns{Cells: []Cell{till}}
	if c.job.Store.TaxID != "" {
		head.Cells = []Cell{{Text: c.say("paper.head.tax_id", "TaxID", taxID(c.job.Store.TaxID))}, till}
	}
	c.add(head, Line{Text: c.say(title), Align: Centre, Bold: true})
}

func (c *composer) cardRows(attempt *payment.Attempt) {
	shown := attempt.Card
	c.add(
		pairWhole(strings.ToUpper(shown.Brand), c.say("paper.slip."+string(attempt.Method))),
		pairWhole(c.say("paper.slip.pan", "Last4", shown.Last4), c.say("paper.slip.entry."+string(shown.EntryMode))),
	)
	if shown.AID != "" {
		c.add(pairWhole(c.say("paper.slip.aid", "AID", shown.AID), shown.ApplicationLabel))
	}
	c.add(
		pairWhole(c.hostNumbers(attempt.Result), c.moment("long", attempt.StartedAt)),
		pairWhole(c.reference(attempt), c.acquirer(attempt.Result)),
	)
}

// hostNumbers are the numbers by which the host knows the payment.
func (c *composer) hostNumbers(result payment.Result) string {
	var parts []string
	if result.NSU != "" {
		parts = append(parts, c.say("paper.slip.nsu", "NSU", result.NSU))
	}
	if result.AuthorisationCode != "" {
		parts = append(parts, c.say("paper.slip.authorisation", "Code", result.AuthorisationCode))
	}
	return strings.Join(parts, "  ")
}

// reference is the number by which the store knows the payment.
func (c *composer) reference(attempt *payment.Attempt) string {
	key := c.say("paper.slip.transaction", "Key", attempt.ID.Short())
	if c.job.Sale == nil {
		return key
	}
	return c.say("paper.slip.document", "Number", c.count(c.job.Sale.Receipt)) + "  " + key
}

func (c *composer) acquirer(result payment.Result) string {
	if result.Acquirer == "" {
		return ""
	}
	return c.say("paper.slip.acquirer", "Name", result.Acquirer)
}

// pairWhole is a row of two cells that stand below each other rather than wrap.
func pairWhole(left, right string) Columns {
	return Columns{Cells: []Cell{{Text: left}, {Text: right, Align: Right}}}
}

// verification is the message that says how the holder was verified.
func verification(way card.CVM) string {
	if way == "" {
		return "paper.slip.authorised"
	}
	return "paper.slip.cvm." + string(way)
}

// underReview is what a customer keeps while nobody knows whether money moved.
func (c *composer) underReview() error {
	attempt := c.job.Attempt
	if attempt == nil {
		return errNoPayment
	}
	who := c.say("paper.tender." + string(attempt.Method))
	if attempt.Card != nil {
		who = c.say("paper.review.card", "Last4", attempt.Card.Last4)
	}
	key := c.say("paper.review.key", "Key", attempt.ID.Short())
	if c.job.Sale != nil {
		key = c.say("paper.head.sale", "Sale", c.count(c.job.Sale.Order.SaleNumber)) + "  " + key
	}
	c.add(
		Line{Text: c.job.Store.Name, Align: Centre},
		Line{Text: c.say("paper.review.title"), Align: Centre, Bold: true},
		Rule{},
		pair(who, c.say("paper.review.amount", "AmountCents", attempt.Amount)),
		Columns{Cells: []Cell{
			{Text: key, Fit: Wrap},
			{Text: c.moment("long", attempt.StartedAt), Short: c.moment("clock", attempt.StartedAt), Align: Right},
		}},
		Rule{},
		Line{Text: c.say("paper.review.explanation")},
	)
	return nil
}
