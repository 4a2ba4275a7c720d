package terminal

import (
	"strings"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
)

// CashierView builds what a cashier's screen may know of a state. The expected
// drawer is not in it: the count is blind.
func CashierView(s State) snapshot.Cashier {
	v := s.Volatile
	view := snapshot.Cashier{
		Version: snapshot.Version, Seq: s.Seq, Language: v.World.Language, Phase: phaseOf(s),
		Store:   snapshot.Store{Name: v.World.Store.Name, Number: v.World.Store.Number, Till: v.World.Store.Till, Zone: v.World.Zone},
		Sale:    saleView(s.Cart),
		Payment: paymentView(s),
		Notices: noticesView(s),
		Devices: devicesView(v),
		Central: snapshot.Central{Online: v.Online, Queue: v.Queue, Pending: s.Owed()},
	}
	if s.Operator != nil {
		view.Operator = &snapshot.Operator{ID: s.Operator.ID, Name: s.Operator.Name, Role: string(s.Operator.Role)}
	}
	if s.Session != nil {
		view.Session = &snapshot.Session{ID: s.Session.ID, OpenedAt: s.Session.OpenedAt, BusinessDate: s.Session.BusinessDate}
	}
	if sold, ok := s.lastSold(); ok {
		view.LastSale = lastSaleView(s, sold)
	}
	addAsked(&view, s)
	if v.Toast.Number > 0 {
		view.Toast = &snapshot.Toast{Number: v.Toast.Number, Kind: v.Toast.Kind, Text: v.Toast.Text, Bell: v.Toast.Bell}
	}
	return view
}

// addAsked adds what the screen has to ask before anything else.
func addAsked(view *snapshot.Cashier, s State) {
	v := s.Volatile
	if v.Search != nil {
		view.Search = &snapshot.Search{Query: v.Search.Words, More: v.Search.More}
		for _, item := range v.Search.Items {
			view.Search.Rows = append(view.Search.Rows, snapshot.SearchRow{
				SKU: item.SKU, Description: item.Description, Unit: item.Unit, Price: item.Price,
			})
		}
	}
	if v.Asked != nil {
		view.Question = &snapshot.Question{
			Text:    text.Msg("core.question.code_or_document", "Code", v.Asked.Code),
			Answers: []text.Message{text.Msg("core.question.code"), text.Msg("core.question.document")},
		}
	}
	if v.Wanted != nil && s.Operator != nil {
		view.Approval = &snapshot.Approval{Act: v.Wanted.Act, Amount: v.Wanted.Amount, Asker: s.Operator.Name}
	}
	if v.Closing && s.Session != nil {
		view.Closing = closingView(s)
	}
}

// closingView is the end of a day: blind until a count is entered.
func closingView(s State) *snapshot.Closing {
	view := &snapshot.Closing{Attempts: len(s.Session.Counts)}
	if view.Attempts > 0 {
		counted, expected := s.Session.Counts[view.Attempts-1].Counted, s.Session.Drawer()
		view.Result = &snapshot.Count{Counted: counted, Expected: expected, Difference: counted - expected}
	}
	for _, attempt := range s.Attempts {
		if !attempt.State.Final() {
			view.Carried = append(view.Carried, text.Msg("core.carried.attempt", "Key", attempt.ID.Short(), "AmountCents", attempt.Amount))
		}
	}
	if s.Volatile.Queue > 0 {
		view.Carried = append(view.Carried, text.Msg("core.carried.queue", "Number", s.Volatile.Queue))
	}
	if s.Quarantined > 0 {
		view.Carried = append(view.Carried, text.Msg("core.carried.quarantine", "Number", s.Quarantined))
	}
	if s.Forked {
		view.Carried = append(view.Carried, text.Msg("core.carried.fork"))
	}
	return view
}

