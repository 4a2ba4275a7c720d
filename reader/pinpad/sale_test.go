package pinpad_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/payment"
)

func TestAPinpadIsMadeReady(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plug()
		p.say([]byte("\x00\x16noise\x06\x15after opening")...)
		p.sync()
		require.Equal(t, "OPN", p.exchange("OPN", "OPN000"))
		require.Equal(t, "GIX024"+tlv(1, "\x80\x01\x80\x03\x80\x04\x80\x05\x80\x06\x80\x07\x80\x20\x80\x35\x80\x36\x93\x01"), p.exchange("GIX", infoAnswer))
		require.Equal(t, "CLX015"+tlv(0x001B, "CAIXA LIVRE"), p.exchange("CLX", "CLX000"))
		require.Equal(t, device.Status{
			Kind: device.Pinpad, Light: device.OK, Model: "SIMPAD", Serial: "SIM0000001", Firmware: "1.07",
		}, till.waitLight(device.OK))
		require.EqualValues(t, 1, till.Counters().Sessions)
	})
}

func TestAWholeChipSale(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		read := till.beginRead(t.Context())
		require.Equal(t, command("GCX", tlv(0x13, "000000012990", 0x15, "260115", 0x16, "143000", 0x17, "10000", 0x23, "0604",
			0x21, "\x00", 0x22, "986", 0x10, "01", 0x11, "01", 0x0C, "\x78")), p.take("GCX"))
		p.answer(selected, cardAnswer)
		require.Equal(t, "GTK025"+tlv(7, "1010", 3, "50", 8, "0", 9, "02"), p.exchange("GTK", trkAnswer))
		chip := p.take("GOX")
		require.Contains(t, chip, tlv(0x10, "01", 0x13, "000000012990", 2, "3", 9, "01", 0x18, "01000"))
		require.NotContains(t, chip, "\x5A")
		p.answer(askPIN, askPIN, chipAnswer)

		reading := <-read
		require.NoError(t, reading.err)
		require.Equal(t, card.Present{
			EntryMode: card.Chip, Brand: "mastercard", AID: "A0000000041010", ApplicationLabel: "CREDITO",
			BIN: "541333", Last4: "0011", PANSequenceNumber: "01", ServiceCode: "201", CVM: card.CVMOnlinePIN,
			EMVRequest: "950500800000009F2608E0DB51A3742FEA839F2701809F3602004C8407A00000000410105F340101",
		}, reading.value.Card)
		require.Equal(t, []card.Sealed{
			{Kind: card.PAN, Scheme: card.DUKPTECB, KeySlot: 2, KSN: "FFFF9876543210E00002", Data: "1322334455667788"},
			{Kind: card.Track2, Scheme: card.DUKPTECB, KeySlot: 2, KSN: "FFFF9876543210E00002", Data: "13161718040615120011223344556677"},
			{Kind: card.PINBlock, Scheme: card.DUKPTECB, KeySlot: 1, KSN: "FFFF9876543210E00001", Data: "1B9C1845EB993A7A"},
		}, reading.value.Sealed)
		for _, want := range []device.Step{device.StepWaiting, device.StepCard, device.StepPIN, device.StepRead} {
			require.Equal(t, want, <-till.steps)
		}

		finish := till.beginFinish(t.Context(), device.FinishRequest{
			Attempt: attempt, Approved: true, Reached: true,
			Issuer: card.IssuerAnswer{ARC: "00", AuthenticationData: "9108A102DB6D41C67963", Scripts: []string{"72129F1800860D8424000008A071544A23761AA1"}},
		})
		require.Equal(t, command("FCX", tlv(0x19, "0000", 0x1C, "00",
			5, "\x91\x08\xA1\x02\xDB\x6D\x41\xC6\x79\x63\x72\x12\x9F\x18\x00\x86\x0D\x84\x24\x00\x00\x08\xA0\x71\x54\x4A\x23\x76\x1A\xA1",
			4, "\x9F\x26\x9F\x27\x95\x9F\x10\x9F\x36")), p.exchange("FCX", lastAnswer))
		completion := <-finish
		require.NoError(t, completion.err)
		require.Equal(t, card.Completion{
			Cryptogram: card.TC, EMVCompletion: "9F2608765DC13807D1E4C89F2701409505" + "0080000000",
		}, completion.value)

		release := till.beginRelease(t.Context())
		require.Equal(t, "RMC032RETIRE O CARTAO                 ", p.take("RMC"))
		p.quiet(time.Hour) // until the customer takes the card
		p.answer("RMC000")
		require.Contains(t, p.exchange("CLX", "CLX000"), "CAIXA LIVRE")
		require.NoError(t, (<-release).err)
		p.quiet(24 * time.Hour) // a till never speaks while idle
		require.Contains(t, till.log.String(), "PP_PAN[16]")
	})
}

