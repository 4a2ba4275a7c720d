package simscanner_test

import (
	"context"
	"encoding/json"
	"fmt"
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
	"balcao/simulators/simscanner"
)

// patience is the longest that a test waits for something that should happen.
const patience = 10 * time.Second

// A device is a running scanner and the words to work it.
type device struct {
	*simscanner.Scanner
	t    *testing.T
	link string // of its pseudo terminal
	url  string
}

// start runs a scanner until the test ends; without a cable in the config, on a
// pseudo terminal.
func start(t *testing.T, config simscanner.Config) device {
	t.Helper()
	link := filepath.Join(t.TempDir(), "scanner")
	if config.Listen == "" {
		config.Listen = "pty:" + link
	}
	config.Log = slog.New(slog.DiscardHandler)
	scanner, err := simscanner.New(config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- scanner.Run(ctx, func(url string) { ready <- url }) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	select {
	case url := <-ready:
		return device{scanner, t, link, url}
	case err := <-done:
		done <- err
		t.Fatalf("the scanner did not start: %v", err)
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

// refuses gives a control command that must fail, and says why.
func (d device) refuses(words, why string) {
	d.t.Helper()
	_, err := d.Do(d.t.Context(), strings.Fields(words))
	require.ErrorContains(d.t, err, why)
}

func (d device) state() (now simscanner.State) {
	d.t.Helper()
	require.NoError(d.t, json.Unmarshal([]byte(d.say("state")), &now))
	return now
}

// A wire is the till's end of the cable.
type wire struct {
	io.ReadWriteCloser
	t *testing.T
}

// plug connects a till.
func (d device) plug() wire {
	d.t.Helper()
	address, isTCP := strings.CutPrefix(d.url, "tcp://")
	if !isTCP {
		file, err := os.OpenFile(d.link, os.O_RDWR, 0)
		require.NoError(d.t, err)
		d.t.Cleanup(func() { file.Close() })
		return wire{file, d.t}
	}
	conn, err := net.Dial("tcp", address)
	require.NoError(d.t, err)
	d.t.Cleanup(func() { conn.Close() })
	return wire{conn, d.t}
}

// gets reads exactly what is wanted.
func (w wire) gets(want string) {
	w.t.Helper()
	got := make([]byte, len(want))
	_, err := io.ReadFull(w, got)
	require.NoError(w.t, err)
	require.Equal(w.t, want, string(got))
}

const (
	ean13 = "6291041500213"
	ean8  = "96385074"
)

func TestACodeGoesOutAsTheScannerIsProgrammed(t *testing.T) {
	d := start(t, simscanner.Config{})
	till := d.plug()
	for _, row := range []struct{ suffix, prefix, code, want string }{
		{"cr", "none", ean13, ean13 + "\r"},
		{"lf", "none", ean13, ean13 + "\n"},
		{"crlf", "none", ean13, ean13 + "\r\n"},
		{"tab", "none", ean13, ean13 + "\t"},
		{"etx", "stx", ean13, "\x02" + ean13 + "\x03"},
		{"none", "none", ean13, ean13},
		{"cr", "aim", ean13, "]E0" + ean13 + "\r"},
		{"cr", "aim", "036000291452", "]E0036000291452\r"},
		{"cr", "aim", ean8, "]E4" + ean8 + "\r"},
		{"cr", "aim", "15400141288763", "]I115400141288763\r"},
		{"cr", "aim", "LOCKER-17", "]C0LOCKER-17\r"},
		{"cr", "aim", "12345678901", "]C012345678901\r"},
		{"cr", "stx+aim", ean13, "\x02]E0" + ean13 + "\r"},
	} {
		d.say("suffix " + row.suffix)
		d.say("prefix " + row.prefix)
		require.Equal(t, "ok", d.say("scan "+row.code))
		till.gets(row.want)
	}
	require.Equal(t, 13, d.state().Codes)
}

func TestProgrammingIsGivenAtTheStartToo(t *testing.T) {
	d := start(t, simscanner.Config{Suffix: "tab", Prefix: "stx"})
	d.say("scan " + ean8)
	d.plug().gets("\x02" + ean8 + "\t")
	for _, config := range []simscanner.Config{{Suffix: "esc"}, {Prefix: "esc"}} {
		config.Log = slog.New(slog.DiscardHandler)
		_, err := simscanner.New(config)
		require.ErrorContains(t, err, `"esc"; known are `)
	}
}

func TestACutCodeHasNoSuffixAndABurstHasOneForEach(t *testing.T) {
	d := start(t, simscanner.Config{Listen: "tcp://127.0.0.1:0"})
	till := d.plug()
	require.Eventually(t, func() bool { return d.state().Connected }, patience, time.Millisecond)
	d.say("cut " + ean13 + " 5")
	d.say("scan-burst " + ean8 + " A1 " + ean8)
	till.gets(ean13[:5] + ean8 + "\rA1\r" + ean8 + "\r")
}

func TestNoiseInACodeIsTheSameForTheSameSeedAndEndsNothing(t *testing.T) {
	d := start(t, simscanner.Config{})
	till := d.plug()
	read := func(words string) string {
		d.say(words)
		got := make([]byte, len(ean13)+1)
		_, err := io.ReadFull(till, got)
		require.NoError(t, err)
		return string(got)
	}
	first := read("noise-in " + ean13 + " 7")
	require.Equal(t, ean13[:4], first[:4])
	require.Equal(t, ean13[8:]+"\r", first[8:])
	for _, b := range []byte(first[4:8]) {
		require.GreaterOrEqual(t, b, byte(0x80))
	}
	require.Equal(t, first, read("noise-in "+ean13+" 7"))
	require.NotEqual(t, first, read("noise-in "+ean13+" 8"))
}

func TestGarbageIsTheSameForTheSameSeed(t *testing.T) {
	d := start(t, simscanner.Config{})
	till := d.plug()
	var heard [3]string
	for i, seed := range []string{"5", "5", "6"} {
		d.say("garbage 300 " + seed)
		got := make([]byte, 300)
		_, err := io.ReadFull(till, got)
		require.NoError(t, err)
		heard[i] = string(got)
	}
	require.Equal(t, heard[0], heard[1])
	require.NotEqual(t, heard[0], heard[2])
}

func TestSpeedIsKept(t *testing.T) {
	d := start(t, simscanner.Config{})
	till := d.plug()
	d.say("speed 200")
	begun := time.Now()
	d.say("scan " + ean13)
	require.GreaterOrEqual(t, time.Since(begun), 14*5*time.Millisecond-time.Millisecond)
	till.gets(ean13 + "\r")
	d.say("speed off")
	require.Zero(t, d.state().BytesPerSecond)
}

func TestASlowScanEndsWithWhoeverAskedForIt(t *testing.T) {
	d := start(t, simscanner.Config{})
	d.say("speed 1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := d.Do(ctx, []string{"scan", ean13})
	require.ErrorContains(t, err, "only 1 of 14 bytes left")
}

func TestNobodyHearsAScannerWithoutPowerCableOrTill(t *testing.T) {
	d := start(t, simscanner.Config{Listen: "tcp://127.0.0.1:0"})
	d.refuses("scan "+ean13, "no till is at the other end")
	d.say("unplug")
	d.refuses("scan "+ean13, "cable is pulled")
	d.say("off")
	d.refuses("garbage 5", "switched off")
	require.Equal(t, simscanner.State{Suffix: "cr", Prefix: "none"}, d.state())
	d.say("on")
	d.say("plug")
	till := d.plug()
	require.Eventually(t, func() bool { return d.state().Connected }, patience, time.Millisecond)
	d.say("scan " + ean13)
	till.gets(ean13 + "\r")
	require.NoError(t, till.Close())
	require.Eventually(t, func() bool { return !d.state().Connected }, patience, time.Millisecond)
}

func TestPulledCableIsPluggedInAgainUnderTheSameName(t *testing.T) {
	for _, listen := range []string{"", "tcp://127.0.0.1:0"} {
		d := start(t, simscanner.Config{Listen: listen})
		for _, way := range [][2]string{{"unplug", "plug"}, {"off", "on"}} {
			till := d.plug()
			require.Eventually(t, func() bool { return d.state().Connected }, patience, time.Millisecond)
			d.say("scan " + ean8)
			till.gets(ean8 + "\r")
			d.say(way[0])
			_, err := till.Read(make([]byte, 1))
			require.Error(t, err)
			require.NoFileExists(t, d.link)
			d.say(way[0])
			d.say(way[1])
			d.say(way[1])
		}
	}
}

func TestItBeepsForEachCodeAndWhenTheTillAsks(t *testing.T) {
	d := start(t, simscanner.Config{})
	till := d.plug()
	d.say("scan-burst A1 A2")
	d.say("garbage 3")
	require.Equal(t, "2", d.say("beep"))
	_, err := io.WriteString(till, "hello\a\a")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return d.say("beep") == "4" }, patience, time.Millisecond)
}

func TestWordsThatMakeNoSenseAreRefused(t *testing.T) {
	d := start(t, simscanner.Config{})
	for words, why := range map[string]string{
		"":                              "a command is missing",
		"dance":                         `unknown command "dance"; known are beep, cut,`,
		"scan":                          "scan: wants one CODE",
		"scan A B":                      "scan: wants one CODE",
		"scan-burst":                    "wants at least one CODE",
		"cut A":                         "wants CODE N",
		"cut ABC 0":                     `"0" is no number of characters from 1 to 3`,
		"cut ABC 4":                     `"4" is no number`,
		"noise-in":                      "wants CODE [SEED]",
		"noise-in A x":                  `"x" is no SEED`,
		"garbage":                       "wants N [SEED]",
		"garbage -1":                    `"-1" is no number of bytes`,
		"garbage 1 2 3":                 "too many words",
		"suffix":                        "wants one word",
		"suffix esc":                    "known are cr, crlf, etx, lf, none, tab",
		"prefix esc":                    "known are aim, none, stx, stx+aim",
		"speed 0":                       `"0" is no number of bytes per second`,
		"unplug now":                    "takes no words",
		"beep on":                       "takes no words",
		"state all":                     "takes no words",
		"scan " + longer(8<<10):         "a label holds 1 to 8192 bytes",
		"scan-burst A " + longer(8<<10): "a label holds",
	} {
		d.refuses(words, why)
	}
	require.Zero(t, d.state().BytesSent)
}

func longer(than int) string { return strings.Repeat("9", than+1) }

func TestTheControlSocketWorksIt(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "ctl")
	d := start(t, simscanner.Config{Control: socket})
	answer, err := control.Call(t.Context(), socket, "scan", ean13)
	require.NoError(t, err)
	require.Equal(t, "ok", answer)
	require.Equal(t, fmt.Sprintf("%d", len(ean13)+1), fmt.Sprint(d.state().BytesSent))
}

func TestScannerThatCannotListenSaysSo(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	_, err := simscanner.New(simscanner.Config{})
	require.ErrorContains(t, err, "a logger is missing")
	for _, config := range []simscanner.Config{
		{Listen: "udp://1", Log: log},
		{Listen: "pty:" + filepath.Join(t.TempDir(), "no", "folder"), Log: log},
		{Listen: "tcp://127.0.0.1:0", Control: filepath.Join(t.TempDir(), "no", "folder"), Log: log},
	} {
		scanner, err := simscanner.New(config)
		require.NoError(t, err)
		require.ErrorContains(t, scanner.Run(t.Context(), nil), "simulate scanner: ")
	}
}
