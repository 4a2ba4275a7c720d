package central_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/central"
	"balcao/terminal/card"
	"balcao/terminal/payment"
)

func (s *script) authorise() payment.Answer {
	s.Helper()
	answer := s.client().Authorise(s.context(), orderID, orderOf(1234), paymentID, cardPayment(1234), sealed)
	s.requireNoSecrets(compact(s.T, answer))
	return answer
}

func TestSealedItemsTravelInTheLiveCallAndTheFactStaysAsItIs(t *testing.T) {
	s := newScript(t)
	s.on("PUT payment", reply(201, paymentText("awaiting_confirmation", "")))
	s.authorise()
	require.JSONEq(t, `{
		"operator_id":"maria","epoch":"`+epoch+`","terminal_seq":5,"occurred_at":"2026-08-28T14:03:05-03:00",
		"business_date":"2026-08-28","session_id":"`+string(sessionID)+`","order_id":"`+string(orderID)+`",
		"method":"credit","amount":{"amount":1234,"currency":"BRL"},"two_phase":true,
		"card":{"entry_mode":"chip","bin":"411111","last4":"1111","encrypted":[
			{"kind":"track2","scheme":"dukpt_3des_ecb","key_slot":1,"ksn":"FFFF9876543210E00001","data":"C0FFEEC0FFEEC0FFEE01"}]}}`,
		string(s.bodies["PUT payment"]))
	require.NotContains(t, string(s.bodies["PUT order"]), "C0FFEE")
	require.NotContains(t, compact(t, cardPayment(1234)), "encrypted")
}

func TestAPaymentWithoutACardHasNone(t *testing.T) {
	s := newScript(t)
	s.on("PUT payment", reply(201, paymentText("captured", "")))
	pay := cardPayment(1234)
	pay.Card = nil
	require.Equal(t, payment.Approved, s.client().Authorise(t.Context(), orderID, orderOf(1234), paymentID, pay, nil).Verdict)
	require.NotContains(t, string(s.bodies["PUT payment"]), "card")
}

func TestEveryStatusHasItsVerdict(t *testing.T) {
	for name, want := range map[string]struct {
		status  int
		text    string
		verdict payment.Verdict
		decline string
	}{
		"awaiting confirmation":  {201, paymentText("awaiting_confirmation", ""), payment.Approved, ""},
		"captured":               {201, paymentText("captured", ""), payment.Approved, ""},
		"authorised, a replay":   {200, paymentText("authorised", ""), payment.Approved, ""},
		"declined":               {201, paymentText("declined", `,"decline":{"code":"insufficient_funds"}`), payment.Declined, "insufficient_funds"},
		"declined without a why": {201, paymentText("declined", ""), payment.Declined, "other"},
		"failed":                 {201, paymentText("failed", ""), payment.Declined, "other"},
		"expired":                {201, paymentText("expired", ""), payment.Declined, "expired"},
		"reversed":               {200, paymentText("reversed", ""), payment.Undone, ""},
		"processing":             {202, paymentText("processing", ""), payment.Processing, ""},
		"created":                {201, paymentText("created", ""), payment.Processing, ""},
		"an action is needed":    {201, paymentText("requires_action", ""), payment.Processing, ""},
		"202 whatever it says":   {202, paymentText("captured", ""), payment.Processing, ""},
		"contradicts itself":     {201, paymentText("captured", `,"result":{"approved":false}`), payment.Unknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("PUT payment", reply(want.status, want.text))
			s.on("GET payment", reply(want.status, want.text))
			for _, answer := range []payment.Answer{s.authorise(), s.client().Inquire(t.Context(), paymentID)} {
				require.Equal(t, want.verdict, answer.Verdict, answer.Detail)
				require.Equal(t, want.decline, answer.Decline)
				require.Equal(t, want.verdict == payment.Approved, answer.Result.Approved && answer.Verdict == payment.Approved)
			}
		})
	}
}

