package abecs

import "fmt"

// A ParameterID names a parameter: SPE_* (till to pinpad) are 00xxh, PP_* (pinpad
// to till) 80xxh to 93xxh. [ParameterID.String] gives the standard's name.
type ParameterID uint16

// The parameters of commands (SPE_*) that a till sends.
const (
	SPEIDList       ParameterID = 0x0001
	SPEPINMethod    ParameterID = 0x0002
	SPEDataMethod   ParameterID = 0x0003
	SPETagList      ParameterID = 0x0004
	SPEEMVData      ParameterID = 0x0005
	SPEEventOptions ParameterID = 0x0006
	SPETracks       ParameterID = 0x0007
	SPEOpenDigits   ParameterID = 0x0008
	SPEKeySlot      ParameterID = 0x0009
	SPETimeout      ParameterID = 0x000C
	SPEAcquirer     ParameterID = 0x0010
	SPEAppTypes     ParameterID = 0x0011
	SPEAmount       ParameterID = 0x0013
	SPEDate         ParameterID = 0x0015
	SPETime         ParameterID = 0x0016
	SPEGCXOptions   ParameterID = 0x0017
	SPEGOXOptions   ParameterID = 0x0018
	SPEFCXOptions   ParameterID = 0x0019
	SPEMessage      ParameterID = 0x001B
	SPEARC          ParameterID = 0x001C
	SPETrnType      ParameterID = 0x0021
	SPECurrency     ParameterID = 0x0022
	SPEPANMask      ParameterID = 0x0023
)

// The parameters of answers (PP_*) that a till reads.
const (
	PPSerial        ParameterID = 0x8001
	PPModel         ParameterID = 0x8003
	PPMaker         ParameterID = 0x8004
	PPCapabilities  ParameterID = 0x8005
	PPFirmware      ParameterID = 0x8006
	PPSpecVersion   ParameterID = 0x8007
	PPTextSize      ParameterID = 0x8020
	PPPINKeys       ParameterID = 0x8035
	PPDataKeys      ParameterID = 0x8036
	PPEvent         ParameterID = 0x8040
	PPTrack2Head    ParameterID = 0x8042
	PPTrack2        ParameterID = 0x8045
	PPTrack2KSN     ParameterID = 0x8048
	PPSealedPAN     ParameterID = 0x804A
	PPSealedPANKSN  ParameterID = 0x804B
	PPKSN           ParameterID = 0x804C
	PPCardType      ParameterID = 0x804F
	PPChipStatus    ParameterID = 0x8050
	PPApplications  ParameterID = 0x8051
	PPPAN           ParameterID = 0x8052
	PPPANSequence   ParameterID = 0x8053
	PPEMVData       ParameterID = 0x8054
	PPGOXResult     ParameterID = 0x8056
	PPPINBlock      ParameterID = 0x8057
	PPFCXResult     ParameterID = 0x8058
	PPScriptResults ParameterID = 0x8059
	PPLabel         ParameterID = 0x805B
	PPExpiry        ParameterID = 0x805D
)

// TableVersionOf answers the PP_TABVERnn id of an acquirer's tables, 0 to 99.
func TableVersionOf(acquirer int) ParameterID { return 0x9300 + ParameterID(acquirer) }

// A fact is what the standard says of one parameter. Hidden ones hold card data,
// PIN data or key material and are never written anywhere.
type fact struct {
	name   string
	format format
	hidden bool
}

// fact looks the parameter up in the three tables and in the families that number
// their members by key slot or acquirer.
func (id ParameterID) fact() (fact, bool) {
	for _, table := range []map[ParameterID]fact{commandParameters, deviceParameters, cardParameters} {
		if found, known := table[id]; known {
			return found, true
		}
	}
	const membersMax = 99
	number := int(id & 0xFF)
	if number > membersMax {
		return fact{}, false
	}
	switch id & 0xFF00 {
	case 0x9100:
		return fact{name: fmt.Sprintf("PP_KSNTDESP%02d", number), format: fixed(raw, 10)}, true
	case 0x9200:
		return fact{name: fmt.Sprintf("PP_KSNTDESD%02d", number), format: fixed(raw, 10)}, true
	case 0x9300:
		return fact{name: fmt.Sprintf("PP_TABVER%02d", number), format: fixed(alphanumeric, 10)}, true
	}
	return fact{}, false
}

// String answers the standard's name, or the number of an unknown parameter behind a
// letter: digits alone would look like a part of what stands before them in a trace.
func (id ParameterID) String() string {
	if found, known := id.fact(); known {
		return found.name
	}
	return fmt.Sprintf("x%04X", uint16(id))
}

// Hidden says that the value must not be written anywhere: card data, PIN data,
// key material, or nobody knows what.
func (id ParameterID) Hidden() bool {
	found, known := id.fact()
	return !known || found.hidden
}

