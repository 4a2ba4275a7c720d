package transport_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/transport"
	"balcao/sync/wire"
)

func problemOf(t *testing.T, reply http.HandlerFunc) *transport.Problem {
	t.Helper()
	_, err := newServer(t, reply).client(t).Do(t.Context(), put)
	var got *transport.Problem
	require.ErrorAs(t, err, &got)
	return got
}

func TestAProblemIsReadAsTheContractSays(t *testing.T) {
	got := problemOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		problem(w, http.StatusServiceUnavailable, wire.CodeServiceUnavailable, `,"retryable":true,"detail":"em manutenção"`)
	})
	require.Equal(t, transport.Problem{Status: 503, Code: "service-unavailable", Retryable: true, RetryAfter: 7 * time.Second, Detail: "em manutenção"}, *got)
	require.EqualError(t, got, "central answered 503 service-unavailable: em manutenção")
}

func TestRetryAfterMayBeADateAndCountsFromTheAnswersOwn(t *testing.T) {
	got := problemOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "Fri, 28 Aug 2026 17:03:05 GMT")
		w.Header().Set("Retry-After", "Fri, 28 Aug 2026 17:05:05 GMT")
		problem(w, http.StatusTooManyRequests, wire.CodeRateLimited, "")
	})
	require.Equal(t, 2*time.Minute, got.RetryAfter)
	require.True(t, got.Retryable, "implied by the status")

	got = problemOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "soon")
		problem(w, http.StatusTooManyRequests, wire.CodeRateLimited, "")
	})
	require.Zero(t, got.RetryAfter)
}

func TestAGatewaysRetryAfterIsKeptToo(t *testing.T) {
	_, err := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "30")
		page(429, "<h1>slow down</h1>")(w, r)
	}).client(t).Do(t.Context(), put)
	require.Equal(t, 30*time.Second, requireSilence(t, err, true, 429).RetryAfter)
}

func TestOnlyARefusalOfTheContentIsFinal(t *testing.T) {
	for _, final := range []transport.Problem{
		{Status: 400, Code: wire.CodeMalformedRequest},
		{Status: 403, Code: wire.CodeTerminalBlocked},
		{Status: 404, Code: wire.CodeNotFound},
		{Status: 409, Code: wire.CodeForkDetected},
		{Status: 409, Code: wire.CodeAlreadyCaptured},
		{Status: 422, Code: wire.CodeTotalMismatch},
	} {
		require.True(t, final.Final(), final.Code)
	}
	for _, passing := range []transport.Problem{
		{Status: 401, Code: wire.CodeUnauthorised},
		{Status: 408, Code: "request-timeout"},
		{Status: 409, Code: wire.CodeIdempotencyKeyInUse},
		{Status: 409, Code: wire.CodeOrderClaimed, Retryable: true},
		{Status: 425, Code: "too-early"},
		{Status: 429, Code: wire.CodeRateLimited},
		{Status: 500, Code: wire.CodeInternalError},
		{Status: 501, Code: wire.CodeVersionUnsupported},
		{Status: 503, Code: wire.CodeServiceUnavailable},
	} {
		require.False(t, passing.Final(), passing.Code)
	}
}

func TestI10_ADetailCarriesNoCardNumber(t *testing.T) {
	for text, want := range map[string]string{
		"card 4111111111111111 refused":                            "card … refused",
		"card 4111 1111 1111 1111":                                 "card …",
		"4111-1111-1111-1111 was given":                            "… was given",
		"payment 01JD4K3M8Q7V5W2X9Y0Z1A2B3C of 123456789012 cents": "payment 01JD4K3M8Q7V5W2X9Y0Z1A2B3C of 123456789012 cents",
		"bad \xff byte":                                            "bad ? byte",
	} {
		require.Equal(t, want, transport.CleanDetail(text))
	}
	long := transport.CleanDetail(strings.Repeat("ç", 500))
	require.Len(t, []rune(long), 200)
	require.True(t, strings.HasSuffix(long, "…"))
	got := problemOf(t, func(w http.ResponseWriter, _ *http.Request) {
		problem(w, 422, wire.CodeSensitiveData, `,"detail":"found 4111111111111111"`)
	})
	require.Equal(t, "found …", got.Detail)
}

func FuzzCleanDetailHoldsNoLongDigitRun(f *testing.F) {
	f.Add("card 4111 1111 1111 1111")
	f.Add("\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		clean := transport.CleanDetail(text)
		require.LessOrEqual(t, len([]rune(clean)), 200)
		run := 0
		for _, r := range clean {
			if r < '0' || r > '9' {
				run = 0
				continue
			}
			run++
			require.Less(t, run, 13)
		}
	})
}

func TestAProblemMayBeAsLongAsAnAnswer(t *testing.T) {
	_, err := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(422)
		io.WriteString(w, `{"type":"x","title":"x","status":422,"code":"total-mismatch","detail":"`+strings.Repeat("x", 2<<20)+`"}`)
	}).client(t).Do(t.Context(), put)
	requireSilence(t, err, true, 0)
}
