package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// imports runs balcao import in a folder with these files, and answers what it said.
func imports(t *testing.T, folder string, arguments ...string) (out, notes string, err error) {
	t.Helper()
	t.Chdir(folder)
	var line cli
	parser, err := kong.New(&line, kong.Vars{"version": version})
	require.NoError(t, err)
	_, err = parser.Parse(append([]string{"import"}, arguments...))
	require.NoError(t, err)
	var said, noted strings.Builder
	err = line.Import.run(&said, &noted)
	return said.String(), noted.String(), err
}

const present = "sku,code,description,unit,price\n17,,PÃO FRANCÊS,kg,16.90\n21,,QUEIJO,kg,39.90\n30,,RICOTA,kg,34.90\n31,,SAL,un,2.49\n"

// next changes a price and a name, keeps one thing and forgets another.
const next = "código;descrição;unidade;preço;estoque\n17;PÃO FRANCÊS;kg;17,90;3\n21;QUEIJO MINAS;kg;39,90;1\n30;RICOTA;kg;34,90;0\n40;BALA;un;1,00;9\n"

// shop is a folder with a catalogue and a file to import.
func shop(t *testing.T, items string) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "catalog.csv"), []byte(present), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "items.csv"), []byte(items), 0o600))
	return folder
}

func catalogue(t *testing.T, folder string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "catalog.csv"))
	require.NoError(t, err)
	return string(content)
}

const summary = `items.csv: 4 lines, UTF-8, separated by ";", columns by their names
columns left out: estoque
  new                1
  other price        1
  other text         1
  unchanged          1
  gone               1
  rejected           0
  other price: 17 PÃO FRANCÊS: 16.90, now 17.90
  gone: 31 SAL
`

func TestImportReplacesTheCatalogueAndSaysWhatChanged(t *testing.T) {
	folder := shop(t, next)
	out, notes, err := imports(t, folder, filepath.Join(folder, "items.csv"))
	require.NoError(t, err)
	require.Empty(t, notes)
	out = strings.ReplaceAll(out, folder+"/", "")
	require.Equal(t, summary+"catalog.csv: 4 items; start the till again to sell them\n", out)
	require.Equal(t, "sku,code,description,unit,price,tax\n17,,PÃO FRANCÊS,kg,17.90,\n21,,QUEIJO MINAS,kg,39.90,\n30,,RICOTA,kg,34.90,\n40,,BALA,un,1.00,\n",
		catalogue(t, folder))
}

func TestADryRunOnlySays(t *testing.T) {
	folder := shop(t, next)
	out, _, err := imports(t, folder, "items.csv", "--dry-run")
	require.NoError(t, err)
	require.Contains(t, strings.ReplaceAll(out, folder+"/", ""), summary+"dry run: catalog.csv is as it was\n")
	require.Equal(t, present, catalogue(t, folder))
}

func TestOneBadLineStopsAnImportUnlessThePartIsEnough(t *testing.T) {
	folder := shop(t, next+"41;CHÁ;un;grátis;1\n")
	for _, arguments := range [][]string{{"items.csv"}, {"items.csv", "--dry-run"}} {
		_, notes, err := imports(t, folder, arguments...)
		require.ErrorContains(t, err, "bad lines: 1; catalog.csv is as it was; correct them, or leave them out with --accept-partial")
		require.Contains(t, notes, `items.csv:6:11: price: "grátis" is no price; write it as 18,90`)
		require.Equal(t, present, catalogue(t, folder))
	}
	out, notes, err := imports(t, folder, "items.csv", "--accept-partial")
	require.NoError(t, err)
	require.Contains(t, out, "rejected           1\n")
	require.Contains(t, notes, "items.csv:6:11: price")
	require.Contains(t, catalogue(t, folder), "40,,BALA")
	require.NotContains(t, catalogue(t, folder), "CHÁ")
}

func TestAFileWithoutAGoodLineNeverEmptiesTheCatalogue(t *testing.T) {
	folder := shop(t, "código;descrição;preço\n17;PÃO;x\n")
	_, _, err := imports(t, folder, "items.csv", "--accept-partial")
	require.ErrorContains(t, err, "no good line; catalog.csv is as it was")
	_, _, err = imports(t, shop(t, "não é;uma lista\n"), "items.csv", "--accept-partial")
	require.ErrorContains(t, err, "neither a header nor an item")
	require.Equal(t, present, catalogue(t, folder))
}

func TestABrokenCatalogueIsMendedByAnImport(t *testing.T) {
	folder := shop(t, next)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "catalog.csv"), []byte("nonsense"), 0o600))
	_, notes, err := imports(t, folder, "items.csv")
	require.NoError(t, err)
	require.Contains(t, notes, "the present catalogue counts as empty: read catalogue: catalog.csv: first line must be")
	require.Contains(t, catalogue(t, folder), "40,,BALA")
}

func TestLongListsAreCutAndLongFilesShowProgress(t *testing.T) {
	var items strings.Builder
	items.WriteString("código;descrição;preço\n")
	for i := range 12_000 {
		price := "1,00"
		if i < 1_100 {
			price = "x"
		}
		fmt.Fprintf(&items, "%d;COISA;%s\n", i+1, price)
	}
	out, notes, err := imports(t, shop(t, items.String()), "items.csv", "--into", "new.csv", "--accept-partial")
	require.NoError(t, err)
	require.Contains(t, notes, "10000 lines read\n")
	require.Equal(t, 1000, strings.Count(notes, "is no price"))
	require.Contains(t, notes, "and 100 errors more\n")
	require.Contains(t, out, "new.csv: 10900 items")
}

// The catalogue of the simulated shop is one a till reads, and imports to itself.
func TestTheSimulatedShopsCatalogueIsImportedUnchanged(t *testing.T) {
	const file = "../../simulators/simstore/catalog.csv"
	source, err := filepath.Abs(file)
	require.NoError(t, err)
	folder := t.TempDir()
	out, notes, err := imports(t, folder, source)
	require.NoError(t, err, notes)
	require.Contains(t, out, "rejected           0\n")
	out, _, err = imports(t, folder, "catalog.csv", "--dry-run")
	require.NoError(t, err)
	require.Regexp(t, `unchanged +[34][0-9]{2}\n`, out)
	require.Regexp(t, `new +0\n`, out)
}
