package terminal

import (
	"slices"
	"strconv"
	"strings"

	"balcao/terminal/catalog"
	"balcao/terminal/device"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/operator"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
)

// quantityMax bounds what one line may sell: a typing error, not a lorry (I13).
const quantityMax money.Quantity = 10_000 * money.One

// scan sells one piece of the code that a scanner read.
func (t *turn) scan(what Scan) {
	if t.state.Order != nil {
		t.refuse("core.refused.paying")
		return
	}
	t.sell(strings.TrimSpace(what.Code), money.One)
}

// enter reads the entry line: the cashier's grammar.
func (t *turn) enter(what Enter) {
	typed := strings.TrimSpace(what.Text)
	switch {
	case t.state.Volatile.Closing:
		t.refuse("core.refused.closing")
	case t.state.Order != nil:
		t.enterPaying(typed)
	case typed == "":
		t.openPayment()
	default:
		t.enterLine(typed)
	}
}

// enterLine does what one line of the grammar says.
func (t *turn) enterLine(typed string) {
	parsed, wrong := parseLine(typed)
	if wrong != "" {
		t.refuse(wrong, "Text", shortened(typed), "Number", shortened(typed))
		return
	}
	switch parsed.verb {
	case lineVoid:
		t.voidLine(parsed.number, "")
	case linePercent, lineAmount:
		if t.sellable() {
			t.discount(parsed)
		}
	case linePrice:
		t.priceCheck(parsed.code)
	case lineSearch:
		t.search(parsed.code, money.One)
	default:
		t.enterCode(parsed)
	}
}

// enterCode sells a typed code. Digits are looked up in the catalogue first, then
// taken for a document if their check digits fit; where both fit, the cashier is asked.
func (t *turn) enterCode(parsed line) {
	_, item := t.state.Volatile.World.Catalog.Find(parsed.code)
	switch document := validDocument(parsed.code); {
	case document && item:
		t.state.Volatile.Asked = &Asked{Code: parsed.code}
		t.accept()
	case document:
		t.setCustomer(parsed.code)
	case !item && isName(parsed.code):
		t.search(parsed.code, parsed.quantity)
	default:
		t.sell(parsed.code, parsed.quantity)
	}
}

// sell adds a line for an item, opening the cart if there is none.
func (t *turn) sell(code string, quantity money.Quantity) {
	if !t.sellable() {
		return
	}
	match, found := t.state.Volatile.World.Catalog.Lookup(code)
	if !found {
		t.refuse("core.refused.not_found", "Code", shortened(code))
		return
	}
	sold, ok := t.lineOf(match, code, quantity)
	if !ok || !t.openCart() {
		return
	}
	t.fact(journal.LineAdded{SaleID: t.state.Cart.ID, Line: sold})
	t.state.Volatile.Said = nil
	t.unask()
	t.toast("done", text.Msg("core.said.sold", "Description", sold.Description), false)
	t.accept()
}

// openCart begins a sale unless one is open; on a full disk it refuses.
func (t *turn) openCart() bool {
	if t.state.Cart != nil {
		return true
	}
	if t.state.Volatile.StoreFull {
		t.refuse("core.refused.disk_full")
		return false
	}
	id := t.nextID()
	t.factAs(id, journal.SaleOpened{SaleID: id, Number: t.state.Counters.Sale + 1})
	return true
}

// wholeUnit is the unit of things that are not cut.
const wholeUnit = "un"

// searchRows is how many items a search shows: a digit picks one.
const searchRows = 9

// search looks for items by name.
func (t *turn) search(words string, quantity money.Quantity) {
	if !t.sellable() {
		return
	}
	items := t.state.Volatile.World.Catalog.Search(words, searchRows+1)
	found := &Found{Words: words, Quantity: quantity, Items: items, More: len(items) > searchRows}
	found.Items = items[:min(len(items), searchRows)]
	t.state.Volatile.Search = found
	t.accept()
}

// lineOf prices a line, and refuses one that does not fit. A scale's label brings
// its own quantity, and may bring its own total.
func (t *turn) lineOf(match catalog.Match, code string, times money.Quantity) (sale.Line, bool) {
	number := 1
	if t.state.Cart != nil {
		number = len(t.state.Cart.Lines) + 1
	}
	if number > sale.LinesMax {
		t.refuse("core.refused.cart_full", "Max", sale.LinesMax)
		return sale.Line{}, false
	}
	quantity := times
	if match.Quantity != money.One {
		if quantity = match.Quantity; times != money.One {
			t.refuse("core.refused.label_times")
			return sale.Line{}, false
		}
	}
	if match.Item.Unit == wholeUnit && quantity%money.One != 0 {
		t.refuse("core.refused.whole_units", "Description", match.Item.Description)
		return sale.Line{}, false
	}
	total, err := money.Extend(match.UnitPrice, quantity)
	if err != nil || t.state.Cart.Total()+total > money.Max {
		t.refuse("core.refused.amount")
		return sale.Line{}, false
	}
	return sale.Line{
		ID: strconv.Itoa(number), SKU: match.Item.SKU, Code: code, Description: match.Item.Description,
		Quantity: quantity, Unit: match.Item.Unit, UnitPrice: match.UnitPrice, Total: total,
	}, true
}

