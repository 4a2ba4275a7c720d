package receipt

// Profile is the paper that a page is laid out for.
type Profile struct {
	Columns     int // character cells across, of the printer's font A
	Dots        int // across
	DotsPerInch int
}

// Page is what stands on the paper, row by row, in character cells of font A.
type Page struct {
	Columns int
	Rows    []Row
}

// A Row is one of [Text], [QRCode], [Space], [Barcode], [Image], [Cut] and [Pulse].
type Row interface{ row() }

// Text is one printed line. It is never wider than the page, but for a single
// character that is: a double one takes two cells for each of its own.
type Text struct {
	Runs   []Run
	Align  Align // of the whole line
	Double bool  // double width and double height
}

// Run is a piece of a line in one style, cleaned: see [Clean].
type Run struct {
	Text string
	Bold bool
}

// QRCode is a QR code whose size is settled.
type QRCode struct {
	Data    string
	Level   Level
	Modules int // on a side, without the quiet zone
	Dots    int // of one module
}

func (Text) row()    {}
func (QRCode) row()  {}
func (Space) row()   {}
func (Barcode) row() {}
func (Image) row()   {}
func (Cut) row()     {}
func (Pulse) row()   {}
