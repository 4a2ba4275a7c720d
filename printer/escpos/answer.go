package escpos

import "bytes"

// Kind tells a printer's answers apart.
type Kind int

// The kinds of answers, by their first byte.
const (
	Noise     Kind = iota // no answer that there is
	RealTime              // to DLE EOT: Code
	Queued                // to GS r, or GS I 1 to 3: Code
	Automatic             // status sent unasked (GS a): Data of four bytes
	Flow                  // Code is [XON] or [XOFF]
	Text                  // to GS I 65 to 69: Data
	Block                 // Code is its identifier, [Printed] or another; Data
)

// Flow control characters.
const (
	XON  = 0x11
	XOFF = 0x13
)

// Identifiers of blocks.
const (
	Printed       = 0x22 // a process id: its job is on paper
	BufferCleared = 0x25
)

// Answer is one thing that a printer said.
type Answer struct {
	Kind Kind
	Code byte
	Data []byte
}

// Headers of the longer answers. identityHeader begins GS I 33 to 110, whose first
// byte names the identity; it is read as a block of no known identifier.
const (
	textHeader     = 0x5F
	blockHeader    = 0x37
	identityHeader = 0x3D
)

const (
	automaticBytes = 4
	// answerBytesMax ends an answer that lost its NUL; the longest in use is a
	// model's name.
	answerBytesMax = 128
)

// Decoder splits what a printer sends into answers. The zero value is ready.
//
// Every byte belongs to an answer or is Noise. Source: the table of transmitted
// data, TM-T88III manual.
type Decoder struct{ begun []byte }

// Reset forgets an answer that has begun; use it when the line was silent.
func (d *Decoder) Reset() { d.begun = d.begun[:0] }

// Begun says that an answer has begun and is not complete.
func (d *Decoder) Begun() bool { return len(d.begun) > 0 }

// Feed takes the next byte and returns the answer that it completes, if any.
func (d *Decoder) Feed(b byte) (answer Answer, complete bool) {
	if b == XON || b == XOFF {
		return Answer{Kind: Flow, Code: b}, true
	}
	if len(d.begun) == 0 && !longer(b) {
		return Answer{Kind: kindOf(b), Code: b}, true
	}
	d.begun = append(d.begun, b)
	if !finished(d.begun) {
		return Answer{}, false
	}
	answer = read(d.begun)
	d.Reset()
	return answer, true
}

func longer(first byte) bool {
	return first == textHeader || first == blockHeader || first == identityHeader || first&0x93 == 0x10
}

func kindOf(b byte) Kind {
	switch {
	case b&0x93 == 0x12:
		return RealTime
	case b&0x90 == 0:
		return Queued
	default:
		return Noise
	}
}

func finished(begun []byte) bool {
	if begun[0]&0x93 == 0x10 {
		return len(begun) == automaticBytes
	}
	return len(begun) > 1 && begun[len(begun)-1] == 0 || len(begun) == answerBytesMax
}

// read makes an answer of its bytes; one without its NUL is noise.
func read(whole []byte) Answer {
	switch body := bytes.Clone(whole[1 : len(whole)-1]); {
	case whole[0]&0x93 == 0x10:
		return Answer{Kind: Automatic, Data: bytes.Clone(whole)}
	case whole[len(whole)-1] != 0:
		return Answer{Kind: Noise, Code: whole[0]}
	case whole[0] == textHeader:
		return Answer{Kind: Text, Data: body}
	case len(body) == 0:
		return Answer{Kind: Noise, Code: whole[0]}
	case whole[0] == identityHeader:
		return Answer{Kind: Block, Data: body}
	default:
		return Answer{Kind: Block, Code: body[0], Data: body[1:]}
	}
}
