package terminal_test

import (
	"fmt"

	"balcao/terminal"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/payment"
)

// move is one thing that may happen. Moves of the till alone are remembered by
// number of process, so that Decide runs once for each.
type move struct {
	kind moveKind
	slot uint8
	what uint8
}

type moveKind uint8

const (
	cashierPays moveKind = iota
	cashierPaysPart
	cashierCancels
	cashierLeaves
	cashierReturns
	cashierTakesCash
	kill
	failUnwritten
	failWritten
	// From here on the till and the world settle things without anybody's help.
	diskCommits
	effectsBegin
	cardIsRead
	cardFails
	cardAccepts
	cardRefuses
	cardVanishes
	hostIsSilent
	hostIsSilentTooLong
	requestNeverLeft
	requestIsRefused
	strayAnswer
	outboxSends
	tillHears
	hostHears
	hostTires
)

var moveNames = map[moveKind]string{
	cashierPays: "cashier pays by card", cashierPaysPart: "cashier pays a part by card", cashierCancels: "cashier cancels",
	cashierLeaves: "cashier leaves payment", cashierReturns: "cashier opens payment again", cashierTakesCash: "cashier takes cash",
	kill: "till is killed and boots", failUnwritten: "commit fails, nothing on disk", failWritten: "commit fails, facts on disk",
	diskCommits: "disk commits", effectsBegin: "effects begin", cardIsRead: "card is read", cardFails: "no card is read",
	cardAccepts: "card accepts", cardRefuses: "card refuses", cardVanishes: "card is gone", hostIsSilent: "silence",
	hostIsSilentTooLong: "silence, patience ends", requestNeverLeft: "request never left", requestIsRefused: "request is refused",
	strayAnswer: "till hears an acknowledgement of another decision", outboxSends: "outbox sends", tillHears: "till hears", hostHears: "host hears", hostTires: "host acts by itself",
}

// helps says whether a settlement may count on the move. Nobody has to kill a till
// or press a key for money to come to rest, but that a part of a split sale which
// its card accepted waits for the cashier to take the rest, or to leave.
func (v variant) helps(m move) bool {
	return m.kind >= diskCommits || (v.split && m.kind < kill)
}

// movesPacked bounds what packed answers.
const movesPacked = int(hostTires)*slots + slots*messages + slots

// packed numbers the moves of a till. What is heard or sent has a number for each
// message, the rest one for each slot.
func (m move) packed() int {
	at := int(m.kind) * slots
	switch m.kind {
	case tillHears:
		at = int(hostTires)*slots + int(m.what)*slots
	case outboxSends:
		at = int(hostTires)*slots + int(m.what)*slots // the host's share of the messages
	}
	return at + int(m.slot)
}

// String tells a move in a trace.
func (m move) String() string {
	switch m.kind {
	case kill, failUnwritten, failWritten, diskCommits, effectsBegin, cashierCancels, cashierLeaves, cashierReturns, cashierTakesCash:
		return moveNames[m.kind]
	case tillHears, hostHears, outboxSends:
		return fmt.Sprintf("%s %q of attempt %d", moveNames[m.kind], messageNames[m.what], m.slot+1)
	default:
		return fmt.Sprintf("%s, attempt %d", moveNames[m.kind], m.slot+1)
	}
}

// movesOf lists what the process may do or meet by itself.
func (v variant) movesOf(p *process) (list []move) {
	if p.broken != "" {
		return nil
	}
	add := func(kind moveKind, slot int) { list = append(list, move{kind, uint8(slot), 0}) }
	if len(p.queue) == 0 { // a request that may pay waits for every commit
		v.requests(p, add)
	}
	add(kill, 0)
	if len(p.queue) > 0 {
		add(failUnwritten, 0)
		add(failWritten, 0)
		add(diskCommits, 0)
	}
	if len(p.owed) > 0 {
		add(effectsBegin, 0)
	}
	for slot := range slots {
		if p.reading[slot] {
			add(cardIsRead, slot)
			add(cardFails, slot)
		}
		if p.finishing[slot] {
			add(cardAccepts, slot)
			add(cardRefuses, slot)
			add(cardVanishes, slot)
		}
		if p.calling[slot] {
			add(hostIsSilent, slot)
			add(hostIsSilentTooLong, slot)
			add(requestNeverLeft, slot)
			add(requestIsRefused, slot)
		}
		if p.books[slot].Intent && !p.books[slot].final() {
			add(strayAnswer, slot)
		}
		for _, which := range []int{confirm, undo} {
			if p.owes(v.broken, slot, which == confirm) && (v.broken != undoNeverSent || which == confirm) {
				list = append(list, move{outboxSends, uint8(slot), uint8(which)})
			}
		}
	}
	return list
}

// requests are what the cashier may ask for. Nothing here says whether it is
// allowed: that is the till's to refuse.
func (v variant) requests(p *process, add func(moveKind, int)) {
	switch {
	case p.presses == 0 && v.split:
		add(cashierPaysPart, 0)
	case p.presses < slots:
		add(cashierPays, p.presses)
	}
	if work := p.working.Volatile.Card; work != nil {
		add(cashierCancels, 0)
	}
	if v.cash && p.working.Order != nil {
		add(cashierTakesCash, 0)
	}
	if p.leaves < v.leaves && p.working.Order != nil && p.working.Volatile.Card == nil {
		add(cashierLeaves, 0)
	}
	if v.returns && p.working.Order == nil && p.working.Cart != nil {
		add(cashierReturns, 0)
	}
}

