package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"balcao/simulators/simcentral"
	"balcao/simulators/simpinpad"
	"balcao/simulators/simstore"
)

// A moment is when a fault is planted.
type moment string

// The moments of a walk, and of the step that a fault is for.
const (
	filesMade     moment = "the shop's files are made, nothing runs"
	shopOpen      moment = "the devices run, the till does not"
	rowBegins     moment = "the till is ready for the step"
	firstDeclined moment = "the first card was declined"
	saleMade      moment = "the sale is made, its evidence is not read yet"
	tillStopped   moment = "the till is stopped, its journal is not read yet"
)

// A fault turns one step red: by a simulator, a file or the wire, never by the check.
type fault struct {
	row      int
	sentence string
	at       moment
	plant    func(*walk, context.Context) error
}

// faults are all of them, by step.
var faults = []fault{
	{1, "central's book says that the order came by the web", saleMade, altersBook(`"channel":"till"`, `"channel":"web"`)},
	{3, "the till is told to trust another authority than central's", shopOpen, (*walk).otherAuthority},
	{4, "central answers 503 to everything", shopOpen, works(simstore.Central, "unavailable")},
	{6, "central's book has the order under another id", saleMade, (*walk).renameOrder},
	{7, "a captive portal answers instead of central", rowBegins, works(simstore.Central, "next", "order", "html")},
	{8, "the line breaks in the middle of central's answer", saleMade, works(simstore.Central, "next", "order", "half")},
	{13, "central has lost its book", tillStopped, (*walk).loseBook},
	{14, "somebody has changed an amount in central's book by a cent", saleMade, altersBook(`"amount":3780`, `"amount":3781`)},
	{15, "a program has written a card's number into a log", saleMade, (*walk).leakNumber},
	{16, "central keeps every confirm waiting", rowBegins, works(simstore.Central, "hold", "confirm", "before")},
	{17, "in the expired card's place lies one that is good", filesMade, (*walk).swapExpired},
	{18, "the bank has the wrong PIN on file", filesMade, account("visa-debit", "pin", "9999")},
	{19, "the poor account has become rich", filesMade, account("low-funds", "limit_cents", 1_000_00)},
	{20, "central has the keys of another bank", filesMade, (*walk).otherBankKeys},
	{21, "the request itself is lost, not only its answer", firstDeclined, works(simstore.Central, "next", "payment-put", "html")},
	{22, "a letter in the record of the sale is changed on the disk", tillStopped, (*walk).scratchJournal},
	{24, "central's book has the order open again", saleMade, altersBook(`"status":"paid"`, `"status":"open"`)},
	{25, "a letter in the record of the sale is changed on the disk", tillStopped, (*walk).scratchJournal},
	{27, "the bank no longer knows that the card is blocked", filesMade, account("blocked", "state", "active")},
	{28, "the pinpad's cable is pulled", rowBegins, works(simstore.Pinpad, "unplug")},
	{30, "a captive portal swallows the first attempt", rowBegins, works(simstore.Central, "next", "payment-put", "html")},
	{32, "the bank has blocked the card, and there is no sale to commit", filesMade, account("visa-debit", "state", "blocked")},
	{33, "the printer is out of paper", rowBegins, works(simstore.Printer, "paper-out")},
	{34, "the printer's knife jams", rowBegins, works(simstore.Printer, "jam", "at-cut")},
	{46, "the printer's cover is open", shopOpen, works(simstore.Printer, "cover-open")},
}

// faultOf is the fault of a step, nil for step 0.
func faultOf(row int) (*fault, error) {
	if row == 0 {
		return nil, nil
	}
	var known []string
	for i := range faults {
		if faults[i].row == row {
			return &faults[i], nil
		}
		known = append(known, strconv.Itoa(faults[i].row))
	}
	return nil, fmt.Errorf("no fault is known for step %d, only for %s", row, strings.Join(known, ", "))
}

// reach plants the fault, if its step and moment have come.
func (w *walk) reach(ctx context.Context, now moment) error {
	if w.fault == nil || w.planted || w.fault.row != w.row || w.fault.at != now {
		return nil
	}
	w.planted = true
	if err := w.fault.plant(w, ctx); err != nil {
		return fmt.Errorf("plant the fault of step %d: %w", w.row, err)
	}
	return nil
}

