package till_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/control"
	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/ui/link"
)

// patience bounds every wait of these tests: a loaded machine, not a slow till.
const patience = 25 * time.Second

// binaries builds both programs once, with tags for a broken build, and answers
// their folder.
func binaries(tags string) (string, error) {
	folder, err := os.MkdirTemp("", "balcao-bin-")
	if err != nil {
		return "", err
	}
	built.Lock()
	built.folders = append(built.folders, folder)
	built.Unlock()
	arguments := []string{"build", "-o", folder + "/"}
	if given := os.Getenv("TAGS"); given != "" || tags != "" {
		arguments = append(arguments, "-tags", strings.Trim(given+","+tags, ","))
	}
	build := exec.Command("go", append(arguments, "balcao/cmd/balcao", "balcao/cmd/balcao-sim")...)
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the programs: %w\n%s", err, output)
	}
	return folder, nil
}

// built remembers what to take away in the end.
var built struct {
	sync.Mutex
	folders []string
}

// rightBuild is the build that keeps every rule.
var rightBuild = sync.OnceValues(func() (string, error) { return binaries("") })

func TestMain(m *testing.M) {
	code := m.Run()
	for _, folder := range built.folders {
		os.RemoveAll(folder)
	}
	os.Exit(code)
}

// place is what `balcao-sim store` says of the shop it runs.
type place struct {
	Dir    string `json:"dir"`
	Socket string `json:"socket"`
	Config string `json:"config"`
	Pinpad struct {
		Control string `json:"control"`
	} `json:"pinpad"`
	Printer struct {
		Control string `json:"control"`
		Out     string `json:"out"`
	} `json:"printer"`
	Central struct {
		Control string `json:"control"`
	} `json:"central"`
	Scanner struct {
		Control string `json:"control"`
	} `json:"scanner"`
}

// rig is a whole shop of real processes: simulators, daemon, and this test as the
// screen.
type rig struct {
	t      testing.TB
	bin    string
	place  place
	log    string // the daemon's
	daemon *exec.Cmd
	exited chan error
	alive  context.Context // ends with the daemon
	client *link.Client    // in command
	looker *link.Client    // watches: the end of a holder's stream is the end of its lease
	ctx    context.Context
}

