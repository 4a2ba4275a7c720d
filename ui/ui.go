// Package ui is the cashier's screen on a terminal: a client of the till's
// socket that may crash, hang up and come back in mid-sale.
//
// It is the only package that knows the terminal library. One goroutine owns the
// state: messages go through update, which is pure, and out come effects; links
// to the till and to the keyboard are goroutines of their own. What is shown is
// the till's snapshot; only what is being typed is the screen's. It writes no
// log: its terminal is the screen. Start with [Run].
package ui

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"balcao/terminal/text"
	"balcao/ui/link"
)

// Options are what a screen can be told.
type Options struct {
	Socket   string   // of the till
	View     bool     // only look: never ask to be in command
	Language Language // empty: the till's
	NoColor  bool     // as if the terminal had no colours
	// ScanGap is the longest gap between two runes of a keyboard-wedge scanner, 20
	// to 60 ms; 0 is 35 ms. Negative trusts a programmed prefix only, as over SSH,
	// where packets make typing look like scanning.
	ScanGap time.Duration
}

// Language names the language of a screen: "pt-BR" or "en".
type Language = text.Tag

// Run shows the screen until ctx ends, somebody closes it, or its terminal goes
// away; then it answers nil. The terminal is restored whatever happens. An error
// says why there can be no screen: no terminal, no UTF-8, or a till that does not
// speak with this user. A till that does not answer is no error.
func Run(ctx context.Context, options Options) (failed error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	client := link.Dial(options.Socket)
	defer client.Close()
	if err := refused(ctx, client); err != nil {
		return err
	}
	if os.Getenv("SSH_CONNECTION") != "" && options.ScanGap == 0 {
		options.ScanGap = -1
	}
	screen, err := openScreen(options.Language)
	if err != nil {
		return err
	}
	defer screen.Fini()
	defer func() {
		// The screen must be restored before anyone prints why it went.
		if cause := recover(); cause != nil {
			failed = crash(cause)
		}
	}()
	return newApp(screen, lookOf(screen, options), client, options).run(ctx)
}

// crash is the error of a panic, with where it happened.
func crash(cause any) error {
	return fmt.Errorf("the screen stopped by itself: %v\n%s", cause, debug.Stack())
}
