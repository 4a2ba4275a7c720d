package escpos_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/printer/escpos"
	"balcao/printer/receipt"
)

// FuzzEncode: whatever a name holds, no byte of it is a control character.
func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"Açúcar, pão", "João\x1Bp\x00\x19\xFA", "\x10\x04\x01", "a\u0303\u202E\u200D日本👨‍👩‍👧", "ab\xffcd", "\u009B"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, words string) {
		for _, b := range textBytes(t, words) {
			require.True(t, b >= 0x20 && b != 0x7F, "%02X in the bytes of a text", b)
		}
		document := receipt.Document{
			receipt.Line{Text: words, Hang: 4},
			receipt.Big{Label: words, Amount: words},
			receipt.Barcode{Digits: words},
			receipt.QR{Data: words},
			receipt.Columns{Cells: []receipt.Cell{{Text: words, Fit: receipt.Wrap}, {Text: words, Align: receipt.Right}}},
		}
		family := silent(t)
		made, _ := escpos.Encode(receipt.Layout(document, family.Paper), family, words)
		require.NotContains(t, string(made), "\x1Bp", "a text opened the drawer")
	})
}

// FuzzDecoder: every byte belongs to one answer or to none, and no answer is longer
// than what was fed.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{"\x16\x12\x12\x12", "7\x22J001\x00", "_TM-T88\x00", "\x14\x00\x00\x0F", "7", "\x13\x11", "=!01\x00", "\xFF\x80"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		var decoder escpos.Decoder
		for i, b := range sent {
			answer, complete := decoder.Feed(b)
			require.LessOrEqual(t, len(answer.Data), i+1)
			if complete && answer.Kind == escpos.RealTime {
				for _, question := range escpos.Questions {
					require.NoError(t, new(escpos.Status).Read(question, answer.Code))
				}
			}
		}
	})
}

func TestByteThatIsNoAnswerChangesNoStatus(t *testing.T) {
	for b := range 256 {
		var status escpos.Status
		if err := status.Read(escpos.AskRoll, byte(b)); err != nil {
			require.NotEqual(t, 0x12, b&0x93)
			require.Equal(t, escpos.Status{}, status)
		}
	}
	require.Error(t, new(escpos.Status).Read(5, 0x12))
}

func TestFlowControlInsideAnAnswerIsTakenOut(t *testing.T) {
	var decoder escpos.Decoder
	var got []escpos.Answer
	for _, b := range []byte{0x10, 0x13, 0x00, 0x00, 0x0F} {
		if answer, complete := decoder.Feed(b); complete {
			got = append(got, answer)
		}
	}
	require.Equal(t, []escpos.Answer{
		{Kind: escpos.Flow, Code: escpos.XOFF},
		{Kind: escpos.Automatic, Data: []byte{0x10, 0x00, 0x00, 0x0F}},
	}, got)
}

func TestAnswerThatLostItsEndIsDroppedInTheEnd(t *testing.T) {
	var decoder escpos.Decoder
	decoder.Feed('_')
	complete := false
	for fed := 1; !complete; fed++ {
		require.Less(t, fed, 200)
		var answer escpos.Answer
		answer, complete = decoder.Feed('x')
		require.Equal(t, escpos.Noise, answer.Kind)
	}
	decoder.Feed('_')
	decoder.Reset()
	answer, _ := decoder.Feed(0x12)
	require.Equal(t, escpos.RealTime, answer.Kind)
}
