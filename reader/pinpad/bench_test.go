package pinpad_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/reader/emv"
	"balcao/reader/pinpad"
	"balcao/simulators/control"
	"balcao/simulators/hsm"
	"balcao/simulators/simpinpad"
	"balcao/terminal/card"
	"balcao/terminal/device"
)

// hardwareVariable names the port of a real pinpad for the suite to run on as well:
//
//	BALCAO_PINPAD_URL=serial:///dev/ttyACM0?baud=19200 go test ./reader/pinpad -run OnEachPinpad -v
//
// Tests that need hands at the simulator are skipped there.
const hardwareVariable = "BALCAO_PINPAD_URL"

// patience ends a test that would hang.
const patience = 5 * time.Second

// A bench is a driver with a pinpad at the other end of a real cable.
type bench struct {
	*pinpad.Pinpad
	t        *testing.T
	url      string
	control  string // socket of the simulator's hands, empty for hardware
	cards    string // the simulator's folder of cards
	hostKeys *hsm.HostKeys
	log      *lockedBuffer
	statuses chan device.Status
	steps    chan device.Step
}

// onEachPinpad runs a test on the simulator over each kind of cable, and on real
// hardware if there is any, which is one device and takes one test at a time.
func onEachPinpad(t *testing.T, test func(t *testing.T, b *bench)) {
	onEachPinpadIn(t, quickTimeouts, test)
}

// hardware is held by the test that works the real pinpad.
var hardware sync.Mutex

func onEachPinpadIn(t *testing.T, timeouts pinpad.Timeouts, test func(t *testing.T, b *bench)) {
	t.Parallel()
	for name, url := range map[string]string{"tcp": "tcp://127.0.0.1:0", "pty": "pty:" + filepath.Join(t.TempDir(), "pinpad")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.startSimulator(url)
			b.startDriver(timeouts)
			test(t, b)
		})
	}
	if url := os.Getenv(hardwareVariable); url != "" {
		t.Run("hardware", func(t *testing.T) {
			hardware.Lock()
			t.Cleanup(hardware.Unlock)
			b := newBench(t)
			b.url = url
			b.startDriver(pinpad.Timeouts{})
			test(t, b)
		})
	}
}

// quickTimeouts suit a simulator on the same machine: whatever only a lost byte
// uses up is short.
var quickTimeouts = pinpad.Timeouts{
	Settle: 5 * time.Millisecond, Silence: 20 * time.Millisecond, Acknowledge: 300 * time.Millisecond,
	Cancel: 300 * time.Millisecond, Byte: 300 * time.Millisecond, Response: 2 * time.Second,
	RetryFirst: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond,
}

func newBench(t *testing.T) *bench {
	return &bench{
		t: t, log: &lockedBuffer{}, statuses: make(chan device.Status, 10_000), steps: make(chan device.Step, 1000),
	}
}

// deckFolder holds the cards of the deck. They are made once and then copied, because
// each is synced to the disk when it is made.
var deckFolder = sync.OnceValues(func() (fs.FS, error) {
	dir, err := os.MkdirTemp("", "deck")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	_, hostKeys := hsm.GenerateTestKeys()
	if err := simpinpad.WriteCards(dir, hostKeys); err != nil {
		return nil, err
	}
	deck := fstest.MapFS{}
	for _, known := range simpinpad.Deck() {
		name := known.Name + ".json"
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		deck[name] = &fstest.MapFile{Data: text, Mode: 0o600}
	}
	return deck, nil
})

func (b *bench) startSimulator(url string) {
	dir := b.t.TempDir()
	config := simpinpad.Config{
		Listen: url, StateFile: filepath.Join(dir, "state.json"), KeysFile: filepath.Join(dir, "keys.json"),
		CardsDir: filepath.Join(dir, "cards"), Control: filepath.Join(dir, "ctl"),
	}
	pinpadKeys, hostKeys := hsm.GenerateTestKeys()
	require.NoError(b.t, pinpadKeys.Save(config.KeysFile))
	deck, err := deckFolder()
	require.NoError(b.t, err)
	require.NoError(b.t, os.CopyFS(config.CardsDir, deck))
	simulator, err := simpinpad.New(config)
	require.NoError(b.t, err)
	urls := make(chan string, 1)
	b.background(func(ctx context.Context) error { return simulator.Run(ctx, func(url string) { urls <- url }) })
	b.url, b.control, b.cards, b.hostKeys = await(b.t, urls), config.Control, config.CardsDir, hostKeys
}

