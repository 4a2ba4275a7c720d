// Package pix is the text behind a Pix QR code, and the ids of the scheme.
//
// A [Code] is one BR Code: [Code.Encode] writes it, [Parse] reads it and refuses
// whatever the layout forbids, [Verify] is the check that stands between a bank's
// answer and the customer's screen. It draws no QR code, calls no bank and knows
// nothing of charges; package psp does. Start with [Verify].
//
// Facts: EMV QR Code Specification for Payment Systems, Merchant-Presented Mode 1.1
// (objects, lengths, CRC); Banco Central do Brasil, Manual de Padrões para Iniciação
// do Pix 2.10 (templates 26, 62 and 80); API Pix 2.9.0 (forms of the ids).
package pix

import (
	"errors"
	"fmt"
	"strings"

	"balcao/terminal/money"
)

// Bounds of a code, in bytes, which are characters: a code is ASCII.
const (
	// CodeMax is the longest code. Source: EMV QRCPS-MPM, section 3.2; API Pix, pixCopiaECola.
	CodeMax = 512
	// LocationMax and KeyMax are API Pix's bounds of location and chave.
	LocationMax = 77
	KeyMax      = 77
	// MerchantMax and CityMax bound objects 59 and 60.
	MerchantMax = 25
	CityMax     = 15

	amountMax     = 13 // object 54
	postalCodeMax = 10 // object 61
	objectMax     = 99 // what two digits of length can say
)

// Initiation is object 01: how often a code may be shown.
type Initiation string

// The initiations; a code need not name one.
const (
	Unnamed   Initiation = ""
	Reusable  Initiation = "11"
	SingleUse Initiation = "12"
)

// Fixed values of the layout.
const (
	payloadFormat   = "01"
	scheme          = "br.gov.bcb.pix"
	versionScheme   = "BR.GOV.BCB.BRCODE"
	currency        = "986" // ISO 4217, the real
	country         = "BR"
	anyCategory     = "0000"
	noTransactionID = "***"
)

// A Code is one BR Code. It is dynamic when it has a Location, where the payer's bank
// fetches the charge, and static when it has a Key; never both.
type Code struct {
	Initiation Initiation
	Key        string      // static: the receiver's key in one of the forms of [KindOf]
	Note       string      // static: words for the payer; shares 99 characters with the key
	Withdrawal string      // static: ISPB of who hands out cash (Pix Saque), 8 characters
	Location   string      // dynamic: URL without scheme, 1 to 77 characters
	Category   string      // ISO 18245, 4 digits; empty means 0000
	Amount     money.Cents // static: zero for "the payer types it"; dynamic: always zero
	Merchant   string      // 1 to 25 characters, printable ASCII
	City       string      // 1 to 15 characters, printable ASCII
	PostalCode string      // up to 10 characters; empty for none
	TxID       string      // static: 1 to 25 letters and digits, empty for none; dynamic: always empty
	Version    string      // of the BR Code, "1.0.0"; empty leaves it out
	Recurrence string      // where the payer's bank fetches a recurrence (Pix Automático); empty for none
}

// Dynamic says whether the payer's bank fetches the charge, rather than reading it
// from the code.
func (c Code) Dynamic() bool { return c.Location != "" }

// Encode writes the code with its checksum, or says which rule of the layout forbids it.
func (c Code) Encode() (string, error) {
	if err := c.check(); err != nil {
		return "", fmt.Errorf("encode Pix code: %w", err)
	}
	account := []object{{"00", scheme}, {"01", c.Key}, {"02", c.Note}, {"03", c.Withdrawal}, {"25", c.Location}}
	var additional, version, recurrence []object
	if c.TxID == "" {
		additional = []object{{"05", noTransactionID}}
	} else {
		additional = []object{{"05", c.TxID}}
	}
	if c.Version != "" {
		version = []object{{"00", versionScheme}, {"01", c.Version}}
	}
	if c.Recurrence != "" {
		recurrence = []object{{"00", scheme}, {"25", c.Recurrence}}
	}
	category := c.Category
	if category == "" {
		category = anyCategory
	}
	amount := ""
	if c.Amount > 0 {
		amount = c.Amount.String()
	}
	additional = append(additional, object{"50", join(version)})
	text := join([]object{
		{"00", payloadFormat},
		{"01", string(c.Initiation)},
		{"26", join(account)},
		{"52", category},
		{"53", currency},
		{"54", amount},
		{"58", country},
		{"59", c.Merchant},
		{"60", c.City},
		{"61", c.PostalCode},
		{"62", join(additional)},
		{"80", join(recurrence)},
	}) + checksumHead
	return text + fmt.Sprintf("%04X", Checksum(text)), nil
}

