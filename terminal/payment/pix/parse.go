package pix

import (
	"errors"
	"fmt"
	"strings"

	"balcao/terminal/money"
)

// Parse reads a code. It takes any order of the objects between 00 and 63, any case of
// the scheme's name, and passes over templates of other schemes; it refuses a wrong
// checksum and everything else that [Code.Encode] would not write. The amount of a
// dynamic code is only read for its form: that of the charge counts.
func Parse(text string) (Code, error) {
	code, err := parse(text)
	if err == nil {
		err = code.check()
	}
	if err != nil {
		return Code{}, fmt.Errorf("read Pix code: %w", err)
	}
	return code, nil
}

func parse(text string) (Code, error) {
	if err := checkFrame(text); err != nil {
		return Code{}, err
	}
	objects, err := split(text)
	switch {
	case err != nil:
		return Code{}, err
	case objects[0].id != "00" || objects[0].value != payloadFormat:
		return Code{}, errors.New("it does not begin with object 00 of value 01")
	case objects[len(objects)-1].id != "63":
		return Code{}, errors.New("object 63 is not the last")
	}
	code := Code{
		Initiation: Initiation(find(objects, "01")),
		Category:   find(objects, "52"),
		Merchant:   find(objects, "59"),
		City:       find(objects, "60"),
		PostalCode: find(objects, "61"),
	}
	if err := checkFixed(objects); err != nil {
		return Code{}, err
	}
	if code.Category == anyCategory {
		code.Category = ""
	}
	for _, read := range []func(*Code, []object) error{readTemplates, readAdditional, readAmount} {
		if err := read(&code, objects); err != nil {
			return Code{}, err
		}
	}
	return code, nil
}

// checkFrame looks at the text as a whole: its length, its characters, its checksum.
func checkFrame(text string) error {
	const end = len(checksumHead) + checksumLength
	switch {
	case len(text) < end || len(text) > CodeMax:
		return fmt.Errorf("%d bytes are too few or more than %d", len(text), CodeMax)
	case !allOf(text, end, CodeMax, isPrintable):
		return errors.New("it has bytes that are no printable ASCII")
	}
	covered, sum := text[:len(text)-checksumLength], text[len(text)-checksumLength:]
	if !strings.HasSuffix(covered, checksumHead) {
		return errors.New("it does not end with a checksum")
	}
	if want := fmt.Sprintf("%04X", Checksum(covered)); sum != want {
		return fmt.Errorf("the checksum is %s, not %s", sum, want)
	}
	return nil
}

// checkFixed holds the objects that can have but one form.
func checkFixed(objects []object) error {
	for _, must := range []object{{"53", currency}, {"58", country}} {
		if got := find(objects, must.id); got != must.value {
			return fmt.Errorf("object %s is %q, not %s", must.id, got, must.value)
		}
	}
	if find(objects, "52") == "" {
		return errors.New("object 52 is missing")
	}
	for _, tip := range []string{"55", "56", "57"} {
		if find(objects, tip) != "" {
			return fmt.Errorf("object %s asks for a tip: the payer would pay another amount", tip)
		}
	}
	return nil
}

// readTemplates finds the account of the scheme among those of others, and a recurrence.
func readTemplates(code *Code, objects []object) error {
	found := false
	for _, each := range objects {
		account := each.id >= "26" && each.id <= "51"
		if !account && each.id < "80" {
			continue
		}
		parts, err := split(each.value)
		if err != nil {
			return fmt.Errorf("template %s: %w", each.id, err)
		}
		if !strings.EqualFold(find(parts, "00"), scheme) {
			continue
		}
		switch {
		case !account && code.Recurrence == "":
			code.Recurrence = find(parts, "25")
		case !account || found:
			return fmt.Errorf("template %s is a second one of Pix", each.id)
		default:
			found = true
			code.Key, code.Note = find(parts, "01"), find(parts, "02")
			code.Withdrawal, code.Location = find(parts, "03"), find(parts, "25")
		}
	}
	if !found {
		return errors.New("it has no template of Pix")
	}
	return nil
}

// readAdditional reads template 62.
func readAdditional(code *Code, objects []object) error {
	parts, err := split(find(objects, "62"))
	if err != nil {
		return fmt.Errorf("template 62: %w", err)
	}
	switch txid := find(parts, "05"); txid {
	case "":
		return errors.New("object 62-05 is missing")
	case noTransactionID:
	default:
		code.TxID = txid
	}
	if version := find(parts, "50"); version != "" {
		parts, err := split(version)
		if err != nil {
			return fmt.Errorf("template 62-50: %w", err)
		}
		if strings.EqualFold(find(parts, "00"), versionScheme) {
			code.Version = find(parts, "01")
		}
	}
	return nil
}

// readAmount reads object 54: digits, then perhaps a point and one or two digits more.
func readAmount(code *Code, objects []object) error {
	text := find(objects, "54")
	if text == "" {
		return nil
	}
	whole, fraction, pointed := strings.Cut(text, ".")
	if len(text) > amountMax || !allOf(whole, 1, amountMax, isDigit) || pointed && !allOf(fraction, 1, 2, isDigit) {
		return fmt.Errorf("object 54 is %q: an amount like 10.50", text)
	}
	var cents int64
	for _, digit := range []byte(whole + (fraction + "00")[:2]) {
		cents = cents*10 + int64(digit-'0')
	}
	switch {
	case code.Location != "":
	case cents > int64(money.Max):
		return fmt.Errorf("object 54 is %q: more than a till can sell", text)
	case cents == 0 && code.Withdrawal == "":
		return errors.New("object 54 is zero")
	default:
		code.Amount = money.Cents(cents)
	}
	return nil
}
