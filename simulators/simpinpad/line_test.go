package simpinpad

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPacketIsAcknowledgedAndAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		for _, open := range []string{"OPN", "OPN000"} {
			b.command(open)
			require.Equal(t, "OPN000", b.answer())
		}
	})
}

func TestDamagedPacketIsAskedForAgainAfterSilence(t *testing.T) {
	for name, packet := range map[string][]byte{
		"wrong sum":            {0x16, 'O', 'P', 'N', 0x17, 0, 0},
		"illegal escape":       {0x16, 'O', 0x13, 0x34, 'N'},
		"too long":             append([]byte{0x16}, bytes.Repeat([]byte{'A'}, payloadMax+1)...),
		"and more noise":       {0x16, 'O', 'P', 'N', 0x17, 0, 0, hostCAN, 0x16, hostNAK},
		"sum of a cut payload": {0x16, 'O', 'P', 0x17, 0xA8, 0xA9},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				b.send(packet...)
				sent := time.Now()
				b.expect(hostNAK)
				require.Equal(t, silenceTime, time.Since(sent))
				require.Equal(t, "OPN000", b.ask("OPN"), "the line works again")
			})
		})
	}
}

func TestCutPacketIsDamagedAfterTheGapBetweenBytes(t *testing.T) {
	for name, packet := range map[string][]byte{
		"after SYN":      {0x16},
		"in the data":    {0x16, 'O', 'P'},
		"in an escape":   {0x16, 'O', 0x13},
		"before the sum": {0x16, 'O', 'P', 'N', 0x17},
		"in the sum":     {0x16, 'O', 'P', 'N', 0x17, 0xA8},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				b.send(packet...)
				sent := time.Now()
				b.expect(hostNAK)
				require.Equal(t, byteGapMax+silenceTime, time.Since(sent))
			})
		})
	}
}

func TestSlowBytesStillMakeAPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		for _, one := range frame([]byte("OPN")) {
			b.send(one)
			pass(byteGapMax - time.Millisecond)
		}
		b.expect(hostACK)
		require.Equal(t, "OPN000", b.answer())
	})
}

// pass lets fake time pass.
func pass(period time.Duration) { <-time.After(period) }

func TestLongestPacketPassesTheLineAndControlBytesInItAreData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		payload := strings.Repeat("\x04\x06\x15\x18\x13\x16\x17", payloadMax/7+1)[:payloadMax-3]
		require.Equal(t, "ERR010", b.ask("XXX"+payload))
	})
}

func TestSYNInsideAPacketBeginsItAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.send(append([]byte{0x16, 'G', 'A', 0x16, 'R'}, frame([]byte("OPN"))...)...)
		b.expect(hostACK)
		require.Equal(t, "OPN000", b.answer())
	})
}

func TestNoiseBetweenPacketsIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.send(0x00, 'O', 'P', 'N', 0x17, 0xFF, 0x13, hostACK, hostEOT)
		b.silent(5 * time.Second)
		require.Equal(t, "OPN000", b.ask("OPN"))
	})
}

func TestNAKBringsTheLastAnswerAgainAndNothingWhenThereIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.send(hostNAK)
		b.silent(5 * time.Second)
		require.Equal(t, "OPN000", b.ask("OPN"))
		b.send(hostNAK)
		require.Equal(t, "OPN000", b.answer())
		b.send(hostNAK)
		require.Equal(t, "OPN000", b.answer())
	})
}

func TestCANIsAnsweredWithEOTInEveryState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.send(hostCAN)
		b.expect(hostEOT)
		b.send(hostCAN, hostCAN)
		b.expect(hostEOT, hostEOT)
	})
}

// blockingCommands bring the pinpad to where it waits, each with the text then seen.
var blockingCommands = []struct{ name, card, before, command, display string }{
	{"CEX", "", "", with("CEX", 0x06, "101000"), ""},
	{"GCX", "", "", with("GCX", 0x15, "260115", 0x16, "120000"), "INSIRA OU PASSE O CARTÃO"},
	{"GOX", "visa-credit", with("GCX", 0x15, "260115", 0x16, "120000"), with("GOX", 0x10, "01", 0x02, "3", 0x09, "01"), "DIGITE A SENHA"},
	{"GPN", "visa-credit", with("GCX", 0x15, "260115", 0x16, "120000"), block("GPN", gpnBody("00", "")), "SENHA"},
	{"RMC", "visa-credit", "", block("RMC", strings.Repeat("X", 32)), removeText},
}

func gpnBody(length, pan string) string {
	return "301" + strings.Repeat("0", 32) + length + padRight(pan, 19) + "1" + "0412" + padRight("VALOR:     25,99SENHA:", 32)
}

// begin brings a pinpad to where a blocking command waits.
func begin(t *testing.T, b *bench, blocking struct{ name, card, before, command, display string }) {
	t.Helper()
	if blocking.card != "" {
		b.hand("card", "insert", blocking.card)
	}
	b.loadTables()
	if blocking.before != "" {
		require.Contains(t, b.ask(blocking.before), "GCX000")
	}
	b.command(blocking.command)
	if blocking.name == "GOX" {
		require.Equal(t, "NTM000032SOLICITE A SENHA                ", b.answer())
	}
	if blocking.display != "" {
		b.hand("wait-display", blocking.display)
	}
}

