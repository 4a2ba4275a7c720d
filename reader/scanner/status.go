package scanner

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync/atomic"
	"syscall"

	"balcao/terminal/device"
)

// Details of a status, ids of the catalogues.
const (
	DetailUnplugged    = "device.scanner.unplugged"     // no such port, or nobody answers there
	DetailNoPermission = "device.scanner.no_permission" // the port may not be opened by this user
	DetailCannotOpen   = "device.scanner.cannot_open"   // the port is there and does not open
	DetailGarbled      = "device.scanner.garbled"       // much arrives and nothing is a code: speed or suffix is wrong
)

// garbledMax is how many readings in a row may be no code before the light says
// so: one is a torn label, three are a scanner that is set up wrongly.
const garbledMax = 3

// Counters say how well the scanner works, since [New]. What is not in Scans asks
// for a look at cable and set-up.
type Counters struct {
	Connections int64 // times the port was opened
	Scans       int64 // codes told to the till
	Garbled     int64 // readings that were no code
	Repeats     int64 // codes dropped because the scanner told them twice
}

type counters struct {
	connections, scans, garbled, repeats atomic.Int64
}

// Counters may be called at any time, from any goroutine.
func (s *Scanner) Counters() Counters {
	return Counters{
		Connections: s.counters.connections.Load(),
		Scans:       s.counters.scans.Load(),
		Garbled:     s.counters.garbled.Load(),
		Repeats:     s.counters.repeats.Load(),
	}
}

// report tells the till what is new, and nothing twice.
func (s *Scanner) report(light device.Light, detail string) (isNew bool) {
	status := device.Status{Kind: device.Scanner, Light: light, Detail: detail}
	if status == s.reported {
		return false
	}
	s.reported = status
	if s.config.OnStatus != nil {
		s.config.OnStatus(status)
	}
	return true
}

// reportLight is for a port that is open and has stood for a moment, so that one
// that opens and fails at once does not blink.
func (s *Scanner) reportLight() {
	if s.garbled >= garbledMax {
		s.report(device.Warning, DetailGarbled)
		return
	}
	s.report(device.OK, "")
}

// reportFailure tells why there is no scanner to hear.
func (s *Scanner) reportFailure(err error) (isNew bool) {
	switch {
	case !errors.Is(err, errNotOpened):
		return s.report(device.Absent, DetailUnplugged)
	case errors.Is(err, fs.ErrPermission):
		return s.report(device.Error, DetailNoPermission)
	case isAny(err, nobodyThere):
		return s.report(device.Absent, DetailUnplugged)
	}
	return s.report(device.Error, DetailCannotOpen)
}

// nobodyThere are the ways in which a port says that no device is behind it.
var nobodyThere = []error{
	fs.ErrNotExist, syscall.ENODEV, syscall.ENXIO, syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	context.DeadlineExceeded,
}

func isAny(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
