package abecs

import (
	"encoding/hex"
	"fmt"
	"strings"

	"balcao/terminal/card"
)

// Values of GPN (ABECS 2.20, GPN).
const (
	noWorkingKey    = "00000000000000000000000000000000" // DUKPT has none
	panJustRead     = "00"                               // PANLEN: the pinpad knows it, and the till never does
	panFieldWidth   = 19
	oneEntry        = "1"
	pinDigits       = "0412" // at least 4, at most 12: ISO 9564-1
	pinBlockDigits  = 16
	serialKSNDigits = 20
)

// GetPIN is GPN: let the holder of a card without a chip's kernel type the PIN. Its
// number is that of the card just read, by CEX or GCX; it must come before GTK.
type GetPIN struct {
	Slot  int       // key slot of the DUKPT PIN key, 0 to 99
	Lines [2]string // above the stars, cut to 16 columns each
}

// Command encodes the request.
func (g GetPIN) Command() (Command, error) {
	if g.Slot < 0 || g.Slot > slotMax {
		return Command{}, fmt.Errorf("write GPN: key slot %d", g.Slot)
	}
	block := fmt.Appendf(nil, "%s%02d%s%s%s%s%s", dukptPIN, g.Slot, noWorkingKey, panJustRead,
		strings.Repeat(" ", panFieldWidth), oneEntry, pinDigits)
	return Command{ID: GPN, Blocks: [][]byte{append(block, encodeLines(g.Lines)...)}}, nil
}

// slotMax is the last key slot.
const slotMax = 99

// ParsePIN reads the answer to g: the encrypted PIN block and its KSN, hex digits.
func (g GetPIN) ParsePIN(response Response) (card.Sealed, error) {
	if len(response.Blocks) != 1 || len(response.Blocks[0]) != pinBlockDigits+serialKSNDigits {
		return card.Sealed{}, fmt.Errorf("read PIN: answer is not one block of %d digits", pinBlockDigits+serialKSNDigits)
	}
	binary, err := hex.DecodeString(string(response.Blocks[0]))
	if err != nil {
		return card.Sealed{}, fmt.Errorf("read PIN: answer is not in hex digits")
	}
	block, ksn := binary[:pinBlockDigits/2], binary[pinBlockDigits/2:]
	return card.Sealed{
		Kind: card.PINBlock, Scheme: card.DUKPTECB, KeySlot: g.Slot,
		KSN: fmt.Sprintf("%X", ksn), Data: fmt.Sprintf("%X", block),
	}, nil
}
