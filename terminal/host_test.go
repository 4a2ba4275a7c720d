package terminal_test

import (
	"balcao/terminal/ident"
	"balcao/terminal/payment"
)

// host is what an acquirer knows of each attempt, and what kind of acquirer it
// is. The storms and the model check play against this one.
type host struct {
	state      map[ident.ID]string // "", held, captured, reversed, declined
	tombstones bool                // a cancel of a key never seen is remembered (R4)
	onePhase   bool                // a purchase moves the money at once; confirm says nothing new
	lateVoid   bool                // captured money is given back when an undo comes (R11)
	onSilence  string              // what becomes of held money without a word from the till: "", reversed, captured
}

// authorise holds the money once, whatever comes again or came before.
func (h *host) authorise(id ident.ID, declines bool) payment.Answer {
	if h.state[id] == "" {
		switch {
		case declines:
			h.state[id] = "declined"
		case h.onePhase:
			h.state[id] = "captured"
		default:
			h.state[id] = "held"
		}
	}
	return h.inquire(id)
}

func (h *host) inquire(id ident.ID) payment.Answer {
	switch h.state[id] {
	case "held", "captured":
		return approval()
	case "declined":
		return payment.Answer{Verdict: payment.Declined, Decline: "do_not_honour", Result: payment.Result{HostReached: true}}
	case "reversed":
		return payment.Answer{Verdict: payment.Undone}
	default:
		return payment.Answer{Verdict: payment.NotFound}
	}
}

// settle carries out a confirm or an undo; what was never seen is tombstoned.
func (h *host) settle(id ident.ID, confirm bool) (refused string) {
	switch {
	case confirm && (h.state[id] == "held" || h.state[id] == "captured"):
		h.state[id] = "captured"
	case !confirm && h.state[id] == "" && !h.tombstones:
	case !confirm && (h.state[id] != "captured" || h.givesBack()):
		h.state[id] = "reversed"
	case confirm:
		return "payment-reversed"
	default:
		return "already-captured"
	}
	return ""
}

// givesBack says whether an undo can fetch captured money.
func (h *host) givesBack() bool { return h.onePhase || h.lateVoid }

// tire lets the host act on held money by itself, if it is one that does.
func (h *host) tire(id ident.ID) {
	if h.state[id] == "held" && h.onSilence != "" {
		h.state[id] = h.onSilence
	}
}
