package pinpad_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/reader/pinpad"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/payment"
)

// Control bytes of the line (ABECS, link layer), the pinpad's side of it: the peer
// has its own code for the wire.
const (
	eot, ack, nak, can = 0x04, 0x06, 0x15, 0x18
	syn, etb, dc3      = 0x16, 0x17, 0x13
)

// frameOf writes a frame bit by bit as the standard describes it.
func frameOf(payload string) []byte {
	wire := []byte{syn}
	for _, b := range []byte(payload) {
		if b == syn || b == etb || b == dc3 {
			wire = append(wire, dc3)
			b += 0x20
		}
		wire = append(wire, b)
	}
	crc := 0
	for _, b := range append([]byte(payload), etb) {
		for bit := 7; bit >= 0; bit-- {
			top := crc>>15 ^ int(b>>bit)&1
			crc = crc << 1 & 0xFFFF
			if top == 1 {
				crc ^= 0x1021
			}
		}
	}
	return append(wire, etb, byte(crc>>8), byte(crc))
}

// unframe answers the payload between SYN and ETB.
func unframe(wire []byte) string {
	var payload []byte
	for i := 1; i < len(wire)-3; i++ {
		b := wire[i]
		if b == dc3 {
			i++
			b = wire[i] - 0x20
		}
		payload = append(payload, b)
	}
	return string(payload)
}

// tlv writes parameters: an id and a value each.
func tlv(pairs ...any) string {
	var list []byte
	for i := 0; i < len(pairs); i += 2 {
		id, value := pairs[i].(int), pairs[i+1].(string)
		list = append(list, byte(id>>8), byte(id), byte(len(value)>>8), byte(len(value)))
		list = append(list, value...)
	}
	return string(list)
}

// ok is an answer with one block.
func ok(id, block string) string { return fmt.Sprintf("%s000%03d%s", id, len(block), block) }

// command is a command with one block.
func command(id, block string) string { return fmt.Sprintf("%s%03d%s", id, len(block), block) }

// What the scripted pinpad says. Numbers are the well-known test card's, masked as
// a pinpad masks; KSNs and the PIN block are vectors of ANSI X9.24; the tags are
// those of the standard's example.
const (
	maskedPAN = "541333******0011"
	pinKSN    = "\xFF\xFF\x98\x76\x54\x32\x10\xE0\x00\x01"
	dataKSN   = "\xFF\xFF\x98\x76\x54\x32\x10\xE0\x00\x02"
	pinBlock  = "\x1B\x9C\x18\x45\xEB\x99\x3A\x7A"
	chipTags  = "\x95\x05\x00\x80\x00\x00\x00\x9F\x26\x08\xE0\xDB\x51\xA3\x74\x2F\xEA\x83\x9F\x27\x01\x80\x9F\x36\x02\x00\x4C" +
		"\x84\x07\xA0\x00\x00\x00\x04\x10\x10\x5F\x34\x01\x01"
	finalTags = "\x9F\x26\x08\x76\x5D\xC1\x38\x07\xD1\xE4\xC8\x9F\x27\x01\x40\x95\x05\x00\x80\x00\x00\x00"
)

var (
	infoAnswer = ok("GIX", tlv(0x8001, "SIM0000001", 0x8003, "SIMPAD;1MB", 0x8006, "1.07", 0x8007, "2.20", 0x9301, "SIMTAB0001"))
	cardAnswer = ok("GCX", tlv(0x804F, "03", 0x8051, "010101", 0x8052, maskedPAN, 0x8053, "00", 0x8042, maskedPAN+"=2512201", 0x805B, "CREDITO"))
	trackData  = "\x13\x16\x17\x18\x04\x06\x15\x12\x00\x11\x22\x33\x44\x55\x66\x77" // all control bytes
	trkAnswer  = ok("GTK", tlv(0x804A, "\x13\x22\x33\x44\x55\x66\x77\x88", 0x804B, dataKSN, 0x8045, trackData, 0x8048, dataKSN))
	chipAnswer = ok("GOX", tlv(0x8056, "202000", 0x8057, pinBlock, 0x804C, pinKSN, 0x8054, chipTags))
	lastAnswer = ok("FCX", tlv(0x8058, "000", 0x8054, finalTags))
)

