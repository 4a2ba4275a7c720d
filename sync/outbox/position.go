package outbox

import (
	"context"
	"encoding/json"

	"balcao/sync/wire"
)

// Keys of the stream's notes beside the journal.
const (
	streamKey           = "outbox/stream"
	countersignatureKey = "outbox/countersignature" // central's last, the contract's SignedHead
)

// A position is how far the stream is in one epoch.
type position struct {
	Epoch         string   `json:"epoch"`
	Acked         uint64   `json:"acked_seq"`         // every fact up to it is acknowledged
	Refused       []uint64 `json:"refused,omitempty"` // after Acked, told as refused, passed over
	SpreadSeconds int64    `json:"spread_seconds,omitempty"`
}

// loadPosition reads the note of an earlier run. Whether its epoch is one of the
// journal's shows when central is asked.
func (o *Outbox) loadPosition() position {
	var noted position
	note, found, err := o.config.Beside.Beside(streamKey)
	if err != nil || found && json.Unmarshal(note, &noted) != nil {
		o.log.Warn("the stream's position cannot be read; central is asked", "error", err)
	}
	return noted
}

// notePosition stores a position, and central's countersignature with it if there is
// a new one.
func (o *Outbox) notePosition(ctx context.Context, now position, countersignature *wire.SignedHead) {
	notes := map[string][]byte{}
	text, err := json.Marshal(now)
	if err == nil {
		notes[streamKey] = text
	}
	if countersignature != nil && err == nil {
		notes[countersignatureKey], err = json.Marshal(countersignature)
	}
	if err != nil {
		o.log.Error("the stream's position cannot be written", "error", err)
		return
	}
	o.store(ctx, notes)
}
