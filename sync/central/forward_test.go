package central_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
)

func TestEntriesAreSentAsTheyAreStored(t *testing.T) {
	s := newScript(t)
	s.on("POST confirmations", reply(200, paymentText("captured", "")))
	s.on("POST reversals", reply(200, paymentText("reversed", "")))
	s.on("PUT sessions", reply(200, sessionText("open")))
	for operation, entry := range map[string]central.Entry{
		"POST confirmations": confirmationEntry(t), "POST reversals": reversalEntry(t), "PUT sessions": sessionEntry(t),
	} {
		entry.Body = append([]byte("  "), entry.Body...) // bytes, not meaning
		forwarded, err := s.client().Forward(t.Context(), entry)
		require.NoError(t, err)
		require.True(t, forwarded.Acknowledged, operation)
		require.Equal(t, entry.Body, s.bodies[operation])
	}
	require.Equal(t, string(decision), s.headers["POST confirmations"].Get("Idempotency-Key"))
	require.Equal(t, string(decision), s.headers["POST reversals"].Get("Idempotency-Key"))
	require.Empty(t, s.headers["PUT sessions"].Get("Idempotency-Key"))
	s.requireNoSecrets()
}

func sessionText(state string) string {
	return fmt.Sprintf(`{"session_id":%q,"state":%q,"epoch":%q,"next_seq":1,"config_version":"1","catalog_version":"1"}`, sessionID, state, epoch)
}

func TestI8_OnlyTheRightStateAcknowledges(t *testing.T) {
	for name, want := range map[string]struct {
		entry  central.Entry
		status int
		text   string
		acked  bool
	}{
		"confirmed":                 {confirmationEntry(t), 200, paymentText("captured", ""), true},
		"confirmed, refunded since": {confirmationEntry(t), 200, paymentText("refunded", ""), true},
		"a confirm only queued":     {confirmationEntry(t), 202, paymentText("captured", ""), false},
		"a confirm still awaited":   {confirmationEntry(t), 200, paymentText("awaiting_confirmation", ""), false},
		"a confirm of a reversed":   {confirmationEntry(t), 200, paymentText("reversed", ""), false},
		"reversed":                  {reversalEntry(t), 200, paymentText("reversed", ""), true},
		"an undo of a declined":     {reversalEntry(t), 200, paymentText("declined", ""), true},
		"an undo of an expired":     {reversalEntry(t), 200, paymentText("expired", ""), true},
		"an undo only queued":       {reversalEntry(t), 202, paymentText("reversed", ""), false},
		"an undo of a captured":     {reversalEntry(t), 200, paymentText("captured", ""), false},
		"an undo not understood":    {reversalEntry(t), 200, paymentText("unknown", ""), false},
		"open":                      {sessionEntry(t), 200, sessionText("open"), true},
		"opened, closed since":      {sessionEntry(t), 200, sessionText("closed"), true},
		"refused":                   {sessionEntry(t), 200, sessionText("refused"), false},
		"closed":                    {closeEntry(t), 200, sessionText("closed"), true},
		"a close of an open one":    {closeEntry(t), 200, sessionText("open"), false},
		"a close refused":           {closeEntry(t), 200, sessionText("refused"), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			for _, operation := range []string{"POST confirmations", "POST reversals", "PUT sessions"} {
				s.on(operation, reply(want.status, want.text))
			}
			forwarded, err := s.client().Forward(t.Context(), want.entry)
			require.NoError(t, err)
			require.Equal(t, want.acked, forwarded.Acknowledged)
			require.NotEmpty(t, forwarded.State)
		})
	}
}

func TestSilenceAcknowledgesNothing(t *testing.T) {
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		for operation, entry := range map[string]central.Entry{"POST reversals": reversalEntry(t), "PUT sessions": sessionEntry(t)} {
			s.on(operation, trouble)
			forwarded, _ := s.client().Forward(s.context(), entry)
			require.False(s, forwarded.Acknowledged, operation)
		}
	})
}

