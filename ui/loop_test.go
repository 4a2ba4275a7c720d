package ui

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/stretchr/testify/require"

	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
	"balcao/ui/link/pipe"
	"balcao/ui/theme"
)

// desk is a screen at work: a simulated terminal, the loop, and a till in memory
// behind the real socket code.
type desk struct {
	t      *testing.T
	screen tcell.SimulationScreen
	shop   *shop
	ended  chan error
	serve  func() (stop func())
	stop   func()
	beeps  *beeper
	line   *line
}

// beeper counts what the loop rings.
type beeper struct {
	tcell.SimulationScreen
	rung int
}

func (b *beeper) Beep() error {
	b.rung++
	return nil
}

// work runs a story in a bubble whose clock is its own.
func work(t *testing.T, phase snapshot.Phase, options Options, story func(*desk)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := &desk{t: t, screen: tcell.NewSimulationScreen("UTF-8"), shop: newShop(phase), ended: make(chan error, 1)}
		require.NoError(t, d.screen.Init())
		d.screen.SetSize(100, 30)
		d.beeps = &beeper{SimulationScreen: d.screen}
		d.line = newLine()
		d.serve = func() func() { return d.line.serve(ctx, t, d.shop) }
		d.stop = d.serve()
		client := link.DialWith(d.line.dial)
		go func() {
			d.ended <- newApp(d.beeps, theme.Noite(theme.True), client, options).run(ctx)
		}()
		defer func() {
			cancel()
			require.NoError(t, <-d.ended)
			d.stop()
			client.Close()
			d.screen.Fini()
			synctest.Wait()
		}()
		d.settle(time.Second)
		story(d)
	})
}

// line is the socket, which may be down.
type line struct{ listener atomic.Pointer[pipe.Listener] }

func newLine() *line { return &line{} }

func (l *line) dial(ctx context.Context) (net.Conn, error) {
	if listener := l.listener.Load(); listener != nil {
		return listener.Dial(ctx)
	}
	return nil, net.ErrClosed
}

func (l *line) serve(ctx context.Context, t *testing.T, backend link.Backend) func() {
	listener := pipe.Listen()
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- link.ServeOn(ctx, listener, backend, slog.New(slog.DiscardHandler)) }()
	synctest.Wait()
	l.listener.Store(listener)
	stopped := false
	return func() {
		if stopped {
			return
		}
		stopped = true
		l.listener.Store(nil)
		cancel()
		require.NoError(t, <-served)
	}
}

// settle lets time pass and everything that it brings happen.
func (d *desk) settle(pause time.Duration) {
	<-time.After(pause)
	synctest.Wait()
}

// types presses runes as a person does, \n being Enter.
func (d *desk) types(text string) { d.strokes(text, 150*time.Millisecond) }

// scans sends a code as a scanner does, with its Enter.
func (d *desk) scans(code string) { d.strokes(code+"\n", 4*time.Millisecond) }

// batters presses runes faster than the till can answer, slower than a scanner.
func (d *desk) batters(text string) { d.strokes(text, 40*time.Millisecond) }

func (d *desk) strokes(text string, gap time.Duration) {
	for _, glyph := range text {
		if glyph == '\n' {
			d.screen.InjectKey(tcell.KeyEnter, 0, tcell.ModNone)
		} else {
			d.screen.InjectKey(tcell.KeyRune, glyph, tcell.ModNone)
		}
		d.settle(gap)
	}
	d.settle(100 * time.Millisecond)
}

func (d *desk) press(key tcell.Key) {
	d.screen.InjectKey(key, 0, tcell.ModNone)
	d.settle(150 * time.Millisecond)
}

// shown is the screen as text.
func (d *desk) shown() string {
	cells, width, _ := d.screen.GetContents()
	var text strings.Builder
	for i, cell := range cells {
		if i > 0 && i%width == 0 {
			text.WriteByte('\n')
		}
		text.WriteString(string(cell.Runes))
	}
	return text.String()
}

func (d *desk) sees(words string) {
	d.t.Helper()
	require.Contains(d.t, d.shown(), words)
}

func (d *desk) misses(words string) {
	d.t.Helper()
	require.NotContains(d.t, d.shown(), words)
}

func (d *desk) told(commands ...string) {
	d.t.Helper()
	require.Equal(d.t, commands, d.shop.commands())
}

func TestADayBeginsWithLogInAndFloat(t *testing.T) {
	work(t, snapshot.Locked, Options{}, func(d *desk) {
		d.sees("Entrar no caixa")
		d.types("214\n")
		d.types("9999\n")
		d.sees("Operador ou PIN não confere.")
		d.misses("9999")
		d.types("1357\n")
		d.sees("Abrir o caixa")
		d.types("\n")
		d.sees("Digite o fundo de troco")
		d.types("200\n")
		d.sees("Caixa livre")
		d.told("login 214 PIN:9999", "login 214 PIN:1357", "open 200.00")
	})
}

