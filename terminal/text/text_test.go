package text_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/terminal/money"
	"balcao/terminal/text"
)

func TestBothLanguagesHaveTheSameMessages(t *testing.T) {
	portuguese, err := text.IDs(text.Portuguese)
	require.NoError(t, err)
	english, err := text.IDs(text.English)
	require.NoError(t, err)
	require.NotEmpty(t, portuguese)
	for id := range portuguese {
		require.True(t, english[id], "%s is missing in English", id)
	}
	for id := range english {
		require.True(t, portuguese[id], "%s is missing in Portuguese", id)
	}
}

func TestAmountsAreWrittenAsTheReaderWritesThem(t *testing.T) {
	message := text.Msg("core.said.paid_cash", "ChangeCents", money.Cents(123456))
	require.Equal(t, "Venda paga. Troco 1.234,56", text.In(text.Portuguese).Say(message))
	require.Equal(t, "Sale paid. Change 1,234.56", text.In(text.English).Say(message))
	require.Equal(t, "-0,05", text.In(text.Portuguese).Amount(-5))
	require.Equal(t, "0,845", text.In(text.Portuguese).Quantity(845))
	require.Equal(t, "0,500", text.In(text.Portuguese).Quantity(500))
	require.Equal(t, "1.000", text.In(text.Portuguese).Quantity(1_000_000))
	require.Equal(t, "5,899", text.In(text.Portuguese).UnitPrice(58_990))
}

func TestAnUnknownMessageIsVisibleAndHarmless(t *testing.T) {
	require.Equal(t, "[no.such.id]", text.In(text.English).Word("no.such.id"))
	require.Empty(t, text.In(text.English).Say(text.Message{}))
}
