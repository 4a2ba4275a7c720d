package balcao_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var (
	// fullyDocumented trees are read by people who hold a standard in the other
	// hand: every exported name says units, bounds, errors and source.
	fullyDocumented = only("terminal/...", "printer/...", "reader/...", "storage/...", "sync/...")
	// typesDocumented trees explain their types; the rest of a name must do.
	typesDocumented = only("ui/...", "simulators/...", "internal/...")
	// selfExplaining methods mean what the standard library means by them.
	selfExplaining = only("String", "Error", "Unwrap", "Read", "Write", "Close")
	// filler are words that say nothing when nothing else stands beside them.
	filler = strings.Fields("a an the is are of for to in and this that it its new returns return gets get sets set does do type struct interface function func method value")
)

// checkPackageComments wants one comment for each package, in one file, that
// begins as go doc expects.
func checkPackageComments(sources []source) []finding {
	packages := map[string][]source{}
	for _, file := range programs(sources) {
		packages[file.folder()] = append(packages[file.folder()], file)
	}
	var found []finding
	for folder, files := range packages {
		commented := slices.DeleteFunc(slices.Clone(files), func(s source) bool { return strings.TrimSpace(s.syntax.Doc.Text()) == "" })
		begin := "Package " + files[0].syntax.Name.Name + " "
		if files[0].syntax.Name.Name == "main" {
			begin = "Command " + path.Base(folder) + " "
		}
		cure := "begin one file with \"" + begin + "...\": what it is, what it is not, which type to start with, whose facts"
		switch {
		case len(commented) == 0:
			found = append(found, finding{files[0].path, 1, "package " + folder + " has no comment", cure})
		case len(commented) > 1:
			found = append(found, finding{commented[1].path, 1, "package " + folder + " has a second comment, the first is in " + commented[0].path, "keep one"})
		case !strings.HasPrefix(commented[0].syntax.Doc.Text(), begin):
			found = append(found, finding{commented[0].path, 1, "the comment of " + folder + " begins otherwise", cure})
		}
	}
	return found
}

// checkDocs wants comments on exported names, as far as the tree demands, and
// refuses those that only say the name again.
func checkDocs(sources []source) []finding {
	var found []finding
	for _, file := range programs(sources) {
		full := withinAny(file.folder(), fullyDocumented)
		if !full && !withinAny(file.folder(), typesDocumented) {
			continue
		}
		for _, name := range exportedNames(file.syntax) {
			if !name.isType && !full {
				continue
			}
			what := ""
			switch {
			case strings.TrimSpace(name.doc) == "":
				what = "no comment"
			case saysNothing(name.name, name.doc):
				what = "the comment only says the name again"
			}
			if what != "" {
				found = append(found, finding{
					file.path, file.line(name.at), fmt.Sprintf("%s: %s", name.name, what),
					"say what a caller cannot see: units, bounds, errors, what is kept or changed, the source of the fact",
				})
			}
		}
	}
	return found
}

// An exported name with its comment; a const or var group counts as one.
type exported struct {
	name   string
	doc    string
	at     token.Pos
	isType bool
}

func exportedNames(file *ast.File) []exported {
	var names []exported
	for _, declaration := range file.Decls {
		switch declaration := declaration.(type) {
		case *ast.FuncDecl:
			if isPublic(declaration) {
				names = append(names, exported{declaration.Name.Name, declaration.Doc.Text(), declaration.Pos(), false})
			}
		case *ast.GenDecl:
			for _, spec := range declaration.Specs {
				names = append(names, exportedBySpec(declaration, spec)...)
			}
		}
	}
	return names
}

// isPublic leaves out methods of unexported types: go doc does not show them.
func isPublic(function *ast.FuncDecl) bool {
	if !function.Name.IsExported() {
		return false
	}
	if function.Recv == nil {
		return true
	}
	receiver := function.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	switch generic := receiver.(type) {
	case *ast.IndexExpr:
		receiver = generic.X
	case *ast.IndexListExpr:
		receiver = generic.X
	}
	name, _ := receiver.(*ast.Ident)
	return name != nil && name.IsExported() && !slices.Contains(selfExplaining, function.Name.Name)
}

// exportedBySpec finds the comment above or beside a name, or above its group.
func exportedBySpec(group *ast.GenDecl, spec ast.Spec) []exported {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() {
			return []exported{{spec.Name.Name, firstText(spec.Doc, group.Doc, spec.Comment), spec.Pos(), true}}
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() {
				return []exported{{name.Name, firstText(spec.Doc, group.Doc, spec.Comment), spec.Pos(), false}}
			}
		}
	}
	return nil
}

