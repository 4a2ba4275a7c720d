package simcentral

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"balcao/sync/wire"
)

// chargeLife is how long a charge can be paid that names no time: a customer at the
// till pays at once or not at all.
const chargeLife = 5 * time.Minute

// The receiver of every charge, as its BR code names it. The bank's number stands in
// every id of a Pix; no bank has it.
const (
	receiverName = "MERCADO SIMULADO"
	receiverCity = "SAO PAULO"
	pixBank      = "99999004"
	pixHost      = "pix.central.example/qr/v2/"
)

// A pixCharge is what a Pix payment is at its bank.
type pixCharge struct {
	TxID       string     `json:"txid"`
	BRCode     string     `json:"br_code"`
	ExpiresAt  time.Time  `json:"expires_at"`
	EndToEndID string     `json:"end_to_end_id,omitempty"`
	PaidAt     *time.Time `json:"paid_at,omitempty"`
	Unseen     bool       `json:"unseen,omitempty"` // paid, and central has not heard of it
	Late       bool       `json:"late,omitempty"`   // paid after it was removed or had expired: the money is owed
}

// lateCents is what came for a payment that was over.
func (p paymentRow) lateCents() int64 {
	if p.Pix == nil || !p.Pix.Late {
		return 0
	}
	return p.Request.Amount.Amount
}

// owedCents is what of that is its payer's still.
func (p paymentRow) owedCents() int64 {
	if late := p.lateCents(); late > 0 {
		return late - p.Refunded
	}
	return 0
}

// owedOf is money that came too late and is to go back.
func owedOf(storeID string) string { return "owed:" + storeID }

// transitOf is money that the bank has taken and central has not heard of.
func transitOf(storeID string) string { return "transit:" + storeID }

// needsCentral says whether central itself decides on a payment, with no card's bank
// behind it: nobody has said yet how it ended.
func needsCentral(request *wire.PaymentRequest) bool {
	return request.Result == nil && (request.Method == wire.MethodPix || request.Method == wire.MethodStoreCredit)
}

// openCharge makes a charge that waits for its payer. The payment's id is its txid, so
// that a replay is the same charge. Source: API Pix 2.9.0, PUT /cob/{txid}.
func (s *Server) openCharge(row paymentRow, request *wire.PaymentRequest) (paymentRow, error) {
	now := s.now().UTC()
	life := chargeLife
	if request.Pix != nil && request.Pix.ExpiresIn != nil {
		life = time.Duration(*request.Pix.ExpiresIn) * time.Second
	}
	expires := now.Add(life).Truncate(time.Second)
	if request.ValidUntil != nil && request.ValidUntil.Before(expires) {
		expires = request.ValidUntil.UTC()
	}
	place := sha256.Sum256([]byte(row.ID))
	code, err := dynamicCode(pixHost+hex.EncodeToString(place[:16]), receiverName, receiverCity)
	if err != nil {
		return row, err
	}
	row.Status = wire.PaymentStatusRequiresAction
	row.Pix = &pixCharge{TxID: row.ID, BRCode: code, ExpiresAt: expires}
	row.happened(now, "charge made")
	return row, nil
}

// payment is a payment as it is now: a charge that nobody paid in time has expired,
// though nobody said so. Source: API Pix 2.9.0; the record of a charge stays ATIVA.
func (s *Server) payment(id string) (paymentRow, bool) {
	row, known := s.state.payments.get(id)
	if known && row.Status == wire.PaymentStatusRequiresAction && row.Pix != nil && !s.now().Before(row.Pix.ExpiresAt) {
		row.Status = wire.PaymentStatusExpired
		row.Decline = &wire.Decline{Code: new(wire.PaymentDeclineCodeExpired), Retry: new(wire.PaymentDeclineRetryLater)}
		row.happened(row.Pix.ExpiresAt, "charge expired")
		s.state.putPayment(row)
	}
	return row, known
}

// removeCharge takes a charge back that is not paid: nobody can pay it from now on but
// who has begun already.
func (s *Server) removeCharge(row paymentRow, by factRef, what string) (answer, *wire.Problem) {
	row.Status, row.UndoneBy = wire.PaymentStatusReversed, &by
	row.happened(s.now().UTC(), what+", charge removed")
	return s.finish(row)
}

// pixID is an id of the instant payment system: E of a payment, D of a return.
// Source: API Pix 2.9.0, EndToEndId and RtrId.
func (s *Server) pixID(kind byte, at time.Time) string {
	return fmt.Sprintf("%c%s%s%011d", kind, pixBank, at.UTC().Format("200601021504"), s.state.next("pix"))
}
