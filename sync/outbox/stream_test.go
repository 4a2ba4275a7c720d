package outbox_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/outbox"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
)

func TestEveryFactGoesUpInOrderAndOnce(t *testing.T) {
	inShop(t, func(s *shop) {
		var batches []outbox.Batch
		s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) {
			batches = append(batches, batch)
			return s.accept(batch), nil
		}
		s.fact(120)
		s.open()
		s.after(time.Minute)
		require.Equal(t, [][2]uint64{{1, 50}, {51, 100}, {101, 120}}, s.ranges())
		previous, ids := s.hashBefore(1), map[ident.ID]bool{}
		for _, batch := range batches {
			require.Equal(t, previous, batch.PrevHash)
			require.Len(t, batch.Records, int(batch.LastSeq-batch.FirstSeq+1))
			for i, record := range batch.Records {
				require.Equal(t, s.records[int(batch.FirstSeq)-1+i].JSON, record, "bytes as stored")
			}
			require.Equal(t, epoch, batch.Epoch)
			require.Equal(t, s.records[batch.LastSeq-1].Hash, batch.Hash)
			previous = batch.Hash
			_, err := ident.Parse(string(batch.ID))
			require.NoError(t, err)
			ids[batch.ID] = true
		}
		require.Len(t, ids, 3)
		require.Equal(t, linkState{s.lastLink().at, true, 0}, s.lastLink())
		require.Len(t, s.made("watermark"), 1)
	})
}

func TestABatchIsNoLargerThan256KiB(t *testing.T) {
	inShop(t, func(s *shop) {
		s.fact(9)
		for i := range s.records {
			s.records[i].JSON = make([]byte, 100<<10)
		}
		s.records[4].JSON = make([]byte, 300<<10)
		s.open()
		s.after(time.Minute)
		require.Equal(t, [][2]uint64{{1, 2}, {3, 4}, {5, 5}, {6, 7}, {8, 9}}, s.ranges(), "but one fact always goes")
	})
}

func TestFactsOfABusyMomentGoInOneBatch(t *testing.T) {
	inShop(t, func(s *shop) {
		s.open()
		s.after(time.Minute)
		for range 10 {
			s.fact(1)
			s.after(150 * time.Millisecond)
		}
		s.after(time.Minute)
		require.Equal(t, [][2]uint64{{1, 10}}, s.ranges())
	})
}

func TestALostAnswerLeadsToADuplicateAndNothingElse(t *testing.T) {
	inShop(t, func(s *shop) {
		lost := 0
		s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) {
			result := s.accept(batch)
			if lost++; lost == 1 {
				return wire.BatchResult{}, errTimeout
			}
			return result, nil
		}
		s.fact(7)
		s.open()
		s.after(time.Minute)
		batches := s.made("batch")
		require.Len(t, batches, 2)
		require.Equal(t, batches[0].id, batches[1].id, "the same facts, the same delivery")
		require.Empty(t, s.inQuarantine())
		require.Equal(t, 0, s.lastLink().queue)
	})
}

func TestARejectedFactGoesIntoQuarantineAndBlocksNothing(t *testing.T) {
	inShop(t, func(s *shop) {
		s.rejects[3] = wire.CodeTotalMismatch
		s.fact(100)
		s.open()
		s.after(time.Hour)
		require.Equal(t, []quarantined{{3, wire.CodeTotalMismatch}}, s.inQuarantine())
		require.Equal(t, 100, s.ackedSeq())
	})
}

// mend makes central good again.
func (s *shop) mend() {
	s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) { return s.accept(batch), nil }
	s.status = func() (wire.Status, error) { return wire.Status{State: wire.StatusStateDegraded}, nil }
}

// poisoned makes central refuse every batch that holds one of some facts.
func (s *shop) poisoned(err error, seqs ...uint64) {
	s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) {
		for _, seq := range seqs {
			if batch.FirstSeq <= seq && seq <= batch.LastSeq {
				return wire.BatchResult{}, err
			}
		}
		return s.accept(batch), nil
	}
}

func TestAPoisonedBatchIsHalvedDownToItsBadFact(t *testing.T) {
	for _, seq := range []uint64{1, 2, 37, 50, 51, 120} {
		inShop(t, func(s *shop) {
			s.poisoned(refusal(422, wire.CodeSensitiveData), seq)
			s.fact(120)
			s.open()
			s.after(time.Hour)
			require.Equal(t, []quarantined{{seq, wire.CodeSensitiveData}}, s.inQuarantine())
			s.change(func() { s.has[seq] = "passed over" })
			require.Len(t, s.has, 120)
			require.Less(t, len(s.made("batch")), 20)
			s.fact(200)
			before := len(s.made("batch"))
			s.after(time.Hour)
			require.Len(t, s.made("batch"), before+4, "and batches are whole again")
		})
	}
}

