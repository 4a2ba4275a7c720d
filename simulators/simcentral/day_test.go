package simcentral_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/sync/wire"
)

// A workday is one session of a till and its stream, record by record.
type workday struct {
	*stream
	session string
}

type fields = map[string]any

// openDay opens a session by its live call and then tells it, with a float of 200,00.
func openDay(t *testing.T) *workday {
	s := openShop(t)
	w := &workday{stream: s.stream(), session: s.id()}
	require.Equal(t, http.StatusOK, w.putSession(w.opening()).status)
	require.Equal(t, "duplicate", w.tellAs(w.session, "session_open", w.opening()))
	require.Equal(t, "accepted", w.tell("cash_movement", fields{"type": "float", "amount": reals(20_000)}))
	return w
}

func (w *workday) opening() wire.SessionRequest {
	request := wire.SessionRequest{OperatorID: "maria", Epoch: epoch, TerminalSeq: 1, OpenedAt: occurredAt, AppVersion: "0.1.0"}
	request.BusinessDate.Time = time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	return request
}

func (w *workday) closing(counted int64) wire.SessionRequest {
	request := w.opening()
	request.TerminalSeq, request.ClosedAt, request.CountedCash = w.stream.seq+1, new(occurredAt.Add(8*time.Hour)), new(reals(counted))
	return request
}

func (w *workday) putSession(request wire.SessionRequest) reply {
	w.Helper()
	return w.call(http.MethodPut, "/v1/sessions/"+w.session, request)
}

// tell sends one record in a batch of its own and writes how it was taken. Bodies
// that are fields get the session and the operator.
func (w *workday) tell(kind string, body any) string {
	w.Helper()
	return w.tellAs(w.id(), kind, body)
}

func (w *workday) tellAs(id, kind string, body any) string {
	w.Helper()
	return outcome(w.send(id, kind, body))
}

// refused is a record that is rejected, by pointer, code and both figures.
func (w *workday) refused(kind string, body any) []wire.Violation {
	w.Helper()
	result := w.send(w.id(), kind, body).Results[0]
	require.Equal(w, wire.BatchResultResultsResultRejected, result.Result, kind)
	return *result.Problem.Violations
}

func (w *workday) send(id, kind string, body any) wire.BatchResult {
	w.Helper()
	if members, plain := body.(fields); plain && kind != "override" {
		members["session_id"] = w.session
	}
	if members, plain := body.(fields); plain && members["operator_id"] == nil {
		members["operator_id"] = "maria"
	}
	before := w.head
	record := w.fact(id, kind, body)
	return decode[wire.BatchResult](w, w.putBatch(w.id(), w.batch(before, record)), http.StatusOK)
}

// sellCash tells a sale in cash.
func (w *workday) sellCash(cents int64) {
	w.Helper()
	request := w.payment(w.id(), wire.MethodCash, cents)
	request.SessionID, request.TerminalSeq = &w.session, w.stream.seq+1
	require.Equal(w, "accepted", w.tell("payment", request))
}

// sellCard authorises and confirms by live calls, whose facts come behind others; tell
// brings their records.
func (w *workday) sellCard(cents, others int64) (tell func()) {
	w.Helper()
	id, key := w.id(), w.id()
	request := w.card(cents, wire.MethodCredit, ana().Chip(cents, "1234"))
	request.SessionID, request.TerminalSeq = &w.session, w.stream.seq+others+1
	require.Equal(w, http.StatusCreated, w.pay(id, request).status)
	step := wire.Confirmation{Epoch: epoch, TerminalSeq: request.TerminalSeq + 1, OccurredAt: occurredAt, Outcome: wire.ConfirmationOutcomeConfirmed}
	require.Equal(w, http.StatusOK, w.post("/v1/payments/"+id+"/confirmations", key, step).status)
	return func() {
		w.Helper()
		card := *request.Card
		card.Encrypted = nil
		request.Card, request.Result = &card, &wire.PaymentResult{Approved: new(true)}
		require.Equal(w, "duplicate", w.tellAs(id, "payment", request))
		step.PaymentID = &id
		require.Equal(w, "duplicate", w.tellAs(key, "confirmation", step))
	}
}

// A totalLine is a line of a report as a test writes it.
func totalLine(kind wire.TotalLineType, method wire.Method, count int, cents int64) wire.TotalLine {
	return wire.TotalLine{Type: &kind, Method: method, Count: count, Amount: reals(cents)}
}

