package abecs

import (
	"errors"
	"fmt"
	"time"

	"balcao/reader"
	"balcao/terminal/money"
)

// AppType is the kind of application that an acquirer's tables give to an AID
// (T1_APPTYPE, two digits).
type AppType int

// The types of this till's tenders. The standard leaves the numbers to the tables:
// 1 and 2 are what all acquirers use, 3 is this till's own choice for vouchers.
const (
	CreditApp  AppType = 1
	DebitApp   AppType = 2
	VoucherApp AppType = 3
)

// Values that every card command of this package carries.
const (
	brazilianReal = "986"   // ISO 4217
	saleType      = 0x00    // ISO 8583 processing code: goods and services
	contactOnly   = "00000" // SPE_GCXOPT: stripe and chip, amount shown
	contactless   = "10000" // SPE_GCXOPT: the antenna as well
	amountMax     = 999_999_999_999
)

var errAmount = errors.New("write command: amount does not fit in twelve digits")

// GetCard is GCX: ask the customer for a card and choose an application on it. It
// always sends the PAN mask; there is no way to leave it out.
type GetCard struct {
	Amount   money.Cents
	At       time.Time // the store's date and time, as the chip signs them
	Acquirer int       // 1 to 99, or 0 if the tables are common to all
	AppTypes []AppType // accepted, at most 10; empty accepts all
	Timeout  time.Duration
	Message  string // instead of the pinpad's own prompt, cut to 128 characters

	// Contactless lets the customer tap. The pinpad asks for that only if it has an
	// antenna and the tables take the amount without contact.
	Contactless bool
}

// Command encodes the request.
func (g GetCard) Command() (Command, error) {
	if g.Amount < 0 || g.Amount > amountMax {
		return Command{}, errAmount
	}
	options := contactOnly
	if g.Contactless {
		options = contactless
	}
	list := Parameters{
		{ID: SPEAmount, Value: fmt.Appendf(nil, "%012d", g.Amount)},
		{ID: SPEDate, Value: g.At.AppendFormat(nil, "060102")},
		{ID: SPETime, Value: g.At.AppendFormat(nil, "150405")},
		{ID: SPEGCXOptions, Value: []byte(options)},
		{ID: SPEPANMask, Value: []byte(reader.PANMask)},
		{ID: SPETrnType, Value: []byte{saleType}},
		{ID: SPECurrency, Value: []byte(brazilianReal)},
	}
	if g.Acquirer != 0 {
		list = append(list, Parameter{ID: SPEAcquirer, Value: fmt.Appendf(nil, "%02d", g.Acquirer)})
	}
	if len(g.AppTypes) > 0 {
		var types []byte
		for _, appType := range g.AppTypes {
			types = fmt.Appendf(types, "%02d", appType)
		}
		list = append(list, Parameter{ID: SPEAppTypes, Value: types})
	}
	if g.Timeout > 0 {
		list = append(list, timeoutParameter(g.Timeout))
	}
	if g.Message != "" {
		list = append(list, messageParameter(g.Message))
	}
	return list.Command(GCX)
}

// CardType is how the card met the pinpad, two digits of the standard.
type CardType string

// The card types.
const (
	StripeCard            CardType = "00"
	ChipCard              CardType = "03"
	ContactlessStripeCard CardType = "05"
	ContactlessCard       CardType = "06"
)

// Application is one entry of the pinpad's tables that matches the card.
type Application struct {
	Acquirer int
	Record   string // index within the acquirer's tables, two characters
	Type     AppType
}

// Stripe says that the card gave tracks and no application: it was swiped, or
// emulates a stripe before the antenna.
func (t CardType) Stripe() bool { return t == StripeCard || t == ContactlessStripeCard }

// ChipStatus is what became of the chip that the pinpad met last, one digit of the
// standard (PP_ICCSTAT).
type ChipStatus string

// The statuses of a chip: good or none, failed so that its stripe may be taken, without
// an application that was asked for.
const (
	ChipGood   ChipStatus = "0"
	ChipFailed ChipStatus = "1"
	ChipUnfit  ChipStatus = "2"
)

// Card is what GCX tells of a card, masked. The holder's name is not read.
type Card struct {
	Type         CardType
	PAN          reader.MaskedPAN  // of a chip, and of a stripe that could be read
	Track2       reader.Track2Head // if the card has one
	Expiry       reader.Expiry     // of a chip, if the card says
	PANSequence  string            // two digits, of a chip
	Label        string
	Applications []Application
	Chip         ChipStatus // swiped only
}

// ParseCard reads the answer to GCX. Card data that is not masked is refused with
// [reader.ErrNotMasked].
func ParseCard(response Response) (Card, error) {
	list, err := response.Parameters()
	if err != nil {
		return Card{}, err
	}
	card, err := parseCard(list)
	if err != nil {
		return Card{}, fmt.Errorf("read card: %w", err)
	}
	return card, nil
}

func parseCard(list Parameters) (Card, error) {
	cardType, err := list.mandatory(PPCardType)
	if err != nil {
		return Card{}, err
	}
	card := Card{
		Type:        CardType(cardType),
		PANSequence: list.text(PPPANSequence),
		Label:       list.text(PPLabel),
	}
	if card.Type == StripeCard {
		status, err := list.mandatory(PPChipStatus)
		if err != nil {
			return Card{}, err
		}
		card.Chip = ChipStatus(status)
	}
	if err := card.parseNumber(list); err != nil {
		return Card{}, err
	}
	if expiry := list.text(PPExpiry); expiry != "" {
		if card.Expiry, err = reader.ParseExpiry(expiry); err != nil {
			return Card{}, err
		}
	}
	card.Applications, err = parseApplications(list.text(PPApplications))
	return card, err
}

// parseNumber reads PAN and head of track 2, of which a chip has both and a stripe at
// most the second.
func (c *Card) parseNumber(list Parameters) (err error) {
	if track2 := list.text(PPTrack2Head); track2 != "" {
		if c.Track2, err = reader.ParseTrack2Head(track2); err != nil {
			return err
		}
	}
	if c.Type.Stripe() {
		c.PAN = c.Track2.PAN
		return nil
	}
	pan, err := list.mandatory(PPPAN)
	if err != nil {
		return err
	}
	c.PAN, err = reader.ParseMaskedPAN(string(pan))
	return err
}

func parseApplications(text string) ([]Application, error) {
	const entry = 6 // acquirer, record index, type: two characters each
	if len(text)%entry != 0 {
		return nil, fmt.Errorf("%s is not a list of %d characters each", PPApplications, entry)
	}
	var list []Application
	for ; text != ""; text = text[entry:] {
		acquirer, ok := parseDigits([]byte(text), 2)
		appType, typeOK := parseDigits([]byte(text[4:]), 2)
		if !ok || !typeOK {
			return nil, fmt.Errorf("%s has letters for digits", PPApplications)
		}
		list = append(list, Application{Acquirer: acquirer, Record: text[2:4], Type: AppType(appType)})
	}
	return list, nil
}
