package terminal

import (
	"maps"
	"slices"

	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
)

// Apply folds one fact into a state. It reads nothing but the two, and leaves
// every older copy of the state as it was. A fact that cannot follow on this
// state panics: it was written by a broken program, and going on would spread it.
func Apply(s State, fact journal.Fact) State {
	s.Seq = fact.Seq
	if _, refused := fact.Body.(journal.LoginRefused); !refused {
		s.Answered = s.Answered.add(fact.ID.Origin())
	}
	switch body := fact.Body.(type) {
	// The file.
	case journal.Checkpoint:
		s.TerminalID, s.Epoch = body.TerminalID, body.Epoch
	// People.
	case journal.OperatorLogin, journal.OperatorLogout, journal.LoginRefused:
		return applyPeople(s, fact)
	// The day.
	case journal.SessionOpen, journal.CashMovement, journal.CashCount, journal.XReport, journal.ZReport, journal.SessionClose:
		return applyDay(s, fact)
	// The cart.
	case journal.SaleOpened, journal.LineAdded, journal.LineVoid, journal.Discount, journal.CustomerSet, journal.SaleCancelled:
		return applyCart(s, fact)
	case journal.Order:
		s.Order = orderOf(s.Cart, fact, body)
	case journal.Transition:
		if s.Order != nil && s.Order.ID == body.OrderID && body.To == "cancelled" {
			s.Order = nil
			s.Attempts = atRestDropped(s.Attempts)
		}
	// The money.
	case journal.CashTendered:
		s.Order = withCash(s.Order, append(slices.Clone(s.Order.Cash), sale.Tender{
			PaymentID: body.PaymentID, Method: string(payment.Cash), Amount: body.Amount, Tendered: body.Tendered, Change: body.Change,
		}))
	case journal.CashReturned:
		s.Order = withCash(s.Order, nil)
	case journal.PaymentIntent, journal.Payment, journal.Confirmation, journal.Reversal,
		journal.PaymentConfirmed, journal.PaymentReversed, journal.PaymentManual, journal.PaymentSettled:
		return applyMoney(s, fact)
	case journal.SalePaid:
		return applySalePaid(s, fact, body)
	// The paper.
	case journal.PrintJob:
		return applyPrintJob(s, fact, body)
	case journal.PrintResult:
		s.Jobs = slices.DeleteFunc(slices.Clone(s.Jobs), func(job Job) bool { return job.ID == body.JobID })
		s.Sold = soldTrimmed(s)
	case journal.StateCheckpoint:
		seq := s.Seq
		s = restored(s, body)
		s.Seq = seq
	case journal.Quarantined:
		if body.Code == forkDetected {
			s.Forked = true
		} else {
			s.Quarantined++
		}
	case journal.DrawerOpening, journal.Override:
		// Told for the books: they change nothing that the till goes by.
	}
	return s
}

// forkDetected is central's code for a till whose history is not the one it knows
// (sync/wire/openapi.yaml, Problem).
const forkDetected = "fork-detected"

func applyPeople(s State, fact journal.Fact) State {
	failures := maps.Clone(s.Failures)
	if failures == nil {
		failures = map[string]Failure{}
	}
	switch body := fact.Body.(type) {
	case journal.OperatorLogin:
		s.Operator = &Person{ID: body.OperatorID, Name: body.Name, Role: roleOf(body.Role)}
		delete(failures, body.OperatorID)
	case journal.OperatorLogout:
		s.Operator = nil
	case journal.LoginRefused:
		failures[body.OperatorID] = Failure{Count: failures[body.OperatorID].Count + 1, At: fact.At}
	}
	s.Failures = failures
	return s
}

