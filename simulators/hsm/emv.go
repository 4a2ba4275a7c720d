package hsm

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

// DeriveICCMasterKey is the key that an issuer puts into the card with this PAN and
// sequence number (2 digits, or empty for none). The error does not repeat the PAN.
// Source: EMV 4.3 Book 2, A1.4.1, option A.
func DeriveICCMasterKey(issuer Key, pan, sequence string) (Key, error) {
	if sequence == "" {
		sequence = "00"
	}
	number := pan + sequence
	if !digits(pan) || !digits(sequence) || len(sequence) != 2 {
		return Key{}, fmt.Errorf("derive card key: PAN or sequence number is not digits")
	}
	number = number[max(0, len(number)-2*BlockSize):]
	number = strings.Repeat("0", 2*BlockSize-len(number)) + number
	var left Block
	if _, err := hex.Decode(left[:], []byte(number)); err != nil {
		return Key{}, fmt.Errorf("derive card key: PAN or sequence number is not digits")
	}
	right := left
	for i := range right {
		right[i] ^= 0xFF
	}
	return join(issuer.encrypt(left), issuer.encrypt(right)).oddParity(), nil
}

// DeriveSessionKey is the key of one transaction, named by the card's counter (tag 9F36).
// Source: EMV 4.3 Book 2, A1.3.1, common session key.
func DeriveSessionKey(icc Key, atc uint16) Key {
	left := Block{byte(atc >> 8), byte(atc), 0xF0}
	right := Block{byte(atc >> 8), byte(atc), 0x0F}
	return join(icc.encrypt(left), icc.encrypt(right)).oddParity()
}

// MAC is the retail MAC: DES-CBC under the left half, the last block through triple
// DES, data padded with 80 and zeros. Source: ISO/IEC 9797-1:1999, algorithm 3,
// padding method 2; EMV 4.3 Book 2, A1.2.1.
func MAC(key Key, data []byte) Block {
	padded := append(append([]byte(nil), data...), 0x80)
	for len(padded)%BlockSize != 0 {
		padded = append(padded, 0)
	}
	var sum Block
	left := single(key.left())
	for at := 0; at < len(padded); at += BlockSize {
		in := xorBlocks(sum, Block(padded[at:at+BlockSize]))
		left.Encrypt(sum[:], in[:])
	}
	single(key.right()).Decrypt(sum[:], sum[:])
	left.Encrypt(sum[:], sum[:])
	return sum
}

// A dataElement is one part of what a cryptogram covers.
type dataElement struct {
	tag    uint32
	length int
	name   string
}

// cryptogramElements is what a cryptogram covers, in this order, before the CVR.
// Source: EMV 4.3 Book 2, 8.1.1, table 26 (recommended minimum set).
var cryptogramElements = []dataElement{
	{0x9F02, 6, "amount"},
	{0x9F03, 6, "other amount"},
	{0x9F1A, 2, "terminal country"},
	{0x95, 5, "terminal verification results"},
	{0x5F2A, 2, "currency"},
	{0x9A, 3, "date"},
	{0x9C, 1, "transaction type"},
	{0x9F37, 4, "unpredictable number"},
	{0x82, 2, "application interchange profile"},
	{0x9F36, 2, "application transaction counter"},
}

// CryptogramTags lists the tags whose values [Cryptogram] covers, in order, 9F10 last.
func CryptogramTags() []uint32 {
	tags := make([]uint32, 0, len(cryptogramElements)+1)
	for _, element := range cryptogramElements {
		tags = append(tags, element.tag)
	}
	return append(tags, 0x9F10)
}

// The issuer application data (tag 9F10) of the test cards: length 06, key index,
// cryptogram version, then the 4 bytes of the card verification results.
// Source: Visa Integrated Circuit Card Specification, Appendix A, IAD format 0/1/3.
const (
	iadLength = 7
	cvrStart  = 3
)

// Cryptogram is what the card answers to GENERATE AC, be it ARQC, TC or AAC: which
// of them is told in 9F27, not in the sum. value gives the value of a tag, nil when
// there is none. Source: EMV 4.3 Book 2, 8.1.
func Cryptogram(session Key, value func(tag uint32) []byte) (Block, error) {
	var covered []byte
	for _, element := range cryptogramElements {
		data := value(element.tag)
		if len(data) != element.length {
			return Block{}, fmt.Errorf("cryptogram: %s (tag %X) has %d bytes, want %d",
				element.name, element.tag, len(data), element.length)
		}
		covered = append(covered, data...)
	}
	iad := value(0x9F10)
	if len(iad) < iadLength || iad[0] != iadLength-1 {
		return Block{}, fmt.Errorf("cryptogram: issuer application data (tag 9F10) has %d bytes, no format known", len(iad))
	}
	return MAC(session, append(covered, iad[cvrStart:iadLength]...)), nil
}

// VerifyCryptogram says whether got (tag 9F26) is the cryptogram of these values.
func VerifyCryptogram(session Key, value func(tag uint32) []byte, got []byte) (bool, error) {
	want, err := Cryptogram(session, value)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(want[:], got) == 1, nil
}

// ARPC is the issuer's answer to an ARQC with a response code of 2 characters.
// Source: EMV 4.3 Book 2, 8.2.1, method 1.
func ARPC(session Key, arqc Block, arc string) (Block, error) {
	if len(arc) != 2 {
		return Block{}, fmt.Errorf("ARPC: response code of %d characters, want 2", len(arc))
	}
	return session.encrypt(xorBlocks(arqc, Block{arc[0], arc[1]})), nil
}

// IssuerAuthenticationData is the value of tag 91: ARPC (8 bytes) and response code (2).
func IssuerAuthenticationData(session Key, arqc Block, arc string) ([]byte, error) {
	arpc, err := ARPC(session, arqc, arc)
	if err != nil {
		return nil, err
	}
	return append(arpc[:], arc...), nil
}

// VerifyIssuerAuthentication is the card's check of the value of tag 91: whether it
// comes from the card's issuer, and the response code in it.
func VerifyIssuerAuthentication(session Key, arqc Block, data []byte) (arc string, genuine bool) {
	if len(data) != BlockSize+2 {
		return "", false
	}
	arc = string(data[BlockSize:])
	want, err := IssuerAuthenticationData(session, arqc, arc)
	return arc, err == nil && subtle.ConstantTimeCompare(want, data) == 1
}
