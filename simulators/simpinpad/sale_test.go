package simpinpad

import (
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
)

var tagList = string(decodeHex("9F26" + "9F27" + "9F10" + "9F37" + "9F36" + "95" + "9A" + "9C" + "9F02" + "9F03" +
	"5F2A" + "9F1A" + "82" + "9F34" + "5F34" + "84" + "5A" + "57" + "56" + "9F1F" + "9F20"))

func gcx(parameters ...any) string {
	return with("GCX", append([]any{0x15, "260115", 0x16, "120000", 0x13, "000000012345", 0x23, "0604"}, parameters...)...)
}

func gox(parameters ...any) string {
	return with("GOX", append([]any{0x10, "01", 0x02, "3", 0x09, "01", 0x04, tagList}, parameters...)...)
}

func fcx(option, response, emv string) string {
	parameters := []any{0x19, option, 0x04, tagList}
	if response != "" {
		parameters = append(parameters, 0x1C, response)
	}
	if emv != "" {
		parameters = append(parameters, 0x05, emv)
	}
	return with("FCX", parameters...)
}

// sellTo brings a card as far as its online request and gives what GOX answered.
func (b *bench) sellTo(card string) fields {
	b.t.Helper()
	b.loadTables()
	b.hand("card", "insert", card)
	b.hand("pin", "1234")
	b.fields(b.ask(gcx()), "GCX")
	return b.fields(b.ask(gox()), "GOX")
}

// values reads the data objects of an answer.
func (f fields) values(t testing.TB) func(uint32) []byte {
	t.Helper()
	objects, err := parseObjects([]byte(f[0x8054]))
	require.NoError(t, err)
	return func(tag uint32) []byte { return findObject(objects, tag) }
}

// An issuer answers for a card of the deck.
type issuer struct {
	session hsm.Key
	arqc    hsm.Block
}

func issuerOf(t testing.TB, keys *hsm.HostKeys, name string, value func(uint32) []byte) issuer {
	t.Helper()
	card := deckCard(t, name)
	master, err := keys.IssuerMasterKey(card.PAN)
	require.NoError(t, err)
	icc, err := hsm.DeriveICCMasterKey(master, card.PAN, card.PSN)
	require.NoError(t, err)
	atc := value(0x9F36)
	return issuer{hsm.DeriveSessionKey(icc, uint16(atc[0])<<8|uint16(atc[1])), hsm.Block(value(0x9F26))}
}

func (i issuer) answer(t testing.TB, response string) string {
	t.Helper()
	data, err := hsm.IssuerAuthenticationData(i.session, i.arqc, response)
	require.NoError(t, err)
	return "\x91\x0A" + string(data)
}

func deckCard(t testing.TB, name string) DeckCard {
	t.Helper()
	for _, card := range Deck() {
		if card.Name == name {
			return card
		}
	}
	require.FailNow(t, "no such card")
	return DeckCard{}
}

