package outbox_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/outbox"
	"balcao/sync/transport"
	"balcao/sync/wire"
)

func TestTheLightIsTrueWhenNothingIsSent(t *testing.T) {
	inShop(t, func(s *shop) {
		s.open()
		require.Equal(t, linkState{0, true, 0}, s.lastLink())
		s.after(10 * time.Minute)
		s.change(func() { s.status = func() (wire.Status, error) { return wire.Status{}, errDown } })
		s.after(30 * time.Second)
		require.False(t, s.lastLink().online)
		s.after(10 * time.Hour)
		s.change(s.mend)
		s.after(30 * time.Second)
		require.True(t, s.lastLink().online)
	})
}

func TestAQuietTillAsksSlowlyAndNotInStep(t *testing.T) {
	inShop(t, func(s *shop) {
		s.seed(11)
		s.open()
		s.after(time.Hour)
		probes := s.made("status")
		require.Greater(t, len(probes), 100)
		require.Less(t, len(probes), 250)
		gaps := map[time.Duration]bool{}
		for i := 1; i < len(probes); i++ {
			gap := probes[i].at - probes[i-1].at
			require.GreaterOrEqual(t, gap, 15*time.Second)
			require.LessOrEqual(t, gap, 30*time.Second)
			gaps[gap] = true
		}
		require.Greater(t, len(gaps), len(probes)/2)
	})
}

func TestABusyTillAsksNothing(t *testing.T) {
	inShop(t, func(s *shop) {
		s.open()
		for range 360 {
			s.owe(confirmation)
			s.after(10 * time.Second)
		}
		require.Len(t, s.made("status"), 1, "any good answer tells as much")
	})
}

func TestWhatEachOutcomeSaysOfTheLink(t *testing.T) {
	for name, outcome := range map[string]struct {
		err  error
		from bool
		to   bool
	}{
		"a good answer":        {nil, false, true},
		"a refusal":            {refusal(422, wire.CodeTotalMismatch), false, true},
		"unknown at central":   {refusal(404, wire.CodeNotFound), false, true},
		"nothing sent":         {errDown, true, false},
		"a time-out":           {errTimeout, true, false},
		"a captive portal":     {errPortal, true, false},
		"busy, light on":       {errBusy, true, true},
		"busy, light off":      {errBusy, false, false},
		"too many, light off":  {refusal(429, wire.CodeRateLimited), false, false},
		"given up by the till": {&transport.Silence{Sent: true, Cause: context.Canceled}, true, true},
		"given up, light off":  {&transport.Silence{Sent: true, Cause: context.Canceled}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			inShop(t, func(s *shop) {
				hang := make(chan struct{})
				s.status = func() (wire.Status, error) { <-hang; return wire.Status{}, errDown }
				s.open()
				s.outbox.Heard(nil)
				if !outcome.from {
					s.outbox.Heard(errDown)
				}
				s.outbox.Heard(outcome.err)
				require.Equal(t, outcome.to, s.lastLink().online)
				close(hang)
			})
		})
	}
}

func TestMaintenanceIsNoLink(t *testing.T) {
	for state, online := range map[wire.StatusState]bool{
		wire.StatusStateOperational: true, wire.StatusStateDegraded: true,
		wire.StatusStateMaintenance: false, wire.StatusStateDown: false,
	} {
		inShop(t, func(s *shop) {
			s.fact(1)
			s.status = func() (wire.Status, error) { return wire.Status{State: state}, nil }
			s.open()
			s.after(time.Minute)
			require.Equal(t, online, s.lastLink().online, state)
			require.Equal(t, online, len(s.made("batch")) > 0, state)
			s.outbox.Heard(nil)
			require.Equal(t, online, s.lastLink().online, "central's own word counts, whatever else it answers")
		})
	}
}

func TestACaptivePortalDropsNothing(t *testing.T) {
	inShop(t, func(s *shop) {
		var online atomic.Bool
		s.status = func() (wire.Status, error) {
			return wire.Status{State: wire.StatusStateOperational}, errIf(!online.Load(), errPortal)
		}
		s.forward = func(context.Context, outbox.Entry) (bool, error) {
			return online.Load(), errIf(!online.Load(), errPortal)
		}
		entry := s.owe(confirmation)
		s.fact(200)
		s.open()
		s.after(8 * time.Hour)
		require.Empty(t, s.codes())
		require.Equal(t, linkState{s.lastLink().at, false, 201}, s.lastLink())
		online.Store(true)
		s.after(6 * time.Minute)
		require.Contains(t, s.codes(), entry.ID)
		require.Equal(t, linkState{s.lastLink().at, true, 0}, s.lastLink())
	})
}

func TestTheQueueIsCountedWhileThereIsNoLink(t *testing.T) {
	inShop(t, func(s *shop) {
		s.status = func() (wire.Status, error) { return wire.Status{}, errDown }
		s.notes["outbox/stream"] = []byte(`{"epoch":"` + epoch + `","acked_seq":2}`)
		s.fact(5)
		s.open()
		require.Equal(t, linkState{0, false, 3}, s.lastLink())
		s.fact(1)
		require.Equal(t, linkState{0, false, 4}, s.lastLink())
	})
}
