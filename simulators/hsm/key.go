// Package hsm is the key room of the simulators: DUKPT, PIN blocks and EMV
// cryptograms, for the pinpad and the card on one side and the acquirer and the
// issuer on the other.
//
// It is no security module: it protects nothing, and its keys are published test
// keys. It knows no message, no connection and no account; it opens only key
// files. Start with [GenerateTestKeys], then [Dukpt] on the pinpad's side and
// [HostKeys] on the host's.
//
// Facts: ANSI X9.24-1:2009 (DUKPT), ISO 9564-1:2011 (PIN block), ISO/IEC
// 9797-1:1999 (MAC), EMV 4.3 Book 2 (keys and cryptograms of a chip card).
package hsm

import (
	"crypto/cipher"
	"crypto/des"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/bits"
	"strings"
)

// BlockSize is the block length of DES in bytes.
const BlockSize = 8

// A Block is one DES block: a PIN block, a cryptogram, a MAC.
type Block [BlockSize]byte

// A Key is a double-length triple DES key (16 bytes, encrypt-decrypt-encrypt
// with left, right, left). Whatever prints it prints its check value alone; only
// a key file gets the bytes, through [Key.MarshalText].
type Key [16]byte

// ParseKey reads 32 hexadecimal digits. The error does not repeat them.
func ParseKey(text string) (Key, error) {
	var key Key
	if len(text) != 2*len(key) {
		return Key{}, fmt.Errorf("parse key: %d digits, want %d", len(text), 2*len(key))
	}
	if _, err := hex.Decode(key[:], []byte(text)); err != nil {
		return Key{}, fmt.Errorf("parse key: not hexadecimal")
	}
	return key, nil
}

// CheckValue is the first 3 bytes of a block of zeros under the key, in hex: it
// names a key without giving it away. Source: ANSI X9.24-1:2009, key check value.
func (k Key) CheckValue() string {
	zeros := k.encrypt(Block{})
	return strings.ToUpper(hex.EncodeToString(zeros[:3]))
}

func (k Key) String() string { return "key(" + k.CheckValue() + ")" }

// Format keeps the bytes out of every fmt verb, %x and %d included.
func (k Key) Format(state fmt.State, _ rune) { fmt.Fprint(state, k.String()) }

// LogValue keeps the bytes out of a log, where MarshalText would be asked otherwise.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText gives the bytes in hex, for a key file.
func (k Key) MarshalText() ([]byte, error) {
	return []byte(strings.ToUpper(hex.EncodeToString(k[:]))), nil
}

// UnmarshalText reads what [Key.MarshalText] wrote.
func (k *Key) UnmarshalText(text []byte) error {
	key, err := ParseKey(string(text))
	if err != nil {
		return err
	}
	*k = key
	return nil
}

// EncryptECB encrypts whole blocks, each on its own.
func (k Key) EncryptECB(clear []byte) ([]byte, error) {
	return k.eachBlock(clear, k.encrypt)
}

// DecryptECB is the reverse of [Key.EncryptECB].
func (k Key) DecryptECB(secret []byte) ([]byte, error) {
	return k.eachBlock(secret, k.decrypt)
}

// EncryptCBC encrypts whole blocks, chained from iv.
func (k Key) EncryptCBC(iv Block, clear []byte) ([]byte, error) {
	return chain(cipher.NewCBCEncrypter(k.triple(), iv[:]), clear)
}

// DecryptCBC is the reverse of [Key.EncryptCBC].
func (k Key) DecryptCBC(iv Block, secret []byte) ([]byte, error) {
	return chain(cipher.NewCBCDecrypter(k.triple(), iv[:]), secret)
}

func chain(mode cipher.BlockMode, data []byte) ([]byte, error) {
	if err := wholeBlocks(data); err != nil {
		return nil, err
	}
	out := make([]byte, len(data))
	mode.CryptBlocks(out, data)
	return out, nil
}

func (k Key) eachBlock(data []byte, crypt func(Block) Block) ([]byte, error) {
	if err := wholeBlocks(data); err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(data))
	for at := 0; at < len(data); at += BlockSize {
		block := crypt(Block(data[at : at+BlockSize]))
		out = append(out, block[:]...)
	}
	return out, nil
}

func wholeBlocks(data []byte) error {
	if len(data)%BlockSize != 0 {
		return fmt.Errorf("crypt: %d bytes are no whole blocks of %d", len(data), BlockSize)
	}
	return nil
}

// triple cannot fail: a Key has the length that DES asks for by its type.
func (k Key) triple() cipher.Block {
	block, err := des.NewTripleDESCipher(append(k[:], k[:8]...))
	if err != nil {
		panic(err)
	}
	return block
}

func (k Key) encrypt(in Block) (out Block) {
	k.triple().Encrypt(out[:], in[:])
	return out
}

func (k Key) decrypt(in Block) (out Block) {
	k.triple().Decrypt(out[:], in[:])
	return out
}

func (k Key) left() Block  { return Block(k[:8]) }
func (k Key) right() Block { return Block(k[8:]) }

// join makes a key of its two halves.
func join(left, right Block) Key { return Key(append(left[:], right[:]...)) }

// xor gives k with mask on both halves.
func (k Key) xor(mask Block) Key {
	return join(xorBlocks(k.left(), mask), xorBlocks(k.right(), mask))
}

// oddParity sets the low bit of each byte so that its ones are odd.
func (k Key) oddParity() Key {
	for i, b := range k {
		k[i] = b&0xFE | byte(1^bits.OnesCount8(b&0xFE)&1)
	}
	return k
}

func xorBlocks(a, b Block) Block {
	for i := range a {
		a[i] ^= b[i]
	}
	return a
}

// single is DES under one half of a key.
func single(half Block) cipher.Block {
	block, err := des.NewCipher(half[:])
	if err != nil {
		panic(err)
	}
	return block
}
