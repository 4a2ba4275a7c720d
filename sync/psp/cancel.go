package psp

import (
	"context"
	"fmt"
	"net/http"

	"balcao/terminal/payment/pix"
)

// Outcome is how a cancellation ended.
type Outcome int

// The outcomes. Only the first is to be tried again.
const (
	Unresolved    Outcome = iota // not acknowledged, or not confirmed by a second look
	Cancelled                    // nobody can pay this id any more; final
	PaidMeanwhile                // the customer was faster: refund it, or take it
)

// String names the outcome, for logs and test failures.
func (o Outcome) String() string {
	return [...]string{"unresolved", "cancelled", "paid meanwhile"}[o]
}

// A Cancellation is an outcome and the look that proved it.
type Cancellation struct {
	Outcome Outcome
	Inquiry Inquiry
}

// Cancel ends a charge for good: PATCH /cob/{txid} with the status
// REMOVIDA_PELO_USUARIO_RECEBEDOR, then GET /cob/{txid}, whose word counts. The undo
// must be durable before (R6); Unresolved is to be repeated until it is not.
//
// An id that the bank does not know is made first and removed then, so that a request
// still on its way finds it taken (R4): that is why the charge is needed, as it was
// sent. A bank that finally refuses to make it, and goes on not knowing it, will refuse
// the late one as well; no code of it was ever answered, so it counts as cancelled.
func (c *Client) Cancel(ctx context.Context, charge Charge) Cancellation {
	var refusal error
	for range putsMax {
		removal := c.remove(ctx, charge)
		if wait := wanted(removal); wait > 0 {
			detail := fmt.Sprintf("remove charge %s: %v", charge.ID, removal)
			return Cancellation{Unresolved, Inquiry{RetryAfter: wait, Detail: detail, Err: removal}}
		}
		inquiry, _ := c.inquire(ctx, charge.ID, charge.Amount)
		if removal != nil {
			inquiry.Detail = fmt.Sprintf("remove charge %s: %v; %s", charge.ID, removal, inquiry.Detail)
		}
		switch inquiry.Standing {
		case Removed:
			return Cancellation{Cancelled, inquiry}
		case Paid:
			return Cancellation{PaidMeanwhile, inquiry}
		case NotFound:
			if refusesContent(refusal) {
				return Cancellation{Cancelled, inquiry}
			}
		default:
			return Cancellation{Unresolved, inquiry}
		}
		if refusal = c.plant(ctx, charge); refusal != nil && finalRefusal(refusal) == nil {
			inquiry.Detail = fmt.Sprintf("plant charge %s: %v", charge.ID, refusal)
			return Cancellation{Unresolved, inquiry}
		}
	}
	return Cancellation{Outcome: Unresolved, Inquiry: Inquiry{Detail: fmt.Sprintf("plant charge %s: not known yet: %v", charge.ID, refusal), Err: refusal}}
}

// refusesContent says that the bank will never take a charge that says this. A refusal
// of who asks (403) may be lifted, and the late request taken.
func refusesContent(err error) bool {
	problem := finalRefusal(err)
	return problem != nil && (problem.Status == http.StatusBadRequest || problem.Status == http.StatusUnprocessableEntity)
}

// plant makes a charge only to have something to remove. Its code is not looked at.
func (c *Client) plant(ctx context.Context, charge Charge) error {
	request, err := c.putRequest(charge)
	if err != nil {
		return unsent(err)
	}
	answer, err := c.config.Transport.Do(ctx, request)
	if err != nil {
		return err
	}
	_, err = c.readCharge(answer, string(charge.ID), charge.Amount)
	return err
}

// remove asks for the removal and answers what stood against it. An acknowledgement
// counts only together with the look that follows.
func (c *Client) remove(ctx context.Context, charge Charge) error {
	if err := pix.CheckTxID(string(charge.ID)); err != nil {
		return unsent(err)
	}
	request, err := c.request(http.MethodPatch, chargePath(charge.ID), removeRequest{statusRemoved})
	if err != nil {
		return unsent(err)
	}
	answer, err := c.config.Transport.Do(ctx, request)
	if err != nil {
		return err
	}
	got, err := c.readCharge(answer, string(charge.ID), charge.Amount)
	if err == nil && got.Status != statusRemoved {
		err = nonsense(answer, fmt.Errorf("a charge just removed is %s", got.Status))
	}
	return err
}
