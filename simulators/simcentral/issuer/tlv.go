package issuer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// Tags this package reads. Source: EMV 4.3 Book 3, Annex A.
const (
	tagAmount      = 0x9F02
	tagATC         = 0x9F36
	tagCryptogram  = 0x9F26
	tagCurrency    = 0x5F2A
	tagPANSequence = 0x5F34
)

// cardholderTags hold what names a card or its holder and must not be in the clear
// tags of a request. Source: openapi.yaml, CardPresent.emv_request.
var cardholderTags = []uint32{0x56, 0x57, 0x5A, 0x5F20, 0x5F24, 0x9F1F, 0x9F20}

// tagBytesMax is as long as a tag of EMV gets, lengthBytesMax as long as a length
// after its first byte. Source: EMV 4.3 Book 3, Annex B.
const (
	tagBytesMax    = 3
	lengthBytesMax = 2
)

// errTLV says that bytes are no list of data objects; it never repeats them.
var errTLV = errors.New("not a list of BER-TLV data objects")

// Tags are the data objects of a request by tag.
type Tags map[uint32][]byte

// value has the shape that package hsm asks for.
func (t Tags) value(tag uint32) []byte { return t[tag] }

// ParseTags reads data objects from hex, each tag once.
func ParseTags(text string) (Tags, error) {
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil, errTLV
	}
	tags := Tags{}
	for len(data) > 0 {
		var tag uint32
		var value []byte
		if tag, data, err = cutTag(data); err != nil {
			return nil, err
		}
		if value, data, err = cutValue(data); err != nil {
			return nil, err
		}
		if _, twice := tags[tag]; twice {
			return nil, fmt.Errorf("tag %X twice: %w", tag, errTLV)
		}
		tags[tag] = value
	}
	return tags, nil
}

// CardholderTags lists the tags among these that name a card or its holder.
func (t Tags) CardholderTags() []uint32 {
	var found []uint32
	for _, tag := range cardholderTags {
		if _, ok := t[tag]; ok {
			found = append(found, tag)
		}
	}
	slices.Sort(found)
	return found
}

// cutTag takes a tag: its low five bits all set mean that more bytes follow, each
// but the last with its high bit set.
func cutTag(data []byte) (uint32, []byte, error) {
	tag := uint32(data[0])
	more := data[0]&0x1F == 0x1F
	for at := 1; more; at++ {
		if at >= len(data) || at >= tagBytesMax {
			return 0, nil, errTLV
		}
		tag = tag<<8 | uint32(data[at])
		more = data[at]&0x80 != 0
	}
	return tag, data[tagBytes(tag):], nil
}

func tagBytes(tag uint32) int {
	switch {
	case tag > 0xFFFF:
		return 3
	case tag > 0xFF:
		return 2
	default:
		return 1
	}
}

func cutValue(data []byte) (value, rest []byte, err error) {
	if len(data) == 0 {
		return nil, nil, errTLV
	}
	length, data := int(data[0]), data[1:]
	if length >= 0x80 {
		count := length - 0x80
		if count < 1 || count > lengthBytesMax || count > len(data) {
			return nil, nil, errTLV
		}
		length = 0
		for _, b := range data[:count] {
			length = length<<8 | int(b)
		}
		data = data[count:]
	}
	if length > len(data) {
		return nil, nil, errTLV
	}
	return data[:length], data[length:], nil
}
