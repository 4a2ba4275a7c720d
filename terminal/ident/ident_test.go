package ident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/ident"
)

func TestDerivedIDsAreStableDistinctAndLeadBack(t *testing.T) {
	origin := ident.Make(time.Date(2026, 11, 23, 14, 32, 7, 0, time.UTC), [8]byte{1, 2, 3, 4, 5, 6, 7, 8})
	require.Len(t, string(origin), 26)
	require.Equal(t, origin, origin.Origin())
	seen := map[ident.ID]bool{origin: true}
	for n := 1; n <= 300; n++ {
		derived := origin.Derive(n)
		require.False(t, seen[derived], "derived id %d repeats", n)
		require.Equal(t, derived, origin.Derive(n))
		require.Equal(t, origin, derived.Origin())
		seen[derived] = true
	}
	require.Panics(t, func() { origin.Derive(0) })
	require.Panics(t, func() { origin.Derive(1 << 16) })
}

func TestParseTakesOnlyWholeIDs(t *testing.T) {
	id, err := ident.Parse("01jd4k3m8q7v5w2x9y0z1a2b3c")
	require.NoError(t, err)
	require.Equal(t, ident.ID("01JD4K3M8Q7V5W2X9Y0Z1A2B3C"), id)
	require.Equal(t, "01JD4K3…3C", id.Short())
	for _, bad := range []string{"", "01JD", "01JD4K3M8Q7V5W2X9Y0Z1A2B3I", "01JD4K3M8Q7V5W2X9Y0Z1A2B3CC"} {
		_, err := ident.Parse(bad)
		require.Error(t, err, bad)
	}
	require.Empty(t, ident.ID("nonsense").Origin())
}
