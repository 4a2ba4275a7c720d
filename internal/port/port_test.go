package port_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/internal/port"
)

const (
	// patience ends a test that would hang.
	patience = 5 * time.Second
	// soon is a deadline that a test wants to see pass.
	soon = 20 * time.Millisecond
)

// bench is a cable of one kind: dial opens the till's end, device is the other.
type bench struct {
	url    string
	open   func() port.Port // nil where Dial can open it
	device func() io.ReadWriteCloser
}

func (b bench) dial(ctx context.Context) (port.Port, error) {
	if b.open != nil {
		return b.open(), nil
	}
	return port.Dial(ctx, b.url)
}

// benches opens one cable of each kind, so that every test holds for all.
func benches(t *testing.T) map[string]bench {
	return map[string]bench{
		"pty": newTerminal(t, "pty:"), "serial": newTerminal(t, "serial://"), "tcp": newConnection(t),
		"usb": newBulkBench(t), "usblp": newNodeBench(t),
	}
}

func newTerminal(t *testing.T, scheme string) bench {
	master, slave, err := pty.Open()
	require.NoError(t, err)
	link := filepath.Join(t.TempDir(), "cable")
	require.NoError(t, os.Symlink(slave.Name(), link))
	require.NoError(t, slave.Close())
	t.Cleanup(func() { master.Close() })
	return bench{url: scheme + link, device: func() io.ReadWriteCloser { return master }}
}

func newConnection(t *testing.T) bench {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	return bench{url: "tcp://" + listener.Addr().String(), device: func() io.ReadWriteCloser {
		conn, err := listener.Accept()
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		return conn
	}}
}

// onEach runs test once for each kind of cable, with both ends open.
func onEach(t *testing.T, test func(t *testing.T, till port.Port, device io.ReadWriteCloser)) {
	for name, cable := range benches(t) {
		t.Run(name, func(t *testing.T) {
			till, err := cable.dial(t.Context())
			require.NoError(t, err)
			t.Cleanup(func() { till.Close() })
			require.NoError(t, till.SetReadDeadline(time.Now().Add(patience)))
			require.NoError(t, till.SetWriteDeadline(time.Now().Add(patience)))
			test(t, till, cable.device())
		})
	}
}

// wait returns what a goroutine sent, or fails instead of hanging.
func wait[T any](t *testing.T, result <-chan T) T {
	t.Helper()
	select {
	case value := <-result:
		return value
	case <-time.After(patience):
		require.FailNow(t, "still blocked")
		panic("unreachable")
	}
}

// inBackground runs call and hands over its error.
func inBackground(call func() error) <-chan error {
	result := make(chan error, 1)
	go func() { result <- call() }()
	return result
}

func readOne(till port.Port) func() error {
	return func() error {
		_, err := till.Read(make([]byte, 1))
		return err
	}
}

// writeTooMuch writes more than any system takes while the device reads nothing.
func writeTooMuch(till port.Port) func() error {
	return func() error {
		_, err := till.Write(make([]byte, 64<<20))
		return err
	}
}

func TestEveryByteValueArrivesUnchangedBothWays(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	onEach(t, func(t *testing.T, till port.Port, device io.ReadWriteCloser) {
		got := make([]byte, len(all))
		_, err := till.Write(all)
		require.NoError(t, err)
		_, err = io.ReadFull(device, got)
		require.NoError(t, err)
		require.Equal(t, all, got)

		clear(got)
		_, err = device.Write(all)
		require.NoError(t, err)
		_, err = io.ReadFull(till, got)
		require.NoError(t, err)
		require.Equal(t, all, got)
	})
}

func TestALongJobToASlowDeviceArrivesWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(golden.Seed(t), 0))
	job := make([]byte, 256<<10)
	for i := range job {
		job[i] = byte(random.Uint32())
	}
	onEach(t, func(t *testing.T, till port.Port, device io.ReadWriteCloser) {
		written := inBackground(func() error {
			_, err := till.Write(job)
			return err
		})
		var got bytes.Buffer
		chunk := make([]byte, 7)
		for got.Len() < len(job) {
			n, err := device.Read(chunk)
			require.NoError(t, err)
			got.Write(chunk[:n])
		}
		require.NoError(t, wait(t, written))
		require.True(t, bytes.Equal(job, got.Bytes()), "bytes were lost or changed")
		require.Equal(t, port.Counters{BytesWritten: int64(len(job))}, till.Counters())
	})
}

func TestReadEndsAtItsDeadlineAndThePortStaysGood(t *testing.T) {
	onEach(t, func(t *testing.T, till port.Port, device io.ReadWriteCloser) {
		require.NoError(t, till.SetReadDeadline(time.Now().Add(soon)))
		err := wait(t, inBackground(readOne(till)))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NotErrorIs(t, err, port.ErrGone)

		require.NoError(t, till.SetReadDeadline(time.Time{}))
		_, err = device.Write([]byte{0x06})
		require.NoError(t, err)
		require.NoError(t, wait(t, inBackground(readOne(till))))
		require.Equal(t, port.Counters{BytesRead: 1}, till.Counters())
	})
}

func TestDeadlineMovedUnderWayEndsARead(t *testing.T) {
	onEach(t, func(t *testing.T, till port.Port, _ io.ReadWriteCloser) {
		require.NoError(t, till.SetReadDeadline(time.Time{}))
		result := inBackground(readOne(till))
		require.NoError(t, till.SetReadDeadline(time.Now()))
		require.ErrorIs(t, wait(t, result), os.ErrDeadlineExceeded)
	})
}

