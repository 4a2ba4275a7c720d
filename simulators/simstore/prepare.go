package simstore

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"balcao/simulators/hsm"
	"balcao/simulators/simcentral"
	"balcao/simulators/simcentral/issuer"
	"balcao/simulators/simpinpad"
)

// Options name the programs of a shop and the language of its people.
type Options struct {
	// Balcao is the path of the till's program: it hashes the operators' PINs and
	// is the daemon and the screen.
	Balcao string
	// Simulators is the path of the program of all simulators.
	Simulators string
	// Language of screen and papers, "en" or "pt-BR", which is meant when empty.
	Language string
}

// Modes of files that hold keys, card numbers or PIN hashes, of all others, and of
// the folder.
const (
	secretMode fs.FileMode = 0o600
	publicMode fs.FileMode = 0o644
	folderMode fs.FileMode = 0o700
)

// hashTimeout bounds one call of the till's program to hash a PIN, which takes
// milliseconds.
const hashTimeout = 30 * time.Second

// catalogFile is what the shop sells: 70 things by weight, 351 with a code. A tax
// class is origin:NCM:CEST:CFOP:CSOSN of a small shop under the Simples regime.
//
//go:embed catalog.csv
var catalogFile []byte

// An Operator is one of the shop's people. Their PINs are for everybody to know.
type Operator struct {
	ID, Name, Role, PIN string
}

// Operators are the people who work in every shop.
func Operators() []Operator {
	return []Operator{
		{"214", "MARIA S.", "cashier", "1234"},
		{"300", "JOSÉ R.", "supervisor", "4321"},
		{"900", "ANA G.", "manager", "9999"},
	}
}

// Prepare makes what is missing in the shop's folder and leaves what is there: a
// shop goes on where it ended, and a file that was deleted comes back as new. Only
// the certificates are made anew each time, so nobody may be using the folder. The
// till's configuration is written by [Open], which knows where the devices are.
func Prepare(dir string, options Options) (Shop, error) {
	shop, err := At(dir)
	if err != nil {
		return Shop{}, err
	}
	for _, folder := range []string{".", "certificates", "keys", "cards", "state", "paper", "log", "run", "data"} {
		if err := os.MkdirAll(shop.path(folder), folderMode); err != nil {
			return Shop{}, fmt.Errorf("prepare the shop: %w", err)
		}
	}
	for _, part := range shop.parts(options) {
		if part.stands() {
			continue
		}
		if err := part.make(); err != nil {
			return Shop{}, fmt.Errorf("prepare the shop's %s: %w", part.name, err)
		}
	}
	// Certificates last a year and their authority is forgotten; a shop may lie longer.
	shop.certificates, err = simcentral.MakeCertificates(shop.path("certificates"), terminalID)
	if err != nil {
		return Shop{}, fmt.Errorf("prepare the shop: %w", err)
	}
	return shop, nil
}

// A part is some files that are made together.
type part struct {
	name  string
	files []string
	make  func() error
}

func (p part) stands() bool {
	for _, file := range p.files {
		if _, err := os.Stat(file); err != nil {
			return false
		}
	}
	return true
}

func (s Shop) parts(options Options) []part {
	var cards []string
	for _, card := range simpinpad.Deck() {
		cards = append(cards, s.path("cards", card.Name+".json"))
	}
	return []part{
		{"operators", []string{s.operatorsFile()}, func() error { return s.writeOperators(options.Balcao) }},
		{"catalogue", []string{s.catalogFile()}, func() error { return replace(s.catalogFile(), catalogFile, publicMode) }},
		{"EMV tables", []string{s.tablesFile()}, func() error { return replace(s.tablesFile(), emvTables(), publicMode) }},
		{"keys", []string{s.pinpadKeys(), s.hostKeys()}, s.writeKeys},
		{"cards", cards, s.writeCards},
		{"accounts", []string{s.accountsFile()}, s.writeAccounts},
	}
}

func (s Shop) operatorsFile() string { return s.path("operators.toml") }
func (s Shop) catalogFile() string   { return s.path("catalog.csv") }
func (s Shop) tablesFile() string    { return s.path("emv-tables.txt") }
func (s Shop) pinpadKeys() string    { return s.path("keys", "pinpad.json") }
func (s Shop) hostKeys() string      { return s.path("keys", "host.json") }
func (s Shop) cardsDir() string      { return s.path("cards") }
func (s Shop) accountsFile() string  { return s.path("accounts.json") }

// writeKeys gives pinpad and host their halves of the same published test keys.
func (s Shop) writeKeys() error {
	pinpad, host := hsm.GenerateTestKeys()
	return errors.Join(pinpad.Save(s.pinpadKeys()), host.Save(s.hostKeys()))
}

func (s Shop) writeCards() error {
	_, host := hsm.GenerateTestKeys()
	return simpinpad.WriteCards(s.cardsDir(), host)
}

// writeAccounts opens an account behind each card of the deck.
func (s Shop) writeAccounts() error {
	var accounts []issuer.Account
	for _, card := range simpinpad.Deck() {
		account := issuer.Account{
			Name: card.Name, PAN: card.PAN, Expiry: card.Expiry[:4], PSN: card.PSN, PIN: card.PIN,
			Kind: card.Kind, State: card.State, Brand: card.Brand,
		}
		if card.Kind == issuer.Credit {
			account.LimitCents = card.BalanceCents
		} else {
			account.BalanceCents = card.BalanceCents
		}
		accounts = append(accounts, account)
	}
	content, err := json.MarshalIndent(accounts, "", "  ")
	if err != nil {
		return err
	}
	return replace(s.accountsFile(), append(content, '\n'), secretMode)
}

// writeOperators lets the till's program hash the PINs: how is its secret.
func (s Shop) writeOperators(balcao string) error {
	type entry struct {
		ID   string `toml:"id"`
		Name string `toml:"name"`
		Role string `toml:"role"`
		PIN  string `toml:"pin"`
	}
	var file struct {
		Operator []entry `toml:"operator"`
	}
	for _, person := range Operators() {
		hash, err := hashPIN(balcao, person.PIN)
		if err != nil {
			return err
		}
		file.Operator = append(file.Operator, entry{person.ID, person.Name, person.Role, hash})
	}
	content, err := toml.Marshal(file)
	if err != nil {
		return err
	}
	return replace(s.operatorsFile(), content, secretMode)
}

func hashPIN(balcao, pin string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), hashTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, balcao, "operator", "hash")
	command.Stdin = strings.NewReader(pin + "\n")
	output, err := command.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return "", fmt.Errorf("hash a PIN with %s: %w: %s", balcao, err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("hash a PIN with %s: %w", balcao, err)
	}
	return strings.TrimSpace(string(output)), nil
}

// replace writes beside path and renames, so that a kill leaves no half of a file.
func replace(path string, content []byte, mode fs.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err := errors.Join(err, file.Chmod(mode), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
