package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// oldJournal is a folder with a journal of the version before.
func oldJournal(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "storage", "testdata", "schema-1", "journal.db"))
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "journal.db"), data, 0o600))
	return folder
}

func TestAStoppedTillIsBackedUpVerifiedAndRestored(t *testing.T) {
	folder := oldJournal(t)
	backup := filepath.Join(t.TempDir(), "backup")
	require.NoError(t, (&backupCommand{Journal: folder, Dir: backup}).Run(t.Context()))
	require.ErrorContains(t, (&backupCommand{Journal: folder, Dir: backup}).Run(t.Context()), "never overwrites")
	require.NoError(t, (&verifyCommand{Path: backup}).Run())

	require.ErrorContains(t, (&restoreCommand{Backup: backup, Dir: folder}).Run(t.Context()), "never overwrites")
	empty := t.TempDir()
	require.NoError(t, (&restoreCommand{Backup: backup, Dir: empty}).Run(t.Context()))
	require.NoError(t, (&verifyCommand{Path: empty}).Run())
	require.NoError(t, (&dumpCommand{Path: empty}).Run())
}

func TestAFlippedBitEndsInAnErrorThatNamesTheRecord(t *testing.T) {
	folder := oldJournal(t)
	path := filepath.Join(folder, "journal.db")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	at := bytes.LastIndex(data, []byte(`"description":"LEITE"`))
	require.Positive(t, at)
	at += len(`"description":"`)
	data[at] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	require.ErrorContains(t, (&verifyCommand{Path: path}).Run(), "first bad record")
	require.ErrorContains(t, (&verifyCommand{Path: folder}).Run(), "journal.db: first bad record: record ")
	require.ErrorContains(t, (&rebuildCommand{File: path}).Run(), "record ")
	require.ErrorContains(t, (&backupCommand{Journal: folder, Dir: folder + ".b"}).Run(t.Context()), "record ")
}

func TestAFileIsRebuiltBesideItself(t *testing.T) {
	folder := oldJournal(t)
	path := filepath.Join(folder, "journal.db")
	require.NoError(t, (&rebuildCommand{File: path}).Run())
	require.NoError(t, (&verifyCommand{Path: path + ".rebuilt"}).Run())
	require.ErrorContains(t, (&rebuildCommand{File: path}).Run(), "never overwrites")
}
