package control_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/control"
)

func serve(t *testing.T, handle control.Handler) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ctl")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- control.Serve(ctx, path, handle) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	require.Eventually(t, func() bool {
		_, err := control.Call(ctx, path, "ping")
		return err == nil || !strings.Contains(err.Error(), "is it running")
	}, 5*time.Second, time.Millisecond)
	return path
}

func TestCommandIsAnsweredWithTextOrRefusal(t *testing.T) {
	path := serve(t, func(_ context.Context, args []string) (string, error) {
		if args[0] == "bad" {
			return "", errors.New("unknown word bad")
		}
		return strings.Join(args, "+"), nil
	})
	text, err := control.Call(t.Context(), path, "card", "insert", "visa debit")
	require.NoError(t, err)
	require.Equal(t, "card+insert+visa debit", text)
	_, err = control.Call(t.Context(), path, "bad")
	require.EqualError(t, err, "unknown word bad")
}

func TestWaitingCommandEndsWhenItsClientGoes(t *testing.T) {
	started, ended := make(chan struct{}), make(chan struct{})
	path := serve(t, func(ctx context.Context, args []string) (string, error) {
		if args[0] == "wait" {
			close(started)
			<-ctx.Done()
			close(ended)
		}
		return "", ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := control.Call(ctx, path, "wait")
		gone <- err
	}()
	<-started
	cancel()
	require.Error(t, <-gone)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the command still waits for a client that is gone")
	}
}

func TestNobodyListeningIsSaid(t *testing.T) {
	_, err := control.Call(t.Context(), filepath.Join(t.TempDir(), "none"), "ping")
	require.ErrorContains(t, err, "is it running")
}
