package main

import (
	"context"
	"fmt"
	"net/url"

	"balcao/simulators/simpsp"
)

// pspCommand runs a bank that receives Pix.
type pspCommand struct {
	Listen   string `required:"" placeholder:"URL" help:"https://127.0.0.1:0 (or tcp://) for any free port. The first line of output is 'listening URL' with the https address."`
	Control  string `placeholder:"SOCKET" help:"Unix socket on which 'balcao-sim ctl psp' and tests work the bank."`
	State    string `required:"" type:"path" placeholder:"DIR" help:"Charges, payments and refunds; and, in certificates, what a client needs unless other files are named. Made when absent."`
	Cert     string `type:"existingfile" placeholder:"FILE" help:"Server certificate, PEM; with the three below, or none of them."`
	Key      string `type:"existingfile" placeholder:"FILE" help:"Its key, PEM, ECDSA."`
	ClientCA string `name:"client-ca" type:"existingfile" placeholder:"FILE" help:"Who signed the receiver's certificate, PEM."`
	Secret   string `type:"existingfile" placeholder:"FILE" help:"The receiver's secret, one line."`
	ClientID string `name:"client-id" placeholder:"NAME" help:"The receiver's name in its certificate and for its tokens."`
	PixKey   string `name:"pix-key" placeholder:"KEY" help:"The receiver's Pix key."`
	Merchant string `placeholder:"NAME" help:"The receiver's name in codes, up to 25 characters."`
	City     string `placeholder:"NAME" help:"The receiver's city in codes, up to 15 characters."`
}

// Run plays the bank until ctx ends.
func (c *pspCommand) Run(ctx context.Context) error {
	address, err := url.Parse(c.Listen)
	if err != nil || address.Scheme != "https" && address.Scheme != "tcp" || address.Host == "" {
		return fmt.Errorf("listen on %q: psp listens on https://HOST:PORT", c.Listen)
	}
	bank, err := simpsp.New(simpsp.Config{
		Listen: address.Host, Control: c.Control, StateDir: c.State, ServerCert: c.Cert, ServerKey: c.Key, ClientCA: c.ClientCA,
		SecretFile: c.Secret, ClientID: c.ClientID, Key: c.PixKey, Merchant: c.Merchant, City: c.City, Log: logger(),
	})
	if err != nil {
		return err
	}
	return bank.Run(ctx, announce)
}