// commandParameters is the table of SPE_* parameters (ABECS 2.20).
var commandParameters = map[ParameterID]fact{
	0x0001: {name: "SPE_IDLIST", format: upTo(raw, 128)},
	0x0002: {name: "SPE_MTHDPIN", format: fixed(numeric, 1)},
	0x0003: {name: "SPE_MTHDDAT", format: fixed(numeric, 2)},
	0x0004: {name: "SPE_TAGLIST", format: upTo(raw, 128)},
	0x0005: {name: "SPE_EMVDATA", format: upTo(raw, 512)},
	0x0006: {name: "SPE_CEXOPT", format: fixed(alphanumeric, 6)},
	0x0007: {name: "SPE_TRACKS", format: fixed(numeric, 4)},
	0x0008: {name: "SPE_OPNDIG", format: fixed(numeric, 1)},
	0x0009: {name: "SPE_KEYIDX", format: fixed(numeric, 2)},
	0x000A: {name: "SPE_WKENC", format: fixed(raw, 16), hidden: true},
	0x000B: {name: "SPE_MSGIDX", format: fixed(bigEndian, 2)},
	0x000C: {name: "SPE_TIMEOUT", format: fixed(bigEndian, 1)},
	0x000D: {name: "SPE_MINDIG", format: fixed(bigEndian, 1)},
	0x000E: {name: "SPE_MAXDIG", format: fixed(bigEndian, 1)},
	0x000F: {name: "SPE_DATAIN", format: upTo(raw, ValueMax), hidden: true},
	0x0010: {name: "SPE_ACQREF", format: fixed(numeric, 2)},
	0x0011: {name: "SPE_APPTYPE", format: upTo(numeric, 20)},
	0x0012: {name: "SPE_AIDLIST", format: upTo(alphanumeric, 512)},
	0x0013: {name: "SPE_AMOUNT", format: fixed(numeric, 12)},
	0x0014: {name: "SPE_CASHBACK", format: fixed(numeric, 12)},
	0x0015: {name: "SPE_TRNDATE", format: fixed(numeric, 6)},
	0x0016: {name: "SPE_TRNTIME", format: fixed(numeric, 6)},
	0x0017: {name: "SPE_GCXOPT", format: fixed(numeric, 5)},
	0x0018: {name: "SPE_GOXOPT", format: fixed(numeric, 5)},
	0x0019: {name: "SPE_FCXOPT", format: fixed(numeric, 4)},
	0x001A: {name: "SPE_TRMPAR", format: fixed(raw, 10)},
	0x001B: {name: "SPE_DSPMSG", format: upTo(latin1, 128)},
	0x001C: {name: "SPE_ARC", format: fixed(alphanumeric, 2)},
	0x001D: {name: "SPE_IVCBC", format: fixed(raw, 8)},
	0x001E: {name: "SPE_MFNAME", format: fixed(alphanumeric, 8)},
	0x001F: {name: "SPE_MFINFO", format: fixed(raw, 10)},
	0x0020: {name: "SPE_MNUOPT", format: upTo(latin1, 24)},
	0x0021: {name: "SPE_TRNTYPE", format: fixed(raw, 1)},
	0x0022: {name: "SPE_TRNCURR", format: fixed(numeric, 3)},
	0x0023: {name: "SPE_PANMASK", format: fixed(numeric, 4)},
	0x0024: {name: "SPE_PBKMOD", format: fixed(raw, 256), hidden: true},
	0x0025: {name: "SPE_PBKEXP", format: upTo(raw, 3), hidden: true},
	0x0026: {name: "SPE_GCDOPT", format: fixed(numeric, 4)},
}

