package payment

import "fmt"

// State is the durable state of an attempt.
type State int

// The states of an attempt. S0, before the intent, is no attempt at all.
const (
	Intent      State = iota + 1 // S1: durable, maybe sent
	Authorised                   // S2: approved by the host, not yet by a sale
	Committed                    // S3: its sale exists, the confirm is owed
	Confirmed                    // S4: final, the money is the shop's
	VoidDecided                  // S5: the undo is decided and owed
	Reversed                     // S6: final, the undo is acknowledged
	Refusal                      // S7: final, the host said no
	Manual                       // S8: only a person or a late answer of the host leaves it
)

var stateNames = [...]string{"S0", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"}

// String is the state's number, S1 to S8.
func (s State) String() string {
	if s >= 0 && int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("S?%d", int(s))
}

// Final says that nothing will change an attempt in this state any more.
func (s State) Final() bool { return s == Confirmed || s == Reversed || s == Refusal }

// Open says that an attempt in this state is not at rest: the money may still
// move without anybody's doing (S1, S2, S5).
func (s State) Open() bool { return s == Intent || s == Authorised || s == VoidDecided }

// Owed says that the host has yet to acknowledge what the till decided (S3, S5).
func (s State) Owed() bool { return s == Committed || s == VoidDecided }

// Blocks says that no other attempt of the same sale may start (R8).
func (s State) Blocks() bool { return s == Intent || s == Authorised }

// Step is a durable fact about an attempt.
type Step int

// The steps between states.
const (
	Approve  Step = iota + 1 // the host approved
	Decline                  // the host declined
	Commit                   // the sale exists (the commit point)
	Undo                     // the undo was decided
	Ack                      // the host acknowledged the confirm
	Reverse                  // the host acknowledged the undo
	Escalate                 // the undo was refused or tried too often
)

// steps is the whole life of an attempt. What stands in no row cannot happen;
// above all, nothing leads from Committed to VoidDecided (R7).
var steps = map[State]map[Step]State{
	Intent:      {Approve: Authorised, Decline: Refusal, Undo: VoidDecided},
	Authorised:  {Commit: Committed, Undo: VoidDecided},
	Committed:   {Ack: Confirmed, Escalate: Manual},
	VoidDecided: {Reverse: Reversed, Escalate: Manual},
	Manual:      {Reverse: Reversed, Ack: Confirmed},
}

// Next answers the state after a step, or an error if the step cannot happen in s.
func Next(s State, step Step) (State, error) {
	next, ok := steps[s][step]
	if !ok {
		return s, fmt.Errorf("payment attempt in %v cannot take step %d", s, step)
	}
	return next, nil
}
