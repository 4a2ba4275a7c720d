package receipt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/printer/receipt"
	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
	"balcao/terminal/text"
)

// rows are the texts of a document with the blanks between cells reduced to bars.
func rows(t *testing.T, job device.PrintJob) string {
	t.Helper()
	var said []string
	for _, block := range build(t, job) {
		switch block := block.(type) {
		case receipt.Columns:
			said = append(said, strings.Join(texts(block), "|"))
		case receipt.Table:
			for _, row := range block.Rows {
				said = append(said, strings.Join(texts(row), "|"))
			}
		default:
			said = append(said, words(receipt.Document{block}))
		}
	}
	return strings.Join(said, "\n")
}

func TestDiscountStandsUnderItsLineAndBothKindsInTheSum(t *testing.T) {
	require.NotContains(t, words(build(t, cashSale())), "esconto")
	said := rows(t, discountSale())
	require.Contains(t, said, "004 CAFÉ TORRADO E MOÍDO 500G\n2 un x 18,90|37,80\ndesconto|-4,00\n")
	require.Contains(t, said, "Subtotal|96,96\nDescontos|-6,00\nTOTAL R$\n90,96", "4,00 of a line and 2,00 of the whole")

	whole := cashSale()
	whole.Sale.Order.Totals.Discounts, whole.Sale.Order.Totals.Total = 6_96, 90_00
	said = rows(t, whole)
	require.NotContains(t, said, "desconto|")
	require.Contains(t, said, "Subtotal|96,96\nDescontos|-6,96\nTOTAL R$\n90,00")
}

func TestEveryTenderOfASplitSaleStandsOnItsOwnAndTheCardBelowItsOwnTender(t *testing.T) {
	require.Contains(t, rows(t, discountSale()), "Cartão de crédito|30,00\nVISA final 0119|NSU 004512  AUT 83A1C2\n"+
		"Cartão de débito|20,00\nPix|22,96\nDinheiro|20,00\nTroco|2,00\n")
}

func TestCustomersNumberIsWrittenAsPeopleWriteIt(t *testing.T) {
	for plain, printed := range map[string]string{
		"52998224725": "Consumidor|CPF 529.982.247-25", "12ABC34501DE35": "Consumidor|CNPJ 12.ABC.345/01DE-35",
	} {
		job := cashSale()
		job.Sale.Order.TaxID = plain
		require.Contains(t, rows(t, job), printed)
	}
	require.NotContains(t, rows(t, cashSale()), "Consumidor")
}

func TestCancelledSaleSaysWhoAllowedItAndWhy(t *testing.T) {
	said := rows(t, cancelledSale())
	require.Contains(t, said, "VENDA CANCELADA\nNÃO É DOCUMENTO FISCAL\n")
	require.Contains(t, said, "TOTAL R$\n92,96")
	require.Contains(t, said, "Operador 214 MARIA S.\nAutorizado por 101\nMotivo: Cliente desistiu")

	alone := cancelledSale()
	alone.Cancelled.ApproverID, alone.Cancelled.Reason, alone.Cancelled.Lines, alone.Cancelled.Total = "", "", nil, 0
	said = rows(t, alone)
	require.NotContains(t, said, "Autorizado")
	require.NotContains(t, said, "Motivo")
	require.Contains(t, said, "Itens 0 · peças 0\nTOTAL R$\n0,00")
}

func TestOnlyWhoTakesCashAwaySignsForIt(t *testing.T) {
	for kind, title := range map[shift.Movement]string{
		shift.Float: "FUNDO DE TROCO", shift.Suprimento: "SUPRIMENTO", shift.Sangria: "SANGRIA",
	} {
		said := rows(t, movement(kind, 500_00, "Malote 88"))
		require.Contains(t, said, title+"\n23/11/2026 16:05:00\n")
		require.Contains(t, said, "VALOR R$\n500,00")
		require.Contains(t, said, "Operador 214 MARIA S.\nAutorizado por 101\nMotivo: Malote 88")
		require.Equal(t, kind == shift.Sangria, strings.Contains(said, "Assinatura de quem retira"), title)
	}
	_, err := receipt.Build(movement("loan", 500_00, ""), text.In(text.Portuguese))
	require.ErrorContains(t, err, `no such cash movement "loan"`)
}

