package terminal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/money"
)

// The model check. It walks every interleaving of a sale with two attempts: what
// the cashier asks, what the card does, what the disk does, what the network
// delivers, and kills. The till in it is the product's own Decide and Apply; the
// files model_*_test.go hold only what surrounds them:
//
//   - model_till_test.go: the engine's order (facts, commit, effects) and the file;
//   - model_host_test.go: the acquirer of the storms, asked for every case once;
//   - model_moves_test.go: everything that may happen next;
//   - model_search_test.go: the search, breadth first, and what can still settle.
//
// A message once sent may arrive now, later, twice or never. A commit is a step of
// its own, and so is the beginning of the effects that waited for it: a kill may
// fall before, between and after. An owed decision may be sent at any time until
// it is acknowledged. Paper, words on the screen and the length of waits are left
// out; time is either before or after the end of patience.

// rule is what a variant leaves out. The invariants stay as they are.
type rule int

const (
	nothing           rule = iota
	withoutIntent          // R1: an intent is said to be durable and written with what comes next
	silenceDeclines        // R3
	notFoundIsFinal        // R4
	confirmBeforeSale      // R5: the outbox sends what is decided, on disk or not
	fireAndForget          // R6: an undo that was sent is taken for acknowledged
	withoutRereading       // R9: a commit's error is taken for "not saved"
	undoNeverSent          // the outbox forgets undos: nothing false, nothing settled
)

// variant is one world to search.
type variant struct {
	host    host
	kills   int
	faults  int // commits that fail
	broken  rule
	r10     bool // goods only after the confirm is acknowledged
	split   bool // the cashier may give a part of the due to a card
	cash    bool // the cashier may take cash instead
	leaves  int  // how often the cashier may leave payment
	returns bool // and open it again
}

// twoPhase and onePhase are the hosts that a till may trust.
var (
	twoPhase = host{tombstones: true}
	onePhase = host{tombstones: true, onePhase: true}
)

// R10 and R11 have no driver in the till yet: here they are the shop's policy (the
// goods wait for the confirm) and the host's (a late void is taken).
var (
	undoesBySilence   = host{tombstones: true, onSilence: "reversed"}
	capturesBySilence = host{tombstones: true, onSilence: "captured"}
	takesLateVoids    = host{tombstones: true, onSilence: "captured", lateVoid: true}
)

// goods says whether the customer may walk away with what the attempt paid for.
func (v variant) goods(b book) bool {
	if v.r10 {
		return b.Confirmed
	}
	return b.Paid
}

// violated names the first invariant that a state breaks. At rest, no attempt is in
// S1, S2 or S5. Money without a sale may wait for rest only where the host can give
// captured money back; elsewhere it is lost at once.
func (v variant) violated(p *process, at [slots]uint8) string {
	if p.broken != "" {
		return p.broken
	}
	rest := true
	var captured money.Cents
	for slot, b := range p.books {
		rest = rest && !b.open()
		if at[slot] == hostCaptured && !b.Manual {
			captured += b.Amount
		}
	}
	for slot, b := range p.books {
		moved := at[slot] == hostHeld || at[slot] == hostCaptured
		taken := at[slot] == hostCaptured
		promised := at[slot] == hostHeld && b.Confirm && !b.Confirmed && !b.Manual
		switch {
		case moved && !b.Intent:
			return "I1: the host moved money that nobody meant on disk"
		case v.goods(b) && !taken && !promised:
			return "I2: the goods are gone and no money comes"
		case moved && (b.Declined || b.Reversed):
			return "I3: the host holds what ended as not charged"
		case taken && !b.Paid && !b.Manual && (rest || !v.host.givesBack()):
			return "I4: money without a sale"
		}
	}
	if rest && captured > cartTotal {
		return "I0: the customer paid twice"
	}
	if p.unequal {
		return "I7: tenders do not sum to the total"
	}
	return ""
}

