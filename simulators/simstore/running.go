package simstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// papersShown is how many of the last papers a shop remembers to tell of.
const papersShown = 5

// Running is a shop that is open: its simulators run, and the till's daemon after
// [Running.StartTill].
type Running struct {
	shop    Shop
	options Options
	lock    *os.File
	keepers []*keeper         // in the order of their start
	urls    map[string]string // by simulator
	till    *keeper           // nil without a daemon

	mu         sync.Mutex
	papersLog  *os.File
	papers     int
	lastPapers []string
}

// Open prepares the shop in dir and starts its simulators; it returns when all of
// them listen and the till's configuration says where. Close the shop in the end.
// A folder in which another shop runs is refused.
func Open(ctx context.Context, dir string, options Options) (*Running, error) {
	shop, err := At(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(shop.path("run"), folderMode); err != nil {
		return nil, fmt.Errorf("open the shop: %w", err)
	}
	r := &Running{options: options, urls: map[string]string{}}
	if r.lock, err = shop.lock(); err != nil {
		return nil, err
	}
	if err := r.open(ctx, dir); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Running) open(ctx context.Context, dir string) (err error) {
	if r.shop, err = Prepare(dir, r.options); err != nil {
		return err
	}
	r.papersLog, err = os.OpenFile(r.shop.PapersLog(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, publicMode)
	if err != nil {
		return fmt.Errorf("open the shop: %w", err)
	}
	if err := r.startSimulators(ctx); err != nil {
		return err
	}
	return r.shop.writeConfig(r.options.Language, r.urls)
}

// Place says where everything is.
func (r *Running) Place() Place {
	at := func(name string) Device { return Device{URL: r.urls[name], Control: r.shop.Control(name)} }
	place := Place{
		Dir: r.shop.Dir(), Socket: r.shop.Socket(), Config: r.shop.Config(),
		Pinpad: at(Pinpad), Scanner: at(Scanner), Printer: at(Printer), Central: at(Central),
	}
	place.Printer.Out = r.shop.Papers()
	if r.till != nil {
		place.PID = r.till.first.pid
	}
	return place
}

// StartTill starts the daemon and returns when screens can reach it. From then on
// it is started again whenever it dies.
func (r *Running) StartTill(ctx context.Context) error {
	till, err := newKeeper(r.shop, tillName, func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, r.options.Balcao, "serve", "--config", r.shop.Config())
	})
	if err != nil {
		return err
	}
	if err := till.begin(); err != nil {
		return err
	}
	r.till = till
	r.keepers = append(r.keepers, till)
	return till.settle(ctx, func(ctx context.Context) error { return answers(ctx, r.shop.Socket()) })
}

// Screen runs the till's screen on this process's terminal until it is left, or asks
// it to end when ctx does; that is no error.
func (r *Running) Screen(ctx context.Context) error {
	command := exec.CommandContext(ctx, r.options.Balcao, "ui", "--socket", r.shop.Socket())
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = foreground()
	endInOrder(command)
	err := command.Run()
	if ctx.Err() != nil || err == nil {
		return nil
	}
	return fmt.Errorf("run the screen: %w", err)
}

// Till is the path of the till's program.
func (r *Running) Till() string { return r.options.Balcao }

// Close stops everything, the last first: the daemon ends while its devices are
// still there. It may be called once.
func (r *Running) Close() error {
	var errs []error
	for _, k := range slices.Backward(r.keepers) {
		errs = append(errs, k.stop())
	}
	if r.papersLog != nil {
		errs = append(errs, r.papersLog.Close())
	}
	if err := errors.Join(append(errs, r.lock.Close())...); err != nil {
		return fmt.Errorf("close the shop: %w", err)
	}
	return nil
}

// notePaper writes a new paper's path into the log of papers.
func (r *Running) notePaper(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.papers++
	r.lastPapers = append(r.lastPapers, path)
	r.lastPapers = r.lastPapers[max(0, len(r.lastPapers)-papersShown):]
	_, err := fmt.Fprintln(r.papersLog, path)
	return err
}

// Papers tells how many papers were printed since [Open], and the paths of the last.
func (r *Running) Papers() (count int, last []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.papers, slices.Clone(r.lastPapers)
}

// askAgain is how long a daemon that cannot be reached yet is left alone.
const askAgain = 20 * time.Millisecond

// answers returns when anything comes back from the daemon's socket: HTTP, whatever
// the answer.
func answers(ctx context.Context, socket string) error {
	web := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://till/", nil)
		if err != nil {
			return err
		}
		answer, err := web.Do(request)
		if err == nil {
			return answer.Body.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		}
	}
}
