package outbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/outbox"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

const epoch = "9f1c0a7be2d45836"

// A shop is one till's outbox between a journal and a central, in fake time. All but
// the outbox is the test's own.
type shop struct {
	*testing.T
	mu      sync.Mutex
	began   time.Time
	log     bytes.Buffer
	outbox  *outbox.Outbox
	stop    context.CancelFunc
	stopped chan error
	random  func() float64

	// The journal and the notes beside it.
	records  []outbox.Record
	live     []outbox.Entry
	settled  map[ident.ID]string // decision → refused code
	keeps    bool                // the journal goes on listing what is settled
	readFail error
	spans    []outbox.Span    // epochs before the newest
	older    map[string]int64 // what central has of them
	notes    map[string][]byte
	noteFail error

	// Central.
	forward   func(ctx context.Context, entry outbox.Entry) (bool, error)
	put       func(ctx context.Context, batch outbox.Batch) (wire.BatchResult, error)
	watermark func() (wire.Watermark, error)
	status    func() (wire.Status, error)
	has       map[uint64]string // hash by seq
	acked     uint64
	rejects   map[uint64]string // code by seq
	spread    int

	// What happened.
	calls       []call
	quarantined []quarantined
	links       []linkState
}

type call struct {
	at    time.Duration // since the shop opened
	what  string        // forward, batch, watermark, status
	epoch string
	id    ident.ID
	first uint64
	last  uint64
}

type quarantined struct {
	seq  uint64
	code string
}

type linkState struct {
	at     time.Duration
	online bool
	queue  int
}

// inShop runs a test in fake time. Jitter is the whole window unless the test says
// otherwise.
func inShop(t *testing.T, test func(s *shop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{
			T: t, began: time.Now(), settled: map[ident.ID]string{}, notes: map[string][]byte{},
			has: map[uint64]string{}, rejects: map[uint64]string{}, random: func() float64 { return 1 },
		}
		s.forward = func(context.Context, outbox.Entry) (bool, error) { return true, nil }
		s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) { return s.accept(batch), nil }
		s.watermark = func() (wire.Watermark, error) { return s.mark(), nil }
		s.status = func() (wire.Status, error) { return wire.Status{State: wire.StatusStateOperational}, nil }
		test(s)
		s.close()
	})
}

func (s *shop) open() {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	s.stop, s.stopped = cancel, make(chan error, 1)
	s.outbox = outbox.New(outbox.Config{
		Journal: s, Beside: s, Caller: s, Stream: s, Prober: s,
		OnSettled: s.onSettled, OnQuarantine: s.onQuarantine, OnLink: s.onLink,
		Random: s.random, Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
	go func() { s.stopped <- s.outbox.Run(ctx) }()
	synctest.Wait()
}

func (s *shop) close() {
	s.Helper()
	if s.stop == nil {
		return
	}
	s.stop()
	require.NoError(s, <-s.stopped)
	s.stop = nil
}

// after lets time pass and everything come to rest.
func (s *shop) after(wait time.Duration) {
	<-time.After(wait)
	synctest.Wait()
}

// change lets the test change the world while the outbox runs.
func (s *shop) change(apply func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	apply()
}

// seed makes jitter random and says how to repeat the test.
func (s *shop) seed(seed uint64) *rand.Rand {
	s.Logf("seed %d", seed)
	source := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	s.random = func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return source.Float64()
	}
	return rand.New(rand.NewPCG(seed, 1))
}

// id gives the n-th id of a test.
func id(n int) ident.ID { return ident.ID(fmt.Sprintf("01JD4K3M8Q7V5W2X9Y%08d", n)) }

// fact makes count facts durable and wakes the outbox.
func (s *shop) fact(count int) {
	s.mu.Lock()
	for range count {
		s.append("line_added")
	}
	s.mu.Unlock()
	s.wake()
}

func (s *shop) append(kind journal.Kind) outbox.Record {
	seq := uint64(len(s.records) + 1)
	sum := sha256.Sum256(fmt.Append(nil, s.hashBefore(seq), seq, kind))
	record := outbox.Record{Seq: seq, ID: id(int(seq)), Hash: hex.EncodeToString(sum[:])}
	record.JSON = fmt.Appendf(nil, `{"seq":%d,"id":"%s","kind":"%s","hash":"%s"}`, seq, record.ID, kind, record.Hash)
	s.records = append(s.records, record)
	return record
}

func (s *shop) hashBefore(seq uint64) string {
	if seq == 1 {
		return hex.EncodeToString(make([]byte, sha256.Size))
	}
	return s.records[seq-2].Hash
}

// owe makes one fact durable that is owed a live call, and wakes the outbox.
func (s *shop) owe(kind journal.Kind) outbox.Entry {
	s.mu.Lock()
	record := s.append(kind)
	entry := outbox.Entry{Seq: record.Seq, Kind: kind, ID: record.ID, Target: id(int(900_000 + record.Seq)), Body: record.JSON}
	if kind == session {
		entry.Target = entry.ID
	}
	s.live = append(s.live, entry)
	s.mu.Unlock()
	s.wake()
	return entry
}

func (s *shop) wake() {
	if s.outbox != nil {
		s.outbox.Wake()
		synctest.Wait()
	}
}

// The kinds that are owed a live call.
const (
	confirmation journal.Kind = "confirmation"
	reversal     journal.Kind = "reversal"
	session      journal.Kind = "session_open"
)

func (s *shop) Live() ([]outbox.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.live), s.readFail
}

