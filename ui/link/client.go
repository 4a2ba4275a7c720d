package link

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"balcao/terminal/snapshot"
)

// Times of the screen's end. A try that is not answered is told again under the
// same id; the longest command waits for a disk, not for a host.
const (
	dialTimeout  = time.Second
	askTimeout   = 2 * time.Second
	doTimeout    = 15 * time.Second
	retryFirst   = 50 * time.Millisecond
	retryLongest = time.Second
	leaseRetry   = 250 * time.Millisecond
	followRetry  = 200 * time.Millisecond
)

// ErrForbidden says that the till does not speak with this user.
var ErrForbidden = errors.New("the till does not speak with this user")

// snapshotMaxBytes bounds one event: a cart of 990 lines takes about a third.
const snapshotMaxBytes = 1 << 20

// Client is a screen's end of the socket. Its methods may be called from several
// goroutines; commands are meant to be told one after the other.
type Client struct {
	web    *http.Client
	screen string
	token  atomic.Pointer[string]
}

// Dial makes the screen's end of the socket at path. It opens nothing yet: a
// till that is not there is asked again with each call.
func Dial(path string) *Client {
	return DialWith(func(ctx context.Context) (net.Conn, error) {
		dialer := net.Dialer{Timeout: dialTimeout}
		return dialer.DialContext(ctx, "unix", path)
	})
}

// DialWith makes the screen's end over connections that dial opens.
func DialWith(dial func(context.Context) (net.Conn, error)) *Client {
	return &Client{
		screen: string(NewRequestID()),
		web: &http.Client{Transport: &http.Transport{
			DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			DisableCompression: true,
		}},
	}
}

// Close lets idle connections go.
func (c *Client) Close() { c.web.CloseIdleConnections() }

// base is the address behind the socket; the name is for the Host header alone.
const base = "http://till/v1/"

// Snapshot asks for the newest snapshot.
func (c *Client) Snapshot(ctx context.Context) (snapshot.Cashier, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var newest snapshot.Cashier
	_, err := c.call(ctx, http.MethodGet, "snapshot", nil, &newest)
	return newest, err
}

// Lease asks to be in command, or to stay so. The token that comes back goes
// into every later command by itself.
func (c *Client) Lease(ctx context.Context, takeOver bool) (Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var lease Lease
	if _, err := c.call(ctx, http.MethodPost, "lease", LeaseRequest{ScreenID: c.screen, TakeOver: takeOver}, &lease); err != nil {
		return Lease{}, err
	}
	c.token.Store(&lease.Token)
	return lease, nil
}

