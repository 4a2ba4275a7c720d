package simpsp

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Forms of what a charge says. Source: API Pix 2.9.0, schemas of CobSolicitada.
var (
	txidForm   = regexp.MustCompile(`^[a-zA-Z0-9]{26,35}$`)
	amountForm = regexp.MustCompile(`^[0-9]{1,10}\.[0-9]{2}$`)
	cpfForm    = regexp.MustCompile(`^[0-9]{11}$`)
	cnpjForm   = regexp.MustCompile(`^[0-9A-Z]{14}$`)
)

// A chargeBody is schemas CobSolicitada and CobRevisada; a pointer that is nil was not sent.
type chargeBody struct {
	Calendario *struct {
		Expiracao *int64 `json:"expiracao"`
	} `json:"calendario"`
	Devedor *struct {
		CPF  *string `json:"cpf"`
		CNPJ *string `json:"cnpj"`
		Nome *string `json:"nome"`
	} `json:"devedor"`
	Loc *struct {
		ID int `json:"id"`
	} `json:"loc"`
	Valor *struct {
		Original            *string         `json:"original"`
		ModalidadeAlteracao int             `json:"modalidadeAlteracao"`
		Retirada            json.RawMessage `json:"retirada"`
	} `json:"valor"`
	Chave              *string         `json:"chave"`
	SolicitacaoPagador *string         `json:"solicitacaoPagador"`
	InfoAdicionais     json.RawMessage `json:"infoAdicionais"`
	Status             *string         `json:"status"`
}

// putCharge is PUT /cob/{txid}: a charge that is there is changed, if it still can be;
// the same request again changes nothing.
func (s *Server) putCharge(c *call) (answer, *problem) {
	if !txidForm.MatchString(c.txid) {
		return answer{}, refuse("CobOperacaoInvalida", "", violation{"não respeita o schema", "txid", c.txid})
	}
	body, refusal := readBody(c)
	if refusal != nil {
		return answer{}, refusal
	}
	violations := s.check(body, true)
	if body.Status != nil {
		violations = append(violations, violation{"não pertence à criação", "cob.status", *body.Status})
	}
	row, known := s.state.charges.get(c.txid)
	wanted := body.revise(revision{Seconds: expiresDefault})
	changes := known && !same(row.current(), wanted)
	if known && row.Status != active {
		violations = append(violations, violation{"A cobrança já existe, não está no status ATIVA, e a presente requisição busca alterá-la.", "cob.status", row.Status})
	}
	switch {
	case len(violations) > 0:
		return answer{}, refuse("CobOperacaoInvalida", "A requisição que busca criar a cobrança não respeita o schema ou está semanticamente errada.", violations...)
	case !known:
		var err error
		if row, err = s.newCharge(c, wanted); err != nil {
			return answer{}, refuse("ErroInternoDoServidor", err.Error())
		}
		s.state.charges.put(row.TxID, row)
	case changes:
		row.Revisions = append(withRoom(row.Revisions), wanted)
		s.state.charges.put(row.TxID, row)
	}
	return answer{http.StatusCreated, s.chargeView(row, row.current())}, nil
}

// tokenBytes make the end of a location that nobody can guess. Source: API Pix 2.9.0,
// GET /{pixUrlAccessToken}.
const tokenBytes = 16

func (s *Server) newCharge(c *call, first revision) (chargeRow, error) {
	random := make([]byte, tokenBytes)
	_, _ = rand.Read(random) // never fails
	row := chargeRow{
		TxID: c.txid, Status: active, Created: s.now().Truncate(time.Millisecond), LocID: s.state.next("location"),
		Token: hex.EncodeToString(random), Revisions: []revision{first},
	}
	row.Location = c.host + payloadPath + row.Token
	var err error
	row.Code, err = brCode(row.Location, s.config.Merchant, s.config.City)
	s.state.byToken[row.Token] = row.TxID
	return row, err
}

