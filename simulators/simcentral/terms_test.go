package simcentral_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

func TestInstalmentsAreOfCreditAndHaveAnOwner(t *testing.T) {
	s := openShop(t)
	card := ana()
	request := func(method wire.Method, cents int64, count int, by *wire.PaymentRequestInstallmentBy) wire.PaymentRequest {
		made := s.card(cents, method, card.Chip(cents, "1234"))
		made.Installments, made.InstallmentBy = &count, by
		return made
	}
	merchant, issuer := new(wire.PaymentRequestInstallmentByMerchant), new(wire.PaymentRequestInstallmentByIssuer)
	for name, wrong := range map[string]struct {
		request wire.PaymentRequest
		pointer string
	}{
		"debit":          {request(wire.MethodDebit, 9_000, 3, merchant), "/installments"},
		"no owner":       {request(wire.MethodCredit, 9_000, 3, nil), "/installment_by"},
		"owner of one":   {request(wire.MethodCredit, 9_000, 1, issuer), "/installment_by"},
		"too many":       {request(wire.MethodCredit, 9_000, 13, issuer), "/installments"},
		"too small each": {request(wire.MethodCredit, 1_499, 3, merchant), "/installments"},
	} {
		id := s.id()
		problem := requireProblem(t, s.pay(id, wrong.request), http.StatusUnprocessableEntity, wire.CodePaymentDataInvalid)
		require.Equal(t, wrong.pointer, (*problem.Violations)[0].Pointer, name)
		require.Equal(t, http.StatusNotFound, s.get(id).status)
	}
	for _, good := range []wire.PaymentRequest{
		request(wire.MethodCredit, 1_500, 3, merchant), request(wire.MethodCredit, 6_000, 12, issuer), request(wire.MethodCredit, 100, 1, nil),
	} {
		got := decode[wire.Payment](t, s.pay(s.id(), good), http.StatusCreated)
		require.Equal(t, wire.PaymentStatusAwaitingConfirmation, got.Status)
	}
}

func TestInstalmentsThatWereAgreedElsewhereAreTakenAsTheyAre(t *testing.T) {
	s := openShop(t)
	request := s.payment(s.id(), wire.MethodCredit, 9_000)
	request.Installments, request.Result = new(18), &wire.PaymentResult{Approved: new(true), Acquirer: new("TEF")}
	require.Equal(t, wire.PaymentStatusCaptured, decode[wire.Payment](t, s.pay(s.id(), request), http.StatusCreated).Status)
}

func TestWhatNeedsAHostIsNotTakenWithoutOne(t *testing.T) {
	s := openShop(t)
	for _, method := range []wire.Method{wire.MethodPix, wire.MethodVoucher, wire.MethodStoreCredit} {
		request := s.payment(s.id(), method, 100)
		request.Offline = &wire.OfflineApproval{ApprovedBy: wire.PaymentRequestOfflineApprovedByOperator}
		problem := requireProblem(t, s.pay(s.id(), request), http.StatusUnprocessableEntity, wire.CodePaymentDataInvalid)
		require.Equal(t, "/offline", (*problem.Violations)[0].Pointer)
	}
}

func TestStoreCreditIsTheCustomersAndNoMoreThanThat(t *testing.T) {
	s := openShop(t)
	order := s.orderOf(2_000)
	order.Customer = &wire.Customer{TaxID: new("52998224725")}
	orderID, id := s.id(), s.id()
	require.Equal(t, http.StatusCreated, s.putOrder(orderID, order).status)
	require.Equal(t, "1500", s.command("credit 52998224725 1500"))

	got := decode[wire.Payment](t, s.pay(s.id(), s.payment(orderID, wire.MethodStoreCredit, 1_501)), http.StatusCreated)
	require.Equal(t, wire.PaymentDeclineCodeInsufficientFunds, *got.Decline.Code)
	request := s.payment(orderID, wire.MethodStoreCredit, 1_500)
	request.TwoPhase = new(true)
	require.Equal(t, wire.PaymentStatusAwaitingConfirmation, decode[wire.Payment](t, s.pay(id, request), http.StatusCreated).Status)
	s.restart()
	s.confirm(id, s.id(), wire.ConfirmationOutcomeConfirmed)
	require.Zero(t, s.ledger().Accounts["store-credit:1:52998224725"])
	require.EqualValues(t, 1_500, s.ledger().Accounts["merchant:1"])
	s.refund(id, s.id(), 500)
	require.EqualValues(t, 500, s.ledger().Accounts["store-credit:1:52998224725"])

	nobody := decode[wire.Payment](t, s.pay(s.id(), s.payment(s.id(), wire.MethodStoreCredit, 100)), http.StatusCreated)
	require.Equal(t, wire.PaymentDeclineCodeNotPermitted, *nobody.Decline.Code, "an order that names no customer")
	for _, words := range [][]string{{"credit"}, {"credit", "52998224725", "much"}, {"credit", "52998224725", "-1"}} {
		_, err := s.server.Command(t.Context(), words)
		require.ErrorContains(t, err, "usage")
	}
}
