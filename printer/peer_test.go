package printer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/port"
	"balcao/printer"
	"balcao/printer/escpos"
	"balcao/terminal/device"
	"balcao/terminal/text"
)

// A peer is the far end of the cable: it answers questions by a script and keeps
// all other bytes. It draws nothing; package simprinter does.
type peer struct {
	mu     sync.Mutex
	status [4]byte // answers to DLE EOT 1 to 4
	// What it answers besides, and whether anything at all.
	inTurn, processIDs, identity, clears, mute bool
	// swallow counts bytes that it takes for the rest of a picture.
	swallow int
	// onByte is told every byte that is no request, with mu held. It may leave extra
	// bytes to send, or a channel that holds up reading until it is closed, after so
	// many more requests.
	onByte    func(p *peer)
	extra     []byte
	hold      chan struct{}
	holdAfter int

	asked []byte // the process id asked for last

	conn    io.ReadWriteCloser
	begun   []byte
	paper   bytes.Buffer
	heard   []string // the requests, by name
	reading chan struct{}
}

var (
	ready    = [4]byte{0x16, 0x12, 0x12, 0x12}
	paperOut = [4]byte{0x1E, 0x32, 0x12, 0x72}
	nearEnd  = [4]byte{0x16, 0x12, 0x12, 0x1E}
	covered  = [4]byte{0x1E, 0x16, 0x12, 0x12}
)

// newPeer is a printer of the best kind.
func newPeer() *peer {
	return &peer{status: ready, inTurn: true, processIDs: true, identity: true, clears: true}
}

// A request is a command that a peer knows: its bytes, 0 standing for any.
type request struct {
	name    string
	pattern string
	answer  func(p *peer, got []byte) []byte
}

var requests = []request{
	{"DLE EOT", "\x10\x04?", func(p *peer, got []byte) []byte { return []byte{p.status[got[2]-1]} }},
	{"DLE DC4 1", "\x10\x14\x01??", nil},
	{"DLE DC4 8", "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", func(p *peer, _ []byte) []byte {
		return when(p.clears, []byte{0x37, 0x25, 0})
	}},
	{"GS r", "\x1Dr\x01", func(p *peer, _ []byte) []byte { return when(p.inTurn && p.online(), []byte{0}) }},
	{"GS ( H", "\x1D(H\x06\x0000????", func(p *peer, got []byte) []byte {
		return when(p.processIDs && p.online(), append(append([]byte{0x37, 0x22}, got[7:]...), 0))
	}},
	{"GS I", "\x1DI?", func(p *peer, got []byte) []byte {
		return when(p.identity && p.online(), []byte(fmt.Sprintf("_I%d\x00", got[2])))
	}},
}

func when(condition bool, answer []byte) []byte {
	if condition {
		return answer
	}
	return nil
}

func (p *peer) online() bool { return p.status[0]&0x08 == 0 }

// set changes the peer between two of its bytes.
func (p *peer) set(change func(p *peer)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// text is what stands on its paper, requests left aside, once all that was sent
// has arrived. It is for the goroutine of the test alone.
func (p *peer) text() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paper.String()
}

// count says how often a request was heard, as text does.
func (p *peer) count(name string) int {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(p.heard), func(heard string) bool { return heard != name }))
}

// plugIn serves one connection until it ends.
func (p *peer) plugIn(conn io.ReadWriteCloser) {
	p.mu.Lock()
	p.conn, p.begun, p.reading = conn, nil, make(chan struct{})
	reading := p.reading
	p.mu.Unlock()
	go func() {
		defer close(reading)
		received := make([]byte, 64)
		for {
			n, err := conn.Read(received)
			for _, b := range received[:n] {
				if _, err := conn.Write(p.feed(b)); err != nil {
					return
				}
				if hold := p.held(); hold != nil {
					<-hold
				}
			}
			if err != nil {
				return
			}
		}
	}()
}

// pull ends the connection and waits for the end of reading.
func (p *peer) pull() {
	p.mu.Lock()
	conn, reading := p.conn, p.reading
	p.mu.Unlock()
	if conn != nil {
		conn.Close()
		<-reading
	}
}

// held is what holds up reading now.
func (p *peer) held() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holdAfter > 0 {
		return nil
	}
	return p.hold
}

// feed takes one byte and returns the answer that it calls for.
func (p *peer) feed(b byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.extra = nil }()
	p.begun = append(p.begun, b)
	for len(p.begun) > 0 {
		asked, partly := p.recognise()
		switch {
		case asked != nil:
			got := p.begun
			p.begun = nil
			return p.reply(asked, got)
		case partly:
			return nil
		}
		p.keep(p.begun[0])
		p.begun = p.begun[1:]
	}
	return p.extra
}

