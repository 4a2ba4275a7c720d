package simcentral

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"balcao/sync/wire"
)

// transitions lists from which states an order may take each step; a step to the
// state it is in already changes nothing.
var transitions = map[wire.TransitionTo][]wire.OrderStatus{
	wire.TransitionToOpen:       {wire.OrderStatusDraft, wire.OrderStatusBlocked},
	wire.TransitionToConfirmed:  {wire.OrderStatusOpen, wire.OrderStatusAwaitingPayment, wire.OrderStatusPaid},
	wire.TransitionToBlocked:    {wire.OrderStatusDraft, wire.OrderStatusOpen, wire.OrderStatusAwaitingPayment, wire.OrderStatusPaid, wire.OrderStatusConfirmed},
	wire.TransitionToCancelled:  {wire.OrderStatusDraft, wire.OrderStatusOpen, wire.OrderStatusAwaitingPayment, wire.OrderStatusBlocked},
	wire.TransitionToInDelivery: {wire.OrderStatusPaid, wire.OrderStatusConfirmed},
	wire.TransitionToShipped:    {wire.OrderStatusPaid, wire.OrderStatusConfirmed, wire.OrderStatusInDelivery},
	wire.TransitionToDelivered:  {wire.OrderStatusInDelivery, wire.OrderStatusShipped},
	wire.TransitionToReturned:   {wire.OrderStatusShipped, wire.OrderStatusDelivered},
}

// claimable are the states in which a till may take a web order.
var claimable = []wire.OrderStatus{wire.OrderStatusDraft, wire.OrderStatusOpen, wire.OrderStatusAwaitingPayment}

func (s *Server) putOrder(c *call) (answer, *wire.Problem) {
	var request wire.OrderRequest
	var content wire.OrderContent
	if json.Unmarshal(c.body, &request) != nil || json.Unmarshal(c.body, &content) != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the order cannot be read")
	}
	hash, err := requestHash(c.body)
	if err != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, err.Error())
	}
	if row, known := s.state.orders.get(c.id); known {
		if row.Hash != hash || row.TerminalID != c.terminal {
			return answer{}, wire.NewProblem(wire.CodeIdempotencyKeyReused, "another order has this id")
		}
		return answer{status: 200, body: s.orderBody(row), replayed: true}, nil
	}
	if problem := examine(&content).problem(); problem != nil {
		return answer{}, problem
	}
	if problem := s.claimLive(c, request.Epoch, request.TerminalSeq, c.id); problem != nil {
		return answer{}, problem
	}
	row := orderRow{
		ID: c.id, TerminalID: c.terminal, StoreID: c.store, Body: c.body, Hash: hash,
		Number: strconv.FormatInt(s.state.next("order"), 10), Status: wire.OrderStatusOpen, Version: 1, UpdatedAt: s.now().UTC(),
	}
	s.state.orders.put(row.ID, row)
	row = s.refreshOrder(row.ID) // a payment may have come first
	return created(s.orderBody(row)), nil
}

func (s *Server) getOrder(c *call) (answer, *wire.Problem) {
	row, known := s.state.orders.get(c.id)
	if !known || row.StoreID != c.store {
		return answer{}, wire.NewProblem(wire.CodeNotFound, "no such order")
	}
	return ok(s.orderBody(row)), nil
}

func (s *Server) transitionOrder(c *call) (answer, *wire.Problem) {
	return s.once(c, c.key, func() (answer, *wire.Problem) {
		var step wire.Transition
		if json.Unmarshal(c.body, &step) != nil {
			return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the step cannot be read")
		}
		row, known := s.state.orders.get(c.id)
		if !known || row.StoreID != c.store {
			return answer{}, wire.NewProblem(wire.CodeNotFound, "no such order")
		}
		if step.ExpectedVersion != nil && *step.ExpectedVersion != row.Version {
			return answer{}, wire.NewProblem(wire.CodeOrderVersionConflict, fmt.Sprintf("the order has version %d", row.Version))
		}
		if problem := s.claimLive(c, step.Epoch, step.TerminalSeq, c.key); problem != nil {
			return answer{}, problem
		}
		row, problem := s.step(c, row, step)
		if problem != nil {
			return answer{}, problem
		}
		s.state.orders.put(row.ID, row)
		return ok(s.orderBody(row)), nil
	})
}

// step gives the order as it is after one step.
func (s *Server) step(c *call, row orderRow, step wire.Transition) (orderRow, *wire.Problem) {
	if step.To == wire.TransitionToClaimed || step.To == wire.TransitionToReleased {
		return s.stepClaim(c, row, step)
	}
	next := wire.OrderStatus(step.To)
	if next == row.Status {
		return row, nil
	}
	if !slices.Contains(transitions[step.To], row.Status) {
		return row, wire.NewProblem(wire.CodeTransitionRefused, fmt.Sprintf("from %s to %s", row.Status, next))
	}
	now := s.now().UTC()
	switch step.To {
	case wire.TransitionToBlocked:
		row.BeforeBlock, row.BlockedReason = row.Status, "blocked"
		if step.Reason != nil {
			row.BlockedReason = *step.Reason
		}
	case wire.TransitionToOpen:
		if row.BeforeBlock != "" {
			next = row.BeforeBlock
		}
		row.BeforeBlock, row.BlockedReason = "", ""
	case wire.TransitionToDelivered:
		row.DeliveredAt = &now
	}
	row.Status, row.UpdatedAt = next, now
	row.Version++
	return row, nil
}

