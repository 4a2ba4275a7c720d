package simcentral_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/simulators/simcentral"
	"balcao/sync/wire"
)

// firedLine is one line of the fault log.
type firedLine struct {
	Op   string `json:"op"`
	ID   string `json:"id"`
	Call uint64 `json:"call"`
	Kind string `json:"kind"`
	By   string `json:"by"`
}

func (s *shop) fired() []firedLine {
	s.Helper()
	var lines []firedLine
	require.NoError(s, json.Unmarshal([]byte(s.command("faults log")), &lines))
	return lines
}

// impatient is a call that is given up as soon as central keeps silent about it.
func (s *shop) impatient(method, path string, body any, silent func() bool) (reply, error) {
	s.Helper()
	ctx, giveUp := context.WithCancel(s.Context())
	defer giveUp()
	sent := s.request(method, path, body).WithContext(ctx)
	type result struct {
		reply
		err error
	}
	done := make(chan result, 1)
	go func() {
		got, err := s.send(sent)
		done <- result{got, err}
	}()
	var got result
	require.Eventually(s, func() bool {
		select {
		case got = <-done:
			return true
		default:
			if silent() {
				giveUp()
			}
			return false
		}
	}, patience, time.Millisecond)
	return got.reply, got.err
}

// lastLogged is the newest entry of the request log.
func (s *shop) lastLogged() (status int, code string) {
	s.Helper()
	var entries []struct {
		Status int    `json:"status"`
		Code   string `json:"code"`
	}
	text, err := s.server.Command(context.Background(), []string{"log", "1"})
	require.NoError(s, err)
	require.NoError(s, json.Unmarshal([]byte(text), &entries))
	if len(entries) == 0 {
		return 0, ""
	}
	return entries[0].Status, entries[0].Code
}

func TestEachKindOfFaultLooksAsItDoesInTheField(t *testing.T) {
	page := func(t *testing.T, got reply, err error, status int) {
		require.NoError(t, err)
		require.Equal(t, status, got.status)
		require.Contains(t, got.header.Get("Content-Type"), "text/html")
	}
	answered := func(status int) func(*testing.T, reply, error) {
		return func(t *testing.T, got reply, err error) {
			require.NoError(t, err)
			require.Equal(t, status, got.status, string(got.body))
		}
	}
	broken := func(t *testing.T, _ reply, err error) { require.Error(t, err) }
	silence := func(t *testing.T, _ reply, err error) { require.ErrorIs(t, err, context.Canceled) }
	looks := map[string]struct {
		processed bool
		check     func(*testing.T, reply, error)
	}{
		"down 20ms":    {false, broken},
		"lost-request": {false, silence},
		"error":        {false, answered(http.StatusInternalServerError)},
		"rate-limited": {false, func(t *testing.T, got reply, err error) {
			require.NoError(t, err)
			requireProblem(t, got, http.StatusTooManyRequests, wire.CodeRateLimited)
			require.Equal(t, "1", got.header.Get("Retry-After"))
		}},
		"html":        {false, func(t *testing.T, got reply, err error) { page(t, got, err, http.StatusOK) }},
		"slow 20ms":   {true, answered(http.StatusCreated)},
		"twice":       {true, answered(http.StatusOK)},
		"lost-answer": {true, silence},
		"reset":       {true, func(t *testing.T, _ reply, err error) { require.ErrorIs(t, err, syscall.ECONNRESET) }},
		"half": {true, func(t *testing.T, got reply, err error) {
			require.ErrorContains(t, err, "unexpected EOF")
			require.NotEmpty(t, got.body)
		}},
		"gateway": {true, func(t *testing.T, got reply, err error) { page(t, got, err, http.StatusBadGateway) }},
		"unauthorised": {false, func(t *testing.T, got reply, err error) {
			require.NoError(t, err)
			requireProblem(t, got, http.StatusUnauthorized, wire.CodeUnauthorised)
			require.Contains(t, got.header.Get("WWW-Authenticate"), "invalid_token")
		}},
		"conflict": {false, func(t *testing.T, got reply, err error) {
			require.NoError(t, err)
			requireProblem(t, got, http.StatusConflict, wire.CodeIdempotencyKeyInUse)
			require.Equal(t, "1", got.header.Get("Retry-After"))
		}},
		"half-open 20ms":  {false, silence},
		"wrong-cert 20ms": {false, broken},
		"late 20ms":       {true, answered(http.StatusCreated)},
		"duplicate":       {true, answered(http.StatusCreated)},
		"skew -5m": {true, func(t *testing.T, got reply, err error) {
			require.NoError(t, err)
			told, err := http.ParseTime(got.header.Get("Date"))
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(-5*time.Minute), told, patience)
		}},
	}
	require.Len(t, looks, len(simcentral.FaultKinds()))
	for words, look := range looks {
		t.Run(words, func(t *testing.T) {
			s := openShop(t)
			kind, _, _ := strings.Cut(words, " ")
			require.Equal(t, "next payment-put "+kind, s.command("next payment-put "+words))
			id := s.id()
			request := s.card(2_500, wire.MethodCredit, ana().Chip(2_500, "1234"))
			got, err := s.impatient(http.MethodPut, "/v1/payments/"+id, request, func() bool {
				_, code := s.lastLogged()
				return code == "request lost" || code == "answer lost"
			})
			look.check(t, got, err)
			require.Equal(t, []firedLine{{"payment-put", id, 1, kind, "next"}}, s.fired())
			require.Equal(t, look.processed, s.ledger().Payments[id].Cents == 2_500)

			require.Eventually(t, func() bool { // down ends by itself
				again, err := s.send(s.request(http.MethodPut, "/v1/payments/"+id, request))
				return err == nil && again.replayed() == look.processed
			}, patience, time.Millisecond)
			require.EqualValues(t, -2_500, s.ledger().Accounts["customer:ana"], "charged once")
		})
	}
}