func TestAnAnswerAboutSomethingElseIsSilence(t *testing.T) {
	for name, text := range map[string]string{
		"another payment":    strings.Replace(paymentText("captured", ""), string(paymentID), string(orderID), 1),
		"another session":    strings.Replace(sessionText("open"), string(sessionID), string(orderID), 1),
		"a state of its own": sessionText("ajar"),
		"nothing":            `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			for operation, entry := range map[string]central.Entry{
				"POST confirmations": confirmationEntry(t), "POST reversals": reversalEntry(t), "PUT sessions": sessionEntry(t),
			} {
				s.on(operation, reply(200, text))
				forwarded, err := s.client().Forward(t.Context(), entry)
				require.Zero(t, forwarded)
				var silence *transport.Silence
				require.ErrorAs(t, err, &silence)
				require.ErrorContains(t, err, fmt.Sprintf("forward %s %s: ", entry.Kind, entry.ID))
			}
		})
	}
}

func TestARefusalOfAnEntryIsAProblem(t *testing.T) {
	s := newScript(t)
	s.on("POST reversals", refuse(409, "already-captured"))
	_, err := s.client().Forward(t.Context(), reversalEntry(t))
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, wire.CodeAlreadyCaptured, problem.Code)
	require.True(t, problem.Final())
}

func TestOtherKindsHaveNoLiveCall(t *testing.T) {
	_, err := newScript(t).client().Forward(t.Context(), central.Entry{Kind: "line_void", ID: decision})
	require.ErrorContains(t, err, "no live call tells this kind")
}

func batchOfOne() central.Batch {
	return central.Batch{
		ID: decision, Epoch: epoch, FirstSeq: 1, LastSeq: 1,
		PrevHash: strings.Repeat("0", 64), Hash: vectorHash, Records: [][]byte{[]byte(vectorRecord)},
	}
}

func TestABatchIsWrittenAroundTheStoredBytes(t *testing.T) {
	s := newScript(t)
	s.on("PUT batches", reply(200, fmt.Sprintf(`{"epoch":%q,"acked_seq":1,"results":[{"seq":1,"result":"accepted"}],"server_time":"2026-08-28T17:03:06Z","spread_seconds":60}`, epoch)))
	result, err := s.client().PutBatch(t.Context(), batchOfOne())
	require.NoError(t, err)
	require.EqualValues(t, 1, result.AckedSeq)
	require.Equal(t, 60, result.SpreadSeconds)
	body := s.bodies["PUT batches"]
	require.Equal(t, `{"terminal_id":"T-0001","epoch":"`+epoch+`","first_seq":1,"last_seq":1,"prev_hash":"`+strings.Repeat("0", 64)+
		`","hash":"`+vectorHash+`","records":[`+vectorRecord+`]}`, string(body))
	sum := sha256.Sum256(body)
	require.Equal(t, "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":", s.headers["PUT batches"].Get("Content-Digest"))
}

func TestAnAnswerAboutAnotherEpochIsSilence(t *testing.T) {
	s := newScript(t)
	for name, text := range map[string]string{
		"another epoch": `{"epoch":"0000000000000000","acked_seq":1,"results":[{"seq":1,"result":"accepted"}],"missing":[]}`,
		"no results":    `{"epoch":"` + epoch + `","acked_seq":-1,"results":[],"missing":[]}`,
		"nothing":       `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			s.on("PUT batches", reply(200, text))
			s.on("GET watermark", reply(200, text))
			var silence *transport.Silence
			_, err := s.client().PutBatch(t.Context(), batchOfOne())
			require.ErrorAs(t, err, &silence)
			_, err = s.client().Watermark(t.Context(), epoch)
			require.ErrorAs(t, err, &silence)
		})
	}
}

func TestTheWatermarkIsAskedForAnEpoch(t *testing.T) {
	s := newScript(t)
	s.on("GET watermark", func(w http.ResponseWriter, r *http.Request) {
		reply(200, fmt.Sprintf(`{"epoch":%q,"acked_seq":41,"missing":[]}`, r.URL.Query().Get("epoch")))(w, r)
	})
	mark, err := s.client().Watermark(t.Context(), epoch)
	require.NoError(t, err)
	require.EqualValues(t, 41, mark.AckedSeq)
}

func TestTheStatusNeedsNoTokenAndMustMakeSense(t *testing.T) {
	s := newScript(t)
	s.on("GET status", reply(200, `{"state":"degraded","server_time":"2026-08-28T17:03:06Z","api_versions":["v1"],"services":[]}`))
	status, err := s.client().Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, wire.StatusStateDegraded, status.State)
	require.Empty(t, s.headers["GET status"].Get("Authorization"))
	for _, trouble := range []http.HandlerFunc{reply(200, `{}`), reply(200, `{"state":"splendid"}`), s.troubles()["a portal's page"]} {
		s.on("GET status", trouble)
		_, err = s.client().Status(t.Context())
		var silence *transport.Silence
		require.ErrorAs(t, err, &silence)
	}
}
