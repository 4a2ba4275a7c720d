package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"

	"balcao/simulators/simcentral"
	"balcao/simulators/simpinpad"
	"balcao/simulators/simprinter"
	"balcao/simulators/simstore"
)

// cableFlags are those of every device that stands at the till.
type cableFlags struct {
	Listen  string `required:"" placeholder:"URL" help:"The device's end of the cable: tcp://127.0.0.1:0 for any free port, or pty:LINK for a pseudo terminal with a link to it. The first line of output is 'listening URL'."`
	Control string `placeholder:"SOCKET" help:"Unix socket on which 'balcao-sim ctl' and tests work the device."`
}

// logger writes to standard error; standard output has lines for programs.
func logger() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }

// announce says where the simulator listens, for whoever started it.
func announce(address string) { fmt.Println(simstore.Listening + address) }

// pinpadCommand runs a pinpad.
type pinpadCommand struct {
	cableFlags
	Keys             string `required:"" type:"existingfile" placeholder:"FILE" help:"Key slots, JSON; 'balcao-sim store' makes one in its folder."`
	Cards            string `required:"" type:"existingdir" placeholder:"DIR" help:"Where 'card insert NAME' finds NAME.json."`
	State            string `required:"" placeholder:"FILE" help:"What outlives a power cut: tables and counters. Made when absent."`
	AllowClearTracks bool   `help:"Give tracks in clear when asked to, as the standard allows; otherwise refuse."`
}

// Run plays the pinpad until ctx ends.
func (c *pinpadCommand) Run(ctx context.Context) error {
	pinpad, err := simpinpad.New(simpinpad.Config{
		Listen: c.Listen, Control: c.Control, KeysFile: c.Keys, CardsDir: c.Cards, StateFile: c.State,
		AllowClearTracks: c.AllowClearTracks, Log: logger(),
	})
	if err != nil {
		return err
	}
	return pinpad.Run(ctx, announce)
}

// printerCommand runs a printer.
type printerCommand struct {
	cableFlags
	Out            string `required:"" type:"path" placeholder:"DIR" help:"Folder of the papers: NNNN.txt, NNNN.png and NNNN.json for each. A line 'paper PATH' is printed after every cut."`
	DrawerOpenHigh bool   `help:"The drawer's switch is high when open; by default it is high when closed."`
}

// Run plays the printer until ctx ends.
func (c *printerCommand) Run(ctx context.Context) error {
	printer, err := simprinter.New(simprinter.Config{
		Listen: c.Listen, Control: c.Control, Out: c.Out, DrawerOpenHigh: c.DrawerOpenHigh, Log: logger(),
		OnPaper: func(path string) { fmt.Println(simstore.Printed + path) },
	})
	if err != nil {
		return err
	}
	return printer.Run(ctx, announce)
}

// centralCommand runs a central, or looks at one that runs.
type centralCommand struct {
	Serve  centralServeCommand  `cmd:"" default:"withargs" help:"Run it; the word may be left out."`
	Status centralStatusCommand `cmd:"" help:"What a running central has and what wants looking at: services, orders, payments, ledger, rejected records, streams."`
}

// centralServeCommand runs a central.
type centralServeCommand struct {
	Listen   string `required:"" placeholder:"URL" help:"tcp://127.0.0.1:0 for any free port. The first line of output is 'listening URL' with the https address."`
	Control  string `placeholder:"SOCKET" help:"Unix socket on which 'balcao-sim ctl' and tests work central."`
	State    string `required:"" type:"path" placeholder:"DIR" help:"Orders, payments, ledger and the stream of facts. Made when absent."`
	Keys     string `required:"" type:"existingfile" placeholder:"FILE" help:"Keys of acquirer and issuers, JSON; the other half of the pinpad's."`
	Accounts string `required:"" type:"existingfile" placeholder:"FILE" help:"Customers' cards and accounts, JSON."`
	Cert     string `required:"" type:"existingfile" placeholder:"FILE" help:"Server certificate, PEM."`
	Key      string `required:"" type:"existingfile" placeholder:"FILE" help:"Its key, PEM."`
	ClientCA string `required:"" name:"client-ca" type:"existingfile" placeholder:"FILE" help:"Who signed the tills' certificates, PEM."`
	Strict   bool   `help:"Refuse fields that the contract does not know."`
}

// Run plays central until ctx ends.
func (c *centralServeCommand) Run(ctx context.Context) error {
	address, err := url.Parse(c.Listen)
	if err != nil || address.Scheme != "tcp" || address.Host == "" {
		return fmt.Errorf("listen on %q: central listens on tcp://HOST:PORT", c.Listen)
	}
	central, err := simcentral.New(simcentral.Config{
		Listen: address.Host, Control: c.Control, StateDir: c.State, KeysFile: c.Keys, AccountsFile: c.Accounts,
		ServerCert: c.Cert, ServerKey: c.Key, ClientCA: c.ClientCA, Strict: c.Strict, Log: logger(),
	})
	if err != nil {
		return err
	}
	return central.Run(ctx, announce)
}
