package simpsp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// field writes one object of a BR Code. Source: EMV QRCPS-MPM, section 3.1.
func field(id, value string) string { return fmt.Sprintf("%s%02d%s", id, len(value), value) }

// brCode is the code of a charge: it leads to where the charge is fetched. Source:
// Manual de Padrões para Iniciação do Pix, dynamic QR code.
func brCode(location, merchant, city string) (string, error) {
	if len(location) > 77 || merchant == "" || len(merchant) > 25 || city == "" || len(city) > 15 {
		return "", fmt.Errorf("no code can hold location %q, merchant %q, city %q", location, merchant, city)
	}
	text := field("00", "01") + field("01", "12") +
		field("26", field("00", "br.gov.bcb.pix")+field("25", location)) +
		field("52", "0000") + field("53", "986") + field("58", "BR") +
		field("59", merchant) + field("60", city) + field("62", field("05", "***")) + "6304"
	return text + fmt.Sprintf("%04X", crc(text)), nil
}

// crcTable is that of CRC-16/CCITT-FALSE, byte by byte.
var crcTable = func() (table [256]uint16) {
	for i := range table {
		sum := uint16(i) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ carry*0x1021
		}
		table[i] = sum
	}
	return table
}()

func crc(text string) uint16 {
	sum := uint16(0xFFFF)
	for _, b := range []byte(text) {
		sum = sum<<8 ^ crcTable[byte(sum>>8)^b]
	}
	return sum
}

// locationOf is what a payer's app reads out of a code before it asks the bank.
func locationOf(code string) (string, error) {
	if len(code) < 8 || code[len(code)-8:len(code)-4] != "6304" || fmt.Sprintf("%04X", crc(code[:len(code)-4])) != code[len(code)-4:] {
		return "", errors.New("the code's checksum is wrong")
	}
	account, found := objectOf(code, "26")
	if scheme, _ := objectOf(account, "00"); !found || !strings.EqualFold(scheme, "br.gov.bcb.pix") {
		return "", errors.New("the code is none of Pix")
	}
	location, found := objectOf(account, "25")
	if !found {
		return "", errors.New("the code has no location")
	}
	return location, nil
}

// objectOf walks over the objects of a text to one of them.
func objectOf(text, id string) (string, bool) {
	for len(text) >= 4 {
		length, err := strconv.Atoi(text[2:4])
		if err != nil || len(text) < 4+length {
			return "", false
		}
		if text[:2] == id {
			return text[4 : 4+length], true
		}
		text = text[4+length:]
	}
	return "", false
}
