package central

import (
	"fmt"
	"net/http"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/card"
	"balcao/terminal/ident"
	"balcao/terminal/payment"
)

// verdicts is what a status of central's payment says of an attempt. A status that is
// not here (refunded, unknown) does not answer the question that a till asks.
var verdicts = map[wire.PaymentStatus]payment.Verdict{
	wire.PaymentStatusAuthorised:           payment.Approved,
	wire.PaymentStatusAwaitingConfirmation: payment.Approved,
	wire.PaymentStatusCaptured:             payment.Approved,
	wire.PaymentStatusDeclined:             payment.Declined,
	wire.PaymentStatusFailed:               payment.Declined,
	wire.PaymentStatusExpired:              payment.Declined,
	wire.PaymentStatusReversed:             payment.Undone,
	wire.PaymentStatusCreated:              payment.Processing,
	wire.PaymentStatusProcessing:           payment.Processing,
	wire.PaymentStatusRequiresAction:       payment.Processing,
}

// read turns a good answer into a verdict, if it is about the payment asked for and
// same agrees.
func (c *Client) read(answer transport.Answer, what string, paymentID ident.ID, same func(wire.Payment) bool) payment.Answer {
	got, err := readPayment(answer, paymentID)
	if err == nil && !same(got) {
		err = nonsense(answer, "another order or amount")
	}
	if err != nil {
		return payment.Answer{Verdict: payment.Unknown, Detail: fmt.Sprintf("%s %s: %v", what, paymentID, err)}
	}
	result := payment.Answer{
		Verdict: verdicts[got.Status],
		Result:  resultOf(got.Result),
		Detail:  fmt.Sprintf("%s %s: %s", what, paymentID, got.Status),
	}
	if answer.Status == http.StatusAccepted {
		result.Verdict = payment.Processing
	}
	switch result.Verdict {
	case payment.Approved:
		if got.Result != nil && got.Result.Approved != nil && !*got.Result.Approved {
			return payment.Answer{Verdict: payment.Unknown, Detail: result.Detail + " contradicts its result"}
		}
		result.Result.Approved = true
		result.Captured = got.Status == wire.PaymentStatusCaptured
	case payment.Declined:
		result.Decline = declineOf(got)
	}
	return result
}

// readPayment reads the payment that an answer is about, and insists on its id.
func readPayment(answer transport.Answer, paymentID ident.ID) (wire.Payment, error) {
	var got wire.Payment
	if err := decode(answer, &got); err != nil {
		return got, err
	}
	if got.PaymentID != string(paymentID) || !got.Status.Valid() {
		return got, nonsense(answer, "payment %q with status %q", got.PaymentID, got.Status)
	}
	return got, nil
}

// declineOf is why a payment was declined; central need not say.
func declineOf(got wire.Payment) string {
	switch {
	case got.Decline != nil && got.Decline.Code != nil:
		return string(*got.Decline.Code)
	case got.Status == wire.PaymentStatusExpired:
		return string(wire.PaymentDeclineCodeExpired)
	default:
		return string(wire.PaymentDeclineCodeOther)
	}
}

func resultOf(got *wire.PaymentResult) payment.Result {
	if got == nil {
		return payment.Result{}
	}
	result := payment.Result{
		Approved: valueOf(got.Approved), HostReached: valueOf(got.HostReached), ResponseCode: valueOf(got.ResponseCode),
		AuthorisationCode: valueOf(got.AuthorisationCode), NSU: valueOf(got.NSU),
		Acquirer: valueOf(got.Acquirer), AcquirerNSU: valueOf(got.AcquirerNSU),
	}
	if got.Issuer != nil {
		result.Issuer = &card.IssuerAnswer{
			ARC: valueOf(got.Issuer.Arc), AuthenticationData: valueOf(got.Issuer.AuthenticationData),
			Scripts: valueOf(got.Issuer.Scripts),
		}
	}
	return result
}

func valueOf[T any](pointer *T) T {
	if pointer == nil {
		var none T
		return none
	}
	return *pointer
}
