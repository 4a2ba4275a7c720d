package outbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
)

const (
	// batchRecordsMax and batchBytesMax are the sender's defaults; the contract allows
	// more, but a small batch gets through a bad line.
	batchRecordsMax = 50
	batchBytesMax   = 256 << 10
	// gatherTime lets the facts of a busy moment, as the scans of one cart, go in one
	// batch: the stream is in no hurry, live calls are.
	gatherTime = 2 * time.Second
	// spreadMaxSeconds is the contract's widest window for link-ups.
	spreadMaxSeconds = 3600
	// refusedMax is how many facts the stream passes over before the next one that is
	// acknowledged. More in a row are not bad facts but a bad central or a proxy.
	refusedMax = 3
)

// stream sends every fact, batch by batch.
type stream struct {
	*Outbox
	at       position
	next     uint64 // the first fact to send: after those acknowledged or passed over
	asked    bool   // central was asked how far it is
	span     Span   // of the epoch that is being sent
	newest   bool   // no other epoch follows it
	lastHash string // of the fact at at.Acked as central knows it, empty if it did not say
	limit    int    // records of the next batch
	suspect  uint64 // a batch up to here was refused whole: it holds a bad fact
	failures int
	ups      int // link-ups that were waited for
}

func (o *Outbox) newStream(at position) *stream {
	return &stream{Outbox: o, at: at, next: at.Acked + 1, limit: batchRecordsMax}
}

// Outcomes of a step.
type outcome int

const (
	goOn    outcome = iota // there may be more to send
	idle                   // central has everything
	failed                 // wait before the next try
	stopped                // for good
)

func (s *stream) run(ctx context.Context) {
	for s.await(ctx) {
		result, err := s.step(ctx)
		if ctx.Err() != nil {
			return
		}
		switch result {
		case goOn:
		case idle:
			select {
			case <-s.woken:
				pause(ctx, gatherTime)
			case <-ctx.Done():
			}
		case failed:
			s.failures++
			wait := wanted(err) + s.backOff(s.failures, waitBase, waitMax)
			s.log.Info("facts wait for central", "acked_seq", s.at.Acked, "failures", s.failures, "wait", wait.Round(time.Millisecond), "error", err)
			pause(ctx, wait)
		case stopped:
			return
		}
	}
}

// await waits until the link is up, for a random part of central's window after it
// came up, and for the live entries that are due. It answers false when ctx ends.
func (s *stream) await(ctx context.Context) bool {
	for {
		ups, ok := s.link.waitOnline(ctx)
		if !ok {
			return false
		}
		if ups == s.ups {
			return s.turn.wait(ctx)
		}
		s.ups = ups
		if !pause(ctx, s.jitter(time.Duration(s.spread.Load())*time.Second)) {
			return false
		}
	}
}

// step asks for the watermark or sends one batch.
func (s *stream) step(ctx context.Context) (outcome, error) {
	if !s.asked {
		return s.askWatermark(ctx)
	}
	if !s.newest && s.next > s.span.Last {
		return s.nextEpoch()
	}
	limit := s.limit
	if slices.Contains(s.at.Refused, s.next) {
		limit = 1 // it was refused alone before, and may be again
	}
	page, err := s.config.Journal.Records(s.next, limit, batchBytesMax)
	if err != nil {
		return failed, fmt.Errorf("read facts from %d: %w", s.next, err)
	}
	if len(page.Records) == 0 {
		return idle, nil
	}
	if s.lastHash != "" && s.next == s.at.Acked+1 && page.PrevHash != s.lastHash {
		return s.fork(s.at.Acked, "", "central has another hash of this fact")
	}
	return s.send(ctx, page)
}

