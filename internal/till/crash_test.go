package till_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/terminal/payment"
	"balcao/terminal/snapshot"
	"balcao/ui/link"
)

// kills is how often the daemon dies; `make crash` asks for 200.
var kills = flag.Int("crash.kills", 20, "how many times the crash harness kills the daemon")

// moment is one way to die: it brings a sale to a moment, answers when it is
// there, and lets go of what it held after the kill.
type moment struct {
	name  string
	state payment.State // the state it aims at, 0 for any
	reach func(*crash)
	let   func(*crash)
}

// The moments by state. Each state has more than one: before and after the other
// side did its part.
var moments = []moment{
	{"card wanted", payment.Intent, (*crash).cardWanted, nil},
	{"request arrived, not processed", payment.Intent, func(c *crash) { c.holdCentral("payment-put", "before") }, (*crash).letCentral},
	{"money moved, no answer", payment.Intent, func(c *crash) { c.holdCentral("payment-put", "after") }, (*crash).letCentral},
	{"approved, chip not finished", payment.Authorised, (*crash).holdChip, (*crash).letChip},
	{"sale committed, confirm arrived", payment.Committed, func(c *crash) { c.holdCentral("confirm", "before") }, (*crash).letCentral},
	{"sale committed, confirm not acknowledged", payment.Committed, func(c *crash) { c.holdCentral("confirm", "after") }, (*crash).letCentral},
	{"undo decided, reversal arrived", payment.VoidDecided, func(c *crash) { c.holdUndo("before") }, (*crash).letCentral},
	{"undo decided, not acknowledged", payment.VoidDecided, func(c *crash) { c.holdUndo("after") }, (*crash).letCentral},
	{"anywhere in a cash sale", 0, (*crash).anywhereInCash, nil},
	{"anywhere in a card sale", 0, (*crash).anywhereInCard, (*crash).letChip},
}

// crash is one run of the harness over one shop.
type crash struct {
	*rig
	rng   *rand.Rand
	acked []string // ids of requests for lines that were answered
}

// TestCrash kills the built daemon at moments spread by seed and by state, starts
// it again, finishes the sale, and compares both sides' books every time.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("kills real processes: left out of -short")
	}
	bin, err := rightBuild()
	require.NoError(t, err)
	table, err := killing(t, bin, golden.Seed(t), *kills, moments)
	t.Logf("kills by state found on disk:\n%s", table)
	require.NoError(t, err)
}

// TestCrashFindsABrokenRule is the positive control: builds that leave R1 or R5
// out must lose money where the right build does not.
func TestCrashFindsABrokenRule(t *testing.T) {
	if testing.Short() {
		t.Skip("kills real processes: left out of -short")
	}
	for tag, row := range map[string]struct {
		moment moment
		broken string
	}{
		"without_r1": {moment{"money moved, no answer", 0, func(c *crash) { c.holdCentral("payment-put", "after") }, (*crash).letCentral}, "I1"},
		"without_r5": {moment{"confirmed, sale not durable", 0, func(c *crash) { c.holdCentral("confirm", "after") }, (*crash).letCentral}, "I4"},
	} {
		t.Run(tag, func(t *testing.T) {
			bin, err := binaries(tag)
			require.NoError(t, err)
			_, err = killing(t, bin, golden.Seed(t), 1, []moment{row.moment})
			require.ErrorContains(t, err, row.broken)
		})
	}
}

// killing runs the harness and answers its table, and what went wrong. A run over
// all moments also wants the whole stream of facts at central in the end; a
// control, whose books are broken, could wait for that for ever.
func killing(t *testing.T, bin string, seed uint64, count int, moments []moment) (string, error) {
	c := &crash{rig: newRig(t, bin), rng: rand.New(rand.NewPCG(seed, 1))}
	c.boot()
	c.open()
	c.devicesReady()
	found := map[string]int{}
	for i := range count {
		chosen := moments[i%len(moments)]
		chosen.reach(c)
		c.kill()
		killed := c.books()
		state := killed.lastAttempt()
		if chosen.state != 0 && state != chosen.state {
			return "", fmt.Errorf("kill %d (%s): found %v on disk, wanted %v", i, chosen.name, state, chosen.state)
		}
		if chosen.state != 0 {
			found[chosen.state.String()]++
		} else {
			found["anywhere ("+state.String()+")"]++
		}
		if chosen.let != nil {
			chosen.let(c)
		}
		if err := c.recoverAndAudit(i == count-1 && len(moments) > 1); err != nil {
			return "", fmt.Errorf("kill %d (%s), seed %d: %w", i, chosen.name, seed, err)
		}
	}
	table := ""
	for _, row := range []string{"S1", "S2", "S3", "S5"} {
		table += fmt.Sprintf("  %-16s %d\n", row, found[row])
		delete(found, row)
	}
	for row, n := range found {
		table += fmt.Sprintf("  %-16s %d\n", row, n)
	}
	return table, nil
}

