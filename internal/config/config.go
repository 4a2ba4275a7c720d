// Package config turns one strict TOML file into typed values.
//
// An unknown key, a missing one and a wrong value are errors with line, column
// and what to write instead. Secrets are paths, never values, and a secret file
// that others can read is refused. It starts nothing: package till does. Start
// with [Load].
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pelletier/go-toml/v2"

	"balcao/terminal/catalog"
	"balcao/terminal/text"
)

// Config is the whole of balcao.toml. Paths in it are absolute after [Load].
type Config struct {
	Store   Store   `toml:"store"`
	Till    Till    `toml:"till"`
	Central Central `toml:"central"`
	Pinpad  Pinpad  `toml:"pinpad"`
	Scanner Scanner `toml:"scanner"`
	Printer Printer `toml:"printer"`
	Fiscal  Fiscal  `toml:"fiscal"`
}

// Store is the shop the till stands in; it heads every paper.
type Store struct {
	Name     string   `toml:"name"`
	Address  string   `toml:"address"`
	TaxID    string   `toml:"tax_id"` // CNPJ, with or without punctuation
	Number   string   `toml:"number"`
	TimeZone string   `toml:"time_zone"` // IANA name
	Language text.Tag `toml:"language"`
}

// Till is this till and its files.
type Till struct {
	Number     string `toml:"number"`      // on screen and paper, "03"
	TerminalID string `toml:"terminal_id"` // at central; the journal belongs to it for ever
	Data       string `toml:"data"`        // folder of the journal
	Socket     string `toml:"socket"`      // where screens connect
	Operators  string `toml:"operators"`   // file of people and PIN hashes: a secret
	Catalog    string `toml:"catalog"`     // file of items
	// Labels are the layouts of the shop's own weight and price labels, as scales
	// write them: "2CCCC0TTTTTTD" (PLU and total), "20CCCCCPPPPPD" (PLU and grams).
	Labels []string `toml:"labels"`
}

// Layouts are the labels' layouts in the catalogue's terms; call it on a checked
// configuration.
func (t Till) Layouts() []catalog.Layout {
	layouts := make([]catalog.Layout, len(t.Labels))
	for i, picture := range t.Labels {
		if err := layouts[i].UnmarshalText([]byte(picture)); err != nil {
			panic("config: labels were not checked: " + err.Error())
		}
	}
	return layouts
}

// Central is the central payment API and this till's identity there.
type Central struct {
	URL         string   `toml:"url"`
	CA          string   `toml:"ca"`
	Certificate string   `toml:"certificate"`
	Key         string   `toml:"key"`               // a secret
	Answer      Duration `toml:"authorise_timeout"` // how long one authorisation may take
	Silence     Duration `toml:"silence"`           // then, how long to ask before undoing
}

// Pinpad is the card reader, none if URL is empty.
type Pinpad struct {
	URL         string `toml:"url"`
	Tables      string `toml:"tables"`   // EMV tables of the acquirer
	Acquirer    string `toml:"acquirer"` // two digits
	PINKeySlot  int    `toml:"pin_key_slot"`
	DataKeySlot int    `toml:"data_key_slot"`
}

// Scanner is the barcode scanner on a port of its own, none if URL is empty. One
// that types like a keyboard needs no configuration.
type Scanner struct {
	URL    string `toml:"url"`
	Suffix string `toml:"suffix"` // "auto", "always" or "none": whether it ends codes with one
}

// Printer is the receipt printer, none if URL is empty.
type Printer struct {
	URL     string `toml:"url"`
	Profile string `toml:"profile"`
}

// Fiscal says which documents the shop must issue.
type Fiscal struct {
	Scheme string `toml:"scheme"`
}

// Duration is a time.Duration written as "30s".
type Duration time.Duration

// UnmarshalText reads "30s" or "2m".
func (d *Duration) UnmarshalText(data []byte) error {
	value, err := time.ParseDuration(string(data))
	*d = Duration(value)
	return err
}

// MarshalText writes it back.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// An Error is one thing wrong with a configuration file: where, what, and the fix.
type Error struct {
	Path         string
	Line, Column int // from 1; 0 when a whole table is missing
	Key          string
	Problem      string
	Fix          string
}

// Error is "balcao.toml:3:1: store.name: missing; write …".
func (e *Error) Error() string {
	where := e.Path
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", e.Path, e.Line, e.Column)
	}
	text := where + ": " + e.Problem
	if e.Key != "" {
		text = where + ": " + e.Key + ": " + e.Problem
	}
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// sizeMax bounds a configuration file; a real one has a few kilobytes.
const sizeMax = 1 << 20

// Load reads, completes and checks the file at path. All errors found are
// returned together, each an [*Error] where it has a place in the file.
func Load(path string) (*Config, error) {
	data, err := readBounded(path, sizeMax)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	loaded := defaults()
	if err := decode(path, data, &loaded); err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("find folder of %s: %w", path, err)
	}
	problems := loaded.check(folder)
	if len(problems) == 0 {
		return &loaded, nil
	}
	positions := positionsOf(data)
	located := make([]error, len(problems))
	for i, problem := range problems {
		problem.Path = path
		at := positions.find(problem.Key)
		problem.Line, problem.Column = at.line, at.column
		located[i] = problem
	}
	return nil, errors.Join(located...)
}

// defaults are what a file may leave out.
func defaults() Config {
	return Config{
		Store:   Store{TimeZone: "America/Sao_Paulo", Language: text.Portuguese},
		Till:    Till{Data: "data", Socket: "balcao.sock", Operators: "operators.toml", Catalog: "catalog.csv", Labels: pictures(catalog.DefaultLayouts())},
		Central: Central{Answer: Duration(30 * time.Second), Silence: Duration(60 * time.Second)},
		Pinpad:  Pinpad{Acquirer: "01", PINKeySlot: 1, DataKeySlot: 1},
		Scanner: Scanner{Suffix: "auto"},
		Printer: Printer{Profile: "epson-80"},
		Fiscal:  Fiscal{Scheme: "none"},
	}
}

// pictures writes layouts as a configuration does.
func pictures(layouts []catalog.Layout) []string {
	written := make([]string, len(layouts))
	for i, layout := range layouts {
		written[i] = layout.String()
	}
	return written
}

// decode reads TOML strictly and gives every complaint its place.
func decode(path string, data []byte, into *Config) error {
	decoder := toml.NewDecoder(newReader(data)).DisallowUnknownFields()
	err := decoder.Decode(into)
	var unknown *toml.StrictMissingError
	var broken *toml.DecodeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown):
		located := make([]error, len(unknown.Errors))
		for i, each := range unknown.Errors {
			line, column := each.Position()
			located[i] = &Error{
				Path: path, Line: line, Column: column, Key: dotted(each.Key()), Problem: "unknown key", Fix: suggestion(dotted(each.Key())),
			}
		}
		return errors.Join(located...)
	case errors.As(err, &broken):
		line, column := broken.Position()
		return &Error{Path: path, Line: line, Column: column, Key: dotted(broken.Key()), Problem: broken.Error(), Fix: "see the example in README.md"}
	default:
		return fmt.Errorf("read configuration %s: %w", path, err)
	}
}

// readBounded reads a file of at most most bytes.
func readBounded(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s has %d bytes, at most %d make sense", path, info.Size(), most)
	}
	return os.ReadFile(path)
}
