package ui

import (
	"context"
	"slices"
	"strings"
	"sync"

	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
)

// shop is a till in memory: enough of one to see whether a screen tells it the
// right things in the right order. Every item costs 10,00.
type shop struct {
	mutex   sync.Mutex
	shown   snapshot.Cashier
	changed chan struct{}
	told    []string
	done    map[ident.ID]link.Reply
	// held, if not nil, keeps the next commands waiting until it is closed.
	held chan struct{}
	// wanted is what a second person's PIN lets happen.
	wanted func(*snapshot.Cashier)
}

func newShop(phase snapshot.Phase) *shop {
	s := &shop{changed: make(chan struct{}), done: map[ident.ID]link.Reply{}}
	s.shown = snapshot.Cashier{
		Version: snapshot.Version, Number: 1, Seq: 1, Language: text.Portuguese, Phase: phase,
		Store:   snapshot.Store{Name: "Mercado Boa Vista", Number: "012", Till: "03", Zone: "UTC"},
		Devices: []snapshot.Device{{Kind: device.Printer, Light: device.OK}, {Kind: device.Pinpad, Light: device.OK}},
		Central: snapshot.Central{Online: true},
	}
	if phase != snapshot.Locked {
		s.shown.Operator = &snapshot.Operator{ID: "214", Name: "Maria S."}
	}
	return s
}

// show changes what the till shows, as a fact would.
func (s *shop) show(change func(*snapshot.Cashier)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.change(change)
}

func (s *shop) change(change func(*snapshot.Cashier)) {
	change(&s.shown)
	s.shown.Number++
	s.shown.Seq++
	close(s.changed)
	s.changed = make(chan struct{})
}

// hold keeps commands waiting from now on; release lets them go.
func (s *shop) hold() (release func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	held := make(chan struct{})
	s.held = held
	return func() {
		s.mutex.Lock()
		s.held = nil
		s.mutex.Unlock()
		close(held)
	}
}

func (s *shop) commands() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.told)
}

func (s *shop) now() (snapshot.Cashier, <-chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.shown, s.changed
}

func (s *shop) Snapshot(context.Context) (snapshot.Cashier, error) {
	shown, _ := s.now()
	return shown, nil
}

func (s *shop) Watch(ctx context.Context, after uint64) <-chan snapshot.Cashier {
	snapshots := make(chan snapshot.Cashier)
	go func() {
		defer close(snapshots)
		for {
			shown, changed := s.now()
			if shown.Number > after {
				select {
				case snapshots <- shown:
					after = shown.Number
					continue
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return snapshots
}

func (s *shop) Do(ctx context.Context, command link.Command) link.Reply {
	s.mutex.Lock()
	held := s.held
	s.mutex.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return link.Reply{}
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if before, known := s.done[command.RequestID]; known {
		before.Duplicate = true
		return before
	}
	s.told = append(s.told, describe(command))
	reply := s.carryOut(command)
	s.done[command.RequestID] = reply
	return reply
}

// describe is a command as the tests write it: "tender 1 50.00".
func describe(command link.Command) string {
	words := []string{command.Verb}
	if command.Text != "" {
		words = append(words, command.Text)
	}
	if command.PIN != "" {
		words = append(words, "PIN:"+command.PIN)
	}
	if command.Number != 0 {
		words = append(words, string(rune('0'+command.Number)))
	}
	if command.Amount != nil {
		words = append(words, command.Amount.String())
	}
	return strings.Join(words, " ")
}

func (s *shop) carryOut(command link.Command) link.Reply {
	if reply, known := s.carryOutDay(command); known {
		return reply
	}
	switch {
	case command.Verb == link.VerbLogin && command.PIN == "1357":
		s.change(func(c *snapshot.Cashier) {
			c.Phase, c.Operator = snapshot.Closed, &snapshot.Operator{ID: command.Text, Name: "Maria S."}
		})
	case command.Verb == link.VerbLogin:
		return s.refuse("core.refused.wrong_pin")
	case command.Verb == link.VerbLogout:
		s.change(func(c *snapshot.Cashier) { c.Phase, c.Operator = snapshot.Locked, nil })
	case command.Verb == link.VerbOpen:
		s.change(func(c *snapshot.Cashier) { c.Phase = snapshot.Selling })
	case command.Verb == link.VerbCancelSale:
		s.change(func(c *snapshot.Cashier) { c.Sale = nil })
	case command.Verb == link.VerbCancel:
		s.change(func(c *snapshot.Cashier) { c.Phase, c.Payment = snapshot.Selling, nil })
	case command.Verb == link.VerbTender, s.shown.Phase == snapshot.Paying && command.Verb == link.VerbEnter:
		s.change(func(c *snapshot.Cashier) {
			c.LastSale = &snapshot.LastSale{Number: 1, Total: c.Sale.Total, Tendered: c.Sale.Total, Paper: text.Msg("core.paper.printed")}
			c.Phase, c.Payment, c.Sale = snapshot.Selling, nil, nil
		})
	case command.Verb == link.VerbEnter && command.Text == "" && s.shown.Sale == nil:
		return s.refuse("core.refused.empty")
	case command.Verb == link.VerbEnter && command.Text == "":
		s.change(pay)
	case command.Verb == link.VerbEnter, command.Verb == link.VerbScan:
		s.change(func(c *snapshot.Cashier) { sell(c, command.Text) })
	}
	return link.Reply{OK: true, Seq: s.shown.Seq}
}

func (s *shop) refuse(id string) link.Reply {
	refusal := text.Msg(id)
	s.change(func(c *snapshot.Cashier) {
		number := uint64(1)
		if c.Toast != nil {
			number = c.Toast.Number + 1
		}
		c.Toast = &snapshot.Toast{Number: number, Kind: "warning", Text: refusal, Bell: true}
	})
	return link.Reply{Error: &refusal}
}

const itemPrice money.Cents = 10_00

func sell(c *snapshot.Cashier, code string) {
	sale := snapshot.Sale{ID: "S", Number: 7}
	if c.Sale != nil {
		sale = *c.Sale
		sale.Lines = slices.Clone(sale.Lines)
	}
	sale.Lines = append(sale.Lines, snapshot.Line{
		Number: len(sale.Lines) + 1, Code: code, Description: "ITEM " + code, Quantity: money.One, Unit: "un",
		UnitPrice: 10_0000, Total: itemPrice,
	})
	sale.Items, sale.Last = len(sale.Lines), len(sale.Lines)
	sale.Total = itemPrice * money.Cents(len(sale.Lines))
	c.Sale = &sale
}

func pay(c *snapshot.Cashier) {
	c.Phase = snapshot.Paying
	c.Payment = &snapshot.Payment{OrderID: "O", Total: c.Sale.Total, Due: c.Sale.Total, CanLeave: true, Choices: []snapshot.Choice{
		{Digit: 1, Method: "cash", Name: text.Msg("core.tender.cash"), Asks: true},
		{Digit: 2, Method: "debit", Name: text.Msg("core.tender.debit")},
		{Digit: 3, Method: "credit", Name: text.Msg("core.tender.credit"), Disabled: text.Msg("core.refused.pinpad_away")},
	}}
}
