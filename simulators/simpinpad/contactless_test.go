package simpinpad

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
)

// tapGCX asks for a card, also without contact.
func tapGCX(amount string, parameters ...any) string {
	return with("GCX", append([]any{0x13, amount, 0x15, "260115", 0x16, "120000", 0x23, "0604", 0x17, "10000"}, parameters...)...)
}

// tapFor reads a tapped card for an amount and gives what GCX answered.
func (b *bench) tapFor(amount, card string) fields {
	b.t.Helper()
	b.command(tapGCX(amount))
	b.hand("card", "tap", card)
	require.Contains(b.t, b.answer(), "NTM000032SELECIONADO:")
	return b.fields(b.answer(), "GCX")
}

func TestContactlessSaleIsDecidedBeforeTheAntennaAndTakesThePINAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTapTables()
		b.command(tapGCX("000000012345"))
		require.Equal(t, "VALOR: 123,45\nAPROXIME, INSIRA\nOU PASSE O\nCARTÃO", b.hand("wait-display", "APROXIME, INSIRA OU PASSE O CARTÃO"))
		b.hand("card", "tap", "contactless")
		require.Equal(t, "NTM000032SELECIONADO:    MASTERCARD      ", b.answer())
		require.Equal(t, fields{
			0x804F: "06", 0x8051: "010301", 0x8052: "545454******5454", 0x8053: "01", 0x8042: "545454******5454=3112201",
			0x805B: "MASTERCARD", 0x805C: "076", 0x805D: "311231", 0x8060: "00",
		}, b.fields(b.answer(), "GCX"))
		b.refused("does not ask for a card to tap", "card", "tap", "contactless", "1s")

		b.command(gox())
		require.Equal(t, "NTM000032SOLICITE A SENHA                ", b.answer())
		b.hand("wait-display", "VALOR: 123,45 SENHA:")
		b.hand("key", "ok") // without contact no PIN is passed over
		b.hand("pin", "1234")
		asked := b.fields(b.answer(), "GOX")
		require.Equal(t, "202000", asked[0x8056])
		require.Equal(t, "1234", b.openPIN(asked, "contactless"))
		value := asked.values(t)
		terminal := b.fields(b.ask(with("GED", 0x04, "\x9F\x33")), "GED")
		require.Equal(t, unhex(t, "E068C8"), terminal.values(t)(0x9F33), "the terminal's data for the antenna")
		require.Equal(t, unhex(t, "420300"), value(0x9F34))
		bank := issuerOf(t, b.hostKeys, "contactless", value)
		genuine, err := hsm.VerifyCryptogram(bank.session, value, value(0x9F26))
		require.NoError(t, err)
		require.True(t, genuine)
		for _, never := range tagsNeverGiven {
			require.Nil(t, value(never), "%X", never)
		}

		require.Equal(t, fields{0x8058: "000", 0x8054: ""}, b.fields(b.ask(fcx("0000", "00", bank.answer(t, "00"))), "FCX"))
		require.Equal(t, "FCX010", b.ask(fcx("0000", "00", "")), "once")
		require.Equal(t, "RMC000", b.ask(block("RMC", padRight("APROVADA", 32))), "no card is in")
	})
}

func TestFinishingAContactlessSaleGivesBackWhatTheTillSaid(t *testing.T) {
	for option, result := range map[string]string{"0000": "000", "1000": "100", "2000": "100"} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t)
			b.loadTapTables()
			b.tapFor("000000000850", "contactless-small")
			b.fields(b.ask(gox()), "GOX")
			require.Equal(t, fields{0x8058: result}, b.fields(b.ask(with("FCX", 0x19, option, 0x1C, "00")), "FCX"))
		})
	}
}

func TestTheHolderIsVerifiedAboveTheLimitOfTheTables(t *testing.T) {
	for name, want := range map[string]struct{ card, amount, result, cvm string }{
		"at the limit":              {"contactless-small", "000000020000", "200000", "1F0002"},
		"above it":                  {"contactless-small", "000000020001", "202000", "420300"},
		"a card that always wants":  {"contactless", "000000000100", "202000", "420300"},
		"a phone that has asked":    {"phone", "000000020001", "200100", "010002"},
		"a signature on the screen": {"signs", "000000020001", "210000", "1E0300"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				b.reshape("contactless", "signs", func(c *Card) { c.Contactless.CVM = VerifySignature })
				b.loadTapTables()
				if want.card == "phone" {
					b.command(tapGCX(want.amount))
					b.hand("card", "tap", "phone")
					require.Equal(t, "GCX086", b.answer(), "the owner has to unlock it first")
					require.Empty(t, b.hand("display"))
				}
				read := b.tapFor(want.amount, want.card)
				require.Equal(t, map[bool]string{true: "01", false: "00"}[want.card == "phone"], read[0x8060])
				b.hand("pin", "1234")
				got := b.fields(b.ask(gox()), "GOX")
				require.Equal(t, want.result, got[0x8056])
				require.Equal(t, unhex(t, want.cvm), got.values(t)(0x9F34))
				require.Equal(t, want.result[2] == '2', got[0x8057] != "")
			})
		})
	}
}

