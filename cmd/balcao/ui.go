package main

import (
	"context"

	"balcao/ui"
)

// uiCommand opens a screen.
type uiCommand struct {
	Socket   string `required:"" placeholder:"PATH" help:"The socket of the running till, as its configuration names it."`
	View     bool   `help:"Only look: never ask to be in command."`
	Language string `enum:"pt-BR,en," default:"" help:"pt-BR or en; without it, the till's."`
}

// Run shows the screen until it is closed.
func (c *uiCommand) Run(ctx context.Context) error {
	return ui.Run(ctx, ui.Options{Socket: c.Socket, View: c.View, Language: ui.Language(c.Language)})
}