// phaseOf derives which screen is up, from the most particular to the most general.
func phaseOf(s State) snapshot.Phase {
	switch {
	case s.Operator == nil:
		return snapshot.Locked
	case s.Session == nil:
		return snapshot.Closed
	case s.Volatile.Closing:
		return snapshot.Counting
	case s.Order != nil:
		return snapshot.Paying
	default:
		return snapshot.Selling
	}
}

func saleView(cart *sale.Cart) *snapshot.Sale {
	if cart == nil {
		return nil
	}
	live := cart.Live()
	view := &snapshot.Sale{
		ID: cart.ID, Number: cart.Number, Items: len(live), Pieces: sale.Pieces(live), Total: cart.Total(), TaxID: cart.TaxID,
		Discounts: cart.Discount,
	}
	for _, sold := range live {
		view.Discounts += sold.Discount
	}
	view.Gross = view.Total + view.Discounts
	for i, line := range cart.Lines {
		view.Lines = append(view.Lines, snapshot.Line{
			Number: i + 1, Code: line.Code, Description: line.Description, Quantity: line.Quantity, Unit: line.Unit,
			UnitPrice: line.UnitPrice, Discount: line.Discount, Total: line.Total, Voided: cart.Voided[line.ID],
		})
		if !cart.Voided[line.ID] {
			view.Last = i + 1
		}
	}
	return view
}

func lastSaleView(s State, sold Sold) *snapshot.LastSale {
	view := &snapshot.LastSale{
		Number: sold.Paid.Order.SaleNumber, Receipt: sold.Paid.Receipt, Total: sold.Paid.Order.Totals.Total,
		Change: sold.Paid.Change(), Paper: text.Msg("core.paper.printed"),
	}
	for _, tender := range sold.Paid.Tenders {
		view.Methods = append(view.Methods, tender.Method)
		view.Tendered += max(tender.Tendered, tender.Amount)
	}
	for _, job := range s.Jobs {
		if job.SaleID != sold.Paid.Order.SaleID {
			continue
		}
		view.Paper = text.Msg("core.paper.printing")
		if !works(s.Volatile.light(device.Printer)) {
			view.Paper = text.Msg("core.paper.waiting")
		}
	}
	return view
}

func paymentView(s State) *snapshot.Payment {
	if s.Order == nil {
		return nil
	}
	total, due := s.Order.Totals.Total, s.due()
	view := &snapshot.Payment{OrderID: s.Order.ID, Total: total, Paid: total - due, Due: due, Part: s.Volatile.Part}
	_, running := s.blocking()
	view.CanLeave = !running
	for _, choice := range tenders {
		row := snapshot.Choice{
			Digit: choice.digit, Method: string(choice.method), Name: tenderName(choice.method), Asks: choice.method == payment.Cash,
		}
		if running {
			row.Disabled = text.Msg("core.refused.payment_runs")
		} else if why := (&turn{state: s}).cardRefusal(); choice.method.ByCard() && why != "" {
			row.Disabled = text.Msg(why)
		}
		view.Choices = append(view.Choices, row)
	}
	for _, part := range s.Order.Cash {
		view.Received = append(view.Received, snapshot.Received{
			Name: tenderName(payment.Cash), Amount: part.Amount, At: s.Order.ClosedAt, State: text.Msg("core.state.cash"), Key: part.PaymentID,
		})
	}
	for _, attempt := range s.Attempts {
		if attempt.OrderID != s.Order.ID {
			continue
		}
		view.Received = append(view.Received, snapshot.Received{
			Name: tenderName(attempt.Method), Amount: attempt.Amount, At: attempt.StartedAt,
			State: text.Msg("core.state." + attempt.State.String()), Key: attempt.ID,
		})
		view.Attempt = attemptView(s, attempt)
	}
	return view
}

