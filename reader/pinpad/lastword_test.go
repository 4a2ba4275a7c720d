package pinpad_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/card"
	"balcao/terminal/device"
)

// noWord is what a card answers that is gone before its issuer is.
var noWord = card.Completion{Cryptogram: card.None}

// tap goes through the reading of a card without contact.
func (p *peer) tap(t *testing.T, read <-chan outcome[card.Reading]) {
	t.Helper()
	p.exchange("GCX", selected, tapAnswer)
	p.exchange("GTK", trkAnswer)
	p.exchange("GOX", noPINAnswer)
	require.NoError(t, (<-read).err)
}

// swipe goes through the reading of a stripe.
func (p *peer) swipe(t *testing.T, read <-chan outcome[card.Reading]) {
	t.Helper()
	p.exchange("GCX", swiped("0", "101"))
	p.exchange("GTK", stripeTracks)
	require.NoError(t, (<-read).err)
}

func TestThePinpadHearsTheResultOfATapAndCannotRefuseIt(t *testing.T) {
	issuer := card.IssuerAnswer{ARC: "00", AuthenticationData: "9108A102DB6D41C67963"}
	for name, tc := range map[string]struct {
		request device.FinishRequest
		command string
		answer  string
	}{
		"approved":              {device.FinishRequest{Approved: true, Reached: true, Issuer: issuer}, tlv(0x19, "0000", 0x1C, "00"), ok("FCX", tlv(0x8058, "000"))},
		"with data, as PPC930s": {device.FinishRequest{Approved: true, Reached: true, Issuer: issuer}, tlv(0x19, "0000", 0x1C, "00"), ok("FCX", tlv(0x8058, "000", 0x8054, chipTags))},
		"with empty data":       {device.FinishRequest{Approved: true, Reached: true, Issuer: issuer}, tlv(0x19, "0000", 0x1C, "00"), ok("FCX", tlv(0x8058, "000", 0x8054, ""))},
		"contradicted":          {device.FinishRequest{Approved: true, Reached: true, Issuer: issuer}, tlv(0x19, "0000", 0x1C, "00"), ok("FCX", tlv(0x8058, "100"))},
		"refused by the pinpad": {device.FinishRequest{Approved: true, Reached: true, Issuer: issuer}, tlv(0x19, "0000", 0x1C, "00"), "FCX010"},
		"declined":              {device.FinishRequest{Reached: true, Issuer: card.IssuerAnswer{ARC: "51"}}, tlv(0x19, "1000", 0x1C, "51"), ok("FCX", tlv(0x8058, "100"))},
		"silent":                {device.FinishRequest{}, tlv(0x19, "2000"), ok("FCX", tlv(0x8058, "100"))},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				p.tap(t, till.beginRead(t.Context()))
				request := tc.request
				request.Attempt = attempt
				finish := till.beginFinish(t.Context(), request)
				sent := p.exchange("FCX", tc.answer)
				require.Contains(t, sent, tc.command)
				require.NotContains(t, sent, "\x91\x08", "no chip is there to hear of its issuer")
				got := <-finish
				require.NoError(t, got.err)
				require.Equal(t, noWord, got.value)
				p.play(t, till.beginRead(t.Context()))
			})
		})
	}
}

