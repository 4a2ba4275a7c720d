package central

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/payment"
)

// A Charge is a Pix that waits for its payer: what to show, and until when.
type Charge struct {
	BRCode    string    // the text of the QR code; its check sum has been verified
	TxID      string    // of the charge at its bank
	ExpiresAt time.Time // by central's clock; after it nobody can pay
}

// A PixAnswer is what is known of a Pix. Its verdict reads as that of a card:
// [payment.Processing] with a charge is to be shown and asked for again,
// [payment.Approved] is paid, [payment.Declined] has expired unpaid, [payment.Undone]
// was removed and can be paid no more.
type PixAnswer struct {
	payment.Answer
	Charge     *Charge     // of one to be shown, else nil
	EndToEndID string      // of one that was paid
	Owed       money.Cents // what came although the charge was over; it goes back by a refund
}

// AuthorisePix sends the order, then asks for a charge that can be paid for life, in
// whole seconds; zero leaves that to central. The same payment again is the same charge.
// The intent must be durable before (R1); what may come back is that of
// [Client.Authorise], and a charge that makes no sense is [payment.Unknown].
func (c *Client) AuthorisePix(ctx context.Context, orderID ident.ID, order journal.Order, paymentID ident.ID, pay journal.Payment, life time.Duration) PixAnswer {
	if err := c.putOrder(ctx, orderID, order); err != nil {
		return PixAnswer{Answer: afterOrder(fmt.Errorf("put order %s: %w", orderID, err))}
	}
	body, err := pixBody(pay, life)
	if err != nil {
		return PixAnswer{Answer: payment.Answer{Verdict: payment.Unsent, Detail: fmt.Sprintf("put Pix %s: %v", paymentID, err)}}
	}
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPut, Path: paymentPath(paymentID), Body: body, Timeout: c.config.AuthoriseTimeout,
	})
	if err != nil {
		return PixAnswer{Answer: afterPayment(fmt.Errorf("put Pix %s: %w", paymentID, err))}
	}
	return c.readPix(answer, "put Pix", paymentID, orderID, pay.Amount)
}

// pixBody adds to the payment's fact how long its charge may be paid.
func pixBody(pay journal.Payment, life time.Duration) ([]byte, error) {
	request := struct {
		journal.Payment
		Pix *wire.PixRequest `json:"pix,omitempty"`
	}{Payment: pay}
	if life > 0 {
		request.Pix = &wire.PixRequest{ExpiresIn: new(int(life / time.Second))}
	}
	return json.Marshal(request)
}

// InquirePix asks what became of a Pix, as [Client.Inquire] does of a card. Only the
// amount of its order counts as paid.
func (c *Client) InquirePix(ctx context.Context, orderID, paymentID ident.ID, amount money.Cents) PixAnswer {
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodGet, Path: paymentPath(paymentID), Timeout: c.config.InquireTimeout,
	})
	if err != nil {
		return PixAnswer{Answer: notAnswered(paymentID, err)}
	}
	return c.readPix(answer, "ask Pix", paymentID, orderID, amount)
}

// readPix turns a good answer into what is known of a Pix, if it is about this one.
func (c *Client) readPix(answer transport.Answer, what string, paymentID, orderID ident.ID, amount money.Cents) PixAnswer {
	var got wire.Payment
	base := c.read(answer, what, paymentID, func(read wire.Payment) bool {
		got = read
		told := read.OrderID == string(orderID) && read.Amount.Amount == int64(amount)
		// A tombstone does not know what it is the stone of.
		return told && read.Amount.Currency == money.Currency && read.Method == wire.MethodPix || isTombstone(read)
	})
	if base.Verdict == payment.Unknown {
		return PixAnswer{Answer: base}
	}
	pix := PixAnswer{Answer: base}
	var err error
	switch {
	case got.Status == wire.PaymentStatusRequiresAction:
		pix.Charge, err = readCharge(got.NextAction)
	case base.Verdict == payment.Approved:
		pix.EndToEndID, err = readPaid(got)
	default:
		pix.Owed = owedOf(got)
	}
	if err != nil {
		return PixAnswer{Answer: payment.Answer{Verdict: payment.Unknown, Detail: fmt.Sprintf("%s %s: %v", what, paymentID, nonsense(answer, "%v", err))}}
	}
	return pix
}

// isTombstone is the answer about a payment that was undone before it came.
func isTombstone(got wire.Payment) bool {
	return got.Status == wire.PaymentStatusReversed && got.Origin == nil && got.Captured == nil
}

var (
	txIDForm     = regexp.MustCompile(`^[a-zA-Z0-9]{26,35}$`)
	endToEndForm = regexp.MustCompile(`^[a-zA-Z0-9]{32}$`)
)

// readPaid wants the proof of a payment: the id that the instant payment system gave
// it, and the whole amount.
func readPaid(got wire.Payment) (string, error) {
	if got.Result == nil || !endToEndForm.MatchString(valueOf(got.Result.EndToEndID)) {
		return "", fmt.Errorf("paid without an end-to-end id")
	}
	if got.Captured != nil && *got.Captured != got.Amount {
		return "", fmt.Errorf("%d paid of %d", got.Captured.Amount, got.Amount.Amount)
	}
	return *got.Result.EndToEndID, nil
}

// owedOf is what of a payment that is over came all the same and has not gone back.
func owedOf(got wire.Payment) money.Cents {
	if got.Captured == nil {
		return 0
	}
	owed := got.Captured.Amount
	if got.Refunded != nil {
		owed -= got.Refunded.Amount
	}
	return money.Cents(max(0, owed))
}

// readCharge wants a charge that can be shown.
func readCharge(action *wire.NextAction) (*Charge, error) {
	if action == nil || action.Type == nil || *action.Type != wire.PaymentNextActionTypeShowPixQr || action.ExpiresAt == nil {
		return nil, fmt.Errorf("a Pix without a code to show")
	}
	charge := &Charge{BRCode: valueOf(action.BrCode), TxID: valueOf(action.Txid), ExpiresAt: *action.ExpiresAt}
	if !txIDForm.MatchString(charge.TxID) {
		return nil, fmt.Errorf("txid %q", charge.TxID)
	}
	return charge, checkBRCode(charge.BRCode)
}

// checkBRCode refuses a code that is cut or damaged, or none of Pix: what a customer's
// bank could not read must not be shown. Source: EMV QRCPS-MPM 1.1, objects 00 and 63;
// BCB's manual of the BR code, GUI of Pix.
func checkBRCode(code string) error {
	body, sum := "", ""
	if at := len(code) - 4; at > 0 {
		body, sum = code[:at], code[at:]
	}
	want, err := strconv.ParseUint(sum, 16, 16)
	switch {
	case !strings.HasPrefix(code, "000201") || !strings.HasSuffix(body, "6304") || !strings.Contains(strings.ToLower(code), "br.gov.bcb.pix"):
		return fmt.Errorf("what came is no BR code of Pix")
	case err != nil || uint16(want) != checkSum(body):
		return fmt.Errorf("the BR code is damaged: its check sum is not %q", sum)
	}
	return nil
}

// checkSum is CRC-16/CCITT-FALSE: polynomial 1021, from FFFF, nothing reflected.
func checkSum(text string) uint16 {
	sum := uint16(0xFFFF)
	for i := range len(text) {
		sum ^= uint16(text[i]) << 8
		for range 8 {
			carry := sum&0x8000 != 0
			sum <<= 1
			if carry {
				sum ^= 0x1021
			}
		}
	}
	return sum
}
