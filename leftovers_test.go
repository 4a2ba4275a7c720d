package balcao_test

import (
	"go/ast"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A pattern is something that must not stand in any text of this repository. Its
// own text is put together from pieces, so that this file passes too.
type pattern struct {
	what  string
	cure  string
	match *regexp.Regexp
	// everywhere includes what tests read and what generators wrote.
	everywhere bool
}

var patterns = []pattern{
	{
		what: "words that stand for unwritten code", cure: "write the code, or refuse with an error that says what the caller can do",
		match: regexp.MustCompile(`(?i)not ` + `implemented`),
	},
	{
		what: "a path of one machine", cure: "make it relative, take it from the configuration, or use t.TempDir", everywhere: true,
		match: regexp.MustCompile(`/(tmp|root|work|farm|home)` + `/[a-z]`),
	},
	{
		what: "the host of a package registry", cure: "leave the choice of mirror to the machine's own settings", everywhere: true,
		match: regexp.MustCompile(`\b(proxy\.golang|sum\.golang|deb\.debian|security\.debian|archive\.ubuntu|registry\.npmjs|files\.pythonhosted|dl-cdn\.alpinelinux)` + `\.(org|com)\b`),
	},
	{
		what: "a private key", cure: "make keys when they are needed; a test makes its own, a till reads the path in its configuration",
		match: regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE ` + `KEY-----`),
	},
	{
		what: "an access token", cure: "revoke it, and read secrets from paths in the configuration", everywhere: true,
		match: regexp.MustCompile(`\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[0-9A-Za-z-]{20})\b`),
	},
}

// marker are notes to oneself. In Go only comments are searched: one of the
// words means "all" in the language of the texts.
var marker = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

const (
	cureMarker = "do it now, or write down in docs/decisions why not"
	cureSleep  = "wait for a channel or a condition with a deadline, or use testing/synctest"
)

// checkLeftovers reads every text file line by line.
func checkLeftovers(sources []source) []finding {
	var found []finding
	for _, file := range sources {
		if path.Base(file.path) == "go.sum" {
			continue
		}
		for i, line := range strings.Split(file.text, "\n") {
			for _, pattern := range patterns {
				if (pattern.everywhere || !file.isTestData() && !file.isGenerated()) && pattern.match.MatchString(line) {
					found = append(found, finding{file.path, i + 1, pattern.what, pattern.cure})
				}
			}
		}
		found = append(found, checkMarkers(file)...)
		found = append(found, checkSleeps(file)...)
	}
	return found
}

func checkMarkers(file source) []finding {
	var found []finding
	switch {
	case file.isTestData() || file.isGenerated():
	case file.syntax != nil:
		for _, group := range file.syntax.Comments {
			for _, comment := range group.List {
				if word := marker.FindString(comment.Text); word != "" {
					found = append(found, finding{file.path, file.line(comment.Pos()), "a comment says " + word, cureMarker})
				}
			}
		}
	case path.Ext(file.path) != ".toml":
		for i, line := range strings.Split(file.text, "\n") {
			if word := marker.FindString(line); word != "" {
				found = append(found, finding{file.path, i + 1, "a line says " + word, cureMarker})
			}
		}
	}
	return found
}

// checkSleeps finds time.Sleep, in tests too: it is either too short or too long.
func checkSleeps(file source) []finding {
	if file.syntax == nil {
		return nil
	}
	var found []finding
	ast.Inspect(file.syntax, func(node ast.Node) bool {
		if expression, ok := node.(*ast.SelectorExpr); ok && selected(file, expression, "time") == "Sleep" {
			found = append(found, finding{file.path, file.line(node.Pos()), "time.Sleep", cureSleep})
		}
		return true
	})
	return found
}

func TestNothingIsLeftBehind(t *testing.T) { requireNone(t, checkLeftovers(tree(t))) }

func TestLeftoversAreFound(t *testing.T) {
	for name, broken := range map[string]struct{ path, text, what string }{
		"marker in a comment":      {"a/a.go", "package a\n\n// TO" + "DO: later\n", "a comment says"},
		"marker in a script":       {"a/run.sh", "#!/bin/sh\n\n# FIX" + "ME\n", "a line says"},
		"words for missing code":   {"a/a.go", "package a\n\nconst x = `Not " + "Implemented`\n", "unwritten code"},
		"path of a machine":        {"docs/runbook.md", "\n\nsee /ho" + "me/anna/log\n", "path of one machine"},
		"path in a golden file":    {"a/testdata/out.txt", "\n\n/tm" + "p/x1\n", "path of one machine"},
		"registry":                 {"Makefile", "\n\nGOPROXY=https://proxy.golang" + ".org\n", "package registry"},
		"private key":              {"a/key.pem", "\n\n-----BEGIN EC PRIVATE " + "KEY-----\n", "private key"},
		"token":                    {"a/a.yaml", "\n\nkey: AKIA" + "ABCDEFGHIJKLMNOP\n", "access token"},
		"sleep":                    {"a/a_test.go", "package a\n\nimport \"time\"; var _ = time.Sleep\n", "time.Sleep"},
		"sleep under another name": {"a/a.go", "package a\n\nimport clock \"time\"; var _ = clock.Sleep\n", "time.Sleep"},
	} {
		t.Run(name, func(t *testing.T) {
			requireOne(t, checkLeftovers([]source{mustParse(t, broken.path, broken.text)}), broken.path+":3", broken.what)
		})
	}
}

func TestWhatOnlyLooksLikeALeftoverPasses(t *testing.T) {
	for path, text := range map[string]string{
		"a/a.go":           "package a\n\nconst x = \"TO" + "DO O ESTOQUE\"\n",
		"a/pt.toml":        "x = \"CONFERIR TO" + "DO O CAIXA\"\n",
		"docs/systemd.md":  "/dev/ttyACM0, /etc/balcao/balcao.toml and /var/lib/balcao\n",
		"a/testdata/k.pem": "-----BEGIN PRIVATE " + "KEY-----\n",
	} {
		require.Empty(t, checkLeftovers([]source{mustParse(t, path, text)}), path)
	}
}
