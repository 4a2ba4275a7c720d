package issuer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral/cardtest"
	"balcao/simulators/simcentral/issuer"
	"balcao/sync/wire"
)

func TestCentsPickTheOutcomeWhenTheyAreLetTo(t *testing.T) {
	const good = "data=pass validity=pass authenticity=pass funds=pass duplicate=pass "
	for cents, want := range map[int64]struct {
		response string
		code     wire.PaymentDeclineCode
		checks   string
	}{
		1005: {"05", wire.PaymentDeclineCodeDoNotHonour, good},
		1014: {"14", wire.PaymentDeclineCodeInvalidCard, "data=fail validity=pass authenticity=pass funds=pass duplicate=pass "},
		1051: {"51", wire.PaymentDeclineCodeInsufficientFunds, "data=pass validity=pass authenticity=pass funds=fail duplicate=pass "},
		1054: {"54", wire.PaymentDeclineCodeExpiredCard, "data=pass validity=fail authenticity=pass funds=pass duplicate=pass "},
		1055: {"55", wire.PaymentDeclineCodeWrongPIN, "data=pass validity=pass authenticity=fail funds=pass duplicate=pass "},
		1059: {"59", wire.PaymentDeclineCodeSuspectedFraud, good + "fraud=fail "},
		1061: {"61", wire.PaymentDeclineCodeLimitExceeded, "data=pass validity=fail authenticity=pass funds=pass duplicate=pass "},
		1091: {"91", wire.PaymentDeclineCodeIssuerUnavailable, good},
	} {
		t.Run(want.response, func(t *testing.T) {
			bank, book := newBank(t)
			card := cardtest.New(anaPAN, "2812", "01")
			require.True(t, bank.Decide(payment(wire.MethodCredit, cents, card.Chip(cents, "1234")), now, book).Approved, "off at first")
			bank.PickByCents(true)
			decision := bank.Decide(payment(wire.MethodCredit, cents, card.Chip(cents, "1234")), now, book)
			require.False(t, decision.Approved)
			require.Equal(t, want.response, decision.ResponseCode)
			require.Equal(t, want.code, *decision.Decline.Code)
			require.Equal(t, want.checks, checks(decision))
			require.Zero(t, decision.State.WrongPINs)
			require.Contains(t, issuer.CentsTable(), string(want.code))
			bank.PickByCents(false)
			require.True(t, bank.Decide(payment(wire.MethodCredit, cents, card.Chip(cents, "1234")), now, book).Approved)
		})
	}
}

func TestReaisAndOtherCentsPickNothing(t *testing.T) {
	bank, book := newBank(t)
	bank.PickByCents(true)
	card := cardtest.New(anaPAN, "2812", "01")
	for _, cents := range []int64{51_00, 91_00, 10_52, 10_00, 1} {
		decision := bank.Decide(payment(wire.MethodCredit, cents, card.Chip(cents, "1234")), now, book)
		require.True(t, decision.Approved, cents)
	}
}

func TestTheBanksOwnRefusalStandsOverTheCents(t *testing.T) {
	bank, book := newBank(t)
	bank.PickByCents(true)
	decision := bank.Decide(payment(wire.MethodDebit, 10_51, cardtest.New(biaPAN, "2812", "00").Chip(10_51, "9999")), now, book)
	require.Equal(t, "55", decision.ResponseCode)
	require.Equal(t, 1, decision.State.WrongPINs)
}

func TestAnIssuerThatIsNotReachedKnowsNothingOfTheCard(t *testing.T) {
	bank, book := newBank(t)
	bank.PickByCents(true)
	decision := bank.Decide(payment(wire.MethodCredit, 10_91, cardtest.New(anaPAN, "2812", "01").Chip(10_91, "1234")), now, book)
	require.False(t, decision.Reached)
	require.Nil(t, decision.Issuer, "no proof of an issuer that was not there")
	require.Empty(t, decision.State.Seen)
	require.Equal(t, wire.PaymentDeclineRetryLater, *decision.Decline.Retry)
}

func TestAVoucherPaysFromItsBalanceAndAsNothingElse(t *testing.T) {
	for name, test := range map[string]struct {
		method   wire.Method
		cents    int64
		response string
	}{
		"within its balance":   {wire.MethodVoucher, 15_000, "00"},
		"beyond its balance":   {wire.MethodVoucher, 15_001, "51"},
		"beyond its limit":     {wire.MethodVoucher, 20_001, "61"},
		"as if it were credit": {wire.MethodCredit, 100, "57"},
	} {
		t.Run(name, func(t *testing.T) {
			bank, book := newBank(t)
			decision := bank.Decide(payment(test.method, test.cents, cardtest.New(dudaPAN, "2812", "00").Chip(test.cents, "2222")), now, book)
			require.Equal(t, test.response, decision.ResponseCode)
		})
	}
}
