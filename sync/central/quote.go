package central

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/journal"
)

// QuoteOrder asks what central thinks of an order without giving it: totals by its own
// reckoning, checks, and whether it could be paid. Nothing is kept, so it may be asked
// at any time, and an order that does not add up is an answer and no error.
func (c *Client) QuoteOrder(ctx context.Context, order journal.Order) (wire.OrderSummary, error) {
	summary, err := c.quote(ctx, order)
	if err != nil {
		return wire.OrderSummary{}, fmt.Errorf("quote order: %w", err)
	}
	return summary, nil
}

func (c *Client) quote(ctx context.Context, order journal.Order) (wire.OrderSummary, error) {
	var summary wire.OrderSummary
	body, err := orderContent(order)
	if err != nil {
		return summary, err
	}
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPost, Path: "/v1/orders/quotes", Body: body, Timeout: c.config.OrderTimeout,
	})
	if err != nil {
		return summary, err
	}
	if err := decode(answer, &summary); err != nil {
		return summary, err
	}
	if len(summary.Checks) == 0 || summary.Totals.Total.Currency == "" {
		return summary, nonsense(answer, "%d checks and no total", len(summary.Checks))
	}
	return summary, nil
}

// orderContent is an order without its birth, which a quote has not: the contract's
// OrderContent.
func orderContent(order journal.Order) ([]byte, error) {
	content, err := members(order)
	if err != nil {
		return nil, err
	}
	origin, err := members(order.Origin)
	if err != nil {
		return nil, err
	}
	for name := range origin {
		delete(content, name)
	}
	return json.Marshal(content)
}

// members are the members of a value that is an object in JSON.
func members(value any) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var found map[string]json.RawMessage
	return found, json.Unmarshal(text, &found)
}
