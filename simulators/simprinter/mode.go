package simprinter

import (
	"golang.org/x/text/encoding/charmap"

	"balcao/simulators/simprinter/paper"
	"balcao/simulators/simprinter/symbol"
)

// Settings of a printer that was just switched on, in dots at 203 dpi.
const (
	// lineSpacing is a sixth of an inch.
	lineSpacing         = 34
	barcodeHeightAtOn   = 162
	barcodeModuleAtOn   = 3
	codeModuleAtOn      = 3
	tabStopEveryColumns = 8
)

// A page is a code page of the printer.
type page struct {
	name  string
	table *charmap.Charmap
}

// pages are the code pages by Epson's numbers of ESC t.
var pages = map[byte]page{
	0:  {"CP437", charmap.CodePage437},
	2:  {"CP850", charmap.CodePage850},
	3:  {"CP860", charmap.CodePage860},
	16: {"WPC1252", charmap.Windows1252},
	19: {"CP858", charmap.CodePage858},
}

// replaced are the ASCII characters that ESC R exchanges.
const replaced = "#$@[\\]^`{|}~"

// countries hold what stands for each of them, by the number of ESC R.
var countries = [][]rune{
	[]rune("#$@[\\]^`{|}~"), // USA
	[]rune("#$à°ç§^`éùè¨"),  // France
	[]rune("#$§ÄÖÜ^`äöüß"),  // Germany
	[]rune("£$@[\\]^`{|}~"), // United Kingdom
	[]rune("#$@ÆØÅ^`æøå~"),  // Denmark I
	[]rune("#¤ÉÄÖÅÜéäöåü"),  // Sweden
	[]rune("#$@°\\é^ùàòèì"), // Italy
	[]rune("₧$@¡Ñ¿^`¨ñ}~"),  // Spain I
	[]rune("#$@[¥]^`{|}~"),  // Japan
	[]rune("#¤ÉÆØÅÜéæøåü"),  // Norway
	[]rune("#$ÉÆØÅÜéæøåü"),  // Denmark II
	[]rune("#$á¡Ñ¿é`íñóú"),  // Spain II
	[]rune("#$á¡Ñ¿éüíñóú"),  // Latin America
	[]rune("#$@[₩]^`{|}~"),  // Korea
	[]rune("#$ŽŠĐĆČžšđćč"),  // Slovenia and Croatia
	[]rune("#¥@[\\]^`{|}~"), // China
}

// caption is the text beside the bars: where, by the number of GS H, and its font.
type caption struct {
	above, below bool
	font         paper.Font
}

// mode is everything that ESC @ sets back.
type mode struct {
	selected bool
	page     page
	country  int
	style    paper.Style
	// emphasised and struck both print bold; either command ends only its own.
	emphasised, struck bool
	upsideDown         bool

	area paper.Area
	// width is what GS W asked for; the area has less beside a wide left margin.
	width   int
	spacing int
	// tabStops are positions in dots, ascending.
	tabStops []int

	barcodeHeight, barcodeModule int
	caption                      caption
	codeModule                   int
	codeLevel                    symbol.Level
}

// powerOn is the mode of a printer that was just switched on.
func powerOn() mode {
	on := mode{
		selected: true, page: pages[0], style: paper.Plain,
		area: paper.Area{Width: paper.DotsWide}, width: paper.DotsWide, spacing: lineSpacing,
		barcodeHeight: barcodeHeightAtOn, barcodeModule: barcodeModuleAtOn,
		codeModule: codeModuleAtOn, codeLevel: symbol.LevelL,
	}
	every := tabStopEveryColumns * paper.FontA.Width()
	for stop := every; stop < paper.DotsWide; stop += every {
		on.tabStops = append(on.tabStops, stop)
	}
	return on
}

// codePage is ESC t n.
func (i *interpreter) codePage(data []byte) {
	next, known := pages[data[0]]
	if !known {
		i.defect("ESC t %d: this printer has no such code page; %s stays", data[0], i.mode.page.name)
		return
	}
	i.mode.page = next
}

// country is ESC R n.
func (i *interpreter) country(data []byte) {
	if int(data[0]) >= len(countries) {
		i.defect("ESC R %d: this printer has no such country", data[0])
		return
	}
	i.mode.country = int(data[0])
}

// printMode is ESC ! n: font, bold, double height, double width, underline.
func (i *interpreter) printMode(data []byte) {
	n := data[0]
	style := &i.mode.style
	style.Font = paper.Font(n & 1)
	style.Height, style.Width = 1+int(n>>4&1), 1+int(n>>5&1)
	style.Underline = int(n >> 7)
	i.mode.emphasised = n&0x08 != 0
}

// bold is ESC E n, by the low bit.
func (i *interpreter) bold(data []byte) { i.mode.emphasised = data[0]&1 != 0 }

// doubleStrike is ESC G n, by the low bit.
func (i *interpreter) doubleStrike(data []byte) { i.mode.struck = data[0]&1 != 0 }

// underline is ESC - n, n dots thick.
func (i *interpreter) underline(data []byte) {
	if dots, valid := i.choose("ESC -", data[0], 2); valid {
		i.mode.style.Underline = dots
	}
}

// font is ESC M n.
func (i *interpreter) font(data []byte) {
	if font, valid := i.choose("ESC M", data[0], 1); valid {
		i.mode.style.Font = paper.Font(font)
	}
}

// turn is ESC V n: characters a quarter turn clockwise.
func (i *interpreter) turn(data []byte) {
	if quarter, valid := i.choose("ESC V", data[0], 2); valid {
		i.mode.style.Turned = quarter != 0
	}
}

// upsideDown is ESC { n, by the low bit, at the beginning of a line.
func (i *interpreter) upsideDown(data []byte) {
	if i.atLineStart("ESC {") {
		i.mode.upsideDown = data[0]&1 != 0
		i.startLine()
	}
}

// size is GS ! n: width less one in the high half, height less one in the low.
func (i *interpreter) size(data []byte) {
	if data[0]&0x88 != 0 {
		i.defect("GS ! %02Xh: characters grow eight times at most", data[0])
		return
	}
	i.mode.style.Width, i.mode.style.Height = 1+int(data[0]>>4), 1+int(data[0]&0x0F)
}

// invert is GS B n, by the low bit.
func (i *interpreter) invert(data []byte) { i.mode.style.Invert = data[0]&1 != 0 }
