package pinpad_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/payment"
)

// Swiped cards: service codes of a card with a chip, of one without, and of one that
// asks for the PIN; the digit before is what became of the last chip.
func swiped(chip, serviceCode string) string {
	return ok("GCX", tlv(0x804F, "00", 0x8050, chip, 0x8042, maskedPAN+"=2512"+serviceCode))
}

// unreadable is a swipe of which no track was read.
var unreadable = ok("GCX", tlv(0x804F, "00", 0x8050, "0"))

// Tapped cards, with a chip and with an emulated stripe, and what their tracks are
// sealed to: a stripe has no PAN of its own.
var (
	tapAnswer      = ok("GCX", tlv(0x804F, "06", 0x8051, "010101", 0x8052, maskedPAN, 0x8053, "01", 0x8042, maskedPAN+"=2512201", 0x805B, "CREDITO", 0x8060, "00"))
	emulatedAnswer = ok("GCX", tlv(0x804F, "05", 0x8051, "010101", 0x8042, maskedPAN+"=2512201", 0x805B, "", 0x8060, "01"))
	stripeTracks   = ok("GTK", tlv(0x8045, trackData, 0x8048, dataKSN))
	noPINAnswer    = ok("GOX", tlv(0x8056, "200000", 0x8054, chipTags))
	phoneAnswer    = ok("GOX", tlv(0x8056, "200100", 0x8054, chipTags))
	pinAnswer      = "GPN0000361B9C1845EB993A7AFFFF9876543210E00001"
)

// pinCommand is GPN for the card just read and 129.90, as the document lays it out.
var pinCommand = "GPN093" + "3" + "01" + strings.Repeat("0", 32) + "00" + strings.Repeat(" ", 19) + "1" + "04" + "12" +
	"VALOR:    129,90" + "SENHA:          "

const removeFailed = "RMC032ERRO NO CHIP    PASSE A TARJA   "

// A turn is what the pinpad answers to one prompt for a card, and how the next prompt
// must look: with the antenna or without, and with what message.
type turn struct {
	answer  string
	antenna bool
	message string
}

func TestWhatTheCustomerCanDoAfterATapThatFailed(t *testing.T) {
	for name, turns := range map[string][]turn{
		"card misbehaves":         {{"GCX083", false, texts.NoTap}},
		"another way":             {{"GCX087", false, texts.NoTap}},
		"invalidated":             {{"GCX082", false, texts.NoTap}},
		"no application":          {{"GCX084", false, texts.NoTap}},
		"unfit application":       {{"GCX085", false, texts.NoTap}},
		"blocked for the antenna": {{"GCX079", false, texts.NoTap}},
		"two cards at once":       {{"GCX080", true, texts.TapAgain}, {"GCX080", true, texts.TapAgain}},
		"taken away too soon":     {{"GCX081", true, texts.TapAgain}},
		"too soon twice":          {{"GCX081", true, texts.TapAgain}, {"GCX081", false, texts.NoTap}},
		"too soon, not in a row":  {{"GCX081", true, texts.TapAgain}, {"GCX080", true, texts.TapAgain}, {"GCX081", true, texts.TapAgain}},
		"phone to be unlocked":    {{"GCX086", true, texts.UsePhone}, {"GCX086", true, texts.UsePhone}},
		"swipe after a tap":       {{"GCX083", false, texts.NoTap}, {swiped("0", "201"), false, texts.UseChip}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				read := till.beginRead(t.Context())
				prompt := p.take("GCX")
				require.Contains(t, prompt, tlv(0x17, "10000"))
				for _, turn := range turns {
					p.answer(turn.answer)
					prompt = p.take("GCX")
					require.Contains(t, prompt, tlv(0x17, map[bool]string{true: "10000", false: "00000"}[turn.antenna]))
					require.Contains(t, prompt, tlv(0x1B, turn.message))
				}
				p.answer(cardAnswer)
				p.exchange("GTK", trkAnswer)
				p.exchange("GOX", chipAnswer)
				require.NoError(t, (<-read).err)

				read = till.beginRead(t.Context())
				require.Contains(t, p.exchange("GCX", "GCX013"), tlv(0x17, "10000"), "the next customer may tap again")
				requireFault(t, (<-read).err, device.CustomerCancelled)
			})
		})
	}
}

