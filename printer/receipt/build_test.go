package receipt_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/printer/receipt"
	"balcao/terminal/card"
	"balcao/terminal/catalog"
	"balcao/terminal/device"
	"balcao/terminal/money"
	"balcao/terminal/payment"
	"balcao/terminal/sale"
	"balcao/terminal/shift"
	"balcao/terminal/text"
)

// build makes the document of a job in Portuguese.
func build(t *testing.T, job device.PrintJob) receipt.Document {
	t.Helper()
	document, err := receipt.Build(job, text.In(text.Portuguese))
	require.NoError(t, err)
	return document
}

// words is everything that a document says, a line for each text.
func words(document receipt.Document) string {
	var said []string
	for _, block := range document {
		switch block := block.(type) {
		case receipt.Line:
			said = append(said, block.Text)
		case receipt.Columns:
			said = append(said, texts(block)...)
		case receipt.Table:
			for _, row := range block.Rows {
				said = append(said, texts(row)...)
			}
		case receipt.Big:
			said = append(said, block.Label, block.Amount)
		}
	}
	return strings.Join(said, "\n")
}

func texts(row receipt.Columns) []string {
	said := make([]string, len(row.Cells))
	for i, cell := range row.Cells {
		said[i] = cell.Text
	}
	return said
}

func TestDrawerOpensBeforeTheFirstLineAndOnce(t *testing.T) {
	document := build(t, cashSale())
	require.Equal(t, receipt.Pulse{}, document[0])
	require.NotContains(t, document[1:], receipt.Pulse{})
	require.NotContains(t, build(t, secondCopy(cashSale())), receipt.Pulse{})
}

func TestEveryPaperOfAJobIsCutApart(t *testing.T) {
	cuts := 0
	document := build(t, cardSale())
	for _, block := range document {
		if block == (receipt.Cut{}) {
			cuts++
		}
	}
	require.Equal(t, 3, cuts)
	require.Equal(t, receipt.Cut{}, document[len(document)-1])
}

func TestReprintSaysSoAtTopAndBottomOfEveryPaper(t *testing.T) {
	said := words(build(t, secondCopy(cardSale())))
	require.Equal(t, 6, strings.Count(said, "2ª VIA"))
	require.Equal(t, 6, strings.Count(said, "reimpressa 24/11/2026 09:05:00"))
	require.NotContains(t, words(build(t, cardSale())), "2ª VIA")
}

func TestTimesStandInTheirOwnOffset(t *testing.T) {
	job := cashSale()
	job.Sale.PaidAt = job.Sale.PaidAt.UTC()
	require.Contains(t, words(build(t, job)), "23/11/2026 17:32:07")
}

func TestSlipNeedsAnApprovedPaymentThatStands(t *testing.T) {
	for _, state := range []payment.State{payment.Intent, payment.VoidDecided, payment.Reversed, payment.Refusal} {
		job := cardSale()
		job.Attempt.State = state
		_, err := receipt.Build(job, text.In(text.Portuguese))
		require.ErrorContains(t, err, "is not an approved payment", "state %v", state)
	}
	declined := cardSale()
	declined.Attempt.Result.Approved = false
	_, err := receipt.Build(declined, text.In(text.Portuguese))
	require.ErrorContains(t, err, "is not an approved payment")

	undone := cardSale()
	undone.Attempt.State, undone.Attempt.Reason = payment.Manual, payment.Timeout
	_, err = receipt.Build(undone, text.In(text.Portuguese))
	require.ErrorContains(t, err, "is not an approved payment")

	confirmFailed := cardSale()
	confirmFailed.Attempt.State = payment.Manual
	build(t, confirmFailed)
}

func TestJobWithoutItsFactsIsRefused(t *testing.T) {
	for document, lack := range map[device.Document]string{
		device.SaleReceipt: "no sale", device.CustomerSlip: "no payment attempt", device.MerchantSlip: "no payment attempt",
		device.UnderReviewSlip: "no payment attempt", device.CancelledSale: "no cancelled sale", device.CashSlip: "no cash movement",
		device.XReport: "no report", device.ZReport: "no report", "poster": "no such document",
	} {
		_, err := receipt.Build(device.PrintJob{ID: jobID, Documents: []device.Document{document}}, text.In(text.Portuguese))
		require.ErrorContains(t, err, lack)
		require.ErrorContains(t, err, string(document))
	}
}

func TestSignatureLineStandsOnTheStoresCopyAlone(t *testing.T) {
	job := cardSale()
	job.Attempt.Card.CVM = card.CVMSignature
	require.Equal(t, 1, strings.Count(words(build(t, job)), "Assinatura do portador"))
	require.NotContains(t, words(build(t, cardSale())), "Assinatura do portador")
}

func TestMoreThanLastFourNeverStandsOnPaper(t *testing.T) {
	require.NotContains(t, words(build(t, cardSale())), "401200")
}

func TestBrokenChipDataCostsOnlyTheCryptogram(t *testing.T) {
	for _, tags := range []string{"", "9F", "9F26", "9F2608", "9F26080DB5", "not hex", "9F2681", "9F268208"} {
		job := cardSale()
		job.Attempt.Card.EMVRequest = tags
		require.NotContains(t, words(build(t, job)), "ARQC", "tags %q", tags)
	}
	job := cardSale()
	job.Attempt.Card.EMVRequest = "82021980" + "9F26810811223344556677AA"
	require.Contains(t, words(build(t, job)), "ARQC 11223344556677AA")
}

