package simcentral_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
	"balcao/sync/wire"
)

func TestACardPaymentIsHeldThenCaptured(t *testing.T) {
	s := openShop(t)
	id, card := s.id(), ana()
	request := s.card(2_500, wire.MethodCredit, card.Chip(2_500, "1234"))
	got := decode[wire.Payment](t, s.pay(id, request), http.StatusCreated)
	require.Equal(t, wire.PaymentStatusAwaitingConfirmation, got.Status)
	require.True(t, *got.Result.Approved)
	require.True(t, *got.Result.HostReached)
	require.Equal(t, "00", *got.Result.ResponseCode)
	require.Equal(t, "SIMPAY", *got.Result.Acquirer)
	require.NotEmpty(t, *got.Result.AuthorisationCode)
	require.Regexp(t, "^910A[0-9A-F]{16}3030$", *got.Result.Issuer.AuthenticationData)
	require.Len(t, *got.Checks, 5)
	require.EqualValues(t, 2_500, s.ledger().Accounts["hold:"+id])

	completion := wire.Confirmation{
		Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, Outcome: wire.ConfirmationOutcomeConfirmed,
		Card: &wire.CardCompletion{Cryptogram: wire.CardCompletionCryptogramTc, EMVCompletion: new(card.Completion(2_500, 1))},
	}
	final := decode[wire.Payment](t, s.post("/v1/payments/"+id+"/confirmations", s.id(), completion), http.StatusOK)
	require.Equal(t, wire.PaymentStatusCaptured, final.Status)
	books := s.ledger()
	require.Equal(t, map[string]int64{"ana": -2_500, "hold": 0, "shop": 2_500},
		map[string]int64{"ana": books.Accounts["customer:ana"], "hold": books.Accounts["hold:"+id], "shop": books.Accounts["merchant:1"]})
	history := books.Payments[id].History
	require.Equal(t, "confirmed, tc verified", history[len(history)-1].What)
}

func TestOneOfEachRefusalReachesTheTill(t *testing.T) {
	s := openShop(t)
	forged := ana()
	forged.IssuerKey = hsm.TestIssuerMasterKey('6')
	for name, test := range map[string]struct {
		request  wire.PaymentRequest
		response string
		code     wire.PaymentDeclineCode
	}{
		"no funds":       {s.card(30_001, wire.MethodDebit, bia().Chip(30_001, "4321")), "51", wire.PaymentDeclineCodeInsufficientFunds},
		"wrong PIN":      {s.card(100, wire.MethodDebit, bia().Chip(100, "9999")), "55", wire.PaymentDeclineCodeWrongPIN},
		"foreign issuer": {s.card(100, wire.MethodCredit, forged.Chip(100, "1234")), "59", wire.PaymentDeclineCodeSuspectedFraud},
		"no card data":   {s.payment(s.id(), wire.MethodCredit, 100), "30", wire.PaymentDeclineCodeOther},
	} {
		t.Run(name, func(t *testing.T) {
			got := decode[wire.Payment](t, s.pay(s.id(), test.request), http.StatusCreated)
			require.Equal(t, wire.PaymentStatusDeclined, got.Status)
			require.Equal(t, test.response, *got.Result.ResponseCode)
			require.Equal(t, test.code, *got.Decline.Code)
			require.False(t, *got.Result.Approved)
		})
	}
	require.EqualValues(t, 30_000, s.ledger().Accounts["customer:bia"])
}

func TestThreeWrongPINsBlockTheCardAlsoAfterARestart(t *testing.T) {
	s := openShop(t)
	card := bia()
	for _, want := range []string{"55", "55", "75"} {
		got := decode[wire.Payment](t, s.pay(s.id(), s.card(100, wire.MethodDebit, card.Chip(100, "9999"))), http.StatusCreated)
		require.Equal(t, want, *got.Result.ResponseCode)
		s.restart()
	}
	got := decode[wire.Payment](t, s.pay(s.id(), s.card(100, wire.MethodDebit, card.Chip(100, "4321"))), http.StatusCreated)
	require.Equal(t, "75", *got.Result.ResponseCode)
}

