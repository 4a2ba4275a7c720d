// Package cardtest builds what a pinpad with a test card would send, for the tests
// of the simulated central: ciphertext under the test keys and a genuine cryptogram.
//
// It is no pinpad: it speaks no protocol and keeps nothing but counters. Start with
// [New].
package cardtest

import (
	"encoding/hex"
	"fmt"
	"strings"

	"balcao/simulators/hsm"
	"balcao/sync/wire"
)

// A Card is one test card in one test pinpad. Change its fields to make it lie.
type Card struct {
	PAN       string
	Expiry    string // YYMM
	PSN       string
	IssuerKey hsm.Key // another one makes a forged card
	ATC       uint16  // of the next transaction

	pinpad *hsm.PinpadKeys
}

// New is a genuine card in a pinpad with the test keys.
func New(pan, expiry, psn string) *Card {
	pinpad, _ := hsm.GenerateTestKeys()
	return &Card{
		PAN: pan, Expiry: expiry, PSN: psn, ATC: 1,
		IssuerKey: hsm.TestIssuerMasterKey(pan[0]), pinpad: pinpad,
	}
}

// Chip is what a chip transaction sends; an empty pin sends no PIN block.
func (c *Card) Chip(cents int64, pin string) *wire.CardPresent {
	present := c.present(wire.CardPresentEntryModeChip)
	present.EMVRequest = new(c.request(cents))
	items := []wire.EncryptedItem{c.encrypt(wire.EncryptedItemKindTrack2, c.PAN+"d"+c.Expiry+"201", 6)}
	if pin != "" {
		items = append(items, c.pinBlock(pin))
		present.Cvm = new(wire.CardPresentCvmOnlinePIN)
	}
	present.Encrypted = &items
	return present
}

// Magstripe is what a swipe sends.
func (c *Card) Magstripe(pin string) *wire.CardPresent {
	present := c.present(wire.CardPresentEntryModeMagstripe)
	items := []wire.EncryptedItem{c.encrypt(wire.EncryptedItemKindTrack2, c.PAN+"d"+c.Expiry+"201", 0)}
	if pin != "" {
		items = append(items, c.pinBlock(pin))
	}
	present.Encrypted = &items
	return present
}

func (c *Card) present(mode wire.CardPresentEntryMode) *wire.CardPresent {
	return &wire.CardPresent{
		EntryMode: mode, Bin: c.PAN[:6], Last4: c.PAN[len(c.PAN)-4:], PANSequenceNumber: &c.PSN,
	}
}

// encrypt packs digits as a pinpad does: some open, the rest filled with F.
func (c *Card) encrypt(kind wire.EncryptedItemKind, digits string, open int) wire.EncryptedItem {
	ksn, transaction, err := c.pinpad.DataSlots[hsm.TestSlot].Next()
	must(err)
	secret := digits[open:]
	secret += strings.Repeat("f", (2*hsm.BlockSize-len(secret)%(2*hsm.BlockSize))%(2*hsm.BlockSize))
	raw, err := hex.DecodeString(secret)
	must(err)
	raw, err = hsm.DataVariant(transaction).EncryptECB(raw)
	must(err)
	return wire.EncryptedItem{
		Kind: kind, Scheme: wire.EncryptedItemSchemeDukpt3DesEcb, KeySlot: new(hsm.TestSlot), KSN: new(ksn.String()),
		OpenDigits: new(wire.EncryptedItemOpenDigits(open)), Data: digits[:open] + strings.ToUpper(hex.EncodeToString(raw)),
	}
}

func (c *Card) pinBlock(pin string) wire.EncryptedItem {
	ksn, transaction, err := c.pinpad.PINSlots[hsm.TestSlot].Next()
	must(err)
	clear, err := hsm.EncodePINBlock(pin, c.PAN)
	must(err)
	secret, err := hsm.PINVariant(transaction).EncryptECB(clear[:])
	must(err)
	return wire.EncryptedItem{
		Kind: wire.EncryptedItemKindPINBlock, Scheme: wire.EncryptedItemSchemeDukpt3DesEcb,
		KeySlot: new(hsm.TestSlot), KSN: new(ksn.String()), Data: strings.ToUpper(hex.EncodeToString(secret)),
	}
}

// terminalTags are the tags that a terminal gives to every transaction of a test:
// Brazil, real, a purchase on one day, and the card's verification results.
var terminalTags = map[uint32]string{
	0x9F03: "000000000000", 0x9F1A: "0076", 0x95: "0000008000", 0x5F2A: "0986", 0x9A: "260828",
	0x9C: "00", 0x9F37: "3804823E", 0x82: "5800", 0x9F10: "06011203A0B800", 0x9F27: "80",
}

// request makes the tags of a first GENERATE AC and uses up one count of the card.
func (c *Card) request(cents int64) string {
	tags := map[uint32]string{}
	for tag, value := range terminalTags {
		tags[tag] = value
	}
	tags[0x9F02] = fmt.Sprintf("%012d", cents)
	tags[0x9F36] = fmt.Sprintf("%04X", c.ATC)
	tags[0x9F26] = c.cryptogram(tags, c.ATC)
	c.ATC++
	return join(tags)
}

// Completion is the card's final yes to the transaction whose tags are request: the
// second cryptogram, over the same data with other verification results.
func (c *Card) Completion(cents int64, atc uint16) string {
	tags := map[uint32]string{}
	for tag, value := range terminalTags {
		tags[tag] = value
	}
	tags[0x9F02] = fmt.Sprintf("%012d", cents)
	tags[0x9F36] = fmt.Sprintf("%04X", atc)
	tags[0x9F10] = "06011203600000"
	tags[0x9F27] = "40"
	return join(map[uint32]string{
		0x9F26: c.cryptogram(tags, atc), 0x9F27: tags[0x9F27], 0x95: tags[0x95], 0x9F10: tags[0x9F10],
	})
}

func (c *Card) cryptogram(tags map[uint32]string, atc uint16) string {
	cryptogram, err := hsm.Cryptogram(c.sessionKey(atc), func(tag uint32) []byte {
		value, err := hex.DecodeString(tags[tag])
		must(err)
		return value
	})
	must(err)
	return strings.ToUpper(hex.EncodeToString(cryptogram[:]))
}

// Trusts says whether the card takes this answer as its issuer's, and the response code in it.
func (c *Card) Trusts(atc uint16, arqc string, answer *wire.IssuerAnswer) (arc string, genuine bool) {
	if answer == nil || answer.AuthenticationData == nil {
		return "", false
	}
	cryptogram, err := hex.DecodeString(arqc)
	must(err)
	data, err := hex.DecodeString(*answer.AuthenticationData)
	must(err)
	return hsm.VerifyIssuerAuthentication(c.sessionKey(atc), hsm.Block(cryptogram), data[2:])
}

func (c *Card) sessionKey(atc uint16) hsm.Key {
	icc, err := hsm.DeriveICCMasterKey(c.IssuerKey, c.PAN, c.PSN)
	must(err)
	return hsm.DeriveSessionKey(icc, atc)
}

// join writes tags as data objects in hex, in no order.
func join(tags map[uint32]string) string {
	var text strings.Builder
	for tag, value := range tags {
		fmt.Fprintf(&text, "%X%02X%s", tag, len(value)/2, value)
	}
	return text.String()
}

// must stops a test whose card is wrong in itself.
func must(err error) {
	if err != nil {
		panic("cardtest: " + err.Error())
	}
}
