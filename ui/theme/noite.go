package theme

// Noite is the dark theme, for a terminal of the given depth.
func Noite(depth Depth) *Theme {
	theme := &Theme{}
	for surface := range surfaces {
		for ink := range inks {
			for _, written := range []Ink{ink, ink.Bold()} {
				theme.styles[On(surface, written)] = noiteStyle(depth, surface, written)
			}
		}
	}
	return theme
}

func noiteStyle(depth Depth, surface Surface, ink Ink) Style {
	style := Style{Bold: ink&boldBit != 0, Foreground: Default, Background: Default}
	plain := ink &^ boldBit
	switch depth {
	case True:
		style.Foreground, style.Background = RGB(noiteInks[plain].rgb), RGB(noiteSurfaces[surface].rgb)
		if over, ok := overprint[surface]; ok {
			style.Foreground = RGB(over.rgb)
		}
	case C256:
		style.Foreground, style.Background = noiteInks[plain].xterm, noiteSurfaces[surface].xterm
		if over, ok := overprint[surface]; ok {
			style.Foreground = over.xterm
		}
	case C16:
		style.Foreground, style.Background = noiteInks[plain].ansi, noiteSurfaces[surface].ansi
		if over, ok := overprint[surface]; ok {
			style.Foreground = over.ansi
		}
	case C8:
		style.Foreground = eightInks[plain]
		markWithoutSurfaces(&style, surface, plain)
	default:
		markWithoutSurfaces(&style, surface, plain)
		style.Bold = style.Bold || plain == Accent || plain == Money || plain == Warn
		style.Reverse = style.Reverse || plain == Danger && surface != Scrim
	}
	return style
}

// markWithoutSurfaces tells surfaces apart where there are no backgrounds.
func markWithoutSurfaces(style *Style, surface Surface, ink Ink) {
	switch surface {
	case Selected, Cap, CapGo, CapWarn:
		style.Foreground, style.Reverse = Default, true
		style.Bold = style.Bold || surface == CapGo
	case Field:
		style.Underline = true
	case Scrim:
		style.Foreground, style.Bold, style.Dim = Default, false, true
	default:
		style.Dim = ink == Faint
	}
}

// tone is one colour at the three depths that have backgrounds.
type tone struct {
	rgb   uint32
	xterm Color // of the 256
	ansi  Color // of the 16
}

var noiteInks = [inks]tone{
	Text:   {0xE8EEF4, 255, 15},
	Muted:  {0xA9B6C4, 249, 7},
	Faint:  {0x7F8E9F, 245, 8},
	Line:   {0x3A4858, 239, 8},
	Accent: {0x5CC8FF, 81, 14},
	Money:  {0x7EE787, 114, 10},
	Warn:   {0xFFC857, 221, 11},
	Danger: {0xFF8A82, 210, 9},
}

var noiteSurfaces = [surfaces]tone{
	Page:     {0x0D1117, 233, 0},
	Panel:    {0x131A22, 234, 0},
	Zebra:    {0x19222C, 235, 0},
	Modal:    {0x1C2733, 236, 0},
	Status:   {0x1B2A38, 237, 0},
	Field:    {0x0A0E13, 232, 0},
	Selected: {0x5CC8FF, 81, 14},
	Cap:      {0xA9B6C4, 249, 7},
	CapGo:    {0x7EE787, 114, 10},
	CapWarn:  {0xFFC857, 221, 11},
	Scrim:    {0x0A0D11, 232, 0},
}

// overprint is what stands on a coloured bar and under a scrim, whatever the ink.
var overprint = map[Surface]tone{
	Selected: {0x06121A, 16, 0},
	Cap:      {0x06121A, 16, 0},
	CapGo:    {0x06121A, 16, 0},
	CapWarn:  {0x06121A, 16, 0},
	Scrim:    {0x4A5866, 240, 8},
}

var eightInks = [inks]Color{
	Text: Default, Muted: Default, Faint: Default, Line: Default, Accent: 6, Money: 2, Warn: 3, Danger: 1,
}
