package terminal

import (
	"strconv"

	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/operator"
	"balcao/terminal/text"
)

// discount takes a rate or an amount off a line, or off the whole sale.
func (t *turn) discount(typed line) {
	base, lineID, ok := t.discountBase(typed.number)
	if !ok {
		return
	}
	amount := typed.amount
	if typed.verb == linePercent {
		share, err := money.Share(base, typed.rate)
		if err != nil {
			t.refuse("core.refused.discount")
			return
		}
		amount = share
	}
	if amount <= 0 || amount >= base {
		t.refuse("core.refused.discount")
		return
	}
	approval, ok := t.allowed(operator.Discount, amount, "core.act.discount")
	if !ok {
		return
	}
	t.fact(journal.Discount{
		OperatorID: t.state.Operator.ID, Approval: approval, SessionID: t.state.Session.ID, LineID: lineID, Amount: amount, Rate: typed.rate,
	})
	t.toast("info", text.Msg("core.said.discount", "AmountCents", amount), false)
	t.accept()
}

// discountBase answers what a discount comes off, and the id of its line.
func (t *turn) discountBase(number int) (money.Cents, string, bool) {
	if t.state.Cart == nil || len(t.state.Cart.Live()) == 0 {
		t.refuse("core.refused.empty")
		return 0, "", false
	}
	if number == 0 {
		return t.state.Cart.Total(), "", true
	}
	for _, sold := range t.state.Cart.Live() {
		if sold.ID == strconv.Itoa(number) {
			return sold.Total, sold.ID, true
		}
	}
	t.refuse("core.refused.no_line", "Number", number)
	return 0, "", false
}

// setCustomer writes a CPF or CNPJ on the sale, opening the cart if need be.
func (t *turn) setCustomer(typed string) {
	if !t.sellable() || !t.openCart() {
		return
	}
	document := documentOf(typed)
	t.fact(journal.CustomerSet{SaleID: t.state.Cart.ID, TaxID: document})
	t.toast("info", text.Msg("core.said.customer", "TaxID", document), false)
	t.accept()
}

// Asked is a question that one digit answers.
type Asked struct {
	Code string // item code and document number alike
}

// unask takes everything back that the screen was asking.
func (t *turn) unask() {
	t.state.Volatile.Wanted, t.state.Volatile.Asked, t.state.Volatile.Search = nil, nil, nil
}

// answer resolves the question, or picks a row of a search.
func (t *turn) answer(what Answer) {
	question, search := t.state.Volatile.Asked, t.state.Volatile.Search
	t.state.Volatile.Asked, t.state.Volatile.Search = nil, nil
	switch {
	case question != nil && what.Number == 1:
		t.sell(question.Code, money.One)
	case question != nil && what.Number == 2:
		t.setCustomer(question.Code)
	case search != nil && what.Number >= 1 && what.Number <= len(search.Items):
		t.sell(search.Items[what.Number-1].SKU, search.Quantity)
	default:
		t.refuse("core.refused.no_answer")
	}
}

// priceCheck says what something costs and sells nothing.
func (t *turn) priceCheck(code string) {
	item, found := t.state.Volatile.World.Catalog.Find(code)
	if !found {
		t.refuse("core.refused.not_found", "Code", shortened(code))
		return
	}
	price, err := money.Extend(item.Price, money.One)
	if err != nil {
		t.refuse("core.refused.amount")
		return
	}
	t.toast("info", text.Msg("core.said.price", "Description", item.Description, "PriceCents", price, "Unit", item.Unit), false)
	t.accept()
}
