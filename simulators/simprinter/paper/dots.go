package paper

// Dots is a rectangle of the paper's smallest marks: a character cell, a barcode,
// a picture. Width and Height count dots; the zero value is empty.
type Dots struct {
	Width, Height int
	ink           []bool
}

// NewDots returns a blank rectangle.
func NewDots(width, height int) Dots {
	return Dots{Width: width, Height: height, ink: make([]bool, width*height)}
}

// FromBits reads rows of packed bits, the highest bit leftmost, each row starting
// on a byte. Rows that data does not reach stay blank.
func FromBits(data []byte, width, height int) Dots {
	dots := NewDots(width, height)
	stride := (width + 7) / 8
	for y := range height {
		for x := range width {
			at := y*stride + x/8
			if at < len(data) && data[at]&(0x80>>(x%8)) != 0 {
				dots.Set(x, y)
			}
		}
	}
	return dots
}

// At says whether a dot is ink; outside of the rectangle none is.
func (d Dots) At(x, y int) bool {
	return x >= 0 && y >= 0 && x < d.Width && y < d.Height && d.ink[y*d.Width+x]
}

// Set burns one dot; outside of the rectangle there is nothing to burn.
func (d Dots) Set(x, y int) {
	if x >= 0 && y >= 0 && x < d.Width && y < d.Height {
		d.ink[y*d.Width+x] = true
	}
}

// Draw burns what is ink in other, with its left upper corner at x, y.
func (d Dots) Draw(other Dots, x, y int) {
	for row := range other.Height {
		for column := range other.Width {
			if other.At(column, row) {
				d.Set(x+column, y+row)
			}
		}
	}
}

// Scaled repeats every dot, wide times across and high times down.
func (d Dots) Scaled(wide, high int) Dots {
	if wide == 1 && high == 1 {
		return d
	}
	return d.mapped(d.Width*wide, d.Height*high, func(x, y int) (int, int) { return x / wide, y / high })
}

// Turned is the rectangle a quarter turn clockwise.
func (d Dots) Turned() Dots {
	return d.mapped(d.Height, d.Width, func(x, y int) (int, int) { return y, d.Height - 1 - x })
}

// UpsideDown is the rectangle half a turn round.
func (d Dots) UpsideDown() Dots {
	return d.mapped(d.Width, d.Height, func(x, y int) (int, int) { return d.Width - 1 - x, d.Height - 1 - y })
}

// Inverted swaps ink and paper.
func (d Dots) Inverted() Dots {
	inverted := NewDots(d.Width, d.Height)
	for i, ink := range d.ink {
		inverted.ink[i] = !ink
	}
	return inverted
}

// mapped builds a rectangle whose dots come from where source says.
func (d Dots) mapped(width, height int, source func(x, y int) (int, int)) Dots {
	result := NewDots(width, height)
	for y := range height {
		for x := range width {
			fromX, fromY := source(x, y)
			result.ink[y*width+x] = d.At(fromX, fromY)
		}
	}
	return result
}
