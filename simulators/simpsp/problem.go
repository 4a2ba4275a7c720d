package simpsp

import (
	"net/http"
	"strconv"
)

// mediaProblem is the form of every refusal. Source: RFC 7807.
const mediaProblem = "application/problem+json"

const problemBase = "https://pix.bcb.gov.br/api/v2/error/"

// retryAfterSeconds is what a client is asked to wait after 429 and 503: short,
// because tests wait with it.
const retryAfterSeconds = 1

// A violation is one rule that a request breaks.
type violation struct {
	Razao       string `json:"razao"`
	Propriedade string `json:"propriedade"`
	Valor       string `json:"valor,omitempty"`
}

// A problem is a refusal. Source: API Pix 2.9.0, schema Problema.
type problem struct {
	Type      string      `json:"type"`
	Title     string      `json:"title"`
	Status    int         `json:"status"`
	Detail    string      `json:"detail,omitempty"`
	Violacoes []violation `json:"violacoes,omitempty"`
}

// kinds are the refusals this bank knows. Source: API Pix 2.9.0, "Tratamento de erros".
var kinds = map[string]struct {
	status int
	title  string
}{
	"RequisicaoInvalida":        {http.StatusBadRequest, "Requisição inválida."},
	"AcessoNegado":              {http.StatusForbidden, "Acesso Negado"},
	"NaoEncontrado":             {http.StatusNotFound, "Não Encontrado"},
	"ErroInternoDoServidor":     {http.StatusInternalServerError, "Erro Interno do Servidor"},
	"ServicoIndisponivel":       {http.StatusServiceUnavailable, "Serviço Indisponível"},
	"CobNaoEncontrado":          {http.StatusNotFound, "Cobrança não encontrada."},
	"CobOperacaoInvalida":       {http.StatusBadRequest, "Cobrança inválida."},
	"CobConsultaInvalida":       {http.StatusBadRequest, "Consulta inválida."},
	"CobPayloadNaoEncontrado":   {http.StatusNotFound, "Cobrança não encontrada."},
	"PermanentementeRemovido":   {http.StatusGone, "Cobrança removida."},
	"PixNaoEncontrado":          {http.StatusNotFound, "Pix não encontrado."},
	"PixConsultaInvalida":       {http.StatusBadRequest, "Consulta inválida."},
	"PixDevolucaoNaoEncontrada": {http.StatusNotFound, "Devolução não encontrada."},
	"PixDevolucaoInvalida":      {http.StatusBadRequest, "Devolução inválida."},
	"LimiteDeRequisicoes":       {http.StatusTooManyRequests, "Muitas requisições."},
}

func refuse(kind, detail string, violations ...violation) *problem {
	known := kinds[kind]
	return &problem{Type: problemBase + kind, Title: known.title, Status: known.status, Detail: detail, Violacoes: violations}
}

func (s *Server) writeProblem(w http.ResponseWriter, c *call, p *problem) {
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfterSeconds))
	}
	s.send(w, c, p.Status, mediaProblem, p)
}
