package view_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/view"
	"balcao/ui/widget"
)

// moment is the clock of the examples, after everything that they tell.
var moment = time.Date(2026, 11, 23, 14, 32, 7, 0, time.FixedZone("BRT", -3*60*60))

// example reads a snapshot of testdata.
func example(t testing.TB, name string) *snapshot.Cashier {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	var read snapshot.Cashier
	require.NoError(t, json.Unmarshal(data, &read))
	return &read
}

// model is a screen that shows a snapshot, in Portuguese, with nothing typed.
func model(shown *snapshot.Cashier) view.Model {
	return view.Model{Snapshot: shown, Language: text.In(text.Portuguese), Now: moment, Link: view.Up}
}

func draw(m view.Model, width, height int) *widget.Grid {
	grid := widget.NewGrid(width, height)
	view.Draw(m, grid)
	return grid
}

func selling(t testing.TB) view.Model { return model(example(t, "sale")) }

func paying(t testing.TB) view.Model { return model(example(t, "payment")) }

// choosing is payment before anything was chosen.
func choosing(t testing.TB) view.Model {
	m := paying(t)
	m.Snapshot.Payment.Attempt, m.Snapshot.Payment.Received = nil, nil
	m.Snapshot.Payment.CanLeave = true
	for i := range m.Snapshot.Payment.Choices {
		m.Snapshot.Payment.Choices[i].Disabled = text.Message{}
	}
	return m
}

// silent is a payment whose host does not answer.
func silent(t testing.TB) view.Model {
	m := paying(t)
	attempt := m.Snapshot.Payment.Attempt
	attempt.Outcome, attempt.CanInquire = text.Msg("core.outcome.asking"), true
	m.Snapshot.Central = snapshot.Central{Queue: 12, Pending: 1}
	return m
}

// declined is a payment that the bank refused.
func declined(t testing.TB) view.Model {
	m := choosing(t)
	m.Snapshot.Payment = example(t, "payment").Payment
	attempt := m.Snapshot.Payment.Attempt
	attempt.Running, attempt.State, attempt.Money = false, "S7", snapshot.NotCharged
	attempt.Outcome = text.Msg("core.decline.insufficient_funds")
	for i := range attempt.Steps {
		attempt.Steps[i].State = "failed"
	}
	m.Snapshot.Payment.CanLeave = true
	m.Snapshot.Payment.Received[1].State = text.Msg("core.state.S7")
	for i := range m.Snapshot.Payment.Choices {
		m.Snapshot.Payment.Choices[i].Disabled = text.Message{}
	}
	return m
}

// between is the till between two sales, the last one's change still shown.
func between(t testing.TB) view.Model {
	m := selling(t)
	m.Snapshot.Sale = nil
	m.Snapshot.Devices[0].Light = "error"
	m.Snapshot.Devices[0].Detail = text.Msg("device.printer.paper_out")
	m.Snapshot.LastSale.Paper = text.Msg("core.paper.waiting")
	m.Snapshot.Notices = notices("DSK-01")
	return m
}

func locked(t testing.TB) view.Model {
	m := selling(t)
	m.Snapshot.Phase, m.Snapshot.Operator, m.Snapshot.Session = snapshot.Locked, nil, nil
	return m
}

func closed(t testing.TB) view.Model {
	m := selling(t)
	m.Snapshot.Phase, m.Snapshot.Session, m.Snapshot.Sale, m.Snapshot.LastSale = snapshot.Closed, nil, nil, nil
	return m
}

// discounted is a sale with something off a line and off the whole, for a customer.
func discounted(t testing.TB) view.Model {
	m := selling(t)
	sale := m.Snapshot.Sale
	sale.Lines = append([]snapshot.Line(nil), sale.Lines...)
	last := &sale.Lines[len(sale.Lines)-1]
	last.Discount, last.Total = 4_00, last.Total-4_00
	sale.Gross, sale.Discounts, sale.Total, sale.TaxID = 283_06, 9_00, 274_06, "52998224725"
	return m
}

// split is a payment in parts: cash is in, 50,00 go to the next tender.
func split(t testing.TB) view.Model {
	m := choosing(t)
	payment := m.Snapshot.Payment
	payment.Paid, payment.Due, payment.Part = 100_00, 183_06, 50_00
	payment.Received = []snapshot.Received{
		{Name: text.Msg("core.tender.cash"), Amount: 60_00, At: moment.Add(-40 * time.Second), State: text.Msg("core.state.cash"), Key: "01M84QDK3R5T7V9W1X3Y5Z7B1C"},
		{Name: text.Msg("core.tender.debit"), Amount: 30_00, At: moment.Add(-25 * time.Second), State: text.Msg("core.state.S3"), Key: "01M84QE2M4N6P8R0S2T4V6W8E7"},
		{Name: text.Msg("core.tender.cash"), Amount: 10_00, At: moment.Add(-9 * time.Second), State: text.Msg("core.state.cash"), Key: "01M84QF9M4N6P8R0S2T4V6W8F3"},
	}
	return m
}

