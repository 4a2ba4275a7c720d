// Package reader holds what a card reader may show the till of a card: the PAN
// with its middle hidden, and the head of track 2 behind such a PAN.
//
// These types take nothing else. Data that is not masked is refused with an
// error that does not repeat it, and no way of printing a value shows a digit:
// who needs the digits asks for them by name. Nothing here talks to a device;
// the drivers below this folder do. Start with [ParseMaskedPAN].
//
// Facts: PCI DSS 4.0.1, 3.4.1 (first six and last four digits may be shown);
// ISO/IEC 7812 for the PAN; ISO/IEC 7813 for track 2; ABECS, SPE_PANMASK.
package reader

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// PANMask is the value of SPE_PANMASK that a driver always sends: six clear
// digits on the left, four on the right, '*' between.
const PANMask = "0604"

// Lengths in digits. A PAN of ten digits or less would come through [PANMask]
// unmasked; none is that short.
const (
	binDigits    = 6
	lastDigits   = 4
	panDigitsMin = 12
	panDigitsMax = 19
)

// ErrNotMasked says that a reader gave card data that is not masked as asked.
// The data is gone; the error does not hold it.
var ErrNotMasked = errors.New("card data is not masked to six and four digits")

// MaskedPAN is a PAN of which the first six and last four digits are known.
// The zero value is no PAN at all.
type MaskedPAN struct {
	// digits stands behind a pointer because fmt prints the fields of a value, past
	// its Format method, for a verb that does not fit (%p of a slice).
	digits *panDigits
}

type panDigits struct {
	bin    string
	last4  string
	length int
}

// ParseMaskedPAN reads a PAN as a pinpad returns it under [PANMask],
// "541333******0011", and answers [ErrNotMasked] for everything else.
func ParseMaskedPAN(text string) (MaskedPAN, error) {
	if len(text) < panDigitsMin || len(text) > panDigitsMax {
		return MaskedPAN{}, ErrNotMasked
	}
	bin, hidden, last4 := text[:binDigits], text[binDigits:len(text)-lastDigits], text[len(text)-lastDigits:]
	if !allDigits(bin) || !allDigits(last4) || strings.Trim(hidden, "*") != "" {
		return MaskedPAN{}, ErrNotMasked
	}
	return MaskedPAN{&panDigits{bin: bin, last4: last4, length: len(text)}}, nil
}

// BIN answers the first six digits, of no PAN an empty string.
func (p MaskedPAN) BIN() string { return p.known().bin }

// Last4 answers the last four digits, of no PAN an empty string.
func (p MaskedPAN) Last4() string { return p.known().last4 }

// Length answers how many digits the PAN has, hidden ones included.
func (p MaskedPAN) Length() int { return p.known().length }

func (p MaskedPAN) known() panDigits {
	if p.digits == nil {
		return panDigits{}
	}
	return *p.digits
}

// Format writes the type's name, whatever the verb.
func (p MaskedPAN) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "masked PAN") }

// LogValue keeps structured logs as silent as printing.
func (p MaskedPAN) LogValue() slog.Value { return slog.StringValue("masked PAN") }

// MarshalText keeps JSON and other encodings as silent as printing.
func (p MaskedPAN) MarshalText() ([]byte, error) { return []byte("masked PAN"), nil }

// Expiry is the month in which a card stops being good. The zero value is unknown.
type Expiry struct {
	month *yearMonth // behind a pointer for the reason given in [MaskedPAN]
}

type yearMonth struct {
	year, month int
}

// ParseExpiry reads the first four digits of an expiry, YYMM or YYMMDD; the card
// is good until the month's end.
func ParseExpiry(text string) (Expiry, error) {
	if (len(text) != 4 && len(text) != 6) || !allDigits(text) {
		return Expiry{}, errors.New("expiry is not YYMM or YYMMDD")
	}
	year, month := 2000+number(text[:2]), number(text[2:4])
	if month < 1 || month > 12 {
		return Expiry{}, errors.New("expiry has no such month")
	}
	return Expiry{&yearMonth{year: year, month: month}}, nil
}

// Year answers the year, four digits, or 0 if the expiry is unknown.
func (e Expiry) Year() int { return e.known().year }

// Month answers the month, 1 to 12, or 0 if the expiry is unknown.
func (e Expiry) Month() int { return e.known().month }

func (e Expiry) known() yearMonth {
	if e.month == nil {
		return yearMonth{}
	}
	return *e.month
}

// Format writes the type's name, whatever the verb.
func (e Expiry) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "expiry") }

// LogValue keeps structured logs as silent as printing.
func (e Expiry) LogValue() slog.Value { return slog.StringValue("expiry") }

// MarshalText keeps JSON and other encodings as silent as printing.
func (e Expiry) MarshalText() ([]byte, error) { return []byte("expiry"), nil }

// Track2Head is the beginning of track 2 as a pinpad returns it in PP_TRK2INC:
// masked PAN, expiry, service code. The discretionary data is not there.
type Track2Head struct {
	PAN         MaskedPAN
	Expiry      Expiry
	ServiceCode string // three digits, or empty if the track is shorter
}

// ParseTrack2Head reads "541333******0011=2512201". Symbols behind the service
// code are refused like a PAN that is not masked: with [ErrNotMasked].
func ParseTrack2Head(text string) (Track2Head, error) {
	left, right, found := strings.Cut(text, "=")
	pan, err := ParseMaskedPAN(left)
	if err != nil {
		return Track2Head{}, err
	}
	if !found {
		return Track2Head{PAN: pan}, nil
	}
	if (len(right) != 4 && len(right) != 7) || !allDigits(right) {
		return Track2Head{}, ErrNotMasked
	}
	expiry, err := ParseExpiry(right[:4])
	if err != nil {
		return Track2Head{}, fmt.Errorf("read track 2: %w", err)
	}
	return Track2Head{PAN: pan, Expiry: expiry, ServiceCode: right[4:]}, nil
}

func allDigits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}

// number reads digits that [allDigits] has seen.
func number(digits string) int {
	value := 0
	for _, digit := range digits {
		value = value*10 + int(digit-'0')
	}
	return value
}
