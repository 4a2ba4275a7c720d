package simcentral

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"balcao/simulators/simcentral/ledger"
	"balcao/sync/wire"
)

// returnWindow is how long after its settlement a Pix can be given back.
// Source: API Pix 2.9.0, devolução.
const returnWindow = 90 * 24 * time.Hour

// A refundRow is money that goes back to who paid.
type refundRow struct {
	ID         string             `json:"id"`
	PaymentID  string             `json:"payment_id"`
	TerminalID string             `json:"terminal_id"` // that gave it, which need not be the one that sold
	StoreID    string             `json:"store_id"`
	Request    wire.RefundRequest `json:"request"`
	Hash       string             `json:"hash"`
	Method     wire.Method        `json:"method"`
	From       string             `json:"from"` // account
	To         string             `json:"to"`   // account
	Status     wire.RefundStatus  `json:"status"`
	ReturnID   string             `json:"return_id,omitempty"`
	Fact       factRef            `json:"fact"`
	UpdatedAt  time.Time          `json:"updated_at"`
}

func (r refundRow) training() bool { return r.Request.Training != nil && *r.Request.Training }

// counts says whether a refund is one in the books.
func (r refundRow) counts() bool { return !r.training() && r.Status != wire.RefundStatusFailed }

// session is the session of a refund, empty for none.
func (r refundRow) session() string {
	if r.Request.SessionID == nil {
		return ""
	}
	return *r.Request.SessionID
}

// partOf applies a record whose id is that of a part of what its body names.
func partOf(run func(*Server, *call) (answer, *wire.Problem)) func(*Server, *call) (answer, *wire.Problem) {
	return func(s *Server, live *call) (answer, *wire.Problem) {
		live.part = live.key
		return run(s, live)
	}
}

// putRefund gives money of a payment back: never more than it brought less what went
// back before. Any till of the store may; in cash it leaves that till's drawer.
func (s *Server) putRefund(c *call) (answer, *wire.Problem) {
	var request wire.RefundRequest
	if json.Unmarshal(c.body, &request) != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the refund cannot be read")
	}
	hash, err := requestHash(c.body)
	if err != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, err.Error())
	}
	if row, known := s.state.refunds.get(c.part); known {
		return putKnownRefund(c, row, request, hash)
	}
	payment, known := s.payment(c.id)
	if !known || payment.StoreID != c.store {
		return answer{}, wire.NewProblem(wire.CodeNotFound, "no such payment")
	}
	if problem := s.checkRefund(c, payment, request); problem != nil {
		return answer{}, problem
	}
	if problem := s.claimLive(c, request.Epoch, request.TerminalSeq, c.part); problem != nil {
		return answer{}, problem
	}
	row := refundRow{
		ID: c.part, PaymentID: c.id, TerminalID: c.terminal, StoreID: c.store, Request: request, Hash: hash,
		Method: payment.Request.Method, Fact: c.tells(request.Epoch, request.TerminalSeq),
	}
	row, err = s.giveBack(payment, row)
	if err != nil {
		s.log.Error("refund is not booked", "refund", c.part, "error", err)
		return answer{}, wire.NewProblem(wire.CodeInternalError, "the refund could not be booked")
	}
	return created(refundBody(row)), nil
}

// putKnownRefund answers a refund whose id is known: its replay, or another request
// that may not have the id.
func putKnownRefund(c *call, row refundRow, request wire.RefundRequest, hash string) (answer, *wire.Problem) {
	same := row.PaymentID == c.id && row.TerminalID == c.terminal &&
		(row.Hash == hash || c.recorded != nil && row.Request.Amount == request.Amount)
	if !same {
		return answer{}, wire.NewProblem(wire.CodeIdempotencyKeyReused, "another refund has this id")
	}
	result := created(refundBody(row))
	result.replayed = true
	return result, nil
}

