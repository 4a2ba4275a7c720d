package simcentral_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/sync/wire"
)

func (s *shop) refundOf(cents int64) wire.RefundRequest {
	request := wire.RefundRequest{
		Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, OperatorID: "maria",
		Amount: reals(cents), Reason: wire.RefundRequestReasonCustomerRequest,
	}
	request.BusinessDate.Time = time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	return request
}

func (s *shop) putRefund(paymentID, id string, request wire.RefundRequest) reply {
	s.Helper()
	return s.call(http.MethodPut, "/v1/payments/"+paymentID+"/refunds/"+id, request)
}

func (s *shop) refund(paymentID, id string, cents int64) reply {
	s.Helper()
	return s.putRefund(paymentID, id, s.refundOf(cents))
}

func (s *shop) getRefund(paymentID, id string) reply {
	s.Helper()
	return s.call(http.MethodGet, "/v1/payments/"+paymentID+"/refunds/"+id, nil)
}

// sell is a card payment that is captured.
func (s *shop) sell(cents int64) (id string) {
	s.Helper()
	id = s.id()
	require.Equal(s, http.StatusCreated, s.pay(id, s.card(cents, wire.MethodCredit, s.freshCard().Chip(cents, "1234"))).status)
	require.Equal(s, http.StatusOK, s.confirm(id, s.id(), wire.ConfirmationOutcomeConfirmed).status)
	return id
}

func TestARefundGivesMoneyBackInParts(t *testing.T) {
	s := openShop(t)
	id, first := s.sell(2_500), s.id()
	got := decode[wire.Refund](t, s.refund(id, first, 1_000), http.StatusCreated)
	require.Equal(t, wire.RefundStatusSucceeded, got.Status)
	require.Equal(t, first, got.RefundID)
	payment := decode[wire.Payment](t, s.get(id), http.StatusOK)
	require.Equal(t, wire.PaymentStatusPartiallyRefunded, payment.Status)
	require.EqualValues(t, 2_500, payment.Captured.Amount)
	require.EqualValues(t, 1_000, payment.Refunded.Amount)

	s.restart()
	problem := requireProblem(t, s.refund(id, s.id(), 1_501), http.StatusUnprocessableEntity, wire.CodeAmountExceedsDue)
	require.EqualValues(t, 1_500, (*problem.Violations)[0].Expected)
	require.Equal(t, http.StatusCreated, s.refund(id, s.id(), 1_500).status)
	require.Equal(t, wire.PaymentStatusRefunded, decode[wire.Payment](t, s.get(id), http.StatusOK).Status)
	requireProblem(t, s.refund(id, s.id(), 1), http.StatusConflict, wire.CodeNotRefundable)
	books := s.ledger()
	require.Zero(t, books.Accounts["customer:ana"])
	require.Zero(t, books.Accounts["merchant:1"])
	require.Equal(t, got.Amount, decode[wire.Refund](t, s.getRefund(id, first), http.StatusOK).Amount)
}

