package issuer_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
	"balcao/simulators/simcentral/cardtest"
	"balcao/simulators/simcentral/issuer"
	"balcao/sync/wire"
)

// Test card numbers of the schemes, published for this use.
const (
	anaPAN   = "4111111111111111"
	biaPAN   = "5555555555554444"
	caioPAN  = "4012888888881881"
	dudaPAN  = "6011111111111117"
	strayPAN = "5105105105105100"
)

var now = time.Date(2026, 8, 28, 14, 3, 5, 0, time.FixedZone("BRT", -3*3600))

// shelf is a book whose balances and states a test sets.
type shelf struct {
	cents  map[string]int64
	states map[string]issuer.CardState
}

func (s *shelf) AvailableCents(account issuer.Account) int64 {
	if account.Kind == issuer.Credit {
		return s.cents[account.Name] + account.LimitCents
	}
	return s.cents[account.Name]
}

func (s *shelf) CardState(name string) issuer.CardState { return s.states[name] }

func newBank(t testing.TB) (*issuer.Bank, *shelf) {
	t.Helper()
	_, keys := hsm.GenerateTestKeys()
	bank, err := issuer.NewBank([]issuer.Account{
		{Name: "ana", PAN: anaPAN, Expiry: "2812", PSN: "01", PIN: "1234", Kind: issuer.Credit, LimitCents: 100_000, State: issuer.Active},
		{Name: "bia", PAN: biaPAN, Expiry: "2812", PSN: "00", PIN: "4321", Kind: issuer.Debit, LimitCents: 50_000, State: issuer.Active},
		{Name: "caio", PAN: caioPAN, Expiry: "2607", PSN: "00", PIN: "1111", Kind: issuer.Debit, State: issuer.Active},
		{Name: "duda", PAN: dudaPAN, Expiry: "2812", PSN: "00", PIN: "2222", Kind: issuer.Voucher, LimitCents: 20_000, State: issuer.Active},
	}, keys)
	require.NoError(t, err)
	return bank, &shelf{cents: map[string]int64{"bia": 30_000, "caio": 30_000, "duda": 15_000}, states: map[string]issuer.CardState{}}
}

func payment(method wire.Method, cents int64, card *wire.CardPresent) *wire.PaymentRequest {
	return &wire.PaymentRequest{Method: method, Amount: wire.Money{Amount: cents, Currency: "BRL"}, Card: card}
}

// checks writes the checks of a decision as one line.
func checks(decision issuer.Decision) string {
	line := ""
	for _, check := range decision.Checks {
		line += fmt.Sprintf("%s=%s ", check.Name, check.Result)
	}
	return line
}

func TestAGenuineCardWithFundsIsApprovedAndKnowsItsIssuer(t *testing.T) {
	bank, book := newBank(t)
	card := cardtest.New(anaPAN, "2812", "01")
	request := payment(wire.MethodCredit, 2_500, card.Chip(2_500, "1234"))
	decision := bank.Decide(request, now, book)
	require.True(t, decision.Approved)
	require.Equal(t, "00", decision.ResponseCode)
	require.Equal(t, "ana", decision.Account)
	require.Equal(t, "data=pass validity=pass authenticity=pass funds=pass duplicate=pass ", checks(decision))
	require.Nil(t, decision.Decline)

	tags, err := issuer.ParseTags(*request.Card.EMVRequest)
	require.NoError(t, err)
	arc, genuine := card.Trusts(1, fmt.Sprintf("%X", tags[0x9F26]), decision.Issuer)
	require.True(t, genuine)
	require.Equal(t, "00", arc)

	verified, err := bank.VerifyCompletion("ana", nil, *request.Card.EMVRequest, card.Completion(2_500, 1))
	require.NoError(t, err)
	require.True(t, verified, "the card's final TC")
	verified, err = bank.VerifyCompletion("ana", nil, *request.Card.EMVRequest, card.Completion(2_501, 1))
	require.NoError(t, err)
	require.False(t, verified)
}