func TestZShowsTheDifferenceOfTheCountWhereverTheCountStands(t *testing.T) {
	said := rows(t, zReport())
	require.Contains(t, said, "LEITURA Z 1.487\n")
	require.Contains(t, said, "FORMA|QTD|SISTEMA|CONTADO|DIFER.\nDinheiro|41|1.847,30|1.842,30|-5,00\nDébito|66|4.029,15\n")
	require.Contains(t, said, "TOTAL|215|14.139,00||-5,00")
	require.Contains(t, said, "= Esperado||647,30\nContado||642,30\nDiferença||-5,00")

	exact := zReport()
	*exact.Report.Counted = exact.Report.Drawer
	require.Contains(t, rows(t, exact), "Diferença||0,00", "a count that is right is said too")
	for _, profile := range []receipt.Profile{wide, narrow} {
		require.Contains(t, strings.Join(lines(profile, build(t, nightZReport())...), "\n"), "Diferença", "whatever drops, this does not")
	}
}

func TestXShowsTheDrawerAndSaysThatNobodyCounted(t *testing.T) {
	said := rows(t, xReport())
	require.Contains(t, said, "LEITURA X\n")
	require.Contains(t, said, "FORMA|QTD|SISTEMA\n")
	require.Contains(t, said, "= Esperado||647,30\nContado||não contado\n")
	require.NotContains(t, said, "Diferença")
	require.NotContains(t, said, "Cadeia")

	uncounted := zReport()
	uncounted.Report.Counted = nil
	require.Contains(t, rows(t, uncounted), "Contado||não contado\n")
}

func TestSalesAndTendersThatDisagreeAreNotGlossedOver(t *testing.T) {
	require.NotContains(t, rows(t, zReport()), "Recebido menos")
	job := zReport()
	job.Report.Net -= 1_00
	require.Contains(t, rows(t, job), "Recebido menos venda líquida|1,00")
}

func TestTenderThatNoCatalogueKnowsIsListedAllTheSame(t *testing.T) {
	require.Contains(t, rows(t, nightZReport()), "Crédito loja|7|1.234.567,89\ncheque|1|1,00\nTOTAL|12.353|11.111.112,10")
}

func TestWhatACloseCarriesOverIsListedByName(t *testing.T) {
	said := rows(t, zReport())
	require.Contains(t, said, "PENDÊNCIAS\nFila para a central|3\nQuarentena|0\nPapéis por imprimir|0\nPagamentos em aberto|4\n")
	for _, key := range zReport().Report.Pending.Attempts {
		require.Contains(t, said, key)
	}
}

func TestReportNamesItsFactsAndCarriesTheHeadOfTheChain(t *testing.T) {
	document := build(t, zReport())
	require.Contains(t, words(document), "Recibos 9.001 a 9.209\nRegistros 41.207 a 43.018\nCadeia 618f 61aa 44e4 .. 32cd")
	require.Contains(t, document, receipt.Block(receipt.QR{Data: chainHead, Level: receipt.LevelM, Millimetres: 25}))
	require.Equal(t, receipt.Cut{Full: true}, document[len(document)-1])

	idle := xReport()
	idle.Report.Sums = shift.Sums{}
	said := rows(t, idle)
	require.NotContains(t, said, "Recibos")
	require.Contains(t, said, "Dinheiro|0|0,00\nTOTAL|0|0,00")
}

func TestMomentOnAnotherDateThanTheBusinessDaySaysSo(t *testing.T) {
	require.Contains(t, rows(t, zReport()), "Caixa 03  Movimento 23/11/2026|emitida 22:04:31\nAbertura 08:01:12|MARIA S. (214)")
	require.Contains(t, rows(t, nightZReport()), "emitida 24/11/2026 00:15:10\nAbertura 08:01:12")
	job := xReport()
	job.Report.BusinessDate = "hoje"
	require.Contains(t, rows(t, job), "Movimento hoje|emitida 23/11/2026 14:04:31")
}

// cents reads the figure at the end of a row that begins with a label.
func cents(t require.TestingT, said, label string) money.Cents {
	_, rest, found := strings.Cut("\n"+said+"\n", "\n"+label+"|")
	require.True(t, found, "no row %q", label)
	row, _, _ := strings.Cut(rest, "\n")
	return figure(t, row[strings.LastIndex(row, "|")+1:])
}

func figure(t require.TestingT, written string) money.Cents {
	amount, err := money.ParseCents(written)
	require.NoError(t, err)
	return amount
}

