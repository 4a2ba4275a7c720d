package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"balcao/simulators/flow"
)

// flowCommand walks a purchase through the integration process.
type flowCommand struct {
	Rows  string `placeholder:"LIST" help:"Steps to walk, such as 3,6-8 (default: all; with --break the broken one)."`
	Break int    `placeholder:"STEP" help:"Plant this step's fault in a simulator, a file or on the wire: the step must fail."`
	Dir   string `type:"path" placeholder:"DIR" help:"The new shop's folder, kept (default: a temporary one, kept if a step fails)."`
}

// Run walks and prints one line for each step; it fails if a step does.
func (c *flowCommand) Run(ctx context.Context) (err error) {
	rows, err := flow.ParseRows(c.Rows)
	if err != nil {
		return err
	}
	balcao, err := findTill()
	if err != nil {
		return err
	}
	own, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the own program: %w", err)
	}
	options := flow.Options{Balcao: balcao, Simulators: own, Dir: c.Dir, Rows: rows, Break: c.Break}
	if options.Dir == "" {
		if options.Dir, err = os.MkdirTemp("", "balcao-flow-"); err != nil {
			return fmt.Errorf("make a folder for the shop: %w", err)
		}
	}
	totals, err := flow.Walk(ctx, options, os.Stdout)
	if err == nil && totals.Failed > 0 {
		err = fmt.Errorf("%d steps failed", totals.Failed)
	}
	if err != nil {
		return errors.Join(err, fmt.Errorf("the shop is kept in %s", options.Dir))
	}
	if c.Dir == "" {
		return os.RemoveAll(options.Dir)
	}
	return nil
}
