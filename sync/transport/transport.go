// Package transport carries calls to the central payment API, and to other services
// that speak likewise: mutual TLS, a token bound to the certificate, time-outs, and
// the difference between an answer and silence.
//
// It does not know what it carries, waits for nothing between two calls and repeats
// nothing but a call whose token had run out. A call ends in an [Answer], in a
// [*Problem] (central refused, in the contract's words) or in a [*Silence] (nothing
// that the contract knows came back). No body, header or token is ever logged or
// part of an error. Start with [New], then [Client.Do].
//
// One trap of net/http is not ours to close: when a connection that was used before
// dies, a request with an Idempotency-Key header is silently sent again on a new
// one. That is safe only because every key of ours is made once, stored, and never
// used for anything else; count attempts at the server, not at the caller.
//
// Facts: RFC 8446 and RFC 8705 (certificates and tokens bound to them), RFC 6749
// section 4.4 (client credentials), RFC 9457 (problems), RFC 9110 section 10.2.3
// (Retry-After).
package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// Time-outs, for a [Config] that names none.
const (
	// ConnectTimeout bounds the name look-up and the TCP handshake, and once more the
	// TLS handshake: a store's line that needs longer is as good as down.
	ConnectTimeout = 5 * time.Second
	// AnswerTimeout bounds a whole call, token and connection included. A call that
	// waits for a bank brings its own.
	AnswerTimeout = 15 * time.Second
)

const (
	// idleTimeout is shorter than that of any router's address table, so that a call
	// does not start on a connection that the network has forgotten.
	idleTimeout = 30 * time.Second
	// connectionsMax bounds the connections to central: one for each kind of call that
	// a till makes side by side, and some to spare while one is silent.
	connectionsMax = 8
	// headBytesMax bounds the head of an answer; ours have a dozen short fields.
	headBytesMax = 64 << 10
	// answerBytesMax bounds an answer; a result for each of the contract's 500 records
	// of a batch, problems included, fits.
	answerBytesMax = 1 << 20
)

// userAgent names the till to central; some gateways refuse the library's own.
const userAgent = "balcao"

// A Config says where central is and who the till is there.
type Config struct {
	BaseURL         string // https, without a path
	CertificateFile string // PEM, the till's certificate with its chain; empty like KeyFile only to enrol
	KeyFile         string // PEM; refused when others than its owner may read it
	CAFile          string // PEM; the only authorities that central's certificate may come from
	ClientID        string // sent with the request for a token; empty leaves it out
	SecretFile      string // of the client, sent with its id as RFC 6749, section 2.3.1, wants; refused like KeyFile; empty for none

	Dialect Dialect // zero is that of central's contract

	ConnectTimeout time.Duration // zero means [ConnectTimeout]
	AnswerTimeout  time.Duration // zero means [AnswerTimeout]

	// OnSkew, if set, is told after each answer of central how far central's clock is
	// ahead of the till's (negative: behind). Central writes whole seconds and the
	// answer takes its time, so the figure is good to a second or two.
	OnSkew func(skew time.Duration)
	// OnCall, if set, is told after each call how it ended: nil, a [*Problem] or a
	// [*Silence]. It must not block.
	OnCall func(err error)
	Log    *slog.Logger // nil means none
}

// A Dialect is what the contract of another service does otherwise than central's.
// Its zero value is central's own.
type Dialect struct {
	Peer        string        // who is called, in logs and errors; empty means central
	TokenPath   string        // empty means central's
	TokenScope  string        // separated by spaces; empty means central's
	RenewBefore time.Duration // a token is renewed so long before it ends, or when a fifth of its life is left if that is sooner; zero means a minute
	// ReadProblem reads a refusal in application/problem+json and answers nil for one
	// that is not of the contract; nil reads central's.
	ReadProblem func(status int, body []byte) *Problem
}

