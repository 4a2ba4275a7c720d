package record_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/storage/record"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
)

// float is the fact of the contract's vector.
var float = journal.Fact{
	Seq:  1,
	ID:   "01JD4K3M8Q7V5W2X9Y0Z1A2B3C",
	At:   time.Date(2026, 8, 28, 8, 0, 0, 0, time.FixedZone("", -3*3600)),
	Body: journal.CashMovement{OperatorID: "maria", SessionID: "01JD4K3M8Q7V5W2X9Y0Z1A2B3D", Type: "float", Amount: 20000},
}

type chainVector struct{ Epoch, Previous, Payload, Hash string }

func vector(t testing.TB) chainVector {
	data, err := os.ReadFile("testdata/chain.json")
	require.NoError(t, err)
	var v chainVector
	require.NoError(t, json.Unmarshal(data, &v))
	return v
}

func TestI9_ThePayloadAndItsHashAreThoseOfTheContract(t *testing.T) {
	v := vector(t)
	epoch, err := record.ParseEpoch(v.Epoch)
	require.NoError(t, err)
	require.Equal(t, v.Epoch, epoch.String())
	rec, err := record.Encode(float, epoch, record.Hash{})
	require.NoError(t, err)
	require.Equal(t, v.Previous, record.Hash{}.String())
	require.Equal(t, v.Payload, string(rec.Payload))
	require.Equal(t, v.Hash, rec.Hash.String())
	require.NoError(t, rec.Follows(record.Hash{}, epoch))
	require.NoError(t, rec.Canonical())

	for name, err := range map[string]error{
		"another previous": rec.Follows(record.Hash{1}, epoch),
		"another epoch":    rec.Follows(record.Hash{}, record.Epoch{1}),
	} {
		requireDamage(t, err, record.CheckChain, name)
	}
}

func TestWireJSONIsThePayloadWithItsHash(t *testing.T) {
	rec, err := record.Encode(float, record.Epoch{}, record.Hash{})
	require.NoError(t, err)
	wire := string(record.WireJSON(rec))
	require.Equal(t, strings.TrimSuffix(string(rec.Payload), "}")+`,"hash":"`+rec.Hash.String()+`"}`, wire)
	var object struct{ Hash string }
	require.NoError(t, json.Unmarshal([]byte(wire), &object))
	require.Equal(t, rec.Hash.String(), object.Hash)
}

func TestEpochsOfAnyOtherFormAreRefused(t *testing.T) {
	for _, text := range []string{"", "9f1c0a7be2d4583", "9f1c0a7be2d4583g", "9F1C0A7BE2D45836", "9f1c0a7be2d4583600"} {
		_, err := record.ParseEpoch(text)
		require.Error(t, err, text)
	}
}

// alien is a body that is not in the list of kinds.
type alien struct{}

func (alien) Kind() journal.Kind { return "alien" }

func TestFactsThatMayNotBeStoredAreRefused(t *testing.T) {
	with := func(change func(*journal.Fact)) journal.Fact {
		fact := float
		change(&fact)
		return fact
	}
	cash := func(amount money.Cents) journal.Body {
		return journal.CashMovement{SessionID: float.ID, Type: "float", Amount: amount}
	}
	for name, broken := range map[string]struct {
		fact journal.Fact
		says string
	}{
		"no number":       {with(func(f *journal.Fact) { f.Seq = 0 }), "lacks number, id or time"},
		"number of 2^53":  {with(func(f *journal.Fact) { f.Seq = 1 << 53 }), "less than 2^53"},
		"no id":           {with(func(f *journal.Fact) { f.ID = "" }), "lacks number, id or time"},
		"id in lower":     {with(func(f *journal.Fact) { f.ID = ident.ID(strings.ToLower(string(f.ID))) }), "not those of a record"},
		"no time":         {with(func(f *journal.Fact) { f.At = time.Time{} }), "lacks number, id or time"},
		"no body":         {with(func(f *journal.Fact) { f.Body = nil }), "kind none"},
		"unknown kind":    {with(func(f *journal.Fact) { f.Body = alien{} }), "not in the list"},
		"integer of 2^53": {with(func(f *journal.Fact) { f.Body = cash(1 << 53) }), "body.amount.amount is not a whole number below 2^53"},
		"minus 2^53":      {with(func(f *journal.Fact) { f.Body = cash(-1 << 53) }), "body.amount.amount"},
		"too long": {with(func(f *journal.Fact) {
			f.Body = journal.OperatorLogout{OperatorID: strings.Repeat("x", record.PayloadBytesMax)}
		}), "length: payload"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := record.Encode(broken.fact, record.Epoch{}, record.Hash{})
			require.ErrorContains(t, err, broken.says)
		})
	}
	_, err := record.Encode(with(func(f *journal.Fact) { f.Body = cash(1<<53 - 1) }), record.Epoch{}, record.Hash{})
	require.NoError(t, err)
}