// report is an X or Z of the session over all that was told.
func (w *workday) report(kind wire.ReportKind, lines ...wire.TotalLine) wire.Report {
	made := wire.Report{
		Kind: kind, SessionID: &w.session, OperatorID: new("maria"), Digest: strings.Repeat("0", 64), Totals: append([]wire.TotalLine{}, lines...),
		Ranges: []wire.SeqRange{{Epoch: epoch, FromSeq: 1, ToSeq: w.stream.seq}},
	}
	made.BusinessDate.Time = time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	return made
}

func (w *workday) view() string {
	w.Helper()
	return string(w.ledger().Terminals[terminal].Sessions[w.session])
}

func TestADaysZAgreesWithTheLedgerToTheCent(t *testing.T) {
	w := openDay(t)
	w.sellCash(2_000)
	w.sellCash(1_250)
	w.sellCard(2_500, 0)()
	require.Equal(t, "accepted", w.tell("cash_movement", fields{"type": "suprimento", "amount": reals(5_000)}))
	require.Equal(t, "accepted", w.tell("cash_movement", fields{"type": "sangria", "amount": reals(15_000), "envelope": "17"}))
	require.Equal(t, "accepted", w.tell("discount", fields{"amount": reals(100), "line_id": "1"}))
	require.Equal(t, "accepted", w.tell("line_void", fields{"amount": reals(899), "line_id": "2", "sku": "17", "quantity": "0.532"}))
	require.Equal(t, "accepted", w.tell("drawer_opening", fields{"cause": "no_sale"}))
	require.Equal(t, "accepted", w.tell("cash_count", fields{"blind": true, "attempt": 1, "counted": reals(13_240), "expected": reals(13_250)}))
	lines := []wire.TotalLine{
		totalLine(wire.TotalLineTypeSale, wire.MethodCash, 2, 3_250), totalLine(wire.TotalLineTypeSale, wire.MethodCredit, 1, 2_500),
		totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 0, 20_000), totalLine(wire.TotalLineTypeSuprimento, wire.MethodCash, 1, 5_000),
		totalLine(wire.TotalLineTypeSangria, wire.MethodCash, 1, 15_000), totalLine(wire.TotalLineTypeExpected, wire.MethodCash, 0, 13_250),
		totalLine(wire.TotalLineTypeCounted, wire.MethodCash, 0, 13_240),
	}
	require.EqualValues(t, 13_250, w.ledger().Accounts["cash:1:T-0001"])
	require.EqualValues(t, 13_250, w.ledger().Terminals[terminal].DrawerCents)
	require.Equal(t, "accepted", w.tell("x_report", w.report(wire.ReportKindX, lines...)))
	require.Equal(t, "accepted", w.tell("z_report", w.report(wire.ReportKindZ, lines...)))
	require.Equal(t, "accepted", w.tellAs(w.session, "session_close", w.closing(13_240)))

	require.JSONEq(t, `{"state":"closed","operator_id":"maria","business_date":"2026-08-28",
		"sales":{"cash":{"count":2,"cents":3250},"credit":{"count":1,"cents":2500}},"sales_total":{"count":3,"cents":5750},
		"float":{"count":1,"cents":20000},"suprimento":{"count":1,"cents":5000},"sangria":{"count":1,"cents":15000},
		"drawer_expected_cents":13250,"counted_cents":13240,"difference_cents":-10,
		"discounts":{"count":1,"cents":100},"line_voids":{"count":1,"cents":899},"overrides":0,"cash_counts":1,
		"drawer_openings":{"no_sale":1},"declined":0,"reversed":0,"reports":{"x accepted":1,"z accepted":1}}`, w.view())
	accounts := w.ledger().Accounts
	require.Equal(t, []int64{0, -20_000 - 5_000 + 15_000 + 13_240, 10, 2_500},
		[]int64{accounts["cash:1:T-0001"], accounts["safe:1"], accounts["difference:1:T-0001"], accounts["merchant:1"]})

	before := w.view()
	w.restart()
	require.JSONEq(t, before, w.view())
}

