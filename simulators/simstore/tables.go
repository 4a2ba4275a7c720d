package simstore

import (
	"bytes"
	"fmt"
	"strings"
)

// tablesVersion is TABVER: a pinpad that says another gets the tables anew.
const tablesVersion = "DEMO000001"

// Application types (APPTYPE). Source: ABECS 2.20, EMV tables.
const (
	creditType = "01"
	debitType  = "02"
)

// An application is what the tables say of one AID.
type application struct {
	aid     string // hex
	kind    string // the tender that it serves
	label   string // when the card has none
	version string // 9F09, 4 hex digits
}

// applications the shop takes, all through one acquirer.
var applications = []application{
	{"A0000000031010", creditType, "VISA CREDITO", "008C"},
	{"A0000000032010", debitType, "VISA ELECTRON", "008C"},
	{"A0000000041010", creditType, "MASTERCARD", "0002"},
	{"A0000000043060", debitType, "MAESTRO", "0002"},
	{"A0000006510101", debitType, "ELO DEBITO", "0001"},
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
	for _, field := range append(append(fields, terminalFields...), contactlessFields...) {
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

// contactlessFields switch contactless off; data lists and offline response codes
// stand among them.
var contactlessFields = []tableField{
	{"0", 1, ""},  // CTLSZEROAM
	{"0", 1, ""},  // CTLSMODE: none
	{"", 24, "0"}, // CTLSTRNLIM, CTLSFLRLIM, CTLSCVMLIM
	{"", 4, "0"},  // CTLSAPPVER
	{"0", 1, ""},  // RUF
	{"9F02065F2A029A039C0195059F3704", 40, "0"}, // TDOLDEF
	{"9F3704", 40, "0"},                         // DDOLDEF: the unpredictable number
	{"Y1Z1Y3Z3", 8, ""},                         // ARCOFFLN
	{"", 30, "0"},                               // CTLSTACDEF, CTLSTACDEN, CTLSTACONL
	{"", 6, "0"},                                // CTLSTRMCP
	{"0", 1, ""},                                // MOBCVM
	{"", 10, "0"},                               // CTLSADDTC
	{"", 8, "0"},                                // CTLSMBTLIM
	{"0", 1, ""},                                // CTLSISSSCR
}
