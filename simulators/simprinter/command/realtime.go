package command

import "bytes"

// A pattern is a real-time command: for each of its bytes the lowest and highest
// value that belongs to it.
type pattern [][2]byte

// realTime lists what acts on arrival: DLE EOT 1–4, DLE ENQ 1–2, DLE DC4 1 m t
// (t 1–8, times 100 ms) and DLE DC4 8 with its seven fixed bytes.
var realTime = []pattern{
	{{dle, dle}, {0x04, 0x04}, {1, 4}},
	{{dle, dle}, {0x05, 0x05}, {1, 2}},
	{{dle, dle}, {0x14, 0x14}, {1, 1}, {0, 1}, {1, 8}},
	{{dle, dle}, {0x14, 0x14}, {8, 8}, {1, 1}, {3, 3}, {0x14, 0x14}, {1, 1}, {6, 6}, {2, 2}, {8, 8}},
}

// A Lane finds real-time commands in a stream wherever they are, in the middle of
// a picture too: a printer looks at every byte as it arrives. The zero value is
// ready.
type Lane struct{ have []byte }

// Feed takes the next byte and returns the command that it completes, or nil.
func (l *Lane) Feed(b byte) []byte {
	l.have = append(l.have, b)
	for len(l.have) > 0 {
		matches, complete := match(l.have)
		if complete {
			found := bytes.Clone(l.have)
			l.have = l.have[:0]
			return found
		}
		if matches {
			return nil
		}
		l.have = l.have[1:]
	}
	return nil
}

// match says whether data begins a real-time command, and whether it is one.
func match(data []byte) (begins, complete bool) {
	for _, candidate := range realTime {
		if candidate.fits(data) {
			return true, len(data) == len(candidate)
		}
	}
	return false, false
}

func (p pattern) fits(data []byte) bool {
	if len(data) > len(p) {
		return false
	}
	for i, b := range data {
		if b < p[i][0] || b > p[i][1] {
			return false
		}
	}
	return true
}
