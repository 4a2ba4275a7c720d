package view_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/theme"
	"balcao/ui/view"
	"balcao/ui/widget"
)

// scene is one golden drawing. Its roles are told too if inColour is set.
type scene struct {
	name          string
	model         view.Model
	width, height int
	inColour      bool
}

func english(m view.Model) view.Model {
	m.Language = text.In(text.English)
	return m
}

func with(m view.Model, change func(*view.Model)) view.Model {
	change(&m)
	return m
}

// sized are the drawings that every layout has its own of.
func sized(t *testing.T) []scene {
	var scenes []scene
	for name, m := range map[string]view.Model{
		"sale": selling(t), "payment": paying(t), "choosing": choosing(t), "silent": silent(t), "declined": declined(t),
		"between": between(t), "long_cart": longCart(t), "locked": locked(t), "closed": closed(t),
	} {
		for _, size := range sizes {
			scenes = append(scenes, scene{name, m, size[0], size[1], size[0] == 100})
		}
	}
	return append(scenes, furniture(t)...)
}

var sizes = [][2]int{{80, 24}, {100, 30}, {120, 40}}

// furniture is what a day has besides scanning and paying, in every layout and
// both languages.
func furniture(t *testing.T) []scene {
	var scenes []scene
	for name, m := range map[string]view.Model{
		"discounted": discounted(t), "split": split(t), "searching": searching(t), "asking": asking(t), "approving": approving(t),
		"managing": managing(t), "notices": troubled(t), "taking_out": takingOut(t), "counting": counting(t), "counted": counted(t),
	} {
		for _, size := range sizes {
			scenes = append(scenes,
				scene{name, m, size[0], size[1], true}, scene{name + "_en", english(m), size[0], size[1], false})
		}
	}
	return scenes
}

// single are the drawings of one size.
func single(t *testing.T) []scene {
	cash := with(choosing(t), func(m *view.Model) { m.Entry = view.Entry{Digit: 1, Text: "300"} })
	typing := with(selling(t), func(m *view.Model) { m.Entry.Text, m.Waiting = "3*7896006711130", true })
	pin := with(locked(t), func(m *view.Model) { m.Entry = view.Entry{Operator: "214", Text: "1357"} })
	lost := func(m *view.Model) { m.Link, m.LostAt = view.Lost, moment.Add(-12_000_000_000) }
	refused := with(choosing(t), func(m *view.Model) {
		m.Said = &view.Said{Tone: widget.Danger, Text: text.Msg("core.refused.pinpad_away"), Money: snapshot.NotCharged}
	})
	notFound := with(selling(t), func(m *view.Model) {
		m.Said = &view.Said{Tone: widget.Warning, Text: text.Msg("core.refused.not_found", "Code", "789000000000")}
	})
	help := func(m *view.Model) { m.Overlay = view.Help }
	nothing := with(searching(t), func(m *view.Model) { m.Snapshot.Search = &snapshot.Search{Query: "arr br"} })
	secondPIN := with(approving(t), func(m *view.Model) { m.Entry = view.Entry{Operator: "7", Text: "86420"} })
	differs := func(by money.Cents) view.Model {
		return with(counted(t), func(m *view.Model) {
			m.Snapshot.Closing = &snapshot.Closing{Attempts: 1, Result: &snapshot.Count{Counted: 647_30 + by, Expected: 647_30, Difference: by}}
		})
	}
	withScanner := func(light device.Light, detail string) view.Model {
		return with(selling(t), func(m *view.Model) {
			scanner := snapshot.Device{Kind: device.Scanner, Light: light, Detail: text.Message{ID: detail}}
			m.Snapshot.Devices = append(m.Snapshot.Devices, scanner)
		})
	}
	noReprint := with(managing(t), func(m *view.Model) { m.Snapshot.LastSale, m.Marked = nil, 4 })
	manyCarried := with(counted(t), func(m *view.Model) {
		for range 12 {
			m.Snapshot.Closing.Carried = append(m.Snapshot.Closing.Carried, text.Msg("core.carried.quarantine", "Number", 3))
		}
	})
	return []scene{
		{"sale_en", english(selling(t)), 100, 30, false},
		{"payment_en", english(paying(t)), 100, 30, false},
		{"silent_en", english(silent(t)), 80, 24, false},
		{"between_en", english(between(t)), 120, 40, false},
		{"typing", typing, 80, 24, true},
		{"cash", cash, 100, 30, true},
		{"pin", pin, 80, 24, true},
		{"pin_en", english(pin), 100, 30, false},
		{"closed_en", english(closed(t)), 80, 24, false},
		{"refused", refused, 80, 24, true},
		{"not_found", notFound, 80, 24, true},
		{"help_sale", with(selling(t), help), 80, 24, true},
		{"help_sale_en", english(with(selling(t), help)), 100, 30, false},
		{"help_payment", with(paying(t), help), 100, 30, false},
		{"confirm", with(selling(t), func(m *view.Model) { m.Overlay = view.ConfirmCancel }), 100, 30, true},
		{"lost", with(paying(t), lost), 80, 24, true},
		{"lost_en", english(with(selling(t), lost)), 100, 30, false},
		{"version", with(selling(t), func(m *view.Model) { m.Link = view.OtherVersion }), 80, 24, false},
		{"connecting", view.Model{Language: text.In(text.Portuguese), Now: moment}, 80, 24, false},
		{"small", selling(t), 60, 15, true},
		{"search_nothing", nothing, 80, 24, false},
		{"three_devices", withScanner("ok", ""), 80, 24, false},
		{"scanner_away", withScanner("error", "device.scanner.unplugged"), 80, 24, true},
		{"approving_pin", secondPIN, 80, 24, true},
		{"counted_over", differs(3_50), 80, 24, true},
		{"counted_right", differs(0), 80, 24, true},
		{"carried_many", manyCarried, 80, 24, false},
		{"menu_no_reprint", noReprint, 80, 24, true},
		{"help_counting", with(counted(t), help), 80, 24, false},
		{"viewer", with(selling(t), func(m *view.Model) { m.Viewer = true }), 100, 30, true},
	}
}

