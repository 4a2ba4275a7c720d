package psp_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simpsp"
	"balcao/sync/psp"
	"balcao/sync/transport"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment/pix"
)

// The central bank's own examples: a charge, its money, a refund.
// Source: API Pix 2.9.0, openapi.yaml; the code is that of the BR Code manual.
const (
	exampleTxID   = "01JD4K3M8Q7V5W2X9Y0Z1A2B3C"
	exampleE2EID  = "E12345678202009091221kkkkkkkkkkk"
	exampleKey    = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906"
	exampleDate   = "Wed, 09 Sep 2020 20:16:00 GMT"
	location      = "pix.example.com/8b3da2f39a4140d1a91abd93113bd441"
	exampleCode   = "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4"
	exampleCharge = `{"calendario":{"criacao":"2020-09-09T20:15:00.358Z","expiracao":3600},"txid":"` + exampleTxID + `","revisao":0,
		"loc":{"id":789,"location":"` + location + `","tipoCob":"cob"},"location":"` + location + `","status":"ATIVA",
		"devedor":{"cnpj":"12345678000195","nome":"Empresa de Serviços SA"},"valor":{"original":"37.00"},
		"chave":"` + exampleKey + `","solicitacaoPagador":"Serviço realizado.","pixCopiaECola":"` + exampleCode + `"}`
	examplePix = `[{"endToEndId":"` + exampleE2EID + `","txid":"` + exampleTxID + `","valor":"37.00","horario":"2020-09-09T20:15:00.358Z","infoPagador":"0123456789"}]`
	refundID   = "01JD4K3M8Q7V5W2X9Y0Z1A2B3D"
	exampleRtr = `{"id":"` + refundID + `","rtrId":"D12345678202009091000abcde123456","valor":"7.89","horario":{"solicitacao":"2020-09-09T20:15:00.358Z"},"status":"EM_PROCESSAMENTO"}`
)

// exampleDone is the charge once it is paid.
var exampleDone = strings.Replace(strings.Replace(exampleCharge, "ATIVA", "CONCLUIDA", 1), `"chave"`, `"pix":`+examplePix+`,"chave"`, 1)

var exampleSale = psp.Charge{ID: exampleTxID, Amount: 3700}

// scripted is a client of a bank that answers what a test says.
func scripted(t *testing.T, reply http.HandlerFunc, change ...func(*psp.Config)) *psp.Client {
	t.Helper()
	files, err := simpsp.MakeCertificates(t.TempDir(), simpsp.ClientID)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			say(w, 200, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
			return
		}
		reply(w, r)
	}))
	server.TLS = doorTLS(t, files)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	carrier, err := transport.New(transport.Config{
		BaseURL: server.URL, CertificateFile: files.ClientCert, KeyFile: files.ClientKey, CAFile: files.CA,
		ClientID: simpsp.ClientID, SecretFile: files.Secret, Dialect: psp.Dialect(""),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, carrier.Close()) })
	config := psp.Config{Transport: carrier, Key: exampleKey, CallTimeout: patience}
	for _, apply := range change {
		apply(&config)
	}
	client, err := psp.New(config)
	require.NoError(t, err)
	return client
}

func say(w http.ResponseWriter, status int, body string) {
	media := "application/json"
	if status >= 400 {
		media = "application/problem+json"
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Date", exampleDate)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// saying answers every call alike.
func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { say(w, status, body) }
}

func TestTheExamplesOfTheAPIAreRead(t *testing.T) {
	t.Parallel()
	charged, err := scripted(t, saying(201, exampleCharge)).Charge(t.Context(), exampleSale)
	require.NoError(t, err)
	require.Equal(t, psp.Charged{
		BRCode: exampleCode, Location: location,
		ExpiresAt: time.Date(2020, 9, 9, 21, 15, 0, 358_000_000, time.UTC), GoodFor: 59*time.Minute + 358*time.Millisecond,
	}, charged)
	inquiry := scripted(t, saying(200, exampleDone)).Inquire(t.Context(), exampleTxID, 3700)
	require.Equal(t, psp.Paid, inquiry.Standing, inquiry.Detail)
	require.Equal(t, exampleE2EID, inquiry.EndToEndID)
	refunded := scripted(t, saying(201, exampleRtr)).Refund(t.Context(), psp.Refund{EndToEndID: exampleE2EID, ID: refundID, Amount: 789})
	require.Equal(t, psp.RefundProcessing, refunded.State, refunded.Detail)
}

func TestTheRequestIsWhatTheAPIWants(t *testing.T) {
	t.Parallel()
	var got []string
	client := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		got = append(got, r.Method+" "+r.URL.Path+" "+string(body))
		say(w, 201, exampleCharge)
	}, func(c *psp.Config) { c.Prefix = "/api/v2" })
	sale := exampleSale
	sale.Expires, sale.Note, sale.Payer = 2*time.Minute, "Pedido 123", psp.Payer{Document: "12ABC34501DE35", Name: "Empresa"}
	_, err := client.Charge(t.Context(), sale)
	require.NoError(t, err)
	require.Equal(t, []string{`PUT /api/v2/cob/` + exampleTxID + ` {"calendario":{"expiracao":120},"devedor":{"cnpj":"12ABC34501DE35","nome":"Empresa"},"valor":{"original":"37.00"},"chave":"` + exampleKey + `","solicitacaoPagador":"Pedido 123"}`}, got)
}

