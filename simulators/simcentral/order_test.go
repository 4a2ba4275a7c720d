package simcentral_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral"
	"balcao/sync/wire"
)

func line(id, quantity, price string, discount, total int64) wire.OrderLine {
	made := wire.OrderLine{LineID: id, SKU: "7891000315507", Description: "Café", Quantity: quantity, UnitPrice: price, Total: reals(total)}
	if discount != 0 {
		made.Discount = new(reals(discount))
	}
	return made
}

// order is two coffees at 12,90 and 0,4375 kg of cheese at 79,90, less 1,00.
func (s *shop) order() wire.OrderRequest {
	request := wire.OrderRequest{
		Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, OperatorID: "maria", Channel: wire.ChannelTill,
		Lines:  []wire.OrderLine{line("1", "2", "12.90", 0, 2_580), line("2", "0.4375", "79.90", 100, 3_396)},
		Totals: wire.Totals{Items: reals(5_976), Total: reals(5_976)},
	}
	request.BusinessDate.Time = time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	return request
}

func (s *shop) putOrder(id string, request wire.OrderRequest) reply {
	s.Helper()
	return s.call(http.MethodPut, "/v1/orders/"+id, request)
}

func (s *shop) step(id, key string, step wire.Transition) reply {
	s.Helper()
	step.Epoch, step.TerminalSeq, step.OccurredAt = epoch, s.nextSeq(), occurredAt
	return s.post("/v1/orders/"+id+"/transitions", key, step)
}

