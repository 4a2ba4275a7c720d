package simprinter

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"balcao/simulators/simprinter/command"
	"balcao/simulators/simprinter/paper"
)

// A receipt is one paper as found in the tray.
type receipt struct {
	text    string
	record  Record
	picture *image.Paletted
}

// lines is the text without the cut.
func (r receipt) lines() []string {
	all := strings.Split(strings.TrimSuffix(r.text, "\n"), "\n")
	return all[:len(all)-1]
}

// remarks are the texts of remarks, one a line.
func remarks(list []Remark) string {
	texts := make([]string, len(list))
	for i, remark := range list {
		texts[i] = fmt.Sprintf("%d %s", remark.Offset, remark.Text)
	}
	return strings.Join(texts, "\n")
}

func readReceipt(t *testing.T, path string) receipt {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	stem := strings.TrimSuffix(path, ".txt")
	file, err := os.Open(stem + ".png")
	require.NoError(t, err)
	defer file.Close()
	picture, err := png.Decode(file)
	require.NoError(t, err)
	noted, err := os.ReadFile(stem + ".json")
	require.NoError(t, err)
	got := receipt{text: string(text), picture: picture.(*image.Paletted)}
	require.NoError(t, json.Unmarshal(noted, &got.record))
	return got
}

func newPrinter(t testing.TB, out string) *Printer {
	t.Helper()
	printer, err := New(Config{Out: out, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return printer
}

const feedAndCut = "\x1dVB\x00"

// printBytes puts a stream straight into the interpreter, cuts and reads the paper.
func printBytes(t *testing.T, stream string) receipt {
	t.Helper()
	return readReceipt(t, printUntilCut(t, stream+feedAndCut))
}

func TestEveryActionIsFramed(t *testing.T) {
	framed := command.Names()
	for name := range maps.Keys(actions) {
		require.Contains(t, framed, name)
	}
}

func TestBytesBecomeText(t *testing.T) {
	right := func(text string) string { return strings.Repeat(" ", 48-len([]rune(text))) + text }
	cases := []struct {
		name, stream string
		lines        []string
	}{
		{"plain", "Ola mundo\n", []string{"Ola mundo"}},
		{"carriage return does nothing", "Ola\r\n", []string{"Ola"}},
		{
			"CP850", "\x1bt\x02\x41\x87\xA3\x63\x61\x72\x2C\x20\x70\xC6\x6F\x2C\x20\x63\x61\x66\x82\x20\x2D\x20\x52\x24\x20\x31\x32\x2C\x35\x30\n",
			[]string{"Açúcar, pão, café - R$ 12,50"},
		},
		{"CP850 capitals", "\x1bt\x02\xC6\xE4\x87\xB5 \x80 R$\n", []string{"ãõçÁ Ç R$"}},
		{"CP437", "\x1bt\x00\x87\n", []string{"ç"}},
		{"CP858", "\x1bt\x13\xC6\xE4\x87\xB5\xD5\n", []string{"ãõçÁ€"}},
		{"CP860", "\x1bt\x03\x84\x94\x87\x86\n", []string{"ãõçÁ"}},
		{"1252", "\x1bt\x10\xE3\xF5\xE7\xC1\x80\n", []string{"ãõçÁ€"}},
		{"country USA", "\x1bR\x00R$ #\n", []string{"R$ #"}},
		{"country Sweden spoils the price", "\x1bR\x05R$ 1\n", []string{"R¤ 1"}},
		{"init goes back to USA and CP437", "\x1bR\x05\x1bt\x02\x1b@$\x84\n", []string{"$ä"}},
		{"init forgets the line", "lost\x1b@kept\n", []string{"kept"}},
		{"double width", "\x1d!\x10TOTAL\n", []string{"T O T A L"}},
		{"double size by print mode", "\x1b!\x30AB\x1b!\x00C\n", []string{"A B C"}},
		{"wraps at 48", strings.Repeat("x", 50) + "\n", []string{strings.Repeat("x", 48), "xx"}},
		{"font B wraps at 64", "\x1bM\x01" + strings.Repeat("y", 65) + "\n", []string{strings.Repeat("y", 64), "y"}},
		{"right", "\x1ba\x02fim\n", []string{right("fim")}},
		{"centre by digit", "\x1ba1meio\n", []string{strings.Repeat(" ", 22) + "meio"}},
		{"feed lines", "a\x1bd\x03b\n", []string{"a", "", "", "b"}},
		{"feed dots", "a\n\x1bJ\x44b\n", []string{"a", "", "", "b"}},
		{"absolute position", "a\x1b$\x78\x00b\n", []string{"a         b"}},
		{"relative position", "a\x1b\\\x18\x00b\x1b\\\xf4\xffc\n", []string{"a  bc"}},
		{"tabs every eight", "a\tb\tc\n", []string{"a       b       c"}},
		{"own tabs", "\x1bD\x04\x06\x00a\tb\tc\td\n", []string{"a   b cd"}},
		{"left margin", "\x1dL\x18\x00a\n", []string{"  a"}},
		{"margin and width", "\x1dL\x18\x00\x1dW\x30\x00abcdef\n", []string{"  abcd", "  ef"}},
		{"margin taken back", "\x1dL\x18\x00\x1dL\x00\x00" + strings.Repeat("x", 48) + "\n", []string{strings.Repeat("x", 48)}},
		{"deselected", "a\n\x1b=\x02nobody\n\x1b=\x01b\n", []string{"a", "b"}},
		{"NUL is padding", "a\x00\x00\x00b\n", []string{"ab"}},
		{"raster", "\x1dv0\x00\x02\x00\x03\x00abcdef", []string{"[imagem 16x3]"}},
		{"raster doubled", "\x1dv0\x03\x01\x00\x01\x00\xff", []string{"[imagem 16x2]"}},
		{"graphics", "\x1d(L\x0b\x00\x30\x70\x30\x01\x01\x31\x08\x00\x01\x00\xff\x1d(L\x02\x00\x30\x32", []string{"[imagem 8x1]"}},
		{"graphics, long and scaled", "\x1d8L\x0b\x00\x00\x00\x30\x70\x30\x02\x02\x31\x08\x00\x01\x00\xff\x1d8L\x02\x00\x00\x00\x30\x02", []string{"[imagem 16x2]"}},
		{"column image in the line", "A\x1b*\x21\x02\x00abcdefB\n", []string{"A[imagem 2x24]B"}},
		{"EAN13", "\x1dk\x02789123456789\x00", []string{"[EAN13 7891234567895]"}},
		{"EAN8, centred", "\x1ba\x01\x1dk\x44\x0896385074", []string{"               [EAN8 96385074]"}},
		{"UPC-A", "\x1dk\x41\x0b03600029145", []string{"[UPC-A 036000291452]"}},
		{"CODE39", "\x1dk\x04BALCAO\x00", []string{"[CODE39 BALCAO]"}},
		{"ITF", "\x1dk\x46\x041234", []string{"[ITF 1234]"}},
		{"CODE128", "\x1dk\x49\x09{Bcaixa03", []string{"[CODE128 caixa03]"}},
		{"QR", "\x1d(k\x04\x00\x31\x41\x32\x00\x1d(k\x03\x00\x31\x43\x05\x1d(k\x03\x00\x31\x45\x31\x1d(k\x09\x00\x31\x50\x30balcao\x1d(k\x03\x00\x31\x51\x30", []string{`[QR 21x21 "balcao"]`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := printBytes(t, c.stream)
			require.Equal(t, c.lines, got.lines())
			require.Empty(t, remarks(got.record.Defects))
			require.Empty(t, remarks(got.record.Warnings))
		})
	}
}

func TestDefectsAreFoundWhereTheyAre(t *testing.T) {
	cases := []struct {
		name, stream, defect string
		lines                []string
	}{
		{"unknown command", "ab\x1bzC\n", "2 ESC z (1B 7A) is no command", []string{"abC"}},
		{"unknown GS", "\x1d\xf8" + "1\n", "0 GS F8h (1D F8) is no command", []string{"1"}},
		{"control of another brand", "a\x0e\n", "1 the control character 0Eh", []string{"a"}},
		{"code page it does not have", "\x1bt\x09\x84\n", "0 ESC t 9", []string{"ä"}},
		{"country it does not have", "\x1bR\x20$\n", "0 ESC R 32", []string{"$"}},
		{"size beyond the limit", "\x1d!\xffA\n", "0 GS ! FFh", []string{"A"}},
		{"font C", "\x1bM\x02A\n", "0 ESC M 2", []string{"A"}},
		{"no such character", "\x1bt\x10\x81A\n", "3 81h has no character in WPC1252", []string{" A"}},
		{"alignment in the line", "ab\x1ba\x02c\n", "2 ESC a counts only at the beginning", []string{"abc"}},
		{"margin in the line", "ab\x1dL\x10\x00c\n", "2 GS L counts only", []string{"abc"}},
		{"raster in the line", "ab\x1dv0\x00\x01\x00\x01\x00\xff\n", "2 GS v 0 counts only", []string{"ab"}},
		{"raster too wide", "\x1dv0\x00\x49\x00\x01\x00" + strings.Repeat("\xff", 73), "0 GS v 0: 584 dots wide", []string{"[imagem 584x1]"}},
		{"raster without rows", "\x1dv0\x00\x01\x00\x00\x00A\n", "0 GS v 0 of 1 bytes by 0 rows", []string{"A"}},
		{"EAN13 with a wrong digit", "\x1dk\x43\x0d7891234567890A\n", "0 GS k 67 is not printed", []string{"A"}},
		{"CODE128 without a set", "\x1dk\x49\x03abcA\n", "0 GS k 73 is not printed: CODE128 at byte 0", []string{"A"}},
		{"CODE128 wider than the paper", "\x1dk\x49\x1c{B01ARZ3NDEKTSV4RRFFQ69G5FAV", "0 GS k 73 is not printed: CODE128 is 963 dots wide", []string{}},
		{"QR without data", "\x1d(k\x03\x00\x31\x51\x30A\n", "0 a QR code is printed, but nothing is stored", []string{"A"}},
		{"QR level of a known bug", "\x1d(k\x03\x00\x31\x45\x06A\n", "0 QR level 6", []string{"A"}},
		{"QR wider than the paper", "\x1d(k\x03\x00\x31\x43\x10\x1d(k\x23\x00\x31\x50\x30" + strings.Repeat("x", 32) + "\x1dW\xc8\x00\x1d(k\x03\x00\x31\x51\x30", "52 the QR code is not printed: it is 400 dots", []string{}},
		{"module width out of range", "\x1dw\x07A\n", "0 GS w 7", []string{"A"}},
		{"drawer pulse the wrong way round", "\x1bp\x00\xfa\x19A\n", "0 ESC p: on for 500 ms", []string{"A"}},
		{"process id in control characters", "\x1d(H\x06\x00\x30\x30\x01abcA\n", "0 GS ( H: a process id", []string{"A"}},
		{"position beyond the paper", "\x1b$\x41\x02A\n", "0 ESC $ goes to dot 577", []string{"A"}},
		{"graphics with missing bytes", "\x1d(L\x0b\x00\x30\x70\x30\x01\x01\x31\x09\x00\x01\x00\xffA\n", "0 GS ( L 112 of 9 by 1 dots needs 2 bytes and has 1", []string{"A"}},
		{"graphics never kept", "\x1d(L\x02\x00\x30\x32A\n", "0 GS ( L 50 prints a picture, but none is kept", []string{"A"}},
		{"real-time argument", "\x10\x04\x09A\n", "0 a real-time command", []string{"A"}},
		{"cut in the line", "A", "1 GS V counts only at the beginning", []string{"A"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := printBytes(t, c.stream)
			require.Contains(t, remarks(got.record.Defects), c.defect)
			require.Len(t, got.record.Defects, 1)
			require.Equal(t, c.lines, got.lines())
		})
	}
}

func TestCodeInAnotherCodePageIsReadable(t *testing.T) {
	got := printBytes(t, "\x1bt\x02\x1d(k\x06\x00\x31\x50\x30p\xc6o\x1d(k\x03\x00\x31\x51\x30")
	require.Equal(t, []string{`[QR 21x21 "pão"]`}, got.lines())
}

func TestLimitsHoldForAStreamThatIsNoReceipt(t *testing.T) {
	got := printBytes(t, strings.Repeat("\x1bz", 300)+strings.Repeat("\x1bL", 300)+strings.Repeat("\n", 5000))
	require.Len(t, got.record.Defects, 200)
	require.Len(t, got.record.Warnings, 200)
	require.Len(t, got.lines(), 4000)
	require.Equal(t, 24_000+2*paper.Edge, got.record.Height)
	require.Equal(t, 5000, got.record.Lines)
}

func TestParametersOutOfRangeChangeNothing(t *testing.T) {
	for _, stream := range []string{
		"\x1dh\x00", "\x1dH\x04", "\x1df\x02", "\x1b-\x03", "\x1ba\x03", "\x1bV\x03", "\x1bp\x02\x01\x02",
		"\x1d(k\x03\x00\x31\x43\x11", "\x1d(k\x03\x00\x31\x43\x00", "\x1d(k\x01\x00\x31", "\x1d(k\x00\x00",
		"\x1dv1", "\x1d8M", "\x1d8L\x00\x00\x00\x00", "\x1dk\x10", "\x1dVc\x00", "\x1dI\x50", "\x1b*\x02\x01\x00a",
		"\x1d(L\x01\x00\x30", "\x1d(L\x03\x00\x30\x70\x30", "\x1d(D\x01\x00\x15", "\x1d(H\x01\x00\x32", "\x1dL\x40\x02",
	} {
		got := printBytes(t, stream+"A\n")
		require.Len(t, got.record.Defects, 1, "% X", stream)
		require.Zero(t, got.record.Defects[0].Offset)
		require.Equal(t, []string{"A"}, got.lines(), "% X", stream)
	}
}

func TestAccidentsWithOtherBrandsShow(t *testing.T) {
	got := printBytes(t, "\x1bp\nABC\n")
	require.Equal(t, []string{"C"}, got.lines(), "a drawer command without parameters swallows the next three bytes")
	got = printBytes(t, "a\x1bd\x01b\n")
	require.Equal(t, []string{"a", "b"}, got.lines(), "double height of another brand feeds a line")
}

func TestWarningsSayWhatWouldComeOutOtherwise(t *testing.T) {
	early := readReceipt(t, printUntilCut(t, "fim\n\x1dV\x00"))
	require.Regexp(t, "^4 GS V cuts 1[0-9] dots after the last print", remarks(early.record.Warnings))
	require.Equal(t, []string{"fim"}, early.lines())
	require.Contains(t, remarks(printBytes(t, "\x1bL").record.Warnings), "0 ESC L is accepted and does nothing here")
	require.Contains(t, remarks(printBytes(t, "\x1d(K\x02\x00\x31\x01").record.Warnings), "GS ( K is accepted")
	require.Contains(t, remarks(printBytes(t, "\x1dk\x06A1A\x00").record.Warnings), "71 is not drawn here")
}

// printUntilCut prints a stream that cuts and returns the path of the paper.
func printUntilCut(t *testing.T, stream string) string {
	t.Helper()
	printer := newPrinter(t, t.TempDir())
	for _, b := range []byte(stream) {
		printer.interpreter.feed(b)
	}
	path, err := printer.Do(t.Context(), []string{"last"})
	require.NoError(t, err)
	return path
}

func TestEveryCutIsKnownAndSaid(t *testing.T) {
	for stream, want := range map[string]string{
		"\x1dV\x00": "full", "\x1dV0": "full", "\x1dV\x01": "partial", "\x1dV1": "partial",
		"\x1dVA\x10": "full", "\x1dVB\x10": "partial", "\x1bi": "full", "\x1bm": "partial",
	} {
		got := readReceipt(t, printUntilCut(t, "a\n\x1bd\x05"+stream))
		require.Equal(t, want, got.record.Cut, "% X", stream)
		last := map[string]string{"full": "[corte total]\n", "partial": "[corte parcial]\n"}[want]
		require.True(t, strings.HasSuffix(got.text, last))
		require.Empty(t, got.record.Defects)
		require.Empty(t, got.record.Warnings)
	}
}

func TestRecordCountsWhatCameOverTheWire(t *testing.T) {
	stream := "\x1b@\x1bt\x02Ol\xa0\n\x1bp\x00\x19\xfa"
	got := printBytes(t, stream)
	digest := sha256.Sum256([]byte(stream + feedAndCut))
	require.Equal(t, Record{
		Number: 1, Bytes: len(stream + feedAndCut), SHA256: hex.EncodeToString(digest[:]), Commands: 5, Lines: 1,
		CodePage: "CP850", Cut: "partial", Width: 640, Height: 8 + 120 + 34 + 8,
		Kicks:   []Kick{{Pin: 2, OnMilliseconds: 50, OffMilliseconds: 500}},
		Defects: []Remark{}, Warnings: []Remark{},
	}, got.record)
}

func TestHeightFollowsTheCommands(t *testing.T) {
	const base = paper.Edge + paper.CutterDistance + paper.Edge
	for stream, want := range map[string]int{
		"":                                   0,
		"a\n":                                34,
		"\x1b3\x18a\n":                       24,
		"\x1b3\x50\x1b2a\n":                  34,
		"\x1b3\x00a\n":                       24,
		"\x1d!\x11a\n":                       48,
		"a\x1bJ\x64":                         100,
		"\x1bJ\x64":                          100,
		"a\x1bd\x02":                         68,
		"a\x1bd\x00":                         24,
		"\x1b!\x10a\n":                       48,
		"\x1bM\x01\x1b3\x00a\n":              17,
		"\x1bV\x01\x1b3\x00a\n":              12,
		"\x1dv0\x00\x01\x00\x02\x00ab":       2,
		"\x1dh\x50\x1dk\x02789123456789\x00": 80,
		"\x1dh\x50\x1dH\x02\x1dk\x0296385074\x00":                     0, // refused
		"\x1dh\x50\x1dH\x03\x1dk\x0396385074\x00":                     80 + 48,
		"\x1dh\x50\x1dH\x01\x1df\x01\x1dk\x0396385074\x00":            80 + 17,
		"\x1d(k\x04\x00\x31\x50\x30a\x1d(k\x03\x00\x31\x51\x30":       21 * 3,
		"\x1b3\x18\x1b*\x21\x02\x00abcdef\n\x1b*\x21\x02\x00abcdef\n": 48,
		"\x1b3\x00\x1b*\x00\x02\x00ab\n":                              24,
	} {
		require.Equal(t, base+want, printBytes(t, stream).record.Height, "% X", stream)
	}
}

// ink counts the burnt dots of a picture.
func ink(picture *image.Paletted) int {
	count := 0
	for _, index := range picture.Pix {
		if index == 1 {
			count++
		}
	}
	return count
}

func TestPictureComesFromTheBytesAlone(t *testing.T) {
	first, again := printBytes(t, "R$ 92,96\n"), printBytes(t, "R$ 92,96\n")
	require.Equal(t, first.picture.Pix, again.picture.Pix)
	flipped := printBytes(t, "R$ 92,97\n")
	require.NotEqual(t, first.picture.Pix, flipped.picture.Pix, "one flipped bit is seen on the paper")
	for name, style := range map[string]string{
		"bold": "\x1bE\x01", "double strike": "\x1bG\x01", "underline": "\x1b-\x02", "invert": "\x1dB\x01",
		"double height": "\x1d!\x01", "turned": "\x1bV\x01", "upside down": "\x1b{\x01", "font B": "\x1bM\x01",
	} {
		styled := printBytes(t, style+"R$ 92,96\n")
		require.NotEqual(t, first.picture.Pix, styled.picture.Pix, name)
		require.Empty(t, styled.record.Defects, name)
	}
	require.Greater(t, ink(printBytes(t, "\x1dB\x01 \n").picture), 200, "an inverted blank is a black cell")
}

func TestRasterIsDrawnDotByDot(t *testing.T) {
	got := printBytes(t, "\x1dL\x10\x00\x1dv0\x00\x01\x00\x02\x00\x81\x42")
	var dots [][2]int
	for y := range got.picture.Rect.Dy() {
		for x := range got.picture.Rect.Dx() {
			if got.picture.ColorIndexAt(x, y) == 1 {
				dots = append(dots, [2]int{x - paper.Margin, y - paper.Edge - paper.CutterDistance})
			}
		}
	}
	require.Equal(t, [][2]int{{16, 0}, {23, 0}, {17, 1}, {22, 1}}, dots)
}

func TestColumnImageIsDrawnDotByDot(t *testing.T) {
	got := printBytes(t, "\x1b*\x21\x02\x00\x80\x00\x00\x00\x00\x01\n")
	require.Equal(t, 2, ink(got.picture))
	require.Equal(t, uint8(1), got.picture.ColorIndexAt(paper.Margin, paper.Edge+paper.CutterDistance))
	require.Equal(t, uint8(1), got.picture.ColorIndexAt(paper.Margin+1, paper.Edge+paper.CutterDistance+23))
}

// scan reads a symbol from the picture of a paper.
func scan(t *testing.T, reader gozxing.Reader, picture image.Image) string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	require.NoError(t, err)
	result, err := reader.Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	require.NoError(t, err)
	return result.GetText()
}

func TestSymbolsAreReadFromThePaper(t *testing.T) {
	barcode := printBytes(t, "MERCADO BOA VISTA\n\x1ba\x01\x1dh\x40\x1dw\x02\x1dH\x02\x1dk\x43\x0c789123456789")
	require.Equal(t, "7891234567895", scan(t, oned.NewEAN13Reader(), barcode.picture))
	require.Equal(t, "                [EAN13 7891234567895]", barcode.lines()[1])
	content := "https://www.fazenda.pr.gov.br/nfce/qrcode?p=411611"
	code := printBytes(t, "Consulte pela chave\n\x1ba\x01\x1d(k\x03\x00\x31\x43\x06\x1d(k\x03\x00\x31\x45\x31"+
		"\x1d(k"+string(rune(len(content)+3))+"\x00\x31\x50\x30"+content+"\x1d(k\x03\x00\x31\x51\x30\nFim\n")
	require.Equal(t, content, scan(t, qrcode.NewQRCodeReader(), code.picture))
	require.Empty(t, code.record.Defects)
}

func TestNumbersCountOnFromWhatLiesInTheTray(t *testing.T) {
	out := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(out, "0041.json"), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(out, "notes.txt"), nil, 0o644))
	for _, want := range []string{"0042", "0043"} {
		printer := newPrinter(t, out)
		for _, b := range []byte("a\n" + feedAndCut) {
			printer.interpreter.feed(b)
		}
		path, err := printer.Do(t.Context(), []string{"last"})
		require.NoError(t, err)
		require.Equal(t, filepath.Join(out, want+".txt"), path)
		for _, extension := range []string{"txt", "png", "json"} {
			require.FileExists(t, filepath.Join(out, want+"."+extension))
		}
	}
	entries, err := os.ReadDir(out)
	require.NoError(t, err)
	require.False(t, slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), ".new") }))
}

