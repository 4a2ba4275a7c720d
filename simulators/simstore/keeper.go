package simstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// restartDelay is how long a program that died stays away, as under systemd with
	// RestartSec=1: long enough to be seen, short enough to be waited for.
	restartDelay = time.Second
	// stopTimeout is what a program gets to end in order before it is killed.
	stopTimeout = 10 * time.Second
	// startTimeout is what a program gets until it serves: a loaded machine, not a
	// slow program.
	startTimeout = 30 * time.Second
	// tailLines of a log say why a program did not start.
	tailLines = 15
)

// A keeper keeps one program running: when it dies by itself, it is started again.
type keeper struct {
	name    string
	command func(context.Context) *exec.Cmd
	heard   func(line string) // each line of standard output; nil leaves it to the log
	pidFile string
	logFile string
	output  *os.File // the log
	log     *slog.Logger
	cancel  context.CancelFunc
	first   *life
	ended   chan struct{}
}

// A life is one run of the program, from start to death.
type life struct {
	pid  int
	died chan struct{}
	err  error // after died: how it ended
}

// newKeeper opens the log of a program of the shop. begin must follow.
func newKeeper(shop Shop, name string, command func(context.Context) *exec.Cmd) (*keeper, error) {
	k := &keeper{
		name: name, command: command, pidFile: shop.PIDFile(name), logFile: shop.path("log", name+".log"),
		ended: make(chan struct{}),
	}
	var err error
	if k.output, err = newLog(k.logFile); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	k.log = slog.New(slog.NewJSONHandler(k.output, nil))
	return k, nil
}

// begin starts the program, which is not ready then: see settle. After an error
// there is nothing to stop.
func (k *keeper) begin() error {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	var err error
	if k.first, err = k.start(ctx); err != nil {
		cancel()
		return errors.Join(fmt.Errorf("start %s: %w", k.name, err), k.output.Close())
	}
	go k.watch(ctx, k.first)
	return nil
}

// newLog opens an empty log and keeps the one before beside it.
func newLog(path string) (*os.File, error) {
	if err := os.Rename(path, path+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, secretMode)
}

// start begins one life.
func (k *keeper) start(ctx context.Context) (*life, error) {
	command := k.command(ctx)
	command.Stdout, command.Stderr = k.output, k.output
	if k.heard != nil {
		command.Stdout = &lineWriter{heard: k.heard}
	}
	command.SysProcAttr = background()
	endInOrder(command)
	if err := command.Start(); err != nil {
		return nil, err
	}
	born := &life{pid: command.Process.Pid, died: make(chan struct{})}
	go func() {
		born.err = command.Wait()
		close(born.died)
	}()
	if err := replace(k.pidFile, fmt.Appendln(nil, born.pid), publicMode); err != nil {
		err = errors.Join(err, command.Process.Kill())
		<-born.died
		return nil, err
	}
	return born, nil
}

// endInOrder asks the command to stop when its context ends, and insists later.
func endInOrder(command *exec.Cmd) {
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopTimeout
}

// watch starts the program again whenever it dies, until ctx ends.
func (k *keeper) watch(ctx context.Context, now *life) {
	defer close(k.ended)
	for now != nil {
		<-now.died
		if err := os.Remove(k.pidFile); err != nil {
			k.log.Error("number of a dead program stays on file", "program", k.name, "error", err)
		}
		if ctx.Err() != nil {
			return
		}
		k.log.Warn("program died and will be started again", "program", k.name, "pid", now.pid, "how", now.how(), "delay", restartDelay)
		now = k.again(ctx)
	}
}

// again waits and starts the next life, as often as it takes; nil when ctx ends.
func (k *keeper) again(ctx context.Context) *life {
	for {
		delay := time.NewTimer(restartDelay)
		select {
		case <-delay.C:
		case <-ctx.Done():
			delay.Stop()
			return nil
		}
		next, err := k.start(ctx)
		if err == nil {
			return next
		}
		k.log.Error("program does not start", "program", k.name, "error", err)
	}
}

// stop ends the program and waits until it has.
func (k *keeper) stop() error {
	k.cancel()
	<-k.ended
	return k.output.Close()
}

// settle waits until ready returns. It gives up when the first life ends, ctx does,
// or [startTimeout] is over, and says then what stands last in the log.
func (k *keeper) settle(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("it did not serve within %v", startTimeout))
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- ready(ctx) }()
	var err error
	select {
	case err = <-served:
	case <-k.first.died:
		err = fmt.Errorf("it ended: %s", k.first.how())
	}
	if err != nil {
		return fmt.Errorf("start %s: %w%s", k.name, err, k.tail())
	}
	return nil
}

func (l *life) how() string {
	if l.err == nil {
		return "exit status 0"
	}
	return l.err.Error()
}

// tail is the end of the log, for an error.
func (k *keeper) tail() string {
	content, err := os.ReadFile(k.logFile)
	text := strings.TrimSpace(string(content))
	if err != nil || text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return "\nthe end of " + k.logFile + ":\n" + strings.Join(lines, "\n")
}

// A lineWriter hands on what is written to it line by line.
type lineWriter struct {
	pending []byte
	heard   func(line string)
}

// Write keeps what does not end a line for the next time.
func (w *lineWriter) Write(content []byte) (int, error) {
	w.pending = append(w.pending, content...)
	for {
		line, rest, found := bytes.Cut(w.pending, []byte("\n"))
		if !found {
			return len(content), nil
		}
		w.pending = rest
		w.heard(string(line))
	}
}
