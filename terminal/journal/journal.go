// Package journal is the closed list of facts that last.
//
// A [Fact] is what happened, told once: durable state changes through facts and
// nothing else, so starting after a power cut and running normally are the same
// fold. Facts of kinds that the central contract knows have the contract's
// bodies (bodies_contract.go); the till's own life has kinds of its own
// (bodies_own.go). How a fact lies on disk is package record's business, what it
// does to the till is package terminal's. Start with [Fact] and [Kinds].
//
// Facts: the contract, section Kinds of record; RFC 8785 for the bytes.
package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"balcao/terminal/ident"
)

// Kind names what a fact tells, in the contract's words where it has them.
type Kind string

// Fact is one durable record.
//
// Seq numbers all facts of a till from 1 without gaps; order is by Seq, never by
// At. ID is the id in the path of the live call that tells the same thing, or its
// idempotency key, or an id of the fact's own; its origin is the id of the
// request that caused it. At is the till's wall clock with the store's offset.
type Fact struct {
	Seq  uint64
	ID   ident.ID
	At   time.Time
	Body Body
}

// Body is one of the types listed in [Kinds].
type Body interface {
	Kind() Kind
}

// Batch is what one commit makes durable: all of it or nothing.
type Batch struct {
	Facts []Fact
}

// BatchMax bounds the facts of one commit; a sale of the largest cart needs fewer.
const BatchMax = 64

// First and Last bound the batch's sequence numbers; both are 0 when it is empty.
func (b Batch) First() uint64 {
	if len(b.Facts) == 0 {
		return 0
	}
	return b.Facts[0].Seq
}

// Last answers the sequence number of the batch's last fact.
func (b Batch) Last() uint64 {
	if len(b.Facts) == 0 {
		return 0
	}
	return b.Facts[len(b.Facts)-1].Seq
}

// Check refuses a batch that does not follow directly on the fact numbered last,
// is empty or too large, or holds a fact without id, time or body (I6, I9).
func (b Batch) Check(last uint64) error {
	if len(b.Facts) == 0 || len(b.Facts) > BatchMax {
		return fmt.Errorf("batch of %d facts, want 1 to %d", len(b.Facts), BatchMax)
	}
	for i, fact := range b.Facts {
		if want := last + uint64(i) + 1; fact.Seq != want {
			return fmt.Errorf("fact %d of kind %s follows %d", fact.Seq, kindOf(fact.Body), want-1)
		}
		if fact.ID == "" || fact.At.IsZero() || fact.Body == nil {
			return fmt.Errorf("fact %d of kind %s lacks id, time or body", fact.Seq, kindOf(fact.Body))
		}
	}
	return nil
}

func kindOf(body Body) Kind {
	if body == nil {
		return "none"
	}
	return body.Kind()
}

// entry is how one kind is read back. Version 0 is a body of the contract, which
// carries no version of its own.
type entry struct {
	kind    Kind
	version int
	read    func([]byte) (Body, error)
}

// kinds is the closed list: first the contract's, then the till's own.
var kinds = index(
	row[Checkpoint](0), row[SessionOpen](0), row[CashMovement](0), row[LineVoid](0), row[Order](0), row[Transition](0),
	row[Payment](0), row[Confirmation](0), row[Reversal](0), row[DrawerOpening](0),
	row[Discount](0), row[Override](0), row[CashCount](0), row[SessionClose](0), row[XReport](0), row[ZReport](0),

	row[OperatorLogin](1), row[OperatorLogout](1), row[LoginRefused](1), row[SaleOpened](1), row[LineAdded](1),
	row[SaleCancelled](1), row[PaymentIntent](1), row[PaymentConfirmed](1), row[PaymentReversed](1), row[PaymentManual](1),
	row[CustomerSet](1), row[CashTendered](1), row[CashReturned](1), row[SalePaid](1), row[PrintJob](1), row[PrintResult](1), row[Quarantined](1),
	row[PaymentSettled](1), row[StateCheckpoint](1),
)

// index finds entries by kind.
func index(entries ...entry) map[Kind]entry {
	byKind := make(map[Kind]entry, len(entries))
	for _, each := range entries {
		byKind[each.kind] = each
	}
	return byKind
}

// row is the entry of a body type at the version that this program writes.
func row[B Body](version int) entry {
	var sample B
	return entry{kind: sample.Kind(), version: version, read: func(data []byte) (Body, error) {
		var body B
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&body); err != nil {
			return nil, err
		}
		return body, nil
	}}
}

// Kinds lists every kind there is, in no order.
func Kinds() []Kind {
	list := make([]Kind, 0, len(kinds))
	for kind := range kinds {
		list = append(list, kind)
	}
	return list
}

// OfContract says whether central knows the kind's body.
func OfContract(kind Kind) bool {
	found, ok := kinds[kind]
	return ok && found.version == 0
}

// versionKey holds the version of a body of the till's own, in the body.
const versionKey = "v"

// MarshalBody writes a body as JSON; one of the till's own gets its version.
func MarshalBody(body Body) ([]byte, error) {
	found, ok := kinds[kindOf(body)]
	if !ok {
		return nil, fmt.Errorf("write fact of kind %s: not in the list of kinds", kindOf(body))
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write fact of kind %s: %w", body.Kind(), err)
	}
	if found.version == 0 {
		return data, nil
	}
	head := fmt.Sprintf(`{"%s":%d`, versionKey, found.version)
	if bytes.Equal(data, []byte("{}")) {
		return append([]byte(head), '}'), nil
	}
	return append([]byte(head+","), data[1:]...), nil
}

// UnmarshalBody reads a body back. A kind or version that this program does not
// know was written by a later one; the error says so.
func UnmarshalBody(kind Kind, data []byte) (Body, error) {
	found, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("read fact of kind %q: written by a later version of the program", kind)
	}
	if found.version > 0 {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(data, &fields); err != nil {
			return nil, fmt.Errorf("read fact of kind %s: %w", kind, err)
		}
		var version int
		if err := json.Unmarshal(fields[versionKey], &version); err != nil {
			return nil, fmt.Errorf("read fact of kind %s: version: %w", kind, err)
		}
		if version > found.version {
			return nil, fmt.Errorf("read fact of kind %s, version %d: written by a later version of the program", kind, version)
		}
		delete(fields, versionKey)
		stripped, err := json.Marshal(fields)
		if err != nil {
			return nil, fmt.Errorf("read fact of kind %s: %w", kind, err)
		}
		data = stripped
	}
	body, err := found.read(data)
	if err != nil {
		return nil, fmt.Errorf("read fact of kind %s: %w", kind, err)
	}
	return body, nil
}
