package simcentral

import (
	"encoding/json"
	"fmt"

	"balcao/simulators/simcentral/ledger"
	"balcao/sync/wire"
)

// capturePayment takes what a payment with capture by hand holds: all of it, or a part
// at a time. A final capture gives the rest back to the payer.
func (s *Server) capturePayment(c *call) (answer, *wire.Problem) {
	return s.once(c, c.key, func() (answer, *wire.Problem) {
		var step wire.Capture
		if json.Unmarshal(c.body, &step) != nil {
			return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the capture cannot be read")
		}
		row, known := s.payment(c.id)
		if !known || row.TerminalID != c.terminal {
			return answer{}, wire.NewProblem(wire.CodeNotFound, "no such payment")
		}
		if problem := checkCapture(row, step); problem != nil {
			return answer{}, problem
		}
		if problem := s.claimLive(c, step.Epoch, step.TerminalSeq, c.key); problem != nil {
			return answer{}, problem
		}
		return s.capture(c, row, step)
	})
}

// checkCapture says why a payment cannot be captured so.
func checkCapture(row paymentRow, step wire.Capture) *wire.Problem {
	switch row.Status {
	case wire.PaymentStatusAuthorised:
	case wire.PaymentStatusAwaitingConfirmation:
		return wire.NewProblem(wire.CodePaymentDataInvalid, "the payment waits for its confirmation, not for a capture")
	case wire.PaymentStatusCaptured, wire.PaymentStatusPartiallyRefunded, wire.PaymentStatusRefunded:
		return wire.NewProblem(wire.CodeAlreadyCaptured, "")
	case wire.PaymentStatusReversed:
		return wire.NewProblem(wire.CodeAlreadyReversed, "")
	default:
		return wire.NewProblem(wire.CodeDeclined, fmt.Sprintf("the payment is %s", row.Status))
	}
	if step.Amount == nil {
		return nil
	}
	if found := checkCurrency("/amount", *step.Amount); len(found) > 0 {
		return wire.NewProblem(wire.CodeTotalMismatch, "another currency", found...)
	}
	if step.Amount.Amount < 0 || step.Amount.Amount == 0 && (row.Taken == nil || !final(step)) {
		return wire.NewProblem(wire.CodeRequiredField, "nothing would be captured",
			wire.Violation{Pointer: "/amount/amount", Code: wire.CodeRequiredField})
	}
	if held := row.pendingCents(); step.Amount.Amount > held {
		return wire.NewProblem(wire.CodeAmountExceedsDue, "more than is held",
			wire.Violation{Pointer: "/amount/amount", Code: wire.CodeAmountExceedsDue, Expected: held, Actual: step.Amount.Amount})
	}
	return nil
}

func final(step wire.Capture) bool { return step.Final == nil || *step.Final }

// capture books a capture that was checked. It is the till's decision, so what it
// ends is beyond reversal.
func (s *Server) capture(c *call, row paymentRow, step wire.Capture) (answer, *wire.Problem) {
	held := row.pendingCents()
	taken := held
	if step.Amount != nil {
		taken = step.Amount.Amount
	}
	ends := final(step) || taken == held
	hold, shop := holdOf(row.ID), shopAccount(row, &row.Request)
	postings := []ledger.Posting{{Account: hold, Cents: -taken}, {Account: shop, Cents: taken}}
	if rest := held - taken; ends && rest > 0 {
		postings = append(postings, ledger.Posting{Account: hold, Cents: -rest}, ledger.Posting{Account: row.Account, Cents: rest})
	}
	if !isTraining(&row.Request) {
		if err := s.state.book(ledger.Entry{ID: entryID(join(row.ID, c.key), "capture"), Postings: postings}); err != nil {
			s.log.Error("capture is not booked", "payment", row.ID, "error", err)
			return answer{}, wire.NewProblem(wire.CodeInternalError, "the capture could not be booked")
		}
	}
	row.Taken = new(row.capturedCents() + taken)
	if row.CapturedBy == nil {
		row.CapturedBy = new(c.tells(step.Epoch, step.TerminalSeq))
	}
	if ends {
		row.Status, row.Confirmed = wire.PaymentStatusCaptured, true
	}
	row.happened(s.now().UTC(), fmt.Sprintf("captured %d", taken))
	return s.finish(row)
}

// capturedCents is what a payment has brought the shop, whatever went back since.
func (p paymentRow) capturedCents() int64 {
	switch p.Status {
	case wire.PaymentStatusCaptured, wire.PaymentStatusPartiallyRefunded, wire.PaymentStatusRefunded:
		return p.soldCents()
	case wire.PaymentStatusAuthorised:
		if p.Taken != nil {
			return *p.Taken
		}
	}
	return 0
}

// soldCents is what a payment that was captured came to, whatever became of it since.
func (p paymentRow) soldCents() int64 {
	if p.Taken != nil {
		return *p.Taken
	}
	return p.Request.Amount.Amount
}

// pendingCents is what a payment may still bring.
func (p paymentRow) pendingCents() int64 {
	switch p.Status {
	case wire.PaymentStatusAuthorised, wire.PaymentStatusAwaitingConfirmation, wire.PaymentStatusRequiresAction:
		return p.Request.Amount.Amount - p.capturedCents()
	}
	return 0
}

// addMoney shows how much of a payment came, went back, and is to come.
func addMoney(payment *wire.Payment, row paymentRow) {
	if captured := row.capturedCents() + row.lateCents(); captured > 0 {
		payment.Captured = &wire.Money{Amount: captured, Currency: currencyOnly}
	}
	if row.Refunded > 0 {
		payment.Refunded = &wire.Money{Amount: row.Refunded, Currency: currencyOnly}
	}
	if row.Processed {
		payment.Processed = &row.Processed
	}
	if row.Status == wire.PaymentStatusRequiresAction && row.Pix != nil {
		payment.NextAction = &wire.NextAction{
			Type: new(wire.PaymentNextActionTypeShowPixQr), BrCode: &row.Pix.BRCode, Txid: &row.Pix.TxID, ExpiresAt: &row.Pix.ExpiresAt,
		}
	}
}
