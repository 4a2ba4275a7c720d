// Command balcao-sim is everything around a till, simulated: the devices, the
// central payment API, and a whole shop of them.
//
//	balcao-sim demo             a shop, the till's daemon and its screen, at once
//	balcao-sim ctl WORDS        works the devices of the demo: cards, paper, cables
//	balcao-sim flow             a purchase walked through every step, with its proof
//	balcao-sim store --dir DIR  a shop without a till
//	balcao-sim pinpad|scanner|printer|central|psp|mail --listen URL   one device alone
//	balcao-sim central status   what a running central has, and what wants looking at
//
// It contains nothing of the till: demo starts the program balcao, as anybody would.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the whole command line.
type cli struct {
	Demo    demoCommand    `cmd:"" help:"Open a till in a whole simulated shop: no hardware, no account, no configuration."`
	Ctl     ctlCommand     `cmd:"" help:"Work the devices of a running shop: insert a card, take the paper out, cut the line. 'ctl help' lists the words."`
	Store   storeCommand   `cmd:"" help:"Run the simulators of a shop without a till, and print where they are as one line of JSON."`
	Flow    flowCommand    `cmd:"" help:"Walk a purchase through every step of the integration process over the built programs, one line for each step."`
	Pinpad  pinpadCommand  `cmd:"" help:"Run an ABECS pinpad with a chip card reader."`
	Scanner scannerCommand `cmd:"" help:"Run a barcode scanner on a serial line or TCP; 'ctl scan CODE' reads a label with it."`
	Printer printerCommand `cmd:"" help:"Run an ESC/POS receipt printer of 80 mm with cutter and drawer; papers become files."`
	Central centralCommand `cmd:"" help:"Run the central payment API with acquirer and issuing bank."`
	PSP     pspCommand     `cmd:"" name:"psp" help:"Run a bank that receives Pix, with its payers; 'ctl psp pay last' pays."`
	Mail    mailCommand    `cmd:"" help:"Run a mail server and a receiver of signed messages that keep what a shop sends; 'ctl mail list' shows it."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	parser := kong.Must(&cli{}, kong.Name("balcao-sim"), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("Everything around a till, simulated: devices, central payment API, a whole shop."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	chosen, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := chosen.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "balcao-sim:", err)
		stop()
		os.Exit(1)
	}
}
