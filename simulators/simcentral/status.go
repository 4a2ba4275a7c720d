package simcentral

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"balcao/sync/wire"
)

// listedMax bounds each list of the operator's view to what a person reads.
const listedMax = 20

// services are the parts of this central, each as it is.
func (s *Server) services() []wire.ServiceState {
	return []wire.ServiceState{
		{Name: "authorisation", State: "operational"},
		{Name: "orders", State: "operational"},
		{Name: "sync", State: "operational"},
	}
}

// commandStatus is the view of whoever runs a central: what is on, what there is, and
// what wants looking at.
func (s *Server) commandStatus(context.Context, []string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view := &viewer{}
	view.line("central", s.describe())
	for _, service := range s.services() {
		view.line("service "+service.Name, service.State)
	}
	s.viewOrders(view)
	s.viewPayments(view)
	s.viewLedger(view)
	s.viewOpen(view)
	s.viewStreams(view)
	return strings.TrimRight(view.text.String(), "\n"), s.state.journal.commit()
}

// A viewer writes lines of a word and what is said of it.
type viewer struct{ text strings.Builder }

func (v *viewer) line(name, value string) { fmt.Fprintf(&v.text, "%-28s %s\n", name, value) }

// list writes at most listedMax lines, and how many more there are.
func (v *viewer) list(name string, values []string) {
	slices.Sort(values)
	for _, value := range values[:min(len(values), listedMax)] {
		v.line(name, value)
	}
	if more := len(values) - listedMax; more > 0 {
		v.line(name, fmt.Sprintf("and %d more", more))
	}
}

func (v *viewer) tallies(name string, tallies map[string]tally) {
	for _, key := range slices.Sorted(maps.Keys(tallies)) {
		v.line(name+" "+key, fmt.Sprintf("%d, %s", tallies[key].Count, inReals(tallies[key].Cents)))
	}
}

// inReals writes cents as an amount.
func inReals(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}

func (s *Server) viewOrders(view *viewer) {
	orders := map[string]tally{}
	for _, row := range s.state.orders.rows {
		orders[string(row.Status)] = orders[string(row.Status)].plus(orderTotal(row))
	}
	view.tallies("orders", orders)
}

func (s *Server) viewPayments(view *viewer) {
	payments, refunds := map[string]tally{}, map[string]tally{}
	for id := range s.state.payments.rows {
		row, _ := s.payment(id)
		key := string(row.Status)
		if isTraining(&row.Request) {
			key += " (training)"
		}
		payments[key] = payments[key].plus(row.Request.Amount.Amount)
	}
	for _, row := range s.state.refunds.rows {
		refunds[string(row.Status)] = refunds[string(row.Status)].plus(row.Request.Amount.Amount)
	}
	view.tallies("payments", payments)
	view.tallies("refunds", refunds)
}

// viewLedger adds the accounts up by what they are, the word before the first colon.
func (s *Server) viewLedger(view *viewer) {
	sums := map[string]int64{}
	for account, cents := range s.state.ledger.Balances() {
		group, _, _ := strings.Cut(account, ":")
		sums[group] += cents
	}
	for _, group := range slices.Sorted(maps.Keys(sums)) {
		view.line("ledger "+group, inReals(sums[group]))
	}
	view.line("ledger sum", inReals(s.state.ledger.Sum()))
}

// viewOpen lists what somebody has yet to do: pay, decide, give back, look at.
func (s *Server) viewOpen(view *viewer) {
	var open, owed, rejected, refunds []string
	for id := range s.state.payments.rows {
		row, _ := s.payment(id)
		if row.pendingCents() > 0 {
			open = append(open, fmt.Sprintf("%s %s %s %s", id, row.TerminalID, row.Status, inReals(row.pendingCents())))
		}
		if row.owedCents() > 0 {
			owed = append(owed, fmt.Sprintf("%s %s came when it was %s: refund %s", id, row.TerminalID, row.Status, inReals(row.owedCents())))
		}
	}
	for id, row := range s.state.refunds.rows {
		if row.Status == wire.RefundStatusProcessing {
			refunds = append(refunds, fmt.Sprintf("%s of %s %s", id, row.PaymentID, inReals(row.Request.Amount.Amount)))
		}
	}
	for key, row := range s.state.records.rows {
		if row.Result == wire.BatchResultResultsResultRejected {
			rejected = append(rejected, fmt.Sprintf("%s %s %s %s", strings.ReplaceAll(key, "|", " "), row.Kind, row.ID, row.Code))
		}
	}
	view.list("open payment", open)
	view.list("owed", owed)
	view.list("refund under way", refunds)
	view.list("rejected record", rejected)
}

func (s *Server) viewStreams(view *viewer) {
	var streams []string
	for key, row := range s.state.streams.rows {
		text := fmt.Sprintf("%s has facts %d to %d", strings.ReplaceAll(key, "|", " "), row.FirstSeq, row.AckedSeq)
		if ahead := s.state.live[key]; ahead > row.AckedSeq {
			text += fmt.Sprintf(", live calls told up to %d", ahead)
		}
		streams = append(streams, text)
	}
	for key, ahead := range s.state.live {
		if _, known := s.state.streams.get(key); !known {
			streams = append(streams, fmt.Sprintf("%s has no facts, live calls told up to %d", strings.ReplaceAll(key, "|", " "), ahead))
		}
	}
	view.list("stream", streams)
}
