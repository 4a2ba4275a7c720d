package transport_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/transport"
)

// A bank is a service with a dialect of its own.
func bank(c *transport.Config) {
	c.Dialect = transport.Dialect{
		Peer: "the bank", TokenPath: "/oauth/token", TokenScope: "cob.read cob.write", RenewBefore: 24 * time.Hour,
		ReadProblem: func(status int, body []byte) *transport.Problem {
			var text struct{ Tipo string }
			if json.Unmarshal(body, &text) != nil || text.Tipo == "" {
				return nil
			}
			return &transport.Problem{Peer: "the bank", Status: status, Code: text.Tipo}
		},
	}
}

func TestAnotherServiceHasATokenPathScopeAndSecretOfItsOwn(t *testing.T) {
	tokens := 0
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth/token" {
			require.Equal(t, "Bearer of-the-bank", r.Header.Get("Authorization"))
			w.Header().Set("Date", "Fri, 28 Aug 2026 17:03:05 GMT")
			answer(w, 201, `{}`)
			return
		}
		tokens++
		id, secret, ok := r.BasicAuth()
		require.True(t, ok)
		require.Equal(t, []string{terminal, "s3cr%25t"}, []string{id, secret})
		require.Equal(t, "cob.read cob.write", r.FormValue("scope"))
		require.Empty(t, r.FormValue("client_id"))
		answer(w, 200, `{"access_token":"of-the-bank","token_type":"Bearer","expires_in":3600}`)
	})
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("s3cr%t\n"), 0o600))
	client := s.client(t, bank, func(c *transport.Config) { c.SecretFile = file })
	got, err := client.Do(t.Context(), put)
	require.NoError(t, err)
	require.Equal(t, 201, got.Status)
	require.Equal(t, time.Date(2026, 8, 28, 17, 3, 5, 0, time.UTC), got.Date)
	for _, step := range []struct {
		age    time.Duration
		tokens int
	}{{2879 * time.Second, 1}, {time.Second, 2}} { // four fifths of an hour
		client.AgeToken(step.age)
		_, err = client.Do(t.Context(), put)
		require.NoError(t, err)
		require.Equal(t, step.tokens, tokens)
	}
	require.NotContains(t, s.log.String(), "s3cr")
	require.Contains(t, s.log.String(), "call to the bank")
}

func TestASecretThatOthersMayReadIsRefused(t *testing.T) {
	s := newServer(t, good)
	file := filepath.Join(t.TempDir(), "secret")
	for want, mode := range map[string]os.FileMode{"only its owner": 0o644, "is empty": 0o600} {
		require.NoError(t, os.WriteFile(file, []byte("\n"), 0o600))
		require.NoError(t, os.Chmod(file, mode))
		config := s.config()
		bank(&config)
		config.SecretFile = file
		_, err := transport.New(config)
		require.ErrorContains(t, err, "reach the bank: read secret")
		require.ErrorContains(t, err, want)
	}
}

func TestAnotherServicesRefusalsAreReadItsWay(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/oauth/token":
			answer(w, 200, `{"access_token":"of-the-bank","token_type":"Bearer","expires_in":3600}`)
		case r.URL.Query().Has("bank"):
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(404)
			_, _ = w.Write([]byte(`{"tipo":"CobNaoEncontrado"}`))
		default:
			problem(w, 404, "not-found", "")
		}
	})
	client := s.client(t, bank)
	_, err := client.Do(t.Context(), transport.Request{Method: http.MethodGet, Path: "/cob?bank"})
	var got *transport.Problem
	require.ErrorAs(t, err, &got)
	require.EqualError(t, got, "the bank answered 404 CobNaoEncontrado")
	_, err = client.Do(t.Context(), transport.Request{Method: http.MethodGet, Path: "/cob"})
	requireSilence(t, err, true, 404)
}

func TestA401InTheGatesWordsIsMetWithANewTokenToo(t *testing.T) {
	var calls atomic.Int32
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			answer(w, 401, `{"error":"invalid_token"}`)
			return
		}
		good(w, r)
	})
	_, err := s.client(t).Do(t.Context(), put)
	require.NoError(t, err)
	tokens, _ := s.calls()
	require.Equal(t, 2, tokens)
}
