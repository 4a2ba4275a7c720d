package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/outbox"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

func TestADecisionIsSentAtOnceAndSettledOnce(t *testing.T) {
	inShop(t, func(s *shop) {
		s.open()
		s.after(time.Hour)
		entry := s.owe(confirmation)
		require.Equal(t, []time.Duration{time.Hour}, s.forwards(entry))
		s.after(time.Hour)
		require.Equal(t, map[ident.ID]string{entry.ID: ""}, s.codes())
		require.Len(t, s.forwards(entry), 1)
	})
}

func TestLiveEntriesGoAheadOfTheStream(t *testing.T) {
	inShop(t, func(s *shop) {
		s.fact(120)
		for _, kind := range []string{"session_open", "confirmation", "reversal"} {
			s.owe(journal.Kind(kind))
		}
		s.open()
		s.after(time.Minute)
		var order []string
		for _, c := range s.made("forward", "batch") {
			order = append(order, fmt.Sprint(c.what, c.first))
		}
		require.Equal(t, []string{"forward0", "forward0", "forward0", "batch1", "batch51", "batch101"}, order)
	})
}

func TestAStreamThatHangsDelaysNoDecision(t *testing.T) {
	inShop(t, func(s *shop) {
		s.put = func(ctx context.Context, _ outbox.Batch) (wire.BatchResult, error) {
			<-ctx.Done()
			return wire.BatchResult{}, &transport.Silence{Sent: true, Cause: ctx.Err()}
		}
		s.fact(10)
		s.open()
		s.after(time.Minute)
		require.Len(t, s.made("batch"), 1)
		entry := s.owe(confirmation)
		require.Equal(t, []time.Duration{time.Minute}, s.forwards(entry))
	})
}

func TestAStreamWaitsForADecisionThatHangs(t *testing.T) {
	inShop(t, func(s *shop) {
		s.open()
		s.after(time.Minute)
		s.change(func() {
			s.forward = func(context.Context, outbox.Entry) (bool, error) {
				<-time.After(15 * time.Second)
				return false, errTimeout
			}
		})
		s.owe(confirmation)
		s.fact(10)
		s.after(14 * time.Second)
		require.Empty(t, s.made("batch"))
		s.after(time.Minute)
		require.NotEmpty(t, s.made("batch"), "an entry in its wait holds nothing up")
	})
}

func TestWaitsGrowWithFullJitterUpToFiveMinutes(t *testing.T) {
	inShop(t, func(s *shop) {
		s.forward = func(context.Context, outbox.Entry) (bool, error) { return false, errBusy }
		entry := s.owe(reversal)
		s.open()
		s.after(24 * time.Hour)
		window := 500 * time.Millisecond
		at := s.forwards(entry)
		require.Greater(t, len(at), 24*60/5, "it is tried for ever")
		for i := 1; i < len(at); i++ {
			require.Equal(t, window, at[i]-at[i-1])
			window = min(2*window, 5*time.Minute)
		}
	})
}

func TestJitterIsSpreadOverTheWholeWindow(t *testing.T) {
	inShop(t, func(s *shop) {
		s.seed(7)
		s.forward = func(context.Context, outbox.Entry) (bool, error) { return false, errBusy }
		entry := s.owe(reversal)
		s.open()
		s.after(48 * time.Hour)
		at := s.forwards(entry)
		low, high := 0, 0
		for i := 12; i < len(at); i++ {
			gap := at[i] - at[i-1]
			require.LessOrEqual(t, gap, 5*time.Minute)
			if gap < 150*time.Second {
				low++
			} else {
				high++
			}
		}
		require.InEpsilon(t, low, high, 0.25)
	})
}

func TestRetryAfterIsObeyedAndAddedTo(t *testing.T) {
	for name, wait := range map[string]struct{ asked, obeyed time.Duration }{
		"a minute": {time.Minute, time.Minute},
		"a day":    {24 * time.Hour, time.Hour},
	} {
		for kind, err := range map[string]error{
			"central":  &transport.Problem{Status: 429, Code: wire.CodeRateLimited, Retryable: true, RetryAfter: wait.asked},
			"gateway":  &transport.Silence{Sent: true, Status: 503, RetryAfter: wait.asked, Cause: errors.New("a page")},
			"no token": &transport.Silence{RetryAfter: wait.asked, Cause: errors.New("no token")},
		} {
			t.Run(name+" of "+kind, func(t *testing.T) {
				inShop(t, func(s *shop) {
					s.forward = func(context.Context, outbox.Entry) (bool, error) { return false, fmt.Errorf("wrapped: %w", err) }
					entry := s.owe(confirmation)
					s.open()
					s.after(2 * wait.obeyed)
					at := s.forwards(entry)
					require.GreaterOrEqual(t, len(at), 2)
					require.Equal(t, wait.obeyed+500*time.Millisecond, at[1]-at[0])
				})
			})
		}
	}
}

