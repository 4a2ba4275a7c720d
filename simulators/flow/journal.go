package flow

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// A record is one record of the journal, as `balcao journal dump` prints it.
type record struct {
	Seq  int64           `json:"seq"`
	ID   string          `json:"id"`
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body"`
	Hash string          `json:"hash"`
}

// A factBody is what the walk reads of the facts about a sale.
type factBody struct {
	OrderID   string   `json:"order_id"`
	PaymentID string   `json:"payment_id"`
	AttemptID string   `json:"attempt_id"`
	JobID     string   `json:"job_id"`
	State     string   `json:"state"`
	Tier      string   `json:"tier"`
	Documents []string `json:"documents"`
	Receipt   int64    `json:"receipt"`
}

func (f record) body() factBody {
	var read factBody
	// Kinds that the walk does not ask for may have members of other shapes.
	_ = json.Unmarshal(f.Body, &read)
	return read
}

// recordBytesMax is the longest line of a dump: a record of 1 MiB with its hash.
const recordBytesMax = 2 << 20

// journal stops the till and reads its journal with the till's own program.
func (w *walk) journal(ctx context.Context) ([]record, error) {
	if err := w.stopForJournal(ctx); err != nil {
		return nil, err
	}
	if w.facts != nil {
		return w.facts, nil
	}
	dump, err := w.journalProgram(ctx, "dump", w.journalFile())
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(strings.NewReader(dump))
	lines.Buffer(nil, recordBytesMax)
	for lines.Scan() {
		var fact record
		if err := json.Unmarshal(lines.Bytes(), &fact); err != nil {
			return nil, fmt.Errorf("read the dump of the journal: %w", err)
		}
		w.facts = append(w.facts, fact)
	}
	return w.facts, lines.Err()
}

// stopForJournal stops the till and lets a fault at the file, if there is to be one.
func (w *walk) stopForJournal(ctx context.Context) error {
	if err := w.stopTill(); err != nil {
		return err
	}
	return w.reach(ctx, tillStopped)
}

func (w *walk) journalFile() string { return filepath.Join(w.till.Till.Data, "journal.db") }

// journalProgram runs `balcao journal`; its error has what the program complained of.
func (w *walk) journalProgram(ctx context.Context, what, file string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, w.options.Patience)
	defer cancel()
	var complaint bytes.Buffer
	program := exec.CommandContext(ctx, w.options.Balcao, "journal", what, file)
	program.Stderr = &complaint
	output, err := program.Output()
	if err != nil {
		return string(output), fmt.Errorf("balcao journal %s: %w: %s", what, err, strings.TrimSpace(complaint.String()))
	}
	return string(output), nil
}

// errNotThere says that the journal lacks a fact.
var errNotThere = errors.New("the journal has no such fact")

// factOf finds the fact of a kind that is about id: by its own, or by the order,
// payment, attempt or print job that it names.
func factOf(facts []record, kind, id string) (record, error) {
	for _, fact := range facts {
		body := fact.body()
		about := []string{fact.ID, body.OrderID, body.PaymentID, body.AttemptID, body.JobID}
		if fact.Kind != kind || id == "" {
			continue
		}
		for _, each := range about {
			if each == id {
				return fact, nil
			}
		}
	}
	return record{}, fmt.Errorf("%s about %s: %w", kind, id, errNotThere)
}

// factsOf finds one fact of each kind about id and insists on their order.
func factsOf(facts []record, id string, kinds ...string) ([]record, error) {
	var found []record
	for i, kind := range kinds {
		fact, err := factOf(facts, kind, id)
		if err != nil {
			return nil, err
		}
		if i > 0 && fact.Seq <= found[i-1].Seq {
			return nil, fmt.Errorf("%s is fact %d, not after %s, fact %d", kind, fact.Seq, kinds[i-1], found[i-1].Seq)
		}
		found = append(found, fact)
	}
	return found, nil
}
