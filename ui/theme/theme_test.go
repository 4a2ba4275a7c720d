package theme_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/ui/theme"
)

// luminance is WCAG's relative luminance of a colour.
func luminance(t *testing.T, color theme.Color) float64 {
	t.Helper()
	red, green, blue, ok := color.Components()
	require.True(t, ok)
	linear := func(component uint8) float64 {
		share := float64(component) / 255
		if share <= 0.04045 {
			return share / 12.92
		}
		return math.Pow((share+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(red) + 0.7152*linear(green) + 0.0722*linear(blue)
}

func contrast(t *testing.T, noite *theme.Theme, role theme.Role) float64 {
	t.Helper()
	style := noite.Style(role)
	over, under := luminance(t, style.Foreground), luminance(t, style.Background)
	return (max(over, under) + 0.05) / (min(over, under) + 0.05)
}

var meaningful = []theme.Ink{theme.Text, theme.Muted, theme.Accent, theme.Money, theme.Warn, theme.Danger}

func TestTextIsReadableOnEverySurface(t *testing.T) {
	noite := theme.Noite(theme.True)
	for _, ink := range meaningful {
		for _, surface := range []theme.Surface{theme.Page, theme.Panel, theme.Zebra, theme.Field} {
			require.GreaterOrEqual(t, contrast(t, noite, theme.On(surface, ink)), 7.0, "%v", theme.On(surface, ink))
		}
		for _, surface := range []theme.Surface{theme.Modal, theme.Status} {
			require.GreaterOrEqual(t, contrast(t, noite, theme.On(surface, ink)), 6.0, "%v", theme.On(surface, ink))
		}
	}
	for _, surface := range []theme.Surface{theme.Selected, theme.Cap, theme.CapGo, theme.CapWarn} {
		require.GreaterOrEqual(t, contrast(t, noite, theme.On(surface, theme.Text)), 7.0, "%v", theme.On(surface, theme.Text))
	}
}

func TestContrastMatchesThePublishedFigures(t *testing.T) {
	noite := theme.Noite(theme.True)
	for ink, want := range map[theme.Ink]float64{
		theme.Text: 15.0, theme.Muted: 8.5, theme.Faint: 5.2, theme.Line: 1.9, theme.Accent: 9.3,
		theme.Money: 11.4, theme.Warn: 11.4, theme.Danger: 7.7,
	} {
		require.InDelta(t, want, contrast(t, noite, theme.On(theme.Panel, ink)), 0.06, "%v", theme.On(theme.Panel, ink))
	}
}

func TestWithoutColoursMarksCarryTheMeaning(t *testing.T) {
	mono := theme.Noite(theme.Mono)
	plain := mono.Style(theme.On(theme.Panel, theme.Text))
	require.Equal(t, theme.Style{Foreground: theme.Default, Background: theme.Default}, plain)
	for _, role := range []theme.Role{
		theme.On(theme.Selected, theme.Text), theme.On(theme.Cap, theme.Text), theme.On(theme.Panel, theme.Danger),
	} {
		require.True(t, mono.Style(role).Reverse, "%v", role)
	}
	for _, ink := range []theme.Ink{theme.Money, theme.Warn, theme.Accent} {
		require.True(t, mono.Style(theme.On(theme.Panel, ink)).Bold)
	}
	require.True(t, mono.Style(theme.On(theme.Field, theme.Text)).Underline)
	require.True(t, mono.Style(theme.On(theme.Scrim, theme.Danger)).Dim)
	for surface := theme.Page; surface <= theme.Scrim; surface++ {
		for ink := theme.Text; ink <= theme.Danger; ink++ {
			style := mono.Style(theme.On(surface, ink))
			require.Equal(t, theme.Default, style.Foreground)
			require.Equal(t, theme.Default, style.Background)
		}
	}
}

// Sending RGB to a terminal of 8 colours costs a nearest-colour search a cell.
func TestSmallPalettesNeverSendRGB(t *testing.T) {
	for _, depth := range []theme.Depth{theme.C256, theme.C16, theme.C8} {
		for surface := theme.Page; surface <= theme.Scrim; surface++ {
			for ink := theme.Text; ink <= theme.Danger; ink++ {
				style := theme.Noite(depth).Style(theme.On(surface, ink.Bold()))
				for _, color := range []theme.Color{style.Foreground, style.Background} {
					if color == theme.Default {
						continue
					}
					index, ok := color.Palette()
					require.True(t, ok, "depth %d %v", depth, theme.On(surface, ink))
					require.Less(t, index, int(depth))
				}
			}
		}
	}
}

func TestDepthIsTheLargestThatTheTerminalHas(t *testing.T) {
	for colours, want := range map[int]theme.Depth{
		0: theme.Mono, 2: theme.Mono, 8: theme.C8, 16: theme.C16, 88: theme.C16, 256: theme.C256, 1 << 24: theme.True,
	} {
		require.Equal(t, want, theme.DepthOf(colours), "%d colours", colours)
	}
}

func TestConsoleGetsGlyphsThatItsFontHas(t *testing.T) {
	rich := theme.Noite(theme.C8)
	console := rich.ForConsole()
	require.Equal(t, '┌', console.Glyph('╭'))
	require.Equal(t, '√', console.Glyph('✓'))
	require.Equal(t, 'ã', console.Glyph('ã'))
	require.Equal(t, 'A', console.Glyph('A'))
	require.Equal(t, '╭', rich.Glyph('╭'))
}

func TestRolesSayTheirNames(t *testing.T) {
	require.Equal(t, "Panel/Text", theme.On(theme.Panel, theme.Text).String())
	require.Equal(t, "Modal/Money!", theme.On(theme.Modal, theme.Money.Bold()).String())
	role := theme.On(theme.CapWarn, theme.Danger.Bold())
	require.Equal(t, theme.CapWarn, role.Surface())
	require.Equal(t, theme.Danger.Bold(), role.Ink())
}
