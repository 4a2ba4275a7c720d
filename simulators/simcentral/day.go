package simcentral

import (
	"encoding/json"
	"fmt"

	"balcao/simulators/simcentral/ledger"
	"balcao/sync/wire"
)

// dayBody is what central reads of the facts of a day that are neither orders nor
// payments, whatever their kind. Source: openapi.yaml, Discount to CashCount.
type dayBody struct {
	SessionID     string              `json:"session_id"`
	OperatorID    string              `json:"operator_id"`
	Approval      *wire.Approval      `json:"approval"`
	Type          string              `json:"type"`
	Cause         string              `json:"cause"`
	Amount        *wire.Money         `json:"amount"`
	Counted       *wire.Money         `json:"counted"`
	Expected      *wire.Money         `json:"expected"`
	Denominations []wire.Denomination `json:"denominations"`
	ExpiresAt     *wire.Timestamp     `json:"expires_at"`
}

// what is the word that tells facts of one kind apart.
func (b dayBody) what() string { return b.Type + b.Cause }

// cents is the amount that the fact is about.
func (b dayBody) cents() int64 {
	if b.Counted != nil {
		return b.Counted.Amount
	}
	return cents(b.Amount)
}

// bookDay checks such a fact against what central knows, keeps it, and moves the cash
// that it moved.
func (s *Server) bookDay(c *call) (answer, *wire.Problem) {
	var body dayBody
	if json.Unmarshal(c.body, &body) != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the record cannot be read")
	}
	key := join(c.terminal, c.key)
	if _, known := s.state.day.get(key); known {
		return answer{replayed: true}, nil
	}
	if violations := s.checkDay(c, body); len(violations) > 0 {
		return answer{}, wire.NewProblem(violations[0].Code, "the record contradicts what central knows", violations...)
	}
	if err := s.moveCash(c, body); err != nil {
		s.log.Error("cash movement is not booked", "record", c.key, "error", err)
		return answer{}, wire.NewProblem(wire.CodeInternalError, "the movement could not be booked")
	}
	s.useOverride(c, body)
	session := body.SessionID
	if session == "" {
		session = s.openSession(c.terminal)
	}
	s.state.day.put(key, dayRow{
		TerminalID: c.terminal, StoreID: c.store, SessionID: session, Fact: c.recorded.fact, Kind: c.operation,
		What: body.what(), Cents: body.cents(), Training: c.recorded.training,
	})
	return answer{}, nil
}

// checkDay names what is wrong with a fact of the day.
func (s *Server) checkDay(c *call, body dayBody) []wire.Violation {
	var found []wire.Violation
	if row, known := s.state.sessions.get(body.SessionID); known && row.TerminalID != c.terminal {
		found = append(found, wire.Violation{Pointer: "/session_id", Code: wire.CodeNotFound, Detail: new("another terminal's")})
	}
	for _, money := range []struct {
		pointer string
		value   *wire.Money
	}{{"/amount", body.Amount}, {"/counted", body.Counted}} {
		if money.value == nil {
			continue
		}
		found = append(found, checkCurrency(money.pointer, *money.value)...)
		if money.value.Amount < 0 {
			found = append(found, wire.Violation{Pointer: money.pointer + "/amount", Code: wire.CodeRequiredField, Detail: new("less than nothing")})
		}
	}
	found = append(found, s.checkApproval(c, body)...)
	if c.operation == "cash_count" {
		found = append(found, s.checkCount(c, body)...)
	}
	return found
}

