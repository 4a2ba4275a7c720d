package abecs

import (
	"fmt"
	"io"
)

// CommandID is the three letters that name a command and its answer.
type CommandID string

// The commands that a till uses, and the two answers that name no command.
const (
	OPN CommandID = "OPN" // open
	GIX CommandID = "GIX" // get information
	CLX CommandID = "CLX" // close, leaving a message
	DSP CommandID = "DSP" // display two lines
	DEX CommandID = "DEX" // display a text
	CEX CommandID = "CEX" // check event
	GCX CommandID = "GCX" // get card
	GPN CommandID = "GPN" // get PIN
	GTK CommandID = "GTK" // get tracks
	GOX CommandID = "GOX" // go on chip
	FCX CommandID = "FCX" // finish chip
	RMC CommandID = "RMC" // remove card
	TLI CommandID = "TLI" // table load, start
	TLR CommandID = "TLR" // table load, records
	TLE CommandID = "TLE" // table load, end
	NTM CommandID = "NTM" // notification while a command runs
	ERR CommandID = "ERR" // a command was not understood
)

// Limits of the messages (ABECS 2.20, application layer), in bytes.
const (
	idLength     = 3
	statusLength = 3
	lengthDigits = 3
	// BlockMax is the longest block: its length has three digits.
	BlockMax = 999
	// MessageMax is the longest command or answer before encryption.
	MessageMax = 2044
)

// Blocking says that the command may run for as long as the customer takes; all
// others are answered within the response time-out.
func (id CommandID) Blocking() bool {
	switch id {
	case CEX, GCX, GPN, GOX, FCX, RMC:
		return true
	}
	return false
}

// A MessageError says where a payload stopped being a message. It holds no byte of it.
type MessageError struct {
	Offset int // in bytes
	Reason string
}

func (e *MessageError) Error() string {
	return fmt.Sprintf("malformed message at byte %d: %s", e.Offset, e.Reason)
}

// A Command is what the till asks: three letters and blocks of data, each at most
// [BlockMax] bytes.
type Command struct {
	ID     CommandID
	Blocks [][]byte
}

// Format writes the command as [Trace] does, whatever the verb.
func (c Command) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, traceMessage(string(c.ID), c.ID, c.Blocks))
}

// Encode answers the payload of a frame.
func (c Command) Encode() ([]byte, error) {
	payload, err := appendBlocks([]byte(c.ID), c.Blocks)
	if err == nil && len(c.ID) != idLength {
		err = fmt.Errorf("name of %d letters", len(c.ID))
	}
	if err != nil {
		return nil, fmt.Errorf("write command %s: %w", c.ID, err)
	}
	return payload, nil
}

// ParseCommand reads the payload of a frame that a till sent. The error is a [*MessageError].
func ParseCommand(payload []byte) (Command, error) {
	id, err := parseID(payload)
	if err != nil {
		return Command{}, err
	}
	blocks, err := parseBlocks(payload, idLength)
	if err != nil {
		return Command{}, err
	}
	return Command{ID: id, Blocks: blocks}, nil
}

// A Response is what the pinpad answers: the letters of the command, a status and,
// if that is [OK], blocks of data.
type Response struct {
	ID     CommandID
	Status Status
	Blocks [][]byte
}

// Format writes the response as [Trace] does, whatever the verb.
func (r Response) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, traceMessage(fmt.Sprintf("%s %s", string(r.ID), r.Status), r.ID, r.Blocks))
}

// Encode answers the payload of a frame.
func (r Response) Encode() ([]byte, error) {
	if len(r.ID) != idLength || r.Status < 0 || r.Status > statusMax {
		return nil, fmt.Errorf("write response %s: status %d", r.ID, r.Status)
	}
	if r.Status != OK && len(r.Blocks) > 0 {
		return nil, fmt.Errorf("write response %s: data with status %s", r.ID, r.Status)
	}
	payload, err := appendBlocks(fmt.Appendf(nil, "%s%03d", string(r.ID), int(r.Status)), r.Blocks)
	if err != nil {
		return nil, fmt.Errorf("write response %s: %w", r.ID, err)
	}
	return payload, nil
}

// ParseResponse reads the payload of a frame that a pinpad sent. The error is a [*MessageError].
func ParseResponse(payload []byte) (Response, error) {
	id, err := parseID(payload)
	if err != nil {
		return Response{}, err
	}
	status, ok := parseDigits(payload[idLength:], statusLength)
	if !ok {
		return Response{}, &MessageError{Offset: idLength, Reason: "status is not three digits"}
	}
	blocks, err := parseBlocks(payload, idLength+statusLength)
	if err != nil {
		return Response{}, err
	}
	if status != 0 && len(blocks) > 0 {
		return Response{}, &MessageError{Offset: idLength + statusLength, Reason: "data behind an error status"}
	}
	return Response{ID: id, Status: Status(status), Blocks: blocks}, nil
}

func parseID(payload []byte) (CommandID, error) {
	if len(payload) < idLength {
		return "", &MessageError{Reason: "no name"}
	}
	for i, b := range payload[:idLength] {
		if (b < 'A' || b > 'Z') && (b < '0' || b > '9') {
			return "", &MessageError{Offset: i, Reason: "name has another character than A-Z and 0-9"}
		}
	}
	return CommandID(payload[:idLength]), nil
}

func parseBlocks(payload []byte, at int) ([][]byte, error) {
	if len(payload) > MessageMax {
		return nil, &MessageError{Offset: MessageMax, Reason: "message is too long"}
	}
	var blocks [][]byte
	for at < len(payload) {
		length, ok := parseDigits(payload[at:], lengthDigits)
		if !ok {
			return nil, &MessageError{Offset: at, Reason: "block length is not three digits"}
		}
		start := at + lengthDigits
		if length > len(payload)-start {
			return nil, &MessageError{Offset: at, Reason: "block runs past the end"}
		}
		blocks = append(blocks, payload[start:start+length])
		at = start + length
	}
	return blocks, nil
}

// parseDigits reads the first count bytes as a decimal number.
func parseDigits(data []byte, count int) (value int, ok bool) {
	if len(data) < count {
		return 0, false
	}
	for _, b := range data[:count] {
		if b < '0' || b > '9' {
			return 0, false
		}
		value = value*10 + int(b-'0')
	}
	return value, true
}

func appendBlocks(payload []byte, blocks [][]byte) ([]byte, error) {
	for i, block := range blocks {
		if len(block) > BlockMax {
			return nil, fmt.Errorf("block %d of %d bytes, at most %d", i+1, len(block), BlockMax)
		}
		payload = fmt.Appendf(payload, "%03d", len(block))
		payload = append(payload, block...)
	}
	if len(payload) > MessageMax {
		return nil, fmt.Errorf("message of %d bytes, at most %d", len(payload), MessageMax)
	}
	return payload, nil
}
