package psp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/psp"
	"balcao/sync/transport"
	"balcao/terminal/ident"
	"balcao/terminal/payment"
	"balcao/terminal/payment/pix"
)

func TestASaleIsPaidByPix(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	sale.Payer, sale.Note = psp.Payer{Document: "12345678909", Name: "Fulano de Tal"}, "Pedido 123"
	charged := s.charge(sale)
	code, err := pix.Verify(charged.BRCode, charged.Location)
	require.NoError(t, err)
	require.Equal(t, "MERCADO EXEMPLO LTDA", code.Merchant)
	require.InDelta(t, psp.ExpiresDefault.Seconds(), charged.GoodFor.Seconds(), 2)
	require.WithinDuration(t, time.Now().Add(psp.ExpiresDefault), charged.ExpiresAt, 5*time.Second)

	waiting := s.inquire(sale)
	require.Equal(t, psp.Waiting, waiting.Standing)
	require.Equal(t, payment.Processing, waiting.Answer().Verdict)
	e2eid := s.command("pay", charged.BRCode)
	paid := s.inquire(sale)
	require.Equal(t, psp.Paid, paid.Standing)
	require.Equal(t, e2eid, paid.EndToEndID)
	require.False(t, paid.PaidAt.IsZero())
	answer := paid.Answer()
	require.Equal(t, payment.Approved, answer.Verdict)
	require.Equal(t, payment.Result{Approved: true, HostReached: true, AcquirerNSU: e2eid}, answer.Result)
	receipt, err := s.Receipt(t.Context(), e2eid)
	require.NoError(t, err)
	require.Equal(t, psp.Receipt{EndToEndID: e2eid, TxID: string(sale.ID), Amount: amount, At: paid.PaidAt}, receipt)
	require.NotContains(t, s.log.String(), "12345678909")
}

func TestR2_TheSameChargeAgainIsTheSame(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	first := s.charge(sale)
	again := s.charge(sale)
	require.Equal(t, first.BRCode, again.BRCode)
	require.Equal(t, first.ExpiresAt, again.ExpiresAt)
	require.Equal(t, 1, s.charges())
}

func TestR3_WhateverHappensToTheChargeItIsOne(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"lost-request", "error", "unavailable", "rate-limited", "html", "slow", "twice", "lost-answer", "reset", "half", "gateway"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			sale := s.sale()
			s.next("cob-put", kind)
			charged, err := s.Charge(t.Context(), sale)
			if kind == "rate-limited" || kind == "unavailable" {
				require.Equal(t, time.Second, requireSilence(t, err, true).RetryAfter)
				require.Equal(t, payment.Unknown, psp.VerdictOf(err))
				charged, err = s.Charge(t.Context(), sale)
			}
			require.NoError(t, err)
			require.Equal(t, 1, s.charges())
			s.command("pay", charged.BRCode)
			require.Equal(t, psp.Paid, s.settled(sale).Standing)
		})
	}
}

func TestR3_SilenceAboutAPaidChargeIsNoDecline(t *testing.T) {
	t.Parallel()
	// A reset is not among them: net/http asks again by itself when a used connection dies
	// under a GET.
	for _, kind := range []string{"lost-request", "error", "unavailable", "rate-limited", "html", "lost-answer", "half", "gateway"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			sale := s.sale()
			s.command("pay", s.charge(sale).BRCode)
			s.next("cob-get", kind)
			inquiry := s.inquire(sale)
			require.Equal(t, psp.Unknown, inquiry.Standing)
			require.Error(t, inquiry.Err)
			require.Equal(t, payment.Unknown, inquiry.Answer().Verdict)
			require.Equal(t, psp.Paid, s.inquire(sale).Standing)
		})
	}
}

func TestABankThatIsDownGetsNothing(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.command("down")
	sale := s.sale()
	_, err := s.Charge(t.Context(), sale)
	requireSilence(t, err, false)
	require.Equal(t, payment.Unsent, psp.VerdictOf(err))
	require.Equal(t, psp.Unknown, s.inquire(sale).Standing)
	require.Equal(t, psp.Unresolved, s.Cancel(t.Context(), sale).Outcome)
	s.command("up")
	s.charge(sale)
}