func TestABadFactThatCentralWaitsForIsTriedForEver(t *testing.T) {
	inShop(t, func(s *shop) {
		var mended atomic.Bool
		s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) {
			switch {
			case !mended.Load() && batch.FirstSeq <= 5 && 5 <= batch.LastSeq:
				return wire.BatchResult{}, refusal(422, wire.CodeSensitiveData)
			case batch.FirstSeq > uint64(s.mark().AckedSeq)+1:
				result := wire.BatchResult{Epoch: epoch, AckedSeq: s.mark().AckedSeq}
				for seq := batch.FirstSeq; seq <= batch.LastSeq; seq++ {
					result.Results = append(result.Results, wire.RecordResult{
						Seq: int64(seq), Result: wire.BatchResultResultsResultDeferred, Problem: wire.NewProblem(wire.CodeSeqGap, ""),
					})
				}
				return result, nil
			}
			return s.accept(batch), nil
		}
		s.fact(40)
		s.open()
		s.after(12 * time.Hour)
		require.Equal(t, []quarantined{{5, wire.CodeSensitiveData}}, s.inQuarantine(), "told once")
		require.Equal(t, 4, s.ackedSeq())
		require.Equal(t, 36, s.lastLink().queue)
		require.Less(t, len(s.made("batch")), 12*12*3, "at the longest waits")
		s.close()
		s.open()
		s.after(time.Hour)
		require.Len(t, s.inQuarantine(), 1, "a restart does not tell it again")
		mended.Store(true)
		s.after(5 * time.Minute)
		require.Equal(t, 40, s.ackedSeq())
		require.Equal(t, 0, s.lastLink().queue)
	})
}

func TestACentralThatRefusesEverythingIsNotBelieved(t *testing.T) {
	inShop(t, func(s *shop) {
		s.poisoned(refusal(400, wire.CodeMalformedRequest), slices.Collect(seqs(1, 60))...)
		s.fact(60)
		s.open()
		s.after(12 * time.Hour)
		require.Len(t, s.inQuarantine(), 3, "three bad facts in a row are no accident")
		s.change(s.mend)
		s.after(10 * time.Minute)
		require.Equal(t, 60, s.ackedSeq())
	})
}

func seqs(first, last uint64) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for seq := first; seq <= last && yield(seq); seq++ {
		}
	}
}

func TestARefusalOfTheTillIsNoRefusalOfItsFacts(t *testing.T) {
	for _, err := range []error{
		refusal(403, wire.CodeTerminalBlocked), refusal(404, wire.CodeNotFound), refusal(401, wire.CodeCertificateExpired),
		refusal(429, wire.CodeRateLimited), errBusy, errDown, errTimeout, errPortal, errors.New("bug"),
		refusal(409, wire.CodeIdempotencyKeyInUse), refusal(422, wire.CodeSeqGap),
	} {
		inShop(t, func(s *shop) {
			var good atomic.Bool
			s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) {
				if good.Load() {
					return s.accept(batch), nil
				}
				return wire.BatchResult{}, err
			}
			s.fact(60)
			s.open()
			s.after(24 * time.Hour)
			require.Empty(t, s.inQuarantine(), err)
			for _, sent := range s.ranges() {
				require.Equal(t, [2]uint64{1, 50}, sent, err)
			}
			require.Greater(t, len(s.made("batch")), 24*60/10, err)
			good.Store(true)
			s.after(10 * time.Minute)
			require.Equal(t, 60, s.ackedSeq(), err)
		})
	}
}

