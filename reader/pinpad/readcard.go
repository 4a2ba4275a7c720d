package pinpad

import (
	"context"
	"errors"
	"fmt"

	"balcao/reader"
	"balcao/reader/abecs"
	"balcao/reader/emv"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/payment"
)

// requestTags is what the issuer needs of the chip to decide (DE 55), in this order.
var requestTags = []emv.Tag{
	emv.Cryptogram, emv.CryptogramInformation, emv.IssuerApplicationData, emv.UnpredictableNumber, emv.ATC,
	emv.TVR, emv.TransactionDate, emv.TransactionType, emv.Amount, emv.AmountOther, emv.CurrencyCode, emv.AIP,
	emv.TerminalCountry, emv.TerminalCapabilities, emv.CVMResults, emv.TerminalType, emv.DedicatedFileName,
	emv.PANSequenceNumber, emv.ApplicationLabel,
}

// appTypes says which applications of a card serve a tender (T1_APPTYPE).
var appTypes = map[payment.Method]abecs.AppType{
	payment.Credit: abecs.CreditApp,
	payment.Debit:  abecs.DebitApp,
}

// ReadCard asks the customer for a chip card and reads what the issuer needs to
// decide, PIN included. The card stays in the reader and waits for
// [Pinpad.FinishCard]; call [Pinpad.Release] in the end, whatever the outcome.
//
// When ctx ends the pinpad gives up and is idle again. Every error is a
// [*device.Fault]; after any of them nothing has been charged.
func (p *Pinpad) ReadCard(ctx context.Context, request device.CardRequest) (card.Reading, error) {
	var reading card.Reading
	err := p.do(ctx, func(ctx context.Context, s *session) (err error) {
		reading, err = p.readCard(ctx, s, request)
		return err
	})
	if err != nil {
		return card.Reading{}, fault("read card", err)
	}
	return reading, nil
}

func (p *Pinpad) readCard(ctx context.Context, s *session, request device.CardRequest) (card.Reading, error) {
	r := &cardReader{Pinpad: p, session: s, request: request}
	s.finishing, s.onNotice = "", r.notice
	defer func() { s.onNotice = nil }()
	reading, err := r.read(ctx)
	if err != nil {
		return card.Reading{}, r.giveUp(ctx, err)
	}
	s.finishing = request.Attempt
	r.step(device.StepRead)
	return reading, nil
}

// cardReader is one ReadCard under way.
type cardReader struct {
	*Pinpad
	session *session
	request device.CardRequest
	reached int // of steps, how many have been told
}

// steps is the order in which they are told, each at most once.
var steps = []device.Step{device.StepWaiting, device.StepCard, device.StepPIN, device.StepRead}

func (r *cardReader) step(step device.Step) {
	for i, known := range steps {
		if known != step || i < r.reached {
			continue
		}
		r.reached = i + 1
		if r.config.OnStep != nil {
			r.config.OnStep(device.CardStep{Attempt: r.request.Attempt, Step: step})
		}
	}
}

func (r *cardReader) notice(notice abecs.Notice) {
	switch {
	case notice.PIN:
		r.step(device.StepPIN)
	case notice.Card:
		r.step(device.StepCard)
	}
}

// giveUp leaves a pinpad that was interrupted idle: after CAN its display is blank
// and the chip may still have power.
func (r *cardReader) giveUp(ctx context.Context, err error) error {
	if ctx.Err() == nil || errors.Is(err, errLost) {
		return err
	}
	if restErr := r.session.rest(context.WithoutCancel(ctx), r.config.Texts.Idle); errors.Is(restErr, errLost) {
		return fmt.Errorf("%w (after: %w)", restErr, err)
	}
	return err
}

func (r *cardReader) read(ctx context.Context) (card.Reading, error) {
	appType, known := appTypes[r.request.Method]
	if !known {
		return card.Reading{}, &refusal{device.CardNotAccepted, fmt.Sprintf("no applications for %s", r.request.Method)}
	}
	seen, sealed, err := r.identify(ctx, appType)
	if err != nil {
		return card.Reading{}, err
	}
	answer, err := r.goOnChip(ctx)
	if err != nil {
		return card.Reading{}, err
	}
	if answer.PIN.Data != "" {
		sealed = append(sealed, answer.PIN)
	}
	reading := card.Reading{Card: present(seen, answer), Sealed: sealed}
	return reading, reading.Card.Check()
}

// identify has the card chosen and its numbers sealed. Trouble of the line is no
// reason to stop here: the chip has signed nothing yet, so both are done anew.
func (r *cardReader) identify(ctx context.Context, appType abecs.AppType) (abecs.Card, []card.Sealed, error) {
	for try := 1; ; try++ {
		seen, err := r.chooseCard(ctx, appType)
		if err != nil {
			return abecs.Card{}, nil, err
		}
		sealed, err := r.sealTracks(ctx)
		if err == nil || !isTrouble(err) || try == triesMax {
			return seen, sealed, err
		}
	}
}

