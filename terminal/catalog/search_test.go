package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/terminal/catalog"
)

// named is a catalogue of such descriptions.
func named(t testing.TB, names ...string) *catalog.Catalog {
	t.Helper()
	items := make([]catalog.Item, len(names))
	for i, name := range names {
		items[i] = catalog.Item{SKU: fmt.Sprint(i + 1), Description: name, Unit: "un", Price: 10_000}
	}
	built, err := catalog.New(items)
	require.NoError(t, err)
	return built
}

func names(items []catalog.Item) (names []string) {
	for _, item := range items {
		names = append(names, item.Description)
	}
	return names
}

func TestSearchIsBlindToCaseAccentsPunctuationAndOrder(t *testing.T) {
	items := named(t, "CAFÉ TORRADO E MOÍDO 500G", "FILTRO DE CAFÉ Nº 103", "SABÃO EM PÓ LAVANDA 1,6KG", "ERVA-MATE CHIMARRÃO", "Água c/ gás")
	for query, want := range map[string][]string{
		"cafe":          {"CAFÉ TORRADO E MOÍDO 500G", "FILTRO DE CAFÉ Nº 103"},
		"CAFÉ":          {"CAFÉ TORRADO E MOÍDO 500G", "FILTRO DE CAFÉ Nº 103"},
		"cafe\u0301":    {"CAFÉ TORRADO E MOÍDO 500G", "FILTRO DE CAFÉ Nº 103"},
		"moi caf":       {"CAFÉ TORRADO E MOÍDO 500G"},
		"  500 cafe ":   {"CAFÉ TORRADO E MOÍDO 500G"},
		"1,6":           {"SABÃO EM PÓ LAVANDA 1,6KG"},
		"sabao 1.6kg":   {"SABÃO EM PÓ LAVANDA 1,6KG"},
		"mate erva":     {"ERVA-MATE CHIMARRÃO"},
		"AGUA C/GAS":    {"Água c/ gás"},
		"torrado leite": nil,
		"afé":           nil,
		"":              nil,
		" -/. ":         nil,
	} {
		require.Equal(t, want, names(items.Search(query, 10)), query)
	}
	require.Empty(t, items.Search("cafe", 0))
	require.Empty(t, items.Search("cafe", -1))
}

func TestNamesThatBeginWithTheQueryComeFirst(t *testing.T) {
	items := named(t, "ACHOCOLATADO COM LEITE", "CREME DE LEITE 200G", "LEITE INTEGRAL 1L", "LEITE CONDENSADO", "INTEGRAL PÃO COM LEITE", "LEITEIRA")
	require.Equal(t, []string{
		"LEITE CONDENSADO", "LEITE INTEGRAL 1L", "LEITEIRA", "ACHOCOLATADO COM LEITE", "CREME DE LEITE 200G", "INTEGRAL PÃO COM LEITE",
	}, names(items.Search("leite", 10)))
	require.Equal(t, []string{"LEITE INTEGRAL 1L", "INTEGRAL PÃO COM LEITE"}, names(items.Search("integ leit", 10)))
	require.Equal(t, "LEITE CONDENSADO", items.Search("leite leite", 1)[0].Description, "said twice is said once")
	require.Equal(t, []string{"LEITE CONDENSADO", "LEITE INTEGRAL 1L"}, names(items.Search("leite", 2)))
	require.Equal(t, []string{"LEITE CONDENSADO", "LEITE INTEGRAL 1L", "LEITEIRA", "ACHOCOLATADO COM LEITE"}, names(items.Search("leite", 4)))
}

func TestSameNamesStandBySKU(t *testing.T) {
	items := named(t, "BALA", "BALA", "BALA")
	var order []string
	for _, item := range items.Search("bala", 5) {
		order = append(order, item.SKU)
	}
	require.Equal(t, []string{"1", "2", "3"}, order)
}

func TestWordsBeyondSixteenDoNotCount(t *testing.T) {
	items := named(t, "A")
	require.NotEmpty(t, items.Search(strings.Repeat("a ", 16)+"b", 1))
	require.Empty(t, items.Search(strings.Repeat("a ", 15)+"b", 1))
}

