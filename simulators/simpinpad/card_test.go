package simpinpad

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeckNumbersPassLuhnAndNeverPrint(t *testing.T) {
	seen := map[string]bool{}
	for _, card := range Deck() {
		sum := 0
		for i := range card.PAN {
			digit := int(card.PAN[len(card.PAN)-1-i] - '0')
			if i%2 == 1 {
				digit = digit*2/10 + digit*2%10
			}
			sum += digit
		}
		require.Zero(t, sum%10, card.Name)
		require.False(t, seen[card.PAN], "one number for two cards")
		seen[card.PAN] = true
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", card, card, card, card), card.PAN)
	}
	require.Len(t, seen, 14)
}

func TestCardFileHoldsNoOutcome(t *testing.T) {
	config, hostKeys := files(t)
	require.NoError(t, WriteCards(config.CardsDir, hostKeys))
	for _, blank := range Deck() {
		info, err := os.Stat(cardPath(config.CardsDir, blank.Name))
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm())
		text, err := os.ReadFile(cardPath(config.CardsDir, blank.Name))
		require.NoError(t, err)
		var got map[string]any
		require.NoError(t, json.Unmarshal(text, &got))
		for key := range got {
			require.Contains(t, []string{
				"name", "pan", "psn", "expiry", "service_code", "holder", "track2_discretionary", "applications",
				"contactless", "chip_fault",
			}, key)
		}
		require.NotContains(t, string(text), `"1234"`, "the PIN is the issuer's")
	}
}

func TestCardFilesAreChecked(t *testing.T) {
	config, _ := files(t)
	for want, spoil := range map[string]func(*Card){
		"pan is not 12 to 19 digits":           func(c *Card) { c.PAN = "4000x" },
		"psn is not":                           func(c *Card) { c.PSN = "" },
		"expiry is not":                        func(c *Card) { c.Expiry = "3112" },
		"track 2 longer than 37":               func(c *Card) { c.Track2Discretionary = "00000000000000" },
		"holder is longer":                     func(c *Card) { c.Holder = "A NAME THAT NO EMBOSSER EVER TOOK" },
		"no application":                       func(c *Card) { c.Applications = nil },
		"application 1: aid is not":            func(c *Card) { c.Applications[0].AID = "A000" },
		"application 1: aip is not":            func(c *Card) { c.Applications[0].AIP = "1" },
		"application 1: issuer_country is not": func(c *Card) { c.Applications[0].IssuerCountry = "BRA" },
		"application 1: label is longer":       func(c *Card) { c.Applications[0].Label = "CARTAO DE CREDITO" },
		`application 1: cvm "guess" is not`:    func(c *Card) { c.Applications[0].CVM = "guess" },
		`application 1: cvm "device" is not`:   func(c *Card) { c.Applications[0].CVM = VerifyOnDevice },
		`contactless: cvm "" is not`:           func(c *Card) { c.Contactless = &Contactless{Form: "00"} },
		"contactless: form is not":             func(c *Card) { c.Contactless = &Contactless{CVM: VerifyNothing, Form: "card"} },
		`no chip ends "GCX" with 070`:          func(c *Card) { c.ChipFault = &ChipFault{"GCX", 70} },
		`no chip ends "FCX" with 060`:          func(c *Card) { c.ChipFault = &ChipFault{"FCX", 60} },
	} {
		card, err := loadCard(config.CardsDir, "visa-debit")
		require.NoError(t, err)
		spoil(card)
		card.Name = "spoilt"
		writeCard(t, config, card)
		_, err = loadCard(config.CardsDir, "spoilt")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), deckCard(t, "visa-debit").PAN)
	}
}

func TestCardThatHasUsedUpItsCounterRefuses(t *testing.T) {
	config, _ := files(t)
	memory, err := loadMemory(config.StateFile)
	require.NoError(t, err)
	card, err := loadCard(config.CardsDir, "visa-debit")
	require.NoError(t, err)
	card.Applications[0].ATC = 0xFFFE
	last, err := startChip(memory, card, card.Applications[0])
	require.NoError(t, err)
	require.EqualValues(t, 0xFFFF, last.counter)
	_, err = startChip(memory, card, card.Applications[0])
	require.ErrorIs(t, err, statusCardExhausted)
}

func FuzzObjects(f *testing.F) {
	f.Add([]byte{0x9F, 0x02, 0x02, 0x12, 0x34, 0x91, 0x81, 0x01, 0x00})
	f.Add([]byte{0x72, 0x82, 0x00, 0x01, 0xFF, 0xDF, 0x81, 0x29, 0x00})
	f.Fuzz(func(t *testing.T, data []byte) {
		parseTagList(data)
		objects, err := parseObjects(data)
		if err != nil {
			return
		}
		var again []byte
		for _, o := range objects {
			again = appendObject(again, o.tag, o.value)
		}
		reread, err := parseObjects(again)
		require.NoError(t, err)
		require.Equal(t, len(objects), len(reread))
		for i := range objects {
			require.Equal(t, objects[i].tag, reread[i].tag)
			require.Equal(t, string(objects[i].value), string(reread[i].value))
		}
	})
}
