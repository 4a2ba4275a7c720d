package journal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/money"
	"balcao/terminal/sale"
)

var at = time.Date(2026, 11, 23, 14, 32, 7, 0, time.FixedZone("", -3*3600))

func TestBodiesOfTheTillsOwnCarryTheirVersion(t *testing.T) {
	added := journal.LineAdded{SaleID: "01JD4K3M8Q7V5W2X9Y0Z1A2B3C", Line: sale.Line{ID: "1", SKU: "17", Description: "PÃO", Quantity: 845, UnitPrice: 169_000, Total: 1428}}
	data, err := journal.MarshalBody(added)
	require.NoError(t, err)
	require.Contains(t, string(data), `"v":1`)
	back, err := journal.UnmarshalBody("line_added", data)
	require.NoError(t, err)
	require.Equal(t, added, back)
}

func TestBodiesOfTheContractCarryNone(t *testing.T) {
	float := journal.CashMovement{OperatorID: "maria", SessionID: "01JD4K3M8Q7V5W2X9Y0Z1A2B3D", Type: "float", Amount: money.Cents(20000)}
	data, err := journal.MarshalBody(float)
	require.NoError(t, err)
	require.JSONEq(t, `{"amount":{"amount":20000,"currency":"BRL"},"operator_id":"maria","session_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3D","type":"float"}`, string(data))
	require.True(t, journal.OfContract("cash_movement"))
	require.False(t, journal.OfContract("line_added"))
}

func TestALaterProgramsFactsAreRefusedWithAClearSentence(t *testing.T) {
	_, err := journal.UnmarshalBody("teleport", []byte(`{}`))
	require.ErrorContains(t, err, "later version of the program")
	_, err = journal.UnmarshalBody("sale_opened", []byte(`{"v":2,"sale_id":"x","number":1}`))
	require.ErrorContains(t, err, "later version of the program")
	_, err = journal.UnmarshalBody("sale_opened", []byte(`{"v":1,"sale_id":"x","number":1,"colour":"red"}`))
	require.ErrorContains(t, err, "colour")
}

func TestI6_ABatchFollowsWithoutGaps(t *testing.T) {
	fact := func(seq uint64) journal.Fact {
		return journal.Fact{Seq: seq, ID: ident.Make(at, [8]byte{}), At: at, Body: journal.OperatorLogout{OperatorID: "1"}}
	}
	require.NoError(t, journal.Batch{Facts: []journal.Fact{fact(8), fact(9)}}.Check(7))
	require.Error(t, journal.Batch{}.Check(0))
	require.Error(t, journal.Batch{Facts: []journal.Fact{fact(9)}}.Check(7))
	require.Error(t, journal.Batch{Facts: []journal.Fact{fact(8), fact(10)}}.Check(7))
	empty := fact(8)
	empty.ID = ""
	require.Error(t, journal.Batch{Facts: []journal.Fact{empty}}.Check(7))
}
