// Package emv reads and writes the data objects that a chip card and its issuer
// exchange: BER-TLV, with the names of the tags a till meets.
//
// It is no kernel: it checks no cryptogram and judges no card. Whatever it prints
// is safe to print; see [Redact]. Start with [Parse].
//
// Facts: EMV 4.3 Book 3, annexes A (data elements) and B (coding); ISO/IEC 8825-1.
package emv

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of the coding, and of what this package takes.
const (
	// tagBytesMax is the longest tag in use; EMV itself needs two, contactless
	// kernels (DF812x) three.
	tagBytesMax = 3
	// lengthBytesMax is how many bytes may follow 80h+n: two, since a card answers
	// at most 64 KiB.
	lengthBytesMax = 2
	// ValueMax is the longest value in bytes that [Append] writes and [Parse] takes.
	ValueMax = 1<<16 - 1
	// shownMax is the longest value in bytes that [Redact] shows: 12 hex digits can
	// hold no card number.
	shownMax = 6
)

// An Object is one data object: a tag and its value, at most [ValueMax] bytes.
// The value of a constructed tag (71, 72, 77) is left whole; Parse it again.
type Object struct {
	Tag   Tag
	Value []byte
}

// String names the object and shows its value only as [Redact] does.
func (o Object) String() string {
	if o.Tag.Sensitive() || o.Tag.Name() == "" || len(o.Value) > shownMax {
		return fmt.Sprintf("%s[%d]", o.Tag, len(o.Value))
	}
	return fmt.Sprintf("%s[%d]=%X", o.Tag, len(o.Value), o.Value)
}

// GoString keeps %#v as silent as %v.
func (o Object) GoString() string { return o.String() }

// A SyntaxError says where data stopped being BER-TLV. It holds no byte of it.
type SyntaxError struct {
	Offset int    // of the object that is broken, in bytes
	Reason string // "length runs past the end"
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("tlv at byte %d: %s", e.Offset, e.Reason)
}

// Parse splits data into its objects, in order; values point into data. Filler
// bytes (00 and FF) between objects are skipped, as annex B1 allows.
// The error, if any, is a [*SyntaxError].
func Parse(data []byte) ([]Object, error) {
	var objects []Object
	for at := 0; at < len(data); {
		if data[at] == 0x00 || data[at] == 0xFF {
			at++
			continue
		}
		object, used, reason := parseOne(data[at:])
		if reason != "" {
			return nil, &SyntaxError{Offset: at, Reason: reason}
		}
		objects = append(objects, object)
		at += used
	}
	return objects, nil
}

func parseOne(data []byte) (object Object, used int, reason string) {
	tag, tagBytes, reason := parseTag(data)
	if reason != "" {
		return Object{}, 0, reason
	}
	length, lengthBytes, reason := parseLength(data[tagBytes:])
	if reason != "" {
		return Object{}, 0, reason
	}
	start := tagBytes + lengthBytes
	if length > len(data)-start {
		return Object{}, 0, "length runs past the end"
	}
	return Object{Tag: tag, Value: data[start : start+length]}, start + length, ""
}

// parseLength reads a definite length in short form or in long form of one or two bytes.
func parseLength(data []byte) (length, used int, reason string) {
	if len(data) == 0 {
		return 0, 0, "length is missing"
	}
	if data[0] < 0x80 {
		return int(data[0]), 1, ""
	}
	count := int(data[0] & 0x7F)
	if count == 0 || count > lengthBytesMax {
		return 0, 0, "length is indefinite or too long"
	}
	if len(data) < 1+count {
		return 0, 0, "length is cut off"
	}
	for _, b := range data[1 : 1+count] {
		length = length<<8 | int(b)
	}
	return length, 1 + count, ""
}

// Append writes objects behind dst in the shortest form. It panics on a value
// beyond [ValueMax] or a tag that [Tag.Valid] refuses, which are programming errors.
func Append(dst []byte, objects ...Object) []byte {
	for _, object := range objects {
		dst = AppendTags(dst, object.Tag)
		dst = appendLength(dst, len(object.Value))
		dst = append(dst, object.Value...)
	}
	return dst
}

func appendLength(dst []byte, length int) []byte {
	switch {
	case length < 0x80:
		return append(dst, byte(length))
	case length <= 0xFF:
		return append(dst, 0x81, byte(length))
	case length <= ValueMax:
		return append(dst, 0x82, byte(length>>8), byte(length))
	}
	panic(fmt.Sprintf("emv: value of %d bytes", length))
}

// Find answers the value of the first object with that tag, at the top level only.
func Find(objects []Object, tag Tag) (value []byte, found bool) {
	at := slices.IndexFunc(objects, func(o Object) bool { return o.Tag == tag })
	if at < 0 {
		return nil, false
	}
	return objects[at].Value, true
}

// Select answers the objects with the wanted tags, in the order of data, the
// first of each tag. Sensitive ones are left out even when wanted, and so are
// constructed ones: what they hold has not been looked at.
func Select(objects []Object, wanted ...Tag) []Object {
	var selected []Object
	for _, object := range objects {
		_, double := Find(selected, object.Tag)
		if slices.Contains(wanted, object.Tag) && !object.Tag.Sensitive() && !object.Tag.Constructed() && !double {
			selected = append(selected, object)
		}
	}
	return selected
}

// Redact writes data for people: tags and lengths, and the values of short known
// objects that hold neither card data nor anything else to hide. Of data that is
// no BER-TLV only the length is told.
func Redact(data []byte) string {
	objects, err := Parse(data)
	if err != nil {
		return fmt.Sprintf("no tlv[%d]", len(data))
	}
	texts := make([]string, len(objects))
	for i, object := range objects {
		texts[i] = object.String()
	}
	return strings.Join(texts, " ")
}
