package escpos

import (
	"bytes"

	"balcao/printer/receipt"
)

const (
	// bandBytesMax keeps a picture's band inside the smallest receive buffer, and
	// the padding that ends a broken one short.
	bandBytesMax = 4000
	// bandRowsMax is what all printers take in one command.
	bandRowsMax = 128
	// bandRowsBad is a height whose multiples some printers turn into garbage.
	bandRowsBad = 48
)

// appendRaster writes a picture in bands of GS v 0.
func appendRaster(made []byte, picture receipt.Image) []byte {
	stride := (picture.Width + 7) / 8
	dots := harmless(trimmed(picture, stride))
	for len(dots) > 0 {
		rows := bandRows(len(dots)/stride, stride)
		made = append(made, gs, 'v', '0', 0, byte(stride), byte(stride>>8), byte(rows), byte(rows>>8))
		made = append(made, dots[:rows*stride]...)
		dots = dots[rows*stride:]
	}
	return made
}

// bandRows is the height of the next band when so many rows are left.
func bandRows(left, stride int) int {
	rows := min(left, bandRowsMax, max(bandBytesMax/stride, 1))
	if rows%bandRowsBad == 0 {
		rows--
	}
	return rows
}

// trimmed blanks the bits of each row that are beyond its width.
func trimmed(picture receipt.Image, stride int) []byte {
	dots := bytes.Clone(picture.Dots)
	if spare := stride*8 - picture.Width; spare > 0 {
		for at := stride - 1; at < len(dots); at += stride {
			dots[at] &= 0xFF << spare
		}
	}
	return dots
}

// harmless moves one dot by one place wherever the dots read as a real-time
// command (DLE EOT, DLE ENQ, DLE DC4): a printer obeys those in the middle of a
// picture too.
func harmless(dots []byte) []byte {
	const eot, enq, moved = 0x04, 0x05, dle >> 1
	for i := range len(dots) - 1 {
		if follows := dots[i+1]; dots[i] == dle && (follows == eot || follows == enq || follows == dc4) {
			dots[i] = moved
		}
	}
	return dots
}
