package view_test

import (
	"encoding/json"
	"os"
	"path/filepath"
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
	m.Snapshot.Banner = &snapshot.Banner{Code: "DSK-01", Severity: "danger", Text: text.Msg("core.banner.disk_full")}
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
