package simscanner

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// suffixes are what a scanner may be programmed to send after a code.
var suffixes = map[string]string{"cr": "\r", "lf": "\n", "crlf": "\r\n", "tab": "\t", "etx": "\x03", "none": ""}

// A prefix is what a scanner may be programmed to send before a code.
type prefix struct{ stx, aim bool }

var prefixes = map[string]prefix{"none": {}, "stx": {stx: true}, "aim": {aim: true}, "stx+aim": {stx: true, aim: true}}

// known lists the names of a table, for people.
func known[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}

func (s *Scanner) setSuffix(name string) error {
	if _, ok := suffixes[name]; !ok {
		return fmt.Errorf("unknown suffix %q; known are %s", name, known(suffixes))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.suffix = name
	return nil
}

func (s *Scanner) setPrefix(name string) error {
	if _, ok := prefixes[name]; !ok {
		return fmt.Errorf("unknown prefix %q; known are %s", name, known(prefixes))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prefix = name
	return nil
}

// around is what stands before and after a code on the wire.
func (s *Scanner) around(code string) (before, after string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if prefixes[s.prefix].stx {
		before = "\x02"
	}
	if prefixes[s.prefix].aim {
		before += identifier(code)
	}
	return before, suffixes[s.suffix]
}

// wire is a code as it goes over the cable.
func (s *Scanner) wire(code string) string {
	before, after := s.around(code)
	return before + code + after
}

// identifier names the symbology that a label with this code would have. Source:
// ISO/IEC 15424, tables of modifiers; a UPC-A reads as an EAN-13 with a zero.
func identifier(code string) string {
	if strings.Trim(code, "0123456789") == "" {
		switch len(code) {
		case 12, 13:
			return "]E0"
		case 8:
			return "]E4"
		case 14:
			return "]I1" // Interleaved 2 of 5 whose check digit was verified
		}
	}
	return "]C0" // Code 128
}

// highBit marks a byte that no character has and that ends nothing.
const highBit = 0x80

// disturbed is a code with noise in its middle third, the same for the same seed.
func disturbed(code string, seed uint64) string {
	random := newRandom(seed)
	torn := []byte(code)
	third := len(torn) / 3
	for i := third; i < max(third+1, 2*third); i++ {
		torn[i] = highBit | byte(random.Uint32())
	}
	return string(torn)
}

// noise is so many bytes of any kind, the same for the same seed.
func noise(count int, seed uint64) []byte {
	random := newRandom(seed)
	made := make([]byte, count)
	for i := range made {
		made[i] = byte(random.Uint32())
	}
	return made
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
