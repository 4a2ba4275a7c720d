package psp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"balcao/sync/transport"
	"balcao/terminal/money"
	"balcao/terminal/payment/pix"
)

const (
	// pageItems is API Pix's own default; a page then fits into an answer.
	pageItems = 100
	// pagesMax bounds a list: twenty thousand charges are more than a store's day.
	pagesMax = 200
)

// A Receipt is money that arrived.
type Receipt struct {
	EndToEndID string
	TxID       string // empty for a payment without a charge
	Amount     money.Cents
	At         time.Time   // by the bank's clock
	Returned   money.Cents // of it, given back and settled
}

// Receipt asks for one payment: GET /pix/{e2eid}. It answers a [*transport.Problem]
// with status 404 for one that the bank does not know.
func (c *Client) Receipt(ctx context.Context, endToEndID string) (Receipt, error) {
	receipt, err := c.receipt(ctx, endToEndID)
	if err != nil {
		return Receipt{}, fmt.Errorf("ask Pix %s: %w", endToEndID, err)
	}
	return receipt, nil
}

func (c *Client) receipt(ctx context.Context, endToEndID string) (Receipt, error) {
	if err := pix.CheckEndToEndID(endToEndID); err != nil {
		return Receipt{}, unsent(err)
	}
	request, err := c.request(http.MethodGet, "/pix/"+endToEndID, nil)
	if err != nil {
		return Receipt{}, unsent(err)
	}
	answer, err := c.config.Transport.Do(ctx, request)
	if err != nil {
		return Receipt{}, err
	}
	var got pixReceipt
	if err := decode(answer, &got); err != nil {
		return Receipt{}, err
	}
	if got.EndToEndID != endToEndID {
		return Receipt{}, nonsense(answer, fmt.Errorf("it is about %q", got.EndToEndID))
	}
	receipt := Receipt{EndToEndID: got.EndToEndID, TxID: got.TxID, At: got.Horario}
	receipt.Amount, err = readAmount(got.Valor)
	for _, each := range got.Devolucoes {
		if err == nil && refundStates[each.Status] == RefundReturned {
			var part money.Cents
			part, err = readAmount(each.Valor)
			receipt.Returned += part
		}
	}
	if err == nil && receipt.Returned > receipt.Amount {
		err = errors.New("more was given back than was paid")
	}
	if err != nil {
		return Receipt{}, nonsense(answer, err)
	}
	return receipt, nil
}

// A Listed is one charge in the bank's books.
type Listed struct {
	TxID       string
	Amount     money.Cents
	Standing   Standing // never NotFound; Unknown for one that is done without a receipt of its amount
	EndToEndID string   // when paid
	CreatedAt  time.Time
	PaidAt     time.Time
}

// Charges lists the charges made from one moment up to another, both included, as the
// bank has them: GET /cob, page by page. It answers all of them or an error, never a
// part. Charges of other tills of the same receiver are among them.
func (c *Client) Charges(ctx context.Context, from, to time.Time) ([]Listed, error) {
	var all []Listed
	seen := map[string]bool{}
	for page, pages := 0, 1; page < pages; page++ {
		listed, count, err := c.listPage(ctx, from, to, page)
		if err != nil {
			return nil, fmt.Errorf("list charges, page %d: %w", page, err)
		}
		// A charge made meanwhile moves the others a place on.
		for _, each := range listed {
			if !seen[each.TxID] {
				seen[each.TxID] = true
				all = append(all, each)
			}
		}
		if pages = count; pages > pagesMax {
			return nil, fmt.Errorf("list charges: %d pages, more than %d: ask for a shorter time", pages, pagesMax)
		}
	}
	return all, nil
}

// listPage reads one page and how many there are.
func (c *Client) listPage(ctx context.Context, from, to time.Time, page int) ([]Listed, int, error) {
	query := url.Values{
		"inicio": {from.UTC().Format(time.RFC3339)}, "fim": {to.UTC().Format(time.RFC3339)},
		"paginacao.paginaAtual": {strconv.Itoa(page)}, "paginacao.itensPorPagina": {strconv.Itoa(pageItems)},
	}
	request, err := c.request(http.MethodGet, "/cob?"+query.Encode(), nil)
	if err != nil {
		return nil, 0, unsent(err)
	}
	answer, err := c.config.Transport.Do(ctx, request)
	if err != nil {
		return nil, 0, err
	}
	var got listAnswer
	if err := decode(answer, &got); err != nil {
		return nil, 0, err
	}
	current, count := got.Parametros.Paginacao.PaginaAtual, got.Parametros.Paginacao.QuantidadeDePaginas
	if current == nil || count == nil || *current != page || *count < 0 {
		return nil, 0, nonsense(answer, errors.New("it is another page"))
	}
	var listed []Listed
	for i, text := range got.Cobs {
		each, err := readListed(text, answer)
		if err != nil {
			return nil, 0, nonsense(answer, fmt.Errorf("charge %d: %w", i, err))
		}
		listed = append(listed, each)
	}
	return listed, *count, nil
}

func readListed(text json.RawMessage, answer transport.Answer) (Listed, error) {
	var got cob
	if err := json.Unmarshal(text, &got); err != nil {
		return Listed{}, err
	}
	amount, err := readAmount(got.Valor.Original)
	if err == nil {
		err = pix.CheckTxID(got.TxID)
	}
	if err == nil {
		err = got.check()
	}
	if err != nil {
		return Listed{}, err
	}
	inquiry := inquiryOf(got, amount, answer.Date)
	return Listed{
		TxID: got.TxID, Amount: amount, Standing: inquiry.Standing, EndToEndID: inquiry.EndToEndID,
		CreatedAt: got.Calendario.Criacao, PaidAt: inquiry.PaidAt,
	}, nil
}
