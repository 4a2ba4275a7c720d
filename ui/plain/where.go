package plain

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
)

// where says in one line how things stand: the screen, then what is asked.
func (s *session) where() string {
	said := s.stand()
	switch shown := s.shown; {
	case shown.Approval != nil:
		said += " " + s.approval(*shown.Approval)
	case shown.Question != nil:
		said += " " + s.question(*shown.Question)
	case shown.Search != nil:
		said += " " + s.found(*shown.Search)
	}
	return said
}

// stand says how the screen stands.
func (s *session) stand() string {
	switch shown := s.shown; {
	case shown.Phase == snapshot.Locked:
		return s.words.Word("screen.plain.locked")
	case shown.Phase == snapshot.Closed:
		return s.words.Word("screen.plain.closed")
	case shown.Phase == snapshot.Counting:
		return s.counting(shown.Closing)
	case shown.Payment != nil:
		return s.payment(*shown.Payment)
	case shown.Sale != nil:
		return s.total(*shown.Sale)
	default:
		return s.words.Word("screen.plain.free")
	}
}

func (s *session) say(id string, pairs ...any) string { return s.words.Say(text.Msg(id, pairs...)) }

func (s *session) total(sale snapshot.Sale) string {
	said := s.say("screen.plain.total", "TotalCents", sale.Total, "Items", sale.Items)
	if sale.Discounts != 0 {
		said = s.say("screen.plain.discounts", "GrossCents", sale.Gross, "DiscountsCents", sale.Discounts) + " " + said
	}
	return said
}

// payment tells what is due, and by which digits it can be paid.
func (s *session) payment(payment snapshot.Payment) string {
	said := []string{s.say("screen.plain.due", "DueCents", payment.Due, "TotalCents", payment.Total)}
	if payment.Part != 0 {
		said = append(said, sentence(s.say("screen.payment.part", "AmountCents", payment.Part)))
	}
	if attempt := payment.Attempt; attempt != nil && attempt.Running {
		return strings.Join(append(said, s.attempt(*attempt)), " ")
	}
	var choices []string
	for _, choice := range payment.Choices {
		name := strconv.Itoa(choice.Digit) + " " + s.words.Say(choice.Name)
		if !choice.Disabled.Empty() {
			name += " (" + strings.TrimSuffix(s.words.Say(choice.Disabled), ".") + ")"
		}
		choices = append(choices, name)
	}
	if len(choices) > 0 {
		said = append(said, sentence(strings.Join(choices, ", ")))
	}
	return strings.Join(said, " ")
}

// attempt tells which step a card payment is at, or how it went, and where the
// money is.
func (s *session) attempt(attempt snapshot.Attempt) string {
	said := []string{sentence(s.say("screen.plain.attempt", "Name", s.words.Say(attempt.Name), "AmountCents", attempt.Amount))}
	if outcome := s.words.Say(attempt.Outcome); outcome != "" {
		said = append(said, sentence(outcome))
	} else if step := s.step(attempt); step != "" && attempt.Running {
		said = append(said, step)
	}
	if where := s.money(attempt.Money); where != "" {
		said = append(said, where)
	}
	return strings.Join(said, " ")
}

// step is the active step of an attempt.
func (s *session) step(attempt snapshot.Attempt) string {
	for _, step := range attempt.Steps {
		if step.State == "active" {
			return sentence(s.words.Say(step.Name))
		}
	}
	return ""
}

// money says where the money is.
func (s *session) money(where snapshot.Money) string {
	switch where {
	case snapshot.NotCharged, snapshot.Charged, snapshot.Verifying:
		return sentence(s.words.Word("screen.money." + string(where)))
	default:
		return ""
	}
}

func (s *session) sold(sale snapshot.LastSale) string {
	return s.say("screen.plain.sold", "Number", sale.Number, "TotalCents", sale.Total, "TenderedCents", sale.Tendered,
		"ChangeCents", sale.Change, "Paper", s.words.Say(sale.Paper)) + " " + s.money(snapshot.Charged)
}

// found lists the items of a search by their digits.
func (s *session) found(search snapshot.Search) string {
	if len(search.Rows) == 0 {
		return sentence(s.words.Word("screen.search.nothing"))
	}
	var rows []string
	for i, row := range search.Rows {
		rows = append(rows, s.say("screen.plain.row", "Digit", i+1, "Description", row.Description, "Price", s.words.UnitPrice(row.Price), "Unit", row.Unit))
	}
	said := sentence(strings.Join(rows, "; "))
	if search.More {
		said += " " + s.words.Word("screen.search.more")
	}
	return said
}

func (s *session) question(question snapshot.Question) string {
	said := []string{sentence(s.words.Say(question.Text))}
	for i, answer := range question.Answers {
		said = append(said, sentence(strconv.Itoa(i+1)+" "+s.words.Say(answer)))
	}
	return strings.Join(said, " ")
}

func (s *session) approval(wanted snapshot.Approval) string {
	act := s.words.Say(wanted.Act)
	if wanted.Amount != 0 {
		act += " " + s.say("screen.payment.amount", "AmountCents", wanted.Amount)
	}
	return s.say("screen.plain.approval", "Act", act, "Name", wanted.Asker)
}

// counting asks for the count, or tells what came of it and what stays open.
func (s *session) counting(closing *snapshot.Closing) string {
	if closing == nil || closing.Result == nil {
		return s.words.Word("screen.counting.ask")
	}
	result := *closing.Result
	verdict := "screen.counting.right"
	switch {
	case result.Difference < 0:
		verdict = "screen.counting.missing"
	case result.Difference > 0:
		verdict = "screen.counting.over"
	}
	said := []string{
		s.say("screen.plain.counted", "CountedCents", result.Counted, "ExpectedCents", result.Expected, "DifferenceCents", result.Difference),
		sentence(s.words.Word(verdict) + amountUnlessZero(s.words, result.Difference)),
	}
	for _, open := range closing.Carried {
		said = append(said, sentence(s.words.Say(open)))
	}
	return strings.Join(append(said, s.words.Word("screen.plain.close")), " ")
}

// amountUnlessZero is a difference's amount without its sign, after a blank.
func amountUnlessZero(words *text.Language, difference money.Cents) string {
	switch {
	case difference < 0:
		return " " + words.Amount(-difference)
	case difference > 0:
		return " " + words.Amount(difference)
	default:
		return ""
	}
}

// sentence ends what is said with a full stop, for whoever listens.
func sentence(said string) string {
	said = strings.TrimSpace(said)
	if last, _ := utf8.DecodeLastRuneInString(said); said == "" || strings.ContainsRune(".!?:…", last) {
		return said
	}
	return said + "."
}

// oneLine keeps an answer on one line and free of control characters, whatever a
// catalogue holds.
func oneLine(said string) string {
	return strings.Map(func(glyph rune) rune {
		switch {
		case glyph == '\n' || glyph == '\r' || glyph == '\t':
			return ' '
		case glyph < ' ' || glyph >= 0x7F && glyph < 0xA0:
			return -1
		}
		return glyph
	}, said)
}
