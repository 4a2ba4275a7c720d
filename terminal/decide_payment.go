package terminal

import (
	"slices"
	"strings"

	"balcao/terminal/card"
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
	{6, payment.Voucher},
}

// tenderName names a method for people.
func tenderName(method payment.Method) text.Message {
	return text.Msg("core.tender." + string(method))
}

// enterPaying reads the entry line while payment is open: empty pays in exact
// cash, "2" picks a tender, "1 50" is cash with a note of 50, "+50" gives 50 of the
// due to the next tender.
func (t *turn) enterPaying(typed string) {
	switch {
	case typed == "" && t.state.Volatile.Stumbled:
		// Whoever typed something wrong and then Enter did not mean exact cash.
		t.refuse("core.refused.enter_again", "DueCents", t.share())
		t.state.Volatile.Stumbled = false
		return
	case typed == "":
		t.payCash(nil)
		return
	case strings.HasPrefix(typed, "+"):
		t.setPart(strings.TrimPrefix(typed, "+"))
		return
	}
	digit, rest, _ := strings.Cut(typed, " ")
	if len(digit) != 1 || digit[0] < '1' || digit[0] > '9' {
		t.refuse("core.refused.tender", "Text", shortened(typed))
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

// setPart gives a part of the due to the next tender.
func (t *turn) setPart(typed string) {
	if !t.payable() {
		return
	}
	part, err := money.ParseCents(typed)
	if err != nil || part <= 0 || part >= t.state.due() {
		t.refuse("core.refused.part", "DueCents", t.state.due())
		return
	}
	t.state.Volatile.Part = part
	t.accept()
}

// share is what the next tender is to pay: the part that was given, or all that is due.
func (t *turn) share() money.Cents {
	if part := t.state.Volatile.Part; part > 0 && part < t.state.due() {
		return part
	}
	return t.state.due()
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

// payCash takes cash for the next share of the due. What covers the rest makes the
// sale exist, in one commit. Given is what was handed over, nil for the exact amount.
func (t *turn) payCash(given *money.Cents) {
	if !t.payable() {
		return
	}
	amount := t.share()
	tendered := amount
	if given != nil {
		tendered = *given
	}
	if tendered < amount {
		t.refuse("core.refused.too_little", "DueCents", amount)
		t.reply.Money = string(snapshot.NotCharged)
		return
	}
	change := tendered - amount
	if tendered > money.Max || change > changeMax {
		t.refuse("core.refused.amount")
		return
	}
	whole := amount == t.state.due()
	t.fact(journal.CashTendered{
		OrderID: t.state.Order.ID, PaymentID: t.nextID(), Amount: amount, Tendered: tendered, Change: change,
	})
	t.state.Volatile.Part = 0
	if whole {
		t.commitSale()
		t.toast("done", text.Msg("core.said.paid_cash", "ChangeCents", change), false)
	} else {
		t.toast("done", text.Msg("core.said.part_cash", "AmountCents", amount, "DueCents", t.state.due()), false)
	}
	t.accept()
	t.reply.Money = string(snapshot.Charged)
}

// changeMax bounds the change of one sale: a slip of the finger, not a note (I13).
const changeMax money.Cents = 1_000_00

// commitSale is S3: the decisions for all attempts of the sale, its cash, the sale
// itself, its papers and its upload become true in the same commit.
func (t *turn) commitSale() {
	order := t.state.Order.Order
	papers := []device.Document{device.SaleReceipt}
	var cards ident.ID
	paid := t.commitCash()
	for _, attempt := range t.state.Attempts {
		completion, finished := t.state.Volatile.Finished[attempt.ID]
		if !finished || attempt.OrderID != order.ID || attempt.State != payment.Authorised {
			continue
		}
		confirmation := journal.Confirmation{Act: t.act(), PaymentID: attempt.ID, Outcome: "confirmed"}
		if completion.Cryptogram != card.None {
			confirmation.Card = &completion // only a contact chip has a final word
		}
		t.fact(confirmation)
		paid = append(paid, sale.Tender{PaymentID: attempt.ID, Method: string(attempt.Method), Amount: attempt.Amount})
		cards = attempt.ID
	}
	t.state.Volatile.Finished = nil
	if cards != "" {
		papers = append(papers, device.CustomerSlip, device.MerchantSlip)
	} else {
		cards = paid[0].PaymentID
	}
	t.soldFact(order, paid)
	t.askPaper(order.SaleID, cards, papers)
	t.do(Forward{})
}

// commitCash makes the parts in cash payments, and opens the drawer for them.
func (t *turn) commitCash() []sale.Tender {
	parts := slices.Clone(t.state.Order.Cash)
	for _, part := range parts {
		t.factAs(part.PaymentID, journal.Payment{
			Origin: t.origin(), OrderID: t.state.Order.ID, Method: payment.Cash, Amount: part.Amount,
			Cash: &journal.Cash{Tendered: part.Tendered, Change: part.Change},
		})
	}
	if len(parts) > 0 {
		t.fact(journal.DrawerOpening{
			OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, Cause: "sale", Subject: t.state.Order.ID,
		})
		t.do(KickDrawer{})
	}
	return parts
}

// soldFact is the fact by which a sale exists. A sale whose tenders do not add up
// must never exist (I7).
func (t *turn) soldFact(order sale.Order, paid []sale.Tender) {
	var sum, change money.Cents
	for _, tender := range paid {
		sum += tender.Amount
		change += tender.Change
	}
	if sum != order.Totals.Total {
		panic("terminal: tenders do not sum to the order's total")
	}
	sold := journal.SalePaid{
		SaleID: order.SaleID, OrderID: order.ID, Receipt: t.state.Counters.Receipt + 1, Tenders: paid,
		Total: order.Totals.Total, Change: change, BusinessDate: t.state.Session.BusinessDate,
	}
	if t.state.Operator != nil {
		sold.OperatorID, sold.OperatorName = t.state.Operator.ID, t.state.Operator.Name
	}
	t.fact(sold)
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
	order, amount := t.state.Order.Order, t.share()
	id := t.nextID()
	limits := t.state.Volatile.World.Limits
	t.fact(journal.PaymentIntent{
		Birth: payment.Birth{
			OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, BusinessDate: t.state.Session.BusinessDate,
		},
		AttemptID: id, OrderID: order.ID, Tender: t.nextTender(), Method: method, Amount: amount,
		Driver: payment.DriverCentral, STAN: nextSTAN(t.state.Counters.STAN), Deadline: t.event.At.Add(limits.CardWait + limits.Silence),
		BootID: t.state.Volatile.BootID, MonotonicMS: t.event.SinceBoot.Milliseconds(),
	})
	t.state.Volatile.Card = &CardWork{Attempt: id, Stage: Reading, Step: device.StepWaiting}
	t.state.Volatile.Said, t.state.Volatile.Part = nil, 0
	t.do(ReadCard{Request: device.CardRequest{Attempt: id, Method: method, Amount: amount, At: t.event.At}})
	t.accept()
}

// nextTender is the ordinal of the tender that comes next within its order: one
// that follows a failed attempt takes its place.
func (t *turn) nextTender() int {
	tender := 1 + len(t.state.Order.Cash)
	for _, attempt := range t.state.Attempts {
		if _, finished := t.state.Volatile.Finished[attempt.ID]; finished && attempt.OrderID == t.state.Order.ID {
			tender++
		}
	}
	return tender
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
	volatile := &t.state.Volatile
	if volatile.Wanted != nil || volatile.Asked != nil || volatile.Search != nil || volatile.Part != 0 {
		volatile.Wanted, volatile.Asked, volatile.Search, volatile.Part = nil, nil, nil, 0
		t.accept()
		return
	}
	if t.state.Order == nil {
		volatile.Said = nil
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
