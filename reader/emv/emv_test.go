package emv_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/reader/emv"
)

// goxAnswer is the chip data of the GOX answer among the examples of the ABECS
// document; fcxRequest is the issuer's part of its FCX command.
const (
	goxAnswer  = "950500800000009F2608E0DB51A3742FEA839F2701809F100C2C514D270FC3CD876CA400009F34034203029F3602004C"
	fcxRequest = "9108A102DB6D41C6796372129F1800860D8424000008A071544A23761AA1"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	require.NoError(t, err)
	return data
}

func TestObjectsOfTheStandardsExamplesAreReadAndWrittenBack(t *testing.T) {
	data := unhex(t, goxAnswer)
	objects, err := emv.Parse(data)
	require.NoError(t, err)
	require.Equal(t, []emv.Object{
		{Tag: emv.TVR, Value: unhex(t, "0080000000")},
		{Tag: emv.Cryptogram, Value: unhex(t, "E0DB51A3742FEA83")},
		{Tag: emv.CryptogramInformation, Value: unhex(t, "80")},
		{Tag: emv.IssuerApplicationData, Value: unhex(t, "2C514D270FC3CD876CA40000")},
		{Tag: emv.CVMResults, Value: unhex(t, "420302")},
		{Tag: emv.ATC, Value: unhex(t, "004C")},
	}, objects)
	require.Equal(t, data, emv.Append(nil, objects...))
}

func TestAScriptTemplateOpensIntoItsParts(t *testing.T) {
	objects, err := emv.Parse(unhex(t, fcxRequest))
	require.NoError(t, err)
	require.Len(t, objects, 2)
	require.True(t, objects[1].Tag.Constructed())
	inner, err := emv.Parse(objects[1].Value)
	require.NoError(t, err)
	require.Equal(t, []emv.Object{
		{Tag: 0x9F18, Value: []byte{}},
		{Tag: 0x86, Value: unhex(t, "8424000008A071544A23761AA1")},
	}, inner)
}

func TestTagsAndLengthsOfEverySize(t *testing.T) {
	for name, tc := range map[string]struct {
		wire   string
		tag    emv.Tag
		length int
	}{
		"one byte":                {"9A03" + "260115", 0x9A, 3},
		"two bytes":               {"9F3602" + "004C", 0x9F36, 2},
		"three bytes":             {"DF812403" + "000001", 0xDF8124, 3},
		"length in two bytes":     {"728180" + fmt.Sprintf("%0256d", 0), 0x72, 128},
		"length in three bytes":   {"72820100" + fmt.Sprintf("%0512d", 0), 0x72, 256},
		"empty":                   {"9F1800", 0x9F18, 0},
		"filler before and after": {"0000FF9A03260115FF00", 0x9A, 3},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := emv.Parse(unhex(t, tc.wire))
			require.NoError(t, err)
			require.Len(t, objects, 1)
			require.Equal(t, tc.tag, objects[0].Tag)
			require.Len(t, objects[0].Value, tc.length)
		})
	}
}

func TestBrokenDataIsRefusedWithItsPlace(t *testing.T) {
	for name, wire := range map[string]string{
		"tag cut off":             "9A03260115" + "9F",
		"tag too long":            "9A03260115" + "DF81818101",
		"no length":               "9A03260115" + "9F36",
		"length cut off":          "9A03260115" + "728201",
		"indefinite length":       "9A03260115" + "7280",
		"length of three bytes":   "9A03260115" + "7283000001",
		"value shorter than said": "9A03260115" + "9F360200",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := emv.Parse(unhex(t, wire))
			var syntax *emv.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Equal(t, 5, syntax.Offset)
		})
	}
}

func TestNoPrintingShowsCardData(t *testing.T) {
	const pan = "5413330089020011"
	data := unhex(t, "5A08"+pan+"5711"+pan+"D2512201"+"0123456789"+"5F2003412F42"+"5F2403251231"+"9505"+"0080000000"+"9F4C08"+pan+"9F02"+"06000000012990")
	text := emv.Redact(data)
	require.Equal(t, "5A[8] 57[17] 5F20[3] 5F24[3] 95[5]=0080000000 9F4C[8] 9F02[6]=000000012990", text)
	objects, err := emv.Parse(data)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", objects, objects, objects, objects[0]), "5413")
	require.Equal(t, "no tlv[3]", emv.Redact(unhex(t, "5A0854")))
}

func TestOnlyWantedHarmlessObjectsAreSelected(t *testing.T) {
	objects := []emv.Object{
		{Tag: emv.PAN, Value: []byte{1}},
		{Tag: 0x9F4C, Value: []byte{2}},
		{Tag: emv.TVR, Value: []byte{3}},
		{Tag: 0x77, Value: emv.Append(nil, emv.Object{Tag: emv.PAN, Value: []byte{4}})},
		{Tag: emv.TVR, Value: []byte{5}},
	}
	require.Equal(t, objects[2:3], emv.Select(objects, emv.PAN, emv.TVR, 0x77))
}

func TestTagsHaveNames(t *testing.T) {
	require.Equal(t, "9F26", emv.Cryptogram.String())
	require.Equal(t, "application cryptogram", emv.Cryptogram.Name())
	require.Empty(t, emv.Tag(0x9F7F).Name())
	for _, tag := range []emv.Tag{0x5A, 0x56, 0x57, 0x5F20, 0x5F24, 0x9F1F, 0x9F20} {
		require.True(t, tag.Sensitive(), tag)
		require.NotEmpty(t, tag.Name(), tag)
	}
}

func TestTagListsAreReadAndWritten(t *testing.T) {
	list := unhex(t, "959F269F279F109F349F36")
	tags, err := emv.ParseTags(list)
	require.NoError(t, err)
	require.Equal(t, []emv.Tag{0x95, 0x9F26, 0x9F27, 0x9F10, 0x9F34, 0x9F36}, tags)
	require.Equal(t, list, emv.AppendTags(nil, tags...))
	_, err = emv.ParseTags([]byte{0x95, 0x9F})
	require.Error(t, err)
	require.Panics(t, func() { emv.AppendTags(nil, 0x9F) })
	require.Panics(t, func() { emv.Append(nil, emv.Object{Tag: 0x95, Value: make([]byte, emv.ValueMax+1)}) })
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{goxAnswer, fcxRequest, "DF812403000001", "00FF", "7283000001", "9F"} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = emv.Redact(data)
		_, _ = emv.ParseTags(data)
		objects, err := emv.Parse(data)
		if err != nil {
			return
		}
		written := emv.Append(nil, objects...)
		require.LessOrEqual(t, len(written), len(data))
		again, err := emv.Parse(written)
		require.NoError(t, err)
		require.True(t, slices.EqualFunc(objects, again, func(a, b emv.Object) bool {
			return a.Tag == b.Tag && bytes.Equal(a.Value, b.Value)
		}))
	})
}
