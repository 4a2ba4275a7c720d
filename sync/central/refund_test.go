package central_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
)

const refundID ident.ID = "01JD4K3M8Q7V5W2X9Y00000005"

// refundEntry is a refund as a journal would hold it.
func refundEntry(t *testing.T, id ident.ID, seq uint64, amount money.Cents) central.Entry {
	t.Helper()
	text, err := json.Marshal(struct {
		journal.Origin
		PaymentID ident.ID    `json:"payment_id"`
		Amount    money.Cents `json:"amount"`
		Reason    string      `json:"reason"`
	}{originOf(seq), paymentID, amount, "customer_request"})
	require.NoError(t, err)
	return central.Entry{Kind: "refund", ID: id, Target: paymentID, Body: text}
}

func refundText(status string, cents int64) string {
	return fmt.Sprintf(`{"refund_id":%q,"amount":{"amount":%d,"currency":"BRL"},"status":%q}`, refundID, cents, status)
}

func TestARefundGoesToItsOwnPathAndIsAcknowledgedWhenTheMoneyIsBack(t *testing.T) {
	for name, want := range map[string]struct {
		text  string
		acked bool
	}{
		"back":      {refundText("succeeded", 500), true},
		"under way": {refundText("processing", 500), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			path := ""
			s.on("PUT refunds", func(w http.ResponseWriter, r *http.Request) {
				path = r.URL.Path
				reply(201, want.text)(w, r)
			})
			entry := refundEntry(t, refundID, 20, 500)
			forwarded, err := s.client().Forward(t.Context(), entry)
			require.NoError(t, err)
			require.Equal(t, want.acked, forwarded.Acknowledged)
			require.Equal(t, fmt.Sprintf("/v1/payments/%s/refunds/%s", paymentID, refundID), path)
			require.Equal(t, entry.Body, s.bodies["PUT refunds"])
			require.Empty(t, s.headers["PUT refunds"].Get("Idempotency-Key"))
		})
	}
}

func TestARefundThatFailedIsForAPersonToSee(t *testing.T) {
	s := newScript(t)
	s.on("PUT refunds", reply(201, refundText("failed", 500)))
	entry := refundEntry(t, refundID, 20, 500)
	forwarded, err := s.client().Forward(t.Context(), entry)
	require.False(t, forwarded.Acknowledged)
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.True(t, problem.Final())
	require.Equal(t, wire.CodeNotRefundable, problem.Code)
	refunded, err := s.client().Refund(t.Context(), entry)
	require.NoError(t, err, "who asks is told")
	require.Equal(t, central.Refunded{Amount: 500, State: wire.RefundStatusFailed}, refunded)
}

func TestAnAnswerAboutAnotherRefundIsSilence(t *testing.T) {
	for name, text := range map[string]string{
		"another refund":   strings.Replace(refundText("succeeded", 500), string(refundID), string(orderID), 1),
		"another amount":   refundText("succeeded", 499),
		"another currency": strings.Replace(refundText("succeeded", 500), "BRL", "USD", 1),
		"its own state":    refundText("splendid", 500),
		"nothing":          `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("PUT refunds", reply(201, text))
			var silence *transport.Silence
			_, err := s.client().Forward(t.Context(), refundEntry(t, refundID, 20, 500))
			require.ErrorAs(t, err, &silence)
			refunded, err := s.client().Refund(t.Context(), refundEntry(t, refundID, 20, 500))
			require.ErrorAs(t, err, &silence)
			require.Zero(t, refunded)
		})
	}
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		s.on("PUT refunds", trouble)
		s.on("GET refunds", trouble)
		refunded, err := s.client().Refund(s.context(), refundEntry(s.T, refundID, 20, 500))
		require.Error(s, err)
		require.Zero(s, refunded)
		_, err = s.client().GetRefund(s.context(), paymentID, refundID)
		require.ErrorContains(s, err, "ask refund "+string(refundID))
	})
}

// soldByCard is a card sale that is the shop's.
func (b *bank) soldByCard(amount money.Cents) {
	b.Helper()
	answer := b.pay(ana(), amount, "1234")
	require.True(b, answer.Result.Approved, answer.Detail)
	forwarded, err := b.client.Forward(b.Context(), confirmationEntry(b.T))
	require.NoError(b, err)
	require.True(b, forwarded.Acknowledged)
}

func TestARefundOverALifeOfCentral(t *testing.T) {
	b := openBank(t)
	b.soldByCard(1234)
	entry := refundEntry(t, refundID, 20, 500)
	for range 2 { // the second time is a replay
		refunded, err := b.client.Refund(t.Context(), entry)
		require.NoError(t, err)
		require.Equal(t, central.Refunded{Amount: 500, State: wire.RefundStatusSucceeded}, refunded)
		require.EqualValues(t, 734, b.merchant())
	}
	forwarded, err := b.client.Forward(t.Context(), entry)
	require.NoError(t, err)
	require.True(t, forwarded.Acknowledged)
	refunded, err := b.client.GetRefund(t.Context(), paymentID, refundID)
	require.NoError(t, err)
	require.EqualValues(t, 500, refunded.Amount)

	_, err = b.client.Refund(t.Context(), refundEntry(t, refundID.Derive(1), 21, 735))
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, wire.CodeAmountExceedsDue, problem.Code)
	require.True(t, problem.Final())
	_, err = b.client.GetRefund(t.Context(), paymentID, refundID.Derive(1))
	require.ErrorAs(t, err, &problem)
	require.Equal(t, http.StatusNotFound, problem.Status)
}

func TestARefundUnderWayIsAskedForUntilItIsBackOrFails(t *testing.T) {
	for outcome, acked := range map[string]bool{"succeeded": true, "failed": false} {
		t.Run(outcome, func(t *testing.T) {
			b := openBank(t)
			b.soldByCard(1234)
			b.command("refunds slow")
			entry := refundEntry(t, refundID, 20, 1234)
			forwarded, err := b.client.Forward(t.Context(), entry)
			require.NoError(t, err)
			require.Equal(t, central.Forwarded{State: "processing"}, forwarded)
			b.command("refund " + string(refundID) + " " + outcome)
			forwarded, err = b.client.Forward(t.Context(), entry)
			require.Equal(t, acked, err == nil, err)
			require.Equal(t, acked, forwarded.Acknowledged)
		})
	}
}

func TestALostAnswerToARefundIsToldAgainAndNotPaidTwice(t *testing.T) {
	b := openBank(t)
	b.soldByCard(1234)
	entry := refundEntry(t, refundID, 20, 500)
	b.command("next refund-put reset")
	_, err := b.client.Refund(t.Context(), entry)
	var silence *transport.Silence
	require.ErrorAs(t, err, &silence)
	require.True(t, silence.Sent)
	refunded, err := b.client.Refund(t.Context(), entry)
	require.NoError(t, err)
	require.EqualValues(t, 500, refunded.Amount)
	require.EqualValues(t, 734, b.merchant())
}
