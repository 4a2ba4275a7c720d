package abecs_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/reader/abecs"
)

// lists are the commands whose blocks hold parameters.
var lists = map[abecs.CommandID]bool{
	"GIX": true, "CLX": true, "CEX": true, "GCX": true, "GTK": true, "GOX": true, "FCX": true, "GED": true, "MNU": true, "GCD": true,
}

func TestMessagesOfTheStandardAreReadAndWrittenBack(t *testing.T) {
	for name, pair := range messages {
		t.Run(name, func(t *testing.T) {
			payload := unhex(t, pair[0])
			sender := abecs.Till
			if bytes.HasPrefix(payload[3:], []byte("000")) {
				sender = abecs.Pinpad
			}
			requireMessage(t, sender, payload)
		})
	}
	for _, v := range vectors(t) {
		if v.Payload != "" && !v.encrypted() {
			requireMessage(t, v.sender(), unhex(t, v.Payload))
		}
	}
}

func requireMessage(t *testing.T, sender abecs.Sender, payload []byte) {
	t.Helper()
	if sender == abecs.Till {
		command, err := abecs.ParseCommand(payload)
		require.NoError(t, err)
		written, err := command.Encode()
		require.NoError(t, err)
		require.Equal(t, payload, written)
		if lists[command.ID] {
			list, err := command.Parameters()
			require.NoError(t, err)
			rebuilt, err := list.Command(command.ID)
			require.NoError(t, err)
			require.Equal(t, command, rebuilt)
		}
		return
	}
	response, err := abecs.ParseResponse(payload)
	require.NoError(t, err)
	written, err := response.Encode()
	require.NoError(t, err)
	require.Equal(t, payload, written)
	if lists[response.ID] {
		list, err := response.Parameters()
		require.NoError(t, err)
		rebuilt, err := list.Command(response.ID)
		require.NoError(t, err)
		require.Equal(t, response.Blocks, rebuilt.Blocks)
	}
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                 "",
		"no status":               "GCX",
		"status with letters":     "GCX0A0",
		"lower case":              "gcx000",
		"length with letters":     "GCX0000x1A",
		"length cut off":          "GCX00000",
		"block runs over":         "GCX000002A",
		"data behind an error":    "GCX013001A",
		"rest behind last block":  "GCX000001AB",
		"longer than the longest": "GCX000" + strings.Repeat("996"+strings.Repeat(" ", 996), 2) + "100" + strings.Repeat(" ", 100),
	} {
		_, err := abecs.ParseResponse([]byte(text))
		var malformed *abecs.MessageError
		require.ErrorAs(t, err, &malformed, name)
	}
	for name, text := range map[string]string{"no name": "GC", "block runs over": "GCX002A"} {
		_, err := abecs.ParseCommand([]byte(text))
		require.Error(t, err, name)
	}
}

func TestMessagesThatCannotBeAreNotWritten(t *testing.T) {
	for name, command := range map[string]abecs.Command{
		"name of four letters": {ID: "GCXX"},
		"block too long":       {ID: "TLR", Blocks: [][]byte{make([]byte, abecs.BlockMax+1)}},
		"message too long":     {ID: "TLR", Blocks: [][]byte{make([]byte, 999), make([]byte, 999), make([]byte, 100)}},
	} {
		_, err := command.Encode()
		require.Error(t, err, name)
	}
	for name, response := range map[string]abecs.Response{
		"data with an error": {ID: "GCX", Status: 13, Blocks: [][]byte{{1}}},
		"status too high":    {ID: "GCX", Status: 1000},
		"block too long":     {ID: "GCX", Blocks: [][]byte{make([]byte, abecs.BlockMax+1)}},
	} {
		_, err := response.Encode()
		require.Error(t, err, name)
	}
}

func TestBrokenParameterListsAreRefused(t *testing.T) {
	for name, block := range map[string]string{
		"id cut off":      "80",
		"length cut off":  "8053 00",
		"value cut off":   "8053 0002 30",
		"second one cut":  "8053 0002 3030 8054",
		"length too long": "8053 FFFF 30",
	} {
		_, err := abecs.Response{ID: "GCX", Blocks: [][]byte{unhex(t, block)}}.Parameters()
		require.Error(t, err, name)
	}
}

