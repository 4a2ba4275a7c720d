package scanner

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/terminal/catalog"
)

// Codes of labels: the EAN-13 of GS1 General Specifications, 7.9 ("629104150021"
// and its check digit), an EAN-8, a UPC-A, an ITF-14, and two without check digit.
const (
	ean13   = "6291041500213"
	ean8    = "96385074"
	upcA    = "036000291452"
	itf14   = "15400141288763"
	locker  = "LOCKER-17/B"
	receipt = "SALE 000123"
)

var dawn = time.Date(2026, 3, 14, 6, 0, 0, 0, time.UTC)

// quiet is a framer whose line was silent after opening.
func quiet(ending Ending) *framer {
	made := newFramer(ending, dawn)
	made.silent()
	return made
}

// hear feeds a text at once, and then a silence if there is one.
func (f *framer) hear(text string, thenSilence bool) (codes []string, troubles []trouble) {
	collect := func(read reading, ended bool) {
		switch {
		case ended && read.trouble != "":
			troubles = append(troubles, read.trouble)
		case ended:
			codes = append(codes, read.code)
		}
	}
	for _, b := range []byte(text) {
		collect(f.feed(b, dawn))
	}
	if thenSilence {
		collect(f.silent())
	}
	return codes, troubles
}

func TestWhatStandsAroundACodeIsTakenOff(t *testing.T) {
	for wire, code := range map[string]string{
		ean13 + "\r":                    ean13,
		ean13 + "\n":                    ean13,
		ean13 + "\r\n":                  ean13,
		ean13 + "\t":                    ean13,
		"\x02" + ean13 + "\x03":         ean13,
		"\x02" + ean13 + "\x03\r\n":     ean13,
		"\x02" + ean13 + "\r":           ean13,
		"]E0" + ean13 + "\r":            ean13,
		"]E4" + ean8 + "\r":             ean8,
		"]E0" + upcA + "\r":             upcA,
		"]I1" + itf14 + "\r":            itf14,
		"]C1" + locker + "\r":           locker,
		"]d2" + locker + "\r":           locker,
		"\x02]Q3" + receipt + "\x03\r":  receipt,
		"  " + receipt + " \r":          receipt,
		"]no identifier\r":              "]no identifier",
		"]E0\r":                         "]E0", // nothing behind it: a label that says so
		"abc\r":                         "abc",
		strings.Repeat("x", 512) + "\r": strings.Repeat("x", 512),
	} {
		codes, troubles := quiet(EndingLearned).hear(wire, true)
		require.Equal(t, []string{code}, codes, "%q", wire)
		require.Empty(t, troubles, "%q", wire)
	}
}

func TestWhatIsNoCodeIsReportedOnceWithItsReason(t *testing.T) {
	for wire, why := range map[string]trouble{
		"17\r":                          tooShort,
		"   \r":                         tooShort,
		"]E017\r":                       tooShort,
		strings.Repeat("x", 513) + "\r": tooLong,
		strings.Repeat("x", 9000):       tooLong,
		"629104\x001500213\r":           strange,
		"629104\xC31500213\r":           strange,
		"\x1b[A":                        strange,
		"PÃO FRANCÊS\r":                 strange,
		"6291041500":                    unended,
		locker:                          unended,
	} {
		codes, troubles := quiet(EndingLearned).hear(wire, true)
		require.Empty(t, codes, "%q", wire)
		require.Equal(t, []trouble{why}, troubles, "%q", wire)
	}
}

func TestEmptyLinesAndSilenceAreNothing(t *testing.T) {
	codes, troubles := quiet(EndingLearned).hear("\r\r\n\n\t\x02\x03", true)
	require.Empty(t, codes)
	require.Empty(t, troubles)
}

func TestSilenceEndsACodeAsFarAsTheScannerIsKnown(t *testing.T) {
	for name, row := range map[string]struct {
		ending Ending
		before string
		wire   string
		told   bool
	}{
		"nothing known, proven by its check digit":     {EndingLearned, "", ean13, true},
		"nothing known, could be half":                 {EndingLearned, "", locker, false},
		"has sent suffixes":                            {EndingLearned, locker + "\r", ean13, false},
		"always sends a suffix":                        {EndingSuffix, "", ean13, false},
		"never sends one":                              {EndingSilence, "", locker, true},
		"never sends one, and has":                     {EndingSilence, receipt + "\r", locker, true},
		"never sends one, and this is hardly anything": {EndingSilence, "", "17", false},
	} {
		t.Run(name, func(t *testing.T) {
			frames := quiet(row.ending)
			frames.hear(row.before, true)
			codes, troubles := frames.hear(row.wire, true)
			require.Equal(t, row.told, len(codes) == 1)
			require.Equal(t, !row.told, len(troubles) == 1)
		})
	}
}

func TestScannerThatIsProgrammedAnewLosesOneCodeWithAReport(t *testing.T) {
	frames := quiet(EndingLearned)
	frames.hear(ean13+"\r", true)
	_, troubles := frames.hear(ean8, true)
	require.Equal(t, []trouble{unended}, troubles)
	codes, _ := frames.hear(ean8, true)
	require.Equal(t, []string{ean8}, codes)
}

