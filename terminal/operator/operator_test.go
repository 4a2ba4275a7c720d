package operator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/money"
	"balcao/terminal/operator"
)

func TestPINIsCheckedAgainstItsHash(t *testing.T) {
	hash := operator.HashPIN("1234", [16]byte{1, 2, 3})
	require.NotContains(t, hash, "1234")
	ok, err := operator.CheckPIN(hash, "1234")
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = operator.CheckPIN(hash, "1235")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestBrokenHashIsAnErrorNotAWrongPIN(t *testing.T) {
	for _, hash := range []string{
		"", "1234", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA", "$argon2id$v=18$m=19456,t=2,p=1$AAAA$AAAA",
		"$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$m=19456,t=2,p=1$!$AAAA", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$",
	} {
		_, err := operator.CheckPIN(hash, "1234")
		require.Error(t, err, hash)
	}
}

func TestRolesReachTheirVerbsUpToTheirAmounts(t *testing.T) {
	maria := operator.Operator{ID: "214", Role: operator.Cashier}
	require.True(t, maria.May(operator.Sell, 1_000_000_00))
	require.True(t, maria.May(operator.CancelSale, 500_00))
	require.False(t, maria.May(operator.CancelSale, 500_01))
	require.True(t, operator.Operator{Role: operator.Supervisor}.May(operator.CancelSale, money.Max))
	require.False(t, operator.Operator{Role: "stranger"}.May(operator.Sell, 0))
	require.False(t, operator.Operator{Role: operator.Manager}.May("rob", 0))
}

func TestWrongPINsMakeTheOperatorWait(t *testing.T) {
	require.Zero(t, operator.Wait(4))
	require.Equal(t, time.Minute, operator.Wait(5))
	require.Equal(t, 5*time.Minute, operator.Wait(6))
	require.Equal(t, 30*time.Minute, operator.Wait(60))
}