func TestFaultsOfCallsWaitForTheirTurnAndCanBeCalledOff(t *testing.T) {
	s := openShop(t)
	s.command("next payment-get error")
	s.command("next payment-get html")
	require.Equal(t, http.StatusInternalServerError, s.get(s.id()).status)
	require.Equal(t, http.StatusOK, s.get(s.id()).status)
	require.Equal(t, http.StatusNotFound, s.get(s.id()).status)
	s.command("next payment-get error")
	require.Equal(t, "up", s.command("faults off"))
	require.Equal(t, http.StatusNotFound, s.get(s.id()).status)
	require.Len(t, s.fired(), 2)
}

func TestAMomentOfOutageLeavesTheSwitchesAsTheyWere(t *testing.T) {
	s := openShop(t)
	s.command("unavailable")
	s.command("next payment-put down 1ms")
	// A PUT: the client's library tells a GET again by itself when its connection dies.
	_, err := s.send(s.request(http.MethodPut, "/v1/payments/"+s.id(), s.payment(s.id(), wire.MethodCash, 100)))
	require.Error(t, err)
	require.Eventually(t, func() bool {
		got, err := s.send(s.request(http.MethodGet, "/v1/payments/"+s.id(), nil))
		return err == nil && got.status == http.StatusServiceUnavailable
	}, patience, time.Millisecond)
}

func TestASeedDoesTheSameToTheSameCalls(t *testing.T) {
	seed := golden.Seed(t)
	calls := slices.Repeat([]string{"payment-put", "confirm", "batch", "payment-put"}, 500)
	drawn := simcentral.DrawFaults(seed, 200_000, calls...)
	require.Equal(t, drawn, simcentral.DrawFaults(seed, 200_000, calls...))
	require.NotEqual(t, drawn, simcentral.DrawFaults(seed+1, 200_000, calls...))

	alone := simcentral.DrawFaults(seed, 200_000, slices.Repeat([]string{"confirm"}, 500)...)
	for i, what := range alone {
		require.Equal(t, drawn[4*i+1], what, "how calls interleave does not matter")
	}
}

