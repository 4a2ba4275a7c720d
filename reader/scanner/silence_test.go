package scanner_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/port"
	"balcao/reader/scanner"
	"balcao/terminal/device"
)

// pipe is a cable in memory, whose deadlines follow the test's own time.
type pipe struct{ net.Conn }

func (pipe) Counters() port.Counters { return port.Counters{} }

// A told is one code as the till hears it.
type told struct {
	code string
	gap  time.Duration
}

// heard is what a till was told.
type heard struct {
	mu      sync.Mutex
	scans   []told
	garbled int
	lights  []device.Status
}

func (h *heard) config() scanner.Config {
	locked := func(note func()) {
		h.mu.Lock()
		defer h.mu.Unlock()
		note()
	}
	return scanner.Config{
		OnScan:    func(code string, gap time.Duration) { locked(func() { h.scans = append(h.scans, told{code, gap}) }) },
		OnGarbled: func() { locked(func() { h.garbled++ }) },
		OnStatus:  func(status device.Status) { locked(func() { h.lights = append(h.lights, status) }) },
		Log:       slog.New(slog.DiscardHandler),
	}
}

// soFar is what it was told until now.
func (h *heard) soFar() (scans []told, garbled int, lights []device.Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.scans), h.garbled, slices.Clone(h.lights)
}

func (h *heard) codes() []told {
	scans, _, _ := h.soFar()
	return scans
}

func (h *heard) lightsShown() []device.Status {
	_, _, lights := h.soFar()
	return lights
}

func (h *heard) timesGarbled() int {
	_, garbled, _ := h.soFar()
	return garbled
}

// inFakeTime runs a driver on a pipe and gives the test the scanner's end.
func inFakeTime(t *testing.T, ending scanner.Ending, test func(t *testing.T, s *scanner.Scanner, h *heard, send func(text string))) {
	synctest.Test(t, func(t *testing.T) {
		h := &heard{}
		config := h.config()
		config.Ending = ending
		var far net.Conn
		config.Dial = func(context.Context, string) (port.Port, error) {
			near, other := net.Pipe()
			far = other
			return pipe{near}, nil
		}
		s := scanner.New(config)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		pass(time.Second)
		test(t, s, h, func(text string) {
			_, err := far.Write([]byte(text))
			require.NoError(t, err)
			synctest.Wait()
		})
		stop()
		require.NoError(t, <-ended)
	})
}

// pass lets fake time pass.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

const (
	coffee = "7896089012453"
	rice   = "7891000100103"
	ticket = "TICKET-0042"
)

func TestACodeWithoutSuffixIsToldAfterSixtyMilliseconds(t *testing.T) {
	inFakeTime(t, scanner.EndingSilence, func(t *testing.T, _ *scanner.Scanner, h *heard, send func(string)) {
		send(ticket[:4])
		pass(59 * time.Millisecond)
		send(ticket[4:])
		pass(59 * time.Millisecond)
		require.Empty(t, h.codes())
		pass(time.Millisecond)
		require.Len(t, h.codes(), 1)
		require.Equal(t, ticket, h.codes()[0].code)
		require.Zero(t, h.timesGarbled())
	})
}

func TestACodeWithSuffixIsToldAtOnceWithTheSilenceBeforeIt(t *testing.T) {
	inFakeTime(t, scanner.EndingLearned, func(t *testing.T, s *scanner.Scanner, h *heard, send func(string)) {
		send(ticket + "\r")
		require.Equal(t, []told{{ticket, time.Second}}, h.codes(), "since it was opened")
		pass(400 * time.Millisecond)
		send(coffee[:7])
		pass(20 * time.Millisecond)
		send(coffee[7:] + "\r\n")
		require.Equal(t, told{coffee, 400 * time.Millisecond}, h.codes()[1])
		require.EqualValues(t, 2, s.Counters().Scans)
	})
}

func TestTheSameCodeIsTwoItemsUnlessToldInOneBreath(t *testing.T) {
	inFakeTime(t, scanner.EndingLearned, func(t *testing.T, s *scanner.Scanner, h *heard, send func(string)) {
		send(coffee + "\r")
		pass(49 * time.Millisecond)
		send(coffee + "\r")
		pass(49 * time.Millisecond)
		send(coffee + "\r")
		require.Len(t, h.codes(), 1, "a worn trigger")
		require.EqualValues(t, 2, s.Counters().Repeats)
		pass(50 * time.Millisecond)
		send(coffee + "\r")
		require.Len(t, h.codes(), 2, "a second item")
		send(rice + "\r" + coffee + "\r")
		require.Len(t, h.codes(), 4, "another code between them")
		require.Zero(t, h.timesGarbled())
	})
}

