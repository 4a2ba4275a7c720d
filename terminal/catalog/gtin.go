package catalog

import (
	"fmt"
	"strings"
)

// ValidGTIN says whether code is 8, 12, 13 or 14 digits with the right check digit.
func ValidGTIN(code string) bool {
	if !hasGTINLength(code) {
		return false
	}
	digit, ok := CheckDigit(code[:len(code)-1])
	return ok && code[len(code)-1] == digit
}

// CheckDigit answers the digit that ends a GTIN, as a character, and false if body
// has anything but digits. Weights are 3 and 1 in turn, 3 for the last digit of
// body; the sum with the check digit is a multiple of ten.
//
// Source: GS1 General Specifications, section 7.9.
func CheckDigit(body string) (byte, bool) {
	if !allDigits(body) {
		return 0, false
	}
	sum := 0
	for i := range len(body) {
		digit := int(body[len(body)-1-i] - '0')
		if i%2 == 0 {
			digit *= 3
		}
		sum += digit
	}
	return byte('0' + (10-sum%10)%10), true
}

// CheckCode refuses what cannot be a printed code: no or too many characters, what
// a bar code cannot hold or a cashier not type, and a GTIN with a wrong check
// digit, which no scanner reads. The error names the right digit.
func CheckCode(code string) error {
	if code == "" || len(code) > codeMax || strings.ContainsFunc(code, notInCodes) {
		return fmt.Errorf("code %.60q is not 1 to %d printable ASCII characters without a space or *", code, codeMax)
	}
	if allDigits(code) && hasGTINLength(code) && !ValidGTIN(code) {
		body := code[:len(code)-1]
		digit, _ := CheckDigit(body)
		return fmt.Errorf("code %s has a wrong check digit: %s%c would be right", code, body, digit)
	}
	return nil
}

// notInCodes includes the star: in the entry line it ends a quantity.
func notInCodes(r rune) bool { return r <= ' ' || r > '~' || r == '*' }

// Unpadded is a code without the zeros that a scanner or a spreadsheet may add or
// drop: GTIN-8, -12, -13 and -14 are one number space, right-aligned. A code that
// is not all digits stays as it is, and a zero stays one.
//
// Source: GS1 General Specifications, GTIN in a fourteen-digit field.
func Unpadded(code string) string {
	if len(code) < 2 || code[0] != '0' || !allDigits(code) {
		return code
	}
	if number := strings.TrimLeft(code, "0"); number != "" {
		return number
	}
	return "0"
}

func hasGTINLength(code string) bool {
	switch len(code) {
	case 8, 12, 13, 14:
		return true
	}
	return false
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
