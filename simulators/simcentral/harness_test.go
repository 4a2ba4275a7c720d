package simcentral_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
	"balcao/simulators/simcentral"
	"balcao/simulators/simcentral/cardtest"
	"balcao/simulators/simcentral/issuer"
	"balcao/sync/wire"
)

// patience is how long a test waits for something that happens at once.
const patience = 10 * time.Second

const (
	terminal = "T-0001"
	epoch    = "9f1c0a7be2d45836"
)

// Test card numbers of the schemes, published for this use.
const (
	anaPAN  = "4111111111111111" // credit, line of R$ 1.000,00
	biaPAN  = "5555555555554444" // debit, balance of R$ 300,00
	caioPAN = "4012888888881881" // expired
	dudaPAN = "6011111111111117" // voucher, balance of R$ 50,00
)

func ana() *cardtest.Card { return cardtest.New(anaPAN, "3012", "01") }
func bia() *cardtest.Card { return cardtest.New(biaPAN, "3012", "00") }

func duda() *cardtest.Card { return cardtest.New(dudaPAN, "3012", "00") }

// A lockedBuffer is a log that several goroutines write and a test reads.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// A shop is a central that runs and a till's client of it.
type shop struct {
	testing.TB
	config  simcentral.Config
	certs   simcentral.Certificates
	server  *simcentral.Server
	url     string
	client  *http.Client
	token   string
	log     *lockedBuffer
	ids     int
	seq     int64
	stop    context.CancelFunc
	stopped chan error
}

func openShop(t testing.TB) *shop {
	t.Helper()
	dir := t.TempDir()
	certs, err := simcentral.MakeCertificates(dir, terminal)
	require.NoError(t, err)
	_, keys := hsm.GenerateTestKeys()
	require.NoError(t, keys.Save(filepath.Join(dir, "keys.json")))
	writeAccounts(t, filepath.Join(dir, "accounts.json"))
	log := &lockedBuffer{}
	s := &shop{TB: t, certs: certs, log: log, config: simcentral.Config{
		Listen: "127.0.0.1:0", StateDir: filepath.Join(dir, "state"), KeysFile: filepath.Join(dir, "keys.json"),
		AccountsFile: filepath.Join(dir, "accounts.json"), ServerCert: certs.ServerCert, ServerKey: certs.ServerKey,
		ClientCA: certs.CA, Strict: true,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}}
	s.client = s.clientOf(certs)
	s.start()
	t.Cleanup(s.close)
	return s
}