func TestThreeReadingsThatAreNoCodeTurnTheLightUntilOneIs(t *testing.T) {
	inFakeTime(t, scanner.EndingLearned, func(t *testing.T, s *scanner.Scanner, h *heard, send func(string)) {
		ready := device.Status{Kind: device.Scanner, Light: device.OK}
		require.Equal(t, []device.Status{ready}, h.lightsShown())
		for range 3 {
			require.Len(t, h.lightsShown(), 1)
			send("\xF8\x80\x00\xFE\r")
			pass(time.Second)
		}
		require.Equal(t, device.Status{Kind: device.Scanner, Light: device.Warning, Detail: scanner.DetailGarbled}, h.lightsShown()[1])
		require.Equal(t, 3, h.timesGarbled())
		send(coffee + "\r")
		require.Equal(t, ready, h.lightsShown()[2])
		require.Equal(t, scanner.Counters{Connections: 1, Scans: 1, Garbled: 3}, s.Counters())
	})
}

func TestADriverWithoutListenersOnlyCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		s := scanner.New(scanner.Config{
			Dial: func(context.Context, string) (port.Port, error) { return pipe{near}, nil },
			Log:  slog.New(slog.DiscardHandler),
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		pass(time.Second)
		_, err := far.Write([]byte(coffee + "\r1\r"))
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, scanner.Counters{Connections: 1, Scans: 1, Garbled: 1}, s.Counters())
		stop()
		require.NoError(t, <-ended)
	})
}

func TestWaitsForAScannerGrowToFiveSecondsAndNeverEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heard{}
		config := h.config()
		begun := time.Now()
		var waits []time.Duration
		config.Dial = func(context.Context, string) (port.Port, error) {
			waits = append(waits, time.Since(begun))
			begun = time.Now()
			return nil, fmt.Errorf("dial: %w", fs.ErrNotExist)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- scanner.New(config).Run(ctx) }()
		pass(time.Hour)
		stop()
		require.NoError(t, <-ended)
		ms := time.Millisecond
		require.Equal(t, []time.Duration{0, 250 * ms, 500 * ms, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second}, waits[:7])
		require.Greater(t, len(waits), 700)
		require.Equal(t, []device.Status{{Kind: device.Scanner, Light: device.Absent, Detail: scanner.DetailUnplugged}}, h.lightsShown(), "told once")
	})
}

func TestADeviceThatTakesAndDropsAtOnceDoesNotBlink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heard{}
		config := h.config()
		dials := 0
		config.Dial = func(context.Context, string) (port.Port, error) {
			dials++
			near, far := net.Pipe()
			far.Close()
			return pipe{near}, nil
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- scanner.New(config).Run(ctx) }()
		pass(time.Minute)
		stop()
		require.NoError(t, <-ended)
		require.Less(t, dials, 20)
		require.Equal(t, []device.Status{{Kind: device.Scanner, Light: device.Absent, Detail: scanner.DetailUnplugged}}, h.lightsShown())
	})
}

func TestTheLightSaysWhyThePortDoesNotOpen(t *testing.T) {
	for cause, want := range map[error]device.Status{
		fs.ErrPermission:           {Light: device.Error, Detail: scanner.DetailNoPermission},
		fs.ErrNotExist:             {Light: device.Absent, Detail: scanner.DetailUnplugged},
		syscall.ECONNREFUSED:       {Light: device.Absent, Detail: scanner.DetailUnplugged},
		syscall.EHOSTUNREACH:       {Light: device.Absent, Detail: scanner.DetailUnplugged},
		context.DeadlineExceeded:   {Light: device.Absent, Detail: scanner.DetailUnplugged},
		syscall.EBUSY:              {Light: device.Error, Detail: scanner.DetailCannotOpen},
		errors.New("no such kind"): {Light: device.Error, Detail: scanner.DetailCannotOpen},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := &heard{}
			config := h.config()
			config.Dial = func(context.Context, string) (port.Port, error) { return nil, fmt.Errorf("dial: %w", cause) }
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- scanner.New(config).Run(ctx) }()
			pass(time.Second)
			stop()
			require.NoError(t, <-ended)
			want.Kind = device.Scanner
			require.Equal(t, []device.Status{want}, h.lightsShown(), cause)
		})
	}
}
