package port

import (
	"io/fs"
	"net"
	"net/url"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestSerialLineIsRaw8N1AtTheSpeedOfTheURL(t *testing.T) {
	master, slave, err := pty.Open()
	require.NoError(t, err)
	defer master.Close()
	defer slave.Close()
	for option, speed := range map[string]uint32{"": unix.B9600, "?baud=19200": unix.B19200, "?baud=115200": unix.B115200} {
		till, err := Dial(t.Context(), "serial://"+slave.Name()+option)
		require.NoError(t, err)
		modes, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
		require.NoError(t, err)
		require.NoError(t, till.Close())

		require.Equal(t, speed, modes.Cflag&unix.CBAUD, option)
		require.EqualValues(t, unix.CS8, modes.Cflag&unix.CSIZE)
		require.Zero(t, modes.Cflag&(unix.PARENB|unix.CSTOPB|unix.CRTSCTS))
		require.Zero(t, modes.Iflag&(unix.IXON|unix.IXOFF|unix.ICRNL|unix.ISTRIP))
		require.Zero(t, modes.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG))
		require.Zero(t, modes.Oflag&unix.OPOST)
	}
}

func TestConnectionIsKeptAlive(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	opened, err := dialTCP(t.Context(), &url.URL{Scheme: "tcp", Host: listener.Addr().String()})
	require.NoError(t, err)
	defer opened.Close()

	raw, err := opened.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(descriptor uintptr) {
		on, err := unix.GetsockoptInt(int(descriptor), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
		require.NoError(t, err)
		require.Equal(t, 1, on)
		idleSeconds, err := unix.GetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
		require.NoError(t, err)
		require.EqualValues(t, keepAliveIdle.Seconds(), idleSeconds)
	}))
}

func TestHintsSayWhatToDo(t *testing.T) {
	for want, cause := range map[string]error{
		hintForbidden: &fs.PathError{Op: "open", Err: unix.EACCES},
		hintMissing:   &fs.PathError{Op: "open", Err: unix.ENXIO},
		hintBusy:      &fs.PathError{Op: "open", Err: unix.EBUSY},
		hintNotSerial: unix.ENOTTY,
	} {
		require.Equal(t, want, openHint(cause))
	}
	for want, cause := range map[string]error{
		hintPrinterForbidden: &fs.PathError{Op: "open", Err: unix.EACCES},
		hintPrinterMissing:   &fs.PathError{Op: "open", Err: unix.ENODEV},
		hintBusy:             &fs.PathError{Op: "open", Err: unix.EBUSY},
		hintNoPrinterNode:    unix.EISDIR,
	} {
		require.Equal(t, want, printerNodeHint(cause))
	}
}
