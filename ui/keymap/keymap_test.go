package keymap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/terminal/text"
	"balcao/ui/keymap"
)

var screens = []keymap.Screen{
	keymap.LogIn, keymap.Opening, keymap.Selling, keymap.Paying, keymap.Counting, keymap.Helping, keymap.Confirming,
	keymap.Searching, keymap.Asking, keymap.Approving, keymap.Managing, keymap.Moving, keymap.Noticing, keymap.Lost,
}

var keys = []keymap.Key{
	keymap.F1, keymap.F5, keymap.F6, keymap.F9, keymap.F8, keymap.F10, keymap.F11, keymap.F12, keymap.Esc, keymap.Enter,
	keymap.Tab, keymap.Up, keymap.Down, keymap.PageUp, keymap.PageDn, keymap.CtrlA, keymap.CtrlE, keymap.CtrlG, keymap.CtrlL, keymap.CtrlN, keymap.CtrlO,
	keymap.CtrlP, keymap.CtrlQ, keymap.CtrlR, keymap.CtrlT, keymap.CtrlX,
}

// situations lists every combination of a screen and what can be true on it.
func situations() []keymap.Situation {
	var found []keymap.Situation
	for _, screen := range screens {
		for bits := range 1 << 12 {
			bit := func(n int) bool { return bits&(1<<n) != 0 }
			found = append(found, keymap.Situation{
				Screen: screen, Viewer: bit(0), LookOnly: bit(1), HasLines: bit(2), HasLine: bit(3), HasSale: bit(4),
				HasLast: bit(5), EntryEmpty: bit(6), CanLeave: bit(7), CanStop: bit(8), CanInquire: bit(9), Running: bit(10),
				CanClose: bit(11),
			})
		}
	}
	return found
}

func TestOneKeyHasOneVerbOnEveryScreen(t *testing.T) {
	for _, key := range keys {
		verbs := map[keymap.Action]bool{}
		for _, screen := range screens {
			if binding, _, ok := keymap.Find(key, keymap.Situation{Screen: screen}); ok {
				verbs[binding.Action] = true
			}
		}
		require.Len(t, verbs, 1, "%s", key)
	}
}

func TestEveryLabelAndReasonHasWordsInBothLanguages(t *testing.T) {
	for _, tag := range []text.Tag{text.Portuguese, text.English} {
		ids, err := text.IDs(tag)
		require.NoError(t, err)
		for _, situation := range situations() {
			for _, shown := range keymap.Bar(situation) {
				require.True(t, ids[shown.LabelID], "%s: %s", tag, shown.LabelID)
				require.True(t, ids[shown.LabelID+".short"], "%s: %s.short", tag, shown.LabelID)
				if !shown.Usable {
					require.True(t, ids[shown.Reason(situation)], "%s: the reason of %s in %+v", tag, shown.Key, situation)
				}
			}
		}
		for _, screen := range screens {
			for _, binding := range keymap.Explained(screen) {
				require.True(t, ids[binding.About], "%s: %s", tag, binding.About)
			}
		}
	}
}

func TestTheBarShowsOnlyKeysThatDoWhatItSays(t *testing.T) {
	for _, situation := range situations() {
		for _, shown := range keymap.Bar(situation) {
			binding, enabled, ok := keymap.Find(shown.Key, situation)
			require.True(t, ok, "%s in %+v", shown.Key, situation)
			require.Equal(t, shown.Action, binding.Action)
			require.Equal(t, shown.Usable, enabled)
		}
	}
}

func TestKeysKeepTheirPlaces(t *testing.T) {
	for _, situation := range situations() {
		taken := map[int]keymap.Key{}
		for _, shown := range keymap.Bar(situation) {
			require.Empty(t, taken[shown.Slot], "%s and %s in %+v", taken[shown.Slot], shown.Key, situation)
			taken[shown.Slot] = shown.Key
		}
	}
}

func TestForwardNeverPaysInPayment(t *testing.T) {
	_, enabled, ok := keymap.Find(keymap.F8, keymap.Situation{Screen: keymap.Paying, EntryEmpty: true, HasLines: true})
	require.True(t, ok)
	require.False(t, enabled)
	_, enabled, _ = keymap.Find(keymap.F8, keymap.Situation{Screen: keymap.Selling})
	require.False(t, enabled, "nothing to pay")
	_, enabled, _ = keymap.Find(keymap.F8, keymap.Situation{Screen: keymap.Selling, HasLines: true, EntryEmpty: true})
	require.True(t, enabled)
}

