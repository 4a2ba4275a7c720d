// Package psp is the till's side of Pix straight from a bank: the operations of the
// central bank's API Pix that a till uses, and what their answers mean.
//
// It keeps nothing, waits for nothing and decides nothing. What counts as an answer
// is a typed one about exactly the charge, amount and receiver asked for; a wrong id,
// half an answer, 429, 5xx and a portal's page are silence, and silence is never a
// decline (R3). One payment is one charge under the till's own id, in every resend
// (R2): PUT /cob/{txid} may be repeated, and what was lost can be asked for. It sets
// no webhook; those go to central. Start with [New], then [Client.Charge],
// [Client.Inquire], [Client.Cancel] and [Client.Refund].
//
// Facts: Banco Central do Brasil, API Pix 2.9.0 (openapi.yaml); RFC 8705 (tokens
// bound to a certificate); the rules R1 to R12 of docs/architecture.md.
package psp

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"balcao/sync/transport"
	"balcao/terminal/payment/pix"
)

// CallTimeout bounds one call for a [Config] that names none: what a customer with a
// telephone in hand waits without asking. Every call here can be made again.
const CallTimeout = 10 * time.Second

const (
	// tokenPath is where a bank that names no other place gives tokens.
	tokenPath = "/oauth/token"
	// scopes are what the operations of this package need. Source: API Pix, securitySchemes.
	scopes = "cob.write cob.read pix.write pix.read"
	// renewAtShare lets a token go at four fifths of its life, however long that is:
	// banks count calls for tokens, and give an hour.
	renewAtShare = 24 * time.Hour
	// peer is who is called, in logs and errors.
	peer = "the bank"
)

// Dialect is how banks give tokens and write refusals, for the transport of this
// package. An empty token path is /oauth/token; the prefix of the operations is not
// put before it.
func Dialect(path string) transport.Dialect {
	if path == "" {
		path = tokenPath
	}
	return transport.Dialect{Peer: peer, TokenPath: path, TokenScope: scopes, RenewBefore: renewAtShare, ReadProblem: readProblem}
}

// A Config says who receives the money.
type Config struct {
	Transport *transport.Client // with the [Dialect] of this package
	Prefix    string            // path before the operations, as /v2; empty for none
	Key       string            // the shop's Pix key; every charge must be for it
	// Merchant and City are written into codes of banks that answer only a location
	// (API Pix before 2.6); without them such an answer is none. They are folded.
	Merchant string
	City     string

	CallTimeout time.Duration // of one call; zero means [CallTimeout]
	Log         *slog.Logger  // nil means none
}

// A Client speaks with one bank for one receiver. It is safe for use by several
// goroutines.
type Client struct {
	config Config
	log    *slog.Logger
}

// New is a client over a transport, which stays its owner's to close. It refuses a key
// that is none and a prefix that is no path.
func New(config Config) (*Client, error) {
	if _, err := pix.KindOf(config.Key); err != nil {
		return nil, fmt.Errorf("set up Pix: %w", err)
	}
	config.Prefix = strings.TrimSuffix(config.Prefix, "/")
	if config.Prefix != "" && !strings.HasPrefix(config.Prefix, "/") {
		return nil, fmt.Errorf("set up Pix: prefix %q is not like /v2", config.Prefix)
	}
	if config.Transport == nil {
		return nil, errors.New("set up Pix: no transport")
	}
	if config.CallTimeout == 0 {
		config.CallTimeout = CallTimeout
	}
	config.Merchant, config.City = pix.Fold(config.Merchant, pix.MerchantMax), pix.Fold(config.City, pix.CityMax)
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{config: config, log: config.Log}, nil
}

// request is one call of an operation.
func (c *Client) request(method, path string, body any) (transport.Request, error) {
	request := transport.Request{Method: method, Path: c.config.Prefix + path, Timeout: c.config.CallTimeout}
	if body == nil {
		return request, nil
	}
	var err error
	request.Body, err = json.Marshal(body)
	return request, err
}

// unsent is the silence of a call that was not made, because it could not be meant.
func unsent(cause error) *transport.Silence { return &transport.Silence{Cause: cause} }

// nonsense is an answer that is about something else than what was asked: as good as
// none.
func nonsense(answer transport.Answer, cause error) *transport.Silence {
	return &transport.Silence{Sent: true, Status: answer.Status, Cause: fmt.Errorf("the answer is no good: %w", cause)}
}

// decode reads an answer's body.
func decode(answer transport.Answer, into any) error {
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return nonsense(answer, err)
	}
	return nil
}

// finalRefusal is the bank's own and last word about a request, or nil.
func finalRefusal(err error) *transport.Problem {
	var problem *transport.Problem
	if errors.As(err, &problem) && problem.Final() {
		return problem
	}
	return nil
}

// notFound says that the bank itself does not know what was asked for.
func notFound(err error) bool {
	problem := finalRefusal(err)
	return problem != nil && problem.Status == http.StatusNotFound
}

// neverSent says that no byte of a call left the till.
func neverSent(err error) bool {
	var silence *transport.Silence
	return errors.As(err, &silence) && !silence.Sent
}

// wanted is the wait that an answer asked for, zero for none.
func wanted(err error) time.Duration {
	var problem *transport.Problem
	var silence *transport.Silence
	switch {
	case errors.As(err, &problem):
		return problem.RetryAfter
	case errors.As(err, &silence):
		return silence.RetryAfter
	}
	return 0
}