func (b *bench) startDriver(timeouts pinpad.Timeouts) {
	tables, err := pinpad.CommonTables("BALCAO0001", pinpad.Merchant{Acquirer: 1, Number: "1", Terminal: "00000003", Category: "5411"})
	require.NoError(b.t, err)
	if b.control == "" {
		tables = pinpad.Tables{} // never load test tables into a real pinpad
	}
	b.Pinpad = pinpad.New(pinpad.Config{
		URL: b.url, Tables: tables, Acquirer: 1, PINSlot: hsm.TestSlot, DataSlot: hsm.TestSlot, Timeouts: timeouts,
		Texts:    texts,
		OnStatus: func(status device.Status) { b.statuses <- status },
		OnStep:   func(step device.CardStep) { b.steps <- step.Step },
		Log:      slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	b.background(b.Run)
	b.waitLight(device.OK)
}

// background runs a program until the test ends.
func (b *bench) background(program func(ctx context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- program(ctx) }()
	b.t.Cleanup(func() {
		stop()
		require.NoError(b.t, await(b.t, ended))
	})
}

func await[T any](t testing.TB, channel <-chan T) T {
	t.Helper()
	select {
	case value := <-channel:
		return value
	case <-time.After(patience):
		require.FailNow(t, "still waiting")
		panic("unreachable")
	}
}

func (b *bench) waitLight(light device.Light) device.Status {
	b.t.Helper()
	for {
		if status := await(b.t, b.statuses); status.Light == light {
			return status
		}
	}
}

// hand does something at the simulator that only hands can do; without hands the
// test ends here.
func (b *bench) hand(words ...string) string {
	b.t.Helper()
	b.needsHands()
	ctx, stop := context.WithTimeout(b.t.Context(), patience)
	defer stop()
	text, err := control.Call(ctx, b.control, words...)
	require.NoError(b.t, err, words)
	return text
}

func (b *bench) needsHands() {
	b.t.Helper()
	if b.control == "" {
		b.t.Skip("needs hands at the simulator")
	}
}

func (b *bench) beginRead(ctx context.Context) <-chan outcome[card.Reading] {
	return begin(func() (card.Reading, error) { return b.ReadCard(ctx, creditRequest) })
}

// readCard reads one card of the deck with its PIN.
func (b *bench) readCard(name string) card.Reading {
	b.t.Helper()
	read := b.beginRead(b.t.Context())
	b.hand("wait-display", "INSIRA OU PASSE")
	b.hand("card", "insert", name)
	b.hand("wait-display", "SENHA")
	b.hand("pin", "1234")
	reading := await(b.t, read)
	require.NoError(b.t, reading.err)
	return reading.value
}

// release takes the card out when the pinpad asks for it.
func (b *bench) release() {
	b.t.Helper()
	release := begin(func() (struct{}, error) { return struct{}{}, b.Release(b.t.Context(), [2]string{"APROVADA", ""}) })
	b.hand("wait-display", "RETIRE O CART")
	b.hand("card", "remove")
	require.NoError(b.t, await(b.t, release).err)
	b.hand("wait-display", "CAIXA LIVRE")
}

// An issuer knows its card and opens what the reader sealed.
type issuer struct {
	card    simpinpad.DeckCard
	session hsm.Key
	value   func(tag uint32) []byte
}

// deckCard is what a card's issuer knows of it.
func deckCard(t testing.TB, name string) simpinpad.DeckCard {
	t.Helper()
	for _, candidate := range simpinpad.Deck() {
		if candidate.Name == name {
			return candidate
		}
	}
	require.FailNow(t, "no such card", name)
	return simpinpad.DeckCard{}
}

// reshape gives a card of the deck other habits, under a name of its own.
func (b *bench) reshape(name, copied string, change func(*simpinpad.Card)) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.cards, name+".json"))
	require.NoError(b.t, err)
	var reshaped simpinpad.Card
	require.NoError(b.t, json.Unmarshal(text, &reshaped))
	change(&reshaped)
	text, err = json.Marshal(reshaped)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(b.cards, copied+".json"), text, 0o600))
}

func (b *bench) issuerOf(name string, reading card.Reading) issuer {
	b.t.Helper()
	b.needsHands()
	known := deckCard(b.t, name)
	master, err := b.hostKeys.IssuerMasterKey(known.PAN)
	require.NoError(b.t, err)
	icc, err := hsm.DeriveICCMasterKey(master, known.PAN, known.PSN)
	require.NoError(b.t, err)
	data, err := hex.DecodeString(reading.Card.EMVRequest)
	require.NoError(b.t, err)
	objects, err := emv.Parse(data)
	require.NoError(b.t, err)
	value := func(tag uint32) []byte {
		found, ok := emv.Find(objects, emv.Tag(tag))
		require.True(b.t, ok, "tag %X is missing", tag)
		return found
	}
	atc := value(0x9F36)
	return issuer{card: known, value: value, session: hsm.DeriveSessionKey(icc, uint16(atc[0])<<8|uint16(atc[1]))}
}

// authenticationData answers tag 91 for a response code.
func (i issuer) authenticationData(t testing.TB, code string) string {
	t.Helper()
	data, err := hsm.IssuerAuthenticationData(i.session, hsm.Block(i.value(0x9F26)), code)
	require.NoError(t, err)
	return fmt.Sprintf("91%02X%X", len(data), data)
}

// open decrypts a sealed item under the host's keys.
func (b *bench) open(reading card.Reading, kind card.Kind) []byte {
	b.t.Helper()
	for _, item := range reading.Sealed {
		if item.Kind != kind {
			continue
		}
		ksn, err := hsm.ParseKSN(item.KSN)
		require.NoError(b.t, err)
		key, err := b.hostKeys.DataKey(ksn)
		if kind == card.PINBlock {
			key, err = b.hostKeys.PINKey(ksn)
		}
		require.NoError(b.t, err)
		secret, err := hex.DecodeString(item.Data)
		require.NoError(b.t, err)
		clear, err := key.DecryptECB(secret)
		require.NoError(b.t, err)
		return clear
	}
	require.FailNow(b.t, "no such item", kind)
	return nil
}

// requireNothingClear says that neither log nor printed values hold a card number
// or a cipher of one.
func (b *bench) requireNothingClear(reading card.Reading, numbers ...string) {
	b.t.Helper()
	log := b.log.String()
	require.NotEmpty(b.t, log)
	require.NotRegexp(b.t, `[0-9](?:[ .\-]*[0-9]){12,18}`, log)
	text := log + fmt.Sprintf("%v %+v %#v", reading, reading.Sealed, reading.Sealed)
	for _, item := range reading.Sealed {
		require.NotContains(b.t, text, item.Data)
	}
	for _, number := range numbers {
		require.False(b.t, bytes.Contains([]byte(text), []byte(number)), "a number of the card is in clear")
	}
}
