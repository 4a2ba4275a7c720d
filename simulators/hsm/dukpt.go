package hsm

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// counterMax is the highest count of the 21 bits at the end of a KSN, and
// counterOnesMax how many of them may be set in a count that is used.
// Source: ANSI X9.24-1:2009, Annex A.
const (
	counterMax     = 1<<21 - 1
	counterOnesMax = 10
)

// ErrExhausted says that a DUKPT key has used up its counter and must be loaded anew.
var ErrExhausted = errors.New("dukpt: key serial number used up")

// keyHalfMask (C0C0C0C000000000) is laid on both halves of a key to derive the
// second half of the next. Source: ANSI X9.24-1:2009, Annex A.
var keyHalfMask = Block{0xC0, 0xC0, 0xC0, 0xC0}

// Variant masks, laid on both halves of a transaction key.
// Source: ANSI X9.24-1:2009, Annex A, variants for PIN and for data, request.
var (
	pinMask  = Block{7: 0xFF}
	dataMask = Block{5: 0xFF}
)

// A KSN is a key serial number of 10 bytes: key set (5 bytes), device, and a
// counter in the lowest 21 bits. It is no secret.
type KSN [10]byte

// ParseKSN reads 20 hexadecimal digits.
func ParseKSN(text string) (KSN, error) {
	var ksn KSN
	if len(text) != 2*len(ksn) {
		return KSN{}, fmt.Errorf("parse KSN %q: %d digits, want %d", text, len(text), 2*len(ksn))
	}
	if _, err := hex.Decode(ksn[:], []byte(text)); err != nil {
		return KSN{}, fmt.Errorf("parse KSN %q: %w", text, err)
	}
	return ksn, nil
}

func (s KSN) String() string { return strings.ToUpper(hex.EncodeToString(s[:])) }

// MarshalText gives 20 hexadecimal digits.
func (s KSN) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what [KSN.MarshalText] wrote.
func (s *KSN) UnmarshalText(text []byte) error {
	ksn, err := ParseKSN(string(text))
	if err != nil {
		return err
	}
	*s = ksn
	return nil
}

// KeySet is the key set id, 10 hexadecimal digits: it names the base derivation key.
func (s KSN) KeySet() string { return s.String()[:10] }

// Counter is the 21-bit counter.
func (s KSN) Counter() uint32 {
	return uint32(s[7]&0x1F)<<16 | uint32(s[8])<<8 | uint32(s[9])
}

// WithCounter is the same serial number at another count; higher bits are cut off.
func (s KSN) WithCounter(count uint32) KSN {
	s[7] = s[7]&0xE0 | byte(count>>16)&0x1F
	s[8] = byte(count >> 8)
	s[9] = byte(count)
	return s
}

// DeriveIPEK is the initial key of the device named in ksn, whose counter is ignored.
// Source: ANSI X9.24-1:2009, Annex A.6.
func DeriveIPEK(bdk Key, ksn KSN) Key {
	start := ksn.WithCounter(0)
	device := Block(start[:8])
	return join(bdk.encrypt(device), bdk.xor(keyHalfMask).encrypt(device))
}

// DeriveKey is the transaction key at ksn: one step for each bit set in the counter.
// It is used through a variant only, see [PINVariant] and [DataVariant].
// Source: ANSI X9.24-1:2009, Annex A.2 and A.3.
func DeriveKey(ipek Key, ksn KSN) Key {
	key, count := ipek, uint32(0)
	for bit := uint32(1 << 20); bit > 0; bit >>= 1 {
		if ksn.Counter()&bit == 0 {
			continue
		}
		count |= bit
		at := ksn.WithCounter(count)
		register := Block(at[2:])
		key = join(oneWay(key.xor(keyHalfMask), register), oneWay(key, register))
	}
	return key
}

// oneWay is the non-reversible step: DES under the left half, between two masks of the right.
func oneWay(key Key, register Block) (out Block) {
	in := xorBlocks(register, key.right())
	single(key.left()).Encrypt(out[:], in[:])
	return xorBlocks(out, key.right())
}

// PINVariant is the key that encrypts a PIN block, made of a transaction key.
func PINVariant(transaction Key) Key { return transaction.xor(pinMask) }

// DataVariant is the key for data in a request ("DAT#3"): the variant, encrypted
// under itself. Source: ANSI X9.24-1:2009, Annex A.4.1; ABECS data methods 50 and 51.
func DataVariant(transaction Key) Key {
	variant := transaction.xor(dataMask)
	return join(variant.encrypt(variant.left()), variant.encrypt(variant.right()))
}

// A Dukpt is one key slot of a pinpad: its initial key and the serial number that
// the next use will have. Its owner saves it after every use: a count used twice
// would be a key used twice. It is not safe for use by several goroutines.
type Dukpt struct {
	IPEK Key `json:"ipek"`
	KSN  KSN `json:"ksn"`
}

// NewDukpt is the slot of the device named in ksn, at its first count.
func NewDukpt(bdk Key, ksn KSN) *Dukpt {
	return &Dukpt{IPEK: DeriveIPEK(bdk, ksn), KSN: ksn.WithCounter(1)}
}

// Next uses up one count: the serial number and its transaction key. Counts with
// more than 10 bits set are skipped. After the last one it answers [ErrExhausted].
func (d *Dukpt) Next() (KSN, Key, error) {
	count := d.KSN.Counter()
	if bits.OnesCount32(count) > counterOnesMax {
		count = nextCount(count)
	}
	if count == 0 {
		return KSN{}, Key{}, ErrExhausted
	}
	used := d.KSN.WithCounter(count)
	d.KSN = used.WithCounter(nextCount(count))
	return used, DeriveKey(d.IPEK, used), nil
}

// nextCount is the count that the next use will have, 0 when there is none.
func nextCount(count uint32) uint32 {
	for count++; count <= counterMax; count++ {
		if bits.OnesCount32(count) <= counterOnesMax {
			return count
		}
	}
	return 0
}
