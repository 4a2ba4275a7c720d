package simcentral_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

// content is an order as a quote has it.
func (s *shop) content() wire.OrderContent {
	order := s.order()
	return wire.OrderContent{Channel: order.Channel, Lines: order.Lines, Totals: order.Totals}
}

func (s *shop) quote(content wire.OrderContent) wire.OrderSummary {
	s.Helper()
	return decode[wire.OrderSummary](s, s.call(http.MethodPost, "/v1/orders/quotes", content), http.StatusOK)
}

// checked writes the checks of a summary as one line.
func checked(summary wire.OrderSummary) string {
	line := ""
	for _, check := range summary.Checks {
		line += fmt.Sprintf("%s=%s ", check.Name, check.Result)
	}
	return line
}

const allGood = "required_fields=pass totals=pass taxes_and_fees=pass stock=skipped address=skipped coverage=skipped "

func TestAQuoteKeepsNothing(t *testing.T) {
	s := openShop(t)
	got := s.quote(s.content())
	require.True(t, got.Payable)
	require.Equal(t, allGood, checked(got))
	require.EqualValues(t, 5_976, got.Totals.Total.Amount)
	require.Empty(t, s.ledger().Orders)
}

func TestAQuoteSaysWhatAnOrderShouldComeTo(t *testing.T) {
	s := openShop(t)
	content := s.content()
	content.Lines[1].Total, content.Totals.Total = reals(3_000), reals(5_000)
	got := s.quote(content)
	require.False(t, got.Payable)
	require.Equal(t, "required_fields=pass totals=fail taxes_and_fees=pass stock=skipped address=skipped coverage=skipped ", checked(got))
	require.Equal(t, wire.CodeTotalMismatch, *got.Checks[1].Code)
	require.Equal(t, "/lines/1/total: expected 3396, got 3000 (and 1 more)", *got.Checks[1].Detail)
	require.Equal(t, reals(5_976), got.Totals.Items)
	require.Equal(t, reals(5_976), got.Totals.Total)
}

func TestAQuoteAndAnOrderFindTheSame(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*wire.OrderContent)
		check  int
		result wire.CheckResult
		code   string // of the order's refusal, empty when it is taken
	}{
		"no description":        {func(c *wire.OrderContent) { c.Lines[0].Description = " " }, 0, wire.CheckResultFail, wire.CodeRequiredField},
		"two lines with one id": {func(c *wire.OrderContent) { c.Lines[1].LineID = "1" }, 0, wire.CheckResultFail, wire.CodeRequiredField},
		"nothing of an item": {func(c *wire.OrderContent) {
			c.Lines = []wire.OrderLine{line("1", "0", "12.90", 0, 0)}
			c.Totals = wire.Totals{Items: reals(0), Total: reals(0)}
		}, 0, wire.CheckResultFail, wire.CodeRequiredField},
		"tax on top that the totals leave out": {func(c *wire.OrderContent) {
			c.Lines[0].Taxes = &[]wire.TaxAmount{{Code: "ISS", Amount: reals(150), Included: new(false)}}
			c.Totals.Total = reals(6_126)
		}, 2, wire.CheckResultFail, wire.CodeTotalMismatch},
		"more tax than the line costs": {func(c *wire.OrderContent) {
			c.Lines[0].Taxes = &[]wire.TaxAmount{{Code: "ICMS", Amount: reals(2_581)}}
		}, 2, wire.CheckResultFail, wire.CodeTotalMismatch},
		"less tax than none": {func(c *wire.OrderContent) {
			c.Lines[0].Taxes = &[]wire.TaxAmount{{Code: "ICMS", Amount: reals(-1)}}
		}, 2, wire.CheckResultFail, wire.CodeTotalMismatch},
		"tax at its rate": {func(c *wire.OrderContent) {
			c.Lines[0].Taxes = &[]wire.TaxAmount{{Code: "ICMS", RatePpm: new(195_000), Amount: reals(503)}} // 2580 × 19,5 % = 503,1
		}, 2, wire.CheckResultPass, ""},
		"tax on a reduced base": {func(c *wire.OrderContent) {
			c.Lines[0].Taxes = &[]wire.TaxAmount{{Code: "ICMS", RatePpm: new(180_000), Amount: reals(181)}}
		}, 2, wire.CheckResultWarn, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			content := s.content()
			test.change(&content)
			got := s.quote(content)
			require.Equal(t, test.result, got.Checks[test.check].Result, checked(got))
			require.Equal(t, test.code == "", got.Payable)

			order := s.order()
			order.Lines, order.Totals = content.Lines, content.Totals
			answer := s.putOrder(s.id(), order)
			if test.code != "" {
				requireProblem(t, answer, http.StatusUnprocessableEntity, test.code)
				return
			}
			require.Equal(t, got.Checks, decode[wire.Order](t, answer, http.StatusCreated).Summary.Checks)
		})
	}
}

func TestWhatDoesNotFitTheContractGetsNoQuote(t *testing.T) {
	s := openShop(t)
	body := []byte(`{"channel":"till","lines":[],"totals":{"items":{"amount":0,"currency":"BRL"}}}`)
	requireProblem(t, s.call(http.MethodPost, "/v1/orders/quotes", body), http.StatusUnprocessableEntity, wire.CodeRequiredField)
}
