package ui

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/ui/keymap"
)

var dawn = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// keyboard feeds a wedge with strokes at given gaps and keeps what comes out.
type keyboard struct {
	wedge wedge
	now   time.Time
	field string // what a field would hold, with runs rolled back
	runs  []uint64
	scans []heard
	keys  []keymap.Key
}

func newKeyboard(gap time.Duration) *keyboard {
	return &keyboard{wedge: wedge{gap: gap}, now: dawn}
}

func (k *keyboard) hear(all []heard) {
	for _, one := range all {
		switch {
		case one.scanned:
			k.scans = append(k.scans, one)
			field, runs := "", []uint64(nil)
			for i, glyph := range []rune(k.field) {
				if k.runs[i] != one.run {
					field, runs = field+string(glyph), append(runs, k.runs[i])
				}
			}
			k.field, k.runs = field, runs
		case one.glyph != 0:
			k.field, k.runs = k.field+string(one.glyph), append(k.runs, one.run)
		default:
			k.keys = append(k.keys, one.key)
		}
	}
}

func (k *keyboard) wait(pause time.Duration) {
	k.now = k.now.Add(pause)
	k.hear(k.wedge.expire(k.now))
}

func (k *keyboard) press(pause time.Duration, pressed stroke) {
	k.wait(pause)
	pressed.at = k.now
	k.hear(k.wedge.press(pressed))
}

func (k *keyboard) types(text string, gap time.Duration) {
	for _, glyph := range text {
		k.press(gap, stroke{glyph: glyph})
	}
}

func (k *keyboard) key(key keymap.Key, pause time.Duration) { k.press(pause, stroke{key: key}) }

func (k *keyboard) codes() []string {
	var codes []string
	for _, scan := range k.scans {
		codes = append(codes, scan.code)
	}
	return codes
}

const (
	fast = 5 * time.Millisecond
	slow = 120 * time.Millisecond
)

func TestBurstWithEnterIsAScanAndTheFieldIsRolledBack(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("3*", slow)
	k.wait(slow)
	k.types("7896006711131", fast)
	require.Equal(t, "3*7896006711131", k.field, "runes pass at once")
	k.key(keymap.Enter, fast)
	require.Equal(t, []string{"7896006711131"}, k.codes())
	require.Equal(t, "3*", k.field)
	require.Empty(t, k.keys, "its Enter is swallowed")
}

func TestCarriageReturnAndLineFeedAreSwallowedTogether(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("7896006711131", fast)
	k.key(keymap.Enter, fast)
	k.key(keyLineFeed, fast)
	require.Empty(t, k.keys)
	k.key(keymap.Enter, slow)
	require.Equal(t, []keymap.Key{keymap.Enter}, k.keys, "a person's Enter passes again")
}

func TestTypedCodeIsNoScan(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("7896006711131", slow)
	k.key(keymap.Enter, slow)
	require.Empty(t, k.scans)
	require.Equal(t, "7896006711131", k.field)
	require.Equal(t, []keymap.Key{keymap.Enter}, k.keys)
}

func TestShortBurstWithEnterIsABrokenScan(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("7896", fast)
	k.key(keymap.Enter, fast)
	require.Len(t, k.scans, 1)
	require.True(t, k.scans[0].broken)
	require.Empty(t, k.field)
	require.Empty(t, k.keys, "a garbled scan never totals and never pays")
}

func TestQuickFingersAreNotAScanner(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("10", 30*time.Millisecond)
	k.key(keymap.Enter, 30*time.Millisecond)
	require.Empty(t, k.scans)
	require.Equal(t, "10", k.field)
	require.Len(t, k.keys, 1)
}

func TestHeldKeyIsNotAScanner(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("00000000", 30*time.Millisecond)
	k.wait(slow)
	k.key(keymap.Enter, fast)
	require.Empty(t, k.scans)
	require.Equal(t, "00000000", k.field)
	k.types("1111111", 30*time.Millisecond)
	k.key(keymap.Enter, 30*time.Millisecond)
	require.Empty(t, k.scans)
}

