package flow

import (
	"context"
	"fmt"
)

// basket is what the customer buys: two packets of coffee of the shop's catalogue.
const basket = "2*7896089012453"

// The digits of the tenders.
const (
	cash   = 1
	debit  = 2
	credit = 3
)

// goodPIN is the PIN of every card of the deck.
const goodPIN = "1234"

// A sale is one that was paid: the screen before the payment, and the ids that the
// screen showed, under which the evidence is looked up.
type sale struct {
	summary   view
	orderID   string
	paymentID string
}

// A hardSale is one whose first card was declined and whose second one's answer was
// lost on its way.
type hardSale struct {
	orderID     string
	declined    attempt
	paid        attempt // as it was while nobody knew
	onTheirBook string  // its status at central then
	refusal     string  // of a third attempt, meanwhile
}

// order scans the basket and closes the cart.
func (w *walk) order(ctx context.Context) (view, error) {
	if err := w.readyTill(ctx); err != nil {
		return view{}, err
	}
	if err := w.screen.must(ctx, command{Verb: "enter", Text: basket}); err != nil {
		return view{}, err
	}
	if err := w.screen.must(ctx, command{Verb: "enter"}); err != nil {
		return view{}, err
	}
	return w.screen.until(ctx, "payment is open", func(v view) bool { return v.Phase == phasePaying })
}

// present begins an attempt, puts the card in and types the PIN.
func (w *walk) present(ctx context.Context, tender int, card, pin string) (attempt, error) {
	begun, err := w.screen.ask(ctx, command{Verb: "tender", Number: tender})
	if err == nil && !begun.OK {
		err = fmt.Errorf("the till refused a card: %s", sayPortuguese(begun.Error))
	}
	if err == nil {
		err = w.workAll(ctx, w.place.Pinpad, []string{"card", "insert", card}, []string{"pin", pin})
	}
	if err != nil {
		return attempt{}, err
	}
	shown, err := w.screen.until(ctx, "an attempt is on the screen", func(v view) bool {
		return v.Phase == phaseSelling || v.Seq >= begun.Seq && v.attempt().ID != ""
	})
	return shown.attempt(), err
}

// outcome waits until the attempt ends; of one that paid the screen is gone.
func (w *walk) outcome(ctx context.Context) (attempt, error) {
	shown, err := w.screen.until(ctx, "the payment has an outcome", func(v view) bool {
		return v.Phase == phaseSelling || v.attempt().ID != "" && !v.attempt().Running
	})
	return shown.attempt(), err
}

// takeCard pulls the card out, if one is in.
func (w *walk) takeCard(ctx context.Context) {
	// An empty slot and an unplugged pinpad refuse, and then there is nothing to take.
	_, _ = w.work(ctx, w.place.Pinpad, "card", "remove")
}

// chipSale is a sale paid by chip and PIN and known to central; made once a walk.
func (w *walk) chipSale(ctx context.Context) (*sale, error) {
	if w.sold == nil {
		made, err := w.sell(ctx)
		if err != nil {
			return nil, err
		}
		w.sold = made
	}
	return w.sold, w.reach(ctx, saleMade)
}

func (w *walk) sell(ctx context.Context) (*sale, error) {
	shown, err := w.order(ctx)
	if err != nil {
		return nil, err
	}
	tried, err := w.present(ctx, debit, "visa-debit", goodPIN)
	if err != nil {
		return nil, err
	}
	end, err := w.outcome(ctx)
	w.takeCard(ctx)
	if err != nil {
		return nil, err
	}
	if end.ID != "" {
		return nil, fmt.Errorf("the card did not pay: %s", sayPortuguese(&end.Outcome))
	}
	return &sale{shown, shown.Payment.OrderID, tried.ID}, w.settled(ctx)
}

// refusedCard lets a card fail to pay for a new order, which cash pays then.
func (w *walk) refusedCard(ctx context.Context, tender int, card, pin string) (refused attempt, display string, err error) {
	if _, err = w.order(ctx); err != nil {
		return refused, "", err
	}
	if _, err = w.present(ctx, tender, card, pin); err != nil {
		return refused, "", err
	}
	if refused, err = w.outcome(ctx); err != nil {
		return refused, "", err
	}
	if refused.ID == "" {
		w.takeCard(ctx)
		return refused, "", fmt.Errorf("the card %s paid", card)
	}
	// RMC shows its two texts in turns until the card is out.
	display, err = w.work(ctx, w.place.Pinpad, "wait-display", declinedText(), w.options.Patience.String())
	w.takeCard(ctx)
	if err != nil {
		return refused, display, err
	}
	if err := w.screen.must(ctx, command{Verb: "tender", Number: cash}); err != nil {
		return refused, display, err
	}
	return refused, display, w.settled(ctx)
}

// lostSale is the sale whose answer was lost; made once a walk.
func (w *walk) lostSale(ctx context.Context) (*hardSale, error) {
	if w.retried == nil {
		made, err := w.sellHard(ctx)
		if err != nil {
			return nil, err
		}
		w.retried = made
	}
	return w.retried, nil
}

func (w *walk) sellHard(ctx context.Context) (*hardSale, error) {
	shown, err := w.order(ctx)
	if err != nil {
		return nil, err
	}
	made := &hardSale{orderID: shown.Payment.OrderID}
	if _, err := w.present(ctx, credit, "low-funds", goodPIN); err != nil {
		return nil, err
	}
	if made.declined, err = w.outcome(ctx); err != nil {
		return nil, err
	}
	w.takeCard(ctx)
	if err := w.reach(ctx, firstDeclined); err != nil {
		return nil, err
	}
	if err := w.loseAnswer(ctx, made); err != nil {
		return nil, err
	}
	end, err := w.outcome(ctx)
	w.takeCard(ctx)
	if err != nil {
		return nil, err
	}
	if end.ID != "" {
		return nil, fmt.Errorf("the lost answer was not found again: %s", sayPortuguese(&end.Outcome))
	}
	return made, w.settled(ctx)
}

// loseAnswer lets central decide and the wire swallow the answer, and looks at both
// sides while nobody at the till can know.
func (w *walk) loseAnswer(ctx context.Context, made *hardSale) error {
	err := w.workAll(ctx, w.place.Central,
		[]string{"next", "payment-put", "reset"}, []string{"next", "confirm", "reset"}, []string{"hold", "payment-get", "before"})
	if err != nil {
		return err
	}
	defer func() { _, _ = w.work(ctx, w.place.Central, "release", "payment-get") }()
	if _, err := w.present(ctx, debit, "visa-debit", goodPIN); err != nil {
		return err
	}
	if _, err := w.work(ctx, w.place.Central, "wait-held", "payment-get", w.options.Patience.String()); err != nil {
		return err
	}
	shown, err := w.screen.now(ctx)
	if err != nil {
		return err
	}
	made.paid = shown.attempt()
	if known, err := w.payment(ctx, made.paid.ID); err == nil {
		made.onTheirBook = string(known.Payment.Status)
	}
	third, err := w.screen.ask(ctx, command{Verb: "tender", Number: credit})
	if err == nil && !third.OK {
		made.refusal = sayPortuguese(third.Error)
	}
	return err
}
