package simpinpad

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
)

// swipe reads a swiped card and gives what GCX answered.
func (b *bench) swipe(card string) fields {
	b.t.Helper()
	b.command(gcx())
	b.hand("card", "swipe", card)
	return b.fields(b.answer(), "GCX")
}

func TestASwipeGivesBothTracksTruncated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		require.Equal(t, fields{
			0x804F: "00", 0x8050: "0",
			0x8041: "B400000******0002^CLIENTE DE TESTE^3112101", 0x8042: "400000******0002=3112101",
		}, b.swipe("stripe-only"), "no tables are needed")
		require.Empty(t, b.hand("display"))
		for _, no := range []string{gox(), fcx("0000", "00", ""), with("GED", 0x04, "\x82")} {
			require.Equal(t, no[:3]+"010", b.ask(no))
		}
	})
}

func TestWhatBecameOfTheLastChipIsToldWithTheSwipe(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(b *bench)
		want   string
	}{
		"no chip":           {func(*bench) {}, "0"},
		"chip read":         {func(b *bench) { b.insertFor(gcx(), "visa-credit", "GCX000") }, "0"},
		"chip mute":         {func(b *bench) { b.insertFor(gcx(), "mute", "GCX060") }, "1"},
		"no chip at all":    {func(b *bench) { b.insertFor(gcx(), "stripe-only", "GCX060") }, "1"},
		"contacts dirty":    {func(b *bench) { b.insertFor(gcx(), "dirty", "GCX061") }, "1"},
		"fallback at GCX":   {func(b *bench) { b.insertFor(gcx(), "chip-error", "GCX076") }, "1"},
		"chip inconsistent": {func(b *bench) { b.insertFor(gcx(), "inconsistent", "GCX069") }, "0"},
		"no application":    {func(b *bench) { b.insertFor(gcx(0x11, "99"), "visa-credit", "GCX070") }, "2"},
		"fallback at GOX": {func(b *bench) {
			b.hand("card", "insert", "late")
			b.hand("pin", "1234")
			b.fields(b.ask(gcx()), "GCX")
			require.Equal(b.t, "GOX076", b.ask(gox()))
			require.Equal(b.t, "FCX010", b.ask(fcx("2000", "", "")), "the transaction is over")
			b.hand("card", "remove")
		}, "1"},
		"another GCX in between": {func(b *bench) {
			b.insertFor(gcx(), "mute", "GCX060")
			require.Equal(b.t, "GCX012", b.ask(gcx(0x0C, "\x00")))
		}, "0"},
		"a GCX given up in between": {func(b *bench) {
			b.insertFor(gcx(), "mute", "GCX060")
			b.command(gcx())
			b.send(hostCAN)
			b.expect(hostEOT)
		}, "1"},
		"RMC in between": {func(b *bench) {
			b.hand("card", "insert", "mute")
			require.Equal(b.t, "GCX060", b.ask(gcx()))
			b.command(block("RMC", padRight("RETIRE", 32)))
			b.hand("card", "remove")
			require.Equal(b.t, "RMC000", b.answer())
		}, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				for card, fault := range map[string]ChipFault{
					"mute": {"GCX", 60}, "dirty": {"GCX", 61}, "inconsistent": {"GCX", 69}, "late": {"GOX", 76},
				} {
					b.reshape("visa-debit", card, func(c *Card) { c.ChipFault = &fault })
				}
				b.loadTables()
				tc.before(b)
				require.Equal(t, tc.want, b.swipe("visa-debit")[0x8050])
				require.Equal(t, "0", b.swipe("visa-debit")[0x8050], "it is told once")
			})
		})
	}
}

// insertFor reads an inserted card with a command and takes it out again.
func (b *bench) insertFor(command, card, want string) {
	b.t.Helper()
	b.hand("card", "insert", card)
	require.Equal(b.t, want, b.ask(command)[:6])
	b.hand("card", "remove")
}

func TestASwipeThatCannotBeReadIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.reshape("stripe-only", "worn", func(c *Card) { c.StripeUnreadable = true })
		require.Equal(t, fields{0x804F: "00", 0x8050: "0"}, b.swipe("worn"))
		require.Equal(t, "GPN010", b.ask(block("GPN", gpnBody("00", ""))))
		require.Equal(t, "GTK000000", b.ask(with("GTK", 0x03, "50", 0x09, "01")))
	})
}

func TestThePINOfAStripeComesBeforeItsTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.swipe("stripe-only")
		b.hand("pin", "1234")
		answer := b.ask(block("GPN", gpnBody("00", "")))
		got := fields{0x8057: string(unhex(t, answer[9:25])), 0x804C: string(unhex(t, answer[25:]))}
		require.Equal(t, "1234", b.openPIN(got, "stripe-only"))
		require.Contains(t, b.fields(b.ask(with("GTK", 0x03, "50", 0x09, "01")), "GTK"), uint16(0x8045))
		require.Equal(t, "GPN010", b.ask(block("GPN", gpnBody("00", ""))), "the number is gone with the tracks")
	})
}

