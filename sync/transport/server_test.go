package transport_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral"
	"balcao/sync/transport"
)

const terminal = "T-0001"

const (
	// answerTimeout is what no test waits out.
	answerTimeout = 10 * time.Second
	// shortTimeout is what tests wait out where no answer comes.
	shortTimeout = 100 * time.Millisecond
)

// A server is a central that a test scripts call by call. Tokens it gives itself.
type server struct {
	*httptest.Server
	certs simcentral.Certificates

	mu         sync.Mutex
	tokens     int    // given so far
	expiresIn  int    // of the next tokens
	refuse     string // a token that is not taken
	tokenReply http.HandlerFunc
	paths      []string // calls other than for tokens
	log        bytes.Buffer
}

func newServer(t *testing.T, reply http.HandlerFunc) *server {
	t.Helper()
	certs, err := simcentral.MakeCertificates(t.TempDir(), terminal)
	require.NoError(t, err)
	s := &server{certs: certs, expiresIn: 600}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/oauth/token" {
			s.giveToken(w, r)
			return
		}
		if s.note(r) {
			problem(w, http.StatusUnauthorized, "unauthorised", "")
			return
		}
		reply(w, r)
	}))
	s.Server.TLS = serverTLS(t, certs)
	s.Server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Server.Close)
	return s
}

func serverTLS(t *testing.T, certs simcentral.Certificates) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(certs.ServerCert, certs.ServerKey)
	require.NoError(t, err)
	text, err := os.ReadFile(certs.CA)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
}

func (s *server) giveToken(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens++
	if s.tokenReply != nil {
		s.tokenReply(w, r)
		return
	}
	if r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "pos" || r.FormValue("client_id") != terminal {
		problem(w, http.StatusBadRequest, "malformed-request", "")
		return
	}
	answer(w, http.StatusOK, fmt.Sprintf(`{"access_token":"secret-%d","token_type":"Bearer","expires_in":%d}`, s.tokens, s.expiresIn))
}

// note keeps what was called, and says whether its token is one to refuse.
func (s *server) note(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths = append(s.paths, r.Method+" "+r.URL.Path)
	return s.refuse != "" && r.Header.Get("Authorization") == "Bearer "+s.refuse
}

// turnAway refuses a token, and answers otherwise when another is asked for.
func (s *server) turnAway(token string, reply http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse, s.tokenReply = token, reply
}

func (s *server) calls() (tokens int, paths []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens, append([]string(nil), s.paths...)
}

func (s *server) config() transport.Config {
	return transport.Config{
		BaseURL: s.URL, CertificateFile: s.certs.ClientCert, KeyFile: s.certs.ClientKey, CAFile: s.certs.CA,
		ClientID: terminal, AnswerTimeout: answerTimeout,
		Log: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func (s *server) client(t *testing.T, change ...func(*transport.Config)) *transport.Client {
	t.Helper()
	config := s.config()
	for _, apply := range change {
		apply(&config)
	}
	client, err := transport.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write([]byte(body))
}

func problem(w http.ResponseWriter, status int, code, more string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"type":"https://errors.example.org/pos/%s","title":"t","status":%d,"code":"%s"%s}`, code, status, code, more)
}

// hang has the request and answers nothing till the caller has gone; the server sees
// that only once it has read the body.
func hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func page(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

var put = transport.Request{Method: http.MethodPut, Path: "/v1/payments/01JD4K3M8Q7V5W2X9Y0Z1A2B3C", Body: []byte(`{"card":"SEALED-DATA"}`)}

func requireSilence(t *testing.T, err error, sent bool, status int) *transport.Silence {
	t.Helper()
	var silence *transport.Silence
	require.ErrorAs(t, err, &silence)
	require.Equal(t, sent, silence.Sent, err)
	require.Equal(t, status, silence.Status, err)
	var problem *transport.Problem
	require.NotErrorAs(t, err, &problem)
	return silence
}

func requireNoSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{"secret-", "SEALED-DATA", "Bearer"} {
		require.False(t, strings.Contains(text, secret), "%s in %s", secret, text)
	}
}
