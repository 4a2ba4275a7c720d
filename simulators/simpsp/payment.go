package simpsp

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"
)

var (
	refundIDForm = regexp.MustCompile(`^[a-zA-Z0-9]{1,35}$`)
	e2eidForm    = regexp.MustCompile(`^[a-zA-Z0-9]{32}$`)
)

// getPayment is GET /pix/{e2eid}.
func (s *Server) getPayment(c *call) (answer, *problem) {
	row, known := s.state.payments.get(c.e2eid)
	if !known {
		return answer{}, refuse("PixNaoEncontrado", "")
	}
	return answer{http.StatusOK, s.paymentView(row)}, nil
}

// A refundBody is schema DevolucaoSolicitada.
type refundBody struct {
	Valor     string  `json:"valor"`
	Natureza  *string `json:"natureza"`
	Descricao string  `json:"descricao"`
}

// putRefund is PUT /pix/{e2eid}/devolucao/{id}; the same request again changes nothing.
func (s *Server) putRefund(c *call) (answer, *problem) {
	payment, known := s.state.payments.get(c.e2eid)
	if !known {
		return answer{}, refuse("PixNaoEncontrado", "")
	}
	var body refundBody
	if err := json.Unmarshal(c.body, &body); err != nil {
		return answer{}, refuse("PixDevolucaoInvalida", "O corpo não é um JSON do schema.")
	}
	if violations := body.check(c.id); len(violations) > 0 {
		return answer{}, refuse("PixDevolucaoInvalida", "", violations...)
	}
	cents := centsOf(body.Valor)
	if row, known := s.state.refunds.get(refundKey(c.e2eid, c.id)); known {
		if row.Cents != cents {
			return answer{}, refuse("PixDevolucaoInvalida", "", violation{"o id já pertence a outra devolução", "id", c.id})
		}
		return answer{http.StatusCreated, refundView(row)}, nil
	}
	switch {
	case s.now().After(payment.At.Add(refundWindow)):
		return answer{}, refuse("PixDevolucaoInvalida", "O prazo de 90 dias terminou.", violation{"fora do prazo", "horario.liquidacao", asTime(payment.At)})
	case cents > payment.Cents-s.givenBack(payment):
		return answer{}, refuse("PixDevolucaoInvalida", "", violation{"a soma das devoluções excede o valor do Pix", "valor", body.Valor})
	}
	row := refundRow{
		ID: c.id, EndToEndID: c.e2eid, ReturnID: s.state.bankID("D", ispb, s.now()), Cents: cents,
		Note: body.Descricao, Status: inProcess, Asked: s.now(),
	}
	payment.Refunds = append(slices.Clone(payment.Refunds), refundKey(c.e2eid, c.id))
	s.state.payments.put(payment.EndToEndID, payment)
	s.state.refunds.put(refundKey(c.e2eid, c.id), row)
	return answer{http.StatusCreated, refundView(row)}, nil
}

func (b refundBody) check(id string) []violation {
	var found []violation
	if !refundIDForm.MatchString(id) {
		found = append(found, violation{"não respeita o schema", "id", id})
	}
	if !amountForm.MatchString(b.Valor) || centsOf(b.Valor) == 0 {
		found = append(found, violation{"não respeita o schema", "valor", b.Valor})
	}
	if b.Natureza != nil && *b.Natureza != "ORIGINAL" {
		found = append(found, violation{"este Pix não tem retirada", "natureza", *b.Natureza})
	}
	if utf8.RuneCountInString(b.Descricao) > 140 {
		found = append(found, violation{"não respeita o schema", "descricao", ""})
	}
	return found
}

// givenBack is what of a payment is returned or on its way.
func (s *Server) givenBack(payment paymentRow) (cents int64) {
	for _, key := range payment.Refunds {
		if row, _ := s.state.refunds.get(key); row.Status != notDone {
			cents += row.Cents
		}
	}
	return cents
}

// getRefund is GET /pix/{e2eid}/devolucao/{id}. Unless refunds are held, the one that
// is asked about has settled meanwhile.
func (s *Server) getRefund(c *call) (answer, *problem) {
	if _, known := s.state.payments.get(c.e2eid); !known {
		return answer{}, refuse("PixNaoEncontrado", "")
	}
	row, known := s.state.refunds.get(refundKey(c.e2eid, c.id))
	if !known {
		return answer{}, refuse("PixDevolucaoNaoEncontrada", "")
	}
	if row.Status == inProcess && !s.holdRefunds {
		row = s.settle(row, returned, "")
	}
	return answer{http.StatusOK, refundView(row)}, nil
}

// settle ends a refund.
func (s *Server) settle(row refundRow, status, reason string) refundRow {
	row.Status, row.Reason = status, reason
	if status == returned {
		row.Settled = s.now()
	}
	s.state.refunds.put(refundKey(row.EndToEndID, row.ID), row)
	return row
}

// paymentView is schema Pix.
func (s *Server) paymentView(row paymentRow) map[string]any {
	view := map[string]any{
		"endToEndId": row.EndToEndID, "txid": row.TxID, "valor": asAmount(row.Cents), "horario": asTime(row.At), "chave": s.config.Key,
		"componentesValor": map[string]any{"original": map[string]any{"valor": asAmount(row.Cents)}},
	}
	var refunds []any
	for _, key := range row.Refunds {
		refund, _ := s.state.refunds.get(key)
		refunds = append(refunds, refundView(refund))
	}
	if refunds != nil {
		view["devolucoes"] = refunds
	}
	return view
}

// refundView is schema Devolucao.
func refundView(row refundRow) map[string]any {
	times := map[string]any{"solicitacao": asTime(row.Asked)}
	if !row.Settled.IsZero() {
		times["liquidacao"] = asTime(row.Settled)
	}
	view := map[string]any{
		"id": row.ID, "rtrId": row.ReturnID, "valor": asAmount(row.Cents), "horario": times, "status": row.Status, "natureza": "ORIGINAL",
	}
	if row.Note != "" {
		view["descricao"] = row.Note
	}
	if row.Reason != "" {
		view["motivo"] = row.Reason
	}
	return view
}
