package config

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"balcao/terminal/catalog"
)

// catalogMax bounds a file of items, room for more than 100,000 of them.
const catalogMax = 64 << 20

// catalogProblemsMax bounds how many bad lines of a catalogue are listed; a file with
// more is another file.
const catalogProblemsMax = 200

// catalogHeader is the first line of a catalogue file; tax may be left out.
var catalogHeader = []string{"sku", "code", "description", "unit", "price", "tax"}

// Places of a catalogue file's columns.
const (
	catalogSKU = iota
	catalogCode
	catalogDescription
	catalogUnit
	catalogPrice
	catalogTax
)

// Catalog reads the items of the shop: comma-separated, UTF-8, first line
// sku,code,description,unit,price or that and tax; several codes with spaces between
// them; price with a decimal point or comma. Layouts are those of the shop's labels,
// [catalog.DefaultLayouts] unless given. All problems are returned together.
func Catalog(path string, layouts ...catalog.Layout) (*catalog.Catalog, error) {
	items, lines, err := readCatalog(path)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	loaded, err := catalog.New(items, layouts...)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", located(path, err, lines))
	}
	return loaded, nil
}

// readCatalog reads items and the lines they stand on.
func readCatalog(path string) (items []catalog.Item, lines []int, err error) {
	data, err := readBounded(path, catalogMax)
	if err != nil {
		return nil, nil, err
	}
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte(byteOrderMark))))
	header, err := reader.Read()
	full := strings.Join(catalogHeader, ",")
	if shape := strings.Join(header, ","); err != nil || shape != full && shape+",tax" != full {
		return nil, nil, fmt.Errorf("%s: first line must be %s, tax may be left out", path, full)
	}
	reader.ReuseRecord = true
	most := bytes.Count(data, []byte("\n"))
	items, lines = make([]catalog.Item, 0, most), make([]int, 0, most)
	var found []error
	for len(found) < catalogProblemsMax {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			found = append(found, fmt.Errorf("%s: %w", path, err))
			break
		}
		item, err := catalogItem(record)
		if err != nil {
			line, column := reader.FieldPos(catalogPrice)
			found = append(found, &Error{Path: path, Line: line, Column: column, Problem: err.Error(), Fix: "write it as 18.90"})
			continue
		}
		line, _ := reader.FieldPos(catalogSKU)
		items, lines = append(items, item), append(lines, line)
	}
	return items, lines, errors.Join(found...)
}

// catalogItem turns a line of the file into an item; the error is the price's.
func catalogItem(record []string) (catalog.Item, error) {
	item := catalog.Item{
		SKU: record[catalogSKU], Codes: strings.Fields(record[catalogCode]),
		Description: record[catalogDescription], Unit: record[catalogUnit],
	}
	if len(record) > catalogTax {
		item.Tax = record[catalogTax]
	}
	if err := item.Price.UnmarshalText([]byte(strings.ReplaceAll(record[catalogPrice], ",", "."))); err != nil {
		return catalog.Item{}, fmt.Errorf("price of %s: %w", item.SKU, err)
	}
	return item, nil
}

// located gives the problems of items the lines of the file.
func located(path string, err error, lines []int) error {
	all, many := err.(interface{ Unwrap() []error })
	if !many {
		return err
	}
	var found []error
	for _, each := range all.Unwrap() {
		var item *catalog.ItemError
		if errors.As(each, &item) {
			each = &Error{Path: path, Line: lines[item.Index], Column: 1, Key: "item " + item.SKU, Problem: item.Problem}
		}
		found = append(found, each)
	}
	return errors.Join(found...)
}

// catalogMode is a new catalogue's; it is no secret.
const catalogMode fs.FileMode = 0o644

// WriteCatalog replaces the catalogue file at path by these items, sorted by SKU. A
// power cut leaves the old file or the new one, never a part: it is written beside,
// flushed, and renamed. A file that was there keeps its mode.
func WriteCatalog(path string, items []catalog.Item) error {
	var content bytes.Buffer
	writer := csv.NewWriter(&content)
	sorted := slices.SortedFunc(slices.Values(items), func(a, b catalog.Item) int { return strings.Compare(a.SKU, b.SKU) })
	err := writer.Write(catalogHeader)
	for _, item := range sorted {
		err = errors.Join(err, writer.Write([]string{
			item.SKU, strings.Join(item.Codes, " "), item.Description, item.Unit, item.Price.String(), item.Tax,
		}))
	}
	writer.Flush()
	if err := errors.Join(err, writer.Error()); err != nil {
		return fmt.Errorf("write catalogue %s: %w", path, err)
	}
	mode := catalogMode
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := replaceFile(path, content.Bytes(), mode); err != nil {
		return fmt.Errorf("write catalogue %s: %w", path, err)
	}
	return nil
}

// replaceFile puts content at path in one step that lasts.
func replaceFile(path string, content []byte, mode fs.FileMode) error {
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err := errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	opened, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

// Changes is what a new catalogue does to the present one, each list by SKU.
type Changes struct {
	New, Gone []catalog.Item
	Repriced  []Change
	Changed   []Change // otherwise: description, codes, unit or tax class
	Unchanged int
}

// A Change is one item before and after.
type Change struct{ Old, New catalog.Item }

// Compare tells what becomes of items, which are known by SKU.
func Compare(present, next []catalog.Item) Changes {
	bySKU := func(a, b catalog.Item) int { return strings.Compare(a.SKU, b.SKU) }
	old := map[string]catalog.Item{}
	for _, item := range present {
		old[item.SKU] = item
	}
	var changes Changes
	for _, item := range slices.SortedFunc(slices.Values(next), bySKU) {
		before, known := old[item.SKU]
		delete(old, item.SKU)
		switch {
		case !known:
			changes.New = append(changes.New, item)
		case before.Price != item.Price:
			changes.Repriced = append(changes.Repriced, Change{before, item})
		case before.Description != item.Description || before.Unit != item.Unit || before.Tax != item.Tax ||
			!slices.Equal(before.Codes, item.Codes):
			changes.Changed = append(changes.Changed, Change{before, item})
		default:
			changes.Unchanged++
		}
	}
	for _, item := range old {
		changes.Gone = append(changes.Gone, item)
	}
	slices.SortFunc(changes.Gone, bySKU)
	return changes
}
