package simpinpad

import (
	"fmt"
	"strconv"
	"strings"

	"balcao/simulators/hsm"
)

// keptTracks is what GTK may give, once, after a card was read: a chip's PAN and
// track 2, both tracks of a stripe. GPN takes the PAN of either from here.
type keptTracks struct {
	pan      string
	givesPAN bool // a chip's
	track1   string
	track2   string
}

// Positions in SPE_TRACKS. Source: ABECS 2.20, SPE_TRACKS.
const (
	tracksPAN = 1
	tracksOne = 2
	tracksTwo = 3
)

// Data methods of SPE_MTHDDAT. Source: ABECS 2.20, SPE_MTHDDAT.
const (
	dataMasterECB = "10"
	dataMasterCBC = "11"
	dataDUKPTECB  = "50"
	dataDUKPTCBC  = "51"
)

// getTracks is GTK: PAN and tracks of the card just read, under a DUKPT data key.
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
	if d.tracks.givesPAN && (all || r.option(speTracks, tracksPAN) == '1') {
		cipher.addSymbols(d.tracks.pan, ppPANEncrypted, ppPANKSN)
	}
	if all || r.option(speTracks, tracksOne) == '1' {
		cipher.addText(d.tracks.track1, ppTrack1, ppTrack1KSN)
	}
	if all || r.option(speTracks, tracksTwo) == '1' {
		cipher.addSymbols(d.tracks.track2, ppTrack2, ppTrack2KSN)
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

// addSymbols adds PAN or track 2, two symbols to a byte. Nothing read gives no field.
func (c *trackCipher) addSymbols(symbols string, id, ksnID uint16) {
	switch {
	case symbols == "":
	case c.inClear():
		c.fields = append(c.fields, field{id, packSymbols(symbols, 2)})
	default:
		c.add(packSymbols(symbols[:c.open], 2), packSymbols(symbols[c.open:], 2*hsm.BlockSize), id, ksnID)
	}
}

// addText adds track 1, a byte for each character; its format code stays clear before
// the open digits, and zeros fill the last block. Source: ABECS 2.20, GTK, encryption.
func (c *trackCipher) addText(text string, id, ksnID uint16) {
	switch {
	case text == "":
	case c.inClear():
		c.fields = append(c.fields, textField(id, text))
	default:
		open := 1 + c.open
		secret := []byte(text[open:])
		for len(secret)%hsm.BlockSize != 0 {
			secret = append(secret, 0)
		}
		c.add([]byte(text[:open]), secret, id, ksnID)
	}
}

func (c *trackCipher) inClear() bool { return !c.request.has(speMethodData) }

// add encrypts what is secret of one field and puts it behind what is open.
func (c *trackCipher) add(open, secret []byte, id, ksnID uint16) {
	if c.err != nil {
		return
	}
	used, err := c.nextKey()
	if err != nil {
		c.err = err
		return
	}
	sealed, err := c.encrypt(used.key, secret)
	if err != nil {
		c.err = fmt.Errorf("encrypt track: %w: %w", err, statusInternal)
		return
	}
	c.fields = append(c.fields, field{id, append(open, sealed...)}, field{ksnID, used.ksn[:]})
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

// truncatedAfter is how much of a track stays behind its separator: expiry and
// service code. Source: ABECS 2.20, PP_TRK1INC and PP_TRK2INC.
const truncatedAfter = 7

// maskedTrack1 is the truncated track: format code, PAN masked, name, and what
// follows cut. Source: ABECS 2.20, PP_TRK1INC.
func maskedTrack1(track, mask string) string {
	parts := strings.SplitN(track[1:], "^", 3)
	rest := parts[2][:min(len(parts[2]), truncatedAfter)]
	return track[:1] + maskDigits(parts[0], mask) + "^" + parts[1] + "^" + rest
}

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
