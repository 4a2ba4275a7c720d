package balcao_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// leafOrder lists the leaves of terminal, the lowest first: each may import those
// before it. A leaf is a folder with all below it.
var leafOrder = []string{
	"ident", "money", "catalog", "operator", "delivery", "sale", "card", "payment", "fiscal", "shift",
	"survey", "report", "device", "notice", "text", "journal", "snapshot",
}

// leaves are all of them, for those who stand above.
var leaves = leavesBelow(len(leafOrder))

func leavesBelow(position int) []string {
	var patterns []string
	for _, name := range leafOrder[:position] {
		patterns = append(patterns, "terminal/"+name+"/...")
	}
	return patterns
}

// A direction is one row of the table: packages in tree may import packages of
// ours that match may. A tree that ends in /... may always import itself.
type direction struct {
	tree   string
	may    []string
	reason string
}

func allow(groups ...[]string) []string { return slices.Concat(groups...) }

func only(patterns ...string) []string { return patterns }

// directions is the whole table. The first row that matches a package counts; a
// package without a row is refused, so that a new room gets its place on purpose.
var directions = slices.Concat(leafDirections(), []direction{
	{"terminal/engine/...", allow(only("terminal"), leaves), "the engine declares what it needs and never knows who gives it"},
	{"terminal", leaves, "the core decides; engine and adapters stand above it"},

	{"reader", leaves, "card data types stand below every codec and driver"},
	{"reader/emv/...", allow(only("reader"), leaves), "a codec turns bytes into values and opens nothing"},
	{"reader/track/...", allow(only("reader"), leaves), "a codec turns bytes into values and opens nothing"},
	{"reader/abecs/...", allow(only("reader", "reader/emv/...", "reader/track/..."), leaves), "a codec knows the codecs below it and opens nothing"},
	{"reader/pinpad/...", allow(only("reader", "reader/abecs/...", "reader/emv/...", "reader/track/...", "internal/port"), leaves), "a driver knows its codec and its cable, no other driver and no till"},
	{"reader/scanner/...", allow(only("reader", "internal/port"), leaves), "a driver knows its codec and its cable, no other driver and no till"},
	{"reader/scale/...", allow(only("reader", "internal/port"), leaves), "a driver knows its codec and its cable, no other driver and no till"},

	{"printer/receipt/...", leaves, "a page is made from facts alone"},
	{"printer/escpos/...", allow(only("printer/receipt"), leaves), "a codec turns pages into bytes and opens nothing"},
	{"printer/preview/...", allow(only("printer/receipt"), leaves), "a picture of the page must not depend on the printer's bytes"},
	{"printer/export/...", allow(only("printer/receipt"), leaves), "a report file is made from facts and pages alone"},
	{"printer", allow(only("printer/...", "internal/port"), leaves), "the device knows its codecs and its cable, not the till"},

	{"storage/record/...", leaves, "the encoding on disk knows values, not the file"},
	{"storage", allow(only("storage/record/..."), leaves), "storage keeps facts and does not decide"},

	{"sync/wire/...", leaves, "the contract is shared with the simulators and so knows nobody"},
	{"sync/transport/...", allow(only("sync/wire", "internal/port"), leaves), "the transport carries and does not know what"},
	{"sync/*/...", allow(only("sync/wire", "sync/transport", "internal/port"), leaves), "rooms of sync share the transport and the contract, not each other"},

	{"ui/...", leaves, "a screen is drawn from a snapshot and may crash alone: no core, no engine, no adapter"},

	{"simulators/simstore/...", only("simulators/...", "terminal/money", "terminal/text", "sync/wire/..."), "the whole shop is made of simulators and shares no code with the till"},
	{"simulators/flow/...", only("simulators/...", "terminal/money", "terminal/text", "sync/wire/..."), "the walk works a whole shop of simulators and the built programs, and shares no code with the till"},
	{"simulators/*/...", only("terminal/money", "terminal/text", "sync/wire/...", "simulators/cable", "simulators/control", "simulators/fault", "simulators/hsm"), "a simulator reads and writes the wire with its own code; sharing the driver's proves nothing"},

	{"internal/config/...", leaves, "configuration is values"},
	{"internal/port/...", nil, "a cable carries bytes for anyone"},
	{"internal/enrol/...", allow(only("sync/central", "sync/transport", "sync/wire"), leaves), "an enrolment needs central and files, and runs before there is a till"},
	{"internal/golden/...", nil, "golden files serve every test"},
	{"internal/till/...", only("terminal/...", "printer/...", "reader/...", "sync/...", "storage/...", "ui/...", "internal/..."), "a production till must not contain a fake acquirer"},

	{"cmd/balcao", only("internal/till", "internal/config", "internal/enrol", "ui", "ui/link", "storage"), "flags and commands, nothing else"},
	{"cmd/balcao-sim", only("simulators/..."), "the simulators never link the till"},
})

func leafDirections() []direction {
	var rows []direction
	for i, name := range leafOrder {
		rows = append(rows, direction{"terminal/" + name + "/...", leavesBelow(i), "a leaf knows only the leaves below it: " + strings.Join(leafOrder[:i], " ")})
	}
	return rows
}

// forTests is what tests may import besides.
var forTests = only("simulators/...", "internal/golden", "sync/wire/contract")

// A library row keeps a module of others in one place, where it can be replaced.
type library struct {
	module string
	room   string
	reason string
}

var libraries = []library{
	{"github.com/gdamore/tcell", "ui", "one small package stands between the screen and its library"},
	{"github.com/hennedo/escpos", "printer/escpos", "its faults are fenced in by one adapter"},
	{"github.com/google/gousb", "internal/port", "cgo and libusb stay behind one build tag"},
	{"go.bug.st/serial", "internal/port", "drivers see a port, not a kind of cable"},
	{"go.etcd.io/bbolt", "storage", "one package owns the file"},
	{"github.com/getkin/kin-openapi", "sync/wire/contract", "a validator of the contract is for tests and simulators; no till links it"},
}

