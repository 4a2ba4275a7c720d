package ledger_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/simulators/simcentral/ledger"
)

func TestABookingMovesMoneyAndAddsUpToZero(t *testing.T) {
	book := ledger.New()
	require.NoError(t, book.Book(ledger.Move("1", "issuer:funding", "customer:ana", 10_000)))
	require.NoError(t, book.Book(ledger.Move("2", "customer:ana", "hold:P", 2_500)))
	require.EqualValues(t, 7_500, book.Balance("customer:ana"))
	require.EqualValues(t, 2_500, book.Balance("hold:P"))
	require.Zero(t, book.Sum())
	require.True(t, book.Booked("2"))
}

func TestWhatDoesNotAddUpIsNotBooked(t *testing.T) {
	book := ledger.New()
	require.ErrorIs(t, book.Book(ledger.Entry{ID: "1"}), ledger.ErrUnbalanced)
	require.ErrorIs(t, book.Book(ledger.Entry{ID: "1", Postings: []ledger.Posting{{Account: "a", Cents: 1}, {Account: "b", Cents: -2}}}), ledger.ErrUnbalanced)
	require.ErrorIs(t, book.Book(ledger.Move("1", "a", "b", math.MaxInt64)), ledger.ErrOverflow)
	require.ErrorIs(t, book.Book(ledger.Move("1", "a", "b", math.MinInt64)), ledger.ErrOverflow)
	require.Empty(t, book.Balances())
}

func TestAnEntryIsBookedOnce(t *testing.T) {
	book := ledger.New()
	require.NoError(t, book.Book(ledger.Move("1", "a", "b", 5)))
	require.ErrorIs(t, book.Book(ledger.Move("1", "a", "b", 5)), ledger.ErrBookedOnce)
	require.EqualValues(t, 5, book.Balance("b"))
}

func TestTheLedgerMatchesADumbModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		book, model := ledger.New(), map[string]int64{}
		accounts := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		for i := range rapid.IntRange(1, 30).Draw(t, "bookings") {
			from, to := accounts.Draw(t, "from"), accounts.Draw(t, "to")
			cents := rapid.Int64Range(0, 1_000_000).Draw(t, "cents")
			require.NoError(t, book.Book(ledger.Move(fmt.Sprint(i), from, to, cents)))
			model[from] -= cents
			model[to] += cents
		}
		require.Equal(t, model, book.Balances())
		require.Zero(t, book.Sum())
	})
}