func TestChipSaleIsApprovedWhenTheIssuerProvesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTables()
		b.command(gcx())
		require.Equal(t, "VALOR: 123,45\nINSIRA OU PASSE\nO CARTÃO", b.hand("wait-display", "INSIRA OU PASSE O CARTÃO"))
		b.hand("card", "insert", "visa-credit")
		require.Equal(t, "NTM000032SELECIONADO:    VISA CREDITO    ", b.answer())
		read := b.fields(b.answer(), "GCX")
		require.Equal(t, fields{
			0x804F: "03", 0x8051: "010202", 0x8052: "411111******1111", 0x8053: "01",
			0x8042: "411111******1111=3112201", 0x8055: "CLIENTE DE TESTE", 0x805B: "VISA CREDITO",
			0x805C: "076", 0x805D: "311231",
		}, read)

		b.command(gox())
		require.Equal(t, "NTM000032SOLICITE A SENHA                ", b.answer())
		require.Equal(t, "VALOR: 123,45\nSENHA:", b.hand("wait-display", "SENHA"))
		b.hand("key", "129")
		require.Equal(t, "VALOR: 123,45\nSENHA:\n***", b.hand("wait-display", "***"))
		b.hand("key", "clear")
		b.hand("key", "ok") // two digits are no PIN
		b.hand("key", "34")
		b.hand("key", "ok")
		asked := b.fields(b.answer(), "GOX")
		require.Equal(t, "202000", asked[0x8056])
		require.Empty(t, b.hand("display"))
		require.Equal(t, "1234", b.openPIN(asked, "visa-credit"))

		value := asked.values(t)
		bank := issuerOf(t, b.hostKeys, "visa-credit", value)
		genuine, err := hsm.VerifyCryptogram(bank.session, value, value(0x9F26))
		require.NoError(t, err)
		require.True(t, genuine)
		require.Equal(t, []byte{0x80}, value(0x9F27))
		require.Equal(t, "8000048000", hex.EncodeToString(value(0x95)), "no data authentication, online PIN, over the floor")
		for _, never := range tagsNeverGiven {
			require.Nil(t, value(never), "%X", never)
		}

		done := b.fields(b.ask(fcx("0000", "00", bank.answer(t, "00"))), "FCX")
		require.Equal(t, "000", done[0x8058])
		final := done.values(t)
		require.Equal(t, []byte{0x40}, final(0x9F27))
		genuine, err = hsm.VerifyCryptogram(bank.session, final, final(0x9F26))
		require.NoError(t, err)
		require.True(t, genuine, "the TC is the card's own")

		b.command(block("RMC", padRight("APROVADA", 32)))
		b.hand("wait-display", removeText)
		b.hand("wait-display", "APROVADA")
		b.hand("card", "remove")
		require.Equal(t, "RMC000", b.answer())
		require.Equal(t, "APROVADA", b.hand("display"))
	})
}

// openPIN is what the host finds in the PIN block.
func (b *bench) openPIN(answer fields, card string) string {
	b.t.Helper()
	key, err := b.hostKeys.PINKey(hsm.KSN([]byte(answer[0x804C])))
	require.NoError(b.t, err)
	clear, err := key.DecryptECB([]byte(answer[0x8057]))
	require.NoError(b.t, err)
	pin, err := hsm.DecodePINBlock(hsm.Block(clear), deckCard(b.t, card).PAN)
	require.NoError(b.t, err)
	return pin
}

func TestEveryCardOfTheDeckButTheForeignOneIsGenuine(t *testing.T) {
	for _, card := range Deck() {
		if card.Name == "stripe-only" || card.Name == "chip-error" {
			continue // there is no chip to read
		}
		t.Run(card.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				answer := b.sellTo(card.Name)
				value := answer.values(t)
				bank := issuerOf(t, b.hostKeys, card.Name, value)
				genuine, err := hsm.VerifyCryptogram(bank.session, value, value(0x9F26))
				require.NoError(t, err)
				require.Equal(t, card.Name != "foreign", genuine)
				expired := value(0x95)[1]&0x40 != 0
				require.Equal(t, card.Name == "expired", expired, "tag 95")
				require.Equal(t, "1234", b.openPIN(answer, card.Name))
			})
		})
	}
}

func TestCardHasTheLastWord(t *testing.T) {
	wrongKey := issuer{}
	for name, want := range map[string]struct {
		option, response string
		authenticator    func(issuer) string
		optional         bool
		result           string
	}{
		"approved and proven":                     {"0000", "00", func(i issuer) string { return i.answer(t, "00") }, false, "000"},
		"approved without proof":                  {"0000", "00", nil, false, "100"},
		"approved with a forged proof":            {"0000", "00", func(issuer) string { return wrongKey.answer(t, "00") }, false, "100"},
		"approved with a proof cut short":         {"0000", "00", func(i issuer) string { return "\x91\x04" + i.answer(t, "00")[2:6] }, false, "100"},
		"till says approved, issuer declined":     {"0000", "00", func(i issuer) string { return i.answer(t, "05") }, false, "100"},
		"declined":                                {"1000", "51", func(i issuer) string { return i.answer(t, "51") }, false, "100"},
		"declined without proof":                  {"1000", "51", nil, false, "100"},
		"nobody answered":                         {"2000", "", nil, false, "100"},
		"no proof, where the card wants none":     {"0000", "00", nil, true, "000"},
		"forged proof, where the card wants none": {"0000", "00", func(issuer) string { return wrongKey.answer(t, "00") }, true, "100"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				if want.optional {
					card, err := loadCard(b.config.CardsDir, "visa-credit")
					require.NoError(t, err)
					card.Applications[0].IssuerAuthenticationOptional = true
					writeCard(t, b.config, card)
				}
				value := b.sellTo("visa-credit").values(t)
				emv := ""
				if want.authenticator != nil {
					emv = want.authenticator(issuerOf(t, b.hostKeys, "visa-credit", value))
				}
				done := b.fields(b.ask(fcx(want.option, want.response, emv)), "FCX")
				require.Equal(t, want.result, done[0x8058])
				kind := map[string][]byte{"000": {0x40}, "100": {0x00}}[want.result]
				require.Equal(t, kind, done.values(t)(0x9F27))
			})
		})
	}
}

func TestIssuerScriptsAreReportedAsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		bank := issuerOf(t, b.hostKeys, "visa-credit", b.sellTo("visa-credit").values(t))
		script := "\x72\x0E\x9F\x18\x04ABCD\x86\x05\x84\x1E\x00\x00\x00"
		done := b.fields(b.ask(fcx("0000", "00", bank.answer(t, "00")+script)), "FCX")
		require.Equal(t, "000", done[0x8058])
		require.Equal(t, "\x11ABCD", done[0x8059])
	})
}

func TestCardTakenOutTooEarly(t *testing.T) {
	for name, early := range map[string]func(b *bench) string{
		"before GOX": func(b *bench) string {
			b.fields(b.ask(gcx()), "GCX")
			b.hand("card", "remove")
			return b.ask(gox())
		},
		"at the PIN": func(b *bench) string {
			b.fields(b.ask(gcx()), "GCX")
			b.command(gox())
			b.answer()
			b.hand("wait-display", "SENHA")
			b.hand("card", "remove")
			return b.answer()
		},
		"before FCX": func(b *bench) string {
			b.hand("pin", "1234")
			b.fields(b.ask(gcx()), "GCX")
			b.fields(b.ask(gox()), "GOX")
			b.hand("card", "remove")
			return b.ask(fcx("0000", "00", ""))
		},
		"and put back before FCX": func(b *bench) string {
			b.hand("pin", "1234")
			b.fields(b.ask(gcx()), "GCX")
			b.fields(b.ask(gox()), "GOX")
			b.hand("card", "remove")
			b.hand("card", "insert", "visa-debit")
			return b.ask(fcx("0000", "00", ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				b.loadTables()
				b.hand("card", "insert", "visa-debit")
				require.Equal(t, "043", early(b)[3:])
			})
		})
	}
}

func TestHolderMayCancelAndMayFallAsleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTables()
		b.command(gcx(0x0C, "\x1E"))
		b.hand("wait-display", "INSIRA")
		b.hand("key", "cancel")
		require.Equal(t, "GCX013", b.answer())
		require.Empty(t, b.hand("display"))

		asked := time.Now()
		require.Equal(t, "GCX012", b.ask(gcx(0x0C, "\x1E")))
		require.Equal(t, 30*time.Second, time.Since(asked))
		require.Equal(t, "GCX012", b.ask(gcx(0x0C, "\x00")), "no time at all")

		b.hand("card", "insert", "visa-debit")
		b.fields(b.ask(gcx()), "GCX")
		b.command(gox())
		b.answer()
		b.hand("wait-display", "SENHA")
		b.hand("key", "cancel")
		require.Equal(t, "GOX013", b.answer())

		b.fields(b.ask(gcx()), "GCX")
		b.command(gox())
		b.answer()
		pass(pinIdleTime - time.Second)
		b.hand("key", "1")
		typed := time.Now()
		require.Equal(t, "GOX012", b.answer())
		require.Equal(t, pinIdleTime, time.Since(typed), "every key begins the time anew")
	})
}

