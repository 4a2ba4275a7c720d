package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

func TestEveryCodeFixedFromTheStartHasItsProblem(t *testing.T) {
	for _, code := range []string{
		"required-field", "total-mismatch", "out-of-stock", "reservation-expired", "address-invalid", "not-covered",
		"order-blocked", "order-version-conflict", "order-claimed", "payment-expired", "payment-data-invalid",
		"payment-not-authentic", "insufficient-funds", "declined", "issuer-unavailable", "duplicate-payment",
		"amount-exceeds-due", "already-captured", "not-refundable", "idempotency-key-missing", "idempotency-key-in-use",
		"idempotency-key-reused", "seq-gap", "hash-mismatch", "fork-detected", "cursor-expired", "clock-skew",
		"terminal-blocked", "certificate-expired", "rate-limited", "sensitive-data", "version-unsupported",
	} {
		require.Equal(t, code, wire.NewProblem(code, "").Code)
		require.Contains(t, wire.ProblemCodes(), code)
	}
}

func TestAnUnknownCodeIsAFaultOfTheServer(t *testing.T) {
	problem := wire.NewProblem("no-such-code", "detail")
	require.Equal(t, wire.CodeInternalError, problem.Code)
	require.ErrorContains(t, problem, "no-such-code")
}

func TestStatusesOfIdempotencyAreThoseOfTheDraft(t *testing.T) {
	require.Equal(t, 400, wire.NewProblem(wire.CodeIdempotencyKeyMissing, "").Status)
	require.Equal(t, 409, wire.NewProblem(wire.CodeIdempotencyKeyInUse, "").Status)
	require.Equal(t, 422, wire.NewProblem(wire.CodeIdempotencyKeyReused, "").Status)
}

// The chain of the stream is over these bytes, so a struct in between must not touch them.
func TestTheBodyOfARecordSurvivesTheGoType(t *testing.T) {
	const text = `{"seq":1,"id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","kind":"audit","occurred_at":"2026-08-28T08:00:00-03:00","body":{"z":1.50,"a":9007199254740993},"hash":"00"}`
	var record wire.Record
	require.NoError(t, json.Unmarshal([]byte(text), &record))
	require.Equal(t, `{"z":1.50,"a":9007199254740993}`, string(record.Body))
	again, err := json.Marshal(record)
	require.NoError(t, err)
	require.JSONEq(t, text, string(again))
	require.Contains(t, string(again), `{"z":1.50,"a":9007199254740993}`)
}
