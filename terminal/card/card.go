// Package card holds what may leave a card reader, and can hold no more.
//
// A card is its first six digits, its last four, its brand and sealed items:
// nothing here can carry a PAN, a track or a PIN in clear. [Present] and
// [Completion] may be stored; [Sealed] items live in memory only, travel in one
// live call and mask themselves in every kind of printing. Start with [Reading].
//
// Facts: the contract's CardPresent, EncryptedItem, CardCompletion and
// IssuerAnswer; PCI DSS 3.3.1 and 3.4.1.
package card

import (
	"fmt"
	"log/slog"
)

// EntryMode is how the card met the reader, in the contract's words.
type EntryMode string

// The entry modes of the contract that a reader can report.
const (
	Chip                 EntryMode = "chip"
	Contactless          EntryMode = "contactless"
	ContactlessMagstripe EntryMode = "contactless_magstripe"
	Magstripe            EntryMode = "magstripe"
	Fallback             EntryMode = "fallback"
)

// CVM is how the holder was verified, in the contract's words.
type CVM string

// The ways of verifying a holder.
const (
	CVMNone       CVM = "none"
	CVMSignature  CVM = "signature"
	CVMOnlinePIN  CVM = "online_pin"
	CVMOfflinePIN CVM = "offline_pin"
	CVMDevice     CVM = "device"
)

// Present is the storable part of one card presented: the contract's
// CardPresent without `encrypted`.
type Present struct {
	EntryMode         EntryMode `json:"entry_mode"`
	Brand             string    `json:"brand,omitempty"`
	AID               string    `json:"aid,omitempty"`               // hex, tag 4F or 84
	ApplicationLabel  string    `json:"application_label,omitempty"` // at most 16 characters
	BIN               string    `json:"bin"`                         // first six digits
	Last4             string    `json:"last4"`
	PANSequenceNumber string    `json:"pan_sequence_number,omitempty"` // two digits, tag 5F34
	ServiceCode       string    `json:"service_code,omitempty"`        // three digits
	CVM               CVM       `json:"cvm,omitempty"`
	EMVRequest        string    `json:"emv_request,omitempty"` // request tags as hex TLV, upper case
}

// Check refuses what is not a truncated card: six and four digits, no more.
func (p Present) Check() error {
	if !digits(p.BIN, 6) || !digits(p.Last4, 4) {
		return fmt.Errorf("card data is not truncated to six and four digits")
	}
	return nil
}

func digits(text string, count int) bool {
	if len(text) != count {
		return false
	}
	for _, r := range text {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// Kind names what a sealed item is.
type Kind string

// The kinds of sealed items a reader delivers.
const (
	PAN      Kind = "pan"
	Track1   Kind = "track1"
	Track2   Kind = "track2"
	Track3   Kind = "track3"
	PINBlock Kind = "pin_block"
)

// Scheme names how an item was sealed, in the contract's words.
type Scheme string

// The sealing schemes in use (ABECS data methods 50 and 51, PIN method 3).
const (
	DUKPTECB Scheme = "dukpt_3des_ecb"
	DUKPTCBC Scheme = "dukpt_3des_cbc"
)

// Sealed is one ciphertext as the reader gave it: the contract's EncryptedItem.
// It is for one live call; no fact, file or log may hold it, so it prints masked.
type Sealed struct {
	Kind       Kind   `json:"kind"`
	Scheme     Scheme `json:"scheme"`
	KeySlot    int    `json:"key_slot"`
	KSN        string `json:"ksn"`                   // hex, upper case
	OpenDigits int    `json:"open_digits,omitempty"` // clear digits in front of the ciphertext
	Data       string `json:"data"`                  // hex, upper case
}

// String names the item without its content.
func (s Sealed) String() string { return "sealed " + string(s.Kind) }

// GoString keeps %#v as silent as %v.
func (s Sealed) GoString() string { return s.String() }

// LogValue keeps structured logs as silent as %v.
func (s Sealed) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Reading is what the reader gave of one card. Sealed items never outlive the
// authorisation that carries them.
type Reading struct {
	Card   Present
	Sealed []Sealed
}

// Cryptogram is the card's final word.
type Cryptogram string

// The card's final words: accepted, refused, no answer.
const (
	TC   Cryptogram = "tc"
	AAC  Cryptogram = "aac"
	None Cryptogram = "none"
)

// Completion is the card's final answer to the issuer: the contract's CardCompletion.
type Completion struct {
	Cryptogram          Cryptogram `json:"cryptogram"`
	EMVCompletion       string     `json:"emv_completion,omitempty"`        // hex TLV with 9F26, 9F27, 95
	IssuerScriptResults string     `json:"issuer_script_results,omitempty"` // hex, five bytes a script
}

// IssuerAnswer is what the issuer sends back to the chip: the contract's
// IssuerAnswer, whole TLV objects in hex.
type IssuerAnswer struct {
	ARC                string   `json:"arc,omitempty"`                 // two characters, value of tag 8A
	AuthenticationData string   `json:"authentication_data,omitempty"` // tag 91
	Scripts            []string `json:"scripts,omitempty"`             // templates 71 and 72
}