func TestExactCashTakesTwoKeysAfterTheScan(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.sees("ITEM 7896006711131")
		d.batters("\n\n")
		d.told("scan 7896006711131", "enter", "enter")
		d.sees("Última venda")
	})
}

func TestTwoQuickEntersAreTwoCommandsInOrder(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		release := d.shop.hold()
		d.batters("\n2")
		d.told("scan 7896006711131")
		d.settle(time.Second)
		d.sees("…") // the quiet mark of a command under way
		release()
		d.settle(time.Second)
		// The digit met the payment screen that the first key had led to.
		d.told("scan 7896006711131", "enter", "tender 2")
	})
}

func TestBanknoteIsTypedAfterItsDigit(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("\n1")
		d.sees("Valor recebido")
		d.types("50,x")
		d.types("\n")
		d.sees("Valor não entendido: 50,x")
		d.press(tcell.KeyBackspace2)
		d.press(tcell.KeyBackspace2)
		d.types("\n")
		d.told("scan 7896006711131", "enter", "tender 1 50.00")
	})
}

func TestCashDigitAndEnterIsTheExactAmount(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("\n1\n")
		d.told("scan 7896006711131", "enter", "tender 1")
	})
}

func TestDisabledTenderSaysWhyAndTellsNothing(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("\n3")
		d.sees("Pinpad desconectado")
		d.types("7")
		d.sees("Não há forma de pagamento 7.")
		d.told("scan 7896006711131", "enter")
	})
}

func TestScanInPaymentNeverPays(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("\n")
		d.scans("2896006711139")
		d.told("scan 7896006711131", "enter", "scan 2896006711139")
		d.shop.show(pay)
		d.settle(time.Second)
		d.types("1")
		d.sees("Valor recebido")
		d.scans("2896006711139")
		d.sees("Valor recebido")
		d.misses("2896006711139▌")
		d.types("20\n")
		require.Equal(t, "tender 1 20.00", d.shop.commands()[4])
	})
}

func TestScanIsNeverTypedIntoPINOrFloat(t *testing.T) {
	work(t, snapshot.Locked, Options{}, func(d *desk) {
		d.types("214\n13")
		d.scans("7896006711131")
		d.sees("••▌")
		d.types("57\n")
		d.types("2")
		d.scans("7896006711131")
		d.types("00\n")
		d.told("scan 7896006711131", "login 214 PIN:1357", "scan 7896006711131", "open 200.00")
	})
}

func TestScanClosesTheHelpAndIsTold(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.press(tcell.KeyF1)
		d.sees("O que se digita")
		d.scans("7896006711131")
		d.misses("O que se digita")
		d.sees("ITEM 7896006711131")
		d.told("scan 7896006711131")
	})
}

func TestShortScanRingsAndSaysSo(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.scans("7896")
		d.sees("Leitura incompleta")
		require.Equal(t, 1, d.beeps.rung)
		d.told("scan 7896006711131")
	})
}

func TestPasteGoesToTheFieldAndPaysNothing(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.types("\n")
		require.NoError(t, d.screen.PostEvent(tcell.NewEventPaste(true)))
		d.screen.InjectKey(tcell.KeyRune, '2', tcell.ModNone)
		d.screen.InjectKey(tcell.KeyEnter, 0, tcell.ModNone)
		require.NoError(t, d.screen.PostEvent(tcell.NewEventPaste(false)))
		d.settle(time.Second)
		d.sees("2▌")
		d.told("scan 7896006711131", "enter")
	})
}

func TestCancellingASaleTakesAnotherKey(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.press(tcell.KeyF6)
		d.sees("Não há venda aberta.")
		d.scans("7896006711131")
		d.press(tcell.KeyF6)
		d.sees("Cancelar a venda 7?")
		d.types("\n2")
		d.press(tcell.KeyEscape)
		d.misses("Cancelar a venda 7?")
		d.press(tcell.KeyF6)
		d.press(tcell.KeyF8)
		d.told("scan 7896006711131", "cancel_sale")
	})
}

func TestFunctionKeysTellTheirVerbs(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		d.scans("7896006711148")
		d.press(tcell.KeyUp)
		d.press(tcell.KeyF5)
		d.press(tcell.KeyF8)
		d.press(tcell.KeyF8)
		d.sees("Escolha a forma pelo número")
		d.press(tcell.KeyF11)
		d.sees("Não há pagamento sem resposta")
		d.press(tcell.KeyEscape)
		d.press(tcell.KeyCtrlR)
		d.sees("Ainda não há venda")
		d.press(tcell.KeyF12)
		d.sees("Entrar no caixa")
		d.told("scan 7896006711131", "scan 7896006711148", "void_line 1", "enter", "cancel", "logout")
	})
}

