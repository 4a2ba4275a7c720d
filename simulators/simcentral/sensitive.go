package simcentral

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"balcao/simulators/simcentral/issuer"
	"balcao/sync/wire"
)

// machineFields hold numbers made by machines, where a run of digits may pass for a
// card number by chance, or ciphertext and tags, which are checked on their own.
var machineFields = map[string]bool{
	"data": true, "emv_request": true, "emv_completion": true, "issuer_script_results": true,
	"encrypted_key": true, "iv": true, "ksn": true, "hash": true, "prev_hash": true, "digest": true, "head": true,
	"signature": true, "csr_pem": true, "xml_gz_b64": true, "access_key": true, "sku": true, "tax_id": true, "epoch": true,
}

// sensitiveText refuses a request with a text that looks like a card number: a run of
// digits, separators allowed, of a card's length, with its check digit and a known
// beginning. All three, because one EAN-13 in ten has a good check digit.
func sensitiveText(body []byte) *wire.Problem {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return nil // not JSON: a form, which the contract has checked
	}
	var found []wire.Violation
	walkTexts(value, "", func(pointer, text string) {
		if looksLikeCard(text) {
			found = append(found, wire.Violation{Pointer: pointer, Code: wire.CodeSensitiveData})
		}
	})
	if len(found) == 0 {
		return nil
	}
	return wire.NewProblem(wire.CodeSensitiveData, "", found...)
}

func walkTexts(value any, pointer string, visit func(pointer, text string)) {
	switch value := value.(type) {
	case string:
		visit(pointer, value)
	case []any:
		for i, each := range value {
			walkTexts(each, pointer+"/"+strconv.Itoa(i), visit)
		}
	case map[string]any:
		for name, each := range value {
			if !machineFields[name] {
				walkTexts(each, pointer+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), visit)
			}
		}
	}
}

// looksLikeCard finds a card number in a text.
func looksLikeCard(text string) bool {
	run := make([]byte, 0, len(text))
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && text[i] >= '0' && text[i] <= '9':
			run = append(run, text[i])
		case i < len(text) && (text[i] == ' ' || text[i] == '-' || text[i] == '.') && len(run) > 0:
			// a separator inside a number
		default:
			if isCard(string(run)) {
				return true
			}
			run = run[:0]
		}
	}
	return false
}

// A cardRange is a beginning of card numbers and the lengths they have.
type cardRange struct {
	from, to string // of equal length
	lengths  []int
}

// cardRanges are the issuer numbers of the schemes taken in Brazil.
// Source: ISO/IEC 7812-1:2017 (major industry identifiers) and the schemes' public ranges.
var cardRanges = []cardRange{
	{"4", "4", []int{16, 19}},
	{"51", "55", []int{16}},
	{"2221", "2720", []int{16}},
	{"34", "34", []int{15}},
	{"37", "37", []int{15}},
	{"300", "305", []int{14}},
	{"36", "36", []int{14}},
	{"38", "39", []int{14}},
	{"35", "35", []int{16}},
	{"50", "50", []int{16}},
	{"56", "58", []int{16}},
	{"6", "6", []int{16, 19}},
}

// cardDigitsMin is the shortest length in the ranges.
const cardDigitsMin = 14

func isCard(digits string) bool {
	if len(digits) < cardDigitsMin || !issuer.CheckDigitFits(digits) {
		return false
	}
	for _, known := range cardRanges {
		start := digits[:len(known.from)]
		if start >= known.from && start <= known.to && slices.Contains(known.lengths, len(digits)) {
			return true
		}
	}
	return false
}