func TestWhatTheHostSaidIsPassedOn(t *testing.T) {
	s := newScript(t)
	s.on("PUT payment", reply(201, paymentText("awaiting_confirmation", `,"result":{"approved":true,"host_reached":true,"response_code":"00",
		"issuer":{"arc":"00","authentication_data":"910A0102030405060708","scripts":["7203860100"]},
		"authorisation_code":"A1B2C3","nsu":"000000001","acquirer":"SIMPAY","acquirer_nsu":"000000000002"}`)))
	require.Equal(t, payment.Result{
		Approved: true, HostReached: true, ResponseCode: "00",
		Issuer:            &card.IssuerAnswer{ARC: "00", AuthenticationData: "910A0102030405060708", Scripts: []string{"7203860100"}},
		AuthorisationCode: "A1B2C3", NSU: "000000001", Acquirer: "SIMPAY", AcquirerNSU: "000000000002",
	}, s.authorise().Result)
}

func TestR3_SilenceAboutAPaymentIsNeverADecline(t *testing.T) {
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		s.on("PUT payment", trouble)
		answer := s.authorise()
		require.Equal(s, payment.Unknown, answer.Verdict, answer.Detail)
		require.Zero(s, answer.Result)

		s.on("GET payment", trouble)
		answer = s.client().Inquire(s.context(), paymentID)
		require.Equal(s, payment.Unknown, answer.Verdict, answer.Detail)
	})
}

func TestAnAnswerAboutAnotherAmountOrOrderIsSilence(t *testing.T) {
	for name, text := range map[string]string{
		"amount":   strings.Replace(paymentText("captured", ""), "1234", "1235", 1),
		"currency": strings.Replace(paymentText("captured", ""), "BRL", "USD", 1),
		"order":    strings.Replace(paymentText("captured", ""), string(orderID), string(sessionID), 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("PUT payment", reply(201, text))
			require.Equal(t, payment.Unknown, s.authorise().Verdict)
		})
	}
}

func TestARefusedPaymentIsRefused(t *testing.T) {
	for status, code := range map[int]string{
		400: "malformed-request", 401: "certificate-expired", 403: "terminal-blocked",
		404: "not-found", 409: "duplicate-payment", 422: "amount-exceeds-due",
	} {
		s := newScript(t)
		s.on("PUT payment", refuse(status, code))
		answer := s.authorise()
		require.Equal(t, payment.Refused, answer.Verdict, code)
		require.Contains(t, answer.Detail, code)
	}
}

func TestAPaymentThatIsBeingProcessedIsNotRefused(t *testing.T) {
	s := newScript(t)
	s.on("PUT payment", refuse(409, "idempotency-key-in-use"))
	require.Equal(t, payment.Processing, s.authorise().Verdict)
}

func TestARefusedOrderRefusesThePayment(t *testing.T) {
	for status, code := range map[int]string{409: "fork-detected", 422: "total-mismatch", 403: "terminal-blocked"} {
		s := newScript(t)
		s.on("PUT order", refuse(status, code))
		require.Equal(t, payment.Refused, s.authorise().Verdict, code)
		require.False(t, s.called("PUT payment"))
	}
}

func TestAPaymentIsNotSentWhileItsOrderHasNoAnswer(t *testing.T) {
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		s.on("PUT order", trouble)
		require.Equal(s, payment.Unsent, s.authorise().Verdict)
		require.False(s, s.called("PUT payment"))
	})
}

func TestWithoutALineNothingIsSent(t *testing.T) {
	s := newScript(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	s.url = "https://" + closed.Addr().String()
	answer := s.authorise()
	require.Equal(t, payment.Unsent, answer.Verdict)
	require.Contains(t, answer.Detail, "nothing was sent")
	require.Equal(t, payment.Unknown, s.client().Inquire(t.Context(), paymentID).Verdict, "that a question did not leave says nothing about the attempt")
}

func TestR4_NotFoundIsCentralsOwnWord(t *testing.T) {
	s := newScript(t)
	s.on("GET payment", refuse(404, "not-found"))
	require.Equal(t, payment.NotFound, s.client().Inquire(t.Context(), paymentID).Verdict)
	for name, trouble := range map[string]http.HandlerFunc{
		"a gateway's page":    http.NotFound,
		"a gateway's JSON":    reply(404, `{"error":"no route"}`),
		"a refused question":  refuse(403, "terminal-blocked"),
		"no right to ask now": refuse(401, "unauthorised"),
	} {
		s.on("GET payment", trouble)
		require.Equal(t, payment.Unknown, s.client().Inquire(t.Context(), paymentID).Verdict, name)
	}
}

func TestTimeoutsHaveDefaults(t *testing.T) {
	require.NotPanics(t, func() { central.New(central.Config{TerminalID: terminal}) })
}
