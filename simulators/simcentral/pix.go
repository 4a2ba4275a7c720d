package simcentral

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"balcao/simulators/simcentral/issuer"
	"balcao/simulators/simcentral/ledger"
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
	Late       bool       `json:"late,omitempty"` // paid after it was removed or had expired: the money is owed
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

// commandPix plays the payer of a charge.
func (s *Server) commandPix(_ context.Context, args []string) (string, error) {
	if len(args) < 2 || len(args) > 3 {
		return "", errors.New("pay, pay-late or expire, a payment's id, and perhaps an account are needed")
	}
	payer := outside(wire.MethodPix)
	if len(args) == 3 {
		payer = customer(args[2])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row, known := s.payment(args[1])
	if !known || row.Pix == nil {
		return "", fmt.Errorf("no charge %s", args[1])
	}
	var err error
	switch args[0] {
	case "pay":
		err = s.payCharge(row, payer, false)
	case "pay-late":
		err = s.payCharge(row, payer, true)
	case "expire":
		err = s.expireCharge(row)
	default:
		err = fmt.Errorf("%q is none of pay, pay-late, expire", args[0])
	}
	if err != nil {
		return "", err
	}
	row, _ = s.payment(row.ID)
	return string(row.Status), s.state.journal.commit()
}

// payCharge is the payer's bank paying a charge. It refuses one that is over, unless
// the payer had begun before that and the money is on its way.
func (s *Server) payCharge(row paymentRow, payer string, begun bool) error {
	open := row.Status == wire.PaymentStatusRequiresAction
	switch {
	case row.Pix.PaidAt != nil:
		return errors.New("the charge is paid")
	case !open && !begun:
		return fmt.Errorf("the payer's bank refuses it: the charge is %s", row.Status)
	case open && begun:
		return errors.New("the charge is still open: pay it")
	case !s.canPay(payer, row.Request.Amount.Amount):
		return errors.New("the payer has not so much, or no account")
	}
	to := merchant(row.StoreID)
	if !open {
		to = owedOf(row.StoreID)
	}
	row.Account = payer
	if err := s.move(row, &row.Request, "pix", payer, to); err != nil {
		return err
	}
	now := s.now().UTC()
	charge := *row.Pix
	charge.PaidAt, charge.Late, charge.EndToEndID = &now, !open, s.pixID('E', now)
	row.Pix = &charge
	row.Result = &wire.PaymentResult{Approved: new(open), HostReached: new(true), Acquirer: new(acquirer), EndToEndID: &charge.EndToEndID}
	if open {
		row.Status = wire.PaymentStatusCaptured
		row.CapturedBy = &factRef{row.Request.Epoch, row.Request.TerminalSeq}
		row.happened(now, "paid")
	} else {
		row.happened(now, "paid after it was over: owed to its payer")
	}
	s.state.putPayment(row)
	s.refreshOrder(row.Request.OrderID)
	return nil
}

// canPay says whether an account has so much; who pays from elsewhere has it.
func (s *Server) canPay(payer string, cents int64) bool {
	if payer == outside(wire.MethodPix) {
		return true
	}
	for _, account := range s.bank.Accounts() {
		if customer(account.Name) == payer {
			return account.Kind == issuer.Debit && s.state.AvailableCents(account) >= cents
		}
	}
	return false
}

// expireCharge lets the time of a charge run out at once.
func (s *Server) expireCharge(row paymentRow) error {
	if row.Status != wire.PaymentStatusRequiresAction {
		return fmt.Errorf("the charge is %s", row.Status)
	}
	charge := *row.Pix
	charge.ExpiresAt = s.now().UTC()
	row.Pix = &charge
	s.state.putPayment(row)
	row, _ = s.payment(row.ID)
	s.refreshOrder(row.Request.OrderID)
	return nil
}

// creditOf is a customer's credit with the store, by CPF or CNPJ.
func creditOf(storeID, taxID string) string { return "store-credit:" + storeID + ":" + taxID }

// issuedOf is where the credits that a store gave out come from.
func issuedOf(storeID string) string { return "store-credit:" + storeID }

// creditAccount is the account of the customer whom the order names, empty for none.
func (s *Server) creditAccount(storeID string, request *wire.PaymentRequest) string {
	order, known := s.state.orders.get(request.OrderID)
	if !known {
		return ""
	}
	if named := orderContent(order).Customer; named != nil && named.TaxID != nil {
		return creditOf(storeID, *named.TaxID)
	}
	return ""
}

// payerOf is who pays by what was settled elsewhere.
func (s *Server) payerOf(storeID string, request *wire.PaymentRequest) string {
	if request.Method == wire.MethodStoreCredit {
		if account := s.creditAccount(storeID, request); account != "" {
			return account
		}
	}
	return outside(request.Method)
}

// takeCredit pays from the customer's credit with the store.
func (s *Server) takeCredit(row paymentRow, request *wire.PaymentRequest) (paymentRow, error) {
	row.Account = s.creditAccount(row.StoreID, request)
	why := wire.PaymentDeclineCodeNotPermitted // the order names no customer
	if row.Account != "" {
		why = wire.PaymentDeclineCodeInsufficientFunds
	}
	if row.Account == "" || s.state.ledger.Balance(row.Account) < request.Amount.Amount {
		row.Status, row.Result = wire.PaymentStatusDeclined, &wire.PaymentResult{Approved: new(false), HostReached: new(true)}
		row.Decline = &wire.Decline{Code: &why, Retry: new(wire.PaymentDeclineRetryNever)}
		row.happened(s.now().UTC(), "declined: "+string(why))
		return row, nil
	}
	row.Result = &wire.PaymentResult{Approved: new(true), HostReached: new(true), NSU: new(fmt.Sprintf("%09d", s.state.next("nsu")))}
	return s.take(row, request, "paid by store credit")
}

// commandStoreCredit gives a customer credit with a store.
func (s *Server) commandStoreCredit(_ context.Context, args []string) (string, error) {
	if len(args) < 2 || len(args) > 3 {
		return "", errors.New("a CPF or CNPJ, an amount in cents, and perhaps a store are needed")
	}
	var amount int64
	if _, err := fmt.Sscan(args[1], &amount); err != nil || amount <= 0 {
		return "", fmt.Errorf("%q is no amount in cents", args[1])
	}
	store := defaultStore
	if len(args) == 3 {
		store = args[2]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	account := creditOf(store, args[0])
	id := entryID(fmt.Sprintf("store-credit-%d", s.state.next("store-credit")), "issue")
	if err := s.state.book(ledger.Move(id, issuedOf(store), account, amount)); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d", s.state.ledger.Balance(account)), s.state.journal.commit()
}
