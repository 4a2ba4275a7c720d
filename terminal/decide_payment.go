package terminal

import (
	"strings"

	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
)

// tenders says what each digit pays with; the digits are the owner's, for
// screens, scripts and training alike.
var tenders = []struct {
	digit  int
	method payment.Method
}{
	{1, payment.Cash},
	{2, payment.Debit},
	{3, payment.Credit},
}

// tenderName names a method for people.
func tenderName(method payment.Method) text.Message {
	return text.Msg("core.tender." + string(method))
}

// enterPaying reads the entry line while payment is open: empty pays in exact
// cash, "2" picks a tender, "1 50" is cash with a note of 50.
func (t *turn) enterPaying(line string) {
	if line == "" {
		t.payCash(nil)
		return
	}
	digit, rest, _ := strings.Cut(line, " ")
	if len(digit) != 1 || digit[0] < '1' || digit[0] > '9' {
		t.refuse("core.refused.tender", "Text", shortened(line))
		return
	}
	what := Tender{Digit: int(digit[0] - '0')}
	if rest = strings.TrimSpace(rest); rest != "" {
		given, err := money.ParseCents(rest)
		if err != nil {
			t.refuse("core.refused.amount")
			return
		}
		what.Given = &given
	}
	t.tender(what)
}

// tender pays the whole remaining amount with the tender of a digit.
func (t *turn) tender(what Tender) {
	for _, choice := range tenders {
		if choice.digit != what.Digit {
			continue
		}
		if choice.method == payment.Cash {
			t.payCash(what.Given)
		} else {
			t.payByCard(choice.method)
		}
		return
	}
	t.refuse("core.refused.tender", "Text", what.Digit)
}

// payable refuses unless an order is open for payment and no attempt runs (R8).
func (t *turn) payable() bool {
	if !t.sellable() {
		return false
	}
	if t.state.Order == nil {
		t.refuse("core.refused.no_order")
		return false
	}
	if attempt, running := t.state.blocking(); running {
		t.refuse("core.refused.payment_runs")
		t.reply.Money = string(t.moneyOf(attempt))
		return false
	}
	return true
}

// payCash takes the whole due in cash: one commit makes the sale exist. Given is
// what was handed over, nil for the exact amount.
func (t *turn) payCash(given *money.Cents) {
	if !t.payable() {
		return
	}
	order := t.state.Order.Order
	tendered := order.Totals.Total
	if given != nil {
		tendered = *given
	}
	if tendered < order.Totals.Total {
		t.refuse("core.refused.too_little", "DueCents", order.Totals.Total)
		t.reply.Money = string(snapshot.NotCharged)
		return
	}
	change := tendered - order.Totals.Total
	if tendered > money.Max || change > changeMax {
		t.refuse("core.refused.amount")
		return
	}
	id := t.nextID()
	t.factAs(id, journal.Payment{
		Origin: t.origin(), OrderID: order.ID, Method: payment.Cash, Amount: order.Totals.Total,
		Cash: &journal.Cash{Tendered: tendered, Change: change},
	})
	t.commitSale([]sale.Tender{{
		PaymentID: id, Method: string(payment.Cash), Amount: order.Totals.Total, Tendered: tendered, Change: change,
	}}, []device.Document{device.SaleReceipt}, id)
	t.fact(journal.DrawerOpening{OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, Cause: "sale", Subject: order.ID})
	t.do(KickDrawer{})
	t.toast("done", text.Msg("core.said.paid_cash", "ChangeCents", change), false)
	t.accept()
	t.reply.Money = string(snapshot.Charged)
}

// changeMax bounds the change of one sale: a slip of the finger, not a note (I13).
const changeMax money.Cents = 1_000_00

