// Package control is the hand that works a simulator: a unix socket on which
// another process says "card insert visa-debit" or "down 30s".
//
// It carries words, not state: what they mean is the simulator's business, and
// nothing here is ever on the wire between a till and its devices. Start with
// [Serve] in a simulator and [Call] in whoever drives it. One connection is one
// command: a JSON line with the words in, a JSON line with the answer out.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// requestMax bounds one command, so that a stray client cannot fill the memory.
const requestMax = 64 << 10

// answerMax bounds one answer; a ledger of a long test day fits.
const answerMax = 64 << 20

type request struct {
	Args []string `json:"args"`
}

type answer struct {
	Text  string `json:"text,omitempty"`
	Error string `json:"error,omitempty"`
}

// Handler acts on the words of one command and answers with a text for the
// person or program that sent it. It may block: every command has a goroutine
// of its own, and ctx ends when the client goes or the simulator stops.
type Handler func(ctx context.Context, args []string) (string, error)

// Listener is an open control socket: commands wait on it until Serve takes them.
type Listener struct{ net.Listener }

// Listen opens the control socket at path (replacing a stale one, mode 0600).
// Without a path it answers nil, whose Serve waits for ctx and hears nobody.
func Listen(path string) (*Listener, error) {
	if path == "" {
		return nil, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove stale control socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("restrict control socket: %w", err), listener.Close())
	}
	return &Listener{listener}, nil
}

// Serve listens on the unix socket at path and hands each command to handle until
// ctx ends. It returns nil then.
func Serve(ctx context.Context, path string, handle Handler) error {
	listener, err := Listen(path)
	if err != nil {
		return err
	}
	return listener.Serve(ctx, handle)
}

// Serve hands each command to handle until ctx ends, and returns nil then.
func (l *Listener) Serve(ctx context.Context, handle Handler) error {
	if l == nil {
		<-ctx.Done()
		return nil
	}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept on control socket: %w", err)
		}
		running.Go(func() { serveOne(ctx, conn, handle) })
	}
}

// serveOne answers one command. A client that goes away ends the command.
func serveOne(ctx context.Context, conn net.Conn, handle Handler) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Now()) })
	defer stop()

	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, requestMax)
	if !lines.Scan() {
		return
	}
	var got request
	if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
		json.NewEncoder(conn).Encode(answer{Error: "not a command: " + err.Error()})
		return
	}
	go func() {
		lines.Scan() // returns only when the client hangs up: it has nothing more to say
		cancel()
	}()
	text, err := handle(ctx, got.Args)
	reply := answer{Text: text}
	if err != nil {
		reply.Error = err.Error()
	}
	json.NewEncoder(conn).Encode(reply)
}

// Call sends one command to the simulator behind the socket at path and waits
// for its answer until ctx ends. The error is the simulator's own refusal, or
// says that nobody listens there.
func Call(ctx context.Context, path string, args ...string) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return "", fmt.Errorf("reach the simulator (is it running?): %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := json.NewEncoder(conn).Encode(request{Args: args}); err != nil {
		return "", fmt.Errorf("send command to the simulator: %w", err)
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, answerMax)
	if !lines.Scan() {
		return "", fmt.Errorf("read the simulator's answer: %w", errors.Join(lines.Err(), ctx.Err()))
	}
	var got answer
	if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
		return "", fmt.Errorf("read the simulator's answer: %w", err)
	}
	if got.Error != "" {
		return got.Text, errors.New(got.Error)
	}
	return got.Text, nil
}