func TestATapStandsWhateverBecomesOfThePinpad(t *testing.T) {
	approved := device.FinishRequest{Attempt: attempt, Approved: true, Reached: true}
	for name, trouble := range map[string]func(t *testing.T, till *till, p *peer) <-chan outcome[card.Completion]{
		"pinpad hangs": func(t *testing.T, till *till, p *peer) <-chan outcome[card.Completion] {
			finish := till.beginFinish(t.Context(), approved)
			p.take("FCX")
			hanging := time.Now()
			p.sync()
			require.Equal(t, 15*time.Second, time.Since(hanging))
			return finish
		},
		"till gives up": func(t *testing.T, till *till, p *peer) <-chan outcome[card.Completion] {
			ctx, giveUp := context.WithTimeout(t.Context(), time.Second)
			t.Cleanup(giveUp)
			finish := till.beginFinish(ctx, approved)
			p.take("FCX")
			p.sync()
			return finish
		},
		"cable pulled at the end": func(t *testing.T, till *till, p *peer) <-chan outcome[card.Completion] {
			finish := till.beginFinish(t.Context(), approved)
			p.take("FCX")
			p.cable.Close()
			return finish
		},
		"no pinpad any more": func(t *testing.T, till *till, p *peer) <-chan outcome[card.Completion] {
			p.cable.Close()
			till.waitLight(device.Absent)
			return till.beginFinish(t.Context(), approved)
		},
		"another session": func(t *testing.T, till *till, p *peer) <-chan outcome[card.Completion] {
			p.cable.Close()
			till.waitLight(device.Absent)
			till.plugStarted()
			return till.beginFinish(t.Context(), approved)
		},
		"asked twice": func(t *testing.T, till *till, p *peer) <-chan outcome[card.Completion] {
			finish := till.beginFinish(t.Context(), approved)
			p.exchange("FCX", ok("FCX", tlv(0x8058, "000")))
			require.Equal(t, noWord, (<-finish).value)
			return till.beginFinish(t.Context(), approved)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				p := till.plugStarted()
				p.tap(t, till.beginRead(t.Context()))
				got := <-trouble(t, till, p)
				require.NoError(t, got.err)
				require.Equal(t, noWord, got.value)
			})
		})
	}
}

func TestNoTroubleOfTheLineTurnsATapIntoARefusal(t *testing.T) {
	for name, trouble := range harmful {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, till *till) {
				r := till.startRobot("FCX", trouble)
				r.answers["GCX"] = []string{selected, tapAnswer}
				_, err := till.ReadCard(t.Context(), creditRequest)
				require.NoError(t, err)
				completion, err := till.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
				require.NoError(t, err)
				require.Equal(t, noWord, completion)
				require.Equal(t, 1, r.count("FCX"))
				require.EqualValues(t, 1, till.Counters().Sessions)
			})
		})
	}
}

func TestAStripeHasNoLastWordAndThePinpadIsNotAsked(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		p.swipe(t, till.beginRead(t.Context()))
		for _, request := range []device.FinishRequest{{Approved: true, Reached: true}, {Reached: true}, {}} {
			request.Attempt = attempt
			completion, err := till.FinishCard(t.Context(), request)
			require.NoError(t, err)
			require.Equal(t, noWord, completion)
		}
		p.quiet(time.Hour)
		p.cable.Close()
		till.waitLight(device.Absent)
		completion, err := till.FinishCard(t.Context(), device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
		require.NoError(t, err)
		require.Equal(t, noWord, completion)
	})
}

func TestOnlyTheCardReadLastIsKnownToHaveNoLastWord(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		p.swipe(t, till.beginRead(t.Context()))
		_, err := till.FinishCard(t.Context(), device.FinishRequest{Attempt: "01JD0000000000000000000001", Approved: true, Reached: true})
		requireFault(t, err, device.LinkLost)

		p.play(t, till.beginRead(t.Context()))
		finish := till.beginFinish(t.Context(), device.FinishRequest{Attempt: attempt, Approved: true, Reached: true})
		p.exchange("FCX", ok("FCX", tlv(0x8058, "100")))
		require.Equal(t, card.AAC, (<-finish).value.Cryptogram, "a chip has the last word again")
	})
}

func TestReleasingACardThatIsGoneIsQuick(t *testing.T) {
	run(t, func(t *testing.T, till *till) {
		p := till.plugStarted()
		p.tap(t, till.beginRead(t.Context()))
		release := till.beginRelease(t.Context())
		p.exchange("RMC", "RMC000")
		p.exchange("CLX", "CLX000")
		require.NoError(t, (<-release).err)
	})
}