func TestABankThatDiesComesBackWithTheCharge(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	charged := s.charge(sale)
	s.command("pay", charged.BRCode)
	s.halt()
	require.Equal(t, psp.Unknown, s.inquire(sale).Standing)
	s.start()
	require.Equal(t, psp.Paid, s.settled(sale).Standing, "with a new token, for the old one is forgotten")
}

func TestARefusedChargeIsRefusedAndNotMade(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	carrier, err := transport.New(s.transport())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, carrier.Close()) })
	other, err := psp.New(psp.Config{Transport: carrier, Prefix: "/v2/", Key: "caixa@outra.example", CallTimeout: callTimeout})
	require.NoError(t, err)
	sale := s.sale()
	_, err = other.Charge(t.Context(), sale)
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, "CobOperacaoInvalida", problem.Code)
	require.Contains(t, problem.Error(), "the bank answered 400")
	require.Contains(t, problem.Detail, "cob.chave")
	require.NotContains(t, problem.Detail, "caixa@", "the value that broke the rule is not repeated")
	require.Equal(t, payment.Refused, psp.VerdictOf(err))
	require.Zero(t, s.charges())

	cancelled := other.Cancel(t.Context(), sale)
	require.Equal(t, psp.Cancelled, cancelled.Outcome, cancelled.Inquiry.Detail)
	require.Zero(t, s.charges())
	s.charge(sale)
	require.Equal(t, psp.Unknown, other.Inquire(t.Context(), sale.ID, amount).Standing, "a charge for another key is somebody else's")
	require.Equal(t, psp.Unknown, s.Inquire(t.Context(), sale.ID, amount+1).Standing, "and so is one of another amount")
}

func TestWhatCannotBeMeantIsNotSent(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	good := s.sale()
	for name, change := range map[string]func(*psp.Charge){
		"no id":           func(c *psp.Charge) { c.ID = "" },
		"a path as id":    func(c *psp.Charge) { c.ID = "../../v2/cob/x" },
		"no amount":       func(c *psp.Charge) { c.Amount = 0 },
		"below zero":      func(c *psp.Charge) { c.Amount = -1 },
		"half a second":   func(c *psp.Charge) { c.Expires = 1500 * time.Millisecond },
		"two days":        func(c *psp.Charge) { c.Expires = 48 * time.Hour },
		"a long note":     func(c *psp.Charge) { c.Note = strings.Repeat("ç", 141) },
		"half a payer":    func(c *psp.Charge) { c.Payer.Name = "Fulano" },
		"a payer's phone": func(c *psp.Charge) { c.Payer = psp.Payer{Document: "+5561912345678", Name: "Fulano"} },
	} {
		sale := good
		change(&sale)
		_, err := s.Charge(t.Context(), sale)
		requireSilence(t, err, false)
		require.Error(t, err, name)
	}
	require.Equal(t, psp.Unknown, s.Inquire(t.Context(), "../x", amount).Standing)
	require.Equal(t, psp.Unresolved, s.Cancel(t.Context(), psp.Charge{ID: "../x", Amount: 1}).Outcome)
	_, err := s.Receipt(t.Context(), "../x")
	requireSilence(t, err, false)
	require.Zero(t, s.charges())
	require.Equal(t, "tokens 0", s.command("stats"))
}

func TestAnExpiredChargeIsToldByTheBanksClockAndEndedByACancel(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	sale.Expires = time.Minute
	s.charge(sale)
	s.command("expire", "last")
	inquiry := s.inquire(sale)
	require.Equal(t, psp.Expired, inquiry.Standing)
	require.Equal(t, payment.Processing, inquiry.Answer().Verdict, "the record is open: nothing is undone yet")
	cancelled := s.Cancel(t.Context(), sale)
	require.Equal(t, psp.Cancelled, cancelled.Outcome)
	require.Equal(t, payment.Undone, cancelled.Inquiry.Answer().Verdict)
	_, err := s.Charge(t.Context(), sale)
	var standing *psp.StandingError
	require.ErrorAs(t, err, &standing)
	require.Equal(t, psp.Removed, standing.Inquiry.Standing)
	require.Equal(t, payment.Undone, psp.VerdictOf(err))
}

