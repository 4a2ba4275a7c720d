package pinpad

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"balcao/reader/abecs"
	"balcao/terminal/device"
)

// A secondChance is a refusal after which the customer may show the card once more.
type secondChance struct {
	*refusal
	message string // what the pinpad says then, empty for its own prompt
}

func (s *secondChance) Unwrap() error { return s.refusal }

// chooseCard waits for a card that can be read and is accepted. Where another try or
// another way may help, the customer is asked for that.
func (r *cardReader) chooseCard(ctx context.Context, appType abecs.AppType) (abecs.Card, error) {
	for {
		r.asked++
		r.step(device.StepWaiting)
		seen, err := r.getCard(ctx, appType)
		if err == nil {
			err = r.judge(seen)
		}
		if err == nil {
			r.step(device.StepCard)
			return seen, nil
		}
		if err := r.askAgain(ctx, err); err != nil {
			return abecs.Card{}, err
		}
	}
}

func (r *cardReader) getCard(ctx context.Context, appType abecs.AppType) (abecs.Card, error) {
	command, err := abecs.GetCard{
		Amount: r.request.Amount, At: r.request.At, Acquirer: r.config.Acquirer, AppTypes: []abecs.AppType{appType},
		Timeout: r.config.Timeouts.Card, Message: r.message, Contactless: !r.tapRefused,
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

// judge refuses what the pinpad could read and this sale does not take.
func (r *cardReader) judge(seen abecs.Card) error {
	switch seen.Type {
	case abecs.StripeCard:
		return r.judgeStripe(seen)
	case abecs.ChipCard, abecs.ContactlessCard, abecs.ContactlessStripeCard:
		if seen.PAN.Length() == 0 {
			return &refusal{device.CardUnreadable, "emulated stripe without a number"}
		}
		return r.accepts(seen)
	}
	return &refusal{device.CardNotAccepted, fmt.Sprintf("card type %s", seen.Type)}
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

// askAgain answers nil if the customer is to be asked for a card once more, with what
// the pinpad will say; else why not, which is mostly the cause itself.
func (r *cardReader) askAgain(ctx context.Context, cause error) error {
	if r.asked >= presentationsMax {
		return cause
	}
	lost := r.tapsLost
	r.tapsLost = 0
	var chance *secondChance
	if errors.As(cause, &chance) {
		if r.swipes++; r.swipes >= stripeTriesMax {
			return cause
		}
		r.message = chance.message
		return nil
	}
	var refused *abecs.StatusError
	if !errors.As(cause, &refused) {
		return cause
	}
	switch refused.Status {
	case abecs.CardMute, abecs.CardError, abecs.FallbackPermitted:
		return r.askForStripe(ctx)
	case abecs.TapSeveral, abecs.TapLost, abecs.TapHolderActs, abecs.TapInvalidated, abecs.TapProblems,
		abecs.TapNoApplication, abecs.TapUnfit, abecs.TapOtherWay, abecs.CardBlocked:
		return r.afterTap(refused, lost)
	}
	return cause
}

// afterTap is what a card before the antenna can still do (ABECS 2.20, recovery of
// contactless): once more, after the holder unlocked the phone, or by chip or stripe.
// A blocked card may be one that is blocked for the antenna only.
func (r *cardReader) afterTap(refused *abecs.StatusError, lost int) error {
	switch {
	case refused.Status == abecs.TapHolderActs:
		r.message = r.config.Texts.UsePhone
	case refused.Status == abecs.TapSeveral, refused.Status == abecs.TapLost && lost == 0:
		r.message = r.config.Texts.TapAgain
		if refused.Status == abecs.TapLost {
			r.tapsLost = 1
		}
	case r.tapRefused:
		return refused
	default:
		r.tapRefused, r.message = true, r.config.Texts.NoTap
	}
	return nil
}

// askForStripe waits until a card whose chip failed is out, as the pinpad would read
// the same chip again, and has the next prompt ask for its stripe. The pinpad then says
// with the swipe that the chip has failed.
func (r *cardReader) askForStripe(ctx context.Context) error {
	r.message = r.config.Texts.ChipFailed
	first, second, _ := strings.Cut(r.message, "\n")
	limited, stop := context.WithTimeout(ctx, r.config.Timeouts.Card)
	defer stop()
	_, err := r.session.askOK(limited, abecs.Remove([2]string{first, second}))
	if err != nil && !errors.Is(err, errLost) && limited.Err() != nil && ctx.Err() == nil {
		return &refusal{device.CardTimeout, "card with a failed chip stays in the reader"}
	}
	return err
}
