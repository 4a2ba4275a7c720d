package central_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
)

const reconciliationID ident.ID = "01JD4K3M8Q7V5W2X9Y00000006"

func dayOf(entries ...wire.ReconciliationEntry) (request wire.ReconciliationRequest) {
	request.BusinessDate.Time = time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	request.Entries = entries
	return request
}

func entryFor(id ident.ID, status wire.PaymentStatus, cents int64) wire.ReconciliationEntry {
	return wire.ReconciliationEntry{PaymentID: string(id), Status: status, Amount: wire.Money{Amount: cents, Currency: "BRL"}}
}

func TestAReconciliationThatMakesNoSenseIsSilence(t *testing.T) {
	difference := func(kind, id, suggested string) string {
		return fmt.Sprintf(`{"state":"mismatched","differences":[{"kind":%q,"payment_id":%q,"suggested":%q}]}`, kind, id, suggested)
	}
	for name, text := range map[string]string{
		"nothing":                    `{}`,
		"a state of its own":         `{"state":"splendid","differences":[]}`,
		"matched with a difference":  `{"state":"matched","differences":[{"kind":"amount","payment_id":"` + string(paymentID) + `"}]}`,
		"matched but not all":        `{"state":"matched","matched":0,"differences":[]}`,
		"more than was told":         `{"state":"pending","matched":2,"differences":[]}`,
		"a kind of its own":          difference("curious", string(paymentID), "review"),
		"a suggestion of its own":    difference("amount", string(paymentID), "dance"),
		"of a payment nobody told":   difference("amount", string(orderID), "review"),
		"missing here but told here": difference("missing_at_terminal", string(paymentID), "review"),
		"of no payment":              difference("missing_at_terminal", "x", "review"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.on("PUT reconciliations", reply(200, text))
			_, err := s.client().Reconcile(t.Context(), reconciliationID, dayOf(entryFor(paymentID, "captured", 1)))
			var silence *transport.Silence
			require.ErrorAs(t, err, &silence)
		})
	}
	for name, text := range map[string]string{
		"nothing": `{}`, "less than none": `{"processed":-1}`, "left open what is no id": `{"processed":1,"left_open":["x"]}`,
	} {
		t.Run("commit with "+name, func(t *testing.T) {
			s := newScript(t)
			s.on("POST commit", reply(200, text))
			_, err := s.client().CommitReconciliation(t.Context(), reconciliationID, decision)
			var silence *transport.Silence
			require.ErrorAs(t, err, &silence)
			require.Equal(t, string(decision), s.headers["POST commit"].Get("Idempotency-Key"))
		})
	}
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		s.on("PUT reconciliations", trouble)
		s.on("POST commit", trouble)
		_, err := s.client().Reconcile(s.context(), reconciliationID, dayOf())
		require.Error(s, err)
		_, err = s.client().CommitReconciliation(s.context(), reconciliationID, decision)
		require.Error(s, err)
	})
}

func TestMorePaymentsThanTheContractTakesAreNotSent(t *testing.T) {
	s := newScript(t)
	_, err := s.client().Reconcile(t.Context(), reconciliationID, dayOf(make([]wire.ReconciliationEntry, 10_001)...))
	require.ErrorContains(t, err, "10001 payments")
	require.False(t, s.called("PUT reconciliations"))
}

func TestADayIsReconciledAndCommitted(t *testing.T) {
	b := openBank(t)
	b.soldByCard(1234)
	missing := paymentID.Derive(1)
	found, err := b.client.Reconcile(t.Context(), reconciliationID, dayOf(
		entryFor(paymentID, wire.PaymentStatusCaptured, 1234), entryFor(missing, wire.PaymentStatusCaptured, 100),
	))
	require.NoError(t, err)
	require.Equal(t, wire.ReconciliationStateMismatched, found.State)
	require.Equal(t, 1, *found.Matched)
	require.Equal(t, string(missing), found.Differences[0].PaymentID)
	require.Equal(t, wire.ReconciliationDifferencesSuggestedResend, *found.Differences[0].Suggested)
	for range 2 { // the second time is a replay
		committed, err := b.client.CommitReconciliation(t.Context(), reconciliationID, decision.Derive(1))
		require.NoError(t, err)
		require.Equal(t, central.Committed{Processed: 1, LeftOpen: []ident.ID{missing}}, committed)
	}
	empty, err := b.client.Reconcile(t.Context(), reconciliationID.Derive(1), dayOf())
	require.NoError(t, err)
	require.Equal(t, wire.ReconciliationDifferencesKindMissingAtTerminal, empty.Differences[0].Kind)
}
