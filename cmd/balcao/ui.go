package main

import (
	"context"
	"os"

	"balcao/ui"
)

// uiCommand opens a screen.
type uiCommand struct {
	Socket   string `required:"" placeholder:"PATH" help:"The socket of the running till, as its configuration names it."`
	View     bool   `xor:"mode" help:"Only look: never ask to be in command."`
	Plain    bool   `xor:"mode" help:"Line by line on standard input and output, for screen readers and scripts: :help tells what can be typed."`
	Language string `enum:"pt-BR,en," default:"" help:"pt-BR or en; without it, the till's."`
}

// Run shows the screen until it is closed, or talks until the input ends.
func (c *uiCommand) Run(ctx context.Context) error {
	language := ui.Language(c.Language)
	if c.Plain {
		return ui.Plain(ctx, ui.PlainOptions{Socket: c.Socket, In: os.Stdin, Out: os.Stdout, Language: language})
	}
	return ui.Run(ctx, ui.Options{Socket: c.Socket, View: c.View, Language: language})
}
