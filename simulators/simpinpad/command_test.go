package simpinpad

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUnknownCommandsAreErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		for _, unknown := range []string{"UNK", "MNU000", "GCR", "", "X", "gix"} {
			require.Equal(t, "ERR010", b.ask(unknown), "%q", unknown)
		}
		require.Equal(t, "ERR003", b.ask("\x12anything"))
		require.Equal(t, "OPN000", b.ask(block("OPN", "0256"+strings.Repeat("A", 515))), "as an old pinpad")
	})
}

func TestInfoTellsWhatWasAskedInThatOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTables()
		require.Equal(t, with("GIX000", 0x9301, "VERSION001", 0x8007, "2.20", 0x8007, "2.20", 0x9300, noVersion),
			b.ask(with("GIX", 0x01, "\x93\x01\x80\x07\xFF\xFF\x80\x07\x91\x07\x93\x00")))
		for _, bare := range []string{"GIX", "GIX000"} {
			all := b.fields(b.ask(bare), "GIX")
			require.Equal(t, "SIM0000001", all[0x8001])
			require.Equal(t, "01"+strings.Repeat("0", 98), all[0x8035])
			require.Len(t, all, len(infoDefault))
		}
		require.Equal(t, "GIX045", b.ask(with("GIX", 0x01, strings.Repeat("\x80\x35", 64))), "no answer is that long")
		long := b.ask(with("GIX", 0x01, strings.Repeat("\x80\x35", 12)))
		require.Equal(t, "936", long[6:9], "a field never crosses a block")
		require.Len(t, long, 6+3+9*104+3+3*104)
	})
}

func TestClassicInfoHasItsFixedLengths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		for acquirer, length := range map[string]string{"00": "100", "02": "042", "03": "042", "07": "042"} {
			answer := b.ask(block("GIN", acquirer))
			require.Equal(t, "GIN000"+length, answer[:9])
		}
		require.Equal(t, "T", b.ask(block("GIN", "03"))[9+39:9+40], "a PIN key is in slot 01")
		require.Equal(t, "GIN011", b.ask("GIN"))
		require.Equal(t, "GIN011", b.ask(block("GIN", "A1")))
	})
}

func TestDisplayShowsWhatItIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		for command, want := range map[string]string{
			block("DSP", "    OPERA\xC7\xC3O       FINALIZADA   "): "    OPERAÇÃO\n   FINALIZADA",
			block("DSP", "CURTA"):                 "CURTA",
			"DSP":                                 "",
			block("DSP", "A\rB"):                  "A B",
			block("DSP", strings.Repeat("X", 40)): strings.Repeat("X", 16) + "\n" + strings.Repeat("X", 16),
			block("DEX", "012LINHA 1\rDOIS"):      "LINHA 1\nDOIS",
			block("DEX", "003ABC220000"):          "ABC",
			block("DEX", "034APROXIME, INSIRA OU PASSE O CARTAO"): "APROXIME, INSIRA\nOU PASSE O\nCARTAO",
			block("CLO", padRight("ATE LOGO", 32)):                "ATE LOGO",
			"CLO":                                                 "",
			with("CLX", 0x1B, "ATE\rLOGO"):                        "ATE\nLOGO",
			"CLX":                                                 "",
		} {
			require.Equal(t, command[:3]+"000", b.ask(command), "%q", command)
			require.Equal(t, want, b.hand("display"), "%q", command)
		}
		for _, wrong := range []string{"DEX", block("DEX", "004ABC"), block("DEX", "161"+strings.Repeat("X", 161)), block("DEX", "001A1")} {
			require.Equal(t, "DEX011", b.ask(wrong), "%q", wrong)
		}
		b.ask("OPN")
		require.Empty(t, b.hand("display"))
	})
}

func TestEventsOfKeysAndSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		for word, event := range map[string]string{"ok": "00", "clear": "08", "cancel": "13"} {
			b.command(with("CEX", 0x06, "1"))
			synctest.Wait()
			b.hand("key", "12")
			b.hand("key", word)
			require.Equal(t, with("CEX000", 0x8040, event), b.answer())
		}
		require.Equal(t, with("CEX000", 0x8040, "91"), b.ask(with("CEX", 0x06, "002000")), "absent already")
		b.command(with("CEX", 0x06, "011000"))
		synctest.Wait()
		b.hand("key", "ok") // not asked for
		b.hand("card", "insert", "elo-debit")
		require.Equal(t, with("CEX000", 0x8040, "92"), b.answer())
		require.Equal(t, with("CEX000", 0x8040, "92"), b.ask(with("CEX", 0x06, "111100")), "there already")
		require.Equal(t, "GTK000000", b.ask(with("GTK", 0x03, "50", 0x09, "01")), "nothing was swiped")
		asked := time.Now()
		require.Equal(t, "CEX012", b.ask(with("CEX", 0x06, "100000", 0x0C, "\x05")))
		require.Equal(t, 5*time.Second, time.Since(asked))
		b.refused("nothing waits", "key", "ok")
	})
}