// settled says that nothing is owed, awaited or held, on either side.
func settled(p *process, at [slots]uint8) bool {
	for slot, b := range p.books {
		if !b.final() || (at[slot] == hostHeld && !b.Manual) {
			return false
		}
	}
	return len(p.queue)+len(p.late) == 0
}

// String lists what stands in the book.
func (b book) String() string {
	var list []string
	for _, entry := range []struct {
		name string
		is   bool
	}{
		{"intent", b.Intent},
		{"declined", b.Declined},
		{"paid", b.Paid},
		{"confirm", b.Confirm},
		{"confirmed", b.Confirmed},
		{"undo", b.Undo},
		{"reversed", b.Reversed},
		{"S8", b.Manual},
	} {
		if entry.is {
			list = append(list, entry.name)
		}
	}
	return fmt.Sprintf("[%s]", strings.Join(list, " "))
}

// bounded narrows a variant where time is short, and says so.
func (v variant) bounded() (variant, string) {
	if !underRace && !testing.Short() {
		return v, ""
	}
	v.returns = false
	if v.kills = min(v.kills, 1); v.faults > 0 || v.cash || v.host.onSilence != "" {
		v.kills = 0
	}
	return v, " (narrowed: under -race or -short)"
}

// The ends that sales come to, as their books show them.
const (
	none     = "[]"
	refused  = "[intent declined]"
	sold     = "[intent paid confirm confirmed]"
	undone   = "[intent undo reversed]"
	byPerson = "[intent paid confirm S8]"
)

func TestI0toI4I7I8_EveryInterleavingKeepsTheInvariantsAndCanSettle(t *testing.T) {
	retried := []string{sold + none, refused + sold, undone + sold, refused + refused, undone + undone, none + none}
	for name, c := range map[string]struct {
		variant variant
		ends    []string // among others: what must not be missing from the search
		people  bool     // S8 is an honest end: the host went against the till
	}{
		"two phases":                    {variant{host: twoPhase, kills: 3}, retried, false},
		"one phase":                     {variant{host: onePhase, kills: 3}, retried, false},
		"commits that fail":             {variant{host: twoPhase, kills: 1, faults: 1}, retried, false},
		"cash after a card":             {variant{host: twoPhase, kills: 1, cash: true}, append(retried, undone+none), false},
		"cashier leaves and comes back": {variant{host: twoPhase, leaves: 1, returns: true}, retried, false},
		"split, rest by card or cash":   {variant{host: twoPhase, kills: 1, split: true, cash: true}, []string{sold + sold, undone + undone, sold + none}, false},
		"split, cashier leaves":         {variant{host: twoPhase, split: true, cash: true, leaves: 1}, []string{sold + sold, undone + none}, false},
		"host undoes on silence, goods after the confirm (R10)": {
			variant{host: undoesBySilence, kills: 2, r10: true}, append(retried, byPerson+none), true,
		},
		"host confirms on silence, takes a late void (R11)": {variant{host: takesLateVoids, kills: 2}, retried, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bounds, note := c.variant.bounded()
			began := time.Now()
			found := newSearch(bounds).run()
			t.Logf("%s, %d kills, %d failed commits%s: %s, in %s",
				name, bounds.kills, bounds.faults, note, found, time.Since(began).Round(time.Millisecond))
			require.Empty(t, found.broke, found.String())
			require.Zero(t, found.stuck)
			for _, end := range c.ends {
				require.Contains(t, found.rested, end, "the search must come there")
			}
			for end := range found.rested {
				require.True(t, c.people || !strings.Contains(end, "S8"), "an honest host leaves nothing to a person: %s", end)
			}
		})
	}
}

