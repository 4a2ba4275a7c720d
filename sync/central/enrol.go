package central

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"time"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
)

// An Enrolment is who the till is at central, proven: the certificate is of the till's
// own key and terminal, and comes from the authorities beside it.
type Enrolment struct {
	TerminalID  string
	StoreID     string
	MerchantID  string
	Certificate []byte // PEM
	Authorities []byte // PEM
	NotAfter    time.Time
}

// Enrol turns a one-time pairing code into the till's first certificate; the client's
// transport has none yet. The same id, key and code bring the same answer again, for
// one that was lost. A code that is wrong, used or expired is a [*transport.Problem] with status
// 401, whose detail says which.
//
// Source: openapi.yaml, createEnrolment; RFC 2986.
func (c *Client) Enrol(ctx context.Context, id ident.ID, key *ecdsa.PrivateKey, code string, device wire.Device) (Enrolment, error) {
	request, err := c.requestCertificate(key)
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrol %s: %w", c.config.TerminalID, err)
	}
	enrolment, err := c.askCertificate(ctx, "/v1/enrolments", id, key, wire.EnrolmentRequest{PairingCode: code, CsrPem: request, Device: device})
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrol %s: %w", c.config.TerminalID, err)
	}
	return enrolment, nil
}

// Renew turns the transport's present certificate into the next one, of key. The
// present one stays good to its end.
//
// Source: openapi.yaml, renewEnrolment.
func (c *Client) Renew(ctx context.Context, id ident.ID, key *ecdsa.PrivateKey) (Enrolment, error) {
	request, err := c.requestCertificate(key)
	if err != nil {
		return Enrolment{}, fmt.Errorf("renew certificate of %s: %w", c.config.TerminalID, err)
	}
	enrolment, err := c.askCertificate(ctx, "/v1/enrolments/renewals", id, key, wire.RenewEnrolmentJSONBody{CsrPem: request})
	if err != nil {
		return Enrolment{}, fmt.Errorf("renew certificate of %s: %w", c.config.TerminalID, err)
	}
	return enrolment, nil
}

// requestCertificate is a PKCS #10 request in PEM. Its subject is for people; central
// knows from the code, or from the present certificate, whose it is. Without a source of
// randomness the signature is that of RFC 6979, so that a repeated request has the same
// bytes and is not taken for another under the same key.
func (c *Client) requestCertificate(key *ecdsa.PrivateKey) (string, error) {
	template := &x509.CertificateRequest{}
	template.Subject.CommonName = c.config.TerminalID
	der, err := x509.CreateCertificateRequest(nil, template, key)
	if err != nil {
		return "", fmt.Errorf("make certificate request: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), nil
}

func (c *Client) askCertificate(ctx context.Context, path string, id ident.ID, key *ecdsa.PrivateKey, request any) (Enrolment, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return Enrolment{}, fmt.Errorf("write request: %w", err)
	}
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPost, Path: path, Body: body, WithoutToken: true,
		Header: http.Header{"Idempotency-Key": {string(id)}}, Timeout: c.config.ForwardTimeout,
	})
	if err != nil {
		return Enrolment{}, err
	}
	var got wire.Enrolment
	if err := decode(answer, &got); err != nil {
		return Enrolment{}, err
	}
	if err := c.verify(got, key, answer.Date); err != nil {
		return Enrolment{}, nonsense(answer, "%w", err)
	}
	return Enrolment{
		TerminalID: got.TerminalID, StoreID: got.StoreID, MerchantID: got.MerchantID,
		Certificate: []byte(got.CertificatePem), Authorities: []byte(got.CaPem), NotAfter: got.NotAfter,
	}, nil
}

// verify refuses a certificate that the till could not use: of another key or
// terminal, of another authority, or not good now. Now is by central's clock, because
// a new till's own may be wrong.
func (c *Client) verify(got wire.Enrolment, key *ecdsa.PrivateKey, now time.Time) error {
	block, _ := pem.Decode([]byte(got.CertificatePem))
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("no certificate in PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	if !key.PublicKey.Equal(certificate.PublicKey) {
		return errors.New("the certificate is of another key")
	}
	if got.TerminalID != c.config.TerminalID || certificate.Subject.CommonName != got.TerminalID {
		return fmt.Errorf("the certificate is of terminal %q, not %q", got.TerminalID, c.config.TerminalID)
	}
	if !got.NotAfter.Equal(certificate.NotAfter) {
		return fmt.Errorf("the certificate ends at %v, not %v", certificate.NotAfter, got.NotAfter)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(got.CaPem)) {
		return errors.New("no authority in PEM")
	}
	_, err = certificate.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return fmt.Errorf("verify certificate: %w", err)
	}
	return nil
}
