package scanner

import (
	"strings"
	"time"

	"balcao/terminal/catalog"
)

// Ending says how a scanner ends a code, which is how it is programmed.
type Ending string

// The endings. What is found out holds until the cable goes away, and is given up
// for a scanner that was programmed anew: that costs one code, with a report.
const (
	EndingLearned Ending = "auto"   // found out from its codes; meant when empty
	EndingSuffix  Ending = "always" // CR, LF, CR+LF, TAB or ETX: what ends without one was cut short
	EndingSilence Ending = "none"   // no suffix: a silence ends every code
)

// Lengths of a code in characters. Shorter is a fragment; longer is more than a
// till has to do with, an invoice's address on the web included.
const (
	codeMin = 3
	codeMax = 512
)

// silence ends a code that no suffix ends. At 9600 bit/s a character takes one
// millisecond, over USB and radio pieces of a code come some 10 ms apart, and a
// person who scans takes longer than 100 ms.
const silence = 60 * time.Millisecond

// repeatGap is shorter than anybody scans: the same code again within it is one
// scan told twice, by a worn trigger or a repeating radio link.
const repeatGap = 50 * time.Millisecond

// Control characters around a code (ISO/IEC 646). Scanners are programmed to send
// STX before it, and ETX or one of the others behind it.
const (
	startOfText    = 0x02
	endOfText      = 0x03
	tab            = 0x09
	lineFeed       = 0x0A
	carriageReturn = 0x0D
)

// identifierLength is that of a symbology identifier: "]", a letter for the
// symbology, a hexadecimal digit for what was done to the code (ISO/IEC 15424).
const identifierLength = 3

// trouble says why something that arrived is no code; empty if it is one.
type trouble string

const (
	strange  trouble = "characters that no code has"
	tooShort trouble = "shorter than a code"
	tooLong  trouble = "longer than a code"
	unended  trouble = "not ended by a suffix"
	unproven trouble = "behind noise, and without a check digit that proves it whole"
	broken   trouble = "the cable went away within it"
)

// end is what ended a code.
type end int

const (
	bySuffix end = iota
	bySilence
	byLoss
)

// reading is what stood between two ends: a code, or trouble.
type reading struct {
	code    string
	gap     time.Duration // silence between the code before and this one
	repeat  bool          // the code before, told twice
	trouble trouble
	bytes   int
}

// framer cuts the bytes of one cable into codes.
//
// It never makes half a code a whole one. Where a half may stand (right after
// opening, behind noise until the line was silent, at the end of a code without a
// suffix) a code counts only if it is a GTIN, whose check digit proves it.
type framer struct {
	ending Ending
	marked bool // this scanner ends codes with a suffix, as far as is known
	doubt  bool // what comes next may be the rest of something

	open    bool // something has arrived since the last end
	pending []byte
	bytes   int     // arrived since then, also those not kept
	spoilt  trouble // why pending is no code, whatever comes
	begun   time.Time
	latest  time.Time

	last  string    // the code right before, none behind what was no code
	ended time.Time // when the last code did
}

func newFramer(ending Ending, opened time.Time) *framer {
	return &framer{ending: ending, doubt: true, ended: opened}
}

// waiting says that a silence would mean something.
func (f *framer) waiting() bool { return f.open || f.doubt }

// feed takes a byte that arrived at a moment. It answers what the byte has ended,
// if it has ended anything.
func (f *framer) feed(b byte, at time.Time) (read reading, ended bool) {
	switch b {
	case carriageReturn, lineFeed, tab, endOfText:
		return f.finish(bySuffix)
	case startOfText:
		return f.finish(bySilence) // nothing more of what stands before it will come
	}
	if !f.open {
		f.open, f.begun = true, at
	}
	f.latest = at
	f.bytes++
	switch {
	case b < ' ' || b > '~':
		f.spoil(strange)
	case len(f.pending) == identifierLength+codeMax:
		f.spoil(tooLong)
	default:
		f.pending = append(f.pending, b)
	}
	return reading{}, false
}

// spoil keeps the first reason.
func (f *framer) spoil(why trouble) {
	if f.spoilt == "" {
		f.spoilt = why
	}
}

// silent is told when nothing came for [silence].
func (f *framer) silent() (read reading, ended bool) {
	read, ended = f.finish(bySilence)
	f.doubt = false
	return read, ended
}

// lost is told when the cable goes away.
func (f *framer) lost() (read reading, ended bool) { return f.finish(byLoss) }

func (f *framer) finish(by end) (read reading, ended bool) {
	if !f.open {
		return reading{}, false
	}
	code := strings.TrimSpace(stripIdentifier(string(f.pending)))
	proven := catalog.ValidGTIN(code)
	read = reading{gap: f.begun.Sub(f.ended), bytes: f.bytes, trouble: f.judge(code, proven, by)}
	f.open, f.spoilt, f.bytes, f.pending = false, "", 0, f.pending[:0]
	if by == bySilence && proven {
		f.marked = false
	}
	if read.trouble != "" {
		f.doubt, f.last = true, ""
		return read, true
	}
	f.marked = f.marked || by == bySuffix
	read.code, read.repeat = code, code == f.last && read.gap < repeatGap
	f.last, f.ended = code, f.latest
	return read, true
}

// judge says what is wrong with a code that has ended; proven says that its check
// digit shows it to be whole.
func (f *framer) judge(code string, proven bool, by end) trouble {
	mustBeMarked := f.ending == EndingSuffix || f.ending != EndingSilence && f.marked
	switch {
	case f.spoilt != "":
		return f.spoilt
	case by == byLoss:
		return broken
	case len(code) < codeMin:
		return tooShort
	case len(code) > codeMax:
		return tooLong
	case f.doubt && !proven:
		return unproven
	case by == bySuffix || f.ending == EndingSilence:
		return ""
	case mustBeMarked || !proven:
		return unended
	default:
		return ""
	}
}

// stripIdentifier takes the symbology identifier off, if the scanner sends it.
func stripIdentifier(code string) string {
	if len(code) > identifierLength && code[0] == ']' && isLetter(code[1]) && strings.IndexByte("0123456789ABCDEF", code[2]) >= 0 {
		return code[identifierLength:]
	}
	return code
}

func isLetter(b byte) bool { return 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' }
