package receipt

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/text"
)

// Errors of [Build]: what a document needs and the job lacks.
var (
	errNoSale      = errors.New("no sale to print")
	errNoPayment   = errors.New("no payment attempt to print")
	errNoCancelled = errors.New("no cancelled sale to print")
	errNoMovement  = errors.New("no cash movement to print")
	errNoReport    = errors.New("no report to print")
)

// Build makes the document of a job: its papers one after the other, each with
// its cut, the drawer's pulse in front if the job asks for it. Times are written
// in their own offset.
//
// It fails if the job lacks what a paper tells of, and refuses a slip for a
// payment that was not approved or was undone.
func Build(job device.PrintJob, language *text.Language) (Document, error) {
	paper := composer{job: job, language: language}
	if job.Drawer {
		paper.add(Pulse{})
	}
	for _, document := range job.Documents {
		if err := paper.document(document); err != nil {
			return nil, fmt.Errorf("build %s of job %s: %w", document, job.ID, err)
		}
	}
	return paper.blocks, nil
}

// composer adds blocks to a document, in one language, for one job.
type composer struct {
	job      device.PrintJob
	language *text.Language
	blocks   Document
}

func (c *composer) document(document device.Document) error {
	c.copyMark()
	if err := c.body(document); err != nil {
		return err
	}
	c.copyMark()
	// A Z is filed, never handed over: it need not hang on until somebody takes it.
	c.add(Cut{Full: document == device.ZReport})
	return nil
}

func (c *composer) body(document device.Document) error {
	switch document {
	case device.SaleReceipt:
		return c.saleReceipt()
	case device.CustomerSlip, device.MerchantSlip:
		return c.cardSlip(document)
	case device.UnderReviewSlip:
		return c.underReview()
	case device.CancelledSale:
		return c.cancelledSale()
	case device.CashSlip:
		return c.cashSlip()
	case device.XReport, device.ZReport:
		return c.sessionReport(document)
	default:
		return fmt.Errorf("no such document")
	}
}

func (c *composer) add(blocks ...Block) { c.blocks = append(c.blocks, blocks...) }

func (c *composer) say(id string, pairs ...any) string { return c.language.Say(text.Msg(id, pairs...)) }

// moment writes a time by a layout of the catalogue, in the time's own offset.
func (c *composer) moment(layout string, at time.Time) string {
	return at.Format(c.language.Word("paper.moment." + layout))
}

// count writes a whole number with its thousands grouped.
func (c *composer) count(number int64) string {
	return c.language.Quantity(money.Quantity(number) * money.One)
}

// copyMark says that the paper is no original: which copy, and when it was made.
func (c *composer) copyMark() {
	if c.job.Copy < 2 {
		return
	}
	c.add(Columns{Bold: true, Cells: []Cell{
		{Text: c.say("paper.copy.mark", "Copy", c.job.Copy)},
		{
			Text:  c.say("paper.copy.printed", "Moment", c.moment("long", c.job.CopiedAt)),
			Short: c.moment("long", c.job.CopiedAt),
			Align: Right,
		},
	}})
}

// pair is a row of a text that wraps and a figure that does not.
func pair(label, figure string) Columns {
	return Columns{Cells: []Cell{{Text: label, Fit: Wrap}, {Text: figure, Align: Right}}}
}

// taxID writes a CNPJ as people do, 12.345.678/0001-95, letters included;
// what has not its 14 characters stays as it is.
func taxID(plain string) string {
	if len(plain) != 14 {
		return plain
	}
	return plain[:2] + "." + plain[2:5] + "." + plain[5:8] + "/" + plain[8:12] + "-" + plain[12:]
}

// customerTaxID writes a customer's CPF, 529.982.247-25, or CNPJ with its name.
func (c *composer) customerTaxID(plain string) string {
	const cpfDigits = 11
	if len(plain) != cpfDigits {
		return c.say("paper.head.tax_id", "TaxID", taxID(plain))
	}
	return c.say("paper.receipt.cpf", "CPF", plain[:3]+"."+plain[3:6]+"."+plain[6:9]+"-"+plain[9:])
}

// saleCode is a sale's number as an EAN-13 for use inside the store: prefix 2,
// eleven digits, check digit (GS1 General Specifications 2.1.11.1 and 7.9). A
// number that does not fit has none.
func saleCode(number int64) (string, bool) {
	digits := strconv.FormatInt(number, 10)
	const room = 11
	if number <= 0 || len(digits) > room {
		return "", false
	}
	digits = "2" + strings.Repeat("0", room-len(digits)) + digits
	sum := 0
	for i := range len(digits) {
		weight := 1
		if i%2 == 1 {
			weight = 3
		}
		sum += weight * int(digits[i]-'0')
	}
	return digits + strconv.Itoa((10-sum%10)%10), true
}
