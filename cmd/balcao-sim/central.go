package main

import (
	"context"

	"balcao/simulators/simstore"
)

// centralStatusCommand looks at a central through its control socket.
type centralStatusCommand struct {
	Dir     string `type:"path" placeholder:"DIR" help:"The shop's folder (default: the demo's)."`
	Control string `placeholder:"SOCKET" help:"Control socket of a central that runs alone, instead of a shop's."`
}

// Run prints what central says of itself.
func (c *centralStatusCommand) Run(ctx context.Context) error {
	if c.Control != "" {
		return printAnswer(ctx, c.Control, "status")
	}
	return (&ctlCommand{Dir: c.Dir, Words: []string{simstore.Central, "status"}}).Run(ctx)
}
