package simpinpad

import (
	"context"
	"errors"
	"fmt"
)

// A way is how a card is shown to the pinpad, the slot aside.
type way string

const (
	swiped way = "swipe"
	tapped way = "tap"
)

// A presentation is a card before a reader. A reader looks at it once.
type presentation struct {
	card *Card
	way  way
}

// look switches the stripe reader and the antenna on. A card that CEX found in the
// field is still there for GCX; everything else that was shown is over by then.
func (d *device) look(stripe, antenna bool) { d.stripeOn, d.antennaOn = stripe, antenna }

func (d *device) lookAway() { d.stripeOn, d.antennaOn = false, false }

// wants says whether a reader waits for a card shown that way.
func (d *device) wants(w way) bool {
	return d.shown == nil && (w == swiped && d.stripeOn || w == tapped && d.antennaOn)
}

// seen says whether a reader has a card to look at.
func (d *device) seen() bool {
	return d.shown != nil && (d.shown.way == swiped || d.antennaOn)
}

// showCard swipes or taps a card as soon as the pinpad asks for one: a customer
// holds it out until then.
func (d *device) showCard(ctx context.Context, words []string) (string, error) {
	words, limit := splitLimit(words)
	if len(words) != 2 {
		return "", fmt.Errorf("usage: %s", cardUsage)
	}
	card, err := loadCard(d.cardsDir, words[1])
	if err != nil {
		return "", err
	}
	shown := &presentation{card: card, way: way(words[0])}
	if shown.way == tapped && card.Contactless == nil {
		return "", fmt.Errorf("%s has no antenna", card)
	}
	unwanted := fmt.Errorf("the pinpad does not ask for a card to %s", shown.way)
	err = d.await(ctx, limit, func() bool { return d.wants(shown.way) }, func() error { return unwanted })
	if err != nil {
		return "", err
	}
	return d.do(ctx, func() (string, error) {
		if !d.wants(shown.way) {
			return "", unwanted // it stopped asking in between
		}
		d.shown = shown
		return "", nil
	})
}

// takeCard takes the card out of the slot, or away from the antenna.
func (d *device) takeCard() (string, error) {
	if d.slot == nil && d.shown == nil {
		return "", errors.New("no card in the slot")
	}
	d.slot, d.shown, d.pin = nil, nil, ""
	return "", nil
}