// searching is a list of items as their name is typed.
func searching(t testing.TB) view.Model {
	m := selling(t)
	m.Entry.Text, m.Marked = "arr br", 1
	found := &snapshot.Search{Query: "arr br", More: true}
	for i, name := range []string{
		"ARROZ BRANCO TIPO 1 5KG", "ARROZ BRANCO TIPO 1 1KG", "ARROZ BRANCO PARBOILIZADO 5KG", "ARROZ BRANCO PARBOILIZADO 1KG",
		"ARROZ BRANCO ORGÂNICO 1KG", "ARROZ INTEGRAL BRANDO 1KG", "ARROZ ARBÓREO BRANCO PARA RISOTO SELEÇÃO ESPECIAL DA CASA 500G",
		"BRIGADEIRO DE ARROZ 200G", "BROA DE ARROZ",
	} {
		unit := "un"
		if i == 8 {
			unit = "kg"
		}
		found.Rows = append(found.Rows, snapshot.SearchRow{SKU: name[:5], Description: name, Unit: unit, Price: money.UnitPrice(27_9000 - i*2_1000)})
	}
	m.Snapshot.Search = found
	return m
}

// asking is a number that is an item's and a person's.
func asking(t testing.TB) view.Model {
	m := selling(t)
	m.Snapshot.Question = &snapshot.Question{
		Text:    text.Msg("core.question.code_or_document", "Code", "52998224725"),
		Answers: []text.Message{text.Msg("core.question.code"), text.Msg("core.question.document")},
	}
	return m
}

// approving is a discount that a cashier may not give alone.
func approving(t testing.TB) view.Model {
	m := selling(t)
	m.Snapshot.Approval = &snapshot.Approval{Act: text.Msg("core.act.discount"), Amount: 28_31, Asker: "Maria S."}
	m.Said = &view.Said{Tone: widget.Warning, Text: text.Msg("core.refused.needs_approval")}
	return m
}

// managing is the menu of the day's acts, between two sales.
func managing(t testing.TB) view.Model {
	m := selling(t)
	m.Snapshot.Sale, m.Overlay, m.Marked = nil, view.Menu, 1
	return m
}

// takingOut is the form of cash that leaves the drawer.
func takingOut(t testing.TB) view.Model {
	m := managing(t)
	m.Overlay, m.Form = view.CashOut, view.Form{Amount: "500", Reason: "malote das 15h", OnReason: true}
	return m
}

// counting is the blind count before anything was entered.
func counting(t testing.TB) view.Model {
	m := selling(t)
	m.Snapshot.Phase, m.Snapshot.Sale, m.Snapshot.Closing = snapshot.Counting, nil, &snapshot.Closing{}
	m.Entry.Text = "642,3"
	return m
}

// counted is the drawer five short, with two things left open.
func counted(t testing.TB) view.Model {
	m := counting(t)
	m.Entry.Text = ""
	m.Snapshot.Closing = &snapshot.Closing{
		Attempts: 2, Result: &snapshot.Count{Counted: 642_30, Expected: 647_30, Difference: -5_00},
		Carried: []text.Message{
			text.Msg("core.carried.attempt", "Key", "01M84QE…E7", "AmountCents", 229_06), text.Msg("core.carried.queue", "Number", 12),
		},
	}
	return m
}

// longCart is a sale of many lines, one of them voided, another one marked.
func longCart(t testing.TB) view.Model {
	m := selling(t)
	sale := m.Snapshot.Sale
	first := append([]snapshot.Line(nil), sale.Lines...)
	for len(sale.Lines) < 120 {
		line := first[len(sale.Lines)%len(first)]
		line.Number = len(sale.Lines) + 1
		sale.Lines = append(sale.Lines, line)
	}
	sale.Lines[60].Voided = true
	sale.Items, sale.Last, sale.Total = 119, 120, money.Cents(3_396_72-28_30)
	m.Selected = 62
	return m
}

// notices are what is the matter, in the catalogues' words.
func notices(codes ...string) []snapshot.Notice {
	var shown []snapshot.Notice
	for _, code := range codes {
		title := "core.notice." + strings.ToLower(strings.ReplaceAll(code, "-", "_"))
		severity := "warning"
		if code == "DSK-01" || code == "PAG-08" {
			severity = "danger"
		}
		shown = append(shown, snapshot.Notice{
			Code: code, Severity: severity, Text: text.Msg(title, "Number", 2, "Date", "24/11"), Cure: text.Msg(title + "_do"),
		})
	}
	return shown
}

// troubled is a till with much the matter, and the list of it open.
func troubled(t testing.TB) view.Model {
	m := selling(t)
	m.Snapshot.Notices = notices("PAG-08", "IMP-02", "PIN-01", "CEN-01", "FIL-02", "DIA-01")
	m.Overlay, m.Marked = view.Notices, 3
	return m
}
