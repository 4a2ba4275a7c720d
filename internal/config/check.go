package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"balcao/terminal/catalog"
	"balcao/terminal/text"
)

// secretMode is the widest mode a secret file may have.
const secretMode = 0o600

var (
	terminalID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)
	twoDigits  = regexp.MustCompile(`^[0-9]{2}$`)
)

// checker collects what is wrong, key by key.
type checker struct{ problems []*Error }

func (c *checker) fail(key, problem, fix string) {
	c.problems = append(c.problems, &Error{Key: key, Problem: problem, Fix: fix})
}

// want refuses an empty value.
func (c *checker) want(key, value, example string) {
	if strings.TrimSpace(value) == "" {
		c.fail(key, "missing", fmt.Sprintf("write %s = %q", key[strings.LastIndexByte(key, '.')+1:], example))
	}
}

// check completes paths against the file's folder and names every problem.
func (c *Config) check(folder string) []*Error {
	found := &checker{}
	c.checkStore(found)
	c.checkTill(found, folder)
	c.checkCentral(found, folder)
	c.checkDevices(found, folder)
	if c.Fiscal.Scheme != "none" {
		found.fail("fiscal.scheme", fmt.Sprintf("unknown scheme %q", c.Fiscal.Scheme), `write scheme = "none"`)
	}
	return found.problems
}

func (c *Config) checkStore(found *checker) {
	found.want("store.name", c.Store.Name, "Mercado Boa Vista")
	found.want("store.address", c.Store.Address, "Rua das Flores, 120 - Curitiba/PR")
	found.want("store.number", c.Store.Number, "012")
	c.Store.TaxID = strings.NewReplacer(".", "", "/", "", "-", "", " ", "").Replace(strings.ToUpper(c.Store.TaxID))
	if !validCNPJ(c.Store.TaxID) {
		found.fail("store.tax_id", "not a CNPJ with valid check digits", `write tax_id = "12.345.678/0001-95" with the shop's own`)
	}
	if _, err := time.LoadLocation(c.Store.TimeZone); err != nil || c.Store.TimeZone == "" {
		found.fail("store.time_zone", fmt.Sprintf("unknown time zone %q", c.Store.TimeZone), `write an IANA name such as "America/Sao_Paulo"`)
	}
	if c.Store.Language != text.Portuguese && c.Store.Language != text.English {
		found.fail("store.language", fmt.Sprintf("unknown language %q", c.Store.Language), `write "pt-BR" or "en"`)
	}
}

func (c *Config) checkTill(found *checker, folder string) {
	found.want("till.number", c.Till.Number, "03")
	if !terminalID.MatchString(c.Till.TerminalID) {
		found.fail("till.terminal_id", "missing or not of letters, digits, - and _", `write terminal_id = "T-0003" as central knows this till`)
	}
	absolute(&c.Till.Data, folder)
	absolute(&c.Till.Socket, folder)
	found.secret("till.operators", &c.Till.Operators, folder)
	found.readable("till.catalog", &c.Till.Catalog, folder)
	c.checkLabels(found)
	if len(c.Till.Socket) > socketPathMax {
		found.fail("till.socket", fmt.Sprintf("path longer than %d characters, the kernel's limit", socketPathMax), "choose a shorter one, such as /run/balcao/till-03.sock")
	}
}

// checkLabels refuses pictures that say no layout, and two that one label fits.
func (c *Config) checkLabels(found *checker) {
	const fix = `write labels = ["2CCCC0TTTTTTD"]: 2 to 29, C for the PLU, T for cents or P for grams, D for the check digit`
	layouts := make([]catalog.Layout, len(c.Till.Labels))
	for i, picture := range c.Till.Labels {
		if err := layouts[i].UnmarshalText([]byte(picture)); err != nil {
			found.fail("till.labels", err.Error(), fix)
			return
		}
	}
	if err := catalog.CheckLayouts(layouts); err != nil {
		found.fail("till.labels", err.Error(), fix)
	}
}

// socketPathMax is sun_path of unix(7) without its final zero.
const socketPathMax = 107

func (c *Config) checkCentral(found *checker, folder string) {
	parsed, err := url.Parse(c.Central.URL)
	if err != nil || parsed.Scheme != "https" || parsed.Host == "" {
		found.fail("central.url", fmt.Sprintf("%q is no https address", c.Central.URL), `write url = "https://central.example.com"`)
	}
	found.readable("central.ca", &c.Central.CA, folder)
	found.readable("central.certificate", &c.Central.Certificate, folder)
	found.secret("central.key", &c.Central.Key, folder)
	found.within("central.authorise_timeout", c.Central.Answer, time.Second, 3*time.Minute)
	found.within("central.silence", c.Central.Silence, time.Second, 10*time.Minute)
}

