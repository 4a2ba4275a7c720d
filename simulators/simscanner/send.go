package simscanner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"balcao/simulators/cable"
)

// writeTimeout gives up on a till that does not read: a pseudo terminal holds some
// 4,000 bytes.
const writeTimeout = 2 * time.Second

// send puts bytes on the cable at the programmed speed and returns when they are
// on it. It says how many were, if not all.
func (s *Scanner) send(ctx context.Context, data []byte) error {
	s.line.Lock()
	defer s.line.Unlock()
	till, rate, err := s.reach()
	if err != nil {
		return err
	}
	sent, err := write(ctx, till, data, rate)
	s.mu.Lock()
	s.bytesSent += sent
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("only %d of %d bytes left: %w", sent, len(data), err)
	}
	return nil
}

// reach answers the till at the other end, or why there is none.
func (s *Scanner) reach() (till cable.Conn, bytesPerSecond int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.cable.powered:
		return nil, 0, errors.New("the scanner is switched off")
	case !s.cable.plugged:
		return nil, 0, errors.New("the cable is pulled: nobody hears the scanner")
	case s.cable.till == nil:
		return nil, 0, errors.New("no till is at the other end of the cable: nobody hears the scanner")
	}
	return s.cable.till, s.bytesPerSecond, nil
}

// write sends all at once, or with a rate byte by byte.
func write(ctx context.Context, till cable.Conn, data []byte, bytesPerSecond int) (sent int, err error) {
	if bytesPerSecond == 0 {
		return writeNow(till, data)
	}
	tick := time.NewTicker(time.Second / time.Duration(bytesPerSecond))
	defer tick.Stop()
	for i := range data {
		if n, err := writeNow(till, data[i:i+1]); err != nil {
			return i + n, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return i + 1, ctx.Err()
		}
	}
	return len(data), nil
}

func writeNow(till cable.Conn, data []byte) (sent int, err error) {
	if err := till.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, fmt.Errorf("write to the till: %w", err)
	}
	sent, err = till.Write(data)
	if err != nil {
		return sent, fmt.Errorf("write to the till: %w", err)
	}
	return sent, nil
}
