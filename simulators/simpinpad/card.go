package simpinpad

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"balcao/simulators/hsm"
)

// A Card is what a card holds on its chip, on its stripe and for an antenna. It says
// nothing about how a sale will end: that is for the issuer, who holds the account.
type Card struct {
	Name string `json:"name"`
	PAN  string `json:"pan"`
	// PSN is the PAN sequence number, 2 digits.
	PSN string `json:"psn"`
	// Expiry is the last day of validity, YYMMDD.
	Expiry string `json:"expiry"`
	// ServiceCode begins with 2 or 6 on a card that has a chip (ISO/IEC 7813).
	ServiceCode string `json:"service_code"`
	Holder      string `json:"holder"`
	// Track2Discretionary are the digits of both tracks behind the service code.
	Track2Discretionary string `json:"track2_discretionary"`
	// Applications of the chip; a card with a stripe alone has none.
	Applications []Application `json:"applications,omitempty"`
	// Contactless is nil on a card without an antenna.
	Contactless *Contactless `json:"contactless,omitempty"`
	// ChipFault is nil while contacts and chip are in order.
	ChipFault *ChipFault `json:"chip_fault,omitempty"`
	// StripeUnreadable says that the stripe has lost its tracks.
	StripeUnreadable bool `json:"stripe_unreadable,omitempty"`
}

// Contactless is what a card, or the phone that holds it, does before an antenna.
type Contactless struct {
	// Stripe makes it give tracks instead of a cryptogram (PP_CARDTYPE 05, not 06).
	Stripe bool `json:"stripe,omitempty"`
	// CVM is how it wants to know its holder above the limit of the tables.
	CVM VerificationMethod `json:"cvm"`
	// CVMAlways makes it want that below the limit as well, as cards do whose
	// issuer has counted enough sales without.
	CVMAlways bool `json:"cvm_always,omitempty"`
	// Form is PP_DEVTYPE, 2 digits: 00 a card, 01 a phone.
	Form string `json:"form"`
}

// A ChipFault is what reading the chip ends with.
type ChipFault struct {
	// Command at which the chip fails: GCX or GOX.
	Command string `json:"command"`
	// Status that the pinpad answers then.
	Status int `json:"status"`
}

// An Application is one application of a card, with its own key and counter.
type Application struct {
	// AID in hex, 5 to 16 bytes.
	AID   string `json:"aid"`
	Label string `json:"label"`
	// AIP is the application interchange profile, 4 hex digits.
	AIP string             `json:"aip"`
	CVM VerificationMethod `json:"cvm"`
	// IssuerCountry is numeric, 3 digits (ISO 3166-1).
	IssuerCountry string `json:"issuer_country"`
	// IssuerAuthenticationOptional lets the card approve although its issuer sent
	// no ARPC. A wrong one it never accepts.
	IssuerAuthenticationOptional bool `json:"issuer_authentication_optional,omitempty"`
	// ICCMasterKey was derived from the issuer's key by whoever personalised the card.
	ICCMasterKey hsm.Key `json:"icc_master_key"`
	// ATC is the transaction counter the card leaves the factory with.
	ATC uint16 `json:"atc"`
}

// A VerificationMethod is how an application wants to know its holder.
type VerificationMethod string

// Verification methods. Source: EMV 4.3 Book 3, annex C3, CVM codes 02, 1E and 1F;
// on the holder's own device: EMV Contactless Book C-2, CVM selection.
const (
	VerifyOnlinePIN VerificationMethod = "online_pin"
	VerifySignature VerificationMethod = "signature"
	VerifyNothing   VerificationMethod = "none"
	VerifyOnDevice  VerificationMethod = "device" // contactless only
)

// String names the card without its number.
func (c Card) String() string { return "card " + c.Name }

// GoString keeps the number out of %#v too.
func (c Card) GoString() string { return c.String() }

// track1 is the stripe's first track, format code included. Source: ISO/IEC 7813, track 1.
func (c *Card) track1() string {
	return "B" + c.PAN + "^" + c.Holder + "^" + c.Expiry[:4] + c.ServiceCode + c.Track2Discretionary
}

// track2 is the stripe's second track, and what the chip holds of it.
// Source: ISO/IEC 7813, track 2.
func (c *Card) track2() string {
	return c.PAN + "=" + c.Expiry[:4] + c.ServiceCode + c.Track2Discretionary
}

// hasChip says what the service code promises. Source: ISO/IEC 7813, service code.
func (c *Card) hasChip() bool { return c.ServiceCode[0] == '2' || c.ServiceCode[0] == '6' }

// Lengths of a PAN in digits. Source: ISO/IEC 7812-1; ABECS 2.20, PP_PAN.
const (
	panMin = 12
	panMax = 19
)

// track2Max is the longest track 2 in symbols. Source: ISO/IEC 7813.
const track2Max = 37

