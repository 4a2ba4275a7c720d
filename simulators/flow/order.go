package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"balcao/sync/wire"
	"balcao/terminal/money"
)

// soldOrder is the order of the chip sale, as central tells it.
func (w *walk) soldOrder(ctx context.Context) (*sale, wire.Order, error) {
	var order wire.Order
	made, err := w.chipSale(ctx)
	if err == nil {
		err = w.office.get(ctx, "/v1/orders/"+made.orderID, &order)
	}
	if err == nil && order.Content == nil {
		err = fmt.Errorf("central tells order %s without its content", made.orderID)
	}
	return made, order, err
}

// channel is step 1: the order came by the channel it was made in.
func (w *walk) channel(ctx context.Context) (string, error) {
	_, order, err := w.soldOrder(ctx)
	if err != nil {
		return "", err
	}
	if order.Content.Channel != wire.ChannelTill {
		return "", fmt.Errorf("order %s came by channel %s, not till", order.OrderID, order.Content.Channel)
	}
	return fmt.Sprintf("order %s by channel till, %d line; kiosk and web are not built yet", order.OrderID, len(order.Content.Lines)), nil
}

// orderSent is step 6: central has the order under the till's id.
func (w *walk) orderSent(ctx context.Context) (string, error) {
	made, order, err := w.soldOrder(ctx)
	if err != nil {
		return "", err
	}
	calls, err := w.heard(ctx, "order", made.orderID)
	if err != nil {
		return "", err
	}
	if len(calls) == 0 || calls[0].Status != http.StatusCreated {
		return "", fmt.Errorf("central did not create order %s: %+v", made.orderID, calls)
	}
	return fmt.Sprintf("order %s is number %s at central, version %d, %s", order.OrderID, *order.Number, order.Version, money.Cents(order.Content.Totals.Total.Amount)), nil
}

// putBad sends an order that central must refuse.
func (w *walk) putBad(ctx context.Context, body []byte) (wire.Problem, error) {
	id := ulid.Make().String()
	answer, err := w.office.call(ctx, http.MethodPut, "/v1/orders/"+id, body)
	if err != nil {
		return wire.Problem{}, err
	}
	problem, err := answer.problem()
	if err != nil {
		return problem, err
	}
	known, err := w.books(ctx)
	if err != nil {
		return problem, err
	}
	if _, taken := known.Orders[id]; taken || problem.Violations == nil {
		return problem, fmt.Errorf("order %s: refused with %s, taken %t, and no field is named", id, problem.Code, taken)
	}
	return problem, nil
}

// incomplete is an order with a line that lacks nearly all, and without totals.
const incomplete = `{"epoch":"0000000000000000","terminal_seq":1,"occurred_at":"2026-01-05T10:00:00-03:00",` +
	`"business_date":"2026-01-05","operator_id":"214","channel":"till","lines":[{"line_id":"1","sku":"1007"}]}`

// requiredFields is step 7: the till closes no empty order, and central names each
// field that is missing.
func (w *walk) requiredFields(ctx context.Context) (string, error) {
	if err := w.readyTill(ctx); err != nil {
		return "", err
	}
	empty, err := w.screen.ask(ctx, command{Verb: "enter"})
	if err != nil {
		return "", err
	}
	if empty.OK {
		return "", errors.New("the till closed an empty order")
	}
	problem, err := w.putBad(ctx, []byte(incomplete))
	if err != nil {
		return "", err
	}
	var pointers []string
	for _, violation := range *problem.Violations {
		pointers = append(pointers, violation.Pointer)
	}
	for _, missing := range []string{"/lines/0", "/totals"} {
		if !slices.ContainsFunc(pointers, func(pointer string) bool { return strings.HasPrefix(pointer, missing) }) {
			return "", fmt.Errorf("central does not name %s, only %v", missing, pointers)
		}
	}
	return fmt.Sprintf("till: %q; central: %s at %s", sayPortuguese(empty.Error), problem.Code, strings.Join(pointers, " ")), nil
}

// tamperCents is what is taken off a total on its way.
const tamperCents = 10_00

// orderTotal is step 8: central adds up again and shows both figures.
func (w *walk) orderTotal(ctx context.Context) (string, error) {
	_, order, err := w.soldOrder(ctx)
	if err != nil {
		return "", err
	}
	right := order.Content.Totals.Total.Amount
	order.Content.Totals.Total.Amount -= tamperCents
	body, err := merge(order.Origin, order.Content)
	if err != nil {
		return "", err
	}
	problem, err := w.putBad(ctx, body)
	if err != nil {
		return "", err
	}
	for _, violation := range *problem.Violations {
		if violation.Pointer == "/totals/total" && violation.Expected == float64(right) && violation.Actual == float64(right-tamperCents) {
			return fmt.Sprintf("%s at %s: reckoned %s, told %s", problem.Code, violation.Pointer, money.Cents(right), money.Cents(right-tamperCents)), nil
		}
	}
	return "", fmt.Errorf("central does not show both totals: %+v", *problem.Violations)
}

// merge is one JSON object with the members of both values.
func merge(values ...any) ([]byte, error) {
	all := map[string]json.RawMessage{}
	for _, value := range values {
		content, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(content, &members); err != nil {
			return nil, err
		}
		maps.Copy(all, members)
	}
	return json.Marshal(all)
}

// summary is step 14: what the screen summed up before the payment is what central has.
func (w *walk) summary(ctx context.Context) (string, error) {
	made, order, err := w.soldOrder(ctx)
	if err != nil {
		return "", err
	}
	shown := made.summary
	if shown.Sale == nil || len(shown.Sale.Lines) != len(order.Content.Lines) {
		return "", fmt.Errorf("the screen showed %+v, central has %d lines", shown.Sale, len(order.Content.Lines))
	}
	var lines []string
	for i, line := range shown.Sale.Lines {
		booked := order.Content.Lines[i]
		if line.Description != booked.Description || line.Quantity != booked.Quantity || int64(line.Total) != booked.Total.Amount {
			return "", fmt.Errorf("line %d is %s x %s = %s on the screen and %s x %s = %s at central", i+1,
				line.Quantity, line.Description, line.Total, booked.Quantity, booked.Description, money.Cents(booked.Total.Amount))
		}
		lines = append(lines, fmt.Sprintf("%s x %s = %s", line.Quantity, line.Description, line.Total))
	}
	if total := order.Content.Totals.Total.Amount; int64(shown.Payment.Total) != total {
		return "", fmt.Errorf("the screen asks for %s, central for %s", shown.Payment.Total, money.Cents(total))
	}
	return fmt.Sprintf("%s, to pay %s, on the screen as at central", strings.Join(lines, ", "), shown.Payment.Total), nil
}

// orderStatus is step 24: the order is paid at central, and nothing is due.
func (w *walk) orderStatus(ctx context.Context) (string, error) {
	made, order, err := w.soldOrder(ctx)
	if err != nil {
		return "", err
	}
	known, err := w.books(ctx)
	if err != nil {
		return "", err
	}
	booked := known.Orders[made.orderID]
	if booked.Status != string(wire.OrderStatusPaid) || order.Status != wire.OrderStatusPaid {
		return "", fmt.Errorf("order %s is %s in central's ledger and %s on the wire", made.orderID, booked.Status, order.Status)
	}
	if booked.Version < 2 || order.Due == nil || order.Due.Amount != 0 {
		return "", fmt.Errorf("order %s has version %d, due %+v", made.orderID, booked.Version, order.Due)
	}
	return fmt.Sprintf("order %s went from open (version 1) to %s (version %d), due 0.00", made.orderID, booked.Status, booked.Version), nil
}
