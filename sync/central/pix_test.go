package central_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/payment"
)

// brCode is a dynamic code that BCB published; changing its sum damages it.
const brCode = "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4"

func pixPayment(amount money.Cents) journal.Payment {
	return journal.Payment{Origin: originOf(5), OrderID: orderID, Method: payment.Pix, Amount: amount}
}

func pixText(status, more string) string {
	return strings.Replace(paymentText(status, more), `"method":"credit"`, `"method":"pix"`, 1)
}

func chargeText(code string) string {
	return pixText("requires_action", fmt.Sprintf(`,"next_action":{"type":"show_pix_qr","br_code":%q,"txid":%q,"expires_at":"2026-08-28T17:08:06Z"}`, code, paymentID))
}

func (s *script) authorisePix(ctx context.Context) central.PixAnswer {
	return s.client().AuthorisePix(ctx, orderID, orderOf(1234), paymentID, pixPayment(1234), 2*time.Minute)
}

func TestAChargeComesWithWhatToShow(t *testing.T) {
	s := newScript(t)
	s.on("PUT payment", reply(202, chargeText(brCode)))
	answer := s.authorisePix(t.Context())
	require.Equal(t, payment.Processing, answer.Verdict, answer.Detail)
	require.Equal(t, &central.Charge{BRCode: brCode, TxID: string(paymentID), ExpiresAt: time.Date(2026, 8, 28, 17, 8, 6, 0, time.UTC)}, answer.Charge)
	require.Contains(t, string(s.bodies["PUT payment"]), `"pix":{"expires_in":120}`)
	require.NotContains(t, string(s.bodies["PUT payment"]), `"card"`)
}

func TestAPixIsWhatItsAnswerProves(t *testing.T) {
	const proof = `,"result":{"approved":true,"end_to_end_id":"E9999900420260828170300000000001"}`
	const whole, part = `,"captured":{"amount":1234,"currency":"BRL"}`, `,"captured":{"amount":1233,"currency":"BRL"}`
	for name, want := range map[string]struct {
		text    string
		verdict payment.Verdict
	}{
		"paid":                    {pixText("captured", proof+whole), payment.Approved},
		"paid without proof":      {pixText("captured", ""), payment.Unknown},
		"paid with a short proof": {pixText("captured", `,"result":{"end_to_end_id":"E1"}`), payment.Unknown},
		"paid in part":            {pixText("captured", proof+part), payment.Unknown},
		"a card was paid":         {paymentText("captured", proof+whole), payment.Unknown},
		"another order's":         {strings.Replace(pixText("captured", proof+whole), string(orderID), string(sessionID), 1), payment.Unknown},
		"another amount":          {strings.Replace(pixText("captured", proof), "1234", "1200", 1), payment.Unknown},
		"still being made":        {pixText("created", ""), payment.Processing},
		"expired":                 {pixText("expired", ""), payment.Declined},
		"removed":                 {pixText("reversed", ""), payment.Undone},
		"a tombstone":             {strings.Replace(paymentText("reversed", ""), string(orderID), "00000000000000000000000000", 1), payment.Undone},
		"nothing to show":         {pixText("requires_action", ""), payment.Unknown},
		"a PIN to enter":          {pixText("requires_action", `,"next_action":{"type":"enter_pin"}`), payment.Unknown},
		"a damaged code":          {chargeText(strings.TrimSuffix(brCode, "4") + "5"), payment.Unknown},
		"half a code":             {chargeText(brCode[:60]), payment.Unknown},
		"some other text":         {chargeText("https://example.com"), payment.Unknown},
		"no code":                 {chargeText(""), payment.Unknown},
		"a txid that is none":     {strings.Replace(chargeText(brCode), `"txid":"`+string(paymentID), `"txid":"x`, 1), payment.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("GET payment", reply(200, want.text))
			answer := s.client().InquirePix(t.Context(), orderID, paymentID, 1234)
			require.Equal(t, want.verdict, answer.Verdict, answer.Detail)
			require.Nil(t, answer.Charge)
			require.Equal(t, want.verdict == payment.Approved, answer.EndToEndID != "")
			require.Zero(t, answer.Owed)
		})
	}
}

func TestSilenceAboutAPixIsNoAnswer(t *testing.T) {
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		s.on("PUT payment", trouble)
		answer := s.authorisePix(s.context())
		require.Equal(s, payment.Unknown, answer.Verdict, answer.Detail)
		require.Nil(s, answer.Charge)
		s.on("GET payment", trouble)
		require.Equal(s, payment.Unknown, s.client().InquirePix(s.context(), orderID, paymentID, 1234).Verdict)
	})
}

