package abecs

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Limits of the parameter lists (ABECS 2.20, TLV commands), in bytes.
const (
	parameterHead = 4 // id and length, two bytes each
	// ValueMax is the longest value: a parameter never crosses a block.
	ValueMax = BlockMax - parameterHead
)

// A Parameter is one item in the blocks of a command or an answer: id, length,
// value. Its value may be card data; it prints as [Trace] does.
type Parameter struct {
	ID    ParameterID
	Value []byte
}

// Format writes the parameter as [Trace] does, whatever the verb.
func (p Parameter) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, traceParameter(p)) }

// Parameters is the list in the blocks of a message, in any order. Where an id is
// repeated and must not be, the first one counts.
type Parameters []Parameter

// Parameters reads the blocks of a command as a list.
func (c Command) Parameters() (Parameters, error) { return parseParameters(c.ID, c.Blocks) }

// Parameters reads the blocks of a response as a list.
func (r Response) Parameters() (Parameters, error) { return parseParameters(r.ID, r.Blocks) }

func parseParameters(id CommandID, blocks [][]byte) (Parameters, error) {
	var list Parameters
	for number, block := range blocks {
		for len(block) > 0 {
			if len(block) < parameterHead {
				return nil, fmt.Errorf("read parameters of %s: block %d ends inside an id", string(id), number+1)
			}
			name := ParameterID(binary.BigEndian.Uint16(block))
			length := int(binary.BigEndian.Uint16(block[2:]))
			if length > len(block)-parameterHead {
				return nil, fmt.Errorf("read parameters of %s: %s runs past the end of block %d", string(id), name, number+1)
			}
			list = append(list, Parameter{ID: name, Value: block[parameterHead : parameterHead+length]})
			block = block[parameterHead+length:]
		}
	}
	return list, nil
}

// Command answers the command that carries the list, in as few blocks as its
// parameters fit in. A value that breaks its parameter's format is refused with
// an error that does not repeat it.
func (p Parameters) Command(id CommandID) (Command, error) {
	blocks, err := p.blocks()
	if err != nil {
		return Command{}, fmt.Errorf("write %s: %w", string(id), err)
	}
	return Command{ID: id, Blocks: blocks}, nil
}

func (p Parameters) blocks() ([][]byte, error) {
	var blocks [][]byte
	var block []byte
	for _, parameter := range p {
		if err := parameter.check(); err != nil {
			return nil, err
		}
		if len(block)+parameterHead+len(parameter.Value) > BlockMax {
			blocks, block = append(blocks, block), nil
		}
		block = binary.BigEndian.AppendUint16(block, uint16(parameter.ID))
		block = binary.BigEndian.AppendUint16(block, uint16(len(parameter.Value)))
		block = append(block, parameter.Value...)
	}
	if len(block) > 0 {
		blocks = append(blocks, block)
	}
	return blocks, nil
}

func (p Parameter) check() error {
	if len(p.Value) > ValueMax {
		return fmt.Errorf("%s: %d bytes, at most %d", p.ID, len(p.Value), ValueMax)
	}
	if fact, known := p.ID.fact(); known {
		if err := fact.format.check(p.Value); err != nil {
			return fmt.Errorf("%s: %w", p.ID, err)
		}
	}
	return nil
}

// value answers the first parameter with that id, checked against its format.
func (p Parameters) value(id ParameterID) (value []byte, found bool, err error) {
	for _, parameter := range p {
		if parameter.ID == id {
			return parameter.Value, true, parameter.check()
		}
	}
	return nil, false, nil
}

// mandatory is value for a parameter that the standard promises.
func (p Parameters) mandatory(id ParameterID) ([]byte, error) {
	value, found, err := p.value(id)
	if err == nil && !found {
		err = fmt.Errorf("%s is missing", id)
	}
	return value, err
}

// text answers the value of an optional parameter as text without its padding; a
// value that breaks its format counts as absent.
func (p Parameters) text(id ParameterID) string {
	value, found, err := p.value(id)
	if !found || err != nil {
		return ""
	}
	return strings.TrimRight(decodeText(value), " ")
}
