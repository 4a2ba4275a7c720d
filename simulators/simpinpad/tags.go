package simpinpad

import (
	"encoding/hex"
	"fmt"
	"slices"
)

// Data objects of a chip transaction. Source: EMV 4.3 Book 3, annex A.
const (
	tagCardAID             uint32 = 0x4F
	tagLabel               uint32 = 0x50
	tagTrack1Data          uint32 = 0x56
	tagTrack2Data          uint32 = 0x57
	tagPAN                 uint32 = 0x5A
	tagScriptBefore        uint32 = 0x71
	tagScriptAfter         uint32 = 0x72
	tagProfile             uint32 = 0x82 // application interchange profile
	tagDedicatedFile       uint32 = 0x84
	tagScriptCommand       uint32 = 0x86
	tagResponseCode        uint32 = 0x8A
	tagIssuerAuthenticator uint32 = 0x91
	tagVerificationResults uint32 = 0x95
	tagDate                uint32 = 0x9A
	tagStatusInformation   uint32 = 0x9B
	tagType                uint32 = 0x9C
	tagHolder              uint32 = 0x5F20
	tagExpiry              uint32 = 0x5F24
	tagIssuerCountry       uint32 = 0x5F28
	tagCurrency            uint32 = 0x5F2A
	tagServiceCode         uint32 = 0x5F30
	tagPANSequence         uint32 = 0x5F34
	tagCurrencyPlaces      uint32 = 0x5F36
	tagAmount              uint32 = 0x9F02
	tagCashback            uint32 = 0x9F03
	tagTerminalAID         uint32 = 0x9F06
	tagUsage               uint32 = 0x9F07
	tagTerminalVersion     uint32 = 0x9F09
	tagIssuerData          uint32 = 0x9F10
	tagMerchantCategory    uint32 = 0x9F15
	tagMerchant            uint32 = 0x9F16
	tagScriptIdentifier    uint32 = 0x9F18
	tagTerminalCountry     uint32 = 0x9F1A
	tagFloorLimit          uint32 = 0x9F1B
	tagTerminal            uint32 = 0x9F1C
	tagSerial              uint32 = 0x9F1E
	tagTrack1Discretionary uint32 = 0x9F1F
	tagTrack2Discretionary uint32 = 0x9F20
	tagTime                uint32 = 0x9F21
	tagCryptogram          uint32 = 0x9F26
	tagCryptogramKind      uint32 = 0x9F27
	tagCapabilities        uint32 = 0x9F33
	tagHolderVerification  uint32 = 0x9F34
	tagTerminalType        uint32 = 0x9F35
	tagCardCounter         uint32 = 0x9F36 // ATC
	tagUnpredictable       uint32 = 0x9F37
	tagMoreCapabilities    uint32 = 0x9F40
	tagTransactionCategory uint32 = 0x9F53
)

// tagsNeverGiven hold the PAN or the discretionary data of a track: no answer has
// them, whoever asks. Source: ABECS 2.20, PP_EMVDATA.
var tagsNeverGiven = []uint32{
	tagPAN, tagTrack1Data, tagTrack2Data, tagTrack1Discretionary, tagTrack2Discretionary,
}

// tagsOfTill are the terminal's data objects that a till may set by SPE_EMVDATA;
// those of a card are ignored, and so are those this transaction works out itself.
var tagsOfTill = []uint32{
	tagTerminalCountry, tagMerchantCategory, tagMerchant, tagTerminal, tagCapabilities,
	tagMoreCapabilities, tagTerminalType, tagTransactionCategory, tagFloorLimit, tagTerminalVersion,
}

// An object is one data object: a tag and its value.
type object struct {
	tag   uint32
	value []byte
}

// tagLengthMax is the longest tag in bytes that is understood.
const tagLengthMax = 3

// splitTag takes a tag off the front. Source: ISO/IEC 8825-1, 8.1.2; EMV 4.3 Book 3, B1.
func splitTag(data []byte) (tag uint32, rest []byte, err error) {
	for i, b := range data {
		if i == tagLengthMax {
			break
		}
		tag = tag<<8 | uint32(b)
		if i == 0 && b&0x1F != 0x1F || i > 0 && b&0x80 == 0 {
			return tag, data[i+1:], nil
		}
	}
	return 0, nil, fmt.Errorf("tag cut off or longer than %d bytes", tagLengthMax)
}

// splitLength takes a length of up to 2 bytes off the front.
// Source: ISO/IEC 8825-1, 8.1.3; EMV 4.3 Book 3, B2.
func splitLength(data []byte) (length int, rest []byte, err error) {
	if len(data) == 0 {
		return 0, nil, fmt.Errorf("length missing")
	}
	first, rest := int(data[0]), data[1:]
	switch {
	case first < 0x80:
		return first, rest, nil
	case first == 0x81 && len(rest) >= 1:
		return int(rest[0]), rest[1:], nil
	case first == 0x82 && len(rest) >= 2:
		return int(rest[0])<<8 | int(rest[1]), rest[2:], nil
	}
	return 0, nil, fmt.Errorf("length cut off or longer than 2 bytes")
}

// parseObjects reads BER-TLV objects; templates are not opened, and zeros between
// objects mean nothing. Source: EMV 4.3 Book 3, annex B.
func parseObjects(data []byte) (objects []object, err error) {
	for len(data) > 0 {
		if data[0] == 0 {
			data = data[1:]
			continue
		}
		tag, rest, err := splitTag(data)
		if err != nil {
			return nil, fmt.Errorf("parse data objects: %w", err)
		}
		length, rest, err := splitLength(rest)
		if err != nil {
			return nil, fmt.Errorf("parse data objects: tag %X: %w", tag, err)
		}
		if length > len(rest) {
			return nil, fmt.Errorf("parse data objects: tag %X: %d of %d bytes", tag, len(rest), length)
		}
		objects = append(objects, object{tag, rest[:length]})
		data = rest[length:]
	}
	return objects, nil
}

// findObject gives the value of the first object with this tag, nil when there is none.
func findObject(objects []object, tag uint32) []byte {
	at := slices.IndexFunc(objects, func(o object) bool { return o.tag == tag })
	if at < 0 {
		return nil
	}
	return objects[at].value
}

// parseTagList reads tags that follow each other without lengths.
func parseTagList(data []byte) (tags []uint32, err error) {
	for len(data) > 0 {
		var tag uint32
		if tag, data, err = splitTag(data); err != nil {
			return nil, fmt.Errorf("parse tag list: %w", err)
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// appendObject writes one object.
func appendObject(data []byte, tag uint32, value []byte) []byte {
	for shift := 16; shift >= 0; shift -= 8 {
		if tag>>shift != 0 {
			data = append(data, byte(tag>>shift))
		}
	}
	switch {
	case len(value) < 0x80:
		data = append(data, byte(len(value)))
	case len(value) <= 0xFF:
		data = append(data, 0x81, byte(len(value)))
	default:
		data = append(data, 0x82, byte(len(value)>>8), byte(len(value)))
	}
	return append(data, value...)
}

// decodeHex reads hex digits that were checked when they came in.
func decodeHex(text string) []byte {
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return data
}