func writeAccounts(t testing.TB, path string) {
	t.Helper()
	text, err := json.Marshal([]map[string]any{
		{"name": "ana", "pan": anaPAN, "expiry": "3012", "psn": "01", "pin": "1234", "kind": "credit", "limit_cents": 100_000, "state": issuer.Active, "brand": "VISA"},
		{"name": "bia", "pan": biaPAN, "expiry": "3012", "psn": "00", "pin": "4321", "kind": "debit", "balance_cents": 30_000, "state": issuer.Active, "brand": "MASTERCARD"},
		{"name": "caio", "pan": caioPAN, "expiry": "2001", "psn": "00", "pin": "1111", "kind": "debit", "balance_cents": 30_000, "state": issuer.Active, "brand": "VISA"},
		{"name": "duda", "pan": dudaPAN, "expiry": "3012", "psn": "00", "pin": "2222", "kind": "voucher", "balance_cents": 5_000, "state": issuer.Active, "brand": "VALE"},
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
}

func (s *shop) clientOf(certs simcentral.Certificates) *http.Client {
	s.Helper()
	pair, err := tls.LoadX509KeyPair(certs.ClientCert, certs.ClientKey)
	require.NoError(s, err)
	return s.clientWith(pair)
}

func (s *shop) clientWith(pairs ...tls.Certificate) *http.Client {
	s.Helper()
	text, err := os.ReadFile(s.certs.CA)
	require.NoError(s, err)
	pool := x509.NewCertPool()
	require.True(s, pool.AppendCertsFromPEM(text))
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: pairs, RootCAs: pool}}
	s.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// start runs a central on the shop's state and takes a token.
func (s *shop) start() {
	s.Helper()
	server, err := simcentral.New(s.config)
	require.NoError(s, err)
	ctx, cancel := context.WithCancel(context.Background())
	s.server, s.stop, s.stopped = server, cancel, make(chan error, 1)
	ready := make(chan string, 1)
	go func() { s.stopped <- server.Run(ctx, func(url string) { ready <- url }) }()
	select {
	case s.url = <-ready:
	case err := <-s.stopped:
		require.NoError(s, err)
	case <-time.After(patience):
		require.Fail(s, "central does not start")
	}
	s.token = s.newToken(s.client)
}

// restart ends the central as a kill would, without a word, and starts another.
func (s *shop) restart() {
	s.Helper()
	s.halt()
	s.start()
}

func (s *shop) halt() {
	s.Helper()
	s.stop()
	select {
	case err := <-s.stopped:
		require.NoError(s, err)
	case <-time.After(patience):
		require.Fail(s, "central does not stop")
	}
}

// close checks what must hold after every test: no answer broke the contract, the
// books add up, and no card number is anywhere.
func (s *shop) close() {
	require.Zero(s, s.stats().ContractViolations, "see the log: %s", s.log)
	require.Zero(s, s.ledger().Sum)
	s.halt()
	s.requireNoCardData()
}

func (s *shop) requireNoCardData() {
	s.Helper()
	texts := map[string]string{"log": s.log.String()}
	entries, err := os.ReadDir(s.config.StateDir)
	require.NoError(s, err)
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(s.config.StateDir, entry.Name()))
		require.NoError(s, err)
		texts[entry.Name()] = string(text)
		info, err := entry.Info()
		require.NoError(s, err)
		require.EqualValues(s, 0o600, info.Mode().Perm(), entry.Name())
	}
	for name, text := range texts {
		for _, pan := range []string{anaPAN, biaPAN, caioPAN, dudaPAN} {
			require.NotContains(s, text, pan, name)
		}
		require.NotContains(s, text, `"encrypted"`, name)
	}
}

func (s *shop) newToken(client *http.Client) string {
	s.Helper()
	response, err := client.Post(s.url+"/v1/oauth/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=client_credentials&scope=pos"))
	require.NoError(s, err)
	defer response.Body.Close()
	require.Equal(s, http.StatusOK, response.StatusCode)
	var got struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	require.NoError(s, json.NewDecoder(response.Body).Decode(&got))
	require.Equal(s, "Bearer", got.TokenType)
	require.Equal(s, 600, got.ExpiresIn)
	return got.AccessToken
}

// A reply is an answer read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) replayed() bool { return r.header.Get("Idempotency-Replayed") == "true" }

// request makes an authorised request; headers come in pairs.
func (s *shop) request(method, path string, body any, headers ...string) *http.Request {
	s.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case []byte:
		reader = bytes.NewReader(body)
	default:
		text, err := json.Marshal(body)
		require.NoError(s, err)
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(s.Context(), method, s.url+path, reader)
	require.NoError(s, err)
	request.Header.Set("Authorization", "Bearer "+s.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return request
}

func (s *shop) send(request *http.Request) (reply, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, body}, err
}

func (s *shop) call(method, path string, body any, headers ...string) reply {
	s.Helper()
	got, err := s.send(s.request(method, path, body, headers...))
	require.NoError(s, err)
	return got
}

// post makes a step with a key.
func (s *shop) post(path, key string, body any) reply {
	s.Helper()
	return s.call(http.MethodPost, path, body, "Idempotency-Key", key)
}

func decode[T any](t testing.TB, got reply, status int) T {
	t.Helper()
	require.Equal(t, status, got.status, string(got.body))
	var value T
	require.NoError(t, json.Unmarshal(got.body, &value))
	return value
}

