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

// DrawFaults is what a seed does to calls of operations in this order.
func DrawFaults(seed uint64, ratePPM uint32, operations ...string) []string {
	switches := newFaults()
	switches.arm(seed, ratePPM)
	drawn := make([]string, 0, len(operations))
	for _, operation := range operations {
		what := switches.draw(operation, "", time.Time{})
		drawn = append(drawn, string(what.kind)+" "+what.duration.String())
	}
	return drawn
}

// FaultKinds are all kinds of fault of a single call.
func FaultKinds() []string {
	kinds := make([]string, 0, len(faultKinds))
	for _, kind := range faultKinds {
		kinds = append(kinds, string(kind))
	}
	return kinds
}

func ContentDigest(body []byte) string { return contentDigest(body) }

func LooksLikeCard(text string) bool { return looksLikeCard(text) }

func CheckTotals(content *wire.OrderContent) []wire.Violation {
	_, found := reckonTotals(content)
	return found
}
