// Package theme says how a role looks: its colours and attributes at each depth
// of colour that a terminal can have.
//
// It holds data, no types of a terminal library: package ui turns a [Style] into
// what its library wants, package picture into pixels. Widgets name roles, an
// [Ink] on a [Surface], and never colours. Start with [Noite].
//
// Facts: contrast after WCAG 2.2, success criterion 1.4.6 (7:1 for text); the
// xterm table of 256 colours.
package theme

// Ink is what something is written with. The bold bit is part of it.
type Ink uint8

// The inks. Text carries the content, Muted what stands beside it, Faint is decor
// and never carries meaning. Money is also "done"; Warn asks to act soon, Danger
// says that something is blocked or that money differs.
const (
	Text Ink = iota
	Muted
	Faint
	Line
	Accent
	Money
	Warn
	Danger
	inks
)

const boldBit Ink = 1 << 4

// Bold is the same ink, bold.
func (i Ink) Bold() Ink { return i | boldBit }

// Surface is what lies under the ink.
type Surface uint8

// The surfaces. Selected and the caps are coloured bars: whatever the ink, what
// is written on them is dark. Scrim dims what a modal covers, whatever the ink.
const (
	Page Surface = iota
	Panel
	Zebra
	Modal
	Status
	Field
	Selected
	Cap     // a key
	CapGo   // the key that goes forward
	CapWarn // a key of a modal
	Scrim
	surfaces
)

// Role is an ink on a surface: what a cell is, not how it looks.
type Role uint16

const surfaceShift = 5

// On makes the role of an ink on a surface.
func On(surface Surface, ink Ink) Role { return Role(surface)<<surfaceShift | Role(ink) }

// Surface is the role's surface.
func (r Role) Surface() Surface { return Surface(r >> surfaceShift) }

// Ink is the role's ink, with its bold bit.
func (r Role) Ink() Ink { return Ink(r & (1<<surfaceShift - 1)) }

// String names the role for golden files: "Panel/Text", "Modal/Money!" when bold.
func (r Role) String() string {
	ink, mark := r.Ink(), ""
	if ink&boldBit != 0 {
		mark = "!"
	}
	return surfaceNames[r.Surface()%surfaces] + "/" + inkNames[(ink&^boldBit)%inks] + mark
}

var (
	inkNames     = [inks]string{"Text", "Muted", "Faint", "Line", "Accent", "Money", "Warn", "Danger"}
	surfaceNames = [surfaces]string{
		"Page", "Panel", "Zebra", "Modal", "Status", "Field", "Selected", "Cap", "CapGo", "CapWarn", "Scrim",
	}
)

// Color is a colour of a terminal: [Default], an index of its palette, or [RGB].
type Color int32

// Default leaves the colour to the terminal.
const Default Color = -1

const rgbBit Color = 1 << 24

// RGB is a colour of its own, 0xRRGGBB.
func RGB(value uint32) Color { return rgbBit | Color(value&0xFFFFFF) }

// Palette is the colour's index in the terminal's palette, if it is one.
func (c Color) Palette() (index int, ok bool) { return int(c), c >= 0 && c < rgbBit }

// Components are red, green and blue, if it is a colour of its own.
func (c Color) Components() (red, green, blue uint8, ok bool) {
	return uint8(c >> 16), uint8(c >> 8), uint8(c), c > 0 && c&rgbBit != 0
}

// Style is how a role looks.
type Style struct {
	Foreground, Background Color
	Bold                   bool
	Reverse                bool
	Underline              bool
	Dim                    bool
}

// Depth is how many colours a terminal has.
type Depth int

// The depths that have a mapping of their own. Mono has no colours at all, by
// the terminal's nature or by NO_COLOR.
const (
	Mono Depth = 0
	C8   Depth = 8
	C16  Depth = 16
	C256 Depth = 256
	True Depth = 1 << 24
)

// DepthOf answers the depth to use for a terminal that reports colours.
func DepthOf(colours int) Depth {
	for _, depth := range []Depth{True, C256, C16, C8} {
		if colours >= int(depth) {
			return depth
		}
	}
	return Mono
}

// Theme is a style for every role, and glyphs for those that a font lacks.
type Theme struct {
	styles [int(surfaces) << surfaceShift]Style
	glyphs map[rune]rune
}

// Style answers the look of a role.
func (t *Theme) Style(role Role) Style {
	if int(role) >= len(t.styles) {
		return t.styles[0]
	}
	return t.styles[role]
}

// Glyph answers the rune to draw for another one, mostly itself.
func (t *Theme) Glyph(glyph rune) rune {
	if glyph < 0x80 || t.glyphs == nil {
		return glyph
	}
	if other, ok := t.glyphs[glyph]; ok {
		return other
	}
	return glyph
}

// ForConsole answers the theme for the Linux console, whose fonts of 512 glyphs
// have neither round corners nor Braille.
func (t *Theme) ForConsole() *Theme {
	console := *t
	console.glyphs = consoleGlyphs
	return &console
}

var consoleGlyphs = map[rune]rune{
	'╭': '┌', '╮': '┐', '╰': '└', '╯': '┘', '✓': '√', '●': '•', '▶': '►', '▌': '█',
	'⠋': '|', '⠙': '/', '⠹': '-', '⠸': '\\', '⠼': '|', '⠴': '/', '⠦': '-', '⠧': '\\',
}
