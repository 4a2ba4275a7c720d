// Package simpinpad is an ABECS pinpad as a program: it has a slot, a display, a
// keypad, key slots and tables, and speaks the pinpad's side of the cable.
//
// It is no driver and shares no code with one: link layer, messages and BER-TLV are
// its own. It decides nothing that an issuer decides: a card file says what a card
// holds, never how a sale ends. Fingers and cards come over the control socket alone:
// cards are inserted, tapped or swiped. No track 3, no secure channel (a secure OPN is
// answered as an old pinpad does). A restart begins with an empty slot.
// Start with [Config] and [New]; [WriteCards] makes the cards.
//
// Facts: ABECS pinpad document, edition 2.20 (link layer, commands, tables); EMV 4.3
// (what chip and terminal say to each other) and its contactless books; ISO/IEC 7813
// (stripes); ANSI X9.24-1:2009 (keys of PIN and data).
package simpinpad

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"balcao/simulators/control"
	"balcao/simulators/hsm"
)

// Config says where the pinpad is plugged in and what it was made with.
type Config struct {
	// Listen is the pinpad's end of the cable: tcp://127.0.0.1:0 or pty:LINK.
	Listen string
	// StateFile keeps what outlives a power cut: tables, key counters and the
	// counters of the cards. It is made when absent.
	StateFile string
	// KeysFile holds the DUKPT slots, see [hsm.PinpadKeys]. It is only read: the
	// counters move in StateFile.
	KeysFile string
	// CardsDir is where "card insert NAME" finds NAME.json, see [WriteCards].
	CardsDir string
	// Control is the path of the control socket; empty for none.
	Control string
	// NoContactless makes a pinpad without an antenna.
	NoContactless bool
	// AllowClearTracks lets GTK answer without a method, hence in clear, as the
	// document allows; otherwise that is refused with 011.
	AllowClearTracks bool
	// Log gets commands and their status, never data; nil for none.
	Log *slog.Logger
}

// A Simulator is one pinpad. Make it with [New] and switch it on with Run.
type Simulator struct {
	config Config
	device *device
}

// New reads keys and state and makes a pinpad that is still switched off.
func New(config Config) (*Simulator, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	keys, err := hsm.LoadPinpadKeys(config.KeysFile)
	if err != nil {
		return nil, fmt.Errorf("make a pinpad: %w", err)
	}
	memory, err := loadMemory(config.StateFile)
	if err != nil {
		return nil, fmt.Errorf("make a pinpad: %w", err)
	}
	return &Simulator{config: config, device: newDevice(config, keys, memory)}, nil
}

// Run plugs the pinpad in and serves one till after the other until ctx ends; it
// returns nil then. ready, when given, gets the URL by which a till finds the
// pinpad. A till that goes away ends nothing: a command it gave goes on, as it does
// in a device on a desk, until the next till sends CAN.
func (s *Simulator) Run(ctx context.Context, ready func(url string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.device.stop = ctx.Done()
	socket, err := openSocket(s.config.Listen, s.device.plugs, s.config.Log)
	if err != nil {
		return fmt.Errorf("run pinpad: %w", err)
	}
	s.device.socket = socket
	hands, err := control.Listen(s.config.Control)
	if err != nil {
		return errors.Join(fmt.Errorf("run pinpad: %w", err), socket.pull())
	}
	var serving sync.WaitGroup
	var controlErr error
	serving.Go(func() {
		defer cancel() // without hands nobody could work the pinpad
		controlErr = hands.Serve(ctx, s.device.obey)
	})
	if ready != nil {
		ready(socket.url)
	}
	s.device.run()
	cancel()
	err = socket.pull()
	serving.Wait()
	s.device.readers.Wait()
	if err := errors.Join(controlErr, err); err != nil {
		return fmt.Errorf("run pinpad: %w", err)
	}
	return nil
}
