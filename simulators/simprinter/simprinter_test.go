package simprinter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/control"
	"balcao/simulators/simprinter"
)

// patience is the longest that a test waits for something that should happen.
const patience = 10 * time.Second

// silence is how long a test listens for something that should not.
const silence = 30 * time.Millisecond

const (
	cut    = "\x1dVB\x00"
	signed = "\x1d(H\x06\x00\x30\x30J001"
	answer = "\x37\x22J001\x00"
)

// A device is a running printer and the words to work it.
type device struct {
	*simprinter.Printer
	t   *testing.T
	url string
}

// start runs a printer until the test ends.
func start(t *testing.T, config simprinter.Config) device {
	t.Helper()
	if config.Listen == "" {
		config.Listen = "tcp://127.0.0.1:0"
	}
	if config.Out == "" {
		config.Out = t.TempDir()
	}
	config.Log = slog.New(slog.DiscardHandler)
	printer, err := simprinter.New(config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- printer.Run(ctx, func(url string) { ready <- url }) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	select {
	case url := <-ready:
		return device{printer, t, url}
	case err := <-done:
		done <- err
		t.Fatalf("the printer did not start: %v", err)
		return device{}
	}
}

// say gives a control command, its words separated by blanks.
func (d device) say(words string) string {
	d.t.Helper()
	text, err := d.Do(d.t.Context(), strings.Fields(words))
	require.NoError(d.t, err)
	return text
}

func (d device) state() simprinter.State {
	d.t.Helper()
	var now simprinter.State
	require.NoError(d.t, json.Unmarshal([]byte(d.say("state")), &now))
	return now
}

// until waits for a state that nothing announces.
func (d device) until(reached func(simprinter.State) bool) {
	d.t.Helper()
	require.Eventually(d.t, func() bool { return reached(d.state()) }, patience, time.Millisecond)
}

// waitLines waits for the paper after the first count and returns its lines.
func (d device) waitLines(count int) []string {
	d.t.Helper()
	path := d.say(fmt.Sprintf("wait-cut %s after %d", patience, count))
	text, err := os.ReadFile(path)
	require.NoError(d.t, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// A wire is the till's end of the cable.
type wire interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
}

func (d device) dial() wire {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "tcp://"))
	require.NoError(d.t, err)
	d.t.Cleanup(func() { conn.Close() })
	return conn
}

func (d device) write(conn wire, stream string) {
	d.t.Helper()
	_, err := conn.Write([]byte(stream))
	require.NoError(d.t, err)
}

// expect reads exactly the answer wanted.
func (d device) expect(conn wire, want string) {
	d.t.Helper()
	require.NoError(d.t, conn.SetReadDeadline(time.Now().Add(patience)))
	got := make([]byte, len(want))
	n, err := io.ReadFull(conn, got)
	require.NoError(d.t, err, "read % X of % X", got[:n], want)
	require.Equal(d.t, want, string(got))
}

// expectNothing holds that no answer comes.
func (d device) expectNothing(conn wire) {
	d.t.Helper()
	require.NoError(d.t, conn.SetReadDeadline(time.Now().Add(silence)))
	n, err := conn.Read(make([]byte, 1))
	require.ErrorIs(d.t, err, os.ErrDeadlineExceeded)
	require.Zero(d.t, n)
}

// expectGone holds that the cable was pulled.
func (d device) expectGone(conn wire) {
	d.t.Helper()
	require.NoError(d.t, conn.SetReadDeadline(time.Now().Add(patience)))
	_, err := conn.Read(make([]byte, 1))
	require.Error(d.t, err)
	require.False(d.t, errors.Is(err, os.ErrDeadlineExceeded), "the connection still stands")
}

func TestReceiptOverTCPLiesInTheTray(t *testing.T) {
	delivered := make(chan string, 1)
	d := start(t, simprinter.Config{OnPaper: func(path string) { delivered <- path }})
	conn := d.dial()
	d.write(conn, "\x1b@\x1bt\x02P\xc6o franc\x88s\n"+cut+signed)
	d.expect(conn, answer)
	path := <-delivered
	require.Equal(t, path, d.say("last"))
	require.Equal(t, "1", d.say("count"))
	require.Equal(t, []string{"Pão francês", "[corte parcial]"}, d.waitLines(0))
	file, err := os.Open(strings.TrimSuffix(path, ".txt") + ".png")
	require.NoError(t, err)
	defer file.Close()
	picture, err := png.Decode(file)
	require.NoError(t, err)
	require.Equal(t, 640, picture.Bounds().Dx())
}

