package pinpad

import (
	"context"
	"fmt"
	"strings"

	"balcao/reader"
	"balcao/reader/abecs"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/payment"
)

// serviceCodeLength is the length of a service code in digits (ISO/IEC 7813).
const serviceCodeLength = 3

// judgeStripe takes a swiped card without a chip, and one with a chip only after the
// pinpad has failed to read that. A chip without a fitting application is no failure:
// else the stripe would be the way around the tender's choice of applications.
func (r *cardReader) judgeStripe(seen abecs.Card) error {
	switch {
	case len(seen.Track2.ServiceCode) != serviceCodeLength:
		return &secondChance{&refusal{device.CardUnreadable, "stripe cannot be read"}, ""}
	case !hasChip(seen.Track2) || seen.Chip == abecs.ChipFailed:
		return nil
	case seen.Chip == abecs.ChipUnfit:
		return &refusal{device.CardNotAccepted, "stripe of a card whose chip has no application for this"}
	}
	return &secondChance{&refusal{device.CardNotAccepted, "stripe of a card with a chip"}, r.config.Texts.UseChip}
}

// hasChip reads the first digit of the service code (ISO/IEC 7813).
func hasChip(track reader.Track2Head) bool {
	return track.ServiceCode[0] == '2' || track.ServiceCode[0] == '6'
}

// wantsPIN says whether a stripe is paid with by PIN: with debit and vouchers always,
// with credit where the third digit of the service code asks for it, at least where
// there is a keypad, as there is here (ISO/IEC 7813: 0, 3, 5, 6, 7).
func wantsPIN(method payment.Method, serviceCode string) bool {
	if method != payment.Credit {
		return true
	}
	return len(serviceCode) == serviceCodeLength && strings.Contains("03567", serviceCode[2:])
}

// pinPrompt is what a pinpad shows of itself above the PIN of a chip (ABECS, PIN
// screens); a stripe's looks the same.
const pinPrompt = "SENHA:"

// pinColumns is the width of a line above the PIN (ABECS 2.20, GPN).
const pinColumns = 16

func pinLines(amount money.Cents) [2]string {
	const label = "VALOR:"
	sum := strings.Replace(amount.String(), ".", ",", 1)
	return [2]string{label + fmt.Sprintf("%*s", pinColumns-len(label), sum), pinPrompt}
}

// askPIN lets the holder of the card just read type the PIN.
func (r *cardReader) askPIN(ctx context.Context) (card.Sealed, error) {
	r.step(device.StepPIN)
	request := abecs.GetPIN{Slot: r.config.PINSlot, Lines: pinLines(r.request.Amount)}
	command, err := request.Command()
	if err != nil {
		return card.Sealed{}, err
	}
	response, err := r.session.askOK(ctx, command)
	if err != nil {
		return card.Sealed{}, err
	}
	return request.ParsePIN(response)
}

// presentStripe makes the storable part of a card that gave tracks. Who types no PIN
// signs: a reader cannot know that a small amount needs neither.
func presentStripe(seen abecs.Card) card.Present {
	mode := card.Magstripe
	switch {
	case seen.Type == abecs.ContactlessStripeCard:
		mode = card.ContactlessMagstripe
	case hasChip(seen.Track2):
		mode = card.Fallback
	}
	return card.Present{
		EntryMode:        mode,
		Brand:            reader.Brand("", seen.PAN.BIN()),
		ApplicationLabel: seen.Label,
		BIN:              seen.PAN.BIN(),
		Last4:            seen.PAN.Last4(),
		ServiceCode:      seen.Track2.ServiceCode,
		CVM:              card.CVMSignature,
	}
}
