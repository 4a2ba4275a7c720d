package central_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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
	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/terminal/card"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
)

const (
	terminal = "T-0001"
	epoch    = "9f1c0a7be2d45836"

	orderID   ident.ID = "01JD4K3M8Q7V5W2X9Y00000001"
	paymentID ident.ID = "01JD4K3M8Q7V5W2X9Y00000002"
	decision  ident.ID = "01JD4K3M8Q7V5W2X9Y00000003"
	sessionID ident.ID = "01JD4K3M8Q7V5W2X9Y00000004"
)

var at = time.Date(2026, 8, 28, 14, 3, 5, 0, time.FixedZone("", -3*3600))

// patience is what no test waits out: where no answer comes, the call is given up.
const patience = 10 * time.Second

func originOf(seq uint64) journal.Origin {
	return journal.Origin{
		Act:          journal.Act{OperatorID: "maria", Epoch: epoch, TerminalSeq: seq, OccurredAt: at},
		BusinessDate: "2026-08-28", SessionID: sessionID,
	}
}

func orderOf(total money.Cents) journal.Order {
	return journal.Order{
		Origin: originOf(4), Channel: "till", Totals: sale.Totals{Items: total, Total: total},
		Lines: []journal.OrderLine{{
			LineID: "1", SKU: "17", Description: "PÃO FRANCÊS", Quantity: money.One,
			UnitPrice: money.UnitPrice(total) * 100, Total: total,
		}},
	}
}

func cardPayment(amount money.Cents) journal.Payment {
	return journal.Payment{
		Origin: originOf(5), OrderID: orderID, Method: payment.Credit, Amount: amount, TwoPhase: true,
		Card: &card.Present{EntryMode: card.Chip, BIN: "411111", Last4: "1111"},
	}
}

// sealed is a ciphertext that must be nowhere but in the one request.
var sealed = []card.Sealed{{Kind: card.Track2, Scheme: card.DUKPTECB, KeySlot: 1, KSN: "FFFF9876543210E00001", Data: "C0FFEEC0FFEEC0FFEE01"}}

func confirmationEntry(t *testing.T) central.Entry {
	t.Helper()
	return entryOf(t, decision, paymentID, journal.Confirmation{
		Act: journal.Act{Epoch: epoch, TerminalSeq: 7, OccurredAt: at}, PaymentID: paymentID, Outcome: "confirmed",
	})
}

func reversalEntry(t *testing.T) central.Entry {
	t.Helper()
	return entryOf(t, decision, paymentID, journal.Reversal{
		Act: journal.Act{Epoch: epoch, TerminalSeq: 8, OccurredAt: at}, PaymentID: paymentID, Reason: payment.Timeout,
	})
}

func sessionEntry(t *testing.T) central.Entry {
	t.Helper()
	return entryOf(t, sessionID, sessionID, journal.SessionOpen{
		OperatorID: "maria", Epoch: epoch, TerminalSeq: 2, OpenedAt: at, BusinessDate: "2026-08-28", OpeningFloat: 20000, AppVersion: "1.0.0",
	})
}

// closeEntry ends the session; its fact has an id of its own.
func closeEntry(t *testing.T) central.Entry {
	t.Helper()
	return entryOf(t, decision, sessionID, journal.SessionClose{
		OperatorID: "maria", Epoch: epoch, TerminalSeq: 9, OpenedAt: at, ClosedAt: at.Add(8 * time.Hour),
		BusinessDate: "2026-08-28", OpeningFloat: 20000, CountedCash: 20000, AppVersion: "1.0.0",
	})
}

func entryOf(t *testing.T, id, target ident.ID, body journal.Body) central.Entry {
	t.Helper()
	text, err := journal.MarshalBody(body)
	require.NoError(t, err)
	return central.Entry{Kind: body.Kind(), ID: id, Target: target, Body: text}
}

// A script is a central that answers what a test says, by method and path.
type script struct {
	*testing.T
	certs simcentral.Certificates
	url   string
	log   lockedText

	mu      sync.Mutex
	replies map[string]http.HandlerFunc // "PUT order", "PUT payment", "GET payment", …
	bodies  map[string][]byte           // of the last such call
	headers map[string]http.Header
	giveUp  context.CancelFunc // ends the call under way
}

