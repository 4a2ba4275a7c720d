package escpos

import "fmt"

// Status is what a printer said of itself in real time (DLE EOT 1 to 4).
//
// Source: TM-U220 and TM-T88III manuals, DLE EOT.
type Status struct {
	// of AskPrinter
	Offline       bool
	DrawerPinHigh bool // whether that means open depends on the drawer's wiring
	// of AskOffline
	CoverOpen   bool
	ButtonFeed  bool
	PaperEnded  bool // printing was stopped by it
	ErrorStands bool
	// of AskError
	MechanicalError bool
	CutterError     bool
	Unrecoverable   bool
	AutoRecoverable bool // the head is hot, or the cover was opened while printing
	// of AskRoll
	PaperLow bool
	PaperOut bool
}

// Read takes the answer to one question. A byte that is no answer to DLE EOT is
// an error and changes nothing.
func (s *Status) Read(question Question, answer byte) error {
	if answer&0x93 != 0x12 {
		return fmt.Errorf("read status %d: %02Xh is no answer to DLE EOT", question, answer)
	}
	on := func(mask byte) bool { return answer&mask != 0 }
	switch question {
	case AskPrinter:
		s.DrawerPinHigh, s.Offline = on(0x04), on(0x08)
	case AskOffline:
		s.CoverOpen, s.ButtonFeed, s.PaperEnded, s.ErrorStands = on(0x04), on(0x08), on(0x20), on(0x40)
	case AskError:
		s.MechanicalError, s.CutterError, s.Unrecoverable, s.AutoRecoverable = on(0x04), on(0x08), on(0x20), on(0x40)
	case AskRoll:
		s.PaperLow, s.PaperOut = on(0x0C), on(0x60)
	default:
		return fmt.Errorf("read status %d: no such question", question)
	}
	return nil
}

// NoPaper says that the roll has ended, whichever sensor said so.
func (s Status) NoPaper() bool { return s.PaperOut || s.PaperEnded }
