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
	"balcao/terminal/payment"
	"balcao/terminal/payment/pix"
)

const (
	// ExpiresDefault is how long a charge may be paid when it does not say: a queue's
	// patience, and long enough to open an app.
	ExpiresDefault = 5 * time.Minute
	// expiresMax bounds a charge at a till; one of a day belongs into an invoice.
	expiresMax = 24 * time.Hour
	// noteMax and nameMax are API Pix's bounds of solicitacaoPagador and devedor.nome.
	noteMax = 140
	nameMax = 200
	// putsMax bounds how often one call of Charge or Cancel sends the charge; what is
	// then still not known is the caller's to repeat.
	putsMax = 2
)

// A Payer is who shall pay, where that is known; nobody else may then.
type Payer struct {
	Document string // CPF, 11 digits, or CNPJ, 14 digits and letters; empty for anybody
	Name     string // up to 200 characters, needed with a document
}

// A Charge is one attempt at being paid.
type Charge struct {
	ID      ident.ID      // of the attempt; it is the txid too
	Amount  money.Cents   // more than zero
	Expires time.Duration // whole seconds, up to a day; zero means [ExpiresDefault]
	Payer   Payer
	Note    string // shown to the payer, up to 140 characters
}

// Charged is a charge that the customer can pay.
type Charged struct {
	BRCode    string        // what the QR code says; checked
	Location  string        // where the payer's bank fetches the charge
	ExpiresAt time.Time     // by the bank's clock
	GoodFor   time.Duration // from the bank's answer on, for a till whose clock is wrong; never below zero
}

// A StandingError says that a charge is no longer one to be paid: this id was used
// before, and what became of it is known.
type StandingError struct{ Inquiry Inquiry }

func (e *StandingError) Error() string { return "the charge is " + e.Inquiry.Standing.String() }

// Charge asks the bank for a charge under the attempt's own id: PUT /cob/{txid}. The
// intent must be durable before (R1). After an answer that is none it asks what there
// is, and sends the same charge again if the bank does not know it. Its code was
// checked against the location of the same answer.
//
// The error is a [*StandingError], a final [*transport.Problem] (refused, and the bank
// knows no such charge), or anything else that says nothing about the charge: it may
// exist. [VerdictOf] tells them apart.
func (c *Client) Charge(ctx context.Context, charge Charge) (Charged, error) {
	charged, err := c.charge(ctx, charge)
	if err != nil {
		return Charged{}, fmt.Errorf("charge %s by Pix: %w", charge.ID, err)
	}
	return charged, nil
}

func (c *Client) charge(ctx context.Context, charge Charge) (Charged, error) {
	request, err := c.putRequest(charge)
	if err != nil {
		return Charged{}, unsent(err)
	}
	var refusal error
	for sent := range putsMax {
		charged, err := c.put(ctx, request, charge)
		if err == nil || sent == 0 && neverSent(err) {
			return charged, err
		}
		refusal = err
		if wanted(err) > 0 {
			break // a bank that asks for a pause is not asked for anything else
		}
		inquiry, got := c.inquire(ctx, charge.ID, charge.Amount)
		switch inquiry.Standing {
		case Waiting:
			return c.charged(got)
		case Paid, Removed, Expired:
			return Charged{}, &StandingError{inquiry}
		case Unknown:
			return Charged{}, maybeSent(refusal)
		}
		if finalRefusal(refusal) != nil {
			return Charged{}, refusal
		}
	}
	return Charged{}, maybeSent(refusal)
}

// maybeSent is the silence of a charge of which an earlier byte may have left,
// whatever became of the last try. A refusal that nobody confirmed is silence too.
func maybeSent(err error) error {
	var problem *transport.Problem
	if errors.As(err, &problem) {
		return &transport.Silence{Sent: true, Status: problem.Status, RetryAfter: problem.RetryAfter, Cause: errors.New(problem.Error())}
	}
	return &transport.Silence{Sent: true, RetryAfter: wanted(err), Cause: err}
}