// works plants a fault by a simulator's own words.
func works(simulator string, words ...string) func(*walk, context.Context) error {
	return func(w *walk, ctx context.Context) error {
		_, err := w.work(ctx, simstore.Device{Control: w.files.Control(simulator)}, words...)
		return err
	}
}

// account changes what the bank knows of one card.
func account(card, member string, value any) func(*walk, context.Context) error {
	return func(w *walk, _ context.Context) error {
		file := filepath.Join(w.files.Dir(), "accounts.json")
		var accounts []map[string]any
		content, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(content, &accounts)
		}
		if err != nil {
			return err
		}
		for _, each := range accounts {
			if each["name"] == card {
				each[member] = value
			}
		}
		if content, err = json.Marshal(accounts); err != nil {
			return err
		}
		return os.WriteFile(file, content, 0o600)
	}
}

// otherAuthority replaces the file of the authority by that of a stranger.
func (w *walk) otherAuthority(context.Context) error {
	dir, err := os.MkdirTemp(w.files.Dir(), "stranger")
	if err != nil {
		return err
	}
	stranger, err := simcentral.MakeCertificates(dir, "T-9999")
	if err != nil {
		return err
	}
	return os.Rename(stranger.CA, w.till.Central.CA)
}

// swapExpired puts the chip of a good card into the expired one's place.
func (w *walk) swapExpired(context.Context) error {
	cards := filepath.Join(w.files.Dir(), "cards")
	content, err := os.ReadFile(filepath.Join(cards, "visa-credit.json"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(cards, "expired.json"), content, 0o600)
}

// otherBankKeys changes the issuers' keys that central has.
func (w *walk) otherBankKeys(context.Context) error {
	file := filepath.Join(w.files.Dir(), "keys", "host.json")
	var keys map[string]map[string]string
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &keys)
	}
	if err != nil {
		return err
	}
	issuers := keys["issuer_master_keys"]
	issuers["4"], issuers["5"] = issuers["5"], issuers["4"]
	if content, err = json.Marshal(keys); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

// leakNumber writes the number of a card into the till's log.
func (w *walk) leakNumber(context.Context) error {
	log, err := os.OpenFile(w.tillLog(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(log, simpinpad.Deck()[0].PAN)
	return errors.Join(err, log.Close())
}

// scratchJournal changes a letter of every copy of the sale's record in the file.
func (w *walk) scratchJournal(context.Context) error {
	return alterFile(w.journalFile(), w.journalFile(), []byte(`"sale_paid"`), []byte(`"sale_pard"`))
}

// altersBook changes a text in central's book while central is dead.
func altersBook(old, with string) func(*walk, context.Context) error {
	return func(w *walk, ctx context.Context) error {
		return w.whileCentralIsDead(ctx, func() error {
			return alterFile(w.centralBook(), w.centralBook(), []byte(old), []byte(with))
		})
	}
}

// renameOrder gives the sale's order another id in central's book.
func (w *walk) renameOrder(ctx context.Context) error {
	return altersBook(w.sold.orderID, strings.Repeat("7", len(w.sold.orderID)))(w, ctx)
}

// loseBook takes central's book away.
func (w *walk) loseBook(ctx context.Context) error {
	return w.whileCentralIsDead(ctx, func() error { return os.Remove(w.centralBook()) })
}

// whileCentralIsDead kills central, acts, and waits until the shop has started it
// again, which it does a second later.
func (w *walk) whileCentralIsDead(ctx context.Context, act func() error) error {
	content, err := os.ReadFile(w.files.PIDFile(simstore.Central))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(content)))
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Kill()
	}
	if err == nil {
		err = w.poll(ctx, "central is dead", func(ctx context.Context) error {
			if _, err := w.work(ctx, w.place.Central, "stats"); err == nil {
				return errors.New("it answers")
			}
			return nil
		})
	}
	if err == nil {
		err = act()
	}
	if err != nil {
		return err
	}
	return w.poll(ctx, "central is there again", func(ctx context.Context) error {
		_, err := w.work(ctx, w.place.Central, "stats")
		return err
	})
}
