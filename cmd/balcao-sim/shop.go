package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"balcao/simulators/simstore"
)

// storeCommand runs a shop without a till.
type storeCommand struct {
	Dir      string `required:"" type:"path" placeholder:"DIR" help:"The shop's folder; made when absent, gone on with when not."`
	Language string `enum:"pt-BR,en" default:"pt-BR" help:"Language of the till that its configuration asks for (pt-BR or en)."`
}

// Run prints where everything is and runs until ctx ends.
func (c *storeCommand) Run(ctx context.Context) (err error) {
	shop, err := openShop(ctx, c.Dir, c.Language)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	return serve(ctx, shop)
}

// openShop finds the programs and opens the shop in dir.
func openShop(ctx context.Context, dir string, language string) (*simstore.Running, error) {
	balcao, err := findTill()
	if err != nil {
		return nil, err
	}
	own, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the own program: %w", err)
	}
	return simstore.Open(ctx, dir, simstore.Options{Balcao: balcao, Simulators: own, Language: language})
}

// tillVariable names the till's program where it is in neither of the usual places.
const tillVariable = "BALCAO_BIN"

// findTill finds the till's program: named by the environment, beside this one, or
// in PATH.
func findTill() (string, error) {
	if named := os.Getenv(tillVariable); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("find the till's program by %s: %w", tillVariable, err)
		}
		return path, nil
	}
	if own, err := os.Executable(); err == nil {
		if beside, err := exec.LookPath(filepath.Join(filepath.Dir(own), "balcao")); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath("balcao")
	if err != nil {
		return "", fmt.Errorf("the till's program, balcao, is neither beside balcao-sim nor in PATH: run make build, or set %s to its path", tillVariable)
	}
	return path, nil
}

// serve prints the one line that programs read and waits for ctx.
func serve(ctx context.Context, shop *simstore.Running) error {
	if err := json.NewEncoder(os.Stdout).Encode(shop.Place()); err != nil {
		return fmt.Errorf("say where the shop is: %w", err)
	}
	<-ctx.Done()
	return nil
}

// demoCommand runs a shop with a till.
type demoCommand struct {
	Dir      string `type:"path" placeholder:"DIR" help:"The shop's folder (default: balcao-demo in $XDG_STATE_HOME or ~/.local/state). A second run goes on with the same shop; delete the folder to begin anew."`
	Headless bool   `help:"No screen: print where everything is as one line of JSON and run until interrupted."`
	Language string `enum:"pt-BR,en" default:"pt-BR" help:"Language of screen and papers (pt-BR or en)."`
}

// Run opens the shop, starts the daemon, and shows the screen until it is left.
func (c *demoCommand) Run(ctx context.Context) (err error) {
	if !c.Headless && !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New("the screen wants a terminal: run the demo in one, or with --headless")
	}
	dir, err := shopDir(c.Dir)
	if err != nil {
		return err
	}
	shop, err := openShop(ctx, dir, c.Language)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	if err := shop.StartTill(ctx); err != nil {
		return err
	}
	if c.Headless {
		return serve(ctx, shop)
	}
	c.welcome(shop)
	err = showScreen(ctx, shop)
	c.farewell(shop)
	return err
}

// shopDir is the folder that demo and ctl share when told none.
func shopDir(told string) (string, error) {
	if told != "" {
		return told, nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "balcao-demo"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the shop (name one with --dir): %w", err)
	}
	return filepath.Join(home, ".local", "state", "balcao-demo"), nil
}

// welcome is what stays in the terminal above and below the screen.
func (c *demoCommand) welcome(shop *simstore.Running) {
	place := shop.Place()
	ctl := os.Args[0] + " ctl"
	if c.Dir != "" {
		ctl += " --dir " + c.Dir
	}
	var people []string
	for _, person := range simstore.Operators() {
		people = append(people, fmt.Sprintf("%s with PIN %s (%s)", person.ID, person.PIN, person.Role))
	}
	fmt.Printf("The shop is open in %s\n", place.Dir)
	fmt.Printf("Log in as %s.\n", strings.Join(people, ", "))
	fmt.Printf("Work the devices from another terminal:\n  %s card insert visa-debit\n  %s pin 1234\n  %s help\n", ctl, ctl, ctl)
	fmt.Printf("Open another screen:\n  %s ui --socket %s\n", shop.Till(), place.Socket)
}

// farewell says what is left of the day.
func (c *demoCommand) farewell(shop *simstore.Running) {
	place := shop.Place()
	count, last := shop.Papers()
	fmt.Printf("\nThe screen was left; the shop closes. Run the demo again to go on.\n")
	fmt.Printf("Papers  %s (%d this time, all listed in papers.log)\n", place.Printer.Out, count)
	for _, path := range last {
		fmt.Printf("        %s\n", path)
	}
	fmt.Printf("Logs    %s\n", filepath.Join(place.Dir, "log"))
}

// leaveScreen undoes what a screen that was killed left behind: alternate screen,
// hidden cursor, mouse and paste reports, colours.
const leaveScreen = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m"

// A killed screen is opened again, as a supervisor would: the sale is the
// daemon's. One that dies at once, again and again, is not.
const (
	screenAgain  = time.Second
	screenQuick  = 3 * time.Second
	quickEndsMax = 3
)

// showScreen runs the screen until somebody leaves it, and gives the terminal back
// as it was, even if the screen did not.
func showScreen(ctx context.Context, shop *simstore.Running) error {
	terminal := int(os.Stdin.Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return fmt.Errorf("remember the terminal: %w", err)
	}
	for quickEnds := 0; ; {
		opened := time.Now()
		shown := shop.Screen(ctx)
		if shown != nil {
			fmt.Print(leaveScreen)
		}
		if time.Since(opened) < screenQuick {
			quickEnds++
		}
		if restored := term.Restore(terminal, before); !killed(shown) || quickEnds >= quickEndsMax || restored != nil {
			return errors.Join(shown, restored)
		}
		fmt.Println("The screen was killed; the till goes on, and a new screen opens.")
		select {
		case <-time.After(screenAgain):
		case <-ctx.Done():
			return nil
		}
	}
}

// killed says whether a program ended by a signal rather than by itself.
func killed(ended error) bool {
	var exit *exec.ExitError
	if !errors.As(ended, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}
