// Package flow walks a purchase through every step of the integration process, over
// the built programs, and says of each step what proves it.
//
// It is a customer, a cashier and an auditor, no simulator and no part of the till: it
// opens a shop of package simstore, starts the till's daemon, drives it as a screen
// would over its socket, and works the devices through their control sockets. What it
// tells is read back from central's books, the pinpad's display, the papers, or the
// journal of the stopped daemon, never from what it did itself. A fault can be planted
// for each step, in a simulator, a file or on the wire, which must turn it red.
// Start with [Walk]; rows.go is the table of steps, faults.go that of faults.
package flow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Patience is how long the walk waits for anything: a loaded machine, not a slow till.
const Patience = 20 * time.Second

// Options say which programs walk where.
type Options struct {
	Balcao     string        // path of the till's program
	Simulators string        // path of the program of all simulators
	Dir        string        // the shop's folder, made when absent; no shop may have been open there
	Rows       []int         // steps to walk; empty: all, or the broken one alone
	Break      int           // step whose fault is planted; 0: none
	Patience   time.Duration // zero means [Patience]
}

// Totals count the steps of a walk.
type Totals struct{ Passed, Failed, Skipped int }

// String is the last line of a walk.
func (t Totals) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.Passed, t.Failed, t.Skipped)
}

// Walk opens the shop, walks the steps and writes one line for each to out, then the
// totals. A step that fails is counted; an error is a walk that could not go on.
func Walk(ctx context.Context, options Options, out io.Writer) (totals Totals, err error) {
	planted, err := faultOf(options.Break)
	if err != nil {
		return totals, err
	}
	if len(options.Rows) == 0 && options.Break != 0 {
		options.Rows = []int{options.Break}
	}
	if options.Patience == 0 {
		options.Patience = Patience
	}
	w, err := begin(ctx, options, planted)
	if err != nil {
		return totals, fmt.Errorf("begin the walk: %w", err)
	}
	defer func() { err = errors.Join(err, w.end()) }()
	for _, step := range rows {
		if len(options.Rows) > 0 && !slices.Contains(options.Rows, step.number) {
			continue
		}
		said := w.take(ctx, step, &totals)
		if ctx.Err() != nil {
			return totals, fmt.Errorf("walk step %d: %w", step.number, context.Cause(ctx))
		}
		fmt.Fprintf(out, "%2d  %-*s  %s\n", step.number, nameWidth, step.name, said)
	}
	fmt.Fprintln(out, totals)
	return totals, nil
}

// nameWidth is the column of names.
const nameWidth = 46

// take walks one step and says how it went.
func (w *walk) take(ctx context.Context, step row, totals *Totals) string {
	if step.walk == nil {
		totals.Skipped++
		return "skipped: not built yet"
	}
	w.row = step.number
	if w.fault != nil && w.fault.row == step.number {
		// What earlier steps sold was sold without the fault.
		w.sold, w.retried = nil, nil
	}
	said, err := step.walk(w, ctx)
	if err != nil {
		totals.Failed++
		said = strings.Join(strings.Fields(err.Error()), " ")
		if w.planted {
			said += " (planted: " + w.fault.sentence + ")"
		}
		return "FAILED: " + said
	}
	totals.Passed++
	return "ok: " + said
}

// ParseRows reads steps as a person writes them: "3,6-8".
func ParseRows(text string) ([]int, error) {
	if text == "" {
		return nil, nil
	}
	var numbers []int
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, lastErr := strconv.Atoi(to)
		if errors.Join(err, lastErr) != nil || first < 1 || last > len(rows) || first > last {
			return nil, fmt.Errorf("rows %q: %q is neither a number from 1 to %d nor a range of them", text, part, len(rows))
		}
		for number := first; number <= last; number++ {
			numbers = append(numbers, number)
		}
	}
	return numbers, nil
}
