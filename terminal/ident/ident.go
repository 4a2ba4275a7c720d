// Package ident names things once and for all: sales, orders, payments, facts.
//
// An [ID] is a ULID, minted once at the till (or at a screen, for a request),
// stored before the first byte that carries it leaves, and never changed.
// Ids say nothing about order: the journal's sequence number does. It reads no
// clock and no randomness; both are handed to [Make].
//
// Facts: github.com/ulid/spec; the contract's schema Id.
package ident

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// ID is a ULID in its canonical text form: 26 characters of Crockford's
// alphabet, upper case. The zero value, an empty string, names nothing.
type ID string

// The 16 bits behind the time number what follows from an id; the random bits
// stay in the end, where people look to tell one id from another.
const (
	numberAt   = 6
	numberEnd  = 8
	derivedMax = 1<<16 - 1
)

// Make builds an id from a wall-clock time and 64 random bits. The 16 bits between
// them are zero, room for [ID.Derive].
func Make(at time.Time, entropy [8]byte) ID {
	var id ulid.ULID
	if err := id.SetTime(ulid.Timestamp(at)); err != nil {
		// Past the year 10889, or before 1970: the clock is broken, the entropy alone must do.
		_ = id.SetTime(0)
	}
	copy(id[numberEnd:], entropy[:])
	return ID(id.String())
}

// Parse reads an id and refuses whatever is not exactly 26 characters of the
// alphabet. Lower case is accepted and raised.
func Parse(text string) (ID, error) {
	id, err := ulid.ParseStrict(strings.ToUpper(text))
	if err != nil {
		return "", fmt.Errorf("read id %q: %w", text, err)
	}
	return ID(id.String()), nil
}

// Derive answers the n-th id that follows from this one, n from 1 to 65,535:
// one event needs many ids, and must need the same ones when it is told again.
// It panics outside these bounds or on a malformed id, which are programming errors.
func (id ID) Derive(n int) ID {
	if n < 1 || n > derivedMax {
		panic(fmt.Sprintf("ident: derive %d from %s: out of 1..%d", n, id, derivedMax))
	}
	raw := ulid.MustParseStrict(string(id))
	binary.BigEndian.PutUint16(raw[numberAt:], uint16(n))
	return ID(raw.String())
}

// Origin answers the id that this one was derived from; an original is its own
// origin. A malformed id has none and answers an empty one.
func (id ID) Origin() ID {
	raw, err := ulid.ParseStrict(string(id))
	if err != nil {
		return ""
	}
	raw[numberAt], raw[numberAt+1] = 0, 0
	return ID(raw.String())
}

// Short is the form for paper and screens: the first seven characters, an
// ellipsis and the last two.
func (id ID) Short() string {
	if len(id) < 10 {
		return string(id)
	}
	return string(id[:7]) + "…" + string(id[len(id)-2:])
}