func TestTheSameCryptogramTwiceIsRefused(t *testing.T) {
	s := openShop(t)
	card := ana()
	require.Equal(t, http.StatusCreated, s.pay(s.id(), s.card(100, wire.MethodCredit, card.Chip(100, "1234"))).status)
	card.ATC = 1
	got := decode[wire.Payment](t, s.pay(s.id(), s.card(100, wire.MethodCredit, card.Chip(100, "1234"))), http.StatusCreated)
	require.Equal(t, "94", *got.Result.ResponseCode)
}

func TestCashIsCapturedAtOnce(t *testing.T) {
	s := openShop(t)
	id := s.id()
	got := decode[wire.Payment](t, s.pay(id, s.payment(s.id(), wire.MethodCash, 1_250)), http.StatusCreated)
	require.Equal(t, wire.PaymentStatusCaptured, got.Status)
	require.EqualValues(t, 1_250, got.Captured.Amount)
	require.EqualValues(t, 1_250, s.ledger().Accounts["cash:1:T-0001"])
}

func TestAReplayIsAnsweredAndMovesNothing(t *testing.T) {
	s := openShop(t)
	id := s.id()
	request := s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234"))
	first := s.pay(id, request)
	again := s.pay(id, request)
	require.Equal(t, http.StatusOK, again.status)
	require.True(t, again.replayed())
	require.JSONEq(t, string(first.body), string(again.body))

	withoutCiphertext := request
	card := *request.Card
	card.Encrypted = nil
	withoutCiphertext.Card = &card
	require.Equal(t, http.StatusOK, s.pay(id, withoutCiphertext).status, "a resend has no ciphertext")
	require.EqualValues(t, -2_500, s.ledger().Accounts["customer:ana"])

	other := request
	other.Amount = reals(9_900)
	requireProblem(t, s.pay(id, other), http.StatusConflict, wire.CodeDuplicatePayment)
}