func applyCart(s State, fact journal.Fact) State {
	switch body := fact.Body.(type) {
	case journal.SaleOpened:
		s.Cart = &sale.Cart{ID: body.SaleID, Number: body.Number, OpenedAt: fact.At}
		s.Counters.Sale = body.Number
	case journal.LineAdded:
		s.Cart = s.Cart.Clone()
		s.Cart.Lines = append(s.Cart.Lines, body.Line)
	case journal.LineVoid:
		s.Cart = s.Cart.Clone()
		s.Cart.Voided[body.LineID] = true
		sums := s.Session.Sums
		sums.Voided = sums.Voided.Plus(body.Amount)
		s.Session = withSums(s.Session, sums)
	case journal.Discount:
		s.Cart = discounted(s.Cart.Clone(), body)
	case journal.CustomerSet:
		s.Cart = s.Cart.Clone()
		s.Cart.TaxID = body.TaxID
	case journal.SaleCancelled:
		return applyCancelled(s, fact, body)
	}
	return s
}

// discounted takes a discount off a line of the cart, or off the whole of it.
func discounted(cart *sale.Cart, body journal.Discount) *sale.Cart {
	if body.LineID == "" {
		cart.Discount += body.Amount
		return cart
	}
	for i := range cart.Lines {
		if cart.Lines[i].ID == body.LineID {
			cart.Lines[i].Discount += body.Amount
			cart.Lines[i].Total -= body.Amount
		}
	}
	return cart
}

func applyCancelled(s State, fact journal.Fact, body journal.SaleCancelled) State {
	cancelled := &device.Cancelled{
		Number: s.Cart.Number, At: fact.At, Lines: s.Cart.Live(), Total: body.Total, OperatorID: body.OperatorID, Reason: body.Reason,
	}
	if s.Operator != nil {
		cancelled.OperatorName = s.Operator.Name
	}
	if body.Approval != nil {
		cancelled.ApproverID = body.Approval.ApproverID
	}
	sums := s.Session.Sums
	sums.Cancelled = sums.Cancelled.Plus(body.Total)
	s.Session = withSums(s.Session, sums)
	s.Latest = Sheet{Subject: fact.ID, Cancelled: cancelled}
	s.Cart, s.Order = nil, nil
	s.Attempts = atRestDropped(s.Attempts)
	return s
}

// withCash answers an order with other parts in cash; the old one stays as it was.
func withCash(order *OpenOrder, parts []sale.Tender) *OpenOrder {
	changed := *order
	changed.Cash = parts
	return &changed
}

// applyDay opens, moves, counts and ends a session.
func applyDay(s State, fact journal.Fact) State {
	switch body := fact.Body.(type) {
	case journal.SessionOpen:
		s.Session = &shift.Session{
			ID: fact.ID, OperatorID: body.OperatorID, OpenedAt: body.OpenedAt, BusinessDate: body.BusinessDate, FirstSeq: fact.Seq,
		}
		if s.Operator != nil {
			s.Session.OperatorName = s.Operator.Name
		}
	case journal.CashMovement:
		s.Session = withSums(s.Session, s.Session.Sums.Move(body.Type, body.Amount))
		s.Latest = Sheet{Subject: fact.ID, Movement: movementOf(s, fact, body)}
	case journal.CashCount:
		counted := *s.Session
		counted.Counts = append(slices.Clone(counted.Counts), shift.Count{Counted: body.Counted, At: fact.At})
		s.Session = &counted
	case journal.XReport:
		s.Latest = Sheet{Subject: fact.ID, Report: reportOf(s, fact, 0)}
	case journal.ZReport:
		s.Counters.Z++
		s.Latest = Sheet{Subject: fact.ID, Report: reportOf(s, fact, s.Counters.Z)}
	case journal.SessionClose:
		s.Session = nil
	}
	return s
}

func movementOf(s State, fact journal.Fact, body journal.CashMovement) *device.Movement {
	moved := &device.Movement{Type: body.Type, Amount: body.Amount, At: fact.At, OperatorID: body.OperatorID, Reason: body.Reason}
	if s.Operator != nil {
		moved.OperatorName = s.Operator.Name
	}
	if body.Approval != nil {
		moved.ApproverID = body.Approval.ApproverID
	}
	return moved
}

