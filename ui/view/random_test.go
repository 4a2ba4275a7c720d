package view_test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/theme"
	"balcao/ui/view"
	"balcao/ui/widget"
)

// goFiles answers the text of all Go files below a folder.
func goFiles(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := fs.ReadFile(os.DirFS(folder), path)
		all.Write(data)
		return err
	})
	require.NoError(t, err)
	return all.String()
}

// dice makes random models.
type dice struct{ *rand.Rand }

func (d dice) chance(share float64) bool { return d.Float64() < share }

// texts that catalogues and customers really bring, and some that nobody meant.
var texts = []string{
	"", "CAFÉ", "CAFÉ TORRADO E MOÍDO TRADICIONAL 500G PACOTE ECONÔMICO", "漢字 漢字 漢字 漢字 漢字 漢字",
	"e\u0301\u0301\u0301", "\x1b[31mred\x00\n\t", "\xff\xfe", strings.Repeat("W", 200), "👩‍👩‍👧‍👦 família", "\u202eabc", "   ",
}

func (d dice) text() string { return texts[d.IntN(len(texts))] }

func (d dice) message() text.Message {
	if d.chance(0.3) {
		return text.Message{}
	}
	return text.Msg([]string{"core.said.sold", "core.outcome.asking", "no.such.id", "core.refused.not_found"}[d.IntN(4)],
		"Description", d.text(), "Code", d.text())
}

func (d dice) cents() money.Cents {
	return []money.Cents{0, 1, 99, 283_06, -5_00, 9_999_99, money.Max, -money.Max, 1 << 62, -1 << 63}[d.IntN(10)]
}

func (d dice) where() snapshot.Money {
	return []snapshot.Money{"", snapshot.NotCharged, snapshot.Charged, snapshot.Verifying, "elsewhere"}[d.IntN(5)]
}

func (d dice) sale() *snapshot.Sale {
	sale := &snapshot.Sale{Number: d.Int64(), Items: d.IntN(2000) - 10, Pieces: d.Int64(), Total: d.cents(), Last: d.IntN(60)}
	for i := range d.IntN(130) {
		sale.Lines = append(sale.Lines, snapshot.Line{
			Number: i + 1, Code: d.text(), Description: d.text(), Quantity: money.Quantity(d.Int64N(1 << 40)), Unit: d.text(),
			UnitPrice: money.UnitPrice(d.Int64N(1 << 40)), Total: d.cents(), Voided: d.chance(0.2),
		})
		if d.chance(0.3) {
			sale.Lines[i].Discount = d.cents()
		}
	}
	if d.chance(0.5) {
		sale.Gross, sale.Discounts = d.cents(), d.cents()
		sale.TaxID = []string{"52998224725", "12ABC34501DE35", "漢字漢", "ééééééé", d.text()}[d.IntN(5)]
	}
	return sale
}

// asked is what the till may want to know first, and the end of a day.
func (d dice) asked(shown *snapshot.Cashier) {
	if d.chance(0.2) {
		shown.Search = &snapshot.Search{Query: d.text(), More: d.chance(0.5)}
		for range d.IntN(12) {
			shown.Search.Rows = append(shown.Search.Rows, snapshot.SearchRow{
				SKU: d.text(), Description: d.text(), Unit: d.text(), Price: money.UnitPrice(d.Int64N(1 << 40)),
			})
		}
	}
	if d.chance(0.1) {
		shown.Question = &snapshot.Question{Text: d.message()}
		for range d.IntN(14) {
			shown.Question.Answers = append(shown.Question.Answers, d.message())
		}
	}
	if d.chance(0.1) {
		shown.Approval = &snapshot.Approval{Act: d.message(), Amount: d.cents(), Asker: d.text()}
	}
	if d.chance(0.5) {
		shown.Closing = &snapshot.Closing{Attempts: d.IntN(4)}
		for range d.IntN(30) {
			shown.Closing.Carried = append(shown.Closing.Carried, d.message())
		}
		if d.chance(0.7) {
			shown.Closing.Result = &snapshot.Count{Counted: d.cents(), Expected: d.cents(), Difference: d.cents()}
		}
	}
}

