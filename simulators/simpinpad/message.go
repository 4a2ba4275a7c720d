package simpinpad

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Lengths of messages in bytes. Source: ABECS 2.20, application layer.
const (
	nameLength      = 3
	blockHeadLength = 3
	blockMax        = 999  // what 3 digits can say
	messageMax      = 2044 // a clear command or answer
	parameterHead   = 4    // id and length
	parameterMax    = 995  // a parameter never crosses a block
	dataMax         = 512  // PP_EMVDATA
)

// splitCommand takes a payload apart: the command's name and its blocks. Structure
// that does not hold is statusInvalidParm.
func splitCommand(payload []byte) (name string, blocks [][]byte, err error) {
	name, rest := string(payload[:nameLength]), payload[nameLength:]
	if len(payload) > messageMax {
		return name, nil, statusInvalidParm
	}
	for len(rest) > 0 {
		if len(rest) < blockHeadLength || !isDigits(rest[:blockHeadLength]) {
			return name, nil, statusInvalidParm
		}
		length, err := strconv.Atoi(string(rest[:blockHeadLength]))
		rest = rest[blockHeadLength:]
		if err != nil || length > len(rest) {
			return name, nil, statusInvalidParm
		}
		blocks = append(blocks, rest[:length])
		rest = rest[length:]
	}
	return name, blocks, nil
}

// answerPayload builds an answer: name, status and, when all went well, its blocks.
func answerPayload(name string, result status, blocks [][]byte) []byte {
	payload := fmt.Appendf(nil, "%s%03d", name, int(result))
	if result != statusOK {
		return payload
	}
	for _, block := range blocks {
		payload = fmt.Appendf(payload, "%03d", len(block))
		payload = append(payload, block...)
	}
	return payload
}

// A field is one item of an answer in parameter form.
type field struct {
	id    uint16
	value []byte
}

func textField(id uint16, text string) field { return field{id, []byte(text)} }

// packFields fills blocks with fields, none of them split, or answers
// statusOverflow when they do not fit one answer.
func packFields(fields []field) ([][]byte, error) {
	var blocks [][]byte
	var block []byte
	total := nameLength + 3
	for _, f := range fields {
		if len(f.value) > parameterMax {
			return nil, statusOverflow
		}
		if len(block)+parameterHead+len(f.value) > blockMax {
			blocks, block = append(blocks, block), nil
		}
		block = binary.BigEndian.AppendUint16(block, f.id)
		block = binary.BigEndian.AppendUint16(block, uint16(len(f.value)))
		block = append(block, f.value...)
	}
	if len(block) > 0 || len(blocks) == 0 {
		blocks = append(blocks, block)
	}
	for _, b := range blocks {
		total += blockHeadLength + len(b)
	}
	if total > messageMax {
		return nil, statusOverflow
	}
	return blocks, nil
}

// splitParameters reads the parameters in all blocks: the first of an id wins.
func splitParameters(blocks [][]byte) (map[uint16][]byte, error) {
	values := map[uint16][]byte{}
	for _, block := range blocks {
		for len(block) > 0 {
			if len(block) < parameterHead {
				return nil, statusInvalidParm
			}
			id, length := binary.BigEndian.Uint16(block), int(binary.BigEndian.Uint16(block[2:]))
			block = block[parameterHead:]
			if length > parameterMax || length > len(block) {
				return nil, statusInvalidParm
			}
			if _, seen := values[id]; !seen {
				values[id] = block[:length]
			}
			block = block[length:]
		}
	}
	return values, nil
}

// A classic reads the fields of a classic command in order. The first field that is
// missing or of the wrong kind is remembered; what follows reads as empty.
type classic struct {
	rest []byte
	bad  bool
}

func (c *classic) take(length int) []byte {
	if c.bad || len(c.rest) < length {
		c.bad = true
		return nil
	}
	value := c.rest[:length]
	c.rest = c.rest[length:]
	return value
}

// digits takes a field of format N.
func (c *classic) digits(length int) string {
	value := c.take(length)
	if !isDigits(value) {
		c.bad = true
	}
	return string(value)
}

// number takes a field of format N and gives its value.
func (c *classic) number(length int) int {
	value, err := strconv.Atoi(c.digits(length))
	if err != nil {
		c.bad = true
	}
	return value
}

// end says whether all was read and right.
func (c *classic) end() error {
	if c.bad || len(c.rest) > 0 {
		return statusInvalidParm
	}
	return nil
}

func isDigits(data []byte) bool {
	for _, b := range data {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}

// latin1Text gives what bytes of format S say. Source: ISO/IEC 8859-1.
func latin1Text(data []byte) string {
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes)
}

// latin1Bytes is the reverse of latin1Text; what has no byte becomes a question mark.
func latin1Bytes(text string) []byte {
	data := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xFF {
			r = '?'
		}
		data = append(data, byte(r))
	}
	return data
}
