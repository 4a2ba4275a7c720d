package central_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral/cardtest"
	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/card"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
)

// captureEntry is a capture as a journal would hold it; less than nothing is all.
func captureEntry(t *testing.T, id ident.ID, seq uint64, amount money.Cents, final bool) central.Entry {
	t.Helper()
	body := struct {
		journal.Act
		PaymentID ident.ID     `json:"payment_id"`
		Amount    *money.Cents `json:"amount,omitempty"`
		Final     bool         `json:"final"`
	}{Act: journal.Act{Epoch: epoch, TerminalSeq: seq, OccurredAt: at}, PaymentID: paymentID, Final: final}
	if amount >= 0 {
		body.Amount = &amount
	}
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return central.Entry{Kind: "capture", ID: id, Target: paymentID, Body: text}
}

func TestOnlyWhatWasTakenIsACapture(t *testing.T) {
	const taken = `,"captured":{"amount":500,"currency":"BRL"}`
	for name, want := range map[string]struct {
		entry central.Entry
		text  string
		acked bool
	}{
		"all of it":               {captureEntry(t, decision, 7, -1, true), paymentText("captured", ""), true},
		"a part, the last":        {captureEntry(t, decision, 7, 500, true), paymentText("captured", taken), true},
		"a part of more":          {captureEntry(t, decision, 7, 500, false), paymentText("authorised", taken), true},
		"refunded since":          {captureEntry(t, decision, 7, 500, true), paymentText("partially_refunded", taken), true},
		"the last, still held":    {captureEntry(t, decision, 7, 500, true), paymentText("authorised", taken), false},
		"less than was told":      {captureEntry(t, decision, 7, 501, true), paymentText("captured", taken), false},
		"nothing is said of it":   {captureEntry(t, decision, 7, 500, false), paymentText("authorised", ""), false},
		"of a reversed payment":   {captureEntry(t, decision, 7, -1, true), paymentText("reversed", ""), false},
		"of an awaited confirm":   {captureEntry(t, decision, 7, -1, false), paymentText("awaiting_confirmation", ""), false},
		"a payment of some other": {captureEntry(t, decision, 7, -1, true), `{}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("POST captures", reply(200, want.text))
			forwarded, err := s.client().Forward(t.Context(), want.entry)
			require.Equal(t, want.acked, forwarded.Acknowledged)
			require.Equal(t, want.acked, err == nil, err)
			require.Equal(t, string(decision), s.headers["POST captures"].Get("Idempotency-Key"))
			if !want.acked {
				var silence *transport.Silence
				require.ErrorAs(t, err, &silence)
			}
		})
	}
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		s.on("POST captures", trouble)
		captured, err := s.client().Capture(s.context(), captureEntry(s.T, decision, 7, 500, true))
		require.Error(s, err)
		require.Zero(s, captured)
	})
}

// authoriseByHand puts a card payment that is to be captured, which no fact of the
// till can tell yet.
func (b *bank) authoriseByHand(amount money.Cents) {
	b.Helper()
	carrier, err := transport.New(transport.Config{BaseURL: b.url, CertificateFile: b.certs.ClientCert, KeyFile: b.certs.ClientKey, CAFile: b.certs.CA})
	require.NoError(b, err)
	defer carrier.Close()
	var read struct {
		card.Present
		Encrypted []card.Sealed `json:"encrypted"`
	}
	require.NoError(b, json.Unmarshal([]byte(compact(b.T, cardtest.New(anaPAN, "3012", "01").Chip(int64(amount), "1234"))), &read))
	pay := cardPayment(amount)
	pay.TwoPhase, pay.Card = false, nil
	body, err := json.Marshal(struct {
		journal.Payment
		Card    any    `json:"card"`
		Capture string `json:"capture"`
	}{pay, read, "manual"})
	require.NoError(b, err)
	_, err = carrier.Do(b.Context(), transport.Request{Method: http.MethodPut, Path: "/v1/payments/" + string(paymentID), Body: body})
	require.NoError(b, err)
}

func TestACaptureInTwoParts(t *testing.T) {
	b := openBank(t)
	b.authoriseByHand(1234)
	require.Zero(t, b.merchant())
	for range 2 { // the second time is a replay
		captured, err := b.client.Capture(t.Context(), captureEntry(t, decision, 7, 500, false))
		require.NoError(t, err)
		require.Equal(t, central.Captured{Amount: 500, State: wire.PaymentStatusAuthorised}, captured)
	}
	captured, err := b.client.Capture(t.Context(), captureEntry(t, decision.Derive(1), 8, 600, true))
	require.NoError(t, err)
	require.Equal(t, central.Captured{Amount: 1100, State: wire.PaymentStatusCaptured}, captured)
	require.EqualValues(t, 1100, b.merchant())
	_, err = b.client.Capture(t.Context(), captureEntry(t, decision.Derive(2), 9, 1, true))
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, wire.CodeAlreadyCaptured, problem.Code)
}
