package terminal_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"balcao/terminal"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/payment"
)

// slots is how many attempts a sale may have in the search.
const slots = 2

// book is what stands in the file about one attempt. It is read from the facts as
// they were written, not from what Apply makes of them.
type book struct {
	Intent, Declined, Confirm, Undo, Confirmed, Reversed, Manual, Paid bool

	Amount            money.Cents
	ConfirmID, UndoID ident.ID
}

// open says that the attempt is in S1, S2 or S5.
func (b book) open() bool {
	return b.Intent && (!b.Confirm || b.Undo) && !b.Declined && !b.Reversed && !b.Manual
}

// final says that nothing is owed or awaited any more, or a person has to look.
func (b book) final() bool {
	return !b.Intent || b.Declined || b.Confirmed || b.Reversed || b.Manual
}

// process is the till between two steps: what is on disk, and what a kill loses.
// It emulates the engine's order and nothing of what a till decides.
type process struct {
	// On disk.
	books   [slots]book
	disk    terminal.State
	unequal bool // I7: a paid sale whose tenders do not add up

	// Lost with the process.
	working   terminal.State
	queue     []terminal.Decision // in the order decided; the first waits for its commit
	late      []journal.Fact      // control R1: said to be durable, written with what comes next
	owed      []terminal.Effect   // their facts are durable, they have not begun
	reading   [slots]bool         // the reader was asked for a card
	finishing [slots]bool         // the chip was told
	calling   [slots]bool         // somebody waits for the host's answer

	presses, leaves int    // requests so far: the next one's id
	broken          string // what must never happen at all

	// What the states mean, as text; empty after a change. It only saves time.
	diskText, workingText, volatileText string
}

// The ids of the search follow from what happens, not from when: the same history
// has the same ids. Every event about an attempt has one id, but the card's yes.
func modelID(kind byte, number int) ident.ID {
	return ident.Make(time.UnixMilli(0), [8]byte{0xff, kind, 0, 0, 0, 0, 0, byte(number)})
}

func attemptID(slot int) ident.ID { return modelID('R', slot).Derive(1) }

// slotOf answers the slot of an attempt.
func slotOf(id ident.ID) int {
	for slot := range slots {
		if attemptID(slot) == id {
			return slot
		}
	}
	panic("model: attempt of no slot: " + string(id))
}

// modelNow is the time of everything but the last silence: Decide asks a clock
// only how long a host has been silent and how old a paper is.
var modelNow = newDesk().now

// muchLater is when patience has ended.
const muchLater = time.Hour

// decide lets something happen, the way the engine does.
func (p *process) decide(broken rule, id ident.ID, at time.Time, what terminal.What) {
	event := terminal.Event{ID: id, At: at, What: what}
	made := terminal.Decide(p.working, event)
	if made.Reply != nil && made.Reply.Refusal.ID != "" {
		if len(made.Facts)+len(made.Effects) > 0 {
			p.broken = "a refusal with facts or effects"
		}
		return // it changes what the screen says and nothing else
	}
	for _, fact := range made.Facts {
		p.working, p.workingText = terminal.Apply(p.working, fact), ""
	}
	p.working.Volatile, p.volatileText = made.Volatile, ""
	if broken == withoutIntent && len(made.Facts) > 0 {
		if _, intent := made.Facts[0].Body.(journal.PaymentIntent); intent {
			p.late = slices.Concat(p.late, made.Facts)
			p.owed = slices.Concat(p.owed, made.Effects)
			return
		}
		made.Facts = slices.Concat(p.late, made.Facts)
		p.late = nil
	}
	if len(made.Facts)+len(relevant(made.Effects)) == 0 {
		return // nothing of it waits for the disk
	}
	p.queue = append(slices.Clone(p.queue), made)
	p.completeReady()
}

// completeReady finishes decisions that wait for no commit.
func (p *process) completeReady() {
	for len(p.queue) > 0 && len(p.queue[0].Facts) == 0 {
		p.complete()
	}
}

// complete hands out the effects of the first decision.
func (p *process) complete() {
	p.owed = slices.Concat(p.owed, p.queue[0].Effects)
	p.queue = slices.Clone(p.queue[1:])
}

// write puts the facts of the first decision on disk, as bytes and back.
func (p *process) write(unread bool) {
	for _, fact := range p.queue[0].Facts {
		data, err := journal.MarshalBody(fact.Body)
		if err != nil {
			panic(err)
		}
		if fact.Body, err = journal.UnmarshalBody(fact.Body.Kind(), data); err != nil {
			panic(err)
		}
		p.note(fact)
		if !unread {
			p.disk, p.diskText = terminal.Apply(p.disk, fact), ""
		}
	}
}

