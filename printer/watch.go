package printer

import (
	"context"
	"errors"
	"time"

	"balcao/printer/escpos"
)

// watch follows a job that was sent, until the printer confirms it, says that it
// cannot, or says nothing for too long. Slow is no fault.
type watch struct {
	printer   *Printer
	confirmed isWanted
	// ends is when the job must have its last word; for a printer that gives none
	// it is the time by which the job is printed.
	ends   time.Time
	silent time.Time // when silence becomes a finding
	next   time.Time // when to ask again
	// asked is the outstanding question, 0 if there is none.
	asked escpos.Question
	// found is the trouble that stopped the printer.
	found string
}

// paperTime is how long a job takes on paper, for printers that do not say: its
// bytes on the slowest line, and the cut.
func paperTime(bytes int) time.Duration { return lineTime(bytes) + time.Second }

func (p *Printer) newWatch(bytes int, id [4]byte) *watch {
	now := time.Now()
	made := &watch{
		printer: p, ends: now.Add(p.timeouts.Job), silent: now.Add(p.timeouts.Silence), next: now.Add(askEvery),
		confirmed: func(escpos.Answer) bool { return false },
	}
	switch p.completion {
	case escpos.ByProcessID:
		made.confirmed = isPrinted(id)
	case escpos.ByStatus:
		made.confirmed = isQueued
	case escpos.Unconfirmed:
		made.ends = now.Add(paperTime(bytes))
	}
	return made
}

// run answers nothing when the job is done as well as this printer can tell, else
// what is the matter.
func (w *watch) run(ctx context.Context) (detail string, err error) {
	if !w.printer.config.Profile.Answers {
		return "", nil
	}
	for {
		answer, err := w.printer.cable.next(ctx, time.Until(w.soonest()))
		switch {
		case errors.Is(err, errSilent):
			if detail, over := w.overdue(); over {
				return detail, nil
			}
			if err := w.ask(ctx); err != nil {
				return "", err
			}
		case err != nil:
			return "", err
		case w.confirmed(answer):
			return "", nil
		default:
			if err := w.hear(ctx, answer); err != nil {
				return "", err
			}
		}
	}
}

// soonest is the next moment at which something is to be done.
func (w *watch) soonest() time.Time {
	soonest := w.ends
	for _, moment := range []time.Time{w.silent, w.next} {
		if moment.Before(soonest) {
			soonest = moment
		}
	}
	return soonest
}

// overdue judges a moment without an answer.
func (w *watch) overdue() (detail string, over bool) {
	now := time.Now()
	switch {
	case w.found != "":
		// It had its time for a last word.
		return w.found, true
	case !now.Before(w.ends) && w.printer.completion == escpos.Unconfirmed:
		return "", true
	case !now.Before(w.ends), !now.Before(w.silent):
		return detailUnconfirmed, true
	default:
		return "", false
	}
}

// ask puts the first question of a round, one at a time.
func (w *watch) ask(ctx context.Context) error {
	w.next = time.Now().Add(askEvery)
	if w.asked != 0 {
		return nil
	}
	return w.put(ctx, escpos.AskPrinter)
}

func (w *watch) put(ctx context.Context, question escpos.Question) error {
	w.asked = question
	_, err := w.printer.cable.write(ctx, question.Request(), w.printer.timeouts.Stall)
	return err
}

// hear takes an answer that confirms nothing. A printer that is offline is asked
// for the reason.
func (w *watch) hear(ctx context.Context, answer escpos.Answer) error {
	w.silent = time.Now().Add(w.printer.timeouts.Silence)
	if answer.Kind != escpos.RealTime || w.asked == 0 {
		return nil
	}
	question := w.asked
	w.asked = 0
	if err := w.printer.status.Read(question, answer.Code); err != nil {
		return err
	}
	if !w.printer.status.Offline {
		w.printer.status = escpos.Status{PaperLow: w.printer.status.PaperLow}
		return nil
	}
	if question < escpos.AskRoll {
		return w.put(ctx, question+1)
	}
	if found := trouble(w.printer.status); lasting(found) {
		w.found, w.next = found, time.Now().Add(lastWord)
	}
	return nil
}

// lasting says that a trouble does not end by itself: a hot head cools down, and a
// button is let go.
func lasting(detail string) bool {
	return detail != "" && detail != detailOverheated && detail != detailOffline
}
