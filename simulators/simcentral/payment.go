package simcentral

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"balcao/simulators/simcentral/issuer"
	"balcao/simulators/simcentral/ledger"
	"balcao/sync/wire"
)

// acquirer is the name this central signs its approvals with.
const acquirer = "SIMPAY"

// unknownOrder stands in a tombstone whose reversal told nothing of the original.
const unknownOrder = "00000000000000000000000000"

func (s *Server) getPayment(c *call) (answer, *wire.Problem) {
	row, known := s.payment(c.id)
	if !known || row.TerminalID != c.terminal {
		return answer{}, wire.NewProblem(wire.CodeNotFound, "no such payment")
	}
	return ok(paymentBody(row)), nil
}

// putPayment authorises, or records what was settled elsewhere. The same request again
// is answered with the payment as it is now, which may be reversed since.
func (s *Server) putPayment(c *call) (answer, *wire.Problem) {
	var request wire.PaymentRequest
	if json.Unmarshal(c.body, &request) != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the payment cannot be read")
	}
	hash, err := requestHash(c.body)
	if err != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, err.Error())
	}
	if problem := clearTags(request.Card); problem != nil {
		return answer{}, problem
	}
	if row, known := s.payment(c.id); known {
		return s.putKnownPayment(c, row, request, hash)
	}
	if problem := s.admitPayment(c, &request); problem != nil {
		return answer{}, problem
	}
	if problem := s.claimLive(c, request.Epoch, request.TerminalSeq, c.id); problem != nil {
		return answer{}, problem
	}
	row := paymentRow{ID: c.id, TerminalID: c.terminal, StoreID: c.store, Hash: hash}
	row, err = s.decide(row, &request)
	if err != nil {
		s.log.Error("payment is not booked", "payment", c.id, "error", err)
		return answer{}, wire.NewProblem(wire.CodeInternalError, "the payment could not be booked")
	}
	row.Request = withoutCiphertext(request)
	if row.Status == wire.PaymentStatusCaptured {
		row.CapturedBy = new(c.tells(request.Epoch, request.TerminalSeq))
	}
	s.state.putPayment(row)
	s.refreshOrder(request.OrderID)
	if row.Status == wire.PaymentStatusRequiresAction {
		return answer{status: http.StatusAccepted, body: paymentBody(row)}, nil
	}
	return created(paymentBody(row)), nil
}

// putKnownPayment answers a payment whose id is known: its replay, another request
// that may not have the id, or the original of a reversal that was here first.
func (s *Server) putKnownPayment(c *call, row paymentRow, request wire.PaymentRequest, hash string) (answer, *wire.Problem) {
	if row.TerminalID != c.terminal {
		return answer{}, wire.NewProblem(wire.CodeDuplicatePayment, "another terminal has this payment")
	}
	if row.Tombstone && row.Hash == "" {
		if problem := s.claimLive(c, request.Epoch, request.TerminalSeq, c.id); problem != nil {
			return answer{}, problem
		}
		row.Request, row.Hash = withoutCiphertext(request), hash
		row.happened(s.now().UTC(), "original came after its reversal: refused")
		s.state.putPayment(row)
		return created(paymentBody(row)), nil
	}
	if row.Hash != hash && !(c.recorded != nil && samePayment(row.Request, request)) {
		return answer{}, wire.NewProblem(wire.CodeDuplicatePayment, "")
	}
	return answer{status: http.StatusOK, body: paymentBody(row), replayed: true}, nil
}

// samePayment says whether a record tells of the payment that a live call brought: the
// record may know more of it than the call did.
func samePayment(a, b wire.PaymentRequest) bool {
	return a.OrderID == b.OrderID && a.Method == b.Method && a.Amount == b.Amount
}

// clearTags refuses tags in clear that name a card or its holder.
func clearTags(card *wire.CardPresent) *wire.Problem {
	if card == nil || card.EMVRequest == nil {
		return nil
	}
	tags, err := issuer.ParseTags(*card.EMVRequest)
	if err != nil {
		return nil // the issuer refuses them as data it cannot read
	}
	found := tags.CardholderTags()
	if len(found) == 0 {
		return nil
	}
	return wire.NewProblem(wire.CodeSensitiveData, fmt.Sprintf("tag %X in clear", found[0]),
		wire.Violation{Pointer: "/card/emv_request", Code: wire.CodeSensitiveData})
}

