package central_test

import (
	"crypto/sha256"
	"encoding/hex"
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
	"balcao/terminal/payment"
)

const reportID ident.ID = "01JD4K3M8Q7V5W2X9Y00000005"

// vectorSession is the session of the contract's first fact, a float of 200,00.
const vectorSession = "01JD4K3M8Q7V5W2X9Y0Z1A2B3D"

// zOf is a Z of the vector's session.
func zOf(float money.Cents) journal.ZReport {
	return journal.ZReport{Report: journal.Report{
		OperatorID: "maria", Type: "z", BusinessDate: "2026-08-28", SessionID: vectorSession,
		Ranges: []journal.SeqRange{{Epoch: epoch, FromSeq: 1, ToSeq: 1}}, Digest: strings.Repeat("0", 64),
		Totals: []journal.ReportLine{{Method: "cash", Type: "float", Count: 1, Amount: float}, {Method: "cash", Type: "expected", Amount: float}},
	}}
}

func TestAReportIsIncompleteThenAccepted(t *testing.T) {
	b := openBank(t)
	opening := sessionEntry(t)
	opening.ID, opening.Target = vectorSession, vectorSession
	_, err := b.client.Forward(t.Context(), opening)
	require.NoError(t, err)
	body := []byte(" " + compact(t, zOf(20_000)) + "\n") // the till's own bytes, whatever they are
	receipt, err := b.client.PutReport(t.Context(), reportID, body)
	require.NoError(t, err)
	require.Equal(t, wire.ReportReceiptStatusIncomplete, receipt.Status)
	require.Equal(t, []wire.SeqRange{{Epoch: epoch, FromSeq: 1, ToSeq: 1}}, *receipt.Missing)

	_, err = b.client.PutBatch(t.Context(), batchOfOne())
	require.NoError(t, err)
	receipt, err = b.client.PutReport(t.Context(), reportID, body)
	require.NoError(t, err)
	require.Equal(t, wire.ReportReceiptStatusAccepted, receipt.Status, compact(t, receipt))
	sum := sha256.Sum256(body)
	require.Equal(t, hex.EncodeToString(sum[:]), *receipt.CopySha256)

	receipt, err = b.client.PutReport(t.Context(), reportID.Derive(1), []byte(compact(t, zOf(19_999))))
	require.NoError(t, err)
	require.Equal(t, wire.ReportReceiptStatusRejected, receipt.Status)
	require.Len(t, *receipt.Differences, 2)

	_, err = b.client.PutReport(t.Context(), reportID, []byte(compact(t, zOf(1))))
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, wire.CodeIdempotencyKeyReused, problem.Code)
}

func TestAReceiptOfAnotherReportIsSilence(t *testing.T) {
	for _, text := range []string{
		fmt.Sprintf(`{"report_id":%q,"status":"accepted"}`, decision),
		fmt.Sprintf(`{"report_id":%q,"status":"framed"}`, reportID),
		`{}`,
	} {
		s := newScript(t)
		s.on("PUT reports", reply(201, text))
		_, err := s.client().PutReport(t.Context(), reportID, []byte(`{}`))
		var silence *transport.Silence
		require.ErrorAs(t, err, &silence)
		// The digest of "{}", made by another program.
		require.Equal(t, "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:", s.headers["PUT reports"].Get("Content-Digest"))
	}
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		s.on("PUT reports", trouble)
		_, err := s.client().PutReport(s.context(), reportID, []byte(`{}`))
		require.ErrorContains(s, err, "put report "+string(reportID))
	})
}

func TestASessionEndsBeforeItsOpeningHasArrived(t *testing.T) {
	b := openBank(t)
	for _, entry := range []central.Entry{closeEntry(t), sessionEntry(t), closeEntry(t)} {
		forwarded, err := b.client.Forward(t.Context(), entry)
		require.NoError(t, err)
		require.Equal(t, central.Forwarded{Acknowledged: true, State: "closed"}, forwarded, entry.Kind)
	}
}

func TestEveryFaultOfALineIsUnknownAndFoundOut(t *testing.T) {
	for kind, want := range map[string]struct{ at, after payment.Verdict }{
		"down 1ms": {payment.Unknown, payment.NotFound}, "error": {payment.Unknown, payment.NotFound},
		"rate-limited": {payment.Unknown, payment.NotFound}, "html": {payment.Unknown, payment.NotFound},
		"reset": {payment.Unknown, payment.Approved}, "half": {payment.Unknown, payment.Approved},
		"gateway": {payment.Unknown, payment.Approved}, "twice": {payment.Approved, payment.Approved},
		"slow 1ms": {payment.Approved, payment.Approved},
	} {
		t.Run(kind, func(t *testing.T) {
			b := openBank(t)
			b.command("next payment-put " + kind)
			answer := b.pay(ana(), 1234, "1234")
			require.Equal(t, want.at, answer.Verdict, answer.Detail)
			require.Eventually(t, func() bool { return b.client.Inquire(t.Context(), paymentID).Verdict == want.after }, patience, patience/1000)
			forwarded, err := b.client.Forward(t.Context(), reversalEntry(t))
			require.NoError(t, err)
			require.True(t, forwarded.Acknowledged)
			require.Zero(t, b.ledger().Accounts["customer:ana"])
		})
	}
}
