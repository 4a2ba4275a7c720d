package simpsp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/control"
	"balcao/simulators/simpsp"
)

// The central bank's own example of a dynamic code.
const exampleCode = "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4"

func TestTheCodeIsTheCentralBanksExample(t *testing.T) {
	require.Equal(t, uint16(0x29B1), simpsp.CRC("123456789"))
	code, err := simpsp.BRCode("pix.example.com/8b3da2f39a4140d1a91abd93113bd441", "Fulano de Tal", "BRASILIA")
	require.NoError(t, err)
	require.Equal(t, exampleCode, code)
	location, err := simpsp.LocationOf(exampleCode)
	require.NoError(t, err)
	require.Equal(t, "pix.example.com/8b3da2f39a4140d1a91abd93113bd441", location)
	for _, bad := range []string{"", "BOM DIA!", exampleCode[:len(exampleCode)-1] + "5"} {
		_, err := simpsp.LocationOf(bad)
		require.Error(t, err)
	}
}

func TestAChargeIsMadePaidAndFound(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	status, made := b.do(http.MethodPut, "/cob/"+txid, charge("10.50"))
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "ATIVA", made["status"])
	require.EqualValues(t, 0, made["revisao"])
	location := made["location"].(string)
	require.LessOrEqual(t, len(location), 77)
	coded, err := simpsp.LocationOf(made["pixCopiaECola"].(string))
	require.NoError(t, err)
	require.Equal(t, location, coded)

	e2eid := b.command("pay", made["pixCopiaECola"].(string))
	require.Regexp(t, `^E87654321[0-9]{12}[0-9a-z]{11}$`, e2eid)
	status, got := b.do(http.MethodGet, "/cob/"+txid, "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "CONCLUIDA", got["status"])
	receipt := got["pix"].([]any)[0].(map[string]any)
	require.Equal(t, []any{e2eid, txid, "10.50"}, []any{receipt["endToEndId"], receipt["txid"], receipt["valor"]})
	status, one := b.do(http.MethodGet, "/pix/"+e2eid, "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, receipt, one)
	_, err = b.server.Command(t.Context(), []string{"pay", txid})
	require.ErrorContains(t, err, "CONCLUIDA")
}

func TestTheSameChargeAgainIsTheSameAndAnotherIsARevision(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	_, first := b.do(http.MethodPut, "/cob/"+txid, charge("10.50"))
	_, again := b.do(http.MethodPut, "/cob/"+txid, charge("10.50"))
	require.Equal(t, first, again)
	_, changed := b.do(http.MethodPatch, "/cob/"+txid, `{"valor":{"original":"12.00"}}`)
	require.EqualValues(t, 1, changed["revisao"])
	require.Equal(t, first["location"], changed["location"])
	_, old := b.do(http.MethodGet, "/cob/"+txid+"?revisao=0", "")
	require.Equal(t, "10.50", old["valor"].(map[string]any)["original"])
	_, removed := b.do(http.MethodPatch, "/cob/"+txid, `{"status":"REMOVIDA_PELO_USUARIO_RECEBEDOR"}`)
	require.EqualValues(t, 2, removed["revisao"])
	for method, body := range map[string]string{http.MethodPut: charge("12.00"), http.MethodPatch: `{"status":"REMOVIDA_PELO_USUARIO_RECEBEDOR"}`} {
		status, refused := b.do(method, "/cob/"+txid, body)
		require.Equal(t, http.StatusBadRequest, status)
		require.Equal(t, "CobOperacaoInvalida", kind(refused))
	}
	_, err := b.server.Command(t.Context(), []string{"pay", txid})
	require.ErrorContains(t, err, "REMOVIDA")
}

func TestWhatTheAPIForbidsIsRefusedByName(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	b.do(http.MethodPut, "/cob/"+txid, charge("10.50"))
	key := `"chave":"` + simpsp.KeyDefault + `"`
	for _, row := range []struct{ method, path, body, property string }{
		{"PUT", "/cob/short", charge("10.50"), "txid"},
		{"PUT", "/cob/" + txid + "0", "no JSON", "cob"},
		{"PUT", "/cob/" + txid + "0", `{` + key + `,"valor":{"original":"1.00"}}`, "cob.calendario"},
		{"PUT", "/cob/" + txid + "0", strings.Replace(charge("10.50"), "300", "0", 1), "cob.calendario.expiracao"},
		{"PUT", "/cob/" + txid + "0", charge("37"), "cob.valor.original"},
		{"PUT", "/cob/" + txid + "0", charge("0.00"), "cob.valor.original"},
		{"PUT", "/cob/" + txid + "0", charge("12345678901.00"), "cob.valor.original"},
		{"PUT", "/cob/" + txid + "0", `{"calendario":{},` + key + `}`, "cob.valor.original"},
		{"PUT", "/cob/" + txid + "0", `{"calendario":{},"valor":{"original":"1.00"}}`, "cob.chave"},
		{"PUT", "/cob/" + txid + "0", strings.Replace(charge("1.00"), simpsp.KeyDefault, "a@b.example", 1), "cob.chave"},
		{"PUT", "/cob/" + txid + "0", strings.Replace(charge("1.00"), `{"cal`, `{"loc":{"id":9},"cal`, 1), "cob.loc.id"},
		{"PUT", "/cob/" + txid + "0", strings.Replace(charge("1.00"), `{"cal`, `{"devedor":{"cpf":"123","nome":"x"},"cal`, 1), "cob.devedor"},
		{"PUT", "/cob/" + txid + "0", strings.Replace(charge("1.00"), `{"cal`, `{"devedor":{"cpf":"12345678909"},"cal`, 1), "cob.devedor"},
		{"PUT", "/cob/" + txid + "0", strings.Replace(charge("1.00"), `{"cal`, `{"solicitacaoPagador":"`+strings.Repeat("x", 141)+`","cal`, 1), "cob.solicitacaoPagador"},
		{"PUT", "/cob/" + txid + "0", strings.Replace(charge("1.00"), `{"cal`, `{"infoAdicionais":[{"nome":"","valor":"x"}],"cal`, 1), "cob.infoAdicionais"},
		{"PATCH", "/cob/" + txid, `{"status":"CONCLUIDA"}`, "cob.status"},
		{"PATCH", "/cob/" + txid, `{"status":"REMOVIDA_PELO_USUARIO_RECEBEDOR","valor":{"original":"1.00"}}`, "cob.status"},
		{"GET", "/cob/" + txid + "?revisao=7", "", "revisao"},
		{"GET", "/cob?inicio=2026-11-23T00:00:00Z", "", "fim"},
		{"GET", "/cob?inicio=2026-11-23T00:00:00Z&fim=2026-11-22T00:00:00Z", "", "fim"},
		{"GET", "/cob?inicio=2026-11-23T00:00:00Z&fim=2026-11-24T00:00:00Z&status=PAGA", "", "status"},
		{"GET", "/cob?inicio=2026-11-23T00:00:00Z&fim=2026-11-24T00:00:00Z&cpf=1&cnpj=2", "", "cpf"},
		{"GET", "/cob?inicio=2026-11-23T00:00:00Z&fim=2026-11-24T00:00:00Z&paginacao.itensPorPagina=1001", "", "paginacao.itensPorPagina"},
	} {
		status, got := b.do(row.method, row.path, row.body)
		require.Equal(t, http.StatusBadRequest, status, "%v", row)
		violations := got["violacoes"].([]any)
		require.Len(t, violations, 1, "%v: %v", row, violations)
		require.Equal(t, row.property, violations[0].(map[string]any)["propriedade"])
	}
	for path, want := range map[string]string{"/cob/" + txid + "0": "CobNaoEncontrado", "/pix/E" + strings.Repeat("0", 31): "PixNaoEncontrado", "/nothing": "NaoEncontrado"} {
		status, got := b.do(http.MethodGet, path, "")
		require.Equal(t, http.StatusNotFound, status)
		require.Equal(t, want, kind(got))
	}
	require.NotContains(t, b.command("list"), txid+"0", "a refused charge is none")
}

func TestRefundsKeepToTheSumTheWindowAndTheirID(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	b.do(http.MethodPut, "/cob/"+txid, charge("10.00"))
	e2eid := b.command("pay", "last")
	refund := func(id, amount string) (int, map[string]any) {
		return b.do(http.MethodPut, "/pix/"+e2eid+"/devolucao/"+id, `{"valor":"`+amount+`"}`)
	}
	b.command("refunds", "hold")
	status, first := refund("R1", "6.00")
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "EM_PROCESSAMENTO", first["status"])
	require.Regexp(t, `^D12345678[0-9]{12}[0-9a-z]{11}$`, first["rtrId"])
	_, again := refund("R1", "6.00")
	require.Equal(t, first, again)
	for id, amount := range map[string]string{"R1": "5.00", "R2": "4.01", "R-3": "1.00", "R4": "0.00", "R5": "1"} {
		status, got := refund(id, amount)
		require.Equal(t, http.StatusBadRequest, status, id)
		require.Equal(t, "PixDevolucaoInvalida", kind(got))
	}
	b.command("fail", e2eid, "R1", "conta encerrada")
	_, failed := b.do(http.MethodGet, "/pix/"+e2eid+"/devolucao/R1", "")
	require.Equal(t, []any{"NAO_REALIZADO", "conta encerrada"}, []any{failed["status"], failed["motivo"]})
	status, _ = refund("R6", "10.00")
	require.Equal(t, http.StatusCreated, status, "what failed does not count")
	_, waiting := b.do(http.MethodGet, "/pix/"+e2eid+"/devolucao/R6", "")
	require.Equal(t, "EM_PROCESSAMENTO", waiting["status"])
	b.command("settle", e2eid, "R6")
	_, paid := b.do(http.MethodGet, "/pix/"+e2eid, "")
	require.Len(t, paid["devolucoes"], 2)

	other := txid[:25] + "D"
	b.do(http.MethodPut, "/cob/"+other, charge("5.00"))
	e2eid = b.command("pay", "last")
	b.command("refunds", "go")
	_, got := refund("R1", "1.00")
	require.Equal(t, "EM_PROCESSAMENTO", got["status"])
	_, got = b.do(http.MethodGet, "/pix/"+e2eid+"/devolucao/R1", "")
	require.Equal(t, "DEVOLVIDO", got["status"])
	b.command("age", e2eid, "91")
	status, _ = refund("R2", "1.00")
	require.Equal(t, http.StatusBadRequest, status, "after 90 days")
	status, got = b.do(http.MethodGet, "/pix/"+e2eid+"/devolucao/R9", "")
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, "PixDevolucaoNaoEncontrada", kind(got))
}