func TestEachRefusalHasItsCodeAndItsCheck(t *testing.T) {
	type attempt struct {
		name     string
		prepare  func(bank *issuer.Bank, book *shelf) *wire.PaymentRequest
		response string
		code     wire.PaymentDeclineCode
		failed   string
	}
	ana := func() *cardtest.Card { return cardtest.New(anaPAN, "2812", "01") }
	bia := func() *cardtest.Card { return cardtest.New(biaPAN, "2812", "00") }
	for _, test := range []attempt{
		{"no funds", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodDebit, 30_001, bia().Chip(30_001, "4321"))
		}, "51", "insufficient_funds", "data=pass validity=pass authenticity=pass funds=fail "},
		{"beyond the credit line", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodCredit, 100_001, ana().Chip(100_001, "1234"))
		}, "51", "insufficient_funds", "data=pass validity=pass authenticity=pass funds=fail "},
		{"more than one payment may be", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodDebit, 50_001, bia().Chip(50_001, "4321"))
		}, "61", "limit_exceeded", "data=pass validity=fail "},
		{"expired card", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodDebit, 100, cardtest.New(caioPAN, "2607", "00").Chip(100, "1111"))
		}, "54", "expired_card", "data=pass validity=fail "},
		{"unknown card", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodDebit, 100, cardtest.New(strayPAN, "2812", "00").Chip(100, "1111"))
		}, "14", "invalid_card", "data=fail "},
		{"another expiry on the track", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodCredit, 100, cardtest.New(anaPAN, "3012", "01").Chip(100, "1234"))
		}, "14", "invalid_card", "data=fail "},
		{"wrong PIN", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodDebit, 100, bia().Chip(100, "9999"))
		}, "55", "wrong_pin", "data=pass validity=pass authenticity=fail "},
		{"third wrong PIN", func(_ *issuer.Bank, book *shelf) *wire.PaymentRequest {
			book.states["bia"] = issuer.CardState{WrongPINs: 2}
			return payment(wire.MethodDebit, 100, bia().Chip(100, "9999"))
		}, "75", "wrong_pin", "data=pass validity=pass authenticity=fail "},
		{"right PIN after three wrong ones", func(_ *issuer.Bank, book *shelf) *wire.PaymentRequest {
			book.states["bia"] = issuer.CardState{WrongPINs: 3}
			return payment(wire.MethodDebit, 100, bia().Chip(100, "4321"))
		}, "75", "wrong_pin", "data=pass validity=pass authenticity=fail "},
		{"cryptogram of another issuer", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			forged := ana()
			forged.IssuerKey = hsm.TestIssuerMasterKey('5')
			return payment(wire.MethodCredit, 100, forged.Chip(100, "1234"))
		}, "59", "suspected_fraud", "data=pass validity=pass authenticity=fail "},
		{"amount in the chip differs", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodCredit, 200, ana().Chip(100, "1234"))
		}, "13", "other", "data=fail "},
		{"debit card paid as credit", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			return payment(wire.MethodCredit, 100, bia().Chip(100, "4321"))
		}, "57", "not_permitted", "data=pass validity=fail "},
		{"same cryptogram again", func(_ *issuer.Bank, book *shelf) *wire.PaymentRequest {
			book.states["ana"] = issuer.CardState{Seen: []uint16{1}}
			return payment(wire.MethodCredit, 100, ana().Chip(100, "1234"))
		}, "94", "suspected_fraud", "data=pass validity=pass authenticity=pass funds=pass duplicate=fail "},
		{"no ciphertext", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			card := ana().Chip(100, "1234")
			card.Encrypted = nil
			return payment(wire.MethodCredit, 100, card)
		}, "30", "other", "data=fail "},
		{"key that the host does not know", func(*issuer.Bank, *shelf) *wire.PaymentRequest {
			card := ana().Chip(100, "")
			(*card.Encrypted)[0].KSN = new("FFFF0000000000E00001")
			return payment(wire.MethodCredit, 100, card)
		}, "30", "other", "data=fail "},
	} {
		t.Run(test.name, func(t *testing.T) {
			bank, book := newBank(t)
			decision := bank.Decide(test.prepare(bank, book), now, book)
			require.False(t, decision.Approved)
			require.Equal(t, test.response, decision.ResponseCode)
			require.Equal(t, test.code, *decision.Decline.Code)
			require.Equal(t, test.failed, checks(decision))
		})
	}
}

