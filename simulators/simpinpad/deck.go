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
	Brand string // visa, mastercard, elo, voucher
	Kind  string // debit, credit, voucher
	// AID (hex) and Label are the brand's application. A card whose service code
	// promises no chip does not hold it.
	AID   string
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
	// ServiceCode is 201 where it is not said: international, chip, no restrictions.
	ServiceCode string
	Contactless *Contactless // nil: no antenna
	ChipFault   *ChipFault   // nil: the chip is in order
}

// String names the card without its number.
func (c DeckCard) String() string { return "card " + c.Name }

// GoString keeps the number out of %#v too.
func (c DeckCard) GoString() string { return c.String() }

// Applications of the deck. AIDs: Visa Electron and Visa credit, Mastercard and Maestro,
// Elo. The voucher's begins with F, which needs no registration and is nobody's:
// every issuer of vouchers has its own (ISO/IEC 7816-5, proprietary identifiers).
const (
	aidVisaDebit  = "A0000000032010"
	aidVisaCredit = "A0000000031010"
	aidMastercard = "A0000000041010"
	aidMaestro    = "A0000000043060"
	aidElo        = "A0000006510101"
	aidVoucher    = "F0564F5543484552"
)

// What the cards of the deck have in common: most are good for years, and one PIN
// is easier to remember than many.
const (
	deckSequence    = "01"
	deckExpiry      = "311231"
	deckPIN         = "1234"
	deckWealth      = 500_000 // cents: enough for a day of a demo shop
	deckServiceCode = "201"
	// stripeServiceCode: international, no chip, no restrictions, hence no PIN.
	stripeServiceCode = "101"
)

// Forms of what is tapped. Source: ABECS 2.20, PP_DEVTYPE.
const (
	formCard  = "00"
	formPhone = "01"
)

// Account states that the deck suggests.
const (
	accountActive  = "active"
	accountBlocked = "blocked"
)

// The kinds of card in the deck.
var (
	visaCredit = DeckCard{Brand: "visa", Kind: "credit", AID: aidVisaCredit, Label: "VISA CREDITO"}
	visaDebit  = DeckCard{Brand: "visa", Kind: "debit", AID: aidVisaDebit, Label: "VISA ELECTRON"}
	mastercard = DeckCard{Brand: "mastercard", Kind: "credit", AID: aidMastercard, Label: "MASTERCARD"}
	maestro    = DeckCard{Brand: "mastercard", Kind: "debit", AID: aidMaestro, Label: "MAESTRO"}
	eloDebit   = DeckCard{Brand: "elo", Kind: "debit", AID: aidElo, Label: "ELO DEBITO"}
	voucher    = DeckCard{Brand: "voucher", Kind: "voucher", AID: aidVoucher, Label: "VALE ALIMENTACAO"}
)

// Deck gives the cards of the demo deck, each with a well-known test number.
func Deck() []DeckCard {
	deck := []DeckCard{
		visaDebit.numbered("visa-debit", "4000056655665556"),
		visaCredit.numbered("visa-credit", "4111111111111111"),
		mastercard.numbered("mastercard-credit", "5555555555554444"),
		eloDebit.numbered("elo-debit", "6362970000457013"),
		visaCredit.numbered("low-funds", "4242424242424242"),
		visaCredit.numbered("expired", "4012888888881881"),
		mastercard.numbered("blocked", "5105105105105100"),
		visaCredit.numbered("foreign", "4111111145551142"),
		mastercard.numbered("contactless", "5454545454545454"),
		visaDebit.numbered("contactless-small", "4462030000000000"),
		mastercard.numbered("phone", "2223003122003222"),
		visaCredit.numbered("stripe-only", "4000000760000002"),
		maestro.numbered("chip-error", "5200828282828210"),
		voucher.numbered("voucher", "6011111111111117"),
	}
	for i := range deck {
		deck[i].endow()
	}
	return deck
}

// endow gives a card what most have, and what its name says of it.
func (c *DeckCard) endow() {
	c.PSN, c.Expiry, c.PIN, c.ServiceCode = deckSequence, deckExpiry, deckPIN, deckServiceCode
	c.BalanceCents, c.State = deckWealth, accountActive
	switch c.Name {
	case "low-funds":
		c.BalanceCents = 100 // cents: one real
	case "expired":
		c.Expiry = "231130"
	case "blocked":
		c.State = accountBlocked
	case "foreign":
		c.ForeignKey = true
	case "contactless":
		c.Contactless = &Contactless{CVM: VerifyOnlinePIN, CVMAlways: true, Form: formCard}
	case "contactless-small":
		c.Contactless = &Contactless{CVM: VerifyOnlinePIN, Form: formCard}
	case "phone":
		c.Contactless = &Contactless{CVM: VerifyOnDevice, CVMAlways: true, Form: formPhone}
	case "stripe-only":
		c.ServiceCode = stripeServiceCode
	case "chip-error":
		c.ChipFault = &ChipFault{Command: "GCX", Status: int(statusFallback)}
	}
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
	card := &Card{
		Name: c.Name, PAN: c.PAN, PSN: c.PSN, Expiry: c.Expiry,
		ServiceCode:         c.ServiceCode,
		Holder:              "CLIENTE DE TESTE",
		Track2Discretionary: "0000012345678",
		Contactless:         c.Contactless,
		ChipFault:           c.ChipFault,
	}
	if card.hasChip() {
		card.Applications = []Application{{
			AID: c.AID, Label: c.Label, CVM: VerifyOnlinePIN, IssuerCountry: "076", ICCMasterKey: key,
			AIP: "1C00", // holder verification, terminal risk management, issuer authentication
		}}
	}
	return card, nil
}