// note enters a fact into the books.
func (p *process) note(fact journal.Fact) {
	at := func(id ident.ID) *book { return &p.books[slotOf(id)] }
	switch body := fact.Body.(type) {
	case journal.PaymentIntent:
		*at(body.AttemptID) = book{Intent: true, Amount: body.Amount}
	case journal.Payment:
		if body.Method != payment.Cash && !body.Result.Approved {
			at(fact.ID).Declined = true
		}
	case journal.Confirmation:
		at(body.PaymentID).Confirm, at(body.PaymentID).ConfirmID = true, fact.ID
	case journal.Reversal:
		at(body.PaymentID).Undo, at(body.PaymentID).UndoID = true, fact.ID
	case journal.PaymentConfirmed:
		at(body.PaymentID).Confirmed = true
		p.answers(body.Decision, at(body.PaymentID).ConfirmID)
	case journal.PaymentReversed:
		at(body.PaymentID).Reversed = true
		p.answers(body.Decision, at(body.PaymentID).UndoID)
	case journal.PaymentManual:
		at(body.PaymentID).Manual = true
	case journal.SalePaid:
		var sum money.Cents
		for _, tender := range body.Tenders {
			sum += tender.Amount
			if tender.Method != string(payment.Cash) {
				at(tender.PaymentID).Paid = true
			}
		}
		p.unequal = p.unequal || sum != body.Total
	}
}

// answers is I8: what settles a decision names it.
func (p *process) answers(decision, own ident.ID) {
	if decision != own {
		p.broken = "I8: an acknowledgement of something else settled a decision"
	}
}

// refusedByCard looks at what a card's no, or its silence, led to: never to a sale,
// now or with the rest of the money.
func (p *process) refusedByCard(slot int) {
	_, accepted := p.working.Volatile.Finished[attemptID(slot)]
	for _, attempt := range p.working.Attempts {
		accepted = accepted || (attempt.ID == attemptID(slot) && attempt.State == payment.Committed)
	}
	if accepted {
		p.broken = "S2: a card that did not accept is taken for paid"
	}
}

// commit is the disk's yes to the oldest batch.
func (p *process) commit() {
	p.write(false)
	p.complete()
	p.completeReady()
}

// fail is an error of the store, with the facts on disk or not. The engine drops
// what was decided and reads the file again (R9); the control believes the error.
func (p *process) fail(broken rule, written bool) {
	if written {
		p.write(broken == withoutRereading)
	}
	volatile := p.working.Volatile
	p.working, p.workingText = p.disk, p.diskText
	p.working.Volatile = volatile
	p.queue, p.reading, p.finishing = nil, [slots]bool{}, [slots]bool{}
	p.owed = slices.DeleteFunc(slices.Clone(p.owed), func(effect terminal.Effect) bool {
		_, host := effect.(terminal.AskHost)
		_, first := effect.(terminal.Authorise)
		return !host && !first
	})
	p.boot(broken)
}

// kill ends the process and starts the next one over the file.
func (p *process) kill(broken rule) {
	*p = process{
		books: p.books, disk: p.disk, unequal: p.unequal, working: p.disk, presses: p.presses, leaves: p.leaves,
		diskText: p.diskText, workingText: p.diskText,
	}
	p.boot(broken)
	light := device.Status{Kind: device.Pinpad, Light: device.OK}
	p.decide(broken, modelID('D', 0), modelNow, terminal.DeviceChanged{Status: light})
}

func (p *process) boot(broken rule) {
	id := modelID('B', 0)
	for _, attempt := range p.working.Attempts {
		if attempt.State == payment.Authorised {
			id = modelID('U', slotOf(attempt.ID))
			break
		}
	}
	p.decide(broken, id, modelNow, terminal.Booted{World: modelWorld, BootID: "boot"})
}

var modelWorld = world()

// begin starts every effect whose turn it is, and answers what is on the wire now.
func (p *process) begin() (sent wire) {
	for _, effect := range p.owed {
		switch effect := effect.(type) {
		case terminal.ReadCard:
			p.reading[slotOf(effect.Request.Attempt)] = true
		case terminal.FinishCard:
			p.finishing[slotOf(effect.Request.Attempt)] = true
		case terminal.Authorise:
			p.calling[slotOf(effect.Attempt)] = true
			sent |= message(slotOf(effect.Attempt), authorise)
		case terminal.AskHost:
			p.calling[slotOf(effect.Attempt)] = true
			sent |= message(slotOf(effect.Attempt), inquire)
		}
	}
	p.owed = nil
	return sent
}

