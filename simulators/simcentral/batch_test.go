package simcentral_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral"
	"balcao/sync/wire"
)

var zeros = strings.Repeat("0", 64)

// The chain and head vectors of the contract's reference, made by two programs that are not this one.
func TestTheChainHashIsThatOfTheVector(t *testing.T) {
	const record = `{"seq":1,"kind":"cash_movement","id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","occurred_at":"2026-08-28T08:00:00-03:00","hash":"x",
		"body":{"type":"float","amount":{"currency":"BRL","amount":20000},"operator_id":"maria","session_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3D"}}`
	got, err := simcentral.RecordHash(zeros, "9f1c0a7be2d45836", json.RawMessage(record))
	require.NoError(t, err)
	require.Equal(t, "618f61aa44e4cf7964e2fc85e3700f648bf3d8e10455e19a7482ba6c873832cd", got)
}

func TestTheCountersignatureIsThatOfTheVector(t *testing.T) {
	seed, err := hex.DecodeString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60") // RFC 8032, 7.1, test 1
	require.NoError(t, err)
	got := simcentral.SignHead(ed25519.NewKeyFromSeed(seed), "T-0001", "9f1c0a7be2d45836", 1, "618f61aa44e4cf7964e2fc85e3700f648bf3d8e10455e19a7482ba6c873832cd")
	require.Equal(t, "9l3zQ5znvdj7ii6t14wE3htKVnC14KHg1z705oJN1KklE6uJDUMsYCxwMBnkFoFIryZQd9q4mAlKdU9ViZTMBw==", got.Signature)
}