// play goes through the reading of a card that pleases everybody.
func (p *peer) play(t *testing.T, read <-chan outcome[card.Reading]) {
	t.Helper()
	p.exchange("GCX", selected, cardAnswer)
	p.exchange("GTK", trkAnswer)
	p.exchange("GOX", askPIN, chipAnswer)
	require.NoError(t, (<-read).err)
}

func TestTheCardsLastWordDecides(t *testing.T) {
	approved := device.FinishRequest{Attempt: attempt, Approved: true, Reached: true}
	for name, tc := range map[string]struct {
		request device.FinishRequest
		command string
		answer  string
		want    card.Completion
	}{
		"accepted": {approved, tlv(0x19, "0000", 0x1C, "00"), ok("FCX", tlv(0x8058, "000")), card.Completion{Cryptogram: card.TC}},
		"refused after approval": {
			approved, tlv(0x19, "0000", 0x1C, "00"), ok("FCX", tlv(0x8058, "100", 0x8059, "\x00\x11\x22\x33\x44")),
			card.Completion{Cryptogram: card.AAC, IssuerScriptResults: "0011223344"},
		},
		"declined by the host": {
			device.FinishRequest{Attempt: attempt, Reached: true, Issuer: card.IssuerAnswer{ARC: "51"}},
			tlv(0x19, "1000", 0x1C, "51"), ok("FCX", tlv(0x8058, "100")),
			card.Completion{Cryptogram: card.AAC},
		},
		"declined without a code": {
			device.FinishRequest{Attempt: attempt, Reached: true},
			tlv(0x19, "1000", 0x1C, "05"), ok("FCX", tlv(0x8058, "100")),
			card.Completion{Cryptogram: card.AAC},
		},
		"host silent": {
			device.FinishRequest{Attempt: attempt}, tlv(0x19, "2000"), ok("FCX", tlv(0x8058, "100")), card.Completion{Cryptogram: card.AAC},
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				p.play(t, till.beginRead(t.Context()))
				finish := till.beginFinish(t.Context(), tc.request)
				require.Contains(t, p.exchange("FCX", tc.answer), tc.command)
				completion := <-finish
				require.NoError(t, completion.err)
				require.Equal(t, tc.want, completion.value)
			})
		})
	}
}

func TestAnIssuersAnswerThatIsNoneIsNotHandedToTheChip(t *testing.T) {
	for name, issuer := range map[string]card.IssuerAnswer{
		"no hex":      {AuthenticationData: "91x8"},
		"no tlv":      {AuthenticationData: "9108A1"},
		"another tag": {Scripts: []string{"9F36020001"}},
		"too long":    {Scripts: []string{"72820200" + strings.Repeat("00", 512)}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				p.play(t, till.beginRead(t.Context()))
				_, err := till.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt, Issuer: issuer})
				requireFault(t, err, device.DeviceRefused)
				p.quiet(time.Minute)
			})
		})
	}
}

func TestAChipIsFinishedOnceAndForItsOwnAttempt(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		_, err := till.FinishCard(t.Context(), device.FinishRequest{})
		requireFault(t, err, device.LinkLost)
		p.play(t, till.beginRead(t.Context()))
		completion, err := till.FinishCard(t.Context(), device.FinishRequest{Attempt: "01JD0000000000000000000001"})
		require.False(t, requireFault(t, err, device.LinkLost).Temporary())
		require.Equal(t, card.None, completion.Cryptogram)

		finish := till.beginFinish(t.Context(), device.FinishRequest{Attempt: attempt})
		p.exchange("FCX", "FCX043")
		got := <-finish
		requireFault(t, got.err, device.CardRemoved)
		require.Equal(t, card.None, got.value.Cryptogram)
		_, err = till.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt})
		requireFault(t, err, device.LinkLost)
		p.quiet(time.Minute)
	})
}

