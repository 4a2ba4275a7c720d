package port_test

import (
	"io/fs"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"balcao/internal/port"
)

// newPackets opens both ends of a cable that keeps packets apart, empty ones too,
// and that holds few of them: what usblp does, without a printer.
func newPackets(t *testing.T) (till *os.File, device net.Conn) {
	near, device := newPair(t, unix.SOCK_SEQPACKET)
	till, err := near.(*net.UnixConn).File()
	require.NoError(t, err)
	require.NoError(t, near.Close())
	return till, device
}

func openNode(file *os.File) port.Port {
	return port.OverPrinterNode(file, func() error { return port.Settle(file) }, "usblp:///dev/usb/lp0")
}

// fill writes packets until the cable takes no more, and returns their number.
func fill(t *testing.T, file *os.File) int {
	raw, err := file.SyscallConn()
	require.NoError(t, err)
	taken := 0
	require.NoError(t, raw.Control(func(descriptor uintptr) {
		for err = nil; err == nil; taken++ {
			_, err = unix.Write(int(descriptor), []byte{0})
		}
	}))
	require.ErrorIs(t, err, unix.EAGAIN)
	return taken - 1
}

func TestAnEmptyPacketIsNotTheEndOfAPrinter(t *testing.T) {
	file, device := newPackets(t)
	till := openNode(file)
	defer till.Close()
	require.NoError(t, till.SetReadDeadline(time.Now().Add(patience)))
	for _, packet := range []string{"", "", "\x12"} {
		_, err := device.Write([]byte(packet))
		require.NoError(t, err)
	}
	require.Equal(t, "\x12", readSome(t, till))
}

func TestWriteReturnsWhenThePrinterHasTakenAll(t *testing.T) {
	file, device := newPackets(t)
	till := openNode(file)
	defer till.Close()
	waiting := fill(t, file)
	require.NoError(t, till.SetWriteDeadline(time.Now().Add(soon)))
	settled := inBackground(func() error { return port.Settle(file) })
	require.ErrorIs(t, wait(t, settled), os.ErrDeadlineExceeded)

	require.NoError(t, till.SetWriteDeadline(time.Now().Add(patience)))
	settled = inBackground(func() error { return port.Settle(file) })
	for range waiting {
		_, err := device.Read(make([]byte, 1))
		require.NoError(t, err)
	}
	require.NoError(t, wait(t, settled))
}

func TestAFaultAfterTheDriverTookAllBytesCountsThemAll(t *testing.T) {
	till, device := net.Pipe()
	defer device.Close()
	opened := port.OverPrinterNode(nodeEnd{till}, func() error { return unix.ENODEV }, "usblp:///dev/usb/lp0")
	defer opened.Close()
	received := inBackground(func() error {
		_, err := device.Read(make([]byte, 4))
		return err
	})
	n, err := opened.Write([]byte("text"))
	require.ErrorIs(t, err, port.ErrGone)
	require.Equal(t, 4, n)
	require.NoError(t, wait(t, received))
}

// listener is the node of a printer that only listens: reading it is refused.
type listener struct{ nodeEnd }

func (listener) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: "/dev/usb/lp0", Err: unix.EINVAL}
}

func TestAPrinterThatOnlyListensIsSilentNotGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end, device := net.Pipe()
		defer device.Close()
		till := port.OverPrinterNode(listener{nodeEnd{end}}, func() error { return nil }, "usblp:///dev/usb/lp0")
		require.NoError(t, till.SetReadDeadline(time.Now().Add(time.Hour)))
		require.ErrorIs(t, readOne(till)(), os.ErrDeadlineExceeded)

		require.NoError(t, till.SetReadDeadline(time.Time{}))
		result := inBackground(readOne(till))
		synctest.Wait()
		require.NoError(t, till.Close())
		require.ErrorIs(t, <-result, os.ErrClosed)
	})
}

func TestFaultsOfThePrintersNodeAreItsEnd(t *testing.T) {
	for _, fault := range []error{unix.EIO, unix.ENODEV} {
		end, device := net.Pipe()
		defer device.Close()
		till := port.OverPrinterNode(broken{nodeEnd{end}, fault}, func() error { return nil }, "usblp:///dev/usb/lp0")
		require.ErrorIs(t, readOne(till)(), port.ErrGone)
		require.NoError(t, till.Close())
	}
}

type broken struct {
	nodeEnd
	fault error
}

func (b broken) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: "/dev/usb/lp0", Err: b.fault}
}
