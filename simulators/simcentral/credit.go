package simcentral

import (
	"context"
	"errors"
	"fmt"

	"balcao/simulators/simcentral/ledger"
	"balcao/sync/wire"
)

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
