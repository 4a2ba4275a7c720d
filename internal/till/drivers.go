package till

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"balcao/printer"
	"balcao/printer/escpos"
	"balcao/reader/pinpad"
	"balcao/reader/scanner"
	"balcao/sync/central"
	"balcao/sync/outbox"
	"balcao/sync/transport"
	"balcao/terminal"
	"balcao/terminal/device"
	"balcao/terminal/engine"
	"balcao/terminal/ident"
	"balcao/terminal/text"
)

// This file is the table of drivers: who plays which part of a till.
//
//	part        driver                     configured by
//	acquirer    sync/central (two phases)  [central]
//	outbox      sync/outbox                [central]
//	card reader reader/pinpad (ABECS)      [pinpad]; none without url
//	printer     printer (ESC/POS)          [printer]; none without url
//	scanner     reader/scanner             [scanner]; none without url

// central builds the client of the central payment API and the outbox behind it.
func (t *Till) central() (*central.Client, error) {
	settings := t.config.Central
	carrier, err := transport.New(transport.Config{
		BaseURL: settings.URL, CertificateFile: settings.Certificate, KeyFile: settings.Key, CAFile: settings.CA,
		ClientID: t.config.Till.TerminalID, Log: t.log,
		OnCall: func(err error) { t.outbox.Heard(err) },
	})
	if err != nil {
		return nil, fmt.Errorf("reach central: %w", err)
	}
	client := central.New(central.Config{
		TerminalID: t.config.Till.TerminalID, Transport: carrier, AuthoriseTimeout: time.Duration(settings.Answer), Log: t.log,
	})
	t.outbox = outbox.New(outbox.Config{
		Journal: debts{t.store}, Beside: t.store,
		Caller: caller{client}, Stream: stream{client}, Prober: client, Log: t.log,
		OnSettled: func(attempt, decision ident.ID, refused string) {
			t.report(terminal.Settled{Attempt: attempt, Decision: decision, Refused: refused})
		},
		OnQuarantine: func(seq uint64, id ident.ID, code, detail string) {
			t.report(terminal.RecordRefused{Seq: seq, FactID: id, Code: code, Detail: detail})
		},
		OnLink: func(online bool, queue int) { t.report(terminal.LinkChanged{Online: online, Queue: queue}) },
	})
	return client, nil
}

// cardReader builds the pinpad's driver, or a part that says there is none.
func (t *Till) cardReader() (engine.CardReader, error) {
	settings := t.config.Pinpad
	if settings.URL == "" {
		t.works = append(t.works, t.unused(device.Pinpad))
		return noReader{}, nil
	}
	data, err := os.ReadFile(settings.Tables)
	if err != nil {
		return nil, fmt.Errorf("read EMV tables: %w", err)
	}
	tables, err := pinpad.ParseTables(data)
	if err != nil {
		return nil, fmt.Errorf("EMV tables %s: %w", settings.Tables, err)
	}
	number, err := strconv.Atoi(settings.Acquirer)
	if err != nil {
		return nil, fmt.Errorf("acquirer's number: %w", err)
	}
	words := text.In(t.config.Store.Language)
	driver := pinpad.New(pinpad.Config{
		URL: settings.URL, Tables: tables, Acquirer: number, PINSlot: settings.PINKeySlot, DataSlot: settings.DataKeySlot,
		Texts: pinpad.Texts{
			Idle: words.Word("core.pinpad.idle"), UseChip: words.Word("core.pinpad.use_chip"),
			ChipFailed: words.Word("core.pinpad.chip_failed"), TapAgain: words.Word("core.pinpad.tap_again"),
			NoTap: words.Word("core.pinpad.no_tap"), UsePhone: words.Word("core.pinpad.use_phone"),
		},
		OnStatus: func(status device.Status) { t.report(terminal.DeviceChanged{Status: status}) },
		OnStep:   func(step device.CardStep) { t.report(terminal.CardMoved{Step: step}) },
		Log:      t.log,
	})
	t.works = append(t.works, driver.Run)
	return reader{pinpad: driver, words: words}, nil
}

// scanner builds the barcode scanner's driver, if there is one.
func (t *Till) scanner() {
	settings := t.config.Scanner
	if settings.URL == "" {
		t.works = append(t.works, t.unused(device.Scanner))
		return
	}
	driver := scanner.New(scanner.Config{
		URL: settings.URL, Ending: scanner.Ending(settings.Suffix), Log: t.log,
		OnScan:    func(code string, _ time.Duration) { t.report(terminal.Scan{Code: code}) },
		OnGarbled: func() { t.report(terminal.ScanGarbled{}) },
		OnStatus:  func(status device.Status) { t.report(terminal.DeviceChanged{Status: status}) },
	})
	t.works = append(t.works, driver.Run)
}

// printer builds the receipt printer's driver, or a part that says there is none.
func (t *Till) printer() (engine.Printer, error) {
	settings := t.config.Printer
	if settings.URL == "" {
		t.works = append(t.works, t.unused(device.Printer))
		return noPrinter{}, nil
	}
	profile, err := escpos.ProfileNamed(settings.Profile)
	if err != nil {
		return nil, fmt.Errorf("printer: %w", err)
	}
	driver := printer.New(printer.Config{
		URL: settings.URL, Profile: profile, Language: text.In(t.config.Store.Language),
		OnStatus: func(status device.Status) { t.report(terminal.DeviceChanged{Status: status}) },
		Log:      t.log,
	})
	t.works = append(t.works, driver.Run)
	return driver, nil
}
