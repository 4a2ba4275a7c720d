package ui

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
	"github.com/stretchr/testify/require"
)

// readerTTY reads from anything.
type readerTTY struct {
	tcell.Tty
	io.Reader
}

func (t readerTTY) Read(into []byte) (int, error) { return t.Reader.Read(into) }

func TestBytesThatAreNoRuneNeverReachTheLibrary(t *testing.T) {
	for typed, want := range map[string]string{
		"789\xe7\r": "789\r", "\xc3\xa7": "ç", "\x80\xff": "", "a\xc3b": "ab", "p\xc3\xa3o \xe3": "pão ", "\x1b[A": "\x1b[A",
	} {
		for _, reader := range []io.Reader{bytes.NewBufferString(typed), iotest.OneByteReader(bytes.NewBufferString(typed))} {
			got, err := io.ReadAll(&cleanTTY{Tty: readerTTY{Reader: reader}})
			require.NoError(t, err)
			require.Equal(t, want, string(got), "%q", typed)
		}
	}
}

func FuzzOnlyRunes(f *testing.F) {
	f.Add([]byte("p\xc3\xa3o\xe3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		clean, rest := onlyRunes(data)
		require.True(t, utf8.Valid(data[:clean]))
		require.Less(t, len(rest), utf8.UTFMax)
		if utf8.Valid(before) {
			require.Equal(t, before, append(data[:clean:clean], rest...))
		}
	})
}
