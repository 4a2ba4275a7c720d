package main

import (
	"context"

	"balcao/simulators/simscanner"
)

// scannerCommand runs a barcode scanner.
type scannerCommand struct {
	cableFlags
	Suffix string `enum:"cr,lf,crlf,tab,etx,none" default:"cr" help:"What it sends after a code (cr, lf, crlf, tab, etx or none)."`
	Prefix string `enum:"none,stx,aim,stx+aim" default:"none" help:"What it sends before a code (none, stx, aim or stx+aim; aim is the symbology identifier of ISO/IEC 15424)."`
}

// Run plays the scanner until ctx ends.
func (c *scannerCommand) Run(ctx context.Context) error {
	scanner, err := simscanner.New(simscanner.Config{
		Listen: c.Listen, Control: c.Control, Suffix: c.Suffix, Prefix: c.Prefix, Log: logger(),
	})
	if err != nil {
		return err
	}
	return scanner.Run(ctx, announce)
}
