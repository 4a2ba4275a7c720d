package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// integerMax is the first whole number that a JSON reader with double precision
// may confuse with its neighbour (RFC 8785 §3.2.2.3, RFC 7493 §2.2).
const integerMax = 1 << 53

// bodyMember begins a payload: RFC 8785 sorts members, and body comes first.
const bodyMember = `{"body":`

// tailPattern is what stands behind the body. None of these strings can hold a
// character that JSON would escape. The kind is the contract's RecordKind.
var tailPattern = regexp.MustCompile(`^,"id":"([0-9A-Z]{26})","kind":"([a-z][a-z0-9_]{0,39})","occurred_at":"([0-9T:.Z+-]{20,35})","seq":([1-9][0-9]{0,15})}$`)

// tailBytesMax is the length of the longest tail.
const tailBytesMax = len(`,"id":"","kind":"","occurred_at":"","seq":}`) + 26 + 40 + 35 + 16

// parse takes a payload apart and refuses what the contract's Record would not
// hold. The payload is kept, not copied.
func parse(payload []byte) (Record, error) {
	if len(payload) > PayloadBytesMax {
		return Record{}, damage(CheckLength, "payload of %d bytes, at most %d", len(payload), PayloadBytesMax)
	}
	window := max(0, len(payload)-tailBytesMax)
	split := window + bytes.LastIndex(payload[window:], []byte(`,"id":"`))
	if !bytes.HasPrefix(payload, []byte(bodyMember)) || split < len(bodyMember) {
		return Record{}, damage(CheckPayload, "its members are not those of a record")
	}
	rec := Record{Payload: payload, body: payload[len(bodyMember):split]}
	if !bytes.HasPrefix(rec.body, []byte{'{'}) || !json.Valid(rec.body) {
		return Record{}, damage(CheckPayload, "the body is no object")
	}
	if err := rec.parseTail(payload[split:]); err != nil {
		return Record{}, damage(CheckPayload, "%w", err)
	}
	return rec, nil
}

func (r *Record) parseTail(tail []byte) error {
	members := tailPattern.FindSubmatch(tail)
	if members == nil {
		return errors.New("id, kind, time and number are not those of a record")
	}
	var err error
	if r.ID, err = ident.Parse(string(members[1])); err != nil {
		return err
	}
	r.Kind = journal.Kind(members[2])
	if r.At, err = time.Parse(time.RFC3339Nano, string(members[3])); err != nil || r.At.IsZero() {
		return fmt.Errorf("time %s is none", members[3])
	}
	if r.Seq, err = strconv.ParseUint(string(members[4]), 10, 64); err != nil || r.Seq >= integerMax {
		return fmt.Errorf("number %s, want less than 2^53", members[4])
	}
	return nil
}

// checkNumbers refuses floats and large integers anywhere in a body. The error
// names the field and not the number, whatever it may be.
func checkNumbers(body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	return checkValue("body", value)
}

func checkValue(path string, value any) error {
	switch value := value.(type) {
	case json.Number:
		whole, err := strconv.ParseInt(value.String(), 10, 64)
		if err != nil || whole >= integerMax || whole <= -integerMax || value.String() != strconv.FormatInt(whole, 10) {
			return fmt.Errorf("%s is not a whole number below 2^53", path)
		}
	case []any:
		for i, element := range value {
			if err := checkValue(fmt.Sprintf("%s[%d]", path, i), element); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, member := range value {
			if err := checkValue(path+"."+name, member); err != nil {
				return err
			}
		}
	}
	return nil
}