func (d dice) payment() *snapshot.Payment {
	payment := &snapshot.Payment{Total: d.cents(), Paid: d.cents(), Due: d.cents(), CanLeave: d.chance(0.5)}
	if d.chance(0.3) {
		payment.Part = d.cents()
	}
	for i := range d.IntN(9) {
		payment.Choices = append(payment.Choices, snapshot.Choice{
			Digit: i + 1, Method: "cash", Name: d.message(), Disabled: d.message(), Asks: d.chance(0.5),
		})
	}
	for range d.IntN(8) {
		payment.Received = append(payment.Received, snapshot.Received{
			Name: d.message(), Amount: d.cents(), At: moment, State: d.message(), Key: ident.ID(d.text()),
		})
	}
	if d.chance(0.2) {
		asked := d.message()
		payment.Asking = &asked
	}
	if d.chance(0.7) {
		payment.Attempt = &snapshot.Attempt{
			Name: d.message(), Method: "cash", Amount: d.cents(), Card: d.text(), StartedAt: moment.Add(time.Duration(d.Int64N(1 << 40))),
			Running: d.chance(0.5), CanCancel: d.chance(0.5), CanInquire: d.chance(0.5), Outcome: d.message(), Money: d.where(),
		}
		for range d.IntN(9) {
			step := snapshot.Step{Name: d.message(), State: []string{"done", "active", "pending", "failed", "?"}[d.IntN(5)]}
			payment.Attempt.Steps = append(payment.Attempt.Steps, step)
		}
	}
	return payment
}

func (d dice) snapshot() *snapshot.Cashier {
	shown := &snapshot.Cashier{
		Version: snapshot.Version,
		Phase:   []snapshot.Phase{snapshot.Locked, snapshot.Closed, snapshot.Selling, snapshot.Paying, snapshot.Counting, "?"}[d.IntN(6)],
		Store:   snapshot.Store{Name: d.text(), Number: d.text(), Till: d.text()},
		Central: snapshot.Central{Online: d.chance(0.5), Queue: d.IntN(1 << 20), Pending: d.IntN(3)},
	}
	if d.chance(0.8) {
		shown.Operator = &snapshot.Operator{ID: d.text(), Name: d.text()}
		shown.Session = &snapshot.Session{OpenedAt: moment, BusinessDate: d.text()}
	}
	if d.chance(0.8) {
		shown.Sale = d.sale()
	}
	if d.chance(0.7) {
		shown.Payment = d.payment()
	}
	if d.chance(0.5) {
		shown.LastSale = &snapshot.LastSale{Number: d.Int64(), Total: d.cents(), Tendered: d.cents(), Change: d.cents(), Paper: d.message()}
	}
	if d.chance(0.4) {
		for range d.IntN(20) {
			shown.Notices = append(shown.Notices, snapshot.Notice{
				Code: d.text(), Severity: []string{"warning", "danger"}[d.IntN(2)], Text: d.message(), Cure: d.message(), Money: d.where(),
			})
		}
	}
	d.asked(shown)
	for range d.IntN(4) {
		shown.Devices = append(shown.Devices, snapshot.Device{
			Kind:  []device.Kind{device.Printer, device.Pinpad, device.Kind(d.text())}[d.IntN(3)],
			Light: []device.Light{device.OK, device.Warning, device.Error, device.Absent, device.Unused, "?"}[d.IntN(6)], Detail: d.message(),
		})
	}
	return shown
}

func (d dice) model() view.Model {
	m := view.Model{
		Snapshot: d.snapshot(), Language: text.In([]text.Tag{text.Portuguese, text.English}[d.IntN(2)]), Now: moment,
		Entry: view.Entry{Text: d.text(), Operator: d.text(), Digit: d.IntN(4)}, Selected: d.IntN(40), Overlay: view.Overlay(d.IntN(6)),
		Form: view.Form{Amount: d.text(), Reason: d.text(), OnReason: d.chance(0.5)}, Marked: d.IntN(12),
		Waiting: d.chance(0.3), Spinner: d.Int() - 1<<40, Link: view.Link(d.IntN(4)), LostAt: moment, Viewer: d.chance(0.2), LookOnly: d.chance(0.1),
	}
	if d.chance(0.7) {
		m.Link = view.Up
	}
	if d.chance(0.05) {
		m.Snapshot = nil
	}
	if d.chance(0.4) {
		m.Said = &view.Said{Tone: widget.Tone(d.IntN(4)), Text: d.message(), Money: d.where()}
	}
	return m
}

