package simcentral

import (
	"fmt"
	"strings"
)

// Limits of a BR code, in characters. Source: EMV QRCPS-MPM 1.1, 3.2 and table 3.1;
// BCB's manual of the BR code.
const (
	objectMax   = 99
	locationMax = 77
	nameMax     = 25
	cityMax     = 15
)

// dynamicCode writes the BR code of a charge that stands at a location (an address
// without its scheme). The amount is the location's to tell.
func dynamicCode(location, name, city string) (string, error) {
	if location == "" || len(location) > locationMax || strings.Contains(location, "://") {
		return "", fmt.Errorf("write BR code: location %q is no address of at most %d characters without its scheme", location, locationMax)
	}
	if name == "" || len(name) > nameMax || city == "" || len(city) > cityMax {
		return "", fmt.Errorf("write BR code: name or city is empty or too long")
	}
	account := object("00", "br.gov.bcb.pix") + object("25", location)
	if len(account) > objectMax {
		return "", fmt.Errorf("write BR code: location %q leaves the template no room", location)
	}
	text := object("00", "01") + object("01", "12") + object("26", account) +
		object("52", "0000") + object("53", "986") + object("58", "BR") + object("59", name) + object("60", city) +
		object("62", object("05", "***")) + "6304"
	return text + fmt.Sprintf("%04X", crc16(text)), nil
}

// object is one field: two digits of id, two of length, the value.
func object(id, value string) string { return fmt.Sprintf("%s%02d%s", id, len(value), value) }

// crc16 is CRC-16/CCITT-FALSE: polynomial 1021, from FFFF, nothing reflected.
func crc16(text string) uint16 {
	sum := uint16(0xFFFF)
	for i := range len(text) {
		sum ^= uint16(text[i]) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ 0x1021
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}
