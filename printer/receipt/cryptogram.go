package receipt

import (
	"encoding/hex"
	"strings"
)

// cryptogram finds the card's cryptogram (tag 9F26, EMV Book 3 annex A) among
// TLV objects in hex, as hex; empty if it is not there or the list is broken.
func cryptogram(objects string) string {
	data, err := hex.DecodeString(objects)
	if err != nil {
		return ""
	}
	for len(data) > 0 {
		tag, value, rest, ok := firstObject(data)
		if !ok {
			return ""
		}
		if string(tag) == "\x9F\x26" {
			return strings.ToUpper(hex.EncodeToString(value))
		}
		data = rest
	}
	return ""
}

// firstObject reads one BER-TLV object (EMV Book 3 annex B): tags of one to three
// bytes, lengths of one or two.
func firstObject(data []byte) (tag, value, rest []byte, ok bool) {
	size := 1
	if data[0]&0x1F == 0x1F {
		for size++; size <= len(data) && data[size-1]&0x80 != 0; size++ {
		}
	}
	if size >= len(data) {
		return nil, nil, nil, false
	}
	length, start := int(data[size]), size+1
	if length == 0x81 && start < len(data) {
		length, start = int(data[start]), start+1
	} else if length > 0x7F {
		return nil, nil, nil, false
	}
	if start+length > len(data) {
		return nil, nil, nil, false
	}
	return data[:size], data[start : start+length], data[start+length:], true
}
