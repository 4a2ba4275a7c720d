package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"balcao/ui/link"
	"balcao/ui/plain"
)

// PlainOptions are what the line mode can be told.
type PlainOptions struct {
	Socket   string    // of the till
	In       io.Reader // where it is a terminal, a PIN is not echoed
	Out      io.Writer
	Language Language // empty: the till's
}

// Plain is the screen in lines, for screen readers and scripts: the same grammar
// comes in, one answer line for each line goes out. It ends with the input, or
// when ctx does, and answers nil then; see package plain.
func Plain(ctx context.Context, options PlainOptions) error {
	client := link.Dial(options.Socket)
	defer client.Close()
	if err := refused(ctx, client); err != nil {
		return err
	}
	return plain.Run(ctx, client, plain.Options{In: options.In, Out: options.Out, Language: options.Language})
}

// refused says that the till does not speak with this user. One that does not
// answer yet refuses nobody.
func refused(ctx context.Context, till *link.Client) error {
	_, err := till.Snapshot(ctx)
	if errors.Is(err, link.ErrForbidden) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("open screen: %w", err)
	}
	return nil
}
