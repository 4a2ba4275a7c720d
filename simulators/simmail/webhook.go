package simmail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// messageBytesMax is what the receiver reads of a message.
	messageBytesMax = 512 << 10
	// stampTolerance is how far a timestamp may be from the receiver's clock: older
	// ones may be replays. Source: Standard Webhooks, "Verifying webhook authenticity".
	stampTolerance = 5 * time.Minute
	messageType    = "notification.message"
)

// A refusal is an answer that takes nothing.
type refusal struct {
	status int
	words  string
}

// receive is the webhook.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) {
	strike := s.faults.take(KindMessage)
	if strike.kind != "" {
		s.log.Info("fault", "of", KindMessage, "kind", strike.kind)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, messageBytesMax))
	if err != nil {
		http.Error(w, "message too large or cut off", http.StatusRequestEntityTooLarge)
		return
	}
	if s.strikeFirst(w, r, strike) {
		return
	}
	entry, refused := s.readMessage(r, body)
	if refused != nil {
		http.Error(w, refused.words, refused.status)
		return
	}
	if _, err := s.take(entry, body); err != nil {
		http.Error(w, "local error", http.StatusInternalServerError)
		return
	}
	if strike.kind == faultLostAnswer {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusAccepted)
}

// strikeFirst does what a fault does before the message is looked at, and says whether
// that was the end of it.
func (s *Server) strikeFirst(w http.ResponseWriter, r *http.Request, strike fault) (over bool) {
	switch strike.kind {
	case "", faultLostAnswer:
		return false
	case faultSlow:
		s.pause(strike.duration)
		return false
	case faultDrop:
		panic(http.ErrAbortHandler)
	case faultHalfOpen:
		select {
		case <-r.Context().Done():
		case <-s.stop:
		}
		panic(http.ErrAbortHandler)
	case "redirect":
		http.Redirect(w, r, "/moved", http.StatusTemporaryRedirect)
		return true
	}
	status, _ := strconv.Atoi(strike.kind) // all others are statuses
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(int(strike.duration.Round(time.Second)/time.Second)))
	}
	http.Error(w, "switched to fail", status)
	return true
}

// readMessage checks all that a careful receiver checks, the signature before what it
// signs.
func (s *Server) readMessage(r *http.Request, body []byte) (Entry, *refusal) {
	if r.Method != http.MethodPost {
		return Entry{}, &refusal{http.StatusMethodNotAllowed, "only POST"}
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return Entry{}, &refusal{http.StatusUnsupportedMediaType, "only application/json"}
	}
	id := r.Header.Get("webhook-id")
	if refused := s.verify(id, r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), body); refused != nil {
		return Entry{}, refused
	}
	var event struct {
		Type      string
		Timestamp time.Time
		Data      struct {
			NotificationID string `json:"notification_id"`
			To             string
			Subject        string
			Text           string
		}
	}
	if err := json.Unmarshal(body, &event); err != nil || event.Timestamp.IsZero() {
		return Entry{}, &refusal{http.StatusBadRequest, "no event"}
	}
	if event.Type != messageType || event.Data.To == "" || event.Data.Text == "" || event.Data.NotificationID != id {
		return Entry{}, &refusal{http.StatusUnprocessableEntity, "no message of this service"}
	}
	digest := sha256.Sum256(body)
	entry := Entry{
		Kind: KindMessage, ID: id, To: []string{event.Data.To}, Subject: event.Data.Subject,
		Digest: hex.EncodeToString(digest[:]),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, found := s.store.find(KindMessage, id); found && known.Digest != entry.Digest {
		return Entry{}, &refusal{http.StatusConflict, "another message has this id"}
	}
	return entry, nil
}

// verify checks a signature and its time. Source: Standard Webhooks, "Signature
// scheme": HMAC-SHA256 of id, timestamp and body, joined by full stops; several
// signatures may stand in the header, and one has to be right.
func (s *Server) verify(id, stamp, signatures string, body []byte) *refusal {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if id == "" || strings.Contains(id, ".") || err != nil || signatures == "" {
		return &refusal{http.StatusBadRequest, "headers of the signature are missing"}
	}
	if age := s.config.Now().Sub(time.Unix(seconds, 0)); age > stampTolerance || age < -stampTolerance {
		return &refusal{http.StatusBadRequest, "timestamp too far from now"}
	}
	signed := append([]byte(id+"."+stamp+"."), body...)
	code := hmac.New(sha256.New, s.key)
	_, _ = code.Write(signed)
	want := code.Sum(nil)
	for _, each := range strings.Fields(signatures) {
		version, text, _ := strings.Cut(each, ",")
		got, err := base64.StdEncoding.DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return &refusal{http.StatusUnauthorized, "no signature is right"}
}