func TestAZThatIsACentOffIsRefusedWithBothFigures(t *testing.T) {
	w := openDay(t)
	w.sellCash(2_000)
	require.Equal(t, []wire.Violation{
		{Pointer: "/totals/0/amount/amount", Code: "total-mismatch", Detail: new("cash sale"), Expected: 2_000.0, Actual: 2_001.0},
		{Pointer: "/totals/1/count", Code: "total-mismatch", Detail: new("pix sale"), Expected: 0.0, Actual: 1.0},
		{Pointer: "/totals/2/amount/amount", Code: "total-mismatch", Detail: new("cash expected"), Expected: 22_000.0, Actual: 22_001.0},
		{Pointer: "/totals/amount/amount", Code: "total-mismatch", Detail: new("cash float"), Expected: 20_000.0, Actual: 0.0},
	}, w.refused("z_report", w.report(wire.ReportKindZ,
		totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 2_001), totalLine(wire.TotalLineTypeSale, wire.MethodPix, 1, 0),
		totalLine(wire.TotalLineTypeExpected, wire.MethodCash, 0, 22_001))))
	require.Contains(t, w.view(), `"z rejected": 1`)
}

func TestAnXCountsItsOwnFactsAlone(t *testing.T) {
	w := openDay(t)
	w.sellCash(2_000)
	tell := w.sellCard(2_500, 1) // its calls are ahead of the X's record
	require.EqualValues(t, 2_500, w.ledger().Accounts["merchant:1"])
	early := w.report(wire.ReportKindX, totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 2_000), totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000))
	require.Equal(t, "accepted", w.tell("x_report", early))
	tell()
	late := w.report(wire.ReportKindX, totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 2_000),
		totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000), totalLine(wire.TotalLineTypeSale, wire.MethodCredit, 1, 2_500))
	require.Equal(t, "accepted", w.tell("x_report", late))
	id := w.id()
	receipt := decode[wire.ReportReceipt](t, w.putReport(id, written(t, early)), http.StatusCreated)
	require.Equal(t, wire.ReportReceiptStatusAccepted, receipt.Status, "whenever it is asked")
}

func TestAReportOfADayTakesAllItsSessions(t *testing.T) {
	w := openDay(t)
	w.sellCash(2_000)
	w.session = w.id()
	opening := w.opening()
	opening.TerminalSeq, opening.SessionID = w.stream.seq+1, &w.session
	require.Equal(t, "accepted", w.tell("session_open", opening))
	w.sellCash(500)
	day := w.report(wire.ReportKindZ, totalLine(wire.TotalLineTypeSale, wire.MethodCash, 2, 2_500), totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000))
	day.SessionID = nil
	require.Equal(t, "accepted", w.tell("z_report", day))
}

func TestFactsThatContradictTheBooksAreRefused(t *testing.T) {
	w := openDay(t)
	approval := func(override string) fields {
		return fields{"approver_id": "paulo", "reason": "desconto", "override_id": override}
	}
	override := w.id()
	require.Equal(t, "accepted", w.tellAs(override, "override", fields{"permission": "discount", "approval": fields{"approver_id": "paulo", "reason": "desconto"}, "amount": reals(500)}))
	for name, test := range map[string]struct {
		kind    string
		body    fields
		pointer string
		code    string
	}{
		"less than nothing":             {"cash_movement", fields{"type": "sangria", "amount": reals(-1)}, "/amount/amount", wire.CodeRequiredField},
		"foreign money":                 {"discount", fields{"amount": wire.Money{Amount: 1, Currency: "USD"}}, "/amount/currency", wire.CodeTotalMismatch},
		"the operator approves himself": {"override", fields{"permission": "void", "approval": fields{"approver_id": "maria", "reason": "eu"}}, "/approval/approver_id", wire.CodeRequiredField},
		"an override that is none":      {"line_void", fields{"amount": reals(1), "line_id": "1", "sku": "1", "quantity": "1", "approval": approval(w.id())}, "/approval/override_id", wire.CodeNotFound},
		"more than was approved":        {"discount", fields{"amount": reals(501), "approval": approval(override)}, "/amount/amount", wire.CodeRequiredField},
		"notes that do not add up":      {"cash_count", fields{"counted": reals(301), "denominations": []fields{{"value": reals(100), "count": 3}}}, "/counted/amount", wire.CodeTotalMismatch},
		"another drawer":                {"cash_count", fields{"counted": reals(1), "expected": reals(19_999)}, "/expected/amount", wire.CodeTotalMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			found := w.refused(test.kind, test.body)
			require.Len(t, found, 1)
			require.Equal(t, test.pointer+" "+test.code, found[0].Pointer+" "+found[0].Code)
		})
	}
	require.EqualValues(t, 20_000, w.ledger().Accounts["cash:1:T-0001"], "what is refused moves nothing")
	require.Equal(t, "accepted", w.tell("discount", fields{"amount": reals(500), "approval": approval(override)}))
	require.Equal(t, wire.CodeIdempotencyKeyReused, w.refused("discount", fields{"amount": reals(1), "approval": approval(override)})[0].Code)
}