// put sends the charge once and reads what the bank made of it.
func (c *Client) put(ctx context.Context, request transport.Request, charge Charge) (Charged, error) {
	answer, err := c.config.Transport.Do(ctx, request)
	if err != nil {
		return Charged{}, err
	}
	got, err := c.readCharge(answer, string(charge.ID), charge.Amount)
	if err != nil {
		return Charged{}, err
	}
	if got.Status != statusActive {
		return Charged{}, nonsense(answer, fmt.Errorf("a charge just made is %s", got.Status))
	}
	return c.charged(found{got, answer.Date})
}

// charged takes the code out of a charge that waits, and checks it.
func (c *Client) charged(got found) (Charged, error) {
	location, text := got.charge.location(), got.charge.PixCopiaECola
	var err error
	if text == "" {
		code := pix.Code{Initiation: pix.SingleUse, Location: location, Merchant: c.config.Merchant, City: c.config.City}
		text, err = code.Encode()
	}
	if err == nil {
		_, err = pix.Verify(text, location)
	}
	if err != nil {
		return Charged{}, &transport.Silence{Sent: true, Cause: fmt.Errorf("the bank's code is no good: %w", err)}
	}
	charged := Charged{BRCode: text, Location: location, ExpiresAt: got.charge.expiresAt()}
	now := got.date
	if now.IsZero() {
		now = got.charge.Calendario.Criacao
	}
	charged.GoodFor = max(0, charged.ExpiresAt.Sub(now))
	return charged, nil
}

// putRequest checks a charge and writes it, or says why it cannot be meant.
func (c *Client) putRequest(charge Charge) (transport.Request, error) {
	if charge.Expires == 0 {
		charge.Expires = ExpiresDefault
	}
	if err := charge.check(); err != nil {
		return transport.Request{}, err
	}
	var body chargeRequest
	body.Calendario.Expiracao = int64(charge.Expires / time.Second)
	body.Valor.Original = charge.Amount.String()
	body.Chave, body.Note = c.config.Key, charge.Note
	switch kind, _ := pix.KindOf(charge.Payer.Document); kind {
	case pix.CPF:
		body.Devedor = &payerRequest{CPF: charge.Payer.Document, Nome: charge.Payer.Name}
	case pix.CNPJ:
		body.Devedor = &payerRequest{CNPJ: charge.Payer.Document, Nome: charge.Payer.Name}
	}
	return c.request(http.MethodPut, chargePath(charge.ID), body)
}

func (charge Charge) check() error {
	if err := pix.CheckTxID(string(charge.ID)); err != nil {
		return err
	}
	kind, _ := pix.KindOf(charge.Payer.Document)
	switch {
	case charge.Amount <= 0 || charge.Amount > money.Max:
		return fmt.Errorf("amount %s: more than zero, at most %s", charge.Amount, money.Max)
	case charge.Expires < time.Second || charge.Expires > expiresMax || charge.Expires%time.Second != 0:
		return fmt.Errorf("life of %v: whole seconds, up to %v", charge.Expires, expiresMax)
	case utf8.RuneCountInString(charge.Note) > noteMax:
		return fmt.Errorf("a note of more than %d characters", noteMax)
	case charge.Payer.Document != "" && kind != pix.CPF && kind != pix.CNPJ:
		return errors.New("the payer's document is neither CPF nor CNPJ")
	case (charge.Payer.Document == "") != (charge.Payer.Name == "") || utf8.RuneCountInString(charge.Payer.Name) > nameMax:
		return fmt.Errorf("a payer has a document and a name of up to %d characters, or neither", nameMax)
	}
	return nil
}

// VerdictOf is what an error of [Client.Charge] says of the attempt.
func VerdictOf(err error) payment.Verdict {
	var standing *StandingError
	switch {
	case errors.As(err, &standing):
		return standing.Inquiry.Answer().Verdict
	case finalRefusal(err) != nil:
		return payment.Refused
	case neverSent(err):
		return payment.Unsent
	}
	return payment.Unknown
}
