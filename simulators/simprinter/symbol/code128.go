package symbol

import (
	"errors"
	"fmt"
	"strings"
)

// code128Widths are the bars and spaces of the values 0 to 106, in modules, bar
// first; 103 to 105 start a symbol, 106 stops it. Source: ISO/IEC 15417, table 1.
const code128Widths = `
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212
112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131
311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321
112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114
122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212
124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112`

// Values of Code 128 with a meaning of their own.
const (
	shift128 = 98
	setC128  = 99
	setB128  = 100
	setA128  = 101
	start128 = 103 // and the two after it, for sets A, B and C
	stop128  = 106
	prime128 = 103
)

// code128 encodes what follows GS k 73 n: braces pick the code set and stand for
// what has no character ({A {B {C, {S shift, {1 to {4 FNC, {{ a brace).
func code128(data []byte) (Code, error) {
	writer := code128Writer{}
	for i := 0; i < len(data); i++ {
		var err error
		switch {
		case data[i] != '{':
			err = writer.character(data[i])
		case i+1 == len(data):
			err = errors.New("a brace at the end")
		default:
			i++
			err = writer.brace(data[i])
		}
		if err != nil {
			return Code{}, fmt.Errorf("CODE128 at byte %d: %w", i, err)
		}
	}
	if len(writer.values) < 2 {
		return Code{}, errors.New("CODE128 without characters")
	}
	return Code{Text: writer.text.String(), Modules: [][]bool{bars128(writer.values)}}, nil
}

// A code128Writer collects values; set is the code set in force.
type code128Writer struct {
	values []int
	text   strings.Builder
	set    byte
	// shifted is the set of the next character alone, if a shift came before it.
	shifted byte
}

// brace acts on the letter after a brace.
func (w *code128Writer) brace(letter byte) error {
	if letter >= 'A' && letter <= 'C' {
		w.use(letter)
		return nil
	}
	if w.set == 0 {
		return errors.New("the code set is missing; it starts with {A, {B or {C")
	}
	functions := map[byte]int{'1': 102, '2': 97, '3': 96, '4': setB128}
	if w.set == 'A' {
		functions['4'] = setA128
	}
	value, isFunction := functions[letter]
	switch {
	case letter == '{':
		return w.character('{')
	case isFunction && (w.set != 'C' || letter == '1'):
		w.values = append(w.values, value)
		return nil
	case letter == 'S' && w.set != 'C':
		w.values = append(w.values, shift128)
		w.shifted = 'A' + 'B' - w.set
		return nil
	default:
		return fmt.Errorf("{%c has no meaning in code set %c", letter, w.set)
	}
}

// use starts with a code set or changes to it.
func (w *code128Writer) use(set byte) {
	changes := map[byte]int{'A': setA128, 'B': setB128, 'C': setC128}
	if w.set == 0 {
		w.values = append(w.values, start128+int(set-'A'))
	} else if w.set != set {
		w.values = append(w.values, changes[set])
	}
	w.set = set
}

// character adds one byte of data in the set in force.
func (w *code128Writer) character(b byte) error {
	set := w.set
	if w.shifted != 0 {
		set, w.shifted = w.shifted, 0
	}
	switch {
	case set == 'C' && b < 100:
		w.values = append(w.values, int(b))
		fmt.Fprintf(&w.text, "%02d", b)
		return nil
	case set == 'A' && b < ' ':
		w.values = append(w.values, int(b)+64)
	case set == 'A' && b >= ' ' && b < 96, set == 'B' && b >= ' ' && b < 128:
		w.values = append(w.values, int(b)-' ')
	case set == 0:
		return errors.New("the code set is missing; it starts with {A, {B or {C")
	default:
		return fmt.Errorf("%02Xh is not in code set %c", b, set)
	}
	w.text.WriteByte(b)
	return nil
}

// bars128 adds the check character and the stop and draws all values.
func bars128(values []int) []bool {
	sum := values[0]
	for i, value := range values[1:] {
		sum += (i + 1) * value
	}
	widths := strings.Fields(code128Widths)
	var bars []bool
	for _, value := range append(values, sum%prime128, stop128) {
		for i, width := range widths[value] {
			for range width - '0' {
				bars = append(bars, i%2 == 0)
			}
		}
	}
	return bars
}