// admitPayment checks a payment against its order. A record has happened and is taken.
func (s *Server) admitPayment(c *call, request *wire.PaymentRequest) *wire.Problem {
	if c.recorded != nil {
		if needsIssuer(request) || needsCentral(request) {
			return wire.NewProblem(wire.CodeRequiredField, "a record of a payment that others decide tells how it ended",
				wire.Violation{Pointer: "/result", Code: wire.CodeRequiredField})
		}
		return nil
	}
	if violations := s.checkTerms(request); request.Result == nil && len(violations) > 0 {
		return wire.NewProblem(violations[0].Code, "central takes no such payment", violations...)
	}
	order, known := s.state.orders.get(request.OrderID)
	if !known {
		return nil // orders and payments are sent side by side, either may come first
	}
	if order.Status == wire.OrderStatusBlocked || order.Status == wire.OrderStatusCancelled {
		return wire.NewProblem(wire.CodeOrderBlocked, fmt.Sprintf("the order is %s", order.Status))
	}
	captured, pending := s.paidCents(order.ID)
	if due := orderTotal(order) - captured - pending; request.Amount.Amount > due {
		return wire.NewProblem(wire.CodeAmountExceedsDue, "",
			wire.Violation{Pointer: "/amount/amount", Code: wire.CodeAmountExceedsDue, Expected: due, Actual: request.Amount.Amount})
	}
	return nil
}

// decide finds what becomes of a new payment, and moves the money.
func (s *Server) decide(row paymentRow, request *wire.PaymentRequest) (paymentRow, error) {
	now := s.now()
	switch {
	case request.Result != nil && request.Result.Approved != nil && !*request.Result.Approved:
		row.Status, row.Result = wire.PaymentStatusDeclined, request.Result
		row.happened(now.UTC(), "declined elsewhere")
		return row, nil
	case request.ValidUntil != nil && now.After(*request.ValidUntil) && request.Result == nil:
		row.Status = wire.PaymentStatusExpired
		row.Decline = &wire.Decline{Code: new(wire.PaymentDeclineCodeExpired), Retry: new(wire.PaymentDeclineRetryLater)}
		row.happened(now.UTC(), "came after valid_until")
		return row, nil
	case needsIssuer(request):
		return s.authorisePayment(row, request)
	case request.Method == wire.MethodPix && needsCentral(request):
		return s.openCharge(row, request)
	case request.Method == wire.MethodStoreCredit && needsCentral(request):
		return s.takeCredit(row, request)
	default:
		row.Account, row.Result = s.payerOf(row.StoreID, request), request.Result
		return s.take(row, request, "settled at the till")
	}
}

// needsIssuer says whether the card's bank must be asked: a card payment that nobody
// has decided yet.
func needsIssuer(request *wire.PaymentRequest) bool {
	if request.Result != nil {
		return false
	}
	if request.Card != nil && request.Card.Encrypted != nil {
		return true
	}
	card := request.Method == wire.MethodCredit || request.Method == wire.MethodDebit || request.Method == wire.MethodVoucher
	return card && request.Offline == nil
}

// authorisePayment asks the issuer.
func (s *Server) authorisePayment(row paymentRow, request *wire.PaymentRequest) (paymentRow, error) {
	decision := s.bank.Decide(request, s.now(), s.state)
	if decision.Account != "" {
		row.Account = customer(decision.Account)
		if !isTraining(request) {
			s.state.cards.put(decision.Account, decision.State)
		}
	}
	row.Checks, row.Decline = decision.Checks, decision.Decline
	row.Result = &wire.PaymentResult{
		Approved: new(decision.Approved), HostReached: new(decision.Reached), ResponseCode: new(decision.ResponseCode),
		Issuer: decision.Issuer, Acquirer: new(acquirer),
		NSU: new(fmt.Sprintf("%09d", s.state.next("nsu"))), AcquirerNSU: new(fmt.Sprintf("%012d", s.state.next("acquirer_nsu"))),
	}
	if !decision.Approved {
		row.Status = wire.PaymentStatusDeclined
		row.happened(s.now().UTC(), "declined: "+decision.ResponseCode)
		return row, nil
	}
	row.Result.AuthorisationCode = new(fmt.Sprintf("%06d", s.state.next("authorisation")))
	return s.take(row, request, "approved")
}

// take moves the money of an approved payment: into a hold while a second phase is to
// come, to the shop otherwise.
func (s *Server) take(row paymentRow, request *wire.PaymentRequest, what string) (paymentRow, error) {
	row.Status = wire.PaymentStatusCaptured
	to := shopAccount(row, request)
	switch {
	case request.TwoPhase != nil && *request.TwoPhase:
		row.Status, to = wire.PaymentStatusAwaitingConfirmation, holdOf(row.ID)
	case request.Capture != nil && *request.Capture == wire.PaymentRequestCaptureManual:
		row.Status, to = wire.PaymentStatusAuthorised, holdOf(row.ID)
	}
	row.happened(s.now().UTC(), what)
	return row, s.move(row, request, "authorise", row.Account, to)
}