// checkApproval wants a second person who is one, and a permission that is good still.
func (s *Server) checkApproval(c *call, body dayBody) []wire.Violation {
	if body.Approval == nil {
		return nil
	}
	if body.Approval.ApproverID == body.OperatorID {
		return []wire.Violation{{Pointer: "/approval/approver_id", Code: wire.CodeRequiredField, Detail: new("the operator's own")}}
	}
	id := body.Approval.OverrideID
	if id == nil || c.operation == "override" {
		return nil
	}
	given, known := s.state.override.get(join(c.terminal, *id))
	wrong := func(code, why string) []wire.Violation {
		return []wire.Violation{{Pointer: "/approval/override_id", Code: code, Detail: &why}}
	}
	switch {
	case !known:
		return wrong(wire.CodeNotFound, "no such override came before")
	case given.UsedBy != "":
		return wrong(wire.CodeIdempotencyKeyReused, "the override was used before")
	case given.ExpiresAt != nil && c.recorded.occurredAt.After(*given.ExpiresAt):
		return wrong(wire.CodeRequiredField, "the override had expired")
	case given.Cents != nil && body.cents() > *given.Cents:
		return []wire.Violation{{
			Pointer: "/amount/amount", Code: wire.CodeRequiredField, Detail: new("more than was approved"),
			Expected: *given.Cents, Actual: body.cents(),
		}}
	}
	return nil
}

// useOverride keeps a permission, or uses one up.
func (s *Server) useOverride(c *call, body dayBody) {
	switch {
	case c.operation == "override":
		row := overrideRow{ExpiresAt: body.ExpiresAt}
		if body.Amount != nil {
			row.Cents = &body.Amount.Amount
		}
		s.state.override.put(join(c.terminal, c.key), row)
	case body.Approval != nil && body.Approval.OverrideID != nil:
		key := join(c.terminal, *body.Approval.OverrideID)
		row, _ := s.state.override.get(key)
		row.UsedBy = c.key
		s.state.override.put(key, row)
	}
}

// checkCount adds a count up, and compares what the till expected with the books.
func (s *Server) checkCount(c *call, body dayBody) []wire.Violation {
	var found []wire.Violation
	if len(body.Denominations) > 0 {
		var sum int64
		for _, each := range body.Denominations {
			sum += each.Value.Amount * int64(each.Count)
		}
		found = append(found, compare("/counted/amount", sum, cents(body.Counted))...)
	}
	if body.Expected == nil || c.recorded.training {
		return found
	}
	sums := s.sum(c.terminal, func(session string) bool { return session == body.SessionID }, c.recorded.before)
	return append(found, compare("/expected/amount", sums.drawerCents(), body.Expected.Amount)...)
}

// before says whether a fact is older than the record.
func (r *recorded) before(other factRef) bool {
	return other.Epoch != r.fact.Epoch || other.Seq < r.fact.Seq
}

// moveCash books a cash movement between the safe and the drawer.
func (s *Server) moveCash(c *call, body dayBody) error {
	if c.operation != "cash_movement" || c.recorded.training {
		return nil
	}
	from, to := safeOf(c.store), cashOf(c.store, c.terminal)
	if body.Type == string(wire.CashMovementTypeSangria) {
		from, to = to, from
	}
	return s.state.book(ledger.Move(entryID(c.key, c.operation), from, to, cents(body.Amount)))
}

// openSession is the session that a fact without one belongs to: the newest that the
// till has open. Ids grow with time.
func (s *Server) openSession(terminal string) string {
	newest := ""
	for id, row := range s.state.sessions.rows {
		if row.TerminalID == terminal && row.Request.ClosedAt == nil {
			newest = max(newest, id)
		}
	}
	return newest
}

// settle books the drawer of a closed session out: what was counted goes to the safe,
// what was missing to the difference. It waits for the record of the close: by then
// every fact of the session has come.
func (s *Server) settle(c *call, row sessionRow) error {
	if row.training() || c.recorded.training {
		return nil
	}
	sums := s.sum(row.TerminalID, func(session string) bool { return session == c.id }, always)
	expected := sums.drawerCents()
	counted := expected
	switch {
	case row.Request.CountedCash != nil:
		counted = row.Request.CountedCash.Amount
	case sums.counted != nil:
		counted = *sums.counted
	}
	err := s.state.book(ledger.Entry{ID: entryID(c.id, "close"), Postings: []ledger.Posting{
		{Account: cashOf(row.StoreID, row.TerminalID), Cents: -expected},
		{Account: safeOf(row.StoreID), Cents: counted},
		{Account: differenceOf(row.StoreID, row.TerminalID), Cents: expected - counted},
	}})
	if err != nil {
		return fmt.Errorf("settle session %s: %w", c.id, err)
	}
	return nil
}