// randomSession is a session that took its facts one by one.
func randomSession(t *rapid.T) shift.Session {
	amounts := rapid.Int64Range(1, 99_999_99)
	made := shift.Session{BusinessDate: "2026-11-23"}
	made.Sums = made.Sums.Move(shift.Float, money.Cents(amounts.Draw(t, "float")))
	for number := range rapid.Int64Range(0, 20).Draw(t, "facts") {
		kind := rapid.SampledFrom([]shift.Movement{shift.Suprimento, shift.Sangria, ""}).Draw(t, "kind")
		amount := money.Cents(amounts.Draw(t, "amount"))
		if kind != "" {
			made.Sums = made.Sums.Move(kind, amount)
			continue
		}
		off := money.Cents(rapid.Int64Range(0, int64(amount)).Draw(t, "discount"))
		cash := money.Cents(rapid.Int64Range(0, int64(amount-off)).Draw(t, "cash"))
		other := rapid.SampledFrom([]string{"debit", "credit", "voucher", "pix", "store_credit"}).Draw(t, "method")
		made.Sums = made.Sums.Sell(number+1, amount, off).Pay("cash", cash).Pay(other, amount-off-cash)
	}
	if rapid.Bool().Draw(t, "counted") {
		made.Counts = []shift.Count{{Counted: money.Cents(rapid.Int64Range(0, 99_999_99).Draw(t, "count"))}}
	}
	return made
}

func TestWhatAPersonAddsUpOnAReportIsRight(t *testing.T) {
	rapid.Check(t, func(random *rapid.T) {
		report := randomSession(random).Report(time.Time{}, 0, shift.Pending{})
		job := device.PrintJob{Documents: []device.Document{device.ZReport}, Report: &report}
		said := rows(t, job)
		require.NotContains(random, said, "Recebido menos")
		require.Equal(random, cents(random, said, "VENDA LÍQUIDA"), cents(random, said, "VENDA BRUTA")+cents(random, said, "Descontos"))
		require.Equal(random, cents(random, said, "= Esperado"), cents(random, said, "Fundo de troco")+
			cents(random, said, "+ Vendas em dinheiro")+cents(random, said, "+ Suprimentos")+cents(random, said, "- Sangrias"))

		_, table, _ := strings.Cut(said, "\nFORMA|")
		table, total, _ := strings.Cut(table, "\nTOTAL|")
		var received money.Cents
		for _, row := range strings.Split(table, "\n")[1:] {
			received += figure(random, strings.Split(row, "|")[2])
		}
		require.Equal(random, figure(random, strings.Split(strings.SplitN(total, "\n", 2)[0], "|")[1]), received)
		require.Equal(random, report.Net, received)
		if report.Counted != nil {
			require.Equal(random, cents(random, said, "Diferença"), cents(random, said, "Contado")-cents(random, said, "= Esperado"))
		}
	})
}

func TestWhatAPersonAddsUpOnAReceiptIsRight(t *testing.T) {
	rapid.Check(t, func(random *rapid.T) {
		var sold []sale.Line
		for range rapid.IntRange(1, 6).Draw(random, "lines") {
			item := line("X", "un", money.One, money.UnitPrice(rapid.Int64Range(1, 9_999_99).Draw(random, "price")*100))
			sold = append(sold, discounted(item, money.Cents(rapid.Int64Range(0, int64(item.Total)).Draw(random, "off"))))
		}
		job := cashSale()
		job.Sale = paid(sold)
		off := money.Cents(rapid.Int64Range(0, int64(job.Sale.Order.Totals.Items)).Draw(random, "whole off"))
		job.Sale.Order.Totals.Discounts, job.Sale.Order.Totals.Total = off, job.Sale.Order.Totals.Items-off
		said := rows(t, job)

		var gross, less money.Cents
		for _, row := range strings.Split(said, "\n") {
			if _, written, found := strings.Cut(row, "desconto|"); found {
				less += figure(random, written)
			} else if label, written, found := strings.Cut(row, "|"); found && strings.HasPrefix(label, "1 un x ") {
				gross += figure(random, written)
			}
		}
		total := job.Sale.Order.Totals.Total
		require.Equal(random, total, gross+less-off)
		if gross != total {
			require.Equal(random, gross, cents(random, said, "Subtotal"))
			require.Equal(random, total-gross, cents(random, said, "Descontos"))
		}
	})
}