func TestStatusBytesAreThoseOfTheManual(t *testing.T) {
	cases := []struct {
		name      string
		now       status
		realTime  [4]byte
		automatic [4]byte
		roll      byte
		drawer    byte
	}{
		{"ready", status{}, [4]byte{0x16, 0x12, 0x12, 0x12}, [4]byte{0x14, 0, 0, 0x0F}, 0, 1},
		{"ready, other wiring", status{openIsHigh: true}, [4]byte{0x12, 0x12, 0x12, 0x12}, [4]byte{0x10, 0, 0, 0x0F}, 0, 0},
		{"drawer open", status{drawerOpen: true}, [4]byte{0x12, 0x12, 0x12, 0x12}, [4]byte{0x10, 0, 0, 0x0F}, 0, 0},
		{"drawer open, other wiring", status{drawerOpen: true, openIsHigh: true}, [4]byte{0x16, 0x12, 0x12, 0x12}, [4]byte{0x14, 0, 0, 0x0F}, 0, 1},
		{"near end", status{nearEnd: true}, [4]byte{0x16, 0x12, 0x12, 0x1E}, [4]byte{0x14, 0, 0x03, 0x0F}, 0x03, 1},
		{"paper out", status{paperOut: true}, [4]byte{0x1E, 0x32, 0x12, 0x72}, [4]byte{0x1C, 0, 0x0C, 0x0F}, 0x0C, 1},
		{"paper out after near end", status{paperOut: true, nearEnd: true}, [4]byte{0x1E, 0x32, 0x12, 0x7E}, [4]byte{0x1C, 0, 0x0F, 0x0F}, 0x0F, 1},
		{"cover open", status{coverOpen: true, openIsHigh: true}, [4]byte{0x1A, 0x16, 0x12, 0x12}, [4]byte{0x38, 0, 0, 0x0F}, 0, 0},
		{"jammed", status{jammed: true}, [4]byte{0x1E, 0x52, 0x1A, 0x12}, [4]byte{0x1C, 0x08, 0, 0x0F}, 0, 1},
	}
	for _, c := range cases {
		for n := range c.realTime {
			got := c.now.realTime(byte(n + 1))
			require.Equal(t, c.realTime[n], got, "%s, DLE EOT %d", c.name, n+1)
			require.Equal(t, byte(0x12), got&0x93, "told from all other answers")
		}
		block := c.now.automatic()
		require.Equal(t, c.automatic, block, c.name)
		require.Equal(t, byte(0x10), block[0]&0x93)
		require.Equal(t, c.roll, c.now.queued(1), c.name)
		require.Equal(t, c.drawer, c.now.queued(2), c.name)
		require.Contains(t, []byte{0x40, 0x44, 0x48, 0x60}, c.now.offlineCauses())
	}
}