func TestAListThatDoesNotFitInOneBlockIsSplitBetweenParameters(t *testing.T) {
	list := abecs.Parameters{
		{ID: 0x000F, Value: make([]byte, 600)},
		{ID: 0x000F, Value: make([]byte, 395-4-4)},
		{ID: 0x0009, Value: []byte("01")},
	}
	command, err := list.Command("MLR")
	require.NoError(t, err)
	require.Len(t, command.Blocks, 2)
	again, err := command.Parameters()
	require.NoError(t, err)
	require.Equal(t, list, again)
}

func TestAValueThatBreaksItsFormatIsRefusedWithoutBeingRepeated(t *testing.T) {
	for name, parameter := range map[string]abecs.Parameter{
		"too short":  {ID: abecs.SPEAmount, Value: []byte("12990")},
		"too long":   {ID: abecs.SPEMessage, Value: bytes.Repeat([]byte("541333"), 30)},
		"letters":    {ID: abecs.SPEAmount, Value: []byte("00000054133A")},
		"accents":    {ID: abecs.SPEARC, Value: []byte{0xC7, '1'}},
		"over a TLV": {ID: 0x7777, Value: make([]byte, abecs.ValueMax+1)},
	} {
		_, err := abecs.Parameters{parameter}.Command("GCX")
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "54133")
	}
}

func TestStatusesHaveNamesAndMeanings(t *testing.T) {
	require.Equal(t, "013 ST_CANCEL", abecs.Cancelled.String())
	require.Equal(t, "holder pressed CANCEL", abecs.Cancelled.Meaning())
	require.Equal(t, "017", abecs.Status(17).String())
	require.Equal(t, "unknown status", abecs.Status(17).Meaning())
	require.NoError(t, abecs.Response{ID: "GCX"}.Err())
	require.EqualError(t, abecs.Response{ID: "GCX", Status: 43}.Err(),
		"pinpad answered GCX with 043 ST_NOCARD: no card, or card removed")
}

func TestParametersHaveNames(t *testing.T) {
	require.Equal(t, "SPE_PANMASK", abecs.SPEPANMask.String())
	require.Equal(t, "PP_TABVER01", abecs.TableVersionOf(1).String())
	require.Equal(t, "PP_KSNTDESP14", abecs.ParameterID(0x910E).String())
	require.Equal(t, "PP_KSNTDESD01", abecs.ParameterID(0x9201).String())
	require.Equal(t, "x9164", abecs.ParameterID(0x9164).String())
	for _, id := range []abecs.ParameterID{0x8041, 0x8042, 0x8043, 0x8044, 0x8045, 0x8046, 0x804A, 0x8052, 0x8054, 0x8055, 0x8057, 0x000A, 0x9999} {
		require.True(t, id.Hidden(), id)
	}
}

func FuzzMessage(f *testing.F) {
	for _, pair := range messages {
		f.Add(unhex(f, pair[0]))
	}
	for _, pair := range frames {
		f.Add(unhex(f, pair[0]))
	}
	// The number of an unknown parameter, behind a value of digits.
	f.Add(unhex(f, "'GCX019' 9130 0006 303030300030 3030 0005 0000000000"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, sender := range []abecs.Sender{abecs.Till, abecs.Pinpad} {
			require.NotRegexp(t, cardNumber, abecs.Trace(sender, payload))
		}
		if command, err := abecs.ParseCommand(payload); err == nil {
			written, err := command.Encode()
			require.NoError(t, err)
			require.Equal(t, payload, written)
		}
		response, err := abecs.ParseResponse(payload)
		if err != nil {
			return
		}
		written, err := response.Encode()
		require.NoError(t, err)
		require.Equal(t, payload, written)
		parseAll(response)
	})
}

// parseAll reads a response as the answer to everything: no answer may panic.
func parseAll(response abecs.Response) {
	_, _ = abecs.InfoRequest{Acquirer: 1}.ParseInfo(response)
	_, _ = abecs.ParseEvent(response)
	_, _ = abecs.ParseCard(response)
	_, _ = abecs.GetPIN{}.ParsePIN(response)
	_, _ = abecs.GetTracks{}.ParseTracks(response)
	_, _ = abecs.GoOnChip{}.ParseChipAnswer(response)
	_, _ = abecs.FinishChip{}.ParseFinalAnswer(response)
	_ = abecs.ParseNotice(response)
}