func TestAnAnswerAboutSomethingElseIsSilence(t *testing.T) {
	t.Parallel()
	swap := func(old, other string) string {
		require.Contains(t, exampleCharge, old)
		return strings.ReplaceAll(exampleCharge, old, other)
	}
	for name, body := range map[string]string{
		"another charge":       swap(exampleTxID, refundID),
		"no id":                swap(`"txid"`, `"id"`),
		"another amount":       swap("37.00", "36.99"),
		"an amount as a float": swap(`"37.00"`, "37.00"),
		"an amount with comma": swap("37.00", "37,00"),
		"another key":          swap(exampleKey, "caixa@outra.example"),
		"removed":              swap("ATIVA", "REMOVIDA_PELO_PSP"),
		"a status of its own":  swap("ATIVA", "PAGA"),
		"no calendar":          swap("calendario", "calendar"),
		"no life":              swap("3600", "0"),
		"a life of 300 years":  swap("3600", "9460800000"),
		"a date in words":      swap("2020-09-09T20:15:00.358Z", "ontem"),
		"another shape":        `["ATIVA"]`,
		"nothing":              `{}`,
		"the code cut":         swap("630464E4", ""),
		"the code's CRC wrong": swap("64E4", "64E5"),
		"a code for elsewhere": strings.Replace(exampleCharge, `"location":"`+location, `"location":"pix.example.com/other`, 2),
		"two locations":        strings.Replace(exampleCharge, `"location":"`+location, `"location":"pix.example.com/other`, 1),
		"no code":              swap("pixCopiaECola", "copia"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scripted(t, saying(201, body)).Charge(t.Context(), exampleSale)
			var standing *psp.StandingError
			if name == "removed" {
				require.ErrorAs(t, err, &standing)
				return
			}
			requireSilence(t, err, true)
		})
	}
}

func TestABankWithoutCodesIsGivenOne(t *testing.T) {
	t.Parallel()
	body := strings.Replace(exampleCharge, "pixCopiaECola", "copia", 1)
	client := scripted(t, saying(201, body), func(c *psp.Config) { c.Merchant, c.City = "Fulano de Tal", "Brasília" })
	charged, err := client.Charge(t.Context(), exampleSale)
	require.NoError(t, err)
	code, err := pix.Verify(charged.BRCode, location)
	require.NoError(t, err)
	require.Equal(t, "Brasilia", code.City)
}

func TestPaidIsOnlyWhatIsDoneWithOurMoney(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"done without money":        strings.Replace(exampleDone, examplePix, "[]", 1),
		"money of another charge":   strings.Replace(exampleDone, examplePix, strings.Replace(examplePix, exampleTxID, refundID, 1), 1),
		"money without a charge":    strings.Replace(exampleDone, examplePix, strings.Replace(examplePix, `"txid"`, `"tx"`, 1), 1),
		"less money":                strings.Replace(exampleDone, examplePix, strings.Replace(examplePix, "37.00", "36.99", 1), 1),
		"more money":                strings.Replace(exampleDone, examplePix, strings.Replace(examplePix, "37.00", "370.00", 1), 1),
		"money with an id of air":   strings.Replace(exampleDone, examplePix, strings.Replace(examplePix, exampleE2EID, "E1", 1), 1),
		"money without an id":       strings.Replace(exampleDone, examplePix, strings.Replace(examplePix, "endToEndId", "id", 1), 1),
		"a charge of another price": strings.ReplaceAll(exampleDone, "37.00", "36.99"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inquiry := scripted(t, saying(200, body)).Inquire(t.Context(), exampleTxID, 3700)
			require.Equal(t, psp.Unknown, inquiry.Standing)
			require.Empty(t, inquiry.EndToEndID)
			requireSilence(t, inquiry.Err, true)
		})
	}
	open := strings.Replace(exampleDone, "CONCLUIDA", "ATIVA", 1)
	require.Equal(t, psp.Waiting, scripted(t, saying(200, open)).Inquire(t.Context(), exampleTxID, 3700).Standing, "money in an open charge is not yet ours")
}

func TestExpiryIsReckonedByTheBanksClock(t *testing.T) {
	t.Parallel()
	for date, want := range map[string]psp.Standing{
		"Wed, 09 Sep 2020 21:15:00 GMT": psp.Waiting, "Wed, 09 Sep 2020 21:15:01 GMT": psp.Expired, "soon": psp.Waiting,
	} {
		client := scripted(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Date", date)
			_, _ = w.Write([]byte(exampleCharge))
		})
		require.Equal(t, want, client.Inquire(t.Context(), exampleTxID, 3700).Standing, date)
	}
}

const problemText = `{"type":"https://pix.bcb.gov.br/api/v2/error/%s","title":"t","status":%d}`