func (c *Config) checkDevices(found *checker, folder string) {
	found.device("pinpad.url", &c.Pinpad.URL, folder)
	if c.Pinpad.URL != "" {
		found.readable("pinpad.tables", &c.Pinpad.Tables, folder)
		if !twoDigits.MatchString(c.Pinpad.Acquirer) {
			found.fail("pinpad.acquirer", "not two digits", `write acquirer = "01"`)
		}
		for key, slot := range map[string]int{"pinpad.pin_key_slot": c.Pinpad.PINKeySlot, "pinpad.data_key_slot": c.Pinpad.DataKeySlot} {
			if slot < 0 || slot > 99 {
				found.fail(key, "out of 0 to 99", "write the slot that the acquirer assigned")
			}
		}
	}
	found.device("scanner.url", &c.Scanner.URL, folder)
	if !slices.Contains(scannerSuffixes, c.Scanner.Suffix) {
		found.fail("scanner.suffix", fmt.Sprintf("unknown suffix %q", c.Scanner.Suffix), "write one of "+strings.Join(scannerSuffixes, ", "))
	}
	found.device("printer.url", &c.Printer.URL, folder)
	if !slices.Contains(printerProfiles, c.Printer.Profile) {
		found.fail("printer.profile", fmt.Sprintf("unknown profile %q", c.Printer.Profile), "write one of "+strings.Join(printerProfiles, ", "))
	}
}

// scannerSuffixes say how a scanner ends its codes: found out from them, always with
// a suffix (CR, LF, TAB, ETX), or with none.
var scannerSuffixes = []string{"auto", "always", "none"}

// printerProfiles are the families of printers that have a profile.
var printerProfiles = []string{"epson-80", "epson-58", "generic-80", "generic-58"}

// device checks a device's URL; the path of a pty may be relative to the file.
func (c *checker) device(key string, value *string, folder string) {
	if *value == "" {
		return
	}
	scheme, rest, found := strings.Cut(*value, ":")
	switch {
	case found && scheme == "pty":
		absolute(&rest, folder)
		*value = "pty:" + rest
	case found && slices.Contains(portSchemes, scheme):
	default:
		c.fail(key, fmt.Sprintf("%q names no port", *value),
			"write serial:///dev/ttyACM0?baud=19200, usblp:///dev/usb/lp0, usb://04b8:0e27, tcp://10.0.0.9:9100 or pty:PATH")
	}
}

// portSchemes are the cables, besides a pty, that a device can hang on.
var portSchemes = []string{"serial", "tcp", "usb", "usblp"}

// within refuses a duration out of bounds.
func (c *checker) within(key string, value Duration, least, most time.Duration) {
	if time.Duration(value) < least || time.Duration(value) > most {
		c.fail(key, fmt.Sprintf("%v is not between %v and %v", time.Duration(value), least, most), fmt.Sprintf("write %q", least*10))
	}
}

// readable completes a path and refuses a file that cannot be read.
func (c *checker) readable(key string, path *string, folder string) {
	if *path == "" {
		c.fail(key, "missing", "write the path of the file")
		return
	}
	absolute(path, folder)
	if file, err := os.Open(*path); err != nil {
		c.fail(key, err.Error(), "correct the path, or make the file readable for the daemon")
	} else {
		file.Close()
	}
}

// secret completes a path and refuses a file that is missing or wider than 0600.
func (c *checker) secret(key string, path *string, folder string) {
	if *path == "" {
		c.fail(key, "missing", "write the path of the file; secrets are never values")
		return
	}
	absolute(path, folder)
	info, err := os.Stat(*path)
	switch {
	case err != nil:
		c.fail(key, err.Error(), "correct the path")
	case info.Mode().Perm()&^secretMode != 0:
		c.fail(key, fmt.Sprintf("mode %04o lets others read a secret", info.Mode().Perm()), "run chmod 600 "+*path)
	}
}

func absolute(path *string, folder string) {
	if *path != "" && !filepath.IsAbs(*path) {
		*path = filepath.Join(folder, *path)
	}
}

// validCNPJ checks a CNPJ's two check digits; letters count as their ASCII code
// less 48 (Instrução Normativa RFB 2.229/2024).
func validCNPJ(id string) bool {
	if len(id) != 14 {
		return false
	}
	for position := 12; position <= 13; position++ {
		sum, weight := 0, 2
		for i := position - 1; i >= 0; i-- {
			value := int(id[i]) - '0'
			if value < 0 || value > 42 || (value > 9 && value < 17) {
				return false
			}
			sum += value * weight
			if weight++; weight > 9 {
				weight = 2
			}
		}
		want := 11 - sum%11
		if want > 9 {
			want = 0
		}
		if int(id[position])-'0' != want {
			return false
		}
	}
	return true
}
