package balcao_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// codecs turn bytes of others into values, so they meet bytes that nobody meant.
var codecs = []string{"printer/escpos", "reader/abecs", "reader/emv", "reader/track", "storage/record"}

// checkFuzz wants a fuzz target in every codec there is.
func checkFuzz(sources []source) []finding {
	var found []finding
	for _, folder := range codecs {
		own := slices.DeleteFunc(slices.Clone(sources), func(s source) bool { return s.folder() != folder })
		if len(own) > 0 && !slices.ContainsFunc(own, hasFuzzTarget) {
			found = append(found, finding{folder, 1, "a codec without a fuzz target", "fuzz its decoder: it never panics, never reads too far, and what it decodes encodes again"})
		}
	}
	return found
}

func hasFuzzTarget(file source) bool {
	return file.syntax != nil && file.isTest() && slices.ContainsFunc(file.syntax.Decls, func(declaration ast.Decl) bool {
		function, ok := declaration.(*ast.FuncDecl)
		return ok && strings.HasPrefix(function.Name.Name, "Fuzz")
	})
}

func TestEveryCodecIsFuzzed(t *testing.T) { requireNone(t, checkFuzz(tree(t))) }

func TestCodecWithoutFuzzTargetIsFound(t *testing.T) {
	var sources []source
	for _, folder := range codecs[1:] {
		sources = append(sources, mustParse(t, folder+"/frame_test.go", "package p\n\nfunc FuzzDecode() {}\n"))
	}
	sources = append(sources, mustParse(t, codecs[0]+"/frame.go", "package p\n\nfunc FuzzDecode() {}\n"))
	requireOne(t, checkFuzz(sources), codecs[0]+":1", "without a fuzz target")
}