func TestARestartGoesOnWithTheSameSchedule(t *testing.T) {
	inShop(t, func(s *shop) {
		s.forward = func(context.Context, outbox.Entry) (bool, error) { return false, errBusy }
		entry := s.owe(confirmation)
		s.open()
		s.after(64 * time.Second) // tries at 0, .5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5
		require.Len(t, s.forwards(entry), 8)
		s.close()
		s.after(10 * time.Second)
		fresh := s.owe(confirmation)
		s.open()
		require.Len(t, s.forwards(fresh), 1, "what has no schedule is sent at once")
		s.after(54 * time.Second)
		at := s.forwards(entry)
		require.Equal(t, 127500*time.Millisecond, at[8], "when the earlier run had planned it")
		s.after(10 * time.Minute)
		at = s.forwards(entry)
		require.Equal(t, 128*time.Second, at[9]-at[8], "and its window goes on growing")
	})
}

func TestASettledEntryLeavesNoSchedule(t *testing.T) {
	inShop(t, func(s *shop) {
		tries := 0
		s.forward = func(context.Context, outbox.Entry) (bool, error) {
			tries++
			return tries > 3, errIf(tries <= 3, errBusy)
		}
		s.owe(confirmation)
		s.open()
		s.after(time.Second)
		require.NotEmpty(t, s.noted("outbox/live"))
		s.after(time.Minute)
		require.Len(t, s.codes(), 1)
		require.Empty(t, s.noted("outbox/live"))
	})
}