// checkDrawing holds a drawing to what every one must be: all cells painted, and
// wide runes whole.
func checkDrawing(t *testing.T, m view.Model, width, height int) {
	t.Helper()
	grid := draw(m, width, height)
	columns, rows := grid.Size()
	for y := range rows {
		for x := range columns {
			cell := grid.At(x, y)
			if cell.Width == 0 {
				require.EqualValues(t, 2, grid.At(x-1, y).Width, "a tail without its head at %d,%d", x, y)
				continue
			}
			require.GreaterOrEqual(t, cell.Rune, ' ', "cell %d,%d", x, y)
			require.False(t, cell.Width == 2 && x == columns-1, "half a rune at %d,%d", x, y)
		}
	}
}

func TestRandomScreensStayWhole(t *testing.T) {
	seed := golden.Seed(t)
	d := dice{rand.New(rand.NewPCG(seed, 0))}
	for range 40 {
		checkDrawing(t, d.model(), d.IntN(180), d.IntN(60))
		checkDrawing(t, d.model(), view.WidthMin+d.IntN(60), view.HeightMin+d.IntN(30))
	}
}

// A description is one letter many times; wherever its row shows fewer of them,
// an ellipsis follows.
func TestDescriptionsAreNeverCutSilently(t *testing.T) {
	seed := golden.Seed(t)
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	for range 20 {
		m := selling(t)
		length := 1 + d.IntN(60)
		for i := range m.Snapshot.Sale.Lines {
			m.Snapshot.Sale.Lines[i].Description = strings.Repeat("Ж", length)
		}
		if d.chance(0.5) {
			m.Said = &view.Said{Text: text.Msg("core.said.sold", "Description", strings.Repeat("Ж", length))}
		}
		shown := draw(m, view.WidthMin+d.IntN(80), view.HeightMin+d.IntN(30)).Text()
		for _, line := range strings.Split(shown, "\n") {
			for rest := line; strings.Contains(rest, "Ж"); {
				rest = rest[strings.Index(rest, "Ж"):]
				run := len(rest) - len(strings.TrimLeft(rest, "Ж"))
				rest = rest[run:]
				require.True(t, run/len("Ж") == length || strings.HasPrefix(rest, "…"), "length %d: %s", length, line)
			}
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add(uint64(1), 80, 24)
	f.Add(uint64(2), 100, 30)
	f.Add(uint64(3), 120, 40)
	f.Add(uint64(4), 0, 0)
	f.Fuzz(func(t *testing.T, seed uint64, width, height int) {
		d := dice{rand.New(rand.NewPCG(seed, 2))}
		checkDrawing(t, d.model(), width%300, height%100)
	})
}

func TestSameModelGivesTheSameDrawing(t *testing.T) {
	first, second := draw(paying(t), 100, 30), draw(paying(t), 100, 30)
	require.Equal(t, first.Roles(), second.Roles())
	require.Equal(t, first.Text(), second.Text())
}

// Without colours a screen must be read by bold, reverse and marks alone.
func TestWithoutColoursNothingIsLost(t *testing.T) {
	mono := theme.Noite(theme.Mono)
	grid := draw(with(between(t), func(m *view.Model) { m.Snapshot.Central.Online = false }), 100, 30)
	shown := grid.Text()
	for _, mark := range []string{"▼ impressora", "● pinpad", "▲ offline", "▼ Disco cheio"} {
		require.Contains(t, shown, mark)
	}
	sale := draw(selling(t), 100, 30)
	marked, plain := sale.At(10, 13), sale.At(10, 12)
	require.Equal(t, 'C', sale.At(6, 13).Rune)
	require.True(t, mono.Style(marked.Role).Reverse)
	require.False(t, mono.Style(plain.Role).Reverse)
}

func BenchmarkDraw(b *testing.B) {
	m := model(example(b, "payment"))
	grid := widget.NewGrid(100, 30)
	for b.Loop() {
		view.Draw(m, grid)
	}
}
