package till_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"

	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment"
)

// books are what a copy of the journal tells, read by the program itself.
type books struct {
	records  []bookRecord
	intents  map[string]bool
	states   map[string]payment.State // of every card attempt
	paid     map[string]string        // payment → sale that it paid
	amounts  map[string]money.Cents   // by payment that paid
	receipts []int64
	lines    map[string]bool // ids of the facts of lines
}

type bookRecord struct {
	Seq  uint64          `json:"seq"`
	ID   string          `json:"id"`
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body"`
}

// copyJournal copies the journal, all its periods, into a folder; nothing may be
// writing to it.
func (r *rig) copyJournal() string {
	r.t.Helper()
	folder := filepath.Join(r.place.Dir, "copy")
	require.NoError(r.t, os.RemoveAll(folder))
	require.NoError(r.t, os.Mkdir(folder, 0o700))
	files, err := filepath.Glob(filepath.Join(r.place.Dir, "data", "journal*"))
	require.NoError(r.t, err)
	for _, file := range files {
		if strings.HasSuffix(file, ".ballast") {
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(r.t, err)
		require.NoError(r.t, os.WriteFile(filepath.Join(folder, filepath.Base(file)), content, 0o600))
	}
	return folder
}

// books verifies (I9) and reads a copy of the journal.
func (r *rig) books() books {
	r.t.Helper()
	path := r.copyJournal()
	program := filepath.Join(r.bin, "balcao")
	verdict, err := exec.Command(program, "journal", "verify", path).CombinedOutput()
	require.NoError(r.t, err, "I9: %s", verdict)
	dump, err := exec.Command(program, "journal", "dump", path).Output()
	require.NoError(r.t, err)
	b := books{intents: map[string]bool{}, states: map[string]payment.State{}, paid: map[string]string{}, amounts: map[string]money.Cents{}, lines: map[string]bool{}}
	lines := bufio.NewScanner(bytes.NewReader(dump))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var record bookRecord
		require.NoError(r.t, json.Unmarshal(lines.Bytes(), &record))
		b.records = append(b.records, record)
		require.NoError(r.t, b.enter(record))
	}
	require.NoError(r.t, lines.Err())
	return b
}

// enter books one record.
func (b *books) enter(record bookRecord) error {
	var body struct {
		AttemptID string         `json:"attempt_id"`
		PaymentID string         `json:"payment_id"`
		Method    payment.Method `json:"method"`
		Result    payment.Result `json:"result"`
		SaleID    string         `json:"sale_id"`
		Receipt   int64          `json:"receipt"`
		Total     money.Cents    `json:"total"`
		Tenders   []struct {
			PaymentID string      `json:"payment_id"`
			Amount    money.Cents `json:"amount"`
		} `json:"tenders"`
	}
	switch record.Kind {
	case "payment_intent", "payment", "confirmation", "reversal", "payment_confirmed", "payment_reversed", "payment_manual", "sale_paid":
	case "line_added":
		b.lines[record.ID] = true
		return nil
	default:
		return nil
	}
	if err := json.Unmarshal(record.Body, &body); err != nil {
		return fmt.Errorf("record %d: %w", record.Seq, err)
	}
	switch record.Kind {
	case "payment_intent":
		b.intents[body.AttemptID] = true
		b.states[body.AttemptID] = payment.Intent
	case "payment":
		if body.Method == payment.Cash {
			return nil
		}
		step := payment.Decline
		if body.Result.Approved {
			step = payment.Approve
		}
		return b.step(record.ID, step)
	case "confirmation":
		return b.step(body.PaymentID, payment.Commit)
	case "reversal":
		return b.step(body.PaymentID, payment.Undo)
	case "payment_confirmed":
		return b.step(body.PaymentID, payment.Ack)
	case "payment_reversed":
		return b.step(body.PaymentID, payment.Reverse)
	case "payment_manual":
		return b.step(body.PaymentID, payment.Escalate)
	case "sale_paid":
		var sum money.Cents
		for _, tender := range body.Tenders {
			sum += tender.Amount
			b.paid[tender.PaymentID] = body.SaleID
			b.amounts[tender.PaymentID] = tender.Amount
		}
		if sum != body.Total {
			return fmt.Errorf("I7: sale %s of %v, tenders of %v", body.SaleID, body.Total, sum)
		}
		b.receipts = append(b.receipts, body.Receipt)
	}
	return nil
}

func (b *books) step(id string, step payment.Step) error {
	next, err := payment.Next(b.states[id], step)
	if err != nil {
		return fmt.Errorf("attempt %s: %w", id, err)
	}
	b.states[id] = next
	return nil
}

// lastAttempt is the state of the newest attempt, 0 if there is none.
func (b *books) lastAttempt() payment.State {
	for i := len(b.records) - 1; i >= 0; i-- {
		if b.records[i].Kind != "payment_intent" {
			continue
		}
		var body struct {
			AttemptID string `json:"attempt_id"`
		}
		if json.Unmarshal(b.records[i].Body, &body) == nil {
			return b.states[body.AttemptID]
		}
	}
	return 0
}

// ledger is what central says of itself.
type ledger struct {
	Sum      int64 `json:"sum"`
	Payments map[string]struct {
		Method string `json:"method"`
		Status string `json:"status"`
		Amount int64  `json:"amount_cents"`
	} `json:"payments"`
}

func (r *rig) ledger() ledger {
	r.t.Helper()
	var l ledger
	require.NoError(r.t, json.Unmarshal([]byte(r.central("ledger")), &l))
	require.Zero(r.t, l.Sum, "the ledger's sum is always zero")
	return l
}

// audit compares the till's books with central's, at rest: I0 to I4, I6, I7.
func audit(b books, l ledger) error {
	captured := map[string]bool{}
	perSale := map[string]int{}
	for id, known := range l.Payments {
		if known.Method == "cash" {
			continue
		}
		state, meant := b.states[id]
		if !meant {
			return fmt.Errorf("I1: central has %s as %s, the till never meant it", id, known.Status)
		}
		if known.Status == "captured" {
			captured[id] = true
			if state == payment.Manual {
				return fmt.Errorf("I4: %s captured, and in a person's hands", id)
			}
			if b.paid[id] == "" {
				return fmt.Errorf("I4: %s captured in %v, no sale", id, state)
			}
			if perSale[b.paid[id]]++; perSale[b.paid[id]] > 1 {
				return fmt.Errorf("I0: sale %s captured twice", b.paid[id])
			}
		} else if known.Status != "declined" && known.Status != "reversed" {
			return fmt.Errorf("I3: %s is %s at rest, %v at the till", id, known.Status, state)
		}
	}
	for id, known := range l.Payments {
		if known.Status == "captured" && money.Cents(known.Amount) != b.amounts[id] {
			return fmt.Errorf("I12: central captured %d for %s, the till counted %v", known.Amount, id, b.amounts[id])
		}
	}
	for id, state := range b.states {
		if !state.Final() {
			return fmt.Errorf("attempt %s rests in %v", id, state)
		}
		if state == payment.Confirmed && !captured[id] {
			return fmt.Errorf("I2: %s confirmed, not captured", id)
		}
	}
	for i := 1; i < len(b.receipts); i++ {
		if b.receipts[i] <= b.receipts[i-1] {
			return fmt.Errorf("I6: receipt %d after %d", b.receipts[i], b.receipts[i-1])
		}
	}
	return nil
}

// derived is the n-th id that follows from a request's.
func derived(request string, n int) string { return string(ident.ID(request).Derive(n)) }
