// Package record is how one fact lies on disk, and how facts chain.
//
// A payload is the RFC 8785 JSON of {seq, id, kind, occurred_at, body}: the same
// bytes are hashed into the chain, stored, and sent to central, so that central's
// countersignature speaks of the file. Around it lies an envelope that notices
// damage. This package opens no file and knows no order of records beyond the
// hash that one hands to the next; package storage does. Start with [Encode] and
// [Decode].
//
// Facts: the contract, schemas Record and Epoch, and its rules for sequence
// numbers and the batch stream; RFC 8785 (JSON Canonicalization Scheme).
package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"

	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// PayloadBytesMax bounds one payload: the contract's largest batch, which must be
// able to carry it. An order of the most lines takes less than half.
const PayloadBytesMax = 1 << 20

// Hash is a SHA-256 of the chain; the zero value stands before the first fact.
type Hash [sha256.Size]byte

// String is the contract's form: 64 hexadecimal digits in lower case.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Epoch is the random number that tells one journal of a terminal from another,
// made when the journal is made.
type Epoch [8]byte

// String is the contract's form: 16 hexadecimal digits in lower case.
func (e Epoch) String() string { return hex.EncodeToString(e[:]) }

// ParseEpoch reads the contract's form and refuses any other.
func ParseEpoch(text string) (Epoch, error) {
	var epoch Epoch
	raw, err := hex.DecodeString(text)
	if err != nil || copy(epoch[:], raw) != len(raw) || epoch.String() != text {
		return Epoch{}, fmt.Errorf("read epoch %q: want %d hexadecimal digits in lower case", text, 2*len(epoch))
	}
	return epoch, nil
}

// Record is one fact in its stored form.
//
// Seq, ID, Kind and At repeat what the payload says. Payload is never changed or
// written anew: its bytes are what Hash covers.
type Record struct {
	Seq     uint64
	ID      ident.ID
	Kind    journal.Kind
	At      time.Time
	Payload []byte
	Hash    Hash

	body json.RawMessage
}

// layout is the payload. The names are the contract's.
type layout struct {
	Seq        uint64          `json:"seq"`
	ID         ident.ID        `json:"id"`
	Kind       journal.Kind    `json:"kind"`
	OccurredAt time.Time       `json:"occurred_at"`
	Body       json.RawMessage `json:"body"`
}

// Chain answers the hash of a payload that follows on previous: SHA-256 of the
// previous hash, the 8 bytes of the epoch, and the payload.
//
// Source: the contract, schema Record.
func Chain(previous Hash, epoch Epoch, payload []byte) Hash {
	digest := sha256.New()
	digest.Write(previous[:])
	digest.Write(epoch[:])
	digest.Write(payload)
	return Hash(digest.Sum(nil))
}

// Encode makes the record of a fact that follows on the record with the hash
// previous (zeros before the first).
//
// It refuses a fact without sequence number, valid id, time or known body, with a
// float or a number of 2^53 and more in its body, with a payload above
// [PayloadBytesMax], and one that this same program could not read back: what is
// stored must not keep the till from starting.
func Encode(fact journal.Fact, epoch Epoch, previous Hash) (Record, error) {
	rec, err := encode(fact, epoch, previous)
	if err != nil {
		return Record{}, fmt.Errorf("encode fact %d: %w", fact.Seq, err)
	}
	return rec, nil
}

func encode(fact journal.Fact, epoch Epoch, previous Hash) (Record, error) {
	if fact.Seq == 0 || fact.ID == "" || fact.At.IsZero() {
		return Record{}, errors.New("it lacks number, id or time")
	}
	body, err := journal.MarshalBody(fact.Body)
	if err != nil {
		return Record{}, err
	}
	if err := checkNumbers(body); err != nil {
		return Record{}, fmt.Errorf("kind %s: %w", fact.Body.Kind(), err)
	}
	plain, err := json.Marshal(layout{fact.Seq, fact.ID, fact.Body.Kind(), fact.At, body})
	if err != nil {
		return Record{}, fmt.Errorf("kind %s: %w", fact.Body.Kind(), err)
	}
	payload, err := jcs.Transform(plain)
	if err != nil {
		return Record{}, fmt.Errorf("kind %s: canonical form: %w", fact.Body.Kind(), err)
	}
	rec, err := parse(payload)
	if err != nil {
		return Record{}, fmt.Errorf("kind %s: %w", fact.Body.Kind(), err)
	}
	if _, err := Fact(rec); err != nil {
		return Record{}, fmt.Errorf("cannot be read back: %w", err)
	}
	rec.Hash = Chain(previous, epoch, payload)
	return rec, nil
}

// Fact reads a record back. A kind or version that this program does not know was
// written by a later one; the error says so.
func Fact(rec Record) (journal.Fact, error) {
	body, err := journal.UnmarshalBody(rec.Kind, rec.body)
	if err != nil {
		return journal.Fact{}, fmt.Errorf("record %d: %w", rec.Seq, err)
	}
	return journal.Fact{Seq: rec.Seq, ID: rec.ID, At: rec.At, Body: body}, nil
}

// WireJSON is the contract's Record object: the payload's own bytes with the hash
// put in at the end.
func WireJSON(rec Record) []byte {
	const member = `,"hash":""}`
	wire := make([]byte, 0, len(rec.Payload)+len(member)+2*len(rec.Hash))
	wire = append(wire, rec.Payload[:len(rec.Payload)-1]...)
	return append(wire, `,"hash":"`+rec.Hash.String()+`"}`...)
}

// Follows checks that the record stands directly behind the one with the hash
// previous (I9); the error is a [*DamageError].
func (r Record) Follows(previous Hash, epoch Epoch) error {
	if want := Chain(previous, epoch, r.Payload); r.Hash != want {
		return damage(CheckChain, "hash %s, want %s", r.Hash, want)
	}
	return nil
}

// Canonical checks that the payload is its own RFC 8785 form, so that whoever
// parses it can hash it again; the error is a [*DamageError]. Encode writes no
// other; tools ask it of files.
func (r Record) Canonical() error {
	canonical, err := jcs.Transform(r.Payload)
	if err != nil {
		return damage(CheckCanonical, "%w", err)
	}
	if !bytes.Equal(canonical, r.Payload) {
		return damage(CheckCanonical, "the payload is not its own canonical form")
	}
	return nil
}