func TestAnOrderIsTakenOnce(t *testing.T) {
	s := openShop(t)
	id, request := s.id(), s.order()
	got := decode[wire.Order](t, s.putOrder(id, request), http.StatusCreated)
	require.Equal(t, wire.OrderStatusOpen, got.Status)
	require.EqualValues(t, 1, got.Version)
	require.EqualValues(t, 5_976, got.Due.Amount)
	require.True(t, got.Summary.Payable)
	again := s.putOrder(id, request)
	require.Equal(t, http.StatusOK, again.status)
	require.True(t, again.replayed())
	request.Channel = wire.ChannelKiosk
	requireProblem(t, s.putOrder(id, request), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	s.restart()
	require.Equal(t, id, decode[wire.Order](t, s.call(http.MethodGet, "/v1/orders/"+id, nil), http.StatusOK).OrderID)
}

func TestATamperedTotalIsRefusedWithBothFigures(t *testing.T) {
	s := openShop(t)
	request := s.order()
	request.Lines[1].Total = reals(3_000)
	request.Totals.Total = reals(5_000)
	problem := requireProblem(t, s.putOrder(s.id(), request), http.StatusUnprocessableEntity, wire.CodeTotalMismatch)
	require.Equal(t, []wire.Violation{
		{Pointer: "/lines/1/total", Code: "total-mismatch", Expected: 3_396.0, Actual: 3_000.0},
		{Pointer: "/totals/total", Code: "total-mismatch", Expected: 5_976.0, Actual: 5_000.0},
	}, *problem.Violations)
}

func TestTotalsAreComputedAsTheContractSays(t *testing.T) {
	for name, test := range map[string]struct {
		line     wire.OrderLine
		pointers []string
	}{
		"half a cent rounds up":            {line("1", "0.5", "0.01", 0, 1), nil},
		"four decimals of fuel":            {line("1", "38.1230", "5.8990", 0, 22_489), nil},
		"one cent off":                     {line("1", "38.1230", "5.8990", 0, 22_488), []string{"/lines/0/total", "/totals/items"}},
		"discount beyond the line":         {line("1", "1", "1.00", 101, -1), []string{"/lines/0", "/totals/items"}},
		"as much as eleven digits times 9": {line("1", "999999999.9999", "99999999999.9999", 0, 0), []string{"/lines/0"}},
	} {
		t.Run(name, func(t *testing.T) {
			content := &wire.OrderContent{Lines: []wire.OrderLine{test.line}, Totals: wire.Totals{Items: test.line.Total, Total: test.line.Total}}
			var pointers []string
			for _, violation := range simcentral.CheckTotals(content) {
				if violation.Pointer != "/totals/total" {
					pointers = append(pointers, violation.Pointer)
				}
			}
			require.Equal(t, test.pointers, pointers)
		})
	}
	whole := &wire.OrderContent{
		Lines: []wire.OrderLine{line("1", "1", "100.00", 0, 10_000)},
		Totals: wire.Totals{
			Items: reals(10_000), Discounts: new(reals(500)), Taxes: new(reals(150)), Fees: new(reals(10)),
			Delivery: new(reals(700)), Rounding: new(reals(-3)), Total: reals(10_357),
		},
	}
	whole.Lines[0].Taxes = &[]wire.TaxAmount{
		{Code: "ICMS", Amount: reals(1_800)}, {Code: "ISS", Amount: reals(150), Included: new(false)},
	}
	require.Empty(t, simcentral.CheckTotals(whole))
	whole.Totals.Total.Currency = "USD"
	require.Len(t, simcentral.CheckTotals(whole), 1)
}

func TestAnOrderFollowsItsPayments(t *testing.T) {
	s := openShop(t)
	id, card := s.id(), s.id()
	s.putOrder(id, s.order())
	request := s.card(5_000, wire.MethodCredit, ana().Chip(5_000, "1234"))
	request.OrderID = id
	require.Equal(t, http.StatusCreated, s.pay(card, request).status)
	require.Equal(t, wire.OrderStatusAwaitingPayment, s.ledger().Orders[id].Status)
	problem := requireProblem(t, s.pay(s.id(), s.payment(id, wire.MethodCash, 977)), http.StatusUnprocessableEntity, wire.CodeAmountExceedsDue)
	require.EqualValues(t, 976, (*problem.Violations)[0].Expected)
	require.Equal(t, http.StatusCreated, s.pay(s.id(), s.payment(id, wire.MethodCash, 976)).status)
	require.Equal(t, wire.OrderStatusAwaitingPayment, s.ledger().Orders[id].Status)
	s.confirm(card, s.id(), wire.ConfirmationOutcomeConfirmed)
	got := decode[wire.Order](t, s.call(http.MethodGet, "/v1/orders/"+id, nil), http.StatusOK)
	require.Equal(t, wire.OrderStatusPaid, got.Status)
	require.Zero(t, got.Due.Amount)
	require.Len(t, *got.Payments, 2)
}

func TestAnOrderGoesItsWayStepByStep(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.putOrder(id, s.order())
	requireProblem(t, s.step(id, s.id(), wire.Transition{To: wire.TransitionToShipped}), http.StatusConflict, wire.CodeTransitionRefused)
	for _, to := range []wire.TransitionTo{wire.TransitionToConfirmed, wire.TransitionToInDelivery, wire.TransitionToShipped, wire.TransitionToDelivered, wire.TransitionToReturned} {
		got := decode[wire.Order](t, s.step(id, s.id(), wire.Transition{To: to}), http.StatusOK)
		require.Equal(t, wire.OrderStatus(to), got.Status)
	}
	requireProblem(t, s.step(s.id(), s.id(), wire.Transition{To: wire.TransitionToConfirmed}), http.StatusNotFound, wire.CodeNotFound)
}

func TestABlockedOrderTakesNoPayment(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.putOrder(id, s.order())
	blocked := decode[wire.Order](t, s.step(id, s.id(), wire.Transition{To: wire.TransitionToBlocked, Reason: new("três recusas")}), http.StatusOK)
	require.Equal(t, "três recusas", *blocked.BlockedReason)
	requireProblem(t, s.pay(s.id(), s.payment(id, wire.MethodCash, 100)), http.StatusConflict, wire.CodeOrderBlocked)
	opened := decode[wire.Order](t, s.step(id, s.id(), wire.Transition{To: wire.TransitionToOpen}), http.StatusOK)
	require.Equal(t, wire.OrderStatusOpen, opened.Status)
	require.Nil(t, opened.BlockedReason)
	require.Equal(t, http.StatusCreated, s.pay(s.id(), s.payment(id, wire.MethodCash, 100)).status)
}

func TestTwoTillsCannotHaveOneWebOrder(t *testing.T) {
	s := openShop(t)
	second := s.trustToo("T-0002")
	id := s.id()
	s.putOrder(id, s.order())
	requireProblem(t, s.step(id, s.id(), wire.Transition{To: wire.TransitionToClaimed}), http.StatusUnprocessableEntity, wire.CodeRequiredField)
	claimed := decode[wire.Order](t, s.step(id, s.id(), wire.Transition{To: wire.TransitionToClaimed, ExpectedVersion: new(int64(1))}), http.StatusOK)
	require.Equal(t, terminal, *claimed.ClaimedBy)
	s.client = s.clientOf(second)
	s.token = s.newToken(s.client)
	requireProblem(t, s.step(id, s.id(), wire.Transition{To: wire.TransitionToClaimed, ExpectedVersion: new(int64(1))}), http.StatusConflict, wire.CodeOrderVersionConflict)
	requireProblem(t, s.step(id, s.id(), wire.Transition{To: wire.TransitionToClaimed, ExpectedVersion: new(int64(2))}), http.StatusConflict, wire.CodeOrderClaimed)
}

func TestASessionOpensAndCloses(t *testing.T) {
	s := openShop(t)
	id := s.id()
	request := wire.SessionRequest{OperatorID: "maria", Epoch: epoch, TerminalSeq: s.nextSeq(), OpenedAt: occurredAt, AppVersion: "0.1.0"}
	request.BusinessDate.Time = time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	got := decode[wire.Session](t, s.call(http.MethodPut, "/v1/sessions/"+id, request), http.StatusOK)
	require.Equal(t, wire.SessionStateOpen, got.State)
	require.EqualValues(t, 1, got.NextSeq)
	require.True(t, s.call(http.MethodPut, "/v1/sessions/"+id, request).replayed())
	request.TerminalSeq, request.ClosedAt = s.nextSeq(), new(occurredAt.Add(8*time.Hour))
	require.Equal(t, wire.SessionStateClosed, decode[wire.Session](t, s.call(http.MethodPut, "/v1/sessions/"+id, request), http.StatusOK).State)
}
