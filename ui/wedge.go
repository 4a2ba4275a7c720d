package ui

import (
	"strings"
	"time"

	"balcao/ui/keymap"
)

// Times of a keyboard-wedge scanner. A scanner sends a rune every few
// milliseconds; 35 ms still holds slow Bluetooth ones, and nobody types six runes
// in a row that fast.
const (
	scanGapDefault = 35 * time.Millisecond
	scanSilence    = 60 * time.Millisecond  // ends a burst that has no Enter
	prefixTimeout  = 500 * time.Millisecond // a prefix without its end
)

// Lengths of a burst, in runes.
const (
	scanMin      = 6    // the shortest code that timing alone confirms
	scanShortMin = 3    // fewer, ended by Enter at a scanner's speed, is typing
	scanMax      = 1024 // longer is noise
)

// stroke is one key press: a rune, or a key that has a name.
type stroke struct {
	glyph rune // 0 for a named key
	key   keymap.Key
	at    time.Time
}

// Keys that only the wedge and the entry line know. Prefix is what scanners are
// programmed to send first: STX or F24.
const (
	keyBackspace keymap.Key = "Backspace"
	keyTab       keymap.Key = "Tab"
	keyLineFeed  keymap.Key = "LF"
	keyPrefix    keymap.Key = "Prefix"
	keyClear     keymap.Key = "Ctrl+U"
	keyInterrupt keymap.Key = "Ctrl+C"
)

// heard is what the wedge makes of strokes: a stroke that passes, or a scan that
// takes the strokes of its run back.
type heard struct {
	stroke
	run     uint64 // the run of runes that the stroke or scan belongs to
	scanned bool
	code    string
	broken  bool // a scan that is too short or too long to be one
}

// wedge stands before focus and tells scanning from typing. Runes pass at once;
// when a run of them turns out to be a scan, the scan names the run.
//
// A scan is a run of at least six runes, no gap longer than gap, not one key held
// down, ended by Enter or Tab, or by silence if its check digit is right; or
// whatever stands between a prefix and Enter. Its Enter is swallowed, with a line
// feed after it. ETX, which a terminal reads as Ctrl+C, ends a prefixed one too.
type wedge struct {
	gap        time.Duration // at most scanSilence; zero: trust the prefix only, as over SSH
	run        uint64
	open       bool
	runes      []rune
	last       time.Time
	prefixed   bool
	swallowing time.Time // line feeds until then belong to a scan
}

// press takes one stroke.
func (w *wedge) press(s stroke) []heard {
	switch {
	case s.key == keyPrefix:
		w.begin(s.at)
		w.prefixed = true
		return nil
	case s.glyph != 0 && w.prefixed:
		w.add(s)
		return nil
	case s.glyph != 0 && w.gap == 0:
		w.run++
		return []heard{{stroke: s, run: w.run}}
	case s.glyph != 0:
		if !w.open || s.at.Sub(w.last) > w.gap {
			w.begin(s.at)
		}
		w.add(s)
		return []heard{{stroke: s, run: w.run}}
	case isEnd(s.key), w.prefixed && s.key == keyInterrupt:
		return w.end(s)
	default:
		w.open, w.prefixed = false, false
		return []heard{{stroke: s, run: w.run}}
	}
}

func isEnd(key keymap.Key) bool { return key == keymap.Enter || key == keyLineFeed || key == keyTab }

func (w *wedge) begin(at time.Time) {
	w.run++
	w.open, w.prefixed, w.runes, w.last = true, false, w.runes[:0], at
}

func (w *wedge) add(s stroke) {
	w.last = s.at
	if len(w.runes) <= scanMax {
		w.runes = append(w.runes, s.glyph)
	}
}

// end takes Enter, Tab or a line feed: the end of a scan, or a key of its own.
func (w *wedge) end(s stroke) []heard {
	wait := s.at.Sub(w.last)
	switch {
	case !s.at.After(w.swallowing):
		return nil
	case w.prefixed:
		return w.scan(s.at, len(w.runes) < scanShortMin)
	case !w.open || isHeldKey(w.runes):
	case len(w.runes) >= scanMin && wait <= scanSilence:
		return w.scan(s.at, len(w.runes) > scanMax)
	case len(w.runes) >= scanShortMin && wait <= w.gap:
		return w.scan(s.at, true)
	}
	w.open = false
	if s.key == keyLineFeed {
		s.key = keymap.Enter
	}
	return []heard{{stroke: s, run: w.run}}
}

func (w *wedge) scan(at time.Time, broken bool) []heard {
	w.open, w.prefixed = false, false
	w.swallowing = at.Add(scanSilence)
	return []heard{{run: w.run, scanned: true, broken: broken, code: stripIdentifier(string(w.runes)), stroke: stroke{at: at}}}
}

// deadline is when [wedge.expire] wants to be called, if it does.
func (w *wedge) deadline() (time.Time, bool) {
	switch {
	case !w.open:
		return time.Time{}, false
	case w.prefixed:
		return w.last.Add(prefixTimeout), true
	case len(w.runes) >= scanMin:
		return w.last.Add(scanSilence), true
	default:
		return w.last.Add(w.gap), true
	}
}

// expire ends a run by silence.
func (w *wedge) expire(now time.Time) []heard {
	deadline, waiting := w.deadline()
	if !waiting || now.Before(deadline) {
		return nil
	}
	complete := !isHeldKey(w.runes) && hasCheckDigit(stripIdentifier(string(w.runes)))
	switch {
	case w.prefixed:
		return w.scan(now, len(w.runes) < scanMin)
	case len(w.runes) >= scanMin && complete:
		return w.scan(now, false)
	}
	w.open = false
	return nil
}

// typing says whether a run may still turn out to be a scan.
func (w *wedge) typing(run uint64) bool { return w.open && w.run == run }

// isHeldKey says that a run is one key that repeats.
func isHeldKey(runes []rune) bool {
	for _, glyph := range runes {
		if glyph != runes[0] {
			return false
		}
	}
	return len(runes) > 1
}

// stripIdentifier takes the symbology identifier off a code, if the scanner sends
// it: "]E0", "]C1" (ISO/IEC 15424).
func stripIdentifier(code string) string {
	if len(code) > 3 && code[0] == ']' && code[1] >= 'A' && code[1] <= 'Z' {
		return code[3:]
	}
	return code
}

// invoiceDigits is the length of a fiscal document's access key and of a bank
// slip's bar code.
const invoiceDigits = 44

// hasCheckDigit says that a run of digits is a complete code: a GTIN with its
// check digit (GS1 General Specifications, 7.9), or as long as an access key.
func hasCheckDigit(code string) bool {
	if strings.Trim(code, "0123456789") != "" {
		return false
	}
	switch len(code) {
	case invoiceDigits:
		return true
	case 8, 12, 13, 14:
	default:
		return false
	}
	sum := 0
	for i := range len(code) {
		digit, weight := int(code[len(code)-1-i]-'0'), 1
		if i%2 == 1 {
			weight = 3
		}
		sum += digit * weight
	}
	return sum%10 == 0
}
