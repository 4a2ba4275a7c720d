package pinpad_test

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/reader/pinpad"
	"balcao/simulators/hsm"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/payment"
)

func TestAWaitForACardIsGivenUpAndBegunAgainOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		for range 2 {
			ctx, giveUp := context.WithCancel(t.Context())
			read := b.beginRead(ctx)
			require.Equal(t, device.StepWaiting, await(t, b.steps))
			giveUp()
			requireFault(t, await(t, read).err, device.TillCancelled)
		}
		require.NoError(t, b.Release(t.Context(), [2]string{"OBRIGADO", ""}), "no card is in")
		require.EqualValues(t, 1, b.Counters().Sessions)
	})
}

func TestAWholeSaleWithPINOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		b.needsHands()
		reading := b.readCard("mastercard-credit")
		bank := b.issuerOf("mastercard-credit", reading)
		pan := bank.card.PAN
		require.Equal(t, card.Present{
			EntryMode: card.Chip, Brand: "mastercard", AID: "A0000000041010", ApplicationLabel: "MASTERCARD",
			BIN: pan[:6], Last4: pan[12:], PANSequenceNumber: "01", ServiceCode: "201", CVM: card.CVMOnlinePIN,
			EMVRequest: reading.Card.EMVRequest,
		}, reading.Card)
		require.NotContains(t, reading.Card.EMVRequest, pan)
		require.Equal(t, pan, hex.EncodeToString(b.open(reading, card.PAN)))
		require.True(t, strings.HasPrefix(hex.EncodeToString(b.open(reading, card.Track2)), pan+"d3112201"))
		pin, err := hsm.DecodePINBlock(hsm.Block(b.open(reading, card.PINBlock)), pan)
		require.NoError(t, err)
		require.Equal(t, "1234", pin)
		genuine, err := hsm.VerifyCryptogram(bank.session, bank.value, bank.value(0x9F26))
		require.NoError(t, err)
		require.True(t, genuine, "the issuer knows its card")
		for _, want := range []device.Step{device.StepWaiting, device.StepCard, device.StepPIN, device.StepRead} {
			require.Equal(t, want, await(t, b.steps))
		}

		completion, err := b.FinishCard(t.Context(), device.FinishRequest{
			Attempt: attempt, Approved: true, Reached: true,
			Issuer: card.IssuerAnswer{ARC: "00", AuthenticationData: bank.authenticationData(t, "00")},
		})
		require.NoError(t, err)
		require.Equal(t, card.TC, completion.Cryptogram)
		for _, tag := range []string{"9F2608", "9F270140", "9505"} {
			require.Contains(t, completion.EMVCompletion, tag)
		}
		b.release()
		b.requireNothingClear(reading, pan, "1234")
	})
}

func TestTheCardChecksItsIssuerOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		for name, finish := range map[string]func(bank issuer) device.FinishRequest{
			"wrong proof": func(issuer) device.FinishRequest {
				return device.FinishRequest{Approved: true, Reached: true, Issuer: card.IssuerAnswer{ARC: "00", AuthenticationData: "910A00112233445566773030"}}
			},
			"declined": func(bank issuer) device.FinishRequest {
				return device.FinishRequest{Reached: true, Issuer: card.IssuerAnswer{ARC: "51", AuthenticationData: bank.authenticationData(t, "51")}}
			},
			"silent": func(issuer) device.FinishRequest { return device.FinishRequest{} },
		} {
			reading := b.readCard("visa-credit")
			request := finish(b.issuerOf("visa-credit", reading))
			request.Attempt = attempt
			completion, err := b.FinishCard(t.Context(), request)
			require.NoError(t, err, name)
			require.Equal(t, card.AAC, completion.Cryptogram, name)
			b.release()
		}
	})
}

func TestADebitCardIsNoCreditCardOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		b.hand("card", "insert", "visa-debit")
		_, err := b.ReadCard(t.Context(), creditRequest)
		requireFault(t, err, device.CardNotAccepted)
		b.release()
		b.hand("card", "insert", "elo-debit")
		request := creditRequest
		request.Method = payment.Debit
		read := begin(func() (card.Reading, error) { return b.ReadCard(t.Context(), request) })
		b.hand("pin", "1234")
		reading := await(t, read)
		require.NoError(t, reading.err)
		require.Equal(t, "elo", reading.value.Card.Brand)
		b.release()
	})
}

func TestKeysInTheWrongOrderDoNoHarmOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginRead(t.Context())
		b.hand("wait-display", "INSIRA OU PASSE")
		b.hand("key", "ok")
		b.hand("key", "77")
		b.hand("card", "insert", "visa-credit")
		b.hand("wait-display", "SENHA")
		b.hand("key", "99")
		b.hand("key", "clear") // takes one digit back
		b.hand("key", "clear")
		b.hand("key", "1234")
		b.hand("key", "ok")
		reading := await(t, read)
		require.NoError(t, reading.err)
		bank := b.issuerOf("visa-credit", reading.value)
		pin, err := hsm.DecodePINBlock(hsm.Block(b.open(reading.value, card.PINBlock)), bank.card.PAN)
		require.NoError(t, err)
		require.Equal(t, "1234", pin)
		b.release()
	})
}

func TestTheCustomerChangesHerMindOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		read := b.beginRead(t.Context())
		b.hand("wait-display", "INSIRA OU PASSE")
		b.hand("key", "cancel")
		requireFault(t, await(t, read).err, device.CustomerCancelled)

		read = b.beginRead(t.Context())
		b.hand("wait-display", "INSIRA OU PASSE")
		b.hand("card", "insert", "visa-credit")
		b.hand("wait-display", "SENHA")
		b.hand("key", "cancel")
		requireFault(t, await(t, read).err, device.CustomerCancelled)
		b.release()

		read = b.beginRead(t.Context())
		b.hand("wait-display", "INSIRA OU PASSE")
		b.hand("card", "insert", "visa-credit")
		b.hand("wait-display", "SENHA")
		b.hand("card", "remove")
		requireFault(t, await(t, read).err, device.CardRemoved)

		b.readCard("visa-credit")
		b.hand("card", "remove")
		completion, err := b.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
		requireFault(t, err, device.CardRemoved)
		require.Equal(t, card.None, completion.Cryptogram)
	})
}

func TestTheTillGivesUpAtThePINAndAtTheEndOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		ctx, giveUp := context.WithCancel(t.Context())
		read := b.beginRead(ctx)
		b.hand("wait-display", "INSIRA OU PASSE")
		b.hand("card", "insert", "visa-credit")
		b.hand("wait-display", "SENHA")
		giveUp()
		requireFault(t, await(t, read).err, device.TillCancelled)
		b.release()

		b.readCard("visa-credit")
		b.hand("hold", "FCX")
		ctx, giveUp = context.WithCancel(t.Context())
		finish := begin(func() (card.Completion, error) {
			return b.FinishCard(ctx, device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
		})
		b.hand("wait-held", "FCX")
		giveUp()
		got := await(t, finish)
		requireFault(t, got.err, device.TillCancelled)
		require.Equal(t, card.None, got.value.Cryptogram)
		b.release()
	})
}

func TestFaultsOfTheLineOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		for _, fault := range [][]string{{"corrupt", "1"}, {"corrupt", "2"}, {"drop-ack"}, {"slow", "100ms"}, {"garbage", "300", "7"}} {
			b.hand(fault...)
			reading := b.readCard("visa-credit")
			bank := b.issuerOf("visa-credit", reading)
			b.hand(fault...)
			completion, err := b.FinishCard(t.Context(), device.FinishRequest{
				Attempt: attempt, Approved: true, Reached: true,
				Issuer: card.IssuerAnswer{ARC: "00", AuthenticationData: bank.authenticationData(t, "00")},
			})
			require.NoError(t, err, fault)
			require.Equal(t, card.TC, completion.Cryptogram, fault)
			b.hand("slow", "off")
			b.release()
		}
		require.EqualValues(t, 1, b.Counters().Sessions)
		require.NotZero(t, b.Counters().BadFrames)
		b.requireNothingClear(card.Reading{})
	})
}

func TestAPulledCableOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		b.hand("unplug")
		require.Equal(t, pinpad.DetailUnplugged, b.waitLight(device.Absent).Detail)
		_, err := b.ReadCard(t.Context(), creditRequest)
		requireFault(t, err, device.NotReady)
		b.hand("plug")
		b.waitLight(device.OK)

		read := b.beginRead(t.Context())
		b.hand("wait-display", "INSIRA OU PASSE")
		b.hand("card", "insert", "visa-credit")
		b.hand("wait-display", "SENHA")
		b.hand("unplug")
		requireFault(t, await(t, read).err, device.LinkLost)
		b.hand("plug")
		b.waitLight(device.OK)
		b.release()

		b.readCard("visa-credit")
		b.hand("unplug")
		b.waitLight(device.Absent)
		b.hand("plug")
		b.waitLight(device.OK)
		completion, err := b.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
		requireFault(t, err, device.LinkLost)
		require.Equal(t, card.None, completion.Cryptogram)
		b.release()
	})
}

func TestADeadPinpadComesBackOnEachPinpad(t *testing.T) {
	timeouts := quickTimeouts
	timeouts.Acknowledge, timeouts.Cancel = 100*time.Millisecond, 50*time.Millisecond
	onEachPinpadIn(t, timeouts, func(t *testing.T, b *bench) {
		b.hand("mute")
		_, err := b.ReadCard(t.Context(), creditRequest)
		requireFault(t, err, device.LinkLost)
		require.Equal(t, pinpad.DetailLinkLost, b.waitLight(device.Error).Detail)
		b.hand("unmute")
		b.waitLight(device.OK)
	})
}

func TestNobodyComesOnEachPinpad(t *testing.T) {
	onEachPinpad(t, func(t *testing.T, b *bench) {
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		_, err := b.ReadCard(ctx, creditRequest)
		requireFault(t, err, device.TillCancelled)
		require.NoError(t, b.Release(t.Context(), [2]string{}))
	})
}