func firstText(comments ...*ast.CommentGroup) string {
	for _, comment := range comments {
		if text := comment.Text(); text != "" {
			return text
		}
	}
	return ""
}

// saysNothing tells whether a comment holds no word besides the name's own.
func saysNothing(name, doc string) bool {
	own := append(wordsOf(name), strings.ToLower(name))
	for _, word := range strings.FieldsFunc(doc, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		word = strings.ToLower(word)
		singular := strings.TrimSuffix(word, "s")
		if !slices.Contains(own, word) && !slices.Contains(own, singular) && !slices.Contains(filler, word) {
			return false
		}
	}
	return true
}

// wordsOf takes a name apart: PriceTable gives price and table.
func wordsOf(name string) []string {
	var words []string
	begin := 0
	for i, letter := range name {
		if i > begin && unicode.IsUpper(letter) {
			words = append(words, strings.ToLower(name[begin:i]))
			begin = i
		}
	}
	return append(words, strings.ToLower(name[begin:]))
}

func TestEveryPackageSaysWhatItIs(t *testing.T) { requireNone(t, checkPackageComments(tree(t))) }

func TestExportedNamesAreExplained(t *testing.T) { requireNone(t, checkDocs(tree(t))) }

func TestPackagesWithoutOneCommentAreFound(t *testing.T) {
	good := mustParse(t, "reader/doc.go", "// Package reader is the till's side of card readers.\npackage reader\n")
	plain := mustParse(t, "reader/card.go", "package reader\n")
	require.Empty(t, checkPackageComments([]source{good, plain}))

	requireOne(t, checkPackageComments([]source{plain}), "reader/card.go:1", "has no comment")
	second := mustParse(t, "reader/mask.go", "// Package reader masks.\npackage reader\n")
	requireOne(t, checkPackageComments([]source{good, second}), "reader/mask.go:1", "second comment")
	other := mustParse(t, "reader/card.go", "// This package is the till's side of card readers.\npackage reader\n")
	requireOne(t, checkPackageComments([]source{other}), "reader/card.go:1", "begins otherwise")
	program := mustParse(t, "cmd/balcao/main.go", "// Package main is balcao.\npackage main\n")
	requireOne(t, checkPackageComments([]source{program}), "cmd/balcao/main.go:1", "begins otherwise")
	constraint := mustParse(t, "reader/usb.go", "//go:build cgo\n\npackage reader\n")
	requireOne(t, checkPackageComments([]source{constraint}), "reader/usb.go:1", "has no comment")
}

func TestUnexplainedNamesAreFound(t *testing.T) {
	for text, what := range map[string]string{
		"func Mask() {}": "Mask: no comment",
		"\n// PriceTable is a table of prices.\ntype PriceTable struct{}": "PriceTable: the comment only says",
		"\n// NewReader returns a new Reader.\nfunc NewReader() {}":       "NewReader: the comment only says",
		"type Card struct{}": "Card: no comment",
		"var Limit = 3":      "Limit: no comment",
		"const (\n\t// BaudMax is the fastest rate of the standard.\n\tBaudMax = 1\n\tB = 2\n)":  "B: no comment",
		"\n// A Pan is what is printed on the card.\ntype Pan string\nfunc (p *Pan) Mask() {}":   "Mask: no comment",
		"\n// A Box holds one value of any kind.\ntype Box[T any] struct{}\nfunc (Box[T]) F(){}": "F: no comment",
	} {
		t.Run(what, func(t *testing.T) {
			found := checkDocs([]source{mustParse(t, "reader/card.go", "package reader\n"+text+"\n")})
			require.Len(t, found, 1)
			require.Contains(t, found[0].what, what)
		})
	}
}

func TestExplainedOrFreeNamesPass(t *testing.T) {
	text := `package reader

// Limits of a frame, in bytes.
const (
	FrameMin = 1
	FrameMax = 2
)

type hidden struct{}

func (hidden) Exported() {}

// A Pan is what is printed on the card; its String shows only the mask.
type Pan string

func (p Pan) String() string { return "" }

var Gone = 1 // is returned once
`
	require.Empty(t, checkDocs([]source{mustParse(t, "reader/card.go", text)}))

	screen := "package view\n\n// A Grid is cells in rows, drawn from a snapshot.\ntype Grid struct{}\n\nfunc Draw() {}\n"
	require.Empty(t, checkDocs([]source{mustParse(t, "ui/view/grid.go", screen)}), "functions of the screen are free")
	requireOne(t, checkDocs([]source{mustParse(t, "ui/view/grid.go", "package view\n\ntype Grid struct{}\n")}), "ui/view/grid.go:3", "Grid: no comment")
}
