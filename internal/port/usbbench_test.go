package port_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"balcao/internal/port"
)

// packetBytes is the packet size of bulk pipes at full speed (USB 2.0, 5.8.3).
const packetBytes = 64

var errUnplugged = errors.New("device was disconnected")

// newPair opens both ends of a cable that holds a few bytes, as devices do. The
// till's end is closed by whoever uses it.
func newPair(t *testing.T, kind int) (till, device net.Conn) {
	ends, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	var conns [2]net.Conn
	for i, descriptor := range ends {
		file := os.NewFile(uintptr(descriptor), "end")
		conns[i], err = net.FileConn(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	t.Cleanup(func() { conns[1].Close() })
	return conns[0], conns[1]
}

// usbEnd is a USB device by its pipes, with a stream behind them. It watches the
// rules of libusb: one transfer in each direction, none while the device closes.
type usbEnd struct {
	t        *testing.T
	cable    net.Conn
	in, out  atomic.Int32
	outSizes []int
}

func newBulkBench(t *testing.T) bench {
	till, device := newPair(t, unix.SOCK_STREAM)
	return bench{
		url:    "usb://04b8:0e27",
		open:   func() port.Port { return port.OverBulk(&usbEnd{t: t, cable: till}, packetBytes, "usb://04b8:0e27") },
		device: func() io.ReadWriteCloser { return device },
	}
}

func (d *usbEnd) In(ctx context.Context, packet []byte) (int, error) {
	if d.in.Add(1) != 1 {
		d.t.Error("two transfers in at once")
	}
	defer d.in.Add(-1)
	if len(packet) != packetBytes {
		d.t.Errorf("a transfer of %d bytes", len(packet))
	}
	defer limit(ctx, d.cable.SetReadDeadline)()
	n, err := d.cable.Read(packet)
	return n, asUSB(ctx, err)
}

func (d *usbEnd) Out(ctx context.Context, data []byte) (int, error) {
	if d.out.Add(1) != 1 {
		d.t.Error("two transfers out at once")
	}
	defer d.out.Add(-1)
	d.outSizes = append(d.outSizes, len(data))
	defer limit(ctx, d.cable.SetWriteDeadline)()
	n, err := d.cable.Write(data)
	return n, asUSB(ctx, err)
}

func (d *usbEnd) Close() error {
	if d.in.Load() != 0 || d.out.Load() != 0 {
		d.t.Error("closed in the middle of a transfer")
	}
	return d.cable.Close()
}

// limit ends a call when ctx ends, and leaves no deadline behind.
func limit(ctx context.Context, set func(time.Time) error) (release func()) {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = set(time.Unix(1, 0))
		close(over)
	})
	return func() {
		if !stop() {
			<-over
			_ = set(time.Time{})
		}
	}
}

func asUSB(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return errUnplugged
	}
}

// nodeEnd is an open /dev/usb/lp0 whose printer is pulled when the far end closes.
type nodeEnd struct{ net.Conn }

func (n nodeEnd) Read(buffer []byte) (int, error) {
	read, err := n.Conn.Read(buffer)
	if errors.Is(err, io.EOF) {
		err = unix.ENODEV
	}
	return read, err
}

func newNodeBench(t *testing.T) bench {
	till, device := newPair(t, unix.SOCK_STREAM)
	nothingUnderWay := func() error { return nil }
	return bench{
		url: "usblp:///dev/usb/lp0",
		open: func() port.Port {
			return port.OverPrinterNode(nodeEnd{till}, nothingUnderWay, "usblp:///dev/usb/lp0")
		},
		device: func() io.ReadWriteCloser { return device },
	}
}

// readSome reads once.
func readSome(t *testing.T, till port.Port) string {
	t.Helper()
	buffer := make([]byte, packetBytes)
	n, err := till.Read(buffer)
	require.NoError(t, err)
	return string(buffer[:n])
}
