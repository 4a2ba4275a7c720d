package flow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// stopTimeout is what the daemon gets to end in order before it is killed.
const stopTimeout = 10 * time.Second

// askAgain is how long a program that is starting is left alone between two questions.
const askAgain = 20 * time.Millisecond

// A daemon is the till's program, serving.
type daemon struct {
	log    *os.File
	ended  chan struct{}
	cancel context.CancelFunc
	err    error // after ended
}

// startDaemon starts the till's daemon; its log goes on where it ended.
func (w *walk) startDaemon() (*daemon, error) {
	log, err := os.OpenFile(w.tillLog(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{log: log, cancel: cancel, ended: make(chan struct{})}
	program := exec.CommandContext(ctx, w.options.Balcao, "serve", "--config", w.place.Config)
	program.Stdout, program.Stderr = log, log
	program.SysProcAttr = background()
	program.Cancel = func() error { return program.Process.Signal(syscall.SIGTERM) }
	program.WaitDelay = stopTimeout
	if err := program.Start(); err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("start the till: %w", err), log.Close())
	}
	go func() {
		d.err = program.Wait()
		close(d.ended)
	}()
	return d, nil
}

// tillLog is the daemon's log, among those of the simulators.
func (w *walk) tillLog() string { return filepath.Join(w.files.Logs(), "balcao.log") }

// stop ends the daemon in order.
func (d *daemon) stop() error {
	select {
	case <-d.ended:
		d.cancel()
		return errors.Join(fmt.Errorf("the till ended by itself (%v); see %s", d.err, d.log.Name()), d.log.Close())
	default:
	}
	d.cancel()
	<-d.ended
	return d.log.Close()
}

// untilServing waits until the daemon answers on its socket.
func (w *walk) untilServing(ctx context.Context, d *daemon) error {
	var first view
	return w.poll(ctx, "the till serves", func(ctx context.Context) error {
		select {
		case <-d.ended:
			return hopeless{fmt.Errorf("it ended (%v); see %s", d.err, d.log.Name())}
		default:
			return w.screen.call(ctx, http.MethodGet, "snapshot", nil, &first)
		}
	})
}

// A hopeless error is one that waiting does not cure.
type hopeless struct{ error }

// poll asks again until the answer is good or the walk's patience ends.
func (w *walk) poll(ctx context.Context, what string, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, w.options.Patience)
	defer cancel()
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		var final hopeless
		if errors.As(err, &final) {
			return fmt.Errorf("wait until %s: %w", what, final.error)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited in vain until %s: %w", what, err)
		}
	}
}
