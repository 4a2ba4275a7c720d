package simcentral_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral"
	"balcao/sync/wire"
)

// Source of the vector and the check value: reference of the BR code, as BCB published
// it; CRC-16/CCITT-FALSE of "123456789" is its catalogue's check value.
func TestTheBRCodeIsThatOfTheVector(t *testing.T) {
	got, err := simcentral.DynamicCode("pix.example.com/8b3da2f39a4140d1a91abd93113bd441", "Fulano de Tal", "BRASILIA")
	require.NoError(t, err)
	require.Equal(t, "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4", got)
	require.EqualValues(t, 0x29B1, simcentral.CRC16("123456789"))
}

func TestABRCodeThatTheLayoutForbidsIsNotWritten(t *testing.T) {
	for _, wrong := range [][3]string{
		{"", "LOJA", "RECIFE"},
		{"https://pix.example.com/1", "LOJA", "RECIFE"},
		{strings.Repeat("x", 78), "LOJA", "RECIFE"},
		{"pix.example.com/1", "", "RECIFE"},
		{"pix.example.com/1", strings.Repeat("x", 26), "RECIFE"},
		{"pix.example.com/1", "LOJA", strings.Repeat("x", 16)},
	} {
		_, err := simcentral.DynamicCode(wrong[0], wrong[1], wrong[2])
		require.ErrorContains(t, err, "write BR code")
	}
}

// charge is a Pix that waits for its payer.
func (s *shop) charge(id string, cents int64) wire.Payment {
	s.Helper()
	return decode[wire.Payment](s, s.pay(id, s.payment(s.id(), wire.MethodPix, cents)), http.StatusAccepted)
}

func (s *shop) statusOf(id string) wire.PaymentStatus {
	s.Helper()
	return decode[wire.Payment](s, s.get(id), http.StatusOK).Status
}

func TestAChargeIsShownAndPaid(t *testing.T) {
	s := openShop(t)
	id := s.id()
	got := s.charge(id, 1_250)
	require.Equal(t, wire.PaymentStatusRequiresAction, got.Status)
	require.Equal(t, wire.PaymentNextActionTypeShowPixQr, *got.NextAction.Type)
	require.Equal(t, id, *got.NextAction.Txid)
	require.WithinDuration(t, time.Now().Add(5*time.Minute), *got.NextAction.ExpiresAt, patience)
	require.Regexp(t, `^000201010212.*br\.gov\.bcb\.pix.*6304[0-9A-F]{4}$`, *got.NextAction.BrCode)
	s.restart()
	require.Equal(t, wire.PaymentStatusRequiresAction, s.statusOf(id))
	require.Equal(t, "captured", s.command("pix pay "+id+" bia"))
	paid := decode[wire.Payment](t, s.get(id), http.StatusOK)
	require.Nil(t, paid.NextAction)
	require.Regexp(t, `^E99999004[0-9]{23}$`, *paid.Result.EndToEndID)
	require.EqualValues(t, 1_250, paid.Captured.Amount)
	books := s.ledger()
	require.EqualValues(t, 30_000-1_250, books.Accounts["customer:bia"])
	require.EqualValues(t, 1_250, books.Accounts["merchant:1"])
	_, err := s.server.Command(t.Context(), []string{"pix", "pay", id})
	require.ErrorContains(t, err, "is paid")

	refund := decode[wire.Refund](t, s.refund(id, s.id(), 250), http.StatusCreated)
	require.Regexp(t, `^D99999004[0-9]{23}$`, *refund.ReturnID)
	require.EqualValues(t, 30_000-1_000, s.ledger().Accounts["customer:bia"])
}

func TestTheSameChargeAgainIsTheSame(t *testing.T) {
	s := openShop(t)
	id := s.id()
	request := s.payment(s.id(), wire.MethodPix, 100)
	first := decode[wire.Payment](t, s.pay(id, request), http.StatusAccepted)
	again := s.pay(id, request)
	require.True(t, again.replayed())
	require.Equal(t, *first.NextAction, *decode[wire.Payment](t, again, http.StatusOK).NextAction)
	s.command("pix pay " + id)
	require.Equal(t, wire.PaymentStatusCaptured, decode[wire.Payment](t, s.pay(id, request), http.StatusOK).Status)
}

