package command

// A shape tells how many bytes a command has after its name. It is asked with
// the bytes there are and answers with how many there must be; when it names no
// more than it was given, the command is complete. Lengths are low byte first.
type shape func(data []byte) int

// nulTerminatedMax ends a list that misses its NUL, so that one lost byte does
// not swallow the rest of the day: the longest legal barcode has 255 characters.
const nulTerminatedMax = 256

// tabStopsMax is Epson's limit of ESC D.
const tabStopsMax = 32

// shapes is the framing table, by lead byte and second byte.
var shapes = map[byte]map[byte]shape{
	esc: {
		' ': fixed(1), '!': fixed(1), '$': fixed(2), '%': fixed(1), '&': userCharacters, '(': family,
		'*': columnImage, '-': fixed(1), '2': fixed(0), '3': fixed(1), '=': fixed(1), '?': fixed(1),
		'@': fixed(0), 'D': tabStops, 'E': fixed(1), 'G': fixed(1), 'J': fixed(1), 'K': fixed(1),
		'L': fixed(0), 'M': fixed(1), 'R': fixed(1), 'S': fixed(0), 'T': fixed(1), 'U': fixed(1),
		'V': fixed(1), 'W': fixed(8), '\\': fixed(2), 'a': fixed(1), 'c': fixed(2), 'd': fixed(1),
		'e': fixed(1), 'i': fixed(0), 'm': fixed(0), 'p': fixed(3), 'r': fixed(1), 't': fixed(1),
		'u': fixed(1), 'v': fixed(0), '{': fixed(1),
	},
	gs: {
		'!': fixed(1), '$': fixed(2), '(': family, '*': downloadedImage, '/': fixed(1), '8': longGraphics,
		':': fixed(0), 'B': fixed(1), 'H': fixed(1), 'I': fixed(1), 'L': fixed(2), 'P': fixed(2),
		'Q': raster, 'T': fixed(1), 'V': cut, 'W': fixed(2), '\\': fixed(2), '^': fixed(3), 'a': fixed(1),
		'b': fixed(1), 'c': fixed(0), 'f': fixed(1), 'g': fixed(4), 'h': fixed(1), 'j': fixed(1),
		'k': barcode, 'r': fixed(1), 'v': raster, 'w': fixed(1),
	},
	fs: {
		'!': fixed(1), '&': fixed(0), '(': family, '-': fixed(1), '.': fixed(0), '2': fixed(74),
		'?': fixed(2), 'C': fixed(1), 'S': fixed(2), 'W': fixed(1), 'g': storedData, 'p': fixed(2),
		'q': storedImages,
	},
	dle: {0x04: statusRequest, 0x05: fixed(1), 0x14: realTimeRequest},
}

func fixed(length int) shape { return func([]byte) int { return length } }

// word reads a 16-bit number, low byte first.
func word(data []byte) int { return int(data[0]) | int(data[1])<<8 }

// family is GS ( x, ESC ( x and FS ( x: letter, length, so many bytes. It holds
// for letters that nobody knows, which is why they do no harm.
func family(data []byte) int {
	if len(data) < 3 {
		return 3
	}
	return 3 + word(data[1:])
}

// longGraphics is GS 8 L, the only one of its kind: a length of four bytes.
func longGraphics(data []byte) int {
	if len(data) < 1 {
		return 1
	}
	if data[0] != 'L' {
		return 1
	}
	if len(data) < 5 {
		return 5
	}
	return 5 + (word(data[1:]) | word(data[3:])<<16)
}

// raster is GS v 0 m xL xH yL yH d…: x counts bytes, y rows.
func raster(data []byte) int {
	if len(data) < 1 {
		return 1
	}
	if data[0] != '0' {
		return 1
	}
	if len(data) < 6 {
		return 6
	}
	return 6 + word(data[2:])*word(data[4:])
}

// columnImage is ESC * m nL nH d…: one byte a column, three in 24-dot modes.
func columnImage(data []byte) int {
	if len(data) < 3 {
		return 3
	}
	bytesPerColumn := 1
	if data[0] >= 32 {
		bytesPerColumn = 3
	}
	return 3 + bytesPerColumn*word(data[1:])
}

// barcode is GS k m d… NUL (m to 6) or GS k m n d… (m from 65).
func barcode(data []byte) int {
	switch {
	case len(data) < 1:
		return 1
	case data[0] <= 6:
		return untilNUL(data, 1, nulTerminatedMax)
	case data[0] < 65 || data[0] > 79:
		return 1
	case len(data) < 2:
		return 2
	default:
		return 2 + int(data[1])
	}
}

// cut is GS V m, and GS V m n for the forms that feed first.
func cut(data []byte) int {
	if len(data) == 0 {
		return 1
	}
	switch data[0] {
	case 65, 66, 97, 98, 103, 104:
		return 2
	default:
		return 1
	}
}

func tabStops(data []byte) int { return untilNUL(data, 0, tabStopsMax+1) }

// untilNUL wants one more byte until the last is NUL, after skip bytes, to a limit.
func untilNUL(data []byte, skip, limit int) int {
	if len(data) > skip && (data[len(data)-1] == 0 || len(data) >= skip+limit) {
		return len(data)
	}
	return len(data) + 1
}

// userCharacters is ESC & y c1 c2, then for each code x and y times x bytes.
func userCharacters(data []byte) int {
	if len(data) < 3 {
		return 3
	}
	need := 3
	for code := int(data[1]); code <= int(data[2]); code++ {
		if len(data) <= need {
			return need + 1
		}
		need += 1 + int(data[0])*int(data[need])
	}
	return need
}

// downloadedImage is GS * x y d…: both count bytes of eight dots.
func downloadedImage(data []byte) int {
	if len(data) < 2 {
		return 2
	}
	return 2 + int(data[0])*int(data[1])*8
}

// storedImages is FS q n, then n times xL xH yL yH d…, both in bytes of eight dots.
func storedImages(data []byte) int {
	if len(data) < 1 {
		return 1
	}
	need := 1
	for range data[0] {
		if len(data) < need+4 {
			return need + 4
		}
		need += 4 + word(data[need:])*word(data[need+2:])*8
	}
	return need
}

// storedData is FS g 1 m a1-a4 nL nH d… (write) and FS g 2 m a1-a4 nL nH (read).
func storedData(data []byte) int {
	if len(data) < 8 {
		return 8
	}
	if data[0] == '1' {
		return 8 + word(data[6:])
	}
	return 8
}

// statusRequest is DLE EOT n, with one more byte for the kinds of special models.
func statusRequest(data []byte) int {
	if len(data) == 1 && (data[0] == 7 || data[0] == 8 || data[0] == 18) {
		return 2
	}
	return max(1, len(data))
}

// realTimeRequest is DLE DC4 fn …: kick the drawer (1), switch off (2), clear (8).
func realTimeRequest(data []byte) int {
	if len(data) == 0 {
		return 1
	}
	switch data[0] {
	case 1, 2:
		return 3
	case 8:
		return 8
	default:
		return 1
	}
}