// askWatermark lets central say where to go on; the note beside the journal only
// stands in for a central that does not offer it.
func (s *stream) askWatermark(ctx context.Context) (outcome, error) {
	if err := s.findSpan(); err != nil {
		return failed, err
	}
	mark, err := s.config.Stream.Watermark(ctx, s.at.Epoch)
	s.link.heard(s.config.Now(), err)
	if err != nil && finalProblem(err) == nil {
		return failed, err
	}
	s.lastHash = ""
	if err == nil {
		s.at.Acked = max(uint64(mark.AckedSeq), s.span.First-1)
		if mark.LastHash != nil && mark.AckedSeq > 0 {
			s.lastHash = *mark.LastHash
		}
	}
	if !s.newest && s.at.Acked >= s.span.Last {
		// What central has beyond that happened after the backup that this till goes on from.
		return s.nextEpoch()
	}
	if head := s.config.Journal.Head(); s.at.Acked > head {
		return s.fork(s.at.Acked, "", fmt.Sprintf("central knows facts after %d, the last of this till: it runs on old data", head))
	}
	s.asked, s.next = true, s.at.Acked+1
	s.at.Refused = slices.DeleteFunc(s.at.Refused, func(seq uint64) bool { return seq <= s.at.Acked })
	s.acked.Store(s.at.Acked)
	s.tellQueue()
	return goOn, nil
}

// findSpan looks up the epoch that is being sent: the first one of the journal when
// there is no note, or one about another journal.
func (s *stream) findSpan() error {
	spans, err := s.config.Journal.Epochs()
	if err != nil {
		return fmt.Errorf("list epochs: %w", err)
	}
	if len(spans) == 0 {
		return errors.New("list epochs: the journal is empty")
	}
	at := slices.IndexFunc(spans, func(span Span) bool { return span.Epoch == s.at.Epoch })
	if at < 0 {
		at, s.at = 0, position{Epoch: spans[0].Epoch, Acked: spans[0].First - 1, SpreadSeconds: s.at.SpreadSeconds}
	}
	s.span, s.newest = spans[at], at == len(spans)-1
	return nil
}

// nextEpoch goes on with the epoch that follows: central has all of this one.
func (s *stream) nextEpoch() (outcome, error) {
	spans, err := s.config.Journal.Epochs()
	if err != nil {
		return failed, fmt.Errorf("list epochs: %w", err)
	}
	for i, span := range spans {
		if span.Epoch == s.at.Epoch && i+1 < len(spans) {
			next := spans[i+1]
			s.at = position{Epoch: next.Epoch, Acked: next.First - 1, SpreadSeconds: s.at.SpreadSeconds}
			s.asked, s.lastHash = false, ""
			return goOn, nil
		}
	}
	return failed, fmt.Errorf("no epoch follows %s", s.at.Epoch)
}

func (s *stream) send(ctx context.Context, page Page) (outcome, error) {
	result, err := s.config.Stream.PutBatch(ctx, batchOf(s.at.Epoch, page))
	s.link.heard(s.config.Now(), err)
	if err == nil {
		return s.take(ctx, page, result)
	}
	var problem *transport.Problem
	switch {
	case !errors.As(err, &problem):
		return failed, err
	case problem.Code == wire.CodeForkDetected:
		return s.fork(page.Records[0].Seq, page.Records[0].ID, problem.Detail)
	case problem.Status == http.StatusConflict, problem.Code == wire.CodeSeqGap:
		s.asked = false
		return failed, err
	case isAboutContent(problem):
		return s.refusedWhole(ctx, page, problem)
	default:
		return failed, err
	}
}

// isAboutContent says that a batch was refused for what it holds, and not for who
// sent it, when or where.
func isAboutContent(problem *transport.Problem) bool {
	switch problem.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return problem.Final()
	}
	return false
}

