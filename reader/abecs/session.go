package abecs

import (
	"fmt"
	"strings"
)

// Open answers OPN in its classic form. It clears the display and ends whatever
// was under way.
func Open() Command { return Command{ID: OPN} }

// InfoRequest is GIX: what the till wants to know of the pinpad. Ask for little; a
// real device took eight seconds to tell everything.
type InfoRequest struct {
	Acquirer int // whose table version is wanted, 1 to 99, or 0 for tables common to all
}

// infoIDs is what an [Info] is made of, table version aside.
var infoIDs = []ParameterID{
	PPSerial, PPModel, PPMaker, PPCapabilities, PPFirmware, PPSpecVersion, PPTextSize, PPPINKeys, PPDataKeys,
}

// Command encodes the request.
func (r InfoRequest) Command() (Command, error) {
	var list []byte
	for _, id := range append(infoIDs[:len(infoIDs):len(infoIDs)], TableVersionOf(r.Acquirer)) {
		list = append(list, byte(id>>8), byte(id))
	}
	return Parameters{{ID: SPEIDList, Value: list}}.Command(GIX)
}

// Info is what a pinpad says of itself. Texts are empty if it does not say.
type Info struct {
	Serial       string
	Model        string // "PPC-930;192MB"
	Maker        string
	Firmware     string
	SpecVersion  string // edition of the standard, "2.20"
	Capabilities string // ten characters: contactless, display, chip, stripe, …
	TextSize     string // LLCC, lines and columns of the display
	TableVersion string // of the acquirer asked for, ten characters
	pinKeys      string
	dataKeys     string
}

// ParseInfo reads the answer to r.
func (r InfoRequest) ParseInfo(response Response) (Info, error) {
	list, err := response.Parameters()
	if err != nil {
		return Info{}, err
	}
	return Info{
		Serial:       list.text(PPSerial),
		Model:        list.text(PPModel),
		Maker:        list.text(PPMaker),
		Firmware:     list.text(PPFirmware),
		SpecVersion:  list.text(PPSpecVersion),
		Capabilities: list.text(PPCapabilities),
		TextSize:     list.text(PPTextSize),
		TableVersion: list.text(TableVersionOf(r.Acquirer)),
		pinKeys:      list.text(PPPINKeys),
		dataKeys:     list.text(PPDataKeys),
	}, nil
}

// ModelName answers the model without the memory size behind it.
func (i Info) ModelName() string {
	name, _, _ := strings.Cut(i.Model, ";")
	return name
}

// KeyMissing says that the pinpad reports no DUKPT key in the slot for PINs or in
// the slot for data. A pinpad that reports no key map is given the benefit of the doubt.
func (i Info) KeyMissing(pinSlot, dataSlot int) bool {
	return slotEmpty(i.pinKeys, pinSlot) || slotEmpty(i.dataKeys, dataSlot)
}

func slotEmpty(keys string, slot int) bool {
	const loaded = '1'
	return keys != "" && (slot < 0 || slot >= len(keys) || keys[slot] != loaded)
}

// messageMax is the longest free message (SPE_DSPMSG) in characters.
const messageMax = 128

// messageParameter carries a free message, cut to what fits.
func messageParameter(text string) Parameter {
	encoded := encodeText(text)
	return Parameter{ID: SPEMessage, Value: encoded[:min(len(encoded), messageMax)]}
}

// Close answers CLX: power off card and antenna, forget the card, leave a message
// of at most 128 characters. The pinpad answers at once.
func Close(message string) (Command, error) {
	return Parameters{messageParameter(message)}.Command(CLX)
}

// Display answers DSP: two lines of 16 columns, cut or padded.
func Display(lines [2]string) Command {
	return Command{ID: DSP, Blocks: [][]byte{encodeLines(lines)}}
}

// displayTextMax is the longest text of DEX in characters.
const displayTextMax = 160

// DisplayText answers DEX: a text that the pinpad lays out itself, line feeds
// included. What is longer than 160 characters is cut.
func DisplayText(text string) Command {
	encoded := encodeText(text)
	encoded = encoded[:min(len(encoded), displayTextMax)]
	block := fmt.Appendf(nil, "%03d", len(encoded))
	return Command{ID: DEX, Blocks: [][]byte{append(block, encoded...)}}
}

// Remove answers RMC: show two lines until the card is out.
func Remove(lines [2]string) Command {
	return Command{ID: RMC, Blocks: [][]byte{encodeLines(lines)}}
}

// Notice is what a pinpad tells while a command runs (NTM).
type Notice struct {
	Text string // both lines, joined and trimmed: for people
	PIN  bool   // the holder is asked for the PIN
	Card bool   // an application of the card has been chosen
}

// ParseNotice reads a notification; one without text is allowed.
func ParseNotice(response Response) Notice {
	var text string
	for _, block := range response.Blocks {
		text += decodeText(block)
	}
	return Notice{
		Text: strings.Join(strings.Fields(text), " "),
		PIN:  strings.HasPrefix(text, "SOLICITE A SENHA"),
		Card: strings.HasPrefix(text, "SELECIONADO"),
	}
}
