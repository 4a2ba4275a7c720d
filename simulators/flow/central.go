package flow

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"balcao/sync/wire"
)

// A bookedPayment is what central's ledger says of a payment.
type bookedPayment struct {
	Status  string `json:"status"`
	OrderID string `json:"order_id"`
	Cents   int64  `json:"amount_cents"`
}

// A bookedOrder is what central's ledger says of an order.
type bookedOrder struct {
	Status   string   `json:"status"`
	Version  int64    `json:"version"`
	Cents    int64    `json:"total_cents"`
	Payments []string `json:"payments"`
}

// books are central's own.
type books struct {
	Accounts map[string]int64         `json:"accounts"`
	Payments map[string]bookedPayment `json:"payments"`
	Orders   map[string]bookedOrder   `json:"orders"`
}

func (w *walk) books(ctx context.Context) (books, error) {
	var read books
	return read, w.askCentral(ctx, &read, "ledger")
}

// A bookedDetail is one payment at central.
type bookedDetail struct {
	Payment wire.Payment `json:"payment"`
}

func (w *walk) payment(ctx context.Context, id string) (bookedDetail, error) {
	var read bookedDetail
	return read, w.askCentral(ctx, &read, "payment", id)
}

// A heardCall is one call as central heard it.
type heardCall struct {
	Operation string `json:"op"`
	ID        string `json:"id"`
	Key       string `json:"key"`
	Terminal  string `json:"terminal"`
	Status    int    `json:"status"` // 0: not answered
	Code      string `json:"code"`
	Replayed  bool   `json:"replayed"`
}

// heard lists central's calls of one operation, about id unless that is empty.
func (w *walk) heard(ctx context.Context, operation, id string) ([]heardCall, error) {
	var all, found []heardCall
	err := w.askCentral(ctx, &all, "log")
	for _, call := range all {
		if call.Operation == operation && (id == "" || call.ID == id) {
			found = append(found, call)
		}
	}
	return found, err
}

// askCentral reads an answer of central's control socket.
func (w *walk) askCentral(ctx context.Context, into any, words ...string) error {
	answer, err := w.work(ctx, w.place.Central, words...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		return fmt.Errorf("read central's %s: %w", words[0], err)
	}
	return nil
}

// An office is the walk's own end of central's contract, with the till's certificate.
type office struct {
	base  string
	trust *tls.Config
	web   *http.Client
}

// newOffice reads what the till proves itself with.
func newOffice(till tillConfig) (office, error) {
	pair, err := tls.LoadX509KeyPair(till.Central.Certificate, till.Central.Key)
	if err != nil {
		return office{}, err
	}
	authority, err := os.ReadFile(till.Central.CA)
	if err != nil {
		return office{}, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(authority) {
		return office{}, errors.New("no authority in " + till.Central.CA)
	}
	trust := &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}}
	return office{till.Central.URL, trust, web}, nil
}

func (o office) close() { o.web.CloseIdleConnections() }

// An officeAnswer is what central answered on the wire.
type officeAnswer struct {
	status   int
	replayed bool
	body     []byte
}

// problem is the answer as a refusal of the contract.
func (a officeAnswer) problem() (wire.Problem, error) {
	var read wire.Problem
	if err := json.Unmarshal(a.body, &read); err != nil || read.Code == "" {
		return read, fmt.Errorf("central answered %d with no problem of the contract", a.status)
	}
	return read, nil
}

// token gets a bearer token. Source: openapi.yaml, oauth/token.
func (o office) token(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	answer, err := o.do(ctx, http.MethodPost, "/v1/oauth/token", "application/x-www-form-urlencoded", []byte(form.Encode()), "")
	if err != nil {
		return "", err
	}
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer.body, &got); err != nil || got.AccessToken == "" {
		return "", fmt.Errorf("central gave no token: status %d %s", answer.status, answer.body)
	}
	return got.AccessToken, nil
}

// call makes one call of the contract with a token of its own.
func (o office) call(ctx context.Context, method, path string, body []byte) (officeAnswer, error) {
	token, err := o.token(ctx)
	if err != nil {
		return officeAnswer{}, err
	}
	return o.do(ctx, method, path, "application/json", body, token)
}

// get reads a value of the contract.
func (o office) get(ctx context.Context, path string, into any) error {
	answer, err := o.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if answer.status != http.StatusOK {
		return fmt.Errorf("get %s: central answers %d %s", path, answer.status, answer.body)
	}
	return json.Unmarshal(answer.body, into)
}

// answerBytesMax bounds an answer; an order of a full cart is far less.
const answerBytesMax = 4 << 20

func (o office) do(ctx context.Context, method, path, media string, body []byte, token string) (officeAnswer, error) {
	request, err := http.NewRequestWithContext(ctx, method, o.base+path, bytes.NewReader(body))
	if err != nil {
		return officeAnswer{}, err
	}
	request.Header.Set("Accept", "application/json, "+wire.ContentTypeProblem)
	if len(body) > 0 {
		request.Header.Set("Content-Type", media)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := o.web.Do(request)
	if err != nil {
		return officeAnswer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer got.Body.Close()
	content, err := io.ReadAll(io.LimitReader(got.Body, answerBytesMax))
	if err != nil {
		return officeAnswer{}, fmt.Errorf("%s %s: read answer: %w", method, path, err)
	}
	return officeAnswer{got.StatusCode, strings.EqualFold(got.Header.Get("Idempotency-Replayed"), "true"), content}, nil
}