func TestViewerCommandsNothing(t *testing.T) {
	for _, key := range []keymap.Key{keymap.F5, keymap.F6, keymap.F9, keymap.F10, keymap.F11, keymap.F12, keymap.Enter} {
		for _, situation := range situations() {
			situation.Viewer = true
			if binding, enabled, ok := keymap.Find(key, situation); ok {
				require.False(t, enabled, "%s", binding.Action)
			}
		}
	}
	binding, enabled, _ := keymap.Find(keymap.F8, keymap.Situation{Screen: keymap.Paying, Viewer: true})
	require.True(t, enabled)
	require.Equal(t, "screen.key.take_over", binding.Label(keymap.Situation{Viewer: true}))
	_, enabled, _ = keymap.Find(keymap.F8, keymap.Situation{Screen: keymap.Paying, Viewer: true, LookOnly: true})
	require.False(t, enabled, "a screen that only looks takes nothing over")
}

func TestEscapeSaysWhatItDoes(t *testing.T) {
	say := func(s keymap.Situation) string {
		for _, shown := range keymap.Bar(s) {
			if shown.Key == keymap.Esc {
				return shown.LabelID
			}
		}
		return ""
	}
	require.Equal(t, "screen.key.stop_card", say(keymap.Situation{Screen: keymap.Paying, EntryEmpty: true, CanStop: true}))
	require.Equal(t, "screen.key.leave_payment", say(keymap.Situation{Screen: keymap.Paying, EntryEmpty: true, CanLeave: true}))
	require.Equal(t, "screen.key.clear", say(keymap.Situation{Screen: keymap.Paying}))
	require.Equal(t, "screen.key.close", say(keymap.Situation{Screen: keymap.Helping}))
	require.Equal(t, "screen.key.close", say(keymap.Situation{Screen: keymap.Moving}))
	require.Equal(t, "screen.key.refuse", say(keymap.Situation{Screen: keymap.Approving}))
	require.Equal(t, "screen.key.leave_close", say(keymap.Situation{Screen: keymap.Counting, EntryEmpty: true}))
	require.Equal(t, "screen.key.clear", say(keymap.Situation{Screen: keymap.Counting}))
	_, enabled, _ := keymap.Find(keymap.Esc, keymap.Situation{Screen: keymap.Paying, EntryEmpty: true})
	require.False(t, enabled)
}

func TestZIsIssuedOnlyAfterACount(t *testing.T) {
	binding, enabled, ok := keymap.Find(keymap.F8, keymap.Situation{Screen: keymap.Counting, EntryEmpty: true})
	require.True(t, ok)
	require.False(t, enabled)
	require.Equal(t, "screen.why.count_first", binding.Reason(keymap.Situation{Screen: keymap.Counting}))
	_, enabled, _ = keymap.Find(keymap.F8, keymap.Situation{Screen: keymap.Counting, CanClose: true})
	require.True(t, enabled)
}

// What cannot be taken back takes another key than the one that moves on.
func TestEnterNeitherCancelsNorIssues(t *testing.T) {
	_, _, ok := keymap.Find(keymap.Enter, keymap.Situation{Screen: keymap.Confirming})
	require.False(t, ok)
	for _, screen := range []keymap.Screen{keymap.Moving, keymap.Counting, keymap.Confirming} {
		forward := keymap.Situation{Screen: screen, CanClose: true}
		binding, enabled, _ := keymap.Find(keymap.F8, forward)
		require.True(t, enabled)
		require.Equal(t, keymap.Forward, binding.Action)
	}
}

func TestMenuHasItsRowsOnFixedDigits(t *testing.T) {
	for _, tag := range []text.Tag{text.Portuguese, text.English} {
		ids, err := text.IDs(tag)
		require.NoError(t, err)
		for _, situation := range []keymap.Situation{{}, {HasSale: true}, {HasLast: true}, {HasSale: true, HasLast: true}} {
			rows := keymap.Menu(situation)
			require.Len(t, rows, 5)
			for i, row := range rows {
				require.Equal(t, i+1, row.Digit)
				require.True(t, ids[row.Label], row.Label)
				require.True(t, row.Usable || ids[row.Why], "why not %s", row.Label)
			}
		}
	}
	require.False(t, keymap.Menu(keymap.Situation{HasSale: true})[3].Usable)
	require.False(t, keymap.Menu(keymap.Situation{})[4].Usable)
}