func TestPINMayBePassedOverUnlessTheTillForbidsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTables()
		b.hand("card", "insert", "visa-debit")
		b.fields(b.ask(gcx()), "GCX")
		b.command(gox())
		b.answer()
		b.hand("wait-display", "SENHA")
		b.hand("key", "ok")
		answer := b.fields(b.answer(), "GOX")
		require.Equal(t, "200000", answer[0x8056])
		require.NotContains(t, answer, uint16(0x8057))
		require.EqualValues(t, 0x88, answer.values(t)(0x95)[2])

		b.fields(b.ask(gcx()), "GCX")
		b.command(gox(0x18, "00100"))
		b.answer()
		b.hand("wait-display", "SENHA")
		b.hand("key", "ok")
		b.hand("pin", "4321")
		require.Equal(t, "202000", b.fields(b.answer(), "GOX")[0x8056])
	})
}

func TestCardsThatWantNoPINOrASignature(t *testing.T) {
	for method, result := range map[VerificationMethod]string{VerifyNothing: "200000", VerifySignature: "210000"} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t)
			card, err := loadCard(b.config.CardsDir, "visa-credit")
			require.NoError(t, err)
			card.Applications[0].CVM = method
			writeCard(t, b.config, card)
			b.loadTables()
			b.hand("card", "insert", "visa-credit")
			b.fields(b.ask(gcx()), "GCX")
			require.Equal(t, result, b.fields(b.ask(gox()), "GOX")[0x8056])
		})
	}
}

func TestThirdCryptogramOfOneStayIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.sellTo("visa-debit")
		require.Equal(t, "100", b.fields(b.ask(fcx("1000", "51", "")), "FCX")[0x8058])
		b.fields(b.ask(gcx()), "GCX")
		require.Equal(t, "GOX047", b.ask(gox()))
		b.hand("card", "remove")
		b.hand("card", "insert", "visa-debit")
		b.hand("pin", "1234")
		b.fields(b.ask(gcx()), "GCX")
		require.Equal(t, "202000", b.fields(b.ask(gox()), "GOX")[0x8056])
	})
}

func TestCommandsOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		for _, early := range []string{gox(), fcx("1000", "51", ""), with("GED", 0x04, "\x82"), with("GTK", 0x03, "50", 0x09, "01"), "TLE"} {
			require.Equal(t, early[:3]+"010", b.ask(early))
		}
		b.loadTables()
		b.hand("card", "insert", "visa-debit")
		b.hand("pin", "1234")
		b.fields(b.ask(gcx()), "GCX")
		require.Equal(t, "FCX010", b.ask(fcx("1000", "51", "")), "straight after GCX")
		b.fields(b.ask(gox()), "GOX")
		require.Equal(t, "GOX010", b.ask(gox()), "twice")
		require.Equal(t, "DSP000", b.ask(block("DSP", padRight("AGUARDE", 32))), "others may come between")
		b.fields(b.ask(fcx("1000", "51", "")), "FCX")
		require.Equal(t, "FCX010", b.ask(fcx("1000", "51", "")), "twice")
		require.Equal(t, "GTK000", b.ask(with("GTK", 0x03, "50", 0x09, "01"))[:6])
		require.Equal(t, "GTK010", b.ask(with("GTK", 0x03, "50", 0x09, "01")), "once only")
		require.Equal(t, "CLX000", b.ask(with("CLX", 0x1B, "OBRIGADO")))
		require.Equal(t, "OBRIGADO", b.hand("display"))
		require.Equal(t, "GED010", b.ask(with("GED", 0x04, "\x82")))
	})
}

