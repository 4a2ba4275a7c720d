package simcentral

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"balcao/sync/wire"
)

// spreadSeconds is the window over which tills are asked to spread their next
// link-up after an outage: short, because one till is all there is.
const spreadSeconds = 5

// liveKinds are the kinds of record that are a live call told again: their id is the
// call's.
var liveKinds = map[string]bool{
	"session_open": true, "session_close": true, "order": true, "transition": true,
	"payment": true, "capture": true, "confirmation": true, "reversal": true, "refund": true,
}

// zeroHash is the hash before the first fact of a chain.
var zeroHash [sha256.Size]byte

// recordHash is the chain hash of one record: over the hash before it, the epoch, and
// the canonical JSON of the record without its own hash. Source: openapi.yaml, Record.
func recordHash(previous, epoch string, record json.RawMessage) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(record, &fields); err != nil {
		return "", errors.New("hash record: not a JSON object")
	}
	delete(fields, "hash")
	canonical, err := canonicalJSON(fields)
	if err != nil {
		return "", fmt.Errorf("hash record: %w", err)
	}
	before, err := hex.DecodeString(previous)
	if err != nil || len(before) != sha256.Size {
		return "", errors.New("hash record: previous hash is not SHA-256 in hex")
	}
	of, err := hex.DecodeString(epoch)
	if err != nil {
		return "", errors.New("hash record: epoch is not hexadecimal")
	}
	sum := sha256.New()
	sum.Write(before)
	sum.Write(of)
	sum.Write(canonical)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// A delivery is one batch while it is taken.
type delivery struct {
	wire.Batch
	Raw    []json.RawMessage // the records as they came, whose bytes the chain is over
	stream streamRow
	key    string // of the stream
	known  bool   // an earlier batch of this epoch came
}

// putBatch takes facts in their order and answers for each alone. A batch that is not
// what it says it is, or tells known facts otherwise, is refused whole.
func (s *Server) putBatch(c *call) (answer, *wire.Problem) {
	return s.once(c, join("batch", c.id), func() (answer, *wire.Problem) {
		got, problem := s.readDelivery(c)
		if problem != nil {
			return answer{}, problem
		}
		if problem := s.findFork(c, got); problem != nil {
			s.requests.forked()
			s.log.Warn("fork detected", "terminal", c.terminal, "epoch", got.Epoch, "seq", got.FirstSeq)
			return answer{}, problem
		}
		results := s.takeRecords(c, got)
		result := ok(s.batchResult(c, got, results))
		// What is deferred is answered otherwise once the gap is filled.
		result.passing = results[len(results)-1].Result == wire.BatchResultResultsResultDeferred
		return result, nil
	})
}

func (s *Server) readDelivery(c *call) (*delivery, *wire.Problem) {
	got := &delivery{}
	var raw struct {
		Records []json.RawMessage `json:"records"`
	}
	if json.Unmarshal(c.body, &got.Batch) != nil || json.Unmarshal(c.body, &raw) != nil {
		return nil, wire.NewProblem(wire.CodeMalformedRequest, "the batch cannot be read")
	}
	got.Raw = raw.Records
	if got.TerminalID != c.terminal {
		return nil, wire.NewProblem(wire.CodeUnauthorised, "the batch is another terminal's")
	}
	for i, record := range got.Records {
		if record.Seq != got.FirstSeq+int64(i) {
			return nil, wire.NewProblem(wire.CodeSeqGap, "the records are not in order without gaps",
				wire.Violation{Pointer: fmt.Sprintf("/records/%d/seq", i), Code: wire.CodeSeqGap, Expected: got.FirstSeq + int64(i), Actual: record.Seq})
		}
	}
	last := got.Records[len(got.Records)-1]
	if got.LastSeq != last.Seq || got.Hash != last.Hash {
		return nil, wire.NewProblem(wire.CodeHashMismatch, "last_seq or hash is not that of the last record")
	}
	got.key = join(got.TerminalID, got.Epoch)
	got.stream, got.known = s.state.streams.get(got.key)
	if !got.known {
		got.stream = streamRow{
			TerminalID: got.TerminalID, Training: got.Training != nil && *got.Training,
			FirstSeq: got.FirstSeq, AckedSeq: got.FirstSeq - 1, LastHash: got.PrevHash,
		}
	}
	return got, nil
}