func TestAChargeThatTheBankRemovesIsRemoved(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	s.charge(sale)
	s.command("remove", "last")
	require.Equal(t, psp.Removed, s.inquire(sale).Standing)
	require.Equal(t, psp.Cancelled, s.Cancel(t.Context(), sale).Outcome)
}

func TestAChargePaidBeforeItIsSentAgainIsFoundPaid(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	s.command("pay", s.charge(sale).BRCode)
	_, err := s.Charge(t.Context(), sale)
	require.Equal(t, payment.Approved, psp.VerdictOf(err))
}

func TestACancelIsDefinite(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "lost-request", "error", "unavailable", "rate-limited", "html", "slow", "twice", "lost-answer", "reset", "half", "gateway"} {
		for _, operation := range []string{"cob-patch", "cob-get"} {
			t.Run(operation+" "+kind, func(t *testing.T) {
				t.Parallel()
				s := openShop(t)
				sale := s.sale()
				charged := s.charge(sale)
				if kind != "" {
					s.next(operation, kind)
				}
				require.Eventually(t, func() bool {
					got := s.Cancel(t.Context(), sale)
					require.NotEqual(t, psp.PaidMeanwhile, got.Outcome)
					return got.Outcome == psp.Cancelled
				}, patience, time.Millisecond)
				_, err := s.bank.Command(t.Context(), []string{"pay", charged.BRCode})
				require.Error(t, err, "I3: nobody can pay a cancelled charge")
			})
		}
	}
}

func TestACustomerWhoIsFasterThanTheCancelHasPaid(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"pay-first", "pay-after"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			sale := s.sale()
			s.charge(sale)
			s.next("cob-patch", kind)
			got := s.Cancel(t.Context(), sale)
			require.Equal(t, psp.PaidMeanwhile, got.Outcome, got.Inquiry.Detail)
			require.NoError(t, pix.CheckEndToEndID(got.Inquiry.EndToEndID))
			refunded := s.Refund(t.Context(), psp.Refund{EndToEndID: got.Inquiry.EndToEndID, ID: s.sale().ID, Amount: amount})
			require.Equal(t, psp.RefundProcessing, refunded.State)
		})
	}
}

func TestACancelHeldOnItsWayLosesToThePayer(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	s.charge(sale)
	s.command("hold", "cob-patch", "before")
	first := s.Cancel(t.Context(), sale) // gives up while its request is still on the wire
	require.Equal(t, psp.Unresolved, first.Outcome)
	s.command("wait-held", "cob-patch", "5s")
	s.command("pay", "last")
	s.command("release")
	require.Equal(t, psp.PaidMeanwhile, s.Cancel(t.Context(), sale).Outcome)
}

func TestR4_ACancelOfAnUnknownChargeBlocksTheLateOne(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	s.command("hold", "cob-put", "before")
	_, err := s.Charge(t.Context(), sale)
	requireSilence(t, err, true)
	s.command("wait-held", "cob-put", "5s")
	require.Equal(t, psp.NotFound, s.inquire(sale).Standing)
	require.Equal(t, payment.NotFound, s.inquire(sale).Answer().Verdict)
	require.Equal(t, psp.Unresolved, s.Cancel(t.Context(), sale).Outcome, "the tombstone is held as well")
	s.command("release") // all of them land now, late
	require.Eventually(t, func() bool { return s.Cancel(t.Context(), sale).Outcome == psp.Cancelled }, patience, time.Millisecond)
	require.Equal(t, psp.Removed, s.inquire(sale).Standing)
	_, err = s.Charge(t.Context(), sale)
	require.Equal(t, payment.Undone, psp.VerdictOf(err))
}

func TestACancelOfWhatNeverArrivedLeavesATombstone(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	sale := s.sale()
	require.Equal(t, psp.Cancelled, s.Cancel(t.Context(), sale).Outcome)
	require.Contains(t, s.command("list"), string(sale.ID)+" REMOVIDA_PELO_USUARIO_RECEBEDOR")
}

