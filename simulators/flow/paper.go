package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"balcao/terminal/text"
)

// The papers of a sale by card, each with the words that tell it from the others.
var paperMarks = []string{"RECIBO DE VENDA", "VIA CLIENTE", "VIA ESTABELECIMENTO"}

// papersOf finds the papers with the numbers that central gave the payment, in the
// order of paperMarks; all have to come.
func (w *walk) papersOf(ctx context.Context, paymentID string) ([]string, error) {
	known, err := w.payment(ctx, paymentID)
	if err != nil {
		return nil, err
	}
	result := known.Payment.Result
	if result == nil || result.NSU == nil || result.AuthorisationCode == nil {
		return nil, fmt.Errorf("central gave payment %s no numbers for its papers", paymentID)
	}
	numbers := []string{"NSU " + *result.NSU, "AUT " + *result.AuthorisationCode}
	var found []string
	err = w.poll(ctx, "all papers are printed", func(context.Context) error {
		found, err = findPapers(w.place.Printer.Out, numbers)
		if missing := slices.Index(found, ""); err == nil && missing >= 0 {
			err = fmt.Errorf("no paper has %q and %v", paperMarks[missing], numbers)
		}
		return err
	})
	return found, err
}

// findPapers looks for each of paperMarks together with the numbers.
func findPapers(folder string, numbers []string) ([]string, error) {
	found := make([]string, len(paperMarks))
	papers, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return nil, err
	}
	for _, paper := range papers {
		content, err := os.ReadFile(paper)
		if err != nil {
			return nil, err
		}
		has := func(words string) bool { return bytes.Contains(content, []byte(words)) }
		for i, mark := range paperMarks {
			if has(mark) && !slices.ContainsFunc(numbers, func(number string) bool { return !has(number) }) {
				found[i] = paper
			}
		}
	}
	return found, nil
}

// receipts is step 33: receipt, customer's and store's slip, with the amount.
func (w *walk) receipts(ctx context.Context) (string, error) {
	made, err := w.chipSale(ctx)
	if err != nil {
		return "", err
	}
	papers, err := w.papersOf(ctx, made.paymentID)
	if err != nil {
		return "", err
	}
	total := text.In(text.Portuguese).Amount(made.summary.Payment.Total)
	var names []string
	for i, paper := range papers {
		content, err := os.ReadFile(paper)
		if err != nil {
			return "", err
		}
		// Large letters stand two columns apart on the paper.
		if !strings.Contains(strings.ReplaceAll(string(content), " ", ""), total) {
			return "", fmt.Errorf("%s does not say %s", paper, total)
		}
		names = append(names, filepath.Base(paper)+" "+paperMarks[i])
	}
	return fmt.Sprintf("%s, each over %s", strings.Join(names, ", "), total), nil
}

// printing is step 34: the printer confirmed the job, and the papers have pictures.
func (w *walk) printing(ctx context.Context) (string, error) {
	made, err := w.chipSale(ctx)
	if err != nil {
		return "", err
	}
	facts, err := w.journal(ctx)
	if err != nil {
		return "", err
	}
	job, err := factOf(facts, "print_job", made.paymentID)
	if err != nil {
		return "", err
	}
	done, err := factOf(facts, "print_result", job.body().JobID)
	if err != nil {
		return "", err
	}
	if got := done.body(); got.State != "confirmed" {
		return "", fmt.Errorf("print job %s is %s", got.JobID, got.State)
	}
	papers, err := w.papersOf(ctx, made.paymentID)
	if err != nil {
		return "", err
	}
	var pictures []string
	for _, paper := range papers {
		size, err := pictureSize(strings.TrimSuffix(paper, ".txt") + ".png")
		if err != nil {
			return "", err
		}
		pictures = append(pictures, size)
	}
	return fmt.Sprintf("print job %s of %d papers %s by %s; %s", job.body().JobID, len(job.body().Documents),
		done.body().State, done.body().Tier, strings.Join(pictures, ", ")), nil
}

// pictureSize decodes a picture whole and names it with its size.
func pictureSize(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		return "", fmt.Errorf("read picture %s: %w", path, err)
	}
	size := picture.Bounds().Size()
	return fmt.Sprintf("%s %dx%d", filepath.Base(path), size.X, size.Y), nil
}

// ready is step 46: nothing is open, nothing is owed, every device is ready.
func (w *walk) ready(ctx context.Context) (string, error) {
	if err := w.readyTill(ctx); err != nil {
		return "", err
	}
	shown, err := w.screen.until(ctx, "nothing is open or owed", func(v view) bool {
		return v.Phase == phaseSelling && v.Sale == nil && v.Payment == nil &&
			v.Central.Queue == 0 && v.Central.Pending == 0 && v.Central.Online && v.lightsOK()
	})
	if err != nil {
		return "", err
	}
	known, err := w.books(ctx)
	if err != nil {
		return "", err
	}
	for id, payment := range known.Payments {
		if payment.Status == "awaiting_confirmation" || payment.Status == "authorised" {
			return "", fmt.Errorf("payment %s is %s at central", id, payment.Status)
		}
	}
	calls, err := w.heard(ctx, "batch", "")
	if err != nil {
		return "", err
	}
	if len(calls) == 0 {
		return "", errors.New("central has had no facts")
	}
	return fmt.Sprintf("%s, %d orders and %d payments at rest at central", shown, len(known.Orders), len(known.Payments)), nil
}
