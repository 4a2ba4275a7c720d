package simpinpad

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// Kinds of table records (TAB_ID). Source: ABECS 2.20, EMV tables.
const (
	recordAID     byte = '1' // an application
	recordKey     byte = '2' // a certification authority's public key
	recordRevoked byte = '3' // a revoked certificate
)

// Lengths of table records in bytes. AID records of older editions are shorter,
// those of later ones may be longer. Source: ABECS 2.20, EMV tables.
const (
	recordHeadDigits    = 3 // TAB_LEN
	recordHeadLength    = 8 // TAB_LEN, TAB_ID, TAB_ACQ, TAB_RECIDX
	aidRecordLengthMin  = 284
	aidRecordLength     = 340
	keyRecordLength     = 611
	revokedRecordLength = 26
)

// A tableRecord is one record as it came, a byte of ISO 8859-1 for each character.
type tableRecord string

// MarshalText writes a record for the state file, in UTF-8.
func (r tableRecord) MarshalText() ([]byte, error) { return []byte(latin1Text([]byte(r))), nil }

// UnmarshalText reads what MarshalText wrote. A record that no till could have
// loaded is an error.
func (r *tableRecord) UnmarshalText(text []byte) error {
	*r = tableRecord(latin1Bytes(string(text)))
	if len(*r) < recordHeadLength || !validRecord(*r) {
		return errors.New("table record damaged")
	}
	return nil
}

func recordKind(record tableRecord) byte       { return record[3] }
func recordAcquirer(record tableRecord) string { return string(record[4:6]) }
func recordIdentity(record tableRecord) string { return string(record[3:recordHeadLength]) }

// validRecord says whether a record holds what its kind must. record has at least
// recordHeadLength bytes.
func validRecord(record tableRecord) bool {
	if !isDigits([]byte(recordAcquirer(record))) {
		return false
	}
	switch recordKind(record) {
	case recordAID:
		return len(record) >= aidRecordLengthMin && validAIDRecord(record)
	case recordKey:
		return len(record) == keyRecordLength
	case recordRevoked:
		return len(record) == revokedRecordLength
	default:
		return false
	}
}

// A recordField is one field of a record: where it begins and how long it is.
type recordField struct {
	offset, length int
	hex            bool
}

// Fields of an AID record that a transaction uses, those of the antenna last.
// Source: ABECS 2.20, EMV tables, AID record.
var (
	fieldAIDLength       = recordField{8, 2, false}
	fieldAID             = recordField{10, 32, true}
	fieldAppType         = recordField{42, 2, false}
	fieldLabel           = recordField{44, 16, false}
	fieldStandard        = recordField{60, 2, false}
	fieldVersion         = recordField{62, 4, true}
	fieldCountry         = recordField{74, 3, false}
	fieldCurrency        = recordField{77, 3, false}
	fieldCurrencyPlaces  = recordField{80, 1, false}
	fieldMerchant        = recordField{81, 15, false}
	fieldMerchantKind    = recordField{96, 4, false}
	fieldTerminal        = recordField{100, 8, false}
	fieldCapabilities    = recordField{108, 6, true}
	fieldMoreCapability  = recordField{114, 10, true}
	fieldTerminalKind    = recordField{124, 2, false}
	fieldActionDenial    = recordField{136, 10, true}
	fieldFloorLimit      = recordField{156, 8, true}
	fieldTransactionKind = recordField{164, 1, false}

	fieldTapZeroAllowed  = recordField{165, 1, false}
	fieldTapMode         = recordField{166, 1, false}
	fieldTapLimit        = recordField{167, 8, true}
	fieldTapFloorLimit   = recordField{175, 8, true}
	fieldTapCVMLimit     = recordField{183, 8, true}
	fieldTapDenial       = recordField{294, 10, true}
	fieldTapCapabilities = recordField{314, 6, true}
	fieldTapPhoneLimit   = recordField{331, 8, true}
)