// owes says whether the outbox has a decision about an attempt to send: what is on
// disk and not yet acknowledged. The control R5 sends what is only decided.
func (p *process) owes(broken rule, slot int, confirm bool) bool {
	known := p.books[slot]
	if known.Manual || known.Confirmed || known.Reversed {
		return false
	}
	if confirm && broken == confirmBeforeSale {
		for _, attempt := range p.working.Attempts {
			if attempt.ID == attemptID(slot) && attempt.State == payment.Committed {
				return true
			}
		}
	}
	return (confirm && known.Confirm) || (!confirm && known.Undo)
}

// settled is what the outbox hears about a decision.
func (p *process) settled(slot int, confirm bool, refused string) terminal.Settled {
	decision := p.books[slot].UndoID
	if confirm {
		decision = p.books[slot].ConfirmID
	}
	return terminal.Settled{Attempt: attemptID(slot), Decision: decision, Refused: refused}
}

// relevant keeps the effects that have to do with money.
func relevant(effects []terminal.Effect) (kept []string) {
	for _, effect := range effects {
		switch effect := effect.(type) {
		case terminal.ReadCard:
			kept = append(kept, "read"+string(effect.Request.Attempt))
		case terminal.FinishCard:
			kept = append(kept, "finish"+string(effect.Request.Attempt))
		case terminal.Authorise:
			kept = append(kept, "authorise"+string(effect.Attempt))
		case terminal.AskHost:
			kept = append(kept, "ask"+string(effect.Attempt))
		}
	}
	return kept
}

// durableKey is what the durable part of a state means for money. Left out are
// counts and times that no decision looks at, words, reasons and paper.
func durableKey(s terminal.State) string {
	s.Seq, s.Jobs, s.Sold, s.Latest, s.Volatile = 0, nil, nil, terminal.Sheet{}, terminal.Volatile{}
	s.Attempts = slices.Clone(s.Attempts)
	for i := range s.Attempts {
		s.Attempts[i].Seq, s.Attempts[i].STAN = 0, 0
		s.Attempts[i].Reason, s.Attempts[i].Completion = "", nil
	}
	s.Counters.STAN = 0
	if s.Order != nil {
		order := *s.Order
		order.Seq, order.Request = 0, journal.Order{}
		s.Order = &order
	}
	return written(s)
}

// volatileKey is what need not last, without the words on the screen.
func volatileKey(v terminal.Volatile) string {
	v.World, v.Toast, v.Said, v.Printing = terminal.World{}, terminal.Toast{}, nil, nil
	if v.Card != nil {
		work := *v.Card
		work.Inquiries, work.Step = 0, "" // how long a wait is, and what the screen shows
		v.Card = &work
	}
	if len(v.Finished) == 0 {
		v.Finished = nil
	}
	return written(v)
}

func written(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// key tells two processes apart exactly if they may behave differently.
func (p *process) key() string {
	var b strings.Builder
	if p.diskText == "" {
		p.diskText = durableKey(p.disk)
	}
	if p.workingText == "" {
		p.workingText = durableKey(p.working)
	}
	if p.volatileText == "" {
		p.volatileText = volatileKey(p.working.Volatile)
	}
	fmt.Fprintln(&b, p.books, p.unequal, p.broken, p.reading, p.finishing, p.calling, p.presses, p.leaves)
	fmt.Fprintln(&b, p.diskText, p.workingText, p.volatileText, relevant(p.owed), len(p.late))
	for _, waiting := range p.queue {
		for _, fact := range waiting.Facts {
			fmt.Fprint(&b, fact.Body.Kind(), fact.ID, " ")
		}
		fmt.Fprintln(&b, relevant(waiting.Effects))
	}
	if p.broken == "" && len(p.queue)+len(p.late) == 0 && p.diskText != p.workingText {
		panic("model: what is on disk and what the till works with differ:\n" + p.diskText + "\n" + p.workingText)
	}
	return b.String()
}

// cardYes and cardNo are the chip's final words.
var (
	cardYes = card.Completion{Cryptogram: card.TC}
	cardNo  = card.Completion{Cryptogram: card.AAC}
)
