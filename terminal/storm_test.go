package terminal_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/terminal"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/payment"
)

// storm is a till, a host and a network between them that may lose, delay,
// repeat and reorder everything, while the process may die at any moment.
type storm struct {
	*desk
	rng     *rand.Rand
	host    *host
	wire    []func() // messages on their way, each may be delivered now, later, twice or never
	noR1    bool     // control: the intent is not durable before the request leaves
	calm    bool     // second half: nothing is lost and nothing dies
	kills   int
	lostInt map[ident.ID]bool
}

func newStorm(seed uint64) *storm {
	s := &storm{rng: rand.New(rand.NewPCG(seed, 0)), host: &host{state: map[ident.ID]string{}, tombstones: true}, lostInt: map[ident.ID]bool{}}
	s.desk = newDesk().open()
	return s
}

// send puts a message on the wire; a storm may lose or double it.
func (s *storm) send(deliver func()) {
	if s.calm {
		s.wire = append(s.wire, deliver)
		return
	}
	switch s.rng.IntN(6) {
	case 0:
	case 1:
		s.wire = append(s.wire, deliver, deliver)
	default:
		s.wire = append(s.wire, deliver)
	}
}

// perform does the effects that are owed, the way adapters would.
func (s *storm) perform() {
	for _, effect := range s.take() {
		switch effect := effect.(type) {
		case terminal.ReadCard:
			s.presentCard(effect.Request.Attempt)
		case terminal.Authorise:
			declines := s.rng.IntN(4) == 0
			s.send(func() {
				answer := s.host.authorise(effect.Attempt, declines)
				s.send(func() { s.happens(terminal.HostAnswered{Attempt: effect.Attempt, Answer: answer}) })
			})
			s.timesOut(effect.Attempt)
		case terminal.AskHost:
			s.send(func() {
				answer := s.host.inquire(effect.Attempt)
				s.send(func() { s.happens(terminal.HostAnswered{Attempt: effect.Attempt, Answer: answer}) })
			})
			s.timesOut(effect.Attempt)
		case terminal.FinishCard:
			s.finish(effect.Request)
		case terminal.Forward:
			s.forward()
		case terminal.Print:
			s.happens(terminal.Printed{Result: device.PrintResult{Job: effect.Job.ID, State: device.PrintDone}})
		}
	}
}

// timesOut lets the caller hear nothing, sooner or later; a real call always ends.
func (s *storm) timesOut(id ident.ID) {
	s.wire = append(s.wire, func() {
		s.now = s.now.Add(7 * time.Second)
		s.happens(terminal.HostAnswered{Attempt: id})
	})
}

func (s *storm) presentCard(id ident.ID) {
	if s.rng.IntN(5) == 0 {
		s.happens(terminal.CardFailed{Attempt: id, Code: device.CardRemoved})
		return
	}
	s.happens(terminal.CardRead{Attempt: id, Reading: reading()})
}

func (s *storm) finish(request device.FinishRequest) {
	outcome := terminal.ChipFinished{Attempt: request.Attempt, Completion: card.Completion{Cryptogram: card.TC}}
	switch s.rng.IntN(5) {
	case 0:
		outcome.Completion.Cryptogram = card.AAC
	case 1:
		outcome = terminal.ChipFinished{Attempt: request.Attempt, Code: device.CardRemoved}
	}
	s.happens(outcome)
}

// forward sends every decision that is owed, as the outbox does.
func (s *storm) forward() {
	for _, attempt := range s.state.Attempts {
		if !attempt.State.Owed() {
			continue
		}
		id, decision, confirm := attempt.ID, attempt.Settlement, attempt.State == payment.Committed
		s.send(func() {
			refused := s.host.settle(id, confirm)
			s.send(func() { s.happens(terminal.Settled{Attempt: id, Decision: decision, Refused: refused}) })
		})
	}
}

// cashier does one thing that a cashier might do now.
func (s *storm) cashier() {
	switch s.rng.IntN(8) {
	case 0, 1:
		s.happens(terminal.Scan{Code: "7896089012453"})
	case 2, 3:
		s.happens(terminal.Enter{})
	case 4, 5:
		s.pay()
	case 6:
		s.happens(terminal.Cancel{})
	default:
		s.happens(terminal.Inquire{})
	}
}

// pay begins a card attempt; the controls break a rule here.
func (s *storm) pay() {
	before := len(s.facts)
	s.happens(terminal.Tender{Digit: 2})
	if s.noR1 && len(s.facts) > before {
		if intent, ok := s.facts[len(s.facts)-1].Body.(journal.PaymentIntent); ok {
			s.lostInt[intent.AttemptID] = true
		}
	}
}

// kill ends the process and starts it again over what is durable.
func (s *storm) kill() {
	s.kills++
	if len(s.lostInt) > 0 {
		s.forget()
	}
	s.boot()
	s.happens(terminal.DeviceChanged{Status: device.Status{Kind: device.Pinpad, Light: device.OK}})
}