// selected and askPIN are the notifications of a sale.
const (
	selected = "NTM000032SELECIONADO:    CREDITO         "
	askPIN   = "NTM000032SOLICITE A SENHA                "
)

// A peer is the pinpad's end of one cable, worked by the test's goroutine: what
// the till writes waits in a channel, so that a till never blocks on its peer.
type peer struct {
	t     testing.TB
	cable io.ReadWriteCloser
	bytes chan byte
}

const peerBuffer = 1 << 14

func newPeer(t testing.TB, cable io.ReadWriteCloser) *peer {
	p := &peer{t: t, cable: cable, bytes: make(chan byte, peerBuffer)}
	go func() {
		defer close(p.bytes)
		for chunk := make([]byte, 512); ; {
			n, err := cable.Read(chunk)
			for _, b := range chunk[:n] {
				p.bytes <- b
			}
			if err != nil {
				return
			}
		}
	}()
	return p
}

// say writes bytes as they are; a till that has gone is not the peer's business.
func (p *peer) say(data ...byte) { _, _ = p.cable.Write(data) }

// answer writes frames.
func (p *peer) answer(payloads ...string) {
	for _, payload := range payloads {
		p.say(frameOf(payload)...)
	}
}

// expect takes one control byte.
func (p *peer) expect(want byte) {
	p.t.Helper()
	got, open := <-p.bytes
	require.True(p.t, open, "till hung up, %02X wanted", want)
	require.Equal(p.t, want, got, "control byte %02X", got)
}

// frame takes one frame and answers nothing to it.
func (p *peer) frame() string {
	p.t.Helper()
	p.expect(syn)
	wire := []byte{syn}
	for b := range p.bytes {
		if wire = append(wire, b); b == etb {
			break
		}
	}
	wire = append(wire, <-p.bytes, <-p.bytes)
	payload := unframe(wire)
	require.Equal(p.t, frameOf(payload), wire, "frame of %.3q", payload)
	return payload
}

// take acknowledges a command that begins with want.
func (p *peer) take(want string) string {
	p.t.Helper()
	payload := p.frame()
	require.True(p.t, strings.HasPrefix(payload, want), "%s wanted, %.6q got", want, payload)
	p.say(ack)
	return payload
}

// exchange takes a command and answers it.
func (p *peer) exchange(want string, answers ...string) string {
	p.t.Helper()
	payload := p.take(want)
	p.answer(answers...)
	return payload
}

// sync answers CAN.
func (p *peer) sync() {
	p.t.Helper()
	p.expect(can)
	p.say(eot)
}

// start plays the beginning of a session.
func (p *peer) start() {
	p.t.Helper()
	p.sync()
	p.exchange("OPN", "OPN000")
	p.exchange("GIX", infoAnswer)
	p.exchange("CLX", "CLX000")
}

// quiet says that the till writes nothing for that long.
func (p *peer) quiet(wait time.Duration) {
	p.t.Helper()
	select {
	case b := <-p.bytes:
		require.FailNow(p.t, "till spoke", "%02X", b)
	case <-time.After(wait):
	}
}

// A till is a driver under test with sockets that the test plugs cables into.
type till struct {
	*pinpad.Pinpad
	t        *testing.T
	log      lockedBuffer
	statuses chan device.Status
	steps    chan device.Step
	mutex    sync.Mutex
	waiting  net.Conn // plugged in and not yet dialled
	dials    []time.Time
	dialErr  error
}

// lockedBuffer takes a log from any goroutine.
type lockedBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