// reportOf is the X or Z as it is printed: made by the same function as the
// figures of the fact, with what stays open by name (I11).
func reportOf(s State, fact journal.Fact, number int64) *shift.Report {
	pending := shift.Pending{Quarantined: int64(s.Quarantined), Papers: int64(len(s.Jobs))}
	for _, attempt := range s.Attempts {
		if !attempt.State.Final() {
			pending.Attempts = append(pending.Attempts, attempt.ID.Short())
		}
	}
	report := s.Session.Report(fact.At, fact.Seq-1, pending)
	report.Number = number
	return &report
}

// applyMoney moves an attempt along the table of package payment.
func applyMoney(s State, fact journal.Fact) State {
	switch body := fact.Body.(type) {
	case journal.PaymentIntent:
		s.Attempts = append(slices.Clone(s.Attempts), payment.Attempt{
			ID: body.AttemptID, OrderID: body.OrderID, Birth: body.Birth, Tender: body.Tender, Method: body.Method, Amount: body.Amount,
			Driver: body.Driver, STAN: body.STAN, StartedAt: fact.At, Deadline: body.Deadline, Seq: fact.Seq, State: payment.Intent,
		})
		s.Counters.STAN = body.STAN
	case journal.Payment:
		return applyOutcome(s, fact.ID, body)
	case journal.Confirmation:
		return stepped(s, body.PaymentID, payment.Commit, func(a *payment.Attempt) {
			a.Settlement, a.Completion = fact.ID, body.Card
		})
	case journal.Reversal:
		return stepped(s, body.PaymentID, payment.Undo, func(a *payment.Attempt) {
			a.Settlement, a.Reason, a.Completion = fact.ID, body.Reason, body.Card
		})
	case journal.PaymentConfirmed:
		return settled(s, body.PaymentID, payment.Ack)
	case journal.PaymentReversed:
		return settled(s, body.PaymentID, payment.Reverse)
	case journal.PaymentManual:
		return stepped(s, body.PaymentID, payment.Escalate, nil)
	case journal.PaymentSettled:
		if body.Charged {
			return settled(s, body.PaymentID, payment.Ack)
		}
		return settled(s, body.PaymentID, payment.Reverse)
	}
	return s
}

// applyOutcome records what the host said. Cash has no attempt: the money is in
// the drawer when its fact is written.
func applyOutcome(s State, id ident.ID, body journal.Payment) State {
	if body.Method == payment.Cash {
		return s
	}
	step := payment.Decline
	if body.Result != nil && body.Result.Approved {
		step = payment.Approve
	}
	return stepped(s, id, step, func(a *payment.Attempt) {
		a.Card = body.Card
		if body.Result != nil {
			a.Result = *body.Result
		}
	})
}

// applySalePaid makes the sale exist: the heart of S3.
func applySalePaid(s State, fact journal.Fact, body journal.SalePaid) State {
	paid := sale.Paid{
		Order: s.Order.Order, Tenders: body.Tenders, Receipt: body.Receipt, PaidAt: fact.At,
		OperatorID: body.OperatorID, OperatorName: body.OperatorName, BusinessDate: body.BusinessDate,
	}
	var own []payment.Attempt
	for _, attempt := range s.Attempts {
		if attempt.OrderID == body.OrderID && attempt.State == payment.Committed {
			own = append(own, attempt)
		}
	}
	gross, discounts := grossOf(s.Order.Order)
	sums := s.Session.Sums.Sell(body.Receipt, gross, discounts)
	for _, tender := range body.Tenders {
		sums = sums.Pay(tender.Method, tender.Amount)
	}
	s.Session = withSums(s.Session, sums)
	s.Counters.Receipt = body.Receipt
	s.Cart, s.Order = nil, nil
	s.Attempts = atRestDropped(s.Attempts)
	s.Sold = append(slices.Clone(s.Sold), Sold{Paid: paid, Attempts: own})
	s.Sold = soldTrimmed(s)
	return s
}

