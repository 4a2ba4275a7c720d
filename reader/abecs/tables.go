package abecs

import (
	"bytes"
	"errors"
	"fmt"
)

// Kinds of table record (TAB_ID).
const (
	applicationRecord = '1'
	keyRecord         = '2'
	revokedRecord     = '3'
)

// Shortest records in bytes (ABECS 2.20, tables; the application record grew from
// edition to edition, and what is longer is read up to what the pinpad knows).
const (
	applicationRecordMin = 284
	keyRecordMin         = 611
	revokedRecordMin     = 26
	recordHead           = 8 // length, kind, acquirer, index
)

// recordCountDigits is the length of NREC before the records of TLR.
const recordCountDigits = 2

// recordMax is the longest record in bytes: one must fit in a block of TLR.
const recordMax = BlockMax - recordCountDigits

// A Record is one row of the pinpad's EMV tables, as it goes on the line: an
// application, a certification authority's public key, or a revoked certificate.
// It holds public data only.
type Record []byte

// ParseRecord takes one row, ISO 8859-1, and checks its head and length.
func ParseRecord(row []byte) (Record, error) {
	length, ok := parseDigits(row, lengthDigits)
	switch {
	case len(row) < recordHead || !ok:
		return nil, errors.New("read table record: no head")
	case length != len(row):
		return nil, fmt.Errorf("read table record: it says %d bytes and has %d", length, len(row))
	}
	if _, ok := parseDigits(row[4:], 2); !ok {
		return nil, errors.New("read table record: acquirer is not two digits")
	}
	shortest := map[byte]int{
		applicationRecord: applicationRecordMin, keyRecord: keyRecordMin, revokedRecord: revokedRecordMin,
	}[row[3]]
	if shortest == 0 || length < shortest || length > recordMax {
		return nil, fmt.Errorf("read table record: %d bytes of kind %q", length, row[3])
	}
	return bytes.Clone(row), nil
}

// Key answers what names the record within its tables: kind, acquirer, index.
func (r Record) Key() string { return string(r[3:recordHead]) }

// Acquirer answers whose record it is, 0 to 99.
func (r Record) Acquirer() int {
	acquirer, _ := parseDigits(r[4:], 2)
	return acquirer
}

// versionLength is the length of TABVER in characters.
const versionLength = 10

// StartTables answers TLI: records of that acquirer (1 to 99, or 0 for tables
// common to all) follow and make up version, ten characters. The answer is [OK] or
// [VersionDiffers]; the load has started either way.
func StartTables(acquirer int, version string) (Command, error) {
	if err := fixed(alphanumeric, versionLength).check([]byte(version)); err != nil {
		return Command{}, fmt.Errorf("write TLI: version: %w", err)
	}
	return Command{ID: TLI, Blocks: [][]byte{fmt.Appendf(nil, "%02d%s", acquirer, version)}}, nil
}

// LoadRecords answers as few TLR as the records fit in, one block each.
func LoadRecords(records []Record) []Command {
	const countMax = 99 // NREC has two digits
	var commands []Command
	for len(records) > 0 {
		size, count := recordCountDigits+len(records[0]), 1
		for count < min(len(records), countMax) && size+len(records[count]) <= BlockMax {
			size += len(records[count])
			count++
		}
		block := fmt.Appendf(make([]byte, 0, size), "%02d", count)
		for _, record := range records[:count] {
			block = append(block, record...)
		}
		commands = append(commands, Command{ID: TLR, Blocks: [][]byte{block}})
		records = records[count:]
	}
	return commands
}

// EndTables answers TLE: replace the acquirer's tables by the records sent.
func EndTables() Command { return Command{ID: TLE} }
