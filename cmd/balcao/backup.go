package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"balcao/ui/link"
)

// hotBackupCommand backs the journal of a running till up.
type hotBackupCommand struct {
	Dir    string `arg:"" help:"The backup's folder, on the till's machine; it must not be there. The till's user writes it."`
	Socket string `required:"" placeholder:"PATH" help:"The socket of the running till, as its configuration names it."`
}

// Run makes the backup and says what is in it.
func (c *hotBackupCommand) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *hotBackupCommand) run(ctx context.Context, out io.Writer) error {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return fmt.Errorf("find folder %s: %w", c.Dir, err)
	}
	client := link.Dial(c.Socket)
	defer client.Close()
	made, err := client.Backup(ctx, dir)
	if err != nil {
		return fmt.Errorf("back up to %s: %w", dir, err)
	}
	_, err = fmt.Fprintf(out, "%s: %d files, %d bytes, facts up to %d, head %s\nput it back with: balcao journal restore %s FOLDER\n",
		made.Dir, made.Files, made.Bytes, made.Last, made.Head, made.Dir)
	return err
}
