package psp

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"balcao/sync/transport"
	"balcao/terminal/money"
	"balcao/terminal/payment/pix"
)

// Status values of a charge. Source: API Pix 2.9.0, schema CobStatus.
const (
	statusActive    = "ATIVA"
	statusDone      = "CONCLUIDA"
	statusRemoved   = "REMOVIDA_PELO_USUARIO_RECEBEDOR"
	statusRemovedBy = "REMOVIDA_PELO_PSP"
)

// A cob is a charge as the bank answers it. Source: schemas CobGerada, CobRevisada and
// CobCompleta.
type cob struct {
	TxID       string `json:"txid"`
	Revisao    int    `json:"revisao"`
	Status     string `json:"status"`
	Calendario struct {
		Criacao   time.Time `json:"criacao"`
		Expiracao int64     `json:"expiracao"` // seconds
	} `json:"calendario"`
	Loc struct {
		Location string `json:"location"`
	} `json:"loc"`
	Location string `json:"location"`
	Valor    struct {
		Original string `json:"original"`
	} `json:"valor"`
	Chave         string       `json:"chave"`
	PixCopiaECola string       `json:"pixCopiaECola"`
	Pix           []pixReceipt `json:"pix"`
}

// A pixReceipt is money that arrived. Source: schema Pix.
type pixReceipt struct {
	EndToEndID string      `json:"endToEndId"`
	TxID       string      `json:"txid"`
	Valor      string      `json:"valor"`
	Horario    time.Time   `json:"horario"`
	Devolucoes []devolucao `json:"devolucoes"`
}

// A devolucao is a refund. Source: schema Devolucao.
type devolucao struct {
	ID      string `json:"id"`
	RtrID   string `json:"rtrId"`
	Valor   string `json:"valor"`
	Horario struct {
		Solicitacao time.Time `json:"solicitacao"`
		Liquidacao  time.Time `json:"liquidacao"`
	} `json:"horario"`
	Status string `json:"status"`
	Motivo string `json:"motivo"`
}

var amountForm = regexp.MustCompile(`^[0-9]{1,10}\.[0-9]{2}$`)

// readAmount reads an amount in the API's one form. Source: schema Valor.
func readAmount(text string) (money.Cents, error) {
	if !amountForm.MatchString(text) {
		return 0, fmt.Errorf("%q is no amount like 10.50", text)
	}
	var cents int64
	for _, digit := range []byte(text) {
		if digit != '.' {
			cents = cents*10 + int64(digit-'0')
		}
	}
	if cents > int64(money.Max) {
		return 0, fmt.Errorf("%q is more than a till can sell", text)
	}
	return money.Cents(cents), nil
}

// calendarMax bounds a charge's life: what a bank answers beyond it is no number of
// seconds anybody asked for.
const calendarMax = 366 * 24 * time.Hour

// readCharge reads an answer and insists that it is about this charge: id, amount,
// receiver. All that follows may rely on its calendar and status.
func (c *Client) readCharge(answer transport.Answer, txid string, amount money.Cents) (cob, error) {
	var got cob
	if err := decode(answer, &got); err != nil {
		return cob{}, err
	}
	value, err := readAmount(got.Valor.Original)
	switch {
	case got.TxID != txid:
		err = fmt.Errorf("it is about charge %q", got.TxID)
	case err != nil:
	case value != amount:
		err = fmt.Errorf("it is about %s, not %s", value, amount)
	case got.Chave != c.config.Key:
		err = errors.New("it is for another key")
	default:
		err = got.check()
	}
	if err != nil {
		return cob{}, nonsense(answer, err)
	}
	return got, nil
}

// check holds what a charge must have whomever it is about.
func (b cob) check() error {
	life := time.Duration(b.Calendario.Expiracao)
	switch b.Status {
	case statusActive, statusDone, statusRemoved, statusRemovedBy:
	default:
		return fmt.Errorf("its status is %q", b.Status)
	}
	if b.Calendario.Criacao.IsZero() || life <= 0 || life > calendarMax/time.Second {
		return errors.New("its calendar is none")
	}
	return nil
}

// expiresAt is when the payer's bank begins to refuse the charge, by the bank's clock.
func (b cob) expiresAt() time.Time {
	return b.Calendario.Criacao.Add(time.Duration(b.Calendario.Expiracao) * time.Second)
}

// location is where the charge is fetched; an answer that names two places has none.
func (b cob) location() string {
	switch {
	case b.Location == "" || b.Location == b.Loc.Location:
		return b.Loc.Location
	case b.Loc.Location == "":
		return b.Location
	}
	return ""
}

// receiptOf finds the money of a charge: an entry with its id and amount, and an id of
// its own in the scheme's form.
func (b cob) receiptOf(amount money.Cents) (pixReceipt, bool) {
	for _, each := range b.Pix {
		value, err := readAmount(each.Valor)
		if err == nil && value == amount && each.TxID == b.TxID && pix.CheckEndToEndID(each.EndToEndID) == nil {
			return each, true
		}
	}
	return pixReceipt{}, false
}

// chargeRequest is schema CobSolicitada.
type chargeRequest struct {
	Calendario struct {
		Expiracao int64 `json:"expiracao"`
	} `json:"calendario"`
	Devedor *payerRequest `json:"devedor,omitempty"`
	Valor   struct {
		Original string `json:"original"`
	} `json:"valor"`
	Chave string `json:"chave"`
	Note  string `json:"solicitacaoPagador,omitempty"`
}

type payerRequest struct {
	CPF  string `json:"cpf,omitempty"`
	CNPJ string `json:"cnpj,omitempty"`
	Nome string `json:"nome"`
}

// removeRequest is schema CobRevisada with its status alone: a removal that comes with
// other changes is refused.
type removeRequest struct {
	Status string `json:"status"`
}

// refundRequest is schema DevolucaoSolicitada.
type refundRequest struct {
	Valor     string `json:"valor"`
	Descricao string `json:"descricao,omitempty"`
}

// A listAnswer is schema CobsConsultadas.
type listAnswer struct {
	Parametros struct {
		Paginacao struct {
			PaginaAtual         *int `json:"paginaAtual"`
			QuantidadeDePaginas *int `json:"quantidadeDePaginas"`
		} `json:"paginacao"`
	} `json:"parametros"`
	Cobs []json.RawMessage `json:"cobs"`
}
