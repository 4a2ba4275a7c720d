package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gdamore/tcell/v2"
	"github.com/stretchr/testify/require"

	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
	"balcao/ui/theme"
	"balcao/ui/view"
	"balcao/ui/widget"
)

// socketVariable makes the test binary a screen on that socket: a process of its
// own, as in a shop.
const socketVariable = "BALCAO_TEST_SCREEN"

func TestMain(m *testing.M) {
	if socket := os.Getenv(socketVariable); socket != "" {
		if err := Run(context.Background(), Options{Socket: socket}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// countingTty is a terminal that counts the bytes a frame costs.
type countingTty struct {
	bytes atomic.Int64
	done  chan struct{}
	once  sync.Once
}

func (t *countingTty) Start() error                { return nil }
func (t *countingTty) Stop() error                 { return nil }
func (t *countingTty) Drain() error                { t.once.Do(func() { close(t.done) }); return nil }
func (t *countingTty) Close() error                { return nil }
func (t *countingTty) NotifyResize(func())         {}
func (t *countingTty) Read([]byte) (int, error)    { <-t.done; return 0, io.EOF }
func (t *countingTty) Write(b []byte) (int, error) { t.bytes.Add(int64(len(b))); return len(b), nil }

func (t *countingTty) WindowSize() (tcell.WindowSize, error) {
	return tcell.WindowSize{Width: 120, Height: 40}, nil
}

// frames draws models on a real encoder and tells what each one cost.
func frames(t testing.TB) (cost func(view.Model) int64) {
	t.Helper()
	tty := &countingTty{done: make(chan struct{})}
	screen, err := tcell.NewTerminfoScreenFromTty(tty)
	require.NoError(t, err)
	require.NoError(t, screen.Init())
	t.Cleanup(screen.Fini)
	paint, grid := newPainter(screen, theme.Noite(theme.DepthOf(screen.Colors()))), widget.NewGrid(120, 40)
	return func(m view.Model) int64 {
		before := tty.bytes.Load()
		view.Draw(m, grid)
		paint.paint(grid)
		return tty.bytes.Load() - before
	}
}

func setTerminal(t *testing.T, term string) {
	t.Helper()
	t.Setenv("TERM", term)
	t.Setenv("COLORTERM", "truecolor")
	t.Setenv("NO_COLOR", "")
	t.Setenv("LC_ALL", "C.UTF-8")
}

func sellingModel() view.Model {
	shop := newShop(snapshot.Selling)
	for range 12 {
		shop.show(func(c *snapshot.Cashier) { sell(c, "7896006711131") })
	}
	return view.Model{Snapshot: &shop.shown, Language: text.In(text.Portuguese), Now: dawn, Link: view.Up}
}

func TestAnIdleFrameCostsNothingAndAKeyLittle(t *testing.T) {
	for _, term := range []string{"xterm-256color", "linux", "screen-256color"} {
		t.Run(term, func(t *testing.T) {
			setTerminal(t, term)
			cost, m := frames(t), sellingModel()
			require.Positive(t, cost(m))
			require.Zero(t, cost(m), "nothing changed")
			m.Entry.Text = "7"
			first := cost(m)
			m.Entry.Text = "78"
			second := cost(m)
			m.Now = m.Now.Add(time.Second)
			tick := cost(m)
			m.Selected = 3
			mark := cost(m)
			t.Logf("%s: first key %d, key %d, clock %d, mark %d bytes", term, first, second, tick, mark)
			require.LessOrEqual(t, first, int64(200))
			require.LessOrEqual(t, second, int64(200))
			require.LessOrEqual(t, tick, int64(100))
		})
	}
}

func BenchmarkKeyToTerminal(b *testing.B) {
	b.Setenv("TERM", "xterm-256color")
	cost, m := frames(b), sellingModel()
	for i := 0; b.Loop(); i++ {
		m.Entry.Text = strings.Repeat("7", i%13)
		cost(m)
	}
}

// process is a screen in a process and on a terminal of its own.
type process struct {
	t       *testing.T
	command *exec.Cmd
	master  *os.File
	mutex   sync.Mutex
	output  bytes.Buffer
	changed chan struct{}
	drained chan struct{} // all that it wrote has been read
	ended   chan error
}

// startScreen runs a screen for a shop's socket on a new pty.
func startScreen(t *testing.T, socket string, environment ...string) *process {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	p := &process{t: t, command: exec.Command(binary), changed: make(chan struct{}, 1), drained: make(chan struct{}), ended: make(chan error, 1)}
	p.command.Env = append(os.Environ(), socketVariable+"="+socket, "LC_ALL=C.UTF-8", "NO_COLOR=", "SSH_CONNECTION=", "TERM=xterm-256color")
	p.command.Env = append(p.command.Env, environment...)
	p.master, err = pty.StartWithSize(p.command, &pty.Winsize{Rows: 30, Cols: 100})
	require.NoError(t, err)
	go p.read()
	go func() { p.ended <- p.command.Wait() }()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		_ = p.master.Close()
	})
	return p
}

func (p *process) read() {
	defer close(p.drained)
	buffer := make([]byte, 4096)
	for {
		n, err := p.master.Read(buffer)
		p.mutex.Lock()
		p.output.Write(buffer[:n])
		p.mutex.Unlock()
		select {
		case p.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (p *process) shown() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.output.String()
}

// waits until the terminal has been sent some text.
func (p *process) waits(words string) {
	p.t.Helper()
	deadline := time.After(10 * time.Second)
	for !strings.Contains(p.shown(), words) {
		select {
		case <-p.changed:
		case <-deadline:
			require.FailNow(p.t, "the screen never said "+words)
		}
	}
}

// ends waits for the process and answers how it went.
func (p *process) ends() error {
	p.t.Helper()
	select {
	case err := <-p.ended:
		<-p.drained
		return err
	case <-time.After(10 * time.Second):
		require.FailNow(p.t, "the screen did not end")
		return errors.New("still there")
	}
}

// restored checks that the terminal's own screen and its cursor are back.
func (p *process) restored() {
	p.t.Helper()
	require.True(p.t, strings.Contains(p.shown(), "\x1b[?1049l"), "the terminal's own screen is not back")
	require.True(p.t, strings.Contains(p.shown(), "\x1b[?25h"), "the cursor is not back")
}

func openShop(t *testing.T, phase snapshot.Phase) (socket string, shop *shop) {
	t.Helper()
	socket, shop = filepath.Join(t.TempDir(), "lane.sock"), newShop(phase)
	listener, err := link.Listen(socket)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- link.ServeOn(ctx, listener, shop, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-served)
	})
	return socket, shop
}

func TestScreenOfItsOwnProcessSellsByScanner(t *testing.T) {
	socket, shop := openShop(t, snapshot.Selling)
	p := startScreen(t, socket)
	p.waits("Caixa livre")
	_, err := p.master.WriteString("7896006711131\r\n")
	require.NoError(t, err)
	p.waits("ITEM 7896006711131")
	require.Equal(t, []string{"scan 7896006711131"}, shop.commands())
	_, err = p.master.WriteString("\x11") // Ctrl+Q
	require.NoError(t, err)
	require.NoError(t, p.ends())
	p.restored()
}

func TestHangUpEndsTheScreenWithoutAnError(t *testing.T) {
	socket, _ := openShop(t, snapshot.Selling)
	p := startScreen(t, socket)
	p.waits("Caixa livre")
	require.NoError(t, p.command.Process.Signal(syscall.SIGHUP))
	require.NoError(t, p.ends())
	p.restored()
}

func TestTerminalThatGoesAwayEndsTheScreenWithoutAnError(t *testing.T) {
	socket, _ := openShop(t, snapshot.Selling)
	p := startScreen(t, socket)
	p.waits("Caixa livre")
	require.NoError(t, p.master.Close())
	require.NoError(t, p.ends())
}

func TestUnknownTerminalIsTriedAsXterm(t *testing.T) {
	socket, _ := openShop(t, snapshot.Selling)
	startScreen(t, socket, "TERM=nosuch").waits("Caixa livre")
}

func TestScreenMayStartBeforeItsTill(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "lane.sock")
	p := startScreen(t, socket)
	p.waits("Conectando ao caixa")
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- link.Serve(ctx, socket, newShop(snapshot.Locked), slog.New(slog.DiscardHandler)) }()
	p.waits("Entrar no caixa")
	cancel()
	require.NoError(t, <-served)
	p.waits("Caixa sem resposta")
}