// findFork compares a batch with what is known of its facts before it touches anything.
func (s *Server) findFork(c *call, got *delivery) *wire.Problem {
	if before, known := s.hashAt(got, got.FirstSeq-1); known && before != got.PrevHash {
		return forkProblem(got.FirstSeq - 1)
	}
	for _, record := range got.Records {
		key := join(got.key, strconv.FormatInt(record.Seq, 10))
		if known, ok := s.state.records.get(key); ok && known.Hash != record.Hash {
			return forkProblem(record.Seq)
		}
		if claim, ok := s.state.claims.get(key); ok && liveKinds[record.Kind] && claim.ID != liveIDOf(record) {
			return forkProblem(record.Seq)
		}
	}
	return nil
}

// hashAt is the chain hash at a seq: in this epoch, or for the first batch of an epoch
// in an earlier one of the same journal, which it must join.
func (s *Server) hashAt(got *delivery, seq int64) (hash string, known bool) {
	if seq == 0 {
		return hex.EncodeToString(zeroHash[:]), true
	}
	number := strconv.FormatInt(seq, 10)
	if got.known {
		row, ok := s.state.records.get(join(got.key, number))
		return row.Hash, ok
	}
	for key, stream := range s.state.streams.rows {
		if stream.TerminalID != got.TerminalID || stream.Training != got.stream.Training {
			continue
		}
		row, ok := s.state.records.get(join(key, number))
		if ok && row.Hash == got.PrevHash {
			return row.Hash, true
		}
		if ok {
			hash, known = row.Hash, true
		}
	}
	return hash, known
}

// takeRecords goes through a batch record by record.
func (s *Server) takeRecords(c *call, got *delivery) []wire.RecordResult {
	results := make([]wire.RecordResult, 0, len(got.Records))
	previous := got.PrevHash
	for i, record := range got.Records {
		result := wire.RecordResult{Seq: record.Seq, ID: &got.Records[i].ID}
		switch {
		case record.Seq <= got.stream.AckedSeq:
			result.Result = wire.BatchResultResultsResultDuplicate
		case record.Seq > got.stream.AckedSeq+1:
			result.Result = wire.BatchResultResultsResultDeferred
			result.Problem = wire.NewProblem(wire.CodeSeqGap, fmt.Sprintf("fact %d is missing", got.stream.AckedSeq+1))
		default:
			result.Result, result.Problem = s.takeRecord(c, got, record, got.Raw[i], previous)
			key := join(got.key, strconv.FormatInt(record.Seq, 10))
			row := recordRow{ID: record.ID, Kind: record.Kind, Hash: record.Hash, Result: result.Result, Raw: got.Raw[i]}
			if result.Problem != nil {
				row.Code = result.Problem.Code
			}
			if live := liveIDOf(record); live != record.ID {
				row.LiveID = live
			}
			s.state.records.put(key, row)
			got.stream.AckedSeq, got.stream.LastHash = record.Seq, record.Hash
		}
		previous = record.Hash
		results = append(results, result)
	}
	s.state.streams.put(got.key, got.stream)
	return results
}

// takeRecord checks one record and applies it as the live call it tells. A bad one is
// kept and answered for, and what follows goes on from the hash it claims.
func (s *Server) takeRecord(c *call, got *delivery, record wire.Record, raw json.RawMessage, previous string) (wire.BatchResultResultsResult, *wire.Problem) {
	hash, err := recordHash(previous, got.Epoch, raw)
	if err != nil || hash != record.Hash {
		return wire.BatchResultResultsResultRejected, wire.NewProblem(wire.CodeHashMismatch, "the record is not what its hash says")
	}
	if problem := problemOf(s.validator.ValidateRecord(record.Kind, record.Body)); problem != nil {
		return wire.BatchResultResultsResultRejected, problem
	}
	if problem := sensitiveText(record.Body); problem != nil {
		return wire.BatchResultResultsResultRejected, problem
	}
	applied, problem := s.applyRecord(c, got, record)
	switch {
	case problem != nil:
		return wire.BatchResultResultsResultRejected, problem
	case applied.replayed:
		return wire.BatchResultResultsResultDuplicate, nil
	default:
		return wire.BatchResultResultsResultAccepted, nil
	}
}

// A recorded says that a call is told by a record: it has happened, so it is taken as
// it is where a live call would be refused.
type recorded struct {
	fact       factRef
	occurredAt time.Time
	training   bool
	stream     streamRow // of its epoch, up to the fact before
}

// tells is the fact that a call is about: a record's own, or the one that a live call
// names.
func (c *call) tells(epoch string, seq int64) factRef {
	if c.recorded != nil {
		return c.recorded.fact
	}
	return factRef{epoch, seq}
}