// holderMax and labelMax in characters. Source: ABECS 2.20, PP_CHNAME, PP_LABEL.
const (
	holderMax = 26
	labelMax  = 16
)

// check says what is wrong with a card file, without repeating its digits.
func (c *Card) check() error {
	for _, part := range []struct {
		name, digits string
		min, max     int
	}{
		{"pan", c.PAN, panMin, panMax},
		{"psn", c.PSN, 2, 2},
		{"expiry", c.Expiry, 6, 6},
		{"service_code", c.ServiceCode, 3, 3},
		{"track2_discretionary", c.Track2Discretionary, 0, track2Max},
	} {
		if !isDigits([]byte(part.digits)) || len(part.digits) < part.min || len(part.digits) > part.max {
			return fmt.Errorf("%s is not %d to %d digits", part.name, part.min, part.max)
		}
	}
	if len(c.track2()) > track2Max {
		return fmt.Errorf("track2_discretionary makes track 2 longer than %d", track2Max)
	}
	if len(c.Holder) > holderMax || strings.ContainsFunc(c.Holder, func(r rune) bool { return r < ' ' || r > '~' || r == '^' }) {
		return fmt.Errorf("holder is longer than %d, not ASCII or has a separator", holderMax)
	}
	if len(c.Applications) == 0 && (c.hasChip() || c.Contactless != nil) {
		return errors.New("no application")
	}
	for i := range c.Applications {
		if err := c.Applications[i].check(); err != nil {
			return fmt.Errorf("application %d: %w", i+1, err)
		}
	}
	return errors.Join(c.Contactless.check(), c.ChipFault.check())
}

func (c *Contactless) check() error {
	if c == nil {
		return nil
	}
	if len(c.Form) != 2 || !isDigits([]byte(c.Form)) {
		return errors.New("contactless: form is not 2 digits")
	}
	return checkMethod("contactless: cvm", c.CVM, VerifyOnlinePIN, VerifySignature, VerifyNothing, VerifyOnDevice)
}

// chipFaults are the statuses that a chip can end a command with.
// Source: ABECS 2.20, GCX and GOX, exceptions.
var chipFaults = map[string][]status{
	"GCX": {
		statusChipMute, statusChipError, statusInvalidated, statusProblems, statusCardData,
		statusCardExhausted, statusFallback, statusCardBlocked,
	},
	"GOX": {statusChipMute, statusChipError, statusProblems, statusCardData, statusCardExhausted, statusFallback},
}

func (f *ChipFault) check() error {
	if f == nil || slices.Contains(chipFaults[f.Command], status(f.Status)) {
		return nil
	}
	return fmt.Errorf("chip_fault: no chip ends %q with %03d", f.Command, f.Status)
}

// at gives the status with which a command ends, statusOK when it goes on.
func (f *ChipFault) at(command string) status {
	if f == nil || f.Command != command {
		return statusOK
	}
	return status(f.Status)
}

func (a *Application) check() error {
	aid := decodeHex(a.AID)
	if len(aid) < aidLengthMin || len(aid) > aidLengthMax {
		return fmt.Errorf("aid is not %d to %d bytes in hex", aidLengthMin, aidLengthMax)
	}
	if len(decodeHex(a.AIP)) != 2 {
		return errors.New("aip is not 2 bytes in hex")
	}
	if len(a.IssuerCountry) != 3 || !isDigits([]byte(a.IssuerCountry)) {
		return errors.New("issuer_country is not 3 digits")
	}
	if len([]rune(a.Label)) > labelMax {
		return fmt.Errorf("label is longer than %d", labelMax)
	}
	return checkMethod("cvm", a.CVM, VerifyOnlinePIN, VerifySignature, VerifyNothing)
}

func checkMethod(name string, method VerificationMethod, known ...VerificationMethod) error {
	if slices.Contains(known, method) {
		return nil
	}
	return fmt.Errorf("%s %q is not one of %s", name, method, known)
}

// loadCard takes a card out of the drawer by its name.
func loadCard(dir, name string) (*Card, error) {
	if name != filepath.Base(name) {
		return nil, fmt.Errorf("load card %q: a name, not a path", name)
	}
	text, err := os.ReadFile(cardPath(dir, name))
	if err != nil {
		return nil, fmt.Errorf("load card %q: %w", name, err)
	}
	var card Card
	if err := json.Unmarshal(text, &card); err != nil {
		return nil, fmt.Errorf("load card %q: %w", name, err)
	}
	card.Name = name
	for i := range card.Applications {
		card.Applications[i].AID = strings.ToUpper(card.Applications[i].AID)
	}
	if err := card.check(); err != nil {
		return nil, fmt.Errorf("load card %q: %w", name, err)
	}
	return &card, nil
}

func cardPath(dir, name string) string { return filepath.Join(dir, name+".json") }