// newRig starts the simulators of a new shop; the daemon is started by boot.
func newRig(t testing.TB, bin string) *rig {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	// A short path: unix sockets have little room for theirs.
	dir, err := os.MkdirTemp("", "shop")
	require.NoError(t, err)
	r := &rig{t: t, bin: bin, ctx: ctx, log: filepath.Join(dir, "daemon.log")}
	store := exec.Command(filepath.Join(bin, "balcao-sim"), "store", "--dir", dir)
	output, err := store.StdoutPipe()
	require.NoError(t, err)
	store.Stderr = os.Stderr
	require.NoError(t, store.Start())
	t.Cleanup(func() {
		r.kill()
		cancel()
		_ = store.Process.Signal(os.Interrupt)
		_ = store.Wait()
		if t.Failed() {
			t.Logf("the shop is kept in %s; daemon's log ends:\n%s", dir, r.logTail())
			return
		}
		os.RemoveAll(dir)
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err, "the simulators did not start")
	require.NoError(t, json.Unmarshal([]byte(line), &r.place), line)
	r.client, r.looker = link.Dial(r.place.Socket), link.Dial(r.place.Socket)
	return r
}

// boot starts the daemon and puts this test in command of it.
func (r *rig) boot() {
	r.t.Helper()
	r.bootQuietly()
	lease, err := r.client.Lease(r.ctx, true)
	require.NoError(r.t, err)
	require.True(r.t, lease.Holder)
	go r.client.KeepLease(r.alive, func(link.Lease, error) {})
}

// bootQuietly starts the daemon and waits until it serves screens.
func (r *rig) bootQuietly() {
	r.t.Helper()
	log, err := os.OpenFile(r.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(r.t, err)
	defer log.Close()
	r.daemon = exec.Command(filepath.Join(r.bin, "balcao"), "serve", "--config", r.place.Config)
	r.daemon.Stderr = log
	require.NoError(r.t, r.daemon.Start())
	r.exited = make(chan error, 1)
	alive, died := context.WithCancel(r.ctx)
	r.alive = alive
	go func(daemon *exec.Cmd, exited chan<- error) {
		exited <- daemon.Wait()
		died()
	}(r.daemon, r.exited)
	r.eventually("the daemon answers", func() bool {
		_, err := r.client.Snapshot(r.ctx)
		return err == nil
	})
}

// kill ends the daemon as a power cut does.
func (r *rig) kill() {
	if r.daemon == nil {
		return
	}
	_ = r.daemon.Process.Kill()
	<-r.exited
	r.daemon = nil
}

// logTail is the end of the daemon's log, for a failure.
func (r *rig) logTail() string {
	data, _ := os.ReadFile(r.log)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) > 25 {
		lines = lines[len(lines)-25:]
	}
	return strings.Join(lines, "\n")
}

// eventually waits for a condition that another process brings about.
func (r *rig) eventually(what string, holds func() bool) {
	r.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			r.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// until waits for a snapshot that pleases and answers it.
func (r *rig) until(what string, pleases func(snapshot.Cashier) bool) snapshot.Cashier {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	var last snapshot.Cashier
	pleased := false
	err := r.looker.Events(ctx, 0, func(view snapshot.Cashier) {
		if pleased {
			return // a newer one, on its way before the stream ended
		}
		if last, pleased = view, pleases(view); pleased {
			cancel()
		}
	})
	if !pleased {
		shown, _ := json.MarshalIndent(last, "", " ")
		r.t.Fatalf("waited in vain: %s (%v); the screen shows\n%s", what, err, shown)
	}
	return last
}

// ask tells the till a command under a new id.
func (r *rig) ask(command link.Command) link.Reply {
	r.t.Helper()
	if command.RequestID == "" {
		command.RequestID = link.NewRequestID()
	}
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	reply, err := r.client.Do(ctx, command)
	require.NoError(r.t, err)
	return reply
}

// must tells the till a command that has to be carried out.
func (r *rig) must(verb, text string) {
	r.t.Helper()
	reply := r.ask(link.Command{Verb: verb, Text: text})
	require.True(r.t, reply.OK, "%s %q: %+v", verb, text, reply.Error)
}

// tender picks a way to pay.
func (r *rig) tender(digit int) link.Reply {
	r.t.Helper()
	return r.ask(link.Command{Verb: link.VerbTender, Number: digit})
}

// open logs in and opens the session, unless a day is under way.
func (r *rig) open() {
	r.t.Helper()
	if r.snapshot().Phase == snapshot.Locked {
		reply := r.ask(link.Command{Verb: link.VerbLogin, Text: "214", PIN: "1234"})
		require.True(r.t, reply.OK, "%+v", reply.Error)
	}
	if r.snapshot().Phase == snapshot.Closed {
		float := money.Cents(200_00)
		reply := r.ask(link.Command{Verb: link.VerbOpen, Amount: &float})
		require.True(r.t, reply.OK, "%+v", reply.Error)
	}
}

func (r *rig) snapshot() snapshot.Cashier {
	r.t.Helper()
	view, err := r.client.Snapshot(r.ctx)
	require.NoError(r.t, err)
	return view
}

// sim works a simulator with the words of its control socket.
func (r *rig) sim(socket string, words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	return control.Call(ctx, socket, words...)
}

// central and pinpad work one simulator each and fail on a refusal.
func (r *rig) central(words ...string) string { return r.works(r.place.Central.Control, words) }
func (r *rig) pinpad(words ...string) string  { return r.works(r.place.Pinpad.Control, words) }

func (r *rig) works(socket string, words []string) string {
	r.t.Helper()
	text, err := r.sim(socket, words...)
	require.NoError(r.t, err, "%v", words)
	return text
}

// devicesReady waits for the lights that a card sale needs.
func (r *rig) devicesReady() {
	r.t.Helper()
	r.until("pinpad and printer are ready, central online", func(view snapshot.Cashier) bool {
		for _, light := range view.Devices {
			if light.Light != "ok" {
				return false
			}
		}
		return view.Central.Online
	})
}

// payByCard pays the open order with a card and its PIN, as far as the holder goes.
func (r *rig) payByCard(digit int, name, pin string) {
	r.t.Helper()
	reply := r.tender(digit)
	require.True(r.t, reply.OK, "%+v", reply.Error)
	r.pinpad("card", "insert", name)
	r.pinpad("pin", pin)
}