func TestRemoveCardReturnsAtOnceWithoutACard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		require.Equal(t, "RMC000", b.ask(block("RMC", padRight("OBRIGADO", 32))))
		require.Equal(t, "OBRIGADO", b.hand("display"))
		require.Equal(t, "RMC011", b.ask("RMC"))
	})
}

func TestRemoveCardAlternatesItsTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.hand("card", "insert", "visa-debit")
		b.command(block("RMC", padRight("APROVADA", 32)))
		for _, text := range []string{removeText, "APROVADA", removeText} {
			since := time.Now()
			b.hand("wait-display", text)
			require.LessOrEqual(t, time.Since(since), removePeriod)
		}
	})
}

func TestClassicPINRequest(t *testing.T) {
	const pan = "4000056655665556"
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		require.Equal(t, "GPN010", b.ask(block("GPN", gpnBody("00", ""))), "no card was read")
		b.hand("pin", "123456")
		answer := b.ask(block("GPN", gpnBody("16", pan)))
		require.Equal(t, "GPN000036", answer[:9])
		got := fields{0x8057: string(unhex(t, answer[9:25])), 0x804C: string(unhex(t, answer[25:]))}
		require.Equal(t, "123456", b.openPIN(got, "visa-debit"))

		body := gpnBody("16", pan)
		for wrong, status := range map[string]string{
			body[:92]:                          "011",
			"2" + body[1:]:                     "011",
			"302" + body[3:]:                   "042",
			"1" + body[1:]:                     "042",
			body[:35] + "01" + body[37:]:       "011",
			body[:35] + "20" + body[37:]:       "011",
			body[:35] + "17" + body[37:]:       "011",
			body[:56] + "2" + body[57:]:        "011",
			body[:57] + "0312" + body[61:]:     "011",
			body[:57] + "0513" + body[61:]:     "011",
			body[:57] + "0804" + body[61:]:     "011",
			"3x1" + body[3:]:                   "011",
			strings.Replace(body, "4", "A", 1): "011",
		} {
			require.Equal(t, "GPN"+status, b.ask(block("GPN", wrong)), "%q", wrong)
		}

		b.command(block("GPN", body))
		b.hand("wait-display", "SENHA")
		b.hand("key", "cancel")
		require.Equal(t, "GPN013", b.answer())
		asked := time.Now()
		require.Equal(t, "GPN012", b.ask(block("GPN", body)))
		require.Equal(t, pinIdleTime, time.Since(asked))
	})
}

func TestTableLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		own, other := aidText("01", "01", aidElo, "01", "CR\xC9DITO"), aidText("02", "01", aidElo, "01", "X")
		require.Equal(t, "TLR010", b.ask(block("TLR", "01"+own)))
		require.Equal(t, "TLE010", b.ask("TLE"))
		require.Equal(t, "TLI011", b.ask(block("TLI", "01SHORT")))
		require.Equal(t, "GTS000010"+noVersion, b.ask(block("GTS", "01")))

		require.Equal(t, "TLI020", b.ask(block("TLI", "01VERSION001")))
		require.Equal(t, "TLR000", b.ask(block("TLR", "02"+own+other)), "the other acquirer's is passed over")
		require.Equal(t, "TLR000", b.ask(block("TLR", "01"+"026"+"2"+strings.Repeat("0", 22))), "so is a damaged one")
		require.Equal(t, "TLR011", b.ask(block("TLR", "02"+own)), "one record is missing")
		require.Equal(t, "TLR011", b.ask(block("TLR", "01"+"00512")))
		require.Equal(t, "GTS000010"+noVersion, b.ask(block("GTS", "01")), "not before TLE")
		require.Equal(t, "TLE000", b.ask("TLE"))
		require.Equal(t, "GTS000010VERSION001", b.ask(block("GTS", "01")))
		require.Equal(t, "GTS000010"+noVersion, b.ask(block("GTS", "00")))
		require.Equal(t, []tableRecord{tableRecord(own)}, b.device.memory.Tables.Records)

		require.Equal(t, "TLI020", b.ask(block("TLI", "02VERSION002")))
		require.Equal(t, "TLR000", b.ask(block("TLR", "01"+other)))
		require.Equal(t, "TLE000", b.ask("TLE"))
		require.Len(t, b.device.memory.Tables.Records, 2)
		require.Equal(t, "TLI000", b.ask(block("TLI", "01VERSION001")))
		require.Equal(t, "TLE000", b.ask("TLE"), "an empty load erases")
		require.Equal(t, []tableRecord{tableRecord(other)}, b.device.memory.Tables.Records)

		require.Equal(t, "TLI020", b.ask(block("TLI", "00COMMON0001")))
		require.Equal(t, "TLR000", b.ask(block("TLR", "02"+own+other)))
		require.Equal(t, "TLE000", b.ask("TLE"))
		require.Equal(t, "GTS000010COMMON0001", b.ask(block("GTS", "00")))
		require.Equal(t, "GTS000010"+noVersion, b.ask(block("GTS", "02")))

		again, err := loadMemory(b.config.StateFile)
		require.NoError(t, err)
		require.Equal(t, b.device.memory.Tables, again.Tables, "bytes above 7F come back too")
	})
}

