package plain

import (
	"slices"
	"strings"

	"balcao/terminal/device"
	"balcao/terminal/snapshot"
)

// news says what has changed since it was last asked, empty for nothing.
func (s *session) news() string {
	before, after := s.told, s.shown
	s.told = after
	if before == after {
		return ""
	}
	return strings.Join(distinct(
		s.toastNews(before, after), s.cartNews(before, after), s.lastSaleNews(before, after), s.attemptNews(before, after),
		s.askedNews(before, after), s.phaseNews(before, after), s.troubleNews(before, after),
	), " ")
}

// distinct keeps what is not said by another part too: a toast may hold the words
// of an outcome.
func distinct(parts ...string) []string {
	var said []string
	for i, part := range parts {
		elsewhere := slices.ContainsFunc(said, func(other string) bool { return strings.Contains(other, part) }) ||
			slices.ContainsFunc(parts[i+1:], func(other string) bool { return other != part && strings.Contains(other, part) })
		if part != "" && !elsewhere {
			said = append(said, part)
		}
	}
	return said
}

// soldToast says only the item's name, which the line's own words hold.
const soldToast = "core.said.sold"

func (s *session) toastNews(before, after *snapshot.Cashier) string {
	toast := after.Toast
	if toast == nil || toast.Text.ID == soldToast || before.Toast != nil && before.Toast.Number == toast.Number {
		return ""
	}
	return sentence(s.words.Say(toast.Text))
}

// cartNews reads new lines and, when it changed, the total.
func (s *session) cartNews(before, after *snapshot.Cashier) string {
	if after.Sale == nil {
		return ""
	}
	known, total := 0, snapshot.Sale{}
	if before.Sale != nil && before.Sale.ID == after.Sale.ID {
		known, total = len(before.Sale.Lines), *before.Sale
	}
	var said []string
	for _, line := range after.Sale.Lines[min(known, len(after.Sale.Lines)):] {
		said = append(said, s.say("screen.plain.line", "Number", line.Number, "Description", line.Description,
			"Quantity", s.words.Quantity(line.Quantity), "Unit", line.Unit, "Price", s.words.UnitPrice(line.UnitPrice), "TotalCents", line.Total))
	}
	if total.Total != after.Sale.Total || total.Items != after.Sale.Items || total.Discounts != after.Sale.Discounts {
		said = append(said, s.total(*after.Sale))
	}
	return strings.Join(said, " ")
}

func (s *session) lastSaleNews(before, after *snapshot.Cashier) string {
	if after.LastSale == nil || before.LastSale != nil && before.LastSale.Number == after.LastSale.Number {
		return ""
	}
	return s.sold(*after.LastSale)
}

// attemptNews follows a card payment: that it began, its steps, how it ended.
func (s *session) attemptNews(before, after *snapshot.Cashier) string {
	now := attemptOf(after)
	if now == nil {
		return ""
	}
	was := attemptOf(before)
	switch {
	case was == nil || was.ID != now.ID || was.Outcome.ID != now.Outcome.ID || was.Running != now.Running || was.Money != now.Money:
		return s.attempt(*now)
	case now.Running && s.step(*was) != s.step(*now):
		return s.step(*now)
	default:
		return ""
	}
}

func attemptOf(shown *snapshot.Cashier) *snapshot.Attempt {
	if shown.Payment == nil {
		return nil
	}
	return shown.Payment.Attempt
}

// askedNews reads what the till has begun to ask.
func (s *session) askedNews(before, after *snapshot.Cashier) string {
	switch {
	case after.Approval != nil && (before.Approval == nil || before.Approval.Act.ID != after.Approval.Act.ID || before.Approval.Amount != after.Approval.Amount):
		return s.approval(*after.Approval)
	case after.Question != nil && (before.Question == nil || before.Question.Text.Values["Code"] != after.Question.Text.Values["Code"]):
		return s.question(*after.Question)
	case after.Search != nil && (before.Search == nil || before.Search.Query != after.Search.Query):
		return s.found(*after.Search)
	default:
		return ""
	}
}

// phaseNews says where the till is now, if it is somewhere else, and what is due
// when that has changed.
func (s *session) phaseNews(before, after *snapshot.Cashier) string {
	switch {
	case before.Phase != after.Phase:
		return s.stand()
	case after.Payment != nil && before.Payment != nil && after.Payment.Part != before.Payment.Part,
		after.Payment != nil && before.Payment != nil && after.Payment.Due != before.Payment.Due,
		after.Closing != nil && before.Closing != nil && after.Closing.Attempts != before.Closing.Attempts:
		return s.stand()
	default:
		return ""
	}
}

// troubleNews reads new notices, the link to central and the devices when they change.
func (s *session) troubleNews(before, after *snapshot.Cashier) string {
	var said []string
	for _, notice := range after.Notices {
		if !slices.ContainsFunc(before.Notices, func(was snapshot.Notice) bool { return was.Code == notice.Code }) {
			said = append(said, s.notice(notice))
		}
	}
	if before.Central.Online != after.Central.Online {
		id := "screen.plain.offline"
		if after.Central.Online {
			id = "screen.plain.online"
		}
		said = append(said, s.words.Word(id))
	}
	lights := map[device.Kind]snapshot.Device{}
	for _, one := range before.Devices {
		lights[one.Kind] = one
	}
	for _, one := range after.Devices {
		if was, known := lights[one.Kind]; known && (was.Light != one.Light || was.Detail.ID != one.Detail.ID) {
			said = append(said, s.device(one))
		}
	}
	return strings.Join(said, " ")
}

// notice reads what is the matter, where the money is if it is about money, and
// what to do.
func (s *session) notice(notice snapshot.Notice) string {
	said := []string{notice.Code + ": " + sentence(s.words.Say(notice.Text))}
	if where := s.money(notice.Money); where != "" {
		said = append(said, where)
	}
	return strings.Join(append(said, sentence(s.words.Say(notice.Cure))), " ")
}

// device says how a device is.
func (s *session) device(one snapshot.Device) string {
	name := string(one.Kind)
	switch one.Kind {
	case device.Printer, device.Pinpad, device.Scanner:
		name = s.words.Word("screen.device." + name)
	}
	detail := s.words.Say(one.Detail)
	if detail == "" {
		detail = s.words.Word("screen.plain.not_ready")
	}
	if one.Light == device.OK {
		detail = s.words.Word("screen.plain.ready")
	}
	return sentence(name + ": " + detail)
}