func TestASeedPicksEveryKindAtItsRate(t *testing.T) {
	calls := slices.Repeat([]string{"payment-put"}, 20_000)
	seen := map[string]int{}
	for _, what := range simcentral.DrawFaults(golden.Seed(t), 50_000, calls...) {
		kind, duration, _ := strings.Cut(what, " ")
		seen[kind]++
		length, err := time.ParseDuration(duration)
		require.NoError(t, err)
		switch kind {
		case "down", "slow", "half-open", "wrong-cert", "late":
			require.True(t, 0 < length && length <= time.Second, what)
		case "skew":
			require.True(t, 3*time.Minute <= length.Abs() && length.Abs() <= 12*time.Hour, what)
		default:
			require.Zero(t, length, what)
		}
	}
	require.InDelta(t, 1_000, len(calls)-seen[""], 300)
	for _, kind := range simcentral.FaultKinds() {
		require.NotZero(t, seen[kind], kind)
	}
	require.NotContains(t, strings.Join(simcentral.DrawFaults(1, 0, calls...), ""), "down")
}

// givenUpAfter is how long a caller in a storm waits for an answer.
const givenUpAfter = 60 * time.Millisecond

func TestAStormOfFaultsLosesNoMoneyAndTakesNoneTwice(t *testing.T) {
	seed := golden.Seed(t)
	s := openShop(t)
	s.client.Timeout = givenUpAfter
	s.command(fmt.Sprintf("faults %d 250000", seed))
	again := func(method, path string, body any, headers ...string) {
		require.Eventually(t, func() bool {
			got, err := s.send(s.request(method, path, body, headers...))
			return err == nil && got.status/100 == 2 && strings.Contains(got.header.Get("Content-Type"), "application/json")
		}, patience, time.Millisecond)
	}
	const sales = 10
	card := ana()
	for range sales {
		id := s.id()
		again(http.MethodPut, "/v1/payments/"+id, s.card(100, wire.MethodCredit, card.Chip(100, "1234")))
		step := wire.Confirmation{Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, Outcome: wire.ConfirmationOutcomeConfirmed}
		again(http.MethodPost, "/v1/payments/"+id+"/confirmations", step, "Idempotency-Key", s.id())
	}
	s.command("faults off")
	books := s.ledger()
	require.Len(t, books.Payments, sales)
	require.EqualValues(t, 100*sales, books.Accounts["merchant:1"])
	require.EqualValues(t, -100*sales, books.Accounts["customer:ana"])
	for _, line := range s.fired() {
		require.Contains(t, line.By, "seed ")
	}
}

func TestALostAnswerByItsOwnSwitchIsLoggedToo(t *testing.T) {
	s := openShop(t)
	s.command("lose-answer payment-get")
	id := s.id()
	s.pay(id, s.payment(s.id(), wire.MethodCash, 100))
	_, err := s.impatient(http.MethodGet, "/v1/payments/"+id, nil, func() bool {
		_, code := s.lastLogged()
		return code == "answer lost"
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []firedLine{{"payment-get", id, 1, "lost-answer", "lose-answer"}}, s.fired())
}

func TestHelpTellsTheFaultsAndTheCents(t *testing.T) {
	s := openShop(t)
	for _, kind := range simcentral.FaultKinds() {
		require.Contains(t, s.command("help faults"), "\n"+kind+" ")
	}
	require.Contains(t, s.command("help next"), "payment-put")
	require.Contains(t, s.command("help cents"), ",91  91 issuer_unavailable")
	require.Contains(t, s.command("central help"), "next OP KIND")
}

func TestFaultsThatMeanNothingAreRefused(t *testing.T) {
	s := openShop(t)
	for _, words := range []string{
		"next", "next payment-put", "next nothing reset", "next payment-put dance", "next payment-put reset 1s", "next payment-put skew", "next payment-put skew soon", "clock", "clock soon", "half-open soon", "portal -1s", "next payment-put slow soon",
		"faults many", "faults 1 1000001", "faults 1 -1", "faults 1 2 3", "faults -1", "cents", "cents maybe",
	} {
		_, err := s.server.Command(t.Context(), strings.Fields(words))
		require.ErrorContains(t, err, "central", words)
	}
	require.Equal(t, "faults 42 50000", s.command("faults 42"))
	require.Equal(t, "faults 42 1000", s.command("faults 42 1000"))
	require.Equal(t, "faults 42 1000, cents on", s.command("cents on"))
	require.Equal(t, "faults 42 1000, cents on", s.command("faults"))
	s.command("faults off")
	require.Equal(t, "up", s.command("cents off"))
}
