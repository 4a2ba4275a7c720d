package simstore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// tablesVersion is TABVER: a pinpad that says another gets the tables anew.
const tablesVersion = "DEMO000002"

// Application types (APPTYPE). Source: ABECS 2.20, EMV tables.
const (
	creditType  = "01"
	debitType   = "02"
	voucherType = "03"
)

// Contactless modes (CTLSMODE): the kernel that a brand needs, none for the rest.
const (
	noKernel         = "0"
	visaKernel       = "2"
	mastercardKernel = "4"
)

// An application is what the tables say of one AID.
type application struct {
	aid     string // hex
	kind    string // the tender that it serves
	label   string // when the card has none
	version string // 9F09, 4 hex digits
	kernel  string // CTLSMODE
}

// applications the shop takes, all through one acquirer.
var applications = []application{
	{"A0000000031010", creditType, "VISA CREDITO", "008C", visaKernel},
	{"A0000000032010", debitType, "VISA ELECTRON", "008C", visaKernel},
	{"A0000000041010", creditType, "MASTERCARD", "0002", mastercardKernel},
	{"A0000000043060", debitType, "MAESTRO", "0002", mastercardKernel},
	{"A0000006510101", debitType, "ELO DEBITO", "0001", noKernel},
	{"F0564F5543484552", voucherType, "VOUCHER", "0001", noKernel}, // a proprietary AID (category F): nobody's
}

// acquirer is TAB_ACQ and the till's configuration.
const acquirer = "01"

// emvTables is the acquirer's file: the version, then one record on each line as
// TLR carries it. There are no public keys in it: every card goes online.
func emvTables() []byte {
	var file bytes.Buffer
	fmt.Fprintln(&file, tablesVersion)
	for i, row := range applications {
		fmt.Fprintln(&file, row.record(i+1))
	}
	return file.Bytes()
}

// A tableField is one field of a record: a value, left-aligned in so many bytes.
type tableField struct {
	value  string
	length int
	filler string // one character
}

// record is an AID record of 340 bytes. index is its place among the acquirer's.
// Source: ABECS 2.20, EMV tables, AID record (TAB_ID 1).
func (a application) record(index int) string {
	fields := []tableField{
		{"1", 1, ""},
		{acquirer, 2, ""},
		{fmt.Sprintf("%02d", index), 2, ""},
		{fmt.Sprintf("%02d", len(a.aid)/2), 2, ""},
		{a.aid, 32, "0"},
		{a.kind, 2, ""},
		{a.label, 16, " "},
		{"03", 2, ""}, // ICCSTD
		{a.version, 12, "0"},
	}
	var body strings.Builder
	for _, field := range slices.Concat(fields, terminalFields, a.contactlessFields()) {
		body.WriteString(field.value)
		body.WriteString(strings.Repeat(field.filler, field.length-len(field.value)))
	}
	return fmt.Sprintf("%03d", len("340")+body.Len()) + body.String()
}

// terminalFields are what all records say of shop and terminal.
var terminalFields = []tableField{
	{"076", 3, ""}, // Brazil (ISO 3166)
	{"986", 3, ""}, // real (ISO 4217)
	{"2", 1, ""},   // decimals
	{"000000000000012", 15, ""},
	{"5411", 4, ""},        // grocery stores (ISO 18245)
	{"T0003", 8, " "},      // terminal at the acquirer
	{"E0F8C8", 6, ""},      // 9F33: keyed, stripe, chip; PIN and signature; SDA, DDA, CDA
	{"6000F0A001", 10, ""}, // 9F40: goods and services; keys, print and display
	{"22", 2, ""},          // 9F35: attended, offline with online capability
	{"FFFFFFFFFF", 10, ""}, // TACDEF: without a host, no
	{"", 10, "0"},          // TACDEN: nothing is refused before the host is asked
	{"FFFFFFFFFF", 10, ""}, // TACONL: the host is always asked
	{"", 8, "0"},           // floor limit
	{"R", 1, ""},           // 9F53: retail
}

// Contactless limits in cents, hexadecimal: no upper limit, a PIN above R$ 200,00.
const (
	tapMax   = "05F5E0FF"
	tapNoPIN = "00004E20"
)

// contactlessFields say how a card may be tapped; data lists and offline response
// codes stand among them.
func (a application) contactlessFields() []tableField {
	transaction, holder, online, capabilities, phone := "", "", "", "", "0"
	additional := ""
	if a.kernel != noKernel {
		transaction, holder, online, capabilities, phone = tapMax, tapNoPIN, "FFFFFFFFFF", "E068C8", "1"
		additional = "6000F0A001"
	}
	return []tableField{
		{"0", 1, ""},      // CTLSZEROAM
		{a.kernel, 1, ""}, // CTLSMODE
		{transaction, 8, "0"},
		{"", 8, "0"}, // CTLSFLRLIM: the host is always asked
		{holder, 8, "0"},
		{"", 4, "0"}, // CTLSAPPVER
		{"0", 1, ""}, // RUF
		{"9F02065F2A029A039C0195059F3704", 40, "0"}, // TDOLDEF
		{"9F3704", 40, "0"},                         // DDOLDEF: the unpredictable number
		{"Y1Z1Y3Z3", 8, ""},                         // ARCOFFLN
		{"", 20, "0"},                               // CTLSTACDEF, CTLSTACDEN
		{online, 10, "0"},                           // CTLSTACONL
		{capabilities, 6, "0"},                      // CTLSTRMCP
		{phone, 1, ""},                              // MOBCVM
		{additional, 10, "0"},                       // CTLSADDTC
		{transaction, 8, "0"},                       // CTLSMBTLIM
		{"0", 1, ""},                                // CTLSISSSCR
	}
}
