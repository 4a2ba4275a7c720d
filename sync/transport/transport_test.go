package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral"
	"balcao/sync/transport"
)

func TestAGoodAnswerIsWholeJSONWithA2xx(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, put.Body, body)
		require.Equal(t, "Bearer secret-1", r.Header.Get("Authorization"))
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, terminal, r.TLS.PeerCertificates[0].Subject.CommonName)
		require.Equal(t, 1, r.ProtoMajor)
		answer(w, http.StatusAccepted, `{"status":"processing"}`)
	})
	got, err := s.client(t).Do(t.Context(), put)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, got.Status)
	require.JSONEq(t, `{"status":"processing"}`, string(got.Body))
	require.Contains(t, s.log.String(), "/v1/payments/01JD4K3M8Q7V5W2X9Y0Z1A2B3C")
	requireNoSecrets(t, s.log.String())
}

func TestWhatIsNoAnswerOfTheContractIsSilence(t *testing.T) {
	hijack := func(w http.ResponseWriter, text string, reset bool) {
		conn, _, err := http.NewResponseController(w).Hijack()
		require.NoError(t, err)
		io.WriteString(conn, text)
		if tls, ok := conn.(interface{ NetConn() net.Conn }); ok && reset {
			require.NoError(t, tls.NetConn().(*net.TCPConn).SetLinger(0))
			tls.NetConn().Close()
			return
		}
		conn.Close()
	}
	for name, script := range map[string]struct {
		reply  http.HandlerFunc
		status int
	}{
		"a captive portal's page": {page(200, "<html>aceite os termos</html>"), 200},
		"a captive portal's redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://portal.example/", http.StatusFound)
		}, 302},
		"JSON under the name of HTML": {page(200, `{"status":"captured"}`), 200},
		"HTML under the name of JSON": {func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, "<html>") }, 200},
		"half a JSON text":            {func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"status":"captu`) }, 200},
		"an empty answer":             {func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, "") }, 200},
		"no content type":             {func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil; w.Write([]byte(`{}`)) }, 200},
		"a gateway's 502":             {page(502, "<h1>Bad Gateway</h1>"), 502},
		"JSON that is no problem":     {func(w http.ResponseWriter, _ *http.Request) { answer(w, 404, `{"error":"no route"}`) }, 404},
		"a gateway's problem": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(404)
			io.WriteString(w, `{"type":"about:blank","title":"Not Found","status":404}`)
		}, 404},
		"a problem of another status": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(500)
			io.WriteString(w, `{"type":"x","title":"x","status":404,"code":"not-found"}`)
		}, 500},
		"a body cut off": {func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"a\":1}", false)
		}, 0},
		"a reset":                     {func(w http.ResponseWriter, _ *http.Request) { hijack(w, "", true) }, 0},
		"nothing, and an end":         {func(w http.ResponseWriter, _ *http.Request) { hijack(w, "", false) }, 0},
		"something that is not HTTP":  {func(w http.ResponseWriter, _ *http.Request) { hijack(w, "SSH-2.0-OpenSSH\r\n", false) }, 0},
		"an answer that does not end": {func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"a":"`+strings.Repeat("x", 1<<20)+`"}`) }, 0},
		"a head that does not end": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<17))
			answer(w, 200, `{}`)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, script.reply)
			_, err := s.client(t).Do(t.Context(), put)
			requireSilence(t, err, true, script.status)
			requireNoSecrets(t, err.Error()+s.log.String())
		})
	}
}

func TestAHangEndsWithTheTimeoutOfTheCall(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			good(w, r)
			return
		}
		hang(w, r)
	})
	client := s.client(t)
	_, err := client.Do(t.Context(), transport.Request{Method: http.MethodGet, Path: "/v1/status"})
	require.NoError(t, err, "there is a token and a connection")
	short := put
	short.Timeout = shortTimeout
	started := time.Now()
	_, err = client.Do(t.Context(), short)
	requireSilence(t, err, true, 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(started), answerTimeout)
}

func TestTheConfigsTimeoutServesCallsWithoutOne(t *testing.T) {
	s := newServer(t, hang)
	_, err := s.client(t, func(c *transport.Config) { c.AnswerTimeout = shortTimeout }).Do(t.Context(), put)
	var silence *transport.Silence
	require.ErrorAs(t, err, &silence)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestBeforeAConnectionNothingIsSent(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	mute, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never shakes hands
	require.NoError(t, err)
	defer mute.Close()

	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{}`) })
	strangers, err := simcentral.MakeCertificates(t.TempDir(), terminal)
	require.NoError(t, err)
	for name, change := range map[string]func(*transport.Config){
		"connection refused":  func(c *transport.Config) { c.BaseURL = "https://" + closed.Addr().String() },
		"no such host":        func(c *transport.Config) { c.BaseURL = "https://central.invalid" },
		"no TLS handshake":    func(c *transport.Config) { c.BaseURL, c.ConnectTimeout = "https://"+mute.Addr().String(), shortTimeout },
		"a stranger's server": func(c *transport.Config) { c.CAFile = strangers.CA },
	} {
		t.Run(name, func(t *testing.T) {
			client := s.client(t, change)
			for _, request := range []transport.Request{put, {Method: http.MethodGet, Path: "/v1/status", WithoutToken: true}} {
				_, err := client.Do(t.Context(), request)
				requireSilence(t, err, false, 0)
			}
		})
	}
	_, paths := s.calls()
	require.Empty(t, paths)
}

