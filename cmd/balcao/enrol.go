package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"balcao/internal/config"
	"balcao/internal/enrol"
)

// enrolCommand gives a till its certificate.
type enrolCommand struct {
	Config string `required:"" placeholder:"FILE" help:"The till's balcao.toml; certificate, key and CA are written where it says."`
	Code   string `help:"The one-time pairing code, from central's administrator."`
	CA     string `name:"ca" placeholder:"FILE" help:"The authority that central's certificate must come from; central.ca of the configuration unless given."`
	Renew  bool   `help:"Renew with the present certificate, without a code."`
	Force  bool   `help:"Replace the certificate and key that are there."`
}

// Run enrols and says what the till is now.
func (c *enrolCommand) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *enrolCommand) run(ctx context.Context, out io.Writer) error {
	terminal, central, err := config.Identity(c.Config)
	if err != nil {
		return err
	}
	authority := c.CA
	if authority == "" {
		authority = central.CA
	}
	got, err := enrol.Run(ctx, enrol.Request{
		TerminalID: terminal, URL: central.URL, CA: authority,
		Certificate: central.Certificate, Key: central.Key, Authorities: central.CA,
		Code: c.Code, Renew: c.Renew, Force: c.Force, Version: version,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "terminal %s of store %s, merchant %s: certificate good until %s, in %s\n",
		got.TerminalID, got.StoreID, got.MerchantID, got.NotAfter.Local().Format(time.DateTime), central.Certificate)
	return nil
}