func TestBurstEndedBySilenceNeedsItsCheckDigit(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("7896006711131", fast)
	k.wait(scanSilence)
	require.Equal(t, []string{"7896006711131"}, k.codes())
	k.types("7896006711132", fast)
	k.wait(scanSilence)
	require.Len(t, k.scans, 1, "a wrong check digit was typed fast, or pasted")
	require.Equal(t, "7896006711132", k.field)
}

func TestTabEndsAScanToo(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("ABC-1234", fast)
	k.key(keyTab, fast)
	require.Equal(t, []string{"ABC-1234"}, k.codes())
}

func TestSymbologyIdentifierIsTakenOff(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types("]E07896006711131", fast)
	k.key(keymap.Enter, fast)
	require.Equal(t, []string{"7896006711131"}, k.codes())
}

func TestOverSSHOnlyThePrefixIsTrusted(t *testing.T) {
	k := newKeyboard(0)
	k.types("7896006711131", 0)
	k.key(keymap.Enter, 0)
	require.Empty(t, k.scans)
	require.Equal(t, []keymap.Key{keymap.Enter}, k.keys)
	k.field, k.runs = "", nil
	k.key(keyPrefix, slow)
	k.types("17", 80*time.Millisecond)
	k.types("896006711131", 80*time.Millisecond)
	k.key(keyInterrupt, fast)
	require.Equal(t, []string{"17896006711131"}, k.codes())
	require.Empty(t, k.field)
}

func TestPrefixWithoutItsEndIsABrokenScan(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.key(keyPrefix, slow)
	k.types("789", fast)
	k.wait(prefixTimeout)
	require.Len(t, k.scans, 1)
	require.True(t, k.scans[0].broken)
	k.types("1", slow)
	require.Equal(t, "1", k.field, "typing goes on")
}

func TestNoiseIsBroken(t *testing.T) {
	k := newKeyboard(scanGapDefault)
	k.types(strings.Repeat("12", scanMax), fast)
	k.key(keymap.Enter, fast)
	require.Len(t, k.scans, 1)
	require.True(t, k.scans[0].broken)
}

// Typing at a person's speed and scanning at a scanner's, in any mixture, are
// told apart without error while the scanner sends its Enter.
func TestMixedTypingAndScanningAreToldApart(t *testing.T) {
	seed := golden.Seed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(random.Int64N(int64(most-least)))
	}
	k := newKeyboard(scanGapDefault)
	var typed string
	var scanned []string
	enters := 0
	for range 500 {
		k.wait(between(70*time.Millisecond, time.Second))
		if random.IntN(2) == 0 {
			text := "1234567890*-,."[random.IntN(10):][:1+random.IntN(4)]
			for _, glyph := range text {
				k.press(between(40*time.Millisecond, 300*time.Millisecond), stroke{glyph: glyph})
			}
			typed += text
			if random.IntN(3) == 0 {
				k.key(keymap.Enter, between(40*time.Millisecond, 300*time.Millisecond))
				enters++
			}
			continue
		}
		code := []string{"7896006711131", "12345670", "ABC-99887", "2001234012345"}[random.IntN(4)]
		for i, glyph := range code {
			gap := between(0, scanGapDefault)
			if i == 0 {
				gap = 70 * time.Millisecond
			}
			k.press(gap, stroke{glyph: glyph})
		}
		k.key(keymap.Enter, between(0, scanGapDefault))
		if random.IntN(2) == 0 {
			k.key(keyLineFeed, between(0, scanGapDefault))
		}
		scanned = append(scanned, code)
	}
	require.Equal(t, scanned, k.codes())
	require.Equal(t, typed, k.field)
	require.Len(t, k.keys, enters)
}

func TestCheckDigitsOfPublishedCodes(t *testing.T) {
	// Examples of the GS1 General Specifications and of GTINs in the trade.
	for _, good := range []string{"6291041500213", "614141000036", "96385074", "10614141000415", strings.Repeat("1", 44)} {
		require.True(t, hasCheckDigit(good), good)
	}
	for _, bad := range []string{"6291041500214", "", "123456", "629104150021A", strings.Repeat("1", 43)} {
		require.False(t, hasCheckDigit(bad), bad)
	}
}
