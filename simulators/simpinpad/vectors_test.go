package simpinpad

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
)

// A vector is one message of a golden transcript.
type vector struct {
	Scenario string `json:"scenario"`
	Dir      string `json:"dir"`
	Payload  string `json:"payload"`
	Wire     string `json:"wire"`
	Note     string `json:"note"`
}

func (v vector) toPinpad() bool { return v.Dir == "H>P" }

// transcripts gives the vectors of one scenario, by the beginning of its name. The
// file lies outside the repository, for it is not ours to publish.
func transcripts(t *testing.T, scenario string) (found []vector) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "reference", "abecs-vectors.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the golden transcripts (abecs-vectors.json) are not on this machine")
	}
	require.NoError(t, err)
	var all []vector
	require.NoError(t, json.Unmarshal(text, &all))
	for _, v := range all {
		if strings.HasPrefix(v.Scenario, scenario+" ") {
			found = append(found, v)
		}
	}
	require.NotEmpty(t, found, "scenario %s", scenario)
	return found
}

// replay sends what the host says and expects what the pinpad says, byte for byte.
func (b *bench) replay(vectors []vector) {
	b.t.Helper()
	for _, v := range vectors {
		if v.toPinpad() {
			b.send(unhex(b.t, v.Wire)...)
		} else {
			b.expect(unhex(b.t, v.Wire)...)
		}
	}
}

func TestGoldenTranscriptsByteForByte(t *testing.T) {
	for _, scenario := range []string{"G1", "G7b", "G10"} {
		vectors := transcripts(t, scenario)
		t.Run(vectors[0].Scenario, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				b.replay(vectors)
				require.Equal(t, "OPN000", b.ask("OPN"), "nothing is left on the line")
			})
		})
	}
}

func TestGoldenAnswerIsRepeatedOnNAK(t *testing.T) {
	vectors := transcripts(t, "G3")
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.hand("corrupt", "1")
		for _, v := range vectors {
			if v.Note != "bad CRC" {
				b.replay([]vector{v})
				continue
			}
			b.expect(unhex(t, v.Wire[:len(v.Wire)-4])...)
			require.NotEqual(t, []byte{0x39, 0x63}, []byte{b.next(), b.next()}, "the sum is damaged")
		}
		require.Equal(t, "TESTE\n   GOLDEN 03", strings.TrimSpace(b.hand("display")))
	})
}

func TestGoldenInfoHasTheSameShape(t *testing.T) {
	vectors := transcripts(t, "G2")
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		want := fields{}
		for _, v := range vectors {
			switch {
			case v.toPinpad():
				b.send(unhex(t, v.Wire)...)
			case v.Payload == "":
				b.expect(unhex(t, v.Wire)...)
			default:
				want = b.fields(string(unhex(t, v.Payload)), "GIX")
			}
		}
		got := b.fields(b.answer(), "GIX")
		const capabilitiesID = 0x8005 // this device reads other tracks and has no SAM
		require.Len(t, got[capabilitiesID], len(want[capabilitiesID]))
		delete(got, capabilitiesID)
		delete(want, capabilitiesID)
		require.Equal(t, want, got)
	})
}

// startGolden has the keys and counters of the golden transcripts, and one card more.
func startGolden(t *testing.T, card *Card) *bench {
	t.Helper()
	config, hostKeys := files(t)
	bdk, err := hsm.ParseKey("0123456789ABCDEFFEDCBA9876543210")
	require.NoError(t, err)
	ksn, err := hsm.ParseKSN("FFFF9876543210E00000")
	require.NoError(t, err)
	keys := &hsm.PinpadKeys{
		PINSlots:  map[int]*hsm.Dukpt{1: hsm.NewDukpt(bdk, ksn)},
		DataSlots: map[int]*hsm.Dukpt{1: hsm.NewDukpt(bdk, ksn)},
	}
	_, _, err = keys.PINSlots[1].Next() // the transcript begins at the second count
	require.NoError(t, err)
	require.NoError(t, keys.Save(config.KeysFile))
	writeCard(t, config, card)
	return startWith(t, config, hostKeys)
}

// The golden magnetic sale, played with a chip that holds the same track: PIN block
// and track come out as in the transcript, for the keys are the same.
func TestGoldenPINBlockAndTrack(t *testing.T) {
	vectors := transcripts(t, "G5")
	synctest.Test(t, func(t *testing.T) {
		b := startGolden(t, goldenCard())
		b.loadTables()
		b.hand("card", "insert", "golden")
		require.Contains(t, b.ask(string(unhex(t, vectors[0].Payload))), "GCX000")
		b.hand("pin", "1234")
		b.replay(vectors[3:])
	})
}

// goldenCard is the card of the transcripts.
func goldenCard() *Card {
	return &Card{
		Name: "golden", PAN: "5413330089020011", PSN: "00", Expiry: "251231", ServiceCode: "201",
		Track2Discretionary: "0123456789", Holder: "X",
		Applications: []Application{{AID: aidMastercard, AIP: "1C00", CVM: VerifyOnlinePIN, IssuerCountry: "076"}},
		Contactless:  &Contactless{CVM: VerifyOnlinePIN, Form: "00"},
	}
}

func writeCard(t *testing.T, config Config, card *Card) {
	t.Helper()
	text, err := json.Marshal(card)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cardPath(config.CardsDir, card.Name), text, 0o600))
}

func TestSecureOpenIsAnsweredAsAnOldPinpadDoes(t *testing.T) {
	secure, encryptedVectors := transcripts(t, "G12"), transcripts(t, "G8")
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		require.Equal(t, "OPN000", b.ask(string(unhex(t, secure[0].Payload))))
		require.Equal(t, "ERR003", b.ask(string(unhex(t, encryptedVectors[0].Payload))))
	})
}

// Wire bytes published by other sources than the transcripts.
func TestPublishedPackets(t *testing.T) {
	for wire, payload := range map[string]string{
		"164F504E17A8A9":           "OPN",
		"164F504E30303017775E":     "OPN000",
		"164141414141414141179A63": "AAAAAAAA",
		"16554E4B177C32":           "UNK",
		"1644535030303017 3963":    "DSP000",
		"1647495830303017 7F4A":    "GIX000",
	} {
		want := strings.ReplaceAll(wire, " ", "")
		require.Equal(t, want, strings.ToUpper(hex.EncodeToString(encodePacket([]byte(payload)))), payload)
		require.Equal(t, want, strings.ToUpper(hex.EncodeToString(frame([]byte(payload)))), payload)
	}
	accents := "DSP032    OPERA\xC7\xC3O       FINALIZADA   "
	require.Equal(t, "175213", hex.EncodeToString(encodePacket([]byte(accents))[len(accents)+1:]), "a sum is not escaped")
	scope := with("GCX", 0x12, "02010204", 0x13, "000000000001", 0x15, "251111", 0x16, "173647", 0x17, "10000", 0x21, "\x00")
	packet := encodePacket([]byte(scope))
	require.Equal(t, "af70", hex.EncodeToString(packet[len(packet)-2:]))
}
