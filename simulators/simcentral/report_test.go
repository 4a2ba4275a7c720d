package simcentral_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral"
	"balcao/sync/wire"
)

func (s *shop) putReport(id string, body []byte) reply {
	s.Helper()
	return s.call(http.MethodPut, "/v1/reports/"+id, body, "Content-Digest", simcentral.ContentDigest(body))
}

// written is a report in bytes that no encoder would write.
func written(t testing.TB, report wire.Report) []byte {
	t.Helper()
	text, err := json.MarshalIndent(report, "", "\t")
	require.NoError(t, err)
	return append(text, '\n')
}

func TestAReportIsKeptByteForByte(t *testing.T) {
	w := openDay(t)
	w.sellCash(2_000)
	id := w.id()
	body := written(t, w.report(wire.ReportKindX,
		totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 2_000), totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000)))
	receipt := decode[wire.ReportReceipt](t, w.putReport(id, body), http.StatusCreated)
	require.Equal(t, wire.ReportReceiptStatusAccepted, receipt.Status)
	sum := sha256.Sum256(body)
	require.Equal(t, hex.EncodeToString(sum[:]), *receipt.CopySha256)
	w.restart()
	require.Equal(t, body, w.call(http.MethodGet, "/v1/reports/"+id, nil).body)

	require.True(t, w.putReport(id, body).replayed())
	other := w.report(wire.ReportKindZ)
	requireProblem(t, w.putReport(id, written(t, other)), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	requireProblem(t, w.call(http.MethodGet, "/v1/reports/"+w.id(), nil), http.StatusNotFound, wire.CodeNotFound)
}

func TestAReportMustBeWhatItsDigestSays(t *testing.T) {
	w := openDay(t)
	body := written(t, w.report(wire.ReportKindOrders))
	path := "/v1/reports/" + w.id()
	requireProblem(t, w.call(http.MethodPut, path, body, "Content-Digest", simcentral.ContentDigest([]byte("other"))), http.StatusUnprocessableEntity, wire.CodeHashMismatch)
	requireProblem(t, w.call(http.MethodPut, path, body), http.StatusUnprocessableEntity, wire.CodeRequiredField)
}

func TestAReportWaitsForItsFacts(t *testing.T) {
	w := openDay(t)
	id := w.id()
	report := w.report(wire.ReportKindZ, totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 2_000), totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000))
	report.Ranges = []wire.SeqRange{{Epoch: epoch, FromSeq: 1, ToSeq: 3}, {Epoch: "00000000000000aa", FromSeq: 1, ToSeq: 1}}
	receipt := decode[wire.ReportReceipt](t, w.putReport(id, written(t, report)), http.StatusCreated)
	require.Equal(t, wire.ReportReceiptStatusIncomplete, receipt.Status)
	require.Equal(t, []wire.SeqRange{{Epoch: epoch, FromSeq: 3, ToSeq: 3}, {Epoch: "00000000000000aa", FromSeq: 1, ToSeq: 1}}, *receipt.Missing)

	report.Ranges = report.Ranges[:1]
	id = w.id()
	w.putReport(id, written(t, report))
	w.sellCash(2_000)
	receipt = decode[wire.ReportReceipt](t, w.putReport(id, written(t, report)), http.StatusCreated)
	require.Equal(t, wire.ReportReceiptStatusAccepted, receipt.Status)

	report.Ranges[0].ToSeq = 0
	requireProblem(t, w.putReport(w.id(), written(t, report)), http.StatusUnprocessableEntity, wire.CodeRequiredField)
	report.Ranges[0] = wire.SeqRange{Epoch: epoch, FromSeq: 3, ToSeq: 2}
	problem := requireProblem(t, w.putReport(w.id(), written(t, report)), http.StatusUnprocessableEntity, wire.CodeRequiredField)
	require.Equal(t, "/ranges/0/to_seq", (*problem.Violations)[0].Pointer)
}

