// Package escpos turns pages into ESC/POS commands and a printer's bytes into
// answers.
//
// It is no driver: it opens nothing, waits for nothing and remembers nothing but
// the style of the line it writes; package printer does. Start with [Encode] for
// what is sent and [Decoder] for what comes back; [Profile] is what differs
// between printers. The library hennedo/escpos writes a few commands behind a
// small interface, in builds with cgo; the rest is ours.
//
// Facts: Epson's ESC/POS command list; manuals of TM-T88III (identification of
// transmitted data, GS ( H) and TM-U220 (DLE EOT).
package escpos

import (
	"bytes"

	"balcao/printer/receipt"
	"balcao/terminal/catalog"
)

// Control characters that begin commands, or are one.
const (
	lf  = 0x0A
	dle = 0x10
	dc4 = 0x14
	esc = 0x1B
	fs  = 0x1C
	gs  = 0x1D
)

// Report is what became of a page on its way to bytes.
type Report struct {
	// Replaced counts characters that the code page lacks, printed as question
	// marks or without their accent.
	Replaced int
	// ProcessID is what the printer will answer, if the profile asks for it.
	ProcessID [4]byte
}

// barcodeMillimetres is the height of a barcode: low enough to save paper, high
// enough for a hand scanner.
const barcodeMillimetres = 8

// Encode writes a page as one job: set-up, rows, and at the end the question
// whether it was printed, as the profile's Completion says. mark names this
// sending among all others; its process id is [ProcessID] of it.
//
// No text can become a command: from rows only bytes from 20h on get through, 7Fh
// excepted. The bytes 10h 04h, 10h 05h and 10h 14h, real-time commands wherever
// they stand, appear in no picture.
func Encode(page receipt.Page, profile Profile, mark string) ([]byte, Report) {
	made := bytes.NewBuffer(make([]byte, 0, jobSizeUsual))
	encoder := &encoder{out: newOutput(made), profile: profile}
	encoder.setUp()
	for _, row := range page.Rows {
		encoder.row(row)
	}
	encoder.completion(mark)
	encoder.settle()
	return made.Bytes(), encoder.report
}

// jobSizeUsual avoids growing the buffer for nearly every receipt, in bytes.
const jobSizeUsual = 4096

// output takes bytes and the commands that a library may write. It begins with
// ESC @ and grows a buffer in memory, so nothing of it can fail.
type output interface {
	Raw(data []byte)
	Feed(lines uint8)
	// EAN13 prints bars of a height in dots with their digits below.
	EAN13(digits string, height uint8)
}

// encoder knows the style that the printer is in, so as not to set it again.
type encoder struct {
	out     output
	profile Profile
	report  Report

	pending []byte // raw bytes that out has not got yet
	align   receipt.Align
	double  bool
	bold    bool
}

func (e *encoder) raw(data ...byte) { e.pending = append(e.pending, data...) }

// settle hands pending bytes over, before any other command and at the end.
func (e *encoder) settle() {
	e.out.Raw(e.pending)
	e.pending = e.pending[:0]
}

// setUp makes the printer's memory and switches irrelevant: no Kanji mode, which
// pairs bytes from 80h on, our code page, and the country whose $ is a $.
func (e *encoder) setUp() {
	e.raw(fs, '.', esc, 't', e.profile.CodePage, esc, 'R', 0)
}

func (e *encoder) row(row receipt.Row) {
	switch row := row.(type) {
	case receipt.Text:
		e.text(row)
	case receipt.Space:
		e.feed(row.Lines)
	case receipt.Barcode:
		e.barcode(row)
	case receipt.QRCode:
		e.qr(row)
	case receipt.Image:
		e.aligned(receipt.Centre)
		e.pending = appendRaster(e.pending, row)
	case receipt.Cut:
		cut := e.profile.PartialCut
		if row.Full {
			cut = e.profile.FullCut
		}
		e.raw(cut...)
	case receipt.Pulse:
		e.raw(e.profile.Pulse...)
	}
}

func (e *encoder) text(row receipt.Text) {
	e.aligned(row.Align)
	if row.Double != e.double {
		e.double = row.Double
		e.raw(gs, '!', 0x11*flag(row.Double))
	}
	for _, run := range row.Runs {
		if run.Bold != e.bold && run.Text != "" {
			e.bold = run.Bold
			e.raw(esc, 'E', flag(run.Bold))
		}
		var replaced int
		e.pending, replaced = appendText(e.pending, run.Text, e.profile.Charset)
		e.report.Replaced += replaced
	}
	e.raw(lf)
}

// aligned sets the alignment of the line that begins.
func (e *encoder) aligned(align receipt.Align) {
	if align != e.align {
		e.align = align
		e.raw(esc, 'a', byte(align))
	}
}

func (e *encoder) feed(lines int) {
	const most = 255
	for ; lines > 0; lines -= most {
		e.settle()
		e.out.Feed(uint8(min(lines, most)))
	}
}

// barcode prints an EAN-13; digits that are none are printed as text.
func (e *encoder) barcode(code receipt.Barcode) {
	if len(code.Digits) != 13 || !catalog.ValidGTIN(code.Digits) {
		e.text(receipt.Text{Align: receipt.Centre, Runs: []receipt.Run{{Text: code.Digits}}})
		return
	}
	const moduleDots = 3
	e.aligned(receipt.Centre)
	e.raw(gs, 'w', moduleDots)
	e.settle()
	e.out.EAN13(code.Digits, uint8(min(barcodeMillimetres*e.profile.Paper.DotsPerInch*10/254, 255)))
}

// qr prints a QR code, model 2 (GS ( k, functions 165, 167, 169, 180 and 181).
// What is no printable ASCII or too long is printed as text.
func (e *encoder) qr(code receipt.QRCode) {
	if len(code.Data) > receipt.QRDataMax || code.Data != onlyASCII(code.Data) {
		e.text(receipt.Text{Align: receipt.Centre, Runs: []receipt.Run{{Text: code.Data}}})
		return
	}
	const dotsMax, levelL = 16, '0'
	length := len(code.Data) + 3
	e.aligned(receipt.Centre)
	e.raw(gs, '(', 'k', 4, 0, '1', 'A', '2', 0)
	e.raw(gs, '(', 'k', 3, 0, '1', 'C', byte(min(max(code.Dots, 1), dotsMax)))
	e.raw(gs, '(', 'k', 3, 0, '1', 'E', levelL+byte(code.Level))
	e.raw(gs, '(', 'k', byte(length), byte(length>>8), '1', 'P', '0')
	e.raw([]byte(code.Data)...)
	e.raw(gs, '(', 'k', 3, 0, '1', 'Q', '0')
}

// completion asks whether it was printed, behind the last cut: the cut forces out
// what waits in the print buffer.
func (e *encoder) completion(mark string) {
	switch e.profile.Completion {
	case ByProcessID:
		e.report.ProcessID = ProcessID(mark)
		e.raw(AskProcessID(e.report.ProcessID)...)
	case ByStatus:
		e.raw(AskPaper()...)
	case Unconfirmed:
	}
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}
