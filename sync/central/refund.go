package central

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
)

// kindRefund is the contract's record of a refund. Its body is the contract's
// RefundRequest; an entry's id is the refund's, its target the payment.
const kindRefund journal.Kind = "refund"

// Refunded is what central says of a refund.
type Refunded struct {
	Amount   money.Cents
	State    wire.RefundStatus // processing: the money is on its way, ask again
	ReturnID string            // of a Pix that went back, else empty
}

// Refund tells a refund once and answers how it is getting on. The same entry again is
// the same refund: after silence it is told again, never made anew. A
// [*transport.Problem] says that central gives nothing back: the payment has not so
// much left (amount-exceeds-due) or is not one to refund (not-refundable).
func (c *Client) Refund(ctx context.Context, entry Entry) (Refunded, error) {
	entry.Kind = kindRefund
	answer, err := c.tell(ctx, entry)
	var refunded Refunded
	if err == nil {
		refunded, err = readRefund(answer, entry.ID)
	}
	if err == nil {
		err = sameRefund(answer, entry, refunded)
	}
	if err != nil {
		return Refunded{}, fmt.Errorf("refund %s of payment %s: %w", entry.ID, entry.Target, err)
	}
	return refunded, nil
}

// GetRefund asks how a refund is getting on. That central does not know it says nothing
// about money: it may be on its way still, so it is told again.
func (c *Client) GetRefund(ctx context.Context, paymentID, refundID ident.ID) (Refunded, error) {
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodGet, Path: refundPath(Entry{ID: refundID, Target: paymentID}), Timeout: c.config.InquireTimeout,
	})
	var refunded Refunded
	if err == nil {
		refunded, err = readRefund(answer, refundID)
	}
	if err != nil {
		return Refunded{}, fmt.Errorf("ask refund %s of payment %s: %w", refundID, paymentID, err)
	}
	return refunded, nil
}

func refundPath(entry Entry) string {
	return paymentPath(entry.Target) + "/refunds/" + string(entry.ID)
}

// readRefund reads the refund that an answer is about, and insists on its id.
func readRefund(answer transport.Answer, id ident.ID) (Refunded, error) {
	var got wire.Refund
	if err := decode(answer, &got); err != nil {
		return Refunded{}, err
	}
	if got.RefundID != string(id) || !got.Status.Valid() || got.Amount.Currency != money.Currency || got.Amount.Amount <= 0 {
		return Refunded{}, nonsense(answer, "refund %q of %d with status %q", got.RefundID, got.Amount.Amount, got.Status)
	}
	return Refunded{Amount: money.Cents(got.Amount.Amount), State: got.Status, ReturnID: valueOf(got.ReturnID)}, nil
}

// sameRefund insists that central gave back what it was told to.
func sameRefund(answer transport.Answer, entry Entry, refunded Refunded) error {
	var told struct {
		Amount money.Cents `json:"amount"`
	}
	if err := json.Unmarshal(entry.Body, &told); err != nil {
		return fmt.Errorf("read the refund: %w", err)
	}
	if told.Amount != refunded.Amount {
		return nonsense(answer, "%d refunded, not %d", refunded.Amount, told.Amount)
	}
	return nil
}

// readRefunded acknowledges a refund whose money is back. One that is under way is told
// again, which asks for it; one that failed will always have failed, which is for a
// person to see as any other final refusal.
func readRefunded(answer transport.Answer, entry Entry) (Forwarded, error) {
	refunded, err := readRefund(answer, entry.ID)
	if err == nil {
		err = sameRefund(answer, entry, refunded)
	}
	if err == nil && refunded.State == wire.RefundStatusFailed {
		err = &transport.Problem{Status: http.StatusConflict, Code: wire.CodeNotRefundable, Detail: "the refund failed: the money has not gone back"}
	}
	if err != nil {
		return Forwarded{}, err
	}
	return Forwarded{Acknowledged: refunded.State == wire.RefundStatusSucceeded, State: string(refunded.State)}, nil
}
