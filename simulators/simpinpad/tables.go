package simpinpad

import (
	"fmt"
	"slices"
	"strconv"
)

// tables are what an acquirer loads: records as they came, and a version for each
// acquirer, or one under "00" for all.
type tables struct {
	Versions map[string]string `json:"versions"`
	Records  []tableRecord     `json:"records"`
}

// commonAcquirer loads for all acquirers at once.
const commonAcquirer = "00"

// noVersion is what an acquirer without tables has. Source: ABECS 2.20, GTS.
const noVersion = "0000000000"

// Capacity of the tables, the least that a pinpad must have, and how much memory
// they take. Source: ABECS 2.20, EMV tables.
const (
	aidRecordsMax = 160
	keyRecordsMax = 80
	tableBytesMax = aidRecordsMax*aidRecordLength + keyRecordsMax*keyRecordLength
)

func (t tables) version(acquirer string) string {
	if version, ok := t.Versions[acquirer]; ok {
		return version
	}
	return noVersion
}

func (t tables) bytes() (total int) {
	for _, record := range t.Records {
		total += len(record)
	}
	return total
}

// aidRecords gives the records of applications, in the order they were loaded.
func (t tables) aidRecords() (records []aidRecord) {
	for _, text := range t.Records {
		if recordKind(text) == recordAID {
			records = append(records, parseAIDRecord(text))
		}
	}
	return records
}

// with replaces the set of one acquirer, or everything for the common one.
// Source: ABECS 2.20, TLE.
func (t tables) with(load tableLoad) tables {
	if load.acquirer == commonAcquirer {
		return tables{Versions: map[string]string{commonAcquirer: load.version}, Records: load.records}
	}
	next := tables{Versions: map[string]string{load.acquirer: load.version}}
	for acquirer, version := range t.Versions {
		if acquirer != commonAcquirer && acquirer != load.acquirer {
			next.Versions[acquirer] = version
		}
	}
	for _, record := range t.Records {
		if recordAcquirer(record) != load.acquirer {
			next.Records = append(next.Records, record)
		}
	}
	next.Records = append(next.Records, load.records...)
	return next
}

func (t tables) fits() bool {
	counts := map[byte]int{}
	for _, record := range t.Records {
		counts[recordKind(record)]++
	}
	return counts[recordAID] <= aidRecordsMax && counts[recordKey] <= keyRecordsMax
}

// A tableLoad collects records from TLI to TLE.
type tableLoad struct {
	acquirer, version string
	records           []tableRecord
}

// add keeps a record that is whole and of this acquirer; of two with the same key
// the later counts. Others are passed over in silence. Source: ABECS 2.20, TLR.
func (l *tableLoad) add(record tableRecord) {
	if !validRecord(record) || l.acquirer != commonAcquirer && recordAcquirer(record) != l.acquirer {
		return
	}
	l.records = slices.DeleteFunc(l.records, func(other tableRecord) bool {
		return recordIdentity(other) == recordIdentity(record)
	})
	l.records = append(l.records, record)
}

// getTableVersion is GTS. Source: ABECS 2.20, GTS.
func (d *device) getTableVersion(r request) ([][]byte, error) {
	in := r.only()
	acquirer := in.digits(2)
	if err := in.end(); err != nil {
		return nil, err
	}
	return [][]byte{[]byte(d.memory.Tables.version(acquirer))}, nil
}

// beginTableLoad is TLI: the load begins whether or not the version differs, which
// the status tells. Source: ABECS 2.20, TLI.
func (d *device) beginTableLoad(r request) ([][]byte, error) {
	in := r.only()
	acquirer, version := in.digits(2), string(in.take(10))
	if err := in.end(); err != nil {
		return nil, err
	}
	d.load = &tableLoad{acquirer: acquirer, version: version}
	if d.memory.Tables.version(acquirer) != version {
		return nil, statusTableDiffers
	}
	return nil, nil
}

// loadTableRecords is TLR. Source: ABECS 2.20, TLR.
func (d *device) loadTableRecords(r request) ([][]byte, error) {
	if d.load == nil {
		return nil, statusInvalidCall
	}
	in := r.only()
	count := in.number(2)
	records := make([]tableRecord, 0, count)
	for range count {
		length, err := strconv.Atoi(string(in.rest[:min(recordHeadDigits, len(in.rest))]))
		if err != nil || length < recordHeadLength {
			return nil, statusInvalidParm
		}
		records = append(records, tableRecord(in.take(length)))
	}
	if err := in.end(); err != nil {
		return nil, err
	}
	for _, record := range records {
		d.load.add(record)
	}
	if !d.memory.Tables.with(*d.load).fits() {
		return nil, statusTableError
	}
	return nil, nil
}

// endTableLoad is TLE: only now the new set counts, and it is on disk before the
// till hears so. Source: ABECS 2.20, TLE.
func (d *device) endTableLoad(r request) ([][]byte, error) {
	if d.load == nil {
		return nil, statusInvalidCall
	}
	before, next := d.memory.Tables, d.memory.Tables.with(*d.load)
	d.load = nil
	if !next.fits() {
		return nil, statusTableError
	}
	d.memory.Tables = next
	if err := d.memory.save(); err != nil {
		d.memory.Tables = before
		return nil, fmt.Errorf("end table load: %w: %w", err, statusTableError)
	}
	return nil, nil
}