func TestMissingAndWrongParameters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTables()
		b.hand("card", "insert", "visa-debit")
		b.hand("pin", "1234")
		b.fields(b.ask(gcx()), "GCX")
		for answer, command := range map[string][]string{
			"GCX019": {with("GCX"), "GCX", with("GCX", 0x15, "260115")},
			"GCX011": {with("GCX", 0x15, "2601", 0x16, "120000"), "GCX010", "GCX0x1", "GCX003ABC", with("GCX", 0x15, "260115", 0x16, "120000", 0x04, "\x9F")},
			"CEX019": {"CEX"},
			"GED019": {"GED"},
			"GIX011": {with("GIX", 0x01, "\x80")},
		} {
			for _, asked := range command {
				require.Equal(t, answer, b.ask(asked), "%q", asked)
			}
		}
		b.fields(b.ask(gcx()), "GCX")
		for answer, command := range map[string][]string{
			"GOX019": {with("GOX"), with("GOX", 0x10, "01", 0x02, "3"), with("GOX", 0x10, "01", 0x02, "1", 0x09, "01")},
			"GOX011": {gox(0x13, "12"), with("GOX", 0x10, "02", 0x02, "3", 0x09, "01"), with("GOX", 0x10, "01", 0x02, "0", 0x09, "01"), gox(0x05, "\x9F")},
			"GOX042": {with("GOX", 0x10, "01", 0x02, "3", 0x09, "02"), with("GOX", 0x10, "01", 0x02, "1", 0x09, "01", 0x0A, strings.Repeat("0", 16))},
			"GTK011": {with("GTK"), with("GTK", 0x03, "90", 0x09, "01"), with("GTK", 0x03, "50", 0x09, "01", 0x08, "3")},
			"GTK019": {with("GTK", 0x03, "50"), with("GTK", 0x03, "10", 0x09, "01")},
			"GTK042": {with("GTK", 0x03, "50", 0x09, "77")},
		} {
			for _, asked := range command {
				require.Equal(t, answer, b.ask(asked), "%q", asked)
			}
		}
		b.fields(b.ask(gox()), "GOX")
		require.Equal(t, "FCX019", b.ask(with("FCX")))
		require.Equal(t, "FCX019", b.ask(with("FCX", 0x19, "0000")))
		require.Equal(t, "FCX011", b.ask(with("FCX", 0x19, "3000", 0x1C, "00")))
		require.Equal(t, "100", b.fields(b.ask(with("FCX", 0x19, "2000")), "FCX")[0x8058])
	})
}

func TestAmountThatFitsNoCardIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTables()
		b.hand("card", "insert", "visa-debit")
		b.fields(b.ask(gcx()), "GCX")
		require.Equal(t, "GOX077", b.ask(gox(0x13, "004294967296")))
	})
}

func TestTableThatDeniesGoingOnlineDeclinesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		record := aidText("01", "01", aidVisaCredit, "01", "LABEL")
		record = record[:136] + "0040000000" + record[146:] // deny an expired card
		require.Equal(t, "TLI020", b.ask(block("TLI", "01VERSION001")))
		require.Equal(t, "TLR000", b.ask(block("TLR", "01"+record)))
		require.Equal(t, "TLE000", b.ask("TLE"))
		b.hand("card", "insert", "expired")
		b.hand("pin", "1234")
		b.fields(b.ask(gcx()), "GCX")
		answer := b.fields(b.ask(gox()), "GOX")
		require.Equal(t, "102000", answer[0x8056])
		require.Equal(t, []byte{0x00}, answer.values(t)(0x9F27))
		b.hand("card", "remove")
		require.Equal(t, "100", b.fields(b.ask(fcx("1000", "51", "")), "FCX")[0x8058], "no error once declined")
	})
}

func TestChoosingAnApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.hand("card", "insert", "visa-debit")
		require.Equal(t, "GCX070", b.ask(gcx()), "no tables")
		b.loadTables()
		for answer, command := range map[string]string{
			"GCX000": gcx(0x11, "0102"),
			"GCX070": gcx(0x11, "02"),
		} {
			require.Equal(t, answer, b.ask(command)[:6])
		}
		require.Equal(t, "GCX070", b.ask(gcx(0x10, "05")))
		require.Equal(t, "GCX000", b.ask(gcx(0x12, "01030101"))[:6])
		require.Equal(t, "GCX000", b.ask(gcx(0x12, "0101", 0x10, "05", 0x11, "99"))[:6], "a list alone counts")
		require.Equal(t, "GCX070", b.ask(gcx(0x12, "0102")))
	})
}