// check holds a code against every rule of the layout.
func (c Code) check() error {
	if err := c.checkAccount(); err != nil {
		return err
	}
	if c.Initiation != Unnamed && c.Initiation != Reusable && c.Initiation != SingleUse {
		return fmt.Errorf("object 01 is %q: 11 or 12", c.Initiation)
	}
	if c.Category != "" && !allOf(c.Category, 4, 4, isDigit) {
		return fmt.Errorf("object 52 is %q: 4 digits", c.Category)
	}
	if c.Amount < 0 || c.Amount > money.Max || len(c.Amount.String()) > amountMax {
		return fmt.Errorf("object 54 is %s: more than zero, at most %d characters", c.Amount, amountMax)
	}
	for _, part := range []struct {
		id, text string
		least    int
		most     int
	}{
		{"59", c.Merchant, 1, MerchantMax},
		{"60", c.City, 1, CityMax},
		{"61", c.PostalCode, 0, postalCodeMax},
		{"62-50-01", c.Version, 0, objectMax},
	} {
		if !allOf(part.text, part.least, part.most, isPrintable) {
			return fmt.Errorf("object %s has %d bytes: %d to %d characters of printable ASCII", part.id, len(part.text), part.least, part.most)
		}
	}
	return c.checkTemplates()
}

// checkTemplates holds what is nested to the 99 characters of an object.
func (c Code) checkTemplates() error {
	version := 2*objectHead + len(versionScheme) + len(c.Version)
	txid := max(len(c.TxID), len(noTransactionID))
	switch {
	case c.Version != "" && objectHead+txid+objectHead+version > objectMax:
		return fmt.Errorf("object 62 has more than %d characters", objectMax)
	case c.Recurrence != "" && checkLocation(c.Recurrence) != nil:
		return fmt.Errorf("object 80-25: %w", checkLocation(c.Recurrence))
	}
	return nil
}

// checkAccount holds template 26 and what depends on its kind to the rules.
func (c Code) checkAccount() error {
	switch {
	case c.Key == "" && c.Location == "":
		return errors.New("template 26 has neither a key nor a URL")
	case c.Key != "" && c.Location != "":
		return errors.New("template 26 has a key and a URL")
	case c.Dynamic():
		return c.checkDynamic()
	}
	if _, err := KindOf(c.Key); err != nil {
		return fmt.Errorf("object 26-01: %w", err)
	}
	if c.TxID != "" {
		if err := CheckStaticTxID(c.TxID); err != nil {
			return fmt.Errorf("object 62-05: %w", err)
		}
	}
	if !allOf(c.Note, 0, objectMax, isPrintable) {
		return errors.New("object 26-02 is not printable ASCII")
	}
	if c.Withdrawal != "" && !allOf(c.Withdrawal, ispbLength, ispbLength, isUpperAlphanumeric) {
		return fmt.Errorf("object 26-03 is %q: an ISPB of 8 characters", c.Withdrawal)
	}
	length := objectHead + len(scheme)
	for _, part := range []string{c.Key, c.Note, c.Withdrawal} {
		if part != "" {
			length += objectHead + len(part)
		}
	}
	if length > objectMax {
		return fmt.Errorf("template 26 has %d characters, more than %d: shorten the note", length, objectMax)
	}
	return nil
}

func (c Code) checkDynamic() error {
	switch {
	case c.Note != "" || c.Withdrawal != "":
		return errors.New("template 26 has a URL and parts of a static code")
	case c.TxID != "":
		return errors.New("object 62-05 of a dynamic code must be ***")
	case c.Amount != 0:
		return errors.New("the amount of a dynamic code is that of its charge")
	}
	if err := checkLocation(c.Location); err != nil {
		return fmt.Errorf("object 26-25: %w", err)
	}
	return nil
}

// checkLocation takes host and path, which the payer's bank calls with https.
func checkLocation(location string) error {
	host, path, found := strings.Cut(location, "/")
	switch {
	case len(location) > LocationMax:
		return fmt.Errorf("URL of %d characters, more than %d", len(location), LocationMax)
	case strings.Contains(location, "://"):
		return errors.New("URL with a scheme")
	case !found || host == "" || path == "":
		return errors.New("URL without host or path")
	case !allOf(host, 1, LocationMax, isHostByte) || !allOf(path, 1, LocationMax, isPathByte):
		return errors.New("URL with characters that a location has not")
	}
	return nil
}

// Verify reads a code that a bank answered for a charge, before anybody sees it: it
// must be whole, dynamic, and lead to the location that the same answer named. What
// fails here would lead the customer's money elsewhere, or nowhere.
func Verify(text, location string) (Code, error) {
	code, err := Parse(text)
	switch {
	case err != nil:
		return Code{}, err
	case !code.Dynamic():
		return Code{}, errors.New("verify Pix code: it is static, not one of a charge")
	case code.Location != location:
		return Code{}, fmt.Errorf("verify Pix code: it leads to %q, the charge is at %q", code.Location, location)
	}
	return code, nil
}
