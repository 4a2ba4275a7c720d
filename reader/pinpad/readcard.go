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
	"balcao/terminal/ident"
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
	payment.Credit:  abecs.CreditApp,
	payment.Debit:   abecs.DebitApp,
	payment.Voucher: abecs.VoucherApp,
}

// ReadCard asks the customer for a card, inserted, tapped or swiped, and reads what
// the issuer needs to decide, PIN included. An inserted card stays in the reader and
// waits for [Pinpad.FinishCard]; call [Pinpad.Release] in the end, whatever the outcome.
//
// A customer who has to try another way is asked for that, within one call and at
// most [presentationsMax] times: the chip after a swipe, the stripe after a chip that
// failed, chip or stripe after a tap that failed.
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
	if reading.Card.EntryMode == card.Chip || reading.Card.EntryMode == card.Contactless {
		s.finishing = request.Attempt
	}
	p.presented.Store(&presented{request.Attempt, reading.Card.EntryMode})
	r.step(device.StepRead)
	return reading, nil
}

// presented is the card read last: for which attempt, and how it met the reader. It
// outlives a session: whether a card has a last word does not depend on the cable.
type presented struct {
	attempt ident.ID
	mode    card.EntryMode
}

// cardReader is one ReadCard under way.
type cardReader struct {
	*Pinpad
	session *session
	request device.CardRequest
	reached int // of steps, how many have been told

	asked      int    // how often the customer was asked for a card
	swipes     int    // how many swipes were of no use
	tapsLost   int    // how many in a row were taken away too soon
	tapRefused bool   // a tap failed for good: chip or stripe from here on
	message    string // for the next time, empty for the pinpad's own prompt
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
	for {
		reading, err := r.readOne(ctx, appType)
		if err == nil {
			return reading, reading.Card.Check()
		}
		// A GCX that ends like this has been asked again; what gets here is a GOX.
		var refused *abecs.StatusError
		if !errors.As(err, &refused) || refused.Status != abecs.FallbackPermitted || r.asked >= presentationsMax {
			return card.Reading{}, err
		}
		if err := r.askForStripe(ctx); err != nil {
			return card.Reading{}, err
		}
	}
}

func (r *cardReader) readOne(ctx context.Context, appType abecs.AppType) (card.Reading, error) {
	seen, reading, err := r.identify(ctx, appType)
	if err != nil || seen.Type.Stripe() {
		return reading, err
	}
	answer, err := r.goOnChip(ctx)
	if err != nil {
		return card.Reading{}, err
	}
	if answer.PIN.Data != "" {
		reading.Sealed = append(reading.Sealed, answer.PIN)
	}
	reading.Card = presentChip(seen, answer)
	return reading, nil
}

// identify has the card chosen and its numbers sealed, with the PIN of a stripe, which
// has to come before its tracks. Trouble of the line is no reason to stop here: no chip
// has signed anything yet, so all is done anew.
func (r *cardReader) identify(ctx context.Context, appType abecs.AppType) (abecs.Card, card.Reading, error) {
	for try := 1; ; try++ {
		seen, err := r.chooseCard(ctx, appType)
		if err != nil {
			return abecs.Card{}, card.Reading{}, err
		}
		reading, err := r.seal(ctx, seen)
		if err == nil || !isTrouble(err) || try == triesMax {
			return seen, reading, err
		}
	}
}

func (r *cardReader) seal(ctx context.Context, seen abecs.Card) (reading card.Reading, err error) {
	var pin []card.Sealed
	if seen.Type.Stripe() {
		reading.Card = presentStripe(seen)
		if wantsPIN(r.request.Method, seen.Track2.ServiceCode) {
			item, err := r.askPIN(ctx)
			if err != nil {
				return card.Reading{}, err
			}
			pin, reading.Card.CVM = append(pin, item), card.CVMOnlinePIN
		}
	}
	tracks, err := r.sealTracks(ctx)
	if err != nil {
		return card.Reading{}, err
	}
	reading.Sealed = append(tracks, pin...)
	return reading, nil
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

// presentChip makes the storable part of a card with a chip, inserted or tapped.
func presentChip(seen abecs.Card, answer abecs.ChipAnswer) card.Present {
	aid, _ := emv.Find(answer.Data, emv.DedicatedFileName)
	sequence := seen.PANSequence
	if value, found := emv.Find(answer.Data, emv.PANSequenceNumber); found {
		sequence = fmt.Sprintf("%X", value)
	}
	mode := card.Chip
	if seen.Type == abecs.ContactlessCard {
		mode = card.Contactless
	}
	aidHex := fmt.Sprintf("%X", aid)
	return card.Present{
		EntryMode:         mode,
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
