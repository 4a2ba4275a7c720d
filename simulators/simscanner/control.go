package simscanner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// codeBytesMax is more than any symbology holds (a QR code: 7,089 digits).
	codeBytesMax = 8 << 10
	// noiseBytesMax is a line that is noisy for a minute.
	noiseBytesMax = 64 << 10
	// rateMax is the fastest pace that a timer keeps.
	rateMax = int(time.Second / (50 * time.Microsecond))
	// seedDefault makes noise the same each time for those who do not care.
	seedDefault = 1
)

// order is one control command: what to do with the words behind its name.
type order func(s *Scanner, ctx context.Context, words []string) (string, error)

// orders is the table of control commands.
var orders = map[string]order{
	"scan":       (*Scanner).scan,
	"scan-burst": (*Scanner).scanBurst,
	"cut":        (*Scanner).cut,
	"noise-in":   (*Scanner).noiseIn,
	"garbage":    (*Scanner).garbage,
	"suffix":     program((*Scanner).setSuffix),
	"prefix":     program((*Scanner).setPrefix),
	"speed":      program((*Scanner).setSpeed),
	"off":        quick(func(c *cableState) { c.powered = false }),
	"on":         quick(func(c *cableState) { c.powered = true }),
	"unplug":     quick(func(c *cableState) { c.plugged = false }),
	"plug":       quick(func(c *cableState) { c.plugged = true }),
	"beep":       (*Scanner).countBeeps,
	"state":      (*Scanner).state,
}

// Do obeys one command of the control socket and returns its answer. A code is on
// the cable when its command is answered.
//
//	scan CODE                 read a label
//	scan-burst CODE...        several, sent in one breath
//	cut CODE N                only the first N characters arrive, and no suffix
//	noise-in CODE [SEED]      noise in the middle of the code
//	garbage N [SEED]          N bytes of noise, of any kind
//	suffix cr|lf|crlf|tab|etx|none · prefix none|stx|aim|stx+aim
//	speed BYTES_PER_SECOND|off
//	off · on · unplug · plug  power and cable
//	beep                      how often it has beeped: for each code, and each BEL of the till
//	state                     JSON
func (s *Scanner) Do(ctx context.Context, args []string) (string, error) {
	if len(args) == 0 {
		return "", fmt.Errorf("a command is missing; known are %s", known(orders))
	}
	obey, found := orders[args[0]]
	if !found {
		return "", fmt.Errorf("unknown command %q; known are %s", args[0], known(orders))
	}
	answer, err := obey(s, ctx, args[1:])
	if err != nil {
		return "", fmt.Errorf("%s: %w", args[0], err)
	}
	return answer, nil
}

// program makes an order of something that one word sets.
func program(set func(s *Scanner, name string) error) order {
	return func(s *Scanner, _ context.Context, words []string) (string, error) {
		if len(words) != 1 {
			return "", errors.New("wants one word")
		}
		if err := set(s, words[0]); err != nil {
			return "", err
		}
		return "ok", nil
	}
}