func (s *shop) Head() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.records))
}

// Epochs is one, and before it those that the test says.
func (s *shop) Epochs() ([]outbox.Span, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := uint64(1)
	if n := len(s.spans); n > 0 {
		first = s.spans[n-1].Last + 1
	}
	return append(slices.Clone(s.spans), outbox.Span{Epoch: epoch, First: first, Last: uint64(len(s.records))}), nil
}

func (s *shop) Records(from uint64, limit, bytesMax int) (outbox.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readFail != nil {
		return outbox.Page{}, s.readFail
	}
	page := outbox.Page{PrevHash: s.hashBefore(from)}
	for size := 0; from <= uint64(len(s.records)) && len(page.Records) < limit; from++ {
		record := s.records[from-1]
		ends := slices.ContainsFunc(s.spans, func(span outbox.Span) bool { return span.First == from || span.Last+1 == from })
		if size += len(record.JSON); (ends || size > bytesMax) && len(page.Records) > 0 {
			break
		}
		page.Records = append(page.Records, record)
	}
	return page, nil
}

func (s *shop) Beside(key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, found := s.notes[key]
	return value, found, s.noteFail
}

func (s *shop) SetBeside(_ context.Context, values map[string][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noteFail != nil {
		return s.noteFail
	}
	maps.Copy(s.notes, values)
	maps.DeleteFunc(s.notes, func(_ string, value []byte) bool { return value == nil })
	return nil
}

func (s *shop) MarkSent(_ context.Context, session ident.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noteFail != nil {
		return s.noteFail
	}
	s.drop(session)
	return nil
}

func (s *shop) drop(entry ident.ID) {
	s.live = slices.DeleteFunc(s.live, func(e outbox.Entry) bool { return e.ID == entry })
}

func (s *shop) onSettled(attempt, decision ident.ID, code string) {
	s.mu.Lock()
	i := slices.IndexFunc(s.live, func(e outbox.Entry) bool { return e.ID == decision })
	if i >= 0 && s.live[i].Target != attempt {
		s.Errorf("%s settled for %s", decision, attempt)
	}
	s.settled[decision] = code
	if !s.keeps {
		s.drop(decision)
	}
	s.mu.Unlock()
	s.outbox.Wake() // as the engine does once the fact is durable
}

func (s *shop) onQuarantine(seq uint64, _ ident.ID, code, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quarantined = append(s.quarantined, quarantined{seq, code})
}

func (s *shop) onLink(online bool, queue int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links = append(s.links, linkState{time.Since(s.began), online, queue})
}

func (s *shop) note(c call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.at = time.Since(s.began)
	s.calls = append(s.calls, c)
}

func (s *shop) Forward(ctx context.Context, entry outbox.Entry) (bool, error) {
	s.note(call{what: "forward", id: entry.ID})
	s.mu.Lock()
	forward := s.forward
	s.mu.Unlock()
	return forward(ctx, entry)
}

func (s *shop) PutBatch(ctx context.Context, batch outbox.Batch) (wire.BatchResult, error) {
	s.note(call{what: "batch", epoch: batch.Epoch, id: batch.ID, first: batch.FirstSeq, last: batch.LastSeq})
	s.mu.Lock()
	put := s.put
	s.mu.Unlock()
	return put(ctx, batch)
}

func (s *shop) Watermark(_ context.Context, of string) (wire.Watermark, error) {
	s.note(call{what: "watermark"})
	if mark, old := s.older[of]; old {
		return wire.Watermark{Epoch: of, AckedSeq: mark}, nil
	}
	require.Equal(s, epoch, of)
	s.mu.Lock()
	watermark := s.watermark
	s.mu.Unlock()
	return watermark()
}

func (s *shop) Status(context.Context) (wire.Status, error) {
	s.note(call{what: "status"})
	s.mu.Lock()
	status := s.status
	s.mu.Unlock()
	return status()
}

// accept is what a good central does with a batch.
func (s *shop) accept(batch outbox.Batch) wire.BatchResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	result := wire.BatchResult{Epoch: epoch, SpreadSeconds: s.spread}
	for seq := batch.FirstSeq; seq <= batch.LastSeq; seq++ {
		record := s.records[seq-1]
		one := wire.RecordResult{Seq: int64(seq), ID: new(string(record.ID)), Result: wire.BatchResultResultsResultAccepted}
		switch {
		case s.has[seq] != "":
			one.Result = wire.BatchResultResultsResultDuplicate
		case s.rejects[seq] != "":
			one.Result, one.Problem = wire.BatchResultResultsResultRejected, wire.NewProblem(s.rejects[seq], "no")
		}
		s.has[seq] = record.Hash
		s.acked = max(s.acked, seq)
		result.Results = append(result.Results, one)
	}
	result.AckedSeq = int64(s.acked)
	return result
}

