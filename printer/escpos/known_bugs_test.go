//go:build cgo && !nousb

package escpos_test

import (
	"bytes"
	"image"
	"strings"
	"testing"

	"github.com/hennedo/escpos"
	"github.com/stretchr/testify/require"
)

// The library writes these commands wrongly, so package escpos writes them itself.
// A test that fails here says that the library was mended and the way around it
// can go.

// written is what the library sends for the calls of do, styles left aside.
func written(t *testing.T, do func(printer *escpos.Escpos)) []byte {
	t.Helper()
	var sent bytes.Buffer
	printer := escpos.New(&sent)
	printer.SetConfig(escpos.PrinterConfig{
		DisableUnderline: true, DisableBold: true, DisableReverse: true,
		DisableRotate: true, DisableUpsideDown: true, DisableJustify: true,
	})
	do(printer)
	require.NoError(t, printer.Print())
	return sent.Bytes()
}

func TestKnownBugTextIsSentAtSixteenTimesItsSizeUnlessSizeIsCalledFirst(t *testing.T) {
	require.Equal(t, "\x1D!\xFF\n", string(written(t, func(p *escpos.Escpos) { _, _ = p.LineFeed() })))
}

func TestKnownBugEveryWriteRepeatsTheSize(t *testing.T) {
	sent := written(t, func(p *escpos.Escpos) {
		p.Size(1, 1)
		_, _ = p.Write("a")
		_, _ = p.Write("b")
	})
	require.Equal(t, "\x1D!\x00a\x1D!\x00b", string(sent))
}

func TestKnownBugTextIsRawUTF8(t *testing.T) {
	require.Contains(t, string(written(t, func(p *escpos.Escpos) { _, _ = p.Write("ç") })), "\xC3\xA7")
}

func TestKnownBugOneForeignCharacterLosesTheWholeLineWithoutAnError(t *testing.T) {
	for _, line := range []string{"Pão de açúcar — R$ 5,49", "TOTAL 12,50 €", "pa\u0303o", "ab\xffcd"} {
		sent := written(t, func(p *escpos.Escpos) {
			p.Size(1, 1)
			_, err := p.WriteWEU(line)
			require.NoError(t, err)
		})
		require.Equal(t, "\x1D!\x00", string(sent), line)
	}
}

func TestKnownBugANameCanOpenTheDrawer(t *testing.T) {
	sent := written(t, func(p *escpos.Escpos) { _, _ = p.Write("Joao\x1Bp\x00\x19\xFA") })
	require.Contains(t, string(sent), "\x1Bp\x00\x19\xFA")
}

func TestKnownBugNoCodePageIsEverChosen(t *testing.T) {
	sent := written(t, func(p *escpos.Escpos) {
		_, _ = p.Initialize()
		_, _ = p.WriteWEU("ç")
	})
	require.NotContains(t, string(sent), "\x1Bt")
	require.NotContains(t, string(sent), "\x1C.")
}

func TestKnownBugQRLevelIsReplacedByTheSize(t *testing.T) {
	sent := written(t, func(p *escpos.Escpos) { _, _ = p.QRCode("A", true, 6, escpos.QRCodeErrorCorrectionLevelM) })
	require.Contains(t, string(sent), "\x1D(k\x03\x001E\x06")
}

func TestKnownBugQRTakesMoreThanAPrinterHoldsAndCountsOnlyItsData(t *testing.T) {
	written(t, func(p *escpos.Escpos) {
		_, err := p.QRCode(strings.Repeat("a", 7000), true, 6, escpos.QRCodeErrorCorrectionLevelM)
		require.NoError(t, err, "byte mode ends at 2953")
	})
}

func TestKnownBugBarcodeWidthSetsTheHeight(t *testing.T) {
	require.Equal(t, "\x1Dh\x03", string(written(t, func(p *escpos.Escpos) { _, _ = p.BarcodeWidth(3) })))
}

func TestKnownBugStoredImageIsAskedForByAnotherCommand(t *testing.T) {
	require.Equal(t, "\x1Cd\x01\x00", string(written(t, func(p *escpos.Escpos) { _, _ = p.PrintNVBitImage(1, 0) })))
}

func TestKnownBugShortUPCEIsRefused(t *testing.T) {
	written(t, func(p *escpos.Escpos) {
		_, err := p.UPCE("0123456")
		require.Error(t, err)
	})
}

func TestKnownBugCheckDigitsAreNotChecked(t *testing.T) {
	written(t, func(p *escpos.Escpos) {
		_, err := p.EAN13("2000001842130")
		require.NoError(t, err)
	})
}

func TestKnownBugPicturesAreCroppedToMultiplesOfEight(t *testing.T) {
	sent := written(t, func(p *escpos.Escpos) { _, _ = p.PrintImage(image.NewGray(image.Rect(0, 0, 20, 12))) })
	require.Equal(t, []byte{0x1D, 'v', '0', 0, 2, 0, 8, 0}, sent[:8])
}

func TestKnownBugEmptyPicturePanics(t *testing.T) {
	require.Panics(t, func() {
		written(t, func(p *escpos.Escpos) { _, _ = p.PrintImage(image.NewGray(image.Rect(0, 0, 0, 0))) })
	})
}

func TestKnownBugTallPicturesWrapTheirHeight(t *testing.T) {
	sent := written(t, func(p *escpos.Escpos) { _, _ = p.PrintImage(image.NewGray(image.Rect(0, 0, 8, 1<<16+8))) })
	require.Equal(t, []byte{8, 0}, sent[6:8], "the header says 8 rows, 65,544 follow")
	require.Greater(t, len(sent), 1<<16)
}

func TestKnownBugEveryCutIsFull(t *testing.T) {
	require.Equal(t, "\x1DVA\x00", string(written(t, func(p *escpos.Escpos) { _, _ = p.Cut() })))
}

func TestKnownBugSizesBeyondFiveAreCapped(t *testing.T) {
	sent := written(t, func(p *escpos.Escpos) { _, _ = p.Size(8, 8).Write("") })
	require.Equal(t, "\x1D!\x44", string(sent))
}

func TestKnownBugBytesLeaveInTheMiddleOfAReceipt(t *testing.T) {
	var sent bytes.Buffer
	printer := escpos.New(&sent)
	_, err := printer.WriteRaw(make([]byte, 5000))
	require.NoError(t, err)
	require.NotZero(t, sent.Len(), "before Print was called")
}

func TestKnownBugRotationAndTurningAreSentToPrintersWithout(t *testing.T) {
	var sent bytes.Buffer
	printer := escpos.New(&sent)
	_, err := printer.Write("")
	require.NoError(t, err)
	require.NoError(t, printer.Print())
	require.Contains(t, sent.String(), "\x1BV\x00")
	require.Contains(t, sent.String(), "\x1B{\x00")
}
