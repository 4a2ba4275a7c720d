package balcao_test

import (
	"go/ast"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// pureTrees decide from what they are given. The engine beside them has the
// clock, the goroutines and the ids, and hands them in.
var pureTrees = append([]string{"terminal"}, leaves...)

// impure are the packages that reach out of a pure function; net/url, net/netip
// and net/mail only take text apart.
var impure = []string{"os/...", "net", "net/http/...", "math/rand/...", "crypto/rand"}

// clockCalls are the functions of package time that look at the clock or wait.
var clockCalls = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "AfterFunc": true,
	"Tick": true, "NewTimer": true, "NewTicker": true,
}

const (
	cureImpure    = "take the value as an argument; the engine or an adapter gets it"
	cureClock     = "take the moment from the event; the engine puts it there"
	cureGoroutine = "return an effect; the engine runs it"
)

// checkPurity finds clock, randomness, files, network and goroutines in the core.
func checkPurity(sources []source) []finding {
	var found []finding
	for _, file := range sources {
		if file.syntax == nil || file.isTest() || !withinAny(file.folder(), pureTrees) {
			continue
		}
		for _, spec := range file.syntax.Imports {
			if name, _ := strconv.Unquote(spec.Path.Value); withinAny(name, impure) {
				found = append(found, finding{file.path, file.line(spec.Pos()), "the core imports " + name, cureImpure})
			}
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.GoStmt:
				found = append(found, finding{file.path, file.line(node.Pos()), "the core starts a goroutine", cureGoroutine})
			case *ast.SelectorExpr:
				if name := selected(file, node, "time"); clockCalls[name] {
					found = append(found, finding{file.path, file.line(node.Pos()), "the core calls time." + name, cureClock})
				}
			}
			return true
		})
	}
	return found
}

// selected returns Name for an expression imported.Name, whatever the file calls
// that import, and "" for any other.
func selected(file source, expression *ast.SelectorExpr, imported string) string {
	left, isName := expression.X.(*ast.Ident)
	if !isName {
		return ""
	}
	for _, spec := range file.syntax.Imports {
		if spec.Path.Value != strconv.Quote(imported) {
			continue
		}
		if spec.Name == nil && left.Name == imported || spec.Name != nil && left.Name == spec.Name.Name {
			return expression.Sel.Name
		}
	}
	return ""
}

func TestCoreHasNoClockNoRandomnessAndNoGoroutine(t *testing.T) {
	requireNone(t, checkPurity(tree(t)))
}

func TestImpurityInTheCoreIsFound(t *testing.T) {
	for what, text := range map[string]string{
		"time.Now":           "package sale\n\nimport \"time\"\n\nvar x = time.Now()\n",
		"time.Since":         "package sale\n\nimport clock \"time\"\n\nvar x = clock.Since\n",
		"imports os":         "package sale\n\n\n\nimport \"os\"\n\nvar x = os.Args\n",
		"imports net/http":   "package sale\n\n\n\nimport _ \"net/http\"\n",
		"starts a goroutine": "package sale\n\nfunc run() {\n\n\tgo run()\n}\n",
	} {
		t.Run(what, func(t *testing.T) {
			requireOne(t, checkPurity([]source{mustParse(t, "terminal/sale/cart.go", text)}), "terminal/sale/cart.go:5", what)
			require.Empty(t, checkPurity([]source{mustParse(t, "terminal/engine/loop.go", text)}), "the engine may")
		})
	}
}

func TestDurationsAndAddressesStayPure(t *testing.T) {
	text := "package sale\n\nimport (\n\t\"net/url\"\n\t\"time\"\n)\n\nvar x, y = time.Second, url.Parse\n"
	require.Empty(t, checkPurity([]source{mustParse(t, "terminal/sale/cart.go", text)}))
}