func TestAnOverrideExpires(t *testing.T) {
	w := openDay(t)
	override := w.id()
	require.Equal(t, "accepted", w.tellAs(override, "override", fields{
		"permission": "open_drawer", "approval": fields{"approver_id": "paulo", "reason": "troco"}, "expires_at": occurredAt.Add(-time.Second),
	}))
	found := w.refused("drawer_opening", fields{"cause": "no_sale", "approval": fields{"approver_id": "paulo", "reason": "troco", "override_id": override}})
	require.Equal(t, "the override had expired", *found[0].Detail)
}

func TestFactsOfAnotherTillsSessionAreRefused(t *testing.T) {
	w := openDay(t)
	second := w.trustToo("T-0002")
	w.client = w.clientOf(second)
	w.token = w.newToken(w.client)
	other := &workday{stream: &stream{shop: w.shop, epoch: "00000000000000aa", head: zeros}, session: w.session}
	record := other.fact(w.id(), "cash_movement", fields{"session_id": w.session, "type": "sangria", "amount": reals(1)})
	batch := other.batch(zeros, record)
	batch.TerminalID = "T-0002"
	result := decode[wire.BatchResult](t, w.putBatch(w.id(), batch), http.StatusOK).Results[0]
	require.Equal(t, wire.CodeNotFound, result.Problem.Code)
	require.EqualValues(t, 20_000, w.ledger().Accounts["cash:1:T-0001"])
}

func TestACloseIsToldByItsCallAndByItsRecord(t *testing.T) {
	w := openDay(t)
	w.sellCash(2_000)
	closing := w.closing(22_000)
	closed := decode[wire.Session](t, w.putSession(closing), http.StatusOK)
	require.Equal(t, wire.SessionStateClosed, closed.State)
	require.EqualValues(t, 22_000, w.ledger().Accounts["cash:1:T-0001"], "facts may be missing till the record comes")

	late := w.putSession(w.opening())
	require.True(t, late.replayed())
	require.Equal(t, wire.SessionStateClosed, decode[wire.Session](t, late, http.StatusOK).State)

	closing.SessionID = &w.session // the record's id is its own
	require.Equal(t, "duplicate", w.tell("session_close", closing))
	accounts := w.ledger().Accounts
	require.Zero(t, accounts["cash:1:T-0001"])
	require.EqualValues(t, 2_000, accounts["safe:1"])
	require.Zero(t, accounts["difference:1:T-0001"])
	require.Zero(t, w.stats().Forks)
}

func TestACloseWhoseRecordCameFirst(t *testing.T) {
	w := openDay(t)
	closing := w.closing(20_000)
	named := closing
	named.SessionID = &w.session
	require.Equal(t, "accepted", w.tell("session_close", named))
	got := w.putSession(closing)
	require.True(t, got.replayed(), string(got.body))
	require.Zero(t, w.stats().Forks)
}

