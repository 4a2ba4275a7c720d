package flow

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"balcao/simulators/control"
	"balcao/simulators/simstore"
	"balcao/terminal/money"
)

// A walk is one shop on its way through the steps.
type walk struct {
	options Options
	fault   *fault // nil: none is to be planted
	planted bool
	row     int // the step under way

	files  simstore.Shop
	shop   *simstore.Running
	place  simstore.Place
	till   tillConfig
	screen *screen
	daemon *daemon // nil while the till is stopped
	office office

	sold    *sale     // the chip sale that several steps look at
	retried *hardSale // the sale with a decline and a lost answer
	facts   []record  // the journal, as long as the till is stopped
}

// A tillConfig is what the walk reads of the till's own configuration: where central
// is, and what proves who the till is there.
type tillConfig struct {
	Till struct {
		Data string `toml:"data"`
	} `toml:"till"`
	Central struct {
		URL         string `toml:"url"`
		CA          string `toml:"ca"`
		Certificate string `toml:"certificate"`
		Key         string `toml:"key"`
	} `toml:"central"`
}

// begin opens the shop; the till is started by the first step that needs it.
func begin(ctx context.Context, options Options, planted *fault) (*walk, error) {
	programs := simstore.Options{Balcao: options.Balcao, Simulators: options.Simulators}
	w := &walk{options: options, fault: planted, row: options.Break}
	var err error
	if w.files, err = simstore.Prepare(options.Dir, programs); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(w.files.Dir(), "data", "journal.db")); err == nil {
		return nil, fmt.Errorf("a shop was open in %s before: the walk wants a new one", w.files.Dir())
	}
	if err := w.reach(ctx, filesMade); err != nil {
		return nil, err
	}
	if w.shop, err = simstore.Open(ctx, options.Dir, programs); err != nil {
		return nil, err
	}
	w.place = w.shop.Place()
	w.screen = newScreen(w.place.Socket, options.Patience)
	if err := w.readConfig(ctx); err != nil {
		return nil, errors.Join(err, w.shop.Close())
	}
	return w, nil
}

// readConfig reads what the till will read.
func (w *walk) readConfig(ctx context.Context) error {
	content, err := os.ReadFile(w.place.Config)
	if err == nil {
		err = toml.Unmarshal(content, &w.till)
	}
	if err == nil {
		err = w.reach(ctx, shopOpen)
	}
	if err == nil {
		w.office, err = newOffice(w.till)
	}
	if err != nil {
		return fmt.Errorf("read the till's configuration: %w", err)
	}
	return nil
}

// end stops everything.
func (w *walk) end() error {
	err := w.stopTill()
	w.office.close()
	return errors.Join(err, w.shop.Close())
}

// openingFloat is what lies in the drawer in the morning.
const openingFloat money.Cents = 200_00

// startTill starts the daemon, if it does not run, with a cashier and an open session.
func (w *walk) startTill(ctx context.Context) error {
	if w.daemon != nil {
		return nil
	}
	started, err := w.startDaemon()
	if err != nil {
		return err
	}
	w.daemon, w.facts = started, nil
	if err := w.untilServing(ctx, started); err != nil {
		return err
	}
	shown, err := w.screen.now(ctx)
	if err == nil && shown.Phase == phaseLocked {
		cashier := simstore.Operators()[0]
		err = w.screen.must(ctx, command{Verb: "login", Text: cashier.ID, PIN: cashier.PIN})
	}
	if err == nil {
		shown, err = w.screen.now(ctx)
	}
	if err == nil && shown.Phase == phaseClosed {
		float := openingFloat
		err = w.screen.must(ctx, command{Verb: "open", Amount: &float})
	}
	return err
}

// stopTill stops the daemon, if it runs.
func (w *walk) stopTill() error {
	if w.daemon == nil {
		return nil
	}
	err := w.daemon.stop()
	w.daemon = nil
	return err
}

// readyTill is a till with all its devices and central in reach, and no open sale.
func (w *walk) readyTill(ctx context.Context) error {
	if err := w.startTill(ctx); err != nil {
		return err
	}
	if err := w.clear(ctx); err != nil {
		return err
	}
	_, err := w.screen.until(ctx, "all devices are ready and central is online",
		func(v view) bool { return v.lightsOK() && v.Central.Online })
	if err == nil {
		err = w.reach(ctx, rowBegins)
	}
	return err
}

// clear gives up what a step that failed left open.
func (w *walk) clear(ctx context.Context) error {
	w.takeCard(ctx)
	shown, err := w.screen.now(ctx)
	if err == nil && shown.Phase == phasePaying {
		shown, err = w.leavePayment(ctx, shown)
	}
	if err == nil && shown.Sale != nil {
		err = w.screen.must(ctx, command{Verb: "cancel_sale", Text: "fluxo"})
	}
	return err
}

// leavePayment gives the running attempt up, if there is one, and then the payment.
func (w *walk) leavePayment(ctx context.Context, shown view) (view, error) {
	if shown.attempt().Running {
		err := w.screen.must(ctx, command{Verb: "cancel"})
		if err == nil {
			shown, err = w.screen.until(ctx, "the attempt is over", func(v view) bool { return !v.attempt().Running })
		}
		if err != nil || shown.Phase != phasePaying {
			return shown, err
		}
	}
	if err := w.screen.must(ctx, command{Verb: "cancel"}); err != nil {
		return shown, err
	}
	return w.screen.until(ctx, "payment is left", func(v view) bool { return v.Phase == phaseSelling })
}

// settled waits until the papers are out and central has everything that the till owes it.
func (w *walk) settled(ctx context.Context) error {
	_, err := w.screen.until(ctx, "the sale is printed and central has everything", func(v view) bool {
		return v.Phase == phaseSelling && v.Central.Pending == 0 && v.Central.Queue == 0 &&
			v.LastSale != nil && v.LastSale.Paper.ID != paperUnderWay
	})
	return err
}

// paperUnderWay is what the screen says of papers that are not out yet.
const paperUnderWay = "core.paper.printing"

// work tells a simulator words on its control socket.
func (w *walk) work(ctx context.Context, device simstore.Device, words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, w.options.Patience)
	defer cancel()
	answer, err := control.Call(ctx, device.Control, words...)
	if err != nil {
		return answer, fmt.Errorf("%s %v: %w", filepath.Base(device.Control), words, err)
	}
	return answer, nil
}

// workAll tells a simulator one line of words after another.
func (w *walk) workAll(ctx context.Context, device simstore.Device, lines ...[]string) error {
	for _, words := range lines {
		if _, err := w.work(ctx, device, words...); err != nil {
			return err
		}
	}
	return nil
}