// attemptView is the newest attempt as a cashier follows it.
func attemptView(s State, attempt payment.Attempt) *snapshot.Attempt {
	work := s.Volatile.Card
	if work != nil && work.Attempt != attempt.ID {
		work = nil
	}
	view := &snapshot.Attempt{
		ID: attempt.ID, Name: tenderName(attempt.Method), Method: string(attempt.Method), Amount: attempt.Amount,
		State: attempt.State.String(), StartedAt: attempt.StartedAt, Running: attempt.State.Blocks(),
		Money: whereIs(attempt, work), Steps: stepsOf(attempt, work, s.Volatile.Said),
	}
	if _, finished := s.Volatile.Finished[attempt.ID]; finished {
		view.Running = false
	}
	view.CanCancel = work != nil && work.Stage == Reading && !work.Cancelling && attempt.State == payment.Intent
	view.CanInquire = attempt.State == payment.Intent && (work == nil || work.Stage == Asking)
	if attempt.Card != nil {
		view.Card = cardName(*attempt.Card)
	} else if work != nil && work.Reading != nil {
		view.Card = cardName(work.Reading.Card)
	}
	if said := s.Volatile.Said; said != nil && said.Attempt == attempt.ID {
		view.Outcome, view.Money = said.Text, snapshot.Money(said.Money)
		if view.Card == "" {
			view.Card = said.Card
		}
	} else if view.CanInquire {
		view.Outcome = text.Msg("core.outcome.asking")
	}
	return view
}

// cardName is how a cashier tells one card from another: "VISA •••• 0119".
func cardName(of card.Present) string { return strings.ToUpper(of.Brand) + " •••• " + of.Last4 }

// The steps of a card payment, as a cashier follows them.
const (
	stepCard = iota
	stepPIN
	stepHost
	stepChip
	stepsDone
)

var stepNames = [stepsDone]string{"core.step.card", "core.step.pin", "core.step.host", "core.step.chip"}

// stepsOf tells an attempt's progress: card, holder, host, chip. One that failed
// shows where.
func stepsOf(attempt payment.Attempt, work *CardWork, said *Said) []snapshot.Step {
	reached, here := stepReached(attempt, work), "active"
	if work == nil && said != nil && said.Attempt == attempt.ID && !attempt.State.Blocks() && reached != stepsDone {
		reached = said.Step
	}
	switch attempt.State {
	case payment.Refusal, payment.VoidDecided, payment.Reversed, payment.Manual:
		here = "failed"
	}
	steps := make([]snapshot.Step, len(stepNames))
	for i, name := range stepNames {
		state := "pending"
		switch {
		case i < reached:
			state = "done"
		case i == reached:
			state = here
		}
		steps[i] = snapshot.Step{Name: text.Msg(name), State: state}
	}
	return steps
}

// stepReached answers the step an attempt is at, or stopped at.
func stepReached(attempt payment.Attempt, work *CardWork) int {
	switch {
	case attempt.State == payment.Committed || attempt.State == payment.Confirmed:
		return stepsDone
	case attempt.State == payment.Refusal:
		return stepHost
	case work == nil && attempt.Completion != nil:
		return stepChip
	case work == nil && attempt.State.Blocks(), work == nil && attempt.Card != nil:
		return stepHost
	case work == nil, work.Stage == Reading && work.Step == device.StepWaiting:
		return stepCard
	case work.Stage == Reading:
		return stepPIN
	case work.Stage == Finishing:
		return stepChip
	default:
		return stepHost
	}
}

func devicesView(v Volatile) []snapshot.Device {
	kinds := []device.Kind{device.Printer, device.Pinpad}
	if v.light(device.Scanner) != device.Absent && v.light(device.Scanner) != device.Unused {
		kinds = append(kinds, device.Scanner)
	}
	views := make([]snapshot.Device, 0, len(kinds))
	for _, kind := range kinds {
		status, ok := v.Devices[kind]
		if !ok {
			status = device.Status{Kind: kind, Light: device.Absent}
		}
		view := snapshot.Device{Kind: kind, Light: status.Light}
		if status.Detail != "" {
			view.Detail = text.Msg(status.Detail)
		}
		views = append(views, view)
	}
	return views
}