func TestATapThatFailsWithoutTheAntennaIsTheEnd(t *testing.T) {
	for status, want := range map[string]device.Code{"079": device.CardBlocked, "082": device.CardBlocked, "083": device.CardUnreadable, "087": device.CardNotAccepted} {
		t.Run(status, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				read := till.beginRead(t.Context())
				p.exchange("GCX", "GCX"+status)
				p.exchange("GCX", "GCX"+status)
				require.Contains(t, requireFault(t, (<-read).err, want).Detail, status)
			})
		})
	}
}

func TestACustomerIsNotAskedForACardForever(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		read := till.beginRead(t.Context())
		for range 8 {
			p.exchange("GCX", "GCX086")
		}
		requireFault(t, (<-read).err, device.CardNotAccepted)
		p.quiet(time.Hour)
		read = till.beginRead(t.Context())
		for asked := 2; asked <= 8; asked += 2 {
			p.exchange("GCX", "GCX086")
			p.exchange("GCX", cardAnswer)
			p.exchange("GTK", trkAnswer)
			p.exchange("GOX", "GOX076")
			if asked < 8 {
				p.exchange("RMC", "RMC000")
			}
		}
		requireFault(t, (<-read).err, device.CardUnreadable)
	})
}

func TestWhoSwipesACardWithAChipIsAskedForTheChip(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		read := till.beginRead(t.Context())
		require.NotContains(t, p.exchange("GCX", swiped("0", "201")), texts.UseChip)
		require.Contains(t, p.take("GCX"), tlv(0x1B, texts.UseChip))
		p.answer(cardAnswer)
		p.exchange("GTK", trkAnswer)
		p.exchange("GOX", chipAnswer)
		require.NoError(t, (<-read).err)
	})
}

func TestSwipesInVainEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []string
		want    device.Code
	}{
		"of a chip card":                  {[]string{swiped("0", "201"), swiped("0", "601"), swiped("0", "201")}, device.CardNotAccepted},
		"unreadable":                      {[]string{unreadable, unreadable, unreadable}, device.CardUnreadable},
		"without a service code":          {[]string{swiped("0", ""), swiped("1", ""), unreadable}, device.CardUnreadable},
		"chip without a fitting purpose":  {[]string{swiped("2", "201")}, device.CardNotAccepted},
		"unreadable, and then a chip's":   {[]string{unreadable, swiped("0", "201"), unreadable}, device.CardUnreadable},
		"a stripe in clear, not repeated": {[]string{strings.ReplaceAll(swiped("0", "101"), "******", "008902")}, device.DeviceRefused},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				read := till.beginRead(t.Context())
				for _, answer := range tc.answers {
					p.exchange("GCX", answer)
				}
				requireFault(t, (<-read).err, tc.want)
				p.quiet(time.Hour)
			})
		})
	}
}

func TestAFailedChipIsFollowedByItsStripe(t *testing.T) {
	for _, status := range []string{"060", "061", "076"} {
		t.Run(status, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				read := till.beginRead(t.Context())
				p.exchange("GCX", "GCX"+status)
				require.Equal(t, removeFailed, p.take("RMC"))
				p.quiet(time.Minute) // until the card is out
				p.answer("RMC000")
				require.Contains(t, p.exchange("GCX", swiped("1", "201")), tlv(0x1B, "ERRO NO CHIP\rPASSE A TARJA"))
				p.exchange("GTK", stripeTracks)
				got := <-read
				require.NoError(t, got.err)
				require.Equal(t, card.Present{
					EntryMode: card.Fallback, Brand: "mastercard", BIN: "541333", Last4: "0011", ServiceCode: "201", CVM: card.CVMSignature,
				}, got.value.Card)
				require.Equal(t, []card.Sealed{
					{Kind: card.Track2, Scheme: card.DUKPTECB, KeySlot: 2, KSN: "FFFF9876543210E00002", Data: "13161718040615120011223344556677"},
				}, got.value.Sealed)
			})
		})
	}
}