func TestAChargeExpiresByItself(t *testing.T) {
	s := openShop(t)
	id := s.id()
	request := s.payment(s.id(), wire.MethodPix, 100)
	request.Pix = &wire.PixRequest{ExpiresIn: new(120)}
	got := decode[wire.Payment](t, s.pay(id, request), http.StatusAccepted)
	expires := *got.NextAction.ExpiresAt
	s.server.SetClock(func() time.Time { return expires.Add(-time.Second) })
	require.Equal(t, wire.PaymentStatusRequiresAction, s.statusOf(id))
	s.server.SetClock(func() time.Time { return expires })
	expired := decode[wire.Payment](t, s.get(id), http.StatusOK)
	require.Equal(t, wire.PaymentStatusExpired, expired.Status)
	require.Equal(t, wire.PaymentDeclineCodeExpired, *expired.Decline.Code)
	_, err := s.server.Command(t.Context(), []string{"pix", "pay", id})
	require.ErrorContains(t, err, "refuses")
	require.Equal(t, wire.PaymentStatusExpired, decode[wire.Payment](t, s.reverse(id, s.id()), http.StatusOK).Status)

	soon := s.id()
	s.charge(soon, 100)
	require.Equal(t, "expired", s.command("pix expire "+soon))
	require.Equal(t, wire.PaymentStatusExpired, s.statusOf(soon))
}

func TestTheReversalOfAChargeRemovesIt(t *testing.T) {
	s := openShop(t)
	id, never := s.id(), s.id()
	s.charge(id, 100)
	require.Equal(t, wire.PaymentStatusReversed, decode[wire.Payment](t, s.reverse(id, s.id()), http.StatusOK).Status)
	_, err := s.server.Command(t.Context(), []string{"pix", "pay", id})
	require.ErrorContains(t, err, "refuses")

	require.Equal(t, http.StatusOK, s.reverse(never, s.id()).status)
	late := decode[wire.Payment](t, s.pay(never, s.payment(s.id(), wire.MethodPix, 100)), http.StatusCreated)
	require.Equal(t, wire.PaymentStatusReversed, late.Status, "a tombstone")
	require.Nil(t, late.NextAction)
	require.Zero(t, s.ledger().Accounts["merchant:1"])
}

func TestAPixThatComesAfterItsCancelIsOwedAndGoesBack(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.charge(id, 1_000)
	s.reverse(id, s.id())
	require.Equal(t, "reversed", s.command("pix pay-late "+id+" bia"))
	s.restart()
	got := decode[wire.Payment](t, s.get(id), http.StatusOK)
	require.Equal(t, wire.PaymentStatusReversed, got.Status, "nobody may take it for a sale")
	require.EqualValues(t, 1_000, got.Captured.Amount, "but the money is here")
	require.NotEmpty(t, *got.Result.EndToEndID)
	require.False(t, *got.Result.Approved)
	require.EqualValues(t, 1_000, s.ledger().Payments[id].Owed)
	require.Contains(t, s.command("status"), "refund 10.00")
	require.Zero(t, s.ledger().Accounts["merchant:1"])

	requireProblem(t, s.refund(id, s.id(), 1_001), http.StatusUnprocessableEntity, wire.CodeAmountExceedsDue)
	require.Equal(t, http.StatusCreated, s.refund(id, s.id(), 1_000).status)
	books := s.ledger()
	require.EqualValues(t, 30_000, books.Accounts["customer:bia"])
	require.Zero(t, books.Accounts["owed:1"])
	require.Zero(t, books.Payments[id].Owed)
	require.Equal(t, wire.PaymentStatusReversed, s.statusOf(id))
	require.NotContains(t, s.command("status"), "refund 10.00")
}

func TestAPixThatCentralHearsOfLateIsASaleOrOwed(t *testing.T) {
	s := openShop(t)
	sold, cancelled := s.id(), s.id()
	for _, id := range []string{sold, cancelled} {
		s.charge(id, 1_000)
		require.Equal(t, "requires_action", s.command("pix pay-unseen "+id+" bia"))
	}
	require.EqualValues(t, 28_000, s.ledger().Accounts["customer:bia"], "the payer has paid")
	require.Equal(t, wire.PaymentStatusRequiresAction, s.statusOf(sold), "and nobody at the till can know")
	lines, _ := s.settled("")
	require.Len(t, lines, 2, "but the acquirer does")
	require.Regexp(t, "^E", lines[0]["end_to_end_id"])
	s.reverse(cancelled, s.id())
	s.restart()
	require.Equal(t, "captured", s.command("pix notice "+sold))
	require.Equal(t, "reversed", s.command("pix notice "+cancelled))
	books := s.ledger()
	require.Equal(t, map[string]int64{"shop": 1_000, "owed": 1_000, "transit": 0},
		map[string]int64{"shop": books.Accounts["merchant:1"], "owed": books.Accounts["owed:1"], "transit": books.Accounts["transit:1"]})
	_, err := s.server.Command(t.Context(), []string{"pix", "notice", sold})
	require.ErrorContains(t, err, "nothing to hear of")
}

