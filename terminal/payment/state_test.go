package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/terminal/payment"
)

func states() []payment.State {
	return []payment.State{
		payment.Intent, payment.Authorised, payment.Committed, payment.Confirmed,
		payment.VoidDecided, payment.Reversed, payment.Refusal, payment.Manual,
	}
}

func reachable(from payment.State) map[payment.State]bool {
	found := map[payment.State]bool{}
	var visit func(payment.State)
	visit = func(s payment.State) {
		for step := payment.Approve; step <= payment.Escalate; step++ {
			if next, err := payment.Next(s, step); err == nil && !found[next] {
				found[next] = true
				visit(next)
			}
		}
	}
	visit(from)
	return found
}

func TestR7_NoWayLeadsFromCommittedToUndo(t *testing.T) {
	require.NotContains(t, reachable(payment.Committed), payment.VoidDecided)
	require.NotContains(t, reachable(payment.VoidDecided), payment.Committed)
}

func TestFinalStatesAreFinalAndAllOthersCanEnd(t *testing.T) {
	for _, s := range states() {
		ends := reachable(s)
		if s.Final() {
			require.Empty(t, ends, s)
			continue
		}
		final := false
		for end := range ends {
			final = final || end.Final()
		}
		require.True(t, final, "%v can never end", s)
	}
}

func TestI3_ARefusedOrUndoneAttemptIsNeverCaptured(t *testing.T) {
	require.NotContains(t, reachable(payment.Refusal), payment.Confirmed)
	require.NotContains(t, reachable(payment.Reversed), payment.Confirmed)
}