// expand replaces the star of a tree by the folder's own name for it, so that a
// room of sync is its own tree and not its neighbour's.
func (d direction) expand(folder string) string {
	before, after, starred := strings.Cut(d.tree, "*")
	rest, inside := strings.CutPrefix(folder, before)
	if !starred || !inside {
		return d.tree
	}
	name, _, _ := strings.Cut(rest, "/")
	return before + name + after
}

func directionOf(folder string) (row direction, own string, found bool) {
	for _, row := range directions {
		if own := row.expand(folder); within(folder, own) {
			return row, own, true
		}
	}
	return direction{}, "", false
}

const module = "balcao/"

// checkImports holds files to the table and to the rooms of libraries.
func checkImports(sources []source) []finding {
	var found []finding
	for _, file := range sources {
		if file.syntax == nil {
			continue
		}
		for _, spec := range file.syntax.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if what, cure := refuseImport(file, name); what != "" {
				found = append(found, finding{file.path, file.line(spec.Pos()), what, cure})
			}
		}
	}
	return found
}

func refuseImport(file source, name string) (what, cure string) {
	ours, isOurs := strings.CutPrefix(name, module)
	if !isOurs {
		return refuseLibrary(file, name)
	}
	if file.isTest() && withinAny(ours, forTests) || file.folder() == "." {
		return "", ""
	}
	row, own, found := directionOf(file.folder())
	if !found {
		return "no row for the folder " + file.folder(), "give it a row with its reason in the table of imports_test.go, or move the file to the room it belongs to"
	}
	if file.isTest() && ours == file.folder() || strings.HasSuffix(own, "/...") && within(ours, own) || withinAny(ours, row.may) {
		return "", ""
	}
	return fmt.Sprintf("%s imports %s: %s", file.folder(), ours, row.reason),
		fmt.Sprintf("declare here what you need of it and let internal/till hand it in, or move the code; %s may import %s", row.tree, strings.Join(row.may, " "))
}

func refuseLibrary(file source, name string) (what, cure string) {
	for _, row := range libraries {
		if within(name, row.module+"/...") && file.folder() != row.room && !file.isTest() {
			return fmt.Sprintf("%s imports %s: %s", file.folder(), name, row.reason), "go through package " + row.room
		}
	}
	return "", ""
}

func TestImportsFollowTheTable(t *testing.T) { requireNone(t, checkImports(tree(t))) }

func TestImportsAgainstTheTableAreFound(t *testing.T) {
	for _, broken := range []struct{ path, imported, what string }{
		{"terminal/money/money.go", "balcao/terminal/sale", "a leaf knows only the leaves below it"},
		{"terminal/decide.go", "balcao/terminal/engine", "the core decides"},
		{"terminal/engine/loop.go", "balcao/storage", "never knows who gives it"},
		{"reader/abecs/frame.go", "balcao/internal/port", "opens nothing"},
		{"reader/pinpad/session.go", "balcao/reader/scanner", "no other driver"},
		{"printer/preview/png.go", "balcao/printer/escpos", "must not depend"},
		{"storage/open.go", "balcao/terminal", "does not decide"},
		{"sync/central/client.go", "balcao/sync/psp", "not each other"},
		{"sync/central/client.go", "balcao/sync/wire/contract", "not each other"},
		{"ui/view/sale.go", "balcao/terminal", "may crash alone"},
		{"simulators/simpinpad/frame.go", "balcao/reader/abecs", "proves nothing"},
		{"simulators/simpsp/api.go", "balcao/simulators/simcentral", "proves nothing"},
		{"internal/port/port.go", "balcao/terminal/money", "carries bytes"},
		{"internal/till/till.go", "balcao/simulators/fault", "fake acquirer"},
		{"cmd/balcao/main.go", "balcao/terminal", "nothing else"},
		{"cmd/balcao-sim/main.go", "balcao/internal/till", "never link the till"},
		{"internal/spare/spare.go", "balcao/terminal/money", "no row for the folder"},
		{"reader/scale/scale_test.go", "balcao/reader/scanner", "no other driver"},
		{"ui/view/sale.go", "github.com/gdamore/tcell/v2", "one small package"},
		{"terminal/sale/cart.go", "go.etcd.io/bbolt", "owns the file"},
	} {
		t.Run(broken.path+" "+broken.imported, func(t *testing.T) {
			file := mustParse(t, broken.path, "package p\n\nimport _ \""+broken.imported+"\"\n")
			requireOne(t, checkImports([]source{file}), broken.path+":3", broken.what)
		})
	}
}

func TestImportsWithinTheTablePass(t *testing.T) {
	for path, imported := range map[string]string{
		"terminal/sale/promotion/rule.go":      "balcao/terminal/sale",
		"terminal/payment/attempt.go":          "balcao/terminal/money",
		"reader/pinpad/session.go":             "balcao/reader/abecs",
		"reader/pinpad/session_test.go":        "balcao/simulators/simpinpad",
		"sync/central/client.go":               "balcao/sync/transport",
		"ui/view/sale.go":                      "balcao/ui/widget",
		"simulators/simcentral/ledger/book.go": "balcao/simulators/simcentral",
		"internal/till/drivers.go":             "balcao/reader/pinpad",
		"storage/open.go":                      "go.etcd.io/bbolt/errors",
	} {
		require.Empty(t, checkImports([]source{mustParse(t, path, "package p\n\nimport _ \""+imported+"\"\n")}), path)
	}
}
