//go:build cgo && !nousb

package escpos

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// Both outputs write the same bytes, so that a build without cgo prints the same.
func TestBothOutputsWriteTheSameBytes(t *testing.T) {
	var ours, library bytes.Buffer
	for into, made := range map[*bytes.Buffer]output{&ours: newPlain(&ours), &library: newOutput(&library)} {
		require.Equal(t, "\x1B@", into.String(), "an output begins with ESC @")
		made.Raw(nil)
		made.Raw([]byte("text\n"))
		for lines := range 256 {
			made.Feed(uint8(lines))
			made.EAN13("2000001842133", uint8(lines))
		}
		made.Raw(make([]byte, 10_000))
	}
	require.IsType(t, hennedo{}, newOutput(&bytes.Buffer{}))
	require.Equal(t, ours.Bytes(), library.Bytes())
}