// sell puts a thing into the cart and remembers that it was acknowledged.
func (c *crash) sell() {
	c.t.Helper()
	id := link.NewRequestID()
	reply := c.ask(link.Command{RequestID: id, Verb: link.VerbEnter, Text: "2*7896089012453"})
	require.True(c.t, reply.OK, "%+v", reply.Error)
	c.acked = append(c.acked, string(id))
}

// charge begins a debit payment; the holder does their part unless idle.
func (c *crash) charge() {
	c.t.Helper()
	c.sell()
	c.must(link.VerbEnter, "")
	c.payByCard(2, "visa-debit", "1234")
}

func (c *crash) cardWanted() {
	c.sell()
	c.must(link.VerbEnter, "")
	require.True(c.t, c.tender(2).OK)
}

func (c *crash) holdCentral(op, when string) {
	c.central("hold", op, when)
	c.charge()
	c.central("wait-held", op, patience.String())
}

func (c *crash) letCentral() { c.central("release") }

func (c *crash) holdChip() {
	c.pinpad("hold", "FCX")
	c.charge()
	c.pinpad("wait-held", "FCX", patience.String())
}

func (c *crash) letChip() { _, _ = c.sim(c.place.Pinpad.Control, "release") }

// holdUndo lets a cashier cancel while the card is wanted.
func (c *crash) holdUndo(when string) {
	c.central("hold", "reverse", when)
	c.cardWanted()
	c.must(link.VerbCancel, "")
	c.central("wait-held", "reverse", patience.String())
}

// within lets up to most pass while a sale goes on beside it.
func (c *crash) within(most time.Duration, sale func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		sale()
	}()
	timer := time.NewTimer(time.Duration(c.rng.Int64N(int64(most))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	}
	c.kill()
	<-done
}

// tell sends a command and does not mind what becomes of it.
func (c *crash) tell(command link.Command) {
	command.RequestID = link.NewRequestID()
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	// A screen would tell it again to the next daemon; here the sale ends with this one.
	stop := context.AfterFunc(c.alive, cancel)
	defer stop()
	reply, err := c.client.Do(ctx, command)
	if err == nil && reply.OK && command.Verb == link.VerbEnter && command.Text != "" {
		c.acked = append(c.acked, string(command.RequestID))
	}
}

func (c *crash) anywhereInCash() {
	c.within(15*time.Millisecond, func() {
		c.tell(link.Command{Verb: link.VerbEnter, Text: "3*7896089012453"})
		c.tell(link.Command{Verb: link.VerbEnter})
		c.tell(link.Command{Verb: link.VerbEnter})
	})
}

func (c *crash) anywhereInCard() {
	c.within(150*time.Millisecond, func() {
		c.tell(link.Command{Verb: link.VerbEnter, Text: "7896089012453"})
		c.tell(link.Command{Verb: link.VerbEnter})
		c.tell(link.Command{Verb: link.VerbTender, Number: 2})
		_, _ = c.sim(c.place.Pinpad.Control, "card", "insert", "visa-debit")
		_, _ = c.sim(c.place.Pinpad.Control, "pin", "1234")
		_, _ = c.sim(c.place.Pinpad.Control, "wait-display", "APROVADO", "300ms")
	})
}

// recoverAndAudit starts the daemon again, finishes what is open in cash, waits
// until both sides are at rest and compares them. In the end the whole stream of
// facts must have arrived too.
func (c *crash) recoverAndAudit(end bool) error {
	_, _ = c.sim(c.place.Pinpad.Control, "card", "remove")
	c.boot()
	c.until("no attempt runs", func(view snapshot.Cashier) bool {
		return view.Payment == nil || view.Payment.CanLeave
	})
	if view := c.snapshot(); view.Payment != nil || view.Sale != nil {
		if view.Payment == nil {
			c.must(link.VerbEnter, "")
		}
		c.must(link.VerbEnter, "")
	}
	c.until("everything is settled, sent and printed", func(view snapshot.Cashier) bool {
		return view.Central.Pending == 0 && (view.Central.Queue == 0 || !end) && view.Sale == nil &&
			(view.LastSale == nil || view.LastSale.Paper.ID == "core.paper.printed")
	})
	c.devicesReady()
	b := c.books()
	for _, id := range c.acked {
		if !b.lines[lineFact(id)] && !b.lines[lineFactAfterOpening(id)] {
			return fmt.Errorf("I5: the line of request %s was acknowledged and is not on disk", id)
		}
	}
	return audit(b, c.ledger())
}

// lineFact and lineFactAfterOpening are the ids that a request's line can have:
// the first that follows from it, or the second if it opened the sale as well.
func lineFact(request string) string             { return derived(request, 1) }
func lineFactAfterOpening(request string) string { return derived(request, 2) }
