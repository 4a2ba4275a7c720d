package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"balcao/storage"
)

// journalCommand looks at copies of a journal; the daemon holds the file itself.
type journalCommand struct {
	Verify verifyCommand `cmd:"" help:"Check every page, checksum, number and link of the chain, and name the first bad record."`
	Dump   dumpCommand   `cmd:"" help:"Print the records as the contract's objects, one a line (NDJSON)."`
}

// verifyCommand judges a copy.
type verifyCommand struct {
	File string `arg:"" type:"existingfile" help:"A copy of the journal; stop the daemon or copy the file first."`
}

// Run prints what was found; a file with any finding ends in an error.
func (c *verifyCommand) Run() error {
	report, err := storage.Verify(c.File)
	if err != nil {
		return err
	}
	fmt.Printf("terminal %s  epoch %s  schema %d\n", report.TerminalID, report.Epoch, report.Schema)
	fmt.Printf("records  1 to %d\nhead     %s\n", report.Last, report.Head)
	for _, kind := range slices.Sorted(maps.Keys(report.Kinds)) {
		fmt.Printf("  %6d %s\n", report.Kinds[kind], kind)
	}
	for _, problem := range report.Problems {
		fmt.Println("problem:", problem)
	}
	if report.OK() {
		fmt.Println("the journal is sound")
		return nil
	}
	if report.Bad != nil {
		return fmt.Errorf("first bad record: %w", report.Bad)
	}
	return errors.New("the journal has problems")
}

// dumpCommand prints a copy.
type dumpCommand struct {
	File string `arg:"" type:"existingfile" help:"A copy of the journal; stop the daemon or copy the file first."`
}

// Run writes NDJSON to standard output.
func (c *dumpCommand) Run() error {
	out := bufio.NewWriter(os.Stdout)
	return errors.Join(storage.Dump(c.File, out), out.Flush())
}
