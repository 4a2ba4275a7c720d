package config

import (
	"bytes"
	"io"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// place is a position in a file, from 1.
type place struct{ line, column int }

// positions says where each key of a TOML document stands.
type positions map[string]place

// positionsOf finds every table and key of a well-formed document.
func positionsOf(data []byte) positions {
	found := positions{}
	parser := unstable.Parser{}
	parser.Reset(data)
	table := ""
	for parser.NextExpression() {
		expression := parser.Expression()
		path, first := "", unstable.Range{}
		keys := expression.Key()
		for keys.Next() {
			if path == "" {
				first = keys.Node().Raw
			}
			path = joined(path, string(keys.Node().Data))
		}
		start := parser.Shape(first).Start
		at := place{line: start.Line, column: start.Column}
		switch expression.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = path
			found[table] = at
		case unstable.KeyValue:
			found[joined(table, path)] = at
		}
	}
	return found
}

// find answers the place of a key, or of the table it is missing in.
func (p positions) find(key string) place {
	for key != "" {
		if at, ok := p[key]; ok {
			return at
		}
		cut := strings.LastIndexByte(key, '.')
		if cut < 0 {
			break
		}
		key = key[:cut]
	}
	return place{}
}

func joined(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}

func dotted(key []string) string { return strings.Join(key, ".") }

func newReader(data []byte) io.Reader { return bytes.NewReader(data) }

// suggestion names the known key that is nearest to an unknown one.
func suggestion(key string) string {
	best, distance := "", 4
	for _, known := range keysOf(reflect.TypeFor[Config](), "") {
		if d := editDistance(key, known); d < distance {
			best, distance = known, d
		}
	}
	if best == "" {
		return "remove it"
	}
	return "did you mean " + best + "?"
}

// keysOf lists the dotted keys of a configuration type.
func keysOf(of reflect.Type, prefix string) []string {
	var keys []string
	for i := range of.NumField() {
		field := of.Field(i)
		key := joined(prefix, field.Tag.Get("toml"))
		keys = append(keys, key)
		if field.Type.Kind() == reflect.Struct {
			keys = append(keys, keysOf(field.Type, key)...)
		}
	}
	return keys
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
