package psp_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simpsp"
	"balcao/sync/psp"
	"balcao/sync/transport"
)

// pspVariable is the base URL of an independent server of API Pix, path included, such
// as a mock of the official openapi.yaml: http://127.0.0.1:4010. A mock checks what we
// send and answers examples; it keeps nothing.
const pspVariable = "BALCAO_PSP_URL"

// A mock is an independent server behind a door of ours, which has the TLS and the
// tokens that a mock has not, and notes each answer.
type mock struct {
	carrier *transport.Client
	client  *psp.Client

	mu       sync.Mutex
	statuses []int
}

func openMock(t *testing.T) *mock {
	t.Helper()
	address := os.Getenv(pspVariable)
	if address == "" {
		t.Skipf("%s names no independent server of API Pix", pspVariable)
	}
	target, err := url.Parse(address)
	require.NoError(t, err)
	files, err := simpsp.MakeCertificates(t.TempDir(), simpsp.ClientID)
	require.NoError(t, err)
	m := &mock{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.statuses = append(m.statuses, r.StatusCode)
			return nil
		},
	}
	door := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			say(w, 200, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	door.TLS = doorTLS(t, files)
	door.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	door.StartTLS()
	t.Cleanup(door.Close)
	m.carrier, err = transport.New(transport.Config{
		BaseURL: door.URL, CertificateFile: files.ClientCert, KeyFile: files.ClientKey, CAFile: files.CA, Dialect: psp.Dialect(""),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.carrier.Close()) })
	m.client, err = psp.New(psp.Config{Transport: m.carrier, Key: exampleKey, CallTimeout: patience})
	require.NoError(t, err)
	return m
}

// doorTLS asks for a certificate of the authority in files.
func doorTLS(t *testing.T, files simpsp.Certificates) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(files.ServerCert, files.ServerKey)
	require.NoError(t, err)
	text, err := os.ReadFile(files.CA)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
}

// answered are the statuses since the last look.
func (m *mock) answered() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	statuses := m.statuses
	m.statuses = nil
	return statuses
}

// requireShape accepts an answer that was taken, or was refused for what it is about: a
// mock knows nothing of our ids. One that cannot be read, or is no good answer of the
// API, fails.
func requireShape(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	requireSilence(t, err, true)
	for _, about := range []string{"it is about", "it is for another key", "the bank's code is no good", "a charge just"} {
		if strings.Contains(err.Error(), about) {
			return
		}
	}
	require.NoError(t, err)
}

func TestConformance_EveryRequestIsOneOfTheAPI(t *testing.T) {
	m := openMock(t)
	sale := exampleSale
	sale.Payer, sale.Note = psp.Payer{Document: "12345678000195", Name: "Empresa de Serviços SA"}, "Serviço realizado."
	_, err := m.client.Charge(t.Context(), sale)
	requireShape(t, err)
	require.Equal(t, http.StatusCreated, m.answered()[0], "PUT /cob/{txid}")

	inquiry := m.client.Inquire(t.Context(), exampleTxID, 3700)
	requireShape(t, inquiry.Err)
	require.Equal(t, []int{http.StatusOK}, m.answered(), "GET /cob/{txid}")

	m.client.Cancel(t.Context(), sale)
	require.Equal(t, http.StatusOK, m.answered()[0], "PATCH /cob/{txid}")

	m.client.Refund(t.Context(), psp.Refund{EndToEndID: exampleE2EID, ID: refundID, Amount: 789, Note: "troca"})
	require.Equal(t, http.StatusCreated, m.answered()[0], "PUT /pix/{e2eid}/devolucao/{id}")

	m.client.InquireRefund(t.Context(), psp.Refund{EndToEndID: exampleE2EID, ID: refundID, Amount: 789})
	require.Equal(t, []int{http.StatusOK}, m.answered(), "GET /pix/{e2eid}/devolucao/{id}")

	_, err = m.client.Receipt(t.Context(), exampleE2EID)
	requireShape(t, err)
	require.Equal(t, []int{http.StatusOK}, m.answered(), "GET /pix/{e2eid}")

	at := time.Date(2020, 9, 9, 0, 0, 0, 0, time.UTC)
	_, err = m.client.Charges(t.Context(), at, at.AddDate(0, 0, 1))
	t.Logf("the list of the example: %v", err)
	require.Equal(t, http.StatusOK, m.answered()[0], "GET /cob")
}

func TestConformance_ARefusalIsReadInTheAPIsWords(t *testing.T) {
	m := openMock(t)
	_, err := m.carrier.Do(t.Context(), transport.Request{
		Method: http.MethodPut, Path: "/cob/" + exampleTxID,
		Body: []byte(`{"calendario":{"expiracao":300},"valor":{"original":"37"},"chave":"` + exampleKey + `"}`),
	})
	require.Equal(t, []int{http.StatusBadRequest}, m.answered())
	var problem *transport.Problem
	require.True(t, errors.As(err, &problem), err)
	require.Equal(t, "CobOperacaoInvalida", problem.Code)
	require.True(t, problem.Final())
}