// requireProblem checks an error's status and code.
func requireProblem(t testing.TB, got reply, status int, code string) wire.Problem {
	t.Helper()
	require.Equal(t, wire.ContentTypeProblem, got.header.Get("Content-Type"), string(got.body))
	problem := decode[wire.Problem](t, got, status)
	require.Equal(t, code, problem.Code, string(got.body))
	return problem
}

// id gives a new ULID of a till: 18 fixed characters and a number.
func (s *shop) id() string {
	s.ids++
	return fmt.Sprintf("01JD4K3M8Q7V5W2X9Y%08d", s.ids)
}

func (s *shop) nextSeq() int64 {
	s.seq++
	return s.seq
}

var occurredAt = time.Date(2026, 8, 28, 14, 3, 5, 0, time.FixedZone("", -3*3600))

func reals(cents int64) wire.Money { return wire.Money{Amount: cents, Currency: "BRL"} }

func (s *shop) payment(orderID string, method wire.Method, cents int64) wire.PaymentRequest {
	request := wire.PaymentRequest{
		Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, OperatorID: "maria",
		OrderID: orderID, Method: method, Amount: reals(cents),
	}
	request.BusinessDate.Time = time.Date(2026, 8, 28, 0, 0, 0, 0, time.UTC)
	return request
}

// card is a two-phase card payment.
func (s *shop) card(cents int64, method wire.Method, present *wire.CardPresent) wire.PaymentRequest {
	request := s.payment(s.id(), method, cents)
	request.TwoPhase, request.Card = new(true), present
	return request
}

func (s *shop) pay(id string, request wire.PaymentRequest) reply {
	s.Helper()
	return s.call(http.MethodPut, "/v1/payments/"+id, request)
}

func (s *shop) confirm(id, key string, outcome wire.ConfirmationOutcome) reply {
	s.Helper()
	return s.post("/v1/payments/"+id+"/confirmations", key, wire.Confirmation{
		Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, Outcome: outcome,
	})
}

func (s *shop) reverse(id, key string) reply {
	s.Helper()
	return s.post("/v1/payments/"+id+"/reversals", key, wire.ReversalRequest{
		Epoch: epoch, TerminalSeq: s.nextSeq(), OccurredAt: occurredAt, Reason: wire.ReversalRequestReasonTimeout,
	})
}

func (s *shop) get(id string) reply {
	s.Helper()
	return s.call(http.MethodGet, "/v1/payments/"+id, nil)
}

// command works the central as the control socket does.
func (s *shop) command(words string) string {
	s.Helper()
	text, err := s.server.Command(s.Context(), strings.Fields(words))
	require.NoError(s, err)
	return text
}

type stats struct {
	Calls              map[string]int `json:"calls"`
	Replayed           int            `json:"replayed"`
	ContractViolations int            `json:"contract_violations"`
	Forks              int            `json:"forks"`
	Held               map[string]int `json:"held"`
}

func (s *shop) stats() stats {
	s.Helper()
	text, err := s.server.Command(context.Background(), []string{"central", "stats"})
	require.NoError(s, err)
	var got stats
	require.NoError(s, json.Unmarshal([]byte(text), &got))
	return got
}

type books struct {
	Accounts map[string]int64 `json:"accounts"`
	Sum      int64            `json:"sum"`
	Payments map[string]struct {
		Status   wire.PaymentStatus `json:"status"`
		Cents    int64              `json:"amount_cents"`
		Refunded int64              `json:"refunded_cents"`
		Owed     int64              `json:"owed_cents"`
		History  []struct {
			What string `json:"what"`
		} `json:"history"`
	} `json:"payments"`
	Orders map[string]struct {
		Status wire.OrderStatus `json:"status"`
	} `json:"orders"`
	Terminals map[string]struct {
		DrawerCents int64                      `json:"drawer_cents"`
		Sessions    map[string]json.RawMessage `json:"sessions"`
	} `json:"terminals"`
}

func (s *shop) ledger() books {
	s.Helper()
	text, err := s.server.Command(context.Background(), []string{"ledger"})
	require.NoError(s, err)
	var got books
	require.NoError(s, json.Unmarshal([]byte(text), &got))
	return got
}
