package simstore

import (
	"fmt"

	"github.com/pelletier/go-toml/v2"
)

// terminalID is the till at central: the name in its certificate.
const terminalID = "T-0003"

// How long one authorisation may take and a silent one is asked about before it is
// undone: long for a host on the same machine, short for somebody who wants to see
// what happens without one.
const (
	authoriseTimeout = "10s"
	silence          = "30s"
)

// portuguese is the language of a shop that was asked for none.
const portuguese = "pt-BR"

// configHead says whose file the configuration is.
const configHead = "# Written by balcao-sim at each start of the shop: what is changed here is lost.\n\n"

// A configuration is what the till's own program reads; package config there says
// what the keys mean.
type configuration struct {
	Store   storeTable   `toml:"store"`
	Till    tillTable    `toml:"till"`
	Central centralTable `toml:"central"`
	Pinpad  pinpadTable  `toml:"pinpad"`
	Scanner scannerTable `toml:"scanner"`
	Printer printerTable `toml:"printer"`
	Fiscal  fiscalTable  `toml:"fiscal"`
}

type storeTable struct {
	Name     string `toml:"name"`
	Address  string `toml:"address"`
	TaxID    string `toml:"tax_id"`
	Number   string `toml:"number"`
	TimeZone string `toml:"time_zone"`
	Language string `toml:"language"`
}

type tillTable struct {
	Number     string `toml:"number"`
	TerminalID string `toml:"terminal_id"`
	Data       string `toml:"data"`
	Socket     string `toml:"socket"`
	Operators  string `toml:"operators"`
	Catalog    string `toml:"catalog"`
}

type centralTable struct {
	URL              string `toml:"url"`
	CA               string `toml:"ca"`
	Certificate      string `toml:"certificate"`
	Key              string `toml:"key"`
	AuthoriseTimeout string `toml:"authorise_timeout"`
	Silence          string `toml:"silence"`
}

type pinpadTable struct {
	URL      string `toml:"url"`
	Tables   string `toml:"tables"`
	Acquirer string `toml:"acquirer"`
}

type scannerTable struct {
	URL string `toml:"url"`
}

type printerTable struct {
	URL     string `toml:"url"`
	Profile string `toml:"profile"`
}

type fiscalTable struct {
	Scheme string `toml:"scheme"`
}

// writeConfig writes the till's configuration for the devices as they listen now, by
// simulator.
func (s Shop) writeConfig(language string, urls map[string]string) error {
	if language == "" {
		language = portuguese
	}
	content, err := toml.Marshal(configuration{
		Store: storeTable{
			Name: "Mercado Boa Vista", Address: "Rua das Flores, 120 - Curitiba/PR", TaxID: "12.345.678/0001-95",
			Number: "012", TimeZone: "America/Sao_Paulo", Language: language,
		},
		Till: tillTable{
			Number: "03", TerminalID: terminalID, Data: s.path("data"), Socket: s.Socket(),
			Operators: s.operatorsFile(), Catalog: s.catalogFile(),
		},
		Central: centralTable{
			URL: urls[Central], CA: s.certificates.CA, Certificate: s.certificates.ClientCert, Key: s.certificates.ClientKey,
			AuthoriseTimeout: authoriseTimeout, Silence: silence,
		},
		Pinpad:  pinpadTable{URL: urls[Pinpad], Tables: s.tablesFile(), Acquirer: acquirer},
		Scanner: scannerTable{URL: urls[Scanner]},
		Printer: printerTable{URL: urls[Printer], Profile: "epson-80"},
		Fiscal:  fiscalTable{Scheme: "none"},
	})
	if err == nil {
		err = replace(s.Config(), append([]byte(configHead), content...), publicMode)
	}
	if err != nil {
		return fmt.Errorf("write the till's configuration: %w", err)
	}
	return nil
}