// chooseCard waits for a chip card with a fitting application. Who swipes a card
// that has a chip is asked for the chip.
func (r *cardReader) chooseCard(ctx context.Context, appType abecs.AppType) (abecs.Card, error) {
	message := ""
	for range stripeTriesMax {
		r.step(device.StepWaiting)
		seen, err := r.getCard(ctx, appType, message)
		if err != nil {
			return abecs.Card{}, err
		}
		switch {
		case seen.Type == abecs.ChipCard:
			r.step(device.StepCard)
			return seen, r.accepts(seen)
		case seen.Type != abecs.StripeCard:
			return abecs.Card{}, &refusal{device.CardNotAccepted, fmt.Sprintf("card type %s", seen.Type)}
		case seen.ChipFailed:
			return abecs.Card{}, &refusal{device.CardUnreadable, "stripe after a chip error"}
		case seen.Track2.ServiceCode != "" && !hasChip(seen.Track2):
			return abecs.Card{}, &refusal{device.CardNotAccepted, "card without a chip"}
		}
		message = r.config.Texts.UseChip
	}
	return abecs.Card{}, &refusal{device.CardNotAccepted, "stripe only"}
}

// hasChip reads the first digit of the service code (ISO/IEC 7813).
func hasChip(track reader.Track2Head) bool {
	return track.ServiceCode[0] == '2' || track.ServiceCode[0] == '6'
}

func (r *cardReader) getCard(ctx context.Context, appType abecs.AppType, message string) (abecs.Card, error) {
	command, err := abecs.GetCard{
		Amount: r.request.Amount, At: r.request.At, Acquirer: r.config.Acquirer,
		AppTypes: []abecs.AppType{appType}, Timeout: r.config.Timeouts.Card, Message: message,
	}.Command()
	if err != nil {
		return abecs.Card{}, err
	}
	response, err := r.session.askOK(ctx, command)
	if err != nil {
		return abecs.Card{}, err
	}
	return abecs.ParseCard(response)
}

// accepts refuses a card that only other acquirers' tables know.
func (r *cardReader) accepts(seen abecs.Card) error {
	for _, application := range seen.Applications {
		if application.Acquirer == r.config.Acquirer {
			return nil
		}
	}
	return &refusal{device.CardNotAccepted, "no application of this acquirer"}
}

func (r *cardReader) sealTracks(ctx context.Context) ([]card.Sealed, error) {
	request := abecs.GetTracks{Slot: r.config.DataSlot}
	command, err := request.Command()
	if err != nil {
		return nil, err
	}
	response, err := r.session.askOK(ctx, command)
	if err != nil {
		return nil, err
	}
	sealed, err := request.ParseTracks(response)
	if err == nil && len(sealed) == 0 {
		err = &refusal{device.CardUnreadable, "pinpad has no track of the card"}
	}
	return sealed, err
}

func (r *cardReader) goOnChip(ctx context.Context) (abecs.ChipAnswer, error) {
	request := abecs.GoOnChip{
		Acquirer: r.config.Acquirer, Amount: r.request.Amount, PINSlot: r.config.PINSlot, Tags: requestTags,
	}
	command, err := request.Command()
	if err != nil {
		return abecs.ChipAnswer{}, err
	}
	response, err := r.session.askOK(ctx, command)
	if err != nil {
		return abecs.ChipAnswer{}, err
	}
	answer, err := request.ParseChipAnswer(response)
	if err != nil {
		return abecs.ChipAnswer{}, err
	}
	switch answer.Decision {
	case abecs.DeclinedOffline:
		return abecs.ChipAnswer{}, &refusal{device.CardNotAccepted, "declined by the chip"}
	case abecs.ApprovedOffline:
		return abecs.ChipAnswer{}, &refusal{device.DeviceRefused, "chip approved by itself, which it was told not to"}
	}
	return answer, nil
}

// present makes the storable part of the card.
func present(seen abecs.Card, answer abecs.ChipAnswer) card.Present {
	aid, _ := emv.Find(answer.Data, emv.DedicatedFileName)
	sequence := seen.PANSequence
	if value, found := emv.Find(answer.Data, emv.PANSequenceNumber); found {
		sequence = fmt.Sprintf("%X", value)
	}
	aidHex := fmt.Sprintf("%X", aid)
	return card.Present{
		EntryMode:         card.Chip,
		Brand:             reader.Brand(aidHex, seen.PAN.BIN()),
		AID:               aidHex,
		ApplicationLabel:  seen.Label,
		BIN:               seen.PAN.BIN(),
		Last4:             seen.PAN.Last4(),
		PANSequenceNumber: sequence,
		ServiceCode:       seen.Track2.ServiceCode,
		CVM:               answer.CVM,
		EMVRequest:        fmt.Sprintf("%X", emv.Append(nil, answer.Data...)),
	}
}