func TestAChipThatFailsAtItsAnswerIsFollowedByItsStripe(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		read := till.beginRead(t.Context())
		p.exchange("GCX", cardAnswer)
		p.exchange("GTK", trkAnswer)
		p.exchange("GOX", askPIN, "GOX076")
		require.Equal(t, removeFailed, p.exchange("RMC", "RMC000"))
		p.exchange("GCX", swiped("1", "201"))
		p.exchange("GTK", stripeTracks)
		got := <-read
		require.NoError(t, got.err)
		require.Equal(t, card.Fallback, got.value.Card.EntryMode)
		require.Empty(t, got.value.Card.EMVRequest, "nothing of the chip goes to its issuer")
	})
}

func TestACardWithAFailedChipThatStaysInTheReader(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		read := till.beginRead(t.Context())
		p.exchange("GCX", "GCX060")
		p.take("RMC")
		waiting := time.Now()
		p.sync()
		requireFault(t, (<-read).err, device.CardTimeout)
		require.Equal(t, 2*time.Minute, time.Since(waiting))

		ctx, giveUp := context.WithTimeout(t.Context(), time.Minute)
		defer giveUp()
		read = till.beginRead(ctx)
		p.exchange("GCX", "GCX060")
		p.take("RMC")
		p.sync()
		p.exchange("CLX", "CLX000")
		requireFault(t, (<-read).err, device.TillCancelled)
	})
}

func TestWhetherAStripeTakesAPIN(t *testing.T) {
	for name, tc := range map[string]struct {
		method      payment.Method
		serviceCode string
		pin         bool
	}{
		"credit, no restrictions":             {payment.Credit, "101", false},
		"credit, goods only":                  {payment.Credit, "102", false},
		"credit, PIN required":                {payment.Credit, "100", true},
		"credit, PIN for goods":               {payment.Credit, "125", true},
		"credit, PIN where there is a keypad": {payment.Credit, "106", true},
		"debit":                               {payment.Debit, "101", true},
		"voucher":                             {payment.Voucher, "121", true},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				request := creditRequest
				request.Method = tc.method
				read := begin(func() (card.Reading, error) { return till.ReadCard(t.Context(), request) })
				p.exchange("GCX", swiped("0", tc.serviceCode))
				want := card.Present{
					EntryMode: card.Magstripe, Brand: "mastercard", BIN: "541333", Last4: "0011", ServiceCode: tc.serviceCode, CVM: card.CVMSignature,
				}
				if tc.pin {
					want.CVM = card.CVMOnlinePIN
					require.Equal(t, pinCommand, p.exchange("GPN", pinAnswer))
				}
				p.exchange("GTK", stripeTracks)
				got := <-read
				require.NoError(t, got.err)
				require.Equal(t, want, got.value.Card)
				require.Equal(t, map[bool]int{true: 2, false: 1}[tc.pin], len(got.value.Sealed))
				if tc.pin {
					require.Equal(t, card.Sealed{
						Kind: card.PINBlock, Scheme: card.DUKPTECB, KeySlot: 1, KSN: "FFFF9876543210E00001", Data: "1B9C1845EB993A7A",
					}, got.value.Sealed[1])
					require.Equal(t, []device.Step{device.StepWaiting, device.StepCard, device.StepPIN, device.StepRead}, till.told(4))
				}
				p.quiet(time.Hour)
			})
		})
	}
}

// told takes so many steps.
func (c *till) told(count int) (steps []device.Step) {
	for range count {
		steps = append(steps, <-c.steps)
	}
	return steps
}

