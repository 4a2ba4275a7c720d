// Package central is the till's side of the central payment API: the operations of
// the contract that a till uses, and what their answers mean.
//
// It keeps nothing, repeats nothing and decides nothing; package outbox decides when
// to send, the core what an answer leads to. What matters here is that nothing but a
// typed answer about exactly the thing asked for counts as one: everything else is
// silence, and silence is never a decline (R3). Start with [New], then
// [Client.Authorise] and [Client.Forward].
//
// Facts: sync/wire/openapi.yaml; the rules R1 to R12 of docs/architecture.md.
package central

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"balcao/sync/transport"
	"balcao/sync/wire"
)

// Time-outs, for a [Config] that names none.
const (
	// AuthoriseTimeout bounds the wait for a bank's answer. An issuer that needs longer
	// has left the customer standing, and the inquiry that follows finds out.
	AuthoriseTimeout = 40 * time.Second
	// InquireTimeout bounds one question about an attempt; it can be asked again.
	InquireTimeout = 10 * time.Second
	// ForwardTimeout bounds one try at a confirm, an undo or a session.
	ForwardTimeout = 15 * time.Second
	// BatchTimeout bounds one batch: 256 KiB on a store's slowest line, and the answer.
	BatchTimeout = 60 * time.Second
	// ReportTimeout bounds one report, which may list a day's orders: as long as a batch.
	ReportTimeout = 60 * time.Second
)

// A Config says who the till is and how long it waits; zero time-outs mean the
// constants of their names.
type Config struct {
	TerminalID string
	Transport  *transport.Client

	OrderTimeout     time.Duration // zero means [transport.AnswerTimeout]
	AuthoriseTimeout time.Duration
	InquireTimeout   time.Duration
	ForwardTimeout   time.Duration
	BatchTimeout     time.Duration
	ReportTimeout    time.Duration
	Log              *slog.Logger // nil means none
}

// A Client speaks with one central for one till. It is safe for use by several
// goroutines.
type Client struct {
	config Config
	log    *slog.Logger
}

// New is a client over a transport, which stays its owner's to close.
func New(config Config) *Client {
	for _, timeout := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&config.OrderTimeout, transport.AnswerTimeout},
		{&config.AuthoriseTimeout, AuthoriseTimeout},
		{&config.InquireTimeout, InquireTimeout},
		{&config.ForwardTimeout, ForwardTimeout},
		{&config.BatchTimeout, BatchTimeout},
		{&config.ReportTimeout, ReportTimeout},
	} {
		if *timeout.value == 0 {
			*timeout.value = timeout.otherwise
		}
	}
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Client{config: config, log: log}
}

// Status asks whether the payment system is active; it needs no token.
func (c *Client) Status(ctx context.Context) (wire.Status, error) {
	var status wire.Status
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodGet, Path: "/v1/status", WithoutToken: true, Timeout: c.config.InquireTimeout,
	})
	if err == nil {
		err = decode(answer, &status)
	}
	if err == nil && !status.State.Valid() {
		err = nonsense(answer, "state %q", status.State)
	}
	if err != nil {
		return wire.Status{}, fmt.Errorf("ask status: %w", err)
	}
	return status, nil
}

// Watermark asks how far central has the facts of an epoch.
func (c *Client) Watermark(ctx context.Context, epoch string) (wire.Watermark, error) {
	var mark wire.Watermark
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodGet, Path: "/v1/sync/watermark?" + url.Values{"epoch": {epoch}}.Encode(),
		Timeout: c.config.InquireTimeout,
	})
	if err == nil {
		err = decode(answer, &mark)
	}
	if err == nil && (mark.Epoch != epoch || mark.AckedSeq < 0) {
		err = nonsense(answer, "epoch %q, seq %d", mark.Epoch, mark.AckedSeq)
	}
	if err != nil {
		return wire.Watermark{}, fmt.Errorf("ask watermark of epoch %s: %w", epoch, err)
	}
	return mark, nil
}

// decode reads an answer of the contract.
func decode(answer transport.Answer, into any) error {
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return &transport.Silence{Sent: true, Status: answer.Status, Cause: fmt.Errorf("read answer: %w", err)}
	}
	return nil
}

// nonsense is an answer that is about something else than what was asked: as good as
// none.
func nonsense(answer transport.Answer, format string, values ...any) error {
	return &transport.Silence{
		Sent: true, Status: answer.Status,
		Cause: fmt.Errorf("the answer is about something else: "+format, values...),
	}
}
