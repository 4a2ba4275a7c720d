// Package scanner hears a barcode scanner on a serial line, a pseudo terminal or a
// TCP connection.
//
// It cuts what arrives into codes, says when something was no code, and comes back
// whenever the device does. It does not know what a code means, decides nothing
// about a sale, and sends the scanner nothing. A scanner that types like a keyboard
// is the screen's business. Start with [New], keep [Scanner.Run] running.
//
// Two rules that its callers may rely on. Half a code is never told as a code, and
// whatever arrives ends in exactly one call of OnScan or OnGarbled; only a code
// that the scanner told twice in one breath is dropped, and counted.
//
// Facts: ISO/IEC 15424 (symbology identifiers); GS1 General Specifications, 7.9
// (check digits); suffixes, prefixes and pauses as hand scanners are programmed.
package scanner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"balcao/internal/port"
	"balcao/terminal/device"
)

const (
	// dialTimeout is longer than any port takes to open or to fail.
	dialTimeout = 5 * time.Second
	// retryFirst is the wait before the port is opened again; it doubles up to
	// retryMax, so that a scanner which is plugged in works before anyone asks.
	retryFirst = 250 * time.Millisecond
	retryMax   = 5 * time.Second
	// steadyTime tells a connection that stood from one that a device takes and drops
	// at once: the waits begin anew after the first kind, and after any code.
	steadyTime = 5 * time.Second
	// lastLook is the last part of a [silence]. A till that stood still for a moment
	// finds its deadline passed with bytes waiting, and must not take that for one.
	lastLook = 10 * time.Millisecond
	// readBytes is what is read at once: the longest code, in a multiple of every
	// USB packet.
	readBytes = 512
)

// Config is what a scanner needs to know of its till.
type Config struct {
	URL    string // of the port, as package port takes it
	Ending Ending
	// Dial opens the port instead of [port.Dial], if it is not nil. It returns when
	// ctx ends.
	Dial func(ctx context.Context, url string) (port.Port, error)

	// OnScan is told each code: 3 to 512 printable ASCII characters without suffix,
	// prefix, symbology identifier and outer spaces. Gap is the silence before it,
	// since the code before or since the scanner was opened. OnGarbled is told that
	// something arrived which is no code: scan again. They and OnStatus are called one
	// after another from the goroutine of Run and must return soon; each may be nil.
	OnScan    func(code string, gap time.Duration)
	OnGarbled func()
	OnStatus  func(device.Status)
	Log       *slog.Logger
}

// Scanner is one barcode scanner of a till.
type Scanner struct {
	config   Config
	counters counters
	reported device.Status // of Run's goroutine, like the next
	garbled  int           // in a row
}

// New makes a Scanner; nothing is opened before [Scanner.Run].
func New(config Config) *Scanner {
	if config.Dial == nil {
		config.Dial = port.Dial
	}
	return &Scanner{config: config}
}

var errNotOpened = errors.New("port does not open")

// Run hears the scanner until ctx ends, and then answers nil. It is called once.
// Without a device it tries again for ever, ever more slowly, and reports why.
func (s *Scanner) Run(ctx context.Context) error {
	wait := retryFirst
	for {
		begun, scans := time.Now(), s.counters.scans.Load()
		err := s.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		stood := !errors.Is(err, errNotOpened) && time.Since(begun) >= steadyTime
		if stood || s.counters.scans.Load() > scans {
			wait = retryFirst
		}
		level := slog.LevelDebug // a till without its scanner fails every few seconds
		if s.reportFailure(err) {
			level = slog.LevelWarn
		}
		s.config.Log.Log(ctx, level, "no scanner", "cause", err, "again_in", wait)
		if !pause(ctx, wait) {
			return nil
		}
		wait = min(2*wait, retryMax)
	}
}

// pause waits, and answers false when ctx ends.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// session hears one port from dial to its end.
func (s *Scanner) session(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, dialTimeout)
	opened, err := s.config.Dial(limited, s.config.URL)
	cancel()
	if err != nil {
		return fmt.Errorf("%w: %w", errNotOpened, err)
	}
	closing := sync.OnceFunc(func() {
		if err := opened.Close(); err != nil {
			s.config.Log.Debug("close scanner", "cause", err)
		}
	})
	defer closing()
	defer context.AfterFunc(ctx, closing)()
	s.counters.connections.Add(1)
	s.config.Log.Info("scanner opened", "url", s.config.URL)
	s.garbled = 0
	return s.listen(opened)
}

// listen cuts what arrives into codes until the port ends.
func (s *Scanner) listen(opened port.Port) error {
	frames := newFramer(s.config.Ending, time.Now())
	received := make([]byte, readBytes)
	for {
		n, err := next(opened, received, frames.waiting())
		now := time.Now()
		for _, b := range received[:n] {
			if read, ended := frames.feed(b, now); ended {
				s.tell(read)
			}
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			if read, ended := frames.silent(); ended {
				s.tell(read)
			}
			s.reportLight()
		default:
			if read, ended := frames.lost(); ended {
				s.tell(read)
			}
			return err
		}
	}
}

// next reads what has arrived, or waits for it: for ever, or until the line was
// silent for [silence].
func next(opened port.Port, received []byte, untilSilence bool) (n int, err error) {
	if !untilSilence {
		return readUntil(opened, received, time.Time{})
	}
	n, err = readUntil(opened, received, time.Now().Add(silence-lastLook))
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		return readUntil(opened, received, time.Now().Add(lastLook))
	}
	return n, err
}

func readUntil(opened port.Port, received []byte, deadline time.Time) (n int, err error) {
	if err := opened.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	return opened.Read(received)
}

// tell hands a code over, or says that there was none. No code goes into the log:
// a customer's card may have one.
func (s *Scanner) tell(read reading) {
	switch {
	case read.trouble != "":
		s.counters.garbled.Add(1)
		s.garbled++
		s.config.Log.Warn("no code in what the scanner sent", "cause", string(read.trouble), "bytes", read.bytes)
		if s.config.OnGarbled != nil {
			s.config.OnGarbled()
		}
	case read.repeat:
		s.counters.repeats.Add(1)
		s.config.Log.Warn("scanner told a code twice", "gap", read.gap, "bytes", read.bytes)
		return
	default:
		s.counters.scans.Add(1)
		s.garbled = 0
		if s.config.OnScan != nil {
			s.config.OnScan(read.code, read.gap)
		}
	}
	s.reportLight()
}
