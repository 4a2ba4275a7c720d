// Package port opens the cable to a device: a serial line, a pseudo terminal, a
// TCP connection or USB, named by a URL and all used in the same way.
//
// It speaks no protocol, tries nothing twice and records no byte; it counts them.
// Reconnecting is the driver's business, which knows what was under way. Start
// with [Dial], then look at [Port] for what its errors mean.
//
//	serial:///dev/ttyACM0?baud=19200   8N1, no flow control; 9600 baud if none is given
//	tcp://10.0.0.9:9100                with keep-alive
//	usblp:///dev/usb/lp0               a USB printer that the kernel's driver holds
//	usb://04b8:0e27                    a USB device through libusb: vendor and product
//	usb://04b8:0e27/J5PK003421         the one with this serial number
//	pty:/run/sim/pinpad                a pseudo terminal, or a link to one
//
// Only usb_libusb.go needs libusb, and with it a C compiler; the tag nousb takes
// usb_none.go instead.
//
// Facts: termios(3) and tty_ioctl(4) of Linux; tcp(7) for keep-alive; the driver
// drivers/usb/class/usblp.c; USB 2.0, chapter 5.8 (bulk transfers), and the class
// definition of Printing Devices 1.1.
package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ErrGone says that the cable is pulled, the device is switched off or the
// connection has ended: this Port will never work again. Close it and dial anew.
var ErrGone = errors.New("device is gone")

// A Port is an open cable to one device, eight bits clean both ways.
//
// One goroutine may read while another writes. Read returns what has arrived,
// at least one byte. Write returns when the system has taken all bytes, which is
// sooner than the device has; if it fails, n tells how many were taken, and the
// device may have seen any part of them. Errors of both answer to errors.Is:
//
//   - [os.ErrDeadlineExceeded]: the deadline passed; the Port is still good
//   - [ErrGone]: the device went away; the Port is not
//   - [os.ErrClosed]: Close was called, here or by another goroutine
//
// There is no other kind. Deadlines are moments, as of net.Conn: they hold for
// calls under way and all later ones, and the zero time takes them away. Close
// ends blocked calls; called again it returns os.ErrClosed.
type Port interface {
	io.ReadWriteCloser
	SetReadDeadline(deadline time.Time) error
	SetWriteDeadline(deadline time.Time) error
	// Counters may be called at any time, also after Close.
	Counters() Counters
}

// Counters tells how many bytes went over a [Port] since it was dialled.
type Counters struct {
	BytesRead    int64
	BytesWritten int64
}

// dialFunc opens one kind of cable; its errors need not name the URL.
type dialFunc func(ctx context.Context, address *url.URL) (stream, error)

// schemes is the table of cables this build knows.
var schemes = map[string]dialFunc{
	"serial": dialSerial,
	"tcp":    dialTCP,
	"pty":    dialPseudoTerminal,
	"usb":    dialUSB,
	"usblp":  dialPrinterNode,
}

// Dial opens the device named by rawURL, once, before ctx ends.
//
// Serial lines, pseudo terminals and USB devices are locked: a second Dial from
// any process of this program fails. The error names the URL and says what to do about it.
func Dial(ctx context.Context, rawURL string) (Port, error) {
	address, err := parseAddress(rawURL)
	if err != nil {
		return nil, fmt.Errorf("dial device: %w", err)
	}
	dial, known := schemes[address.Scheme]
	if !known {
		return nil, fmt.Errorf("dial %s: unknown scheme %q; known are %s",
			rawURL, address.Scheme, strings.Join(slices.Sorted(maps.Keys(schemes)), ", "))
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dial %s: %w", rawURL, err)
	}
	opened, err := dial(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", rawURL, err)
	}
	return &link{stream: opened, name: rawURL}, nil
}

// parseAddress reads a URL. What stands where a URL has its port must be decimal,
// and product numbers are not: the numbers of a USB device become its path.
func parseAddress(rawURL string) (*url.URL, error) {
	if numbers, isUSB := strings.CutPrefix(rawURL, "usb://"); isUSB {
		rawURL = "usb:///" + numbers
	}
	return url.Parse(rawURL)
}

// checkOptions refuses what would otherwise be ignored silently: a misspelt
// option of a URL is a device that runs at the wrong speed.
func checkOptions(address *url.URL, known ...string) error {
	if address.User != nil || address.Fragment != "" {
		return errors.New("a device has no user and no fragment in its URL")
	}
	options, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return fmt.Errorf("read options: %w", err)
	}
	for name := range options {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown option %q; known are %q", name, known)
		}
	}
	return nil
}
