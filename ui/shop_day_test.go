package ui

import (
	"strings"

	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
)

// drawer is what should be in the shop's drawer at the end of a day.
const drawer money.Cents = 647_30

// onShelf is what the shop's items are called.
var onShelf = []string{"ARROZ BRANCO 5KG", "ARROZ INTEGRAL 1KG", "ARROZ ARBÓREO 500G", "AÇÚCAR 1KG", "FEIJÃO CARIOCA 1KG"}

// bothNumber is an item's code and a person's document.
const bothNumber = "52998224725"

// carryOutDay does what a day has besides scanning and paying, as a till would.
func (s *shop) carryOutDay(command link.Command) (link.Reply, bool) {
	switch command.Verb {
	case link.VerbSearch:
		return s.find(command.Text), true
	case link.VerbAnswer:
		return s.answered(command.Number), true
	case link.VerbApprove:
		return s.approved(command), true
	case link.VerbCashOut:
		return s.want("core.act.cash_out", *command.Amount, toast("core.said.sangria", *command.Amount)), true
	case link.VerbCashIn:
		return s.shows(toast("core.said.suprimento", *command.Amount)), true
	case link.VerbXReport:
		return s.shows(toast("core.said.session_open", 0)), true
	case link.VerbBeginClose:
		return s.shows(func(c *snapshot.Cashier) { c.Phase, c.Closing = snapshot.Counting, &snapshot.Closing{} }), true
	case link.VerbLeaveClose:
		return s.shows(func(c *snapshot.Cashier) { c.Phase, c.Closing = snapshot.Selling, nil }), true
	case link.VerbCount:
		return s.shows(func(c *snapshot.Cashier) {
			counted := *command.Amount
			c.Closing = &snapshot.Closing{
				Attempts: c.Closing.Attempts + 1, Carried: []text.Message{text.Msg("core.carried.queue", "Number", 12)},
				Result: &snapshot.Count{Counted: counted, Expected: drawer, Difference: counted - drawer},
			}
		}), true
	case link.VerbClose:
		return s.shows(func(c *snapshot.Cashier) {
			c.Phase, c.Closing, c.Operator = snapshot.Locked, nil, nil
			say(c, "done", text.Msg("core.said.closed", "Number", 1))
		}), true
	case link.VerbCancel:
		return s.stepBack()
	case link.VerbEnter:
		return s.entered(command.Text)
	default:
		return link.Reply{}, false
	}
}

// shows changes what the till shows, and says that it did.
func (s *shop) shows(change func(*snapshot.Cashier)) link.Reply {
	s.change(change)
	return link.Reply{OK: true, Seq: s.shown.Seq}
}

// shortly changes only what does not last: no fact comes of it.
func (s *shop) shortly(change func(*snapshot.Cashier)) link.Reply {
	s.change(change)
	s.shown.Seq--
	return link.Reply{OK: true}
}

func say(c *snapshot.Cashier, kind string, message text.Message) {
	number := uint64(1)
	if c.Toast != nil {
		number = c.Toast.Number + 1
	}
	c.Toast = &snapshot.Toast{Number: number, Kind: kind, Text: message}
}

func toast(id string, amount money.Cents) func(*snapshot.Cashier) {
	return func(c *snapshot.Cashier) { say(c, "done", text.Msg(id, "AmountCents", amount, "FloatCents", amount)) }
}

// want lets nothing happen yet: a second person is asked for.
func (s *shop) want(act string, amount money.Cents, then func(*snapshot.Cashier)) link.Reply {
	s.wanted = then
	s.shortly(func(c *snapshot.Cashier) {
		c.Approval = &snapshot.Approval{Act: text.Msg(act), Amount: amount, Asker: c.Operator.Name}
	})
	refusal := text.Msg("core.refused.needs_approval")
	return link.Reply{Error: &refusal}
}

func (s *shop) approved(command link.Command) link.Reply {
	if command.PIN != "8642" {
		return s.refuse("core.refused.wrong_pin")
	}
	then := s.wanted
	return s.shows(func(c *snapshot.Cashier) {
		c.Approval = nil
		then(c)
	})
}

func (s *shop) find(words string) link.Reply {
	found := &snapshot.Search{Query: words, Rows: []snapshot.SearchRow{}}
	for _, name := range onShelf {
		if strings.HasPrefix(name, strings.ToUpper(words)) {
			found.Rows = append(found.Rows, snapshot.SearchRow{SKU: name, Description: name, Unit: "un", Price: 10_0000})
		}
	}
	return s.shortly(func(c *snapshot.Cashier) { c.Search = found })
}

func (s *shop) answered(number int) link.Reply {
	search, question := s.shown.Search, s.shown.Question
	return s.shows(func(c *snapshot.Cashier) {
		c.Search, c.Question = nil, nil
		switch {
		case search != nil:
			sell(c, search.Rows[number-1].SKU)
		case question != nil && number == 1:
			sell(c, bothNumber)
		default:
			c.Sale = &snapshot.Sale{ID: "S", Number: 7, TaxID: bothNumber}
		}
	})
}

// stepBack takes back what is asked; without that a cancel is the payment's.
func (s *shop) stepBack() (link.Reply, bool) {
	c := s.shown
	if c.Approval == nil && c.Question == nil && c.Search == nil && (c.Payment == nil || c.Payment.Part == 0) {
		return link.Reply{}, false
	}
	return s.shortly(func(c *snapshot.Cashier) {
		c.Approval, c.Question, c.Search = nil, nil, nil
		if c.Payment != nil {
			payment := *c.Payment
			payment.Part = 0
			c.Payment = &payment
		}
	}), true
}

// entered knows the lines of the grammar that ask something first, or pay a part.
func (s *shop) entered(line string) (link.Reply, bool) {
	switch {
	case line == "":
		return link.Reply{}, false
	case strings.HasSuffix(line, "%"):
		return s.want("core.act.discount", 5_00, func(c *snapshot.Cashier) {
			sale := *c.Sale
			sale.Gross, sale.Discounts, sale.Total = sale.Total, 5_00, sale.Total-5_00
			c.Sale = &sale
		}), true
	case line == bothNumber:
		return s.shortly(func(c *snapshot.Cashier) {
			c.Question = &snapshot.Question{
				Text:    text.Msg("core.question.code_or_document", "Code", line),
				Answers: []text.Message{text.Msg("core.question.code"), text.Msg("core.question.document")},
			}
		}), true
	case isName(line):
		return s.find(line), true
	case strings.HasPrefix(line, "+"):
		part, err := money.ParseCents(line[1:])
		if err != nil {
			return s.refuse("core.refused.amount"), true
		}
		return s.shortly(func(c *snapshot.Cashier) {
			payment := *c.Payment
			payment.Part = part
			c.Payment = &payment
		}), true
	default:
		return link.Reply{}, false
	}
}
