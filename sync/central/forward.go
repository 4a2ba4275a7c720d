package central

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// An Entry is a stored fact that central is owed as a live call. Its body is sent as
// the bytes that were stored.
type Entry struct {
	Kind   journal.Kind // confirmation, reversal, capture, refund, session_open or session_close
	ID     ident.ID     // of the fact: the idempotency key, or a refund's own id; of a session's opening, the session's own id
	Target ident.ID     // the payment; of a session, the session
	Body   []byte
}

// Forwarded is what a good answer says of an entry. Only an acknowledged one is
// settled (I8); a good answer that acknowledges nothing (queued, another state) means
// that the entry is sent again.
type Forwarded struct {
	Acknowledged bool
	State        string // central's word for the payment or session
}

// A forwarding is how the facts of one kind are sent and acknowledged.
type forwarding struct {
	method string
	path   func(Entry) string
	read   func(transport.Answer, Entry) (Forwarded, error)
}

var forwardings = map[journal.Kind]forwarding{
	journal.Confirmation{}.Kind(): {http.MethodPost, func(e Entry) string { return paymentPath(e.Target) + "/confirmations" }, readConfirmed},
	journal.Reversal{}.Kind():     {http.MethodPost, func(e Entry) string { return paymentPath(e.Target) + "/reversals" }, readReversed},
	kindCapture:                   {http.MethodPost, func(e Entry) string { return paymentPath(e.Target) + "/captures" }, readCaptured},
	kindRefund:                    {http.MethodPut, refundPath, readRefunded},
	journal.SessionOpen{}.Kind():  {http.MethodPut, sessionPath, readOpened},
	journal.SessionClose{}.Kind(): {http.MethodPut, sessionPath, readClosed},
}

func sessionPath(entry Entry) string { return "/v1/sessions/" + string(entry.Target) }

// Forward sends an entry once. The same entry may be sent any number of times: its id
// makes the second the same as the first.
func (c *Client) Forward(ctx context.Context, entry Entry) (Forwarded, error) {
	how, known := forwardings[entry.Kind]
	if !known {
		return Forwarded{}, fmt.Errorf("forward %s %s: no live call tells this kind", entry.Kind, entry.ID)
	}
	answer, err := c.tell(ctx, entry)
	var forwarded Forwarded
	if err == nil {
		forwarded, err = how.read(answer, entry)
	}
	if err != nil {
		return Forwarded{}, fmt.Errorf("forward %s %s: %w", entry.Kind, entry.ID, err)
	}
	if !forwarded.Acknowledged {
		c.log.Warn("central does not acknowledge", "kind", entry.Kind, "id", entry.ID, "status", answer.Status, "state", forwarded.State)
	}
	return forwarded, nil
}

// tell sends an entry of a known kind to where its kind goes.
func (c *Client) tell(ctx context.Context, entry Entry) (transport.Answer, error) {
	how := forwardings[entry.Kind]
	request := transport.Request{Method: how.method, Path: how.path(entry), Body: entry.Body, Timeout: c.config.ForwardTimeout}
	if how.method == http.MethodPost {
		request.Header = http.Header{"Idempotency-Key": {string(entry.ID)}}
	}
	return c.config.Transport.Do(ctx, request)
}

// confirmed are the states of a payment whose confirm has been taken; what was
// refunded since had been captured.
var confirmed = []wire.PaymentStatus{
	wire.PaymentStatusCaptured, wire.PaymentStatusPartiallyRefunded, wire.PaymentStatusRefunded,
}

// undone are the states of a payment that holds no money and never will (I3). The undo
// of a payment that the bank had declined finds it declined, and leaves it so.
var undone = []wire.PaymentStatus{
	wire.PaymentStatusReversed, wire.PaymentStatusDeclined, wire.PaymentStatusFailed, wire.PaymentStatusExpired,
}

func readConfirmed(answer transport.Answer, entry Entry) (Forwarded, error) {
	return readStep(answer, entry, confirmed)
}

func readReversed(answer transport.Answer, entry Entry) (Forwarded, error) {
	return readStep(answer, entry, undone)
}

// readStep wants the right payment in one of the states, and 200: 202 is only queued.
func readStep(answer transport.Answer, entry Entry, states []wire.PaymentStatus) (Forwarded, error) {
	got, err := readPayment(answer, entry.Target)
	if err != nil {
		return Forwarded{}, err
	}
	return Forwarded{
		Acknowledged: answer.Status == http.StatusOK && slices.Contains(states, got.Status),
		State:        string(got.Status),
	}, nil
}

// readOpened wants the session known: one that is closed by now was opened before, and
// its opening may arrive behind its close.
func readOpened(answer transport.Answer, entry Entry) (Forwarded, error) {
	return readSession(answer, entry, []wire.SessionState{wire.SessionStateOpen, wire.SessionStateClosed})
}

func readClosed(answer transport.Answer, entry Entry) (Forwarded, error) {
	return readSession(answer, entry, []wire.SessionState{wire.SessionStateClosed})
}

// readSession wants the right session in one of the states.
func readSession(answer transport.Answer, entry Entry, states []wire.SessionState) (Forwarded, error) {
	var got wire.Session
	if err := decode(answer, &got); err != nil {
		return Forwarded{}, err
	}
	if got.SessionID != string(entry.Target) || !got.State.Valid() {
		return Forwarded{}, nonsense(answer, "session %q with state %q", got.SessionID, got.State)
	}
	return Forwarded{Acknowledged: slices.Contains(states, got.State), State: string(got.State)}, nil
}