// complete fills what is not given with central's own.
func (d *Dialect) complete() {
	if d.Peer == "" {
		d.Peer = peerCentral
	}
	if d.TokenPath == "" {
		d.TokenPath = tokenPath
	}
	if d.TokenScope == "" {
		d.TokenScope = tokenScope
	}
	if d.RenewBefore == 0 {
		d.RenewBefore = renewBefore
	}
	if d.ReadProblem == nil {
		d.ReadProblem = readProblem
	}
}

// peerCentral is who is called when nobody else is named.
const peerCentral = "central"

// A Client carries calls to one central. It is safe for use by several goroutines.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
	tokens *tokens
	log    *slog.Logger
}

// New reads certificate, key and authorities, and connects to nothing yet.
func New(config Config) (*Client, error) {
	config.Dialect.complete()
	base, err := url.Parse(config.BaseURL)
	if err != nil || base.Scheme != "https" || base.Host == "" || base.Path != "" && base.Path != "/" {
		return nil, fmt.Errorf("reach %s: %q is not like https://%[1]s.example.com", config.Dialect.Peer, config.BaseURL)
	}
	security, err := loadTLS(config.CertificateFile, config.KeyFile, config.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", config.Dialect.Peer, err)
	}
	secret, err := loadSecret(config.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", config.Dialect.Peer, err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = ConnectTimeout
	}
	if config.AnswerTimeout == 0 {
		config.AnswerTimeout = AnswerTimeout
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	client := &Client{config: config, base: base, http: newHTTP(config, security), log: config.Log}
	client.tokens = newTokens(client, secret)
	return client, nil
}

// newHTTP is a client that follows no redirect (central sends none, a captive portal
// does), uses no proxy of the environment, and speaks HTTP/1.1: there a call that
// falls silent costs its own connection and no other call's.
func newHTTP(config Config, security *tls.Config) *http.Client {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: config.ConnectTimeout}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        security,
			TLSHandshakeTimeout:    config.ConnectTimeout,
			MaxIdleConnsPerHost:    connectionsMax,
			MaxConnsPerHost:        connectionsMax,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: headBytesMax,
			DisableCompression:     true, // the limit of an answer is that of what is read
			Protocols:              protocols,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close lets idle connections go. Calls under way are not touched.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// A Request is one call.
type Request struct {
	Method       string
	Path         string        // begins with a slash; may have a query
	Header       http.Header   // canonical names, besides what every call has; nil for none
	Body         []byte        // JSON, sent as it is; nil for none
	WithoutToken bool          // for an operation that is open to all, or to all with a certificate
	Timeout      time.Duration // of the whole call, its token included
}

// An Answer is a good one: a 2xx with a JSON body, whole.
type Answer struct {
	Status int
	Body   []byte
	Date   time.Time // by the clock of who answered, in whole seconds; zero when it gave none
}

// Do makes one call and waits for its answer, at most for the request's time-out
// (zero means that of the config). Its errors are [*Problem] or [*Silence], possibly
// wrapped. A 401 is met once with a new token.
func (c *Client) Do(ctx context.Context, request Request) (Answer, error) {
	timeout := request.Timeout
	if timeout == 0 {
		timeout = c.config.AnswerTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if request.WithoutToken {
		return c.exchange(ctx, request, "")
	}
	token, err := c.tokens.get(ctx)
	if err != nil {
		return Answer{}, unsentFor(err)
	}
	answer, err := c.exchange(ctx, request, token)
	if !turnedAway(err) {
		return answer, err
	}
	c.tokens.drop(token)
	if token, renewErr := c.tokens.get(ctx); renewErr == nil {
		return c.exchange(ctx, request, token)
	}
	return Answer{}, err // the 401 says more than that no other token was to be had
}

// turnedAway says that the token was not taken, in whatever form: services that check
// tokens at their gate answer in the gate's words.
func turnedAway(err error) bool {
	var problem *Problem
	var silence *Silence
	return errors.As(err, &problem) && problem.Status == http.StatusUnauthorized ||
		errors.As(err, &silence) && silence.Status == http.StatusUnauthorized
}

// unsentFor says that a call was not made because there was no token. What central
// answered about the token is no answer to the call, so a problem is not wrapped.
func unsentFor(err error) *Silence {
	silence := &Silence{Cause: fmt.Errorf("get a token: %w", err)}
	var problem *Problem
	var inner *Silence
	switch {
	case errors.As(err, &problem):
		silence.Cause = errors.New("get a token: " + problem.Error())
		silence.RetryAfter = problem.RetryAfter
	case errors.As(err, &inner):
		silence.RetryAfter = inner.RetryAfter
	}
	return silence
}

// exchange makes one call with one token, and reads what came back.
func (c *Client) exchange(ctx context.Context, request Request, token string) (Answer, error) {
	started := time.Now()
	status, answer, err := c.send(ctx, request, token)
	level := slog.LevelDebug
	var silence *Silence
	if errors.As(err, &silence) && silence.Status != 0 {
		level = slog.LevelWarn // something stands between the till and its peer
	}
	c.log.Log(ctx, level, "call to "+c.config.Dialect.Peer, "method", request.Method, "path", request.Path,
		"status", status, "took", time.Since(started).Round(time.Millisecond), "error", err)
	if c.config.OnCall != nil {
		c.config.OnCall(err)
	}
	return answer, err
}

func (c *Client) send(ctx context.Context, request Request, token string) (int, Answer, error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// A connection is got after its TLS handshake: before that, not a byte of the
		// request can have left; from then on, any may have.
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	call, err := c.build(ctx, request, token)
	if err != nil {
		return 0, Answer{}, &Silence{Cause: err}
	}
	sent := time.Now()
	response, err := c.http.Do(call)
	if err != nil {
		return 0, Answer{}, &Silence{Sent: connected.Load(), Cause: withoutURL(err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerBytesMax+1))
	switch {
	case err != nil:
		return response.StatusCode, Answer{}, &Silence{Sent: true, Cause: fmt.Errorf("read answer: %w", err)}
	case len(body) > answerBytesMax:
		return response.StatusCode, Answer{}, &Silence{Sent: true, Cause: fmt.Errorf("read answer: more than %d bytes", answerBytesMax)}
	}
	answer, err := c.judge(response, body)
	if c.config.OnSkew != nil && !isSilence(err) {
		c.observe(response.Header.Get("Date"), sent)
	}
	return response.StatusCode, answer, err
}

func (c *Client) build(ctx context.Context, request Request, token string) (*http.Request, error) {
	address, err := c.base.Parse(request.Path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", request.Path, err)
	}
	var body io.Reader
	if request.Body != nil {
		body = bytes.NewReader(request.Body)
	}
	call, err := http.NewRequestWithContext(ctx, request.Method, address.String(), body)
	if err != nil {
		return nil, err
	}
	maps.Copy(call.Header, request.Header)
	call.Header.Set("Accept", mediaJSON+", "+mediaProblem)
	call.Header.Set("User-Agent", userAgent)
	if request.Body != nil && call.Header.Get("Content-Type") == "" {
		call.Header.Set("Content-Type", mediaJSON)
	}
	if token != "" {
		call.Header.Set("Authorization", "Bearer "+token)
	}
	return call, nil
}

// observe tells how far central's clock is ahead. The moment of the answer is taken
// as the middle of the call, and of central's whole second the middle too.
func (c *Client) observe(date string, sent time.Time) {
	server, err := http.ParseTime(date)
	if err != nil {
		return
	}
	now := time.Now()
	middle := sent.Add(now.Sub(sent) / 2)
	c.config.OnSkew(server.Add(time.Second / 2).Sub(middle))
}

// withoutURL takes the address out of the library's error: the caller names the call.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
