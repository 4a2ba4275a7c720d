// Package receipt is what the paper says, as a tree of blocks and as a page.
//
// [Build] makes a [Document] of a print job, [Layout] fits it to a paper width
// and answers a [Page] of rows in character cells. Both are pure: no printer, no
// clock, no bytes. Package escpos turns a page into commands, package preview
// into plain text. Start with [Build].
//
// Facts: Brazilian habit for receipts and card slips; the law that a receipt
// which is no fiscal document says so.
package receipt

// Document is a tree of blocks, printed from top to bottom.
type Document []Block

// A Block is one of [Line], [Columns], [Table], [Rule], [Big], [Space], [Barcode],
// [QR], [Image], [Cut] and [Pulse].
type Block interface{ block() }

// Align is where a text stands in its width.
type Align int

// The alignments.
const (
	Left Align = iota
	Centre
	Right
)

// Line is a text that wraps at spaces; words longer than the paper break hard.
type Line struct {
	Text  string
	Align Align
	Bold  bool
	Hang  int // indentation of its second and later lines, in cells
}

// Fit is what happens to a cell when its row is too narrow.
type Fit int

// The ways of fitting. A whole cell is never broken while the paper is wide
// enough for it alone: figures are whole.
const (
	Whole Fit = iota
	Wrap      // takes what the others leave, wraps inside itself
	Drop      // is left out
)

// Cell is one column of a row.
type Cell struct {
	Text  string
	Short string // said instead if the row is too narrow for Text; empty: there is no short form
	Align Align  // Right: at the right edge, with the cells after it
	Fit   Fit
}

// Columns is a row of cells. What wraps leaves the other cells on its last line;
// if not even that fits, each cell gets a line of its own.
type Columns struct {
	Cells  []Cell
	Bold   bool
	Indent int // in cells
}

// Rule is a line across the paper.
type Rule struct{}

// Big is the figure that a person looks for: label and amount in double width
// and double height. If an amount is too long for that it is printed bold.
type Big struct {
	Label  string
	Amount string
}

// Space is empty paper, in lines.
type Space struct{ Lines int }

// Barcode is an EAN-13, centred, its digits below. Thirteen digits with the right
// check digit, or [Layout] prints the digits as text.
type Barcode struct{ Digits string }

// Level is how much of a QR code may be damaged.
type Level int

// The levels: 7, 15, 25 and 30 percent (ISO/IEC 18004).
const (
	LevelL Level = iota
	LevelM
	LevelQ
	LevelH
)

// QR is a QR code, centred. Data is printable ASCII of at most [QRDataMax] bytes;
// what is not, or does not fit the paper, [Layout] prints as text.
type QR struct {
	Data        string
	Level       Level
	Millimetres int // least side without the quiet zone
}

// Image is black dots on white, centred: Height rows of ⌈Width/8⌉ bytes, the most
// significant bit on the left, 1 is black. [Layout] leaves out what is wider than
// the paper or not that long.
type Image struct {
	Width, Height int // in dots
	Dots          []byte
}

// Cut parts the paper.
type Cut struct{ Full bool }

// Pulse opens the drawer.
type Pulse struct{}

func (Line) block()    {}
func (Columns) block() {}
func (Rule) block()    {}
func (Big) block()     {}
func (Space) block()   {}
func (Barcode) block() {}
func (QR) block()      {}
func (Image) block()   {}
func (Cut) block()     {}
func (Pulse) block()   {}
