package simpinpad

import (
	"encoding/binary"
	"strings"
)

// What the pinpad says of itself. Source of the forms: ABECS 2.20, PP_* of GIX.
const (
	maker          = "BALCAO"
	model          = "SIMPAD;1MB"
	serialNumber   = "SIM0000001"
	firmware       = "1.0"
	editionSpoken  = "2.20"
	versionDated   = "001.00 260101"
	kernelVersion  = "1.00"
	capabilities   = "1012900000" // antenna, text display, chip, tracks 1 and 2, no SAM
	noAntenna      = "0012900000"
	tapKernels     = "2469B" // Visa, Mastercard, Amex, Discover, UnionPay
	textSize       = "0416"  // 4 lines of 16
	mediaFormats   = "000"
	serialLine     = "0000"
	unsupportedMap = "2" // of master keys: this device has none
)

// Ids of GIX whose offset is a slot or an acquirer. Source: ABECS 2.20, GIX.
const (
	ppKSNPIN       uint16 = 0x9100
	ppKSNData      uint16 = 0x9200
	ppTableVersion uint16 = 0x9300
)

// infoDefault is the answer to GIX without a list: the items marked as such in the
// document, less those of parts this device lacks. Source: ABECS 2.20, GIX.
var infoDefault = []uint16{
	0x8001, 0x8003, 0x8004, 0x8005, 0x8006, 0x8007, 0x8008, 0x8009, 0x800A, 0x800B,
	0x8010, 0x8011, 0x8020, 0x8022, 0x8032, 0x8033, 0x8035, 0x8036, 0x8062,
}

// getInfoExtended is GIX: what was asked for, in that order; unknown ids are passed
// over. Source: ABECS 2.20, GIX.
func (d *device) getInfoExtended(r request) ([][]byte, error) {
	ids := infoDefault
	if list, ok := r.values[speIDList]; ok {
		ids = nil
		for ; len(list) > 0; list = list[2:] {
			ids = append(ids, binary.BigEndian.Uint16(list))
		}
	}
	var fields []field
	for _, id := range ids {
		if value := d.info(id); value != nil {
			fields = append(fields, field{id, value})
		}
	}
	return packFields(fields)
}

// info gives one item, nil when there is none.
func (d *device) info(id uint16) []byte {
	index := int(id & 0xFF)
	switch {
	case index >= slotCount:
		return nil
	case id&0xFF00 == ppKSNPIN:
		return nextKSN(d.pinSlots, index)
	case id&0xFF00 == ppKSNData:
		return nextKSN(d.dataSlots, index)
	case id&0xFF00 == ppTableVersion:
		return []byte(d.memory.Tables.version(twoDigits(index)))
	}
	text := d.infoText(id)
	if text == "" {
		return nil
	}
	return []byte(text)
}

func (d *device) infoText(id uint16) string {
	switch id {
	case 0x8001:
		return serialNumber
	case 0x8003:
		return model
	case 0x8004:
		return maker
	case 0x8005, 0x800B, 0x8011:
		return d.antennaText(id)
	case 0x8006:
		return firmware
	case 0x8007:
		return editionSpoken
	case 0x8008, 0x8009, 0x800A:
		return padRight(versionDated, 16)
	case 0x8010:
		return kernelVersion
	case 0x8020:
		return textSize
	case 0x8022:
		return mediaFormats
	case 0x8032, 0x8033:
		return strings.Repeat(unsupportedMap, slotCount)
	case 0x8035:
		return d.pinSlots.keyMap()
	case 0x8036:
		return d.dataSlots.keyMap()
	case 0x8062:
		free := tableBytesMax - d.memory.Tables.bytes()
		return string(binary.BigEndian.AppendUint32(nil, uint32(max(0, free))))
	case 0x8065:
		return serialLine
	}
	return ""
}

// antennaText is what depends on whether the device has an antenna.
func (d *device) antennaText(id uint16) string {
	switch {
	case id == 0x8005 && d.antenna:
		return capabilities
	case id == 0x8005:
		return noAntenna
	case !d.antenna:
		return ""
	case id == 0x800B:
		return tapKernels
	}
	return kernelVersion
}

func nextKSN(s slots, index int) []byte {
	if !s.loaded(index) {
		return nil
	}
	return s.keys[index].KSN[:]
}

func twoDigits(number int) string {
	return string([]byte{'0' + byte(number/10), '0' + byte(number%10)})
}

// dukptSlot is the slot that GIN 03 tells about. Source: ABECS 2.20, GIN.
const dukptSlot = 1

// getInfo is GIN; what is not known is blank. Source: ABECS 2.20, GIN.
func (d *device) getInfo(r request) ([][]byte, error) {
	in := r.only()
	acquirer := in.digits(2)
	if err := in.end(); err != nil {
		return nil, err
	}
	var answer string
	switch acquirer {
	case "00":
		antenna := " "
		if d.antenna {
			antenna = "C"
		}
		answer = padRight(maker, 20) + padRight(model, 19) + antenna + padRight(firmware, 20) + editionSpoken +
			padRight(versionDated, 16) + padRight(serialNumber, 20)
	case "02":
		answer = padRight("", 8) + padRight(kernelVersion, 12) + versionDated + editionSpoken + "000" + "00"
	case "03":
		dukpt := " "
		if d.pinSlots.loaded(dukptSlot) {
			dukpt = "T"
		}
		answer = padRight("", 6) + padRight(kernelVersion, 4) + padRight("", 4+3+3) + versionDated + editionSpoken +
			"00" + dukpt + "00"
	default:
		answer = padRight("", 20) + versionDated + editionSpoken + "000" + "00"
	}
	return [][]byte{[]byte(answer)}, nil
}
