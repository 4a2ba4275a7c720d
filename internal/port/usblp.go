package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// usbMajor is the device number of USB's own character devices, printers among
// them (Linux, admin-guide/devices.txt: 180 char).
const usbMajor = 180

func dialPrinterNode(_ context.Context, address *url.URL) (stream, error) {
	if address.Host != "" || address.Path == "" {
		return nil, errors.New("write it as usblp:///dev/usb/lp0, with three slashes")
	}
	if err := checkOptions(address); err != nil {
		return nil, err
	}
	// No lock of ours: the driver opens a printer once (EBUSY).
	file, err := os.OpenFile(address.Path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, printerNodeHint(err))
	}
	if err := control(file, checkPrinterNode); err != nil {
		return nil, errors.Join(fmt.Errorf("%w (%s)", err, hintNoPrinterNode), file.Close())
	}
	return newPrinterNode(file, func() error { return settle(file) }), nil
}

func checkPrinterNode(descriptor int) error {
	var info unix.Stat_t
	if err := unix.Fstat(descriptor, &info); err != nil {
		return err
	}
	if info.Mode&unix.S_IFMT != unix.S_IFCHR || unix.Major(info.Rdev) != usbMajor {
		return errors.New("not a USB device of the kernel")
	}
	return nil
}

// printerNode is an open /dev/usb/lpN. It hides what the driver usblp has and no
// other cable: reads of nothing, reads that are refused for ever, and writes that
// are over before anything has left.
type printerNode struct {
	stream
	settle       func() error // returns when the device has taken what was written
	readDeadline *deadline
	closed       chan struct{}
}

func newPrinterNode(file stream, settle func() error) *printerNode {
	return &printerNode{stream: file, settle: settle, readDeadline: newDeadline(), closed: make(chan struct{})}
}

func (p *printerNode) Read(buffer []byte) (int, error) {
	for {
		n, err := p.stream.Read(buffer)
		var pause <-chan time.Time
		switch {
		case errors.Is(err, io.EOF):
			// An empty packet: a printer that has nothing to say, not the end.
			pause = time.After(emptyPause)
		case errors.Is(err, unix.EINVAL):
			// A printer that only listens (protocol 1) never says anything.
		default:
			return n, err
		}
		select {
		case <-pause:
		case <-p.readDeadline.wait():
			return 0, os.ErrDeadlineExceeded
		case <-p.closed:
			return 0, os.ErrClosed
		}
	}
}

// Write returns when the device has taken all bytes. If it fails after the driver
// has taken them all, n is len(data): they may not be sent again.
func (p *printerNode) Write(data []byte) (int, error) {
	n, err := p.stream.Write(data)
	if err != nil {
		return n, err
	}
	return n, p.settle()
}

func (p *printerNode) SetReadDeadline(moment time.Time) error {
	p.readDeadline.set(moment)
	return p.stream.SetReadDeadline(moment)
}

func (p *printerNode) Close() error {
	close(p.closed)
	return p.stream.Close()
}

// settle waits until the transfer under way is over. Without blocking the driver
// only begins a transfer and presumes that it will go well; closing then kills it,
// and the end of a receipt with it. A write of nothing is refused until it is over.
func settle(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var answer error
	err = raw.Write(func(descriptor uintptr) (over bool) {
		for answer = unix.EINTR; answer == unix.EINTR; {
			_, answer = unix.Write(int(descriptor), nil)
		}
		return answer != unix.EAGAIN
	})
	if err != nil {
		return err
	}
	return answer
}

const (
	hintNoPrinterNode    = "this is no USB printer: check the path, such as /dev/usb/lp0"
	hintPrinterForbidden = "no permission: add the service's user to group lp and start it again"
	hintPrinterMissing   = "no such device: check cable and power; ls /dev/usb names what is plugged in, if the kernel's module usblp is loaded"
)

// printerNodeHint says what a person can do about a printer that does not open.
func printerNodeHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return hintPrinterForbidden
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return hintPrinterMissing
	case errors.Is(err, unix.EBUSY):
		return hintBusy
	default:
		return hintNoPrinterNode
	}
}
