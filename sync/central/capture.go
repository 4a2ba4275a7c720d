package central

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/journal"
	"balcao/terminal/money"
)

// kindCapture is the contract's record of a capture. Its body is the contract's Capture.
const kindCapture journal.Kind = "capture"

// Captured is what central has taken of a payment that was authorised by hand.
type Captured struct {
	Amount money.Cents        // in all, by every capture so far
	State  wire.PaymentStatus // authorised while more may be captured
}

// Capture tells a capture once and answers what central has taken since. The same entry
// again is the same capture. Its errors are those of [Client.Forward].
func (c *Client) Capture(ctx context.Context, entry Entry) (Captured, error) {
	entry.Kind = kindCapture
	answer, err := c.tell(ctx, entry)
	var captured Captured
	if err == nil {
		captured, err = readCapture(answer, entry)
	}
	if err != nil {
		return Captured{}, fmt.Errorf("capture payment %s: %w", entry.Target, err)
	}
	return captured, nil
}

// readCapture wants the right payment, taken as far as the entry says at least.
func readCapture(answer transport.Answer, entry Entry) (Captured, error) {
	var told struct {
		Amount *money.Cents `json:"amount"`
		Final  *bool        `json:"final"`
	}
	if err := json.Unmarshal(entry.Body, &told); err != nil {
		return Captured{}, fmt.Errorf("read the capture: %w", err)
	}
	got, err := readPayment(answer, entry.Target)
	if err != nil {
		return Captured{}, err
	}
	captured := Captured{State: got.Status}
	if got.Captured != nil && got.Captured.Currency == money.Currency {
		captured.Amount = money.Cents(got.Captured.Amount)
	}
	if told.Amount != nil && captured.Amount < *told.Amount {
		return Captured{}, nonsense(answer, "%d captured of %d", captured.Amount, *told.Amount)
	}
	partial := told.Final != nil && !*told.Final && got.Status == wire.PaymentStatusAuthorised
	if !partial && !slices.Contains(confirmed, got.Status) {
		return Captured{}, nonsense(answer, "a capture of a payment that is %s", got.Status)
	}
	return captured, nil
}

// readCaptured acknowledges a capture that central has taken.
func readCaptured(answer transport.Answer, entry Entry) (Forwarded, error) {
	captured, err := readCapture(answer, entry)
	if err != nil {
		return Forwarded{}, err
	}
	return Forwarded{Acknowledged: true, State: string(captured.State)}, nil
}
