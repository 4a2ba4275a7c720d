package simpinpad

// Events that CEX reports. Source: ABECS 2.20, PP_EVENT.
const (
	eventRemoved  = "91"
	eventInserted = "92"
)

// keyEvents are the keys that CEX reports; digits are none. Source: ABECS 2.20, PP_EVENT.
var keyEvents = map[key]string{keyOK: "00", keyClear: "08", keyCancel: "13"}

// Positions in SPE_CEXOPT. Source: ABECS 2.20, SPE_CEXOPT.
const (
	cexKeys = 1
	cexICC  = 3
)

// checkEvent is CEX: the first of the events asked for. Stripe and antenna, which
// this device lacks, never have one. Source: ABECS 2.20, CEX.
func (d *device) checkEvent(r request) ([][]byte, error) {
	d.tracks = nil
	d.keypad.listen()
	defer d.keypad.ignore()
	limit, limited := r.timeout(0)
	event := ""
	err := d.waitForHolder(limit, limited, func() bool {
		event = d.currentEvent(r)
		return event != ""
	})
	if err != nil {
		return nil, err
	}
	d.tracks = &keptTracks{}
	return packFields([]field{textField(ppEvent, event)})
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
	}
	return ""
}
