package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"balcao/simulators/control"
	"balcao/simulators/simstore"
)

func openStore(t *testing.T) (place simstore.Place) {
	t.Helper()
	decode(t, start(t, "store", "--dir", t.TempDir()).line(), &place)
	return place
}

func TestStoreSaysWhereEverythingIsAndCtlWorksIt(t *testing.T) {
	place := openStore(t)
	require.Zero(t, place.PID)
	config, err := os.ReadFile(place.Config)
	require.NoError(t, err)
	for _, device := range []simstore.Device{place.Pinpad, place.Scanner, place.Printer, place.Central} {
		require.Contains(t, string(config), device.URL)
		require.FileExists(t, device.Control)
	}
	require.Contains(t, string(config), place.Socket)
	for _, row := range []struct{ words, answer, complaint string }{
		{"card insert visa-debit", "", ""},
		{"card insert visa-debit", "", "the slot holds card visa-debit"},
		{"pin 1234", "kept for the PIN screen", ""},
		{"card remove", "", ""},
		{"scan 7896089012453", "ok", ""},
		{"scanner unplug", "ok", ""},
		{"scan 7896089012453", "", "the cable is pulled"},
		{"scanner plug", "ok", ""},
		{"printer paper-out", "ok", ""},
		{"printer paper-in", "ok", ""},
		{"central down 30s", "down", ""},
		{"central up", "", ""},
		{"central ledger", `"sum": 0`, ""},
		{"central status", "service orders", ""},
		{"dance", "", `nobody knows "dance": words begin with pinpad, scanner, printer, central, psp, mail, card,`},
	} {
		answer, complaint, err := ask(t, append([]string{"ctl", "--dir", place.Dir}, strings.Fields(row.words)...)...)
		require.Equal(t, row.complaint != "", err != nil, "%s: %s", row.words, complaint)
		require.Contains(t, answer, row.answer, row.words)
		require.Contains(t, complaint, row.complaint, row.words)
	}
}

func TestAShopsCentralTellsHowItIs(t *testing.T) {
	place := openStore(t)
	status, complaint, err := ask(t, "central", "status", "--dir", place.Dir)
	require.NoError(t, err, complaint)
	require.Regexp(t, `(?m)^central +up$`, status)
}

func TestEveryWordOfHelpIsKnownToItsSimulator(t *testing.T) {
	place := openStore(t)
	sockets := map[string]string{
		simstore.Pinpad: place.Pinpad.Control, simstore.Scanner: place.Scanner.Control, simstore.Printer: place.Printer.Control, simstore.Central: place.Central.Control,
		simstore.PSP: filepath.Join(place.Dir, "run", "psp.ctl"), simstore.Mail: filepath.Join(place.Dir, "run", "mail.ctl"),
	}
	psp := start(t, "psp", "--listen", "tcp://127.0.0.1:0", "--state", filepath.Join(place.Dir, "state", "psp"), "--control", sockets[simstore.PSP])
	psp.line()
	mail := start(t, "mail", "--listen", "smtp://127.0.0.1:0", "--state", filepath.Join(place.Dir, "state", "mail"), "--control", sockets[simstore.Mail])
	mail.line()
	for _, group := range vocabulary {
		for _, word := range group.words {
			words := []string{word.name()}
			if word.name() == "wait-cut" {
				words = append(words, "1ms")
			}
			if _, err := control.Call(t.Context(), sockets[group.simulator], words...); err != nil {
				require.NotContains(t, err.Error(), "unknown command")
			}
		}
		_, err := control.Call(t.Context(), sockets[group.simulator], "dance")
		require.ErrorContains(t, err, "unknown command")
	}
	help, _, err := ask(t, "ctl", "help")
	require.NoError(t, err)
	require.Contains(t, help, "\ncard remove ")
	require.Contains(t, help, "\nscan CODE ")
	require.Contains(t, help, "\nscanner unplug ")
	require.Contains(t, help, "\nprinter paper-in ")
}

func TestClosedShopIsNamed(t *testing.T) {
	dir := t.TempDir()
	_, complaint, err := ask(t, "ctl", "--dir", dir, "card", "remove")
	require.Error(t, err)
	require.Contains(t, complaint, "no shop is open in "+dir)
}

func TestCtlLooksWhereADemoWithoutAFolderIs(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	_, complaint, err := ask(t, "ctl", "card", "remove")
	require.Error(t, err)
	require.Contains(t, complaint, "no shop is open in "+filepath.Join(state, "balcao-demo"))
}

func TestSecondShopInTheSameFolderIsRefused(t *testing.T) {
	place := openStore(t)
	_, complaint, err := ask(t, "demo", "--headless", "--dir", place.Dir)
	require.Error(t, err)
	require.Contains(t, complaint, "runs a shop in "+place.Dir+" already")
}

func TestPrintedPaperStandsInTheLogOfPapers(t *testing.T) {
	place := openStore(t)
	printOn(t, place.Printer.URL)
	eventually(t, "the paper's path is written down", func() bool {
		content, _ := os.ReadFile(filepath.Join(place.Dir, "papers.log"))
		return string(content) == filepath.Join(place.Printer.Out, "0001.txt")+"\n"
	})
}

