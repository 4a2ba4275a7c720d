package reader

import "strings"

// A brandRule names the brand of cards whose AID or BIN starts with prefix.
type brandRule struct {
	prefix string
	brand  string
}

// brandsByAID goes by the registered application provider, the first five bytes
// of an AID (ISO/IEC 7816-5), hex.
var brandsByAID = []brandRule{
	{"A000000003", "visa"},
	{"A000000004", "mastercard"},
	{"A000000025", "amex"},
	{"A000000065", "jcb"},
	{"A000000152", "diners"},
	{"A000000333", "unionpay"},
	{"A000000651", "elo"},
}

// brandsByBIN goes by the first digits of the PAN (ISO/IEC 7812 and the brands'
// published ranges). Elo is missing on purpose: its ranges lie scattered among
// those of others, and every Elo chip says so in its AID.
var brandsByBIN = []brandRule{
	{"606282", "hipercard"},
	{"34", "amex"},
	{"37", "amex"},
	{"35", "jcb"},
	{"36", "diners"},
	{"51", "mastercard"},
	{"52", "mastercard"},
	{"53", "mastercard"},
	{"54", "mastercard"},
	{"55", "mastercard"},
	{"62", "unionpay"},
	{"4", "visa"},
}

// Brand names the brand of a card by its AID (hex, upper case; may be empty) or
// else by its BIN. It answers "" if neither tells.
func Brand(aid, bin string) string {
	if brand := brandOf(brandsByAID, aid); brand != "" {
		return brand
	}
	// Mastercard's second range, 222100 to 272099.
	if len(bin) == binDigits && bin >= "222100" && bin <= "272099" {
		return "mastercard"
	}
	return brandOf(brandsByBIN, bin)
}

func brandOf(rules []brandRule, number string) string {
	for _, rule := range rules {
		if strings.HasPrefix(number, rule.prefix) {
			return rule.brand
		}
	}
	return ""
}
