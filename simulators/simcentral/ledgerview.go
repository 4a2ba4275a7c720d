package simcentral

import (
	"context"

	"balcao/sync/wire"
)

// ledgerView is the body of the command ledger.
type ledgerView struct {
	Accounts  map[string]int64        `json:"accounts"` // cents
	Sum       int64                   `json:"sum"`      // always 0
	Terminals map[string]terminalView `json:"terminals"`
	Payments  map[string]paymentView  `json:"payments"`
	Orders    map[string]orderView    `json:"orders"`
	Streams   map[string]streamRow    `json:"streams"` // by terminal|epoch
}

// A terminalView is one till: the cash in its drawer now, and what its sessions came to.
type terminalView struct {
	DrawerCents int64                  `json:"drawer_cents"`
	Sessions    map[string]sessionView `json:"sessions"` // "none" holds what names no session
}

// noSession stands for the session of what names none.
const noSession = "none"

// A sessionView is one session by central's own books, to be held against its Z.
type sessionView struct {
	State           wire.SessionState     `json:"state,omitempty"` // absent: only told of, never opened
	OperatorID      string                `json:"operator_id,omitempty"`
	BusinessDate    string                `json:"business_date,omitempty"`
	Training        bool                  `json:"training,omitempty"` // counts nowhere
	Sales           map[wire.Method]tally `json:"sales"`              // captured, by method
	SalesTotal      tally                 `json:"sales_total"`
	Refunds         map[wire.Method]tally `json:"refunds,omitempty"` // by the method that they go back by
	Float           tally                 `json:"float"`
	Suprimento      tally                 `json:"suprimento"`
	Sangria         tally                 `json:"sangria"`
	ExpectedCents   int64                 `json:"drawer_expected_cents"`
	CountedCents    *int64                `json:"counted_cents,omitempty"`
	DifferenceCents *int64                `json:"difference_cents,omitempty"` // counted less expected
	Discounts       tally                 `json:"discounts"`
	LineVoids       tally                 `json:"line_voids"`
	Overrides       int                   `json:"overrides"`
	CashCounts      int                   `json:"cash_counts"`
	DrawerOpenings  map[string]int        `json:"drawer_openings"` // by cause
	Declined        int                   `json:"declined"`
	Reversed        int                   `json:"reversed"`
	Reports         map[string]int        `json:"reports"` // by kind and how they were received
}

type paymentView struct {
	Status    wire.PaymentStatus `json:"status"`
	Method    wire.Method        `json:"method"`
	OrderID   string             `json:"order_id"`
	Cents     int64              `json:"amount_cents"`
	Tombstone bool               `json:"tombstone,omitempty"`
	Captured  int64              `json:"captured_cents,omitempty"`
	Refunded  int64              `json:"refunded_cents,omitempty"`
	Owed      int64              `json:"owed_cents,omitempty"` // came too late and is its payer's
	History   []happening        `json:"history"`
}

type orderView struct {
	Status   wire.OrderStatus `json:"status"`
	Version  int64            `json:"version"`
	Cents    int64            `json:"total_cents"`
	Payments []string         `json:"payments"`
}

func (s *Server) commandLedger(context.Context, []string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view := ledgerView{
		Accounts: s.state.ledger.Balances(), Sum: s.state.ledger.Sum(), Terminals: s.terminals(),
		Payments: map[string]paymentView{}, Orders: map[string]orderView{}, Streams: s.state.streams.rows,
	}
	for id, row := range s.state.payments.rows {
		view.Payments[id] = viewOf(row)
	}
	for id, row := range s.state.orders.rows {
		view.Orders[id] = orderView{row.Status, row.Version, orderTotal(row), append([]string{}, s.state.byOrder[id]...)}
	}
	return asJSON(view)
}

func viewOf(row paymentRow) paymentView {
	return paymentView{
		Status: row.Status, Method: row.Request.Method, OrderID: row.Request.OrderID, Cents: row.Request.Amount.Amount,
		Tombstone: row.Tombstone, Captured: row.capturedCents(), Refunded: row.Refunded, Owed: row.owedCents(), History: row.History,
	}
}

// terminals is every till with every session that anything is known of.
func (s *Server) terminals() map[string]terminalView {
	views := map[string]terminalView{}
	see := func(terminal, store, session string) {
		view, known := views[terminal]
		if !known {
			view = terminalView{DrawerCents: s.state.ledger.Balance(cashOf(store, terminal)), Sessions: map[string]sessionView{}}
			views[terminal] = view
		}
		name := session
		if name == "" {
			name = noSession
		}
		if _, seen := view.Sessions[name]; !seen {
			view.Sessions[name] = s.viewSession(terminal, session)
		}
	}
	for id, row := range s.state.sessions.rows {
		see(row.TerminalID, row.StoreID, id)
	}
	for _, row := range s.state.payments.rows {
		see(row.TerminalID, row.StoreID, row.session())
	}
	for _, row := range s.state.refunds.rows {
		see(row.TerminalID, row.StoreID, row.session())
	}
	for _, row := range s.state.day.rows {
		see(row.TerminalID, row.StoreID, row.SessionID)
	}
	return views
}

func (s *Server) viewSession(terminal, session string) sessionView {
	of := func(other string) bool { return other == session }
	books := s.sum(terminal, of, always)
	view := sessionView{
		Sales: books.sales, Refunds: books.refunds, Float: books.movements[wire.CashMovementTypeFloat],
		Suprimento: books.movements[wire.CashMovementTypeSuprimento], Sangria: books.movements[wire.CashMovementTypeSangria],
		ExpectedCents: books.drawerCents(), CountedCents: books.counted,
		Discounts: books.facts["discount"], LineVoids: books.facts["line_void"], Overrides: books.facts["override"].Count,
		CashCounts: books.facts["cash_count"].Count, DrawerOpenings: books.openings, Reports: s.reportsOf(terminal, session),
	}
	for _, each := range books.sales {
		view.SalesTotal = tally{view.SalesTotal.Count + each.Count, view.SalesTotal.Cents + each.Cents}
	}
	for _, row := range s.state.payments.rows {
		if row.TerminalID != terminal || !of(row.session()) || isTraining(&row.Request) {
			continue
		}
		switch row.Status {
		case wire.PaymentStatusDeclined:
			view.Declined++
		case wire.PaymentStatusReversed:
			view.Reversed++
		}
	}
	if row, known := s.state.sessions.get(session); known {
		view.describe(row)
	}
	if view.CountedCents != nil {
		view.DifferenceCents = new(*view.CountedCents - view.ExpectedCents)
	}
	return view
}

// describe adds what the session said of itself.
func (v *sessionView) describe(row sessionRow) {
	v.State, v.OperatorID, v.BusinessDate, v.Training = wire.SessionStateOpen, row.Request.OperatorID, row.businessDate(), row.training()
	if row.Request.ClosedAt == nil {
		return
	}
	v.State = wire.SessionStateClosed
	if row.Request.CountedCash != nil {
		v.CountedCents = &row.Request.CountedCash.Amount
	}
}

// reportsOf counts a session's reports.
func (s *Server) reportsOf(terminal, session string) map[string]int {
	counts := map[string]int{}
	for _, row := range s.state.reports.rows {
		if row.TerminalID == terminal && row.SessionID == session {
			counts[string(row.Kind)+" "+string(row.Status)]++
		}
	}
	return counts
}