func TestABankThatIsKilledKnowsWhatItAnswered(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	_, made := b.do(http.MethodPut, "/cob/"+txid, charge("10.00"))
	e2eid := b.command("pay", "last")
	b.do(http.MethodPut, "/pix/"+e2eid+"/devolucao/R1", `{"valor":"1.00"}`)
	_, before := b.do(http.MethodGet, "/pix/"+e2eid+"/devolucao/R1", "")
	b.halt()
	b.start()
	status, got := b.do(http.MethodGet, "/cob/"+txid, "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, made["pixCopiaECola"], got["pixCopiaECola"])
	require.Equal(t, "CONCLUIDA", got["status"])
	_, after := b.do(http.MethodGet, "/pix/"+e2eid+"/devolucao/R1", "")
	require.Equal(t, before, after)
	require.Contains(t, b.command("list"), e2eid)
	second, err := simpsp.New(b.config)
	require.ErrorContains(t, err, "another psp")
	require.Nil(t, second)
}

func TestTokensAreBoundToCertificateSecretAndScope(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	for _, wrong := range [][3]string{
		{"another", b.secret(), "cob.read"}, {simpsp.ClientID, "wrong", "cob.read"}, {simpsp.ClientID, b.secret(), "cobv.write"},
	} {
		status, _ := b.askToken(b.client, wrong[0], wrong[1], wrong[2])
		require.GreaterOrEqual(t, status, 400, wrong)
	}
	bare := b.clientWith()
	status, _ := b.askToken(bare, simpsp.ClientID, b.secret(), "cob.read")
	require.Equal(t, http.StatusUnauthorized, status)
	status, _, _ = b.raw(bare, http.MethodGet, simpsp.Prefix+"/cob/"+txid, "")
	require.Equal(t, http.StatusUnauthorized, status)

	strangers, err := simpsp.MakeCertificates(filepath.Join(t.TempDir(), "strangers"), simpsp.ClientID)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+simpsp.Prefix+"/cob/"+txid, nil)
	require.NoError(t, err)
	response, err := b.clientOf(strangers).Do(request)
	if err == nil {
		response.Body.Close()
	}
	require.Error(t, err, "a certificate of another authority does not shake hands")

	b.token = b.newToken("cob.read")
	status, got := b.do(http.MethodPut, "/cob/"+txid, charge("1.00"))
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "AcessoNegado", kind(got))
	status, _ = b.do(http.MethodGet, "/cob/"+txid, "")
	require.Equal(t, http.StatusNotFound, status)
	b.command("forget-tokens")
	status, _ = b.do(http.MethodGet, "/cob/"+txid, "")
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestThePayersBankFetchesASignedPayloadWhileItMayBePaid(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	_, made := b.do(http.MethodPut, "/cob/"+txid, charge("10.50"))
	_, path, _ := strings.Cut(made["location"].(string), "/")
	bare := b.clientWith() // without a certificate, as any bank
	status, media, text := b.raw(bare, http.MethodGet, "/"+path, "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "application/jose", media)
	parts := strings.Split(string(text), ".")
	require.Len(t, parts, 3)
	decode := func(text string) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		return raw
	}
	var header struct{ Alg, Jku, Kid string }
	require.NoError(t, json.Unmarshal(decode(parts[0]), &header))
	require.Equal(t, "ES256", header.Alg)
	keys, err := url.Parse(header.Jku)
	require.NoError(t, err)
	_, _, text = b.raw(bare, http.MethodGet, keys.Path, "")
	var set struct {
		Keys []struct{ Kid, X, Y string }
	}
	require.NoError(t, json.Unmarshal(text, &set))
	require.Equal(t, header.Kid, set.Keys[0].Kid)
	number := func(raw []byte) *big.Int { return new(big.Int).SetBytes(raw) }
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, decode(set.Keys[0].X), decode(set.Keys[0].Y)))
	require.NoError(t, err)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature := decode(parts[2])
	require.True(t, ecdsa.Verify(key, digest[:], number(signature[:32]), number(signature[32:])))
	var payload map[string]any
	require.NoError(t, json.Unmarshal(decode(parts[1]), &payload))
	require.Equal(t, txid, payload["txid"])
	require.Equal(t, "10.50", payload["valor"].(map[string]any)["original"])

	b.command("expire", "last")
	status, _, _ = b.raw(bare, http.MethodGet, "/"+path, "")
	require.Equal(t, http.StatusGone, status)
	_, err = b.server.Command(t.Context(), []string{"pay", "last"})
	require.ErrorContains(t, err, "expired")
	_, got := b.do(http.MethodGet, "/cob/"+txid, "")
	require.Equal(t, "ATIVA", got["status"], "the record stays open")
	status, _, _ = b.raw(bare, http.MethodGet, "/pix/unknown", "")
	require.Equal(t, http.StatusNotFound, status)
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	from := time.Now().Add(-time.Minute)
	for i := range 5 {
		b.do(http.MethodPut, "/cob/"+txid+fmt.Sprint(i), charge("1.00"))
	}
	b.command("pay", txid+"3")
	query := func(more string) string {
		return "?" + url.Values{"inicio": {from.UTC().Format(time.RFC3339)}, "fim": {from.Add(time.Hour).UTC().Format(time.RFC3339)}}.Encode() + more
	}
	var seen []string
	for page := range 3 {
		_, got := b.do(http.MethodGet, "/cob"+query(fmt.Sprintf("&paginacao.itensPorPagina=2&paginacao.paginaAtual=%d", page)), "")
		paging := got["parametros"].(map[string]any)["paginacao"].(map[string]any)
		require.EqualValues(t, 3, paging["quantidadeDePaginas"])
		require.EqualValues(t, 5, paging["quantidadeTotalDeItens"])
		for _, each := range got["cobs"].([]any) {
			seen = append(seen, each.(map[string]any)["txid"].(string))
		}
	}
	require.Equal(t, []string{txid + "0", txid + "1", txid + "2", txid + "3", txid + "4"}, seen)
	_, got := b.do(http.MethodGet, "/cob"+query("&status=CONCLUIDA"), "")
	require.Len(t, got["cobs"], 1)
	_, got = b.do(http.MethodGet, "/pix"+query("&txid="+txid+"3"), "")
	require.Len(t, got["pix"], 1)
	_, got = b.do(http.MethodGet, "/pix"+query("&devolucaoPresente=true"), "")
	require.Empty(t, got["pix"])
}

