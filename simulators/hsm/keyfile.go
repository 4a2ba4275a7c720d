package hsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keyFileMode is what a key file has and must have: its owner alone.
const keyFileMode fs.FileMode = 0o600

// TestSlot is the slot that [GenerateTestKeys] loads, for PIN and for data.
const TestSlot = 1

// PinpadKeys are the slots (0 to 99) of a pinpad, DUKPT for PIN and for data.
// The counters move: save after every use.
type PinpadKeys struct {
	PINSlots  map[int]*Dukpt `json:"pin_slots"`
	DataSlots map[int]*Dukpt `json:"data_slots"`
}

// HostKeys are the keys of the acquirer and of the issuers behind it: base derivation
// keys by key set id (see [KSN.KeySet]), issuer master keys by the first digits of a PAN.
type HostKeys struct {
	PINBDK           map[string]Key `json:"pin_bdk"`
	DataBDK          map[string]Key `json:"data_bdk"`
	IssuerMasterKeys map[string]Key `json:"issuer_master_keys"`
}

// ErrNoKey says that the host has no key for a key set or an issuer.
var ErrNoKey = errors.New("no such key")

// PINKey is the key that opens a PIN block sent under ksn.
func (h *HostKeys) PINKey(ksn KSN) (Key, error) {
	bdk, ok := h.PINBDK[ksn.KeySet()]
	if !ok {
		return Key{}, fmt.Errorf("PIN key set %s: %w", ksn.KeySet(), ErrNoKey)
	}
	return PINVariant(DeriveKey(DeriveIPEK(bdk, ksn), ksn)), nil
}

// DataKey is the key that opens a PAN or a track sent under ksn.
func (h *HostKeys) DataKey(ksn KSN) (Key, error) {
	bdk, ok := h.DataBDK[ksn.KeySet()]
	if !ok {
		return Key{}, fmt.Errorf("data key set %s: %w", ksn.KeySet(), ErrNoKey)
	}
	return DataVariant(DeriveKey(DeriveIPEK(bdk, ksn), ksn)), nil
}

// IssuerMasterKey is the key of the issuer whose prefix fits the PAN best.
func (h *HostKeys) IssuerMasterKey(pan string) (Key, error) {
	for length := len(pan); length > 0; length-- {
		if key, ok := h.IssuerMasterKeys[pan[:length]]; ok {
			return key, nil
		}
	}
	return Key{}, fmt.Errorf("issuer master key: %w", ErrNoKey)
}

// GenerateTestKeys gives a pinpad and its host the same keys on every call: the base
// derivation key of ANSI X9.24 for PIN, another for data, and an issuer for each
// first digit of a card. They are public; never load them into anything real.
func GenerateTestKeys() (*PinpadKeys, *HostKeys) {
	pinBDK := Key{0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10}
	dataBDK := Key{0xD0, 0x8C, 0x15, 0x2A, 0x37, 0x4F, 0x51, 0x62, 0x76, 0x85, 0x92, 0xA1, 0xB3, 0xC4, 0xD5, 0xE6}
	pinKSN := KSN{0xFF, 0xFF, 0x98, 0x76, 0x54, 0x32, 0x10, 0xE0}
	dataKSN := KSN{0xFF, 0xFF, 0x98, 0x76, 0x55, 0x32, 0x10, 0xE0}
	pinpad := &PinpadKeys{
		PINSlots:  map[int]*Dukpt{TestSlot: NewDukpt(pinBDK, pinKSN)},
		DataSlots: map[int]*Dukpt{TestSlot: NewDukpt(dataBDK, dataKSN)},
	}
	host := &HostKeys{
		PINBDK:           map[string]Key{pinKSN.KeySet(): pinBDK},
		DataBDK:          map[string]Key{dataKSN.KeySet(): dataBDK},
		IssuerMasterKeys: map[string]Key{},
	}
	for first := byte('2'); first <= '6'; first++ {
		host.IssuerMasterKeys[string(first)] = TestIssuerMasterKey(first)
	}
	return pinpad, host
}

// TestIssuerMasterKey is the key of the test issuer of all cards whose PAN begins
// with this digit; the card simulator derives its cards' keys from it.
func TestIssuerMasterKey(firstDigit byte) Key {
	key := Key{0x15, 0x2A, 0x37, 0x4F, 0x51, 0x62, 0x76, 0x85, 0x92, 0xA1, 0xB3, 0xC4, 0xD5, 0xE6, 0xF8, 0x01}
	key[15] = firstDigit << 1
	return key.oddParity()
}

// Save writes the keys to path in one step, readable by the owner alone.
func (p *PinpadKeys) Save(path string) error { return save(path, p) }

// Save writes the keys to path in one step, readable by the owner alone.
func (h *HostKeys) Save(path string) error { return save(path, h) }

// LoadPinpadKeys reads what [PinpadKeys.Save] wrote; a file that others may read is refused.
func LoadPinpadKeys(path string) (*PinpadKeys, error) {
	var keys PinpadKeys
	return &keys, load(path, &keys)
}

// LoadHostKeys reads what [HostKeys.Save] wrote; a file that others may read is refused.
func LoadHostKeys(path string) (*HostKeys, error) {
	var keys HostKeys
	return &keys, load(path, &keys)
}

func save(path string, keys any) error {
	text, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return fmt.Errorf("save key file: %w", err)
	}
	if err := replace(path, append(text, '\n')); err != nil {
		return fmt.Errorf("save key file: %w", err)
	}
	return nil
}

// replace writes beside path and renames, so that a kill leaves the old file or the new.
func replace(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func load(path string, keys any) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("load key file: %w", err)
	}
	if info.Mode().Perm()&^keyFileMode != 0 {
		return fmt.Errorf("load key file %s: mode %o lets others read it, want %o", path, info.Mode().Perm(), keyFileMode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("load key file: %w", err)
	}
	if err := json.Unmarshal(text, keys); err != nil {
		return fmt.Errorf("load key file %s: %w", path, err)
	}
	return nil
}
