package outbox_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/outbox"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

var stormSeed = flag.Uint64("storm.seed", 0, "repeat the storm of this seed; 0 for a few of any")

// weather is a central behind a bad network: whatever it does, it also remembers what
// it truly acknowledged, which the till's own books are held against.
type weather struct {
	mu           sync.Mutex
	random       *rand.Rand
	calm         bool
	acknowledged map[ident.ID]bool
	refused      map[ident.ID]bool
}

// strike is how a call fares: nil lets it through, lost says that it got through and
// its answer did not.
func (w *weather) strike() (err error, lost bool) {
	if w.calm {
		return nil, false
	}
	switch w.random.IntN(10) {
	case 0, 1:
		return errDown, false
	case 2:
		return errTimeout, false
	case 3:
		return errTimeout, true
	case 4:
		return errPortal, false
	case 5:
		return errBusy, false
	case 6:
		return &transport.Problem{Status: 429, Code: wire.CodeRateLimited, RetryAfter: time.Duration(w.random.IntN(60)) * time.Second}, false
	case 7:
		return errors.New("something else"), true
	default:
		return nil, false
	}
}

func (w *weather) forward(_ context.Context, entry outbox.Entry) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err, lost := w.strike()
	if err != nil && !lost {
		return false, err
	}
	if w.refused[entry.ID] || !w.acknowledged[entry.ID] && w.random.IntN(20) == 0 {
		w.refused[entry.ID] = true
		if err == nil {
			return false, refusal(409, wire.CodeAlreadyCaptured)
		}
		return false, err
	}
	if !w.calm && w.random.IntN(10) == 0 {
		return false, err // queued
	}
	w.acknowledged[entry.ID] = true
	return err == nil, err
}

// TestI8_NothingIsLostInAnyWeather runs a day of sales through a network that does
// everything, with kills in between, and lets the sun come out at the end.
func TestI8_NothingIsLostInAnyWeather(t *testing.T) {
	seeds := []uint64{*stormSeed}
	if *stormSeed == 0 {
		seeds = nil
		for range 8 {
			seeds = append(seeds, rand.Uint64())
		}
	}
	for _, seed := range seeds {
		inShop(t, func(s *shop) { s.storm(seed) })
	}
}

func (s *shop) storm(seed uint64) {
	s.Helper()
	s.Logf("repeat with -storm.seed=%d", seed)
	day := s.seed(seed)
	w := &weather{random: rand.New(rand.NewPCG(seed, 2)), acknowledged: map[ident.ID]bool{}, refused: map[ident.ID]bool{}}
	s.forward = w.forward
	s.status = func() (wire.Status, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		err, _ := w.strike()
		return wire.Status{State: wire.StatusStateOperational}, err
	}
	s.put = func(_ context.Context, batch outbox.Batch) (wire.BatchResult, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		err, lost := w.strike()
		if err != nil && !lost {
			return wire.BatchResult{}, err
		}
		return s.accept(batch), err
	}
	var owed []outbox.Entry
	for range 60 {
		switch day.IntN(12) {
		case 0:
			s.close()
		case 1, 2, 3, 4:
			kind := []journal.Kind{confirmation, reversal, session}[day.IntN(3)]
			owed = append(owed, s.owe(kind))
		default:
			s.fact(1 + day.IntN(30))
		}
		if s.stop == nil {
			s.open()
		}
		s.after(time.Duration(day.Int64N(int64(20 * time.Minute))))
	}
	w.mu.Lock()
	w.calm = true
	w.mu.Unlock()
	s.after(2 * time.Hour)
	s.requireSettled(w, owed)
}

// requireSettled holds the till's books against central's.
func (s *shop) requireSettled(w *weather, owed []outbox.Entry) {
	s.Helper()
	live, err := s.Live()
	require.NoError(s, err)
	require.Empty(s, live)
	for _, entry := range owed {
		code, settled := s.codes()[entry.ID]
		quarantined := slices.ContainsFunc(s.inQuarantine(), func(q quarantined) bool { return q.seq == entry.Seq })
		refused := code != "" || quarantined
		require.True(s, settled || entry.Kind == session, "%s %s", entry.Kind, entry.ID)
		require.Equal(s, w.refused[entry.ID], refused, "%s %s", entry.Kind, entry.ID)
		require.Equal(s, !refused, w.acknowledged[entry.ID], "%s %s", entry.Kind, entry.ID)
	}
	require.Equal(s, len(s.records), s.ackedSeq())
	require.Len(s, s.has, len(s.records))
	require.Equal(s, linkState{s.lastLink().at, true, 0}, s.lastLink())
}
