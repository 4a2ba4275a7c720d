package port_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/port"
)

// A scriptedDevice does what a test says, and by default waits to be cancelled.
type scriptedDevice struct {
	in    func(ctx context.Context, packet []byte) (int, error)
	out   func(ctx context.Context, data []byte) (int, error)
	close func() error
}

func (d scriptedDevice) In(ctx context.Context, packet []byte) (int, error) {
	if d.in == nil {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return d.in(ctx, packet)
}

func (d scriptedDevice) Out(ctx context.Context, data []byte) (int, error) {
	if d.out == nil {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return d.out(ctx, data)
}

func (d scriptedDevice) Close() error {
	if d.close == nil {
		return nil
	}
	return d.close()
}

// packets is a pipe in that gives one packet after the other, and then is silent.
func packets(all ...string) func(ctx context.Context, packet []byte) (int, error) {
	return func(ctx context.Context, packet []byte) (int, error) {
		if len(all) == 0 {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		next := all[0]
		all = all[1:]
		return copy(packet, next), nil
	}
}

func openScripted(device scriptedDevice) port.Port {
	return port.OverBulk(device, packetBytes, "usb://04b8:0e27")
}

// inBubble runs a test in fake time, with a port that is closed at its end.
func inBubble(t *testing.T, device scriptedDevice, test func(t *testing.T, till port.Port)) {
	synctest.Test(t, func(t *testing.T) {
		till := openScripted(device)
		test(t, till)
		_ = till.Close() // a test may have closed it
	})
}

func TestAPacketLongerThanTheBufferIsReadInPieces(t *testing.T) {
	sent := strings.Repeat("0123456789abcdef", packetBytes/16)
	inBubble(t, scriptedDevice{in: packets(sent, "!")}, func(t *testing.T, till port.Port) {
		got := make([]byte, packetBytes+1)
		for i := 0; i < len(got); {
			n, err := till.Read(got[i:min(i+10, len(got))])
			require.NoError(t, err)
			require.Positive(t, n)
			i += n
		}
		require.Equal(t, sent+"!", string(got))
		require.EqualValues(t, packetBytes+1, till.Counters().BytesRead)
	})
}

func TestAReadDeadlineCancelsNoTransferAndLosesNoPacket(t *testing.T) {
	arrive := make(chan struct{})
	var started atomic.Int32
	device := scriptedDevice{in: func(ctx context.Context, packet []byte) (int, error) {
		started.Add(1)
		select {
		case <-arrive:
			return copy(packet, "late"), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}}
	till := openScripted(device)
	defer till.Close()
	require.NoError(t, till.SetReadDeadline(time.Now().Add(soon)))
	_, err := till.Read(make([]byte, packetBytes))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.EqualValues(t, 1, started.Load())

	close(arrive)
	require.NoError(t, till.SetReadDeadline(time.Time{}))
	require.Equal(t, "late", readSome(t, till))
}

func TestAPastDeadlineComesBeforeBytesThatWait(t *testing.T) {
	inBubble(t, scriptedDevice{in: packets("answer")}, func(t *testing.T, till port.Port) {
		synctest.Wait()
		require.NoError(t, till.SetReadDeadline(time.Now()))
		_, err := till.Read(make([]byte, packetBytes))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, till.SetWriteDeadline(time.Now()))
		_, err = till.Write([]byte("x"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

func TestADeadlineMovedLaterHoldsForAReadUnderWay(t *testing.T) {
	inBubble(t, scriptedDevice{}, func(t *testing.T, till port.Port) {
		started := time.Now()
		require.NoError(t, till.SetReadDeadline(started.Add(time.Second)))
		result := inBackground(readOne(till))
		synctest.Wait()
		require.NoError(t, till.SetReadDeadline(started.Add(3*time.Second)))
		require.ErrorIs(t, <-result, os.ErrDeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(started))
	})
}

func TestEmptyPacketsAreNoEndAndNotAskedForAtOnce(t *testing.T) {
	inBubble(t, scriptedDevice{in: packets("", "", "", "\x16")}, func(t *testing.T, till port.Port) {
		started := time.Now()
		require.Equal(t, "\x16", readSome(t, till))
		require.Equal(t, 3*port.EmptyPause, time.Since(started))
	})
}

func TestWhatCameBeforeAFaultIsReadFirst(t *testing.T) {
	device := scriptedDevice{in: func(_ context.Context, packet []byte) (int, error) {
		return copy(packet, "half"), errUnplugged
	}}
	inBubble(t, device, func(t *testing.T, till port.Port) {
		require.Equal(t, "half", readSome(t, till))
		for range 2 {
			_, err := till.Read(make([]byte, 1))
			require.ErrorIs(t, err, port.ErrGone)
			require.ErrorIs(t, err, errUnplugged)
		}
	})
}

func TestALongWriteIsCutIntoTransfers(t *testing.T) {
	till, device := net.Pipe()
	end := &usbEnd{t: t, cable: till}
	opened := port.OverBulk(end, packetBytes, "usb://04b8:0e27")
	job := bytes.Repeat([]byte{0x1B}, 2*port.OutBytesMax+5)
	received := inBackground(func() error {
		_, err := io.ReadFull(device, make([]byte, len(job)))
		return err
	})
	n, err := opened.Write(job)
	require.NoError(t, err)
	require.Equal(t, len(job), n)
	require.NoError(t, wait(t, received))
	require.NoError(t, opened.Close())
	require.Equal(t, []int{port.OutBytesMax, port.OutBytesMax, 5}, end.outSizes)
}

func TestAWriteThatIsCancelledSaysWhatTheDeviceTook(t *testing.T) {
	device := scriptedDevice{out: func(ctx context.Context, _ []byte) (int, error) {
		<-ctx.Done()
		return 128, ctx.Err()
	}}
	inBubble(t, device, func(t *testing.T, till port.Port) {
		require.NoError(t, till.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := till.Write(make([]byte, 1000))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 128, n)
		require.EqualValues(t, 128, till.Counters().BytesWritten)
	})
}

func TestATransferThatEndsShortIsAFault(t *testing.T) {
	device := scriptedDevice{out: func(context.Context, []byte) (int, error) { return 3, nil }}
	inBubble(t, device, func(t *testing.T, till port.Port) {
		n, err := till.Write([]byte("twelve bytes"))
		require.ErrorIs(t, err, port.ErrGone)
		require.Equal(t, 3, n)
	})
}

func TestCloseWaitsForBothTransfersBeforeTheDeviceCloses(t *testing.T) {
	const slow = time.Second // to end a transfer that was cancelled
	var running atomic.Int32
	transfer := func(ctx context.Context, _ []byte) (int, error) {
		running.Add(1)
		defer running.Add(-1)
		<-ctx.Done()
		<-time.After(slow)
		return 0, ctx.Err()
	}
	closed := false
	device := scriptedDevice{in: transfer, out: transfer, close: func() error {
		closed = true
		require.Zero(t, running.Load())
		return nil
	}}
	inBubble(t, device, func(t *testing.T, till port.Port) {
		written := inBackground(func() error {
			_, err := till.Write([]byte("x"))
			return err
		})
		read := inBackground(readOne(till))
		synctest.Wait()
		require.EqualValues(t, 2, running.Load())
		require.NoError(t, till.Close())
		require.True(t, closed)
		require.ErrorIs(t, <-written, os.ErrClosed)
		require.ErrorIs(t, <-read, os.ErrClosed)
	})
}
