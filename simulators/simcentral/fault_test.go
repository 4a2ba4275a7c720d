package simcentral_test

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/control"
	"balcao/sync/wire"
)

func TestACentralThatIsDownClosesTheLine(t *testing.T) {
	s := openShop(t)
	s.command("down")
	_, err := s.send(s.request(http.MethodGet, "/v1/status", nil))
	require.Error(t, err)
	require.Equal(t, "up", s.command("up"))
	require.Equal(t, http.StatusOK, s.call(http.MethodGet, "/v1/status", nil).status)
}

func TestAnOutageEndsByItself(t *testing.T) {
	s := openShop(t)
	s.command("down 20ms")
	deadline, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for { // a till would try again, too
		if got, err := s.send(s.request(http.MethodGet, "/v1/status", nil)); err == nil {
			require.Equal(t, http.StatusOK, got.status)
			return
		}
		require.NoError(t, deadline.Err())
	}
}

func TestAnUnavailableCentralSaysWhenToComeBack(t *testing.T) {
	s := openShop(t)
	s.command("central unavailable")
	got := s.get(s.id())
	problem := requireProblem(t, got, http.StatusServiceUnavailable, wire.CodeServiceUnavailable)
	require.True(t, *problem.Retryable)
	require.Equal(t, "1", got.header.Get("Retry-After"))
	s.command("up")
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
}

func TestASlowCentralIsSlow(t *testing.T) {
	s := openShop(t)
	s.command("slow 30ms")
	started := time.Now()
	s.get(s.id())
	require.GreaterOrEqual(t, time.Since(started), 30*time.Millisecond)
	s.command("slow off")
}

func TestALostAnswerIsFoundAgain(t *testing.T) {
	s := openShop(t)
	id := s.id()
	request := s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234"))
	s.command("lose-answer payment-put")
	ctx, giveUp := context.WithCancel(t.Context())
	lost := make(chan error, 1)
	sent := s.request(http.MethodPut, "/v1/payments/"+id, request).WithContext(ctx)
	go func() {
		_, err := s.send(sent)
		lost <- err
	}()
	require.Eventually(t, func() bool { return s.ledger().Payments[id].Status == wire.PaymentStatusAwaitingConfirmation }, patience, time.Millisecond)
	select {
	case err := <-lost:
		require.Fail(t, "answered", "%v", err)
	default:
	}
	giveUp()
	require.ErrorIs(t, <-lost, context.Canceled)
	require.Equal(t, wire.PaymentStatusAwaitingConfirmation, decode[wire.Payment](t, s.get(id), http.StatusOK).Status)
	require.True(t, s.pay(id, request).replayed(), "only one answer is lost")
}

func TestAHeldCallLandsLateAndFindsItselfReversed(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.command("hold payment-put before")
	ctx, giveUp := context.WithCancel(t.Context())
	sent := s.request(http.MethodPut, "/v1/payments/"+id, s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234"))).WithContext(ctx)
	lost := make(chan error, 1)
	go func() {
		_, err := s.send(sent)
		lost <- err
	}()
	require.Equal(t, "payment-put held", s.command("wait-held payment-put 10s"))
	require.Equal(t, map[string]int{"payment-put": 1}, s.stats().Held)
	giveUp()
	require.ErrorIs(t, <-lost, context.Canceled)
	require.Equal(t, http.StatusOK, s.reverse(id, s.id()).status)
	require.Equal(t, "1 released", s.command("release payment-put"))
	require.Eventually(t, func() bool { return len(s.ledger().Payments[id].History) == 2 }, patience, time.Millisecond)
	require.Zero(t, s.ledger().Accounts["customer:ana"])
}

func TestTheSameCallTwiceAtOnceIsTurnedAway(t *testing.T) {
	s := openShop(t)
	id := s.id()
	request := s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234"))
	s.command("hold payment-put before")
	first := make(chan reply, 1)
	sent := s.request(http.MethodPut, "/v1/payments/"+id, request)
	go func() {
		got, _ := s.send(sent)
		first <- got
	}()
	s.command("wait-held payment-put")
	got := s.pay(id, request)
	requireProblem(t, got, http.StatusConflict, wire.CodeIdempotencyKeyInUse)
	require.Equal(t, "1", got.header.Get("Retry-After"))
	s.command("release")
	require.Equal(t, http.StatusCreated, (<-first).status)
	require.True(t, s.pay(id, request).replayed())
}

func TestACallHeldAfterProcessingIsStored(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.command("hold payment-put after")
	sent := s.request(http.MethodPut, "/v1/payments/"+id, s.payment(s.id(), wire.MethodCash, 100))
	first := make(chan reply, 1)
	go func() {
		got, _ := s.send(sent)
		first <- got
	}()
	s.command("wait-held payment-put")
	require.Equal(t, wire.PaymentStatusCaptured, decode[wire.Payment](t, s.get(id), http.StatusOK).Status)
	s.command("release payment-put")
	require.Equal(t, http.StatusCreated, (<-first).status)
}

func TestWaitingForAHeldCallEnds(t *testing.T) {
	s := openShop(t)
	_, err := s.server.Command(t.Context(), strings.Fields("wait-held batch 1ms"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestTheControlSocketWorksTheCentral(t *testing.T) {
	s := openShop(t)
	s.halt()
	s.config.Control = filepath.Join(t.TempDir(), "central.sock")
	s.start()
	s.get(s.id())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var text string
	require.Eventually(t, func() (reached bool) { // the socket opens beside the listener
		var err error
		text, err = control.Call(ctx, s.config.Control, "central", "log", "1")
		return err == nil
	}, patience, time.Millisecond)
	var entries []struct {
		Op     string `json:"op"`
		Status int    `json:"status"`
		Code   string `json:"code"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &entries))
	require.Equal(t, "payment-get", entries[0].Op)
	require.Equal(t, http.StatusNotFound, entries[0].Status)
	require.Equal(t, wire.CodeNotFound, entries[0].Code)
}

func TestWordsThatMeanNothingAreRefusedWithTheirUse(t *testing.T) {
	s := openShop(t)
	for _, words := range []string{
		"dance", "hold", "hold payment-put", "hold payment-put sometimes", "hold nothing before", "slow", "slow soon", "down now",
		"lose-answer", "lose-answer confirm many", "wait-held", "release nothing", "revoke", "payment", "log all", "unavailable -1s",
	} {
		_, err := s.server.Command(t.Context(), strings.Fields(words))
		require.ErrorContains(t, err, "central", words)
	}
	s.command("lose-answer confirm 2")
	s.command("hold batch after")
	require.Equal(t, "hold batch after, lose-answer confirm 2", s.command("central"))
}