// take goes through central's results. A fact is acknowledged when there is a result
// for exactly its number and id, within what central says it has; the first one
// without ends what is taken from this answer.
func (s *stream) take(ctx context.Context, page Page, result wire.BatchResult) (outcome, error) {
	if err := checkCountersignature(page, result.Countersignature); err != nil {
		return failed, err
	}
	s.spread.Store(min(int64(result.SpreadSeconds), spreadMaxSeconds))
	results := map[uint64]wire.RecordResult{}
	for _, one := range result.Results {
		results[uint64(one.Seq)] = one
	}
	taken := 0
	for _, record := range page.Records {
		one, found := results[record.Seq]
		if !found || !one.Result.Valid() || one.ID != nil && *one.ID != string(record.ID) || int64(record.Seq) > result.AckedSeq {
			break
		}
		taken++
		if one.Result == wire.BatchResultResultsResultRejected {
			s.quarantine(record, one.Problem)
		}
	}
	if taken == 0 {
		s.asked = false
		return failed, fmt.Errorf("central acknowledges none of the facts %d to %d", page.Records[0].Seq, page.Records[len(page.Records)-1].Seq)
	}
	s.advance(ctx, page.Records[taken-1], result)
	return goOn, nil
}

func (s *stream) advance(ctx context.Context, last Record, result wire.BatchResult) {
	s.at.Acked, s.next = last.Seq, last.Seq+1
	s.at.Refused = slices.DeleteFunc(s.at.Refused, func(seq uint64) bool { return seq <= last.Seq })
	s.at.SpreadSeconds = s.spread.Load()
	s.lastHash, s.failures = last.Hash, 0
	if last.Seq >= s.suspect {
		s.limit = batchRecordsMax
	}
	s.acked.Store(last.Seq)
	s.notePosition(ctx, s.at, result.Countersignature)
	s.tellQueue()
}

// checkCountersignature holds central's head against ours, where this batch shows it.
func checkCountersignature(page Page, signed *wire.SignedHead) error {
	if signed == nil {
		return nil
	}
	for _, record := range page.Records {
		if int64(record.Seq) == signed.Seq && record.Hash != signed.Head {
			return fmt.Errorf("central countersigns another hash of fact %d", record.Seq)
		}
	}
	return nil
}

// refusedWhole looks for the bad fact in a batch that central would not take: halves
// it, until one fact is refused alone. That one is told and passed over.
func (s *stream) refusedWhole(ctx context.Context, page Page, problem *transport.Problem) (outcome, error) {
	last := page.Records[len(page.Records)-1]
	if len(page.Records) > 1 {
		s.limit, s.suspect = len(page.Records)/2, max(s.suspect, last.Seq)
		return goOn, nil
	}
	if !slices.Contains(s.at.Refused, last.Seq) {
		if len(s.at.Refused) >= refusedMax {
			return failed, fmt.Errorf("facts %v and %d are refused, one after the other: %w", s.at.Refused, last.Seq, problem)
		}
		s.log.Error("central refuses a fact for good", "seq", last.Seq, "id", last.ID, "code", problem.Code, "detail", problem.Detail)
		s.config.OnQuarantine(last.Seq, last.ID, problem.Code, problem.Detail)
		s.at.Refused = append(s.at.Refused, last.Seq)
		s.notePosition(ctx, s.at, nil)
	}
	s.next, s.limit = last.Seq+1, batchRecordsMax
	return goOn, nil
}

// quarantine tells of a fact that central keeps but refuses to act on.
func (s *stream) quarantine(record Record, problem *wire.Problem) {
	code, detail := "rejected", ""
	if problem != nil {
		code = problem.Code
		if problem.Detail != nil {
			detail = transport.CleanDetail(*problem.Detail)
		}
	}
	s.log.Error("central rejects a fact", "seq", record.Seq, "id", record.ID, "code", code)
	s.config.OnQuarantine(record.Seq, record.ID, code, detail)
}

// fork stops the stream: two histories of one till must not be mixed. Live calls go on.
func (s *stream) fork(seq uint64, id ident.ID, detail string) (outcome, error) {
	s.log.Error("the stream stops: central knows another history of this till", "seq", seq, "epoch", s.at.Epoch, "detail", detail)
	s.config.OnQuarantine(seq, id, wire.CodeForkDetected, detail)
	return stopped, nil
}