// A lockedText is a log that several goroutines write and a test reads.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newScript(t *testing.T) *script {
	t.Helper()
	certs, err := simcentral.MakeCertificates(t.TempDir(), terminal)
	require.NoError(t, err)
	s := &script{T: t, certs: certs, replies: map[string]http.HandlerFunc{}, bodies: map[string][]byte{}, headers: map[string]http.Header{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	pair, err := tls.LoadX509KeyPair(certs.ServerCert, certs.ServerKey)
	require.NoError(t, err)
	text, err := os.ReadFile(certs.CA)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url = server.URL
	s.on("PUT order", reply(200, fmt.Sprintf(`{"order_id":%q,"status":"open"}`, orderID)))
	return s
}

func (s *script) on(operation string, handler http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies[operation] = handler
}

func (s *script) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/oauth/token" {
		reply(200, `{"access_token":"secret","token_type":"Bearer","expires_in":600}`)(w, r)
		return
	}
	operation := r.Method + " " + nameOf(r.URL.Path)
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	handler := s.replies[operation]
	s.bodies[operation], s.headers[operation] = body, r.Header.Clone()
	s.mu.Unlock()
	if handler == nil {
		handler = refuse(404, "not-found")
	}
	handler(w, r)
}

// nameOf is the operation that a path is for.
func nameOf(path string) string {
	for _, name := range []string{"quotes", "reports", "captures", "refunds", "commit", "reconciliations", "confirmations", "reversals", "sessions", "batches", "watermark", "status", "order", "payment"} {
		if strings.Contains(path, name) {
			return name
		}
	}
	return path
}

// context is for one call, which hang gives up.
func (s *script) context() context.Context {
	ctx, cancel := context.WithCancel(s.Context())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveUp = cancel
	s.Cleanup(cancel)
	return ctx
}

// hang has the request and never answers, until the till gives up.
func (s *script) hang(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.giveUp()
	s.mu.Unlock()
	<-r.Context().Done()
}

func (s *script) called(operation string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers[operation] != nil
}

func (s *script) client() *central.Client {
	s.Helper()
	return clientOf(s.T, s.url, s.certs, &s.log, patience)
}

func clientOf(t *testing.T, url string, certs simcentral.Certificates, log io.Writer, wait time.Duration) *central.Client {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	carrier, err := transport.New(transport.Config{
		BaseURL: url, CertificateFile: certs.ClientCert, KeyFile: certs.ClientKey, CAFile: certs.CA, ClientID: terminal, Log: logger,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, carrier.Close()) })
	return central.New(central.Config{
		TerminalID: terminal, Transport: carrier, Log: logger, OrderTimeout: wait,
		AuthoriseTimeout: wait, InquireTimeout: wait, ForwardTimeout: wait, BatchTimeout: wait, ReportTimeout: wait,
	})
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"type":"https://errors.example.org/pos/%s","title":"t","status":%d,"code":"%s"}`, code, status, code)
	}
}

// paymentText is central's payment in a status, with more members.
func paymentText(status, more string) string {
	return fmt.Sprintf(`{"payment_id":%q,"order_id":%q,"method":"credit","amount":{"amount":1234,"currency":"BRL"},"status":%q,"updated_at":"2026-08-28T17:03:06Z"%s}`,
		paymentID, orderID, status, more)
}

// troubles are answers that are none, by name.
func (s *script) troubles() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"hang": s.hang,
		"reset": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
		},
		"half a body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "999")
			io.WriteString(w, `{"payment_id":`)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"a portal's page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html>aceite os termos</html>")
		},
		"HTML called JSON":    reply(200, "<html>"),
		"another shape":       reply(200, `["captured"]`),
		"nothing in it":       reply(200, `{}`),
		"a gateway's 502":     func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad gateway", http.StatusBadGateway) },
		"a gateway's 404":     http.NotFound,
		"internal error":      refuse(500, "internal-error"),
		"unavailable":         refuse(503, "service-unavailable"),
		"issuer unavailable":  refuse(503, "issuer-unavailable"),
		"not offered":         refuse(501, "version-unsupported"),
		"request time-out":    refuse(408, "request-timeout"),
		"too early":           refuse(425, "too-early"),
		"too many requests":   refuse(429, "rate-limited"),
		"another payment":     reply(200, strings.ReplaceAll(paymentText("captured", ""), string(paymentID), string(decision))),
		"an unknown status":   reply(200, paymentText("done", "")),
		"a status of unknown": reply(200, paymentText("unknown", "")),
		"refunded already":    reply(200, paymentText("refunded", "")),
	}
}

// eachTrouble runs a test once for each trouble, with a central of its own.
func eachTrouble(t *testing.T, test func(s *script, trouble http.HandlerFunc)) {
	for name := range (&script{}).troubles() {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			test(s, s.troubles()[name])
		})
	}
}

func (s *script) requireNoSecrets(texts ...string) {
	s.Helper()
	for _, text := range append(texts, s.log.String()) {
		require.NotContains(s, text, "C0FFEE")
		require.NotContains(s, text, "secret")
	}
}

func compact(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}
