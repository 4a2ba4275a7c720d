package terminal_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal"
	"balcao/terminal/card"
	"balcao/terminal/catalog"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/operator"
	"balcao/terminal/payment"
)

// world is the shop of every core test.
func world() terminal.World {
	items, err := catalog.New([]catalog.Item{
		{SKU: "17", Description: "PÃO FRANCÊS", Unit: "kg", Price: 169_000},
		{SKU: "1", Codes: []string{"7896089012453"}, Description: "CAFÉ TORRADO E MOÍDO 500G", Unit: "un", Price: 189_000},
	})
	if err != nil {
		panic(err)
	}
	return terminal.World{
		Store: device.Store{Name: "MERCADO BOA VISTA", Till: "03"}, Zone: "America/Sao_Paulo", Catalog: items, Version: "test",
		Operators: map[string]operator.Operator{"214": {ID: "214", Name: "MARIA S.", Role: operator.Cashier, PINHash: "hash"}},
		Limits: terminal.Limits{
			CardWait: 3 * time.Minute, Silence: time.Minute, Ask: time.Second, AskMax: 5 * time.Second, PaperAge: 10 * time.Minute,
		},
	}
}

// desk is a till without a world: what is decided becomes durable at once, what
// should be done is noted.
type desk struct {
	state   terminal.State
	facts   []journal.Fact
	effects []terminal.Effect // not yet done
	now     time.Time
	booted  time.Time
	minted  uint64
}

// newDesk is a till that was just switched on, with a journal of one checkpoint.
func newDesk() *desk {
	d := &desk{now: time.Date(2026, 11, 23, 14, 32, 7, 0, time.FixedZone("", -3*3600))}
	d.keep(journal.Fact{Seq: 1, ID: d.id(), At: d.now, Body: journal.Checkpoint{
		TerminalID: "T-0003", Epoch: "9f1c0a7be2d45836", Format: "1", AppVersion: "test",
	}})
	d.boot()
	return d
}

func (d *desk) id() ident.ID {
	d.minted++
	var entropy [8]byte
	for i := range entropy {
		entropy[i] = byte(d.minted >> (8 * (7 - i)))
	}
	return ident.Make(d.now, entropy)
}

// keep makes a fact durable the way the store does: as bytes and back.
func (d *desk) keep(fact journal.Fact) {
	data, err := journal.MarshalBody(fact.Body)
	if err != nil {
		panic(err)
	}
	if fact.Body, err = journal.UnmarshalBody(fact.Body.Kind(), data); err != nil {
		panic(err)
	}
	d.facts = append(d.facts, fact)
	d.state = terminal.Apply(d.state, fact)
}

// boot starts a process over the facts: volatile state and undone effects are gone.
func (d *desk) boot() {
	d.state, d.effects, d.booted = terminal.State{}, nil, d.now
	for _, fact := range d.facts {
		d.state = terminal.Apply(d.state, fact)
	}
	d.happens(terminal.Booted{World: world(), BootID: fmt.Sprint("boot", len(d.facts))})
}

// happens decides one event under a new id.
func (d *desk) happens(what terminal.What) terminal.Decision { return d.happensAs(d.id(), what) }

// happensAs decides one event under an id.
func (d *desk) happensAs(id ident.ID, what terminal.What) terminal.Decision {
	made := terminal.Decide(d.state, terminal.Event{ID: id, At: d.now, SinceBoot: d.now.Sub(d.booted), What: what})
	for _, fact := range made.Facts {
		d.keep(fact)
	}
	d.state.Volatile = made.Volatile
	for _, effect := range made.Effects {
		if _, looks := effect.(terminal.LookAgain); !looks { // tests turn the clock themselves
			d.effects = append(d.effects, effect)
		}
	}
	return made
}

// take answers and forgets the undone effects.
func (d *desk) take() []terminal.Effect {
	taken := d.effects
	d.effects = nil
	return taken
}

// open logs in, opens the session and lights the pinpad.
func (d *desk) open() *desk {
	d.happens(terminal.PINChecked{OperatorID: "214", OK: true})
	d.happens(terminal.OpenSession{Float: 200_00})
	d.happens(terminal.DeviceChanged{Status: device.Status{Kind: device.Pinpad, Light: device.OK}})
	d.take()
	return d
}

// cart sells two things and opens payment.
func (d *desk) cart() *desk {
	d.happens(terminal.Scan{Code: "7896089012453"})
	d.happens(terminal.Enter{Text: "0,845*17"})
	d.happens(terminal.Enter{})
	d.take()
	return d
}

// total of cart's sale.
const cartTotal = 18_90 + 14_28

// attempt begins a debit attempt and answers it.
func (d *desk) attempt() payment.Attempt {
	d.happens(terminal.Tender{Digit: 2})
	return d.state.Attempts[len(d.state.Attempts)-1]
}

// reading is what a pinpad gives of a test card.
func reading() card.Reading {
	return card.Reading{
		Card:   card.Present{EntryMode: card.Chip, Brand: "VISA", BIN: "400000", Last4: "0119", EMVRequest: "9F2608"},
		Sealed: []card.Sealed{{Kind: card.Track2, Scheme: card.DUKPTECB, KSN: "FFFF9876543210E00001", Data: "00"}},
	}
}

// approval is the host's yes.
func approval() payment.Answer {
	return payment.Answer{Verdict: payment.Approved, Result: payment.Result{
		Approved: true, HostReached: true, ResponseCode: "00", AuthorisationCode: "83A1C2", NSU: "4512",
		Issuer: &card.IssuerAnswer{ARC: "00"},
	}}
}

// one finds the only effect of a type among effects.
func one[E terminal.Effect](t *testing.T, effects []terminal.Effect) E {
	t.Helper()
	var found []E
	for _, effect := range effects {
		if match, ok := effect.(E); ok {
			found = append(found, match)
		}
	}
	require.Len(t, found, 1, "%T among %T", *new(E), effects)
	return found[0]
}

// kinds lists the kinds of a decision's facts.
func kinds(made terminal.Decision) []string {
	var list []string
	for _, fact := range made.Facts {
		list = append(list, string(fact.Body.Kind()))
	}
	return list
}

// bodies finds the facts of a type.
func bodies[B journal.Body](facts []journal.Fact) []B {
	var found []B
	for _, fact := range facts {
		if body, ok := fact.Body.(B); ok {
			found = append(found, body)
		}
	}
	return found
}

// same compares two states by what a screen and the books would see of them.
func same(t *testing.T, want, got terminal.State) {
	t.Helper()
	want.Volatile, got.Volatile = terminal.Volatile{}, terminal.Volatile{}
	left, err := json.Marshal(want)
	require.NoError(t, err)
	right, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(left), string(right))
}
