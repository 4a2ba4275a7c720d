package simpinpad

import (
	"encoding/json"
	"fmt"
	"os"

	"balcao/simulators/hsm"
)

// A DeckCard is one card of the demo deck and what its issuer should know about the
// account behind it: the card itself knows neither PIN nor balance.
type DeckCard struct {
	Name  string
	PAN   string // a published test number
	PSN   string // 2 digits
	Brand string // visa, mastercard, elo
	Kind  string // debit, credit
	AID   string // hex
	Label string
	// Expiry is YYMMDD.
	Expiry string
	// PIN, BalanceCents and State (active, blocked) are hints for the issuer. The
	// balance of a credit card is what is left of its limit.
	PIN          string
	BalanceCents int64
	State        string
	// ForeignKey says that the card was made under the key of another issuer: its
	// cryptograms will not be genuine to the issuer of its number.
	ForeignKey bool
}

// String names the card without its number.
func (c DeckCard) String() string { return "card " + c.Name }

// GoString keeps the number out of %#v too.
func (c DeckCard) GoString() string { return c.String() }

// Applications of the deck. AIDs: Visa Electron and Visa credit, Mastercard, Elo.
const (
	aidVisaDebit  = "A0000000032010"
	aidVisaCredit = "A0000000031010"
	aidMastercard = "A0000000041010"
	aidElo        = "A0000006510101"
)

// What the cards of the deck have in common: most are good for years, and one PIN
// is easier to remember than eight.
const (
	deckSequence = "01"
	deckExpiry   = "311231"
	deckPIN      = "1234"
	deckWealth   = 500_000 // cents: enough for a day of a demo shop
)

// Account states that the deck suggests.
const (
	accountActive  = "active"
	accountBlocked = "blocked"
)

// Deck gives the cards of the demo deck, each with a well-known test number.
func Deck() []DeckCard {
	visaCredit := DeckCard{Brand: "visa", Kind: "credit", AID: aidVisaCredit, Label: "VISA CREDITO"}
	mastercard := DeckCard{Brand: "mastercard", Kind: "credit", AID: aidMastercard, Label: "MASTERCARD"}
	deck := []DeckCard{
		{Name: "visa-debit", PAN: "4000056655665556", Brand: "visa", Kind: "debit", AID: aidVisaDebit, Label: "VISA ELECTRON"},
		visaCredit.numbered("visa-credit", "4111111111111111"),
		mastercard.numbered("mastercard-credit", "5555555555554444"),
		{Name: "elo-debit", PAN: "6362970000457013", Brand: "elo", Kind: "debit", AID: aidElo, Label: "ELO DEBITO"},
		visaCredit.numbered("low-funds", "4242424242424242"),
		visaCredit.numbered("expired", "4012888888881881"),
		mastercard.numbered("blocked", "5105105105105100"),
		visaCredit.numbered("foreign", "4111111145551142"),
	}
	for i := range deck {
		card := &deck[i]
		card.PSN, card.Expiry, card.PIN = deckSequence, deckExpiry, deckPIN
		card.BalanceCents, card.State = deckWealth, accountActive
		switch card.Name {
		case "low-funds":
			card.BalanceCents = 100 // cents: one real
		case "expired":
			card.Expiry = "231130"
		case "blocked":
			card.State = accountBlocked
		case "foreign":
			card.ForeignKey = true
		}
	}
	return deck
}

func (c DeckCard) numbered(name, pan string) DeckCard {
	c.Name, c.PAN = name, pan
	return c
}

// foreignIssuerDigit names a test issuer that no host has a key of.
const foreignIssuerDigit = '9'

// WriteCards personalises the deck under the issuers' keys and writes NAME.json for
// each card into dir, readable by the owner alone.
func WriteCards(dir string, keys *hsm.HostKeys) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write cards: %w", err)
	}
	for _, blank := range Deck() {
		card, err := blank.personalise(keys)
		if err != nil {
			return fmt.Errorf("write card %s: %w", blank.Name, err)
		}
		text, err := json.MarshalIndent(card, "", "  ")
		if err != nil {
			return fmt.Errorf("write card %s: %w", blank.Name, err)
		}
		if err := replaceFile(cardPath(dir, card.Name), append(text, '\n')); err != nil {
			return fmt.Errorf("write card %s: %w", blank.Name, err)
		}
	}
	return nil
}

// personalise puts onto a card what its issuer would.
func (c DeckCard) personalise(keys *hsm.HostKeys) (*Card, error) {
	issuer, err := keys.IssuerMasterKey(c.PAN)
	if err != nil {
		return nil, err
	}
	if c.ForeignKey {
		issuer = hsm.TestIssuerMasterKey(foreignIssuerDigit)
	}
	key, err := hsm.DeriveICCMasterKey(issuer, c.PAN, c.PSN)
	if err != nil {
		return nil, err
	}
	return &Card{
		Name: c.Name, PAN: c.PAN, PSN: c.PSN, Expiry: c.Expiry,
		ServiceCode:         "201", // international, chip, no restrictions (ISO/IEC 7813)
		Holder:              "CLIENTE DE TESTE",
		Track2Discretionary: "0000012345678",
		Applications: []Application{{
			AID: c.AID, Label: c.Label, CVM: VerifyOnlinePIN, IssuerCountry: "076", ICCMasterKey: key,
			AIP: "1C00", // holder verification, terminal risk management, issuer authentication
		}},
	}, nil
}
