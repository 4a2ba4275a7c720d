package simpinpad

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"balcao/simulators/hsm"
)

// A memory is what outlives a power cut. It is saved before anything that follows
// from it is said, so that a kill repeats no key and no counter.
type memory struct {
	path         string
	Tables       tables            `json:"tables"`
	PINCounters  map[int]hsm.KSN   `json:"pin_counters"`  // by slot: the next serial number
	DataCounters map[int]hsm.KSN   `json:"data_counters"` // by slot: the next serial number
	CardCounters map[string]uint16 `json:"card_counters"` // by card name and AID: the last ATC
}

// loadMemory reads the state file; an absent one is that of a new pinpad.
func loadMemory(path string) (*memory, error) {
	m := &memory{
		path:         path,
		Tables:       tables{Versions: map[string]string{}},
		PINCounters:  map[int]hsm.KSN{},
		DataCounters: map[int]hsm.KSN{},
		CardCounters: map[string]uint16{},
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, m.save()
	}
	if err != nil {
		return nil, fmt.Errorf("load pinpad state: %w", err)
	}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("load pinpad state %s: %w", path, err)
	}
	return m, nil
}

func (m *memory) save() error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("save pinpad state: %w", err)
	}
	if err := replaceFile(m.path, append(text, '\n')); err != nil {
		return fmt.Errorf("save pinpad state: %w", err)
	}
	return nil
}

// replaceFile writes beside path and renames, so that a kill leaves the old file or
// the new. Its owner alone may read it.
func replaceFile(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
