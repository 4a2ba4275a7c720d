package simcentral

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"balcao/sync/wire"
)

// A matchRow is a till's day as it was sent to be held against central's books.
type matchRow struct {
	TerminalID string          `json:"terminal_id"`
	Body       json.RawMessage `json:"body"`
	Hash       string          `json:"hash"`
	UpdatedAt  time.Time       `json:"updated_at"`
}

// A standing is where the money of a payment is, whatever word says so.
type standing int

const (
	nowhere standing = iota // with its payer, for good
	moving                  // may still come or go
	arrived                 // the shop's, or was
)

func standingOf(status wire.PaymentStatus) standing {
	switch status {
	case wire.PaymentStatusDeclined, wire.PaymentStatusReversed, wire.PaymentStatusExpired, wire.PaymentStatusFailed:
		return nowhere
	case wire.PaymentStatusCaptured, wire.PaymentStatusPartiallyRefunded, wire.PaymentStatusRefunded:
		return arrived
	default:
		return moving
	}
}

// A comparison is a till's day beside central's.
type comparison struct {
	differences []wire.Difference
	matched     []string // payments that are the same and final on both sides
	open        []string // the same on both sides, but not final
	totalsOff   bool
}

func (c comparison) state() wire.ReconciliationState {
	switch {
	case len(c.differences) > 0 || c.totalsOff:
		return wire.ReconciliationStateMismatched
	case len(c.open) > 0:
		return wire.ReconciliationStatePending
	default:
		return wire.ReconciliationStateMatched
	}
}

// leftOpen are the payments that a commit does not mark.
func (c comparison) leftOpen() []wire.ID {
	left := slices.Clone(c.open)
	for _, difference := range c.differences {
		left = append(left, difference.PaymentID)
	}
	slices.Sort(left)
	return append([]wire.ID{}, slices.Compact(left)...)
}

// putReconciliation holds a till's day against central's books. The same day again is
// looked at again: what differed may have been put right.
func (s *Server) putReconciliation(c *call) (answer, *wire.Problem) {
	var request wire.ReconciliationRequest
	if json.Unmarshal(c.body, &request) != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the reconciliation cannot be read")
	}
	hash, err := requestHash(c.body)
	if err != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, err.Error())
	}
	row, known := s.state.matches.get(c.id)
	if known && (row.Hash != hash || row.TerminalID != c.terminal) {
		return answer{}, wire.NewProblem(wire.CodeIdempotencyKeyReused, "another reconciliation has this id")
	}
	if !known {
		s.state.matches.put(c.id, matchRow{TerminalID: c.terminal, Body: c.body, Hash: hash, UpdatedAt: s.now().UTC()})
	}
	found := s.compareDays(c.terminal, &request)
	return answer{status: http.StatusOK, replayed: known, body: wire.Reconciliation{
		State: found.state(), Matched: new(len(found.matched)), Differences: append([]wire.Difference{}, found.differences...),
	}}, nil
}

// A committed is the answer to a commit.
type committed struct {
	Processed int       `json:"processed"`
	LeftOpen  []wire.ID `json:"left_open"`
}

// commitReconciliation marks as processed what matches now, and nothing else.
func (s *Server) commitReconciliation(c *call) (answer, *wire.Problem) {
	if len(c.body) == 0 {
		c.body = []byte("{}") // the contract has no body here, and a key answers for one
	}
	return s.once(c, c.key, func() (answer, *wire.Problem) {
		var request wire.ReconciliationRequest
		row, known := s.state.matches.get(c.id)
		if !known || row.TerminalID != c.terminal {
			return answer{}, wire.NewProblem(wire.CodeNotFound, "no such reconciliation")
		}
		if err := json.Unmarshal(row.Body, &request); err != nil {
			return answer{}, wire.NewProblem(wire.CodeInternalError, err.Error())
		}
		found := s.compareDays(c.terminal, &request)
		for _, id := range found.matched {
			if payment, _ := s.payment(id); !payment.Processed {
				payment.Processed = true
				payment.happened(s.now().UTC(), "processed")
				s.state.putPayment(payment)
			}
		}
		return ok(committed{len(found.matched), found.leftOpen()}), nil
	})
}

