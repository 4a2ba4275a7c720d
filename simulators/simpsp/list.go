package simpsp

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Bounds of a page. Source: API Pix 2.9.0, parameters paginaAtual and itensPorPagina.
const (
	pageItems    = 100
	pageItemsMax = 1000
)

// A window is what every list is asked for: a time and a page of it.
type window struct {
	from, to    time.Time
	page, items int
	violations  []violation
}

func readWindow(c *call) window {
	w := window{items: pageItems}
	var wrong *violation
	if w.from, wrong = queryTime(c.query, "inicio"); wrong != nil {
		w.violations = append(w.violations, *wrong)
	}
	if w.to, wrong = queryTime(c.query, "fim"); wrong != nil {
		w.violations = append(w.violations, *wrong)
	}
	if len(w.violations) == 0 && w.to.Before(w.from) {
		w.violations = append(w.violations, violation{"é anterior a inicio", "fim", c.query.Get("fim")})
	}
	for _, each := range []struct {
		name        string
		into        *int
		least, most int
	}{{"paginacao.paginaAtual", &w.page, 0, 1 << 30}, {"paginacao.itensPorPagina", &w.items, 1, pageItemsMax}} {
		text := c.query.Get(each.name)
		if text == "" {
			continue
		}
		number, err := strconv.Atoi(text)
		if err != nil || number < each.least || number > each.most {
			w.violations = append(w.violations, violation{"não respeita o schema", each.name, text})
			continue
		}
		*each.into = number
	}
	if c.query.Get("cpf") != "" && c.query.Get("cnpj") != "" {
		w.violations = append(w.violations, violation{"cpf e cnpj estão preenchidos", "cpf", ""})
	}
	return w
}

func (w window) holds(at time.Time) bool { return !at.Before(w.from) && !at.After(w.to) }

// parameters is schema ParametrosConsultaCob and its like, for a list of so many.
func (w window) parameters(total int) map[string]any {
	pages := (total + w.items - 1) / w.items
	return map[string]any{
		"inicio": asTime(w.from), "fim": asTime(w.to),
		"paginacao": map[string]any{
			"paginaAtual": w.page, "itensPorPagina": w.items, "quantidadeDePaginas": pages, "quantidadeTotalDeItens": total,
		},
	}
}

// pageOf cuts the page out of a list.
func pageOf[T any](w window, all []T) []T {
	first := min(w.page*w.items, len(all))
	return all[first:min(first+w.items, len(all))]
}

// listCharges is GET /cob.
func (s *Server) listCharges(c *call) (answer, *problem) {
	w := readWindow(c)
	status := c.query.Get("status")
	if status != "" && !slices.Contains([]string{active, done, removedByUs, removedByBank}, status) {
		w.violations = append(w.violations, violation{"não respeita o schema", "status", status})
	}
	if len(w.violations) > 0 {
		return answer{}, refuse("CobConsultaInvalida", "", w.violations...)
	}
	found := []chargeRow{}
	for _, row := range s.state.charges.rows {
		if w.holds(row.Created) && (status == "" || row.Status == status) && owes(row, c.query.Get("cpf"), c.query.Get("cnpj")) {
			found = append(found, row)
		}
	}
	slices.SortFunc(found, func(a, b chargeRow) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.LocID, b.LocID)) })
	views := []any{}
	for _, row := range pageOf(w, found) {
		views = append(views, s.completeView(row, row.current()))
	}
	return answer{http.StatusOK, map[string]any{"parametros": w.parameters(len(found)), "cobs": views}}, nil
}

// owes says whether a charge is for a payer; none named is any.
func owes(row chargeRow, cpf, cnpj string) bool {
	var debtor struct{ CPF, CNPJ string }
	if row.current().Debtor != nil {
		_ = json.Unmarshal(row.current().Debtor, &debtor) // written by revise
	}
	return (cpf == "" || cpf == debtor.CPF) && (cnpj == "" || cnpj == debtor.CNPJ)
}

// listPayments is GET /pix.
func (s *Server) listPayments(c *call) (answer, *problem) {
	w := readWindow(c)
	if len(w.violations) > 0 {
		return answer{}, refuse("PixConsultaInvalida", "", w.violations...)
	}
	txid, refunded := c.query.Get("txid"), c.query.Get("devolucaoPresente")
	found := []paymentRow{}
	for _, row := range s.state.payments.rows {
		if w.holds(row.At) && (txid == "" || row.TxID == txid) && c.query.Get("txIdPresente") != "false" &&
			(refunded == "" || (refunded == "true") == (len(row.Refunds) > 0)) {
			found = append(found, row)
		}
	}
	slices.SortFunc(found, func(a, b paymentRow) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.EndToEndID, b.EndToEndID)) })
	views := []any{}
	for _, row := range pageOf(w, found) {
		views = append(views, s.paymentView(row))
	}
	return answer{http.StatusOK, map[string]any{"parametros": w.parameters(len(found)), "pix": views}}, nil
}