func TestLostTillIsSaidAndTheScreenComesBack(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.scans("7896006711131")
		release := d.shop.hold()
		d.batters("\n\n\n")
		d.stop()
		d.settle(time.Second)
		d.sees("Caixa sem resposta")
		d.sees("A venda continua guardada.")
		d.batters("\n\n")
		release()
		d.stop = d.serve()
		d.settle(10 * time.Second)
		d.misses("Caixa sem resposta")
		// The command under way is told until it is answered; keys that nobody could
		// see the effect of are not.
		d.told("scan 7896006711131", "enter")
		d.sees("Pagamento")
	})
}

func TestDroppedKeysAreSaid(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.stop()
		d.settle(time.Second)
		d.batters("123")
		d.stop = d.serve()
		d.settle(3 * time.Second)
		d.sees("foi descartado")
		d.settle(5 * time.Second)
		d.misses("foi descartado")
		d.told()
	})
}

func TestSecondScreenWatchesAndCanTakeOver(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		other := link.DialWith(d.line.dial)
		lease, err := other.Lease(d.t.Context(), true)
		require.NoError(t, err)
		require.True(t, lease.Holder)
		d.settle(5 * time.Second)
		d.sees("só leitura")
		d.types("1")
		d.sees("Outra tela está no comando")
		d.scans("7896006711131")
		d.told()
		d.press(tcell.KeyF8)
		d.settle(time.Second)
		d.misses("│ só leitura")
		d.scans("7896006711131")
		d.told("scan 7896006711131")
		other.Close()
	})
}

func TestScreenThatOnlyLooksNeverCommands(t *testing.T) {
	work(t, snapshot.Selling, Options{View: true}, func(d *desk) {
		d.sees("só leitura")
		d.press(tcell.KeyF8)
		d.scans("7896006711131")
		d.types("\n")
		d.sees("só leitura")
		d.told()
	})
}

func TestLanguageFollowsTheTillUnlessTold(t *testing.T) {
	work(t, snapshot.Locked, Options{}, func(d *desk) {
		d.shop.show(func(c *snapshot.Cashier) { c.Language = text.English })
		d.settle(time.Second)
		d.sees("Log in")
	})
	work(t, snapshot.Locked, Options{Language: text.English}, func(d *desk) { d.sees("Log in") })
}

func TestOtherVersionIsSaid(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.shop.show(func(c *snapshot.Cashier) { c.Version = snapshot.Version + 1 })
		d.settle(5 * time.Second)
		d.sees("Versões diferentes")
		d.shop.show(func(c *snapshot.Cashier) { c.Version = snapshot.Version })
		d.settle(time.Second)
		d.misses("Versões diferentes")
	})
}

func TestResizeLaysOutAgain(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.screen.SetSize(60, 20)
		require.NoError(t, d.screen.PostEvent(tcell.NewEventResize(60, 20)))
		d.settle(time.Second)
		d.sees("Aumente o terminal")
		d.screen.SetSize(120, 40)
		require.NoError(t, d.screen.PostEvent(tcell.NewEventResize(120, 40)))
		d.settle(time.Second)
		d.sees("Entrada")
	})
}

func TestQuitEndsTheScreenAndNothingElse(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.press(tcell.KeyCtrlC)
		d.sees("Ctrl+Q fecha a tela")
		require.Empty(t, d.ended)
		d.press(tcell.KeyCtrlQ)
		require.NoError(t, <-d.ended)
		d.told()
		d.ended <- nil
	})
}

func TestLostTerminalIsAGoodEnd(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		require.NoError(t, d.screen.PostEvent(tcell.NewEventError(context.Canceled)))
		require.NoError(t, <-d.ended)
		d.ended <- nil
	})
}

func TestToastsAreSaidOnceAndRing(t *testing.T) {
	work(t, snapshot.Selling, Options{}, func(d *desk) {
		d.shop.show(func(c *snapshot.Cashier) {
			c.Toast = &snapshot.Toast{Number: 5, Kind: "danger", Text: text.Msg("core.outcome.silence"), Bell: true}
		})
		d.settle(time.Second)
		d.sees("O banco não respondeu a tempo")
		d.settle(4 * time.Second)
		d.misses("O banco não respondeu a tempo")
		d.shop.show(func(c *snapshot.Cashier) { c.Central.Queue = 3 })
		d.settle(time.Second)
		d.misses("O banco não respondeu a tempo")
		require.Equal(t, 1, d.beeps.rung)
	})
}

func TestPanicInAGoroutineEndsTheLoopWithAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen := tcell.NewSimulationScreen("UTF-8")
		require.NoError(t, screen.Init())
		client := link.DialWith(newLine().dial)
		a := newApp(screen, theme.Noite(theme.True), client, Options{View: true})
		a.guard(func() { panic("broken") })
		ctx, cancel := context.WithCancel(t.Context())
		err := a.run(ctx)
		require.ErrorContains(t, err, "the screen stopped by itself: broken")
		cancel()
		screen.Fini()
		client.Close()
	})
}