func TestScreensLookAsTheyDid(t *testing.T) {
	for _, one := range append(sized(t), single(t)...) {
		name := fmt.Sprintf("%s_%dx%d", one.name, one.width, one.height)
		t.Run(name, func(t *testing.T) {
			grid := draw(one.model, one.width, one.height)
			archive := &txtar.Archive{Files: []txtar.File{{Name: "text", Data: []byte(grid.Text())}}}
			if one.inColour {
				archive.Files = append(archive.Files,
					txtar.File{Name: "roles", Data: []byte(grid.Roles())},
					txtar.File{Name: "without colours", Data: []byte(grid.Attributes(theme.Noite(theme.Mono)))})
			}
			golden.Equal(t, filepath.Join("testdata", "golden", name+".txtar"), txtar.Format(archive))
		})
	}
}

func TestNoScreenShowsAMessageWithoutWords(t *testing.T) {
	for _, one := range append(sized(t), single(t)...) {
		for _, tag := range []text.Tag{text.Portuguese, text.English} {
			one.model.Language = text.In(tag)
			shown := draw(one.model, one.width, one.height).Text()
			for _, room := range []string{"[screen.", "[core.", "[device.", "[paper.", "<no value>"} {
				require.NotContains(t, shown, room, "%s in %s", one.name, tag)
			}
		}
	}
}

// Where the money is must be read whole, on the smallest screen too.
func TestWhereTheMoneyIsIsNeverCut(t *testing.T) {
	for _, tag := range []text.Tag{text.Portuguese, text.English} {
		for _, where := range []snapshot.Money{snapshot.NotCharged, snapshot.Charged, snapshot.Verifying} {
			m := paying(t)
			m.Language = text.In(tag)
			m.Snapshot.Payment.Attempt.Money = where
			require.Contains(t, draw(m, 80, 24).Text(), m.Language.Word("screen.money."+string(where)))
		}
	}
}

func TestPINIsNeverDrawn(t *testing.T) {
	m := with(locked(t), func(m *view.Model) { m.Entry = view.Entry{Operator: "214", Text: "86420"} })
	typed := view.Entry{Operator: "7", Text: "86420"}
	models := []view.Model{m}
	for _, second := range []view.Model{approving(t), choosing(t), declined(t), closed(t), counting(t), counted(t)} {
		second.Snapshot.Approval, second.Entry = approving(t).Snapshot.Approval, typed
		models = append(models, second)
	}
	for _, size := range sizes {
		for _, one := range models {
			shown := draw(one, size[0], size[1]).Text()
			require.NotContains(t, shown, "8642")
			require.Contains(t, shown, "•••••▌")
		}
	}
}

func TestTheCountIsBlind(t *testing.T) {
	for _, size := range sizes {
		blind := draw(counting(t), size[0], size[1]).Text()
		require.NotContains(t, blind, "Esperado")
		require.NotContains(t, blind, "Diferença")
		told := draw(counted(t), size[0], size[1]).Text()
		require.Contains(t, told, "647,30")
		require.Contains(t, told, "▼ -5,00")
	}
}