// patchCharge is PATCH /cob/{txid}: a removal alone, or changes.
func (s *Server) patchCharge(c *call) (answer, *problem) {
	row, known := s.state.charges.get(c.txid)
	if !known {
		return answer{}, refuse("CobNaoEncontrado", "Cobrança não encontrada para o txid informado")
	}
	body, refusal := readBody(c)
	if refusal != nil {
		return answer{}, refusal
	}
	violations := s.check(body, false)
	if row.Status != active {
		violations = append(violations, violation{"A cobrança não está ATIVA, e a presente requisição busca alterá-la.", "cob.status", row.Status})
	}
	if body.Status != nil {
		alone := *body
		alone.Status = nil
		if *body.Status != removedByUs {
			violations = append(violations, violation{"não respeita o schema", "cob.status", *body.Status})
		}
		if text, err := json.Marshal(alone); err != nil || !bytes.Equal(text, emptyBody) {
			violations = append(violations, violation{"A remoção não pode vir com outras alterações.", "cob.status", *body.Status})
		}
	}
	if len(violations) > 0 {
		return answer{}, refuse("CobOperacaoInvalida", "A requisição que busca alterar a cobrança não respeita o schema ou está semanticamente errada.", violations...)
	}
	if body.Status != nil {
		row.Status = removedByUs
		row.Removals++
	} else {
		row.Revisions = append(withRoom(row.Revisions), body.revise(row.current()))
	}
	s.state.charges.put(row.TxID, row)
	return answer{http.StatusOK, s.chargeView(row, row.current())}, nil
}

// emptyBody is a change that changes nothing.
var emptyBody = func() []byte {
	text, err := json.Marshal(chargeBody{})
	if err != nil {
		panic(err)
	}
	return text
}()

// getCharge is GET /cob/{txid}, of the newest revision or of one that is named.
func (s *Server) getCharge(c *call) (answer, *problem) {
	row, known := s.state.charges.get(c.txid)
	if !known {
		return answer{}, refuse("CobNaoEncontrado", "Cobrança não encontrada para o txid informado")
	}
	shown := row.current()
	if text := c.query.Get("revisao"); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil || number < 0 || number > row.number() {
			return answer{}, refuse("CobConsultaInvalida", "", violation{"não respeita o schema", "revisao", text})
		}
		shown = row.Revisions[min(number, len(row.Revisions)-1)]
	}
	return answer{http.StatusOK, s.completeView(row, shown)}, nil
}

func readBody(c *call) (*chargeBody, *problem) {
	var body chargeBody
	if err := json.Unmarshal(c.body, &body); err != nil {
		return nil, refuse("CobOperacaoInvalida", "O corpo não é um JSON do schema.", violation{"não respeita o schema", "cob", ""})
	}
	return &body, nil
}

// check finds what a body says wrong. whole demands all that a new charge needs.
func (s *Server) check(body *chargeBody, whole bool) []violation {
	var found []violation
	wrong := func(property, reason, value string) { found = append(found, violation{reason, property, value}) }
	switch {
	case body.Calendario == nil && whole:
		wrong("cob.calendario", "é obrigatório", "")
	case body.Calendario != nil && body.Calendario.Expiracao != nil && *body.Calendario.Expiracao <= 0:
		wrong("cob.calendario.expiracao", "é igual ou menor que zero", strconv.FormatInt(*body.Calendario.Expiracao, 10))
	}
	switch {
	case body.Valor == nil || body.Valor.Original == nil:
		if whole || body.Valor != nil {
			wrong("cob.valor.original", "é obrigatório", "")
		}
	case !amountForm.MatchString(*body.Valor.Original):
		wrong("cob.valor.original", "não respeita o schema", *body.Valor.Original)
	case centsOf(*body.Valor.Original) == 0:
		wrong("cob.valor.original", "é zero", *body.Valor.Original)
	case body.Valor.ModalidadeAlteracao < 0 || body.Valor.ModalidadeAlteracao > 1:
		wrong("cob.valor.modalidadeAlteracao", "não respeita o schema", strconv.Itoa(body.Valor.ModalidadeAlteracao))
	case body.Valor.Retirada != nil:
		wrong("cob.valor.retirada", "este recebedor não oferece saque nem troco", "")
	}
	switch {
	case body.Chave == nil && whole:
		wrong("cob.chave", "é obrigatório", "")
	case body.Chave != nil && (*body.Chave == "" || len(*body.Chave) > 77):
		wrong("cob.chave", "não respeita o schema", *body.Chave)
	case body.Chave != nil && *body.Chave != s.config.Key:
		wrong("cob.chave", "corresponde a uma conta que não pertence a este usuário recebedor", *body.Chave)
	}
	if body.Loc != nil {
		wrong("cob.loc.id", "o location referenciado inexiste", strconv.Itoa(body.Loc.ID))
	}
	return append(found, body.checkTexts()...)
}

