package simprinter

import (
	"crypto/sha256"
	"fmt"
	"hash"

	"balcao/simulators/simprinter/command"
	"balcao/simulators/simprinter/paper"
)

// remarksMax bounds the defects, and the warnings, kept for one paper: a stream
// that is no ESC/POS at all would have one for every other byte.
const remarksMax = 200

// An interpreter does what the bytes say. It is the part of the firmware behind
// the receive buffer and belongs to the goroutine that prints.
type interpreter struct {
	printer *Printer
	folder  *folder
	glyphs  *paper.Glyphs

	framer command.Framer
	mode   mode
	// line is what was not printed yet, position where its next mark goes.
	line     paper.Line
	position int
	// code is the data of the QR store, stored the picture of GS ( L.
	code   []byte
	stored paper.Dots

	sheet  *paper.Sheet
	record Record
	digest hash.Hash
	// command is where the command under way began, in bytes of this paper.
	command int
}

// newInterpreter begins the first paper with the settings of power on.
func newInterpreter(printer *Printer, folder *folder) (*interpreter, error) {
	glyphs, err := paper.NewGlyphs()
	if err != nil {
		return nil, err
	}
	i := &interpreter{printer: printer, folder: folder, glyphs: glyphs}
	i.restart()
	i.newPaper()
	return i, nil
}

// newPaper begins the paper below the cut.
func (i *interpreter) newPaper() {
	i.sheet, i.digest = paper.NewSheet(), sha256.New()
	i.record = Record{Defects: []Remark{}, Warnings: []Remark{}}
}

// restart is what is left after the power was off: nothing but the paper.
func (i *interpreter) restart() {
	i.mode = powerOn()
	i.discard()
}

// discard forgets the command, the line and the pictures under way.
func (i *interpreter) discard() {
	i.framer.Reset()
	i.startLine()
	i.code, i.stored = nil, paper.Dots{}
}

// midLine says that something waits for the end of its line.
func (i *interpreter) midLine() bool { return len(i.line.Marks) > 0 }

// feed takes one byte out of the receive buffer.
func (i *interpreter) feed(b byte) {
	i.digest.Write([]byte{b})
	i.record.Bytes++
	if done, complete := i.framer.Feed(b); complete {
		i.execute(done)
	}
}

// execute does what one command says.
func (i *interpreter) execute(done command.Command) {
	i.command = i.record.Bytes - done.Length
	if done.Name != command.Text {
		i.record.Commands++
	}
	if !i.mode.selected && done.Name != "ESC =" {
		return
	}
	act, modelled := actions[done.Name]
	switch {
	case !done.Known && len(done.Data) == 1:
		i.defect("the control character %02Xh does nothing on this printer", done.Data[0])
	case !done.Known:
		i.defect("%s (% X) is no command of this printer: what follows it prints as text", done.Name, done.Data)
	case done.Cut:
		i.defect("%s is longer than %d bytes and is ignored", done.Name, command.DataMax)
	case !modelled:
		i.warn("%s is accepted and does nothing here", done.Name)
	default:
		act(i, done.Data)
	}
}

// actions is the greppable table of what every command does. A command that is
// framed but missing here leaves a warning in the record.
var actions = map[string]func(i *interpreter, data []byte){
	command.Text: (*interpreter).character,
	"LF":         (*interpreter).lineFeed,
	"HT":         (*interpreter).tab,
	"CR":         ignore, "NUL": ignore, "CAN": ignore, "FF": ignore,

	"ESC @": (*interpreter).initialise,
	"ESC =": (*interpreter).selectDevice,
	"ESC t": (*interpreter).codePage,
	"ESC R": (*interpreter).country,
	"FS .":  ignore, // there is no Kanji mode to cancel
	"ESC c": ignore, // sensors and buttons of the panel

	"ESC !": (*interpreter).printMode,
	"ESC E": (*interpreter).bold,
	"ESC G": (*interpreter).doubleStrike,
	"ESC -": (*interpreter).underline,
	"ESC M": (*interpreter).font,
	"ESC V": (*interpreter).turn,
	"ESC {": (*interpreter).upsideDown,
	"GS !":  (*interpreter).size,
	"GS B":  (*interpreter).invert,

	"ESC 2":  (*interpreter).defaultSpacing,
	"ESC 3":  (*interpreter).spacing,
	"ESC D":  (*interpreter).tabStops,
	"ESC a":  (*interpreter).align,
	"ESC d":  (*interpreter).feedLines,
	"ESC J":  (*interpreter).feedDots,
	"ESC $":  (*interpreter).moveTo,
	"ESC \\": (*interpreter).moveBy,
	"GS L":   (*interpreter).leftMargin,
	"GS W":   (*interpreter).areaWidth,

	"ESC *": (*interpreter).columnImage,
	"GS v":  (*interpreter).raster,
	"GS 8":  (*interpreter).longGraphics,
	"GS (":  (*interpreter).family,
	"GS h":  (*interpreter).barcodeHeight,
	"GS w":  (*interpreter).barcodeModule,
	"GS H":  (*interpreter).captionPosition,
	"GS f":  (*interpreter).captionFont,
	"GS k":  (*interpreter).barcode,

	"GS V":  (*interpreter).cut,
	"ESC i": (*interpreter).cutFull,
	"ESC m": (*interpreter).cutPartial,
	"ESC p": (*interpreter).kick,

	"GS a": (*interpreter).automaticStatus,
	"GS r": (*interpreter).queuedStatus,
	"GS I": (*interpreter).identity,

	"DLE EOT": (*interpreter).lateRequest,
	"DLE ENQ": (*interpreter).lateRequest,
	"DLE DC4": (*interpreter).lateRequest,
}

// ignore is for commands that change nothing on this printer.
func ignore(*interpreter, []byte) {}

// lateRequest meets a real-time command that the receiving side did not know: its
// argument is none of those that act.
func (i *interpreter) lateRequest(data []byte) {
	i.defect("a real-time command with argument % X does not exist", data)
}

// initialise is ESC @: modes and the line under way are gone, the receive buffer
// and the paper are not.
func (i *interpreter) initialise([]byte) {
	i.restart()
	i.printer.unsubscribe()
}

// selectDevice is ESC = n, bit 0 for the printer.
func (i *interpreter) selectDevice(data []byte) { i.mode.selected = data[0]&1 != 0 }

// defect notes something that the real thing would print wrongly or ignore.
func (i *interpreter) defect(format string, arguments ...any) {
	i.record.Defects = append(i.record.Defects, i.remark(len(i.record.Defects), format, arguments)...)
}

// warn notes something legal that comes out otherwise than its author may think.
func (i *interpreter) warn(format string, arguments ...any) {
	i.record.Warnings = append(i.record.Warnings, i.remark(len(i.record.Warnings), format, arguments)...)
}

// remark is the note to add when there are count of its kind, none beyond the limit.
func (i *interpreter) remark(count int, format string, arguments []any) []Remark {
	if count >= remarksMax {
		return nil
	}
	return []Remark{{Offset: i.command, Text: fmt.Sprintf(format, arguments...)}}
}

// choose reads a parameter that is a small number or its digit, as most are.
func (i *interpreter) choose(name string, value byte, highest int) (choice int, valid bool) {
	choice = int(value)
	if value >= '0' {
		choice -= '0'
	}
	if choice > highest {
		i.defect("%s %d is out of range and ignored", name, value)
		return 0, false
	}
	return choice, true
}

// word reads a 16-bit parameter, low byte first.
func word(data []byte) int { return int(data[0]) | int(data[1])<<8 }
