package emv

import (
	"fmt"
	"strconv"
)

// A Tag names a data object, as its one to three bytes read as a number: 0x9F26.
type Tag uint32

// The tags that a till names.
const (
	PAN                   Tag = 0x5A
	Track2Equivalent      Tag = 0x57
	IssuerScript1         Tag = 0x71 // for the card before the second GENERATE AC
	IssuerScript2         Tag = 0x72 // and after it
	ApplicationLabel      Tag = 0x50
	AIP                   Tag = 0x82
	DedicatedFileName     Tag = 0x84 // the AID
	ARC                   Tag = 0x8A
	IssuerAuthentication  Tag = 0x91
	TVR                   Tag = 0x95
	TransactionDate       Tag = 0x9A
	TransactionType       Tag = 0x9C
	AID                   Tag = 0x4F
	CurrencyCode          Tag = 0x5F2A
	PANSequenceNumber     Tag = 0x5F34
	Amount                Tag = 0x9F02
	AmountOther           Tag = 0x9F03
	IssuerApplicationData Tag = 0x9F10
	TerminalCountry       Tag = 0x9F1A
	Cryptogram            Tag = 0x9F26
	CryptogramInformation Tag = 0x9F27
	TerminalCapabilities  Tag = 0x9F33
	CVMResults            Tag = 0x9F34
	TerminalType          Tag = 0x9F35
	ATC                   Tag = 0x9F36
	UnpredictableNumber   Tag = 0x9F37
)

// names holds the tags whose short values may be shown, by their name in EMV 4.3
// Book 3, annex A. What stands in neither table is unknown and shown as a length.
var names = map[Tag]string{
	0x42: "issuer identification number", 0x4F: "AID of the card", 0x50: "application label",
	0x71: "issuer script template 1", 0x72: "issuer script template 2", 0x77: "response template",
	0x82: "application interchange profile", 0x84: "dedicated file name", 0x87: "application priority",
	0x8A: "authorisation response code", 0x8E: "CVM list", 0x8F: "public key index",
	0x91: "issuer authentication data", 0x95: "terminal verification results",
	0x9A: "transaction date", 0x9B: "transaction status information", 0x9C: "transaction type",
	0x5F25: "application effective date", 0x5F28: "issuer country", 0x5F2A: "transaction currency",
	0x5F2D: "language preference", 0x5F30: "service code", 0x5F34: "PAN sequence number", 0x5F36: "currency exponent",
	0x9F02: "amount", 0x9F03: "amount, other", 0x9F06: "AID of the terminal", 0x9F07: "application usage control",
	0x9F08: "application version of the card", 0x9F09: "application version of the terminal",
	0x9F0D: "issuer action code, default", 0x9F0E: "issuer action code, denial", 0x9F0F: "issuer action code, online",
	0x9F10: "issuer application data", 0x9F12: "preferred name", 0x9F15: "merchant category",
	0x9F16: "merchant identifier", 0x9F17: "PIN try counter", 0x9F1A: "terminal country", 0x9F1B: "floor limit",
	0x9F1C: "terminal identification", 0x9F1E: "serial number of the interface device", 0x9F21: "transaction time",
	0x9F26: "application cryptogram", 0x9F27: "cryptogram information data", 0x9F33: "terminal capabilities",
	0x9F34: "CVM results", 0x9F35: "terminal type", 0x9F36: "application transaction counter",
	0x9F37: "unpredictable number", 0x9F39: "entry mode", 0x9F40: "additional terminal capabilities",
	0x9F41: "transaction sequence counter", 0x9F53: "transaction category", 0x9F5B: "issuer script results",
	0x9F6E: "form factor",
}

// sensitive holds the tags that hold card or holder data, or PIN data: PCI DSS 4
// calls them account data. No value of these is ever shown, and none leaves the reader.
var sensitive = map[Tag]string{
	0x56: "track 1 equivalent", 0x57: "track 2 equivalent", 0x5A: "PAN", 0x99: "PIN data",
	0x5F20: "holder's name", 0x5F24: "expiry", 0x9F0B: "holder's name, extended",
	0x9F1F: "track 1 discretionary data", 0x9F20: "track 2 discretionary data",
	0x9F6B: "track 2 of a contactless card", 0xDF812A: "track 1 discretionary data, contactless",
	0xDF812B: "track 2 discretionary data, contactless",
}

// Name answers the tag's name in plain words, empty if it is unknown.
func (t Tag) Name() string {
	if name := names[t]; name != "" {
		return name
	}
	return sensitive[t]
}

// Sensitive says that the value is card, holder or PIN data and must not be shown or kept.
func (t Tag) Sensitive() bool { return sensitive[t] != "" }

// Constructed says that the value is itself a list of objects (bit 6 of the first byte).
func (t Tag) Constructed() bool { return t.bytes()[0]&0x20 != 0 }

// Valid says that the tag is coded as ISO/IEC 8825-1 demands, in at most three bytes.
func (t Tag) Valid() bool {
	parsed, _, reason := parseTag(t.bytes())
	return reason == "" && parsed == t
}

// String writes the tag as hex digits, "9F26".
func (t Tag) String() string { return fmt.Sprintf("%X", t.bytes()) }

// bytes answers the coding: the number without leading zero bytes.
func (t Tag) bytes() []byte {
	switch {
	case t <= 0xFF:
		return []byte{byte(t)}
	case t <= 0xFFFF:
		return []byte{byte(t >> 8), byte(t)}
	case t <= 0xFFFFFF:
		return []byte{byte(t >> 16), byte(t >> 8), byte(t)}
	}
	return []byte{byte(t >> 24), byte(t >> 16), byte(t >> 8), byte(t)}
}

// parseTag reads one tag: if the low five bits of its first byte are all set, more
// bytes follow, each but the last with its high bit set.
func parseTag(data []byte) (tag Tag, used int, reason string) {
	if len(data) == 0 {
		return 0, 0, "tag is missing"
	}
	if data[0] == 0x00 || data[0] == 0xFF {
		return 0, 0, "tag is a filler byte"
	}
	tag = Tag(data[0])
	if data[0]&0x1F != 0x1F {
		return tag, 1, ""
	}
	for used = 1; used < tagBytesMax; used++ {
		if used == len(data) {
			return 0, 0, "tag is cut off"
		}
		tag = tag<<8 | Tag(data[used])
		if data[used]&0x80 == 0 {
			return tag, used + 1, ""
		}
	}
	return 0, 0, "tag is longer than " + strconv.Itoa(tagBytesMax) + " bytes"
}

// ParseTags reads a tag list: tags without lengths or values, one after another.
func ParseTags(list []byte) ([]Tag, error) {
	var tags []Tag
	for at := 0; at < len(list); {
		tag, used, reason := parseTag(list[at:])
		if reason != "" {
			return nil, &SyntaxError{Offset: at, Reason: reason}
		}
		tags = append(tags, tag)
		at += used
	}
	return tags, nil
}

// AppendTags writes a tag list behind dst. It panics on a tag that [Tag.Valid]
// refuses, which is a programming error.
func AppendTags(dst []byte, tags ...Tag) []byte {
	for _, tag := range tags {
		if !tag.Valid() {
			panic(fmt.Sprintf("emv: tag %X", uint32(tag)))
		}
		dst = append(dst, tag.bytes()...)
	}
	return dst
}
