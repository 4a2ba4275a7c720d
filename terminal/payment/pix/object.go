package pix

import (
	"fmt"
	"strings"
)

// objectHead are the bytes before a value: two digits of id, two of length.
const objectHead = 4

// An object is one piece of a code. Source: EMV QRCPS-MPM, section 3.1.
type object struct{ id, value string }

// join writes objects one behind the other; those without a value are left out,
// because the layout knows no empty one.
func join(objects []object) string {
	var text strings.Builder
	for _, each := range objects {
		if each.value != "" {
			fmt.Fprintf(&text, "%s%02d%s", each.id, len(each.value), each.value)
		}
	}
	return text.String()
}

// split takes a text apart into objects, to its last byte. An id may stand once.
func split(text string) ([]object, error) {
	var objects []object
	seen := map[string]bool{}
	for at := 0; at < len(text); {
		rest := text[at:]
		if len(rest) < objectHead || !allOf(rest[:objectHead], objectHead, objectHead, isDigit) {
			return nil, fmt.Errorf("no object begins at byte %d", at)
		}
		id, length := rest[:2], int(rest[2]-'0')*10+int(rest[3]-'0')
		switch {
		case length == 0:
			return nil, fmt.Errorf("object %s is empty", id)
		case len(rest) < objectHead+length:
			return nil, fmt.Errorf("object %s is cut: %d of %d bytes", id, len(rest)-objectHead, length)
		case seen[id]:
			return nil, fmt.Errorf("object %s stands twice", id)
		}
		seen[id] = true
		objects = append(objects, object{id, rest[objectHead : objectHead+length]})
		at += objectHead + length
	}
	return objects, nil
}

// find answers the value of an object, empty when there is none.
func find(objects []object, id string) string {
	for _, each := range objects {
		if each.id == id {
			return each.value
		}
	}
	return ""
}

// checksumHead begins object 63, the last one, whose checksum covers it.
const checksumHead = "6304"

// checksumLength are the hexadecimal digits behind it.
const checksumLength = 4

// Generator and start of the checksum. Source: EMV QRCPS-MPM, section 4.4.2; ISO/IEC 13239.
const (
	checksumGenerator = 0x1021
	checksumStart     = 0xFFFF
)

// Checksum is CRC-16/CCITT-FALSE over a text, in a code all of it up to and with
// "6304". That of "123456789" is 0x29B1.
func Checksum(text string) uint16 {
	sum := uint16(checksumStart)
	for i := range len(text) {
		sum ^= uint16(text[i]) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ checksumGenerator
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

// allOf says whether a text has a length within bounds and nothing but such bytes.
func allOf(text string, least, most int, is func(byte) bool) bool {
	if len(text) < least || len(text) > most {
		return false
	}
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}

func isDigit(b byte) bool     { return b >= '0' && b <= '9' }
func isUpper(b byte) bool     { return b >= 'A' && b <= 'Z' }
func isLower(b byte) bool     { return b >= 'a' && b <= 'z' }
func isPrintable(b byte) bool { return b >= ' ' && b <= '~' }

func isUpperAlphanumeric(b byte) bool { return isDigit(b) || isUpper(b) }
func isAlphanumeric(b byte) bool      { return isDigit(b) || isUpper(b) || isLower(b) }

func isHostByte(b byte) bool { return isAlphanumeric(b) || strings.IndexByte(".-:", b) >= 0 }

// isPathByte takes the characters of a path. Source: RFC 3986, section 3.3.
func isPathByte(b byte) bool {
	return isAlphanumeric(b) || strings.IndexByte("/-._~%!$&'()*+,;=:@", b) >= 0
}