// compareDays finds what is not the same at the till and here.
func (s *Server) compareDays(terminal string, request *wire.ReconciliationRequest) comparison {
	var found comparison
	told := map[string]bool{}
	differ := func(id string, kind wire.ReconciliationDifferencesKind, suggested wire.ReconciliationDifferencesSuggested, entry *wire.ReconciliationEntry, row *paymentRow) {
		found.differences = append(found.differences, difference(id, kind, suggested, entry, row))
	}
	for _, entry := range request.Entries {
		row, known := s.payment(entry.PaymentID)
		known = known && row.TerminalID == terminal
		switch {
		case told[entry.PaymentID]:
			differ(entry.PaymentID, wire.ReconciliationDifferencesKindDuplicate, wire.ReconciliationDifferencesSuggestedReview, &entry, &row)
		case !known:
			differ(entry.PaymentID, wire.ReconciliationDifferencesKindMissingAtCentral, wire.ReconciliationDifferencesSuggestedResend, &entry, nil)
		default:
			kind, suggested := s.compareEntry(entry, row)
			switch {
			case kind != "":
				differ(entry.PaymentID, kind, suggested, &entry, &row)
			case standingOf(row.Status) == moving:
				found.open = append(found.open, row.ID)
			default:
				found.matched = append(found.matched, row.ID)
			}
		}
		told[entry.PaymentID] = true
	}
	for _, row := range s.paymentsOf(terminal, request.BusinessDate.Format(time.DateOnly)) {
		if suggested := suggestMissing(row); !told[row.ID] && suggested != "" {
			differ(row.ID, wire.ReconciliationDifferencesKindMissingAtTerminal, suggested, nil, &row)
		}
	}
	found.totalsOff = s.totalsDiffer(terminal, request)
	return found
}

// compareEntry says how a payment differs that both sides know, and what to do.
func (s *Server) compareEntry(entry wire.ReconciliationEntry, row paymentRow) (wire.ReconciliationDifferencesKind, wire.ReconciliationDifferencesSuggested) {
	const status = wire.ReconciliationDifferencesKindStatus
	there, here := standingOf(entry.Status), standingOf(row.Status)
	switch {
	case row.Request.Epoch != "" && (entry.Amount.Amount != row.soldCents() || entry.Amount.Currency != currencyOnly):
		return wire.ReconciliationDifferencesKindAmount, wire.ReconciliationDifferencesSuggestedReview
	case s.overpays(row):
		return wire.ReconciliationDifferencesKindDuplicate, wire.ReconciliationDifferencesSuggestedRefund
	case row.owedCents() > 0 || there == nowhere && here == arrived:
		return status, wire.ReconciliationDifferencesSuggestedRefund
	case there == nowhere && here == moving:
		return status, wire.ReconciliationDifferencesSuggestedReverse
	case there == arrived && here == moving:
		return status, wire.ReconciliationDifferencesSuggestedResend // the decision is on its way
	case there == arrived && here == nowhere:
		return status, wire.ReconciliationDifferencesSuggestedReview
	case there != here, here == arrived && entry.Status != row.Status:
		return status, wire.ReconciliationDifferencesSuggestedAcceptCentral
	case entry.NSU != nil && row.Result != nil && row.Result.NSU != nil && *entry.NSU != *row.Result.NSU:
		return status, wire.ReconciliationDifferencesSuggestedReview // another transaction of the acquirer's
	}
	return "", ""
}

// suggestMissing says what to do about a payment of central's that the till does not
// tell; nothing where no money is in it.
func suggestMissing(row paymentRow) wire.ReconciliationDifferencesSuggested {
	switch standingOf(row.Status) {
	case moving:
		return wire.ReconciliationDifferencesSuggestedReverse
	case arrived:
		if row.Confirmed || row.Account == outside(row.Request.Method) {
			return wire.ReconciliationDifferencesSuggestedAcceptCentral // the till decided it, and has lost it
		}
		return wire.ReconciliationDifferencesSuggestedRefund
	}
	if row.owedCents() > 0 {
		return wire.ReconciliationDifferencesSuggestedRefund
	}
	return ""
}