func TestAPixFromItsCodeToItsProof(t *testing.T) {
	b := openBank(t)
	put := func() central.PixAnswer {
		return b.client.AuthorisePix(t.Context(), orderID, orderOf(1234), paymentID, pixPayment(1234), 2*time.Minute)
	}
	first := put()
	require.Equal(t, payment.Processing, first.Verdict, first.Detail)
	require.WithinDuration(t, time.Now().Add(2*time.Minute), first.Charge.ExpiresAt, patience)
	require.Equal(t, first.Charge, put().Charge, "the same payment is the same charge")
	ask := func() central.PixAnswer { return b.client.InquirePix(t.Context(), orderID, paymentID, 1234) }
	require.Equal(t, first.Charge, ask().Charge)
	b.command("pix pay " + string(paymentID))
	paid := ask()
	require.Equal(t, payment.Approved, paid.Verdict, paid.Detail)
	require.Len(t, paid.EndToEndID, 32)
	require.Equal(t, payment.Unknown, b.client.InquirePix(t.Context(), orderID, paymentID, 1200).Verdict, "not what was sold")
	require.EqualValues(t, 1234, b.merchant())

	forwarded, err := b.client.Forward(t.Context(), confirmationEntry(t))
	require.NoError(t, err)
	require.True(t, forwarded.Acknowledged)
	refunded, err := b.client.Refund(t.Context(), refundEntry(t, refundID, 20, 1234))
	require.NoError(t, err)
	require.Len(t, refunded.ReturnID, 32)
}

func TestAPixPaidAfterItsCancelIsSeenAndGoesBack(t *testing.T) {
	b := openBank(t)
	b.client.AuthorisePix(t.Context(), orderID, orderOf(1234), paymentID, pixPayment(1234), 0)
	forwarded, err := b.client.Forward(t.Context(), reversalEntry(t))
	require.NoError(t, err)
	require.True(t, forwarded.Acknowledged)
	b.command("pix pay-late " + string(paymentID))
	answer := b.client.InquirePix(t.Context(), orderID, paymentID, 1234)
	require.Equal(t, payment.Undone, answer.Verdict, answer.Detail)
	require.EqualValues(t, 1234, answer.Owed)
	_, err = b.client.Refund(t.Context(), refundEntry(t, refundID, 20, 1234))
	require.NoError(t, err)
	require.Zero(t, b.client.InquirePix(t.Context(), orderID, paymentID, 1234).Owed)
	require.Zero(t, b.merchant())
}

func TestAPixThatExpiresAndOneThatNeverCame(t *testing.T) {
	b := openBank(t)
	require.Equal(t, payment.NotFound, b.client.InquirePix(t.Context(), orderID, paymentID, 1234).Verdict)
	b.client.AuthorisePix(t.Context(), orderID, orderOf(1234), paymentID, pixPayment(1234), 0)
	b.command("pix expire " + string(paymentID))
	answer := b.client.InquirePix(t.Context(), orderID, paymentID, 1234)
	require.Equal(t, payment.Declined, answer.Verdict)
	require.Equal(t, "expired", answer.Decline)

	other := paymentID.Derive(1)
	reversal := reversalEntry(t)
	reversal.ID, reversal.Target = decision.Derive(1), other
	reversal.Body = []byte(strings.ReplaceAll(strings.Replace(string(reversal.Body), `"terminal_seq":8`, `"terminal_seq":18`, 1), string(paymentID), string(other)))
	_, err := b.client.Forward(t.Context(), reversal)
	require.NoError(t, err)
	require.Equal(t, payment.Undone, b.client.InquirePix(t.Context(), orderID, other, 1234).Verdict)
}

func TestWhatTheLineDoesSaysNothingAboutMoney(t *testing.T) {
	for words, verdict := range map[string]payment.Verdict{
		"unauthorised": payment.Processing, // met with another token
		"conflict":     payment.Processing,
		"html":         payment.Unknown,
		"rate-limited": payment.Unknown,
		"duplicate":    payment.Processing,
		"late 20ms":    payment.Processing,
		"skew 3h":      payment.Processing,
		"gateway":      payment.Unknown,
	} {
		t.Run(words, func(t *testing.T) {
			b := openBank(t)
			b.command("next payment-put " + words)
			answer := b.client.AuthorisePix(t.Context(), orderID, orderOf(1234), paymentID, pixPayment(1234), 0)
			require.Equal(t, verdict, answer.Verdict, answer.Detail)
			again := b.client.AuthorisePix(t.Context(), orderID, orderOf(1234), paymentID, pixPayment(1234), 0)
			require.NotNil(t, again.Charge, again.Detail)
		})
	}
}

func TestALineThatIsNotCentralsTakesNoRequest(t *testing.T) {
	b := openBank(t)
	carrier, err := transport.New(transport.Config{
		BaseURL: b.url, CertificateFile: b.certs.ClientCert, KeyFile: b.certs.ClientKey, CAFile: b.certs.CA, ConnectTimeout: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	t.Cleanup(func() { carrier.Close() })
	client := central.New(central.Config{TerminalID: terminal, Transport: carrier})
	for _, words := range []string{"wrong-cert", "half-open"} {
		b.command(words)
		_, err := client.Refund(t.Context(), refundEntry(t, refundID, 20, 1))
		var silence *transport.Silence
		require.True(t, errors.As(err, &silence) && !silence.Sent, "%s: %v", words, err)
	}
	b.command("portal")
	_, err = client.Status(t.Context())
	var silence *transport.Silence
	require.ErrorAs(t, err, &silence)
	b.command("up")
	_, err = client.Refund(t.Context(), refundEntry(t, refundID, 20, 1))
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, wire.CodeNotFound, problem.Code)
}