// stepClaim takes a web order for one till, or gives it back.
func (s *Server) stepClaim(c *call, row orderRow, step wire.Transition) (orderRow, *wire.Problem) {
	if row.ClaimedBy != "" && row.ClaimedBy != c.terminal {
		return row, wire.NewProblem(wire.CodeOrderClaimed, "")
	}
	claimedBy := ""
	if step.To == wire.TransitionToClaimed {
		if step.ExpectedVersion == nil {
			return row, wire.NewProblem(wire.CodeRequiredField, "a claim names the version it saw",
				wire.Violation{Pointer: "/expected_version", Code: wire.CodeRequiredField})
		}
		if !slices.Contains(claimable, row.Status) {
			return row, wire.NewProblem(wire.CodeTransitionRefused, fmt.Sprintf("a %s order cannot be claimed", row.Status))
		}
		claimedBy = c.terminal
	}
	row.ClaimedBy, row.UpdatedAt = claimedBy, s.now().UTC()
	row.Version++
	return row, nil
}

// refreshOrder lets an order follow its payments while it waits for them.
func (s *Server) refreshOrder(id string) orderRow {
	row, known := s.state.orders.get(id)
	if !known {
		return row
	}
	if !slices.Contains([]wire.OrderStatus{wire.OrderStatusOpen, wire.OrderStatusAwaitingPayment, wire.OrderStatusPaid}, row.Status) {
		return row
	}
	captured, pending := s.paidCents(id)
	total := orderTotal(row)
	status := wire.OrderStatusOpen
	switch {
	case captured >= total && captured > 0:
		status = wire.OrderStatusPaid
	case captured+pending > 0:
		status = wire.OrderStatusAwaitingPayment
	}
	if status != row.Status {
		row.Status, row.UpdatedAt = status, s.now().UTC()
		row.Version++
		s.state.orders.put(row.ID, row)
	}
	return row
}

// paidCents is what payments of an order have brought, and what they may still bring.
func (s *Server) paidCents(orderID string) (captured, pending int64) {
	for _, id := range s.state.byOrder[orderID] {
		payment, _ := s.payment(id)
		captured += payment.capturedCents()
		pending += payment.pendingCents()
	}
	return captured, pending
}

func orderTotal(row orderRow) int64 { return orderContent(row).Totals.Total.Amount }

// orderContent is what the order's request holds; it was read before it was stored.
func orderContent(row orderRow) (content wire.OrderContent) {
	_ = json.Unmarshal(row.Body, &content)
	return content
}

// orderBody is the order as the contract shows it.
func (s *Server) orderBody(row orderRow) wire.Order {
	var content wire.OrderContent
	var origin wire.Origin
	// The row was read from these bytes before it was stored.
	_ = json.Unmarshal(row.Body, &content)
	_ = json.Unmarshal(row.Body, &origin)
	captured, _ := s.paidCents(row.ID)
	order := wire.Order{
		OrderID: row.ID, TerminalID: &row.TerminalID, Number: &row.Number, Status: row.Status, Version: row.Version,
		Origin: &origin, Content: &content, UpdatedAt: row.UpdatedAt, DeliveredAt: row.DeliveredAt,
		Due: &wire.Money{Amount: max(0, content.Totals.Total.Amount-captured), Currency: currencyOnly},
		Summary: wire.OrderSummary{
			Totals: content.Totals, Payable: row.Status == wire.OrderStatusOpen || row.Status == wire.OrderStatusAwaitingPayment,
			Checks: examine(&content).checks(),
		},
	}
	if row.ClaimedBy != "" {
		order.ClaimedBy = &row.ClaimedBy
	}
	if row.BlockedReason != "" {
		order.BlockedReason = &row.BlockedReason
	}
	payments := []wire.Payment{}
	for _, id := range s.state.byOrder[row.ID] {
		payment, _ := s.state.payments.get(id)
		payments = append(payments, paymentBody(payment))
	}
	order.Payments = &payments
	return order
}

// claimLive notes the fact a live call tells; a record's is noted by the stream.
func (s *Server) claimLive(c *call, epoch string, seq int64, id string) *wire.Problem {
	if c.recorded != nil {
		return nil
	}
	problem := s.state.claim(c.terminal, epoch, seq, id)
	if problem != nil {
		s.requests.forked()
		s.log.Warn("fork detected", "terminal", c.terminal, "epoch", epoch, "seq", seq)
	}
	return problem
}