// seal puts a payload in an envelope whose checks hold.
func seal(payload string) []byte {
	data := make([]byte, 41, 41+len(payload))
	data[0] = 1
	binary.BigEndian.PutUint32(data[1:], uint32(len(payload)))
	data = append(data, payload...)
	return sealAgain(data)
}

func sealAgain(data []byte) []byte {
	rest := slices.Concat(data[:5], data[9:])
	binary.BigEndian.PutUint32(data[5:], crc32.Checksum(rest, crc32.MakeTable(crc32.Castagnoli)))
	return data
}

func requireDamage(t testing.TB, err error, check record.Check, what string) {
	t.Helper()
	var found *record.DamageError
	require.ErrorAs(t, err, &found, what)
	require.Equal(t, check, found.Check, what)
}

func TestDamageIsNamedByTheCheckThatFailed(t *testing.T) {
	rec, err := record.Encode(float, record.Epoch{}, record.Hash{})
	require.NoError(t, err)
	good := rec.Bytes()
	change := func(at int, to byte) []byte {
		data := slices.Clone(good)
		data[at] = to
		return data
	}
	replaced := func(old, new string) []byte { return seal(strings.Replace(string(rec.Payload), old, new, 1)) }
	for name, broken := range map[string]struct {
		data  []byte
		check record.Check
	}{
		"nothing":                 {nil, record.CheckLength},
		"no payload":              {good[:41], record.CheckLength},
		"cut":                     {good[:len(good)-1], record.CheckLength},
		"longer":                  {append(slices.Clone(good), 0), record.CheckLength},
		"length":                  {change(4, good[4]^1), record.CheckLength},
		"later version":           {change(0, 2), record.CheckVersion},
		"sum":                     {change(6, good[6]^1), record.CheckSum},
		"hash":                    {change(20, good[20]^1), record.CheckSum},
		"payload":                 {change(60, good[60]^1), record.CheckSum},
		"payload above the limit": {seal(`{"body":{"x":"` + strings.Repeat("x", record.PayloadBytesMax) + `"}}`), record.CheckLength},
		"payload is no JSON":      {seal("PK"), record.CheckPayload},
		"payload is a list":       {seal("[]"), record.CheckPayload},
		"payload is two objects":  {seal(string(rec.Payload) + "{}"), record.CheckPayload},
		"a line follows":          {seal(string(rec.Payload) + "\n"), record.CheckPayload},
		"a member too many":       {replaced(`"seq":1`, `"seq":1,"x":0`), record.CheckPayload},
		"no number":               {replaced(`"seq":1`, `"seq":0`), record.CheckPayload},
		"number too large":        {replaced(`"seq":1`, `"seq":9007199254740992`), record.CheckPayload},
		"members out of order":    {seal(`{"id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","kind":"x","occurred_at":"2026-08-28T08:00:00Z","seq":1,"body":{}}`), record.CheckPayload},
		"blanks":                  {replaced(`,"id":`, `, "id":`), record.CheckPayload},
		"a zero in front":         {replaced(`"seq":1`, `"seq":01`), record.CheckPayload},
		"body is broken":          {replaced(`"type":"float"`, `"type":"float`), record.CheckPayload},
		"body is nothing":         {seal(`{"body":,"id":"`), record.CheckPayload},
		"id is none":              {replaced("01JD4K3M8Q7V5W2X9Y0Z1A2B3C", "01JD4K3M8Q7V5W2X9Y0Z1A2B3U"), record.CheckPayload},
		"number is a float":       {replaced(`"seq":1`, `"seq":1.5`), record.CheckPayload},
		"id in lower case":        {replaced("01JD4K3M8Q7V5W2X9Y0Z1A2B3C", "01jd4k3m8q7v5w2x9y0z1a2b3c"), record.CheckPayload},
		"kind is no name":         {replaced("cash_movement", "Cash"), record.CheckPayload},
		"time is none":            {replaced("2026-08-28T08:00:00-03:00", "yesterday"), record.CheckPayload},
		"time is zero":            {replaced("2026-08-28T08:00:00-03:00", "0001-01-01T00:00:00Z"), record.CheckPayload},
		"body is a list":          {seal(`{"body":[],"id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","kind":"x","occurred_at":"2026-08-28T08:00:00Z","seq":1}`), record.CheckPayload},
		"body is missing":         {seal(`{"id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","kind":"x","occurred_at":"2026-08-28T08:00:00Z","seq":1}`), record.CheckPayload},
		"an empty object":         {seal("{}"), record.CheckPayload},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := record.Decode(broken.data)
			requireDamage(t, err, broken.check, name)
		})
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	rec, err := record.Encode(float, record.Epoch{}, record.Hash{})
	require.NoError(t, err)
	good := rec.Bytes()
	for bit := range 8 * len(good) {
		data := slices.Clone(good)
		data[bit/8] ^= 1 << (bit % 8)
		_, err := record.Decode(data)
		require.Error(t, err, "bit %d", bit)
	}
}

