package abecs

import (
	"fmt"
	"strings"
)

// Sender says who put a frame on the line: the same bytes read differently.
type Sender string

// The two ends of the line.
const (
	Till   Sender = "till"
	Pinpad Sender = "pinpad"
)

// Limits of what a trace shows.
const (
	// shownBytesMax is the longest binary value shown, in bytes: 12 hex digits can
	// hold no card number.
	shownBytesMax = 6
	// shownDigitsMax is the longest run of digits shown in a text, be they spaced or
	// not: the shortest card number in use has 13.
	shownDigitsMax = 12
)

// Trace writes a decoded frame for people, in one line, with all card data, PIN
// data and key material replaced by its length. What it does not understand it
// does not show. It is the only way in which a frame may be written anywhere.
func Trace(from Sender, payload []byte) string {
	if len(payload) > 0 && payload[0] == dc2 {
		return fmt.Sprintf("%s: encrypted[%d]", from, len(payload))
	}
	if from == Till {
		command, err := ParseCommand(payload)
		if err != nil {
			return fmt.Sprintf("%s: %v of %d", from, err, len(payload))
		}
		return fmt.Sprintf("%s: %v", from, command)
	}
	response, err := ParseResponse(payload)
	if err != nil {
		return fmt.Sprintf("%s: %v of %d", from, err, len(payload))
	}
	return fmt.Sprintf("%s: %v", from, response)
}

// traceMessage writes the head and then the blocks, in the form of their command.
func traceMessage(head string, id CommandID, blocks [][]byte) string {
	parts := []string{head}
	switch id {
	case GIX, CLX, CEX, GCX, GTK, GOX, FCX, "GED", "EBX", "GCD", "MNU", "MLI", "MLR", "LMF", "DMF", "DSI":
		list, err := parseParameters(id, blocks)
		if err != nil {
			return head + " " + traceLengths(blocks)
		}
		for _, parameter := range list {
			parts = append(parts, traceParameter(parameter))
		}
	case DSP, DEX, RMC, NTM, TLI, "CLO":
		for _, block := range blocks {
			parts = append(parts, traceText(block))
		}
	default:
		if len(blocks) > 0 {
			parts = append(parts, traceLengths(blocks))
		}
	}
	return strings.Join(parts, " ")
}

func traceLengths(blocks [][]byte) string {
	lengths := make([]string, len(blocks))
	for i, block := range blocks {
		lengths[i] = fmt.Sprintf("block[%d]", len(block))
	}
	return strings.Join(lengths, " ")
}

func traceParameter(p Parameter) string {
	if p.ID.Hidden() {
		return fmt.Sprintf("%s[%d]", p.ID, len(p.Value))
	}
	if found, _ := p.ID.fact(); found.format.kind.text() {
		return p.ID.String() + "=" + traceText(p.Value)
	}
	if len(p.Value) > shownBytesMax {
		return fmt.Sprintf("%s[%d]", p.ID, len(p.Value))
	}
	return fmt.Sprintf("%s=%X", p.ID, p.Value)
}

// traceText quotes a text unless it could hold a card number.
func traceText(encoded []byte) string {
	text := decodeText(encoded)
	if longestDigits(text) > shownDigitsMax {
		return fmt.Sprintf("text[%d]", len(encoded))
	}
	return fmt.Sprintf("%q", strings.TrimRight(text, " "))
}

// longestDigits counts the digits of the longest run, reading on over the
// characters that people put between the digits of a card number.
func longestDigits(text string) int {
	longest, run := 0, 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			run++
			longest = max(longest, run)
		case r == ' ' || r == '-' || r == '.' || r == '\n':
		default:
			run = 0
		}
	}
	return longest
}