// standardICC is the value of ICCSTD for a chip application.
const standardICC = "03"

// in says whether a record is long enough to have the field: those of older editions
// are shorter.
func (f recordField) in(record tableRecord) bool { return len(record) >= f.offset+f.length }

func (f recordField) text(record tableRecord) string {
	return string(record[f.offset : f.offset+f.length])
}

// bytes gives a field of format H; validAIDRecord has seen that it is one.
func (f recordField) bytes(record tableRecord) []byte {
	value, err := hex.DecodeString(f.text(record))
	if err != nil {
		return nil
	}
	return value
}

func validAIDRecord(record tableRecord) bool {
	for _, f := range []recordField{
		fieldAID, fieldVersion, fieldCapabilities, fieldMoreCapability, fieldActionDenial, fieldFloorLimit,
		fieldTapLimit, fieldTapFloorLimit, fieldTapCVMLimit, fieldTapDenial, fieldTapCapabilities, fieldTapPhoneLimit,
	} {
		if f.in(record) && f.bytes(record) == nil {
			return false
		}
	}
	for _, f := range []recordField{
		fieldAIDLength, fieldAppType, fieldCountry, fieldCurrency, fieldCurrencyPlaces, fieldMerchantKind, fieldTerminalKind,
	} {
		if !isDigits([]byte(f.text(record))) {
			return false
		}
	}
	length, err := strconv.Atoi(fieldAIDLength.text(record))
	return err == nil && length >= aidLengthMin && length <= aidLengthMax
}

// Lengths of an application identifier in bytes. Source: ISO/IEC 7816-4, AID.
const (
	aidLengthMin = 5
	aidLengthMax = 16
)

// An aidRecord is what a transaction needs of an AID record.
type aidRecord struct {
	text tableRecord
	aid  string // upper case hex, no filler
}

func parseAIDRecord(text tableRecord) aidRecord {
	length, err := strconv.Atoi(fieldAIDLength.text(text))
	if err != nil {
		length = aidLengthMin // validAIDRecord has refused this before
	}
	return aidRecord{text: text, aid: strings.ToUpper(fieldAID.text(text)[:2*length])}
}

func (r aidRecord) acquirer() string { return recordAcquirer(r.text) }
func (r aidRecord) index() string    { return string(r.text[6:recordHeadLength]) }
func (r aidRecord) appType() string  { return fieldAppType.text(r.text) }
func (r aidRecord) chip() bool       { return fieldStandard.text(r.text) == standardICC }

// matches says whether a card's application is one that the record means: the
// record may name the beginning only. Source: EMV 4.3 Book 1, 12.3, partial selection.
func (r aidRecord) matches(cardAID string) bool { return strings.HasPrefix(cardAID, r.aid) }

// tags gives the terminal's data of the record. Source: EMV 4.3 Book 3, annex A.
func (r aidRecord) tags() map[uint32][]byte {
	places := fieldCurrencyPlaces.text(r.text)
	return map[uint32][]byte{
		tagTerminalAID:         decodeHex(r.aid),
		tagTerminalVersion:     fieldVersion.bytes(r.text),
		tagTerminalCountry:     decodeHex("0" + fieldCountry.text(r.text)),
		tagCurrency:            decodeHex("0" + fieldCurrency.text(r.text)),
		tagCurrencyPlaces:      decodeHex("0" + places),
		tagMerchant:            []byte(fieldMerchant.text(r.text)),
		tagMerchantCategory:    decodeHex(fieldMerchantKind.text(r.text)),
		tagTerminal:            []byte(fieldTerminal.text(r.text)),
		tagCapabilities:        fieldCapabilities.bytes(r.text),
		tagMoreCapabilities:    fieldMoreCapability.bytes(r.text),
		tagTerminalType:        decodeHex(fieldTerminalKind.text(r.text)),
		tagFloorLimit:          fieldFloorLimit.bytes(r.text),
		tagTransactionCategory: []byte(fieldTransactionKind.text(r.text)),
	}
}
