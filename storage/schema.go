package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// schemaVersion counts changes to the buckets below. A program reads files of its
// own version and refuses later ones.
const schemaVersion = 1

// format names the way of keeping a journal, in its checkpoints.
const format = "balcao-journal-1"

// firstSeq is the checkpoint's number in a till's first file.
const firstSeq = 1

// The buckets of the file.
var (
	bucketMeta   = []byte("meta")   // whose file it is
	bucketFacts  = []byte("facts")  // sequence number, 8 bytes big-endian → record in its envelope
	bucketIndex  = []byte("index")  // made from the facts, see index.go
	bucketBeside = []byte("beside") // see beside.go
)

// The keys of bucketMeta.
var (
	keySchema   = []byte("schema")   // decimal
	keyTerminal = []byte("terminal") // text
	keyEpoch    = []byte("epoch")    // 8 bytes
)

// advice ends the errors of a file that cannot be used as it is.
const advice = "keep this file, verify a copy of it, and restore the last backup"

// errUnreadable is any trouble of the buckets themselves.
var errUnreadable = errors.New("not the journal of a till")

func sequenceKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// identity is what bucketMeta says.
type identity struct {
	schema   int
	terminal string
	epoch    record.Epoch
}

func readIdentity(tx *bbolt.Tx) (identity, error) {
	for _, name := range [][]byte{bucketMeta, bucketFacts, bucketBeside} {
		if tx.Bucket(name) == nil {
			return identity{}, fmt.Errorf("%w: no bucket %s", errUnreadable, name)
		}
	}
	meta := tx.Bucket(bucketMeta)
	return parseIdentity(meta.Get(keySchema), meta.Get(keyTerminal), meta.Get(keyEpoch))
}

func parseIdentity(schema, terminal, epoch []byte) (identity, error) {
	version, err := strconv.Atoi(string(schema))
	if err != nil || version < 1 {
		return identity{}, fmt.Errorf("%w: schema %q", errUnreadable, schema)
	}
	if version > schemaVersion {
		return identity{}, fmt.Errorf("schema %d was written by a later version of the program, this one knows %d: install that version", version, schemaVersion)
	}
	if len(epoch) != len(record.Epoch{}) {
		return identity{}, fmt.Errorf("%w: epoch of %d bytes", errUnreadable, len(epoch))
	}
	return identity{version, string(terminal), record.Epoch(epoch)}, nil
}

// confirms holds what bucketMeta says against the checkpoint, which has a checksum.
func (i identity) confirms(first journal.Fact) error {
	checkpoint, ok := first.Body.(journal.Checkpoint)
	if !ok {
		return fmt.Errorf("%w: the first fact is a %s, want a checkpoint", errUnreadable, first.Body.Kind())
	}
	if checkpoint.TerminalID != i.terminal || checkpoint.Epoch != i.epoch.String() {
		return fmt.Errorf("%w: terminal %s and epoch %s, the checkpoint says %s and %s",
			errUnreadable, i.terminal, i.epoch, checkpoint.TerminalID, checkpoint.Epoch)
	}
	return nil
}
