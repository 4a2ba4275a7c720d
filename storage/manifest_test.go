package storage_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/storage"
)

// FuzzParseManifest holds that only what was written is read: whatever is
// accepted is, byte for byte, the one form there is.
func FuzzParseManifest(f *testing.F) {
	options := optionsFor(newPath(f))
	store := open(f, options)
	for range 2 {
		rotate(f, store)
		data, err := os.ReadFile(options.Path + ".periods")
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"format":"balcao-periods-1","terminal":"","periods":null,"sum":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		again, err := storage.ParseManifest(data)
		if err == nil {
			require.Equal(t, data, again)
		}
	})
}

// The vector is the one of docs/wire/journal.md, worked out apart from the program.
func TestTheListOfPeriodsOfTheDocumentIsRead(t *testing.T) {
	data, err := os.ReadFile("testdata/periods.json")
	require.NoError(t, err)
	again, err := storage.ParseManifest(data)
	require.NoError(t, err)
	require.Equal(t, string(data), string(again))
	document, err := os.ReadFile("../docs/wire/journal.md")
	require.NoError(t, err)
	shown := "    " + strings.ReplaceAll(strings.TrimSpace(string(data)), "\n", "\n    ")
	require.Contains(t, string(document), shown)
}

func TestAListOfPeriodsReadsBackAsItWasWritten(t *testing.T) {
	options := optionsFor(newPath(t))
	store := open(t, options)
	rotate(t, store)
	data, err := os.ReadFile(options.Path + ".periods")
	require.NoError(t, err)
	again, err := storage.ParseManifest(data)
	require.NoError(t, err)
	require.Equal(t, string(data), string(again))
	for name, broken := range map[string]string{
		"nothing":       "",
		"null":          "null",
		"later":         `{"format":"balcao-periods-2"}`,
		"a space added": string(data) + " ",
	} {
		_, err := storage.ParseManifest([]byte(broken))
		require.Error(t, err, name)
	}
	_, err = storage.ParseManifest([]byte(`{"format":"balcao-periods-2"}`))
	require.ErrorContains(t, err, "later version of the program")
}