// Who asks, for what and how much must be read whole before a PIN is typed.
func TestAnApprovalIsReadWhole(t *testing.T) {
	for _, tag := range []text.Tag{text.Portuguese, text.English} {
		for _, act := range []string{"discount", "void_line", "cancel_sale", "cash_in", "cash_out", "x_report", "close_day"} {
			m := approving(t)
			m.Language, m.Snapshot.Approval.Act = text.In(tag), text.Msg("core.act."+act)
			shown := draw(m, 80, 24).Text()
			require.Contains(t, shown, m.Language.Word("core.act."+act)+" ")
			require.Contains(t, shown, "R$ "+m.Language.Amount(28_31))
			require.Contains(t, shown, "Maria S.")
		}
	}
}

// On the widest screen all keys stand in one row.
func TestTheKeyBarIsReadWhole(t *testing.T) {
	for _, tag := range []text.Tag{text.Portuguese, text.English} {
		for _, m := range []view.Model{selling(t), paying(t), locked(t), closed(t), counting(t), counted(t)} {
			m.Language = text.In(tag)
			for _, size := range sizes {
				rows := strings.Split(strings.TrimRight(draw(m, size[0], size[1]).Text(), "\n"), "\n")
				bar := strings.Join(rows[max(len(rows)-2, 0):], " ")
				require.NotContains(t, bar, "…", "%s %v", tag, size)
			}
		}
	}
}

// A discount takes a row of its own; the marked line is in sight all the same.
func TestTheMarkedLineIsInSightAmongDiscounts(t *testing.T) {
	m := longCart(t)
	for i := range m.Snapshot.Sale.Lines {
		m.Snapshot.Sale.Lines[i].Discount = money.Cents(i % 3)
	}
	for marked := 1; marked <= len(m.Snapshot.Sale.Lines); marked++ {
		if m.Snapshot.Sale.Lines[marked-1].Voided {
			continue
		}
		m.Selected = marked
		require.Contains(t, draw(m, 80, 24).Text(), fmt.Sprintf("▶%3d  ", marked), "line %d", marked)
	}
}

func TestTheTotalIsTheLargestThing(t *testing.T) {
	for _, size := range sizes {
		blocks := strings.Count(draw(selling(t), size[0], size[1]).Text(), "█")
		require.Greater(t, blocks, 12, "%v", size)
	}
}

func TestLargeTotalsStayWhole(t *testing.T) {
	m := selling(t)
	m.Snapshot.Sale.Total = 123_456_789_01
	for _, size := range sizes {
		require.Contains(t, draw(m, size[0], size[1]).Text(), "123.456.789,01", "%v", size)
	}
}

func TestHelpIsReadWhole(t *testing.T) {
	for _, tag := range []text.Tag{text.Portuguese, text.English} {
		for _, m := range []view.Model{selling(t), paying(t), locked(t), closed(t), counted(t)} {
			m.Language, m.Overlay = text.In(tag), view.Help
			grid := draw(m, 80, 24)
			help := ""
			for y := range 24 {
				for x := range 80 {
					if cell := grid.At(x, y); cell.Role.Surface() == theme.Modal && cell.Width > 0 {
						help += string(cell.Rune)
					}
				}
			}
			require.Contains(t, help, "Ctrl+Q")
			require.NotContains(t, strings.ReplaceAll(help, "789…", ""), "…", "%s", tag)
		}
	}
}

func TestEveryWordOfTheScreenIsUsedAndExistsTwice(t *testing.T) {
	portuguese, err := text.IDs(text.Portuguese)
	require.NoError(t, err)
	english, err := text.IDs(text.English)
	require.NoError(t, err)
	code := goFiles(t, "..")
	for id := range portuguese {
		if !strings.HasPrefix(id, "screen.") {
			continue
		}
		require.True(t, english[id], "%s has no English", id)
		stem := strings.TrimSuffix(id, ".short")
		built := strings.HasPrefix(id, "screen.money.") || strings.HasPrefix(id, "screen.device.")
		require.True(t, built || strings.Contains(code, `"`+stem+`"`), "%s is said nowhere", id)
	}
	for id := range english {
		require.True(t, !strings.HasPrefix(id, "screen.") || portuguese[id], "%s has no Portuguese", id)
	}
}

func TestShortLabelsFitTheirSlots(t *testing.T) {
	ids, err := text.IDs(text.Portuguese)
	require.NoError(t, err)
	for id := range ids {
		if !strings.HasSuffix(id, ".short") || !strings.HasPrefix(id, "screen.key.") {
			continue
		}
		for _, tag := range []text.Tag{text.Portuguese, text.English} {
			require.LessOrEqual(t, utf8.RuneCountInString(text.In(tag).Word(id)), 12, "%s: %s", tag, id)
		}
	}
}
