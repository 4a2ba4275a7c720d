package terminal

import (
	"encoding/json"
	"fmt"

	"balcao/terminal/journal"
)

// stateVersion counts changes to the durable part of [State] that a checkpoint of an
// older program could not be read with.
const stateVersion = 1

// beginPeriod puts the whole durable state into one fact, the first of a new period
// file. It waits for a time between two sessions: what is open over it (attempts,
// papers, counters) comes along, and nobody is in the middle of anything.
func (t *turn) beginPeriod() {
	if t.state.Session != nil || t.state.Cart != nil || t.state.Order != nil {
		return
	}
	encoded, err := json.Marshal(t.state)
	if err != nil {
		panic("terminal: the state cannot be written down: " + err.Error())
	}
	t.fact(journal.StateCheckpoint{Version: stateVersion, State: encoded})
}

// restored is the state that a checkpoint holds. What a restart loses is not in it
// and stays as it is in s.
func restored(s State, body journal.StateCheckpoint) State {
	if body.Version != stateVersion {
		panic(fmt.Sprintf("terminal: checkpoint of state version %d, this program knows %d: install the version that wrote it", body.Version, stateVersion))
	}
	state := State{Volatile: s.Volatile}
	if err := json.Unmarshal(body.State, &state); err != nil {
		panic("terminal: the state of a checkpoint cannot be read: " + err.Error())
	}
	return state
}
