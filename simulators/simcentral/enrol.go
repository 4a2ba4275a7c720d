package simcentral

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"time"

	"balcao/sync/wire"
)

// Pairing codes. Source: openapi.yaml, EnrolmentRequest.
const (
	pairingAlphabet  = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ" // 32 signs, none like another
	pairingLength    = 8
	pairingLife      = 15 * time.Minute // a technician is at the till already
	wrongTriesMax    = 5                // in wrongTriesWindow, from all callers together
	wrongTriesWindow = time.Minute
)

// merchantID is the one merchant whose stores this central serves.
const merchantID = "1"

// A pairingRow is one code given out, by the digest of the code: the code itself is
// told once and kept nowhere.
type pairingRow struct {
	StoreID    string    `json:"store_id"`
	TerminalID string    `json:"terminal_id"`
	ExpiresAt  time.Time `json:"expires_at"`
	Used       bool      `json:"used,omitempty"`
}

func pairingKey(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

// pair makes a code for a terminal of a store.
func (s *Server) pair(storeID, terminalID string, life time.Duration) (string, error) {
	code := make([]byte, pairingLength)
	rand.Read(code) // never fails
	for i := range code {
		code[i] = pairingAlphabet[int(code[i])%len(pairingAlphabet)]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.pairings.put(pairingKey(string(code)), pairingRow{StoreID: storeID, TerminalID: terminalID, ExpiresAt: s.now().Add(life).UTC()})
	return string(code), s.state.journal.commit()
}

// createEnrolment gives a till its first certificate for a code.
func (s *Server) createEnrolment(c *call) (answer, *wire.Problem) {
	return s.once(c, c.key, func() (answer, *wire.Problem) {
		var request wire.EnrolmentRequest
		if json.Unmarshal(c.body, &request) != nil {
			return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the enrolment cannot be read")
		}
		row, problem := s.checkPairing(request.PairingCode)
		if problem == nil {
			var body wire.Enrolment
			if body, problem = s.enrol(request.CsrPem, row.StoreID, row.TerminalID); problem == nil {
				row.Used = true
				s.state.pairings.put(pairingKey(request.PairingCode), row)
				return created(body), nil
			}
		}
		s.log.Warn("enrolment refused", "terminal", row.TerminalID, "why", problem.Error())
		return answer{}, problem
	})
}

// checkPairing finds what a code is for. A wrong, used or expired one counts as a
// wrong try, and after too many nobody is heard for a while: 8 signs are guessed
// otherwise.
func (s *Server) checkPairing(code string) (pairingRow, *wire.Problem) {
	now := s.now()
	for len(s.wrongTries) > 0 && now.Sub(s.wrongTries[0]) >= wrongTriesWindow {
		s.wrongTries = s.wrongTries[1:]
	}
	if len(s.wrongTries) >= wrongTriesMax {
		return pairingRow{}, wire.NewProblem(wire.CodeRateLimited, "too many wrong pairing codes; wait a minute")
	}
	row, known := s.state.pairings.get(pairingKey(code))
	why := ""
	switch {
	case !known:
		why = "the pairing code is not known"
	case row.Used:
		why = "the pairing code was used before"
	case !now.Before(row.ExpiresAt):
		why = "the pairing code has expired"
	}
	if why != "" {
		s.wrongTries = append(s.wrongTries, now)
		return row, wire.NewProblem(wire.CodeUnauthorised, why)
	}
	if revoked, _ := s.state.revoked.get(row.TerminalID); revoked {
		return row, wire.NewProblem(wire.CodeTerminalBlocked, "the terminal is revoked")
	}
	return row, nil
}

// renewEnrolment gives a till that has a certificate the next one; the present one is
// good to its end, for the answer may be lost.
func (s *Server) renewEnrolment(c *call) (answer, *wire.Problem) {
	return s.once(c, c.key, func() (answer, *wire.Problem) {
		var request wire.RenewEnrolmentJSONBody
		if json.Unmarshal(c.body, &request) != nil {
			return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the renewal cannot be read")
		}
		body, problem := s.enrol(request.CsrPem, c.store, c.terminal)
		if problem != nil {
			return answer{}, problem
		}
		return created(body), nil
	})
}

// enrol signs the key of a request. Whose it is, the request does not decide.
func (s *Server) enrol(request, storeID, terminalID string) (wire.Enrolment, *wire.Problem) {
	key, why := requestedKey(request)
	if why != "" {
		return wire.Enrolment{}, wire.NewProblem(wire.CodeMalformedRequest, "the certificate request is refused",
			wire.Violation{Pointer: "/csr_pem", Code: wire.CodeMalformedRequest, Detail: &why})
	}
	certificate := template(terminalID)
	certificate.Subject.OrganizationalUnit = []string{storeID}
	certificate.NotBefore = s.now().Add(-certificateSlack)
	certificate.NotAfter = s.now().Add(certificateLife).UTC().Truncate(time.Second)
	certificate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	der, err := s.enroller.signFor(certificate, key)
	if err != nil {
		s.log.Error("certificate is not signed", "terminal", terminalID, "error", err)
		return wire.Enrolment{}, wire.NewProblem(wire.CodeInternalError, "the certificate could not be signed")
	}
	return wire.Enrolment{
		TerminalID: terminalID, StoreID: storeID, MerchantID: merchantID, NotAfter: certificate.NotAfter,
		CertificatePem: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), CaPem: s.authorities,
	}, nil
}

// requestedKey reads a PKCS #10 request, or says why not. Its signature proves that
// the caller has the key. Source: RFC 2986.
func requestedKey(text string) (*ecdsa.PublicKey, string) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, "not one CERTIFICATE REQUEST in PEM"
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, "not a PKCS #10 request"
	}
	if err := request.CheckSignature(); err != nil {
		return nil, "not signed with its own key"
	}
	key, ok := request.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, "only keys of ECDSA P-256"
	}
	return key, ""
}

// checkTerm refuses a certificate that is over by this central's clock, in words of
// the contract; the handshake lets it through for that.
func (s *Server) checkTerm(certificate *x509.Certificate) *wire.Problem {
	if s.now().After(certificate.NotAfter) {
		return wire.NewProblem(wire.CodeCertificateExpired, fmt.Sprintf("the certificate ended on %s", certificate.NotAfter.Format(http.TimeFormat)))
	}
	return nil
}
