package simmail

import "encoding/base64"

// Verify checks a signature under a secret without prefix, for the vector of Standard
// Webhooks; it answers zero or the status of the refusal.
func (s *Server) Verify(secret, id, stamp, signatures string, body []byte) int {
	s.key, _ = base64.StdEncoding.DecodeString(secret)
	if refused := s.verify(id, stamp, signatures, body); refused != nil {
		return refused.status
	}
	return 0
}