// FuzzStream holds that no stream, cut anywhere, stops the printer or makes a file
// that is not whole.
func FuzzStream(f *testing.F) {
	f.Add([]byte("\x1b@\x1bt\x02Ol\xa0\n\x1bp\x00\x19\xfa"))
	f.Add([]byte("\x1d(k\x04\x00\x31\x50\x30a\x1d(k\x03\x00\x31\x51\x30\x1dk\x49\x05{Bab1\x1dk\x02789123456789\x00"))
	f.Add([]byte("\x1dv0\x03\x02\x00\x03\x00abcdef\x1d(L\x0b\x00\x30\x70\x30\x02\x02\x31\x08\x00\x01\x00\xff\x1d(L\x02\x00\x30\x32"))
	f.Add([]byte("\x1b*\x20\xff\x00abc\x1bD\x01\x1d!\x77A\x1bV1\x1b{1B\t\x1b\\\xff\xff\n\x1b\x1b\x10\x04"))
	f.Add([]byte("\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08\x10\x05\x02\x1d(H\x06\x00\x30\x30abcd\x1dI\x41\x1dr\x01\x1da\xff"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		printer := newPrinter(t, t.TempDir())
		printer.mu.Lock()
		for _, b := range stream {
			printer.arriveLocked(b)
		}
		printer.mu.Unlock()
		for len(printer.input.buffer) > 0 {
			printer.forgetLocked()
			printer.interpreter.feed(printer.popLocked())
		}
		if printer.papers > 0 {
			readReceipt(t, printer.last)
		}
	})
}