// TestSearchAgreesWithLookingAtEveryName compares with a plain scan.
func TestSearchAgreesWithLookingAtEveryName(t *testing.T) {
	word := rapid.SampledFrom([]string{"a", "ab", "abc", "b", "ba", "bab", "c", "ca"})
	rapid.Check(t, func(t *rapid.T) {
		phrases := rapid.SliceOfN(rapid.SliceOfN(word, 1, 4), 1, 12).Draw(t, "names")
		query := rapid.SliceOfN(word, 1, 3).Draw(t, "query")
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		var items []catalog.Item
		var first, rest []string
		for i, phrase := range phrases {
			name := strings.Join(phrase, " ")
			items = append(items, catalog.Item{SKU: fmt.Sprint(i), Description: name, Unit: "un"})
			switch {
			case allBegin(query, phrase[:min(len(query), len(phrase))]) && oneBegins(query, phrase[0]):
				first = append(first, name)
			case allBegin(query, phrase):
				rest = append(rest, name)
			}
		}
		slices.Sort(first)
		slices.Sort(rest)
		want := slices.Concat(first, rest)
		built, err := catalog.New(items)
		require.NoError(t, err)
		got := names(built.Search(strings.Join(query, " "), limit))
		require.Equal(t, append([]string{}, want[:min(limit, len(want))]...), append([]string{}, got...))
	})
}

func oneBegins(query []string, word string) bool {
	return slices.ContainsFunc(query, func(prefix string) bool { return strings.HasPrefix(word, prefix) })
}

func allBegin(query, words []string) bool {
	for _, prefix := range query {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, prefix) }) {
			return false
		}
	}
	return true
}

func FuzzSearch(f *testing.F) {
	items := shop(f)
	for _, query := range []string{"pão", "cafe to", "ª º ½ ﬁ", "\xff", "a\u0301", ""} {
		f.Add(query, 3)
	}
	f.Fuzz(func(t *testing.T, query string, limit int) {
		require.LessOrEqual(t, len(items.Search(query, limit)), max(limit, 0))
	})
}

// manyNames makes the names of a large supermarket: goods, makers, kinds and sizes.
func manyNames(count int) []string {
	goods := strings.Fields("ARROZ FEIJÃO CAFÉ AÇÚCAR LEITE BISCOITO SABÃO DETERGENTE AMACIANTE XAMPU CREME IOGURTE QUEIJO " +
		"PRESUNTO CERVEJA REFRIGERANTE SUCO ÁGUA VINHO CHOCOLATE BALA MACARRÃO MOLHO ÓLEO AZEITE VINAGRE FARINHA FUBÁ PÃO BOLO " +
		"SORVETE PIZZA LASANHA HAMBÚRGUER SALSICHA LINGUIÇA FRANGO PEIXE CARNE RAÇÃO FRALDA PAPEL SABONETE DESODORANTE ESCOVA")
	kinds := strings.Fields("INTEGRAL DESNATADO TRADICIONAL EXTRA FORTE SUAVE LIGHT ZERO ORGÂNICO CLÁSSICO PREMIUM CASEIRO " +
		"DEFUMADO TEMPERADO CONGELADO FATIADO RALADO MOÍDO TORRADO SOLÚVEL CONCENTRADO LÍQUIDO NEUTRO LIMÃO MORANGO LARANJA UVA")
	sizes := strings.Fields("90G 100G 200G 350G 395G 500G 1KG 2KG 5KG 200ML 350ML 500ML 900ML 1L 1,5L 2L 12UN 30UN")
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(words []string) string { return words[random.IntN(len(words))] }
	names := make([]string, count)
	for i := range names {
		maker := fmt.Sprintf("MARCA%c%c%d", 'A'+random.IntN(26), 'A'+random.IntN(26), random.IntN(8))
		names[i] = strings.Join([]string{pick(goods), pick(kinds), "DE", pick(kinds), maker, pick(sizes)}, " ")
	}
	return names
}

// shopSize is the catalogue that the limits are given for.
const shopSize = 100_000

// BenchmarkSearch types a name letter by letter into a catalogue of 100,000 items
// and reports what 99 of 100 letters keep: at most 5 ms are allowed.
func BenchmarkSearch(b *testing.B) {
	items := named(b, manyNames(shopSize)...)
	for _, query := range []string{"c", "cafe torrado", "d d d d", "e m l", "marcaq 500", "zzz"} {
		b.Run(strings.ReplaceAll(query, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			var letters []time.Duration
			for b.Loop() {
				for end := 1; end <= len(query); end++ {
					began := time.Now()
					items.Search(query[:end], 20)
					letters = append(letters, time.Since(began))
				}
			}
			slices.Sort(letters)
			b.ReportMetric(float64(letters[len(letters)*99/100].Microseconds())/1000, "ms/letter-p99")
		})
	}
}

// BenchmarkNew builds a catalogue of 100,000 items, as every start of the till does.
func BenchmarkNew(b *testing.B) {
	items := named(b, manyNames(shopSize)...).Items()
	b.ReportAllocs()
	for b.Loop() {
		_, err := catalog.New(items)
		require.NoError(b, err)
	}
}
