package record_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

func drawBytes(t *rapid.T, count int) []byte {
	return rapid.SliceOfN(rapid.Byte(), count, count).Draw(t, "bytes")
}

func drawTime(t *rapid.T) time.Time {
	zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "offset")*3600)
	return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).In(zone)
}

// drawFact fills a body of the kind, whatever its fields are.
func drawFact(t *rapid.T, kind journal.Kind) journal.Fact {
	empty, err := journal.UnmarshalBody(kind, []byte(`{"v":1}`))
	if err != nil {
		empty, err = journal.UnmarshalBody(kind, []byte(`{}`))
	}
	require.NoError(t, err)
	body := reflect.New(reflect.TypeOf(empty)).Elem()
	fill(t, body, string(kind))
	at := drawTime(t)
	return journal.Fact{
		Seq:  rapid.Uint64Range(1, 1<<53-1).Draw(t, "seq"),
		ID:   ident.Make(at, [8]byte(drawBytes(t, 8))),
		At:   at,
		Body: body.Interface().(journal.Body),
	}
}

func fill(t *rapid.T, value reflect.Value, path string) {
	if value.Type() == reflect.TypeFor[time.Time]() {
		value.Set(reflect.ValueOf(drawTime(t)))
		return
	}
	if value.Type() == reflect.TypeFor[json.RawMessage]() {
		value.SetBytes(fmt.Appendf(nil, `{"cart":[%d],"seen":%t}`, rapid.IntRange(-9, 9).Draw(t, path), rapid.Bool().Draw(t, path)))
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(rapid.String().Draw(t, path))
	case reflect.Int, reflect.Int64:
		value.SetInt(rapid.Int64Range(-(1<<53-1), 1<<53-1).Draw(t, path))
	case reflect.Uint64:
		value.SetUint(rapid.Uint64Range(0, 1<<53-1).Draw(t, path))
	case reflect.Bool:
		value.SetBool(rapid.Bool().Draw(t, path))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, path) {
			value.Set(reflect.New(value.Type().Elem()))
			fill(t, value.Elem(), path)
		}
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), rapid.IntRange(0, 3).Draw(t, path), 3))
		for i := range value.Len() {
			fill(t, value.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		for range rapid.IntRange(0, 3).Draw(t, path) {
			element := reflect.New(value.Type().Elem()).Elem()
			fill(t, element, path+"[]")
			value.SetMapIndex(reflect.ValueOf(rapid.String().Draw(t, path)).Convert(value.Type().Key()), element)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			fill(t, value.Field(i), path+"."+value.Type().Field(i).Name)
		}
	default:
		require.Fail(t, "no way to fill", "%s of %s", path, value.Kind())
	}
}
