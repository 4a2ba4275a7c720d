package simcentral

import "balcao/sync/wire"

// A tally is how often and how much.
type tally struct {
	Count int   `json:"count"`
	Cents int64 `json:"cents"`
}

func (t tally) plus(cents int64) tally { return tally{t.Count + 1, t.Cents + cents} }

// sums are what sessions of a till come to by central's own books.
type sums struct {
	sales      map[wire.Method]tally           // captured
	movements  map[wire.CashMovementType]tally // of cash
	facts      map[string]tally                // of the other kinds, by kind
	openings   map[string]int                  // of the drawer, by cause
	refunds    map[wire.Method]tally
	counted    *int64 // by the last count
	countedSeq int64
}

// always is every fact there is.
func always(factRef) bool { return true }

// sum adds up the sessions of a till that of takes, as far as within takes their facts.
// Training counts nowhere.
func (s *Server) sum(terminal string, of func(session string) bool, within func(factRef) bool) sums {
	total := sums{
		sales: map[wire.Method]tally{}, movements: map[wire.CashMovementType]tally{},
		facts: map[string]tally{}, openings: map[string]int{}, refunds: map[wire.Method]tally{},
	}
	for _, row := range s.state.payments.rows {
		if row.TerminalID == terminal && of(row.session()) && !isTraining(&row.Request) && row.sold(within) {
			total.sales[row.Request.Method] = total.sales[row.Request.Method].plus(row.soldCents())
		}
	}
	for _, row := range s.state.refunds.rows {
		if row.TerminalID == terminal && of(row.session()) && row.counts() && within(row.Fact) {
			total.refunds[row.Method] = total.refunds[row.Method].plus(row.Request.Amount.Amount)
		}
	}
	for _, row := range s.state.day.rows {
		if row.TerminalID == terminal && of(row.SessionID) && !row.Training && within(row.Fact) {
			total.add(row)
		}
	}
	return total
}

func (t *sums) add(row dayRow) {
	switch row.Kind {
	case "cash_movement":
		movement := wire.CashMovementType(row.What)
		t.movements[movement] = t.movements[movement].plus(row.Cents)
	case "drawer_opening":
		t.openings[row.What]++
	case "cash_count":
		t.facts[row.Kind] = tally{t.facts[row.Kind].Count + 1, 0}
		if row.Fact.Seq > t.countedSeq { // a new epoch counts on, so the highest is the last
			t.counted, t.countedSeq = &row.Cents, row.Fact.Seq
		}
	default:
		t.facts[row.Kind] = t.facts[row.Kind].plus(row.Cents)
	}
}

// drawerCents is the cash that should be in the drawer.
func (t sums) drawerCents() int64 {
	return t.movements[wire.CashMovementTypeFloat].Cents + t.movements[wire.CashMovementTypeSuprimento].Cents -
		t.movements[wire.CashMovementTypeSangria].Cents + t.sales[wire.MethodCash].Cents - t.refunds[wire.MethodCash].Cents
}

// session is the session of a payment, empty for none.
func (p paymentRow) session() string {
	if p.Request.SessionID == nil {
		return ""
	}
	return *p.Request.SessionID
}

// sold says whether a payment is a sale by the facts that within takes: captured by one
// of them and not taken back by another.
func (p paymentRow) sold(within func(factRef) bool) bool {
	return p.CapturedBy != nil && within(*p.CapturedBy) && (p.UndoneBy == nil || !within(*p.UndoneBy))
}