// checkRefund says why a payment cannot be refunded so. It is asked of a record too: one
// that would give back more than came is a person's to look at.
func (s *Server) checkRefund(c *call, payment paymentRow, request wire.RefundRequest) *wire.Problem {
	if request.PaymentID != nil && *request.PaymentID != c.id {
		return wire.NewProblem(wire.CodeMalformedRequest, "path and body name two payments",
			wire.Violation{Pointer: "/payment_id", Code: wire.CodeMalformedRequest, Expected: c.id, Actual: *request.PaymentID})
	}
	if request.Approval != nil && request.Approval.ApproverID == request.OperatorID {
		return wire.NewProblem(wire.CodeRequiredField, "nobody approves for oneself",
			wire.Violation{Pointer: "/approval/approver_id", Code: wire.CodeRequiredField, Detail: new("the operator's own")})
	}
	if found := checkCurrency("/amount", request.Amount); len(found) > 0 {
		return wire.NewProblem(wire.CodeTotalMismatch, "another currency", found...)
	}
	if request.Amount.Amount <= 0 {
		return wire.NewProblem(wire.CodeRequiredField, "nothing would be refunded",
			wire.Violation{Pointer: "/amount/amount", Code: wire.CodeRequiredField})
	}
	return s.checkRefundable(payment, request)
}

// checkRefundable says why there is not so much to give back.
func (s *Server) checkRefundable(payment paymentRow, request wire.RefundRequest) *wire.Problem {
	left := payment.refundableCents()
	switch {
	case isTraining(&payment.Request) != (request.Training != nil && *request.Training):
		return wire.NewProblem(wire.CodeNotRefundable, "training and business are two things")
	case left == 0 && payment.Refunded > 0:
		return wire.NewProblem(wire.CodeNotRefundable, "all of it is refunded")
	case left == 0:
		return wire.NewProblem(wire.CodeNotRefundable, fmt.Sprintf("the payment is %s", payment.Status))
	case payment.Status == wire.PaymentStatusAuthorised:
		return wire.NewProblem(wire.CodeNotRefundable, "the payment is not captured to its end")
	case payment.Pix != nil && payment.Pix.PaidAt != nil && s.now().After(payment.Pix.PaidAt.Add(returnWindow)):
		return wire.NewProblem(wire.CodeNotRefundable, "a Pix can be given back for 90 days")
	case request.Amount.Amount > left:
		return wire.NewProblem(wire.CodeAmountExceedsDue, "more than is left of the payment",
			wire.Violation{Pointer: "/amount/amount", Code: wire.CodeAmountExceedsDue, Expected: left, Actual: request.Amount.Amount})
	}
	return nil
}

// refundableCents is what of a payment may go back: what it brought, and what came when
// it should not have, less what went back.
func (p paymentRow) refundableCents() int64 {
	return p.capturedCents() + p.lateCents() - p.Refunded
}

// giveBack books a refund that was checked, and lets payment and order follow.
func (s *Server) giveBack(payment paymentRow, row refundRow) (refundRow, error) {
	now := s.now().UTC()
	row.From, row.To = shopAccount(payment, &payment.Request), payment.Account
	row.Status, row.UpdatedAt = wire.RefundStatusSucceeded, now
	to := row.To
	switch {
	case payment.lateCents() > 0:
		row.From = owedOf(payment.StoreID)
	case payment.Request.Method == wire.MethodCash:
		row.From = cashOf(row.StoreID, row.TerminalID)
	}
	if s.refundsSlow.Load() && payment.Request.Method != wire.MethodCash {
		row.Status, to = wire.RefundStatusProcessing, returning(row.ID)
	}
	if payment.Request.Method == wire.MethodPix {
		row.ReturnID = s.pixID('D', now)
	}
	if !row.training() {
		if err := s.state.book(ledger.Move(entryID(row.ID, "refund"), row.From, to, row.Request.Amount.Amount)); err != nil {
			return row, err
		}
	}
	payment.Refunded += row.Request.Amount.Amount
	payment.happened(now, fmt.Sprintf("refund %s of %d: %s", row.ID, row.Request.Amount.Amount, row.Status))
	s.state.refunds.put(row.ID, row)
	s.followRefund(payment)
	return row, nil
}

// followRefund stores a payment whose refunds have changed, and lets its order follow.
func (s *Server) followRefund(payment paymentRow) {
	if captured := payment.capturedCents(); captured > 0 {
		switch {
		case payment.Refunded == 0:
			payment.Status = wire.PaymentStatusCaptured
		case payment.Refunded < captured:
			payment.Status = wire.PaymentStatusPartiallyRefunded
		default:
			payment.Status = wire.PaymentStatusRefunded
		}
	}
	s.state.putPayment(payment)
	s.returnOrder(payment.Request.OrderID)
}

// returnable are the states of an order whose goods are paid for.
var returnable = []wire.OrderStatus{
	wire.OrderStatusPaid, wire.OrderStatusConfirmed, wire.OrderStatusInDelivery, wire.OrderStatusShipped, wire.OrderStatusDelivered,
}