// run starts a driver inside a bubble of fake time; all its waits are the real ones.
func run(t *testing.T, test func(t *testing.T, till *till), changes ...func(*pinpad.Config)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		till := &till{t: t, statuses: make(chan device.Status, 1000), steps: make(chan device.Step, 1000)}
		config := pinpad.Config{
			Dial: till.dial, Acquirer: 1, PINSlot: 1, DataSlot: 2,
			Texts:    texts,
			OnStatus: func(status device.Status) { till.statuses <- status },
			OnStep:   func(step device.CardStep) { till.steps <- step.Step },
			Log:      slog.New(slog.NewTextHandler(&till.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		}
		for _, change := range changes {
			change(&config)
		}
		till.Pinpad = pinpad.New(config)
		ended := make(chan error, 1)
		go func() { ended <- till.Run(ctx) }()
		test(t, till)
		stop()
		require.NoError(t, <-ended)
		requireSilent(t, till.log.String())
	})
}

func (c *till) dial(context.Context) (pinpad.Cable, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.dials = append(c.dials, time.Now())
	cable := c.waiting
	c.waiting = nil
	switch {
	case c.dialErr != nil:
		return nil, c.dialErr
	case cable == nil:
		return nil, fmt.Errorf("dial: %w", fs.ErrNotExist)
	}
	return cable, nil
}

// texts are what the tests' customers read.
var texts = pinpad.Texts{
	Idle: "CAIXA LIVRE", UseChip: "USE O CHIP", ChipFailed: "ERRO NO CHIP\nPASSE A TARJA", TapAgain: "APROXIME DE NOVO",
	NoTap: "INSIRA OU PASSE", UsePhone: "OLHE O TELEFONE",
}

// plug puts a cable in and answers the pinpad's end of it.
func (c *till) plug() *peer {
	near, far := net.Pipe()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.waiting = near
	c.t.Cleanup(func() { far.Close() })
	return newPeer(c.t, far)
}

// plugStarted is plug with a pinpad that has been started.
func (c *till) plugStarted() *peer {
	p := c.plug()
	p.start()
	c.waitLight(device.OK)
	return p
}

func (c *till) waitLight(light device.Light) device.Status {
	c.t.Helper()
	for {
		select {
		case status := <-c.statuses:
			if status.Light == light {
				return status
			}
		case <-time.After(time.Hour):
			require.FailNow(c.t, "no status", "light %s", light)
		}
	}
}

// requireSilent looks for what could be a card number, a PIN block or a sealed track.
func requireSilent(t testing.TB, text string) {
	t.Helper()
	require.NotRegexp(t, `[0-9](?:[ .\-]*[0-9]){12,18}`, text)
	for _, secret := range []string{maskedPAN, "541333", "0011=", "1B9C18", "1b9c18", trackData, fmt.Sprintf("%X", trackData)} {
		require.NotContains(t, text, secret)
	}
}

const (
	attempt = ident.ID("01JD0000000000000000000000")
	amount  = 12990
)

var creditRequest = device.CardRequest{
	Attempt: attempt, Method: payment.Credit, Amount: amount, At: time.Date(2026, 1, 15, 14, 30, 0, 0, time.UTC),
}

// outcome is what a call came to.
type outcome[T any] struct {
	value T
	err   error
}

// begin runs a call beside the test.
func begin[T any](call func() (T, error)) <-chan outcome[T] {
	result := make(chan outcome[T], 1)
	go func() {
		value, err := call()
		result <- outcome[T]{value, err}
	}()
	return result
}

func (c *till) beginRead(ctx context.Context) <-chan outcome[card.Reading] {
	return begin(func() (card.Reading, error) { return c.ReadCard(ctx, creditRequest) })
}

func (c *till) beginFinish(ctx context.Context, request device.FinishRequest) <-chan outcome[card.Completion] {
	return begin(func() (card.Completion, error) { return c.FinishCard(ctx, request) })
}

func (c *till) beginRelease(ctx context.Context) <-chan outcome[struct{}] {
	return begin(func() (struct{}, error) {
		return struct{}{}, c.Release(ctx, [2]string{"RETIRE O CARTAO", ""})
	})
}

// requireFault says that err is the fault wanted and names no card.
func requireFault(t testing.TB, err error, code device.Code) *device.Fault {
	t.Helper()
	var fault *device.Fault
	require.ErrorAs(t, err, &fault)
	require.Equal(t, code, fault.Code, err)
	requireSilent(t, err.Error())
	return fault
}
