package simstore

import (
	"context"
	"os/exec"
	"strings"
	"sync"
)

// What a simulator's program says on standard output, and this package hears:
// first where it listens, then, a printer, each paper.
const (
	// Listening stands before the URL for the till.
	Listening = "listening "
	// Printed stands before the path of a paper's text.
	Printed = "paper "
)

// A simulator is a device of the shop, as a process.
type simulator struct {
	*keeper
	printed func(path string) error

	mu        sync.Mutex
	listen    string // the URL to listen on: any port first, then always the same
	url       string // the URL for the till
	announced chan struct{}
}

// simulate starts `balcao-sim NAME --listen URL --control SOCKET` with more flags.
func simulate(shop Shop, program, name, listen string, printed func(string) error, flags ...string) (*simulator, error) {
	s := &simulator{printed: printed, listen: listen, announced: make(chan struct{})}
	var err error
	s.keeper, err = newKeeper(shop, name, func(ctx context.Context) *exec.Cmd {
		s.mu.Lock()
		defer s.mu.Unlock()
		return exec.CommandContext(ctx, program, append([]string{name, "--listen", s.listen, "--control", shop.Control(name)}, flags...)...)
	})
	if err != nil {
		return nil, err
	}
	s.heard = s.hear
	return s, s.begin()
}

// hear takes a line of the simulator's standard output.
func (s *simulator) hear(line string) {
	if url, ok := strings.CutPrefix(line, Listening); ok {
		s.announce(url)
		return
	}
	if path, ok := strings.CutPrefix(line, Printed); ok {
		if err := s.printed(path); err != nil {
			s.log.Error("paper is not in the log of papers", "path", path, "error", err)
		}
	}
}

// announce remembers the port, so that a simulator that dies comes back to it: a
// power cut moves no device to another address.
func (s *simulator) announce(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url != "" {
		return
	}
	s.url = url
	if address, ok := strings.CutPrefix(url, "https://"); ok {
		url = "tcp://" + address
	}
	s.listen = url
	close(s.announced)
}

// listening waits for the URL for the till.
func (s *simulator) listening(ctx context.Context) (string, error) {
	err := s.settle(ctx, func(ctx context.Context) error {
		select {
		case <-s.announced:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url, nil
}

// anyPort lets the kernel choose a port on this machine alone.
const anyPort = "tcp://127.0.0.1:0"

// startSimulators starts all of them at once and waits until each listens.
func (r *Running) startSimulators(ctx context.Context) error {
	shop, certificates := r.shop, r.shop.certificates
	var started []*simulator
	for _, row := range []struct {
		name, listen string
		flags        []string
	}{
		{Pinpad, "pty:" + shop.path("run", "pinpad"), []string{
			"--keys", shop.pinpadKeys(), "--cards", shop.cardsDir(), "--state", shop.path("state", "pinpad.json"),
		}},
		{Scanner, "pty:" + shop.path("run", "scanner"), nil},
		{Printer, anyPort, []string{"--out", shop.Papers()}},
		{Central, anyPort, []string{
			"--state", shop.path("state", "central"), "--keys", shop.hostKeys(), "--accounts", shop.accountsFile(),
			"--cert", certificates.ServerCert, "--key", certificates.ServerKey, "--client-ca", certificates.CA,
		}},
	} {
		simulator, err := simulate(shop, r.options.Simulators, row.name, row.listen, r.notePaper, row.flags...)
		if err != nil {
			return err
		}
		started = append(started, simulator)
		r.keepers = append(r.keepers, simulator.keeper)
	}
	for _, simulator := range started {
		url, err := simulator.listening(ctx)
		if err != nil {
			return err
		}
		r.urls[simulator.name] = url
	}
	return nil
}