// RFC 9530, appendix B.
func TestTheContentDigestIsThatOfTheStandard(t *testing.T) {
	require.Equal(t, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", simcentral.ContentDigest([]byte(`{"hello": "world"}`)))
}

// A stream is a till's chain of facts.
type stream struct {
	*shop
	epoch string
	seq   int64
	head  string
}

func (s *shop) stream() *stream { return &stream{shop: s, epoch: epoch, head: zeros} }

// fact chains one more record.
func (s *stream) fact(id, kind string, body any) wire.Record {
	s.Helper()
	s.seq++
	text, err := json.Marshal(body)
	require.NoError(s, err)
	record := wire.Record{Seq: s.seq, ID: id, Kind: kind, OccurredAt: occurredAt, Body: text}
	record.Hash = s.hash(record)
	s.head = record.Hash
	return record
}

// hash is a till's own reckoning of the chain, apart from the server's.
func (s *stream) hash(record wire.Record) string {
	s.Helper()
	text, err := json.Marshal(record)
	require.NoError(s, err)
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(s, decoder.Decode(&fields))
	delete(fields, "hash")
	text, err = json.Marshal(fields)
	require.NoError(s, err)
	text, err = jcs.Transform(text)
	require.NoError(s, err)
	previous, err := hex.DecodeString(s.head)
	require.NoError(s, err)
	of, err := hex.DecodeString(s.epoch)
	require.NoError(s, err)
	digest := simcentral.ContentDigest(append(append(previous, of...), text...))
	sum, err := base64.StdEncoding.DecodeString(digest[len("sha-256=:") : len(digest)-1])
	require.NoError(s, err)
	return hex.EncodeToString(sum)
}

func (s *stream) batch(previous string, records ...wire.Record) wire.Batch {
	last := records[len(records)-1]
	return wire.Batch{
		TerminalID: terminal, Epoch: s.epoch, FirstSeq: records[0].Seq, LastSeq: last.Seq,
		PrevHash: previous, Hash: last.Hash, Records: records,
	}
}

func (s *shop) putBatch(id string, batch wire.Batch) reply {
	s.Helper()
	text, err := json.Marshal(batch)
	require.NoError(s, err)
	return s.call(http.MethodPut, "/v1/sync/batches/"+id, text, "Content-Digest", simcentral.ContentDigest(text))
}

func (s *shop) watermark() wire.Watermark {
	s.Helper()
	return decode[wire.Watermark](s, s.call(http.MethodGet, "/v1/sync/watermark?epoch="+epoch, nil), http.StatusOK)
}

// outcome writes the results of a batch as one line.
func outcome(result wire.BatchResult) string {
	line := ""
	for _, each := range result.Results {
		line += string(each.Result)
		if each.Problem != nil {
			line += "(" + each.Problem.Code + ")"
		}
		line += " "
	}
	return strings.TrimSpace(line)
}

func float(sessionID string) map[string]any {
	return map[string]any{"session_id": sessionID, "type": "float", "amount": reals(20_000), "operator_id": "maria"}
}

func TestABatchIsAnsweredRecordByRecord(t *testing.T) {
	s := openShop(t).stream()
	records := []wire.Record{
		s.fact(s.id(), "cash_movement", float(s.id())),
		s.fact(s.id(), "attempt_intent", map[string]any{"what": "a kind of a later version"}),
		s.fact(s.id(), "cash_movement", map[string]any{"type": "gift"}),
		s.fact(s.id(), "audit", map[string]any{"note": "4111 1111 1111 1111"}),
		s.fact(s.id(), "checkpoint", map[string]any{"epoch": epoch, "counters": map[string]int{"nsu": 4}}),
	}
	id := s.id()
	first := s.putBatch(id, s.batch(zeros, records...))
	got := decode[wire.BatchResult](t, first, http.StatusOK)
	require.Equal(t, "accepted accepted rejected(required-field) rejected(sensitive-data) accepted", outcome(got))
	require.EqualValues(t, 5, got.AckedSeq)
	require.Equal(t, s.head, got.Countersignature.Head)
	require.EqualValues(t, 5, got.Countersignature.Seq)

	again := s.putBatch(id, s.batch(zeros, records...))
	require.True(t, again.replayed())
	require.JSONEq(t, string(first.body), string(again.body))
	same := decode[wire.BatchResult](t, s.putBatch(s.id(), s.batch(zeros, records...)), http.StatusOK)
	require.Equal(t, "duplicate duplicate duplicate duplicate duplicate", outcome(same))

	s.restart()
	mark := s.watermark()
	require.EqualValues(t, 5, mark.AckedSeq)
	require.Equal(t, s.head, *mark.LastHash)
	require.Empty(t, mark.Missing)
}

func TestTheCountersignatureVerifiesWithTheKeyThatCentralShows(t *testing.T) {
	s := openShop(t).stream()
	got := decode[wire.BatchResult](t, s.putBatch(s.id(), s.batch(zeros, s.fact(s.id(), "audit", map[string]any{}))), http.StatusOK)
	der, err := base64.StdEncoding.DecodeString(s.command("public-key"))
	require.NoError(t, err)
	public := ed25519.PublicKey(der[len(der)-ed25519.PublicKeySize:])
	signature, err := base64.StdEncoding.DecodeString(got.Countersignature.Signature)
	require.NoError(t, err)
	text := "pos-chain-head-v1\n" + terminal + "\n" + epoch + "\n1\n" + s.head + "\n"
	require.True(t, ed25519.Verify(public, []byte(text), signature))
}

func TestABatchBeyondAGapWaits(t *testing.T) {
	s := openShop(t).stream()
	first := s.fact(s.id(), "audit", map[string]any{"n": 1})
	second := s.fact(s.id(), "audit", map[string]any{"n": 2})
	third := s.fact(s.id(), "audit", map[string]any{"n": 3})
	s.putBatch(s.id(), s.batch(zeros, first))
	late := s.id()
	got := decode[wire.BatchResult](t, s.putBatch(late, s.batch(second.Hash, third)), http.StatusOK)
	require.Equal(t, "deferred(seq-gap)", outcome(got))
	require.EqualValues(t, 1, got.AckedSeq)
	s.putBatch(s.id(), s.batch(first.Hash, second))
	got = decode[wire.BatchResult](t, s.putBatch(late, s.batch(second.Hash, third)), http.StatusOK)
	require.Equal(t, "accepted", outcome(got))
}

func TestAnotherContentOfAKnownFactIsAFork(t *testing.T) {
	s := openShop(t).stream()
	s.putBatch(s.id(), s.batch(zeros, s.fact(s.id(), "audit", map[string]any{"n": 1})))
	clone := s.shop.stream()
	other := clone.fact(s.id(), "audit", map[string]any{"n": 2})
	requireProblem(t, s.putBatch(s.id(), clone.batch(zeros, other)), http.StatusConflict, wire.CodeForkDetected)
	next := clone.fact(s.id(), "audit", map[string]any{"n": 3})
	requireProblem(t, s.putBatch(s.id(), clone.batch(other.Hash, next)), http.StatusConflict, wire.CodeForkDetected)
	require.EqualValues(t, 1, s.watermark().AckedSeq)
	require.Equal(t, 2, s.stats().Forks)
}

func TestANewEpochJoinsTheChainOfTheOneBefore(t *testing.T) {
	s := openShop(t).stream()
	first := s.fact(s.id(), "audit", map[string]any{"n": 1})
	s.putBatch(s.id(), s.batch(zeros, first, s.fact(s.id(), "audit", map[string]any{"n": 2})))
	restored := &stream{shop: s.shop, epoch: "00000000000000aa", seq: 1, head: first.Hash}
	record := restored.fact(s.id(), "audit", map[string]any{"n": "2b"})
	got := decode[wire.BatchResult](t, s.putBatch(s.id(), restored.batch(first.Hash, record)), http.StatusOK)
	require.Equal(t, "accepted", outcome(got))
	require.EqualValues(t, 2, got.AckedSeq)

	stray := &stream{shop: s.shop, epoch: "00000000000000bb", seq: 1, head: strings.Repeat("a", 64)}
	record = stray.fact(s.id(), "audit", map[string]any{})
	requireProblem(t, s.putBatch(s.id(), stray.batch(strings.Repeat("a", 64), record)), http.StatusConflict, wire.CodeForkDetected)
}

func TestABrokenHashRejectsItsRecordAlone(t *testing.T) {
	s := openShop(t).stream()
	records := []wire.Record{s.fact(s.id(), "audit", map[string]any{"n": 1}), s.fact(s.id(), "audit", map[string]any{"n": 2}), s.fact(s.id(), "audit", map[string]any{"n": 3})}
	records[1].Body = json.RawMessage(`{"n":9}`)
	got := decode[wire.BatchResult](t, s.putBatch(s.id(), s.batch(zeros, records...)), http.StatusOK)
	require.Equal(t, "accepted rejected(hash-mismatch) accepted", outcome(got))
	require.EqualValues(t, 3, got.AckedSeq)
}

func TestABatchThatIsNotWhatItSaysIsRefusedWhole(t *testing.T) {
	s := openShop(t).stream()
	records := []wire.Record{s.fact(s.id(), "audit", map[string]any{}), s.fact(s.id(), "audit", map[string]any{})}
	good := s.batch(zeros, records...)

	gap := good
	gap.Records = []wire.Record{records[0], records[0]}
	requireProblem(t, s.putBatch(s.id(), gap), http.StatusUnprocessableEntity, wire.CodeSeqGap)
	head := good
	head.Hash = zeros
	requireProblem(t, s.putBatch(s.id(), head), http.StatusUnprocessableEntity, wire.CodeHashMismatch)
	thief := good
	thief.TerminalID = "T-0002"
	requireProblem(t, s.putBatch(s.id(), thief), http.StatusUnauthorized, wire.CodeUnauthorised)
	text, err := json.Marshal(good)
	require.NoError(t, err)
	path := "/v1/sync/batches/" + s.id()
	requireProblem(t, s.call(http.MethodPut, path, text, "Content-Digest", simcentral.ContentDigest([]byte("other"))), http.StatusUnprocessableEntity, wire.CodeHashMismatch)
	requireProblem(t, s.call(http.MethodPut, path, text), http.StatusUnprocessableEntity, wire.CodeRequiredField)
	require.Zero(t, s.watermark().AckedSeq)
}

func TestAPackedBatchIsUnpacked(t *testing.T) {
	s := openShop(t).stream()
	text, err := json.Marshal(s.batch(zeros, s.fact(s.id(), "audit", map[string]any{})))
	require.NoError(t, err)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err = writer.Write(text)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	got := s.call(http.MethodPut, "/v1/sync/batches/"+s.id(), packed.Bytes(),
		"Content-Digest", simcentral.ContentDigest(packed.Bytes()), "Content-Encoding", "gzip")
	require.Equal(t, "accepted", outcome(decode[wire.BatchResult](t, got, http.StatusOK)))
	requireProblem(t, s.call(http.MethodPut, "/v1/sync/batches/"+s.id(), text,
		"Content-Digest", simcentral.ContentDigest(text), "Content-Encoding", "gzip"), http.StatusBadRequest, wire.CodeMalformedRequest)
}

func TestWhatLiveCallsBroughtIsADuplicateInTheStream(t *testing.T) {
	s := openShop(t).stream()
	payID, key, orderID := s.id(), s.id(), s.id()
	order := s.order() // its fact is 1, the payment's 2, the confirmation's 3
	require.Equal(t, http.StatusCreated, s.putOrder(orderID, order).status)
	request := s.card(5_976, wire.MethodCredit, ana().Chip(5_976, "1234"))
	request.OrderID = orderID
	require.Equal(t, http.StatusCreated, s.pay(payID, request).status)
	require.Equal(t, http.StatusOK, s.confirm(payID, key, wire.ConfirmationOutcomeConfirmed).status)
	require.Equal(t, []wire.SeqRange{{Epoch: epoch, FromSeq: 1, ToSeq: 3}}, s.watermark().Missing)

	told := request
	card := *request.Card
	card.Encrypted = nil
	told.Card, told.Result = &card, &wire.PaymentResult{Approved: new(true)}
	confirmation := wire.Confirmation{Epoch: epoch, TerminalSeq: 3, OccurredAt: occurredAt, Outcome: wire.ConfirmationOutcomeConfirmed, PaymentID: &payID}
	got := decode[wire.BatchResult](t, s.putBatch(s.id(), s.batch(zeros,
		s.fact(orderID, "order", order), s.fact(payID, "payment", told), s.fact(key, "confirmation", confirmation))), http.StatusOK)
	require.Equal(t, "duplicate duplicate duplicate", outcome(got))
	require.EqualValues(t, 5_976, s.ledger().Accounts["merchant:1"])
	require.Empty(t, s.watermark().Missing)
}

func TestFactsOfAnOfflineDayAreAppliedAsTheirCallsWouldBe(t *testing.T) {
	s := openShop(t).stream()
	orderID, cashID, cardID, deadID := s.id(), s.id(), s.id(), s.id()
	cash := s.payment(orderID, wire.MethodCash, 2_000)
	settled := s.payment(orderID, wire.MethodCredit, 3_976)
	settled.TwoPhase, settled.Result = new(true), &wire.PaymentResult{Approved: new(true)}
	undecided := s.payment(orderID, wire.MethodCredit, 100)
	act := func(body map[string]any) map[string]any {
		body["epoch"], body["terminal_seq"], body["occurred_at"] = epoch, s.seq+1, occurredAt
		return body
	}
	records := []wire.Record{
		s.fact(orderID, "order", s.order()),
		s.fact(cashID, "payment", cash),
		s.fact(cardID, "payment", settled),
	}
	records = append(records,
		s.fact(s.id(), "confirmation", act(map[string]any{"outcome": "confirmed", "payment_id": cardID})),
		s.fact(s.id(), "transition", act(map[string]any{"to": "confirmed", "order_id": orderID})),
		s.fact(s.id(), "reversal", act(map[string]any{"reason": "timeout", "payment_id": deadID})),
		s.fact(s.id(), "confirmation", act(map[string]any{"outcome": "confirmed"})),
		s.fact(s.id(), "payment", undecided),
	)
	got := decode[wire.BatchResult](t, s.putBatch(s.id(), s.batch(zeros, records...)), http.StatusOK)
	require.Equal(t, "accepted accepted accepted accepted accepted accepted rejected(required-field) rejected(required-field)", outcome(got))
	books := s.ledger()
	require.Equal(t, wire.OrderStatusConfirmed, books.Orders[orderID].Status)
	require.EqualValues(t, 2_000, books.Accounts["cash:1:T-0001"])
	require.EqualValues(t, 3_976, books.Accounts["merchant:1"])
	require.Equal(t, wire.PaymentStatusReversed, books.Payments[deadID].Status)
}

func TestARecordThatIsNotTheLiveCallsFactIsAFork(t *testing.T) {
	s := openShop(t).stream()
	require.Equal(t, http.StatusCreated, s.pay(s.id(), s.payment(s.id(), wire.MethodCash, 100)).status) // fact 1
	other := s.fact(s.id(), "payment", s.payment(s.id(), wire.MethodCash, 200))
	requireProblem(t, s.putBatch(s.id(), s.batch(zeros, other)), http.StatusConflict, wire.CodeForkDetected)
}
