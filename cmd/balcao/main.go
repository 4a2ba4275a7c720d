// Command balcao is the till: the daemon, its screen and its offline tools.
//
//	balcao serve --config F     runs one till until it is stopped
//	balcao ui --socket S        a screen of a running till
//	balcao backup DIR --socket S backs a running till's journal up
//	balcao journal verify FILE  judges a journal's folder, or one file, that no daemon holds
//	balcao journal dump FILE    prints its records, one a line
//	balcao journal rebuild FILE makes a fresh file of its facts
//	balcao journal backup A B   backs a stopped till's journal up
//	balcao journal restore B A  makes a journal of a backup
//	balcao import ITEMS.CSV     makes a catalogue of the shop's own file
//	balcao enrol --config F     gets the till its certificate for a one-time code
//	balcao operator hash        turns a PIN into what the operators file holds
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is the program's, as facts and central see it.
const version = "0.1.0"

// cli is the whole command line.
type cli struct {
	Serve    serveCommand     `cmd:"" help:"Run the till's daemon: state, devices, storage and sync of one till."`
	UI       uiCommand        `cmd:"" name:"ui" help:"Open a screen of a running till. It may be closed and opened again at any moment."`
	Journal  journalCommand   `cmd:"" help:"Judge, print, rebuild, back up and restore a till's journal."`
	Backup   hotBackupCommand `cmd:"" help:"Back up the journal of a running till, while it sells."`
	Import   importCommand    `cmd:"" help:"Make the till's catalogue of the shop's own file of items."`
	Enrol    enrolCommand     `cmd:"" help:"Get the till its certificate at central, or renew it."`
	Operator operatorCommand  `cmd:"" help:"Help with the operators file."`
	Version  kong.VersionFlag `help:"Print the version and exit."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	parser := kong.Must(&cli{}, kong.Name("balcao"), kong.Vars{"version": version},
		kong.Description("A point-of-sale terminal: checkout, pinpad, printer, and a journal that loses no sale."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	chosen, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := chosen.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "balcao:", err)
		stop()
		os.Exit(1)
	}
}