func TestARefundHappensOnceWhateverHappensToIt(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"", "lost-request", "error", "unavailable", "rate-limited", "html", "slow", "twice", "lost-answer", "reset", "half", "gateway"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			e2eid := s.command("pay", s.charge(s.sale()).BRCode)
			refund := psp.Refund{EndToEndID: e2eid, ID: s.sale().ID, Amount: 400, Note: "troca"}
			if kind != "" {
				s.next("refund-put", kind)
			}
			var got psp.Refunded
			require.Eventually(t, func() bool {
				got = s.Refund(t.Context(), refund)
				return got.State != psp.RefundUnknown
			}, patience, time.Millisecond)
			require.Contains(t, []psp.RefundState{psp.RefundProcessing, psp.RefundReturned}, got.State, got.Detail)
			got = s.InquireRefund(t.Context(), refund)
			require.Equal(t, psp.RefundReturned, got.State)
			require.False(t, got.SettledAt.IsZero())
			require.NoError(t, pix.CheckReturnID(got.ReturnID))
			receipt, err := s.Receipt(t.Context(), e2eid)
			require.NoError(t, err)
			require.EqualValues(t, 400, receipt.Returned)
		})
	}
}

func TestARefundMayTakeItsTimeOrFail(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	e2eid := s.command("pay", s.charge(s.sale()).BRCode)
	s.command("refunds", "hold")
	refund := psp.Refund{EndToEndID: e2eid, ID: s.sale().ID, Amount: amount}
	require.Equal(t, psp.RefundNotFound, s.InquireRefund(t.Context(), refund).State)
	require.Equal(t, psp.RefundProcessing, s.Refund(t.Context(), refund).State)
	require.Equal(t, psp.RefundProcessing, s.InquireRefund(t.Context(), refund).State)
	s.command("fail", e2eid, string(refund.ID), "conta encerrada")
	failed := s.Refund(t.Context(), refund)
	require.Equal(t, psp.RefundFailed, failed.State)
	require.Equal(t, "conta encerrada", failed.Reason)
	refund.ID = s.sale().ID
	require.Equal(t, psp.RefundProcessing, s.Refund(t.Context(), refund).State)
	s.command("settle", e2eid, string(refund.ID))
	require.Equal(t, psp.RefundReturned, s.InquireRefund(t.Context(), refund).State)

	more := psp.Refund{EndToEndID: e2eid, ID: s.sale().ID, Amount: 1}
	refused := s.Refund(t.Context(), more)
	require.Equal(t, psp.RefundRefused, refused.State, refused.Detail)
	other := refund
	other.Amount = 1
	require.Equal(t, psp.RefundUnknown, s.Refund(t.Context(), other).State, "the id is another refund's: that says nothing about this one")
	for _, bad := range []psp.Refund{{}, {EndToEndID: e2eid, ID: "x-y", Amount: 1}, {EndToEndID: e2eid, ID: more.ID}} {
		require.Equal(t, psp.RefundUnknown, s.Refund(t.Context(), bad).State)
		require.Equal(t, psp.RefundUnknown, s.InquireRefund(t.Context(), bad).State)
	}
}

func TestARefundAfterTheWindowIsRefused(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	e2eid := s.command("pay", s.charge(s.sale()).BRCode)
	s.command("age", e2eid, "91")
	got := s.Refund(t.Context(), psp.Refund{EndToEndID: e2eid, ID: s.sale().ID, Amount: 1})
	require.Equal(t, psp.RefundRefused, got.State)
	require.Contains(t, got.Detail, "90 dias")
}

