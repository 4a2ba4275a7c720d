package simpinpad

import (
	"encoding/binary"
	"fmt"

	"balcao/simulators/hsm"
)

// An insertion is one stay of a card in the slot.
type insertion struct {
	card        *Card
	cryptograms int // GENERATE AC so far; only taking the card out begins anew
}

// cryptogramsMax is how often a card gives one while it is in.
// Source: ABECS 2.20, status 047; EMV 4.3 Book 3, 9.3.
const cryptogramsMax = 2

// Kinds of cryptograms (tag 9F27). Source: EMV 4.3 Book 3, 6.5.5.4, table 14.
const (
	kindDecline byte = 0x00 // AAC
	kindApprove byte = 0x40 // TC
	kindOnline  byte = 0x80 // ARQC
)

// What the cards tell their issuer (tag 9F10): length, key index, cryptogram version
// 10, then 4 bytes of card verification results, of which the second says what was
// answered to the first and to the second GENERATE AC.
// Source: Visa Integrated Circuit Card Specification, appendix A.
const (
	cvrFirstOnline     byte = 0xA0 // first: ARQC, second: not asked for
	cvrFirstDecline    byte = 0x80 // first: AAC, second: not asked for
	cvrThenApproved    byte = 0x60 // first: ARQC, second: TC
	cvrThenDeclined    byte = 0x20 // first: ARQC, second: AAC
	cvrIssuerUnproven  byte = 0x08 // issuer authentication failed
	issuerDataKeyIndex byte = 0x01
	issuerDataVersion  byte = 0x0A
)

// A chip is the card's side of one transaction: the application chosen, its counter
// and its session key.
type chip struct {
	application Application
	counter     uint16
	session     hsm.Key
	request     hsm.Block // the ARQC, which the issuer's answer refers to
}

// startChip counts the transaction, on disk first, and derives its key. A card that
// has used up its counter is statusCardExhausted.
func startChip(m *memory, card *Card, application Application) (*chip, error) {
	name := card.Name + "/" + application.AID
	last := max(m.CardCounters[name], application.ATC)
	if last == 0xFFFF {
		return nil, statusCardExhausted
	}
	m.CardCounters[name] = last + 1
	if err := m.save(); err != nil {
		return nil, fmt.Errorf("count transaction: %w: %w", err, statusInternal)
	}
	session := hsm.DeriveSessionKey(application.ICCMasterKey, last+1)
	return &chip{application: application, counter: last + 1, session: session}, nil
}

// tags gives the card's data, read when the application was chosen.
func (c *chip) tags(card *Card) map[uint32][]byte {
	aid := decodeHex(c.application.AID)
	return map[uint32][]byte{
		tagCardAID:       aid,
		tagDedicatedFile: aid,
		tagLabel:         latin1Bytes(c.application.Label),
		tagProfile:       decodeHex(c.application.AIP),
		tagTrack2Data:    packSymbols(card.track2(), 2),
		tagPAN:           packSymbols(card.PAN, 2),
		tagPANSequence:   decodeHex(card.PSN),
		tagExpiry:        decodeHex(card.Expiry),
		tagHolder:        latin1Bytes(card.Holder),
		tagServiceCode:   decodeHex("0" + card.ServiceCode),
		tagIssuerCountry: decodeHex("0" + c.application.IssuerCountry),
		tagUsage:         {0xFF, 0x00}, // good for everything, everywhere
		tagCardCounter:   binary.BigEndian.AppendUint16(nil, c.counter),
	}
}

// firstCryptogram answers GENERATE AC: the card wants every sale to go online, so
// that it gives an ARQC whether the terminal asks for one or for a TC.
// Source: EMV 4.3 Book 3, 9.2 and 9.3.
func (c *chip) firstCryptogram(decline bool, values map[uint32][]byte) error {
	if decline {
		return c.answer(kindDecline, cvrFirstDecline, values)
	}
	if err := c.answer(kindOnline, cvrFirstOnline, values); err != nil {
		return err
	}
	c.request = hsm.Block(values[tagCryptogram])
	return nil
}

// issuerProof is what a card thinks of its issuer's answer.
type issuerProof int

const (
	proofMissing issuerProof = iota
	proofGood
	proofBad
)

// judgeIssuer looks at tag 91. It must come from the issuer, for this ARQC, and mean
// the response code that the terminal was told. Source: EMV 4.3 Book 2, 8.2.1.
func (c *chip) judgeIssuer(authenticator []byte, response string) issuerProof {
	if len(authenticator) == 0 {
		return proofMissing
	}
	meant, genuine := hsm.VerifyIssuerAuthentication(c.session, c.request, authenticator)
	if !genuine || meant != response {
		return proofBad
	}
	return proofGood
}

// secondCryptogram answers the second GENERATE AC: a TC when the terminal asks for
// one and the issuer is believed, else an AAC.
func (c *chip) secondCryptogram(approve bool, proof issuerProof, values map[uint32][]byte) error {
	results := cvrThenDeclined
	if proof == proofBad {
		results |= cvrIssuerUnproven
	}
	if approve && (proof == proofGood || proof == proofMissing && c.application.IssuerAuthenticationOptional) {
		return c.answer(kindApprove, cvrThenApproved, values)
	}
	return c.answer(kindDecline, results, values)
}

// answer puts kind, cryptogram and issuer data into values.
func (c *chip) answer(kind, results byte, values map[uint32][]byte) error {
	values[tagIssuerData] = []byte{0x06, issuerDataKeyIndex, issuerDataVersion, 0x03, results, 0x00, 0x00}
	sum, err := hsm.Cryptogram(c.session, func(tag uint32) []byte { return values[tag] })
	if err != nil {
		return fmt.Errorf("generate cryptogram: %w: %w", err, statusCardData)
	}
	values[tagCryptogram] = sum[:]
	values[tagCryptogramKind] = []byte{kind}
	return nil
}
