package terminal

import (
	"strconv"
	"strings"

	"balcao/terminal/catalog"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/operator"
	"balcao/terminal/sale"
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
	line := strings.TrimSpace(what.Text)
	switch {
	case t.state.Order != nil:
		t.enterPaying(line)
	case line == "":
		t.openPayment()
	case strings.HasPrefix(line, "-"):
		t.enterVoid(strings.TrimPrefix(line, "-"))
	default:
		t.enterItem(line)
	}
}

// enterItem sells "789…", "3*789…" or "0,5*17".
func (t *turn) enterItem(line string) {
	code, quantity := line, money.One
	if before, after, found := strings.Cut(line, "*"); found {
		parsed, err := money.ParseQuantity(before)
		if err != nil || parsed <= 0 || parsed > quantityMax {
			t.refuse("core.refused.quantity", "Text", before)
			return
		}
		code, quantity = strings.TrimSpace(after), parsed
	}
	t.sell(code, quantity)
}

// enterVoid takes the last line back ("-"), or the one numbered ("-3").
func (t *turn) enterVoid(number string) {
	if number == "" {
		live := t.state.Cart.Live()
		if len(live) == 0 {
			t.refuse("core.refused.nothing_to_void")
			return
		}
		number = live[len(live)-1].ID
	}
	parsed, err := strconv.Atoi(number)
	if err != nil {
		t.refuse("core.refused.no_line", "Number", number)
		return
	}
	t.voidLine(parsed)
}

// sell adds a line for an item, opening the cart if there is none.
func (t *turn) sell(code string, quantity money.Quantity) {
	if !t.sellable() {
		return
	}
	item, found := t.state.Volatile.World.Catalog.Find(code)
	if !found {
		t.refuse("core.refused.not_found", "Code", shortened(code))
		return
	}
	if t.state.Cart == nil && t.state.Volatile.StoreFull {
		t.refuse("core.refused.disk_full")
		return
	}
	line, ok := t.lineOf(item, code, quantity)
	if !ok {
		return
	}
	if t.state.Cart == nil {
		id := t.nextID()
		t.factAs(id, journal.SaleOpened{SaleID: id, Number: t.state.Counters.Sale + 1})
	}
	t.fact(journal.LineAdded{SaleID: t.state.Cart.ID, Line: line})
	t.state.Volatile.Said = nil
	t.toast("done", text.Msg("core.said.sold", "Description", line.Description), false)
	t.accept()
}

// lineOf prices a line, and refuses one that does not fit.
func (t *turn) lineOf(item catalog.Item, code string, quantity money.Quantity) (sale.Line, bool) {
	number := 1
	if t.state.Cart != nil {
		number = len(t.state.Cart.Lines) + 1
	}
	if number > sale.LinesMax {
		t.refuse("core.refused.cart_full", "Max", sale.LinesMax)
		return sale.Line{}, false
	}
	total, err := money.Extend(item.Price, quantity)
	if err != nil || t.state.Cart.Total()+total > money.Max {
		t.refuse("core.refused.amount")
		return sale.Line{}, false
	}
	return sale.Line{
		ID: strconv.Itoa(number), SKU: item.SKU, Code: code, Description: item.Description,
		Quantity: quantity, Unit: item.Unit, UnitPrice: item.Price, Total: total,
	}, true
}

// voidLine takes one line of the open cart back.
func (t *turn) voidLine(number int) {
	if !t.sellable() {
		return
	}
	if t.state.Order != nil {
		t.refuse("core.refused.paying")
		return
	}
	for _, line := range t.state.Cart.Live() {
		if line.ID != strconv.Itoa(number) {
			continue
		}
		if !t.may(operator.VoidLine, line.Total) {
			t.refuse("core.refused.not_allowed")
			return
		}
		t.fact(journal.LineVoid{
			OperatorID: t.state.Operator.ID, SessionID: t.state.Session.ID, LineID: line.ID,
			SKU: line.SKU, Quantity: line.Quantity, Amount: line.Total,
		})
		t.toast("info", text.Msg("core.said.voided", "Description", line.Description), false)
		t.accept()
		return
	}
	t.refuse("core.refused.no_line", "Number", number)
}

// cancelSale gives the cart up, once nothing of it is being paid.
func (t *turn) cancelSale() {
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
	if !t.may(operator.CancelSale, total) {
		t.refuse("core.refused.not_allowed")
		return
	}
	if t.state.Order != nil {
		t.reopen()
	}
	number := t.state.Cart.Number
	t.fact(journal.SaleCancelled{SaleID: t.state.Cart.ID, OperatorID: t.state.Operator.ID, Total: total})
	t.toast("info", text.Msg("core.said.cancelled", "Number", number), false)
	t.accept()
}

// openPayment closes the cart: its order's lines and totals are frozen.
func (t *turn) openPayment() {
	if !t.sellable() {
		return
	}
	live := t.state.Cart.Live()
	total := sale.TotalOf(live)
	if len(live) == 0 || total <= 0 {
		t.refuse("core.refused.empty")
		return
	}
	order := journal.Order{
		Origin: t.origin(), Channel: "till", Totals: sale.Totals{Items: total, Total: total},
		Metadata: map[string]string{"sale_number": strconv.FormatInt(t.state.Cart.Number, 10)},
	}
	for _, line := range live {
		order.Lines = append(order.Lines, journal.OrderLine{
			LineID: line.ID, SKU: line.SKU, Description: line.Description, Quantity: line.Quantity,
			Unit: line.Unit, UnitPrice: line.UnitPrice, Total: line.Total,
		})
	}
	t.fact(order)
	t.state.Volatile.Said = nil
	t.accept()
}

// reopen takes the order back; the cart stays as it is.
func (t *turn) reopen() {
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
