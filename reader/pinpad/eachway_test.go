package pinpad_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
	"balcao/simulators/simpinpad"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/payment"
)

// beginReadFor begins to read a card for a tender and an amount.
func (b *bench) beginReadFor(method payment.Method, amount money.Cents) <-chan outcome[card.Reading] {
	b.needsHands()
	request := creditRequest
	request.Method, request.Amount = method, amount
	return begin(func() (card.Reading, error) { return b.ReadCard(b.t.Context(), request) })
}

// read waits for the end of a reading that must succeed.
func (b *bench) read(read <-chan outcome[card.Reading]) card.Reading {
	b.t.Helper()
	got := await(b.t, read)
	require.NoError(b.t, got.err)
	return got.value
}

// requireGone says that the card has no last word and is not in the reader.
func (b *bench) requireGone() {
	b.t.Helper()
	completion, err := b.FinishCard(b.t.Context(), device.FinishRequest{
		Attempt: attempt, Approved: true, Reached: true, Issuer: card.IssuerAnswer{ARC: "00"},
	})
	require.NoError(b.t, err)
	require.Equal(b.t, noWord, completion)
	require.NoError(b.t, b.Release(b.t.Context(), [2]string{"APROVADA", ""}))
	b.hand("wait-display", "CAIXA LIVRE")
}

// requirePIN opens the PIN block and track 2 as the host does.
func (b *bench) requirePIN(reading card.Reading, name string) {
	b.t.Helper()
	pan := deckCard(b.t, name).PAN
	pin, err := hsm.DecodePINBlock(hsm.Block(b.open(reading, card.PINBlock)), pan)
	require.NoError(b.t, err)
	require.Equal(b.t, "1234", pin)
	require.True(b.t, strings.HasPrefix(hex.EncodeToString(b.open(reading, card.Track2)), pan+"d3112"))
	b.requireNothingClear(reading, pan, "1234")
}

func TestAContactlessSaleWithPINOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginReadFor(payment.Credit, amount)
		b.hand("wait-display", "APROXIME, INSIRA OU PASSE")
		b.hand("card", "tap", "contactless")
		b.hand("wait-display", "SENHA")
		b.hand("pin", "1234")
		reading := b.read(read)
		bank := b.issuerOf("contactless", reading)
		pan := bank.card.PAN
		require.Equal(t, card.Present{
			EntryMode: card.Contactless, Brand: "mastercard", AID: "A0000000041010", ApplicationLabel: "MASTERCARD",
			BIN: pan[:6], Last4: pan[12:], PANSequenceNumber: "01", ServiceCode: "201", CVM: card.CVMOnlinePIN,
			EMVRequest: reading.Card.EMVRequest,
		}, reading.Card)
		genuine, err := hsm.VerifyCryptogram(bank.session, bank.value, bank.value(0x9F26))
		require.NoError(t, err)
		require.True(t, genuine)
		require.Equal(t, pan, hex.EncodeToString(b.open(reading, card.PAN)))
		b.requirePIN(reading, "contactless")
		for _, want := range []device.Step{device.StepWaiting, device.StepCard, device.StepPIN, device.StepRead} {
			require.Equal(t, want, await(t, b.steps))
		}
		b.requireGone()
	})
}

func TestASmallContactlessSaleTakesNoPINOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		for cents, cvm := range map[money.Cents]card.CVM{20_000: card.CVMNone, 20_001: card.CVMOnlinePIN} {
			read := b.beginReadFor(payment.Debit, cents)
			b.hand("card", "tap", "contactless-small")
			if cvm == card.CVMOnlinePIN {
				b.hand("wait-display", "SENHA")
				b.hand("pin", "1234")
			}
			reading := b.read(read)
			require.Equal(t, card.Contactless, reading.Card.EntryMode)
			require.Equal(t, "visa", reading.Card.Brand)
			require.Equal(t, cvm, reading.Card.CVM)
			b.requireGone()
		}
	})
}

func TestAPhoneIsUnlockedAndTappedAgainOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginReadFor(payment.Credit, amount)
		b.hand("card", "tap", "phone")
		b.hand("wait-display", texts.UsePhone)
		b.hand("card", "tap", "phone")
		reading := b.read(read)
		require.Equal(t, card.Contactless, reading.Card.EntryMode)
		require.Equal(t, card.CVMDevice, reading.Card.CVM)
		b.requireGone()
	})
}

func TestAnEmulatedStripeOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		b.needsHands()
		b.reshape("contactless-small", "old-phone", func(c *simpinpad.Card) { c.Contactless.Stripe = true })
		read := b.beginReadFor(payment.Debit, amount)
		b.hand("card", "tap", "old-phone")
		b.hand("wait-display", "VALOR: 129,90 SENHA:")
		b.hand("pin", "1234")
		reading := b.read(read)
		pan := deckCard(t, "contactless-small").PAN
		require.Equal(t, card.Present{
			EntryMode: card.ContactlessMagstripe, Brand: "visa", ApplicationLabel: "VISA ELECTRON",
			BIN: pan[:6], Last4: pan[12:], ServiceCode: "201", CVM: card.CVMOnlinePIN,
		}, reading.Card)
		b.requirePIN(reading, "contactless-small")
		b.requireGone()
	})
}

func TestATapThatFailedGoesOnAnotherWayOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		b.hand("fail-tap", "081", "080")
		read := b.beginReadFor(payment.Debit, amount)
		for range 2 {
			b.hand("card", "tap", "contactless-small")
			b.hand("wait-display", texts.TapAgain)
		}
		b.hand("card", "tap", "contactless-small")
		require.Equal(t, card.CVMNone, b.read(read).Card.CVM)
		b.requireGone()

		b.hand("fail-tap", "083")
		read = b.beginReadFor(payment.Debit, amount)
		b.hand("card", "tap", "contactless-small")
		b.hand("wait-display", texts.NoTap)
		require.Contains(t, b.hand("state"), `"antenna":false`)
		b.hand("card", "insert", "contactless-small")
		b.hand("wait-display", "SENHA")
		b.hand("pin", "1234")
		require.Equal(t, card.Chip, b.read(read).Card.EntryMode)
		b.release()
	})
}

func TestAStripeWithoutAChipIsSignedForOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginReadFor(payment.Credit, amount)
		b.hand("card", "swipe", "stripe-only")
		reading := b.read(read)
		pan := deckCard(t, "stripe-only").PAN
		require.Equal(t, card.Present{
			EntryMode: card.Magstripe, Brand: "visa", BIN: pan[:6], Last4: pan[12:], ServiceCode: "101", CVM: card.CVMSignature,
		}, reading.Card)
		require.Len(t, reading.Sealed, 1)
		require.True(t, strings.HasPrefix(hex.EncodeToString(b.open(reading, card.Track2)), pan+"d3112101"))
		b.requireNothingClear(reading, pan)
		b.requireGone()
	})
}

func TestAStripeOnlyCardThatWasInsertedIsSwipedOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginReadFor(payment.Credit, amount)
		b.hand("card", "insert", "stripe-only")
		b.hand("wait-display", "RETIRE O CART")
		b.hand("card", "remove")
		b.hand("wait-display", "ERRO NO CHIP PASSE A TARJA")
		b.hand("card", "swipe", "stripe-only")
		require.Equal(t, card.Magstripe, b.read(read).Card.EntryMode, "there is no chip to fall back from")
		b.requireGone()
	})
}

func TestAFailedChipFallsBackToItsStripeOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		b.needsHands()
		for name, fault := range map[string]simpinpad.ChipFault{
			"mute": {Command: "GCX", Status: 60}, "dirty": {Command: "GCX", Status: 61}, "late": {Command: "GOX", Status: 76},
		} {
			b.reshape("chip-error", name, func(c *simpinpad.Card) { c.ChipFault = &fault })
		}
		for _, name := range []string{"chip-error", "mute", "dirty", "late"} {
			read := b.beginReadFor(payment.Debit, amount)
			b.hand("wait-display", "INSIRA OU PASSE")
			b.hand("card", "insert", name)
			if name == "late" {
				b.hand("wait-display", "SENHA")
				b.hand("pin", "1234")
			}
			b.hand("wait-display", "RETIRE O CART")
			b.hand("card", "remove")
			b.hand("wait-display", "ERRO NO CHIP PASSE A TARJA")
			b.hand("card", "swipe", name)
			b.hand("wait-display", "VALOR: 129,90 SENHA:")
			b.hand("pin", "1234")
			reading := b.read(read)
			pan := deckCard(t, "chip-error").PAN
			require.Equal(t, card.Present{
				EntryMode: card.Fallback, Brand: "mastercard", BIN: pan[:6], Last4: pan[12:], ServiceCode: "201", CVM: card.CVMOnlinePIN,
			}, reading.Card, name)
			b.requirePIN(reading, "chip-error")
			b.requireGone()
		}
	})
}

func TestWhoSwipesIsAskedForTheChipOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginReadFor(payment.Credit, amount)
		b.hand("card", "swipe", "visa-credit")
		b.hand("wait-display", texts.UseChip)
		b.hand("card", "insert", "visa-credit")
		b.hand("wait-display", "SENHA")
		b.hand("pin", "1234")
		require.Equal(t, card.Chip, b.read(read).Card.EntryMode)
		b.release()

		b.needsHands()
		b.reshape("stripe-only", "worn", func(c *simpinpad.Card) { c.StripeUnreadable = true })
		read = b.beginReadFor(payment.Credit, amount)
		for range 3 {
			b.hand("card", "swipe", "worn")
		}
		requireFault(t, await(t, read).err, device.CardUnreadable)
	})
}

func TestTheStripeIsNoWayAroundTheTenderOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginReadFor(payment.Debit, amount)
		b.hand("wait-display", "INSIRA OU PASSE")
		b.hand("card", "insert", "visa-credit")
		requireFault(t, await(t, read).err, device.CardNotAccepted)
		b.hand("card", "remove")
		read = b.beginReadFor(payment.Debit, amount)
		b.hand("card", "swipe", "visa-credit")
		requireFault(t, await(t, read).err, device.CardNotAccepted)
	})
}

func TestAVoucherOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginReadFor(payment.Voucher, amount)
		b.hand("card", "insert", "voucher")
		b.hand("wait-display", "SENHA")
		b.hand("pin", "1234")
		reading := b.read(read)
		require.Equal(t, "VALE ALIMENTACAO", reading.Card.ApplicationLabel)
		require.Equal(t, card.CVMOnlinePIN, reading.Card.CVM)
		b.requirePIN(reading, "voucher")
		b.release()

		read = b.beginReadFor(payment.Credit, amount)
		b.hand("wait-display", "INSIRA OU PASSE")
		b.hand("card", "insert", "voucher")
		requireFault(t, await(t, read).err, device.CardNotAccepted)
		b.release()
	})
}

func TestTheCustomerChangesHerMindAtAStripesPINOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		for range 2 {
			read := b.beginReadFor(payment.Debit, amount)
			b.hand("card", "swipe", "stripe-only")
			b.hand("wait-display", "SENHA")
			b.hand("key", "cancel")
			requireFault(t, await(t, read).err, device.CustomerCancelled)
		}
	})
}

func TestATappedSaleOutlivesTheCableOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginReadFor(payment.Debit, amount)
		b.hand("card", "tap", "contactless-small")
		b.read(read)
		b.hand("unplug")
		b.waitLight(device.Absent)
		completion, err := b.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
		require.NoError(t, err)
		require.Equal(t, noWord, completion)
		b.hand("plug")
		b.waitLight(device.OK)
		completion, err = b.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
		require.NoError(t, err)
		require.Equal(t, noWord, completion)
	})
}

func TestFaultsOfTheLineInEachWayOfPayingOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		for _, fault := range [][]string{{"corrupt", "2"}, {"drop-ack"}, {"garbage", "300", "7"}} {
			b.hand(fault...)
			read := b.beginReadFor(payment.Debit, amount)
			b.hand("card", "tap", "contactless-small")
			require.Equal(t, card.Contactless, b.read(read).Card.EntryMode)
			b.hand(fault...)
			b.requireGone()

			b.hand(fault...)
			read = b.beginReadFor(payment.Debit, amount)
			b.hand("card", "swipe", "stripe-only")
			b.hand("wait-display", "SENHA")
			b.hand("pin", "1234")
			b.requirePIN(b.read(read), "stripe-only")
			b.hand(fault...)
			b.requireGone()
		}
		require.EqualValues(t, 1, b.Counters().Sessions)
	})
}