func TestStatesOfACardAreHonoured(t *testing.T) {
	_, keys := hsm.GenerateTestKeys()
	for state, response := range map[string]string{issuer.Blocked: "57", issuer.Lost: "41"} {
		bank, err := issuer.NewBank([]issuer.Account{{Name: "ana", PAN: anaPAN, Expiry: "2812", PSN: "01", PIN: "1234", Kind: issuer.Credit, LimitCents: 100, State: state}}, keys)
		require.NoError(t, err)
		decision := bank.Decide(payment(wire.MethodCredit, 100, cardtest.New(anaPAN, "2812", "01").Chip(100, "1234")), now, &shelf{})
		require.Equal(t, response, decision.ResponseCode)
	}
}

func TestTheRightPINForgivesWrongOnes(t *testing.T) {
	bank, book := newBank(t)
	book.states["bia"] = issuer.CardState{WrongPINs: 2}
	decision := bank.Decide(payment(wire.MethodDebit, 100, cardtest.New(biaPAN, "2812", "00").Chip(100, "4321")), now, book)
	require.True(t, decision.Approved)
	require.Zero(t, decision.State.WrongPINs)
}

func TestASwipeHasNothingToProve(t *testing.T) {
	bank, book := newBank(t)
	decision := bank.Decide(payment(wire.MethodDebit, 100, cardtest.New(biaPAN, "2812", "00").Magstripe("")), now, book)
	require.True(t, decision.Approved)
	require.Equal(t, "data=pass validity=pass authenticity=unavailable funds=pass duplicate=unavailable ", checks(decision))
	require.Nil(t, decision.Issuer)
}

func TestAccountsAreCheckedAndNeverPrinted(t *testing.T) {
	_, keys := hsm.GenerateTestKeys()
	_, err := issuer.NewBank([]issuer.Account{{Name: "ana", PAN: "4111111111111112", Expiry: "2813", Kind: "gift", State: "new"}}, keys)
	require.ErrorContains(t, err, "check digit")
	require.ErrorContains(t, err, "YYMM")
	require.ErrorContains(t, err, "gift")
	require.NotContains(t, err.Error(), "411111")
	account := issuer.Account{Name: "ana", PAN: anaPAN, PIN: "1234"}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s %x", account, account, account, account, account), "4111")
}

func TestAnAccountsFileThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accounts.json")
	text, err := json.Marshal([]map[string]any{{"name": "ana", "pan": anaPAN, "expiry": "2812", "kind": "debit", "balance_cents": 100, "state": "active"}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	accounts, err := issuer.LoadAccounts(path)
	require.NoError(t, err)
	require.EqualValues(t, 100, accounts[0].BalanceCents)
	require.NoError(t, os.Chmod(path, 0o644))
	_, err = issuer.LoadAccounts(path)
	require.ErrorContains(t, err, "lets others read it")
}

func TestTagsOfOneToThreeBytesAndLongLengthsAreRead(t *testing.T) {
	tags, err := issuer.ParseTags("82025800" + "9F0206000000002500" + "DF810101AA" + "708103010203")
	require.NoError(t, err)
	require.Equal(t, issuer.Tags{0x82: {0x58, 0}, 0x9F02: {0, 0, 0, 0, 0x25, 0}, 0xDF8101: {0xAA}, 0x70: {1, 2, 3}}, tags)
}

func TestDamagedTagsAreRefused(t *testing.T) {
	for _, text := range []string{"8", "zz", "82", "8202", "820258", "9F", "9F81", "9F818181", "8280", "828300000158", "82FF", "82015882015A"} {
		_, err := issuer.ParseTags(text)
		require.Error(t, err, text)
	}
}

func TestTagsThatNameTheCardholderAreFound(t *testing.T) {
	tags, err := issuer.ParseTags("5A0141" + "82025800" + "5F200141")
	require.NoError(t, err)
	require.Equal(t, []uint32{0x5A, 0x5F20}, tags.CardholderTags())
}

func FuzzParseTags(f *testing.F) {
	f.Add("9F020600000000250082025800")
	f.Add("9F8101028181AA")
	f.Fuzz(func(t *testing.T, text string) {
		tags, err := issuer.ParseTags(text)
		if err != nil {
			return
		}
		total := 0
		for _, value := range tags {
			total += len(value)
		}
		require.LessOrEqual(t, total, len(text)/2, "no byte is read twice")
	})
}