func TestAPaidPixIsGivenBackByAReversalUntilItIsConfirmed(t *testing.T) {
	s := openShop(t)
	undone, kept := s.id(), s.id()
	for _, id := range []string{undone, kept} {
		s.charge(id, 500)
		s.command("pix pay " + id + " bia")
	}
	require.Equal(t, wire.PaymentStatusReversed, decode[wire.Payment](t, s.reverse(undone, s.id()), http.StatusOK).Status)
	require.EqualValues(t, 30_000-500, s.ledger().Accounts["customer:bia"])
	require.Equal(t, http.StatusOK, s.confirm(kept, s.id(), wire.ConfirmationOutcomeConfirmed).status)
	requireProblem(t, s.reverse(kept, s.id()), http.StatusConflict, wire.CodeAlreadyCaptured)
	require.EqualValues(t, 500, s.ledger().Accounts["merchant:1"])
}

func TestAPixOfNinetyDaysAgoIsBeyondRefund(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.charge(id, 500)
	s.command("pix pay " + id)
	s.server.SetClock(func() time.Time { return time.Now().Add(91 * 24 * time.Hour) })
	s.token = s.newToken(s.client)
	requireProblem(t, s.refund(id, s.id(), 500), http.StatusConflict, wire.CodeNotRefundable)
}

func TestAnOrderWaitsForItsPix(t *testing.T) {
	s := openShop(t)
	orderID, id := s.id(), s.id()
	s.putOrder(orderID, s.orderOf(1_000))
	s.pay(id, s.payment(orderID, wire.MethodPix, 1_000))
	require.Equal(t, wire.OrderStatusAwaitingPayment, s.ledger().Orders[orderID].Status)
	requireProblem(t, s.pay(s.id(), s.payment(orderID, wire.MethodCash, 1_000)), http.StatusUnprocessableEntity, wire.CodeAmountExceedsDue)
	s.command("pix expire " + id)
	require.Equal(t, wire.OrderStatusOpen, s.ledger().Orders[orderID].Status)
	second := s.id()
	s.pay(second, s.payment(orderID, wire.MethodPix, 1_000))
	s.command("pix pay " + second)
	require.Equal(t, wire.OrderStatusPaid, s.ledger().Orders[orderID].Status)
}

func TestPayersWhoCannotPay(t *testing.T) {
	s := openShop(t)
	id, cash := s.id(), s.id()
	s.charge(id, 30_001)
	s.pay(cash, s.payment(s.id(), wire.MethodCash, 100))
	for _, words := range []string{
		"pix pay " + id + " bia", "pix pay " + id + " ana", "pix pay " + id + " nobody", "pix pay-late " + id, "pix pay " + cash,
		"pix pay " + s.id(), "pix dance " + id, "pix", "pix pay", "refunds", "refunds never", "refund", "refund " + id + " lost",
	} {
		_, err := s.server.Command(t.Context(), strings.Fields(words))
		require.ErrorContains(t, err, "central", words)
	}
	require.Equal(t, wire.PaymentStatusRequiresAction, s.statusOf(id))
}

func TestARecordOfAPixTellsHowItEnded(t *testing.T) {
	w := openDay(t)
	request := w.payment(w.id(), wire.MethodPix, 100)
	request.TerminalSeq = w.stream.seq + 1
	require.Equal(t, "rejected(required-field)", w.tell("payment", request))
	w.shop.seq = 100
	id := w.id()
	request.TerminalSeq = w.stream.seq + 1
	request.Pix = &wire.PixRequest{ExpiresIn: new(60)}
	require.Equal(t, http.StatusAccepted, w.pay(id, request).status)
	w.command("pix pay " + id)
	request.Pix, request.Result = nil, &wire.PaymentResult{Approved: new(true)}
	require.Equal(t, "duplicate", w.tellAs(id, "payment", request))
	require.EqualValues(t, 100, w.ledger().Accounts["merchant:1"])
}
