package simpinpad

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// Widths of the texts of classic commands. Source: ABECS 2.20, CLO, DSP, DEX, RMC.
const (
	linesLength     = 32 // two lines of 16
	displayTextMax  = 160
	displayTextHead = 3
)

// open is OPN. A secure one is answered like the classic one, without a key: that is
// how a pinpad says that it has no secure channel. Source: ABECS 2.20, OPN.
func (d *device) open(request) ([][]byte, error) {
	d.screen.clear()
	return nil, nil
}

// close is CLO. A message of a wrong size must not make it fail. Source: ABECS 2.20, CLO.
func (d *device) close(r request) ([][]byte, error) {
	d.endSession()
	d.showLines(slices.Concat(r.blocks...))
	return nil, nil
}

// closeExtended is CLX; without media to show, the message counts. Source: ABECS 2.20, CLX.
func (d *device) closeExtended(r request) ([][]byte, error) {
	d.endSession()
	d.screen.show(latin1Text(r.values[speMessage]))
	return nil, nil
}

// endSession forgets the card, which loses its power or leaves the antenna.
func (d *device) endSession() { d.sale, d.tracks, d.shown = nil, nil, nil }

// displayLines is DSP: it pads and cuts, and never fails. Source: ABECS 2.20, DSP.
func (d *device) displayLines(r request) ([][]byte, error) {
	d.showLines(slices.Concat(r.blocks...))
	return nil, nil
}

// showLines shows two lines of 16; control characters are blanks there.
func (d *device) showLines(data []byte) {
	clean := slices.Clone(data[:min(len(data), linesLength)])
	for i, b := range clean {
		clean[i] = max(b, ' ')
	}
	text := []rune(padRight(latin1Text(clean), linesLength))
	d.screen.rows(string(text[:screenColumns]), string(text[screenColumns:]))
}

// displayText is DEX; its options only place and colour the text. Source: ABECS 2.20, DEX.
func (d *device) displayText(r request) ([][]byte, error) {
	in := r.only()
	length := in.number(displayTextHead)
	text := in.take(length)
	if len(in.rest) > 0 {
		in.digits(6)
	}
	if err := in.end(); err != nil || length > displayTextMax {
		return nil, statusInvalidParm
	}
	d.screen.show(latin1Text(text))
	return nil, nil
}

// removePeriod is how long RMC shows each of its two texts. Source: ABECS 2.20, RMC.
const removePeriod = 1500 * time.Millisecond

// removeText asks for the card. Source: ABECS 2.20, RMC.
const removeText = "RETIRE O CARTÃO"

// removeCard is RMC: it takes the power from the card and waits for ever until the
// slot is empty. Source: ABECS 2.20, RMC.
func (d *device) removeCard(r request) ([][]byte, error) {
	in := r.only()
	message := in.take(linesLength)
	if err := in.end(); err != nil {
		return nil, err
	}
	d.endSession()
	d.showLines(message)
	for asking := true; d.slot != nil; asking = !asking {
		if asking {
			d.screen.show(removeText)
		} else {
			d.showLines(message)
		}
		err := d.waitUntil(time.Now().Add(removePeriod), func() bool { return d.slot == nil })
		if err != nil && !errors.Is(err, errTimeout) {
			return nil, err
		}
	}
	d.showLines(message)
	return nil, nil
}

func padRight(text string, length int) string {
	runes := []rune(text)
	for len(runes) < length {
		runes = append(runes, ' ')
	}
	return string(runes[:length])
}

// formatAmount writes cents as a Brazilian reads them: 9.999,99.
func formatAmount(cents uint64) string {
	whole := strconv.FormatUint(cents/100, 10)
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "." + whole[at:]
	}
	return whole + "," + strconv.FormatUint(cents/10%10, 10) + strconv.FormatUint(cents%10, 10)
}
