package hsm

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Lengths of a PIN in digits. Source: ISO 9564-1:2011, 8.1.
const (
	pinMin = 4
	pinMax = 12
)

// panDigitsMin is a check digit and one more: shorter is no PAN.
const panDigitsMin = 2

// ErrPINBlock says that a block is no PIN block of format 0 for this PAN: the
// wrong key, the wrong card, or a damaged block.
var ErrPINBlock = errors.New("not a PIN block of format 0 for this card")

// EncodePINBlock makes the clear block of format 0: length and PIN filled with F,
// masked with the last 12 digits of the PAN before its check digit.
// Source: ISO 9564-1:2011, 9.3.2. Errors never repeat PIN or PAN.
func EncodePINBlock(pin, pan string) (Block, error) {
	if len(pin) < pinMin || len(pin) > pinMax || !digits(pin) {
		return Block{}, fmt.Errorf("encode PIN block: PIN is not %d to %d digits", pinMin, pinMax)
	}
	mask, err := panMask(pan)
	if err != nil {
		return Block{}, fmt.Errorf("encode PIN block: %w", err)
	}
	field := fmt.Sprintf("0%X%s", len(pin), pin)
	field += strings.Repeat("F", 2*BlockSize-len(field))
	var block Block
	if _, err := hex.Decode(block[:], []byte(field)); err != nil {
		return Block{}, fmt.Errorf("encode PIN block: not hexadecimal")
	}
	return xorBlocks(block, mask), nil
}

// DecodePINBlock reads the PIN out of a clear block of format 0, or answers [ErrPINBlock].
func DecodePINBlock(block Block, pan string) (string, error) {
	mask, err := panMask(pan)
	if err != nil {
		return "", fmt.Errorf("decode PIN block: %w", err)
	}
	clear := xorBlocks(block, mask)
	length := int(clear[0])
	if length < pinMin || length > pinMax { // the format digit, 0, is the upper half
		return "", ErrPINBlock
	}
	field := hex.EncodeToString(clear[1:])
	pin, fill := field[:length], field[length:]
	if !digits(pin) || strings.Trim(fill, "f") != "" {
		return "", ErrPINBlock
	}
	return pin, nil
}

func panMask(pan string) (Block, error) {
	if len(pan) < panDigitsMin || !digits(pan) {
		return Block{}, errors.New("PAN is not digits")
	}
	account := pan[:len(pan)-1]
	account = account[max(0, len(account)-12):]
	var mask Block
	if _, err := hex.Decode(mask[:], []byte(strings.Repeat("0", 2*BlockSize-len(account))+account)); err != nil {
		return Block{}, errors.New("PAN is not digits")
	}
	return mask, nil
}

func digits(text string) bool {
	return strings.Trim(text, "0123456789") == "" && text != ""
}