// deviceParameters is the table of PP_* parameters about the pinpad itself (ABECS 2.20).
var deviceParameters = map[ParameterID]fact{
	0x8001: {name: "PP_SERNUM", format: upTo(alphanumeric, 32)},
	0x8002: {name: "PP_PARTNBR", format: upTo(alphanumeric, 32)},
	0x8003: {name: "PP_MODEL", format: upTo(alphanumeric, 20)},
	0x8004: {name: "PP_MNNAME", format: upTo(alphanumeric, 20)},
	0x8005: {name: "PP_CAPAB", format: fixed(alphanumeric, 10)},
	0x8006: {name: "PP_SOVER", format: upTo(alphanumeric, 20)},
	0x8007: {name: "PP_SPECVER", format: fixed(alphanumeric, 4)},
	0x8008: {name: "PP_MANVERS", format: fixed(alphanumeric, 16)},
	0x8009: {name: "PP_APPVERS", format: fixed(alphanumeric, 16)},
	0x800A: {name: "PP_GENVERS", format: fixed(alphanumeric, 16)},
	0x800B: {name: "PP_CTLSCAPAB", format: upTo(alphanumeric, 16)},
	0x8010: {name: "PP_KRNLVER", format: upTo(alphanumeric, 20)},
	0x8011: {name: "PP_CTLSVER", format: upTo(alphanumeric, 20)},
	0x8012: {name: "PP_MCTLSVER", format: upTo(alphanumeric, 20)},
	0x8013: {name: "PP_VCTLSVER", format: upTo(alphanumeric, 20)},
	0x8014: {name: "PP_AECTLSVER", format: upTo(alphanumeric, 20)},
	0x8015: {name: "PP_DPCTLSVER", format: upTo(alphanumeric, 20)},
	0x8016: {name: "PP_PURECTLSVER", format: upTo(alphanumeric, 20)},
	0x8018: {name: "PP_QPCTLSVER", format: upTo(alphanumeric, 20)},
	0x8020: {name: "PP_DSPTXTSZ", format: fixed(numeric, 4)},
	0x8021: {name: "PP_DSPGRSZ", format: fixed(numeric, 8)},
	0x8022: {name: "PP_MFSUP", format: upTo(alphanumeric, 20)},
	0x8030: {name: "PP_MKDESP", format: fixed(alphanumeric, 100)},
	0x8031: {name: "PP_MKDESD", format: fixed(alphanumeric, 100)},
	0x8032: {name: "PP_MKTDESP", format: fixed(alphanumeric, 100)},
	0x8033: {name: "PP_MKTDESD", format: fixed(alphanumeric, 100)},
	0x8034: {name: "PP_DKPTDESP", format: fixed(alphanumeric, 100)},
	0x8035: {name: "PP_DKPTTDESP", format: fixed(alphanumeric, 100)},
	0x8036: {name: "PP_DKPTTDESD", format: fixed(alphanumeric, 100)},
	0x8062: {name: "PP_TLRMEM", format: fixed(bigEndian, 4)},
	0x8064: {name: "PP_BATTINFO", format: fixed(raw, 2)},
	0x8065: {name: "PP_COMMINFO", format: fixed(numeric, 4)},
}

// cardParameters is the table of PP_* parameters about a card, a key press or a
// file (ABECS 2.20).
var cardParameters = map[ParameterID]fact{
	0x8040: {name: "PP_EVENT", format: fixed(alphanumeric, 2)},
	0x8041: {name: "PP_TRK1INC", format: upTo(alphanumeric, 60), hidden: true},
	0x8042: {name: "PP_TRK2INC", format: upTo(alphanumeric, 30), hidden: true},
	0x8043: {name: "PP_TRK3INC", format: upTo(alphanumeric, 30), hidden: true},
	0x8044: {name: "PP_TRACK1", format: upTo(raw, 88), hidden: true},
	0x8045: {name: "PP_TRACK2", format: upTo(raw, 28), hidden: true},
	0x8046: {name: "PP_TRACK3", format: upTo(raw, 60), hidden: true},
	0x8047: {name: "PP_TRK1KSN", format: fixed(raw, 10)},
	0x8048: {name: "PP_TRK2KSN", format: fixed(raw, 10)},
	0x8049: {name: "PP_TRK3KSN", format: fixed(raw, 10)},
	0x804A: {name: "PP_ENCPAN", format: upTo(raw, 16), hidden: true},
	0x804B: {name: "PP_ENCPANKSN", format: fixed(raw, 10)},
	0x804C: {name: "PP_KSN", format: fixed(raw, 10)},
	0x804D: {name: "PP_VALUE", format: upTo(alphanumeric, 32), hidden: true},
	0x804E: {name: "PP_DATAOUT", format: upTo(raw, 256), hidden: true},
	0x804F: {name: "PP_CARDTYPE", format: fixed(numeric, 2)},
	0x8050: {name: "PP_ICCSTAT", format: fixed(numeric, 1)},
	0x8051: {name: "PP_AIDTABINFO", format: upTo(alphanumeric, 120)},
	0x8052: {name: "PP_PAN", format: upTo(alphanumeric, 19), hidden: true},
	0x8053: {name: "PP_PANSEQNO", format: fixed(numeric, 2)},
	0x8054: {name: "PP_EMVDATA", format: upTo(raw, 512), hidden: true},
	0x8055: {name: "PP_CHNAME", format: upTo(alphanumeric, 26), hidden: true},
	0x8056: {name: "PP_GOXRES", format: fixed(numeric, 6)},
	0x8057: {name: "PP_PINBLK", format: fixed(raw, 8), hidden: true},
	0x8058: {name: "PP_FCXRES", format: fixed(numeric, 3)},
	0x8059: {name: "PP_ISRESULTS", format: upTo(raw, 50)},
	0x805A: {name: "PP_BIGRAND", format: fixed(raw, 900)},
	0x805B: {name: "PP_LABEL", format: upTo(latin1, 16)},
	0x805C: {name: "PP_ISSCNTRY", format: fixed(numeric, 3)},
	0x805D: {name: "PP_CARDEXP", format: fixed(numeric, 6), hidden: true},
	0x805E: {name: "PP_MFNAME", format: fixed(alphanumeric, 8)},
	0x8060: {name: "PP_DEVTYPE", format: fixed(numeric, 2)},
	0x8063: {name: "PP_ENCKRAND", format: fixed(raw, 256), hidden: true},
}
