package pinpad

import (
	"context"
	"errors"

	"balcao/reader/abecs"
	"balcao/terminal/device"
)

var (
	errNotReady = errors.New("no pinpad is ready")
	// errCardGone says that no chip waits for the issuer's answer: it was never
	// there, has been released, or the session that knew it is over.
	errCardGone = errors.New("no card waits for an answer")
)

// A refusal is a reason of this driver, or of the card, for not going on.
type refusal struct {
	code   device.Code
	reason string
}

func (r *refusal) Error() string { return r.reason }

// codes says what a status means to the till. Others are refusals of the device.
var codes = map[abecs.Status]device.Code{
	abecs.Timeout:           device.CardTimeout,
	abecs.Cancelled:         device.CustomerCancelled,
	abecs.NoCard:            device.CardRemoved,
	abecs.CardMute:          device.CardUnreadable,
	abecs.CardError:         device.CardUnreadable,
	abecs.CardProblems:      device.CardUnreadable,
	abecs.CardDataInvalid:   device.CardUnreadable,
	abecs.FallbackPermitted: device.CardUnreadable,
	abecs.NoApplication:     device.CardNotAccepted,
	abecs.ApplicationUnfit:  device.CardNotAccepted,
	abecs.CardBlocked:       device.CardBlocked,
	abecs.CardInvalidated:   device.CardBlocked,
	abecs.TapSeveral:        device.CardUnreadable,
	abecs.TapLost:           device.CardUnreadable,
	abecs.TapProblems:       device.CardUnreadable,
	abecs.TapInvalidated:    device.CardBlocked,
	abecs.TapNoApplication:  device.CardNotAccepted,
	abecs.TapUnfit:          device.CardNotAccepted,
	abecs.TapHolderActs:     device.CardNotAccepted,
	abecs.TapOtherWay:       device.CardNotAccepted,
}

// fault turns the end of a call into what the till understands.
func fault(op string, err error) *device.Fault {
	f := &device.Fault{Op: op, Code: device.DeviceRefused, Cause: err}
	var refused *abecs.StatusError
	var own *refusal
	switch {
	case errors.Is(err, errNotReady):
		f.Code, f.Retry = device.NotReady, true
	case errors.Is(err, errLost), isTrouble(err):
		f.Code, f.Retry = device.LinkLost, true
	case errors.Is(err, errCardGone):
		f.Code = device.LinkLost
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f.Code = device.TillCancelled
	case errors.As(err, &refused):
		f.Detail = refused.Status.String()
		if code, known := codes[refused.Status]; known {
			f.Code = code
		}
	case errors.As(err, &own):
		f.Code = own.code
	}
	return f
}