func TestAStepIsTakenOnceForItsKey(t *testing.T) {
	s := openShop(t)
	id, key := s.id(), s.id()
	s.pay(id, s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234")))
	path := "/v1/payments/" + id + "/confirmations"
	step := wire.Confirmation{Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, Outcome: wire.ConfirmationOutcomeConfirmed}
	first := s.post(path, key, step)
	require.Equal(t, http.StatusOK, first.status)
	require.False(t, first.replayed())
	again := s.post(path, key, step)
	require.True(t, again.replayed())
	require.JSONEq(t, string(first.body), string(again.body))

	step.Outcome = wire.ConfirmationOutcomeUndone
	requireProblem(t, s.post(path, key, step), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	requireProblem(t, s.call(http.MethodPost, path, step), http.StatusBadRequest, wire.CodeIdempotencyKeyMissing)
}

func TestAReversalBeforeTheOriginalStopsIt(t *testing.T) {
	s := openShop(t)
	id := s.id()
	requireProblem(t, s.get(id), http.StatusNotFound, wire.CodeNotFound)
	require.Equal(t, wire.PaymentStatusReversed, decode[wire.Payment](t, s.reverse(id, s.id()), http.StatusOK).Status)
	require.Equal(t, wire.PaymentStatusReversed, decode[wire.Payment](t, s.get(id), http.StatusOK).Status)
	s.restart()
	request := s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234"))
	late := decode[wire.Payment](t, s.pay(id, request), http.StatusCreated)
	require.Equal(t, wire.PaymentStatusReversed, late.Status)
	require.Nil(t, late.Result)
	require.Equal(t, request.OrderID, late.OrderID)
	require.Zero(t, s.ledger().Accounts["customer:ana"])
	require.Equal(t, http.StatusOK, s.pay(id, request).status)
}

func TestAReversalGivesTheHeldMoneyBack(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.pay(id, s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234")))
	require.Equal(t, wire.PaymentStatusReversed, decode[wire.Payment](t, s.reverse(id, s.id()), http.StatusOK).Status)
	require.Equal(t, wire.PaymentStatusReversed, decode[wire.Payment](t, s.reverse(id, s.id()), http.StatusOK).Status, "again with another key")
	books := s.ledger()
	require.Zero(t, books.Accounts["customer:ana"])
	require.Zero(t, books.Accounts["hold:"+id])
	requireProblem(t, s.confirm(id, s.id(), wire.ConfirmationOutcomeConfirmed), http.StatusConflict, wire.CodeAlreadyReversed)
}

func TestAConfirmedPaymentIsBeyondReversal(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.pay(id, s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234")))
	require.Equal(t, http.StatusOK, s.confirm(id, s.id(), wire.ConfirmationOutcomeConfirmed).status)
	requireProblem(t, s.reverse(id, s.id()), http.StatusConflict, wire.CodeAlreadyCaptured)
	requireProblem(t, s.confirm(id, s.id(), wire.ConfirmationOutcomeUndone), http.StatusConflict, wire.CodeAlreadyCaptured)
	require.EqualValues(t, 2_500, s.ledger().Accounts["merchant:1"])
}

func TestAOnePhasePaymentCanBeVoided(t *testing.T) {
	s := openShop(t)
	id := s.id()
	request := s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234"))
	request.TwoPhase = nil
	require.Equal(t, wire.PaymentStatusCaptured, decode[wire.Payment](t, s.pay(id, request), http.StatusCreated).Status)
	require.Equal(t, wire.PaymentStatusReversed, decode[wire.Payment](t, s.reverse(id, s.id()), http.StatusOK).Status)
	require.Zero(t, s.ledger().Accounts["merchant:1"])
}

func TestWhatWasUndoneOrDeclinedStaysSo(t *testing.T) {
	s := openShop(t)
	undone, declined := s.id(), s.id()
	s.pay(undone, s.card(100, wire.MethodCredit, ana().Chip(100, "1234")))
	require.Equal(t, wire.PaymentStatusReversed, decode[wire.Payment](t, s.confirm(undone, s.id(), wire.ConfirmationOutcomeUndone), http.StatusOK).Status)
	s.pay(declined, s.card(100, wire.MethodDebit, bia().Chip(100, "0000")))
	requireProblem(t, s.confirm(declined, s.id(), wire.ConfirmationOutcomeConfirmed), http.StatusUnprocessableEntity, wire.CodeDeclined)
	require.Equal(t, wire.PaymentStatusDeclined, decode[wire.Payment](t, s.reverse(declined, s.id()), http.StatusOK).Status)
	requireProblem(t, s.confirm(s.id(), s.id(), wire.ConfirmationOutcomeConfirmed), http.StatusNotFound, wire.CodeNotFound)
}

func TestACardThatRefusedIsNotConfirmed(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.pay(id, s.card(100, wire.MethodCredit, ana().Chip(100, "1234")))
	step := wire.Confirmation{
		Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, Outcome: wire.ConfirmationOutcomeConfirmed,
		Card: &wire.CardCompletion{Cryptogram: wire.CardCompletionCryptogramAac},
	}
	requireProblem(t, s.post("/v1/payments/"+id+"/confirmations", s.id(), step), http.StatusUnprocessableEntity, wire.CodePaymentDataInvalid)
}

func TestAPaymentAfterItsDeadlineTakesNothing(t *testing.T) {
	s := openShop(t)
	request := s.card(100, wire.MethodCredit, ana().Chip(100, "1234"))
	request.ValidUntil = new(time.Now().Add(-time.Minute))
	got := decode[wire.Payment](t, s.pay(s.id(), request), http.StatusCreated)
	require.Equal(t, wire.PaymentStatusExpired, got.Status)
	require.Zero(t, s.ledger().Accounts["customer:ana"])
}

func TestTrainingMovesNoMoney(t *testing.T) {
	s := openShop(t)
	id, card := s.id(), ana()
	request := s.card(100, wire.MethodCredit, card.Chip(100, "1234"))
	request.Training = new(true)
	require.Equal(t, wire.PaymentStatusAwaitingConfirmation, decode[wire.Payment](t, s.pay(id, request), http.StatusCreated).Status)
	require.Equal(t, http.StatusOK, s.confirm(id, s.id(), wire.ConfirmationOutcomeConfirmed).status)
	require.Zero(t, s.ledger().Accounts["customer:ana"])
	require.Zero(t, s.ledger().Accounts["merchant:1"])
}

func TestTheSameFactWithAnotherIDIsAFork(t *testing.T) {
	s := openShop(t)
	request := s.payment(s.id(), wire.MethodCash, 100)
	require.Equal(t, http.StatusCreated, s.pay(s.id(), request).status)
	stolen := s.id()
	requireProblem(t, s.pay(stolen, request), http.StatusConflict, wire.CodeForkDetected)
	requireProblem(t, s.get(stolen), http.StatusNotFound, wire.CodeNotFound)
	require.Equal(t, 1, s.stats().Forks)
}

func TestCardNumbersInTextsAndTagsAreRefused(t *testing.T) {
	s := openShop(t)
	request := s.payment(s.id(), wire.MethodExternal, 100)
	request.Approval = &wire.Approval{ApproverID: "paulo", Reason: "cartão 4111 1111 1111 1111"}
	problem := requireProblem(t, s.pay(s.id(), request), http.StatusUnprocessableEntity, wire.CodeSensitiveData)
	require.Equal(t, "/approval/reason", (*problem.Violations)[0].Pointer)

	card := ana().Chip(100, "1234")
	card.EMVRequest = new(*card.EMVRequest + "5A084111111111111111")
	requireProblem(t, s.pay(s.id(), s.card(100, wire.MethodCredit, card)), http.StatusUnprocessableEntity, wire.CodeSensitiveData)
}

func TestAPaymentIsShownToWhoeverWorksTheCentral(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.pay(id, s.payment(s.id(), wire.MethodCash, 100))
	var shown struct {
		Payment wire.Payment `json:"payment"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.command("central payment "+id)), &shown))
	require.Equal(t, terminal, *shown.Payment.TerminalID)
	_, err := s.server.Command(t.Context(), []string{"payment", "nothing"})
	require.ErrorContains(t, err, "no payment")
}

func TestPixSettledAtTheTillIsTakenAsItIs(t *testing.T) {
	s := openShop(t)
	request := s.payment(s.id(), wire.MethodPix, 100)
	request.Result = &wire.PaymentResult{Approved: new(true), EndToEndID: new(fmt.Sprintf("E%031d", 1))}
	require.Equal(t, wire.PaymentStatusCaptured, decode[wire.Payment](t, s.pay(s.id(), request), http.StatusCreated).Status)
}

func TestCentsReachTheTillAsTheIssuersWord(t *testing.T) {
	s := openShop(t)
	card := ana()
	s.command("cents on")
	for cents, want := range map[int64]wire.PaymentDeclineCode{1051: wire.PaymentDeclineCodeInsufficientFunds, 1091: wire.PaymentDeclineCodeIssuerUnavailable} {
		got := decode[wire.Payment](t, s.pay(s.id(), s.card(cents, wire.MethodCredit, card.Chip(cents, "1234"))), http.StatusCreated)
		require.Equal(t, wire.PaymentStatusDeclined, got.Status)
		require.Equal(t, want, *got.Decline.Code)
		require.Equal(t, cents != 1091, *got.Result.HostReached)
	}
	require.Equal(t, http.StatusCreated, s.pay(s.id(), s.payment(s.id(), wire.MethodCash, 1051)).status, "cash asks no issuer")
	s.restart()
	require.Equal(t, "up", s.command("central"), "off after a restart")
	require.Zero(t, s.ledger().Accounts["customer:ana"])
}

func TestAVoucherPaysFromItsAccount(t *testing.T) {
	s := openShop(t)
	id := s.id()
	got := decode[wire.Payment](t, s.pay(id, s.card(4_000, wire.MethodVoucher, duda().Chip(4_000, "2222"))), http.StatusCreated)
	require.Equal(t, wire.PaymentStatusAwaitingConfirmation, got.Status)
	s.confirm(id, s.id(), wire.ConfirmationOutcomeConfirmed)
	books := s.ledger()
	require.EqualValues(t, 1_000, books.Accounts["customer:duda"])
	require.EqualValues(t, 4_000, books.Accounts["merchant:1"])
	got = decode[wire.Payment](t, s.pay(s.id(), s.card(1_001, wire.MethodVoucher, duda().Chip(1_001, "2222"))), http.StatusCreated)
	require.Equal(t, wire.PaymentDeclineCodeInsufficientFunds, *got.Decline.Code)
}
