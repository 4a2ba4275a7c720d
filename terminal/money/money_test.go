package money_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/terminal/money"
)

func TestExtendRoundsHalfAwayFromZero(t *testing.T) {
	for _, row := range []struct {
		price    money.UnitPrice
		quantity money.Quantity
		want     money.Cents
	}{
		{169_000, 845, 1428},   // 0,845 kg × 16,90 = 14,2805
		{50, 1000, 1},          // 0,0050 → 0,01
		{-50, 1000, -1},        // symmetric
		{49, 1000, 0},          // 0,0049 → 0,00
		{58_990, 10_000, 5899}, // fuel, four decimals
		{0, 3000, 0},
	} {
		got, err := money.Extend(row.price, row.quantity)
		require.NoError(t, err)
		require.Equal(t, row.want, got, "%v × %v", row.price, row.quantity)
	}
	_, err := money.Extend(1<<62, 1<<62)
	require.ErrorIs(t, err, money.ErrRange)
}

func TestExtendAgreesWithBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(t, "price")
		quantity := rapid.Int64Range(0, 1_000_000).Draw(t, "quantity")
		got, err := money.Extend(money.UnitPrice(price), money.Quantity(quantity))
		require.NoError(t, err)
		product := new(big.Int).Mul(big.NewInt(price), big.NewInt(quantity))
		half := big.NewInt(50_000)
		if product.Sign() < 0 {
			half.Neg(half)
		}
		want := new(big.Int).Quo(product.Add(product, half), big.NewInt(100_000))
		require.Equal(t, want.Int64(), int64(got))
	})
}

func TestAllocationSumsToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := money.Cents(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "amount"))
		weights := rapid.SliceOfN(rapid.Int64Range(0, 100_000), 1, 20).Draw(t, "weights")
		var total money.Cents
		for _, part := range money.Allocate(amount, weights) {
			total += part
		}
		require.Equal(t, amount, total)
	})
	require.Equal(t, []money.Cents{34, 33, 33}, money.Allocate(100, []int64{1, 1, 1}))
}

func TestAmountsAsTyped(t *testing.T) {
	for text, want := range map[string]money.Cents{
		"50": 5000, "50,5": 5050, "50,05": 5005, "1.234,56": 123456, "1.234": 123400, "12.5": 1250, " 7 ": 700,
	} {
		got, err := money.ParseCents(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, bad := range []string{"", "abc", "1,234", "--1", "1e3", "99999999999999", "5,", "9999999999999"} {
		_, err := money.ParseCents(bad)
		require.Error(t, err, bad)
	}
}

func TestContractForms(t *testing.T) {
	line := struct {
		Total    money.Cents
		Price    money.UnitPrice
		Quantity money.Quantity
	}{1428, 169_000, 845}
	data, err := json.Marshal(line)
	require.NoError(t, err)
	require.JSONEq(t, `{"Total":{"amount":1428,"currency":"BRL"},"Price":"16.90","Quantity":"0.845"}`, string(data))
	back := line
	back.Total, back.Price, back.Quantity = 0, 0, 0
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, line, back)
	var cents money.Cents
	require.ErrorContains(t, json.Unmarshal([]byte(`{"amount":1,"currency":"USD"}`), &cents), "USD")
	require.Equal(t, "-0.05", money.Cents(-5).String())
	require.Equal(t, "5.8991", money.UnitPrice(58_991).String())
	require.Equal(t, "3", money.Quantity(3000).String())
}
