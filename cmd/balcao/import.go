package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"balcao/internal/config"
)

// importCommand makes a catalogue of a shop's own file of items.
type importCommand struct {
	Items         string `arg:"" type:"existingfile" help:"The shop's file: CSV of a spreadsheet or of another till, header in Portuguese or English."`
	Into          string `placeholder:"FILE" default:"catalog.csv" help:"The catalogue to replace, ${default} unless given. The till reads it when it starts."`
	DryRun        bool   `help:"Only say what would change."`
	AcceptPartial bool   `help:"Take the good lines and leave the bad ones out; without it, one bad line stops the import."`
}

// Limits of what is printed; a file with more of a kind has one fault many times.
const (
	errorsShownMax  = 1000
	changesShownMax = 20
)

// Run writes the summary to standard output, errors and progress to standard error.
func (c *importCommand) Run() error { return c.run(os.Stdout, os.Stderr) }

func (c *importCommand) run(out, notes io.Writer) error {
	read, err := config.ReadItems(c.Items, func(lines int) { fmt.Fprintf(notes, "%d lines read\n", lines) })
	if err != nil {
		return err
	}
	present, err := config.Catalog(c.Into)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// A catalogue that does not load is a reason to import, not one against it.
		fmt.Fprintf(notes, "the present catalogue counts as empty: %v\n", err)
	}
	for _, bad := range read.Rejected[:min(len(read.Rejected), errorsShownMax)] {
		fmt.Fprintln(notes, bad)
	}
	if more := len(read.Rejected) - errorsShownMax; more > 0 {
		fmt.Fprintf(notes, "and %d errors more\n", more)
	}
	summarise(out, c.Items, read, config.Compare(present.Items(), read.Items))
	switch {
	case len(read.Items) == 0:
		return fmt.Errorf("import %s: no good line; %s is as it was", c.Items, c.Into)
	case read.RejectedLines > 0 && !c.AcceptPartial:
		return fmt.Errorf("import %s: bad lines: %d; %s is as it was; correct them, or leave them out with --accept-partial",
			c.Items, read.RejectedLines, c.Into)
	case c.DryRun:
		fmt.Fprintf(out, "dry run: %s is as it was\n", c.Into)
		return nil
	}
	if err := config.WriteCatalog(c.Into, read.Items); err != nil {
		return fmt.Errorf("import %s: %w", c.Items, err)
	}
	fmt.Fprintf(out, "%s: %d items; start the till again to sell them\n", c.Into, len(read.Items))
	return nil
}

// summarise says how the file was understood and what it changes.
func summarise(out io.Writer, path string, read *config.Import, changes config.Changes) {
	header := "columns in the fixed order"
	if read.Header {
		header = "columns by their names"
	}
	fmt.Fprintf(out, "%s: %d lines, %s, separated by %q, %s\n", path, read.Lines, read.Encoding, read.Separator, header)
	if len(read.Ignored) > 0 {
		fmt.Fprintf(out, "columns left out: %s\n", strings.Join(read.Ignored, ", "))
	}
	kinds := []struct {
		name  string
		count int
	}{
		{"new", len(changes.New)},
		{"other price", len(changes.Repriced)},
		{"other text", len(changes.Changed)},
		{"unchanged", changes.Unchanged},
		{"gone", len(changes.Gone)},
		{"rejected", read.RejectedLines},
	}
	for _, kind := range kinds {
		fmt.Fprintf(out, "  %-12s %7d\n", kind.name, kind.count)
	}
	list(out, "other price", changes.Repriced, func(change config.Change) string {
		return fmt.Sprintf("%s %s: %v, now %v", change.New.SKU, change.New.Description, change.Old.Price, change.New.Price)
	})
	gone := make([]config.Change, len(changes.Gone))
	for i, item := range changes.Gone {
		gone[i].Old = item
	}
	list(out, "gone", gone, func(change config.Change) string { return change.Old.SKU + " " + change.Old.Description })
}

// list shows the first changes of a kind.
func list(out io.Writer, kind string, changes []config.Change, line func(config.Change) string) {
	for _, change := range changes[:min(len(changes), changesShownMax)] {
		fmt.Fprintf(out, "  %s: %s\n", kind, line(change))
	}
	if more := len(changes) - changesShownMax; more > 0 {
		fmt.Fprintf(out, "  %s: and %d more\n", kind, more)
	}
}
