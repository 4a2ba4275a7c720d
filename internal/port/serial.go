package port

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

const (
	// baudDefault is the speed of a serial URL that names none: what most
	// printers, scales and scanners leave the factory with.
	baudDefault = 9600
	// baudMax is the fastest rate of termios on Linux (B4000000).
	baudMax = 4_000_000
)

func dialSerial(_ context.Context, address *url.URL) (stream, error) {
	if address.Host != "" || address.Path == "" {
		return nil, errors.New("write it as serial:///dev/NAME, with three slashes")
	}
	if err := checkOptions(address, "baud"); err != nil {
		return nil, err
	}
	baud := baudDefault
	if given := address.Query().Get("baud"); given != "" {
		parsed, err := strconv.Atoi(given)
		if err != nil || parsed < 1 || parsed > baudMax {
			return nil, fmt.Errorf("baud=%s: want a whole number from 1 to %d", given, baudMax)
		}
		baud = parsed
	}
	file, err := openTerminal(address.Path, baud)
	if err != nil {
		return nil, err
	}
	if err := control(file, exclude); err != nil {
		return nil, errors.Join(fmt.Errorf("keep other programs out: %w", err), file.Close())
	}
	return serialLine{file}, nil
}

// serialLine also keeps programs out that do not ask for our lock.
type serialLine struct{ *os.File }

// Close takes the exclusion back first: the kernel does so only when the last
// descriptor of the line is closed, and that may be another program's.
func (l serialLine) Close() error {
	// A pulled line refuses this, and then nothing is left to take back.
	_ = control(l.File, admit)
	return l.File.Close()
}

// dialPseudoTerminal takes no TIOCEXCL: that flag outlives a killed till as long
// as the simulator holds its end, and would lock the next one out.
func dialPseudoTerminal(_ context.Context, address *url.URL) (stream, error) {
	path := address.Path
	if address.Opaque != "" {
		path = address.Opaque
	}
	if address.Host != "" || path == "" {
		return nil, errors.New("write it as pty:PATH")
	}
	if err := checkOptions(address); err != nil {
		return nil, err
	}
	return openTerminal(path, baudDefault)
}

// openTerminal opens, locks and configures a tty: raw, 8N1, no flow control.
//
// Package serial sets the modes, on a descriptor of its own that is closed
// again: its writes block without limit and its read timeout cannot be moved
// under way, while a file of Go's poller has both deadlines. Our file is opened
// first, so that DTR never drops, and locked first, so that a port in use is not
// reconfigured under its owner.
func openTerminal(path string, baud int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, openHint(err))
	}
	if err := claim(file, path, baud); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func claim(file *os.File, path string, baud int) error {
	// flock holds for root too, which TIOCEXCL does not (tty_ioctl(4)).
	if err := control(file, lock); err != nil {
		return fmt.Errorf("lock: %w (%s)", err, openHint(err))
	}
	if err := file.SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("no deadlines on this file: %w (%s)", err, hintNotSerial)
	}
	modes, err := serial.Open(path, &serial.Mode{BaudRate: baud, DataBits: 8})
	if err != nil {
		return fmt.Errorf("configure: %w (%s)", err, openHint(err))
	}
	if err := modes.Close(); err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	return nil
}

// control runs a system call on the descriptor. It avoids File.Fd, after which
// deadlines of a file may stop working.
func control(file *os.File, request func(descriptor int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var answer error
	if err := raw.Control(func(descriptor uintptr) { answer = request(int(descriptor)) }); err != nil {
		return err
	}
	return answer
}

func lock(descriptor int) error { return unix.Flock(descriptor, unix.LOCK_EX|unix.LOCK_NB) }

func exclude(descriptor int) error { return unix.IoctlSetInt(descriptor, unix.TIOCEXCL, 0) }

func admit(descriptor int) error { return unix.IoctlSetInt(descriptor, unix.TIOCNXCL, 0) }

const (
	hintNotSerial = "this is no serial device: check the path"
	hintBusy      = "in use: stop the other program, or the second driver of this URL"
	hintForbidden = "no permission: add the service's user to group dialout and start it again"
	hintMissing   = "no such device: check cable and power; /dev/serial/by-id names what is plugged in"
)

// openHint says what a person can do about a port that does not open.
func openHint(err error) string {
	var refused *serial.PortError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return hintForbidden
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return hintMissing
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EWOULDBLOCK):
		return hintBusy
	case errors.As(err, &refused) && refused.Code() == serial.PortBusy:
		return hintBusy
	default:
		return hintNotSerial
	}
}