func TestTheFirstTrackOpensUnderTheHostKey(t *testing.T) {
	const track1 = "B4000000760000002^CLIENTE DE TESTE^31121010000012345678"
	for method, fieldCount := range map[string]int{"50": 4, "51": 4} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t)
			b.swipe("stripe-only")
			got := b.fields(b.ask(with("GTK", 0x07, "1111", 0x03, method, 0x09, "01", 0x08, "6", 0x1D, "VECTOR00")), "GTK")
			require.Len(t, got, fieldCount, "two tracks with their serial numbers, no PAN")
			require.Equal(t, "B400000", got[0x8044][:7])
			key, err := b.hostKeys.DataKey(hsm.KSN([]byte(got[0x8047])))
			require.NoError(t, err)
			clear, err := key.DecryptECB([]byte(got[0x8044][7:]))
			if method == "51" {
				clear, err = key.DecryptCBC(hsm.Block([]byte("VECTOR00")), []byte(got[0x8044][7:]))
			}
			require.NoError(t, err)
			require.Equal(t, track1[7:], strings.TrimRight(string(clear), "\x00"))
		})
	}
	synctest.Test(t, func(t *testing.T) {
		config, hostKeys := files(t)
		config.AllowClearTracks = true
		b := startWith(t, config, hostKeys)
		b.swipe("stripe-only")
		require.Equal(t, fields{0x8044: track1}, b.fields(b.ask(with("GTK", 0x07, "0100")), "GTK"))
	})
}

func TestTracksAreTruncatedAndMasked(t *testing.T) {
	const track = "B4444333322221111^WILSON F MARTINS^2212000987654321"
	require.Equal(t, "B444433******1111^WILSON F MARTINS^2212000", maskedTrack1(track, "0604"))
	require.Equal(t, "B4444333322221111^WILSON F MARTINS^2212000", maskedTrack1(track, ""))
}

func TestCEXHearsStripeAndAntenna(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTapTables()
		b.command(with("CEX", 0x06, "011100", 0x23, "0604"))
		b.hand("card", "swipe", "visa-debit")
		require.Equal(t, fields{
			0x8040: "90", 0x8041: "B400005******5556^CLIENTE DE TESTE^3112201", 0x8042: "400005******5556=3112201",
		}, b.fields(b.answer(), "CEX"))
		b.hand("pin", "1234")
		require.Equal(t, "GPN000036", b.ask(block("GPN", gpnBody("00", "")))[:9], "the card is the one just swiped")
		require.Contains(t, b.fields(b.ask(with("GTK", 0x03, "50", 0x09, "01")), "GTK"), uint16(0x8045))

		b.command(with("CEX", 0x06, "000100"))
		b.refused("does not ask for a card to swipe", "card", "swipe", "visa-debit", "1s")
		b.hand("card", "tap", "contactless-small")
		require.Equal(t, with("CEX000", 0x8040, "94"), b.answer())
		require.Contains(t, b.ask(tapGCX("000000000100")), "GCX000", "the card is still in the field")

		asked := time.Now()
		require.Equal(t, with("CEX000", 0x8040, "93"), b.ask(with("CEX", 0x06, "000100")))
		require.Equal(t, antennaTime, time.Since(asked))
		require.Equal(t, "CEX012", b.ask(with("CEX", 0x06, "010100", 0x0C, "\x05")))
		require.Equal(t, antennaTime+5*time.Second, time.Since(asked))
	})
	synctest.Test(t, func(t *testing.T) {
		config, hostKeys := files(t)
		config.NoContactless = true
		b := startWith(t, config, hostKeys)
		b.command(with("CEX", 0x06, "100100"))
		b.refused("does not ask for a card to tap", "card", "tap", "contactless", "1s")
		b.hand("key", "ok")
		require.Equal(t, with("CEX000", 0x8040, "00"), b.answer())
	})
}

func TestHandsShowOnlyCardsThatAreWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.loadTapTables()
		b.refused("does not ask for a card to swipe", "card", "swipe", "visa-debit", "1s")
		b.refused("card visa-debit has no antenna", "card", "tap", "visa-debit")
		b.refused("usage: card insert NAME", "card", "tap")
		b.refused("usage: card insert NAME", "card", "swipe", "a", "b")
		b.refused(`load card "nobodys"`, "card", "swipe", "nobodys")
		b.refused("no card in the slot", "card", "remove")

		b.command(with("CEX", 0x06, "000100"))
		b.hand("card", "tap", "contactless-small")
		require.Equal(t, with("CEX000", 0x8040, "94"), b.answer())
		b.hand("card", "remove")
		b.command(tapGCX("000000000100"))
		b.hand("wait-display", "APROXIME")
		b.hand("card", "swipe", "visa-debit")
		require.Equal(t, "00", b.fields(b.answer(), "GCX")[0x804F], "the tapped card was taken away")
	})
}

// The golden magnetic sale, but for the first track, which the golden card lacks.
func TestGoldenMagneticSale(t *testing.T) {
	vectors := transcripts(t, "G5")
	synctest.Test(t, func(t *testing.T) {
		b := startGolden(t, goldenCard())
		b.replay(vectors[:2])
		b.hand("card", "swipe", "golden")
		want, got := b.fields(string(unhex(t, vectors[2].Payload)), "GCX"), b.fields(b.answer(), "GCX")
		delete(got, 0x8041)
		require.Equal(t, want, got)
		b.replay(vectors[3:5])
		b.hand("wait-display", "VALOR: 25,99 SENHA:")
		b.hand("pin", "1234")
		b.replay(vectors[5:])
	})
}
