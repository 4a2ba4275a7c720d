package abecs

import (
	"fmt"

	"balcao/terminal/card"
)

// Values of GTK. Method 50 is DUKPT TDES with the data variant of the key, ECB.
const (
	panAndTrack2 = "1010" // SPE_TRACKS: PAN, track 1, track 2, track 3
	dukptECB     = "50"
	noOpenDigits = "0"
	cipherBlock  = 8 // TDES, bytes
)

// GetTracks is GTK: PAN and track 2 of the card just read, sealed under the DUKPT
// data key of a slot. A GTK without a method would answer in clear; this type
// always sends one.
type GetTracks struct {
	Slot int // 0 to 99
}

// Command encodes the request.
func (g GetTracks) Command() (Command, error) {
	return Parameters{
		{ID: SPETracks, Value: []byte(panAndTrack2)},
		{ID: SPEDataMethod, Value: []byte(dukptECB)},
		{ID: SPEOpenDigits, Value: []byte(noOpenDigits)},
		{ID: SPEKeySlot, Value: fmt.Appendf(nil, "%02d", g.Slot)},
	}.Command(GTK)
}

// ParseTracks reads the answer to g: the PAN, if the pinpad gave it (chip only),
// and track 2, if the card has one. Items without a KSN, or of a length that no
// cipher makes, came in clear and are refused.
func (g GetTracks) ParseTracks(response Response) ([]card.Sealed, error) {
	list, err := response.Parameters()
	if err != nil {
		return nil, err
	}
	var items []card.Sealed
	for _, part := range []struct {
		kind      card.Kind
		data, ksn ParameterID
	}{
		{card.PAN, PPSealedPAN, PPSealedPANKSN},
		{card.Track2, PPTrack2, PPTrack2KSN},
	} {
		item, err := g.parseItem(list, part.kind, part.data, part.ksn)
		if err != nil {
			return nil, fmt.Errorf("read sealed %s: %w", part.kind, err)
		}
		if item.Data != "" {
			items = append(items, item)
		}
	}
	return items, nil
}

func (g GetTracks) parseItem(list Parameters, kind card.Kind, dataID, ksnID ParameterID) (card.Sealed, error) {
	data, found, err := list.value(dataID)
	if err != nil || !found || len(data) == 0 {
		return card.Sealed{}, err
	}
	ksn, err := list.sharedKSN(ksnID)
	if err != nil {
		return card.Sealed{}, err
	}
	if len(data)%cipherBlock != 0 {
		return card.Sealed{}, fmt.Errorf("%s: %d bytes are no ciphertext", dataID, len(data))
	}
	return card.Sealed{
		Kind: kind, Scheme: card.DUKPTECB, KeySlot: g.Slot,
		KSN: fmt.Sprintf("%X", ksn), Data: fmt.Sprintf("%X", data),
	}, nil
}

// sharedKSN answers the KSN of one field. All fields of an ECB answer are sealed
// under one key, so a pinpad may name it with the first field only.
func (p Parameters) sharedKSN(own ParameterID) ([]byte, error) {
	for _, id := range []ParameterID{own, PPSealedPANKSN, PPTrack2KSN} {
		if ksn, found, err := p.value(id); found {
			return ksn, err
		}
	}
	return nil, fmt.Errorf("%s is missing: the field is not sealed", own)
}
