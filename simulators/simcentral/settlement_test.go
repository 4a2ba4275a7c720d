package simcentral_test

import (
	"encoding/csv"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

// settled reads an acquirer's file, its total apart.
func (s *shop) settled(words string) (lines []map[string]string, total map[string]string) {
	s.Helper()
	path := filepath.Join(s.TempDir(), "settlement.csv")
	s.command("settle " + path + " 2026-08-28 " + words)
	text, err := os.ReadFile(path)
	require.NoError(s, err)
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(s, err)
	for _, row := range rows[1:] {
		line := map[string]string{}
		for i, name := range rows[0] {
			line[name] = row[i]
		}
		lines = append(lines, line)
	}
	for _, pan := range []string{anaPAN, biaPAN} {
		require.NotContains(s, string(text), pan)
	}
	return lines[:len(lines)-1], lines[len(lines)-1]
}

func TestTheAcquirersFileHasItsTransactionsAndNoOthers(t *testing.T) {
	s := openShop(t)
	card, pix, cash, refund := s.id(), s.id(), s.id(), s.id()
	request := s.card(3_000, wire.MethodCredit, s.freshCard().Chip(3_000, "1234"))
	request.Installments, request.InstallmentBy = new(3), new(wire.PaymentRequestInstallmentByMerchant)
	paid := decode[wire.Payment](t, s.pay(card, request), http.StatusCreated)
	lines, _ := s.settled("")
	require.Empty(t, lines, "what is only held is not settled")
	s.confirm(card, s.id(), wire.ConfirmationOutcomeConfirmed)
	s.charge(pix, 1_000)
	s.command("pix pay " + pix)
	s.pay(cash, s.payment(s.id(), wire.MethodCash, 500))
	s.refund(card, refund, 1_000)

	lines, total := s.settled("")
	require.Len(t, lines, 3)
	byKind := map[string]map[string]string{}
	for _, line := range lines {
		byKind[line["type"]+" "+line["method"]] = line
	}
	sale := byKind["sale credit"]
	require.Equal(t, []string{card, *paid.Result.NSU, *paid.Result.AcquirerNSU, *paid.Result.AuthorisationCode, "1111", "3", "merchant", "3000", "90", "2910"}, []string{
		sale["payment_id"], sale["nsu"], sale["acquirer_nsu"], sale["authorisation_code"], sale["last4"],
		sale["installments"], sale["installment_by"], sale["gross_cents"], sale["fee_cents"], sale["net_cents"],
	})
	require.Equal(t, refund, byKind["refund credit"]["refund_id"])
	require.Equal(t, "-1000", byKind["refund credit"]["gross_cents"])
	require.Regexp(t, "^E", byKind["sale pix"]["end_to_end_id"])
	require.Equal(t, []string{"total", "3000", "3"}, []string{total["type"], total["gross_cents"], total["lines"]})
}

func TestTheAcquirersFileMayBeWrong(t *testing.T) {
	s := openShop(t)
	first, second := s.sell(1_000), s.sell(2_000)
	lines, total := s.settled("without=" + first + " cents=" + second + ":1999")
	require.Len(t, lines, 1)
	require.Equal(t, "1999", lines[0]["gross_cents"])
	require.Equal(t, "1999", total["gross_cents"])
	lines, _ = s.settled("twice=" + first)
	require.Len(t, lines, 3)
	for _, words := range []string{"settle", "settle x", "settle x tomorrow", "settle x 2026-08-28 without=nothing", "settle x 2026-08-28 burn=" + first, "settle x 2026-08-28 cents=" + first + ":much", "settle /nowhere/x 2026-08-28"} {
		_, err := s.server.Command(t.Context(), strings.Fields(words))
		require.ErrorContains(t, err, "central settle", words)
	}
}
