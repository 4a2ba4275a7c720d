package simcentral

import (
	"crypto/ed25519"
	"encoding/json"
	"time"

	"balcao/sync/wire"
)

// SetClock moves the server's clock.
func (s *Server) SetClock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

func RecordHash(previous, epoch string, record json.RawMessage) (string, error) {
	return recordHash(previous, epoch, record)
}

func SignHead(key ed25519.PrivateKey, terminal, epoch string, seq int64, head string) *wire.SignedHead {
	return signHead(key, terminal, epoch, seq, head)
}

func ContentDigest(body []byte) string { return contentDigest(body) }

func LooksLikeCard(text string) bool { return looksLikeCard(text) }

func CheckTotals(content *wire.OrderContent) []wire.Violation { return checkTotals(content) }
