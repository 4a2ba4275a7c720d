package simprinter

// What the printer says about itself: it plays an Epson TM-T20X.
const (
	modelNumber = 0x20
	// typeFeatures has bit 1 set: there is a cutter, and no two-byte characters.
	typeFeatures = 0x02
	romVersion   = 0x01
)

// identities are the texts of GS I 65 to 69: firmware, maker, model, serial number
// and the language of the fonts, of which there is none but the plain one.
var identities = map[byte]string{65: "1.00", 66: "EPSON", 67: "TM-T20X", 68: "SIM0000001", 69: ""}

// identity is GS I n: one byte for 1 to 3, 5Fh text 00h for 65 to 69.
func (i *interpreter) identity(data []byte) {
	numbers := map[byte]byte{1: modelNumber, 2: typeFeatures, 3: romVersion}
	n := data[0]
	if n >= '1' && n <= '3' {
		n -= '0'
	}
	if number, known := numbers[n]; known {
		i.printer.send([]byte{number})
		return
	}
	text, known := identities[n]
	if !known {
		i.defect("GS I %d: this printer has no such answer", n)
		return
	}
	i.printer.send(append(append([]byte{0x5F}, text...), 0))
}

// automaticStatus is GS a n.
func (i *interpreter) automaticStatus(data []byte) { i.printer.subscribe(data[0]) }

// queuedStatus is GS r n: its answer means that all before it was taken.
func (i *interpreter) queuedStatus(data []byte) {
	sensor, valid := i.choose("GS r", data[0], 2)
	if !valid || sensor == 0 {
		i.warn("GS r %d is not answered", data[0])
		return
	}
	i.printer.mu.Lock()
	defer i.printer.mu.Unlock()
	i.printer.sendLocked([]byte{i.printer.status.queued(byte(sensor))})
}

// confirm is GS ( H fn m …: 48 answers its process id when all before it is
// printed, 49 asks for a response on going offline.
func (i *interpreter) confirm(body []byte) {
	const processID, offlineResponse = 48, 49
	switch {
	case body[0] == processID && len(body) == 6:
		for _, b := range body[2:] {
			if b < ' ' || b > '~' {
				i.defect("GS ( H: a process id is written in 20h to 7Eh")
				return
			}
		}
		i.printer.send(append(append([]byte{0x37, 0x22}, body[2:]...), 0))
	case body[0] == offlineResponse && len(body) == 3:
		i.printer.reportOffline(body[2] != 0 && body[2] != '0')
	default:
		i.defect("GS ( H function %d with %d bytes does not exist", body[0], len(body))
	}
}

// reportOffline switches the offline response.
func (p *Printer) reportOffline(wanted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports.offline = wanted
}

// realTimeSwitch is GS ( D 20 a b…: a 1 allows or forbids to kick the drawer by
// DLE DC4.
func (i *interpreter) realTimeSwitch(body []byte) {
	const setting, kickFunction = 20, 1
	if body[0] != setting {
		i.defect("GS ( D %d does not exist", body[0])
		return
	}
	for pairs := body[1:]; len(pairs) >= 2; pairs = pairs[2:] {
		if pairs[0] == kickFunction {
			i.printer.allowKick(pairs[1]&1 != 0)
		}
	}
}

func (p *Printer) allowKick(allowed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kickDisabled = !allowed
}

// kick is ESC p m t1 t2, in steps of two milliseconds.
func (i *interpreter) kick(data []byte) {
	if _, valid := i.choose("ESC p", data[0], 1); !valid {
		return
	}
	on, off := 2*int(data[1]), 2*int(data[2])
	if on >= off {
		i.defect("ESC p: on for %d ms and off for %d; the drawer's coil wants longer off than on", on, off)
	}
	i.printer.mu.Lock()
	defer i.printer.mu.Unlock()
	i.printer.kickLocked(Kick{Pin: drawerPin(data[0]), OnMilliseconds: on, OffMilliseconds: off})
}
