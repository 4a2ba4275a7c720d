package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"balcao/storage"
)

// journalCommand looks at journals that no daemon holds: copies, and those of
// stopped tills.
type journalCommand struct {
	Verify  verifyCommand  `cmd:"" help:"Check every page, checksum, number and link of the chain, within files and from one to the next, and name the first bad record."`
	Dump    dumpCommand    `cmd:"" help:"Print the records as the contract's objects, one a line (NDJSON)."`
	Rebuild rebuildCommand `cmd:"" help:"Make a fresh file of the facts of one file: new indexes, packed pages."`
	Backup  backupCommand  `cmd:"" help:"Back up the journal of a stopped till: all its files, with digests."`
	Restore restoreCommand `cmd:"" help:"Make a journal of a backup, into a folder that has none. It begins a new epoch."`
}

// verifyCommand judges a journal.
type verifyCommand struct {
	Path string `arg:"" name:"file" help:"A journal's folder, or one of its files; stop the daemon or take a copy first."`
}

// Run prints what was found; a journal with any finding ends in an error.
func (c *verifyCommand) Run() error {
	info, err := os.Stat(c.Path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		report, err := storage.Verify(c.Path)
		if err != nil {
			return err
		}
		printReport(report)
		return verdict(report.Bad, len(report.Problems))
	}
	report, err := storage.VerifyJournal(c.Path)
	if err != nil {
		return err
	}
	problems := len(report.Problems)
	for _, period := range report.Periods {
		fmt.Printf("%s\n", period.File)
		printReport(period.Report)
		problems += len(period.Problems)
	}
	for _, problem := range report.Problems {
		fmt.Println("problem:", problem)
	}
	file, bad := report.Bad()
	if bad != nil {
		return fmt.Errorf("%s: %w", file, verdict(bad, problems))
	}
	return verdict(nil, problems)
}

func printReport(report storage.Report) {
	fmt.Printf("terminal %s  epoch %s  schema %d\n", report.TerminalID, report.Epoch, report.Schema)
	fmt.Printf("records  %d to %d\nhead     %s\n", report.First, report.Last, report.Head)
	for _, kind := range slices.Sorted(maps.Keys(report.Kinds)) {
		fmt.Printf("  %6d %s\n", report.Kinds[kind], kind)
	}
	if report.Carried > 0 {
		fmt.Printf("carried  %d records of older files\n", report.Carried)
	}
	for _, problem := range report.Problems {
		fmt.Println("problem:", problem)
	}
}

// verdict is the last line.
func verdict(bad *storage.BadRecordError, problems int) error {
	switch {
	case bad != nil:
		return fmt.Errorf("first bad record: %w", bad)
	case problems > 0:
		return errors.New("the journal has problems")
	}
	fmt.Println("the journal is sound")
	return nil
}

// dumpCommand prints a journal.
type dumpCommand struct {
	Path string `arg:"" name:"file" help:"A journal's folder, or one of its files; stop the daemon or take a copy first."`
}

// Run writes NDJSON to standard output.
func (c *dumpCommand) Run() error {
	out := bufio.NewWriter(os.Stdout)
	return errors.Join(storage.Dump(c.Path, out), out.Flush())
}

// rebuildCommand makes a fresh file.
type rebuildCommand struct {
	File string `arg:"" type:"existingfile" help:"One file of a journal; it is only read."`
	Into string `placeholder:"PATH" help:"Where the fresh file goes; FILE.rebuilt if not given. Never an existing file."`
}

// Run makes the file and says what it holds.
func (c *rebuildCommand) Run() error {
	into := c.Into
	if into == "" {
		into = c.File + ".rebuilt"
	}
	report, err := storage.Rebuild(c.File, into)
	if err != nil {
		return err
	}
	printReport(report)
	fmt.Printf("the facts are sound and lie in %s with new indexes\n", into)
	return nil
}

// backupCommand copies a journal that no daemon holds.
type backupCommand struct {
	Journal string `arg:"" type:"existingdir" help:"The folder of a stopped till's journal."`
	Dir     string `arg:"" help:"The backup's folder; it must not be there."`
}

// Run makes the backup and prints its note.
func (c *backupCommand) Run(ctx context.Context) error {
	note, err := storage.BackupStopped(ctx, c.Journal, c.Dir, time.Now())
	if err != nil {
		return err
	}
	printNote(note)
	fmt.Printf("backed up to %s\n", c.Dir)
	return nil
}

// restoreCommand makes a journal of a backup.
type restoreCommand struct {
	Backup string `arg:"" type:"existingdir" help:"The backup's folder."`
	Dir    string `arg:"" type:"existingdir" help:"The till's data folder, without any file of a journal."`
}

// Run restores and says where the journal goes on.
func (c *restoreCommand) Run(ctx context.Context) error {
	note, err := storage.Restore(ctx, c.Backup, c.Dir, storage.RestoreOptions{
		AppVersion: version, Now: time.Now, Entropy: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	printNote(note)
	fmt.Printf("restored to %s: the journal goes on behind fact %d with a new epoch\n", c.Dir, note.Last)
	return nil
}

func printNote(note storage.BackupNote) {
	fmt.Printf("terminal %s  epoch %s\nrecords  up to %d\nhead     %s\n", note.Terminal, note.Epoch, note.Last, note.Head)
	for _, file := range note.Files {
		fmt.Printf("  %s  %d bytes  %s\n", file.SHA256, file.Bytes, file.Name)
	}
}