// liveIDOf is the id of the live call that a record tells: its own, but for a session,
// whose opening and close are two facts with one path.
func liveIDOf(record wire.Record) string {
	var body struct {
		SessionID string `json:"session_id"`
	}
	if record.Kind != "session_open" && record.Kind != "session_close" {
		return record.ID
	}
	if json.Unmarshal(record.Body, &body) != nil || body.SessionID == "" {
		return record.ID
	}
	return body.SessionID
}

// applyRecord does what the live call of a record would do, or books what only records
// tell. Kinds that mean nothing to this central are kept and change nothing.
func (s *Server) applyRecord(c *call, got *delivery, record wire.Record) (answer, *wire.Problem) {
	live := &call{
		id: liveIDOf(record), key: record.ID, body: record.Body, terminal: c.terminal, store: c.store,
		recorded: &recorded{
			fact: factRef{got.Epoch, record.Seq}, occurredAt: record.OccurredAt,
			training: got.stream.Training, stream: got.stream,
		},
	}
	apply, known := appliers[record.Kind]
	if !known {
		return answer{}, nil
	}
	live.operation = apply.operation
	return apply.run(s, live)
}

// An applier is what becomes of a record of one kind. Its operation is the live call's,
// since an answer is found again by it.
type applier struct {
	operation string
	run       func(*Server, *call) (answer, *wire.Problem)
}

var appliers = map[string]applier{
	"session_open":   {"session", (*Server).putSession},
	"session_close":  {"session", (*Server).putSession},
	"order":          {"order", (*Server).putOrder},
	"payment":        {"payment-put", (*Server).putPayment},
	"transition":     {"transition", stepOf("/order_id", (*Server).transitionOrder)},
	"confirmation":   {"confirm", stepOf("/payment_id", (*Server).confirmPayment)},
	"reversal":       {"reverse", stepOf("/payment_id", (*Server).reversePayment)},
	"capture":        {"capture", stepOf("/payment_id", (*Server).capturePayment)},
	"refund":         {"refund-put", partOf(stepOf("/payment_id", (*Server).putRefund))},
	"x_report":       {"report", (*Server).putReport},
	"z_report":       {"report", (*Server).putReport},
	"discount":       {"discount", (*Server).bookDay},
	"line_void":      {"line_void", (*Server).bookDay},
	"override":       {"override", (*Server).bookDay},
	"cash_movement":  {"cash_movement", (*Server).bookDay},
	"drawer_opening": {"drawer_opening", (*Server).bookDay},
	"cash_count":     {"cash_count", (*Server).bookDay},
}

// stepOf applies a step, whose subject is in the path of a live call and in the body
// of a record, at pointer.
func stepOf(pointer string, run func(*Server, *call) (answer, *wire.Problem)) func(*Server, *call) (answer, *wire.Problem) {
	return func(s *Server, live *call) (answer, *wire.Problem) {
		var body map[string]json.RawMessage
		var subject string
		// A body that is no object has failed the contract's check before.
		_ = json.Unmarshal(live.body, &body)
		_ = json.Unmarshal(body[strings.TrimPrefix(pointer, "/")], &subject)
		if subject == "" {
			return answer{}, wire.NewProblem(wire.CodeRequiredField, "a record names what it is a step of",
				wire.Violation{Pointer: pointer, Code: wire.CodeRequiredField})
		}
		live.id = subject
		return run(s, live)
	}
}

func (s *Server) batchResult(c *call, got *delivery, results []wire.RecordResult) wire.BatchResult {
	result := wire.BatchResult{
		Epoch: got.Epoch, AckedSeq: got.stream.AckedSeq, Results: results,
		ServerTime: s.toldTime(c), SpreadSeconds: spreadSeconds,
	}
	if got.stream.AckedSeq > 0 {
		result.Countersignature = signHead(s.signer, c.terminal, got.Epoch, got.stream.AckedSeq, got.stream.LastHash)
	}
	return result
}

// getWatermark tells how far central has the facts of an epoch, and which it knows of
// from live calls but has not seen in the stream.
func (s *Server) getWatermark(c *call) (answer, *wire.Problem) {
	key := join(c.terminal, c.epoch)
	stream, known := s.state.streams.get(key)
	mark := wire.Watermark{Epoch: c.epoch, AckedSeq: stream.AckedSeq, Missing: []wire.SeqRange{}}
	if live := s.state.live[key]; live > stream.AckedSeq {
		mark.Missing = append(mark.Missing, wire.SeqRange{Epoch: c.epoch, FromSeq: stream.AckedSeq + 1, ToSeq: live})
	}
	if known && stream.AckedSeq > 0 {
		mark.LastHash = &stream.LastHash
		mark.Countersignature = signHead(s.signer, c.terminal, c.epoch, stream.AckedSeq, stream.LastHash)
	}
	return ok(mark), nil
}
