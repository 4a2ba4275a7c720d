// Package letter writes what customers and administrators are told, in their
// language: a payment that succeeded or failed, an order that is blocked, a report.
//
// It is pure: values in, subject, text and HTML out. It addresses nobody and sends
// nothing; package notify does. Words are the catalogues notify.*.toml of package
// text. No letter holds more of a card than brand and last four digits: anything that
// could be a longer number is refused. Start with [PaymentSucceeded].
package letter

import (
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"time"

	"balcao/terminal/money"
	"balcao/terminal/text"
)

// Written is a letter in all its forms. Text and HTML say the same.
type Written struct {
	Subject string // one line
	Text    string
	HTML    string // a whole document, escaped
}

// A Tender is a way to pay, by the name that tills and catalogues use.
type Tender string

// The tenders that letters have words for.
const (
	Cash        Tender = "cash"
	Debit       Tender = "debit"
	Credit      Tender = "credit"
	Voucher     Tender = "voucher"
	Pix         Tender = "pix"
	StoreCredit Tender = "store_credit"
)

var tenders = map[Tender]bool{Cash: true, Debit: true, Credit: true, Voucher: true, Pix: true, StoreCredit: true}

// A Payment is what letters about one say.
type Payment struct {
	Store    string
	Order    string // the number that the customer knows
	Amount   money.Cents
	Tender   Tender
	Brand    string    // of a card; may be empty
	LastFour string    // of a card, four digits; may be empty
	At       time.Time // in the store's zone
}

// PaymentSucceeded tells a customer that the shop has the money.
type PaymentSucceeded struct{ Payment }

// Money is where the customer's money is after a payment that failed.
type Money string

// Where the money can be. There is no default: a letter that does not say is refused.
const (
	NotCharged    Money = "not_charged"
	BeingReturned Money = "being_returned" // charged, and a reversal or refund is under way
	BeingVerified Money = "being_verified" // nobody knows yet
)

// PaymentFailed tells a customer that a payment did not succeed and whether money moved.
type PaymentFailed struct {
	Payment
	Money Money
}

// OrderBlocked tells an administrator that an order waits for a decision.
type OrderBlocked struct {
	Store  string
	Till   string
	Order  string
	Reason string
	At     time.Time // in the store's zone
}

// A Figure is one line of a report: a name and a value, both already in words.
type Figure struct{ Name, Value string }

// FiguresMax is what a letter shows of a report; the rest belongs to its attachment.
const FiguresMax = 40

// Report tells a manager the figures of a period.
type Report struct {
	Store    string
	Title    string
	Period   string
	Figures  []Figure
	Attached bool // a file comes with it
}

// ErrRefused says that a letter must not be written: something it has to say is
// missing, or it would say too much.
var ErrRefused = errors.New("letter refused")

// Write says that the payment was received.
func (l PaymentSucceeded) Write(language *text.Language) (Written, error) {
	if err := l.check(); err != nil {
		return Written{}, err
	}
	return write(language, page{
		subject: text.Msg("notify.succeeded.subject", "Order", l.Order),
		opening: []text.Message{text.Msg("notify.succeeded.body", "AmountCents", l.Amount)},
		figures: l.figures(language),
		closing: []text.Message{text.Msg("notify.succeeded.not_fiscal")},
	})
}

// Write says that the payment failed and where the money is, before all details.
func (l PaymentFailed) Write(language *text.Language) (Written, error) {
	if err := l.check(); err != nil {
		return Written{}, err
	}
	switch l.Money {
	case NotCharged, BeingReturned, BeingVerified:
	default:
		return Written{}, fmt.Errorf("%w: it does not say where the money is", ErrRefused)
	}
	return write(language, page{
		subject: text.Msg("notify.failed.subject", "Order", l.Order),
		opening: []text.Message{
			text.Msg("notify.failed.body", "AmountCents", l.Amount),
			text.Msg("notify.failed." + string(l.Money)),
		},
		figures: l.figures(language),
	})
}

// Write says which order waits, where and why.
func (l OrderBlocked) Write(language *text.Language) (Written, error) {
	if l.Order == "" || l.Till == "" || l.Reason == "" || l.At.IsZero() {
		return Written{}, fmt.Errorf("%w: order, till, reason or time is missing", ErrRefused)
	}
	return write(language, page{
		subject: text.Msg("notify.blocked.subject", "Order", l.Order, "Till", l.Till),
		opening: []text.Message{text.Msg("notify.blocked.body")},
		figures: []Figure{
			{language.Word("notify.field.store"), l.Store},
			{language.Word("notify.field.till"), l.Till},
			{language.Word("notify.field.order"), l.Order},
			{language.Word("notify.field.reason"), l.Reason},
			{language.Word("notify.field.moment"), l.At.Format(language.Word("notify.moment"))},
		},
		closing: []text.Message{text.Msg("notify.blocked.next")},
	})
}

