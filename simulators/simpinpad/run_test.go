package simpinpad

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/cable"
	"balcao/simulators/control"
	"balcao/simulators/hsm"
)

// A running is a pinpad as a program: worked over its control socket only.
type running struct {
	t      *testing.T
	config Config
	url    string
	stop   func()
}

func run(t *testing.T, config Config) *running {
	t.Helper()
	simulator, err := New(config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- simulator.Run(ctx, func(url string) { urls <- url }) }()
	r := &running{t: t, config: config}
	select {
	case r.url = <-urls:
	case err := <-ended:
		require.NoError(t, err)
	}
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.NoError(t, <-ended)
	}
	t.Cleanup(r.stop)
	require.Eventually(t, func() bool {
		_, err := control.Call(ctx, config.Control, "state")
		return err == nil
	}, hostPatience, time.Millisecond)
	return r
}

func (r *running) hand(words ...string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*hostPatience)
	defer cancel()
	text, err := control.Call(ctx, r.config.Control, words...)
	require.NoError(r.t, err, "hand: %v", words)
	return text
}

func (r *running) state() report {
	r.t.Helper()
	var got report
	require.NoError(r.t, json.Unmarshal([]byte(r.hand("state")), &got))
	return got
}

// plugIn is the till's end of the cable.
func (r *running) plugIn() *host {
	r.t.Helper()
	conn, err := dial(r.url)
	require.NoError(r.t, err)
	return newHost(r.t, conn)
}

func dial(url string) (cable.Conn, error) {
	if link, ok := strings.CutPrefix(url, "pty:"); ok {
		return os.OpenFile(link, os.O_RDWR, 0)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "tcp://"))
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// cables are the two kinds of cable a pinpad may hang on.
func cables(t *testing.T) map[string]string {
	return map[string]string{"tcp": "tcp://127.0.0.1:0", "pty": "pty:" + filepath.Join(t.TempDir(), "pinpad")}
}

func TestWholeSaleOverEachCable(t *testing.T) {
	for name, url := range cables(t) {
		t.Run(name, func(t *testing.T) {
			config, hostKeys := files(t)
			config.Listen = url
			var log strings.Builder
			config.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			pinpad := run(t, config)
			till := pinpad.plugIn()
			till.send(hostCAN)
			till.expect(hostEOT)
			require.Equal(t, "OPN000", till.ask("OPN"))
			till.loadTables()

			till.command(gcx())
			pinpad.hand("wait-display", "INSIRA OU PASSE O CARTÃO", "5s")
			pinpad.hand("card", "insert", "mastercard-credit")
			require.Contains(t, till.answer(), "NTM000032SELECIONADO:")
			read := till.fields(till.answer(), "GCX")
			require.Equal(t, "555555******4444", read[0x8052])
			till.fields(till.ask(with("GTK", 0x03, "50", 0x09, "01")), "GTK")
			till.command(gox())
			require.Contains(t, till.answer(), "SOLICITE A SENHA")
			pinpad.hand("wait-display", "SENHA:")
			require.Equal(t, "typed", pinpad.hand("pin", "1234"))
			value := till.fields(till.answer(), "GOX").values(t)
			bank := issuerOf(t, hostKeys, "mastercard-credit", value)
			pinpad.hand("hold", "fcx")
			till.command(fcx("0000", "00", bank.answer(t, "00")))
			pinpad.hand("wait-held", "FCX")
			require.Equal(t, "FCX", pinpad.state().Held)
			require.Equal(t, "released FCX", pinpad.hand("release"))
			require.Equal(t, "000", till.fields(till.answer(), "FCX")[0x8058])
			till.command(block("RMC", padRight("APROVADA", 32)))
			pinpad.hand("wait-display", removeText)
			pinpad.hand("card", "remove")
			require.Equal(t, "RMC000", till.answer())
			state := pinpad.hand("state")
			pinpad.stop()
			for _, text := range []string{log.String(), state} {
				require.NotContains(t, text, "555555")
				require.NotContains(t, text, "5555 5555")
			}
		})
	}
}

func TestPulledCableIsPluggedInAgain(t *testing.T) {
	for name, url := range cables(t) {
		t.Run(name, func(t *testing.T) {
			config, _ := files(t)
			config.Listen = url
			pinpad := run(t, config)
			till := pinpad.plugIn()
			require.Equal(t, "OPN000", till.ask("OPN"))
			pinpad.hand("unplug")
			require.False(t, pinpad.state().Till)
			_, err := dial(pinpad.url)
			require.Error(t, err, "there is nothing at the end of the cable")
			pinpad.hand("plug")
			pinpad.hand("plug")
			require.Equal(t, "OPN000", pinpad.plugIn().ask("OPN"))
		})
	}
}

