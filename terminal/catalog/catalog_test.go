package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/terminal/catalog"
	"balcao/terminal/money"
)

func shop(t testing.TB, layouts ...catalog.Layout) *catalog.Catalog {
	t.Helper()
	items, err := catalog.New([]catalog.Item{
		{SKU: "17", Description: "PÃO FRANCÊS", Unit: "kg", Price: 169_000, Tax: "0:19059090::5102:102"},
		{SKU: "2", Description: "QUEIJO MINAS FRESCAL", Unit: "KG", Price: 399_000},
		{SKU: "3", Description: "PÃO DOCE", Unit: "un", Price: 25_000},
		{SKU: "4", Description: "FITA DE CETIM", Unit: "m", Price: 12_500},
		{SKU: "5", Description: "BRINDE", Unit: "un"},
		{SKU: "6", Description: "AMOSTRA A GRANEL", Unit: "kg"},
		{SKU: "0091", Codes: []string{"7896089012453", "78918344"}, Description: "CAFÉ TORRADO E MOÍDO 500G", Unit: "un", Price: 189_000},
		{SKU: "GELO-5", Codes: []string{"ABC-99887"}, Description: "GELO EM CUBOS 5KG", Unit: "un", Price: 120_000},
	}, layouts...)
	require.NoError(t, err)
	return items
}

func TestItemsAreFoundByEveryCodeWhateverItsLeadingZeros(t *testing.T) {
	items := shop(t)
	for code, sku := range map[string]string{
		"17": "17", "0017": "17", "7896089012453": "0091", "07896089012453": "0091", "78918344": "0091",
		"0000078918344": "0091", "91": "0091", "0091": "0091", "GELO-5": "GELO-5", "ABC-99887": "GELO-5",
	} {
		item, found := items.Find(code)
		require.True(t, found, code)
		require.Equal(t, sku, item.SKU, code)
	}
	for _, code := range []string{"", "0", "000", "18", "17 ", "abc-99887", "0ABC-99887", "17896089012450", "789608901245"} {
		_, found := items.Find(code)
		require.False(t, found, code)
	}
}

func TestWhatIsSoldByMeasureIsMarked(t *testing.T) {
	items := shop(t)
	for sku, weighed := range map[string]bool{"17": true, "2": true, "3": false, "4": true, "0091": false} {
		item, _ := items.Find(sku)
		require.Equal(t, weighed, item.Weighed, sku)
	}
	bread, _ := items.Find("17")
	require.Equal(t, "0:19059090::5102:102", bread.Tax)
}

func TestItemsAreListedBySKU(t *testing.T) {
	items := shop(t)
	require.Equal(t, 8, items.Len())
	listed := items.Items()
	require.Equal(t, "0091", listed[0].SKU)
	require.Equal(t, "GELO-5", listed[7].SKU)
	listed[0].SKU = "changed"
	require.Equal(t, "0091", items.Items()[0].SKU)
}

func TestAllProblemsAreListedTogether(t *testing.T) {
	_, err := catalog.New([]catalog.Item{
		{SKU: "1", Codes: []string{"7896089012454", "a b", ""}, Description: "CAFÉ", Unit: "un", Price: -1},
		{SKU: "", Description: "  ", Unit: "", Price: 1},
		{SKU: "2", Description: strings.Repeat("x", 121), Unit: "unidade", Price: 1},
		{SKU: "3", Description: "BALA\x1b@", Unit: "un"},
		{SKU: "01", Codes: []string{"12345670"}, Description: "CHÁ", Unit: "un"},
		{SKU: "4", Codes: []string{"0000012345670"}, Description: "MATE", Unit: "un"},
	})
	var first *catalog.ItemError
	require.ErrorAs(t, err, &first)
	require.Equal(t, "1", first.SKU)
	require.Equal(t, strings.Split(`catalogue item 1 (1): price -0.0001 is below zero
catalogue item 1 (1): code 7896089012454 has a wrong check digit: 7896089012453 would be right
catalogue item 1 (1): code "a b" is not 1 to 48 printable ASCII characters without a space or *
catalogue item 1 (1): code "" is not 1 to 48 printable ASCII characters without a space or *
catalogue item 2 (): no sku
catalogue item 2 (): no description
catalogue item 2 (): no unit
catalogue item 3 (2): description longer than 120 characters
catalogue item 3 (2): unit longer than 6 characters
catalogue item 4 (3): description with a control character
catalogue item 5 (01): code 01 belongs to 1 already
catalogue item 6 (4): code 0000012345670 belongs to 01 already`, "\n"), strings.Split(err.Error(), "\n"))
}

func TestProblemsBeyondCountingAreOnlyCounted(t *testing.T) {
	_, err := catalog.New(make([]catalog.Item, 100))
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 201)
	require.Equal(t, "and 100 problems more", lines[200])
}

func TestACatalogueThatIsNotThereFindsNothing(t *testing.T) {
	var none *catalog.Catalog
	_, found := none.Find("17")
	require.False(t, found)
	_, found = none.Lookup("2001700014285")
	require.False(t, found)
	require.Empty(t, none.Search("pao", 5))
	require.Empty(t, none.Items())
	require.Zero(t, none.Len())
}

// The first two are the examples of GS1 Hong Kong's and a Brazilian vendor's
// description of the check digit, the others are printed on things.
func TestCheckDigitsOfAllLengths(t *testing.T) {
	for _, code := range []string{
		"6291041500213", "7891000315507", "78918344", "9788578492946", "614141123452", "10614141000415", "7896089012453",
	} {
		require.True(t, catalog.ValidGTIN(code), code)
		require.NoError(t, catalog.CheckCode(code))
		digit, ok := catalog.CheckDigit(code[:len(code)-1])
		require.True(t, ok)
		require.Equal(t, code[len(code)-1], digit, code)
		for wrong := range byte(10) {
			changed := code[:len(code)-1] + string('0'+wrong)
			require.Equal(t, changed == code, catalog.ValidGTIN(changed), changed)
		}
	}
	for _, code := range []string{"", "0", "789183440", "7891834a", "78961020033 4", "789610200331４"} {
		require.False(t, catalog.ValidGTIN(code), code)
	}
	_, ok := catalog.CheckDigit("78-")
	require.False(t, ok)
}

func TestZerosInFrontDoNotMatterOnlyInNumbers(t *testing.T) {
	for code, want := range map[string]string{"007": "7", "7": "7", "000": "0", "0": "0", "": "", "0A1": "0A1", "10": "10"} {
		require.Equal(t, want, catalog.Unpadded(code), code)
	}
}

func TestEveryValidCodeOfTheCatalogueIsFoundAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[0-9]{7}|[0-9]{11}|[0-9]{12}|[0-9]{13}`).Draw(t, "body")
		digit, _ := catalog.CheckDigit(body)
		code := body + string(digit)
		items, err := catalog.New([]catalog.Item{{SKU: "X", Codes: []string{code}, Description: "X", Unit: "un", Price: 1}})
		require.NoError(t, err)
		padded := strings.Repeat("0", 14-len(code)) + code
		for _, scanned := range []string{code, padded} {
			match, found := items.Lookup(scanned)
			require.True(t, found, scanned)
			require.Equal(t, money.One, match.Quantity)
			require.Nil(t, match.Total)
		}
	})
}

func ExampleItemError() {
	_, err := catalog.New([]catalog.Item{{SKU: "17", Unit: "kg"}})
	fmt.Println(err)
	// Output: catalogue item 1 (17): no description
}
