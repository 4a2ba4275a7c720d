package notify_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simmail"
	"balcao/sync/notify"
)

// The vector of Standard Webhooks, "Signature scheme" and its libraries' tests.
const (
	vectorSecret    = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTimestamp = "1614265330"
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestSignatureIsThatOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	webhook, err := notify.NewWebhook(notify.WebhookConfig{URL: "https://x.example", SecretFile: secretFile(t, vectorSecret, 0o600), Log: quiet})
	require.NoError(t, err)
	require.Equal(t, vectorSignature, webhook.Sign(vectorID, vectorTimestamp, []byte(vectorBody)))
	require.NotEqual(t, vectorSignature, webhook.Sign(vectorID, vectorTimestamp, []byte(vectorBody+" ")))
}

func TestAMessageArrivesOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	webhook := post.webhook(nil)
	post.say("next-message", "lost-answer")
	require.Equal(t, notify.Temporary, webhook.Send(t.Context(), message()).Outcome)
	require.Equal(t, notify.Result{Outcome: notify.Delivered, Code: 202}, webhook.Send(t.Context(), message()))
	entries := post.server.Entries()
	require.Len(t, entries, 1)
	require.Equal(t, 2, entries[0].Times)

	var got struct {
		Type string
		Data map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(post.say("show", "1")), &got))
	require.Equal(t, notify.MessageType, got.Type)
	require.Equal(t, message().To, got.Data["to"])
	require.Equal(t, message().Text, got.Data["text"])

	changed := message()
	changed.Text = "outra coisa"
	result := webhook.Send(t.Context(), changed)
	require.Equal(t, notify.Final, result.Outcome)
	require.Equal(t, http.StatusConflict, result.Code)
}

func TestAReceiversAnswersAreTemporaryOrFinal(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	for _, each := range []struct {
		words []string
		want  notify.Outcome
		code  int
		wait  time.Duration
	}{
		{[]string{"400"}, notify.Final, 400, 0},
		{[]string{"410"}, notify.Final, 410, 0},
		{[]string{"429", "90s"}, notify.Temporary, 429, 90 * time.Second},
		{[]string{"500"}, notify.Temporary, 500, 0},
		{[]string{"503", "100h"}, notify.Temporary, 503, notify.RetryAfterMax},
		{[]string{"redirect"}, notify.Final, 307, 0},
		{[]string{"drop"}, notify.Temporary, 0, 0},
		{[]string{"slow", "10ms"}, notify.Delivered, 202, 0},
	} {
		post.say(append([]string{"next-message"}, each.words...)...)
		result := post.webhook(nil).Send(t.Context(), message())
		require.Equal(t, each.want, result.Outcome, "%v: %s", each.words, result.Reason)
		require.Equal(t, each.code, result.Code, each.words)
		require.Equal(t, each.wait, result.RetryAfter, each.words)
	}
	require.Equal(t, 1, post.server.Entries()[0].Times, "no redirect was followed")
}

func TestAReceiverThatIsSilentTimesOut(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	hasty := post.webhook(func(c *notify.WebhookConfig) { c.Timeout = short })
	post.say("next-message", "half-open")
	require.Equal(t, notify.Temporary, hasty.Send(t.Context(), message()).Outcome)
	require.Empty(t, post.server.Entries())
}

func TestAWrongSecretAndAnOldAttemptAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	post := openPost(t, simmail.Config{Now: func() time.Time { return now }})
	send := func(secret string, at time.Time) notify.Result {
		return post.webhook(func(c *notify.WebhookConfig) {
			c.Now = func() time.Time { return at }
			if secret != "" {
				c.SecretFile = secretFile(t, secret, 0o600)
			}
		}).Send(t.Context(), message())
	}
	require.Equal(t, http.StatusUnauthorized, send(vectorSecret, now).Code)
	for _, off := range []time.Duration{-5*time.Minute - time.Second, 5*time.Minute + time.Second} {
		require.Equal(t, http.StatusBadRequest, send("", now.Add(off)).Code)
	}
	require.Empty(t, post.server.Entries())
	require.Equal(t, notify.Delivered, send("", now.Add(-5*time.Minute)).Outcome)
}

func TestRetryAfterMayBeADate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", at.Format(http.TimeFormat))
		w.Header().Set("Retry-After", at.Add(3*time.Minute).Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	webhook, err := notify.NewWebhook(notify.WebhookConfig{URL: server.URL, SecretFile: secretFile(t, vectorSecret, 0o600), Log: quiet})
	require.NoError(t, err)
	require.Equal(t, 3*time.Minute, webhook.Send(t.Context(), message()).RetryAfter)
}

func TestWebhookIsNotSetUpUnsafely(t *testing.T) {
	t.Parallel()
	good := secretFile(t, vectorSecret, 0o600)
	for _, each := range []struct{ url, secret, want string }{
		{"http://x.example", good, "only https"},
		{"https://a:b@x.example", good, "password"},
		{"x", good, "no host"},
		{"https://x.example", secretFile(t, vectorSecret, 0o640), "only its owner"},
		{"https://x.example", secretFile(t, "whsec_AAAA", 0o600), "key of 3 bytes"},
		{"https://x.example", secretFile(t, "abc", 0o600), "no whsec_"},
	} {
		_, err := notify.NewWebhook(notify.WebhookConfig{URL: each.url, SecretFile: each.secret, Log: quiet})
		require.ErrorContains(t, err, each.want)
	}
}

func TestTheReceiverRefusesWhatIsNoSignedMessage(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	call := func(method, media, id, body string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, post.webURL, bytes.NewReader([]byte(body)))
		require.NoError(t, err)
		request.Header.Set("Content-Type", media)
		if id != "" {
			stamp := strconv.FormatInt(time.Now().Unix(), 10)
			request.Header.Set("webhook-id", id)
			request.Header.Set("webhook-timestamp", stamp)
			request.Header.Set("webhook-signature", "v2,x "+post.webhook(nil).Sign(id, stamp, []byte(body)))
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	require.Equal(t, http.StatusMethodNotAllowed, call(http.MethodGet, "application/json", "a", ""))
	require.Equal(t, http.StatusUnsupportedMediaType, call(http.MethodPost, "text/plain", "a", "{}"))
	require.Equal(t, http.StatusBadRequest, call(http.MethodPost, "application/json", "", "{}"))
	require.Equal(t, http.StatusBadRequest, call(http.MethodPost, "application/json", "a", "{"))
	require.Equal(t, http.StatusUnprocessableEntity, call(http.MethodPost, "application/json", "a", `{"type":"other","timestamp":"2026-11-25T00:00:00Z"}`))
	require.Empty(t, post.server.Entries())
}
