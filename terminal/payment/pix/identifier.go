package pix

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"balcao/terminal/ident"
)

// Lengths of the scheme's ids, in characters.
const (
	txidLeast       = 26
	txidMost        = 35
	staticTxIDMost  = 25
	endToEndLength  = 32
	refundIDMost    = 35
	ispbLength      = 8
	endToEndMinutes = "200601021504"
)

// CheckTxID takes the id of a charge, made by the receiver: 26 to 35 letters and
// digits. Every [ident.ID] is one. Source: API Pix 2.9.0, schema TxId.
func CheckTxID(txid string) error {
	if !allOf(txid, txidLeast, txidMost, isAlphanumeric) {
		return fmt.Errorf("txid %q: %d to %d letters and digits", txid, txidLeast, txidMost)
	}
	return nil
}

// CheckStaticTxID takes the id in a static code: 1 to 25 letters and digits.
func CheckStaticTxID(txid string) error {
	if !allOf(txid, 1, staticTxIDMost, isAlphanumeric) {
		return fmt.Errorf("txid %q of a static code: 1 to %d letters and digits", txid, staticTxIDMost)
	}
	return nil
}

// StaticTxID is an id for a static code: without the first of its 26 characters, which
// is 0 until the year 3084. It is empty for an id that would lose something.
func StaticTxID(id ident.ID) string {
	text, found := strings.CutPrefix(string(id), "0")
	if !found || CheckStaticTxID(text) != nil {
		return ""
	}
	return text
}

// CheckEndToEndID takes the id of a payment between banks: E, the ISPB of the payer's
// bank, the minute in UTC, 11 letters and digits. Source: API Pix 2.9.0, schema EndToEndId.
func CheckEndToEndID(id string) error { return checkBankID("endToEndId", 'E', id) }

// CheckReturnID takes the id of a refund between banks (rtrId), like an endToEndId
// that begins with D. Source: API Pix 2.9.0, schema RtrId.
func CheckReturnID(id string) error { return checkBankID("rtrId", 'D', id) }

func checkBankID(name string, first byte, id string) error {
	if !allOf(id, endToEndLength, endToEndLength, isAlphanumeric) || id[0] != first {
		return fmt.Errorf("%s %q: %c and %d letters and digits", name, id, first, endToEndLength-1)
	}
	if !allOf(id[1:1+ispbLength], ispbLength, ispbLength, isUpperAlphanumeric) {
		return fmt.Errorf("%s %q: no ISPB behind its first letter", name, id)
	}
	minute := id[1+ispbLength : 1+ispbLength+len(endToEndMinutes)]
	if _, err := time.Parse(endToEndMinutes, minute); err != nil {
		return fmt.Errorf("%s %q: %q is no minute", name, id, minute)
	}
	return nil
}

// CheckRefundID takes the receiver's own id of a refund: 1 to 35 letters and digits,
// unique for its payment. Source: API Pix 2.9.0, schema DevolucaoId.
func CheckRefundID(id string) error {
	if !allOf(id, 1, refundIDMost, isAlphanumeric) {
		return fmt.Errorf("refund id %q: 1 to %d letters and digits", id, refundIDMost)
	}
	return nil
}

// Kind is the form of a key.
type Kind string

// The forms of a key. Source: Banco Central do Brasil, API DICT.
const (
	CPF    Kind = "cpf"
	CNPJ   Kind = "cnpj" // with letters since 2026
	Phone  Kind = "phone"
	Email  Kind = "email"
	Random Kind = "evp" // a lower-case UUID
)

var keyForms = []struct {
	kind Kind
	form *regexp.Regexp
}{
	{CPF, regexp.MustCompile(`^[0-9]{11}$`)},
	{CNPJ, regexp.MustCompile(`^[0-9A-Z]{14}$`)},
	{Phone, regexp.MustCompile(`^\+55[0-9]{10,11}$`)},
	{Random, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)},
	{Email, regexp.MustCompile("^[a-z0-9.!#$&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$")},
}

// KindOf tells the form of a key of at most 77 characters. It does not say that the
// key exists, and computes no check digits: only the directory knows.
func KindOf(key string) (Kind, error) {
	if len(key) > KeyMax {
		return "", fmt.Errorf("a key of %d characters, more than %d", len(key), KeyMax)
	}
	for _, each := range keyForms {
		if each.form.MatchString(key) {
			return each.kind, nil
		}
	}
	return "", errors.New("a key that is neither CPF, CNPJ, +55 phone, lower-case e-mail nor lower-case UUID")
}

// folded are the accented letters of Portuguese and its neighbours, and what stands
// for them in a code.
var folded = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"í", "i", "ì", "i", "î", "i", "ï", "i", "ñ", "n", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ö", "o",
	"ú", "u", "ù", "u", "û", "u", "ü", "u", "ý", "y", "º", "o", "ª", "a",
	"Á", "A", "À", "A", "Â", "A", "Ã", "A", "Ä", "A", "Å", "A", "Ç", "C", "É", "E", "È", "E", "Ê", "E", "Ë", "E",
	"Í", "I", "Ì", "I", "Î", "I", "Ï", "I", "Ñ", "N", "Ó", "O", "Ò", "O", "Ô", "O", "Õ", "O", "Ö", "O",
	"Ú", "U", "Ù", "U", "Û", "U", "Ü", "U", "Ý", "Y",
)

// Fold makes a name fit for a code: accents are dropped, what else is no printable
// ASCII becomes a space, runs of spaces one, and the rest is cut to most characters.
// "Mercadinho São João" is "Mercadinho Sao Joao".
func Fold(name string, most int) string {
	plain := strings.Map(func(r rune) rune {
		if r > '~' || r < ' ' {
			return ' '
		}
		return r
	}, folded.Replace(name))
	plain = strings.Join(strings.Fields(plain), " ")
	if len(plain) > most {
		plain = strings.TrimSpace(plain[:most])
	}
	return plain
}