func TestHolderChoosesBetweenTwoApplications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		card, err := loadCard(b.config.CardsDir, "visa-debit")
		require.NoError(t, err)
		second := card.Applications[0]
		second.AID, second.Label = aidVisaCredit, ""
		card.Applications = append(card.Applications, second)
		writeCard(t, b.config, card)
		b.loadTables()
		b.hand("card", "insert", "visa-debit")
		b.command(gcx())
		require.Equal(t, "SELECIONE:\n1.VISA ELECTRON\n2.LABEL", b.hand("wait-display", "SELECIONE"))
		b.hand("key", "9")
		b.hand("key", "2")
		require.Equal(t, "NTM000032SELECIONADO:    LABEL           ", b.answer())
		require.Equal(t, "LABEL", b.fields(b.answer(), "GCX")[0x805B])

		b.command(gcx())
		b.hand("wait-display", "SELECIONE")
		b.hand("card", "remove")
		require.Equal(t, "GCX043", b.answer())
	})
}

func TestTracksComeEncryptedAndOpenUnderTheHostKey(t *testing.T) {
	card := deckCard(t, "elo-debit")
	track2 := card.PAN + "d3112201" + "0000012345678"
	for method, oneKey := range map[string]bool{"50": true, "51": false} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t)
			b.loadTables()
			b.hand("card", "insert", "elo-debit")
			b.fields(b.ask(gcx()), "GCX")
			got := b.fields(b.ask(with("GTK", 0x03, method, 0x09, "01", 0x08, "4", 0x1D, "VECTOR00")), "GTK")
			require.Len(t, got, 4)
			require.Equal(t, oneKey, got[0x804B] == got[0x8048], "one key serial number for both")
			open := func(data, ksn string) string {
				key, err := b.hostKeys.DataKey(hsm.KSN([]byte(ksn)))
				require.NoError(t, err)
				var clear []byte
				if method == "50" {
					clear, err = key.DecryptECB([]byte(data[2:]))
				} else {
					clear, err = key.DecryptCBC(hsm.Block([]byte("VECTOR00")), []byte(data[2:]))
				}
				require.NoError(t, err)
				return hex.EncodeToString([]byte(data[:2])) + hex.EncodeToString(clear)
			}
			require.Equal(t, card.PAN+"ffff", open(got[0x804A], got[0x804B]))
			require.Equal(t, track2, strings.TrimRight(open(got[0x8045], got[0x8048]), "f"))
		})
	}
}

func TestClearTracksAreASwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, hostKeys := files(t)
		config.AllowClearTracks = true
		b := startWith(t, config, hostKeys)
		b.loadTables()
		b.hand("card", "insert", "visa-debit")
		b.fields(b.ask(gcx()), "GCX")
		got := b.fields(b.ask(with("GTK", 0x07, "1000")), "GTK")
		require.Equal(t, fields{0x804A: string(decodeHex(deckCard(t, "visa-debit").PAN))}, got)
	})
}

func TestPANIsMaskedAsTheTillAsks(t *testing.T) {
	for mask, want := range map[string]string{
		"": "4444333322221111", "0604": "444433******1111", "0700": "4444333*********", "0000": "****************",
		"0808": "4444333322221111", "0909": "4444333322221111", "9999": "4444333322221111",
	} {
		require.Equal(t, want, maskDigits("4444333322221111", mask), mask)
	}
	require.Equal(t, "4444333*********=2212601", maskedTrack2("4444333322221111=22126010987", "0700"))
}

func TestPINScreenTexts(t *testing.T) {
	none := request{}
	require.Equal(t, "DIGITE A SENHA", pinTitle(none, 0))
	require.Equal(t, "VALOR: 99.999,99\rSENHA:", pinTitle(none, 9_999_999))
	require.Equal(t, "100.000,00\rSENHA:", pinTitle(none, 10_000_000))
	require.Equal(t, "CRÉDITO", pinTitle(request{values: map[uint16][]byte{speMessage: []byte("CR\xC9DITO")}}, 5))
	require.Equal(t, "0,05", formatAmount(5))
	require.Equal(t, "42.949.672,95", formatAmount(amountMaxCents))
}
