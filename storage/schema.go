package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// schemaVersion counts changes to the buckets below. A program reads files of its
// own version and of the one before (migrate.go), and refuses later ones.
const schemaVersion = 2

// format names the way of keeping a journal, in its checkpoints.
const format = "balcao-journal-1"

// firstSeq is the checkpoint's number in a till's first file.
const firstSeq = 1

// The buckets of a file. One of schema 1 has no bucketCarried.
var (
	bucketMeta    = []byte("meta")    // whose file it is
	bucketFacts   = []byte("facts")   // sequence number, 8 bytes big-endian → record in its envelope
	bucketCarried = []byte("carried") // the same, of older files: what was owed a live call when this file began
	bucketIndex   = []byte("index")   // made from the facts, see index.go
	bucketBeside  = []byte("beside")  // see beside.go
)

// The keys of bucketMeta. A file of schema 1 has the first three and begins with
// fact 1.
var (
	keySchema   = []byte("schema")   // decimal
	keyTerminal = []byte("terminal") // text
	keyEpoch    = []byte("epoch")    // 8 bytes: of the first fact in the file
	keyFirst    = []byte("first")    // 8 bytes: number of the first fact in the file
	keyPrevious = []byte("previous") // 32 bytes: hash in front of it
	keyRenewals = []byte("renewals") // 16 bytes each: number of a checkpoint, the epoch from it on
)

// renewalsMax bounds the restores and clones that one file can live through.
const renewalsMax = 256

// renewalBytes is one entry of keyRenewals.
const renewalBytes = 16

// advice ends the errors of a file that cannot be used as it is.
const advice = "keep this file, verify a copy of it, and restore the last backup"

// errUnreadable is any trouble of the buckets themselves.
var errUnreadable = errors.New("not the journal of a till")

func sequenceKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// identity is what bucketMeta says.
type identity struct {
	schema   int
	terminal string
	epoch    record.Epoch // of the first fact
	first    uint64
	previous record.Hash
	renewals []renewal // in order
}

// A renewal is where a new epoch begins within a file: after a restore or clone.
type renewal struct {
	seq   uint64
	epoch record.Epoch
}

// start is the place in front of the file's first fact.
func (i identity) start() place { return place{i.epoch, i.first - 1, i.previous} }

// epochAt is the epoch of the fact with a number.
func (i identity) epochAt(seq uint64) record.Epoch {
	epoch := i.epoch
	for _, each := range i.renewals {
		if seq >= each.seq {
			epoch = each.epoch
		}
	}
	return epoch
}

// epochEnd is the last number that can be of the same epoch as seq.
func (i identity) epochEnd(seq uint64) uint64 {
	for _, each := range i.renewals {
		if seq < each.seq {
			return each.seq - 1
		}
	}
	return math.MaxUint64
}

// metaKeys are the keys that a schema has.
func metaKeys(schema int) [][]byte {
	keys := [][]byte{keyEpoch, keySchema, keyTerminal}
	if schema > 1 {
		keys = append(keys, keyFirst, keyPrevious, keyRenewals)
	}
	return keys
}

func readIdentity(tx *bbolt.Tx) (identity, error) {
	for _, name := range [][]byte{bucketMeta, bucketFacts, bucketBeside} {
		if tx.Bucket(name) == nil {
			return identity{}, fmt.Errorf("%w: no bucket %s", errUnreadable, name)
		}
	}
	values := map[string][]byte{}
	for _, key := range metaKeys(schemaVersion) {
		if value := tx.Bucket(bucketMeta).Get(key); value != nil {
			values[string(key)] = value
		}
	}
	about, err := parseIdentity(values)
	if err == nil && about.schema > 1 && tx.Bucket(bucketCarried) == nil {
		err = fmt.Errorf("%w: no bucket %s", errUnreadable, bucketCarried)
	}
	return about, err
}

func parseIdentity(values map[string][]byte) (identity, error) {
	schema, epoch := values[string(keySchema)], values[string(keyEpoch)]
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
	about := identity{schema: version, terminal: string(values[string(keyTerminal)]), epoch: record.Epoch(epoch), first: firstSeq}
	if version == 1 {
		return about, nil
	}
	return about, about.parsePeriod(values[string(keyFirst)], values[string(keyPrevious)], values[string(keyRenewals)])
}

// parsePeriod reads what came with schema 2.
func (i *identity) parsePeriod(first, previous, renewals []byte) error {
	if len(first) != len(sequenceKey(0)) || len(previous) != len(record.Hash{}) {
		return fmt.Errorf("%w: first fact of %d bytes behind a hash of %d", errUnreadable, len(first), len(previous))
	}
	i.first, i.previous = binary.BigEndian.Uint64(first), record.Hash(previous)
	if i.first < firstSeq {
		return fmt.Errorf("%w: it begins with fact %d", errUnreadable, i.first)
	}
	if len(renewals)%renewalBytes != 0 || len(renewals) > renewalsMax*renewalBytes {
		return fmt.Errorf("%w: renewed epochs of %d bytes", errUnreadable, len(renewals))
	}
	last := i.first
	for ; len(renewals) > 0; renewals = renewals[renewalBytes:] {
		next := renewal{binary.BigEndian.Uint64(renewals), record.Epoch(renewals[8:renewalBytes])}
		if next.seq <= last {
			return fmt.Errorf("%w: an epoch is renewed at fact %d, behind %d", errUnreadable, next.seq, last)
		}
		last = next.seq
		i.renewals = append(i.renewals, next)
	}
	return nil
}

// values is what parseIdentity reads.
func (i identity) values() map[string][]byte {
	values := map[string][]byte{
		string(keySchema): []byte(strconv.Itoa(i.schema)), string(keyTerminal): []byte(i.terminal), string(keyEpoch): i.epoch[:],
	}
	if i.schema > 1 {
		renewals := []byte{}
		for _, each := range i.renewals {
			renewals = append(binary.BigEndian.AppendUint64(renewals, each.seq), each.epoch[:]...)
		}
		values[string(keyFirst)], values[string(keyPrevious)], values[string(keyRenewals)] = sequenceKey(i.first), i.previous[:], renewals
	}
	return values
}

// write puts the identity into its bucket.
func (i identity) write(tx *bbolt.Tx) error {
	for key, value := range i.values() {
		if err := tx.Bucket(bucketMeta).Put([]byte(key), value); err != nil {
			return err
		}
	}
	return nil
}

// confirms holds what bucketMeta says against a checkpoint, which has a checksum.
// The first fact of a later period names no terminal; that it follows on the file
// before says whose it is.
func (i identity) confirms(checkpoint journal.Fact) error {
	switch body := checkpoint.Body.(type) {
	case journal.Checkpoint:
		if epoch := i.epochAt(checkpoint.Seq); body.TerminalID != i.terminal || body.Epoch != epoch.String() {
			return fmt.Errorf("%w: terminal %s and epoch %s, the checkpoint says %s and %s",
				errUnreadable, i.terminal, epoch, body.TerminalID, body.Epoch)
		}
		return nil
	case journal.StateCheckpoint:
		if checkpoint.Seq > firstSeq {
			return nil
		}
	}
	return fmt.Errorf("%w: fact %d is a %s, want a checkpoint", errUnreadable, checkpoint.Seq, checkpoint.Body.Kind())
}

// checkpoints are the numbers of the facts that the identity must be confirmed by.
func (i identity) checkpoints() map[uint64]bool {
	numbers := map[uint64]bool{i.first: true}
	for _, each := range i.renewals {
		numbers[each.seq] = true
	}
	return numbers
}
