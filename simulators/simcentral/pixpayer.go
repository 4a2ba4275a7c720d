package simcentral

import (
	"context"
	"errors"
	"fmt"

	"balcao/simulators/simcentral/issuer"
	"balcao/sync/wire"
)

// A payerAct is one thing that a payer, or the bank between, does to a charge.
type payerAct func(s *Server, row paymentRow, payer string) error

var payerActs = map[string]payerAct{
	"pay":        (*Server).payCharge,
	"pay-late":   (*Server).payChargeLate,
	"pay-unseen": (*Server).payChargeUnseen,
	"notice":     func(s *Server, row paymentRow, _ string) error { return s.noticePaid(row) },
	"expire":     func(s *Server, row paymentRow, _ string) error { return s.expireCharge(row) },
}

// commandPix plays the payer of a charge.
func (s *Server) commandPix(_ context.Context, args []string) (string, error) {
	if len(args) < 2 || len(args) > 3 || payerActs[args[0]] == nil {
		return "", errors.New("an act, a payment's id, and perhaps an account are needed")
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
	if err := payerActs[args[0]](s, row, payer); err != nil {
		return "", err
	}
	row, _ = s.payment(row.ID)
	s.refreshOrder(row.Request.OrderID)
	return string(row.Status), s.state.journal.commit()
}

// payCharge is the payer's bank paying a charge that is open, which central hears of at
// once.
func (s *Server) payCharge(row paymentRow, payer string) error {
	if err := s.payChargeUnseen(row, payer); err != nil {
		return err
	}
	row, _ = s.payment(row.ID)
	return s.noticePaid(row)
}

// payChargeLate is a payment that its payer had begun before the charge was over.
func (s *Server) payChargeLate(row paymentRow, payer string) error {
	if row.Status == wire.PaymentStatusRequiresAction {
		return errors.New("the charge is still open: pay it")
	}
	if err := s.bankPays(row, payer); err != nil {
		return err
	}
	row, _ = s.payment(row.ID)
	return s.noticePaid(row)
}

// payChargeUnseen pays an open charge, and the word of it does not reach central yet.
func (s *Server) payChargeUnseen(row paymentRow, payer string) error {
	if row.Status != wire.PaymentStatusRequiresAction && row.Pix.PaidAt == nil {
		return fmt.Errorf("the payer's bank refuses it: the charge is %s", row.Status)
	}
	return s.bankPays(row, payer)
}

// bankPays moves the money from its payer to the bank of the store.
func (s *Server) bankPays(row paymentRow, payer string) error {
	switch {
	case row.Pix.PaidAt != nil:
		return errors.New("the charge is paid")
	case !s.canPay(payer, row.Request.Amount.Amount):
		return errors.New("the payer has not so much, or no account")
	}
	if err := s.move(row, &row.Request, "pix", payer, transitOf(row.StoreID)); err != nil {
		return err
	}
	now := s.now().UTC()
	charge := *row.Pix
	charge.PaidAt, charge.Unseen, charge.EndToEndID = &now, true, s.pixID('E', now)
	row.Account, row.Pix = payer, &charge
	row.happened(now, "paid at the bank")
	s.state.putPayment(row)
	return nil
}

// noticePaid is central hearing of it. A charge that was over by then owes the money to
// its payer.
func (s *Server) noticePaid(row paymentRow) error {
	if !row.Pix.Unseen {
		return errors.New("there is nothing to hear of")
	}
	open := row.Status == wire.PaymentStatusRequiresAction
	to := owedOf(row.StoreID)
	if open {
		to = merchant(row.StoreID)
	}
	if err := s.move(row, &row.Request, "pix-noticed", transitOf(row.StoreID), to); err != nil {
		return err
	}
	charge := *row.Pix
	charge.Unseen, charge.Late = false, !open
	row.Pix = &charge
	row.Result = &wire.PaymentResult{Approved: new(open), HostReached: new(true), Acquirer: new(acquirer), EndToEndID: &charge.EndToEndID}
	what := "paid after it was over: owed to its payer"
	if open {
		row.Status, what = wire.PaymentStatusCaptured, "paid"
		row.CapturedBy = &factRef{row.Request.Epoch, row.Request.TerminalSeq}
	}
	row.happened(s.now().UTC(), what)
	s.state.putPayment(row)
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
	return nil
}