func TestTheDaysChargesAreListed(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	from := time.Now().Add(-time.Minute)
	want := map[string]psp.Standing{}
	for i := range 205 { // more than two pages
		sale := s.sale()
		sale.ID = ident.Make(time.Unix(1_790_000_000, 0), [8]byte{1, byte(i)})
		s.charge(sale)
		want[string(sale.ID)] = psp.Waiting
		switch i % 3 {
		case 0:
			s.command("pay", "last")
			want[string(sale.ID)] = psp.Paid
		case 1:
			s.command("remove", "last")
			want[string(sale.ID)] = psp.Removed
		}
	}
	listed, err := s.Charges(t.Context(), from, time.Now().Add(time.Minute))
	require.NoError(t, err)
	got := map[string]psp.Standing{}
	for _, each := range listed {
		got[each.TxID] = each.Standing
		require.Equal(t, amount, each.Amount)
		require.Equal(t, each.Standing == psp.Paid, each.EndToEndID != "")
	}
	require.Equal(t, want, got)
	s.next("cob-list", "half")
	listed, err = s.Charges(t.Context(), from, time.Now())
	requireSilence(t, err, true)
	require.Empty(t, listed, "never a part")
	_, err = s.Charges(t.Context(), time.Now(), from)
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, "CobConsultaInvalida", problem.Code)
}

func TestOneTokenServesADayAndANewOneIsGotWhenItIsForgotten(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	var running sync.WaitGroup
	sales := []psp.Charge{s.sale(), s.sale(), s.sale(), s.sale(), s.sale()}
	for _, sale := range sales {
		running.Go(func() {
			_, err := s.Charge(t.Context(), sale)
			require.NoError(t, err)
		})
	}
	running.Wait()
	require.Equal(t, "tokens 1", s.command("stats"))
	s.command("forget-tokens")
	require.Equal(t, psp.Waiting, s.inquire(sales[0]).Standing)
	require.Equal(t, "tokens 2", s.command("stats"))
	s.command("forget-tokens")
	s.next("token", "html")
	require.Equal(t, psp.Unknown, s.inquire(sales[0]).Standing)
	require.Equal(t, psp.Waiting, s.inquire(sales[0]).Standing)
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	for want, config := range map[string]psp.Config{
		"neither CPF":  {Transport: &transport.Client{}},
		"prefix":       {Transport: &transport.Client{}, Key: "a@b.example", Prefix: "v2"},
		"no transport": {Key: "a@b.example"},
	} {
		_, err := psp.New(config)
		require.ErrorContains(t, err, want)
	}
}

// seedVariable repeats a storm.
const seedVariable = "BALCAO_SEED"

// TestI0_AStormNeitherLosesNorDoublesMoney sells while every tenth call goes wrong, and
// holds the bank's books against what the till believes.
func TestI0_AStormNeitherLosesNorDoublesMoney(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("%s=%d", seedVariable, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	s := openShop(t)
	s.command("faults", strconv.FormatUint(seed, 10), "200000")
	believed := map[string]psp.Standing{}
	for range 30 {
		sale := s.sale()
		_, err := s.Charge(t.Context(), sale)
		var standing *psp.StandingError
		require.False(t, errors.As(err, &standing), err)
		if err == nil && random.IntN(3) > 0 {
			if random.IntN(3) == 0 {
				s.next("cob-patch", "pay-first")
			} else {
				s.command("pay", string(sale.ID))
			}
		}
		believed[string(sale.ID)] = finish(s, sale, random.IntN(2) == 0)
	}
	s.command("faults", "off")
	listed, err := s.Charges(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Minute))
	require.NoError(t, err)
	booked := map[string]psp.Standing{}
	for _, each := range listed {
		booked[each.TxID] = each.Standing
	}
	require.Equal(t, believed, booked)
}

// finish ends a sale as a till does: perhaps with a look, and with a cancel if it is
// not paid.
func finish(s *shop, sale psp.Charge, look bool) psp.Standing {
	s.Helper()
	if look && s.settled(sale).Standing == psp.Paid {
		return psp.Paid
	}
	var got psp.Cancellation
	require.Eventually(s, func() bool {
		got = s.Cancel(s.Context(), sale)
		return got.Outcome != psp.Unresolved
	}, patience, time.Millisecond, fmt.Sprint(sale.ID))
	if got.Outcome == psp.PaidMeanwhile {
		return psp.Paid
	}
	return psp.Removed
}
