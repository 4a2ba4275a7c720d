package ui

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/gdamore/tcell/v2"

	"balcao/terminal/text"
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// fallbackTerm is what most terminals understand whose own name nobody knows.
const fallbackTerm = "xterm-256color"

// openScreen takes the terminal over. The terminal of an unknown TERM is tried as
// xterm; an environment that asks for another character set than UTF-8 is told
// what to do.
func openScreen(language text.Tag) (tcell.Screen, error) {
	say := text.In(language)
	if charset := forceUTF8(); charset != "" {
		return nil, errors.New(say.Say(text.Msg("screen.start.charset", "Charset", charset)))
	}
	device, err := tcell.NewDevTty()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", say.Say(text.Msg("screen.start.terminal", "Cause", os.Getenv("TERM"))), err)
	}
	terminal := &cleanTTY{Tty: device}
	screen, err := tcell.NewTerminfoScreenFromTty(terminal)
	if err != nil {
		terminfo, lookup := tcell.LookupTerminfo(fallbackTerm)
		if lookup != nil {
			return nil, fmt.Errorf("open screen: %w", errors.Join(err, lookup))
		}
		if screen, err = tcell.NewTerminfoScreenFromTtyTerminfo(terminal, terminfo); err != nil {
			return nil, fmt.Errorf("open screen: %w", err)
		}
	}
	if err := screen.Init(); err != nil {
		return nil, fmt.Errorf("%s: %w", say.Say(text.Msg("screen.start.terminal", "Cause", os.Getenv("TERM"))), err)
	}
	screen.EnablePaste()
	screen.HideCursor()
	return screen, nil
}

// localeVariables in the order in which POSIX reads them; the first one that is
// set counts.
var localeVariables = []string{"LC_ALL", "LC_CTYPE", "LANG"}

// forceUTF8 answers the character set that the environment asks for if it is not
// UTF-8. The plain locale "C" asks for none in particular, and terminals of today
// read UTF-8: for this process it becomes C.UTF-8.
func forceUTF8() string {
	for _, name := range localeVariables {
		locale := os.Getenv(name)
		if locale == "" {
			continue
		}
		if locale == "C" || locale == "POSIX" {
			// The library reads the environment and nothing else.
			_ = os.Setenv("LC_ALL", "C.UTF-8")
			return ""
		}
		locale, _, _ = strings.Cut(locale, "@")
		_, charset, named := strings.Cut(locale, ".")
		if plain := strings.ReplaceAll(strings.ToUpper(charset), "-", ""); named && plain != "UTF8" {
			return charset
		}
		if named {
			_ = os.Setenv("LC_ALL", "C.UTF-8")
		}
		return ""
	}
	return ""
}

// lookOf chooses the theme for what the terminal can do.
func lookOf(screen tcell.Screen, options Options) *theme.Theme {
	depth := theme.DepthOf(screen.Colors())
	if options.NoColor || os.Getenv("NO_COLOR") != "" {
		depth = theme.Mono
	}
	look := theme.Noite(depth)
	if os.Getenv("TERM") == "linux" {
		look = look.ForConsole()
	}
	return look
}

// rolesMax is more than there are roles.
const rolesMax = 512

// painter puts a grid on the screen, changed cells only.
type painter struct {
	screen tcell.Screen
	look   *theme.Theme
	styles [rolesMax]tcell.Style
	ascii  [128]string // so that plain text allocates nothing
}

func newPainter(screen tcell.Screen, look *theme.Theme) *painter {
	p := &painter{screen: screen, look: look}
	for role := range p.styles {
		p.styles[role] = styleOf(look.Style(theme.Role(role)))
	}
	for glyph := range p.ascii {
		p.ascii[glyph] = string(rune(glyph))
	}
	return p
}

func styleOf(style theme.Style) tcell.Style {
	return tcell.StyleDefault.
		Foreground(colorOf(style.Foreground)).Background(colorOf(style.Background)).
		Bold(style.Bold).Reverse(style.Reverse).Underline(style.Underline).Dim(style.Dim)
}

func colorOf(color theme.Color) tcell.Color {
	if red, green, blue, ok := color.Components(); ok {
		return tcell.NewRGBColor(int32(red), int32(green), int32(blue))
	}
	if index, ok := color.Palette(); ok {
		return tcell.PaletteColor(index)
	}
	return tcell.ColorDefault
}

// paint sends what changed since the last time; nothing if nothing did.
func (p *painter) paint(grid *widget.Grid) {
	changed := grid.Changes(func(x, y int, cell widget.Cell) {
		glyph := p.look.Glyph(cell.Rune)
		written := ""
		if glyph < rune(len(p.ascii)) {
			written = p.ascii[glyph]
		} else {
			written = string(glyph)
		}
		p.screen.Put(x, y, written, p.styles[int(cell.Role)%rolesMax])
	})
	if changed > 0 {
		p.screen.Show()
	}
}

// named are the keys that have functions, as the library names them. STX and ETX
// come from scanners.
var named = map[tcell.Key]keymap.Key{
	tcell.KeyF1: keymap.F1, tcell.KeyF5: keymap.F5, tcell.KeyF6: keymap.F6, tcell.KeyF8: keymap.F8, tcell.KeyF9: keymap.F9,
	tcell.KeyF10: keymap.F10, tcell.KeyF11: keymap.F11, tcell.KeyF12: keymap.F12, tcell.KeyF24: keyPrefix, tcell.KeyCtrlB: keyPrefix,
	tcell.KeyEscape: keymap.Esc, tcell.KeyEnter: keymap.Enter, tcell.KeyCtrlJ: keyLineFeed, tcell.KeyTab: keyTab,
	tcell.KeyUp: keymap.Up, tcell.KeyDown: keymap.Down, tcell.KeyPgUp: keymap.PageUp, tcell.KeyPgDn: keymap.PageDn,
	tcell.KeyCtrlA: keymap.CtrlA, tcell.KeyCtrlE: keymap.CtrlE, tcell.KeyCtrlG: keymap.CtrlG, tcell.KeyCtrlL: keymap.CtrlL, tcell.KeyCtrlN: keymap.CtrlN, tcell.KeyCtrlO: keymap.CtrlO,
	tcell.KeyCtrlP: keymap.CtrlP, tcell.KeyCtrlQ: keymap.CtrlQ, tcell.KeyCtrlR: keymap.CtrlR, tcell.KeyCtrlT: keymap.CtrlT,
	tcell.KeyCtrlX: keymap.CtrlX, tcell.KeyCtrlU: keyClear, tcell.KeyCtrlC: keyInterrupt,
	tcell.KeyBackspace: keyBackspace, tcell.KeyBackspace2: keyBackspace,
}

// strokeOf reads a key event; one without meaning here is not ok.
func strokeOf(event *tcell.EventKey) (pressed stroke, ok bool) {
	pressed.at = event.When()
	if event.Key() == tcell.KeyRune {
		if event.Modifiers()&(tcell.ModAlt|tcell.ModCtrl|tcell.ModMeta) != 0 {
			return stroke{}, false
		}
		pressed.glyph = event.Rune()
		return pressed, true
	}
	pressed.key, ok = named[event.Key()]
	return pressed, ok
}
