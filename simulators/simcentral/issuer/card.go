package issuer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"balcao/simulators/hsm"
	"balcao/sync/wire"
)

// errUnreadable says that ciphertext could not be opened; it never repeats any of it.
var errUnreadable = errors.New("card data cannot be opened")

// A card is what came out of the ciphertext.
type card struct {
	pan    string
	expiry string // YYMM, empty without a track
}

func (c card) String() string { return "card" }

// Format keeps the card number out of every fmt verb.
func (c card) Format(state fmt.State, _ rune) { fmt.Fprint(state, c.String()) }

// openCard reads PAN and track 2; when both are there they must agree.
func openCard(keys *hsm.HostKeys, items []wire.EncryptedItem) (card, error) {
	var found card
	for _, item := range items {
		var one card
		var err error
		switch item.Kind {
		case wire.EncryptedItemKindPAN:
			one.pan, err = openDigits(keys, item)
		case wire.EncryptedItemKindTrack2:
			one, err = openTrack2(keys, item)
		default:
			continue
		}
		if err != nil {
			return card{}, fmt.Errorf("open %s: %w", item.Kind, err)
		}
		if found.pan != "" && found.pan != one.pan {
			return card{}, fmt.Errorf("PAN and track 2 are of two cards: %w", errUnreadable)
		}
		found.pan = one.pan
		if one.expiry != "" {
			found.expiry = one.expiry
		}
	}
	if found.pan == "" {
		return card{}, fmt.Errorf("neither PAN nor track 2: %w", errUnreadable)
	}
	return found, nil
}

// openTrack2 reads PAN, separator (D), expiry. Source: ISO/IEC 7813:2006, 7.
func openTrack2(keys *hsm.HostKeys, item wire.EncryptedItem) (card, error) {
	track, err := openDigits(keys, item)
	if err != nil {
		return card{}, err
	}
	pan, rest, ok := strings.Cut(track, "d")
	if !ok || len(rest) < len("YYMM") {
		return card{}, fmt.Errorf("no expiry on track 2: %w", errUnreadable)
	}
	return card{pan: pan, expiry: rest[:len("YYMM")]}, nil
}

// openDigits gives the packed digits of an item as lower-case hex: open digits in
// front, the rest decrypted, the filling F cut off. Source: ABECS 2.20, command GTK.
func openDigits(keys *hsm.HostKeys, item wire.EncryptedItem) (string, error) {
	raw, err := hex.DecodeString(item.Data)
	if err != nil {
		return "", errUnreadable
	}
	open := 0
	if item.OpenDigits != nil {
		open = int(*item.OpenDigits) / 2
	}
	if open > len(raw) || item.KSN == nil {
		return "", errUnreadable
	}
	ksn, err := hsm.ParseKSN(*item.KSN)
	if err != nil {
		return "", errUnreadable
	}
	key, err := keys.DataKey(ksn)
	if err != nil {
		return "", errors.Join(errUnreadable, err)
	}
	clear, err := decrypt(key, item, raw[open:])
	if err != nil {
		return "", err
	}
	return strings.TrimRight(hex.EncodeToString(append(raw[:open:open], clear...)), "f"), nil
}

func decrypt(key hsm.Key, item wire.EncryptedItem, secret []byte) ([]byte, error) {
	var clear []byte
	var err error
	switch item.Scheme {
	case wire.EncryptedItemSchemeDukpt3DesEcb:
		clear, err = key.DecryptECB(secret)
	case wire.EncryptedItemSchemeDukpt3DesCbc:
		var iv hsm.Block
		if item.Iv != nil {
			if n, err := hex.Decode(iv[:], []byte(*item.Iv)[:min(len(*item.Iv), 2*len(iv))]); err != nil || n != len(iv) {
				return nil, errUnreadable
			}
		}
		clear, err = key.DecryptCBC(iv, secret)
	default:
		return nil, fmt.Errorf("scheme %s: %w", item.Scheme, errUnreadable)
	}
	if err != nil {
		return nil, errUnreadable
	}
	return clear, nil
}

// findPINBlock is the PIN block among the items, if there is one.
func findPINBlock(items []wire.EncryptedItem) (wire.EncryptedItem, bool) {
	for _, item := range items {
		if item.Kind == wire.EncryptedItemKindPINBlock {
			return item, true
		}
	}
	return wire.EncryptedItem{}, false
}

// openPIN opens a PIN block of one card. A block that opens to no PIN gives an empty
// PIN, as a wrong one would; the error is for a key that is not there.
func openPIN(keys *hsm.HostKeys, item wire.EncryptedItem, pan string) (string, error) {
	if item.KSN == nil || item.Scheme != wire.EncryptedItemSchemeDukpt3DesEcb {
		return "", errUnreadable
	}
	ksn, err := hsm.ParseKSN(*item.KSN)
	if err != nil {
		return "", errUnreadable
	}
	key, err := keys.PINKey(ksn)
	if err != nil {
		return "", errors.Join(errUnreadable, err)
	}
	secret, err := hex.DecodeString(item.Data)
	if err != nil || len(secret) != hsm.BlockSize {
		return "", errUnreadable
	}
	clear, err := key.DecryptECB(secret)
	if err != nil {
		return "", errUnreadable
	}
	pin, err := hsm.DecodePINBlock(hsm.Block(clear), pan)
	if errors.Is(err, hsm.ErrPINBlock) {
		return "", nil
	}
	return pin, err
}
