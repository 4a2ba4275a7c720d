package abecs

import "fmt"

// Status is how a command ended, three decimal digits on the line.
type Status int

// statusMax is the largest number that three digits hold.
const statusMax = 999

// The statuses that a till acts upon; [Status.String] names all others too
// (ABECS 2.20, status codes).
const (
	OK                Status = 0
	Timeout           Status = 12
	Cancelled         Status = 13
	VersionDiffers    Status = 20
	NoCard            Status = 43
	CardMute          Status = 60
	CardError         Status = 61
	CardInvalidated   Status = 67
	CardProblems      Status = 68
	CardDataInvalid   Status = 69
	NoApplication     Status = 70
	ApplicationUnfit  Status = 71
	FallbackPermitted Status = 76
	CardBlocked       Status = 79

	// Of a card before the antenna.
	TapSeveral       Status = 80 // several at once
	TapLost          Status = 81 // taken away too soon
	TapInvalidated   Status = 82 // edition 2.12
	TapProblems      Status = 83
	TapNoApplication Status = 84 // edition 2.12
	TapUnfit         Status = 85 // edition 2.12
	TapHolderActs    Status = 86 // on the own device, then once more
	TapOtherWay      Status = 87 // by chip or stripe
)

// statusFact is what the standard calls a status and what it means.
type statusFact struct {
	name    string
	meaning string
}

// statuses holds all codes of editions 2.12 and 2.20.
var statuses = map[Status]statusFact{
	0:   {"ST_OK", "success"},
	3:   {"ST_NOSEC", "encrypted packet without a secure channel"},
	4:   {"ST_F1", "function key 1"},
	5:   {"ST_F2", "function key 2"},
	6:   {"ST_F3", "function key 3"},
	7:   {"ST_F4", "function key 4"},
	8:   {"ST_BACKSP", "clear key"},
	9:   {"ST_ERRPKTSEC", "damaged encrypted packet, or clear command during a secure channel"},
	10:  {"ST_INVCALL", "wrong order of calls, or unknown command"},
	11:  {"ST_INVPARM", "invalid parameter"},
	12:  {"ST_TIMEOUT", "time is over"},
	13:  {"ST_CANCEL", "holder pressed CANCEL"},
	19:  {"ST_MANDAT", "mandatory parameter missing"},
	20:  {"ST_TABVERDIF", "table version differs"},
	21:  {"ST_TABERR", "tables could not be written"},
	40:  {"ST_INTERR", "internal error"},
	41:  {"ST_MCDATAERR", "stripe could not be read"},
	42:  {"ST_ERRKEY", "key is not loaded"},
	43:  {"ST_NOCARD", "no card, or card removed"},
	44:  {"ST_PINBUSY", "PIN entry refused for a while"},
	45:  {"ST_RSPOVRFL", "answer would be too long"},
	46:  {"ST_ERRCRYPT", "cryptographic check failed"},
	47:  {"ST_SECURITY", "stopped for security"},
	51:  {"ST_NOSAM", "security module is absent"},
	60:  {"ST_DUMBCARD", "chip does not answer"},
	61:  {"ST_ERRCARD", "communication with the card failed"},
	67:  {"ST_CARDINVALIDAT", "application was invalidated"},
	68:  {"ST_CARDPROBLEMS", "card misbehaves"},
	69:  {"ST_CARDINVDATA", "card data is inconsistent"},
	70:  {"ST_CARDAPPNAV", "no matching application"},
	71:  {"ST_CARDAPPNAUT", "application cannot be used"},
	76:  {"ST_ERRFALLBACK", "chip error, stripe permitted"},
	77:  {"ST_INVAMOUNT", "amount does not fit the card"},
	78:  {"ST_ERRMAXAID", "too many candidate applications"},
	79:  {"ST_CARDBLOCKED", "card is blocked"},
	80:  {"ST_CTLSMULTIPLE", "several contactless cards at once"},
	81:  {"ST_CTLSCOMMERR", "communication with the contactless card failed"},
	82:  {"ST_CTLSINVALIDAT", "contactless application was invalidated"},
	83:  {"ST_CTLSPROBLEMS", "contactless card misbehaves"},
	84:  {"ST_CTLSAPPNAV", "no matching contactless application"},
	85:  {"ST_CTLSAPPNAUT", "contactless application cannot be used"},
	86:  {"ST_CTLSEXTCVM", "holder must act on the own device"},
	87:  {"ST_CTLSIFCHG", "use another interface"},
	100: {"ST_MFNFOUND", "media file not found"},
	101: {"ST_MFERRFMT", "media format is wrong"},
	102: {"ST_MFERR", "media load failed"},
}

// String answers number and name, "013 ST_CANCEL"; of an unknown code the number.
func (s Status) String() string {
	if fact, known := statuses[s]; known {
		return fmt.Sprintf("%03d %s", int(s), fact.name)
	}
	return fmt.Sprintf("%03d", int(s))
}

// Meaning says in plain words what happened.
func (s Status) Meaning() string {
	if fact, known := statuses[s]; known {
		return fact.meaning
	}
	return "unknown status"
}

// A StatusError is an answer that is not [OK].
type StatusError struct {
	ID     CommandID
	Status Status
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("pinpad answered %s with %s: %s", string(e.ID), e.Status, e.Status.Meaning())
}

// Err answers nil for [OK], else a [*StatusError].
func (r Response) Err() error {
	if r.Status == OK {
		return nil
	}
	return &StatusError{ID: r.ID, Status: r.Status}
}
