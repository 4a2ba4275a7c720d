package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"balcao/storage/record"
)

const (
	// manifestSuffix names the file that says which period file is current. A till
	// that never rotated has none.
	manifestSuffix = ".periods"
	// manifestFormat is refused when it is another.
	manifestFormat = "balcao-periods-1"
	// periodsMax is monthly files for eighty years; each is looked at by a search.
	periodsMax = 1000
	// manifestBytesMax has room for as many: a period takes less than 256 bytes.
	manifestBytesMax = periodsMax * 256
)

// A period is one file of a journal. Last and Head are of its last fact; the
// current one, which stands at the end, has none.
type period struct {
	File  string `json:"file"`
	First uint64 `json:"first"`
	Last  uint64 `json:"last,omitempty"`
	Head  string `json:"head,omitempty"`
}

// A manifest lists the files of a journal in order; the last is the current one.
type manifest struct {
	Format   string   `json:"format"`
	Terminal string   `json:"terminal"`
	Periods  []period `json:"periods"`
	Sum      string   `json:"sum"` // CRC32C of all this with an empty sum
}

func (m manifest) current() period { return m.Periods[len(m.Periods)-1] }

func (m manifest) older() []period { return m.Periods[:len(m.Periods)-1] }

// singlePeriod is the manifest of a journal that has none.
func singlePeriod(path, terminal string) manifest {
	return manifest{Format: manifestFormat, Terminal: terminal, Periods: []period{{File: filepath.Base(path), First: firstSeq}}}
}

// next is the manifest after a rotation: what was current ends at a place.
func (m manifest) next(file string, at place) manifest {
	grown := append([]period{}, m.Periods...)
	grown[len(grown)-1].Last, grown[len(grown)-1].Head = at.seq, at.hash.String()
	m.Periods = append(grown, period{File: file, First: at.seq + 1})
	return m
}

// encode writes the one form that parseManifest reads.
func (m manifest) encode() ([]byte, error) {
	m.Sum = ""
	plain, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	m.Sum = fmt.Sprintf("%08x", crc32.Checksum(plain, castagnoli))
	data, err := json.MarshalIndent(m, "", "  ")
	return append(data, '\n'), err
}

// parseManifest refuses every other byte than those that encode wrote: a manifest
// that is read wrong would start the till from the wrong file.
func parseManifest(data []byte) (manifest, error) {
	if len(data) > manifestBytesMax {
		return manifest{}, fmt.Errorf("%d bytes, at most %d", len(data), manifestBytesMax)
	}
	var found manifest
	if err := json.Unmarshal(data, &found); err != nil {
		return manifest{}, err
	}
	if found.Format != manifestFormat {
		return manifest{}, fmt.Errorf("format %.40q, this program knows %s: it was written by a later version of the program, or is no list of periods", found.Format, manifestFormat)
	}
	same, err := found.encode()
	if err != nil {
		return manifest{}, err
	}
	if !bytes.Equal(same, data) {
		return manifest{}, errors.New("its checksum does not hold")
	}
	return found, found.check()
}

// periodFilePattern is the names that a period may have: no folder, no option.
var periodFilePattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

// check holds the periods against each other.
func (m manifest) check() error {
	if len(m.Periods) == 0 || len(m.Periods) > periodsMax {
		return fmt.Errorf("%d periods, want 1 to %d", len(m.Periods), periodsMax)
	}
	names := map[string]bool{}
	for i, each := range m.Periods {
		current := i == len(m.Periods)-1
		var head record.Hash
		switch {
		case !periodFilePattern.MatchString(each.File) || names[each.File]:
			return fmt.Errorf("period %d has no name of its own", i+1)
		case each.First < firstSeq || i > 0 && each.First != m.Periods[i-1].Last+1:
			return fmt.Errorf("period %s begins with fact %d, which does not follow", each.File, each.First)
		case current && (each.Last != 0 || each.Head != ""):
			return fmt.Errorf("period %s is the current one and has an end", each.File)
		case !current && (each.Last < each.First || len(each.Head) != 2*len(head)):
			return fmt.Errorf("period %s has no end", each.File)
		}
		names[each.File] = true
	}
	return nil
}

// readManifest reads the list of periods of the journal at path; without one the
// file at path is the only period.
func readManifest(path, terminal string) (manifest, error) {
	data, err := os.ReadFile(path + manifestSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return singlePeriod(path, terminal), nil
	}
	if err != nil {
		return manifest{}, err
	}
	found, err := parseManifest(data)
	if err == nil && terminal != "" && found.Terminal != terminal {
		return manifest{}, fmt.Errorf("%s belongs to terminal %s, this is %s", path+manifestSuffix, found.Terminal, terminal)
	}
	if err != nil {
		return manifest{}, fmt.Errorf("list of periods %s: %w: %s", path+manifestSuffix, err, advice)
	}
	return found, nil
}

// beginManifest writes a list of periods under a temporary name, down to the disk.
func beginManifest(path string, m manifest) error {
	if err := m.check(); err != nil {
		return err
	}
	data, err := m.encode()
	if err != nil {
		return err
	}
	return writeSynced(path+manifestSuffix+newSuffix, data)
}

// writeSynced writes a small file down to the disk.
func writeSynced(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(data, 0)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// switchManifest gives the list its name. An error may come before or after that.
func switchManifest(path string) error {
	if err := os.Rename(path+manifestSuffix+newSuffix, path+manifestSuffix); err != nil {
		return err
	}
	return syncFolder(path)
}

// periodFile names the period with a number: the first has the journal's own
// name, the others carry the number in front of its ending.
func periodFile(path string, number int) string {
	name := filepath.Base(path)
	if number == 1 {
		return name
	}
	ending := filepath.Ext(name)
	return fmt.Sprintf("%s-%04d%s", strings.TrimSuffix(name, ending), number, ending)
}

// periodNumber reads a name back; 0 is none of this journal's.
func periodNumber(path, file string) int {
	if file == filepath.Base(path) {
		return 1
	}
	ending := filepath.Ext(filepath.Base(path))
	stem := strings.TrimSuffix(filepath.Base(path), ending) + "-"
	digits := strings.TrimSuffix(strings.TrimPrefix(file, stem), ending)
	number, err := strconv.Atoi(digits)
	if err != nil || number < 2 || file != periodFile(path, number) {
		return 0
	}
	return number
}

// sibling is the path of a file beside another.
func sibling(path, file string) string { return filepath.Join(filepath.Dir(path), file) }