// KeepLease asks for the lease every [LeaseBeat] and reports each answer, until
// ctx ends. A till that does not answer is reported as an error and asked again
// sooner.
func (c *Client) KeepLease(ctx context.Context, report func(Lease, error)) {
	for {
		lease, err := c.Lease(ctx, false)
		if ctx.Err() != nil {
			return
		}
		report(lease, err)
		wait := LeaseBeat
		if err != nil {
			wait = leaseRetry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Do tells a command until it is answered, always under the same request id, so
// that a till which did it before a crash says so. It fails only when ctx ends or
// the till does not understand the command. A refusal is a [Reply].
func (c *Client) Do(ctx context.Context, command Command) (Reply, error) {
	wait := retryFirst
	for leased := false; ; {
		reply, status, err := c.try(ctx, command)
		switch {
		case err == nil && status == http.StatusForbidden && !leased:
			// A till that was restarted knows no lease; the command may have been
			// done before, so it is told again before it counts as refused.
			leased = true
			if lease, asked := c.Lease(ctx, false); asked == nil && lease.Holder {
				continue
			}
			return reply, nil
		case err == nil:
			return reply, nil
		case status == http.StatusBadRequest, errors.Is(err, ErrForbidden):
			return Reply{}, fmt.Errorf("do %v: %w", command, err)
		}
		select {
		case <-ctx.Done():
			return Reply{}, fmt.Errorf("do %v: %w", command, errors.Join(ctx.Err(), err))
		case <-time.After(wait):
		}
		wait = min(2*wait, retryLongest)
		leased = false
	}
}

func (c *Client) try(ctx context.Context, command Command) (Reply, int, error) {
	ctx, cancel := context.WithTimeout(ctx, doTimeout)
	defer cancel()
	if token := c.token.Load(); token != nil {
		command.Lease = *token
	}
	var reply Reply
	status, err := c.call(ctx, http.MethodPost, "commands", command, &reply)
	return reply, status, err
}

// call does one request. A body that is no answer of the contract is an error.
func (c *Client) call(ctx context.Context, method, path string, body, into any) (int, error) {
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return 0, fmt.Errorf("ask the till for %s: %w", path, err)
		}
		sent = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, base+path, sent)
	if err != nil {
		return 0, fmt.Errorf("ask the till for %s: %w", path, err)
	}
	response, err := c.web.Do(request)
	if err != nil {
		return 0, fmt.Errorf("ask the till for %s: %w", path, err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, snapshotMaxBytes))
	if err != nil {
		return 0, fmt.Errorf("read the till's %s: %w", path, err)
	}
	// A refused lease comes as a Reply, whose error is no string and no problem.
	var refused problem
	if response.StatusCode != http.StatusOK && json.Unmarshal(data, &refused) == nil && refused.Error != "" {
		return response.StatusCode, fmt.Errorf("ask the till for %s: %w", path, problemError(response.StatusCode, refused))
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusForbidden {
		return response.StatusCode, fmt.Errorf("ask the till for %s: status %d", path, response.StatusCode)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return response.StatusCode, fmt.Errorf("read the till's %s: %w", path, err)
	}
	return response.StatusCode, nil
}

func problemError(status int, refused problem) error {
	if status == http.StatusForbidden {
		return fmt.Errorf("%w: %s", ErrForbidden, refused.Error)
	}
	return errors.New(refused.Error)
}

// Events follows the till's snapshots with a Number above after and calls see
// with each, until the stream breaks or ctx ends; it always answers why. A
// screen that comes back begins at zero again: a till that was restarted may
// count from the start, and a snapshot is whole.
func (c *Client) Events(ctx context.Context, after uint64, see func(snapshot.Cashier)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	address := base + "events?screen=" + c.screen + "&after=" + strconv.FormatUint(after, 10)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("follow the till: %w", err)
	}
	silence := time.AfterFunc(eventSilence, func() { cancel(fmt.Errorf("silent for %v", eventSilence)) })
	defer silence.Stop()
	response, err := c.web.Do(request)
	if err != nil {
		return fmt.Errorf("follow the till: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("follow the till: status %d", response.StatusCode)
	}
	if err := readEvents(response.Body, func() { silence.Reset(eventSilence) }, see); err != nil {
		return fmt.Errorf("follow the till: %w", errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

// Follow keeps the event stream open until ctx ends: it calls see with each
// snapshot, and lost whenever the stream breaks or cannot be opened. Why changes
// nothing for whoever watches.
func (c *Client) Follow(ctx context.Context, see func(snapshot.Cashier), lost func()) {
	for ctx.Err() == nil {
		_ = c.Events(ctx, 0, see)
		lost()
		select {
		case <-ctx.Done():
		case <-time.After(followRetry):
		}
	}
}

// readEvents reads an event stream: fields, a blank line ends an event, a line
// that begins with a colon is a sign of life.
func readEvents(stream io.Reader, alive func(), see func(snapshot.Cashier)) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 64<<10), snapshotMaxBytes)
	for lines.Scan() {
		alive()
		data, isData := strings.CutPrefix(lines.Text(), "data:")
		if !isData {
			continue
		}
		var one snapshot.Cashier
		if err := json.Unmarshal([]byte(data), &one); err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		see(one)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	return io.EOF
}
