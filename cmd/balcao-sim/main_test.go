package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/require"
)

// patience bounds every wait: a loaded machine, not a slow simulator.
const patience = 30 * time.Second

// role tells this test's program what to be: itself, balcao-sim, or a stand-in for
// balcao that serves a socket and shows a screen of one line.
const role = "BALCAO_SIM_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "simulators":
		main()
	case "till":
		standIn(os.Args[1:])
	default:
		os.Exit(m.Run())
	}
}

// standIn is as much of balcao as a demo starts.
func standIn(args []string) {
	switch args[0] {
	case "operator":
		fmt.Println("$argon2id$stand-in")
	case "ui":
		fmt.Print("THE SCREEN\r\n")
		var key [1]byte
		_, _ = os.Stdin.Read(key[:])
		if key[0] == 'x' {
			os.Exit(7)
		}
	case "serve":
		serveStandIn(args[2])
	}
}

func serveStandIn(configFile string) {
	content, err := os.ReadFile(configFile)
	if err != nil || os.Getenv("STAND_IN_FAILS") != "" {
		fmt.Fprintln(os.Stderr, "catalogue is upside down", err)
		os.Exit(1)
	}
	var config struct {
		Till struct{ Socket string }
	}
	_ = toml.Unmarshal(content, &config)
	_ = os.Remove(config.Till.Socket)
	listener, err := net.Listen("unix", config.Till.Socket)
	if err != nil {
		panic(err)
	}
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM)
	go func() { _ = http.Serve(listener, http.NotFoundHandler()) }()
	fmt.Fprintln(os.Stderr, "serving")
	<-stopped
	fmt.Fprintln(os.Stderr, "stopped in order")
}

// command is balcao-sim as a process.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	own, err := os.Executable()
	require.NoError(t, err)
	till := filepath.Join(t.TempDir(), "balcao")
	script := fmt.Sprintf("#!/bin/sh\n%s=till exec '%s' \"$@\"\n", role, own)
	require.NoError(t, os.WriteFile(till, []byte(script), 0o700))
	c := exec.Command(own, args...)
	// A program built with the race detector would stay a second at its end.
	c.Env = append(os.Environ(), role+"=simulators", tillVariable+"="+till, "GORACE=atexit_sleep_ms=0")
	return c
}

// program is a balcao-sim that runs until it is stopped.
type program struct {
	*exec.Cmd
	t      *testing.T
	lines  *bufio.Reader
	errors *output
	once   sync.Once
}

// output collects what a running program says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(content []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(content)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{Cmd: command(t, args...), t: t, errors: &output{}}
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	p.lines, p.Stderr = bufio.NewReader(out), p.errors
	require.NoError(t, p.Start())
	t.Cleanup(p.stop)
	return p
}

// line is the next line of standard output.
func (p *program) line() string {
	p.t.Helper()
	line, err := p.lines.ReadString('\n')
	require.NoError(p.t, err, "%s", p.errors)
	return strings.TrimSuffix(line, "\n")
}

// stop interrupts the program, which must end with 0.
func (p *program) stop() {
	p.once.Do(func() {
		require.NoError(p.t, p.Process.Signal(syscall.SIGTERM))
		_, _ = io.Copy(io.Discard, p.lines)
		require.NoError(p.t, p.Wait(), "%s", p.errors)
	})
}

// ask runs balcao-sim to its end.
func ask(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	c := command(t, args...)
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	err = c.Run()
	return strings.TrimSuffix(out.String(), "\n"), complaints.String(), err
}

func decode(t *testing.T, line string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(line), into), line)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, patience, 5*time.Millisecond, what)
}
