package command_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simprinter/command"
)

// frame feeds a stream and returns what the commands are called and how long.
func frame(stream []byte) (names []string, lengths []int) {
	var framer command.Framer
	for _, b := range stream {
		if done, complete := framer.Feed(b); complete {
			names, lengths = append(names, done.Name), append(lengths, done.Length)
		}
	}
	return names, lengths
}

func TestEveryCommandHasItsLength(t *testing.T) {
	text := bytes.Repeat([]byte{'.'}, 48)
	cases := []struct {
		name   string
		stream string
	}{
		{"ESC @", "\x1b@"},
		{"ESC =", "\x1b=\x01"},
		{"ESC t", "\x1bt\x02"},
		{"FS .", "\x1c."},
		{"GS !", "\x1d!\x11"},
		{"GS L", "\x1dL\x10\x00"},
		{"ESC p", "\x1bp\x00\x19\xfa"},
		{"ESC D", "\x1bD\x08\x10\x18\x00"},
		{"ESC D", "\x1bD\x00"},
		{"GS v", "\x1dv0\x00\x02\x00\x03\x00" + "abcdef"},
		{"GS v", "\x1dv0\x00\x00\x00\x03\x00"},
		{"GS (", "\x1d(k\x03\x00\x31\x43\x05"},
		{"GS (", "\x1d(Z\x04\x00abcd"},
		{"FS (", "\x1c(A\x02\x00\x30\x01"},
		{"ESC (", "\x1b(A\x05\x00\x61\x64\x01\x02\x03"},
		{"GS 8", "\x1d8L\x03\x00\x00\x00\x30\x02!"},
		{"ESC *", "\x1b*\x21\x02\x00abcdef"},
		{"ESC *", "\x1b*\x00\x02\x00ab"},
		{"GS k", "\x1dk\x02789123456789\x00"},
		{"GS k", "\x1dk\x49\x05{Bab1"},
		{"GS k", "\x1dk\x43\x00"},
		{"GS V", "\x1dV\x00"},
		{"GS V", "\x1dVB\x03"},
		{"GS V", "\x1dV1"},
		{"GS *", "\x1d*\x01\x02" + "0123456789ABCDEF"},
		{"ESC &", "\x1b&\x03\x41\x42\x02abcdef\x01abc"},
		{"ESC &", "\x1b&\x03\x42\x41"},
		{"FS q", "\x1cq\x01\x01\x00\x01\x00abcdefgh"},
		{"FS g", "\x1cg1\x00\x00\x00\x00\x00\x02\x00ab"},
		{"FS g", "\x1cg2\x00\x00\x00\x00\x00\x02\x00"},
		{"DLE EOT", "\x10\x04\x01"},
		{"DLE EOT", "\x10\x04\x07\x01"},
		{"DLE DC4", "\x10\x14\x01\x00\x01"},
		{"DLE DC4", "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"},
	}
	for _, c := range cases {
		names, lengths := frame(append([]byte(c.stream), text...))
		require.Equal(t, c.name, names[0], "% X", c.stream)
		require.Equal(t, len(c.stream), lengths[0], "% X", c.stream)
		require.Equal(t, command.Text, names[1], "% X", c.stream)
		require.Len(t, names, 1+len(text))
	}
}

func TestUnknownCommandLosesOnlyItsName(t *testing.T) {
	for stream, name := range map[string]string{
		"\x1bzA": "ESC z", "\x1d\x01A": "GS 01h", "\x1c\x80A": "FS 80h", "\x10AA": "DLE A", "\x07A": "control", "\x7fA": "control",
	} {
		var framer command.Framer
		var found []command.Command
		for _, b := range []byte(stream) {
			if done, complete := framer.Feed(b); complete {
				done.Data = bytes.Clone(done.Data)
				found = append(found, done)
			}
		}
		require.Len(t, found, 2, name)
		require.Equal(t, name, found[0].Name)
		require.False(t, found[0].Known, name)
		require.Equal(t, command.Command{Name: command.Text, Data: []byte("A"), Known: true, Length: 1}, found[1])
	}
}