func TestPseudoTerminalIsPulledAndPluggedAtTheSameName(t *testing.T) {
	link := filepath.Join(t.TempDir(), "printer")
	d := start(t, simprinter.Config{Listen: "pty:" + link})
	require.Equal(t, "pty:"+link, d.url)
	for count := range 2 {
		conn, err := os.OpenFile(link, os.O_RDWR, 0)
		require.NoError(t, err)
		d.write(conn, "serial\n\x10\x04\x01"+cut)
		// The deadline of a tty opened like this does not work; the answer must come.
		got := make([]byte, 1)
		_, err = io.ReadFull(conn, got)
		require.NoError(t, err)
		require.Equal(t, byte(0x16), got[0])
		require.Equal(t, []string{"serial", "[corte parcial]"}, d.waitLines(count))
		d.say("unplug")
		_, err = conn.Read(got)
		require.Error(t, err)
		require.NoError(t, conn.Close())
		require.NoFileExists(t, link)
		d.say("plug")
	}
}

func TestStatusRequestInsideOfAPictureIsAnsweredAndDrawn(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1dv0\x00\x02\x00\x03\x00\x10\x04\x01ab")
	d.expect(conn, "\x16")
	require.True(t, d.state().MidCommand)
	d.write(conn, "c"+cut)
	require.Equal(t, []string{"[imagem 16x3]", "[corte parcial]"}, d.waitLines(0), "the picture lost no byte")
}

func TestDrawerKickInsideOfAPictureOpensTheDrawer(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1dv0\x00\x05\x00\x01\x00\x10\x14\x01\x00\x01"+cut)
	require.Equal(t, "[imagem 40x1]", d.waitLines(0)[0])
	require.True(t, d.state().DrawerOpen)
}

func TestEveryConditionShowsInTheStatus(t *testing.T) {
	cases := []struct{ words, undo, want string }{
		{"near-end", "paper-in", "\x16\x12\x12\x1e"},
		{"paper-out", "paper-in", "\x1e\x32\x12\x72"},
		{"cover-open", "cover-close", "\x1e\x16\x12\x12"},
		{"jam", "fix", "\x1e\x52\x1a\x12"},
	}
	d := start(t, simprinter.Config{})
	conn := d.dial()
	const all = "\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"
	for _, c := range cases {
		d.write(conn, all)
		d.expect(conn, "\x16\x12\x12\x12")
		d.say(c.words)
		d.write(conn, all)
		d.expect(conn, c.want)
		d.say(c.undo)
	}
	d.write(conn, "\x1b=\x02"+all)
	d.expect(conn, "\x16\x12\x12\x12")
	d.until(func(now simprinter.State) bool { return now.BytesBuffered == 0 })
	d.say("paper-out")
	d.write(conn, all)
	d.expect(conn, "\x1e\x32\x12\x72")
	require.Zero(t, d.state().BytesBuffered, "requests of their own do not fill the buffer")
}

func TestRequestThatArrivesInPiecesIsAnswered(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "a\n\x10")
	d.write(conn, "\x04")
	d.write(conn, "\x02")
	d.expect(conn, "\x12")
	d.write(conn, cut)
	require.Equal(t, []string{"a", "[corte parcial]"}, d.waitLines(0))
}

func TestProcessIDIsAnsweredWhenThePaperIsCut(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.say("jam at-cut")
	d.write(conn, "a\n"+cut+signed)
	d.until(func(now simprinter.State) bool { return now.CutterJammed })
	d.expectNothing(conn)
	require.Equal(t, "0", d.say("count"))
	d.say("fix")
	d.expect(conn, answer)
	require.Equal(t, "1", d.say("count"), "the answer came after the paper")
}

func TestPaperThatEndsInMidJobGoesOnWithTheNextRoll(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.say("paper-out after 2 lines")
	d.write(conn, "1\n2\n3\n4\n"+cut+signed)
	d.until(func(now simprinter.State) bool { return now.Paper == "out" && now.BytesBuffered == 4+len(cut+signed) })
	d.write(conn, "\x10\x04\x04")
	d.expect(conn, "\x72")
	d.expectNothing(conn)
	d.say("paper-in")
	d.expect(conn, answer)
	require.Equal(t, []string{"1", "2", "3", "4", "[corte parcial]"}, d.waitLines(0))
}

