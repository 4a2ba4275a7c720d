package till_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// terminalEmulator is the real screen of the built program in a tmux of its own.
type terminalEmulator struct {
	*rig
	socket string
}

// newTerminal opens a screen of 100 × 30 cells, or skips where there is no tmux.
func newTerminal(r *rig, t *testing.T) *terminalEmulator {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("no tmux: the screen of the built program is not tried")
	}
	e := &terminalEmulator{rig: r, socket: filepath.Join(r.place.Dir, "tmux")}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", e.socket, "kill-server").Run() })
	e.tmux("new-session", "-d", "-s", "till", "-x", "100", "-y", "30", e.screen())
	return e
}

// screen is the command line of a screen; TERM and LANG as a shop has them.
func (e *terminalEmulator) screen() string {
	return fmt.Sprintf("LANG=C.UTF-8 %s ui --socket %s", filepath.Join(e.bin, "balcao"), e.place.Socket)
}

func (e *terminalEmulator) tmux(args ...string) string {
	e.t.Helper()
	output, err := exec.Command("tmux", append([]string{"-f", os.DevNull, "-S", e.socket}, args...)...).CombinedOutput()
	require.NoError(e.t, err, "%v: %s", args, output)
	return string(output)
}

// humanGap lies between two presses: what comes faster is a scanner's.
const humanGap = 100 * time.Millisecond

// scan sends a code and its Enter in one burst, as a scanner does.
func (e *terminalEmulator) scan(code string) {
	e.t.Helper()
	<-time.After(humanGap)
	e.tmux("send-keys", "-t", "till", code, "Enter")
}

// press types text in one go, or a named key.
func (e *terminalEmulator) press(key string) {
	e.t.Helper()
	<-time.After(humanGap)
	if len(key) > 1 && key[0] == '@' {
		e.tmux("send-keys", "-t", "till", key[1:])
		return
	}
	e.tmux("send-keys", "-t", "till", "-l", key)
}

// shows waits until all texts are on the screen, and answers it.
func (e *terminalEmulator) shows(texts ...string) {
	e.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		shown, missing := e.tmux("capture-pane", "-p", "-t", "till"), ""
		for _, text := range texts {
			if !strings.Contains(shown, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("the screen never showed %q:\n%s", missing, shown)
		}
	}
}

// TestScreenOfTheBuiltProgram sells in a real terminal, kills the screen in the
// middle of a card payment, and finds the payment on the next one.
func TestScreenOfTheBuiltProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real processes: left out of -short")
	}
	bin, err := rightBuild()
	require.NoError(t, err)
	r := newRig(t, bin)
	r.bootQuietly()
	e := newTerminal(r, t)
	e.shows("Entrar no caixa")
	e.press("214")
	e.shows("214")
	e.press("@Enter")
	e.press("1234")
	e.shows("••••")
	e.press("@Enter")
	e.shows("Abrir o caixa")
	e.press("200")
	e.shows("200")
	e.press("@Enter")
	e.shows("Caixa livre", "online")
	e.scan("7896089012453")
	e.shows("CAFÉ TORRADO E MOÍDO 500G", "TOTAL R$")
	e.press("3*17")
	e.shows("3*17")
	e.press("@Enter")
	e.shows("PÃO FRANCÊS", "50,70")
	e.press("@Enter")
	e.shows("Pagamento", "69,60")
	e.press("@Enter")
	e.shows("Caixa livre", "Venda 1", "69,60")

	r.devicesReady()
	e.scan("7896089012453")
	e.shows("Venda 2")
	e.press("@Enter")
	e.shows("Forma")
	r.central("hold", "payment-put", "after")
	e.press("2")
	e.shows("Inserir o cartão no pinpad")
	r.pinpad("card", "insert", "visa-debit")
	r.pinpad("pin", "1234")
	r.central("wait-held", "payment-put", patience.String())
	e.killScreen()
	e.tmux("new-session", "-d", "-s", "till", "-x", "80", "-y", "24", e.screen())
	e.shows("Autorizar com o banco", "18,90")
	r.central("release")
	e.shows("Caixa livre", "Pagamento aprovado")
	r.pinpad("card", "remove")
}

// killScreen ends the screen by SIGKILL, and the emulator's session with it.
func (e *terminalEmulator) killScreen() {
	e.t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(e.tmux("list-panes", "-t", "till", "-F", "#{pane_pid}")))
	require.NoError(e.t, err)
	children, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	if child, convErr := strconv.Atoi(strings.TrimSpace(string(children))); err == nil && convErr == nil {
		pid = child
	}
	e.tmux("set-option", "-g", "exit-empty", "off")
	require.NoError(e.t, syscall.Kill(pid, syscall.SIGKILL))
	e.eventually("the screen's terminal closes", func() bool {
		return exec.Command("tmux", "-S", e.socket, "has-session", "-t", "till").Run() != nil
	})
}
