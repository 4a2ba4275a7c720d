package ui

import (
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
	"balcao/ui/view"
	"balcao/ui/widget"
)

// snapshot shows what the till has become. Nothing else is ever shown of it.
func (s *state) snapshot(shown snapshot.Cashier, now time.Time) {
	s.otherVersion = shown.Version != snapshot.Version
	if s.otherVersion {
		s.relink(now)
		return
	}
	base, payment := s.view.Base(), paymentOrder(s.view.Snapshot)
	newest, asked, list := lastLine(s.view.Snapshot), approvalOf(s.view.Snapshot), s.offered()
	s.follow(shown.Store.Zone, shown.Language)
	s.view.Now = now.In(s.zone)
	s.view.Snapshot = &shown
	s.relink(now)
	if s.view.Base() != base || paymentOrder(&shown) != payment {
		// What was typed for another screen means nothing here.
		s.forget()
		s.view.Overlay = view.None
	}
	if approvalOf(&shown) != asked {
		// A PIN must not stay in a line that shows what is typed.
		s.view.Entry, s.before.entry = view.Entry{}, view.Entry{}
	}
	if shown.Approval != nil || shown.Question != nil {
		s.closeHelp()
	}
	if s.offered() != list {
		s.view.Marked, s.offeredAt = 0, now
	}
	if shown.Sale == nil && s.view.Overlay == view.ConfirmCancel {
		s.view.Overlay = view.None
	}
	if lastLine(&shown) != newest {
		s.view.Selected = 0
	}
	s.sayToast(shown.Toast, now)
	s.meet()
}

// meet ends the waits whose snapshot has come.
func (s *state) meet() {
	if s.pending != nil && s.pending.met(s.view.Snapshot) {
		s.settle()
	}
	if s.lookup.asked != nil && s.lookup.asked.met(s.view.Snapshot) {
		s.lookup.asked = nil
	}
}

// forget empties all fields.
func (s *state) forget() {
	s.view.Entry, s.view.Form, s.before, s.lookup.due = view.Entry{}, view.Form{}, fields{}, time.Time{}
}

// closeHelp takes away what would stand behind something that the till asks.
func (s *state) closeHelp() {
	if s.view.Overlay == view.Help || s.view.Overlay == view.Menu {
		s.view.Overlay = view.None
	}
}

// approvalOf is the act that waits for a second person, the zero value for none.
func approvalOf(shown *snapshot.Cashier) (wanted struct{ act, asker, amount string }) {
	if shown != nil && shown.Approval != nil {
		wanted.act, wanted.asker, wanted.amount = shown.Approval.Act.ID, shown.Approval.Asker, shown.Approval.Amount.String()
	}
	return wanted
}

// follow takes the till's zone and, unless the screen has its own, its language.
func (s *state) follow(zone string, language text.Tag) {
	if s.zone.String() != zone {
		if found, err := time.LoadLocation(zone); err == nil && zone != "" {
			s.zone = found
		}
	}
	if s.language == "" && language != s.view.Language.Tag() {
		s.view.Language = text.In(language)
	}
}

// sayToast says the newest toast once. The one that was there before this screen
// came has been said by another.
func (s *state) sayToast(toast *snapshot.Toast, now time.Time) {
	first := !s.started
	s.started = true
	if toast == nil || toast.Number == s.toast {
		return
	}
	s.toast = toast.Number
	if first {
		return
	}
	var money snapshot.Money
	if said := s.view.Said; said != nil && said.Text.ID == toast.Text.ID {
		money = said.Money // the reply to the command said the same, and where the money is
	}
	s.say(now, toneOf(toast.Kind), toast.Text, money)
	if toast.Bell {
		s.do(beepEffect{})
	}
}

func toneOf(kind string) widget.Tone {
	switch kind {
	case "done":
		return widget.Done
	case "warning":
		return widget.Warning
	case "danger":
		return widget.Danger
	default:
		return widget.Info
	}
}

func paymentOrder(shown *snapshot.Cashier) ident.ID {
	if shown == nil || shown.Payment == nil {
		return ""
	}
	return shown.Payment.OrderID
}

// lineName names one line of one sale.
type lineName struct {
	sale   ident.ID
	number int
}

// lastLine is the newest live line: when another one is, the mark goes there.
func lastLine(shown *snapshot.Cashier) lineName {
	if shown == nil || shown.Sale == nil {
		return lineName{}
	}
	return lineName{shown.Sale.ID, shown.Sale.Last}
}

// relink works out how the screen stands with the till. While the till does not
// answer nothing that is typed may wait for it: whoever typed it cannot see.
func (s *state) relink(now time.Time) {
	before := s.view.Link
	switch {
	case s.otherVersion:
		s.view.Link = view.OtherVersion
	case s.view.Snapshot == nil:
		s.view.Link = view.Connecting
	case s.following && !s.leaseFails:
		s.view.Link = view.Up
	default:
		s.view.Link = view.Lost
	}
	switch {
	case s.view.Link != view.Up && before == view.Up:
		s.view.LostAt = now
		s.drop()
	case s.view.Link == view.Up && before != view.Up && s.dropped:
		s.dropped = false
		s.warn(now, "screen.why.dropped")
	}
}

// drop forgets what waits in the queue, and what was to be looked up.
func (s *state) drop() {
	s.dropped = s.dropped || len(s.queue) > 0
	s.queue, s.lookup = nil, lookup{}
}

func (s *state) leased(message leaseMsg, now time.Time) {
	s.leaseFails = message.err != nil
	if message.err == nil {
		s.view.Viewer = s.view.LookOnly || !message.lease.Holder
	}
	s.relink(now)
}

// replied takes the answer of the command under way, or of the search.
func (s *state) replied(message replyMsg, now time.Time) {
	waiting := s.pending
	if asked := s.lookup.asked; asked != nil && asked.request == message.request {
		waiting = asked
	}
	if waiting == nil || waiting.request != message.request {
		return
	}
	switch {
	case message.err != nil:
		s.say(now, widget.Danger, text.Msg("screen.why.not_understood"), "")
	case message.reply.Error != nil:
		s.say(now, widget.Warning, *message.reply.Error, message.reply.Money)
	default:
		s.done(waiting.verb)
	}
	waiting.answer(message.reply, now)
	s.meet()
}

// done puts away what a command that was carried out had been typed into.
func (s *state) done(verb string) {
	switch verb {
	case link.VerbLogin:
		s.view.Entry = view.Entry{}
	case link.VerbApprove:
		s.forget()
		s.view.Overlay = view.None
	case link.VerbCashIn, link.VerbCashOut:
		s.view.Form, s.view.Overlay = view.Form{}, view.None
	}
}

// settle ends the wait for a command: what was typed meanwhile gets its turn.
func (s *state) settle() { s.pending, s.view.Waiting = nil, false }
