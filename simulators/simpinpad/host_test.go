package simpinpad

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/cable"
	"balcao/simulators/hsm"
)

// Bytes of the link layer, written down anew so that a wrong constant is found.
const (
	hostEOT = 0x04
	hostACK = 0x06
	hostNAK = 0x15
	hostCAN = 0x18
)

// hostPatience is how long the host waits for a byte: longer than any screen of the
// pinpad waits for the card holder. Off fake time it only passes when a test fails.
const hostPatience = 3 * time.Minute

// A host is the smallest till: it frames, sends and reads, with code of its own.
type host struct {
	t     testing.TB
	conn  cable.Conn
	bytes chan byte
}

func newHost(t testing.TB, conn cable.Conn) *host {
	h := &host{t: t, conn: conn, bytes: make(chan byte, 1<<16)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			for _, b := range buffer[:n] {
				h.bytes <- b
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-ended
	})
	return h
}

func (h *host) send(data ...byte) {
	h.t.Helper()
	_, err := h.conn.Write(data)
	require.NoError(h.t, err)
}

func (h *host) next() byte {
	h.t.Helper()
	timer := time.NewTimer(hostPatience)
	defer timer.Stop()
	select {
	case b := <-h.bytes:
		return b
	case <-timer.C:
		require.FailNow(h.t, "the pinpad says nothing")
		return 0
	}
}

func (h *host) expect(want ...byte) {
	h.t.Helper()
	got := make([]byte, len(want))
	for i := range got {
		got[i] = h.next()
	}
	require.Equal(h.t, hex.EncodeToString(want), hex.EncodeToString(got))
}

// silent says that nothing comes for a while; only for tests on fake time.
func (h *host) silent(period time.Duration) {
	h.t.Helper()
	timer := time.NewTimer(period)
	defer timer.Stop()
	select {
	case b := <-h.bytes:
		require.Failf(h.t, "the pinpad speaks", "byte %02X", b)
	case <-timer.C:
	}
}

// hostSum is the CRC by long division, bit by bit, of the message and 16 zeros.
func hostSum(data []byte) uint16 {
	var register uint32
	for _, b := range append(bytes.Clone(data), 0, 0) {
		for bit := 7; bit >= 0; bit-- {
			register = register<<1 | uint32(b>>bit&1)
			if register&0x10000 != 0 {
				register ^= 0x11021
			}
		}
	}
	return uint16(register)
}

func frame(payload []byte) []byte {
	out := []byte{0x16}
	for _, b := range payload {
		if b == 0x13 || b == 0x16 || b == 0x17 {
			out = append(out, 0x13, b+0x20)
			continue
		}
		out = append(out, b)
	}
	out = append(out, 0x17)
	return binary.BigEndian.AppendUint16(out, hostSum(append(bytes.Clone(payload), 0x17)))
}

func (h *host) command(payload string) {
	h.t.Helper()
	h.send(frame([]byte(payload))...)
	h.expect(hostACK)
}

// packet reads one packet and says whether its sum is right.
func (h *host) packet() (payload string, good bool) {
	h.t.Helper()
	require.EqualValues(h.t, 0x16, h.next(), "a packet begins with SYN")
	var data []byte
	for b := h.next(); b != 0x17; b = h.next() {
		if b == 0x13 {
			b = h.next() - 0x20
		}
		data = append(data, b)
	}
	sum := uint16(h.next())<<8 | uint16(h.next())
	return string(data), sum == hostSum(append(bytes.Clone(data), 0x17))
}

func (h *host) answer() string {
	h.t.Helper()
	payload, good := h.packet()
	require.True(h.t, good, "sum of the answer")
	return payload
}

// ask sends a command and returns its answer, passing over notifications.
func (h *host) ask(payload string) string {
	h.t.Helper()
	h.command(payload)
	for {
		if answer := h.answer(); !strings.HasPrefix(answer, "NTM") {
			return answer
		}
	}
}

// fields are the parameters of an answer by id.
type fields map[uint16]string

func (h *host) fields(answer, name string) fields {
	h.t.Helper()
	require.True(h.t, strings.HasPrefix(answer, name+"000"), "answer %.6q", answer)
	got := fields{}
	for rest := answer[6:]; rest != ""; {
		var length int
		_, err := fmt.Sscanf(rest[:3], "%03d", &length)
		require.NoError(h.t, err)
		for block := rest[3 : 3+length]; block != ""; {
			size := int(block[2])<<8 | int(block[3])
			got[uint16(block[0])<<8|uint16(block[1])] = block[4 : 4+size]
			block = block[4+size:]
		}
		rest = rest[3+length:]
	}
	return got
}

// with builds a command of parameters: with("GCX", 0x13, "...", 0x15, "...").
func with(name string, parameters ...any) string {
	var block []byte
	for i := 0; i < len(parameters); i += 2 {
		value := parameters[i+1].(string)
		block = binary.BigEndian.AppendUint16(block, uint16(parameters[i].(int)))
		block = binary.BigEndian.AppendUint16(block, uint16(len(value)))
		block = append(block, value...)
	}
	return fmt.Sprintf("%s%03d%s", name, len(block), block)
}

// block builds a classic command.
func block(name, data string) string { return fmt.Sprintf("%s%03d%s", name, len(data), data) }

