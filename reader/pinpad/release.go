package pinpad

import (
	"context"
	"errors"

	"balcao/reader/abecs"
)

// Release shows two lines of 16 characters until the card is out, then the idle
// text; without a card it returns at once. It waits as long as the customer does:
// when ctx ends the pinpad is left idle with the card in it. Every error is a
// [*device.Fault].
func (p *Pinpad) Release(ctx context.Context, lines [2]string) error {
	err := p.do(ctx, func(ctx context.Context, s *session) error {
		s.finishing = ""
		_, err := s.askOK(ctx, abecs.Remove(lines))
		if errors.Is(err, errLost) {
			return err
		}
		restErr := s.rest(context.WithoutCancel(ctx), p.config.Texts.Idle)
		if err == nil || errors.Is(restErr, errLost) {
			return restErr
		}
		return err
	})
	if err != nil {
		return fault("release card", err)
	}
	return nil
}
