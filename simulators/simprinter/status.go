package simprinter

// status is the condition of the device as its sensors see it.
type status struct {
	paperOut, nearEnd, coverOpen, jammed, drawerOpen bool
	// openIsHigh is the wiring of the drawer's switch.
	openIsHigh bool
}

// offline says that the printer does not print.
func (s status) offline() bool { return s.paperOut || s.coverOpen || s.jammed }

// pinHigh is the level of pin 3 of the drawer's plug.
func (s status) pinHigh() bool { return s.drawerOpen == s.openIsHigh }

// bit is the mask if the condition holds.
func bit(condition bool, mask byte) byte {
	if condition {
		return mask
	}
	return 0
}

// realTime is the answer to DLE EOT n, n from 1 to 4: printer, cause of being
// offline, cause of the error, roll sensor. Bits 1 and 4 are always set.
func (s status) realTime(n byte) byte {
	const always = 0x12
	switch n {
	case 1:
		return always | bit(s.pinHigh(), 0x04) | bit(s.offline(), 0x08)
	case 2:
		return always | bit(s.coverOpen, 0x04) | bit(s.paperOut, 0x20) | bit(s.jammed, 0x40)
	case 3:
		return always | bit(s.jammed, 0x08)
	default:
		return always | bit(s.nearEnd, 0x0C) | bit(s.paperOut, 0x60)
	}
}

// automatic is the block of Automatic Status Back. Bit 4 of the first byte tells
// it from all other answers; the last byte is reserved and 0Fh on a TM-T90.
func (s status) automatic() [4]byte {
	return [4]byte{
		0x10 | bit(s.pinHigh(), 0x04) | bit(s.offline(), 0x08) | bit(s.coverOpen, 0x20),
		bit(s.jammed, 0x08),
		bit(s.nearEnd, 0x03) | bit(s.paperOut, 0x0C),
		0x0F,
	}
}

// queued is the answer to GS r n, n 1 for the roll and 2 for the drawer.
func (s status) queued(n byte) byte {
	if n == 2 {
		return bit(s.pinHigh(), 0x01)
	}
	return bit(s.nearEnd, 0x03) | bit(s.paperOut, 0x0C)
}

// offlineCauses is the second byte of the offline response, 40h to 7Fh. The
// sources give only that range: which bit is which is this printer's choice.
func (s status) offlineCauses() byte {
	return 0x40 | bit(s.coverOpen, 0x04) | bit(s.jammed, 0x08) | bit(s.paperOut, 0x20)
}

// reports are what the host asked to be told unasked.
type reports struct {
	// automatic is the argument of GS a; 0 is none.
	automatic byte
	// sent is the last block that left.
	sent [4]byte
	// offline is set by GS ( H: a response when the printer goes offline.
	offline bool
}

// watched are the bits of the block whose change is reported: bit 0 of the
// argument of GS a stands for the drawer, 1 for on- and offline, 2 for errors, 3
// for the roll.
func (r reports) watched() [4]byte {
	return [4]byte{
		bit(r.automatic&0x01 != 0, 0x04) | bit(r.automatic&0x02 != 0, 0x28),
		bit(r.automatic&0x04 != 0, 0x08),
		bit(r.automatic&0x08 != 0, 0x0F),
		0,
	}
}

// change alters the condition of the device and tells whoever wants to know.
func (p *Printer) change(alter func(*status)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changeLocked(alter)
}

func (p *Printer) changeLocked(alter func(*status)) {
	before := p.status
	alter(&p.status)
	if p.cable.powered {
		p.reportLocked(before)
	}
	p.changed.Broadcast()
}

// reportLocked sends the unasked answers that a change from before calls for.
func (p *Printer) reportLocked(before status) {
	block := p.status.automatic()
	for i, mask := range p.reports.watched() {
		if (block[i]^p.reports.sent[i])&mask != 0 {
			p.sendLocked(block[:])
			p.reports.sent = block
			break
		}
	}
	if p.reports.offline && p.status.offline() && !before.offline() {
		p.sendLocked([]byte{0x37, 0x23, p.status.offlineCauses(), 0})
	}
}

// subscribe is GS a n. Any bit sends the block at once.
func (p *Printer) subscribe(n byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports.automatic, p.reports.sent = n, p.status.automatic()
	if n != 0 {
		p.sendLocked(p.reports.sent[:])
	}
}

// unsubscribe ends everything unasked, as ESC @ does.
func (p *Printer) unsubscribe() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports = reports{}
}

// A Kick is one pulse for the drawer: pin 2 or 5 of the plug, milliseconds on and
// off, and whether it came by a real-time command.
type Kick struct {
	Pin             int  `json:"pin"`
	OnMilliseconds  int  `json:"on_ms"`
	OffMilliseconds int  `json:"off_ms"`
	RealTime        bool `json:"real_time"`
}

// kicksMax bounds the pulses kept for one paper.
const kicksMax = 1000

// kickLocked opens the drawer.
func (p *Printer) kickLocked(kick Kick) {
	if len(p.kicks) < kicksMax {
		p.kicks = append(p.kicks, kick)
	}
	p.kicksTotal++
	p.changeLocked(func(s *status) { s.drawerOpen = true })
}

// printed counts lines against the end of the roll.
func (p *Printer) printed(lines int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.linesLeft == 0 {
		return
	}
	p.linesLeft = max(0, p.linesLeft-lines)
	if p.linesLeft == 0 {
		p.changeLocked(func(s *status) { s.paperOut = true })
	}
}

// awaitCutter waits until the knife moves, and says whether it did: not if the
// printer is switched off or told to forget first.
func (p *Printer) awaitCutter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jamAtCut {
		p.jamAtCut = false
		p.changeLocked(func(s *status) { s.jammed = true })
	}
	for p.status.jammed {
		if p.cable.stopped || p.discard || p.restart {
			return false
		}
		p.changed.Wait()
	}
	return true
}
