package cable_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/cable"
)

func TestTCPCableNamesThePortItGot(t *testing.T) {
	listener, err := cable.Listen("tcp://127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	till, err := net.Dial("tcp", strings.TrimPrefix(listener.URL(), "tcp://"))
	require.NoError(t, err)
	defer till.Close()
	device, err := listener.Accept()
	require.NoError(t, err)
	_, err = till.Write([]byte("hello"))
	require.NoError(t, err)
	buffer := make([]byte, 5)
	_, err = io.ReadFull(device, buffer)
	require.NoError(t, err)
	require.Equal(t, "hello", string(buffer))
}

func TestPtyCableIsRawPulledAndPluggedAgainAtTheSameName(t *testing.T) {
	link := filepath.Join(t.TempDir(), "pinpad")
	listener, err := cable.Listen("pty:" + link)
	require.NoError(t, err)
	defer listener.Close()
	for range 2 {
		device, err := listener.Accept()
		require.NoError(t, err)
		till, err := os.OpenFile(link, os.O_RDWR, 0)
		require.NoError(t, err)
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		_, err = till.Write(all)
		require.NoError(t, err)
		got := make([]byte, 256)
		require.NoError(t, device.SetReadDeadline(time.Now().Add(5*time.Second)))
		_, err = io.ReadFull(device, got)
		require.NoError(t, err)
		require.Equal(t, all, got)

		require.NoError(t, device.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err = device.Read(got)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)

		require.NoError(t, device.Close())
		_, err = till.Read(got)
		require.Error(t, err, "a pulled cable reads nothing")
		require.NoFileExists(t, link)
		till.Close()
	}
}

func TestUnknownCableIsRefused(t *testing.T) {
	_, err := cable.Listen("udp://127.0.0.1:1")
	require.ErrorContains(t, err, "tcp://HOST:PORT or pty:LINK")
}
