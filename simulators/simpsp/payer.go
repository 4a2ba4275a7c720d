package simpsp

import (
	"errors"
	"fmt"
	"time"
)

// pay is what a payer's bank does with a charge: it looks at it and sends money, if the
// charge may be paid. No amount is the charge's own.
func (s *Server) pay(row chargeRow, cents int64) (paymentRow, error) {
	due := row.current()
	if cents == 0 {
		cents = due.Cents
	}
	switch {
	case row.Status != active:
		return paymentRow{}, fmt.Errorf("the charge is %s", row.Status)
	case s.now().After(row.expires()):
		return paymentRow{}, errors.New("the charge has expired")
	case cents != due.Cents && due.Alterable == 0:
		return paymentRow{}, fmt.Errorf("the charge is about %s and may not be altered", asAmount(due.Cents))
	}
	return s.receive(row, cents), nil
}

// receive books money on a charge.
func (s *Server) receive(row chargeRow, cents int64) paymentRow {
	now := s.now().Truncate(time.Millisecond)
	payment := paymentRow{EndToEndID: s.state.bankID("E", payerISPB, now), TxID: row.TxID, Cents: cents, At: now}
	row.Status = done
	s.state.charges.put(row.TxID, row)
	s.state.payments.put(payment.EndToEndID, payment)
	s.state.byCharge[row.TxID] = payment.EndToEndID
	return payment
}

// payWaiting pays a charge that a call is about, before the call is looked at.
func (s *Server) payWaiting(txid string) {
	if row, known := s.state.charges.get(txid); known {
		if _, err := s.pay(row, 0); err != nil {
			s.log.Info("the payer was not faster", "charge", txid, "error", err)
		}
	}
}

// payAnyway settles a payment that was under way when its charge was removed: some
// banks say so only afterwards.
func (s *Server) payAnyway(txid string) {
	if row, known := s.state.charges.get(txid); known && row.Status != done {
		s.receive(row, row.current().Cents)
	}
}

// chargeBy finds a charge by its id or by the code a payer scans.
func (s *Server) chargeBy(word string) (chargeRow, error) {
	if txidForm.MatchString(word) {
		if row, known := s.state.charges.get(word); known {
			return row, nil
		}
		return chargeRow{}, fmt.Errorf("no charge %s", word)
	}
	location, err := locationOf(word)
	if err != nil {
		return chargeRow{}, err
	}
	for _, row := range s.state.charges.rows {
		if row.Location == location {
			return row, nil
		}
	}
	return chargeRow{}, fmt.Errorf("nothing is at %s", location)
}
