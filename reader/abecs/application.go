package abecs

import (
	"fmt"
	"strconv"
	"strings"

	"balcao/terminal/money"
)

// ApplicationRow is what the tables say of one application (AID), as far as a till
// varies it; [ApplicationRow.Record] gives all else one value that holds for a
// Brazilian store with online authorisation.
type ApplicationRow struct {
	Acquirer int     // 1 to 99, or 0 for tables common to all
	Index    string  // within the acquirer's tables, two characters, "01" to "ZZ"
	AID      string  // hex, 5 to 16 bytes
	Type     AppType // the tender that it serves
	Label    string  // shown if the card has none, at most 16 characters
	Versions []string
	Merchant string // up to 15 characters
	Terminal string // up to 8 characters
	Category string // MCC, four digits

	ActionDefault string // terminal action codes, ten hex digits each
	ActionDenial  string
	ActionOnline  string

	Contactless ContactlessRow
}

// ContactlessRow is what the tables say of an application before the antenna. The
// zero value keeps it away from there.
type ContactlessRow struct {
	Kernel   ContactlessKernel
	Max      money.Cents // the highest sale; above it the customer inserts or swipes
	PhoneMax money.Cents // the same where the holder is verified on a phone
	CVMLimit money.Cents // up to here nobody verifies the holder
}

// ContactlessKernel says whose rules a contactless application follows
// (T1_CTLSMODE, one character).
type ContactlessKernel string

// The kernels of the brands that this till knows by name.
const (
	VisaKernel       ContactlessKernel = "2"
	MastercardKernel ContactlessKernel = "4"
)

// contactlessMaxLimit is the highest limit that eight hex digits hold, in cents.
const contactlessMaxLimit money.Cents = 0xFFFFFFFF

func (c ContactlessRow) check() error {
	for _, limit := range []money.Cents{c.Max, c.PhoneMax, c.CVMLimit} {
		if limit < 0 || limit > contactlessMaxLimit {
			return fmt.Errorf("contactless limit %s does not fit in eight hex digits", limit)
		}
	}
	return nil
}

// Fixed values of an application row (ABECS 2.20, AID record).
const (
	emvStandard        = "03"
	brazil             = "076" // ISO 3166
	realExponent       = "2"
	capabilities       = "E0F8C8"     // 9F33: keys, stripe, chip; all verifications; DDA, SDA, CDA
	moreCapabilities   = "6000F0A001" // 9F40: goods and services; keys; print, display
	attendedOnline     = "22"         // 9F35: attended, offline with online capability, merchant
	noFloorLimit       = "00000000"   // 9F1B: every sale goes online
	retail             = "R"          // 9F53
	dynamicData        = "9F3704"     // default DDOL: the unpredictable number
	offlineCodes       = "Y1Z1Y3Z3"
	zeroAmountRefused  = "0"
	contactlessOff     = "0"
	antennaCapability  = "E068C8"     // CTLSTRMCP: PIN sent online, signature, none
	alwaysOnline       = "FFFFFFFFFF" // CTLSTACONL
	holderActsOnPhone  = "1"          // MOBCVM, edition 2.12: answer 086 and not 081
	noRiskData         = ""
	aidHexMax          = 32
	dataListHexMax     = 40
	applicationVersion = 3 // how many a row has room for
)

// applicationRecordFull is the length of an application record of edition 2.20.
const applicationRecordFull = 340

// transactionData is the default TDOL: amount, currency, date, type, number.
const transactionData = "9F02065F2A029A039C0195059F3704"

// A column is one field of a table record: what the row gives, filled to width.
type column struct {
	value string
	width int
	fill  string // "0" for H and N, " " for A and S
}

// Record writes the row in the layout of edition 2.20, 340 bytes.
func (a ApplicationRow) Record() (Record, error) {
	if err := a.Contactless.check(); err != nil {
		return nil, fmt.Errorf("write application %s: %w", a.AID, err)
	}
	record := []byte("000")
	for _, part := range a.columns() {
		encoded := encodeText(part.value)
		if len(encoded) > part.width {
			return nil, fmt.Errorf("write application %s: %q does not fit in %d characters", a.AID, part.value, part.width)
		}
		record = append(record, encoded...)
		record = append(record, strings.Repeat(part.fill, part.width-len(encoded))...)
	}
	if len(record) != applicationRecordFull {
		return nil, fmt.Errorf("write application %s: %d bytes, not %d", a.AID, len(record), applicationRecordFull)
	}
	copy(record, strconv.Itoa(len(record)))
	checked, err := ParseRecord(record)
	if err != nil {
		return nil, fmt.Errorf("write application %s: %w", a.AID, err)
	}
	return checked, nil
}

// columns lists the fields behind the record's length, in order.
func (a ApplicationRow) columns() []column {
	list := []column{
		{string(applicationRecord), 1, ""},
		{fmt.Sprintf("%02d", a.Acquirer), 2, ""},
		{a.Index, 2, "0"},
		{fmt.Sprintf("%02d", len(a.AID)/2), 2, ""},
		{a.AID, aidHexMax, "0"},
		{fmt.Sprintf("%02d", a.Type), 2, ""},
		{a.Label, 16, " "},
		{emvStandard, 2, ""},
	}
	for i := range applicationVersion {
		version := ""
		if i < len(a.Versions) {
			version = a.Versions[i]
		}
		list = append(list, column{version, 4, "0"})
	}
	list = append(list, a.terminalColumns()...)
	return append(list, a.contactlessColumns()...)
}

func (a ApplicationRow) terminalColumns() []column {
	return []column{
		{brazil, 3, ""},
		{brazilianReal, 3, ""},
		{realExponent, 1, ""},
		{a.Merchant, 15, " "},
		{a.Category, 4, "0"},
		{a.Terminal, 8, " "},
		{capabilities, 6, ""},
		{moreCapabilities, 10, ""},
		{attendedOnline, 2, ""},
		{a.ActionDefault, 10, "0"},
		{a.ActionDenial, 10, "0"},
		{a.ActionOnline, 10, "0"},
		{noFloorLimit, 8, ""},
		{retail, 1, ""},
	}
}

// contactlessColumns are the contactless fields, and the data lists that stand among
// them. Like a chip, a contactless card goes online with every sale: its floor limit
// is zero, and of its action codes the one for online has all bits.
func (a ApplicationRow) contactlessColumns() []column {
	c := a.Contactless
	kernel, phone, action, terminal, more := contactlessOff, contactlessOff, noRiskData, noRiskData, noRiskData
	if c.Kernel != "" {
		kernel, phone, action = string(c.Kernel), holderActsOnPhone, alwaysOnline
		terminal, more = antennaCapability, moreCapabilities
	}
	return []column{
		{zeroAmountRefused, 1, ""},
		{kernel, 1, ""},
		{fmt.Sprintf("%08X", int64(c.Max)), 8, ""},
		{noFloorLimit, 8, ""},
		{fmt.Sprintf("%08X", int64(c.CVMLimit)), 8, ""},
		{noRiskData, 4, "0"}, // application version
		{noRiskData, 1, "0"}, // reserved
		{transactionData, dataListHexMax, "0"},
		{dynamicData, dataListHexMax, "0"},
		{offlineCodes, 8, ""},
		{noRiskData, 10, "0"}, // contactless action codes: default
		{noRiskData, 10, "0"}, // denial
		{action, 10, "0"},     // online
		{terminal, 6, "0"},
		{phone, 1, ""},
		{more, 10, "0"},
		{fmt.Sprintf("%08X", int64(c.PhoneMax)), 8, ""},
		{noRiskData, 1, "0"}, // issuer scripts
	}
}
