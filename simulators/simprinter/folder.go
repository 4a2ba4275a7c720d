package simprinter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"balcao/simulators/simprinter/paper"
)

// A folder is the tray: papers lie in it as NNNN.txt, NNNN.png and NNNN.json.
type folder struct {
	path string
	// next is the number of the next paper.
	next int
}

// openFolder makes the folder if there is none and finds the number to go on from.
func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("open tray: %w", err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("open tray: %w", err)
	}
	next := 1
	for _, entry := range entries {
		stem, _, _ := strings.Cut(entry.Name(), ".")
		if number, err := strconv.Atoi(stem); err == nil {
			next = max(next, number+1)
		}
	}
	return &folder{path: path, next: next}, nil
}

// name is the path of one of a paper's files.
func (f *folder) name(number int, extension string) string {
	return filepath.Join(f.path, fmt.Sprintf("%04d.%s", number, extension))
}

// save writes the files of a paper and returns the path of the text. Each appears
// whole, the record last: who sees a record finds the other two.
func (f *folder) save(sheet *paper.Sheet, record Record) (string, error) {
	partial := record.Cut == "partial"
	picture := sheet.Picture(partial)
	record.Number = f.next
	record.Width, record.Height = picture.Rect.Dx(), picture.Rect.Dy()
	var drawn bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&drawn, picture); err != nil {
		return "", fmt.Errorf("draw paper %d: %w", f.next, err)
	}
	noted, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return "", fmt.Errorf("note paper %d: %w", f.next, err)
	}
	text := f.name(f.next, "txt")
	files := []struct {
		path    string
		content []byte
	}{
		{text, []byte(sheet.Text(partial))},
		{f.name(f.next, "png"), drawn.Bytes()},
		{f.name(f.next, "json"), append(noted, '\n')},
	}
	for _, file := range files {
		if err := appear(file.path, file.content); err != nil {
			return "", fmt.Errorf("save paper %d: %w", f.next, err)
		}
	}
	f.next++
	return text, nil
}

// appear writes a file under another name first, so that nobody reads half of it.
func appear(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
