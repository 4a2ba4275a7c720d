// Package balcao_test holds the house rules that a machine can check: who may
// import whom, how long a function may be, what must be documented, what must
// not be left behind, what a program must not contain.
//
// It tests no behaviour. Each rule is a function from sources to findings, with
// a test that reads this tree and a test that shows the rule can fail. A finding
// names file, line and cure. The tree is read from disk, not from git, so a
// tarball is held to the same rules. Start with [source] and [finding].
package balcao_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// A source is one text file of the tree. Syntax is nil unless it is Go.
type source struct {
	path   string
	text   string
	files  *token.FileSet
	syntax *ast.File
}

// folder is the package's folder below the root, "." for the root itself.
func (s source) folder() string { return path.Dir(s.path) }

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) isGenerated() bool { return s.syntax != nil && ast.IsGenerated(s.syntax) }

// isTestData tells files that a test reads: expectations, vectors, recordings.
func (s source) isTestData() bool { return strings.Contains("/"+s.path, "/testdata/") }

func (s source) line(at token.Pos) int { return s.files.Position(at).Line }

// A finding is one place where a rule is broken, and what to do about it.
type finding struct {
	path string
	line int
	what string
	cure string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s\n\tcure: %s", f.path, f.line, f.what, f.cure)
}

// requireNone fails with all findings, each on its own line.
func requireNone(t *testing.T, findings []finding) {
	t.Helper()
	if len(findings) == 0 {
		return
	}
	var lines strings.Builder
	for _, each := range findings {
		fmt.Fprintln(&lines, each)
	}
	require.FailNow(t, fmt.Sprintf("house rules broken: %d", len(findings)), "\n"+lines.String())
}

// requireOne shows that a rule can fail: exactly one finding, naming its place.
func requireOne(t *testing.T, findings []finding, where, what string) {
	t.Helper()
	require.Len(t, findings, 1)
	require.Equal(t, where, fmt.Sprintf("%s:%d", findings[0].path, findings[0].line))
	require.Contains(t, findings[0].what, what)
	require.NotEmpty(t, findings[0].cure)
}

// parse makes a source from its text, as the tests of the rules do.
func parse(name, text string) (source, error) {
	made := source{path: name, text: text, files: token.NewFileSet()}
	if !strings.HasSuffix(name, ".go") || made.isTestData() {
		return made, nil
	}
	syntax, err := parser.ParseFile(made.files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, fmt.Errorf("parse %s: %w", name, err)
	}
	made.syntax = syntax
	return made, nil
}

func mustParse(t *testing.T, name, text string) source {
	t.Helper()
	made, err := parse(name, text)
	require.NoError(t, err)
	return made
}

// skipped are folders that hold nothing of ours: git's own and what make makes.
var skipped = []string{".git", ".deps", "bin"}

// readTree reads every text file once for all rules.
var readTree = sync.OnceValues(func() ([]source, error) {
	var sources []source
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, name):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil || !utf8.Valid(content) {
			return err
		}
		made, err := parse(name, string(content))
		sources = append(sources, made)
		return err
	})
	return sources, err
})

// tree returns the text files of this repository.
func tree(t *testing.T) []source {
	t.Helper()
	sources, err := readTree()
	require.NoError(t, err)
	return sources
}

// programs returns what is built into a program and written by hand.
func programs(sources []source) []source {
	return slices.DeleteFunc(slices.Clone(sources), func(s source) bool {
		return s.syntax == nil || s.isTest() || s.isGenerated()
	})
}

// within tells whether a folder is matched by a pattern: a folder, or with /...
// a folder and everything below it.
func within(folder, pattern string) bool {
	root, deep := strings.CutSuffix(pattern, "/...")
	return folder == root || deep && strings.HasPrefix(folder, root+"/")
}

func withinAny(folder string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return within(folder, pattern) })
}
