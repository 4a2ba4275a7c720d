package ui

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"balcao/terminal/snapshot"
	"balcao/ui/link"
	"balcao/ui/theme"
	"balcao/ui/view"
	"balcao/ui/widget"
)

// messagesMax is how many messages may wait for the loop; the senders wait then.
const messagesMax = 256

// app is the loop around a state.
type app struct {
	screen   tcell.Screen
	painter  *painter
	grid     *widget.Grid
	till     *link.Client
	state    *state
	messages chan any
	crashed  chan error
	pasting  bool
	pasted   strings.Builder
}

// errGone says that the terminal went away, or that nobody wants the screen: a
// good end.
var errGone = errors.New("the terminal is gone")

func newApp(screen tcell.Screen, look *theme.Theme, till *link.Client, options Options) *app {
	width, height := screen.Size()
	return &app{
		screen: screen, painter: newPainter(screen, look), grid: widget.NewGrid(width, height), till: till,
		state:    newState(options, link.NewRequestID),
		messages: make(chan any, messagesMax), crashed: make(chan error, 1),
	}
}

// run is the loop: it drains what has come, then draws once.
func (a *app) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.start(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case err = <-a.crashed:
		case <-timer.C:
			err = a.take(ctx, wakeMsg{})
		case message := <-a.messages:
			err = a.take(ctx, message)
		}
		if err == nil {
			err = a.drain(ctx)
		}
		if errors.Is(err, errGone) {
			return nil
		}
		if err != nil {
			return err
		}
		view.Draw(a.state.view, a.grid)
		a.painter.paint(a.grid)
		now := time.Now()
		timer.Reset(a.state.nextWake(now).Sub(now))
	}
}

// drain takes all that waits, so that one flush shows it.
func (a *app) drain(ctx context.Context) error {
	for {
		select {
		case message := <-a.messages:
			if err := a.take(ctx, message); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// start begins the goroutines that bring messages.
func (a *app) start(ctx context.Context) {
	a.guard(func() { a.poll(ctx) })
	a.guard(func() { a.follow(ctx) })
	if !a.state.view.LookOnly {
		a.guard(func() {
			a.till.KeepLease(ctx, func(lease link.Lease, err error) { a.tell(ctx, leaseMsg{lease, err}) })
		})
	}
}

// guard runs a goroutine whose panic ends the loop: the screen is restored there.
func (a *app) guard(work func()) {
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				select {
				case a.crashed <- crash(cause):
				default:
				}
			}
		}()
		work()
	}()
}

// tell hands the loop a message, unless it has ended.
func (a *app) tell(ctx context.Context, message any) {
	select {
	case a.messages <- message:
	case <-ctx.Done():
	}
}

// poll brings what the terminal says. A screen that was closed says nothing more.
func (a *app) poll(ctx context.Context) {
	for {
		event := a.screen.PollEvent()
		if event == nil {
			return
		}
		a.tell(ctx, event)
	}
}

// follow brings what the till shows, and whether it does.
func (a *app) follow(ctx context.Context) {
	up := false
	a.till.Follow(ctx, func(shown snapshot.Cashier) {
		if !up {
			up = true
			a.tell(ctx, followMsg{true})
		}
		a.tell(ctx, snapshotMsg{shown})
	}, func() {
		up = false
		a.tell(ctx, followMsg{false})
	})
}

// take gives one message to the state and carries out what follows.
func (a *app) take(ctx context.Context, message any) error {
	now := time.Now()
	switch event := message.(type) {
	case *tcell.EventError:
		return errGone
	case *tcell.EventResize:
		a.grid = widget.NewGrid(event.Size())
		width, height := event.Size()
		a.state.tiny = width < view.WidthMin || height < view.HeightMin
		a.screen.Sync()
		return nil
	case *tcell.EventPaste:
		message = a.paste(event)
	case *tcell.EventKey:
		message = a.key(event)
	case tcell.Event:
		return nil
	}
	if message == nil {
		return nil
	}
	for _, effect := range a.state.update(message, now) {
		if err := a.perform(ctx, effect); err != nil {
			return err
		}
	}
	return nil
}

// paste gathers pasted runes: they go into the field and are nothing else.
func (a *app) paste(event *tcell.EventPaste) any {
	a.pasting = event.Start()
	if a.pasting {
		a.pasted.Reset()
		return nil
	}
	return pasteMsg{a.pasted.String()}
}

func (a *app) key(event *tcell.EventKey) any {
	pressed, ok := strokeOf(event)
	switch {
	case a.pasting && pressed.glyph != 0 && a.pasted.Len() < entryMax:
		a.pasted.WriteRune(pressed.glyph)
		return nil
	case a.pasting || !ok:
		return nil
	}
	return strokeMsg{pressed}
}

func (a *app) perform(ctx context.Context, effect any) error {
	switch effect := effect.(type) {
	case sendEffect:
		a.guard(func() {
			reply, err := a.till.Do(ctx, effect.command)
			a.tell(ctx, replyMsg{effect.command.RequestID, reply, err})
		})
	case takeOverEffect:
		a.guard(func() {
			lease, err := a.till.Lease(ctx, true)
			a.tell(ctx, leaseMsg{lease, err})
		})
	case beepEffect:
		// A terminal without a bell is silent; the words are on the screen anyway.
		_ = a.screen.Beep()
	case redrawEffect:
		a.grid.Invalidate()
		a.screen.Sync()
	case quitEffect:
		return errGone
	}
	return nil
}
