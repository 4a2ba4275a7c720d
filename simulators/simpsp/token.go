package simpsp

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// tokenLife is what banks give. Source: Efí's documentation of API Pix.
const tokenLife = time.Hour

// tokensMax bounds the tokens kept; the oldest give way, as after a restart.
const tokensMax = 1000

// scopesKnown are those of the operations played here.
var scopesKnown = []string{"cob.read", "cob.write", "pix.read", "pix.write"}

// A thumbprint names a certificate. Source: RFC 8705, section 3.1 (x5t#S256).
type thumbprint [sha256.Size]byte

type token struct {
	certificate thumbprint
	scopes      []string
	expires     time.Time
}

// tokens are the access tokens given out; they live in memory alone.
type tokens struct {
	mu     sync.Mutex
	byText map[string]token
	order  []string
	given  int
}

func newTokens() *tokens { return &tokens{byText: map[string]token{}} }

func (t *tokens) give(certificate thumbprint, scopes []string, now time.Time) string {
	text := rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.given++
	t.byText[text] = token{certificate, scopes, now.Add(tokenLife)}
	t.order = append(t.order, text)
	if len(t.order) > tokensMax {
		delete(t.byText, t.order[0])
		t.order = t.order[1:]
	}
	return text
}

// forget makes all tokens bad, as a restart of the bank's gate does.
func (t *tokens) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.byText)
	t.order = nil
}

func (t *tokens) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.given
}

// find answers a token of this certificate that has not ended.
func (t *tokens) find(text string, certificate thumbprint, now time.Time) (token, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, known := t.byText[text]
	return found, known && found.certificate == certificate && now.Before(found.expires)
}

// certificateOf is the certificate of a connection.
func certificateOf(r *http.Request) (thumbprint, string, bool) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return thumbprint{}, "", false
	}
	certificate := r.TLS.PeerCertificates[0]
	return sha256.Sum256(certificate.Raw), certificate.Subject.CommonName, true
}

// A gateError is how the gate before the API refuses. Source: RFC 6749, section 5.2.
type gateError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func (s *Server) turnAway(w http.ResponseWriter, c *call, status int, code, why string) {
	w.Header().Set("WWW-Authenticate", `Bearer error="`+code+`"`)
	s.send(w, c, status, mediaJSON, gateError{code, why})
}

// giveToken answers POST /oauth/token. The certificate must be the client's that the
// secret belongs to. Source: RFC 6749, section 4.4; RFC 8705, section 3.
func (s *Server) giveToken(w http.ResponseWriter, r *http.Request, c *call) {
	certificate, name, ok := certificateOf(r)
	id, secret, basic := r.BasicAuth()
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	switch {
	case !ok || name != s.config.ClientID:
		s.turnAway(w, c, http.StatusUnauthorized, "invalid_client", "no certificate of this client")
		return
	case !basic || idErr != nil || secretErr != nil || id != s.config.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.secret)) != 1:
		s.turnAway(w, c, http.StatusUnauthorized, "invalid_client", "wrong client or secret")
		return
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil || form.Get("grant_type") != "client_credentials" {
		s.turnAway(w, c, http.StatusBadRequest, "unsupported_grant_type", "client_credentials alone")
		return
	}
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 {
		scopes = scopesKnown
	}
	for _, scope := range scopes {
		if !slices.Contains(scopesKnown, scope) {
			s.turnAway(w, c, http.StatusBadRequest, "invalid_scope", scope)
			return
		}
	}
	text := s.tokens.give(certificate, scopes, s.now())
	if s.strikeLast(w, r, c) {
		return
	}
	s.send(w, c, http.StatusOK, mediaJSON, map[string]any{
		"access_token": text, "token_type": "Bearer",
		"expires_in": int(tokenLife / time.Second), "scope": strings.Join(scopes, " "),
	})
}

// admit checks certificate, token and scope, and answers itself when they are not good.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, c *call, scope string) bool {
	certificate, _, ok := certificateOf(r)
	if !ok {
		s.turnAway(w, c, http.StatusUnauthorized, "invalid_client", "no client certificate")
		return false
	}
	text, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	found, good := s.tokens.find(text, certificate, s.now())
	if !bearer || !good {
		s.turnAway(w, c, http.StatusUnauthorized, "invalid_token", "the token is unknown, expired, or another certificate's")
		return false
	}
	if !slices.Contains(found.scopes, scope) {
		s.writeProblem(w, c, refuse("AcessoNegado", "o token não tem o escopo "+scope))
		return false
	}
	return true
}