// shopAccount is where the money of a payment ends.
func shopAccount(row paymentRow, request *wire.PaymentRequest) string {
	if request.Method == wire.MethodCash {
		return cashOf(row.StoreID, row.TerminalID)
	}
	return merchant(row.StoreID)
}

// move books one step of a payment. Training moves no money.
func (s *Server) move(row paymentRow, request *wire.PaymentRequest, step, from, to string) error {
	if isTraining(request) {
		return nil
	}
	return s.state.book(ledger.Move(entryID(row.ID, step), from, to, request.Amount.Amount))
}

func isTraining(request *wire.PaymentRequest) bool {
	return request.Training != nil && *request.Training
}

// withoutCiphertext is the request as it may be kept.
func withoutCiphertext(request wire.PaymentRequest) wire.PaymentRequest {
	if request.Card != nil {
		card := *request.Card
		card.Encrypted = nil
		request.Card = &card
	}
	return request
}

func (s *Server) confirmPayment(c *call) (answer, *wire.Problem) {
	return s.once(c, c.key, func() (answer, *wire.Problem) {
		var step wire.Confirmation
		if json.Unmarshal(c.body, &step) != nil {
			return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the confirmation cannot be read")
		}
		if problem := s.claimLive(c, step.Epoch, step.TerminalSeq, c.key); problem != nil {
			return answer{}, problem
		}
		row, known := s.payment(c.id)
		if !known || row.TerminalID != c.terminal {
			if step.Outcome == wire.ConfirmationOutcomeUndone {
				return s.bury(c, nil)
			}
			return answer{}, wire.NewProblem(wire.CodeNotFound, "no such payment")
		}
		if step.Card != nil {
			row.Card = step.Card
		}
		if step.Outcome == wire.ConfirmationOutcomeUndone {
			return s.undo(row, c.tells(step.Epoch, step.TerminalSeq), "undone")
		}
		if step.Card != nil && step.Card.Cryptogram == wire.CardCompletionCryptogramAac {
			return answer{}, wire.NewProblem(wire.CodePaymentDataInvalid, "the card refused (aac): undo it")
		}
		return s.confirm(row, c.tells(step.Epoch, step.TerminalSeq))
	})
}

// confirm captures what is held, by a fact of the till. What is captured already stays so.
func (s *Server) confirm(row paymentRow, by factRef) (answer, *wire.Problem) {
	switch row.Status {
	case wire.PaymentStatusCaptured, wire.PaymentStatusPartiallyRefunded, wire.PaymentStatusRefunded:
		row.Confirmed = row.Confirmed || row.Pix != nil // from here on its undo is a refund
	case wire.PaymentStatusAwaitingConfirmation:
		if err := s.move(row, &row.Request, "capture", holdOf(row.ID), shopAccount(row, &row.Request)); err != nil {
			s.log.Error("confirmation is not booked", "payment", row.ID, "error", err)
			return answer{}, wire.NewProblem(wire.CodeInternalError, "the confirmation could not be booked")
		}
		row.Status, row.Confirmed, row.CapturedBy = wire.PaymentStatusCaptured, true, &by
		row.happened(s.now().UTC(), "confirmed"+s.finalCryptogram(row))
	case wire.PaymentStatusReversed:
		return answer{}, wire.NewProblem(wire.CodeAlreadyReversed, "")
	default:
		return answer{}, wire.NewProblem(wire.CodeDeclined, fmt.Sprintf("the payment is %s", row.Status))
	}
	return s.finish(row)
}

// finalCryptogram tells what the card's last word is worth, for people who look.
func (s *Server) finalCryptogram(row paymentRow) string {
	card, request := row.Card, row.Request.Card
	if card == nil || card.EMVCompletion == nil || request == nil || request.EMVRequest == nil {
		return ""
	}
	name, _ := strings.CutPrefix(row.Account, customer(""))
	genuine, err := s.bank.VerifyCompletion(name, request.PANSequenceNumber, *request.EMVRequest, *card.EMVCompletion)
	switch {
	case err != nil:
		return ", " + string(card.Cryptogram) + " cannot be checked"
	case genuine:
		return ", " + string(card.Cryptogram) + " verified"
	default:
		return ", " + string(card.Cryptogram) + " does not verify"
	}
}