// voidLine takes one line of the open cart back; 0 is the last one.
func (t *turn) voidLine(number int, reason string) {
	if !t.sellable() {
		return
	}
	if t.state.Order != nil {
		t.refuse("core.refused.paying")
		return
	}
	live := t.state.Cart.Live()
	if len(live) == 0 {
		t.refuse("core.refused.nothing_to_void")
		return
	}
	chosen := live[len(live)-1]
	if number != 0 {
		at := slices.IndexFunc(live, func(sold sale.Line) bool { return sold.ID == strconv.Itoa(number) })
		if at < 0 {
			t.refuse("core.refused.no_line", "Number", number)
			return
		}
		chosen = live[at]
	}
	approval, ok := t.allowed(operator.VoidLine, chosen.Total, "core.act.void_line")
	if !ok {
		return
	}
	t.fact(journal.LineVoid{
		OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, LineID: chosen.ID,
		SKU: chosen.SKU, Quantity: chosen.Quantity, Amount: chosen.Total, Reason: reason, Approval: approval,
	})
	t.toast("info", text.Msg("core.said.voided", "Description", chosen.Description), false)
	t.accept()
}

// cancelSale gives the cart up, once nothing of it is being paid.
func (t *turn) cancelSale(reason string) {
	if !t.sellable() {
		return
	}
	if t.state.Cart == nil {
		t.refuse("core.refused.no_sale")
		return
	}
	if _, running := t.state.blocking(); running {
		t.refuse("core.refused.payment_runs")
		return
	}
	total := t.state.Cart.Total()
	approval, ok := t.allowed(operator.CancelSale, total, "core.act.cancel_sale")
	if !ok {
		return
	}
	if t.state.Order != nil {
		t.reopen()
	}
	number := t.state.Cart.Number
	id := t.fact(journal.SaleCancelled{
		SaleID: t.state.Cart.ID, OperatorID: t.state.Operator.ID, Total: total, Reason: reason, Approval: approval,
	})
	t.askSheet(id, device.CancelledSale)
	t.toast("info", text.Msg("core.said.cancelled", "Number", number), false)
	t.accept()
}

// openPayment closes the cart: its order's lines and totals are frozen.
func (t *turn) openPayment() {
	if !t.sellable() {
		return
	}
	live := t.state.Cart.Live()
	if len(live) == 0 || t.state.Cart.Total() <= 0 {
		t.refuse("core.refused.empty")
		return
	}
	order := journal.Order{
		Origin: t.origin(), Channel: "till", Totals: t.state.Cart.Totals(),
		Metadata: map[string]string{"sale_number": strconv.FormatInt(t.state.Cart.Number, 10)},
	}
	if t.state.Cart.TaxID != "" {
		order.Customer = &journal.Customer{TaxID: t.state.Cart.TaxID}
	}
	for _, sold := range live {
		order.Lines = append(order.Lines, journal.OrderLine{
			LineID: sold.ID, SKU: sold.SKU, Description: sold.Description, Quantity: sold.Quantity,
			Unit: sold.Unit, UnitPrice: sold.UnitPrice, Discount: sold.Discount, Total: sold.Total,
		})
	}
	t.fact(order)
	t.unask()
	t.state.Volatile.Said = nil
	t.accept()
}

// reopen takes the order back; the cart stays as it is. Cash that was handed over
// is given back, approvals that waited for the rest are undone.
func (t *turn) reopen() {
	for _, attempt := range t.state.Attempts {
		if completion, finished := t.state.Volatile.Finished[attempt.ID]; finished && attempt.State == payment.Authorised {
			t.undo(attempt, payment.CustomerCancel, &completion, "core.outcome.till_cancelled", snapshot.Verifying)
		}
	}
	t.state.Volatile.Finished, t.state.Volatile.Part = nil, 0
	if returned := t.state.Order.CashPaid(); returned > 0 {
		t.fact(journal.CashReturned{OrderID: t.state.Order.ID, Amount: returned})
		t.toast("warning", text.Msg("core.said.cash_returned", "AmountCents", returned), true)
	}
	t.fact(journal.Transition{Act: t.act(), OrderID: t.state.Order.ID, To: "cancelled", Reason: "reopened"})
	t.state.Volatile.Said = nil
}

// shortened keeps a garbled scan from filling the screen.
func shortened(code string) string {
	const shown = 20
	if runes := []rune(code); len(runes) > shown {
		return string(runes[:shown]) + "…"
	}
	return code
}