// returnOrder calls an order returned once all that was paid for it went back. A part
// leaves it as it is: the contract has no word for it but on the payment.
func (s *Server) returnOrder(id string) {
	row, known := s.state.orders.get(id)
	if !known || !slices.Contains(returnable, row.Status) {
		return
	}
	var captured, refunded int64
	for _, paymentID := range s.state.byOrder[id] {
		payment, _ := s.payment(paymentID)
		if payment.pendingCents() > 0 {
			return
		}
		if brought := payment.capturedCents(); brought > 0 {
			captured, refunded = captured+brought, refunded+s.wentBack(paymentID)
		}
	}
	if captured == 0 || refunded < captured {
		return
	}
	row.Status, row.UpdatedAt = wire.OrderStatusReturned, s.now().UTC()
	row.Version++
	s.state.orders.put(id, row)
}

// wentBack is what of a payment is with its payer again.
func (s *Server) wentBack(paymentID string) int64 {
	var sum int64
	for _, row := range s.state.refunds.rows {
		if row.PaymentID == paymentID && row.Status == wire.RefundStatusSucceeded {
			sum += row.Request.Amount.Amount
		}
	}
	return sum
}

// getRefund tells how a refund is getting on, to any till of the store.
func (s *Server) getRefund(c *call) (answer, *wire.Problem) {
	row, known := s.state.refunds.get(c.part)
	if !known || row.StoreID != c.store || row.PaymentID != c.id {
		return answer{}, wire.NewProblem(wire.CodeNotFound, "no such refund of this payment")
	}
	return answer{status: http.StatusOK, body: refundBody(row)}, nil
}

func refundBody(row refundRow) wire.Refund {
	refund := wire.Refund{
		RefundID: row.ID, TerminalID: &row.TerminalID, Amount: row.Request.Amount, Status: row.Status,
		Reason: new(string(row.Request.Reason)),
		Origin: &wire.Origin{
			Epoch: row.Request.Epoch, TerminalSeq: row.Request.TerminalSeq, OccurredAt: row.Request.OccurredAt,
			BusinessDate: row.Request.BusinessDate, OperatorID: row.Request.OperatorID, SessionID: row.Request.SessionID,
			Training: row.Request.Training, Approval: row.Request.Approval,
		},
	}
	if row.ReturnID != "" {
		refund.ReturnID = &row.ReturnID
	}
	return refund
}

// returning is where the money of a refund waits that is under way.
func returning(refundID string) string { return "refund:" + refundID }

// commandRefunds lets refunds take their time, as those of cards do, or not.
func (s *Server) commandRefunds(_ context.Context, args []string) (string, error) {
	switch {
	case len(args) == 1 && args[0] == "slow":
		s.refundsSlow.Store(true)
	case len(args) == 1 && args[0] == "at-once":
		s.refundsSlow.Store(false)
	default:
		return "", errors.New("slow or at-once?")
	}
	return s.describe(), nil
}

// commandRefund ends a refund that is under way.
func (s *Server) commandRefund(_ context.Context, args []string) (string, error) {
	if len(args) != 2 || args[1] != string(wire.RefundStatusSucceeded) && args[1] != string(wire.RefundStatusFailed) {
		return "", errors.New("a refund's id and succeeded or failed are needed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row, known := s.state.refunds.get(args[0])
	if !known || row.Status != wire.RefundStatusProcessing {
		return "", fmt.Errorf("no refund %s is under way", args[0])
	}
	if err := s.endRefund(row, wire.RefundStatus(args[1])); err != nil {
		return "", err
	}
	return fmt.Sprintf("refund %s %s", row.ID, args[1]), s.state.journal.commit()
}

func (s *Server) endRefund(row refundRow, status wire.RefundStatus) error {
	payment, _ := s.payment(row.PaymentID)
	to := row.To
	if status == wire.RefundStatusFailed {
		to = row.From
		payment.Refunded -= row.Request.Amount.Amount
	}
	if !row.training() {
		if err := s.state.book(ledger.Move(entryID(row.ID, string(status)), returning(row.ID), to, row.Request.Amount.Amount)); err != nil {
			return err
		}
	}
	row.Status, row.UpdatedAt = status, s.now().UTC()
	payment.happened(row.UpdatedAt, fmt.Sprintf("refund %s: %s", row.ID, status))
	s.state.refunds.put(row.ID, row)
	s.followRefund(payment)
	return nil
}
