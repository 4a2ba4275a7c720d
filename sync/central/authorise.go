package central

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/card"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/payment"
)

// Authorise sends the order, then the payment with its sealed items, once each, and
// answers what is known of the payment afterwards:
//
//   - [payment.Unsent]: no byte of the payment left the till. That an order may have is
//     no harm: money hangs on payments.
//   - [payment.Refused]: central would not take the order or the payment (4xx).
//   - [payment.Unknown]: anything that is no typed answer about this payment and amount.
//   - otherwise what the status of central's payment says.
//
// Its detail is for logs and holds no card data. The intent must be durable before
// (R1); sealed items are forgotten after.
func (c *Client) Authorise(ctx context.Context, orderID ident.ID, order journal.Order, paymentID ident.ID, pay journal.Payment, sealed []card.Sealed) payment.Answer {
	if err := c.putOrder(ctx, orderID, order); err != nil {
		return afterOrder(fmt.Errorf("put order %s: %w", orderID, err))
	}
	body, err := paymentBody(pay, sealed)
	if err != nil {
		return payment.Answer{Verdict: payment.Unsent, Detail: fmt.Sprintf("put payment %s: %v", paymentID, err)}
	}
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPut, Path: paymentPath(paymentID), Body: body, Timeout: c.config.AuthoriseTimeout,
	})
	if err != nil {
		return afterPayment(fmt.Errorf("put payment %s: %w", paymentID, err))
	}
	return c.read(answer, "put payment", paymentID, func(got wire.Payment) bool {
		return got.OrderID == string(orderID) && got.Amount.Amount == int64(pay.Amount) && got.Amount.Currency == money.Currency
	})
}

// putOrder sends the order; a resend of the same order is the same order.
func (c *Client) putOrder(ctx context.Context, orderID ident.ID, order journal.Order) error {
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPut, Path: "/v1/orders/" + string(orderID), Body: body, Timeout: c.config.OrderTimeout,
	})
	if err != nil {
		return err
	}
	var got wire.Order
	if err := decode(answer, &got); err != nil {
		return err
	}
	if got.OrderID != string(orderID) || !got.Status.Valid() {
		return nonsense(answer, "order %q with status %q", got.OrderID, got.Status)
	}
	return nil
}

// paymentBody adds the sealed items, which the fact must not have, to its body.
func paymentBody(pay journal.Payment, sealed []card.Sealed) ([]byte, error) {
	type presentCard struct {
		card.Present
		Encrypted []card.Sealed `json:"encrypted,omitempty"`
	}
	request := struct {
		journal.Payment
		Card *presentCard `json:"card,omitempty"` // hides that of the fact
	}{Payment: pay}
	if pay.Card != nil {
		request.Card = &presentCard{*pay.Card, sealed}
	}
	return json.Marshal(request)
}

// afterOrder is what is known of a payment that was not sent because of its order.
func afterOrder(err error) payment.Answer {
	verdict := payment.Unsent
	var problem *transport.Problem
	if errors.As(err, &problem) && problem.Final() {
		verdict = payment.Refused
	}
	return payment.Answer{Verdict: verdict, Detail: err.Error()}
}

// afterPayment is what is known of a payment without an answer about it.
func afterPayment(err error) payment.Answer {
	verdict := payment.Unknown
	var problem *transport.Problem
	var silence *transport.Silence
	switch {
	case errors.As(err, &silence) && !silence.Sent:
		verdict = payment.Unsent
	case errors.As(err, &problem) && problem.Code == wire.CodeIdempotencyKeyInUse:
		verdict = payment.Processing
	case errors.As(err, &problem) && (problem.Final() || problem.Status == http.StatusUnauthorized):
		verdict = payment.Refused
	}
	return payment.Answer{Verdict: verdict, Detail: err.Error()}
}

// Inquire asks what became of a payment. [payment.NotFound] is central's own word and
// must be followed by an undo (R4). That the question did not leave, or was refused,
// says nothing: it is [payment.Unknown].
func (c *Client) Inquire(ctx context.Context, paymentID ident.ID) payment.Answer {
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodGet, Path: paymentPath(paymentID), Timeout: c.config.InquireTimeout,
	})
	if err != nil {
		return notAnswered(paymentID, err)
	}
	return c.read(answer, "ask payment", paymentID, func(wire.Payment) bool { return true })
}

// notAnswered is what is known of a payment after a question without a good answer.
func notAnswered(paymentID ident.ID, err error) payment.Answer {
	verdict := payment.Unknown
	var problem *transport.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusNotFound {
		verdict = payment.NotFound
	}
	return payment.Answer{Verdict: verdict, Detail: fmt.Sprintf("ask payment %s: %v", paymentID, err)}
}

func paymentPath(id ident.ID) string { return "/v1/payments/" + string(id) }