func TestAForkStopsTheStreamAndNothingElse(t *testing.T) {
	for name, fork := range map[string]struct {
		arrange func(s *shop)
		seq     uint64
	}{
		"central says so": {func(s *shop) { s.poisoned(refusal(409, wire.CodeForkDetected), 3) }, 1},
		"central is ahead": {func(s *shop) {
			s.watermark = func() (wire.Watermark, error) { return wire.Watermark{Epoch: epoch, AckedSeq: 99}, nil }
		}, 99},
		"central has another hash": {func(s *shop) {
			s.watermark = func() (wire.Watermark, error) {
				return wire.Watermark{Epoch: epoch, AckedSeq: 4, LastHash: new(s.records[2].Hash)}, nil
			}
		}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			inShop(t, func(s *shop) {
				s.fact(10)
				fork.arrange(s)
				s.open()
				s.after(time.Hour)
				sent := len(s.made("batch"))
				require.LessOrEqual(t, sent, 1)
				require.Equal(t, []quarantined{{fork.seq, wire.CodeForkDetected}}, s.inQuarantine())
				entry := s.owe(confirmation)
				s.after(time.Hour)
				require.Contains(t, s.codes(), entry.ID)
				require.Len(t, s.made("batch"), sent)
				require.True(t, s.lastLink().online)
				require.Positive(t, s.lastLink().queue)
			})
		})
	}
}

// TestARestoredJournalIsSentEpochByEpoch goes on from a backup: central may lack facts
// of the old epoch, or know more of it than this till does; the new one follows.
func TestARestoredJournalIsSentEpochByEpoch(t *testing.T) {
	const old = "0123456789abcdef"
	for name, row := range map[string]struct {
		note   string
		acked  int64 // of the old epoch, at central
		ranges [][2]uint64
		epochs []string
	}{
		"central lacks some":     {`{"epoch":"` + old + `","acked_seq":4}`, 4, [][2]uint64{{5, 6}, {7, 10}}, []string{old, epoch}},
		"central has more":       {`{"epoch":"` + old + `","acked_seq":4}`, 9, [][2]uint64{{7, 10}}, []string{epoch}},
		"there is no note":       {`{}`, 0, [][2]uint64{{1, 6}, {7, 10}}, []string{old, epoch}},
		"the note is of a third": {`{"epoch":"ffffffffffffffff","acked_seq":3}`, 6, [][2]uint64{{7, 10}}, []string{epoch}},
	} {
		t.Run(name, func(t *testing.T) {
			inShop(t, func(s *shop) {
				s.fact(10)
				s.spans = []outbox.Span{{Epoch: old, First: 1, Last: 6}}
				s.older = map[string]int64{old: row.acked}
				s.notes["outbox/stream"] = []byte(row.note)
				s.open()
				s.after(time.Minute)
				require.Equal(t, row.ranges, s.ranges())
				var epochs []string
				for _, one := range s.made("batch") {
					epochs = append(epochs, one.epoch)
				}
				require.Equal(t, row.epochs, epochs)
				require.Empty(t, s.inQuarantine())
				require.Zero(t, s.lastLink().queue)
				s.close()
				s.fact(2)
				s.open()
				s.after(time.Minute)
				require.Equal(t, [2]uint64{11, 12}, s.ranges()[len(row.ranges)], "a new run goes on with the newest epoch")
			})
		})
	}
}

func TestCentralsWatermarkIsBelievedOverTheNote(t *testing.T) {
	inShop(t, func(s *shop) {
		s.fact(100)
		s.accept(outbox.Batch{FirstSeq: 1, LastSeq: 30})
		s.notes["outbox/stream"] = []byte(`{"epoch":"` + epoch + `","acked_seq":80}`)
		s.open()
		s.after(time.Minute)
		require.Equal(t, [][2]uint64{{31, 80}, {81, 100}}, s.ranges())
	})
}

func TestWithoutAWatermarkTheNoteServes(t *testing.T) {
	for note, want := range map[string][][2]uint64{
		`{"epoch":"` + epoch + `","acked_seq":80}`:       {{81, 100}},
		`{"epoch":"00112233445566aa","acked_seq":80}`:    {{1, 50}, {51, 100}},
		`{"epoch":"` + epoch + `","acked_seq":"eighty"}`: {{1, 50}, {51, 100}},
	} {
		inShop(t, func(s *shop) {
			s.watermark = func() (wire.Watermark, error) { return wire.Watermark{}, refusal(404, wire.CodeNotFound) }
			s.fact(100)
			s.notes["outbox/stream"] = []byte(note)
			s.open()
			s.after(time.Minute)
			require.Equal(t, want, s.ranges())
		})
	}
}

func TestNothingIsSentBeforeTheWatermarkIsKnown(t *testing.T) {
	inShop(t, func(s *shop) {
		s.watermark = func() (wire.Watermark, error) { return wire.Watermark{}, errBusy }
		s.fact(10)
		s.open()
		s.after(time.Hour)
		require.Empty(t, s.made("batch"))
		require.Greater(t, len(s.made("watermark")), 10)
	})
}