// Write shows the figures of the period.
func (l Report) Write(language *text.Language) (Written, error) {
	if l.Title == "" || l.Period == "" || len(l.Figures) > FiguresMax {
		return Written{}, fmt.Errorf("%w: no title, no period, or more than %d figures", ErrRefused, FiguresMax)
	}
	written := page{
		subject: text.Msg("notify.report.subject", "Title", l.Title, "Period", l.Period),
		opening: []text.Message{text.Msg("notify.report.body", "Title", l.Title, "Period", l.Period)},
		figures: append([]Figure{{language.Word("notify.field.store"), l.Store}}, l.Figures...),
	}
	if l.Attached {
		written.closing = []text.Message{text.Msg("notify.report.attached")}
	}
	return write(language, written)
}

var (
	fourDigits = regexp.MustCompile(`^[0-9]{4}$`)
	anyDigit   = regexp.MustCompile(`[0-9]`)
)

// check refuses a payment that lacks something, and more of a card than may be shown.
// Source: PCI DSS 4.0.1, requirement 3.4.1.
func (p Payment) check() error {
	switch {
	case p.Order == "" || p.Amount <= 0 || p.At.IsZero():
		return fmt.Errorf("%w: order, amount or time is missing", ErrRefused)
	case !tenders[p.Tender]:
		return fmt.Errorf("%w: an unknown tender", ErrRefused)
	case p.LastFour != "" && !fourDigits.MatchString(p.LastFour):
		return fmt.Errorf("%w: the last four digits of a card are not four digits", ErrRefused)
	case anyDigit.MatchString(p.Brand):
		return fmt.Errorf("%w: a brand with digits", ErrRefused)
	}
	return nil
}

func (p Payment) figures(language *text.Language) []Figure {
	tender := language.Word("notify.tender." + string(p.Tender))
	if p.LastFour != "" {
		tender = language.Say(text.Msg("notify.card", "Tender", tender, "Brand", p.Brand, "LastFour", p.LastFour))
	}
	return []Figure{
		{language.Word("notify.field.store"), p.Store},
		{language.Word("notify.field.order"), p.Order},
		{language.Word("notify.field.amount"), language.Say(text.Msg("notify.amount", "AmountCents", p.Amount))},
		{language.Word("notify.field.tender"), strings.Join(strings.Fields(tender), " ")},
		{language.Word("notify.field.moment"), p.At.Format(language.Word("notify.moment"))},
	}
}

// A page is a letter before it has words.
type page struct {
	subject text.Message
	opening []text.Message
	figures []Figure
	closing []text.Message
}

// words are what the layouts show.
type words struct {
	Language         string
	Subject          string
	Opening, Closing []string
	Figures          []Figure
}

// longDigits is any run of digits that might be a card number, separators allowed.
var longDigits = regexp.MustCompile(`[0-9](?:[ .-]?[0-9]){12,}`)

// write makes words of a page, and looks at all of them for a card number.
func write(language *text.Language, p page) (Written, error) {
	said := words{Language: string(language.Tag()), Subject: oneLine(language.Say(p.subject))}
	for _, message := range p.opening {
		said.Opening = append(said.Opening, language.Say(message))
	}
	for _, message := range p.closing {
		said.Closing = append(said.Closing, language.Say(message))
	}
	for _, figure := range p.figures {
		if figure.Value != "" {
			said.Figures = append(said.Figures, Figure{oneLine(figure.Name), oneLine(figure.Value)})
		}
	}
	plain := said.plain()
	if longDigits.MatchString(said.Subject) || longDigits.MatchString(plain) {
		return Written{}, fmt.Errorf("%w: it holds a number as long as a card's", ErrRefused)
	}
	var document strings.Builder
	if err := layout.Execute(&document, said); err != nil {
		return Written{}, fmt.Errorf("lay out a letter: %w", err)
	}
	return Written{Subject: said.Subject, Text: plain, HTML: document.String()}, nil
}

func (w words) plain() string {
	var plain strings.Builder
	paragraphs := func(lines []string) {
		for _, line := range lines {
			plain.WriteString(line + "\n\n")
		}
	}
	paragraphs(w.Opening)
	for _, figure := range w.Figures {
		plain.WriteString(figure.Name + ": " + figure.Value + "\n")
	}
	if len(w.Figures) > 0 && len(w.Closing) > 0 {
		plain.WriteString("\n")
	}
	paragraphs(w.Closing)
	return strings.TrimRight(plain.String(), "\n") + "\n"
}

// oneLine makes a value fit for a header and a row.
func oneLine(value string) string { return strings.Join(strings.Fields(value), " ") }

// layout fetches nothing from anywhere: no pictures, no fonts, no scripts.
var layout = template.Must(template.New("letter").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font-family:sans-serif">
{{range .Opening}}<p>{{.}}</p>
{{end}}<table>
{{range .Figures}}<tr><th align="left">{{.Name}}</th><td>{{.Value}}</td></tr>
{{end}}</table>
{{range .Closing}}<p>{{.}}</p>
{{end}}</body>
</html>
`))
