package terminal_test

import (
	"balcao/terminal/ident"
	"balcao/terminal/payment"
)

// wire is the set of messages ever sent, a bit each: any of them may arrive now,
// later, twice or never.
type wire uint32

// The messages of one attempt. The first four go to the host, the rest come back.
const (
	authorise = iota
	inquire
	confirm
	undo
	saidApproved
	saidDeclined
	saidNotFound
	saidUndone
	confirmTaken
	confirmRefused
	undoTaken
	undoRefused
	messages
)

var messageNames = [messages]string{
	"authorise", "inquire", "confirm", "undo", "approved", "declined", "not found", "undone",
	"confirm acknowledged", "confirm refused", "undo acknowledged", "undo refused",
}

func message(slot, which int) wire { return 1 << (slot*messages + which) }

// hostStates are the host's states of an attempt, by the number the search uses.
var hostStates = [...]string{"", "held", "captured", "reversed", "declined"}

const (
	hostNothing = iota
	hostHeld
	hostCaptured
	hostReversed
	hostDeclined
)

// answered is what a host makes of a message: its next state, and what it says.
type answered struct {
	state  uint8
	answer int // -1: nothing
}

// hostTable is the host of the storms, asked once for every state and message.
func hostTable(kind host) (table [len(hostStates)][4][]answered, alone [len(hostStates)]uint8) {
	id := ident.ID("attempt")
	ask := func(state int, act func(h *host) int) answered {
		h := kind
		h.state = map[ident.ID]string{id: hostStates[state]}
		said := act(&h)
		for number, name := range hostStates {
			if name == h.state[id] {
				return answered{uint8(number), said}
			}
		}
		panic("model: the host is in a state without a number: " + h.state[id])
	}
	verdict := map[payment.Verdict]int{
		payment.Approved: saidApproved, payment.Declined: saidDeclined, payment.NotFound: saidNotFound, payment.Undone: saidUndone,
	}
	settle := func(yes bool, taken int) func(h *host) int {
		return func(h *host) int {
			if h.settle(id, yes) != "" {
				return taken + 1
			}
			return taken
		}
	}
	for state := range hostStates {
		yes := ask(state, func(h *host) int { return verdict[h.authorise(id, false).Verdict] })
		no := ask(state, func(h *host) int { return verdict[h.authorise(id, true).Verdict] })
		table[state][authorise] = []answered{yes}
		if no != yes {
			table[state][authorise] = []answered{yes, no}
		}
		table[state][inquire] = []answered{ask(state, func(h *host) int { return verdict[h.inquire(id).Verdict] })}
		table[state][confirm] = []answered{ask(state, settle(true, confirmTaken))}
		table[state][undo] = []answered{ask(state, settle(false, undoTaken))}
		alone[state] = ask(state, func(h *host) int { h.tire(id); return -1 }).state
	}
	return table, alone
}
