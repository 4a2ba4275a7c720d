package card_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/terminal/card"
)

func TestSealedItemsMaskThemselvesInEveryPrinting(t *testing.T) {
	reading := card.Reading{Sealed: []card.Sealed{{Kind: card.Track2, KSN: "FFFF9876543210E00001", Data: "DEADBEEF"}}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "item", reading.Sealed[0])
	for _, text := range []string{
		fmt.Sprint(reading), fmt.Sprintf("%v %+v %#v %s", reading.Sealed[0], reading, reading.Sealed[0], reading.Sealed[0]), log.String(),
	} {
		require.NotContains(t, text, "DEADBEEF")
		require.Contains(t, text, "sealed track2")
	}
}

func TestOnlyTruncatedCardsPass(t *testing.T) {
	require.NoError(t, card.Present{BIN: "400000", Last4: "0119"}.Check())
	require.Error(t, card.Present{BIN: "40000012", Last4: "0119"}.Check())
	require.Error(t, card.Present{BIN: "400000", Last4: "4000001234560119"}.Check())
	require.Error(t, card.Present{BIN: "40*000", Last4: "0119"}.Check())
}
