package simpinpad

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"balcao/simulators/hsm"
)

// A Card is what a chip card holds. It says nothing about how a sale will end: that
// is for the issuer, who holds the account.
type Card struct {
	Name string `json:"name"`
	PAN  string `json:"pan"`
	// PSN is the PAN sequence number, 2 digits.
	PSN string `json:"psn"`
	// Expiry is the last day of validity, YYMMDD.
	Expiry      string `json:"expiry"`
	ServiceCode string `json:"service_code"`
	Holder      string `json:"holder"`
	// Track2Discretionary are the digits of track 2 behind the service code.
	Track2Discretionary string        `json:"track2_discretionary"`
	Applications        []Application `json:"applications"`
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

// Verification methods. Source: EMV 4.3 Book 3, annex C3, CVM codes 02, 1E and 1F.
const (
	VerifyOnlinePIN VerificationMethod = "online_pin"
	VerifySignature VerificationMethod = "signature"
	VerifyNothing   VerificationMethod = "none"
)

// String names the card without its number.
func (c Card) String() string { return "card " + c.Name }

// GoString keeps the number out of %#v too.
func (c Card) GoString() string { return c.String() }

// track2 is the track 2 equivalent data of the chip. Source: ISO/IEC 7813, track 2.
func (c *Card) track2() string {
	return c.PAN + "=" + c.Expiry[:4] + c.ServiceCode + c.Track2Discretionary
}

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
	if len(c.Holder) > holderMax || strings.ContainsFunc(c.Holder, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("holder is longer than %d or not ASCII", holderMax)
	}
	if len(c.Applications) == 0 {
		return errors.New("no application")
	}
	for i := range c.Applications {
		if err := c.Applications[i].check(); err != nil {
			return fmt.Errorf("application %d: %w", i+1, err)
		}
	}
	return nil
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
	switch a.CVM {
	case VerifyOnlinePIN, VerifySignature, VerifyNothing:
		return nil
	}
	return fmt.Errorf("cvm %q is not one of %s, %s, %s", a.CVM, VerifyOnlinePIN, VerifySignature, VerifyNothing)
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
