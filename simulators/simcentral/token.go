package simcentral

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"balcao/sync/wire"
)

// tokenLife is short enough that a till renews it several times in an hour's test.
const tokenLife = 600 * time.Second

// tokensMax bounds the tokens kept; the oldest give way, as after a restart.
const tokensMax = 1000

// A thumbprint names a certificate. Source: RFC 8705, section 3.1 (x5t#S256).
type thumbprint [sha256.Size]byte

func thumbprintOf(certificate *x509.Certificate) thumbprint {
	return sha256.Sum256(certificate.Raw)
}

type token struct {
	certificate thumbprint
	expires     time.Time
}

// tokens are the access tokens given out. They live in memory alone: after a restart
// every client asks for a new one, which it must be able to do anyway.
type tokens struct {
	mu     sync.Mutex
	byText map[string]token
	order  []string
}

func newTokens() *tokens { return &tokens{byText: map[string]token{}} }

// give makes a token bound to a certificate.
func (t *tokens) give(certificate thumbprint, now time.Time) string {
	var random [32]byte
	rand.Read(random[:]) // never fails
	text := base64.RawURLEncoding.EncodeToString(random[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byText[text] = token{certificate, now.Add(tokenLife)}
	t.order = append(t.order, text)
	if len(t.order) > tokensMax {
		delete(t.byText, t.order[0])
		t.order = t.order[1:]
	}
	return text
}

// good says whether a token is known, not expired, and of this certificate.
func (t *tokens) good(text string, certificate thumbprint, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, known := t.byText[text]
	return known && found.certificate == certificate && now.Before(found.expires)
}

// defaultStore is the store of a certificate that names none.
const defaultStore = "1"

// identify reads who calls from the certificate of the connection.
func (s *Server) identify(c *call, r *http.Request) *wire.Problem {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return wire.NewProblem(wire.CodeUnauthorised, "no client certificate")
	}
	certificate := r.TLS.PeerCertificates[0]
	c.terminal, c.store, c.certificate = certificate.Subject.CommonName, defaultStore, thumbprintOf(certificate)
	if units := certificate.Subject.OrganizationalUnit; len(units) > 0 {
		c.store = units[0]
	}
	if c.terminal == "" {
		return wire.NewProblem(wire.CodeUnauthorised, "the certificate names no terminal")
	}
	if problem := s.checkTerm(certificate); problem != nil {
		return problem
	}
	s.mu.Lock()
	revoked, _ := s.state.revoked.get(c.terminal)
	s.mu.Unlock()
	if revoked {
		return wire.NewProblem(wire.CodeCertificateExpired, "the certificate of this terminal is revoked")
	}
	return nil
}

// authorise checks the token of a call that has a certificate.
func (s *Server) authorise(c *call, r *http.Request) *wire.Problem {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return wire.NewProblem(wire.CodeUnauthorised, "no bearer token")
	}
	if !s.tokens.good(text, c.certificate, s.now()) {
		return wire.NewProblem(wire.CodeUnauthorised, "the token is unknown, expired, or another certificate's")
	}
	return nil
}

// tokenAnswer is the body of a token. Source: RFC 6749, 5.1.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

func (s *Server) createToken(c *call) (answer, *wire.Problem) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the form cannot be read")
	}
	if scope := form.Get("scope"); scope != "" && scope != "pos" {
		return answer{}, wire.NewProblem(wire.CodeUnauthorised, "this certificate has only the scope pos")
	}
	return ok(tokenAnswer{
		AccessToken: s.tokens.give(c.certificate, s.now()),
		TokenType:   "Bearer",
		ExpiresIn:   int(tokenLife / time.Second),
		Scope:       "pos",
	}), nil
}
