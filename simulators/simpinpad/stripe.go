package simpinpad

import "errors"

// chipStatus is PP_ICCSTAT: what became of the last chip. A till lets a card be
// swiped that has a chip only if that failed. Source: ABECS 2.20, PP_ICCSTAT.
type chipStatus string

const (
	chipGood     chipStatus = "0"
	chipFailed   chipStatus = "1"
	chipNoCommon chipStatus = "2"
)

// after gives what a GCX that ended with err leaves behind. One that was aborted
// said nothing of a chip, so that the status before it stands.
func (c chipStatus) after(err error) chipStatus {
	switch {
	case errors.Is(err, errAborted), errors.Is(err, errStopped):
		return c
	case errors.Is(err, statusNoApplication):
		return chipNoCommon
	case errors.Is(err, statusChipMute), errors.Is(err, statusChipError), errors.Is(err, statusFallback):
		return chipFailed
	}
	return chipGood
}

// readStripe gives a swiped card's tracks. A swipe that could not be read is no
// error: the answer just has none. Source: ABECS 2.20, GCX, magnetic card.
func (d *device) readStripe(card *Card, r request) ([][]byte, error) {
	d.screen.clear()
	fields := []field{textField(ppCardType, cardTypeStripe), textField(ppChipStatus, string(d.chipStatus))}
	return packFields(append(fields, d.swipe(card, r.text(spePANMask))...))
}

// swipe keeps the tracks for GTK and gives them truncated.
func (d *device) swipe(card *Card, mask string) []field {
	d.tracks = &keptTracks{}
	if card.StripeUnreadable {
		return nil
	}
	d.tracks = &keptTracks{pan: card.PAN, track1: card.track1(), track2: card.track2()}
	return []field{
		textField(ppTrack1Masked, maskedTrack1(card.track1(), mask)),
		textField(ppTrack2Masked, maskedTrack2(card.track2(), mask)),
	}
}
