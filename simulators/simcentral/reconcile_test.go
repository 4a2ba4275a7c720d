package simcentral_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

func (s *shop) day(entries ...wire.ReconciliationEntry) wire.ReconciliationRequest {
	request := wire.ReconciliationRequest{Entries: append([]wire.ReconciliationEntry{}, entries...), Totals: []wire.TotalLine{}}
	request.BusinessDate.Time = time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	return request
}

func entry(id string, status wire.PaymentStatus, cents int64) wire.ReconciliationEntry {
	return wire.ReconciliationEntry{PaymentID: id, Status: status, Amount: reals(cents)}
}

func (s *shop) reconcile(id string, request wire.ReconciliationRequest) wire.Reconciliation {
	s.Helper()
	return decode[wire.Reconciliation](s, s.call(http.MethodPut, "/v1/reconciliations/"+id, request), http.StatusOK)
}

type committed struct {
	Processed int      `json:"processed"`
	LeftOpen  []string `json:"left_open"`
}

func (s *shop) commit(id string) committed {
	s.Helper()
	return decode[committed](s, s.call(http.MethodPost, "/v1/reconciliations/"+id+"/commit", nil, "Idempotency-Key", s.id()), http.StatusOK)
}

// told writes the differences as kind and what is suggested, by payment.
func told(got wire.Reconciliation) map[string]string {
	found := map[string]string{}
	for _, each := range got.Differences {
		found[each.PaymentID] += string(each.Kind) + " " + string(*each.Suggested)
	}
	return found
}

func TestADayThatMatchesIsMarkedProcessed(t *testing.T) {
	s := openShop(t)
	cash, card, declined, id := s.id(), s.sell(2_500), s.id(), s.id()
	s.pay(cash, s.payment(s.id(), wire.MethodCash, 1_000))
	s.pay(declined, s.card(100, wire.MethodDebit, bia().Chip(100, "0000")))
	request := s.day(
		entry(cash, wire.PaymentStatusCaptured, 1_000), entry(card, wire.PaymentStatusCaptured, 2_500),
		entry(declined, wire.PaymentStatusReversed, 100), // the till undid what it took for silence
	)
	request.Totals = []wire.TotalLine{totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 1_000), {Method: wire.MethodCredit, Count: 1, Amount: reals(2_500)}}
	got := s.reconcile(id, request)
	require.Equal(t, wire.ReconciliationStateMatched, got.State)
	require.Equal(t, 3, *got.Matched)
	require.Empty(t, got.Differences)
	require.Nil(t, decode[wire.Payment](t, s.get(card), http.StatusOK).Processed, "nothing is marked before the commit")

	s.restart()
	require.Equal(t, committed{3, []string{}}, s.commit(id))
	require.True(t, *decode[wire.Payment](t, s.get(card), http.StatusOK).Processed)
	require.Equal(t, committed{3, []string{}}, s.commit(id), "with another key")
}

func TestEveryKindOfDifferenceIsFoundAndSaysWhatToDo(t *testing.T) {
	s := openShop(t)
	good, amount, refunded := s.sell(100), s.sell(200), s.sell(300)
	s.refund(refunded, s.id(), 300)
	held, undone, lost := s.id(), s.id(), s.sell(400)
	s.pay(held, s.card(500, wire.MethodCredit, s.freshCard().Chip(500, "1234")))
	s.pay(undone, s.card(600, wire.MethodCredit, s.freshCard().Chip(600, "1234")))
	s.reverse(undone, s.id())
	late, voided, onePhase := s.id(), s.sell(700), s.id()
	s.charge(late, 800)
	s.reverse(late, s.id())
	s.command("pix pay-late " + late)
	request := s.card(900, wire.MethodCredit, s.freshCard().Chip(900, "1234"))
	request.TwoPhase = nil
	s.pay(onePhase, request)
	never, nsu, open := s.id(), s.sell(150), s.id()
	s.charge(open, 160)

	wrongNSU := entry(nsu, wire.PaymentStatusCaptured, 150)
	wrongNSU.NSU = new("999999999")
	got := s.reconcile(s.id(), s.day(
		entry(good, wire.PaymentStatusCaptured, 100),
		entry(amount, wire.PaymentStatusCaptured, 201),
		entry(refunded, wire.PaymentStatusCaptured, 300),
		entry(held, wire.PaymentStatusCaptured, 500),
		entry(undone, wire.PaymentStatusCaptured, 600),
		entry(late, wire.PaymentStatusReversed, 800),
		entry(voided, wire.PaymentStatusReversed, 700),
		entry(never, wire.PaymentStatusCaptured, 100),
		entry(good, wire.PaymentStatusCaptured, 100),
		wrongNSU,
	))
	require.Equal(t, wire.ReconciliationStateMismatched, got.State)
	require.Equal(t, 1, *got.Matched)
	require.Equal(t, map[string]string{
		amount:   "amount review",
		refunded: "status accept_central",
		held:     "status resend",
		undone:   "status review",
		late:     "status refund",
		voided:   "status refund",
		never:    "missing_at_central resend",
		good:     "duplicate review",
		nsu:      "status review",
		lost:     "missing_at_terminal accept_central",
		onePhase: "missing_at_terminal refund",
		open:     "missing_at_terminal reverse",
	}, told(got))
	for _, each := range got.Differences {
		require.Equal(t, each.Kind == wire.ReconciliationDifferencesKindMissingAtCentral, each.Central == nil, each.Kind)
		require.Equal(t, each.Kind == wire.ReconciliationDifferencesKindMissingAtTerminal, each.Terminal == nil, each.Kind)
	}
}

