package symbol_test

import (
	"image"
	"image/color"
	"testing"

	"github.com/boombuler/barcode/code128"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"balcao/simulators/simprinter/symbol"
)

// read decodes a symbol drawn with four dots to the module and white around it.
func read(t *testing.T, reader gozxing.Reader, code symbol.Code) string {
	t.Helper()
	const module, quiet, barHeight = 4, 48, 40
	high := module
	if len(code.Modules) == 1 {
		high = barHeight
	}
	width, height := len(code.Modules[0])*module+2*quiet, len(code.Modules)*high+2*quiet
	drawn := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			row, column := (y-quiet)/high, (x-quiet)/module
			dark := y >= quiet && x >= quiet && row < len(code.Modules) && column < len(code.Modules[0]) && code.Modules[row][column]
			if !dark {
				drawn.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(drawn)
	require.NoError(t, err)
	result, err := reader.Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	require.NoError(t, err)
	return result.GetText()
}

func TestBarsAreReadBackByAnotherProgram(t *testing.T) {
	cases := []struct {
		kind          symbol.Kind
		data          string
		text, scanned string
		reader        gozxing.Reader
	}{
		{symbol.EAN13, "7891234567895", "7891234567895", "7891234567895", oned.NewEAN13Reader()},
		{symbol.EAN13, "789123456789", "7891234567895", "7891234567895", oned.NewEAN13Reader()},
		{symbol.EAN8, "96385074", "96385074", "96385074", oned.NewEAN8Reader()},
		{symbol.UPCA, "03600029145", "036000291452", "036000291452", oned.NewUPCAReader()},
		{symbol.UPCA, "036000291452", "036000291452", "036000291452", oned.NewUPCAReader()},
		{symbol.CODE39, "*BALCAO 03*", "BALCAO 03", "BALCAO 03", oned.NewCode39Reader()},
		{symbol.ITF, "17891234567892", "17891234567892", "17891234567892", oned.NewITFReader()},
		{symbol.CODE128, "{Bcaixa 03", "caixa 03", "caixa 03", oned.NewCode128Reader()},
		{symbol.CODE128, "{ACAIXA", "CAIXA", "CAIXA", oned.NewCode128Reader()},
		{symbol.CODE128, "{C\x0c\x22\x38\x4e", "12345678", "12345678", oned.NewCode128Reader()},
		{symbol.CODE128, "{Bab{C\x0c\x22{B!", "ab1234!", "ab1234!", oned.NewCode128Reader()},
		{symbol.CODE128, "{Bab{SC{{d", "abC{d", "abC{d", oned.NewCode128Reader()},
		{symbol.CODE128, "{C{1\x01\x07\x59", "010789", "010789", oned.NewCode128Reader()},
	}
	for _, c := range cases {
		code, err := symbol.Bars(c.kind, []byte(c.data))
		require.NoError(t, err, c.data)
		require.Equal(t, c.text, code.Text)
		require.Equal(t, c.scanned, read(t, c.reader, code), "%s %q", c.kind, c.data)
	}
}

// TestCode128BarsEqualThoseOfAnotherEncoder compares where both pick set B.
func TestCode128BarsEqualThoseOfAnotherEncoder(t *testing.T) {
	for _, text := range []string{"Caixa", "a1b2c3", "~}|{z", "R$ 1,9 x"} {
		other, err := code128.Encode(text)
		require.NoError(t, err)
		braced := "{B"
		for _, r := range text {
			if r == '{' {
				braced += "{"
			}
			braced += string(r)
		}
		code, err := symbol.Bars(symbol.CODE128, []byte(braced))
		require.NoError(t, err)
		require.Len(t, code.Modules[0], other.Bounds().Dx(), text)
		for x, dark := range code.Modules[0] {
			level, _, _, _ := other.At(x, 0).RGBA()
			require.Equal(t, level == 0, dark, "%s, module %d", text, x)
		}
	}
}

func TestFirmwareRefusesWhatItCannotEncode(t *testing.T) {
	cases := []struct {
		kind symbol.Kind
		data string
		says string
	}{
		{symbol.EAN13, "7891234567890", "EAN13"},
		{symbol.EAN13, "96385074", "wants 12 digits"},
		{symbol.EAN13, "78912345678A", "invalid"},
		{symbol.EAN8, "789123456789", "wants 7 digits"},
		{symbol.UPCA, "123", "wants 11 digits"},
		{symbol.CODE39, "caixa", "CODE39"},
		{symbol.ITF, "123", "even number"},
		{symbol.CODE128, "CAIXA", "code set is missing"},
		{symbol.CODE128, "{1", "code set is missing"},
		{symbol.CODE128, "{Bx{", "brace at the end"},
		{symbol.CODE128, "{B", "without characters"},
		{symbol.CODE128, "{Aa", "not in code set A"},
		{symbol.CODE128, "{C\x64", "not in code set C"},
		{symbol.CODE128, "{C{S", "no meaning in code set C"},
		{symbol.CODE128, "{B{9", "no meaning in code set B"},
		{66, "0123456", "no kind"},
	}
	for _, c := range cases {
		_, err := symbol.Bars(c.kind, []byte(c.data))
		require.ErrorContains(t, err, c.says, "%s %q", c.kind, c.data)
	}
}

func TestQRHasTheSizeOfAPrinterInByteMode(t *testing.T) {
	url := make([]byte, 109)
	for i := range url {
		url[i] = "0123456789"[i%10]
	}
	code, err := symbol.QR(url, symbol.LevelL+1)
	require.NoError(t, err)
	require.Len(t, code.Modules, 45, "109 characters at level M are version 7")
	require.Equal(t, string(url), read(t, qrcode.NewQRCodeReader(), code))
	for level := symbol.LevelL; level.Valid(); level++ {
		code, err := symbol.QR([]byte("balcão"), level)
		require.NoError(t, err)
		require.Equal(t, "balcão", read(t, qrcode.NewQRCodeReader(), code))
	}
	_, err = symbol.QR(make([]byte, 3000), symbol.LevelL)
	require.ErrorContains(t, err, "3000 bytes")
}

// FuzzBars holds that no data of a host breaks the encoder.
func FuzzBars(f *testing.F) {
	f.Add(byte(73), []byte("{Bcaixa {C\x01\x02"))
	f.Add(byte(67), []byte("789123456789"))
	f.Add(byte(69), []byte("*A\xff*"))
	f.Add(byte(70), []byte("12"))
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		code, err := symbol.Bars(symbol.Kind(kind), data)
		if err == nil {
			require.Len(t, code.Modules, 1)
			require.True(t, code.Modules[0][0], "a symbol begins with a bar")
		}
	})
}