func TestAClosedSessionStaysAsItWasOpened(t *testing.T) {
	w := openDay(t)
	wrong := w.closing(1)
	wrong.OpenedAt = occurredAt.Add(time.Minute)
	requireProblem(t, w.putSession(wrong), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	wrong = w.closing(1)
	wrong.BusinessDate.Time = wrong.BusinessDate.AddDate(0, 0, 1)
	requireProblem(t, w.putSession(wrong), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	wrong = w.closing(1)
	wrong.ClosedAt = nil
	requireProblem(t, w.putSession(wrong), http.StatusUnprocessableEntity, wire.CodeRequiredField)
	wrong = w.closing(1)
	wrong.SessionID = new(w.id())
	requireProblem(t, w.putSession(wrong), http.StatusBadRequest, wire.CodeMalformedRequest)

	require.Equal(t, http.StatusOK, w.putSession(w.closing(20_000)).status)
	again := w.opening()
	again.TerminalSeq = w.stream.seq + 2
	requireProblem(t, w.putSession(again), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
}

func TestACloseWithoutACountTakesTheLastCountOfTheDrawer(t *testing.T) {
	w := openDay(t)
	require.Equal(t, "accepted", w.tell("cash_count", fields{"counted": reals(19_000), "attempt": 1}))
	require.Equal(t, "accepted", w.tell("cash_count", fields{"counted": reals(20_050), "attempt": 2}))
	closing := w.closing(0)
	closing.CountedCash = nil
	require.Equal(t, "accepted", w.tellAs(w.session, "session_close", closing))
	require.EqualValues(t, -50, w.ledger().Accounts["difference:1:T-0001"], "fifty cents too much")
}

func TestTrainingFillsNoDrawer(t *testing.T) {
	w := openDay(t)
	drill := &stream{shop: w.shop, epoch: "00000000000000dd", head: zeros}
	opening := w.opening()
	opening.Epoch, opening.Training = drill.epoch, new(true)
	session := w.id()
	records := []wire.Record{
		drill.fact(session, "session_open", opening),
		drill.fact(w.id(), "cash_movement", fields{"session_id": session, "type": "float", "amount": reals(9_000)}),
		drill.fact(w.id(), "cash_count", fields{"session_id": session, "counted": reals(1), "expected": reals(9_000)}),
	}
	closing := opening
	closing.TerminalSeq, closing.ClosedAt, closing.CountedCash = 4, new(occurredAt), new(reals(1))
	records = append(records, drill.fact(session, "session_close", closing))
	batch := drill.batch(zeros, records...)
	batch.Training = new(true)
	got := decode[wire.BatchResult](t, w.putBatch(w.id(), batch), http.StatusOK)
	require.Equal(t, "accepted accepted accepted accepted", outcome(got))
	require.EqualValues(t, 20_000, w.ledger().Accounts["cash:1:T-0001"])
	require.Zero(t, w.ledger().Accounts["difference:1:T-0001"])
	var view struct {
		Training bool  `json:"training"`
		Expected int64 `json:"drawer_expected_cents"`
	}
	require.NoError(t, json.Unmarshal(w.ledger().Terminals[terminal].Sessions[session], &view))
	require.True(t, view.Training)
	require.Zero(t, view.Expected)
}

func TestWhatNamesNoSessionBelongsToTheOpenOne(t *testing.T) {
	w := openDay(t)
	before := w.head
	record := w.fact(w.id(), "discount", fields{"amount": reals(70)})
	got := decode[wire.BatchResult](t, w.putBatch(w.id(), w.batch(before, record)), http.StatusOK)
	require.Equal(t, "accepted", outcome(got))
	require.Contains(t, w.view(), `"cents": 70`)
}

func TestTheDrawerMatchesADumbModel(t *testing.T) {
	random := rand.New(rand.NewPCG(golden.Seed(t), 0))
	w := openDay(t)
	drawer, sold, in, out := int64(20_000), int64(0), int64(0), int64(0)
	sales, ins, outs := 0, 0, 0
	for range 40 {
		cents := random.Int64N(5_000)
		switch random.IntN(4) {
		case 0:
			w.sellCash(cents)
			drawer, sold, sales = drawer+cents, sold+cents, sales+1
		case 1:
			require.Equal(t, "accepted", w.tell("cash_movement", fields{"type": "suprimento", "amount": reals(cents)}))
			drawer, in, ins = drawer+cents, in+cents, ins+1
		case 2:
			require.Equal(t, "accepted", w.tell("cash_movement", fields{"type": "sangria", "amount": reals(cents)}))
			drawer, out, outs = drawer-cents, out+cents, outs+1
		case 3:
			w.refused("cash_movement", fields{"type": "sangria", "amount": reals(-cents - 1)})
		}
	}
	require.Equal(t, drawer, w.ledger().Accounts["cash:1:T-0001"])
	require.Equal(t, "accepted", w.tell("z_report", w.report(wire.ReportKindZ,
		totalLine(wire.TotalLineTypeSale, wire.MethodCash, sales, sold), totalLine(wire.TotalLineTypeFloat, wire.MethodCash, 1, 20_000),
		totalLine(wire.TotalLineTypeSuprimento, wire.MethodCash, ins, in), totalLine(wire.TotalLineTypeSangria, wire.MethodCash, outs, out),
		totalLine(wire.TotalLineTypeExpected, wire.MethodCash, 0, drawer))))
}
