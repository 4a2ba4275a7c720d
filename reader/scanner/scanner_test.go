package scanner_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/port"
	"balcao/reader/scanner"
	"balcao/simulators/simscanner"
	"balcao/terminal/catalog"
	"balcao/terminal/device"
)

// patience bounds every wait: a loaded machine, not a slow scanner.
const patience = 20 * time.Second

// A till is a driver and all that it told, in order: a code, "garbled", or a light
// with its detail.
type till struct {
	*scanner.Scanner
	t    *testing.T
	told chan string
	log  *journal
	stop func()
	port atomic.Pointer[port.Port] // the one that was opened last

	scanned int // by scanAgain
}

// bytesRead counts what arrived over the port that is open.
func (o *till) bytesRead() int64 {
	if opened := o.port.Load(); opened != nil {
		return (*opened).Counters().BytesRead
	}
	return 0
}

// journal is a log that a test may read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// What a till is told beside codes and that all is well.
const (
	garbled = "garbled"
	absent  = string(device.Absent) + scanner.DetailUnplugged
)

// toldMax is more than any test here lets a till be told.
const toldMax = 1 << 16

func openTill(t *testing.T, url string, ending scanner.Ending) *till {
	t.Helper()
	o := &till{t: t, told: make(chan string, toldMax), log: &journal{}}
	o.Scanner = scanner.New(scanner.Config{
		URL: url, Ending: ending,
		Dial: func(ctx context.Context, url string) (port.Port, error) {
			opened, err := port.Dial(ctx, url)
			if err == nil {
				o.port.Store(&opened)
			}
			return opened, err
		},
		OnScan:    func(code string, _ time.Duration) { o.told <- code },
		OnGarbled: func() { o.told <- garbled },
		OnStatus:  func(status device.Status) { o.told <- string(status.Light) + status.Detail },
		Log:       slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	o.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(o.stop)
	return o
}

func (o *till) next() string {
	o.t.Helper()
	select {
	case what := <-o.told:
		return what
	case <-time.After(patience):
		require.FailNow(o.t, "the till was told nothing", o.log.String())
		return ""
	}
}

func (o *till) expect(want ...string) {
	o.t.Helper()
	for _, each := range want {
		require.Equal(o.t, each, o.next(), o.log)
	}
}

// expectBack waits for the light of a scanner that is plugged in again. A pseudo
// terminal's number may belong to others for a moment, who have it locked.
func (o *till) expectBack() {
	o.t.Helper()
	for what := o.next(); what != "ok"; what = o.next() {
		require.Contains(o.t, []string{"error" + scanner.DetailCannotOpen, absent}, what, o.log)
	}
}

// A shop is a simulated scanner and the till that hears it.
type shop struct {
	*till
	device *simscanner.Scanner
}

// hand gives the scanner a control command.
func (s shop) hand(words ...string) {
	s.t.Helper()
	_, err := s.device.Do(s.t.Context(), words)
	require.NoError(s.t, err)
}

// scanAgain is a cashier who scans again until the till takes one: noise before a
// code spoils it, or stands before it if it happens to be printable. What was
// scanned before may still be told meanwhile, and nothing else.
func (s shop) scanAgain() {
	s.t.Helper()
	first := s.scanned
	for {
		s.scanned++
		s.hand("scan", serial(s.scanned))
		for what := ""; what == "" || len(s.told) > 0; {
			switch what = s.next(); what {
			case garbled, "ok", "warning" + scanner.DetailGarbled:
				continue
			}
			number, err := strconv.Atoi(what[max(0, len(what)-serialDigits) : len(what)-1])
			require.NoError(s.t, err, what)
			require.Equal(s.t, serial(number), what[len(what)-serialDigits:])
			if first < number && number <= s.scanned && len(what) == serialDigits {
				return
			}
		}
	}
}

const serialDigits = 13

// serial is a code that no other scan of a test has: a number as EAN-13. Source of
// its check digit: GS1 General Specifications, 7.9.
func serial(number int) string {
	twelve, sum := fmt.Sprintf("%012d", number), 0
	for i, digit := range twelve {
		sum += int(digit-'0') * (1 + i%2*2)
	}
	return twelve + fmt.Sprint((10-sum%10)%10)
}

func simulate(t *testing.T, listen string) (device *simscanner.Scanner, url string) {
	t.Helper()
	device, err := simscanner.New(simscanner.Config{Listen: listen, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- device.Run(ctx, func(url string) { ready <- url }) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return device, <-ready
}

// onEachCable runs a test over a pseudo terminal and over TCP, with a till that is
// ready.
func onEachCable(t *testing.T, ending scanner.Ending, test func(t *testing.T, s shop)) {
	t.Parallel()
	for name, listen := range map[string]string{"pty": "pty:" + filepath.Join(t.TempDir(), "scanner"), "tcp": "tcp://127.0.0.1:0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			device, url := simulate(t, listen)
			s := shop{openTill(t, url, ending), device}
			s.expectBack()
			test(t, s)
		})
	}
}

func TestEverySuffixAndPrefixGivesTheCodeAlone(t *testing.T) {
	onEachCable(t, scanner.EndingLearned, func(t *testing.T, s shop) {
		long := strings.Repeat("0123456789ABCDEF", 32)
		for _, suffix := range []string{"cr", "lf", "crlf", "tab", "etx"} {
			for _, prefix := range []string{"none", "stx", "aim", "stx+aim"} {
				s.hand("suffix", suffix)
				s.hand("prefix", prefix)
				for _, code := range []string{coffee, "78912359", ticket, long} {
					s.hand("scan", code)
					s.expect(code)
				}
			}
		}
		require.Zero(t, s.Counters().Garbled)
	})
}

func TestScannerWithoutASuffixIsHeardToo(t *testing.T) {
	onEachCable(t, scanner.EndingLearned, func(_ *testing.T, s shop) {
		s.hand("suffix", "none")
		for _, code := range []string{coffee, rice} {
			s.hand("scan", code)
			s.expect(code)
		}
		s.hand("scan", ticket)
		s.expect(garbled)
	})
}

func TestScannerThatIsSaidToHaveNoSuffixMayReadAnything(t *testing.T) {
	onEachCable(t, scanner.EndingSilence, func(_ *testing.T, s shop) {
		s.hand("suffix", "none")
		for _, code := range []string{ticket, coffee} {
			s.hand("scan", code)
			s.expect(code)
		}
	})
}

func TestAnyPartOfACodeIsReportedAndNeverTold(t *testing.T) {
	onEachCable(t, scanner.EndingLearned, func(_ *testing.T, s shop) {
		s.hand("scan", rice)
		s.expect(rice)
		for _, n := range []int{1, 2, 3, 8, 12, 13} {
			s.hand("cut", coffee, fmt.Sprint(n))
			s.expect(garbled)
			s.hand("scan", rice)
			s.expect(rice)
		}
	})
}

func TestNoiseInACodeIsReportedAndTheNextScanIsTold(t *testing.T) {
	onEachCable(t, scanner.EndingLearned, func(t *testing.T, s shop) {
		for seed := range 20 {
			s.hand("noise-in", coffee, fmt.Sprint(seed))
			s.expect(garbled)
			s.hand("scan", coffee)
			s.expect(coffee)
		}
		require.Equal(t, scanner.Counters{Connections: 1, Scans: 20, Garbled: 20}, s.Counters())
	})
}

func TestGarbageOfAnyLengthIsNoCodeAndLosesNoneAfterIt(t *testing.T) {
	onEachCable(t, scanner.EndingLearned, func(_ *testing.T, s shop) {
		for seed := range 4 {
			for _, length := range []int{1, 5, 80, 600, 4000} {
				s.hand("garbage", fmt.Sprint(length), fmt.Sprint(seed))
				s.scanAgain()
			}
		}
	})
}

func TestABurstIsToldWholeAndInOrder(t *testing.T) {
	onEachCable(t, scanner.EndingLearned, func(t *testing.T, s shop) {
		var codes []string
		for i := range 60 {
			codes = append(codes, fmt.Sprintf("BOX-%04d", i))
		}
		s.hand(append([]string{"scan-burst"}, codes...)...)
		s.expect(codes...)
		s.hand("scan-burst", coffee, coffee, rice)
		s.expect(coffee, rice)
		require.EqualValues(t, 1, s.Counters().Repeats)
	})
}

func TestASlowLineIsNoSilence(t *testing.T) {
	onEachCable(t, scanner.EndingSuffix, func(_ *testing.T, s shop) {
		s.hand("speed", "100")
		s.hand("scan", ticket)
		s.expect(ticket)
	})
}

func TestCableOrPowerThatGoesAndComesBackNeedsNoRestart(t *testing.T) {
	onEachCable(t, scanner.EndingLearned, func(t *testing.T, s shop) {
		for _, way := range []struct{ away, back string }{{"unplug", "plug"}, {"off", "on"}} {
			s.hand(way.away)
			s.expect(string(device.Absent) + scanner.DetailUnplugged)
			s.hand(way.back)
			s.expectBack()
			s.hand("scan", ticket)
			s.expect(ticket)
		}
		require.EqualValues(t, 3, s.Counters().Connections)
	})
}

func TestCableThatIsPulledWithinACodeIsAReport(t *testing.T) {
	onEachCable(t, scanner.EndingSuffix, func(t *testing.T, s shop) {
		s.hand("speed", "50")
		scanned := make(chan error, 1)
		go func() {
			_, err := s.device.Do(context.Background(), []string{"scan", strings.Repeat(ticket, 20)})
			scanned <- err
		}()
		require.Eventually(t, func() bool { return s.bytesRead() > 5 }, patience, time.Millisecond)
		s.hand("unplug")
		require.ErrorContains(t, <-scanned, "only ")
		s.expect(garbled, absent)
		s.hand("speed", "off")
		s.hand("plug")
		s.expectBack()
		s.hand("scan", ticket)
		s.expect(ticket)
		require.EqualValues(t, 1, s.Counters().Garbled)
	})
}

func TestASerialPortIsHeardAtItsSpeed(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "scanner")
	device, _ := simulate(t, "pty:"+link)
	s := shop{openTill(t, "serial://"+link+"?baud=115200", scanner.EndingLearned), device}
	s.expectBack()
	s.hand("scan", ticket)
	s.expect(ticket)
	s.hand("unplug")
	s.expect(absent)
	s.hand("plug")
	s.expectBack()
	s.hand("scan", ticket)
	s.expect(ticket)
}

func TestWhatWasScannedWhileNobodyListenedCountsOnlyIfProven(t *testing.T) {
	device, url := simulate(t, "pty:"+filepath.Join(t.TempDir(), "scanner"))
	s := shop{device: device, till: &till{t: t}}
	s.hand("scan", coffee)
	s.hand("scan", ticket)
	s.till = openTill(t, url, scanner.EndingLearned)
	s.expect(coffee, "ok", garbled)
	s.scanAgain()

	s.stop()
	s.hand("cut", coffee, "7")
	second := openTill(t, url, scanner.EndingLearned)
	second.expect(garbled, "ok")
}

func TestNoCodeGoesIntoTheLog(t *testing.T) {
	onEachCable(t, scanner.EndingLearned, func(t *testing.T, s shop) {
		s.hand("scan-burst", coffee, coffee)
		s.expect(coffee)
		s.hand("noise-in", coffee)
		s.hand("cut", coffee, "12")
		s.expect(garbled, garbled)
		s.stop()
		require.NotContains(t, s.log.String(), coffee[:4])
		require.Contains(t, s.log.String(), "characters that no code has")
	})
}

func TestTestCodesCannotBeMistakenForOtherCodes(t *testing.T) {
	require.True(t, catalog.ValidGTIN(coffee))
	require.True(t, catalog.ValidGTIN(rice))
	for n := range len(coffee) {
		require.False(t, catalog.ValidGTIN(coffee[:n]), n)
	}
}
