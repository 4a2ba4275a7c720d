package record

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// FormatVersion is the envelope that this program writes, and the highest that it reads.
const FormatVersion = 1

// The envelope, version 1; numbers are big-endian:
//
//	offset  bytes  what
//	0       1      format version
//	1       4      bytes of payload that follow the hash
//	5       4      CRC32C of all other bytes
//	9       32     chain hash
//	41      –      payload
const (
	atVersion = 0
	atLength  = 1
	atSum     = 5
	atHash    = 9
	atPayload = 41
)

// EnvelopeBytes is what a record takes beside its payload.
const EnvelopeBytes = atPayload

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Check names what a record is held against.
type Check string

// The checks, in the order in which they are made.
const (
	CheckLength    Check = "length"    // as many bytes as the envelope says, and no more than allowed
	CheckVersion   Check = "version"   // a format that this program knows
	CheckSum       Check = "checksum"  // CRC32C: the bytes are those that were written
	CheckPayload   Check = "payload"   // the contract's Record without hash
	CheckSequence  Check = "sequence"  // the number is that of its place in the file
	CheckChain     Check = "chain"     // the hash follows from the record before (I9)
	CheckCanonical Check = "canonical" // RFC 8785
)

// A DamageError says which check of a record failed. It quotes nothing of a body.
type DamageError struct {
	Check Check
	Err   error
}

// Error names the check, then the finding.
func (e *DamageError) Error() string { return string(e.Check) + ": " + e.Err.Error() }

// Unwrap answers the finding.
func (e *DamageError) Unwrap() error { return e.Err }

func damage(check Check, format string, arguments ...any) error {
	return &DamageError{check, fmt.Errorf(format, arguments...)}
}

// Bytes is the record in its envelope, as [Decode] reads it.
func (r Record) Bytes() []byte {
	data := make([]byte, atPayload, atPayload+len(r.Payload))
	data[atVersion] = FormatVersion
	binary.BigEndian.PutUint32(data[atLength:], uint32(len(r.Payload)))
	copy(data[atHash:], r.Hash[:])
	data = append(data, r.Payload...)
	binary.BigEndian.PutUint32(data[atSum:], sum(data))
	return data
}

// sum leaves out the field that holds it.
func sum(data []byte) uint32 {
	return crc32.Update(crc32.Checksum(data[:atSum], castagnoli), castagnoli, data[atHash:])
}

// Decode reads an envelope. Every malformed input is a [*DamageError]; whether
// the record follows on the one before is for [Record.Follows]. The record shares
// no memory with data, which may be a page of a file.
func Decode(data []byte) (Record, error) {
	if len(data) <= atPayload {
		return Record{}, damage(CheckLength, "%d bytes, more than %d are needed", len(data), atPayload)
	}
	if version := data[atVersion]; version != FormatVersion {
		return Record{}, damage(CheckVersion, "format %d, this program knows %d", version, FormatVersion)
	}
	if length := binary.BigEndian.Uint32(data[atLength:]); uint64(length) != uint64(len(data)-atPayload) {
		return Record{}, damage(CheckLength, "payload of %d bytes, the envelope says %d", len(data)-atPayload, length)
	}
	if want := binary.BigEndian.Uint32(data[atSum:]); sum(data) != want {
		return Record{}, damage(CheckSum, "CRC32C %08x, want %08x", sum(data), want)
	}
	payload := make([]byte, len(data)-atPayload)
	copy(payload, data[atPayload:])
	rec, err := parse(payload)
	if err != nil {
		return Record{}, err
	}
	rec.Hash = Hash(data[atHash:atPayload])
	return rec, nil
}