// grossOf answers an order's figures before any discount, and all discounts.
func grossOf(order sale.Order) (gross, discounts money.Cents) {
	discounts = order.Totals.Discounts
	for _, sold := range order.Lines {
		discounts += sold.Discount
	}
	return order.Totals.Total + discounts, discounts
}

func applyPrintJob(s State, fact journal.Fact, body journal.PrintJob) State {
	job := Job{
		ID: body.JobID, SaleID: body.SaleID, PaymentID: body.PaymentID, Documents: body.Documents, Copy: body.Copy, At: fact.At,
	}
	if body.SubjectID != "" && body.SubjectID == s.Latest.Subject {
		job.Sheet = s.Latest
		if job.Sheet.Report != nil {
			report := *job.Sheet.Report
			report.Pending.Queue = body.Queue
			job.Sheet.Report = &report
		}
	}
	s.Jobs = append(slices.Clone(s.Jobs), job)
	s.Sold = slices.Clone(s.Sold)
	for i := range s.Sold {
		if s.Sold[i].Paid.Order.SaleID == body.SaleID && body.Copy > s.Sold[i].Copies {
			s.Sold[i].Copies = body.Copy
		}
	}
	return s
}

// stepped moves one attempt by one step and lets change fill in what came with it.
func stepped(s State, id ident.ID, step payment.Step, change func(*payment.Attempt)) State {
	s.Attempts = slices.Clone(s.Attempts)
	for i := range s.Attempts {
		attempt := &s.Attempts[i]
		if attempt.ID != id {
			continue
		}
		next, err := payment.Next(attempt.State, step)
		if err != nil {
			panic("terminal: attempt " + string(id) + ": " + err.Error())
		}
		attempt.State = next
		if change != nil {
			change(attempt)
		}
		return s
	}
	panic("terminal: fact about an unknown attempt " + string(id))
}

// settled ends an attempt that the host acknowledged, and forgets it once its
// order is no longer on the screen.
func settled(s State, id ident.ID, step payment.Step) State {
	s = stepped(s, id, step, nil)
	if s.Order == nil {
		s.Attempts = atRestDropped(s.Attempts)
	}
	return s
}

// atRestDropped leaves the attempts that still owe or wait for something.
func atRestDropped(attempts []payment.Attempt) []payment.Attempt {
	return slices.DeleteFunc(slices.Clone(attempts), func(a payment.Attempt) bool { return a.State.Final() })
}

// soldTrimmed keeps the last sale and those whose paper is still owed, bounded.
func soldTrimmed(s State) []Sold {
	owed := map[ident.ID]bool{}
	for _, job := range s.Jobs {
		owed[job.SaleID] = true
	}
	kept := make([]Sold, 0, len(s.Sold))
	for i, sold := range s.Sold {
		if i == len(s.Sold)-1 || owed[sold.Paid.Order.SaleID] {
			kept = append(kept, sold)
		}
	}
	if len(kept) > soldMax {
		kept = kept[len(kept)-soldMax:]
	}
	return kept
}

// withSums answers a session with other sums; the old one stays as it was.
func withSums(session *shift.Session, sums shift.Sums) *shift.Session {
	changed := *session
	changed.Sums = sums
	return &changed
}

// orderOf freezes the cart as the fact told it.
func orderOf(cart *sale.Cart, fact journal.Fact, body journal.Order) *OpenOrder {
	return &OpenOrder{
		Order: sale.Order{
			ID: fact.ID, SaleID: cart.ID, SaleNumber: cart.Number, ClosedAt: fact.At,
			Lines: cart.Live(), Totals: body.Totals, TaxID: cart.TaxID, Seq: fact.Seq,
		},
		Request: body,
	}
}
