package abecs

import (
	"fmt"
	"time"

	"balcao/reader"
)

// EventRequest is CEX: wait for the first of the chosen events. A swipe comes with
// masked tracks, which this package does not read: a card is read with [GetCard].
type EventRequest struct {
	Key          bool
	Stripe       bool
	ChipInserted bool
	ChipRemoved  bool // not together with ChipInserted
	Contactless  bool
	Timeout      time.Duration // whole seconds, at most 255; 0 waits for ever
}

// Command encodes the request.
func (r EventRequest) Command() (Command, error) {
	options := []byte("000000")
	for position, wanted := range []bool{r.Key, r.Stripe, r.ChipInserted, r.Contactless} {
		if wanted {
			options[position] = '1'
		}
	}
	const chip, chipRemoved = 2, '2'
	if r.ChipRemoved {
		options[chip] = chipRemoved
	}
	list := Parameters{{ID: SPEEventOptions, Value: options}}
	if r.Timeout > 0 {
		list = append(list, timeoutParameter(r.Timeout))
	}
	if r.Stripe {
		list = append(list, Parameter{ID: SPEPANMask, Value: []byte(reader.PANMask)})
	}
	return list.Command(CEX)
}

// Event is what happened, two digits of the standard.
type Event string

// The events of CEX; a key is any other.
const (
	EventOK           Event = "00"
	EventCancel       Event = "13"
	EventStripe       Event = "90"
	EventChipRemoved  Event = "91"
	EventChipInserted Event = "92"
	EventContactless  Event = "94"
)

// ParseEvent reads the answer to CEX.
func ParseEvent(response Response) (Event, error) {
	list, err := response.Parameters()
	if err != nil {
		return "", err
	}
	event, err := list.mandatory(PPEvent)
	if err != nil {
		return "", fmt.Errorf("read event: %w", err)
	}
	return Event(event), nil
}

// timeoutMax is the longest wait that one byte of seconds holds.
const timeoutMax = 255 * time.Second

func timeoutParameter(wait time.Duration) Parameter {
	seconds := max(1, min(wait, timeoutMax)/time.Second)
	return Parameter{ID: SPETimeout, Value: []byte{byte(seconds)}}
}