// number reads a pid file, 0 if there is none.
func number(dir, program string) int {
	content, _ := os.ReadFile(filepath.Join(dir, "run", program+".pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(content)))
	return pid
}

func TestWhateverIsKilledComesBack(t *testing.T) {
	demo := start(t, "demo", "--headless", "--dir", t.TempDir())
	var place simstore.Place
	decode(t, demo.line(), &place)
	require.Equal(t, number(place.Dir, "balcao"), place.PID)
	printer := number(place.Dir, "printer")
	require.NoError(t, syscall.Kill(place.PID, syscall.SIGKILL))
	require.NoError(t, syscall.Kill(printer, syscall.SIGKILL))
	for name, dead := range map[string]int{"balcao": place.PID, "printer": printer} {
		eventually(t, name+" has a new number", func() bool { return number(place.Dir, name) != 0 && number(place.Dir, name) != dead })
	}
	eventually(t, "the printer answers again", func() bool {
		_, _, err := ask(t, "ctl", "--dir", place.Dir, "printer", "state")
		return err == nil
	})
	printOn(t, place.Printer.URL)
	eventually(t, "the daemon serves for the second time", func() bool {
		log, _ := os.ReadFile(filepath.Join(place.Dir, "log", "balcao.log"))
		return strings.Count(string(log), "serving") == 2
	})
	demo.stop()

	log, err := os.ReadFile(filepath.Join(place.Dir, "log", "balcao.log"))
	require.NoError(t, err)
	require.Contains(t, string(log), "signal: killed")
	require.Contains(t, string(log), "stopped in order")
	for _, name := range []string{"balcao", "pinpad", "scanner", "printer", "central"} {
		require.Zero(t, number(place.Dir, name), "%s has ended", name)
	}
}

func TestDaemonThatDoesNotStartIsExplained(t *testing.T) {
	c := command(t, "demo", "--headless", "--dir", t.TempDir())
	c.Env = append(c.Env, "STAND_IN_FAILS=yes")
	var complaint bytes.Buffer
	c.Stderr = &complaint
	require.Error(t, c.Run())
	require.Contains(t, complaint.String(), "start balcao: it ended: exit status 1")
	require.Contains(t, complaint.String(), "catalogue is upside down")
}

func TestDemoWithoutATerminalSaysSo(t *testing.T) {
	_, complaint, err := ask(t, "demo", "--dir", t.TempDir())
	require.Error(t, err)
	require.Contains(t, complaint, "--headless")
}

func TestMissingTillIsNamed(t *testing.T) {
	c := command(t, "store", "--dir", t.TempDir())
	c.Env = append(c.Env, tillVariable+"=", "PATH=")
	complaint, err := c.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(complaint), "neither beside balcao-sim nor in PATH")
}

// onTerminal runs a demo on a pseudo terminal and types keys once the screen shows.
func onTerminal(t *testing.T, dir, keys string, before func()) (shown string, err error) {
	t.Helper()
	c := command(t, "demo", "--dir", dir)
	terminal, err := pty.Start(c)
	require.NoError(t, err)
	defer terminal.Close()
	seen := &output{}
	drained := make(chan struct{})
	go func() {
		_, _ = io.Copy(seen, terminal) // ends with an error when the last process is gone
		close(drained)
	}()
	eventually(t, "the screen shows", func() bool { return strings.Contains(seen.String(), "THE SCREEN") })
	before()
	_, err = io.WriteString(terminal, keys)
	require.NoError(t, err)
	err = c.Wait()
	<-drained
	return seen.String(), err
}

func TestLeftScreenClosesTheShopAndTellsOfPapersAndLogs(t *testing.T) {
	dir := t.TempDir()
	paper := filepath.Join(dir, "paper", "0001.txt")
	shown, err := onTerminal(t, dir, "q\n", func() {
		state, err := os.ReadFile(filepath.Join(dir, "balcao.toml"))
		require.NoError(t, err)
		_, after, _ := strings.Cut(string(state), "[printer]\nurl = '")
		address, _, _ := strings.Cut(after, "'")
		printOn(t, address)
		eventually(t, "the paper is written down", func() bool {
			log, _ := os.ReadFile(filepath.Join(dir, "papers.log"))
			return len(log) > 0
		})
	})
	require.NoError(t, err)
	require.Contains(t, shown, "214 with PIN 1234")
	require.Contains(t, shown, "(1 this time")
	require.Contains(t, shown, paper)
	require.Contains(t, shown, filepath.Join(dir, "log"))
	require.Zero(t, number(dir, "balcao"))
}

func TestScreenThatDiesGivesTheTerminalBack(t *testing.T) {
	shown, err := onTerminal(t, t.TempDir(), "x\n", func() {})
	require.Error(t, err)
	require.Contains(t, shown, leaveScreen)
	require.Contains(t, shown, "run the screen: exit status 7")
}