// commitSale is S3: decisions for all attempts were made facts just before; now
// the sale exists, its paper and its upload are owed, all in the same commit.
func (t *turn) commitSale(paid []sale.Tender, papers []device.Document, paymentID ident.ID) {
	order := t.state.Order.Order
	var sum, change money.Cents
	for _, tender := range paid {
		sum += tender.Amount
		change += tender.Change
	}
	if sum != order.Totals.Total {
		// I7: a sale whose tenders do not add up must never exist.
		panic("terminal: tenders do not sum to the order's total")
	}
	operatorID, operatorName := "", ""
	if t.state.Operator != nil {
		operatorID, operatorName = t.state.Operator.ID, t.state.Operator.Name
	}
	t.fact(journal.SalePaid{
		SaleID: order.SaleID, OrderID: order.ID, Receipt: t.state.Counters.Receipt + 1, Tenders: paid,
		Total: order.Totals.Total, Change: change, OperatorID: operatorID, OperatorName: operatorName,
		BusinessDate: t.state.Session.BusinessDate,
	})
	t.askPaper(order.SaleID, paymentID, papers)
	t.do(Forward{})
}

// payByCard begins an attempt: the intent is durable before anything else (R1).
func (t *turn) payByCard(method payment.Method) {
	if !t.payable() {
		return
	}
	if why := t.cardRefusal(); why != "" {
		t.refuse(why)
		t.reply.Money = string(snapshot.NotCharged)
		return
	}
	order := t.state.Order.Order
	id := t.nextID()
	limits := t.state.Volatile.World.Limits
	t.fact(journal.PaymentIntent{
		Birth: payment.Birth{
			OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, BusinessDate: t.state.Session.BusinessDate,
		},
		AttemptID: id, OrderID: order.ID, Tender: 1, Method: method, Amount: order.Totals.Total,
		Driver: payment.DriverCentral, STAN: nextSTAN(t.state.Counters.STAN), Deadline: t.event.At.Add(limits.CardWait + limits.Silence),
		BootID: t.state.Volatile.BootID, MonotonicMS: t.event.SinceBoot.Milliseconds(),
	})
	t.state.Volatile.Card = &CardWork{Attempt: id, Stage: Reading, Step: device.StepWaiting}
	t.state.Volatile.Said = nil
	t.do(ReadCard{Request: device.CardRequest{Attempt: id, Method: method, Amount: order.Totals.Total, At: t.event.At}})
	t.accept()
}

// cardRefusal says why no card can be taken now, empty if one can.
func (t *turn) cardRefusal() string {
	switch t.state.Volatile.light(device.Pinpad) {
	case device.OK, device.Warning:
		return ""
	case device.Unused:
		return "core.refused.no_pinpad"
	default:
		return "core.refused.pinpad_away"
	}
}

// nextSTAN follows 999,999 with 1.
func nextSTAN(last int) int {
	if last >= stanMax {
		return 1
	}
	return last + 1
}

// cancel steps back: a card being read is stopped, an idle payment is left.
func (t *turn) cancel() {
	if t.state.Order == nil {
		t.state.Volatile.Said = nil
		t.accept()
		return
	}
	attempt, running := t.state.blocking()
	work := t.state.Volatile.Card
	switch {
	case !running && t.sellable():
		t.reopen()
		t.accept()
	case running && work != nil && work.Attempt == attempt.ID && work.Stage == Reading:
		changed := *work
		changed.Cancelling = true
		t.state.Volatile.Card = &changed
		t.do(StopCard{Attempt: attempt.ID})
		t.accept()
	case running:
		t.refuse("core.refused.cannot_stop")
		t.reply.Money = string(snapshot.Verifying)
	}
}

// inquire asks the host at once about a silent attempt.
func (t *turn) inquire() {
	attempt, running := t.state.blocking()
	work := t.state.Volatile.Card
	if !running || attempt.State != payment.Intent || (work != nil && work.Stage != Asking) {
		t.refuse("core.refused.nothing_to_ask")
		return
	}
	t.do(AskHost{Attempt: attempt.ID})
	t.accept()
}

// moneyOf says where the money of an attempt is.
func (t *turn) moneyOf(attempt payment.Attempt) snapshot.Money {
	return whereIs(attempt, t.state.Volatile.Card)
}

// whereIs says where the money of an attempt is, as far as the till can know.
func whereIs(attempt payment.Attempt, work *CardWork) snapshot.Money {
	switch attempt.State {
	case payment.Committed, payment.Confirmed:
		return snapshot.Charged
	case payment.Reversed, payment.Refusal:
		return snapshot.NotCharged
	case payment.Intent:
		if work != nil && work.Attempt == attempt.ID && work.Stage == Reading {
			return snapshot.NotCharged
		}
	}
	return snapshot.Verifying
}