func TestBarcodeWithoutItsNULDoesNotSwallowTheDay(t *testing.T) {
	stream := append([]byte("\x1dk\x04"), bytes.Repeat([]byte("A"), 400)...)
	names, lengths := frame(stream)
	require.Equal(t, "GS k", names[0])
	require.Less(t, lengths[0], 300)
	require.Equal(t, command.Text, names[len(names)-1])
}

func TestHugePictureIsFramedButNotKept(t *testing.T) {
	const rows = 5000
	stream := append([]byte{0x1D, 'v', '0', 0, 0, 1, rows & 0xFF, rows >> 8}, make([]byte, 256*rows)...)
	var framer command.Framer
	for i, b := range stream {
		done, complete := framer.Feed(b)
		if complete {
			require.Equal(t, len(stream)-1, i)
			require.True(t, done.Cut)
			require.Len(t, done.Data, command.DataMax)
			require.Equal(t, len(stream), done.Length)
		}
	}
	require.False(t, framer.Inside())
}

func TestResetForgetsTheCommandUnderWay(t *testing.T) {
	var framer command.Framer
	for _, b := range []byte("\x1dv0\x00\x02") {
		_, complete := framer.Feed(b)
		require.False(t, complete)
	}
	require.True(t, framer.Inside())
	framer.Reset()
	done, complete := framer.Feed('A')
	require.True(t, complete)
	require.Equal(t, command.Text, done.Name)
}

func TestRealTimeCommandIsFoundInsideOfAnything(t *testing.T) {
	cases := map[string][]string{
		"\x10\x04\x01":                             {"\x10\x04\x01"},
		"abc\x1dv0\x10\x04\x04xyz":                 {"\x10\x04\x04"},
		"\x10\x10\x04\x02":                         {"\x10\x04\x02"},
		"\x10\x14\x01\x10\x04\x01":                 {"\x10\x04\x01"},
		"\x10\x14\x01\x00\x01\x00":                 {"\x10\x14\x01\x00\x01"},
		"\x10\x05\x02\x10\x05\x03":                 {"\x10\x05\x02"},
		"\x10\x04\x05 \x10\x14\x01\x00\x09":        nil,
		"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08": {"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"},
		"\x10\x04\x01\x10\x04\x02":                 {"\x10\x04\x01", "\x10\x04\x02"},
	}
	for stream, want := range cases {
		var lane command.Lane
		var got []string
		for _, b := range []byte(stream) {
			if found := lane.Feed(b); found != nil {
				got = append(got, string(found))
			}
		}
		require.Equal(t, want, got, "% X", stream)
	}
}

// FuzzFramer holds that no stream is lost or invented: commands follow one another
// without gaps, and what each holds stands in the stream.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("\x1b@\x1bt\x02Ol\xa0\n\x1dVB\x00"))
	f.Add([]byte("\x1d(k\x03\x00\x31\x43\x05\x1d8L\x03\x00\x00\x00\x30\x02!"))
	f.Add([]byte("\x1dv0\x00\x02\x00\x03\x00\x10\x04\x01\x10\x04\x01"))
	f.Add([]byte("\x1b&\x03\x41\x42\x02abcdef\x01abc\x1cq\x02\x01\x00"))
	f.Add([]byte("\x1b\x1b\x1d\x1d\x10\x10\x1c"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		var framer command.Framer
		var lane command.Lane
		at := 0
		for i, b := range stream {
			lane.Feed(b)
			done, complete := framer.Feed(b)
			if !complete {
				continue
			}
			at += done.Length
			require.Equal(t, i+1, at)
			require.NotEmpty(t, done.Name)
			if !done.Cut {
				require.Equal(t, stream[at-len(done.Data):at], append([]byte{}, done.Data...))
			}
		}
		require.Equal(t, at < len(stream), framer.Inside())
	})
}