func TestHalfACodeBehindNoiseOrAtTheStartIsNotBelieved(t *testing.T) {
	fresh := newFramer(EndingLearned, dawn)
	codes, troubles := fresh.hear("500213\r", false)
	require.Empty(t, codes)
	require.Equal(t, []trouble{unproven}, troubles)

	frames := quiet(EndingLearned)
	codes, troubles = frames.hear("\xFF\x80\rLOCK\r", false)
	require.Empty(t, codes)
	require.Equal(t, []trouble{strange, unproven}, troubles)
	codes, _ = frames.hear(ean13+"\r", false)
	require.Equal(t, []string{ean13}, codes, "its check digit proves it")
	frames.silent()
	codes, _ = frames.hear(locker+"\r", false)
	require.Equal(t, []string{locker}, codes, "the line was silent")
}

func TestStartOfTextEndsWhatWasLeftHanging(t *testing.T) {
	frames := quiet(EndingLearned)
	codes, troubles := frames.hear("\x02629104\x02"+ean13+"\x03", true)
	require.Equal(t, []string{ean13}, codes)
	require.Equal(t, []trouble{unended}, troubles)
}

func TestCableThatGoesAwayLeavesNoHalfCode(t *testing.T) {
	for _, ending := range []Ending{EndingLearned, EndingSuffix, EndingSilence} {
		frames := quiet(ending)
		_, ended := frames.lost()
		require.False(t, ended, "nothing was under way")
		frames.hear(ean13, false)
		read, ended := frames.lost()
		require.True(t, ended)
		require.Equal(t, broken, read.trouble)
	}
}

func TestBurstsWithFaultsKeepEveryGoodCodeThatIsProven(t *testing.T) {
	random := rand.New(rand.NewPCG(golden.Seed(t), 0))
	good := []string{ean13, ean8, upcA, itf14}
	for range 2000 {
		frames := newFramer([]Ending{EndingLearned, EndingSuffix, EndingSilence}[random.IntN(3)], dawn)
		var wire strings.Builder
		var want []string
		faults := 0
		for range random.IntN(8) {
			code := good[random.IntN(len(good))]
			if slices.Contains(want, code) {
				continue // told twice is another story
			}
			switch random.IntN(4) {
			case 0:
				wire.WriteString(code[:3] + "\xF0" + code[3:] + "\r")
				faults++
			case 1:
				wire.WriteString(code[:2] + "\r\n")
				faults++
			default:
				wire.WriteString(code + []string{"\r", "\n", "\r\n", "\t", "\x03"}[random.IntN(5)])
				want = append(want, code)
			}
		}
		codes, troubles := frames.hear(wire.String(), true)
		require.Equal(t, want, codes, "%q", wire.String())
		require.Len(t, troubles, faults, "%q", wire.String())
	}
}

func FuzzFramerTellsOnlyCodesAndLosesNothing(f *testing.F) {
	for _, seed := range []string{ean13 + "\r", "\x02]E0" + ean13 + "\x03\r\n", "17\r" + locker + "\t", "\xFF\x00\r\n" + ean8, "]", "\x02\x02"} {
		f.Add([]byte(seed), uint8(0))
	}
	f.Fuzz(func(t *testing.T, wire []byte, kind uint8) {
		endings := []Ending{EndingLearned, EndingSuffix, EndingSilence}
		frames := newFramer(endings[int(kind)%len(endings)], dawn)
		codes, troubles := frames.hear(string(wire), true)
		for _, code := range codes {
			require.GreaterOrEqual(t, len(code), codeMin)
			require.LessOrEqual(t, len(code), codeMax)
			require.NotContains(t, code, "\x02")
			require.True(t, isPrintable(code), "%q", code)
			require.Contains(t, string(wire), code)
		}
		require.Equal(t, pieces(wire), len(codes)+len(troubles), "every piece ends in one report")
		codes, _ = frames.hear(locker+"\r", true)
		require.Equal(t, []string{locker}, codes, "after a silence all is well")
	})
}

// isPrintable says that a text is of printable ASCII characters.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// pieces counts what stands between control characters that end or begin a code.
func pieces(wire []byte) int {
	return len(strings.FieldsFunc(string(mapBytes(wire)), func(r rune) bool { return r == '|' }))
}

// mapBytes makes one character of each byte, "|" of those that end or begin a code.
func mapBytes(wire []byte) []byte {
	mapped := slices.Clone(wire)
	for i, b := range mapped {
		mapped[i] = 'x'
		if strings.IndexByte("\r\n\t\x02\x03", b) >= 0 {
			mapped[i] = '|'
		}
	}
	return mapped
}

func TestVectorsAreWhatTheySay(t *testing.T) {
	for _, code := range []string{ean13, ean8, upcA, itf14} {
		require.True(t, catalog.ValidGTIN(code), code)
	}
}