func TestTablesHaveALimit(t *testing.T) {
	load := tableLoad{acquirer: "01"}
	for i := range aidRecordsMax + 1 {
		index := string([]byte{'A' + byte(i/26), 'A' + byte(i%26)})
		require.True(t, tables{}.with(load).fits())
		load.add(tableRecord(aidText("01", index, aidElo, "01", "X")))
	}
	require.False(t, tables{}.with(load).fits())
}

// FuzzCommand gives the pinpad whatever a line may carry; it may refuse, never fall.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		"OPN", "GIX006\x00\x01\x00\x02\x93\x00", gcx(), gox(0x05, "\x9F\x1A\x02\x00\x76"), fcx("0000", "00", "\x91\x0A0123456789"),
		block("GPN", gpnBody("16", "4000056655665556")), "TLI01201VERSION001", block("TLR", "01"+aidText("01", "01", aidElo, "01", "X")),
		with("GTK", 0x03, "50", 0x09, "01", 0x08, "6"), with("CEX", 0x06, "111"), "DEX006003ABC", "GIN00200", "CLO", "CLX", "DSP", "TLE",
		with("GED", 0x04, "\x82\x9F\x26"), block("RMC", strings.Repeat(" ", 32)), block("GPN", gpnBody("00", "")),
		tapGCX("000000000100", 0x05, "\xDF\x81\x24\x06\x00\x00\x00\x00\x00\x01"), with("CEX", 0x06, "111100", 0x23, "0604"),
		with("GTK", 0x07, "1111", 0x03, "51", 0x09, "01", 0x08, "8"),
	} {
		for _, shown := range []string{"", "insert", "tap", "swipe"} {
			f.Add([]byte(seed), shown)
		}
	}
	config, _ := files(f)
	f.Fuzz(func(t *testing.T, payload []byte, shown string) {
		simulator, err := New(config)
		require.NoError(t, err)
		d := simulator.device
		stopped := make(chan struct{})
		close(stopped)
		d.stop = stopped
		load := tableLoad{acquirer: "01", version: "VERSION001"}
		load.add(tableRecord(tapText(aidText("01", "01", aidVisaDebit, "01", "X"), "2")))
		d.memory.Tables = d.memory.Tables.with(load)
		d.load = &load
		d.hold(t, shown)
		answer, err := d.perform(payload)
		if err != nil {
			require.ErrorIs(t, err, errStopped)
			return
		}
		require.GreaterOrEqual(t, len(answer), 6)
		require.LessOrEqual(t, len(answer), messageMax)
	})
}

// hold shows a card and reads it, so that the later steps of a sale are reached, and
// shows it once more for another reading.
func (d *device) hold(t *testing.T, shown string) {
	card, err := loadCard(d.cardsDir, "contactless-small")
	require.NoError(t, err)
	d.pin = "1234"
	c := &chip{application: card.Applications[0], counter: 1}
	asked := request{values: map[uint16][]byte{speDate: []byte("260115"), speTime: []byte("120000")}}
	records := d.memory.Tables.aidRecords()
	switch way(shown) {
	case "insert":
		d.slot = &insertion{card: card}
		d.sale = newSale(d.slot, c, records, asked)
		d.tracks = &keptTracks{pan: card.PAN, givesPAN: true, track2: card.track2()}
	case tapped:
		d.sale = newSale(&insertion{card: card}, c, records, asked)
		require.NoError(t, d.sale.decideTap(&tapSale{wantPIN: true}, records[0]))
		d.shown = &presentation{card, tapped}
	case swiped:
		d.swipe(card, "")
		d.shown = &presentation{card, swiped}
	}
}