func TestThePayerPaysWhatIsDueAndNothingElse(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	b.do(http.MethodPut, "/cob/"+txid, charge("10.50"))
	for _, words := range [][]string{{"pay", "last", "10.49"}, {"pay", "last", "11"}, {"pay", "last", "1,00"}, {"pay", "nobody"}, {"pay"}, {"dance"}} {
		_, err := b.server.Command(t.Context(), words)
		require.Error(t, err, words)
	}
	require.Contains(t, b.command("list"), txid+" ATIVA 10.50")
	b.command("psp", "pay", "last", "10.50")
	other := txid[:25] + "D"
	b.do(http.MethodPut, "/cob/"+other, strings.Replace(charge("10.00"), `"original"`, `"modalidadeAlteracao":1,"original"`, 1))
	b.command("pay", "last", "12")
	_, got := b.do(http.MethodGet, "/cob/"+other, "")
	require.Equal(t, "12.00", got["pix"].([]any)[0].(map[string]any)["valor"])
}

func TestTheHandWorksOverItsSocket(t *testing.T) {
	b := openBank(t)
	b.halt()
	b.config.Control = filepath.Join(t.TempDir(), "psp.ctl")
	b.start()
	text, err := control.Call(t.Context(), b.config.Control, "help")
	require.NoError(t, err)
	require.Contains(t, text, "pay TXID|CODE|last")
	text, err = control.Call(t.Context(), b.config.Control)
	require.NoError(t, err)
	require.Equal(t, "up", text)
}