func TestWhatIsOnItsWayOnBothSidesIsPending(t *testing.T) {
	s := openShop(t)
	held, sold, id := s.id(), s.sell(100), s.id()
	s.pay(held, s.card(500, wire.MethodCredit, s.freshCard().Chip(500, "1234")))
	request := s.day(entry(held, wire.PaymentStatusAwaitingConfirmation, 500), entry(sold, wire.PaymentStatusCaptured, 100))
	got := s.reconcile(id, request)
	require.Equal(t, wire.ReconciliationStatePending, got.State)
	require.Empty(t, got.Differences)
	require.Equal(t, committed{1, []string{held}}, s.commit(id))

	s.confirm(held, s.id(), wire.ConfirmationOutcomeConfirmed)
	require.Equal(t, map[string]string{held: "status accept_central"}, told(s.reconcile(id, request)), "looked at again")
}

func TestAnUndoOnItsWayIsToBeReversed(t *testing.T) {
	s := openShop(t)
	held := s.id()
	s.pay(held, s.card(500, wire.MethodCredit, s.freshCard().Chip(500, "1234")))
	require.Equal(t, map[string]string{held: "status reverse"}, told(s.reconcile(s.id(), s.day(entry(held, wire.PaymentStatusReversed, 500)))))
}

func TestAnOrderPaidTwiceOverIsADuplicate(t *testing.T) {
	s := openShop(t)
	orderID, first, second := s.id(), s.id(), s.id()
	for _, id := range []string{first, second} { // before the order comes, nobody knows what is due
		s.pay(id, s.payment(orderID, wire.MethodCash, 1_000))
	}
	s.putOrder(orderID, s.orderOf(1_000))
	got := s.reconcile(s.id(), s.day(entry(first, wire.PaymentStatusCaptured, 1_000), entry(second, wire.PaymentStatusCaptured, 1_000)))
	require.Equal(t, map[string]string{second: "duplicate refund"}, told(got))
}

func TestTotalsThatDoNotAddUpMismatch(t *testing.T) {
	s := openShop(t)
	sold := s.sell(1_000)
	s.refund(sold, s.id(), 400)
	day := func(lines ...wire.TotalLine) wire.ReconciliationRequest {
		request := s.day(entry(sold, wire.PaymentStatusPartiallyRefunded, 1_000))
		request.Totals = lines
		return request
	}
	sale := totalLine(wire.TotalLineTypeSale, wire.MethodCredit, 1, 1_000)
	back := totalLine(wire.TotalLineTypeRefund, wire.MethodCredit, 1, 400)
	require.Equal(t, wire.ReconciliationStateMatched, s.reconcile(s.id(), day(sale, back)).State)
	for _, wrong := range []wire.ReconciliationRequest{
		day(sale), day(back), day(sale, totalLine(wire.TotalLineTypeRefund, wire.MethodCredit, 1, 401)),
		day(sale, back, totalLine(wire.TotalLineTypeSale, wire.MethodCash, 1, 1)),
	} {
		got := s.reconcile(s.id(), wrong)
		require.Equal(t, wire.ReconciliationStateMismatched, got.State)
		require.Empty(t, got.Differences, "the contract has a difference of a payment only")
	}
}

func TestTrainingAndOtherDaysAreNotReconciled(t *testing.T) {
	s := openShop(t)
	drill, yesterday := s.payment(s.id(), wire.MethodCash, 100), s.payment(s.id(), wire.MethodCash, 100)
	drill.Training = new(true)
	yesterday.BusinessDate.Time = yesterday.BusinessDate.AddDate(0, 0, -1)
	s.pay(s.id(), drill)
	s.pay(s.id(), yesterday)
	require.Equal(t, wire.ReconciliationStateMatched, s.reconcile(s.id(), s.day()).State)
}

func TestAReconciliationIsItsTillsAndHasOneContent(t *testing.T) {
	s := openShop(t)
	second := s.trustToo("T-0002")
	id, sold := s.id(), s.sell(100)
	path := "/v1/reconciliations/" + id
	s.reconcile(id, s.day(entry(sold, wire.PaymentStatusCaptured, 100)))
	require.True(t, s.call(http.MethodPut, path, s.day(entry(sold, wire.PaymentStatusCaptured, 100))).replayed())
	requireProblem(t, s.call(http.MethodPut, path, s.day()), http.StatusUnprocessableEntity, wire.CodeIdempotencyKeyReused)
	requireProblem(t, s.call(http.MethodPost, "/v1/reconciliations/"+s.id()+"/commit", nil, "Idempotency-Key", s.id()), http.StatusNotFound, wire.CodeNotFound)
	requireProblem(t, s.call(http.MethodPost, path+"/commit", nil), http.StatusBadRequest, wire.CodeIdempotencyKeyMissing)
	s.client = s.clientOf(second)
	s.token = s.newToken(s.client)
	requireProblem(t, s.call(http.MethodPost, path+"/commit", nil, "Idempotency-Key", s.id()), http.StatusNotFound, wire.CodeNotFound)
	require.Equal(t, map[string]string{sold: "missing_at_central resend"}, told(s.reconcile(s.id(), s.day(entry(sold, wire.PaymentStatusCaptured, 100)))), "another till's")
}