// forget takes back facts that a broken build had not flushed, and all after them.
func (s *storm) forget() {
	for i, fact := range s.facts {
		intent, ok := fact.Body.(journal.PaymentIntent)
		if ok && s.lostInt[intent.AttemptID] && i == len(s.facts)-1 {
			s.facts = s.facts[:i]
		}
	}
	s.lostInt = map[ident.ID]bool{}
}

// step lets one thing happen: a delivery, a cashier's act, time, or the end.
func (s *storm) step() {
	s.perform()
	choice := s.rng.IntN(10)
	switch {
	case choice < 6 && len(s.wire) > 0:
		i := s.rng.IntN(len(s.wire))
		deliver := s.wire[i]
		s.wire = append(s.wire[:i], s.wire[i+1:]...)
		deliver()
	case choice == 9 && !s.calm && s.rng.IntN(4) == 0:
		s.kill()
	case choice == 8:
		s.now = s.now.Add(time.Duration(s.rng.IntN(20)) * time.Second)
	case !s.calm:
		s.cashier()
	}
}

// run storms, then calms down until everything is at rest.
func (s *storm) run(t *testing.T, steps int) error {
	t.Helper()
	for range steps {
		s.step()
	}
	s.calm = true
	for range 5000 {
		s.forward()
		s.step()
		if s.atRest() {
			return s.audit()
		}
	}
	return fmt.Errorf("never came to rest: %+v, %d on the wire", s.state.Attempts, len(s.wire))
}

func (s *storm) atRest() bool {
	for _, attempt := range s.state.Attempts {
		if attempt.State.Open() || attempt.State.Owed() {
			return false
		}
	}
	return len(s.wire) == 0 && len(s.effects) == 0
}

// audit compares the till's books with the host's: I0 to I4, I7.
func (s *storm) audit() error {
	intents := map[ident.ID]bool{}
	paidBy := map[ident.ID]bool{}
	perOrder := map[ident.ID]int{}
	for _, intent := range bodies[journal.PaymentIntent](s.facts) {
		intents[intent.AttemptID] = true
	}
	for _, sold := range bodies[journal.SalePaid](s.facts) {
		var sum int64
		for _, tender := range sold.Tenders {
			sum += int64(tender.Amount)
			paidBy[tender.PaymentID] = true
			if intents[tender.PaymentID] {
				perOrder[sold.OrderID]++
				if s.host.state[tender.PaymentID] != "captured" {
					return fmt.Errorf("I2: sale paid by %s, which the host has as %q", tender.PaymentID, s.host.state[tender.PaymentID])
				}
			}
		}
		if sum != int64(sold.Total) {
			return fmt.Errorf("I7: tenders of %d, total %d", sum, sold.Total)
		}
	}
	for id, state := range s.host.state {
		if !intents[id] && state != "reversed" {
			return fmt.Errorf("I1: the host has %s as %q, the till never meant it", id, state)
		}
		if state == "captured" && !paidBy[id] {
			return fmt.Errorf("I4: %s captured, no sale", id)
		}
		if state == "held" {
			return fmt.Errorf("I3: %s still held at rest", id)
		}
	}
	for order, count := range perOrder {
		if count > 1 {
			return fmt.Errorf("I0: order %s captured %d times", order, count)
		}
	}
	return nil
}

// TestI0toI4I7_StormsEndWithBothSidesAgreeing is the model check by random walks:
// lost, late, doubled and reordered messages, and a kill at any moment.
func TestI0toI4I7_StormsEndWithBothSidesAgreeing(t *testing.T) {
	first := golden.Seed(t)
	kills, sales := 0, 0
	for seed := first; seed < first+400; seed++ {
		s := newStorm(seed)
		require.NoError(t, s.run(t, 120), "seed %d", seed)
		kills += s.kills
		sales += len(bodies[journal.SalePaid](s.facts))

		folded := terminal.State{}
		for _, fact := range s.facts {
			folded = terminal.Apply(folded, fact)
		}
		same(t, folded, s.state)
	}
	require.Greater(t, kills, 100, "the storm must kill")
	require.Greater(t, sales, 400, "and sell")
}

// TestStormFindsALostIntent is the positive control: without R1 the walks go red.
func TestStormFindsALostIntent(t *testing.T) {
	first := golden.Seed(t)
	for seed := first; seed < first+400; seed++ {
		s := newStorm(seed)
		s.noR1 = true
		// The request is on the wire before the intent is durable.
		s.happens(terminal.Scan{Code: "17"})
		s.happens(terminal.Enter{})
		s.pay()
		s.perform()
		s.kill()
		if err := s.run(t, 60); err != nil {
			require.ErrorContains(t, err, "I1")
			return
		}
	}
	t.Fatal("400 walks without R1 and nobody noticed")
}

// TestStormFindsAHostWithoutTombstones is another control: a request that lands
// after its cancel holds money that nobody will ever release (R4).
func TestStormFindsAHostWithoutTombstones(t *testing.T) {
	first := golden.Seed(t)
	for seed := first; seed < first+400; seed++ {
		s := newStorm(seed)
		s.host.tombstones = false
		if err := s.run(t, 120); err != nil {
			require.ErrorContains(t, err, "I3")
			return
		}
	}
	t.Fatal("400 walks against a host without tombstones and nobody noticed")
}