func TestAPayloadThatIsNotCanonicalIsNamed(t *testing.T) {
	rec, err := record.Decode(seal(`{"body":{"b":1,"a":2},"id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","kind":"x","occurred_at":"2026-08-28T08:00:00Z","seq":1}`))
	require.NoError(t, err)
	requireDamage(t, rec.Canonical(), record.CheckCanonical, "order of members")
	rec.Payload = []byte("{")
	requireDamage(t, rec.Canonical(), record.CheckCanonical, "no JSON")
}

func TestARecordOfALaterProgramIsReadButItsFactIsRefused(t *testing.T) {
	rec, err := record.Decode(seal(`{"body":{"v":1},"id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","kind":"teleport","occurred_at":"2026-08-28T08:00:00Z","seq":7}`))
	require.NoError(t, err)
	_, err = record.Fact(rec)
	require.ErrorContains(t, err, "record 7")
	require.ErrorContains(t, err, "later version of the program")
}

func TestFactsOfEveryKindComeBackAsTheyWere(t *testing.T) {
	kinds := journal.Kinds()
	slices.Sort(kinds)
	for _, kind := range kinds {
		t.Run(string(kind), rapid.MakeCheck(func(t *rapid.T) {
			fact := drawFact(t, kind)
			epoch, previous := record.Epoch(drawBytes(t, 8)), record.Hash(drawBytes(t, 32))
			rec, err := record.Encode(fact, epoch, previous)
			require.NoError(t, err)
			read, err := record.Decode(rec.Bytes())
			require.NoError(t, err)
			require.Equal(t, rec, read)
			require.NoError(t, read.Follows(previous, epoch))
			require.NoError(t, read.Canonical())

			back, err := record.Fact(read)
			require.NoError(t, err)
			require.True(t, fact.At.Equal(back.At))
			_, offset := fact.At.Zone()
			_, offsetBack := back.At.Zone()
			require.Equal(t, offset, offsetBack, "the store's offset is kept")
			again, err := record.Encode(back, epoch, previous)
			require.NoError(t, err)
			require.Equal(t, rec, again)
		}))
	}
}

func FuzzDecode(f *testing.F) {
	rec, err := record.Encode(float, record.Epoch{}, record.Hash{})
	require.NoError(f, err)
	f.Add(rec.Bytes(), false)
	f.Add(rec.Payload, true)
	f.Add([]byte(nil), false)
	f.Add([]byte(`{"body":{},"id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","kind":"x","occurred_at":"2026-08-28T08:00:00Z","seq":1}`), true)
	f.Fuzz(func(t *testing.T, data []byte, sealed bool) {
		if sealed {
			data = seal(string(data))
		}
		rec, err := record.Decode(data)
		if err != nil {
			var found *record.DamageError
			require.True(t, errors.As(err, &found))
			return
		}
		require.Equal(t, data, rec.Bytes())
		require.True(t, json.Valid(record.WireJSON(rec)))
		if fact, err := record.Fact(rec); err == nil {
			_, _ = record.Encode(fact, record.Epoch{}, record.Hash{})
		}
	})
}