// checkTexts finds what is wrong with the payer and the words for him.
func (b *chargeBody) checkTexts() []violation {
	var found []violation
	if d := b.Devedor; d != nil {
		cpf, cnpj := d.CPF != nil, d.CNPJ != nil
		if cpf == cnpj || cpf && !cpfForm.MatchString(*d.CPF) || cnpj && !cnpjForm.MatchString(*d.CNPJ) ||
			d.Nome == nil || *d.Nome == "" || utf8.RuneCountInString(*d.Nome) > 200 {
			found = append(found, violation{"não respeita o schema", "cob.devedor", ""})
		}
	}
	if b.SolicitacaoPagador != nil && utf8.RuneCountInString(*b.SolicitacaoPagador) > 140 {
		found = append(found, violation{"não respeita o schema", "cob.solicitacaoPagador", ""})
	}
	if b.InfoAdicionais != nil {
		var entries []struct{ Nome, Valor string }
		bad := json.Unmarshal(b.InfoAdicionais, &entries) != nil || len(entries) > 50
		for _, each := range entries {
			bad = bad || each.Nome == "" || utf8.RuneCountInString(each.Nome) > 50 || each.Valor == "" || utf8.RuneCountInString(each.Valor) > 200
		}
		if bad {
			found = append(found, violation{"não respeita o schema", "cob.infoAdicionais", ""})
		}
	}
	return found
}

// revise is a revision after what a checked body changes.
func (b *chargeBody) revise(last revision) revision {
	if b.Calendario != nil && b.Calendario.Expiracao != nil {
		last.Seconds = *b.Calendario.Expiracao
	}
	if b.Valor != nil && b.Valor.Original != nil {
		last.Cents, last.Alterable = centsOf(*b.Valor.Original), b.Valor.ModalidadeAlteracao
	}
	if b.Devedor != nil {
		last.Debtor, _ = json.Marshal(map[string]*string{"cpf": b.Devedor.CPF, "cnpj": b.Devedor.CNPJ, "nome": b.Devedor.Nome})
	}
	if b.SolicitacaoPagador != nil {
		last.Note = *b.SolicitacaoPagador
	}
	if b.InfoAdicionais != nil {
		last.Info = b.InfoAdicionais
	}
	return last
}

// centsOf reads an amount; one of another form is nothing.
func centsOf(text string) int64 {
	cents, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil {
		return 0
	}
	return cents
}

func same(a, b revision) bool {
	left, leftErr := json.Marshal(a)
	right, rightErr := json.Marshal(b)
	return leftErr == nil && rightErr == nil && bytes.Equal(left, right)
}

func withRoom(revisions []revision) []revision { return append([]revision{}, revisions...) }

// chargeView is schemas CobGerada and CobRevisada.
func (s *Server) chargeView(row chargeRow, shown revision) map[string]any {
	value := map[string]any{"original": asAmount(shown.Cents), "modalidadeAlteracao": shown.Alterable}
	view := map[string]any{
		"calendario": map[string]any{"criacao": asTime(row.Created), "expiracao": shown.Seconds},
		"txid":       row.TxID, "revisao": row.number(), "status": row.Status,
		"loc":      map[string]any{"id": row.LocID, "location": row.Location, "tipoCob": "cob", "criacao": asTime(row.Created)},
		"location": row.Location, "valor": value, "chave": s.config.Key, "pixCopiaECola": row.Code,
	}
	if shown.Debtor != nil {
		var debtor map[string]*string
		_ = json.Unmarshal(shown.Debtor, &debtor) // written by revise
		for name, text := range debtor {
			if text == nil {
				delete(debtor, name)
			}
		}
		view["devedor"] = debtor
	}
	if shown.Note != "" {
		view["solicitacaoPagador"] = shown.Note
	}
	if shown.Info != nil {
		view["infoAdicionais"] = shown.Info
	}
	return view
}

// completeView is schema CobCompleta: with the money that arrived.
func (s *Server) completeView(row chargeRow, shown revision) map[string]any {
	view := s.chargeView(row, shown)
	if payment, ok := s.state.payments.get(s.state.byCharge[row.TxID]); ok {
		view["pix"] = []any{s.paymentView(payment)}
	}
	return view
}

// describeCharge is a charge in a line, for people.
func (s *Server) describeCharge(row chargeRow) string {
	text := fmt.Sprintf("%s %s %s", row.TxID, row.Status, asAmount(row.current().Cents))
	if row.Status == active && s.now().After(row.expires()) {
		text += " expired"
	}
	if e2eid := s.state.byCharge[row.TxID]; e2eid != "" {
		text += " " + e2eid
	}
	return text
}