func TestSaleCodeIsAnInStoreEAN13(t *testing.T) {
	code := func(number int64) []receipt.Block {
		job := cashSale()
		job.Sale.Order.SaleNumber = number
		var found []receipt.Block
		for _, block := range build(t, job) {
			if barcode, ok := block.(receipt.Barcode); ok {
				require.True(t, catalog.ValidGTIN(barcode.Digits), barcode.Digits)
				found = append(found, barcode)
			}
		}
		return found
	}
	// By hand: 2+0+0+1+4+1 = 8, thrice 0+0+0+8+2+3 = 39, together 47, so 3.
	require.Equal(t, []receipt.Block{receipt.Barcode{Digits: "2000001842133"}}, code(184_213))
	require.Len(t, code(99_999_999_999), 1)
	require.Empty(t, code(100_000_000_000), "a number that does not fit has no code")
	require.Empty(t, code(0))
}

func TestPapersLeaveOutWhatTheJobDoesNotKnow(t *testing.T) {
	job := cardSale()
	job.Documents = []device.Document{device.CustomerSlip}
	job.Store = device.Store{Name: "BALCÃO", Till: "1"}
	job.Sale = nil
	job.Attempt.Card.CVM, job.Attempt.Card.AID, job.Attempt.Card.EMVRequest = "", "", ""
	job.Attempt.Result = payment.Result{Approved: true}
	said := words(build(t, job))
	require.Contains(t, said, "TRANSAÇÃO AUTORIZADA")
	for _, absent := range []string{"CNPJ", "AID", "NSU", "AUT ", "Doc", "Rede", "ARQC"} {
		require.NotContains(t, said, absent)
	}

	pix := underReview()
	pix.Attempt.Card, pix.Attempt.Method, pix.Sale = nil, payment.Pix, cashSale().Sale
	require.Contains(t, words(build(t, pix)), "Pix\nR$ 229,06\nVenda 184.213  chave 01M84QE…E7")

	bulk := cashSale()
	bulk.Sale.Order.Lines = []sale.Line{line("PARAFUSO", "", 3*money.One, 1_0000)}
	require.Contains(t, words(build(t, bulk)), "3 un x 1,00")
}

func TestUnformattableTaxNumberStaysAsItIs(t *testing.T) {
	for plain, printed := range map[string]string{
		"12345678000195": "CNPJ 12.345.678/0001-95", "12ABC34501DE35": "CNPJ 12.ABC.345/01DE-35", "ISENTO": "CNPJ ISENTO",
	} {
		job := cashSale()
		job.Store.TaxID = plain
		require.Contains(t, words(build(t, job)), printed)
	}
}

func TestEveryWordOfThePaperIsInBothCatalogues(t *testing.T) {
	for _, tag := range []text.Tag{text.Portuguese, text.English} {
		for name, job := range papers() {
			document, err := receipt.Build(job, text.In(tag))
			require.NoError(t, err)
			require.NotContains(t, words(document), "[paper.", name)
		}
	}
	portuguese, err := text.IDs(text.Portuguese)
	require.NoError(t, err)
	english, err := text.IDs(text.English)
	require.NoError(t, err)
	for _, id := range neededIDs() {
		require.True(t, portuguese[id], id)
		require.True(t, english[id], id)
	}
}

// neededIDs are the messages whose names are made of the contract's words.
func neededIDs() []string {
	var ids []string
	for _, method := range []payment.Method{payment.Cash, payment.Debit, payment.Credit, payment.Voucher, payment.Pix, payment.StoreCredit} {
		ids = append(ids, "paper.tender."+string(method), "paper.report.method."+string(method))
		if method.ByCard() {
			ids = append(ids, "paper.slip."+string(method))
		}
	}
	for _, mode := range []card.EntryMode{card.Chip, card.Contactless, card.ContactlessMagstripe, card.Magstripe, card.Fallback} {
		ids = append(ids, "paper.slip.entry."+string(mode))
	}
	for _, way := range []card.CVM{card.CVMNone, card.CVMSignature, card.CVMOnlinePIN, card.CVMOfflinePIN, card.CVMDevice} {
		ids = append(ids, "paper.slip.cvm."+string(way))
	}
	for _, kind := range []shift.Movement{shift.Float, shift.Suprimento, shift.Sangria} {
		ids = append(ids, "paper.cash."+string(kind))
	}
	return ids
}

// papers are all jobs of the tests, by the names of their goldens.
func papers() map[string]device.PrintJob {
	all := map[string]device.PrintJob{
		"cash": cashSale(), "card": cardSale(), "copy": secondCopy(cardSale()), "review": underReview(), "awkward": awkwardSale(),
	}
	maps.Copy(all, dayPapers())
	return all
}

func TestPapersLookLikeTheirGoldens(t *testing.T) {
	for name, job := range papers() {
		for _, tag := range []text.Tag{text.Portuguese, text.English} {
			for suffix, profile := range map[string]receipt.Profile{"48": wide, "32": narrow} {
				t.Run(name+" "+string(tag)+" "+suffix, func(t *testing.T) {
					document, err := receipt.Build(job, text.In(tag))
					require.NoError(t, err)
					golden.Equal(t, "testdata/"+name+"."+string(tag)+"."+suffix+".txt", show(receipt.Layout(document, profile)))
				})
			}
		}
	}
}
