package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"

	"balcao/simulators/simpinpad"
)

// cardData is step 15: what the till stored and sent of the card is its first six and
// last four digits; no file that till, central or printer write has a card's number.
func (w *walk) cardData(ctx context.Context) (string, error) {
	made, err := w.chipSale(ctx)
	if err != nil {
		return "", err
	}
	known, err := w.payment(ctx, made.paymentID)
	if err != nil {
		return "", err
	}
	if failed := failedCheck(known.Payment); failed != "" || known.Payment.Checks == nil {
		return "", fmt.Errorf("central could not read the sealed card: check %q failed", failed)
	}
	masked, err := w.maskedCard(made.paymentID)
	if err != nil {
		return "", err
	}
	scanned := 0
	for _, folder := range []string{"log", "state/central", "data", "paper"} {
		count, err := scanForNumbers(filepath.Join(w.place.Dir, folder))
		if err != nil {
			return "", err
		}
		scanned += count
	}
	return fmt.Sprintf("central read PIN and cryptogram out of the sealed items and booked card %s; no card number in %d files of log, state, data, paper", masked, scanned), nil
}

// maskedCard reads the card of a payment in central's book.
func (w *walk) maskedCard(paymentID string) (string, error) {
	content, err := os.ReadFile(w.centralBook())
	if err != nil {
		return "", err
	}
	for line := range bytes.Lines(content) {
		for _, row := range bookRows(line) {
			card := row.Row.Request.Card
			if row.Table == "payment" && row.Key == paymentID && card.BIN != "" {
				return card.BIN + "******" + card.Last4, nil
			}
		}
	}
	return "", fmt.Errorf("central's book has no card of payment %s", paymentID)
}

// scanForNumbers looks for the deck's card numbers in every file below a folder.
func scanForNumbers(folder string) (files int, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, card := range simpinpad.Deck() {
			if bytes.Contains(content, []byte(card.PAN)) {
				return fmt.Errorf("the number of the card %s stands in %s", card.Name, path)
			}
		}
		return nil
	})
	return files, err
}

// attemptStates is step 16: the states of the attempt, from the journal.
func (w *walk) attemptStates(ctx context.Context) (string, error) {
	made, err := w.chipSale(ctx)
	if err != nil {
		return "", err
	}
	facts, err := w.journal(ctx)
	if err != nil {
		return "", err
	}
	chain, err := factsOf(facts, made.paymentID, "payment_intent", "payment", "confirmation", "payment_confirmed")
	if err != nil {
		return "", err
	}
	var states []string
	for i, fact := range chain {
		states = append(states, fmt.Sprintf("S%d %s (fact %d)", i+1, fact.Kind, fact.Seq))
	}
	return fmt.Sprintf("attempt %s: %s", chain[0].body().AttemptID, strings.Join(states, ", ")), nil
}

// outcomeFirst is step 22: the bank's answer is a fact of its own, older than the sale.
func (w *walk) outcomeFirst(ctx context.Context) (string, error) {
	made, err := w.chipSale(ctx)
	if err != nil {
		return "", err
	}
	facts, err := w.journal(ctx)
	if err != nil {
		return "", err
	}
	outcome, err := factOf(facts, "payment", made.paymentID)
	if err != nil {
		return "", err
	}
	paid, err := factOf(facts, "sale_paid", made.orderID)
	if err != nil {
		return "", err
	}
	if paid.Seq <= outcome.Seq || sameRequest(outcome.ID, paid.ID) {
		return "", fmt.Errorf("the sale is fact %d, the outcome fact %d", paid.Seq, outcome.Seq)
	}
	return fmt.Sprintf("outcome of %s is fact %d, the sale fact %d of a later commit", outcome.ID, outcome.Seq, paid.Seq), nil
}

// saleCommitted is step 32: decision, sale and papers are one commit, without gaps.
func (w *walk) saleCommitted(ctx context.Context) (string, error) {
	made, err := w.chipSale(ctx)
	if err != nil {
		return "", err
	}
	facts, err := w.journal(ctx)
	if err != nil {
		return "", err
	}
	paid, err := factOf(facts, "sale_paid", made.orderID)
	if err != nil {
		return "", err
	}
	decision, err := factOf(facts, "confirmation", made.paymentID)
	if err != nil {
		return "", err
	}
	job, err := factOf(facts, "print_job", made.paymentID)
	if err != nil {
		return "", err
	}
	if paid.Seq != decision.Seq+1 || job.Seq != paid.Seq+1 || !sameRequest(decision.ID, paid.ID) || !sameRequest(paid.ID, job.ID) {
		return "", fmt.Errorf("confirmation, sale and print job are facts %d, %d, %d of ids %s, %s, %s",
			decision.Seq, paid.Seq, job.Seq, decision.ID, paid.ID, job.ID)
	}
	return fmt.Sprintf("sale of order %s, receipt %d: confirmation, sale_paid, print_job are facts %d to %d of one commit",
		made.orderID, paid.body().Receipt, decision.Seq, job.Seq), nil
}

// sameRequest says that two facts were decided together: their ids differ in the 16
// bits that number the facts of one request. Source: docs/wire/socket.md, commands.
func sameRequest(a, b string) bool {
	first, errA := ulid.ParseStrict(a)
	second, errB := ulid.ParseStrict(b)
	first[6], first[7], second[6], second[7] = 0, 0, 0, 0
	return errA == nil && errB == nil && first == second
}

// auditTrail is step 25: the journal is sound, and a copy with one letter changed is not.
func (w *walk) auditTrail(ctx context.Context) (string, error) {
	if _, err := w.chipSale(ctx); err != nil {
		return "", err
	}
	if err := w.stopForJournal(ctx); err != nil {
		return "", err
	}
	report, err := w.journalProgram(ctx, "verify", w.journalFile())
	if err != nil {
		return "", err
	}
	facts, err := w.journal(ctx)
	if err != nil {
		return "", err
	}
	head := facts[len(facts)-1]
	if !strings.Contains(report, head.Hash) {
		return "", fmt.Errorf("the report does not name the head %s", head.Hash)
	}
	tampered := filepath.Join(w.place.Dir, "tampered.db")
	if err := alterFile(w.journalFile(), tampered, []byte("MARIA"), []byte("MARLA")); err != nil {
		return "", err
	}
	if _, err = w.journalProgram(ctx, "verify", tampered); err == nil {
		return "", errors.New("a tampered copy passes for sound")
	}
	_, found, _ := strings.Cut(err.Error(), "first bad record: ")
	if found == "" {
		return "", fmt.Errorf("a tampered copy: %w", err)
	}
	return fmt.Sprintf("%d records sound, head %s…; tampered copy found out: %s", head.Seq, head.Hash[:16], found), nil
}

// alterFile copies a file with every occurrence of a text replaced; one that is not
// there is an error, since nothing would be altered.
func alterFile(from, to string, old, with []byte) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if !bytes.Contains(content, old) {
		return fmt.Errorf("alter %s: %q is not in it", from, old)
	}
	return os.WriteFile(to, bytes.ReplaceAll(content, old, with), 0o600)
}
