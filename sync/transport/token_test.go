package transport_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/transport"
)

func good(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, `{}`) }

func TestOneTokenServesManyCalls(t *testing.T) {
	s := newServer(t, good)
	client := s.client(t)
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			_, err := client.Do(t.Context(), put)
			require.NoError(t, err)
		})
	}
	running.Wait()
	tokens, paths := s.calls()
	require.Equal(t, 1, tokens)
	require.Len(t, paths, 20)
}

func TestTheOpenOperationAsksForNoToken(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		require.Empty(t, r.Header.Get("Authorization"))
		good(w, r)
	})
	_, err := s.client(t).Do(t.Context(), transport.Request{Method: http.MethodGet, Path: "/v1/status", WithoutToken: true})
	require.NoError(t, err)
	tokens, _ := s.calls()
	require.Zero(t, tokens)
}

func TestATokenIsRenewedBeforeItEnds(t *testing.T) {
	for expiresIn, renewed := range map[int]time.Duration{600: 540 * time.Second, 10: 8 * time.Second, 1 << 30: 24*time.Hour - time.Minute} {
		s := newServer(t, good)
		s.expiresIn = expiresIn
		client := s.client(t)
		for _, step := range []struct {
			age    time.Duration
			tokens int
		}{{0, 1}, {renewed - time.Second, 1}, {time.Second, 2}, {0, 2}} {
			client.AgeToken(step.age)
			_, err := client.Do(t.Context(), put)
			require.NoError(t, err)
			tokens, _ := s.calls()
			require.Equal(t, step.tokens, tokens, "life %d, age %v", expiresIn, step.age)
		}
	}
}

func TestA401IsMetOnceWithANewToken(t *testing.T) {
	s := newServer(t, good)
	client := s.client(t)
	s.turnAway("secret-1", nil)
	_, err := client.Do(t.Context(), put)
	require.NoError(t, err)
	tokens, paths := s.calls()
	require.Equal(t, 2, tokens)
	require.Len(t, paths, 2)
}

func TestASecond401IsTheAnswer(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { problem(w, 401, "certificate-expired", "") })
	_, err := s.client(t).Do(t.Context(), put)
	var got *transport.Problem
	require.ErrorAs(t, err, &got)
	require.Equal(t, "certificate-expired", got.Code)
	tokens, paths := s.calls()
	require.Equal(t, 2, tokens)
	require.Len(t, paths, 2)
}

func TestA401WithoutAnotherTokenStaysThe401(t *testing.T) {
	s := newServer(t, good)
	client := s.client(t)
	_, err := client.Do(t.Context(), put)
	require.NoError(t, err)
	s.turnAway("secret-1", page(503, "<html>"))
	_, err = client.Do(t.Context(), put)
	var got *transport.Problem
	require.ErrorAs(t, err, &got)
	require.Equal(t, 401, got.Status)
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"the certificate is refused": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "9")
			problem(w, 403, "terminal-blocked", "")
		},
		"a captive portal": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "9")
			page(200, "<html>")(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, good)
			s.tokenReply = reply
			_, err := s.client(t).Do(t.Context(), put)
			require.Equal(t, 9*time.Second, requireSilence(t, err, false, 0).RetryAfter)
			_, paths := s.calls()
			require.Empty(t, paths)
		})
	}
	for name, body := range map[string]string{
		"no token":      `{"token_type":"Bearer","expires_in":600}`,
		"another type":  `{"access_token":"secret-9","token_type":"mac","expires_in":600}`,
		"no life":       `{"access_token":"secret-9","token_type":"Bearer"}`,
		"another shape": `["secret-9"]`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, good)
			s.tokenReply = func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, body) }
			_, err := s.client(t).Do(t.Context(), put)
			requireSilence(t, err, false, 0)
			requireNoSecrets(t, err.Error()+s.log.String())
		})
	}
}