func TestI8_AFactIsAcknowledgedByItsOwnResultOnly(t *testing.T) {
	for name, spoil := range map[string]func(result *wire.BatchResult){
		"no result":           func(r *wire.BatchResult) { r.Results = slices.Delete(r.Results, 3, 4) },
		"another id":          func(r *wire.BatchResult) { r.Results[3].ID = new(string(id(99))) },
		"an unknown word":     func(r *wire.BatchResult) { r.Results[3].Result = "ok" },
		"not kept by central": func(r *wire.BatchResult) { r.AckedSeq = 3 },
		"deferred": func(r *wire.BatchResult) {
			r.AckedSeq, r.Results[3].Result = 3, wire.BatchResultResultsResultDeferred
		},
	} {
		t.Run(name, func(t *testing.T) {
			inShop(t, func(s *shop) {
				first := true
				s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) {
					result := s.accept(batch)
					if first {
						first = false
						spoil(&result)
					}
					return result, nil
				}
				s.fact(10)
				s.open()
				s.after(time.Hour)
				require.Equal(t, [][2]uint64{{1, 10}, {4, 10}}, s.ranges())
			})
		})
	}
}

func TestTheCountersignatureIsKeptAndHeldAgainstTheChain(t *testing.T) {
	inShop(t, func(s *shop) {
		var head atomic.Value
		head.Store("another")
		s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) {
			result := s.accept(batch)
			result.Countersignature = &wire.SignedHead{Epoch: epoch, Seq: result.AckedSeq, Head: head.Load().(string), KeyID: "k1", Signature: "c2ln"}
			return result, nil
		}
		s.fact(5)
		s.open()
		s.after(time.Hour)
		require.Empty(t, s.noted("outbox/countersignature"))
		require.Equal(t, 5, s.lastLink().queue, "central signs another history: not taken as an acknowledgement")
		head.Store(s.records[4].Hash)
		s.after(5 * time.Minute)
		require.Equal(t, 0, s.lastLink().queue)
		require.JSONEq(t, `{"epoch":"`+epoch+`","seq":5,"head":"`+s.records[4].Hash+`","key_id":"k1","signature":"c2ln"}`, s.noted("outbox/countersignature"))
	})
}

func TestLinkUpsAreSpreadAsCentralAsks(t *testing.T) {
	inShop(t, func(s *shop) {
		s.spread = 90
		s.fact(5)
		s.open()
		s.after(time.Minute)
		require.Len(t, s.made("batch"), 1, "a till that knows of no window does not wait")
		s.change(func() {
			s.status = func() (wire.Status, error) { return wire.Status{}, errDown }
			s.put = func(context.Context, outbox.Batch) (wire.BatchResult, error) { return wire.BatchResult{}, errDown }
		})
		s.fact(5)
		s.after(time.Hour)
		sent := len(s.made("batch"))
		require.Equal(t, 2, sent, "without a link only probes go out")
		s.change(s.mend)
		s.after(5 * time.Minute)
		batches, up := s.made("batch"), s.linkStates()[len(s.linkStates())-2]
		require.Len(t, batches, 3)
		require.True(t, up.online)
		require.Equal(t, up.at+90*time.Second, batches[2].at)
		s.close()
		s.fact(5)
		s.open()
		began := time.Since(s.began)
		s.after(5 * time.Minute)
		require.Equal(t, began+90*time.Second, s.made("batch")[3].at, "coming up after a power cut is a link-up too")
	})
}

func TestTheWidestWindowIsTheContracts(t *testing.T) {
	inShop(t, func(s *shop) {
		s.spread = 1 << 30
		s.fact(5)
		s.open()
		s.after(time.Minute)
		s.close()
		s.fact(5)
		s.open()
		s.after(time.Hour)
		require.Equal(t, 10, s.ackedSeq())
	})
}

func TestRetryAfterOfABatchIsObeyed(t *testing.T) {
	inShop(t, func(s *shop) {
		s.put = func(context.Context, outbox.Batch) (wire.BatchResult, error) {
			return wire.BatchResult{}, &transport.Problem{Status: 503, Code: wire.CodeServiceUnavailable, Retryable: true, RetryAfter: 10 * time.Minute}
		}
		s.fact(5)
		s.open()
		s.after(time.Hour)
		batches := s.made("batch")
		require.Equal(t, 10*time.Minute+500*time.Millisecond, batches[1].at-batches[0].at)
	})
}