func TestNextTillFindsThePinpadWhenOneHasGone(t *testing.T) {
	config, _ := files(t)
	config.Listen = "tcp://127.0.0.1:0"
	pinpad := run(t, config)
	for range 3 {
		till := pinpad.plugIn()
		till.send(hostCAN)
		till.expect(hostEOT)
		till.command(with("CEX", 0x06, "001000"))
		require.NoError(t, till.conn.Close())
	}
}

// Nothing is written on the way out, so that stopping is as sudden as a power cut.
func TestRestartKeepsCountersAndTables(t *testing.T) {
	config, hostKeys := files(t)
	config.Listen = "tcp://127.0.0.1:0"
	used := map[string]bool{}
	counters := map[string]bool{}
	for round := range 3 {
		pinpad := run(t, config)
		till := pinpad.plugIn()
		if round == 0 {
			till.loadTables()
		}
		require.Equal(t, "TLI000", till.ask(block("TLI", "01VERSION001")))
		pinpad.hand("card", "insert", "visa-debit")
		pinpad.hand("pin", "1234")
		till.fields(till.ask(gcx()), "GCX")
		tracks := till.fields(till.ask(with("GTK", 0x03, "50", 0x09, "01")), "GTK")
		answer := till.fields(till.ask(gox()), "GOX")
		for _, ksn := range []string{answer[0x804C], tracks[0x8048]} {
			require.False(t, used[ksn], "a key was used twice")
			used[ksn] = true
		}
		counter := string(answer.values(t)(0x9F36))
		require.False(t, counters[counter], "a transaction was counted twice")
		counters[counter] = true
		pinpad.stop()
	}
	info, err := os.Stat(config.StateFile)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	fresh, _ := hsm.GenerateTestKeys()
	fresh.PINSlots[1] = hsm.NewDukpt(hostKeys.PINBDK["FFFF987654"], hsm.KSN{0xFF, 0xFF, 0x98, 0x76, 0x54, 0x99})
	require.NoError(t, fresh.Save(config.KeysFile))
	simulator, err := New(config)
	require.NoError(t, err)
	require.EqualValues(t, 1, simulator.device.pinSlots.keys[1].KSN.Counter(), "another device's key begins anew")
	require.EqualValues(t, 4, simulator.device.dataSlots.keys[1].KSN.Counter())
}

func TestHandsAreToldWhatTheyCannotDo(t *testing.T) {
	config, _ := files(t)
	config.Listen = "tcp://127.0.0.1:0"
	pinpad := run(t, config)
	pinpad.hand("card", "insert", "visa-debit")
	for want, words := range map[string][]string{
		"unknown command":                  {"dance"},
		"the slot holds card visa-debit":   {"card", "insert", "visa-credit"},
		"usage: card insert NAME":          {"card"},
		"nothing waits for a key":          {"key", "ok"},
		"no key":                           {"key", "enter"},
		"a PIN is up to":                   {"pin", "12E4"},
		"no command \"XYZ\"":               {"hold", "XYZ"},
		"nothing is held":                  {"release"},
		"not a duration":                   {"slow", "very"},
		"not a count":                      {"corrupt", "-1"},
		"display shows \"\", not \"SALE\"": {"wait-display", "SALE", "1ms"},
		"no answer to GOX is held":         {"wait-held", "GOX", "1ms"},
		"usage: wait-display":              {"wait-display"},
		"usage: wait-held":                 {"wait-held"},
	} {
		_, err := control.Call(t.Context(), config.Control, words...)
		require.ErrorContains(t, err, want)
	}
	pinpad.hand("card", "remove")
	for want, words := range map[string][]string{
		"no card in the slot": {"card", "remove"},
		"no such file":        {"card", "insert", "gold"},
		"a name, not a path":  {"card", "insert", "../keys"},
	} {
		_, err := control.Call(t.Context(), config.Control, words...)
		require.ErrorContains(t, err, want)
	}
}

func TestDamagedFilesAreRefusedWithTheirName(t *testing.T) {
	config, _ := files(t)
	require.NoError(t, os.WriteFile(config.StateFile, []byte(`{"tables":{"records":["short"]}}`), 0o600))
	_, err := New(config)
	require.ErrorContains(t, err, "state.json")
	require.NoError(t, os.Remove(config.StateFile))
	config.KeysFile += ".absent"
	_, err = New(config)
	require.ErrorIs(t, err, os.ErrNotExist)
}