func TestCANAbortsEveryBlockingCommandWithoutAnAnswer(t *testing.T) {
	for _, blocking := range blockingCommands {
		t.Run(blocking.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				begin(t, b, blocking)
				b.send(hostCAN)
				b.expect(hostEOT)
				b.silent(5 * time.Second)
				require.Empty(t, b.hand("display"))
				require.Equal(t, "OPN000", b.ask("OPN"))
			})
		})
	}
}

func TestNewPacketAbortsEveryBlockingCommandToo(t *testing.T) {
	for _, blocking := range blockingCommands {
		t.Run(blocking.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t)
				begin(t, b, blocking)
				require.Equal(t, "TLI000", b.ask(block("TLI", "01VERSION001")))
			})
		})
	}
}

func TestCANWhileFCXIsAtWorkLeavesNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.sellTo("visa-credit")
		b.hand("hold", "FCX")
		b.command(with("FCX", 0x19, "1000", 0x1C, "51"))
		b.hand("wait-held", "FCX")
		b.send(hostCAN)
		b.expect(hostEOT)
		b.silent(5 * time.Second)
		require.Equal(t, "FCX010", b.ask(with("FCX", 0x19, "1000", 0x1C, "51")), "the card has had its last word")
	})
}

func TestCommandOutlivesTheTillThatGaveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.command(with("CEX", 0x06, "001000"))
		require.NoError(t, b.conn.Close())
		synctest.Wait()
		b.plugIn(t)
		b.hand("card", "insert", "visa-debit")
		require.Equal(t, with("CEX000", 0x8040, "92"), b.answer())
	})
}

func TestPacketWhoseAckWasDroppedIsStillAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.hand("drop-ack")
		b.send(frame([]byte("OPN"))...)
		require.Equal(t, "OPN000", b.answer())
		require.Equal(t, "OPN000", b.ask("OPN"))
	})
}

func TestCorruptAnswersAreRepeatedOnNAK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.hand("corrupt", "2")
		b.command("OPN")
		for range 2 {
			payload, good := b.packet()
			require.Equal(t, "OPN000", payload)
			require.False(t, good)
			b.send(hostNAK)
		}
		require.Equal(t, "OPN000", b.answer())
	})
}

func TestSlowPinpadAnswersLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.hand("slow", "8s")
		asked := time.Now()
		b.command("GIX")
		require.Zero(t, time.Since(asked))
		require.Contains(t, b.answer(), "GIX000")
		require.Equal(t, 8*time.Second, time.Since(asked))
		b.hand("slow", "off")
		require.Equal(t, "OPN000", b.ask("OPN"))
	})
}

func TestGarbageComesAgainByItsSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		require.Equal(t, "seed 7", b.hand("garbage", "16", "7"))
		first := make([]byte, 16)
		for i := range first {
			first[i] = b.next()
		}
		b.hand("garbage", "16", "7")
		b.expect(first...)
		b.refused("1 to", "garbage", "0")
	})
}

func TestMutedPinpadIsDeadAndWakesUpAsAfterAPowerCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.hand("card", "insert", "visa-debit")
		b.loadTables()
		require.Contains(t, b.ask(with("GCX", 0x15, "260115", 0x16, "120000")), "GCX000")
		b.hand("mute")
		require.Empty(t, b.hand("display"))
		b.send(hostCAN)
		b.send(frame([]byte("OPN"))...)
		b.silent(time.Minute)
		b.hand("unmute")
		b.silent(time.Minute)
		require.Equal(t, "GOX010", b.ask(with("GOX", 0x10, "01", 0x02, "3", 0x09, "01")), "the sale is forgotten")
		require.Equal(t, "TLI000", b.ask(block("TLI", "01VERSION001")), "the tables are not")
	})
}

func TestMuteInMidCommandEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.command(with("GCX", 0x15, "260115", 0x16, "120000"))
		b.hand("wait-display", "INSIRA")
		b.hand("mute")
		b.hand("card", "insert", "visa-debit")
		b.silent(time.Minute)
		b.hand("unmute")
		require.Equal(t, "OPN000", b.ask("OPN"))
	})
}

func FuzzReceiver(f *testing.F) {
	f.Add([]byte{0x16, 'O', 'P', 'N', 0x17, 0xA8, 0xA9})
	f.Add([]byte{0x16, 0x13, 0x33, 0x13, 0x36, 0x16, 0x18, 0x17, 0x00})
	f.Add([]byte{0x18, 0x15, 0x16, 0x13, 0x00})
	f.Fuzz(func(t *testing.T, data []byte) {
		var r receiver
		for _, b := range data {
			if r.feed(b) == heardPacket {
				require.LessOrEqual(t, len(r.payload), payloadMax)
			}
		}
		if len(data) > payloadMax {
			return
		}
		r = receiver{}
		packet := encodePacket(data)
		require.Equal(t, frame(data), packet)
		for i, b := range packet {
			want := heardNothing
			if i == len(packet)-1 {
				want = heardPacket
			}
			require.Equal(t, want, r.feed(b))
		}
		require.Equal(t, string(data), string(r.payload))
	})
}
