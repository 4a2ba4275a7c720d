package simpinpad

import (
	"fmt"
	"strconv"
	"strings"

	"balcao/simulators/hsm"
)

// keptTracks is what GTK may give, once, after a card was read. A chip has no track 1.
type keptTracks struct {
	pan    string // chip only
	track2 string
}

// Positions in SPE_TRACKS. Source: ABECS 2.20, SPE_TRACKS.
const (
	tracksPAN = 1
	tracksTwo = 3
)

// Data methods of SPE_MTHDDAT. Source: ABECS 2.20, SPE_MTHDDAT.
const (
	dataMasterECB = "10"
	dataMasterCBC = "11"
	dataDUKPTECB  = "50"
	dataDUKPTCBC  = "51"
)

// getTracks is GTK: PAN and track 2 of the card just read, under a DUKPT data key.
// Source: ABECS 2.20, GTK.
func (d *device) getTracks(r request) ([][]byte, error) {
	if d.tracks == nil {
		return nil, statusInvalidCall
	}
	open := r.number(speOpenDigits)
	if open > 8 || open%2 != 0 {
		return nil, statusInvalidParm
	}
	if err := d.checkDataKey(r); err != nil {
		return nil, err
	}
	cipher := &trackCipher{device: d, request: r, open: int(open)}
	all := !r.has(speTracks)
	if all || r.option(speTracks, tracksPAN) == '1' {
		cipher.add(d.tracks.pan, ppPANEncrypted, ppPANKSN)
	}
	if all || r.option(speTracks, tracksTwo) == '1' {
		cipher.add(d.tracks.track2, ppTrack2, ppTrack2KSN)
	}
	if cipher.err != nil {
		return nil, cipher.err
	}
	d.tracks = nil
	return packFields(cipher.fields)
}

// checkDataKey refuses a method or a slot before a key is used up.
func (d *device) checkDataKey(r request) error {
	if !r.has(speMethodData) {
		if d.clearTrack {
			return nil
		}
		return statusInvalidParm
	}
	method := r.text(speMethodData)
	if !r.has(speKeyIndex) {
		return statusMandatory
	}
	switch method {
	case dataMasterECB, dataMasterCBC:
		if !r.has(speWorkingKey) {
			return statusMandatory
		}
		return statusNoKey // this device has no master keys
	case dataDUKPTECB, dataDUKPTCBC:
		if !d.dataSlots.loaded(keyIndex(r)) {
			return statusNoKey
		}
		return nil
	}
	return statusInvalidParm
}

// A trackCipher makes the fields of one GTK. ECB uses one key for all of them, CBC
// one for each, and begins every field with the same vector.
type trackCipher struct {
	device  *device
	request request
	open    int // digits that stay clear
	shared  *trackKey
	fields  []field
	err     error
}

type trackKey struct {
	key hsm.Key
	ksn hsm.KSN
}

// add encrypts the symbols of one field. Nothing read gives no field.
func (c *trackCipher) add(symbols string, id, ksnID uint16) {
	if symbols == "" || c.err != nil {
		return
	}
	if !c.request.has(speMethodData) {
		c.fields = append(c.fields, field{id, packSymbols(symbols, 2)})
		return
	}
	used, err := c.nextKey()
	if err != nil {
		c.err = err
		return
	}
	secret, err := c.encrypt(used.key, packSymbols(symbols[c.open:], 2*hsm.BlockSize))
	if err != nil {
		c.err = fmt.Errorf("encrypt track: %w: %w", err, statusInternal)
		return
	}
	value := append(packSymbols(symbols[:c.open], 2), secret...)
	c.fields = append(c.fields, field{id, value}, field{ksnID, used.ksn[:]})
}

func (c *trackCipher) cbc() bool { return c.request.text(speMethodData) == dataDUKPTCBC }

func (c *trackCipher) nextKey() (*trackKey, error) {
	if c.shared != nil && !c.cbc() {
		return c.shared, nil
	}
	ksn, transaction, err := c.device.dataSlots.use(keyIndex(c.request))
	if err != nil {
		return nil, err
	}
	c.shared = &trackKey{key: hsm.DataVariant(transaction), ksn: ksn}
	return c.shared, nil
}

func (c *trackCipher) encrypt(key hsm.Key, clear []byte) ([]byte, error) {
	if !c.cbc() {
		return key.EncryptECB(clear)
	}
	var vector hsm.Block
	copy(vector[:], c.request.values[speVector])
	return key.EncryptCBC(vector, clear)
}

// packSymbols packs digits and the separator of track 2, two to a byte, filled with F
// to a multiple of so many symbols. Source: ABECS 2.20, PP_TRACK2.
func packSymbols(symbols string, multiple int) []byte {
	text := strings.ReplaceAll(symbols, "=", "D")
	for len(text)%multiple != 0 {
		text += "F"
	}
	return decodeHex(text)
}

// truncatedAfter is how much of track 2 stays behind the separator: expiry and
// service code. Source: ABECS 2.20, PP_TRK2INC.
const truncatedAfter = 7

// maskedTrack2 is the truncated track: PAN masked, and what follows cut.
func maskedTrack2(track, mask string) string {
	pan, rest, _ := strings.Cut(track, "=")
	return maskDigits(pan, mask) + "=" + rest[:min(len(rest), truncatedAfter)]
}

// maskDigits keeps as many digits left and right as an "eedd" mask says; no mask, or
// one that keeps more than there is, hides nothing. Source: ABECS 2.20, SPE_PANMASK.
func maskDigits(digits, mask string) string {
	if mask == "" {
		return digits
	}
	keep, err := strconv.Atoi(mask) // 4 digits, checked when they came
	left, right := keep/100, keep%100
	if err != nil || left+right > len(digits) {
		return digits
	}
	hidden := strings.Repeat("*", len(digits)-left-right)
	return digits[:left] + hidden + digits[len(digits)-right:]
}