func TestAConnectionThatDiesInUseMayHaveCarriedTheRequest(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		require.NoError(t, err)
		conn.Close()
	})
	_, err := s.client(t).Do(t.Context(), put)
	requireSilence(t, err, true, 0)
	_, paths := s.calls()
	require.Len(t, paths, 1, "a payment is not sent again behind the caller's back")
}

func TestACallThatIsGivenUpIsSilence(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{}`) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.client(t).Do(ctx, put)
	requireSilence(t, err, false, 0)
	require.ErrorIs(t, err, context.Canceled)
}

func TestKeysThatOthersMayReadAreRefused(t *testing.T) {
	s := newServer(t, nil)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o700, 0o660} {
		require.NoError(t, os.Chmod(s.certs.ClientKey, mode))
		_, err := transport.New(s.config())
		require.ErrorContains(t, err, "only its owner may read it")
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		require.NoError(t, os.Chmod(s.certs.ClientKey, mode))
		_, err := transport.New(s.config())
		require.NoError(t, err)
	}
}

func TestWrongConfigurationsSayWhatIsWrong(t *testing.T) {
	s := newServer(t, nil)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for want, change := range map[string]func(*transport.Config){
		"is not like https":   func(c *transport.Config) { c.BaseURL = "http://central.example.com" },
		"\"\" is not like":    func(c *transport.Config) { c.BaseURL = "" },
		"/api\" is not like":  func(c *transport.Config) { c.BaseURL = "https://central.example.com/api" },
		"read certificate":    func(c *transport.Config) { c.CertificateFile = empty },
		"read key":            func(c *transport.Config) { c.KeyFile = empty + ".gone" },
		"no certificate in":   func(c *transport.Config) { c.CAFile = empty },
		"read authorities: o": func(c *transport.Config) { c.CAFile = empty + ".gone" },
	} {
		config := s.config()
		change(&config)
		_, err := transport.New(config)
		require.ErrorContains(t, err, want)
	}
}

func TestTheClocksDifferenceIsObserved(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("portal") {
			page(200, "<html>")(w, r)
			return
		}
		w.Header().Set("Date", time.Now().Add(-5*time.Minute).UTC().Format(http.TimeFormat))
		answer(w, 200, `{}`)
	})
	var observed []time.Duration
	client := s.client(t, func(c *transport.Config) { c.OnSkew = func(skew time.Duration) { observed = append(observed, skew) } })
	_, err := client.Do(t.Context(), put)
	require.NoError(t, err)
	require.Len(t, observed, 2, "the token's answer and the call's")
	require.InDelta(t, 0, observed[0].Seconds(), 2)
	require.InDelta(t, -300, observed[1].Seconds(), 2)

	portal := put
	portal.Path += "?portal"
	_, err = client.Do(t.Context(), portal)
	require.Error(t, err)
	require.Len(t, observed, 2, "a captive portal's clock is nobody's")
}

func TestEveryCallIsToldHowItEnded(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { problem(w, 422, "total-mismatch", "") })
	var ended []error
	client := s.client(t, func(c *transport.Config) { c.OnCall = func(err error) { ended = append(ended, err) } })
	_, err := client.Do(t.Context(), put)
	require.Len(t, ended, 2)
	require.NoError(t, ended[0])
	require.True(t, errors.Is(ended[1], err))
}
