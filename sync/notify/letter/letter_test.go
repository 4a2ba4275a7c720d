package letter_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/notify/letter"
	"balcao/terminal/text"
)

var (
	portuguese = text.In(text.Portuguese)
	english    = text.In(text.English)
)

func payment() letter.Payment {
	return letter.Payment{
		Store: "Mercado Exemplo", Order: "42", Amount: 123456, Tender: letter.Credit, Brand: "VISA", LastFour: "1234",
		At: time.Date(2026, 11, 25, 18, 4, 0, 0, time.FixedZone("BRT", -3*3600)),
	}
}

func TestAReceivedPaymentIsToldInBothLanguages(t *testing.T) {
	written, err := letter.PaymentSucceeded{Payment: payment()}.Write(portuguese)
	require.NoError(t, err)
	require.Equal(t, "Pagamento aprovado — Pedido nº 42", written.Subject)
	require.Equal(t, `Recebemos o seu pagamento de R$ 1.234,56. Obrigado pela compra!

Loja: Mercado Exemplo
Pedido: 42
Valor: R$ 1.234,56
Forma de pagamento: Cartão de crédito VISA final 1234
Quando: 25/11/2026 às 18:04

Esta mensagem não substitui o documento fiscal.
`, written.Text)
	require.Contains(t, written.HTML, `<html lang="pt-BR">`)

	written, err = letter.PaymentSucceeded{Payment: payment()}.Write(english)
	require.NoError(t, err)
	require.Equal(t, "Payment approved — Order no. 42", written.Subject)
	require.Contains(t, written.Text, "R$ 1,234.56")
	require.Contains(t, written.Text, "Credit card VISA ending 1234")
}

func TestAFailedPaymentSaysWhereTheMoneyIs(t *testing.T) {
	for where, said := range map[letter.Money][2]string{
		letter.NotCharged:    {"Nenhum valor foi cobrado.", "You were not charged."},
		letter.BeingReturned: {"está sendo devolvido", "is being returned"},
		letter.BeingVerified: {"Não pague de novo", "Do not pay again"},
	} {
		failed := letter.PaymentFailed{Payment: payment(), Money: where}
		written, err := failed.Write(portuguese)
		require.NoError(t, err)
		require.Contains(t, written.Text, said[0])
		require.Contains(t, html.UnescapeString(written.HTML), said[0])
		written, err = failed.Write(english)
		require.NoError(t, err)
		require.Contains(t, written.Text, said[1])
	}
	_, err := letter.PaymentFailed{Payment: payment()}.Write(portuguese)
	require.ErrorIs(t, err, letter.ErrRefused)
}

func TestABlockedOrderAndAReportAreTold(t *testing.T) {
	written, err := letter.OrderBlocked{
		Store: "Loja 1", Till: "T-0003", Order: "77", Reason: "saldo do vale <não> confere", At: payment().At,
	}.Write(portuguese)
	require.NoError(t, err)
	require.Equal(t, "Pedido bloqueado — nº 77, caixa T-0003", written.Subject)
	require.Contains(t, written.Text, "Motivo: saldo do vale <não> confere\n")
	require.NotContains(t, written.HTML, "<não>", "values are escaped")

	written, err = letter.Report{Store: "Loja 1", Title: "Vendas", Period: "24/11/2026", Figures: []letter.Figure{{"Total", "R$ 10,00"}}, Attached: true}.Write(english)
	require.NoError(t, err)
	require.Equal(t, "Vendas — 24/11/2026", written.Subject)
	require.Contains(t, written.Text, "Total: R$ 10,00\n\nDetails are attached.\n")
}

func TestNoLetterHoldsACardNumber(t *testing.T) {
	number := "4111 1111 " + "1111 1111"
	long, brand, order := payment(), payment(), payment()
	long.LastFour, brand.Brand, order.Order = "11111", "VISA 4111", number
	for _, p := range []letter.Payment{long, brand, order} {
		_, err := letter.PaymentSucceeded{Payment: p}.Write(portuguese)
		require.ErrorIs(t, err, letter.ErrRefused)
		require.NotContains(t, err.Error(), "4111")
	}
	_, err := letter.OrderBlocked{Till: "1", Order: "1", Reason: "cartão " + number, At: payment().At}.Write(portuguese)
	require.ErrorIs(t, err, letter.ErrRefused)
	_, err = letter.Report{Title: "x", Period: "y", Figures: []letter.Figure{{number, "1"}}}.Write(portuguese)
	require.ErrorIs(t, err, letter.ErrRefused)
}

func TestWhatIsMissingIsRefused(t *testing.T) {
	free, unknown := payment(), payment()
	free.Amount, unknown.Tender = 0, "barter"
	for _, p := range []letter.Payment{{}, free, unknown} {
		_, err := letter.PaymentSucceeded{Payment: p}.Write(portuguese)
		require.ErrorIs(t, err, letter.ErrRefused)
	}
	_, err := letter.OrderBlocked{}.Write(portuguese)
	require.ErrorIs(t, err, letter.ErrRefused)
	_, err = letter.Report{}.Write(portuguese)
	require.ErrorIs(t, err, letter.ErrRefused)
}

func TestEveryTenderHasWordsAndNoValueBreaksALine(t *testing.T) {
	unsaid := regexp.MustCompile(`\[notify\.|<no value>`)
	for _, language := range []*text.Language{portuguese, english} {
		for _, tender := range []letter.Tender{letter.Cash, letter.Debit, letter.Credit, letter.Voucher, letter.Pix, letter.StoreCredit} {
			p := payment()
			p.Tender = tender
			written, err := letter.PaymentSucceeded{Payment: p}.Write(language)
			require.NoError(t, err)
			require.False(t, unsaid.MatchString(written.Subject+written.Text), written.Text)
		}
	}
	split := payment()
	split.Store = "Loja\r\nBcc: x"
	written, err := letter.PaymentSucceeded{Payment: split}.Write(english)
	require.NoError(t, err)
	require.False(t, strings.Contains(written.Text, "\r"))
}