// aidText is an AID record of 340 bytes, field after field as the document lists them.
func aidText(acquirer, index, aid, appType, label string) string {
	return "340" + "1" + acquirer + index +
		fmt.Sprintf("%02d%-32s", len(aid)/2, aid+strings.Repeat("0", 32-len(aid))) + appType +
		fmt.Sprintf("%-16s", label) + "03" + "008C" + "0000" + "0000" + "076" + "986" + "2" +
		fmt.Sprintf("%-15s", "000000000000123") + "5411" + "SIM00001" + "E0F8C8" + "6000F0A001" + "22" +
		"FC50ACA000" + "0000000000" + "F850ACF800" + "00000000" + "R" + "0" + "0" +
		"00000000" + "00000000" + "00000000" + "0000" + "0" +
		strings.Repeat("0", 40) + strings.Repeat("0", 40) + "Y1Z1Y3Z3" +
		"0000000000" + "0000000000" + "0000000000" + "000000" + "0" + "0000000000" + "00000000" + "0"
}

// put overwrites part of a record.
func put(record string, offset int, text string) string {
	return record[:offset] + text + record[offset+len(text):]
}

// tapText makes a record one that takes contactless cards: up to 5,000.00, without
// verification up to 200.00.
func tapText(record, mode string) string {
	for offset, text := range map[int]string{
		166: mode, 167: "0007A120", 175: "00000000", 183: "00004E20", 314: "E068C8", 331: "0007A120",
	} {
		record = put(record, offset, text)
	}
	return record
}

// deckTables are records for all cards of the deck.
func deckTables() (records []string) {
	for i, aid := range []string{aidVisaDebit, aidVisaCredit, aidMastercard, aidElo, aidMaestro, aidVoucher} {
		appType := []string{"01", "02", "01", "02", "02", "03"}[i]
		records = append(records, aidText("01", fmt.Sprintf("%02d", i+1), aid, appType, "LABEL"))
	}
	return records
}

// loadTables gives the pinpad one application of each brand in the deck.
func (h *host) loadTables() {
	h.t.Helper()
	h.load(deckTables()...)
}

// loadTapTables is loadTables with Visa and Mastercard taken without contact.
func (h *host) loadTapTables() {
	h.t.Helper()
	records := deckTables()
	for i, mode := range map[int]string{0: "2", 1: "2", 2: "4", 4: "4"} {
		records[i] = tapText(records[i], mode)
	}
	h.load(records...)
}

func (h *host) load(records ...string) {
	h.t.Helper()
	require.Equal(h.t, "TLI020", h.ask(block("TLI", "01VERSION001")))
	for _, record := range records {
		require.Equal(h.t, "TLR000", h.ask(block("TLR", "01"+record)))
	}
	require.Equal(h.t, "TLE000", h.ask("TLE"))
}

// A bench is a pinpad on a table: its files, and hands to work it.
type bench struct {
	*host
	device   *device
	config   Config
	hostKeys *hsm.HostKeys
}

// deckFiles are the card files, by name: written once and then copied, because each is
// synced to the disk when it is written.
var deckFiles = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "deck")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	_, hostKeys := hsm.GenerateTestKeys()
	if err := WriteCards(dir, hostKeys); err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	for _, card := range Deck() {
		if texts[card.Name], err = os.ReadFile(cardPath(dir, card.Name)); err != nil {
			return nil, err
		}
	}
	return texts, nil
})

// files writes keys and cards into a new folder.
func files(t testing.TB) (Config, *hsm.HostKeys) {
	t.Helper()
	dir := t.TempDir()
	pinpad, hostKeys := hsm.GenerateTestKeys()
	config := Config{
		StateFile: filepath.Join(dir, "state.json"),
		KeysFile:  filepath.Join(dir, "keys.json"),
		CardsDir:  filepath.Join(dir, "cards"),
		Control:   filepath.Join(dir, "ctl"),
	}
	require.NoError(t, pinpad.Save(config.KeysFile))
	texts, err := deckFiles()
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(config.CardsDir, 0o700))
	for name, text := range texts {
		require.NoError(t, os.WriteFile(cardPath(config.CardsDir, name), text, 0o600))
	}
	return config, hostKeys
}

// start switches a pinpad on at the other end of a pipe: for tests on fake time.
func start(t testing.TB) *bench {
	t.Helper()
	config, hostKeys := files(t)
	return startWith(t, config, hostKeys)
}

func startWith(t testing.TB, config Config, hostKeys *hsm.HostKeys) *bench {
	t.Helper()
	simulator, err := New(config)
	require.NoError(t, err)
	b := &bench{device: simulator.device, config: config, hostKeys: hostKeys}
	ctx, cancel := context.WithCancel(context.Background())
	b.device.stop = ctx.Done()
	ended := make(chan struct{})
	go func() {
		b.device.run()
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		if plugged := b.device.line.plug; plugged != nil {
			plugged.conn.Close()
		}
		b.device.readers.Wait()
	})
	b.plugIn(t)
	return b
}

// plugIn puts a new host at the end of the cable.
func (b *bench) plugIn(t testing.TB) {
	near, far := net.Pipe()
	b.device.plugs <- plug{conn: far, gone: make(chan struct{})}
	b.host = newHost(t, near)
}

// hand works the pinpad as the control socket would.
func (b *bench) hand(words ...string) string {
	b.t.Helper()
	text, err := b.device.obey(context.Background(), words)
	require.NoError(b.t, err, "hand: %v", words)
	return text
}

func (b *bench) refused(want string, words ...string) {
	b.t.Helper()
	_, err := b.device.obey(context.Background(), words)
	require.ErrorContains(b.t, err, want)
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	require.NoError(t, err)
	return data
}