func TestPaperThatEndsInMidLineFinishesTheLine(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1dr\x01abc")
	d.expect(conn, "\x00")
	d.until(func(now simprinter.State) bool { return now.BytesBuffered == 0 })
	d.say("paper-out")
	d.write(conn, "def\nxyz\n"+cut)
	d.until(func(now simprinter.State) bool { return now.BytesBuffered == 4+len(cut) })
	d.say("paper-in")
	require.Equal(t, []string{"abcdef", "xyz", "[corte parcial]"}, d.waitLines(0))
}

func TestOfflinePrinterKeepsBytesAndTakesNoMoreThanItsBuffer(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.say("cover-open")
	line := strings.Repeat("x", 47) + "\n"
	d.write(conn, strings.Repeat(line, 200)+cut)
	d.until(func(now simprinter.State) bool { return now.Busy })
	require.LessOrEqual(t, d.state().BytesBuffered, 4096)
	require.Greater(t, d.state().BytesBuffered, 4096-128-1)
	d.say("cover-close")
	require.Len(t, d.waitLines(0), 201)
	require.False(t, d.state().Busy)
}

func TestPowerCutLosesTheBufferAndKeepsThePaper(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1bt\x02\x1d!\x11\x1da\xffprinted\n\x1dr\x01")
	d.expect(conn, "\x14\x00\x00\x0f\x00")
	d.say("cover-open")
	d.expect(conn, "\x3c\x00\x00\x0f")
	d.write(conn, "lost\n")
	d.until(func(now simprinter.State) bool { return now.BytesBuffered == 5 })
	d.say("off")
	d.expectGone(conn)
	_, err := net.Dial("tcp", strings.TrimPrefix(d.url, "tcp://"))
	require.Error(t, err, "a printer without power refuses")
	require.False(t, d.state().Powered)
	require.Zero(t, d.state().BytesBuffered)
	d.say("cover-close")
	d.say("on")
	conn = d.dial()
	d.write(conn, "\x84\n"+cut)
	require.Equal(t, []string{"p r i n t e d", "ä", "[corte parcial]"}, d.waitLines(0), "settings are those of power on")
	d.expectNothing(conn)
}

func TestUnpluggedPrinterPrintsOnWhatItHas(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.say("cover-open")
	d.write(conn, "kept\n"+cut)
	d.until(func(now simprinter.State) bool { return now.BytesBuffered == 5+len(cut) })
	d.say("unplug")
	d.expectGone(conn)
	require.False(t, d.state().Connected)
	d.say("cover-close")
	require.Equal(t, []string{"kept", "[corte parcial]"}, d.waitLines(0))
	d.say("off")
	d.say("plug")
	_, err := net.Dial("tcp", strings.TrimPrefix(d.url, "tcp://"))
	require.Error(t, err, "plugged, but without power")
	d.say("on")
	conn = d.dial()
	d.write(conn, "\x10\x04\x01")
	d.expect(conn, "\x16")
}

func TestBytesOfATillThatHungUpArePrinted(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.say("paper-out")
	d.write(conn, "first\n"+cut)
	require.NoError(t, conn.Close())
	d.until(func(now simprinter.State) bool { return now.BytesBuffered == 6+len(cut) && !now.Connected })
	conn = d.dial()
	d.write(conn, "second\n"+cut)
	d.say("paper-in")
	require.Equal(t, []string{"first", "[corte parcial]"}, d.waitLines(0))
	require.Equal(t, []string{"second", "[corte parcial]"}, d.waitLines(1))
}

func TestSecondTillWaitsForTheFirst(t *testing.T) {
	d := start(t, simprinter.Config{})
	first := d.dial()
	d.write(first, "\x10\x04\x01")
	d.expect(first, "\x16")
	second := d.dial()
	d.write(second, "\x10\x04\x01")
	d.expectNothing(second)
	require.NoError(t, first.Close())
	d.expect(second, "\x16")
}

func TestHeldPrinterTakesNoBytes(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.say("hold")
	d.write(conn, "\x10\x04\x01")
	d.expectNothing(conn)
	require.True(t, d.state().Held)
	d.say("release")
	d.expect(conn, "\x16")
	d.say("hold")
	d.say("unplug")
	d.expectGone(conn)
}