func TestThePINOfAStripeIsRefused(t *testing.T) {
	for answer, want := range map[string]device.Code{
		"GPN013": device.CustomerCancelled, "GPN012": device.CardTimeout, "GPN042": device.DeviceRefused, "GPN044": device.DeviceRefused,
		"GPN000": device.DeviceRefused, "GPN000004XXXX": device.DeviceRefused,
	} {
		t.Run(answer, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				request := creditRequest
				request.Method = payment.Debit
				read := begin(func() (card.Reading, error) { return till.ReadCard(t.Context(), request) })
				p.exchange("GCX", swiped("0", "101"))
				p.exchange("GPN", answer)
				requireFault(t, (<-read).err, want)
				p.play(t, till.beginRead(t.Context()))
			})
		})
	}
}

func TestTroubleOfTheLineCostsAStripeOnlyAnotherTry(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		request := creditRequest
		request.Method = payment.Debit
		read := begin(func() (card.Reading, error) { return till.ReadCard(t.Context(), request) })
		p.exchange("GCX", swiped("0", "101"))
		p.frame() // and no acknowledgement: the PIN has not been asked for
		p.sync()
		p.exchange("GPN", pinAnswer)
		p.frame() // GTK answers once only, so that the card is swiped again
		p.sync()
		p.exchange("GCX", swiped("0", "101"))
		p.exchange("GPN", pinAnswer)
		p.exchange("GTK", stripeTracks)
		require.NoError(t, (<-read).err)
	})
}

func TestNoTroubleOfTheLineCostsAStripe(t *testing.T) {
	troubles := maps.Clone(harmless)
	maps.Copy(troubles, harmful)
	request := creditRequest
	request.Method = payment.Debit
	for _, at := range []string{"GCX", "GPN", "GTK"} {
		for name, trouble := range troubles {
			t.Run(at+" "+name, func(t *testing.T) {
				run(t, func(t *testing.T, till *till) {
					r := till.startRobot(at, trouble)
					maps.Copy(r.answers, map[string][]string{"GCX": {swiped("0", "101")}, "GPN": {pinAnswer}, "GTK": {stripeTracks}})
					for range 2 {
						reading, err := till.ReadCard(t.Context(), request)
						require.NoError(t, err)
						require.Len(t, reading.Sealed, 2)
					}
					require.Nil(t, r.trouble, "the trouble never came")
					require.EqualValues(t, 1, till.Counters().Sessions)
				})
			})
		}
	}
}

func TestATappedCardIsReadLikeAChip(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string
		want   card.CVM
		sealed int
	}{
		"small amount": {noPINAnswer, card.CVMNone, 2}, "PIN": {chipAnswer, card.CVMOnlinePIN, 3}, "phone": {phoneAnswer, card.CVMDevice, 2},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				read := till.beginRead(t.Context())
				p.exchange("GCX", selected, tapAnswer)
				p.exchange("GTK", trkAnswer)
				require.Contains(t, p.exchange("GOX", tc.answer), tlv(0x13, "000000012990"), "the amount of GCX")
				got := <-read
				require.NoError(t, got.err)
				require.Equal(t, card.Present{
					EntryMode: card.Contactless, Brand: "mastercard", AID: "A0000000041010", ApplicationLabel: "CREDITO",
					BIN: "541333", Last4: "0011", PANSequenceNumber: "01", ServiceCode: "201", CVM: tc.want,
					EMVRequest: "950500800000009F2608E0DB51A3742FEA839F2701809F3602004C8407A00000000410105F340101",
				}, got.value.Card)
				require.Len(t, got.value.Sealed, tc.sealed)
			})
		})
	}
}

func TestAnEmulatedStripeIsReadLikeAStripe(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		request := creditRequest
		request.Method = payment.Debit
		read := begin(func() (card.Reading, error) { return till.ReadCard(t.Context(), request) })
		p.exchange("GCX", selected, emulatedAnswer)
		require.Equal(t, pinCommand, p.exchange("GPN", pinAnswer))
		p.exchange("GTK", stripeTracks)
		got := <-read
		require.NoError(t, got.err)
		require.Equal(t, card.Present{
			EntryMode: card.ContactlessMagstripe, Brand: "mastercard", BIN: "541333", Last4: "0011", ServiceCode: "201", CVM: card.CVMOnlinePIN,
		}, got.value.Card)
		p.quiet(time.Hour) // no GOX for a stripe, though its service code tells of a chip
	})
}