func (s *Server) reversePayment(c *call) (answer, *wire.Problem) {
	return s.once(c, c.key, func() (answer, *wire.Problem) {
		var step wire.ReversalRequest
		if json.Unmarshal(c.body, &step) != nil {
			return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the reversal cannot be read")
		}
		if problem := s.claimLive(c, step.Epoch, step.TerminalSeq, c.key); problem != nil {
			return answer{}, problem
		}
		row, known := s.payment(c.id)
		if !known || row.TerminalID != c.terminal {
			return s.bury(c, step.Original)
		}
		if step.Card != nil {
			row.Card = step.Card
		}
		return s.undo(row, c.tells(step.Epoch, step.TerminalSeq), "reversed: "+string(step.Reason))
	})
}

// undo gives the money back, by a fact of the till. A confirmed payment is beyond it: that is a refund.
func (s *Server) undo(row paymentRow, by factRef, what string) (answer, *wire.Problem) {
	from := holdOf(row.ID)
	switch row.Status {
	case wire.PaymentStatusRequiresAction:
		return s.removeCharge(row, by, what)
	case wire.PaymentStatusPartiallyRefunded, wire.PaymentStatusRefunded:
		return answer{}, wire.NewProblem(wire.CodeAlreadyCaptured, "some of it is refunded: refund the rest")
	case wire.PaymentStatusAuthorised, wire.PaymentStatusAwaitingConfirmation:
		if row.Taken != nil {
			return answer{}, wire.NewProblem(wire.CodeAlreadyCaptured, "some of it is captured: end that and refund")
		}
	case wire.PaymentStatusCaptured:
		if row.Confirmed {
			return answer{}, wire.NewProblem(wire.CodeAlreadyCaptured, "")
		}
		from = shopAccount(row, &row.Request)
	default: // declined, expired, reversed: nothing is held, and so it stays
		return s.finish(row)
	}
	if err := s.move(row, &row.Request, "reverse", from, row.Account); err != nil {
		s.log.Error("reversal is not booked", "payment", row.ID, "error", err)
		return answer{}, wire.NewProblem(wire.CodeInternalError, "the reversal could not be booked")
	}
	row.Status, row.UndoneBy = wire.PaymentStatusReversed, &by
	row.happened(s.now().UTC(), what)
	return s.finish(row)
}

// bury remembers the reversal of a payment that never came, so that it finds itself
// reversed if it does. It is the other half of "not found is not an answer".
func (s *Server) bury(c *call, original *wire.PaymentRequest) (answer, *wire.Problem) {
	if known, taken := s.state.payments.get(c.id); taken && known.TerminalID != c.terminal {
		return answer{}, wire.NewProblem(wire.CodeNotFound, "no such payment")
	}
	row := paymentRow{
		ID: c.id, TerminalID: c.terminal, StoreID: c.store, Tombstone: true, Status: wire.PaymentStatusReversed,
		Request: wire.PaymentRequest{
			OrderID: unknownOrder, Method: wire.MethodExternal, Amount: wire.Money{Currency: currencyOnly},
		},
	}
	if original != nil {
		row.Request = withoutCiphertext(*original)
	}
	row.happened(s.now().UTC(), "reversed before the original came")
	return s.finish(row)
}

// finish stores a payment after a step and lets its order follow.
func (s *Server) finish(row paymentRow) (answer, *wire.Problem) {
	s.state.putPayment(row)
	s.refreshOrder(row.Request.OrderID)
	return ok(paymentBody(row)), nil
}

// paymentBody is the payment as the contract shows it.
func paymentBody(row paymentRow) wire.Payment {
	payment := wire.Payment{
		PaymentID: row.ID, TerminalID: &row.TerminalID, OrderID: row.Request.OrderID, Method: row.Request.Method,
		Amount: row.Request.Amount, Status: row.Status, Decline: row.Decline, Result: row.Result, UpdatedAt: row.UpdatedAt,
	}
	if row.Request.Epoch != "" {
		payment.Origin = &wire.Origin{
			Epoch: row.Request.Epoch, TerminalSeq: row.Request.TerminalSeq, OccurredAt: row.Request.OccurredAt,
			BusinessDate: row.Request.BusinessDate, OperatorID: row.Request.OperatorID, SessionID: row.Request.SessionID,
			Training: row.Request.Training, Approval: row.Request.Approval,
		}
	}
	if len(row.Checks) > 0 {
		payment.Checks = &row.Checks
	}
	addMoney(&payment, row)
	return payment
}