func TestARefundAgainIsTheSameRefund(t *testing.T) {
	s := openShop(t)
	payment, id := s.sell(2_500), s.id()
	request := s.refundOf(1_000)
	first := s.putRefund(payment, id, request)
	again := s.putRefund(payment, id, request)
	require.Equal(t, http.StatusCreated, again.status)
	require.True(t, again.replayed())
	require.JSONEq(t, string(first.body), string(again.body))
	request.Amount = reals(900)
	requireProblem(t, s.putRefund(payment, id, request), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	requireProblem(t, s.putRefund(s.sell(2_500), id, s.refundOf(1_000)), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	require.EqualValues(t, 4_000, s.ledger().Accounts["merchant:1"])
}

func TestWhatCannotBeRefundedSaysWhy(t *testing.T) {
	s := openShop(t)
	held, declined, reversed, training := s.id(), s.id(), s.id(), s.id()
	s.pay(held, s.card(100, wire.MethodCredit, s.freshCard().Chip(100, "1234")))
	s.pay(declined, s.card(100, wire.MethodDebit, bia().Chip(100, "0000")))
	s.reverse(reversed, s.id())
	drill := s.payment(s.id(), wire.MethodCash, 100)
	drill.Training = new(true)
	s.pay(training, drill)
	for name, id := range map[string]string{"held": held, "declined": declined, "tombstone": reversed, "training": training} {
		requireProblem(t, s.refund(id, s.id(), 100), http.StatusConflict, wire.CodeNotRefundable)
		require.Zero(t, s.ledger().Payments[id].Refunded, name)
	}
	requireProblem(t, s.refund(s.id(), s.id(), 100), http.StatusNotFound, wire.CodeNotFound)
	requireProblem(t, s.getRefund(held, s.id()), http.StatusNotFound, wire.CodeNotFound)

	sold := s.sell(500)
	own := s.refundOf(100)
	own.Approval = &wire.Approval{ApproverID: own.OperatorID, Reason: "eu mesma"}
	foreign, elsewhere := s.refundOf(100), s.refundOf(100)
	foreign.Amount.Currency, elsewhere.PaymentID = "USD", &held
	for _, wrong := range []struct {
		request wire.RefundRequest
		status  int
		code    string
	}{
		{own, http.StatusUnprocessableEntity, wire.CodeRequiredField},
		{foreign, http.StatusUnprocessableEntity, wire.CodeTotalMismatch},
		{s.refundOf(0), http.StatusUnprocessableEntity, wire.CodeRequiredField},
		{elsewhere, http.StatusBadRequest, wire.CodeMalformedRequest},
	} {
		requireProblem(t, s.putRefund(sold, s.id(), wrong.request), wrong.status, wrong.code)
	}
}

func TestCashGoesBackOutOfTheDrawer(t *testing.T) {
	w := openDay(t)
	id := w.id()
	request := w.payment(w.id(), wire.MethodCash, 2_000)
	request.SessionID, request.TerminalSeq = &w.session, w.stream.seq+1
	require.Equal(t, "accepted", w.tellAs(id, "payment", request))
	refund := w.refundOf(500)
	refund.SessionID, refund.TerminalSeq, refund.PaymentID = &w.session, w.stream.seq+1, &id
	refundID := w.id()
	require.Equal(t, "accepted", w.tellAs(refundID, "refund", refund))
	require.True(t, w.putRefund(id, refundID, refund).replayed(), "the live call after its record")
	require.EqualValues(t, 20_000+2_000-500, w.ledger().Accounts["cash:1:T-0001"])

	lines := []wire.TotalLine{
		totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 2_000), totalLine(wire.TotalLineTypeRefund, wire.MethodCash, 1, 500),
		totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000), totalLine(wire.TotalLineTypeExpected, wire.MethodCash, 1, 21_500),
	}
	require.Equal(t, "accepted", w.tell("x_report", w.report(wire.ReportKindX, lines...)))
	require.Equal(t, "rejected(total-mismatch)", w.tell("x_report", w.report(wire.ReportKindX, append(lines[:1:1], lines[2:]...)...)), "a refund left out")

	require.Equal(t, "accepted", w.tell("session_close", w.closingOf(21_500)))
	books := w.ledger()
	require.Zero(t, books.Accounts["cash:1:T-0001"])
	require.EqualValues(t, 1_500, books.Accounts["safe:1"])
}

// closingOf is the close as a record tells it.
func (w *workday) closingOf(counted int64) wire.SessionRequest {
	request := w.closing(counted)
	request.SessionID = &w.session
	return request
}

func TestARecordOfARefundIsItsLiveCall(t *testing.T) {
	w := openDay(t)
	w.shop.seq = 100 // live calls tell facts of their own, far ahead
	payment, id := w.sell(2_500), w.id()
	refund := w.refundOf(1_000)
	refund.TerminalSeq, refund.PaymentID = w.stream.seq+1, &payment
	require.Equal(t, http.StatusCreated, w.putRefund(payment, id, refund).status)
	require.Equal(t, "duplicate", w.tellAs(id, "refund", refund))
	refund.TerminalSeq, refund.Amount = w.stream.seq+1, reals(1_600)
	require.Equal(t, "rejected(amount-exceeds-due)", w.tell("refund", refund))
	require.Contains(t, w.command("status"), "amount-exceeds-due", "for a person to look at")
	refund.TerminalSeq, refund.PaymentID = w.stream.seq+1, nil
	require.Equal(t, "rejected(required-field)", w.tell("refund", refund))
	require.EqualValues(t, 1_500, w.ledger().Accounts["merchant:1"])
}

func TestAnotherTillOfTheStoreMayRefund(t *testing.T) {
	s := openShop(t)
	second := s.trustToo("T-0002")
	s.restart()
	id, refund := s.id(), s.id()
	s.pay(id, s.payment(s.id(), wire.MethodCash, 1_000))
	s.client = s.clientOf(second)
	s.token = s.newToken(s.client)
	require.Equal(t, http.StatusCreated, s.refund(id, refund, 400).status)
	require.Equal(t, http.StatusOK, s.getRefund(id, refund).status)
	requireProblem(t, s.get(id), http.StatusNotFound, wire.CodeNotFound)
	books := s.ledger()
	require.EqualValues(t, 1_000, books.Accounts["cash:1:T-0001"])
	require.EqualValues(t, -400, books.Accounts["cash:1:T-0002"], "it left the drawer of the till that gave it")
	require.EqualValues(t, -400, books.Terminals["T-0002"].DrawerCents)
	require.Contains(t, string(books.Terminals["T-0002"].Sessions["none"]), `"refunds": {`)
}