// reshape puts a changed copy of a card of the deck into the drawer.
func (b *bench) reshape(name, copied string, change func(*Card)) {
	b.t.Helper()
	card, err := loadCard(b.config.CardsDir, name)
	require.NoError(b.t, err)
	card.Name = copied
	change(card)
	writeCard(b.t.(*testing.T), b.config, card)
}

func TestTheAntennaIsOfferedOnlyWhereEverybodyWantsIt(t *testing.T) {
	const amount = "000000012345"
	plain := aidText("01", "01", aidMastercard, "01", "X")
	taken := tapText(plain, "4")
	for name, tc := range map[string]struct {
		record, command string
		offered         bool
	}{
		"as the tables say":            {taken, tapGCX(amount), true},
		"the till does not ask":        {taken, gcx(), false},
		"no kernel in the tables":      {plain, tapGCX(amount), false},
		"of another kind":              {taken, tapGCX(amount, 0x11, "02"), false},
		"at the limit":                 {taken, tapGCX("000000500000"), true},
		"above the limit":              {taken, tapGCX("000000500001"), false},
		"above it for cards alone":     {put(taken, 331, "FFFFFFFF"), tapGCX("000000500001"), true},
		"the till sets lower limits":   {taken, tapGCX(amount, 0x05, "\xDF\x81\x24\x06\x00\x00\x00\x00\x00\x01\xDF\x81\x25\x06\x00\x00\x00\x00\x00\x01"), false},
		"no amount":                    {taken, tapGCX("000000000000"), false},
		"no amount where that is fine": {put(taken, 165, "1"), tapGCX("000000000000"), true},
		"a record of an older edition": {"284" + taken[3:284], tapGCX(amount), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				b.load(tc.record)
				b.command(tc.command)
				shown := oneLine(b.hand("wait-display", "INSIRA OU PASSE O CARTÃO"))
				require.Equal(t, tc.offered, strings.Contains(shown, "APROXIME, INSIRA"))
				require.Equal(t, tc.offered, strings.Contains(b.hand("state"), `"antenna":true`))
				if !tc.offered {
					b.refused("does not ask for a card to tap", "card", "tap", "contactless", "1s")
				}
			})
		})
	}
}

func TestAPinpadWithoutAnAntennaSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, hostKeys := files(t)
		config.NoContactless = true
		b := startWith(t, config, hostKeys)
		b.loadTapTables()
		about := b.fields(b.ask("GIX"), "GIX")
		require.Equal(t, "0012900000", about[0x8005])
		require.NotContains(t, about, uint16(0x800B))
		require.Equal(t, " ", b.ask(block("GIN", "00"))[9+39:9+40])
		b.command(tapGCX("000000012345"))
		require.NotContains(t, b.hand("wait-display", "INSIRA"), "APROXIME")
		b.refused("does not ask", "card", "tap", "contactless", "1s")
	})
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		about := b.fields(b.ask("GIX"), "GIX")
		require.Equal(t, "1012900000", about[0x8005])
		require.Equal(t, "2469B", about[0x800B])
		require.Equal(t, "C", b.ask(block("GIN", "00"))[9+39:9+40])
	})
}

func TestACardInTheSlotIsReadAndTheAntennaStaysOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTapTables()
		b.hand("card", "insert", "contactless")
		require.Equal(t, "03", b.fields(b.ask(tapGCX("000000012345")), "GCX")[0x804F])
	})
}

func TestTheAntennaGivesUpAfterTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTapTables()
		asked := time.Now()
		require.Equal(t, "GCX012", b.ask(tapGCX("000000012345")))
		require.Equal(t, 2*time.Minute, time.Since(asked))
		require.Equal(t, "GCX012", b.ask(tapGCX("000000012345", 0x0C, "\x05")))
		require.Equal(t, 2*time.Minute+5*time.Second, time.Since(asked))
	})
}

func TestATapEndsAsTheHandSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTapTables()
		b.hand("fail-tap", "080", "81", "087")
		for _, want := range []string{"GCX080", "GCX081", "GCX087"} {
			b.command(tapGCX("000000012345"))
			b.hand("card", "tap", "contactless")
			require.Equal(t, want, b.answer())
			require.Empty(t, b.hand("display"))
		}
		b.tapFor("000000012345", "contactless")
		b.refused("no card before an antenna ends with", "fail-tap", "070")
		b.refused("no card before an antenna ends with", "fail-tap", "x")
	})
}