func TestBlockedWriteIsReleasedAtItsDeadlineAndSaysHowMuchWent(t *testing.T) {
	onEach(t, func(t *testing.T, till port.Port, _ io.ReadWriteCloser) {
		require.NoError(t, till.SetWriteDeadline(time.Now().Add(soon)))
		var taken int
		err := wait(t, inBackground(func() error {
			var err error
			taken, err = till.Write(make([]byte, 64<<20))
			return err
		}))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Less(t, taken, 64<<20)
		require.EqualValues(t, taken, till.Counters().BytesWritten)
	})
}

func TestPulledCableEndsAReadUnderWay(t *testing.T) {
	onEach(t, func(t *testing.T, till port.Port, device io.ReadWriteCloser) {
		result := inBackground(readOne(till))
		require.NoError(t, device.Close())
		err := wait(t, result)
		require.ErrorIs(t, err, port.ErrGone)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

func TestPulledCableEndsAWriteUnderWay(t *testing.T) {
	onEach(t, func(t *testing.T, till port.Port, device io.ReadWriteCloser) {
		result := inBackground(writeTooMuch(till))
		_, err := device.Read(make([]byte, 1))
		require.NoError(t, err)
		require.NoError(t, device.Close())
		require.ErrorIs(t, wait(t, result), port.ErrGone)
	})
}

func TestPulledCableFailsLaterCalls(t *testing.T) {
	onEach(t, func(t *testing.T, till port.Port, device io.ReadWriteCloser) {
		require.NoError(t, device.Close())
		require.ErrorIs(t, wait(t, inBackground(readOne(till))), port.ErrGone)
		require.ErrorIs(t, wait(t, inBackground(writeTooMuch(till))), port.ErrGone)
		require.NoError(t, till.Close())
	})
}

func TestCloseEndsAReadUnderWay(t *testing.T) {
	onEach(t, func(t *testing.T, till port.Port, _ io.ReadWriteCloser) {
		result := inBackground(readOne(till))
		require.NoError(t, till.Close())
		err := wait(t, result)
		require.ErrorIs(t, err, os.ErrClosed)
		require.NotErrorIs(t, err, port.ErrGone)
		require.ErrorIs(t, till.Close(), os.ErrClosed)
		require.ErrorIs(t, till.SetReadDeadline(time.Now()), os.ErrClosed)
	})
}

func TestErrorsNameTheDevice(t *testing.T) {
	for name, cable := range benches(t) {
		t.Run(name, func(t *testing.T) {
			till, err := cable.dial(t.Context())
			require.NoError(t, err)
			require.NoError(t, till.Close())
			_, err = till.Write([]byte("x"))
			require.ErrorContains(t, err, "write to "+cable.url)
		})
	}
}

func TestOnePortHasOneOwner(t *testing.T) {
	for _, scheme := range []string{"pty:", "serial://"} {
		t.Run(scheme, func(t *testing.T) {
			cable := newTerminal(t, scheme)
			first, err := port.Dial(t.Context(), cable.url)
			require.NoError(t, err)
			_, err = port.Dial(t.Context(), cable.url)
			require.ErrorContains(t, err, "in use")
			require.NoError(t, first.Close())
			second, err := port.Dial(t.Context(), cable.url)
			require.NoError(t, err, "a closed port must open again")
			require.NoError(t, second.Close())
		})
	}
}

func TestCancelledDialOpensNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, cable := range benches(t) {
		t.Run(name, func(t *testing.T) {
			_, err := port.Dial(ctx, cable.url)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestDialSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	plain := filepath.Join(t.TempDir(), "plain")
	require.NoError(t, os.WriteFile(plain, nil, 0o600))

	for rawURL, want := range map[string]string{
		"bluetooth:00:11":                      "known are pty, serial, tcp, usb, usblp",
		"/dev/ttyACM0":                         `unknown scheme ""`,
		"serial://%zz":                         "dial device",
		"serial://dev/ttyACM0":                 "three slashes",
		"serial:":                              "three slashes",
		"serial:///dev/none?baud=0":            "want a whole number from 1",
		"serial:///dev/none?baud=fast":         "baud=fast",
		"serial:///dev/none?speed=9600":        `unknown option "speed"`,
		"serial:///dev/none-such":              "check cable and power",
		"serial://" + plain:                    "no serial device",
		"serial:///dev/null":                   "no serial device",
		"pty:":                                 "pty:PATH",
		"pty:/dev/none-such":                   "check cable and power",
		"pty:/dev/none?baud=9600":              `unknown option "baud"`,
		"usblp:":                               "three slashes",
		"usblp://dev/usb/lp0":                  "three slashes",
		"usblp:///dev/none-such":               "check cable and power",
		"usblp:///dev/null":                    "no USB printer",
		"usblp://" + plain:                     "no USB printer",
		"usblp:///dev/usb/lp0?baud=9600":       `unknown option "baud"`,
		"tcp://10.0.0.9":                       "tcp://HOST:PORT",
		"tcp://:9100":                          "tcp://HOST:PORT",
		"tcp://10.0.0.9:9100/queue":            "tcp://HOST:PORT",
		"tcp://shop@10.0.0.9:9100":             "no user",
		fmt.Sprintf("tcp://%s", closed.Addr()): "does not listen",
	} {
		t.Run(rawURL, func(t *testing.T) {
			_, err := port.Dial(t.Context(), rawURL)
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "dial ")
		})
	}
}