func TestARefundMayTakeItsTimeAndMayFail(t *testing.T) {
	s := openShop(t)
	order := s.orderOf(2_500)
	orderID, payment, id := s.id(), s.id(), s.id()
	require.Equal(t, http.StatusCreated, s.putOrder(orderID, order).status)
	request := s.card(2_500, wire.MethodCredit, s.freshCard().Chip(2_500, "1234"))
	request.OrderID = orderID
	s.pay(payment, request)
	s.confirm(payment, s.id(), wire.ConfirmationOutcomeConfirmed)
	require.Equal(t, "up, refunds slow", s.command("refunds slow"))
	require.Equal(t, wire.RefundStatusProcessing, decode[wire.Refund](t, s.refund(payment, id, 2_500), http.StatusCreated).Status)
	require.EqualValues(t, 2_500, s.ledger().Accounts["refund:"+id])
	requireProblem(t, s.refund(payment, s.id(), 1), http.StatusConflict, wire.CodeNotRefundable)
	s.command("refund " + id + " failed")
	require.Equal(t, wire.RefundStatusFailed, decode[wire.Refund](t, s.getRefund(payment, id), http.StatusOK).Status)
	require.Equal(t, wire.PaymentStatusCaptured, decode[wire.Payment](t, s.get(payment), http.StatusOK).Status)
	require.Equal(t, wire.OrderStatusPaid, s.ledger().Orders[orderID].Status)
	require.EqualValues(t, 2_500, s.ledger().Accounts["merchant:1"])

	again := s.id()
	s.refund(payment, again, 2_500)
	s.restart()
	s.command("refund " + again + " succeeded")
	require.Zero(t, s.ledger().Accounts["customer:ana"])
	require.Equal(t, wire.PaymentStatusRefunded, decode[wire.Payment](t, s.get(payment), http.StatusOK).Status)
	require.Equal(t, wire.OrderStatusReturned, s.ledger().Orders[orderID].Status)
	_, err := s.server.Command(t.Context(), []string{"refund", again, "failed"})
	require.ErrorContains(t, err, "under way")
}

// orderOf is an order of one thing at a price.
func (s *shop) orderOf(cents int64) wire.OrderRequest {
	order := s.order()
	order.Lines = []wire.OrderLine{line("1", "1", fmt.Sprintf("%d.%02d", cents/100, cents%100), 0, cents)}
	order.Totals = wire.Totals{Items: reals(cents), Total: reals(cents)}
	return order
}

func TestAnOrderOfWhichAPartWentBackStaysPaid(t *testing.T) {
	s := openShop(t)
	orderID, payment := s.id(), s.id()
	s.putOrder(orderID, s.orderOf(2_500))
	request := s.payment(orderID, wire.MethodCash, 2_500)
	s.pay(payment, request)
	s.refund(payment, s.id(), 500)
	got := decode[wire.Order](t, s.call(http.MethodGet, "/v1/orders/"+orderID, nil), http.StatusOK)
	require.Equal(t, wire.OrderStatusPaid, got.Status)
	require.Zero(t, got.Due.Amount, "what went back is not due again")
	s.refund(payment, s.id(), 2_000)
	require.Equal(t, wire.OrderStatusReturned, s.ledger().Orders[orderID].Status)
}

func TestTheBooksAddUpWhateverIsRefunded(t *testing.T) {
	seed := golden.Seed(t)
	random := rand.New(rand.NewPCG(seed, 1))
	s := openShop(t)
	left := map[string]int64{}
	var ids []string
	for range 12 {
		cents := 100 + random.Int64N(900)
		id := s.id()
		switch random.IntN(4) {
		case 0:
			s.pay(id, s.payment(s.id(), wire.MethodCash, cents))
		case 1:
			id = s.sell(cents)
		case 2:
			s.charge(id, cents)
			s.command("pix pay " + id)
		default:
			s.charge(id, cents)
			s.reverse(id, s.id())
			s.command("pix pay-late " + id)
		}
		left[id] = cents
		ids = append(ids, id)
	}
	for range 40 {
		id, cents := ids[random.IntN(len(ids))], 1+random.Int64N(600)
		got := s.refund(id, s.id(), cents)
		if cents <= left[id] {
			require.Equal(t, http.StatusCreated, got.status, string(got.body))
			left[id] -= cents
		} else {
			require.Contains(t, []int{http.StatusConflict, http.StatusUnprocessableEntity}, got.status)
		}
		require.Zero(t, s.ledger().Sum)
	}
	var want int64
	for _, cents := range left {
		want += cents
	}
	s.restart()
	books := s.ledger()
	require.Zero(t, books.Sum)
	require.Equal(t, want, books.Accounts["merchant:1"]+books.Accounts["cash:1:T-0001"]+books.Accounts["owed:1"])
}