func TestOnlyTheAPIsOwnWordIsARefusal(t *testing.T) {
	t.Parallel()
	known := fmt.Sprintf(problemText, "CobNaoEncontrado", 404)
	require.Equal(t, psp.NotFound, scripted(t, saying(404, known)).Inquire(t.Context(), exampleTxID, 3700).Standing)
	for name, body := range map[string]string{
		"a gateway's problem":   `{"type":"about:blank","title":"Not Found","status":404}`,
		"another status":        fmt.Sprintf(problemText, "CobNaoEncontrado", 400),
		"no title":              strings.Replace(known, `"t"`, `""`, 1),
		"a type that is longer": strings.Replace(known, "CobNaoEncontrado", "Cob/NaoEncontrado", 1),
		"no JSON":               "<html>",
	} {
		require.Equal(t, psp.Unknown, scripted(t, saying(404, body)).Inquire(t.Context(), exampleTxID, 3700).Standing, name)
	}
	for _, status := range []int{408, 425, 429, 500, 503, 504} {
		_, err := scripted(t, saying(status, fmt.Sprintf(problemText, "ServicoIndisponivel", status))).Charge(t.Context(), exampleSale)
		requireSilence(t, err, true)
	}
	_, err := scripted(t, saying(409, fmt.Sprintf(problemText, "CobOperacaoInvalida", 409))).Charge(t.Context(), exampleSale)
	requireSilence(t, err, true)
}

func TestACancelBelievesOnlyASecondLook(t *testing.T) {
	t.Parallel()
	client := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			say(w, 200, strings.Replace(exampleCharge, "ATIVA", "REMOVIDA_PELO_USUARIO_RECEBEDOR", 1))
			return
		}
		say(w, 200, exampleCharge)
	})
	got := client.Cancel(t.Context(), exampleSale)
	require.Equal(t, psp.Unresolved, got.Outcome)
	require.Equal(t, psp.Waiting, got.Inquiry.Standing)

	client = scripted(t, func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		if r.Method == http.MethodPut {
			status = http.StatusForbidden
		}
		say(w, status, fmt.Sprintf(problemText, "AcessoNegado", status))
	})
	require.Equal(t, psp.Unresolved, client.Cancel(t.Context(), exampleSale).Outcome, "who is not let in today may be tomorrow")
}

func TestARefundsAnswerIsAboutTheRefund(t *testing.T) {
	t.Parallel()
	refund := psp.Refund{EndToEndID: exampleE2EID, ID: refundID, Amount: 789}
	for _, change := range [][2]string{
		{refundID, exampleTxID}, {"7.89", "7.88"}, {"7.89", "7,89"}, {"EM_PROCESSAMENTO", "OK"}, {"D1234", "E1234"}, {`"status"`, `"s"`},
	} {
		got := scripted(t, saying(200, strings.Replace(exampleRtr, change[0], change[1], 1))).Refund(t.Context(), refund)
		require.Equal(t, psp.RefundUnknown, got.State, change)
	}
	receipt := fmt.Sprintf(`{"endToEndId":"%s","valor":"1.00","horario":"2020-09-09T20:15:00.358Z","devolucoes":[{"valor":"2.00","status":"DEVOLVIDO"}]}`, exampleE2EID)
	_, err := scripted(t, saying(200, receipt)).Receipt(t.Context(), exampleE2EID)
	requireSilence(t, err, true)
}

func TestAListIsWholeOrNone(t *testing.T) {
	t.Parallel()
	list := func(page, pages int, charges string) string {
		return fmt.Sprintf(`{"parametros":{"paginacao":{"paginaAtual":%d,"itensPorPagina":100,"quantidadeDePaginas":%d,"quantidadeTotalDeItens":1}},"cobs":[%s]}`, page, pages, charges)
	}
	at := time.Date(2020, 9, 9, 0, 0, 0, 0, time.UTC)
	got, err := scripted(t, saying(200, list(0, 1, exampleDone))).Charges(t.Context(), at, at.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []psp.Listed{{
		TxID: exampleTxID, Amount: money.Cents(3700), Standing: psp.Paid, EndToEndID: exampleE2EID,
		CreatedAt: time.Date(2020, 9, 9, 20, 15, 0, 358_000_000, time.UTC), PaidAt: time.Date(2020, 9, 9, 20, 15, 0, 358_000_000, time.UTC),
	}}, got)
	for name, body := range map[string]string{
		"another page":       list(1, 1, exampleDone),
		"no pages":           `{"cobs":[]}`,
		"too many pages":     list(0, 201, exampleDone),
		"a page for ever":    list(0, 2, exampleDone),
		"one charge is none": list(0, 1, exampleDone+`,{"txid":"x"}`),
	} {
		_, err := scripted(t, saying(200, body)).Charges(t.Context(), at, at.Add(time.Hour))
		require.Error(t, err, name)
	}
}

func TestEveryIDOfTheTillIsACharge(t *testing.T) {
	require.NoError(t, pix.CheckTxID(string(ident.Make(time.Now(), [8]byte{9}))))
}
