package simcentral_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

func TestTheOperatorSeesWhatThereIsAndWhatWantsLookingAt(t *testing.T) {
	w := openDay(t)
	w.sellCash(2_000)
	w.shop.seq = 100
	held := w.id()
	w.pay(held, w.card(500, wire.MethodCredit, ana().Chip(500, "1234")))
	require.Equal(t, "rejected(required-field)", w.tell("capture", fields{"epoch": epoch, "terminal_seq": 4, "occurred_at": occurredAt}))
	text := w.command("status")
	for _, line := range []string{
		`central +up`, `service authorisation +operational`, `payments captured +1, 20\.00`, `payments awaiting_confirmation +1, 5\.00`,
		`ledger cash +220\.00`, `ledger hold +5\.00`, `ledger sum +0\.00`, `open payment +` + held + ` T-0001 awaiting_confirmation 5\.00`,
		`rejected record +T-0001 ` + epoch + ` 4 capture [0-9A-Z]{26} required-field`,
		`stream +T-0001 ` + epoch + ` has facts 1 to 4, live calls told up to 101`,
	} {
		require.Regexp(t, `(?m)^`+line+`$`, text)
	}
}