func TestATapThatTheTablesDoNotTake(t *testing.T) {
	for name, tc := range map[string]struct{ record, card, want string }{
		"no common application":    {tapText(aidText("01", "01", aidElo, "01", "X"), "7"), "contactless", "GCX070"},
		"too much for a card":      {put(tapText(aidText("01", "01", aidMastercard, "01", "X"), "4"), 167, "00000001"), "contactless", "GCX087"},
		"no PIN at this antenna":   {put(tapText(aidText("01", "01", aidMastercard, "01", "X"), "4"), 314, "E028C8"), "contactless", "GCX087"},
		"denied before the issuer": {put(tapText(aidText("01", "01", aidMastercard, "01", "X"), "4"), 294, "8000000000"), "contactless", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				b.load(tc.record)
				if tc.want == "" {
					b.tapFor("000000012345", tc.card)
					got := b.fields(b.ask(gox()), "GOX")
					require.Equal(t, "100000", got[0x8056], "and no PIN is asked for")
					require.Equal(t, []byte{0x00}, got.values(t)(0x9F27))
					return
				}
				b.command(tapGCX("000000012345"))
				b.hand("card", "tap", tc.card)
				require.Equal(t, tc.want, b.answer())
			})
		})
	}
}

func TestNothingAboutATapChangesAfterIt(t *testing.T) {
	for name, change := range map[string][]any{
		"amount": {0x13, "000000012346"}, "cash back": {0x14, "000000000100"}, "kind of sale": {0x21, "\x20"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				b.loadTapTables()
				b.tapFor("000000012345", "contactless-small")
				require.Equal(t, "GOX011", b.ask(gox(change...)))
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTapTables()
		b.tapFor("000000012345", "contactless-small")
		require.Equal(t, "GOX011", b.ask(with("GOX", 0x10, "02", 0x02, "3", 0x09, "01")), "an acquirer that was not named")
		require.Equal(t, "200000", b.fields(b.ask(gox(0x13, "000000012345", 0x21, "\x00")), "GOX")[0x8056])
	})
}

func TestAnEmulatedStripeHasTracksAndNoChip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.reshape("contactless", "old-phone", func(c *Card) { c.Contactless.Stripe, c.Contactless.Form, c.Contactless.CVMAlways = true, "01", false })
		b.loadTapTables()
		require.Equal(t, fields{
			0x804F: "05", 0x8051: "010301", 0x805B: "MASTERCARD", 0x8060: "01",
			0x8041: "B545454******5454^CLIENTE DE TESTE^3112201", 0x8042: "545454******5454=3112201",
		}, b.tapFor("000000012345", "old-phone"))
		require.Equal(t, "GOX010", b.ask(gox()))
		require.Equal(t, "FCX010", b.ask(fcx("0000", "00", "")))
		require.Equal(t, "GED000", b.ask(with("GED", 0x04, "\x84"))[:6])
		b.hand("pin", "1234")
		answer := b.ask(block("GPN", gpnBody("00", "")))
		require.Equal(t, "1234", b.openPIN(fields{0x8057: string(unhex(t, answer[9:25])), 0x804C: string(unhex(t, answer[25:]))}, "contactless"))
		got := b.fields(b.ask(with("GTK", 0x03, "50", 0x09, "01")), "GTK")
		require.NotContains(t, got, uint16(0x804A), "the PAN is a chip's")
		require.Contains(t, got, uint16(0x8044))
		require.Contains(t, got, uint16(0x8045))
	})
}

// The golden contactless sale: what its card and its answer to GOX and FCX hold is
// found in those of this pinpad, for the same commands.
func TestGoldenContactlessSale(t *testing.T) {
	vectors := transcripts(t, "G6")
	synctest.Test(t, func(t *testing.T) {
		b := startGolden(t, goldenCard())
		require.Equal(t, "TLI020", b.ask(block("TLI", "02VERSION001")))
		require.Equal(t, "TLR000", b.ask(block("TLR", "01"+tapText(aidText("02", "01", aidMastercard, "01", "CREDITO"), "4"))))
		require.Equal(t, "TLE000", b.ask("TLE"))
		asked := ""
		for _, v := range vectors {
			switch payload := string(unhex(t, v.Payload)); {
			case v.toPinpad():
				b.send(unhex(t, v.Wire)...)
				asked = payload[:3]
			case payload == "":
				b.expect(unhex(t, v.Wire)...)
				if asked == "GCX" {
					b.hand("card", "tap", "golden")
				}
			case payload[:3] == "NTM":
				require.Equal(t, payload[:19], b.answer()[:19])
			default:
				got := b.fields(b.answer(), payload[:3])
				for id, want := range b.fields(payload, payload[:3]) {
					require.Equal(t, want, got[id], "%s %X", payload[:3], id)
				}
			}
		}
	})
}
