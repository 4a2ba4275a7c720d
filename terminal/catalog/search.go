package catalog

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// queryWordsMax bounds the words of a query that are looked at; names have fewer.
const queryWordsMax = 16

// nameIndex finds names by the beginnings of their words. Names stand by the
// alphabet, and a place is a position among them.
type nameIndex struct {
	names []string // folded
	items []int32  // names[place] is the name of item items[place]
	words []string // every word of every name, once, sorted
	// places[starts[i]:starts[i+1]] are those of names with words[i], ascending. Words
	// with the same beginning are neighbours, so theirs are one run of places.
	places []int32
	starts []int32
}

// Search answers at most limit items for whose every word of query a word of the
// description begins with it; case, accents and the order of words do not matter.
// Items whose first words are the query's come first, then by the alphabet. An
// empty query finds nothing.
func (c *Catalog) Search(query string, limit int) []Item {
	words := strings.Fields(fold(query))
	if c == nil || len(words) == 0 || limit <= 0 {
		return nil
	}
	places := c.names.find(words[:min(len(words), queryWordsMax)], limit)
	found := make([]Item, len(places))
	for i, place := range places {
		found[i] = c.items[c.names.items[place]]
	}
	return found
}

// indexNames folds and sorts all descriptions and notes which words they have.
func indexNames(items []Item) nameIndex {
	folded, order := make([]string, len(items)), make([]int32, len(items))
	for i, item := range items {
		folded[i], order[i] = fold(item.Description), int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(strings.Compare(folded[a], folded[b]), strings.Compare(items[a].SKU, items[b].SKU))
	})
	index := nameIndex{names: make([]string, len(items)), items: order}
	for place, item := range order {
		index.names[place] = folded[item]
	}
	index.indexWords()
	return index
}

// A use is one word of one name; words have the number of their first use.
type use struct{ word, place int32 }

// indexWords fills words, places and starts from names.
func (x *nameIndex) indexWords() {
	numbers, uses := map[string]int32{}, make([]use, 0, 6*len(x.names))
	var newest []int32 // newest[word] is the newest place with the word
	for place, name := range x.names {
		for word := range strings.SplitSeq(name, " ") {
			number, known := numbers[word]
			if !known {
				number = int32(len(newest))
				numbers[word], newest = number, append(newest, -1)
				x.words = append(x.words, word)
			}
			if newest[number] != int32(place) {
				newest[number] = int32(place)
				uses = append(uses, use{number, int32(place)})
			}
		}
	}
	sort.Strings(x.words)
	ranks := make([]int32, len(x.words))
	for rank, word := range x.words {
		ranks[numbers[word]] = int32(rank)
	}
	x.placeWords(uses, ranks)
}

// placeWords sorts uses by the rank of their word; by place they are already.
func (x *nameIndex) placeWords(uses []use, ranks []int32) {
	x.starts, x.places = make([]int32, len(x.words)+1), make([]int32, len(uses))
	for _, use := range uses {
		x.starts[ranks[use.word]+1]++
	}
	for rank := range x.words {
		x.starts[rank+1] += x.starts[rank]
	}
	next := slices.Clone(x.starts)
	for _, use := range uses {
		rank := ranks[use.word]
		x.places[next[rank]] = use.place
		next[rank]++
	}
}

// find answers places of names, the best first.
func (x *nameIndex) find(words []string, limit int) []int32 {
	reached, all := x.reached(words), uint8(len(words))
	var found []int32
	for _, begin := range x.beginnings(words) {
		for place := begin.from; place < begin.to; place++ {
			if reached[place] == all && beginsWith(x.names[place], words) {
				reached[place] = 0
				if found = append(found, int32(place)); len(found) == limit {
					return found
				}
			}
		}
	}
	for place, count := range reached {
		if count == all {
			if found = append(found, int32(place)); len(found) == limit {
				return found
			}
		}
	}
	return found
}

// reached counts for each name how many of the words, from the first on, it has.
func (x *nameIndex) reached(words []string) []uint8 {
	reached := make([]uint8, len(x.names))
	for round, word := range words {
		with := within(x.words, word)
		for _, place := range x.places[x.starts[with.from]:x.starts[with.to]] {
			if reached[place] == uint8(round) {
				reached[place]++
			}
		}
	}
	return reached
}

// beginnings answers where names stand whose first word is one of the query, by
// the alphabet.
func (x *nameIndex) beginnings(words []string) []run {
	var runs []run
	for _, word := range words {
		runs = append(runs, within(x.names, word))
	}
	slices.SortFunc(runs, func(a, b run) int { return cmp.Compare(a.from, b.from) })
	return runs
}

// A run is a stretch of a sorted list.
type run struct{ from, to int }

// within answers the run of the texts that begin with prefix.
func within(sorted []string, prefix string) run {
	from := sort.SearchStrings(sorted, prefix)
	length := sort.Search(len(sorted)-from, func(i int) bool { return !strings.HasPrefix(sorted[from+i], prefix) })
	return run{from, from + length}
}

// beginsWith says whether the first words of a name are those of the query, in any
// order.
func beginsWith(name string, words []string) bool {
	end := 0
	for range words {
		space := strings.IndexByte(name[end:], ' ')
		if space < 0 {
			end = len(name)
			break
		}
		end += space + 1
	}
	head := name[:end]
	for _, word := range words {
		if !strings.HasPrefix(head, word) && !strings.Contains(head, " "+word) {
			return false
		}
	}
	return true
}

// fold is a text in small letters without accents, every run of anything else than
// letters and digits one space.
func fold(text string) string {
	folded := make([]byte, 0, len(text))
	space := false
	write := func(r rune) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && len(folded) > 0 {
				folded = append(folded, ' ')
			}
			space = false
			folded = utf8.AppendRune(folded, unicode.ToLower(r))
		case !unicode.Is(unicode.Mn, r):
			space = true
		}
	}
	for i, r := range text {
		if r < utf8.RuneSelf {
			write(r)
			continue
		}
		parts := norm.NFKD.PropertiesString(text[i:]).Decomposition()
		if parts == nil {
			write(r)
		}
		for _, part := range string(parts) {
			write(part)
		}
	}
	return string(folded)
}
