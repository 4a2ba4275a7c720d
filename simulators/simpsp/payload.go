package simpsp

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
)

// Where payers' banks find charges and the key that signed them.
const (
	payloadPath = "/pix/"
	keysPath    = "/keys"
)

// coordinateBytes is a half of a P-256 signature or point. Source: RFC 7518, section 3.4.
const coordinateBytes = 32

// servePayload is GET /{pixUrlAccessToken}: what a payer's bank is told, signed.
// Source: API Pix 2.9.0, schema CobPayload; RFC 7515, compact serialisation.
func (s *Server) servePayload(w http.ResponseWriter, token string, c *call) {
	s.mu.Lock()
	row, known := s.state.charges.get(s.state.byToken[token])
	now := s.now()
	s.mu.Unlock()
	switch {
	case !known:
		s.writeProblem(w, c, refuse("CobPayloadNaoEncontrado", ""))
		return
	case row.Status != active || now.After(row.expires()):
		s.writeProblem(w, c, refuse("PermanentementeRemovido", ""))
		return
	}
	view := s.chargeView(row, row.current())
	view["calendario"] = map[string]any{"criacao": asTime(row.Created), "apresentacao": asTime(now), "expiracao": row.current().Seconds}
	for _, own := range []string{"loc", "location", "pixCopiaECola"} {
		delete(view, own)
	}
	signed, err := s.sign(view, "https://"+c.host+keysPath)
	if err != nil {
		s.writeProblem(w, c, refuse("ErroInternoDoServidor", err.Error()))
		return
	}
	w.Header().Set("Content-Type", "application/jose")
	_, _ = w.Write([]byte(signed))
}

// sign makes a JWS with ES256.
func (s *Server) sign(payload any, keys string) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "ES256", "kid": s.keyID(), "jku": keys})
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	input := encode(header) + "." + encode(text)
	digest := sha256.Sum256([]byte(input))
	r, t, err := ecdsa.Sign(rand.Reader, s.signer, digest[:])
	if err != nil {
		return "", err
	}
	signature := append(r.FillBytes(make([]byte, coordinateBytes)), t.FillBytes(make([]byte, coordinateBytes))...)
	return input + "." + encode(signature), nil
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// point is the public key, both coordinates behind its mark.
func (s *Server) point() []byte {
	point, err := s.signer.PublicKey.Bytes()
	if err != nil {
		return make([]byte, 1+2*coordinateBytes)
	}
	return point
}

// keyID names the key by its digest.
func (s *Server) keyID() string {
	digest := sha256.Sum256(s.point())
	return encode(digest[:8])
}

// serveKeys tells the key that signs payloads. Source: RFC 7517.
func (s *Server) serveKeys(w http.ResponseWriter) {
	point := s.point()[1:]
	w.Header().Set("Content-Type", mediaJSON)
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": s.keyID(),
		"x": encode(point[:coordinateBytes]), "y": encode(point[coordinateBytes:]),
	}}})
}
