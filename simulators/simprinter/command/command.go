// Package command cuts the byte stream of an ESC/POS host into commands.
//
// It knows how long every command is, not what it does: nothing is printed,
// answered or remembered here. Start with [Framer], which is fed one byte at a
// time; [Lane] watches the same bytes for the commands that act on arrival.
// Facts: Epson's ESC/POS command list and its framing rules; which length a
// command has depends on its own bytes alone, never on what came before it.
package command

import (
	"fmt"
	"slices"
)

// Lead bytes: each opens commands of two bytes and more.
const (
	dle = 0x10
	esc = 0x1B
	fs  = 0x1C
	gs  = 0x1D
)

// DataMax is how many bytes of one command are kept: the tallest legal raster,
// 4607 rows of 128 bytes, fits. What is longer is still framed, but not stored.
const DataMax = 1 << 20

// Text is the name of a command that is one character to print.
const Text = "text"

// A Command is one complete unit of the stream.
//
// Name is Epson's: "ESC t", "GS k", "LF", or [Text]. Data holds what follows the
// bytes of the name, for Text the character itself, for a control byte without a
// meaning ("control") that byte. It is valid until the next Feed.
type Command struct {
	Name string
	Data []byte
	// Known is false if no printer of this kind has the command. Only the bytes
	// of its name were taken then, as the real thing does: the parameters print.
	Known bool
	// Cut says that the command was longer than DataMax.
	Cut bool
	// Length counts all bytes of the command, the name's included.
	Length int
}

// A Framer collects bytes until they make a command. The zero value is ready.
type Framer struct {
	lead byte
	name string
	size shape
	data []byte
	// got counts the bytes after the name; need is how many there must be before
	// the size is asked again.
	got, need int
}

// Feed takes the next byte and returns the command that it completes, if any.
func (f *Framer) Feed(b byte) (Command, bool) {
	switch {
	case f.size != nil:
		return f.collect(b)
	case f.lead != 0:
		return f.open(b)
	case b == esc || b == gs || b == fs || b == dle:
		f.lead = b
		return Command{}, false
	default:
		f.data = append(f.data[:0], b)
		name, known := singleName(b)
		return Command{Name: name, Data: f.data, Known: known, Length: 1}, true
	}
}

// Inside says that a command has begun and is not complete.
func (f *Framer) Inside() bool { return f.lead != 0 }

// RealTime says that the command under way began with DLE.
func (f *Framer) RealTime() bool { return f.lead == dle }

// Reset forgets the command under way.
func (f *Framer) Reset() { *f = Framer{data: f.data[:0]} }

// open takes the second byte, which with the first names the command.
func (f *Framer) open(b byte) (Command, bool) {
	name := commandName(f.lead, b)
	size, known := shapes[f.lead][b]
	if !known {
		f.data = append(f.data[:0], f.lead, b)
		f.lead = 0
		return Command{Name: name, Data: f.data, Length: 2}, true
	}
	f.name, f.size, f.data, f.got = name, size, f.data[:0], 0
	f.need = size(nil)
	return f.finish()
}

// collect takes one byte of parameters or data.
func (f *Framer) collect(b byte) (Command, bool) {
	f.got++
	if len(f.data) < DataMax {
		f.data = append(f.data, b)
	}
	if f.got == f.need && len(f.data) == f.got {
		f.need = f.size(f.data)
	}
	return f.finish()
}

// finish returns the command if nothing is missing.
func (f *Framer) finish() (Command, bool) {
	if f.got < f.need {
		return Command{}, false
	}
	done := Command{Name: f.name, Data: f.data, Known: true, Cut: len(f.data) < f.got, Length: 2 + f.got}
	f.lead, f.name, f.size = 0, "", nil
	return done, true
}

var leadNames = map[byte]string{dle: "DLE", esc: "ESC", fs: "FS", gs: "GS"}

// dleNames are the second bytes that manuals write as control characters.
var dleNames = map[byte]string{0x04: "EOT", 0x05: "ENQ", 0x14: "DC4"}

func commandName(lead, second byte) string {
	if name, named := dleNames[second]; named && lead == dle {
		return "DLE " + name
	}
	if second == ' ' {
		return leadNames[lead] + " SP"
	}
	if second > ' ' && second < 0x7F {
		return leadNames[lead] + " " + string(rune(second))
	}
	return fmt.Sprintf("%s %02Xh", leadNames[lead], second)
}

// singles are the control characters with a meaning of their own.
var singles = map[byte]string{0x00: "NUL", 0x09: "HT", 0x0A: "LF", 0x0C: "FF", 0x0D: "CR", 0x18: "CAN"}

func singleName(b byte) (name string, known bool) {
	if name, known := singles[b]; known {
		return name, true
	}
	if b < ' ' || b == 0x7F {
		return "control", false
	}
	return Text, true
}

// Names lists every command that the framer knows, sorted, for the tests that
// keep other tables in step with this one.
func Names() []string {
	names := []string{Text}
	for _, name := range singles {
		names = append(names, name)
	}
	for lead, seconds := range shapes {
		for second := range seconds {
			names = append(names, commandName(lead, second))
		}
	}
	slices.Sort(names)
	return names
}