// overpays says whether a payment is the newest of an order that has been paid more
// than once over.
func (s *Server) overpays(row paymentRow) bool {
	order, known := s.state.orders.get(row.Request.OrderID)
	if !known || row.capturedCents() == 0 || row.Status == wire.PaymentStatusRefunded {
		return false
	}
	captured, newest := int64(0), ""
	for _, id := range s.state.byOrder[row.Request.OrderID] {
		if other, _ := s.payment(id); other.capturedCents() > 0 && other.Status != wire.PaymentStatusRefunded {
			captured += other.capturedCents()
			newest = max(newest, id)
		}
	}
	return captured > orderTotal(order) && newest == row.ID
}

// paymentsOf are a till's payments of one business date but those of training, by id.
func (s *Server) paymentsOf(terminal, day string) []paymentRow {
	var rows []paymentRow
	for id := range s.state.payments.rows {
		row, _ := s.payment(id)
		if row.TerminalID == terminal && row.businessDate() == day && !isTraining(&row.Request) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b paymentRow) int { return strings.Compare(a.ID, b.ID) })
	return rows
}

func (p paymentRow) businessDate() string { return p.Request.BusinessDate.Format(time.DateOnly) }

// totalsDiffer compares the sales and refunds of a day by method. A request without
// totals leaves it at the entries; lines of another type are a report's.
func (s *Server) totalsDiffer(terminal string, request *wire.ReconciliationRequest) bool {
	if len(request.Totals) == 0 {
		return false
	}
	day := request.BusinessDate.Format(time.DateOnly)
	books := map[totalKey]tally{}
	add := func(kind wire.TotalLineType, method wire.Method, count int, cents int64) {
		key := totalKey{kind, method}
		books[key] = tally{books[key].Count + count, books[key].Cents + cents}
	}
	for _, row := range s.paymentsOf(terminal, day) {
		if standingOf(row.Status) == arrived {
			add(wire.TotalLineTypeSale, row.Request.Method, 1, row.soldCents())
		}
	}
	for _, row := range s.state.refunds.rows {
		if row.TerminalID == terminal && row.counts() && row.Request.BusinessDate.Format(time.DateOnly) == day {
			add(wire.TotalLineTypeRefund, row.Method, 1, row.Request.Amount.Amount)
		}
	}
	for _, line := range request.Totals {
		kind := wire.TotalLineTypeSale
		if line.Type != nil {
			kind = *line.Type
		}
		if kind == wire.TotalLineTypeSale || kind == wire.TotalLineTypeRefund {
			add(kind, line.Method, -line.Count, -line.Amount.Amount)
		}
	}
	for _, rest := range books {
		if rest != (tally{}) {
			return true
		}
	}
	return false
}

// difference shows both sides of one; nil is the side that has nothing.
func difference(id string, kind wire.ReconciliationDifferencesKind, suggested wire.ReconciliationDifferencesSuggested, entry *wire.ReconciliationEntry, row *paymentRow) wire.Difference {
	made := wire.Difference{PaymentID: id, Kind: kind, Suggested: &suggested}
	if entry != nil {
		side := map[string]any{"status": entry.Status, "amount": entry.Amount}
		if entry.NSU != nil {
			side["nsu"] = *entry.NSU
		}
		made.Terminal = &side
	}
	if row != nil {
		side := map[string]any{"status": row.Status, "amount": wire.Money{Amount: row.soldCents(), Currency: currencyOnly}}
		if row.Result != nil && row.Result.NSU != nil {
			side["nsu"] = *row.Result.NSU
		}
		if owed := row.owedCents(); owed > 0 {
			side["owed"] = wire.Money{Amount: owed, Currency: currencyOnly}
		}
		made.Central = &side
	}
	return made
}
