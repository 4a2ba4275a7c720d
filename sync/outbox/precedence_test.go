package outbox

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWakeAfterTheLastLookKeepsTheStreamWaiting(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	p := newPrecedence()
	require.False(t, p.wait(over), "before the first pass")
	p.begin()
	p.end()
	require.True(t, p.wait(t.Context()))

	p.begin()
	require.False(t, p.wait(over))
	p.wake() // too late for this pass
	p.end()
	require.False(t, p.wait(over))

	p.begin()
	require.True(t, p.isWoken())
	p.end()
	require.True(t, p.wait(t.Context()))
	p.wake()
	require.False(t, p.wait(over), "from the wake on, not from the pass")
}
