package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MessageType is the type of the one event that the webhook carries.
const MessageType = "notification.message"

// Headers of a signed event. Source: Standard Webhooks, "Webhook Headers".
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

const (
	secretPrefix    = "whsec_"
	signatureScheme = "v1,"
	// A key is 24 to 64 bytes. Source: Standard Webhooks, "Signature scheme".
	keyBytesMin = 24
	keyBytesMax = 64
)

// WebhookTimeout bounds one attempt when the configuration does not. Source: Standard
// Webhooks, which recommends 15 to 30 seconds.
const WebhookTimeout = 20 * time.Second

const (
	// answerBytesMax is as much as is read of an answer, to use the connection again.
	answerBytesMax = 4 << 10
	// answerHeaderMax bounds what a stranger at the other end can make us keep.
	answerHeaderMax = 16 << 10
)

// A WebhookConfig says where messages go and who signs them.
type WebhookConfig struct {
	// URL is https, or http to this machine itself.
	URL        string
	SecretFile string        // path, mode 0600; the line whsec_… that the receiver has too
	Timeout    time.Duration // of one attempt; zero means [WebhookTimeout]
	// Transport says whom to trust and through whom to go; nil for the system's way.
	Transport http.RoundTripper
	Now       func() time.Time // stamps attempts; nil means time.Now
	Log       *slog.Logger
}

// Webhook sends notifications as signed messages to a service that passes them on,
// by whatever way its users are reached. It is safe for use by several goroutines.
type Webhook struct {
	config WebhookConfig
	key    []byte
	client *http.Client
}

// NewWebhook checks a configuration and reads its secret.
func NewWebhook(config WebhookConfig) (*Webhook, error) {
	address, err := url.Parse(config.URL)
	if err != nil || address.Host == "" || address.User != nil {
		return nil, errors.New("set up webhook: the URL has no host, has a password, or is none")
	}
	if address.Scheme != "https" && (address.Scheme != "http" || !isLoopback(address.Hostname())) {
		return nil, fmt.Errorf("set up webhook to %s: only https leaves this machine", address.Host)
	}
	if config.Log == nil {
		return nil, fmt.Errorf("set up webhook to %s: a logger is missing", address.Host)
	}
	secret, err := readSecret(config.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("set up webhook to %s: %w", address.Host, err)
	}
	key, err := webhookKey(secret)
	if err != nil {
		return nil, fmt.Errorf("set up webhook to %s: %s %w", address.Host, config.SecretFile, err)
	}
	if config.Timeout == 0 {
		config.Timeout = WebhookTimeout
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.MaxResponseHeaderBytes = answerHeaderMax
		config.Transport = own
	}
	return &Webhook{config: config, key: key, client: &http.Client{
		Transport: config.Transport, Timeout: config.Timeout,
		// A signed message is for whom it was made, not for whom that one points to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func isLoopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

// webhookKey is the Base64 behind whsec_; its errors do not repeat the secret.
func webhookKey(secret string) ([]byte, error) {
	text, found := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil {
		return nil, errors.New("holds no whsec_ and Base64 behind it")
	}
	if len(key) < keyBytesMin || len(key) > keyBytesMax {
		return nil, fmt.Errorf("holds a key of %d bytes, not of %d to %d", len(key), keyBytesMin, keyBytesMax)
	}
	return key, nil
}

// sign is HMAC-SHA256 over id.timestamp.body. Source: Standard Webhooks, "Signature
// scheme".
func (w *Webhook) sign(id, timestamp string, body []byte) string {
	code := hmac.New(sha256.New, w.key)
	code.Write([]byte(id + "." + timestamp + "."))
	code.Write(body)
	return signatureScheme + base64.StdEncoding.EncodeToString(code.Sum(nil))
}

// message is the body. It holds nothing of the attempt: the same id, the same bytes.
// Source: Standard Webhooks, "Payload Structure".
type message struct {
	Type      string      `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      messageData `json:"data"`
}

type messageData struct {
	NotificationID string   `json:"notification_id"`
	Category       Category `json:"category"`
	To             string   `json:"to"`
	ToName         string   `json:"to_name,omitempty"`
	Subject        string   `json:"subject"`
	Text           string   `json:"text"`
	Unsubscribe    string   `json:"unsubscribe,omitempty"`
}

// Send posts one message: 2xx is delivered; 429, 5xx and silence are temporary; any
// other answer, redirects too, is final.
func (w *Webhook) Send(ctx context.Context, notification Notification) Result {
	request, err := w.compose(ctx, notification)
	if err != nil {
		return Result{Outcome: Final, Reason: "send message: " + clean(err.Error())}
	}
	response, err := w.client.Do(request)
	if err != nil {
		var about *url.Error
		if errors.As(err, &about) {
			err = about.Err // without the URL, which may hold a token
		}
		return Result{Outcome: Temporary, Reason: fmt.Sprintf("send message %s: %s", notification.ID, clean(err.Error()))}
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, answerBytesMax)
	return w.judge(notification.ID, response)
}

func (w *Webhook) judge(id string, response *http.Response) Result {
	result := Result{
		Outcome: Final, Code: response.StatusCode,
		Reason: fmt.Sprintf("send message %s: the receiver answered %d", id, response.StatusCode),
	}
	switch class := response.StatusCode / 100; {
	case class == 2:
		return Result{Outcome: Delivered, Code: response.StatusCode}
	case class == 5, response.StatusCode == http.StatusTooManyRequests:
		result.Outcome = Temporary
		result.RetryAfter = retryAfter(response.Header, w.config.Now())
	case class == 3:
		result.Reason += ": redirects are not followed, correct the URL"
	}
	return result
}

func (w *Webhook) compose(ctx context.Context, n Notification) (*http.Request, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	if len(n.Attachments) > 0 {
		return nil, fmt.Errorf("%w %s: a message carries no attachments", ErrInvalid, n.ID)
	}
	body, err := json.Marshal(message{MessageType, n.Created.UTC(), messageData{
		n.ID, n.Category, n.To, n.ToName, n.Subject, n.Text, n.Unsubscribe,
	}})
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrInvalid, n.ID, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.config.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	timestamp := strconv.FormatInt(w.config.Now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(headerID, n.ID)
	request.Header.Set(headerTimestamp, timestamp)
	request.Header.Set(headerSignature, w.sign(n.ID, timestamp, body))
	return request, nil
}

// retryAfter reads seconds or a date; a date counts from the answer's own if it has
// one. Source: RFC 9110, section 10.2.3.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, RetryAfterMax)
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if from, err := http.ParseTime(header.Get("Date")); err == nil {
		now = from
	}
	return min(max(0, until.Sub(now)), RetryAfterMax)
}
