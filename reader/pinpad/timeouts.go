package pinpad

import "time"

// Timeouts are the waits of the line and of the session. A zero field means its
// default; tests over real cables shorten them.
type Timeouts struct {
	Settle      time.Duration // noise after opening the port is thrown away for so long
	Acknowledge time.Duration // for the one byte that says a frame was taken
	Response    time.Duration // for the answer to a command that needs no customer
	Byte        time.Duration // between two bytes of one frame
	Silence     time.Duration // of the line, before a repeat is asked for
	Cancel      time.Duration // for the EOT that answers CAN
	Write       time.Duration // for the system to take a frame
	Card        time.Duration // for the holder to do something; whole seconds, at most 255
	Dial        time.Duration // for the port to open
	RetryFirst  time.Duration // before the port is opened again; doubles up to RetryMax
	RetryMax    time.Duration
}

// The defaults. Those of the line are the standard's (ABECS, link layer) but for
// the response: a real pinpad took 8 s of its 10 to tell about itself.
const (
	settleDefault      = 800 * time.Millisecond // a PPC930 emits 16 bytes of noise when opened
	acknowledgeDefault = 2 * time.Second
	responseDefault    = 15 * time.Second
	byteDefault        = 2 * time.Second
	silenceDefault     = 500 * time.Millisecond
	cancelDefault      = 2 * time.Second
	writeDefault       = 5 * time.Second // the longest frame takes 2.2 s at 19200 bit/s
	cardDefault        = 2 * time.Minute // as long as pinpads wait for a contactless card
	dialDefault        = 5 * time.Second
	retryFirstDefault  = 500 * time.Millisecond
	retryMaxDefault    = 15 * time.Second // a plugged-in pinpad is back before anyone asks
)

// Limits that are counts.
const (
	// triesMax is how often a frame, a repeat and CAN are tried (ABECS, link layer).
	triesMax = 3
	// drainFactor bounds the wait for silence, in times of it: a device that never
	// stops talking is no pinpad.
	drainFactor = 20
	// stripeTriesMax is how often a customer may swipe in vain: a card with a chip, or a
	// stripe that cannot be read.
	stripeTriesMax = 3
	// presentationsMax is how often one reading asks for a card in all: two taps, a
	// phone, a chip and a stripe in vain, and some to spare.
	presentationsMax = 8
	// chunkSize is how many bytes are read at once: the longest frame in four.
	chunkSize = 1024
)

func (t Timeouts) withDefaults() Timeouts {
	for _, field := range []struct {
		value       *time.Duration
		defaultWait time.Duration
	}{
		{&t.Settle, settleDefault},
		{&t.Acknowledge, acknowledgeDefault},
		{&t.Response, responseDefault},
		{&t.Byte, byteDefault},
		{&t.Silence, silenceDefault},
		{&t.Cancel, cancelDefault},
		{&t.Write, writeDefault},
		{&t.Card, cardDefault},
		{&t.Dial, dialDefault},
		{&t.RetryFirst, retryFirstDefault},
		{&t.RetryMax, retryMaxDefault},
	} {
		if *field.value == 0 {
			*field.value = field.defaultWait
		}
	}
	return t
}