func (s *shop) mark() wire.Watermark {
	s.mu.Lock()
	defer s.mu.Unlock()
	mark := wire.Watermark{Epoch: epoch, AckedSeq: int64(s.acked)}
	if s.acked > 0 {
		mark.LastHash = new(s.has[s.acked])
	}
	return mark
}

// made lists the calls of some kinds.
func (s *shop) made(what ...string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.calls), func(c call) bool { return !slices.Contains(what, c.what) })
}

// forwards lists when an entry was sent.
func (s *shop) forwards(entry outbox.Entry) []time.Duration {
	var at []time.Duration
	for _, c := range s.made("forward") {
		if c.id == entry.ID {
			at = append(at, c.at)
		}
	}
	return at
}

func (s *shop) ranges() (sent [][2]uint64) {
	for _, c := range s.made("batch") {
		sent = append(sent, [2]uint64{c.first, c.last})
	}
	return sent
}

func (s *shop) linkStates() []linkState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.links)
}

func (s *shop) lastLink() linkState {
	links := s.linkStates()
	require.NotEmpty(s, links)
	return links[len(links)-1]
}

// noted is what is noted beside the journal, empty for nothing.
func (s *shop) noted(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.notes[key])
}

func (s *shop) inQuarantine() []quarantined {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.quarantined)
}

// ackedSeq is how far central has the facts.
func (s *shop) ackedSeq() int { return int(s.mark().AckedSeq) }

// codes are the decisions that are settled, with the codes of the refused ones.
func (s *shop) codes() map[ident.ID]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.settled)
}

// The ways a call can fail.
var (
	errDown    = &transport.Silence{Cause: errors.New("connection refused")}
	errTimeout = &transport.Silence{Sent: true, Cause: context.DeadlineExceeded}
	errPortal  = &transport.Silence{Sent: true, Status: 200, Cause: errors.New("a page")}
	errBusy    = &transport.Problem{Status: 503, Code: wire.CodeServiceUnavailable, Retryable: true}
)

func refusal(status int, code string) error { return &transport.Problem{Status: status, Code: code} }
