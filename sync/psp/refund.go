package psp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"balcao/sync/transport"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment/pix"
)

// RefundWindow is how long after its settlement a payment can be given back.
// Source: API Pix 2.9.0, PUT /pix/{e2eid}/devolucao/{id}.
const RefundWindow = 90 * 24 * time.Hour

// RefundState is what is known about a refund at its bank.
type RefundState int

// The states of a refund.
const (
	RefundUnknown    RefundState = iota // no answer about this refund and amount; ask or send again, with the same id
	RefundProcessing                    // taken, the money is on its way; ask again
	RefundReturned                      // the payer has it; final
	RefundFailed                        // the bank could not; final for this id, another may be tried
	RefundRefused                       // the bank would not take it and knows no such refund: too late, or more than was paid
	RefundNotFound                      // the bank does not know the id; a request may yet arrive
)

// String names the state, for logs and test failures.
func (s RefundState) String() string {
	names := [...]string{"unknown", "processing", "returned", "failed", "refused", "not found"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("refund state %d", int(s))
}

// A Refund gives a payment back, or a part of it.
type Refund struct {
	EndToEndID string      // of the payment
	ID         ident.ID    // our own, durable before it is sent, unique for the payment
	Amount     money.Cents // more than zero; all refunds together at most what was paid
	Note       string      // for the payer, up to 140 characters
}

// Refunded is what the bank answered about a refund.
type Refunded struct {
	State       RefundState
	ReturnID    string        // between the banks (rtrId)
	RequestedAt time.Time     // by the bank's clock
	SettledAt   time.Time     // by the bank's clock, once returned
	Reason      string        // of the bank, why it failed
	RetryAfter  time.Duration // what the bank asked to wait before the next call; zero for none
	Detail      string        // for logs: operation, cause
}

// Refund asks for a refund under our own id: PUT /pix/{e2eid}/devolucao/{id}. After an
// answer that is none it asks what there is, and sends the same refund again if the
// bank does not know it, so that it never happens twice.
func (c *Client) Refund(ctx context.Context, refund Refund) Refunded {
	if err := refund.check(); err != nil {
		return Refunded{State: RefundUnknown, Detail: fmt.Sprintf("refund %s: %v", refund.ID, err)}
	}
	var result Refunded
	for range putsMax {
		answered, err := c.putRefund(ctx, refund)
		if err == nil {
			return answered
		}
		if wait := wanted(err); wait > 0 {
			return Refunded{RetryAfter: wait, Detail: fmt.Sprintf("refund %s: %v", refund.ID, err)}
		}
		result = c.InquireRefund(ctx, refund)
		if result.State != RefundNotFound {
			return result
		}
		result.Detail = fmt.Sprintf("refund %s: %v", refund.ID, err)
		if finalRefusal(err) != nil {
			result.State = RefundRefused
			return result
		}
	}
	return result
}

func (c *Client) putRefund(ctx context.Context, refund Refund) (Refunded, error) {
	request, err := c.request(http.MethodPut, refundPath(refund), refundRequest{refund.Amount.String(), refund.Note})
	if err != nil {
		return Refunded{}, unsent(err)
	}
	answer, err := c.config.Transport.Do(ctx, request)
	if err != nil {
		return Refunded{}, err
	}
	return readRefund(answer, refund)
}

// InquireRefund asks what became of a refund: GET /pix/{e2eid}/devolucao/{id}.
func (c *Client) InquireRefund(ctx context.Context, refund Refund) Refunded {
	var result Refunded
	request, err := c.request(http.MethodGet, refundPath(refund), nil)
	if err == nil {
		err = refund.check()
	}
	var answer transport.Answer
	if err == nil {
		answer, err = c.config.Transport.Do(ctx, request)
	}
	if err == nil {
		result, err = readRefund(answer, refund)
	}
	if err != nil {
		result = Refunded{Detail: fmt.Sprintf("ask refund %s: %v", refund.ID, err), RetryAfter: wanted(err)}
		if notFound(err) {
			result.State = RefundNotFound
		}
	}
	return result
}

// refundStates are the states that a bank tells. Source: schema DevolucaoStatus.
var refundStates = map[string]RefundState{
	"EM_PROCESSAMENTO": RefundProcessing,
	"DEVOLVIDO":        RefundReturned,
	"NAO_REALIZADO":    RefundFailed,
}

// readRefund reads an answer and insists that it is about this refund.
func readRefund(answer transport.Answer, refund Refund) (Refunded, error) {
	var got devolucao
	if err := decode(answer, &got); err != nil {
		return Refunded{}, err
	}
	value, err := readAmount(got.Valor)
	state, known := refundStates[got.Status]
	switch {
	case got.ID != string(refund.ID):
		err = fmt.Errorf("it is about refund %q", got.ID)
	case err != nil:
	case value != refund.Amount:
		err = fmt.Errorf("it is about %s, not %s", value, refund.Amount)
	case !known:
		err = fmt.Errorf("its status is %q", got.Status)
	default:
		err = pix.CheckReturnID(got.RtrID)
	}
	if err != nil {
		return Refunded{}, nonsense(answer, err)
	}
	return Refunded{
		State: state, ReturnID: got.RtrID, RequestedAt: got.Horario.Solicitacao, SettledAt: got.Horario.Liquidacao,
		Reason: transport.CleanDetail(got.Motivo), Detail: fmt.Sprintf("refund %s: %s", refund.ID, got.Status),
	}, nil
}

func (r Refund) check() error {
	if err := pix.CheckRefundID(string(r.ID)); err != nil {
		return err
	}
	if err := pix.CheckEndToEndID(r.EndToEndID); err != nil {
		return err
	}
	if r.Amount <= 0 || r.Amount > money.Max {
		return fmt.Errorf("amount %s: more than zero, at most %s", r.Amount, money.Max)
	}
	if utf8.RuneCountInString(r.Note) > noteMax {
		return errors.New("a note of more than 140 characters")
	}
	return nil
}

func refundPath(r Refund) string { return "/pix/" + r.EndToEndID + "/devolucao/" + string(r.ID) }