func errIf(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

func TestAClockSetBackDoesNotKeepADecisionWaiting(t *testing.T) {
	inShop(t, func(s *shop) {
		entry := s.owe(confirmation)
		s.notes["outbox/live"] = []byte(`{"` + string(entry.ID) + `":{"attempts":3,"next":"2031-01-01T00:00:00Z"}}`)
		s.open()
		s.after(2 * time.Hour)
		require.Len(t, s.forwards(entry), 1)
		require.Len(t, s.codes(), 1)
	})
}

func TestI8_OnlyAPositiveAcknowledgementSettles(t *testing.T) {
	for name, outcome := range map[string]error{
		"not acknowledged":      nil,
		"connection refused":    errDown,
		"time-out":              errTimeout,
		"captive portal":        errPortal,
		"unavailable":           errBusy,
		"no token any more":     refusal(401, wire.CodeUnauthorised),
		"request time-out":      refusal(408, "request-timeout"),
		"too early":             refusal(425, "too-early"),
		"too many requests":     refusal(429, wire.CodeRateLimited),
		"the key is in use":     refusal(409, wire.CodeIdempotencyKeyInUse),
		"not offered":           refusal(501, wire.CodeVersionUnsupported),
		"something unexpected":  errors.New("bug"),
		"a card in the details": &transport.Problem{Status: 500, Code: wire.CodeInternalError},
	} {
		t.Run(name, func(t *testing.T) {
			inShop(t, func(s *shop) {
				var good atomic.Bool
				s.forward = func(context.Context, outbox.Entry) (bool, error) { return good.Load(), errIf(!good.Load(), outcome) }
				s.owe(confirmation)
				s.owe(reversal)
				s.owe(session)
				s.open()
				s.after(2 * time.Hour)
				require.Empty(t, s.codes())
				require.Empty(t, s.inQuarantine())
				live, err := s.Live()
				require.NoError(t, err)
				require.Len(t, live, 3)
				good.Store(true)
				s.after(5 * time.Minute)
				require.Len(t, s.codes(), 2)
				live, err = s.Live()
				require.NoError(t, err)
				require.Empty(t, live)
			})
		})
	}
}

func TestARefusedDecisionIsHandedToAPersonAndOthersGoOn(t *testing.T) {
	inShop(t, func(s *shop) {
		bad := s.owe(confirmation)
		good := s.owe(reversal)
		s.forward = func(_ context.Context, entry outbox.Entry) (bool, error) {
			if entry.ID == bad.ID {
				return false, refusal(409, wire.CodeAlreadyReversed)
			}
			return true, nil
		}
		s.open()
		s.after(time.Hour)
		require.Equal(t, map[ident.ID]string{bad.ID: wire.CodeAlreadyReversed, good.ID: ""}, s.codes())
		require.Len(t, s.forwards(bad), 1)
		require.Empty(t, s.inQuarantine(), "a decision is no record in quarantine")
	})
}

func TestARefusedSessionGoesIntoQuarantineOnce(t *testing.T) {
	inShop(t, func(s *shop) {
		s.forward = func(context.Context, outbox.Entry) (bool, error) { return false, refusal(422, wire.CodeRequiredField) }
		entry := s.owe(session)
		s.open()
		s.after(time.Hour)
		require.Equal(t, []quarantined{{entry.Seq, wire.CodeRequiredField}}, s.inQuarantine())
		require.Empty(t, s.codes())
	})
}

func TestWhatTheJournalStillListsIsSentAgain(t *testing.T) {
	inShop(t, func(s *shop) {
		s.keeps = true // the fact of the settling was lost with a failed commit
		entry := s.owe(confirmation)
		s.open()
		s.after(30 * time.Second)
		require.Len(t, s.forwards(entry), 1)
		s.after(31 * time.Second)
		require.Len(t, s.forwards(entry), 2)
		s.change(func() { s.keeps = false })
		s.after(time.Hour)
		require.Len(t, s.forwards(entry), 3)
	})
}

func TestANewDecisionOvertakesABacklog(t *testing.T) {
	inShop(t, func(s *shop) {
		s.forward = func(context.Context, outbox.Entry) (bool, error) {
			<-time.After(time.Second)
			return false, errBusy
		}
		for range 100 {
			s.owe(reversal)
		}
		s.open()
		s.after(6 * time.Minute)
		entry := s.owe(confirmation)
		s.after(2 * time.Second)
		require.Len(t, s.forwards(entry), 1)
	})
}

func TestTheLinksReturnBringsForwardWhatNeverLeft(t *testing.T) {
	inShop(t, func(s *shop) {
		s.spread = 20
		var up atomic.Bool
		s.forward = func(context.Context, outbox.Entry) (bool, error) { return up.Load(), errIf(!up.Load(), errDown) }
		s.status = func() (wire.Status, error) {
			return wire.Status{State: wire.StatusStateOperational}, errIf(!up.Load(), errDown)
		}
		s.notes["outbox/stream"] = []byte(`{"epoch":"` + epoch + `","acked_seq":0,"spread_seconds":20}`)
		entry := s.owe(confirmation)
		s.open()
		s.after(20 * time.Minute)
		tries := len(s.forwards(entry))
		up.Store(true)
		s.after(time.Minute)
		at := s.forwards(entry)
		require.Len(t, at, tries+1)
		first := s.linkStates()[slices.IndexFunc(s.linkStates(), func(l linkState) bool { return l.online })]
		require.LessOrEqual(t, first.at, 20*time.Minute+30*time.Second, "the probe's longest wait")
		require.Equal(t, first.at+20*time.Second, at[tries], "within the window that central wants")
	})
}

func TestTheLinksReturnDoesNotHastenWhatCentralFailsAt(t *testing.T) {
	inShop(t, func(s *shop) {
		s.forward = func(context.Context, outbox.Entry) (bool, error) { return false, errTimeout }
		entry := s.owe(confirmation)
		s.open()
		s.after(2 * time.Hour)
		require.Less(t, len(s.forwards(entry)), 40)
	})
}

func TestTroubleBesideTheJournalCostsOnlyResends(t *testing.T) {
	inShop(t, func(s *shop) {
		s.noteFail = errors.New("disk full")
		tries := 0
		s.forward = func(context.Context, outbox.Entry) (bool, error) {
			tries++
			return tries > 4, errIf(tries <= 4, errBusy)
		}
		decision := s.owe(confirmation)
		opened := s.owe(session)
		s.fact(200)
		s.open()
		s.after(10 * time.Minute)
		require.Contains(t, s.codes(), decision.ID)
		require.Greater(t, len(s.forwards(opened)), 5, "a session that is not noted is sent again, now and then")
		require.Equal(t, 202, s.ackedSeq())
		s.change(func() { s.noteFail = nil })
		s.after(2 * time.Minute)
		live, err := s.Live()
		require.NoError(t, err)
		require.Empty(t, live)
	})
}

func TestAnUnreadableJournalIsReadAgain(t *testing.T) {
	inShop(t, func(s *shop) {
		s.readFail = errors.New("reopening")
		entry := s.owe(confirmation)
		s.fact(3)
		s.open()
		s.after(time.Hour)
		require.Empty(t, s.forwards(entry))
		s.change(func() { s.readFail = nil })
		s.after(5 * time.Minute)
		require.Len(t, s.forwards(entry), 1)
		require.Equal(t, 4, s.ackedSeq())
	})
}

func TestI13_TheNoteOfSchedulesIsBounded(t *testing.T) {
	inShop(t, func(s *shop) {
		s.forward = func(context.Context, outbox.Entry) (bool, error) { return false, errDown }
		for range 600 {
			s.owe(reversal)
		}
		s.open()
		s.after(time.Minute)
		require.Less(t, len(s.noted("outbox/live")), 64<<10)
		require.NotEmpty(t, s.noted("outbox/live"))
	})
}

func TestWhatIsDueIsSentInTheOrderOfTheJournal(t *testing.T) {
	inShop(t, func(s *shop) {
		var want []string
		for i := range 20 {
			want = append(want, string(s.owe(journal.Kind([]string{"session_open", "confirmation", "reversal"}[i%3])).ID))
		}
		s.open()
		s.after(time.Second)
		var got []string
		for _, c := range s.made("forward") {
			got = append(got, string(c.id))
		}
		require.Equal(t, want, got)
		require.True(t, slices.IsSorted(got))
	})
}
