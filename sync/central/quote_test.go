package central_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/sale"
)

// richOrder has every part that an order of a till may have.
func richOrder() journal.Order {
	order := orderOf(1234)
	order.Lines[0].Discount, order.Lines[0].Total = 34, 1200
	order.Totals = sale.Totals{Items: 1200, Discounts: 200, Total: 1000}
	order.Customer = &journal.Customer{TaxID: "52998224725"}
	order.Metadata = map[string]string{"table": "4"}
	return order
}

func TestAQuoteIsTheOrderWithoutItsBirth(t *testing.T) {
	b := openBank(t) // strict: a member that a quote has not is refused
	got, err := b.client.QuoteOrder(t.Context(), richOrder())
	require.NoError(t, err)
	require.True(t, got.Payable)
	require.EqualValues(t, 1000, got.Totals.Total.Amount)
	results := map[wire.CheckName]wire.CheckResult{}
	for _, check := range got.Checks {
		results[check.Name] = check.Result
	}
	for _, name := range []wire.CheckName{wire.CheckNameRequiredFields, wire.CheckNameTotals, wire.CheckNameTaxesAndFees} {
		require.Equal(t, wire.CheckResultPass, results[name], name)
	}
}

func TestAnOrderThatDoesNotAddUpIsAnAnswer(t *testing.T) {
	b := openBank(t)
	order := richOrder()
	order.Totals.Total = money.Cents(999)
	got, err := b.client.QuoteOrder(t.Context(), order)
	require.NoError(t, err)
	require.False(t, got.Payable)
	require.EqualValues(t, 1000, got.Totals.Total.Amount, "central's own reckoning")
}

func TestAQuoteThatIsNoneIsSilence(t *testing.T) {
	eachTrouble(t, func(s *script, trouble http.HandlerFunc) {
		s.on("POST quotes", trouble)
		_, err := s.client().QuoteOrder(s.context(), richOrder())
		require.ErrorContains(s, err, "quote order: ")
	})
	s := newScript(t)
	s.on("POST quotes", reply(200, `{"totals":{},"checks":[],"payable":true}`))
	_, err := s.client().QuoteOrder(t.Context(), richOrder())
	var silence *transport.Silence
	require.ErrorAs(t, err, &silence)
}