func (p *peer) keep(b byte) {
	if p.swallow > 0 {
		p.swallow--
		return
	}
	p.paper.WriteByte(b)
	if p.onByte != nil {
		p.onByte(p)
	}
}

func (p *peer) recognise() (whole *request, partly bool) {
	for i := range requests {
		pattern := requests[i].pattern
		if p.swallow > 0 && pattern[0] != 0x10 || len(p.begun) > len(pattern) {
			continue
		}
		same := true
		for at, b := range p.begun {
			same = same && (pattern[at] == '?' || pattern[at] == b)
		}
		if same && len(p.begun) == len(pattern) {
			return &requests[i], true
		}
		partly = partly || same
	}
	return nil, partly
}

func (p *peer) reply(asked *request, got []byte) []byte {
	p.heard = append(p.heard, asked.name)
	p.holdAfter = max(p.holdAfter-1, 0)
	if asked.name == "GS ( H" {
		p.asked = bytes.Clone(got[7:])
	}
	if asked.name == "DLE DC4 8" && p.clears {
		p.swallow = 0
	}
	if asked.answer == nil || p.mute {
		return nil
	}
	return asked.answer(p, got)
}

// pipe is a port over memory, with the errors of package port.
type pipe struct{ net.Conn }

func (p pipe) Counters() port.Counters { return port.Counters{} }

func (p pipe) Read(buffer []byte) (int, error) {
	n, err := p.Conn.Read(buffer)
	return n, explain(err)
}

func (p pipe) Write(data []byte) (int, error) {
	n, err := p.Conn.Write(data)
	return n, explain(err)
}

func (p pipe) SetReadDeadline(at time.Time) error { return explain(p.Conn.SetReadDeadline(at)) }

func (p pipe) SetWriteDeadline(at time.Time) error { return explain(p.Conn.SetWriteDeadline(at)) }

func explain(err error) error {
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", port.ErrGone, err)
}

// A bench is a running driver, its lights, and who is at the other end.
type bench struct {
	*printer.Printer
	t      *testing.T
	lights chan device.Status
	cancel func() // stops the driver

	mu    sync.Mutex
	far   *peer // nil: nobody is there
	dials int
}

// start runs a driver with a peer behind an in-memory cable, until the test ends.
// It belongs into a bubble of synctest.
func start(t *testing.T, far *peer, config printer.Config) *bench {
	t.Helper()
	made := &bench{t: t, far: far, lights: make(chan device.Status, 100)}
	if config.Dial == nil {
		config.Dial = made.dial
	}
	if config.Profile.Name == "" {
		config.Profile = profile(t, "epson-80")
	}
	config.Language, config.Log = text.In(text.Portuguese), slog.New(slog.DiscardHandler)
	config.OnStatus = func(status device.Status) { made.lights <- status }
	made.Printer = printer.New(config)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- made.Run(ctx) }()
	made.cancel = cancel
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		if far := made.peer(); far != nil {
			far.pull()
		}
	})
	return made
}

func profile(t *testing.T, name string) escpos.Profile {
	t.Helper()
	found, err := escpos.ProfileNamed(name)
	require.NoError(t, err)
	return found
}

func (b *bench) peer() *peer {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.far
}

// swap puts another device, or none, at the end of the cable for the next dial.
func (b *bench) swap(far *peer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.far = far
}

func (b *bench) dialled() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dials
}

func (b *bench) dial(context.Context, string) (port.Port, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dials++
	if b.far == nil {
		return nil, errors.New("nobody is there")
	}
	near, far := net.Pipe()
	b.far.plugIn(far)
	return pipe{near}, nil
}

// light waits for the next change of the light.
func (b *bench) light() device.Status {
	b.t.Helper()
	select {
	case status := <-b.lights:
		return status
	case <-time.After(10 * time.Minute):
		require.FailNow(b.t, "the light did not change")
		panic("unreachable")
	}
}

// want waits for a light with its detail.
func (b *bench) want(light device.Light, detail string) {
	b.t.Helper()
	status := b.light()
	require.Equal(b.t, string(light)+" "+detail, string(status.Light)+" "+status.Detail)
}

// receiptOf is a small cash sale, its item named so that it is found on paper.
func receiptOf(name string) device.PrintJob {
	job := smallSale()
	job.Sale.Order.Lines[0].Description = name
	return job
}

// printed says how often a text stands on the paper of a peer.
func printed(far *peer, words string) int { return strings.Count(far.text(), words) }
