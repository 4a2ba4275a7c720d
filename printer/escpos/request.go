package escpos

import "hash/fnv"

// Question is the n of DLE EOT: what a printer is asked in real time.
type Question byte

// The questions every printer with a way back answers.
const (
	AskPrinter Question = iota + 1
	AskOffline
	AskError
	AskRoll
)

// Questions lists them in the order in which they are asked.
var Questions = [...]Question{AskPrinter, AskOffline, AskError, AskRoll}

// Request is DLE EOT n. It is obeyed on arrival, answered by one byte.
func (q Question) Request() []byte { return []byte{dle, 0x04, byte(q)} }

// AskPaper is GS r 1. It is answered in its turn, so the answer means that all
// before it was taken from the receive buffer.
func AskPaper() []byte { return []byte{gs, 'r', 1} }

// ProcessID makes a mark the four printable characters of GS ( H.
func ProcessID(mark string) (id [4]byte) {
	hash := fnv.New32a()
	hash.Write([]byte(mark))
	const lowest, count = 0x20, 0x7E - 0x20 + 1
	for i, rest := 0, hash.Sum32(); i < len(id); i, rest = i+1, rest/count {
		id[i] = lowest + byte(rest%count)
	}
	return id
}

// AskProcessID is GS ( H, function 48: the printer answers the id when everything
// before it is printed.
func AskProcessID(id [4]byte) []byte {
	return append([]byte{gs, '(', 'H', 6, 0, '0', '0'}, id[:]...)
}

// Identity is the n of GS I: what a printer says about itself, as text.
type Identity byte

// The identities that all printers with the long form share.
const (
	Firmware Identity = 65
	Model    Identity = 67
	Serial   Identity = 68
)

// Request is GS I n.
func (i Identity) Request() []byte { return []byte{gs, 'I', byte(i)} }

// Initialise is ESC @: print buffer and modes are cleared.
func Initialise() []byte { return []byte{esc, '@'} }

// ClearBuffers is DLE DC4 8: what the printer holds and has not printed is gone.
// It is obeyed on arrival, answered by the block [BufferCleared].
func ClearBuffers() []byte { return []byte{dle, dc4, 8, 1, 3, dc4, 1, 6, 2, 8} }

// Padding ends any command that a broken job of ours left open: a printer in text
// mode ignores it, one that waits for a picture's rest gets the rest.
func Padding() []byte { return make([]byte, paddingBytes) }

// paddingBytes exceeds the longest command of an encoded job.
const paddingBytes = bandBytesMax + 96