func TestSlowLineTakesItsTime(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.say("slow 1000")
	begun := time.Now()
	d.write(conn, strings.Repeat("x", 97)+"\x1dr\x01")
	d.expect(conn, "\x00")
	require.GreaterOrEqual(t, time.Since(begun), 70*time.Millisecond)
	d.say("slow 1")
	d.write(conn, "ab\n"+cut)
	d.say("slow off")
	require.Equal(t, strings.Repeat("x", 48), d.waitLines(0)[0])
}

func TestAutomaticStatusComesUnasked(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1da\xff")
	d.expect(conn, "\x14\x00\x00\x0f")
	d.say("cover-open")
	d.expect(conn, "\x3c\x00\x00\x0f")
	d.say("cover-close")
	d.expect(conn, "\x14\x00\x00\x0f")
	d.say("near-end")
	d.expect(conn, "\x14\x00\x03\x0f")
	d.write(conn, "\x1bp\x00\x19\xfa")
	d.expect(conn, "\x10\x00\x03\x0f")
	d.say("drawer-close")
	d.expect(conn, "\x14\x00\x03\x0f")
	d.write(conn, "\x1da\x08")
	d.expect(conn, "\x14\x00\x03\x0f")
	d.say("cover-open")
	d.say("cover-close")
	d.expectNothing(conn)
	d.write(conn, "\x1b@\x1dr\x01")
	d.expect(conn, "\x03")
	d.say("paper-in")
	d.expectNothing(conn)
}

func TestOfflineResponseNamesTheCause(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1d(H\x03\x00\x31\x30\x02\x1dr\x01")
	d.expect(conn, "\x00")
	d.say("paper-out")
	d.expect(conn, "\x37\x23\x60\x00")
	d.say("cover-open")
	d.expectNothing(conn)
}

func TestDrawerOpensByEitherCommand(t *testing.T) {
	d := start(t, simprinter.Config{DrawerOpenHigh: true})
	conn := d.dial()
	d.write(conn, "\x1dr\x02")
	d.expect(conn, "\x00")
	d.write(conn, "\x10\x14\x01\x01\x02\x1dr\x02")
	d.expect(conn, "\x01")
	d.say("drawer-close")
	d.say("jam")
	d.write(conn, "\x10\x14\x01\x00\x01\x10\x04\x01")
	d.expect(conn, "\x1a")
	require.False(t, d.state().DrawerOpen, "no kick while the knife is stuck")
	d.say("fix")
	d.write(conn, "\x1d(D\x03\x00\x14\x01\x00\x1dr\x02")
	d.expect(conn, "\x00")
	d.write(conn, "\x10\x14\x01\x00\x01\x1dr\x02")
	d.expect(conn, "\x00")
	d.write(conn, "\x1bp\x01\x19\xfa\x1dr\x02"+cut)
	d.expect(conn, "\x01")
	path := d.say("wait-cut 10s after 0")
	noted, err := os.ReadFile(strings.TrimSuffix(path, ".txt") + ".json")
	require.NoError(t, err)
	var record simprinter.Record
	require.NoError(t, json.Unmarshal(noted, &record))
	require.Equal(t, []simprinter.Kick{
		{Pin: 5, OnMilliseconds: 200, OffMilliseconds: 200, RealTime: true},
		{Pin: 5, OnMilliseconds: 50, OffMilliseconds: 500},
	}, record.Kicks)
	require.Equal(t, 2, d.state().DrawerKicks)
}

func TestClearingForgetsTheJobThatHangs(t *testing.T) {
	const clearAll = "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
	for name, c := range map[string]struct{ condition, request, answer string }{
		"at any time":    {"cover-open", clearAll, "\x37\x25\x00"},
		"after an error": {"jam", "\x10\x05\x02\x10\x04\x01", "\x1e"},
	} {
		t.Run(name, func(t *testing.T) {
			d := start(t, simprinter.Config{})
			conn := d.dial()
			d.write(conn, "half a line\x1dr\x01")
			d.expect(conn, "\x00")
			d.say(c.condition)
			d.write(conn, "old job\n\x1dv0\x00\x48\x00\x10\x00zzz"+c.request)
			d.expect(conn, c.answer)
			require.Zero(t, d.state().BytesBuffered)
			require.False(t, d.state().MidCommand)
			d.say("cover-close")
			d.say("fix")
			d.write(conn, "new job\n"+cut)
			require.Equal(t, []string{"new job", "[corte parcial]"}, d.waitLines(0))
		})
	}
}

func TestRetryOfAnErrorClearsNothing(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.say("jam")
	d.write(conn, "job\n"+cut+"\x10\x05\x01\x10\x04\x03")
	d.expect(conn, "\x1a")
	d.say("fix")
	require.Equal(t, []string{"job", "[corte parcial]"}, d.waitLines(0))
}

func TestPictureCutOffByThePulledCableIsCuredByPadding(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1dv0\x00\x02\x00\x03\x00abc")
	d.until(func(now simprinter.State) bool { return now.MidCommand && now.BytesBuffered == 0 })
	d.say("unplug")
	d.expectGone(conn)
	d.say("plug")
	require.True(t, d.state().MidCommand)
	conn = d.dial()
	d.write(conn, "\x00\x00\x00\n\x1b@next\n"+cut)
	require.Equal(t, []string{"[imagem 16x3]", "", "next", "[corte parcial]"}, d.waitLines(0))
}

func TestPrinterSaysWhatItIs(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1dI\x01\x1dI\x02\x1dI\x03\x1dI\x42\x1dI\x43\x1dI\x45")
	d.expect(conn, "\x20\x02\x01\x5fEPSON\x00\x5fTM-T20X\x00\x5f\x00")
	d.write(conn, "\x1dr\x01\x1dr\x02\x1dr2")
	d.expect(conn, "\x00\x01\x01")
}

func TestJobLargerThanTheBufferGoesThrough(t *testing.T) {
	d := start(t, simprinter.Config{})
	conn := d.dial()
	d.write(conn, "\x1dv0\x00\x48\x00\x2c\x01"+strings.Repeat("\xaa", 72*300)+cut+signed)
	d.expect(conn, answer)
	require.Equal(t, "[imagem 576x300]", d.waitLines(0)[0])
}

func TestControlSocketTakesTheSameWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ctl")
	d := start(t, simprinter.Config{Control: path})
	require.Eventually(t, func() bool {
		text, err := control.Call(t.Context(), path, "count")
		return err == nil && text == "0"
	}, patience, time.Millisecond)
	waited := make(chan string, 1)
	go func() {
		text, err := control.Call(t.Context(), path, "wait-cut", "10s", "after", "0")
		waited <- fmt.Sprint(text, err)
	}()
	d.write(d.dial(), "a\n"+cut)
	require.Equal(t, d.waitLines(0), []string{"a", "[corte parcial]"})
	require.Equal(t, d.say("last")+"<nil>", <-waited)
}