// TestModelFailsWithoutARule is the positive control: each rule left out is missed
// by the search, after as many steps as the shortest way takes.
func TestModelFailsWithoutARule(t *testing.T) {
	for name, c := range map[string]struct {
		variant variant
		breaks  string
		steps   int
	}{
		"R1 the intent is not durable":              {variant{host: twoPhase, kills: 3, broken: withoutIntent}, "I1", 5},
		"R3 silence is a decline":                   {variant{host: twoPhase, kills: 3, broken: silenceDeclines}, "I3", 8},
		"R4 not found is final":                     {variant{host: twoPhase, kills: 3, broken: notFoundIsFinal}, "I3", 11},
		"the host keeps no tombstone":               {variant{host: host{}, kills: 3}, "I3", 12},
		"R5 the confirm leaves before the sale is":  {variant{host: twoPhase, kills: 3, broken: confirmBeforeSale}, "I4", 12},
		"R6 the undo is sent and forgotten":         {variant{host: twoPhase, kills: 3, broken: fireAndForget}, "I3", 10},
		"R9 an error of the store means not saved":  {variant{host: twoPhase, faults: 1, broken: withoutRereading}, "I2", 14},
		"R10 the host undoes, the goods are gone":   {variant{host: undoesBySilence, kills: 3}, "I2", 12},
		"R11 the host confirms, takes no late void": {variant{host: capturesBySilence, kills: 3}, "I4", 7},
		"one phase, silence is a decline":           {variant{host: onePhase, kills: 3, broken: silenceDeclines}, "I3", 8},
		"one phase, undo sent and forgotten":        {variant{host: onePhase, kills: 3, broken: fireAndForget}, "I3", 10},
		"the outbox forgets undos":                  {variant{host: twoPhase, broken: undoNeverSent}, "liveness", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := newSearch(c.variant).run()
			t.Logf("%s: %s", name, found)
			require.True(t, strings.HasPrefix(found.broke, c.breaks+":"), "want %s, got %q", c.breaks, found.broke)
			require.Len(t, found.trace, c.steps)
		})
	}
}

// TestModelJudgesAStateAlone shows each check a state that breaks it and nothing
// else: I0 and I7 have no rule whose absence comes there first.
func TestModelJudgesAStateAlone(t *testing.T) {
	meant := book{Intent: true, Amount: cartTotal}
	paid := book{Intent: true, Amount: cartTotal, Confirm: true, Confirmed: true, Paid: true}
	back := book{Intent: true, Amount: cartTotal, Undo: true, Reversed: true}
	manual := book{Intent: true, Amount: cartTotal, Undo: true, Manual: true}
	for name, c := range map[string]struct {
		till process
		host [slots]uint8
		kind host
		want string
	}{
		"nothing":                        {process{}, [slots]uint8{}, twoPhase, ""},
		"paid":                           {process{books: [slots]book{paid}}, [slots]uint8{hostCaptured}, twoPhase, ""},
		"paid twice":                     {process{books: [slots]book{paid, paid}}, [slots]uint8{hostCaptured, hostCaptured}, twoPhase, "I0"},
		"paid, and one for a person":     {process{books: [slots]book{paid, manual}}, [slots]uint8{hostCaptured, hostCaptured}, twoPhase, ""},
		"not meant":                      {process{}, [slots]uint8{hostHeld}, twoPhase, "I1"},
		"paid, only held, nothing owed":  {process{books: [slots]book{paid}}, [slots]uint8{hostHeld}, twoPhase, "I2"},
		"undone and held":                {process{books: [slots]book{back}}, [slots]uint8{hostHeld}, twoPhase, "I3"},
		"captured without a sale":        {process{books: [slots]book{meant}}, [slots]uint8{hostCaptured}, twoPhase, "I4"},
		"a purchase on its way":          {process{books: [slots]book{meant}}, [slots]uint8{hostCaptured}, onePhase, ""},
		"tenders that do not sum":        {process{unequal: true}, [slots]uint8{}, twoPhase, "I7"},
		"what the till must never reach": {process{broken: "panic"}, [slots]uint8{}, twoPhase, "panic"},
	} {
		got := variant{host: c.kind}.violated(&c.till, c.host)
		if c.want == "" {
			require.Empty(t, got, name)
			continue
		}
		require.True(t, strings.HasPrefix(got, c.want), "%s: want %s, got %q", name, c.want, got)
	}
}
