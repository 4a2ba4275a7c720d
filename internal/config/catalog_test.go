package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/internal/config"
	"balcao/terminal/catalog"
)

// catalogue writes a catalogue file.
func catalogue(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog.csv")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o640))
	return path
}

func TestACatalogueMayHaveATaxColumnOrNone(t *testing.T) {
	for content, tax := range map[string]string{
		"sku,code,description,unit,price\n17,,PÃO FRANCÊS,kg,16.90\n":            "",
		"\ufeffsku,code,description,unit,price\r\n17,,PÃO FRANCÊS,kg,16.90\r\n":  "",
		"sku,code,description,unit,price,tax\n17,,PÃO FRANCÊS,kg,16.90,BASICA\n": "BASICA",
		"sku,code,description,unit,price,tax\n17,,PÃO FRANCÊS,kg,\"16,90\",\n":   "",
	} {
		items, err := config.Catalog(catalogue(t, content))
		require.NoError(t, err)
		bread, found := items.Find("17")
		require.True(t, found)
		require.Equal(t, tax, bread.Tax)
		require.Equal(t, "16.90", bread.Price.String())
		require.True(t, bread.Weighed)
	}
}

func TestAThingMayHaveSeveralCodes(t *testing.T) {
	items, err := config.Catalog(catalogue(t, "sku,code,description,unit,price\n1,7896089012453 78918344,CAFÉ,un,18.90\n"))
	require.NoError(t, err)
	for _, code := range []string{"7896089012453", "78918344"} {
		_, found := items.Find(code)
		require.True(t, found, code)
	}
}

func TestAllBadLinesOfACatalogueAreNamed(t *testing.T) {
	path := catalogue(t, "sku,code,description,unit,price\n1,,A,un,abc\n2,,B,un,1\n3,,C,un,-\n4,,D,un\n")
	_, err := config.Catalog(path)
	require.EqualError(t, err, "read catalogue: "+
		path+":2:9: price of 1: read figure \"abc\": not a number; write it as 18.90\n"+
		path+":4:9: price of 3: read figure \"-\": want at most 13 digits and 4 decimals; write it as 18.90\n"+
		path+": record on line 5: wrong number of fields")
	path = catalogue(t, "sku,code,description,unit,price\n1,,A,un,1\n\"2\",7896089012454,\"B\n\",un,1\n1,,C,un,1\n")
	_, err = config.Catalog(path)
	require.EqualError(t, err, "read catalogue: "+
		path+":3:1: item 2: description with a control character\n"+
		path+":3:1: item 2: code 7896089012454 has a wrong check digit: 7896089012453 would be right\n"+
		path+":5:1: item 1: code 1 belongs to 1 already")
	_, err = config.Catalog(catalogue(t, "sku,description,price\n"))
	require.ErrorContains(t, err, "first line must be sku,code,description,unit,price,tax, tax may be left out")
	_, err = config.Catalog(filepath.Join(t.TempDir(), "none.csv"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestACatalogueIsReplacedInOneStepAndKeepsItsMode(t *testing.T) {
	path := catalogue(t, "old")
	require.NoError(t, config.WriteCatalog(path, []catalog.Item{{SKU: "17", Description: "PÃO", Unit: "kg", Price: 169_000}}))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left beside it")

	fresh := filepath.Join(filepath.Dir(path), "new.csv")
	require.NoError(t, config.WriteCatalog(fresh, nil))
	info, err = os.Stat(fresh)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm())
}

func TestACatalogueThatCannotBeReplacedStaysWhole(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "catalog.csv")
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "in the way"), 0o700))
	err := config.WriteCatalog(folder, nil)
	require.ErrorContains(t, err, "write catalogue "+folder)
	entries, err := os.ReadDir(filepath.Dir(folder))
	require.NoError(t, err)
	require.Len(t, entries, 1, "the temporary file is gone")
	require.Error(t, config.WriteCatalog(filepath.Join(folder, "no", "such", "catalog.csv"), nil))
}

func TestWhatChangesIsToldBySKU(t *testing.T) {
	bread := catalog.Item{SKU: "17", Description: "PÃO", Unit: "kg", Price: 169_000}
	coffee := catalog.Item{SKU: "1", Codes: []string{"7896089012453"}, Description: "CAFÉ", Unit: "un", Price: 189_000}
	cheese := catalog.Item{SKU: "2", Description: "QUEIJO", Unit: "kg", Price: 399_000}
	salt := catalog.Item{SKU: "3", Description: "SAL", Unit: "un", Price: 24_900}
	tea := catalog.Item{SKU: "4", Description: "CHÁ", Unit: "un", Price: 74_900}

	dearer, renamed := bread, coffee
	dearer.Price, dearer.Description = 179_000, "PÃO FRANCÊS"
	renamed.Codes = nil
	changes := config.Compare([]catalog.Item{bread, coffee, cheese, salt}, []catalog.Item{tea, dearer, renamed, cheese})
	require.Equal(t, config.Changes{
		New: []catalog.Item{tea}, Gone: []catalog.Item{salt}, Unchanged: 1,
		Repriced: []config.Change{{Old: bread, New: dearer}}, Changed: []config.Change{{Old: coffee, New: renamed}},
	}, changes)
	require.Equal(t, config.Changes{}, config.Compare(nil, nil))
}