func TestWrongWordsAreRefusedWithAReason(t *testing.T) {
	d := start(t, simprinter.Config{})
	for words, reason := range map[string]string{
		"":                        "a command is missing; known are count, cover-close",
		"explode":                 `unknown command "explode"; known are`,
		"paper-out after lunch":   "wants nothing, or: after N lines",
		"paper-out after 0 lines": `"0" is no number of lines`,
		"paper-in now":            "takes no words",
		"near-end now":            "takes no words",
		"off now":                 "takes no words",
		"jam paper":               "wants nothing, or: at-cut",
		"slow":                    "wants BYTES_PER_SECOND or off",
		"slow down":               `"down" is no number of bytes per second`,
		"wait-cut soon":           "invalid duration",
		"wait-cut 1s before 2":    "wants [TIMEOUT [after COUNT]]",
		"wait-cut 1s after -1":    "is no number of papers",
		"wait-cut 1ms":            "no paper was cut",
		"last":                    "no paper was cut yet",
	} {
		_, err := d.Do(t.Context(), strings.Fields(words))
		require.ErrorContains(t, err, reason)
	}
}

func TestPrinterThatCannotStartSaysWhy(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	_, err := simprinter.New(simprinter.Config{Out: t.TempDir()})
	require.ErrorContains(t, err, "a logger is missing")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = simprinter.New(simprinter.Config{Out: file, Log: log})
	require.ErrorContains(t, err, "open tray")
	printer, err := simprinter.New(simprinter.Config{Listen: "udp://x", Out: t.TempDir(), Log: log})
	require.NoError(t, err)
	require.ErrorContains(t, printer.Run(t.Context(), nil), "simulate printer: plug in")
	printer, err = simprinter.New(simprinter.Config{
		Listen: "tcp://127.0.0.1:0", Out: t.TempDir(), Control: filepath.Join(file, "ctl"), Log: log,
	})
	require.NoError(t, err)
	require.ErrorContains(t, printer.Run(t.Context(), nil), "control socket")
}
