// Package simscanner is a barcode scanner made of software: one that sits on a
// serial line, a pseudo terminal or TCP and sends what it reads.
//
// It reads no picture; whoever holds it says what the label says. It writes the
// wire with its own code and shares none with the till's driver, and it fails as
// scanners do: it tears codes, sends noise, loses its cable and its power. Start
// with [New] and [Scanner.Run]; [Scanner.Do] is the hand that holds it.
// Facts: ISO/IEC 15424 (symbology identifiers); suffixes, prefixes and the beep on
// BEL as hand scanners are programmed.
package simscanner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"balcao/simulators/control"
)

// Config is how a scanner is set up.
type Config struct {
	// Listen is the cable: tcp://127.0.0.1:0 or pty:LINK.
	Listen string
	// Control is the path of the control socket; empty for none.
	Control string
	// Suffix and Prefix are what it is programmed to send around a code, by the names
	// that the control commands suffix and prefix take; empty for cr and none.
	Suffix string
	Prefix string
	Log    *slog.Logger
}

// A Scanner is the device: in its case, with or without power, at the end of a cable.
type Scanner struct {
	config Config
	log    *slog.Logger

	// line is held by whoever sends: codes do not mix.
	line sync.Mutex

	mu sync.Mutex
	// changed is signalled whenever the cable below changes.
	changed *sync.Cond
	cable   cableState

	suffix         string
	prefix         string
	bytesPerSecond int // 0: as fast as the cable is
	codes          int
	beeps          int
	bytesSent      int
}

// New prepares a scanner that is plugged in and switched on.
func New(config Config) (*Scanner, error) {
	if config.Log == nil {
		return nil, errors.New("simulate scanner: a logger is missing")
	}
	scanner := &Scanner{
		config: config, log: config.Log, suffix: "cr", prefix: "none",
		cable: cableState{address: config.Listen, powered: true, plugged: true},
	}
	scanner.changed = sync.NewCond(&scanner.mu)
	for _, given := range []struct {
		name    string
		program func(name string) error
	}{{config.Suffix, scanner.setSuffix}, {config.Prefix, scanner.setPrefix}} {
		if given.name == "" {
			continue
		}
		if err := given.program(given.name); err != nil {
			return nil, fmt.Errorf("simulate scanner: %w", err)
		}
	}
	return scanner, nil
}

// Run is the scanner's life: it listens and obeys until parent ends, and returns
// nil then. ready is called with the URL for the till once it listens; it may be nil.
func (s *Scanner) Run(parent context.Context, ready func(url string)) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	defer context.AfterFunc(ctx, s.stop)()
	url, err := s.start()
	if err != nil {
		return fmt.Errorf("simulate scanner: %w", err)
	}
	hands, err := control.Listen(s.config.Control)
	if err != nil {
		return fmt.Errorf("simulate scanner: %w", err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := hands.Serve(ctx, s.Do); err != nil {
			cancel(err)
		}
	})
	running.Go(func() {
		if err := s.serve(); err != nil {
			cancel(err)
		}
	})
	if ready != nil {
		ready(url)
	}
	running.Wait()
	if parent.Err() != nil {
		return nil
	}
	return fmt.Errorf("simulate scanner: %w", context.Cause(ctx))
}

// start listens for the first time and returns the URL for the till.
func (s *Scanner) start() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.listenLocked(); err != nil {
		return "", err
	}
	return s.cable.address, nil
}

// stop wakes everybody up to find that it is over.
func (s *Scanner) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cable.stopped = true
	s.pullLocked()
}