// happen carries a move of the till out; the controls break their rule here.
func (v variant) happen(p *process, m move) (sent wire) {
	defer func() {
		if cause := recover(); cause != nil {
			p.broken = fmt.Sprint("panic: ", cause)
			p.queue = nil
		}
	}()
	slot := int(m.slot)
	switch m.kind {
	case kill:
		p.kill(v.broken)
	case failUnwritten, failWritten:
		p.fail(v.broken, m.kind == failWritten)
	case diskCommits:
		p.commit()
	case effectsBegin:
		return p.begin()
	case outboxSends:
		if v.broken == fireAndForget && m.what == undo {
			p.decide(v.broken, modelID('S', slot), modelNow, p.settled(slot, false, ""))
		}
		return message(slot, int(m.what))
	case strayAnswer:
		p.decide(v.broken, modelID('S', slot), modelNow, terminal.Settled{Attempt: attemptID(slot), Decision: modelID('?', slot)})
	case tillHears:
		v.hear(p, slot, int(m.what))
	case hostIsSilent, hostIsSilentTooLong, requestNeverLeft, requestIsRefused:
		v.silence(p, slot, m.kind)
	case cardIsRead, cardFails, cardAccepts, cardRefuses, cardVanishes:
		v.card(p, slot, m.kind)
	default:
		v.cashier(p, m.kind)
	}
	return 0
}

// cashier carries a request out.
func (v variant) cashier(p *process, kind moveKind) {
	ask := func(id ident.ID, what terminal.What) { p.decide(v.broken, id, modelNow, what) }
	switch kind {
	case cashierPaysPart:
		ask(modelID('+', p.presses), terminal.Enter{Text: "+10"})
		fallthrough
	case cashierPays:
		before := len(p.queue) + len(p.late)
		ask(modelID('R', p.presses), terminal.Tender{Digit: 2})
		if len(p.queue)+len(p.late) > before {
			p.presses++
		}
	case cashierCancels:
		ask(modelID('X', p.presses), terminal.Cancel{})
	case cashierLeaves:
		ask(modelID('L', p.leaves), terminal.Cancel{})
		if p.working.Order == nil {
			p.leaves++
		}
	case cashierReturns:
		ask(modelID('E', p.leaves), terminal.Enter{})
	case cashierTakesCash:
		ask(modelID('M', p.leaves), terminal.Tender{Digit: 1})
	}
}

// card is the end of what the reader was asked for.
func (v variant) card(p *process, slot int, kind moveKind) {
	id, attempt := modelID('U', slot), attemptID(slot)
	p.reading[slot] = false
	var what terminal.What
	switch kind {
	case cardIsRead:
		what = terminal.CardRead{Attempt: attempt, Reading: reading()}
	case cardFails:
		what = terminal.CardFailed{Attempt: attempt, Code: device.CustomerCancelled}
	case cardAccepts:
		id, what = modelID('C', slot), terminal.ChipFinished{Attempt: attempt, Completion: cardYes}
	case cardRefuses:
		what = terminal.ChipFinished{Attempt: attempt, Completion: cardNo}
	default:
		what = terminal.ChipFinished{Attempt: attempt, Code: device.CardRemoved}
	}
	if kind != cardIsRead && kind != cardFails {
		p.finishing[slot] = false
	}
	p.decide(v.broken, id, modelNow, what)
	if kind == cardRefuses || kind == cardVanishes {
		p.refusedByCard(slot)
	}
}

// silence ends a call without a word about the money. The control R3 takes it for
// a decline.
func (v variant) silence(p *process, slot int, kind moveKind) {
	p.calling[slot] = false
	at, answer := modelNow, payment.Answer{}
	switch kind {
	case hostIsSilentTooLong:
		at = at.Add(muchLater)
	case requestNeverLeft:
		answer.Verdict = payment.Unsent
	case requestIsRefused:
		answer.Verdict = payment.Refused
	}
	if v.broken == silenceDeclines {
		answer = payment.Answer{Verdict: payment.Declined}
	}
	p.decide(v.broken, modelID('U', slot), at, terminal.HostAnswered{Attempt: attemptID(slot), Answer: answer})
}

// hear gives the till what the host said. The control R4 takes "not found" for an end.
func (v variant) hear(p *process, slot, which int) {
	if which >= confirmTaken {
		refused := ""
		if which == confirmRefused || which == undoRefused {
			refused = "refused"
		}
		p.decide(v.broken, modelID('S', slot), modelNow, p.settled(slot, which == confirmTaken || which == confirmRefused, refused))
		return
	}
	answer := approval()
	switch which {
	case saidDeclined:
		answer = payment.Answer{Verdict: payment.Declined, Decline: "do_not_honour", Result: payment.Result{HostReached: true}}
	case saidNotFound:
		answer = payment.Answer{Verdict: payment.NotFound}
		if v.broken == notFoundIsFinal {
			answer.Verdict = payment.Declined
		}
	case saidUndone:
		answer = payment.Answer{Verdict: payment.Undone}
	}
	p.calling[slot] = false
	p.decide(v.broken, modelID('U', slot), modelNow, terminal.HostAnswered{Attempt: attemptID(slot), Answer: answer})
}
