package simpinpad

import (
	"errors"
	"time"
)

// Events that CEX reports. Source: ABECS 2.20, PP_EVENT.
const (
	eventSwiped   = "90"
	eventRemoved  = "91"
	eventInserted = "92"
	eventNoTap    = "93"
	eventTapped   = "94"
)

// keyEvents are the keys that CEX reports; digits are none. Source: ABECS 2.20, PP_EVENT.
var keyEvents = map[key]string{keyOK: "00", keyClear: "08", keyCancel: "13"}

// Positions in SPE_CEXOPT. Source: ABECS 2.20, SPE_CEXOPT.
const (
	cexKeys    = 1
	cexStripe  = 2
	cexICC     = 3
	cexAntenna = 4
)

// checkEvent is CEX: the first of the events asked for. An antenna that this device
// lacks never has one. Source: ABECS 2.20, CEX.
func (d *device) checkEvent(r request) ([][]byte, error) {
	d.tracks = nil
	d.keypad.listen()
	defer d.keypad.ignore()
	d.look(r.option(speCEXOptions, cexStripe) == '1', d.antenna && r.option(speCEXOptions, cexAntenna) == '1')
	defer d.lookAway()
	event := ""
	err := d.waitForEvent(r, func() bool {
		event = d.currentEvent(r)
		return event != ""
	})
	if errors.Is(err, errNoTap) {
		event, err = eventNoTap, nil
	}
	if err != nil {
		d.shown = nil
		return nil, err
	}
	d.tracks = &keptTracks{}
	fields := []field{textField(ppEvent, event)}
	if event == eventSwiped {
		fields = append(fields, d.swipe(d.shown.card, r.text(spePANMask))...)
	}
	if event != eventTapped {
		d.shown = nil
	}
	return packFields(fields)
}

// errNoTap says that the antenna has waited as long as it may.
var errNoTap = errors.New("no card came near the antenna")

// waitForEvent waits as long as the till says, and no longer than the antenna may.
func (d *device) waitForEvent(r request, ready func() bool) error {
	limit, limited := r.timeout(0)
	if !d.antennaOn || limited && limit < antennaTime {
		return d.waitForHolder(limit, limited, ready)
	}
	err := d.waitUntil(time.Now().Add(antennaTime), ready)
	if errors.Is(err, errTimeout) {
		return errNoTap
	}
	return err
}

func (d *device) currentEvent(r request) string {
	for pressed, ok := d.keypad.next(); ok; pressed, ok = d.keypad.next() {
		if event := keyEvents[pressed]; event != "" && r.option(speCEXOptions, cexKeys) == '1' {
			return event
		}
	}
	switch option := r.option(speCEXOptions, cexICC); {
	case option == '1' && d.slot != nil:
		return eventInserted
	case option == '2' && d.slot == nil:
		return eventRemoved
	case d.seen() && d.shown.way == swiped:
		return eventSwiped
	case d.seen():
		return eventTapped
	}
	return ""
}
