package escpos

import (
	"fmt"

	"golang.org/x/text/encoding/charmap"

	"balcao/printer/receipt"
)

// Completion is the best word that a printer can give on a job.
type Completion int

// The ways of confirming, from none to the best.
const (
	Unconfirmed Completion = iota // nothing comes back once the job is sent
	ByStatus                      // GS r answers in order: the job was taken from the buffer
	ByProcessID                   // GS ( H answers when the job is printed
)

// Profile is a family of printers as data.
type Profile struct {
	Name  string
	Paper receipt.Profile
	// CodePage is the n of ESC t for Charset.
	CodePage byte
	Charset  *charmap.Charmap
	// FullCut and PartialCut feed to the cutter first.
	FullCut, PartialCut []byte
	// Pulse opens the drawer in its turn, PulseNow at once, even without paper.
	Pulse, PulseNow []byte
	// Answers says that there is a way back at all.
	Answers bool
	// Completion is the best that is worth trying.
	Completion Completion
}

// Dots across and columns of font A, at 203 dots per inch.
var (
	paper80 = receipt.Profile{Columns: 48, Dots: 576, DotsPerInch: 203}
	paper58 = receipt.Profile{Columns: 32, Dots: 384, DotsPerInch: 203}
)

// profiles holds every family. ESC t 2 is CP850 on nearly all printers sold in
// Brazil; the numbers of all other pages disagree between families.
var profiles = []Profile{
	epson("epson-80", paper80, true),
	epson("epson-58", paper58, true),
	epson("generic-80", paper80, false),
	epson("generic-58", paper58, false),
}

// epson is the command set that all families here share.
func epson(name string, paper receipt.Profile, answers bool) Profile {
	profile := Profile{
		Name: name, Paper: paper, CodePage: 2, Charset: charmap.CodePage850,
		FullCut: []byte{gs, 'V', 'A', 0}, PartialCut: []byte{gs, 'V', 'B', 0},
		// Pin 2, 50 ms on and 500 ms off, in units of 2 ms; the real-time command
		// counts in 100 ms.
		Pulse: []byte{esc, 'p', 0, 0x19, 0xFA}, PulseNow: []byte{dle, dc4, 1, 0, 1},
		Answers: answers,
	}
	if answers {
		profile.Completion = ByProcessID
	}
	return profile
}

// ProfileNamed finds a family: "epson-80" and "epson-58" for printers that answer,
// "generic-80" and "generic-58" for those that only listen.
func ProfileNamed(name string) (Profile, error) {
	names := make([]string, 0, len(profiles))
	for _, profile := range profiles {
		if profile.Name == name {
			return profile, nil
		}
		names = append(names, profile.Name)
	}
	return Profile{}, fmt.Errorf("no printer profile %q; known are %q", name, names)
}
