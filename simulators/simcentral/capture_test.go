package simcentral_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral/cardtest"
	"balcao/sync/wire"
)

// freshCard is the same card at another purchase: its counter goes on.
func (s *shop) freshCard() *cardtest.Card {
	card := ana()
	card.ATC = uint16(s.ids)
	return card
}

// authorise is a card payment that waits to be captured.
func (s *shop) authorise(cents int64) (id string) {
	s.Helper()
	id = s.id()
	request := s.card(cents, wire.MethodCredit, s.freshCard().Chip(cents, "1234"))
	request.TwoPhase, request.Capture = nil, new(wire.PaymentRequestCaptureManual)
	got := decode[wire.Payment](s, s.pay(id, request), http.StatusCreated)
	require.Equal(s, wire.PaymentStatusAuthorised, got.Status)
	return id
}

func (s *shop) captureStep(cents int64, final bool) wire.Capture {
	step := wire.Capture{Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, Final: &final}
	if cents >= 0 {
		step.Amount = new(reals(cents))
	}
	return step
}

func (s *shop) capture(id string, cents int64, final bool) reply {
	s.Helper()
	return s.post("/v1/payments/"+id+"/captures", s.id(), s.captureStep(cents, final))
}

// all is the amount of a capture that names none.
const all = -1

func TestACaptureTakesAllThatIsHeld(t *testing.T) {
	s := openShop(t)
	id := s.authorise(2_500)
	got := decode[wire.Payment](t, s.capture(id, all, true), http.StatusOK)
	require.Equal(t, wire.PaymentStatusCaptured, got.Status)
	require.EqualValues(t, 2_500, got.Captured.Amount)
	books := s.ledger()
	require.EqualValues(t, 2_500, books.Accounts["merchant:1"])
	require.Zero(t, books.Accounts["hold:"+id])
	requireProblem(t, s.capture(id, all, true), http.StatusConflict, wire.CodeAlreadyCaptured)
	requireProblem(t, s.reverse(id, s.id()), http.StatusConflict, wire.CodeAlreadyCaptured)
}

func TestAFinalCaptureOfLessGivesTheRestBack(t *testing.T) {
	s := openShop(t)
	id := s.authorise(2_500)
	got := decode[wire.Payment](t, s.capture(id, 2_000, true), http.StatusOK)
	require.EqualValues(t, 2_000, got.Captured.Amount)
	require.EqualValues(t, 2_500, got.Amount.Amount)
	books := s.ledger()
	require.Equal(t, map[string]int64{"ana": -2_000, "hold": 0, "shop": 2_000},
		map[string]int64{"ana": books.Accounts["customer:ana"], "hold": books.Accounts["hold:"+id], "shop": books.Accounts["merchant:1"]})
}

func TestCapturesInPartsEndWithTheLast(t *testing.T) {
	s := openShop(t)
	id := s.authorise(2_500)
	part := decode[wire.Payment](t, s.capture(id, 1_000, false), http.StatusOK)
	require.Equal(t, wire.PaymentStatusAuthorised, part.Status)
	require.EqualValues(t, 1_000, part.Captured.Amount)
	require.EqualValues(t, 1_500, s.ledger().Accounts["hold:"+id])
	requireProblem(t, s.reverse(id, s.id()), http.StatusConflict, wire.CodeAlreadyCaptured)
	requireProblem(t, s.refund(id, s.id(), 100), http.StatusConflict, wire.CodeNotRefundable)
	s.restart()
	problem := requireProblem(t, s.capture(id, 1_501, true), http.StatusUnprocessableEntity, wire.CodeAmountExceedsDue)
	require.Equal(t, "/amount/amount", (*problem.Violations)[0].Pointer)
	require.EqualValues(t, 1_500, (*problem.Violations)[0].Expected)

	last := decode[wire.Payment](t, s.capture(id, 0, true), http.StatusOK) // no more of it is wanted
	require.Equal(t, wire.PaymentStatusCaptured, last.Status)
	require.EqualValues(t, 1_000, last.Captured.Amount)
	require.EqualValues(t, -1_000, s.ledger().Accounts["customer:ana"])
}

func TestACaptureIsTakenOnceForItsKey(t *testing.T) {
	s := openShop(t)
	id, key := s.authorise(2_500), s.id()
	step, path := s.captureStep(1_000, false), "/v1/payments/"+id+"/captures"
	first := s.post(path, key, step)
	again := s.post(path, key, step)
	require.True(t, again.replayed())
	require.JSONEq(t, string(first.body), string(again.body))
	step.Amount = new(reals(1_001))
	requireProblem(t, s.post(path, key, step), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	requireProblem(t, s.call(http.MethodPost, path, step), http.StatusBadRequest, wire.CodeIdempotencyKeyMissing)
	require.EqualValues(t, 1_000, s.ledger().Accounts["merchant:1"])
}

func TestWhatCannotBeCapturedSaysWhy(t *testing.T) {
	s := openShop(t)
	twoPhase, declined, reversed := s.id(), s.id(), s.authorise(100)
	s.pay(twoPhase, s.card(100, wire.MethodCredit, s.freshCard().Chip(100, "1234")))
	s.pay(declined, s.card(100, wire.MethodDebit, bia().Chip(100, "0000")))
	require.Equal(t, http.StatusOK, s.reverse(reversed, s.id()).status)
	requireProblem(t, s.capture(s.id(), all, true), http.StatusNotFound, wire.CodeNotFound)
	requireProblem(t, s.capture(twoPhase, all, true), http.StatusUnprocessableEntity, wire.CodePaymentDataInvalid)
	requireProblem(t, s.capture(declined, all, true), http.StatusUnprocessableEntity, wire.CodeDeclined)
	requireProblem(t, s.capture(reversed, all, true), http.StatusConflict, wire.CodeAlreadyReversed)
	requireProblem(t, s.capture(s.authorise(100), 0, true), http.StatusUnprocessableEntity, wire.CodeRequiredField)
}

func TestARecordOfACaptureIsItsLiveCall(t *testing.T) {
	s := openShop(t)
	id := s.authorise(2_500)
	stream := s.stream()
	stream.seq, s.seq = s.seq, 100 // other live calls tell facts far ahead
	step := wire.Capture{Epoch: epoch, TerminalSeq: stream.seq + 1, OccurredAt: occurredAt, PaymentID: &id, Amount: new(reals(2_000))}
	key := s.id()
	require.Equal(t, http.StatusOK, s.post("/v1/payments/"+id+"/captures", key, step).status)
	record := stream.fact(key, "capture", step)
	require.Equal(t, "duplicate", outcome(decode[wire.BatchResult](t, s.putBatch(s.id(), stream.batch(zeros, record)), http.StatusOK)))

	other := s.authorise(100)
	before := stream.head
	step = wire.Capture{Epoch: epoch, TerminalSeq: stream.seq + 1, OccurredAt: occurredAt, PaymentID: &other}
	record = stream.fact(s.id(), "capture", step)
	require.Equal(t, "accepted", outcome(decode[wire.BatchResult](t, s.putBatch(s.id(), stream.batch(before, record)), http.StatusOK)))
	require.Equal(t, wire.PaymentStatusCaptured, decode[wire.Payment](t, s.get(other), http.StatusOK).Status)

	before = stream.head
	step.PaymentID = nil
	record = stream.fact(s.id(), "capture", step)
	require.Equal(t, "rejected(required-field)", outcome(decode[wire.BatchResult](t, s.putBatch(s.id(), stream.batch(before, record)), http.StatusOK)))
}