func TestOtherCharacterSetIsRefusedInWords(t *testing.T) {
	socket, _ := openShop(t, snapshot.Selling)
	p := startScreen(t, socket, "LC_ALL=pt_BR.ISO-8859-1")
	p.waits("LC_ALL=C.UTF-8")
	require.Error(t, p.ends())
	require.False(t, strings.Contains(p.shown(), "\x1b[?1049h"), "the terminal was not left alone")
}

func TestPlainLocaleIsTakenAsUTF8(t *testing.T) {
	for locale, charset := range map[string]string{
		"C": "", "POSIX": "", "pt_BR.UTF-8": "", "pt_BR.utf8@euro": "", "pt_BR": "", "": "", "pt_BR.ISO-8859-1": "ISO-8859-1",
	} {
		t.Run(locale, func(t *testing.T) {
			t.Setenv("LC_ALL", locale)
			t.Setenv("LC_CTYPE", "")
			t.Setenv("LANG", "")
			require.Equal(t, charset, forceUTF8())
		})
	}
}

func TestThemeFollowsTheTerminal(t *testing.T) {
	setTerminal(t, "xterm-256color")
	screen := tcell.NewSimulationScreen("UTF-8")
	require.NoError(t, screen.Init())
	t.Cleanup(screen.Fini)
	role := theme.On(theme.Page, theme.Danger)
	require.NotEqual(t, theme.Default, lookOf(screen, Options{}).Style(role).Foreground)
	require.Equal(t, theme.Default, lookOf(screen, Options{NoColor: true}).Style(role).Foreground)
	t.Setenv("NO_COLOR", "1")
	require.Equal(t, theme.Default, lookOf(screen, Options{}).Style(role).Foreground)
	t.Setenv("TERM", "linux")
	require.Equal(t, '┌', lookOf(screen, Options{}).Glyph('╭'))
}
