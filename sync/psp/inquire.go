package psp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/payment/pix"
)

// Standing is what is known about a charge at its bank.
type Standing int

// The standings. An expired charge is refused by payers' banks, but its record stays
// open and money may be on its way: only [Client.Cancel] ends it for certain.
const (
	Unknown  Standing = iota // no answer about this charge and amount; it says nothing about money
	Waiting                  // open, the customer may pay
	Expired                  // open, but its time is over by the bank's own clock
	Paid                     // the money is the shop's; final
	Removed                  // by us or by the bank, unpaid; final
	NotFound                 // the bank does not know the id; it may yet arrive (R4)
)

// String names the standing, for logs and test failures.
func (s Standing) String() string {
	names := [...]string{"unknown", "waiting", "expired", "paid", "removed", "not found"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("standing %d", int(s))
}

// An Inquiry is what the bank answered about a charge.
type Inquiry struct {
	Standing   Standing
	EndToEndID string        // of the money, when paid: what a refund needs
	PaidAt     time.Time     // by the bank's clock, when paid
	ExpiresAt  time.Time     // by the bank's clock; zero when the charge is not known
	RetryAfter time.Duration // what the bank asked to wait before the next call; zero for none
	Detail     string        // for logs: operation, cause; nothing of a person
	Err        error         // of an Unknown or NotFound: why
}

// verdicts are what a standing says of an attempt. An expired charge is one whose
// undo is due, not one that is undone.
var verdicts = map[Standing]payment.Verdict{
	Waiting:  payment.Processing,
	Expired:  payment.Processing,
	Paid:     payment.Approved,
	Removed:  payment.Undone,
	NotFound: payment.NotFound,
}

// Answer is the inquiry in the words of an attempt's life. The endToEndId of a paid
// charge is its acquirer's NSU.
func (i Inquiry) Answer() payment.Answer {
	answer := payment.Answer{Verdict: verdicts[i.Standing], Detail: i.Detail}
	if i.Standing == Paid {
		answer.Result = payment.Result{Approved: true, HostReached: true, AcquirerNSU: i.EndToEndID}
	}
	return answer
}

// Inquire asks what became of a charge: GET /cob/{txid}. It is paid only if its status
// is CONCLUIDA and a receipt in it has its id and exactly its amount; one that is done
// without such a receipt contradicts itself and is unknown. Whether it has expired is
// reckoned from its calendar and the date of the same answer, so that the till's clock
// does not matter.
func (c *Client) Inquire(ctx context.Context, id ident.ID, amount money.Cents) Inquiry {
	inquiry, _ := c.inquire(ctx, id, amount)
	return inquiry
}

// inquire answers the charge itself as well, if there is one.
func (c *Client) inquire(ctx context.Context, id ident.ID, amount money.Cents) (Inquiry, found) {
	if err := pix.CheckTxID(string(id)); err != nil {
		return c.silent(id, unsent(err)), found{}
	}
	request, err := c.request(http.MethodGet, chargePath(id), nil)
	if err != nil {
		return c.silent(id, unsent(err)), found{}
	}
	answer, err := c.config.Transport.Do(ctx, request)
	if err != nil {
		return c.silent(id, err), found{}
	}
	got, err := c.readCharge(answer, string(id), amount)
	if err != nil {
		return c.silent(id, err), found{}
	}
	inquiry := inquiryOf(got, amount, answer.Date)
	inquiry.Detail = fmt.Sprintf("ask charge %s: %s", id, inquiry.Detail)
	if inquiry.Standing == Unknown {
		c.log.LogAttrs(ctx, slog.LevelError, "the bank contradicts itself", slog.String("charge", string(id)), slog.String("detail", inquiry.Detail))
		inquiry.Err = nonsense(answer, fmt.Errorf("ask charge %s: done without a receipt of its amount", id))
	}
	return inquiry, found{got, answer.Date}
}

// found is a charge and the bank's clock when it was answered.
type found struct {
	charge cob
	date   time.Time
}

// silent is the inquiry of what was not answered.
func (c *Client) silent(id ident.ID, err error) Inquiry {
	err = fmt.Errorf("ask charge %s: %w", id, err)
	inquiry := Inquiry{Detail: err.Error(), RetryAfter: wanted(err), Err: err}
	if notFound(err) {
		inquiry.Standing = NotFound
	}
	return inquiry
}

// inquiryOf derives the standing of a charge that was read and checked.
func inquiryOf(got cob, amount money.Cents, date time.Time) Inquiry {
	inquiry := Inquiry{ExpiresAt: got.expiresAt(), Detail: got.Status}
	switch got.Status {
	case statusDone:
		receipt, ok := got.receiptOf(amount)
		if !ok {
			inquiry.Detail += " without a receipt of its id and amount"
			return inquiry
		}
		inquiry.Standing, inquiry.EndToEndID, inquiry.PaidAt = Paid, receipt.EndToEndID, receipt.Horario
	case statusRemoved, statusRemovedBy:
		inquiry.Standing = Removed
	case statusActive:
		inquiry.Standing = Waiting
		if !date.IsZero() && date.After(inquiry.ExpiresAt) {
			inquiry.Standing = Expired
			inquiry.Detail += ", expired"
		}
	}
	return inquiry
}

func chargePath(id ident.ID) string { return "/cob/" + string(id) }