// quick makes an order of a change of power or cable.
func quick(change func(*cableState)) order {
	return func(s *Scanner, _ context.Context, words []string) (string, error) {
		if len(words) > 0 {
			return "", errors.New("takes no words")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		change(&s.cable)
		if !s.cable.powered || !s.cable.plugged {
			s.pullLocked()
			return "ok", nil
		}
		if err := s.listenLocked(); err != nil {
			return "", err
		}
		return "ok", nil
	}
}

func (s *Scanner) setSpeed(word string) error {
	rate := 0
	if word != "off" {
		var err error
		if rate, err = strconv.Atoi(word); err != nil || rate < 1 || rate > rateMax {
			return fmt.Errorf("%q is no number of bytes per second from 1 to %d, nor off", word, rateMax)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytesPerSecond = rate
	return nil
}

func (s *Scanner) scan(ctx context.Context, words []string) (string, error) {
	if len(words) != 1 {
		return "", errors.New("wants one CODE")
	}
	return s.read(ctx, words, s.wire)
}

func (s *Scanner) scanBurst(ctx context.Context, words []string) (string, error) {
	if len(words) == 0 {
		return "", errors.New("wants at least one CODE")
	}
	return s.read(ctx, words, s.wire)
}

func (s *Scanner) cut(ctx context.Context, words []string) (string, error) {
	if len(words) != 2 {
		return "", errors.New("wants CODE N")
	}
	kept, err := strconv.Atoi(words[1])
	if err != nil || kept < 1 || kept > len(words[0]) {
		return "", fmt.Errorf("%q is no number of characters from 1 to %d", words[1], len(words[0]))
	}
	return s.read(ctx, words[:1], func(code string) string {
		before, _ := s.around(code)
		return before + code[:kept]
	})
}

func (s *Scanner) noiseIn(ctx context.Context, words []string) (string, error) {
	if len(words) == 0 {
		return "", errors.New("wants CODE [SEED]")
	}
	seed, err := seedOf(words[1:])
	if err != nil {
		return "", err
	}
	return s.read(ctx, words[:1], func(code string) string {
		before, after := s.around(code)
		return before + disturbed(code, seed) + after
	})
}

// read is a press of the trigger: codes go over the cable as toWire makes them, and
// it beeps for each. Without power it does neither.
func (s *Scanner) read(ctx context.Context, codes []string, toWire func(code string) string) (string, error) {
	var wire strings.Builder
	for _, code := range codes {
		if code == "" || len(code) > codeBytesMax {
			return "", fmt.Errorf("a label holds 1 to %d bytes", codeBytesMax)
		}
		wire.WriteString(toWire(code))
	}
	if err := s.send(ctx, []byte(wire.String())); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes += len(codes)
	s.beeps += len(codes)
	return "ok", nil
}

func (s *Scanner) garbage(ctx context.Context, words []string) (string, error) {
	if len(words) == 0 {
		return "", errors.New("wants N [SEED]")
	}
	count, err := strconv.Atoi(words[0])
	if err != nil || count < 1 || count > noiseBytesMax {
		return "", fmt.Errorf("%q is no number of bytes from 1 to %d", words[0], noiseBytesMax)
	}
	seed, err := seedOf(words[1:])
	if err != nil {
		return "", err
	}
	if err := s.send(ctx, noise(count, seed)); err != nil {
		return "", err
	}
	return "ok", nil
}

func seedOf(words []string) (uint64, error) {
	switch len(words) {
	case 0:
		return seedDefault, nil
	case 1:
		seed, err := strconv.ParseUint(words[0], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no SEED, a whole number", words[0])
		}
		return seed, nil
	default:
		return 0, errors.New("too many words")
	}
}

func (s *Scanner) countBeeps(_ context.Context, words []string) (string, error) {
	if len(words) > 0 {
		return "", errors.New("takes no words")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return strconv.Itoa(s.beeps), nil
}

// A State is the answer to the control command state.
type State struct {
	Powered        bool   `json:"powered"`
	Plugged        bool   `json:"plugged"`
	Connected      bool   `json:"connected"` // somebody is at the other end; with a pty always
	Suffix         string `json:"suffix"`
	Prefix         string `json:"prefix"`
	BytesPerSecond int    `json:"bytes_per_second"`
	Codes          int    `json:"codes"`
	Beeps          int    `json:"beeps"`
	BytesSent      int    `json:"bytes_sent"`
}

func (s *Scanner) state(_ context.Context, words []string) (string, error) {
	if len(words) > 0 {
		return "", errors.New("takes no words")
	}
	s.mu.Lock()
	now := State{
		Powered: s.cable.powered, Plugged: s.cable.plugged, Connected: s.cable.till != nil,
		Suffix: s.suffix, Prefix: s.prefix, BytesPerSecond: s.bytesPerSecond,
		Codes: s.codes, Beeps: s.beeps, BytesSent: s.bytesSent,
	}
	s.mu.Unlock()
	text, err := json.Marshal(now)
	if err != nil {
		return "", fmt.Errorf("write state: %w", err)
	}
	return string(text), nil
}