func TestRefusalsOfThePinpadHaveTheTillsNames(t *testing.T) {
	for answer, want := range map[string]device.Code{
		"GCX013": device.CustomerCancelled,
		"GCX012": device.CardTimeout,
		"GCX043": device.CardRemoved,
		"GCX068": device.CardUnreadable,
		"GCX069": device.CardUnreadable,
		"GCX070": device.CardNotAccepted,
		"GCX071": device.CardNotAccepted,
		"GCX067": device.CardBlocked,
		"GCX019": device.DeviceRefused,
		"GCX999": device.DeviceRefused,
		"ERR010": device.DeviceRefused,
		// Answers that break the standard are refused like a status.
		ok("GCX", ""):                                      device.DeviceRefused,
		"GCX000999":                                        device.DeviceRefused,
		ok("GCX", tlv(0x804F, "06")):                       device.DeviceRefused,
		ok("GCX", tlv(0x804F, "03")):                       device.DeviceRefused,
		ok("GCX", tlv(0x804F, "00")):                       device.DeviceRefused,
		ok("GCX", tlv(0x804F, "05", 0x8051, "010101")):     device.CardUnreadable,
		ok("GCX", tlv(0x804F, "07")):                       device.DeviceRefused,
		strings.Replace(cardAnswer, "010101", "020101", 1): device.CardNotAccepted,
	} {
		t.Run(answer[:6]+" "+string(want), func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				read := till.beginRead(t.Context())
				p.take("GCX")
				p.answer(answer)
				if answer == "GCX000999" {
					p.sync()
				}
				fault := requireFault(t, (<-read).err, want)
				require.False(t, fault.Temporary())
				if answer[3:6] != "000" {
					require.Contains(t, fault.Detail, answer[3:6])
				}
				p.play(t, till.beginRead(t.Context()))
			})
		})
	}
}

func TestRefusalsLaterInTheReading(t *testing.T) {
	for name, tc := range map[string]struct {
		tracks, chip string
		want         device.Code
	}{
		"key missing for tracks":  {"GTK042", "", device.DeviceRefused},
		"no track":                {"GTK000", "", device.CardUnreadable},
		"tracks in clear":         {ok("GTK", tlv(0x8045, "\x54\x13\x33\x00\x89\x02\x00\x11")), "", device.DeviceRefused},
		"PIN refused by customer": {trkAnswer, "GOX013", device.CustomerCancelled},
		"nobody types a PIN":      {trkAnswer, "GOX012", device.CardTimeout},
		"card pulled at the PIN":  {trkAnswer, "GOX043", device.CardRemoved},
		"declined by the chip":    {trkAnswer, ok("GOX", tlv(0x8056, "100000")), device.CardNotAccepted},
		"approved by the chip":    {trkAnswer, ok("GOX", tlv(0x8056, "000000")), device.DeviceRefused},
		"PIN without a block":     {trkAnswer, ok("GOX", tlv(0x8056, "202000")), device.DeviceRefused},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				read := till.beginRead(t.Context())
				p.exchange("GCX", cardAnswer)
				p.exchange("GTK", tc.tracks)
				if tc.chip != "" {
					p.exchange("GOX", tc.chip)
				}
				requireFault(t, (<-read).err, tc.want)
				_, err := till.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt})
				requireFault(t, err, device.LinkLost)
			})
		})
	}
}

func TestACardThatIsNotMaskedIsRefusedAndNotPrinted(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		read := till.beginRead(t.Context())
		p.exchange("GCX", strings.ReplaceAll(cardAnswer, "******", "008902"))
		requireFault(t, (<-read).err, device.DeviceRefused)
	})
}

func TestTheTenderChoosesTheApplications(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		request := creditRequest
		request.Method = payment.Debit
		read := begin(func() (card.Reading, error) { return till.ReadCard(t.Context(), request) })
		require.Contains(t, p.exchange("GCX", "GCX013"), tlv(0x11, "02"))
		requireFault(t, (<-read).err, device.CustomerCancelled)
		request.Method = payment.Voucher
		read = begin(func() (card.Reading, error) { return till.ReadCard(t.Context(), request) })
		require.Contains(t, p.exchange("GCX", "GCX013"), tlv(0x11, "03"))
		requireFault(t, (<-read).err, device.CustomerCancelled)
		request.Method = payment.Pix
		_, err := till.ReadCard(t.Context(), request)
		requireFault(t, err, device.CardNotAccepted)
		request.Method, request.Amount = payment.Debit, 1_000_000_000_000
		_, err = till.ReadCard(t.Context(), request)
		requireFault(t, err, device.DeviceRefused)
		p.quiet(time.Minute)
	})
}

func TestAReleaseThatIsGivenUpLeavesThePinpadIdle(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		ctx, giveUp := context.WithTimeout(t.Context(), time.Minute)
		defer giveUp()
		release := till.beginRelease(ctx)
		p.take("RMC")
		p.sync()
		p.exchange("CLX", "CLX000")
		requireFault(t, (<-release).err, device.TillCancelled)
		p.play(t, till.beginRead(t.Context()))
	})
}