func TestARangeBeforeTheFirstFactOfItsEpochIsMissing(t *testing.T) {
	w := openDay(t)
	restored := &stream{shop: w.shop, epoch: "00000000000000aa", seq: w.stream.seq, head: w.head}
	record := restored.fact(w.id(), "audit", fields{})
	w.putBatch(w.id(), restored.batch(w.head, record))
	report := w.report(wire.ReportKindOrders)
	report.Ranges = []wire.SeqRange{{Epoch: restored.epoch, FromSeq: 1, ToSeq: 3}}
	receipt := decode[wire.ReportReceipt](t, w.putReport(w.id(), written(t, report)), http.StatusCreated)
	require.Equal(t, []wire.SeqRange{{Epoch: restored.epoch, FromSeq: 1, ToSeq: 2}}, *receipt.Missing)
}

func TestAReportThatDisagreesWithTheBooksIsRejectedAndKept(t *testing.T) {
	w := openDay(t)
	w.sellCash(2_000)
	id := w.id()
	body := written(t, w.report(wire.ReportKindZ, totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 1_999), totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000)))
	receipt := decode[wire.ReportReceipt](t, w.putReport(id, body), http.StatusCreated)
	require.Equal(t, wire.ReportReceiptStatusRejected, receipt.Status)
	require.Equal(t, []wire.Violation{
		{Pointer: "/totals/0/amount/amount", Code: "total-mismatch", Detail: new("cash sale"), Expected: 2_000.0, Actual: 1_999.0},
	}, *receipt.Differences)
	require.Equal(t, body, w.call(http.MethodGet, "/v1/reports/"+id, nil).body)

	stray := w.report(wire.ReportKindX)
	stray.SessionID = new(w.id())
	receipt = decode[wire.ReportReceipt](t, w.putReport(w.id(), written(t, stray)), http.StatusCreated)
	require.Equal(t, "/session_id", (*receipt.Differences)[0].Pointer)
	late := w.report(wire.ReportKindX)
	late.BusinessDate.Time = late.BusinessDate.AddDate(0, 0, 1)
	receipt = decode[wire.ReportReceipt](t, w.putReport(w.id(), written(t, late)), http.StatusCreated)
	require.Equal(t, "/business_date", (*receipt.Differences)[0].Pointer)
}

func TestAReportOfTheStreamIsThatOfTheCall(t *testing.T) {
	w := openDay(t)
	id := w.id()
	report := w.report(wire.ReportKindX, totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000))
	require.Equal(t, http.StatusCreated, w.putReport(id, written(t, report)).status)
	require.Equal(t, "duplicate", w.tellAs(id, "x_report", report))
	told := w.id()
	require.Equal(t, "accepted", w.tellAs(told, "x_report", report))
	require.Equal(t, http.StatusOK, w.call(http.MethodGet, "/v1/reports/"+told, nil).status)
}

func TestASaleTakenBackIsInNoReport(t *testing.T) {
	w := openDay(t)
	id := w.id()
	request := w.payment(w.id(), wire.MethodCash, 700)
	request.SessionID, request.TerminalSeq = &w.session, w.stream.seq+1
	require.Equal(t, "accepted", w.tellAs(id, "payment", request))
	early := w.report(wire.ReportKindX, totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 700), totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000))
	step := wire.ReversalRequest{Epoch: epoch, TerminalSeq: w.stream.seq + 1, OccurredAt: occurredAt, Reason: wire.ReversalRequestReasonMerchantCancel, PaymentID: &id}
	require.Equal(t, "accepted", w.tell("reversal", step))
	require.Equal(t, "accepted", w.tell("x_report", early), "it was a sale then")
	require.Equal(t, "accepted", w.tell("x_report", w.report(wire.ReportKindX, totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000))))
	require.EqualValues(t, 20_000, w.ledger().Accounts["cash:1:T-0001"])
}
